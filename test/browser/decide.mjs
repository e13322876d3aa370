// decide.mjs - the pages from which people decide, in headless Chromium: unit cells, trials, datasets. Prints TAP. Called by
// test/services/decide_test with
//   node decide.mjs BASE NPM_FOLDER PICTURES_FOLDER
// on a database of many_runs.py and two_trials.py. Waits for states, never for times.
import {readFileSync} from 'node:fs';
import {chromium, found, ready, same, test, until} from './chromium.mjs';

const [base, npm, pictures] = process.argv.slice(2);
const {open: openUrl, sound, end} = await chromium(npm, pictures);
const open = (path, width, scheme) => openUrl(base + path, {width, scheme});

const api = path => fetch(base + 'api/v1/' + path).then(r => r.json());

for (const [width, scheme] of [[1440, 'light'], [1440, 'dark'], [390, 'light']])
  await test(`pages to decide from are sound at ${width} px, ${scheme}`, async () => {
    for (const [name, path] of [['cells', '#/cells'], ['cells2', '#/cells?tag=5ms&than=1&thantag=dark'], ['trials', '#/trials?a=1&b=2'], ['dataset', '#/datasets/1'], ['datasets', '#/datasets']]) {
      const page = await open(path, width, scheme);
      if (name === 'trials') await until(page, () => document.querySelector('svg.dumb'));
      if (name === 'cells2') await until(page, () => document.querySelector('svg.hist path.than'));
      await sound(page, `decide_${name}_${scheme}_${width}`);
      await page.close();
    }
  });

await test('forms are told apart, and it is said with which run the second begins', async () => {
  const page = await open('#/cells');
  same(await page.textContent('h1'), 'Two forms: c differs by 1.6 %');
  same(await page.locator('h2:has-text("Form 2 begins with run 7")').count(), 1);
  const {forms} = await api('cells');
  same(forms.list.length, 2);
  await page.locator('input[type=range]').focus();
  for (let i = 0; i < 24; i++) await page.keyboard.press('ArrowRight'); // so wide that all are one
  await until(page, () => /^a 79\.\d\d/.test(document.querySelector('h1').textContent));
  await page.reload(); // the choice is the link
  await ready(page);
  if (!/^a 79\.\d\d/.test(await page.textContent('h1'))) found.push(await page.textContent('h1'));
  await page.click('button:has-text("as found")');
  await until(page, () => document.querySelector('h1').textContent.startsWith('Two forms'));
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('a[download="covariance.json"]')]);
  const text = JSON.parse(readFileSync(await file.path(), 'utf8'));
  same(text.forms[0].cells, forms.list[0].n);
  await page.close();
});

await test('two sets of runs are compared in the same histograms', async () => {
  const page = await open('#/cells?tag=5ms');
  await page.click('button:has-text("Compare with another set")');
  await page.locator('[aria-label="compared with runs with tags"] button:has-text("dark")').click();
  await until(page, () => document.querySelectorAll('svg.hist path.than').length === 6);
  await page.click('button:has-text("Compare no more")');
  await until(page, () => !document.querySelector('svg.hist path.than') && !location.hash.includes('than'));
  await page.close();
});

await test('trials stand side by side over the same runs and frames', async () => {
  const page = await open('#/trials?a=1&b=2');
  await until(page, () => document.querySelectorAll('svg.dumb').length === 30);
  same(await page.locator('h2:has-text("Trial 2 indexes more")').count(), 1);
  const {trials} = await api('compare?trial=1&trial=2'), p = trials[1].paired;
  same(p.both + p.only_first, trials[0].indexed.k); // each trial's numbers are its own
  same(p.both + p.only_this, trials[1].indexed.k);
  await page.close();
});

await test('a trial is made from another: form, text, checks', async () => {
  const page = await open('#/trials');
  await page.locator('tr:has-text("bob") button:has-text("Copy…")').click();
  await page.fill('section[aria-label="new trial"] input[type=search]', 'dispersion.gain');
  await page.fill('[id="p-spotfinder.threshold.dispersion.gain"]', '2.5');
  await page.keyboard.press('Tab');
  await until(page, () => document.querySelector('#phil').value === 'spotfinder.threshold.dispersion.gain = 2.5\n');
  await until(page, () => document.querySelector('section [role=status]').textContent.includes('1 parameter differs'));
  for (const [text, says] of [['spotfinder.threshold.dispersion.gani = 1', 'did you mean'], ['spotfinder.filter.min_spot_size = big', 'min_spot_size'], ['include file /etc/passwd', 'may not include'], ['mp.env_script = x', 'not from a page'], ['a {', '']]) {
    await page.fill('#phil', text);
    await until(page, w => { const s = document.querySelector('section [role=status]').textContent; return s.startsWith('✕') && s.includes(w); }, says);
    same(await page.locator('button:has-text("Make the trial")').isDisabled(), true);
  }
  await page.fill('#phil', 'spotfinder.filter.min_spot_size = 3');
  await page.locator('button:has-text("Make the trial"):not([disabled])').click();
  await until(page, () => document.querySelector('#said').textContent.includes('the watcher will do it'));
  const asked = (await api('requests')).open;
  same(asked.length === 1 && asked[0].do, 'trial.add');
  await page.close();
});

await test('a rungroup is made, used, and changed in place', async () => {
  const page = await open('#/trials');
  await page.click('button:has-text("New rungroup")');
  await page.fill('section[aria-label=rungroup] input >> nth=0', '5');
  await page.fill('section[aria-label=rungroup] input[placeholder=open]', '9');
  await page.click('button:has-text("Make it")');
  await until(page, () => [...document.querySelectorAll('td')].some(t => t.textContent === '5 – 9'));
  await page.click('[aria-label="trial 2 uses rungroup 2"]');
  await until(page, () => document.querySelector('[aria-label="trial 2 uses rungroup 2"]').getAttribute('aria-pressed') === 'true');
  await page.close();
});

await test('a dataset is made of tags and tasks in order, and changed', async () => {
  const page = await open('#/datasets');
  await page.click('button:has-text("New dataset")');
  const box = page.locator('section[aria-label=dataset]');
  await box.locator('input').first().fill('mine <b>');
  await box.locator('button:has-text("50ms")').click();
  await box.locator('button:has-text("dark")').click();
  await box.locator('button:has-text("all of them")').click();
  await box.locator('select').selectOption('merge:1');
  await box.locator('select').selectOption('scale:1');
  await box.locator('button[aria-label="scale:1 earlier"]').click();
  await box.locator('button:has-text("Make it")').click();
  await until(page, () => [...document.querySelectorAll('td a')].some(a => a.textContent === 'mine <b>'));
  const made = (await api('datasets')).datasets.find(d => d.name === 'mine <b>');
  same(JSON.stringify([made.all, made.tags.sort(), made.tasks.map(t => t.name), made.goal]), JSON.stringify([true, ['50ms', 'dark'], ['scale', 'merge'], null]));
  await page.click('td a:has-text("mine <b>")');
  await ready(page, 'dataset');
  await page.click('button:has-text("Change…")');
  await box.locator('input[inputmode=numeric]').fill('1234');
  await box.locator('button:has-text("Change it")').click();
  await until(page, () => document.querySelector('h1').textContent.includes('of 1\u202f234'));
  await page.click('button:has-text("Switch off")');
  await until(page, () => document.querySelector('.sub + .sub, h1 + .sub').textContent.startsWith('switched off'));
  await page.close();
});

await end();
