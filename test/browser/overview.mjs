// overview.mjs - pages Overview, Alarms and Doctor in headless Chromium over the database of shift.py. Prints TAP. Called by
// test/services/overview_test with
//   node overview.mjs BASE NPM_FOLDER PICTURES_FOLDER DATABASE
// Waits for states, never for times; fails on any console error, sideways scrolling, or serious finding of axe.
import {join} from 'node:path';
import {chromium, found, has, same, sql as sqlOf, test, until} from './chromium.mjs';

const [base, npm, pictures, database] = process.argv.slice(2);
const {open: openUrl, sound, end} = await chromium(npm, pictures);
const open = (path, width, scheme) => openUrl(base + path, {width, scheme});
const sql = sqlOf(database);
const ask = path => fetch(base + 'api/v1/' + path).then(r => r.json());
const count = k => String(k).replace(/\B(?=(\d{3})+$)/g, '\u202f');

for (const [name, path, width, scheme] of [['shift_light_1440', '#/overview', 1440, 'light'], ['shift_dark_1440', '#/overview', 1440, 'dark'], ['shift_hutch_dark_1920', '?hutch=1#/overview', 1920, 'dark'],
  ['shift_light_390', '#/overview', 390, 'light'], ['alarms_light_1440', '#/alarms', 1440, 'light'], ['alarms_dark_390', '#/alarms', 390, 'dark'], ['doctor_dark_1440', '#/doctor', 1440, 'dark'], ['doctor_light_390', '#/doctor', 390, 'light']])
  await test(`${name.replace(/_/g, ' ')} is sound`, async () => {
    const page = await open(path, width, scheme);
    await sound(page, name);
    await page.close();
  });

await test('the first screen says how it stands, what changed, and what to do', async () => {
  const d = await ask('overview'), page = await open('#/overview');
  if (!/The beam centre moved by|newest number is|no frame came/.test(await page.textContent('h1'))) found.push(await page.textContent('h1')); // as fast as this machine is
  same(await page.textContent('.kf:first-child .v'), `${(100 * d.now.hit.p).toFixed(1)} %`);
  has(await page.textContent('.alarm:has-text("beam centre")'), 'With it: indexed of hits');
  has(await page.textContent('.alarm:has-text("beam centre")'), 'refine the geometry anew');
  same(await page.textContent('.funnel tr:first-child b'), count(d.totals.frames));
  const moved = await page.locator('.usual tr.moved th').allTextContents();
  if (!moved.includes('indexed of hits') || !moved.includes('beam centre, fast') || moved.includes('beam centre, slow')) found.push(`moved: ${moved}`);
  has(await page.textContent('section:has(h2:text("Goals of datasets"))'), 'not at this rate');
  has(await page.textContent('.queue'), 'stopped at the time limit');
  await page.close();
});

await test('frames are of one trial, and which one is a link', async () => {
  const page = await open('#/overview'), [three, four] = [await ask('overview?trial=3'), await ask('overview')];
  same(four.trial, 4);
  if (!(three.totals.frames > 0 && four.totals.frames > three.totals.frames)) found.push('no two trials');
  same(four.totals.frames, four.trials.find(t => t.trial === 4).frames);
  await page.selectOption('select[aria-label=trial]', '3');
  await until(page, k => document.querySelector('.funnel tr:first-child b').textContent === k, count(three.totals.frames));
  has(page.url(), 'trial=3');
  await page.reload();
  await until(page, k => document.querySelector('.funnel tr:first-child b')?.textContent === k, count(three.totals.frames));
  await page.close();
});

await test('an alarm is marked as seen', async () => {
  const page = await open('#/overview');
  await page.click('.alarm button:has-text("Mark as seen")');
  await until(page, () => [...document.querySelectorAll('.alarm')].some(x => /seen \d\d:\d\d/.test(x.textContent)));
  await page.close();
});

await test('a number that gets old says so, loudly', async () => {
  const page = await open('#/overview');
  sql('UPDATE roll SET t_last=t_last-60000000000 WHERE attempt IN (SELECT attempt FROM roll ORDER BY t_last DESC LIMIT 1); UPDATE roll_change SET updated=updated+1 WHERE attempt=(SELECT max(attempt) FROM roll_change)');
  await until(page, () => document.querySelector('.kf .age.c-bad')?.textContent.startsWith('▲'));
  await page.close();
});

