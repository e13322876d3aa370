// detector.mjs - the page Detector in headless Chromium, of a detector with a panel that has moved and one that drifts. Prints TAP.
//   node detector.mjs BASE NPM_FOLDER PICTURES_FOLDER          (test/services/detector_test)
import {execFileSync} from 'node:child_process';
import {chromium, found, has, same, test, until} from './chromium.mjs';

const [base, npm, pictures] = process.argv.slice(2);
const {open, sound, end} = await chromium(npm, pictures);
const shown = page => until(page, () => document.body.dataset.picture === 'shown' && document.querySelector('#residuals svg') && document.querySelector('#levels svg'));

for (const [width, scheme] of [[1440, 'light'], [1440, 'dark'], [390, 'light']])
  await test(`a panel that moved and one that drifts are told at ${width} px, ${scheme}`, async () => {
    const page = await open(`${base}#/detector`, {name: 'detector', width, scheme});
    await shown(page);
    const text = await page.textContent('#residuals');
    has(text, 'Panel 0 ARRAY_D0M0 lies');
    has(text, 'xfelx.geometry.panels=auto');
    same(await page.locator('#residuals polygon.moved').count(), 1);
    has(await page.textContent('#residuals tbody tr:first-child'), '▲');
    has(await page.textContent('#levels'), '2 ARRAY_D0M2 counts');
    if (await page.locator('#levels rect.less').count() < 1) found.push('no field says less');
    await sound(page, `detector_panels_${scheme}_${width}`);
    await page.close();
  });

await test('of the trial, by scatter, sorted by spots; the address keeps it', async () => {
  const page = await open(`${base}#/detector`, {name: 'detector'});
  await shown(page);
  await page.click('button:has-text("Its trial")');
  await until(page, () => / spots of 7 jobs/.test(document.querySelector('#residuals').textContent));
  await page.click('button:has-text("Scatter")');
  await page.click('#residuals th button:has-text("Spots")');
  await until(page, () => /psort=-seen/.test(location.hash) && /of=trial/.test(location.hash) && /colour=rms/.test(location.hash));
  await page.reload();
  await shown(page);
  has(await page.textContent('#residuals'), 'spots of 7 jobs');
  same(await page.getAttribute('#residuals th:has-text("Spots")', 'aria-sort'), 'descending');
  await page.close();
});

await test('mean, largest and σ, of all frames and of hits, are six pictures', async () => {
  const page = await open(`${base}#/detector`, {name: 'detector'});
  await shown(page);
  const drawn = kind => page.waitForResponse(r => new RegExp(`image\\.png\\?kind=${kind}&`).test(r.url()) && r.status() === 200);
  for (const [word, kind] of [['Hits only', 'mean_hits'], ['Largest', 'max_hits'], ['σ', 'sigma_hits'], ['Hits only', 'sigma']]) {
    await Promise.all([drawn(kind), page.click(`.seg button:has-text("${word}")`)]);
    await until(page, kind => new RegExp(`kind=${kind}(&|$)`).test(location.hash), kind);
  }
  await until(page, () => document.querySelector('.powder img').alt.includes('σ of all frames'));
  await sound(page, 'detector_sigma');
  await page.close();
});

for (const [width, scheme] of [[1440, 'dark'], [390, 'light']])
  await test(`a job is drawn frame by frame at ${width} px, ${scheme}, by work and by outcome`, async () => {
    const page = await open(`${base}#/jobs/1`, {name: 'job', width, scheme});
    await page.waitForSelector('#weather canvas');
    const inked = () => page.evaluate(() => { const c = document.querySelector('#weather canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, seen = new Set(); let k = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3]) { k++; seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]); } return [k / (d.length / 4), seen.size]; });
    const [share, colours] = await inked();
    if (share < .5 || colours < 3) found.push(`drawn: ${share}, in ${colours} colours`);
    has(await page.textContent('#weather'), '30 frames in');
    await page.click('#weather button:has-text("Outcome")');
    await until(page, () => /by=outcome/.test(location.hash));
    await sound(page, `job_weather_${scheme}_${width}`);
    await page.close();
  });

await test('a file is handed over from the page, and its version is listed when the watcher has taken it', async () => {
  const page = await open(`${base}#/detector`, {name: 'detector'});
  await page.waitForSelector('#calib-add');
  await page.selectOption('#calib-add select', 'gain');
  same(await page.isDisabled('#calib-add button'), true);
  await page.setInputFiles('#calib-add input[type=file]', {name: 'gains <b>.txt', mimeType: 'text/plain', buffer: Buffer.from('2\n')});
  await page.fill('#calib-add label:has-text("label") input', 'browser');
  await page.fill('#calib-add label:has-text("from run") input', '3');
  has(await page.textContent('#calibrations'), 'xfelx.detector.gain_map=calib:browser');
  await page.click('#calib-add button');
  await until(page, () => /asked for, the watcher will do it/.test(document.querySelector('#said').textContent));
  execFileSync(process.env.PROGRAM, ['watch', '--once', `output_folder=${process.env.RESULTS}`, `facility.standalone.data_dir=${process.env.RESULTS}`, 'mp.method=local']);
  await until(page, () => /gain\s*browser\s*3/.test([...document.querySelectorAll('#calibrations tbody tr')].map(r => r.innerText).join('|')));
  has(await page.textContent('#calibrations tbody'), '-gains__b_.txt');
  await sound(page, 'detector_calibrations');
  await page.close();
});

await end();
