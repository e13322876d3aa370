// pages.mjs - the pages in headless Chromium, as a person uses them. Prints TAP. Called by test/services/browser_test with
//   node pages.mjs BASE TOKEN NPM_FOLDER PICTURES_FOLDER DATABASE BASE_OF_A_REAL_RUN
// Fails on any console error, page error, dialog, request to another host, sideways scrolling, or serious finding of axe. Waits for
// states (body[data-ready]), never for times.
import {join} from 'node:path';
import {chromium, found, ready, same, sql as sqlOf, test, until} from './chromium.mjs';

const [base, token, npm, pictures, database, real] = process.argv.slice(2);
const {open: openUrl, sound, end} = await chromium(npm, pictures, {oneself: true});
const open = (path, width, scheme) => openUrl(base + path, {width, scheme});
const go = async (page, path) => { await page.goto('about:blank'); await page.goto(base + path, {waitUntil: 'commit'}); await ready(page); };
const sql = sqlOf(database);

await test('a page without a token says how to come in, and the link with one lets in', async () => {
  const page = await open('');
  same(await page.textContent('h1'), 'A token is needed');
  await page.goto(base + '?t=' + token);
  await ready(page);
  same(new URL(page.url()).search, '');
  await page.close();
});

const PAGES = ['#/overview', '#/runs', '#/runs/5', '#/jobs', '#/jobs/8', '#/cells?tag=5ms&tag=50ms', '#/datasets', '#/datasets/1', '#/datasets/2', '#/trials?a=1&b=2', '#/alarms', '#/log'];
for (const [width, scheme] of [[1440, 'light'], [1440, 'dark'], [390, 'light']])
  await test(`every page is sound at ${width} px, ${scheme}`, async () => {
    const page = await open(PAGES[0], width, scheme);
    for (const path of PAGES) {
      await go(page, path);
      await sound(page, `${path.replace(/\W+/g, '')}_${scheme}_${width}`);
    }
    await page.close();
  });

await test('numbers of a live run move', async () => {
  const page = await open('#/overview');
  const before = await page.textContent('.funnel tr:first-child b');
  sql('UPDATE roll SET frames=frames+1000, blank=blank+1000 WHERE attempt=(SELECT max(attempt) FROM roll); UPDATE roll_change SET updated=updated+1 WHERE attempt=(SELECT max(attempt) FROM roll_change)');
  await until(page, was => document.querySelector('.funnel tr:first-child b').textContent !== was, before);
  await page.close();
});

await test('10,000 runs are filtered and sorted, and few rows exist', async () => {
  const page = await open('#/runs');
  const rows = await page.locator('.vt tbody tr').count();
  if (rows > 150) found.push(`${rows} rows exist`);
  await page.keyboard.press('/');
  await page.keyboard.type('tag:dark hit>15');
  await until(page, () => /^[\d\u202f]+ of 10\u202f000 runs$/.test(document.querySelector('h1').textContent));
  await page.click('th button:has-text("Hits")');
  await until(page, () => document.querySelector('th[aria-sort]')?.getAttribute('aria-sort') === 'descending');
  const hits = await page.locator('.vt tbody tr:not(.spacer) td:nth-child(7) span').evaluateAll(c => c.map(x => parseFloat(x.textContent)).filter(Number.isFinite));
  if (hits.length < 10 || hits.some((h, i) => h <= 15 || (i && h > hits[i - 1]))) found.push(`not sorted: ${hits.slice(0, 5)}`);
  await page.reload();
  await ready(page);
  same(await page.inputValue('input[type=search]'), 'tag:dark hit>15'); // the address is a link to what is seen
  await page.close();
});

