// frames.mjs - frames of a real run in headless Chromium: looked at, tuned, masked. Prints TAP. Called by test/services/frames_test with
//   node frames.mjs BASE NPM_FOLDER PICTURES_FOLDER
// Waits for states (body[data-ready], .stage[data-picture]), never for times; fails on any console error or serious finding of axe.
import {chromium, found, has, ready, same, test, until} from './chromium.mjs';
import {readFileSync, utimesSync} from 'node:fs';

const [base, npm, pictures] = process.argv.slice(2);
const {open: openUrl, sound, end} = await chromium(npm, pictures);
const open = (path, width, scheme) => openUrl(base + path, {width, scheme});
const shown = page => until(page, () => [...document.querySelectorAll('.stage')].length && [...document.querySelectorAll('.stage')].every(s => s.dataset.picture === 'shown'));
const lists = await (await fetch(base + 'api/v1/frames?job=1&list=indexed')).json(), first = lists.frames[0], address = `1/${first.source}/${first.frame}`;

await test('a frame is looked at, enlarged, and the next one by a key', async () => {
  const page = await open('#/frames/1?list=indexed');
  await page.locator('tbody a').first().click();
  await ready(page, 'frame');
  await shown(page);
  const was = page.url(), zoom = () => page.evaluate(() => +document.querySelector('.stage').dataset.zoom), whole = await zoom();
  await page.focus('.stage');
  await page.keyboard.press('1');
  await until(page, () => document.querySelector('.stage')?.dataset.zoom === '1.000');
  await shown(page);
  await page.keyboard.press('0');
  await until(page, w => +document.querySelector('.stage').dataset.zoom === w, whole);
  await until(page, () => document.querySelector('button[title="j, →"]:enabled'));
  await page.keyboard.press('j');
  await until(page, w => location.href !== w, was);
  await shown(page);
  await page.close();
});

await test('a pixel under the pointer has the value of the file, and a spot lies under its circle', async () => {
  const page = await open(`#/frames/${address}?list=indexed`);
  await shown(page);
  const meta = await (await fetch(`${base}api/v1/frames/${address}/picture`)).json();
  const row = meta.indexed.rows[0], x = Math.floor(row[4]), y = Math.floor(row[5]);
  const values = await (await fetch(`${base}api/v1/frames/${address}/values?x=${x}&y=${y}`)).json();
  const box = await page.locator('.stage').boundingBox(), s = await page.evaluate(() => +document.querySelector('.stage').dataset.zoom);
  same(meta.known, true);
  same(meta.indexed.rows.length > 0 && meta.integrated.rows.length > 0, true);
  if (!(values.values[4][4] > 2 * Math.max(1, values.values[0][0]))) found.push(`no spot under the circle: ${JSON.stringify(values.values)}`);
  const places = await page.$$eval('.stage canvas', all => all.map(c => { const r = c.getBoundingClientRect(); return [r.x, r.y, r.width, r.height].join(); }));
  same(new Set(places).size, 1); // what is drawn on top lies where the pixels are
  await page.mouse.move(box.x + box.width / 2 + (x + 0.5 - meta.width / 2) * s, box.y + box.height / 2 + (y + 0.5 - meta.height / 2) * s);
  await until(page, () => document.querySelector('#value'));
  await page.close();
});

await test('a link leads to the same part of the picture, where values stand in the pixels, and stepping keeps it', async () => {
  const meta = await (await fetch(`${base}api/v1/frames/${address}/picture`)).json(), row = meta.indexed.rows[0];
  const at = `${row[4].toFixed(1)},${row[5].toFixed(1)},40`, zoom = page => page.evaluate(() => document.querySelector('.stage').dataset.zoom);
  const page = await openUrl(`${base}#/frames/${address}?list=indexed&at=${at}`, {});
  const block = await page.waitForResponse(r => r.url().includes('&columns='));
  await shown(page);
  same(await zoom(page), '40.000');
  const values = (await block.json()).block;
  const asked = new URL(block.url()).searchParams, i = (Math.floor(row[5]) - asked.get('y')) * asked.get('columns') + Math.floor(row[4]) - asked.get('x');
  const one = await (await fetch(`${base}api/v1/frames/${address}/values?x=${Math.floor(row[4])}&y=${Math.floor(row[5])}`)).json();
  same(values[i], one.values[4][4]);
  await page.keyboard.press('-');
  await until(page, () => location.hash.includes(',26.7'));
  await page.reload();
  await shown(page);
  same(await zoom(page), '26.700');
  await page.keyboard.press(']'); // contrast and place are kept
  await until(page, () => [...document.querySelectorAll('button')].some(b => b.textContent === 'Automatic' && !b.disabled));
  await until(page, () => document.querySelector('button[title="j, →"]:enabled')); // the list has come
  const was = await page.evaluate(() => document.querySelector('h1').textContent);
  await page.keyboard.press('j');
  await until(page, was => document.querySelector('h1')?.textContent !== was && document.querySelector('.stage[data-picture=shown]'), was);
  same(await zoom(page), '26.700');
  same(await page.getByRole('button', {name: 'Automatic'}).isDisabled(), false);
  await page.close();
});

