// coverage.mjs - is it enough, in headless Chromium: the curve on the page of a dataset, and the goal on the overview. Prints TAP. Called
// by test/services/coverage_test with
//   node coverage.mjs BASE NPM_FOLDER PICTURES_FOLDER
// on a database with one dataset that has lattices and no goal of its own. Waits for states, never for times.
import {chromium, found, has, same, test, until} from './chromium.mjs';

const [base, npm, pictures] = process.argv.slice(2);
const {open: openUrl, sound, end} = await chromium(npm, pictures);
const open = (path, width, scheme) => openUrl(base + path, {width, scheme});
const api = path => fetch(base + 'api/v1/' + path).then(r => r.json());

for (const [width, scheme] of [[1440, 'light'], [1440, 'dark'], [390, 'light']])
  await test(`the curve is sound at ${width} px, ${scheme}`, async () => {
    const page = await open('#/datasets/1', width, scheme);
    await until(page, () => [...document.querySelectorAll('h2')].some(h => h.textContent.startsWith('Is it enough? ')));
    await sound(page, `coverage_${scheme}_${width}`);
    await page.close();
  });

await test('the page says what the numbers say: now, twice the crystals, and how many it takes', async () => {
  const {coverage: c, lattices, trial} = await api('datasets/1'), [now, , twice] = c.points;
  const page = await open('#/datasets/1'), text = await page.textContent('main');
  same(c.why_not, '');
  same(now.lattices, lattices);
  same(twice.lattices, 2 * lattices);
  has(text, `Predicted for trial ${trial} from ${c.sample} lattices`);
  has(text, (100 * twice.seen).toFixed(1));
  if (!(c.needed[1] <= c.needed[0] && c.needed[0] <= c.needed[2])) found.push(`no interval: ${c.needed}`);
  await page.close();
});

await test('a dataset without a goal of its own has one on the overview', async () => {
  const {goals} = await api('overview'), {coverage: c} = await api('datasets/1');
  same(goals.length, 1);
  same(goals[0].by, 'multiplicity');
  same(goals[0].goal, c.needed[0]);
  const page = await open('#/');
  has(await page.textContent('main'), `seen ${c.fold} times`);
  await page.close();
});

await end();