await test('a run gets a tag in place, and many runs get one at once', async () => {
  const page = await open('#/runs');
  await page.locator('.vt tbody button:has-text("✎")').first().click();
  await page.keyboard.type(', good');
  await page.keyboard.press('Enter');
  await until(page, () => [...document.querySelectorAll('.vt tbody tr:first-child .tag')].some(t => t.textContent === 'good'));
  await page.fill('input[type=search]', 'run:1-20');
  await until(page, () => document.querySelector('h1').textContent.startsWith('20 of'));
  await page.click('button:has-text("Select all")');
  await page.fill('.bulk input', 'bulk');
  await page.click('button:has-text("Add tag")');
  await page.fill('input[type=search]', 'tag:bulk');
  await until(page, () => document.querySelector('h1').textContent.startsWith('20 of'));
  await page.close();
});

await test('a failed job is tried again', async () => {
  const page = await open('#/jobs?filter=state%3Afailed');
  const id = await page.locator('.vt tbody tr:first-child a').first().textContent();
  await page.goto(base + '#/jobs/' + id);
  await page.click('button:has-text("Try again")');
  await until(page, () => document.querySelector('#said')?.classList.contains('on'));
  same(await page.locator('#said.bad').count(), 0);
  await page.close();
});

await test('the end of a log is read as text, and each rank has its line', async () => {
  const page = await open('#/jobs/8?try=1');
  await until(page, () => document.querySelector('pre.log'));
  const log = await page.textContent('pre.log');
  if (!log.includes('<script>alert(1)</script>\n\\x1b[31mslurmstepd')) found.push(`the log is ${log.slice(-200)}`);
  same(await page.evaluate(() => { const b = document.querySelector('pre.log'); return b.scrollTop + b.clientHeight >= b.scrollHeight - 1; }), true);
  await page.click('button:has-text("2\u202f000 lines")');
  await until(page, () => location.hash.includes('lines=2000'));
  await until(page, () => document.querySelector('pre.log').textContent.split('\n').length === 302);
  same(await page.locator('tbody tr:has-text("node7") .bar.span').count(), 1);
  await page.screenshot({path: join(pictures, 'job_log.png'), fullPage: true});
  await page.close();
});

await test('unit cells are shown of a choice, and the choice is a link', async () => {
  const page = await open('#/cells');
  const sub = () => page.textContent('.sub');
  const all = await sub();
  if (!/\d[\d\u202f]* lattices of 1\u202f000 jobs of trial 1, .*; the newest of/.test(all)) found.push(all);
  await page.locator('button:has-text("50ms")').focus();
  await page.keyboard.press('Enter');
  await until(page, was => document.querySelector('.sub').textContent !== was, all);
  await page.click('button:has-text("5ms") >> nth=0');
  await until(page, () => document.querySelector('button[aria-pressed=true]') && location.hash.split('tag=').length === 3);
  await page.click('button:has-text("all of them")');
  await until(page, () => document.querySelector('.empty')); // no run has both
  await page.reload();
  await ready(page);
  same(await page.locator('.tagb[aria-pressed=true]').count(), 2);
  await page.click('button:has-text("any of them")');
  await until(page, () => document.querySelectorAll('svg.hist').length === 6 && document.querySelectorAll('.pair canvas').length === 1);
  same(await page.textContent('h1'), 'Two forms: c differs by 1.6 %');
  await page.screenshot({path: join(pictures, 'cells.png'), fullPage: true});
  const t = Date.now();
  await page.evaluate(() => fetch('api/v1/cells?all=x').then(r => r.json()));
  console.log(`# unit cells of 1000 jobs: ${Date.now() - t} ms`);
  const [job, cells] = await Promise.all(['jobs/1', 'cells?job=1'].map(p => fetch(real + 'api/v1/' + p).then(r => r.json())));
  same(cells.axes.map(x => x.cell.median.toFixed(4)).join(), job.cell.map(x => x.toFixed(4)).join()); // one number, one place
  await page.close();
});