await test('arrows step when the whole is seen, lists are changed and left by keys', async () => {
  const page = await open(`#/frames/${address}?list=indexed`);
  await shown(page);
  const title = () => page.evaluate(() => document.querySelector('h1').textContent), was = await title();
  await until(page, () => document.querySelector('button[title="j, →"]:enabled'));
  await page.keyboard.press('ArrowRight');
  await until(page, was => document.querySelector('h1')?.textContent !== was && document.querySelector('.stage[data-picture=shown]'), was);
  await until(page, () => document.querySelector('button[title="k, ←"]:enabled'));
  await page.keyboard.press('ArrowLeft');
  await until(page, was => document.querySelector('h1')?.textContent === was && document.querySelector('.stage[data-picture=shown]'), was);
  await page.focus('.stage');
  await page.keyboard.press('1');
  await until(page, () => document.querySelector('.stage')?.dataset.zoom === '1.000');
  await page.keyboard.press('ArrowRight'); // enlarged: it moves
  same(page.url().includes(`${address}?`), true);
  await page.getByLabel('list that is stepped through').selectOption('hits');
  await until(page, () => location.hash.includes('list=hits'));
  await page.keyboard.press('l');
  await until(page, () => /^#\/frames\/1\?list=hits/.test(location.hash));
  await page.close();
});

await test('colours change, ice is drawn, and no word of the picture is under a button', async () => {
  const page = await open(`#/frames/${address}?list=indexed`);
  await shown(page);
  const pixel = name => page.evaluate(name => { const c = document.querySelector(`canvas.${name}`), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 0; i < d.length; i += 4) if (name === 'ground' ? d[i] !== d[i + 1] || d[i + 1] !== d[i + 2] : d[i + 3]) n++; return n; }, name);
  const [stage, buttons] = await page.evaluate(() => ['.stage', '.over'].map(s => { const r = document.querySelector(s).getBoundingClientRect(); return [r.top, r.bottom]; }));
  if (!(buttons[1] <= stage[0])) found.push(`buttons end at ${buttons[1]}, the picture begins at ${stage[0]}`);
  const drawn = await pixel('overlay'), coloured = await pixel('ground');
  await page.keyboard.press('e');
  await page.waitForFunction(was => { const c = document.querySelector('canvas.overlay'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n > was; }, drawn);
  for (let i = 0; i < 2; i++) await page.keyboard.press('m'); // grey, heat, viridis
  await until(page, () => document.querySelector('select[aria-label=colours]').value === 'viridis');
  await shown(page);
  if (!(await pixel('ground') > 2 * coloured)) found.push('the picture has no colours');
  await sound(page, 'frame_viridis_ice');
  await page.close();
});

for (const [width, scheme] of [[1440, 'light'], [1440, 'dark'], [800, 'light'], [390, 'light'], [390, 'dark']])
  await test(`the viewer is sound at ${width} px, ${scheme}`, async () => {
    const page = await open(`#/frames/${address}?list=indexed`, width, scheme);
    await shown(page);
    await sound(page, `frame_${scheme}_${width}`);
    await page.close();
  });

await test('a frame is tuned, before and after, tried on more, and a trial is asked for', async () => {
  const page = await open(`#/tune/${address}`);
  await shown(page);
  const field = page.locator('label[title$=sigma_strong] input');
  await field.fill('6');
  await page.getByRole('button', {name: 'On 50 frames'}).click();
  await page.waitForSelector('#many');
  await until(page, () => document.querySelectorAll('.stage').length === 2);
  await shown(page);
  await page.focus('.stage');
  await page.keyboard.press('+');
  await until(page, () => { const [a, b] = [...document.querySelectorAll('.stage')].map(s => s.dataset.zoom); return a === b; });
  await sound(page, 'tune');
  await page.getByRole('button', {name: 'Make the trial'}).click();
  await until(page, () => document.querySelector('#said.on'));
  same(await page.evaluate(() => document.querySelector('#said').classList.contains('bad')), false);
  await page.close();
});

await test('changes that may not come from a page are refused, and others come to nothing with their reason', async () => {
  const ask = body => fetch(base + 'api/v1/tune', {method: 'POST', headers: {'content-type': 'application/json', 'x-xfelx': '1'}, body: JSON.stringify(body)});
  for (const phil of ['mp.nproc = 3', 'mp {\n nproc = 3 }', 'include file /etc/passwd', 'hooks.alarm = "touch x"'])
    same((await ask({frame: address, phil})).status, 400);
  same((await ask({frame: '1/0'})).status, 400);
  same((await ask({frame: address, try: 1e6})).status, 400);
  const {tune} = await (await ask({frame: address, phil: 'no.such = 1'})).json();
  let r;
  do { r = await (await fetch(`${base}api/v1/tune/${tune}`)).json(); } while (r.state === 'running');
  same(r.state, 'failed');
  same(/no parameter/.test(r.error), true);
});

await test('a mask is drawn, taken back, counted, and asked to be kept', async () => {
  const page = await open(`#/mask/${address}`);
  await shown(page);
  const box = await page.locator('.stage').boundingBox(), at = (u, v) => [box.x + box.width * (0.5 + u), box.y + box.height * (0.5 + v)];
  const drag = async (a, b) => { await page.mouse.move(...at(...a)); await page.mouse.down(); await page.mouse.move(...at(...b), {steps: 4}); await page.mouse.up(); };
  const shapes = () => page.locator('.plainlist li').count();
  await drag([-0.1, -0.1], [0.1, 0.02]);
  await until(page, () => document.querySelectorAll('.plainlist li').length === 1);
  await page.getByRole('button', {name: 'Circle'}).click();
  await drag([0.2, 0.2], [0.25, 0.2]);
  await page.getByRole('button', {name: 'Polygon'}).click();
  for (const p of [[-0.3, 0.2], [-0.2, 0.2], [-0.25, 0.3]]) await page.mouse.click(...at(...p));
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelectorAll('.plainlist li').length === 3);
  await page.keyboard.press('Control+z');
  await until(page, () => document.querySelectorAll('.plainlist li').length === 2);
  await page.keyboard.press('Control+Shift+z');
  await until(page, () => document.querySelectorAll('.plainlist li').length === 3);
  same(await shapes(), 3);
  same(/rectangle = \d+ \d+ \d+ \d+/.test(await page.inputValue('#shapes')) && /polygon = (\d+ ){5}\d+/.test(await page.inputValue('#shapes')), true);
  await page.getByRole('button', {name: 'What does it take away?'}).click();
  await page.waitForSelector('#effect');
  if (!/[1-9]/.test(await page.textContent('#effect h2'))) found.push('nothing is taken away');
  await sound(page, 'mask');
  await page.getByLabel('label').fill('arm');
  await page.getByRole('button', {name: 'Keep as a version'}).click();
  await until(page, () => document.querySelector('#said.on'));
  same(await page.evaluate(() => document.querySelector('#said').classList.contains('bad')), false);
  await page.close();
});

