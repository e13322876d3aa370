// runs.mjs - the pages of a run and of the detector in headless Chromium. Prints TAP. Called by test/services/runs_test with
//   node runs.mjs BASE_OF_MANY BASE_OF_A_REAL_RUN NPM_FOLDER PICTURES_FOLDER DATABASE
// Waits for states (body[data-ready], data-picture), never for times; fails on any console error, sideways scrolling or serious finding of axe.
import {chromium, expected, found, ready, same, sql as sqlOf, test, until} from './chromium.mjs';

const [many, real, npm, pictures, database] = process.argv.slice(2);
const {open: openUrl, sound, end} = await chromium(npm, pictures);
const open = (base, path, name, width, scheme) => openUrl(base + path, {name, width, scheme});
const sql = sqlOf(database);
const strip = page => page.waitForSelector('.strip canvas');

await test('a run of 100,000 frames is drawn in stretches, and told how many frames each holds', async () => {
  const page = await open(many, '#/runs/9998', 'run');
  same(await page.getAttribute('a[data-key="["]', 'href'), '#/runs/9997');
  same(await page.getAttribute('a[data-key="]"]', 'href'), '#/runs/9999');
  await strip(page);
  if (!/250 frames a point/.test(await page.textContent('.rungrid h2'))) found.push(await page.textContent('.rungrid h2'));
  const inked = await page.evaluate(() => { const c = document.querySelector('.strip canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let k = 0; for (let i = 3; i < d.length; i += 4) k += d[i] > 0; return k / (d.length / 4); });
  if (inked < .1) found.push(`only ${inked} of the plot is drawn`);
  await sound(page, 'run_many_frames');
  await page.close();
});

await test('dragging sees a stretch closer, the address keeps it, keys walk and open a frame', async () => {
  const page = await open(many, '#/runs/9998', 'run');
  await strip(page);
  const box = await (await page.$('.strip canvas')).boundingBox();
  await page.mouse.move(box.x + box.width * .3, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * .302 + 8, box.y + 60, {steps: 4});
  await page.mouse.up();
  await until(page, () => /at=\d+-\d+/.test(location.hash));
  await until(page, () => /of 100\u202f000/.test(document.querySelector('.rungrid h2')?.textContent));
  const kept = await page.evaluate(() => location.hash);
  await page.reload();
  await ready(page, 'run');
  same(await page.evaluate(() => location.hash), kept);
  await strip(page);
  await page.focus('.strip canvas');
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
  await until(page, () => /frame/.test(document.querySelector('.read').textContent));
  expected.push('422'); // its file is not there, which may be said before the page is closed
  await page.keyboard.press('Enter');
  await until(page, () => /^#\/frames\/9998\/\d+\/\d+/.test(location.hash));
  await page.close();
});

await test('what happened to a run stands in its order, and what was not recorded is said', async () => {
  const page = await open(many, '#/runs/9998', 'run');
  const steps = await page.locator('.times li').allTextContents(), at = word => steps.findIndex(s => s.includes(word));
  if (!(at('complete') >= 0 && at('submitted to slurm as 4711') > at('complete') && at('started on node7') > at('submitted') && at('in version 1 of') > at('ended: ok'))) found.push(steps.join(' | '));
  if (!steps.some(s => s.includes('present') && s.includes('not recorded'))) found.push('nothing is said of the time that is missing');
  await page.close();
});

await test('a run that is copied says how far and how fast; a comment is written in place', async () => {
  sql("UPDATE run SET state=2,n_here=2,bytes=100000000000,bytes_here=43000000000,rate=123400000.0 WHERE id=9999; UPDATE run SET state_t=state_t+1 WHERE id=9999");
  const page = await open(many, '#/runs', 'runs');
  await until(page, () => [...document.querySelectorAll('.vt tbody tr')].some(r => r.textContent.includes('43 %') && r.textContent.includes('123 MB/s')));
  await page.locator('.vt tbody button[aria-label="edit comment of run 9997"]').click();
  await page.keyboard.type('attenuator 10 %');
  await page.keyboard.press('Enter');
  await until(page, () => [...document.querySelectorAll('.vt tbody tr')].some(r => r.textContent.includes('attenuator 10 %')));
  await page.fill('input[type=search]', 'run:9001-9020');
  await until(page, () => document.querySelector('h1').textContent.startsWith('20 of'));
  await page.click('button:has-text("Select all")');
  await page.fill('.bulk label:has-text("comment") input', 'weak jet again');
  await page.click('button:has-text("Set comment")');
  await page.fill('input[type=search]', '"weak jet again"');
  await until(page, () => document.querySelector('h1').textContent.startsWith('20 of'));
  await page.close();
});

for (const [width, scheme] of [[1440, 'light'], [1440, 'dark'], [390, 'light']])
  await test(`the detector shows its powder picture and panels at ${width} px, ${scheme}`, async () => {
    const page = await open(real, '#/detector', 'detector', width, scheme);
    await until(page, () => document.body.dataset.picture === 'shown' && document.querySelector('.powder img').naturalWidth > 200);
    if (!/^Detector: /.test(await page.textContent('h1'))) found.push(await page.textContent('h1'));
    await page.click('button:has-text("Largest")');
    await page.click('button:has-text("Hits only")');
    await until(page, () => location.hash.includes('kind=max_hits'));
    await until(page, () => document.body.dataset.picture === 'shown');
    await sound(page, `detector_${scheme}_${width}`);
    await page.click('button:has-text("σ")');
    await until(page, () => location.hash.includes('kind=sigma_hits'));
    await until(page, () => document.body.dataset.picture === 'shown');
    await page.close();
  });

await test('a job without a powder picture says how one is made', async () => {
  const page = await open(many, '#/detector', 'detector');
  if (!(await page.textContent('main')).includes('xfelx.output.powder_frames')) found.push('nothing is said');
  await page.close();
});

for (const [width, scheme] of [[1440, 'dark'], [390, 'light']])
  await test(`a real run is sound at ${width} px, ${scheme}`, async () => {
    const page = await open(real, '#/runs/1', 'run', width, scheme);
    await strip(page);
    await sound(page, `run_${scheme}_${width}`);
    await page.close();
  });

await end();