await test('a dataset shows its goal, versions, jobs and merges, or that there is none yet', async () => {
  const page = await open('#/datasets');
  same(await page.textContent('h1'), '2 datasets, 0 of 1 have reached their goal');
  await page.locator('tbody a:has-text("light")').focus();
  await page.keyboard.press('Enter');
  await until(page, () => document.body.dataset.ready === 'dataset');
  if (!/^light "><img src=x onerror=alert\(1\)>: [\d\u202f]+ of 200\u202f000 lattices, trial 1, CC½ 0\.990 to 1\.50 Å$/.test(await page.textContent('h1'))) found.push(await page.textContent('h1'));
  same(await page.locator('h2:has-text("Version 2, by resolution")').count(), 1); // of the newest that is merged
  same(await page.locator('section:has-text("by resolution") tbody tr').count(), 11);
  await page.screenshot({path: join(pictures, 'dataset.png'), fullPage: true});
  await page.selectOption('main select', '1');
  await until(page, () => location.hash.includes('version=1') && [...document.querySelectorAll('h2')].some(h => h.textContent.startsWith('Version 1')));
  await page.click('a:has-text("its jobs")');
  await until(page, () => document.body.dataset.ready === 'jobs');
  same(await page.locator('.vt tbody tr:not(.spacer)').count(), 2);
  await page.goto(base + '#/datasets/2');
  await until(page, () => [...document.querySelectorAll('h2')].some(h => h.textContent === 'No merge yet'));
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await until(page, () => document.body.dataset.ready === 'datasets');
  await page.close();
});

await test('two trials are compared, one is switched on', async () => {
  const page = await open('#/trials?a=1&b=2');
  same(await page.locator('td.mono:has-text("dispersion_extended")').count(), 1);
  await page.click('tr:has-text("bob") button:has-text("Switch on")');
  await until(page, () => document.querySelector('h1').textContent.includes('2 active'));
  await page.close();
});

await test('an address that leads nowhere says so', async () => {
  const page = await open('#/run/12');
  same(await page.textContent('h1'), 'There is no such page');
  await page.click('main a');
  await until(page, () => document.body.dataset.ready === 'overview');
  await page.close();
});

await test('a line is written into the log book', async () => {
  const page = await open('#/log');
  await page.fill('main input', 'jet changed <b>');
  await page.keyboard.press('Enter');
  await until(page, () => [...document.querySelectorAll('td b')].some(b => b.textContent === 'jet changed <b>'));
  await page.click('button:has-text("Notes")');
  await until(page, () => ![...document.querySelectorAll('tbody td:nth-child(2)')].some(d => !d.textContent.includes('note')));
  await page.fill('input[type=search]', 'no such line');
  await until(page, () => document.querySelector('.empty')?.textContent === 'No line is like that.');
  await page.close();
});

await test('keys lead to pages, into the log book, and say what they do', async () => {
  const page = await open('#/runs');
  await page.keyboard.press('?');
  await until(page, () => document.querySelector('dialog#keys').open);
  await page.keyboard.press('Escape');
  await until(page, () => !document.querySelector('dialog#keys').open);
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await until(page, () => location.hash.startsWith('#/jobs') && document.body.dataset.ready === 'jobs');
  await page.keyboard.press('c');
  await until(page, () => document.activeElement?.tagName === 'INPUT' && location.hash === '#/log');
  await page.keyboard.type('typed here, and c ? are letters');
  same(await page.inputValue('main input'), 'typed here, and c ? are letters');
  await page.close();
});

await test('eight tabs share one stream of events', async () => {
  const tabs = [];
  for (let i = 0; i < 8; i++) tabs.push(await open('#/overview'));
  const streams = () => fetch(base + 'metrics').then(r => r.text()).then(t => +t.match(/xfelx_sse_clients (\d+)/)[1]);
  same(await streams(), 1);
  for (const t of tabs) await until(t, () => document.body.dataset.seq !== undefined); // and all hear it
  for (const t of tabs) await t.close();
});

await test('theme, hutch mode and pages are reached by keys', async () => {
  const page = await open('#/overview');
  await page.keyboard.press('t');
  same(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await page.keyboard.press('h');
  same(await page.evaluate(() => document.documentElement.classList.contains('hutch')), true);
  await page.screenshot({path: join(pictures, 'overview_hutch_dark.png')});
  await page.keyboard.press('h');
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await until(page, () => document.body.dataset.ready === 'runs');
  await page.close();
});

await end();