await test('a mask comes as a file, and shapes that are none are refused', async () => {
  const page = await open(`#/mask/${address}`);
  await shown(page);
  const box = await page.locator('.stage').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 60, box.y + box.height / 2 + 40);
  await page.mouse.up();
  for (const [name, file, starts] of [['NXmx', 'mask.nxs', '\x89HDF'], ['CrystFEL', 'mask.geom', '']]) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', {name, exact: true}).click()]);
    same(download.suggestedFilename(), file);
    const text = readFileSync(await download.path(), 'latin1');
    same(text.startsWith(starts), true);
    if (!starts) has(text, 'min_fs');
    await until(page, () => [...document.querySelectorAll('button')].some(b => b.textContent === 'NXmx' && !b.disabled));
  }
  await page.close();
  const ask = (way, body) => fetch(base + 'api/v1/' + way, body && {method: 'POST', headers: {'content-type': 'application/json', 'x-xfelx': '1'}, body: JSON.stringify(body)});
  same((await ask('tune', {what: 'mask', frame: address, phil: 'spotfinder.filter.border = 3', as: '../x'})).status, 400);
  same((await ask('tune', {what: 'tune', frame: address, phil: 'spotfinder.filter.border = 3', as: 'nxs'})).status, 400);
  const {tune} = await (await ask('tune', {what: 'mask', frame: address, phil: 'spotfinder.filter.untrusted.polygon = 7', as: 'nxs'})).json();
  let state;
  do state = await (await ask('tune/' + tune)).json(); while (state.state === 'running');
  has(state.error || '', 'no corners of a polygon');
  same((await ask(`tune/${tune}/file`)).status, 404);
});

await test('the brush takes pixels beyond its threshold alone', async () => {
  const page = await open(`#/mask/${address}`);
  await shown(page);
  await page.getByRole('button', {name: 'Brush'}).click();
  await page.getByLabel('threshold', {exact: true}).fill('0');
  await page.focus('.stage');
  await page.keyboard.press('1');
  await until(page, () => document.querySelector('.stage')?.dataset.zoom === '1.000');
  await shown(page);
  const box = await page.locator('.stage').boundingBox();
  await page.mouse.move(box.x + box.width / 2 + 40, box.y + box.height / 2 + 60);
  await page.mouse.down();
  await page.mouse.up();
  await until(page, () => document.querySelectorAll('.plainlist li').length === 1);
  same(/pixel = \d+ \d+/.test(await page.inputValue('#shapes')), true);
  await page.close();
});

await test('a frame whose file was replaced says so', async () => {
  const page = await open(`#/frames/${address}`);
  await shown(page);
  same(await page.locator('.alarm').count(), 0);
  const {file} = await (await fetch(base + 'api/v1/frames/' + address)).json();
  utimesSync(file, new Date(1e12), new Date(1e12));
  await page.reload();
  await shown(page);
  has(await page.textContent('.alarm'), 'Another file lies here now');
  await page.close();
});

await end();