await test('an alarm that clears itself stays in the log, though no watcher acts', async () => {
  const page = await open('#/alarms');
  sql('UPDATE lease SET expires=1; UPDATE roll_minute SET dx_sum=0'); // the server looks every 15 s
  await until(page, () => [...document.querySelectorAll('tbody tr')].some(r => r.textContent.includes('Beam centre moved')));
  has(await page.textContent('tbody tr:has-text("Beam centre moved")'), 'indexed of hits 23.4 %');
  await page.screenshot({path: join(pictures, 'alarms_log.png')});
  await page.close();
});

await test('a file that cannot be used is a warning with what to do, until it is mended', async () => {
  sql("INSERT INTO rungroup(first_ord,last_ord,active,phil,body,created,who,bad_input) VALUES(1,9,1,'','',1,'ann','cannot open the mask bs.mask')");
  const page = await open('#/overview'), line = page.locator('.alarm:has-text("bs.mask")'), [b] = (await ask('overview')).bad_inputs;
  has(await line.textContent(), `Nothing is started of rungroup ${b.number}: cannot open the mask bs.mask`);
  has(await line.textContent(), `xfelx group edit ${b.number}`);
  same(await line.locator('a').getAttribute('href'), '#/trials');
  await sound(page, 'bad_input_light_1440');
  sql("UPDATE rungroup SET bad_input=NULL; UPDATE roll_change SET updated=updated+1 WHERE attempt=(SELECT max(attempt) FROM roll_change)");
  await until(page, () => !document.querySelector('main').textContent.includes('bs.mask'));
  await page.close();
});

await test('header and pages count the alarms that stand, not rows that nobody closed', async () => {
  sql("INSERT INTO alarm(kind,since,body) VALUES('disk',1,'the disk was full a year ago')");
  const page = await open('#/runs'), stand = (await ask('overview')).alarms.length;
  const shown = async () => Number((await page.textContent('#strip')).match(/▲ (\d+) alarm/)?.[1] || 0);
  if ((await ask('alarms')).alarms.filter(x => !x.until).length <= stand) found.push('no row stands open alone');
  await until(page, n => (document.querySelector('#strip').textContent.match(/▲ (\d+) alarm/)?.[1] || '0') === n, String(stand));
  await page.evaluate(() => { location.hash = '#/alarms'; });
  await until(page, () => document.body.dataset.ready === 'alarms' && /stand/.test(document.querySelector('h1').textContent));
  same(await page.locator('.alarm').count(), await shown());
  await page.close();
});

await test('of data of a few minutes, no empty hours are shown', async () => {
  const page = await open('#/overview');
  same(await page.textContent('.seg [aria-pressed=true]'), '3 h');
  sql('DELETE FROM roll_minute WHERE minute<(SELECT max(minute)-5 FROM roll_minute); UPDATE roll_change SET updated=updated+1 WHERE attempt=(SELECT max(attempt) FROM roll_change)');
  await until(page, () => document.querySelector('.seg [aria-pressed=true]').textContent === '1 h');
  await page.close();
});

await test('a watcher that cron starts is no warning for five minutes', async () => {
  const page = await open('#/overview'), row = () => page.locator('tr:has(th:text-is("watch"))');
  sql(`UPDATE lease SET expires=1, renewed=${Date.now() - 40000}000000; UPDATE roll_change SET updated=updated+1 WHERE attempt=(SELECT max(attempt) FROM roll_change)`);
  await until(page, () => /looked/.test(document.querySelector('main').textContent));
  has(await row().textContent(), '✓');
  const doctor = await open('#/doctor'), watcher = doctor.locator('tr:has(th:text-is("watcher"))');
  has(await watcher.textContent(), '✓');
  await doctor.close();
  sql(`UPDATE lease SET renewed=${Date.now() - 400000}000000; UPDATE roll_change SET updated=updated+1 WHERE attempt=(SELECT max(attempt) FROM roll_change)`);
  await until(page, () => /nobody for/.test(document.querySelector('main').textContent));
  has(await row().textContent(), '▲');
  await page.close();
});

await test('the doctor is asked for, and says what the server sees', async () => {
  const page = await open('#/doctor');
  has(await page.textContent('main'), 'start xfelx watch, or put it into cron');
  await page.click('button:has-text("Look at everything now")');
  await until(page, () => document.querySelector('.ctl button').disabled);
  has(await page.textContent('.ctl'), 'asked for');
  await page.close();
});

await end();
