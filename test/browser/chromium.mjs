// chromium.mjs - what the tests of pages share: pages in headless Chromium, what makes one sound, states that are waited for (never
// times), TAP. `found` is what the running test has to complain of; a test with complaints is not ok.
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
import {execFileSync} from 'node:child_process';
import {join} from 'node:path';

export const found = [];
export const expected = []; // parts of what the console may say in this test
export const until = (page, test, argument) => page.waitForFunction(test, argument, {polling: 50, timeout: 60000});
export const ready = (page, name) => until(page, name => name ? document.body?.dataset.ready === name : document.body?.dataset.ready, name);
export const same = (is, should) => { if (is !== should) found.push(`${JSON.stringify(is)} is not ${JSON.stringify(should)}`); };
export const has = (text, part) => { if (!text.includes(part)) found.push(`"${part}" is not in: ${text.slice(0, 300)}`); };

// A function that runs statements on a database while the server looks at it.
export const sql = database => text =>
  execFileSync('/usr/bin/python3', ['-c', 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1],60); c.executescript(sys.argv[2]); c.commit()', database, text]);

let n = 0, bad = 0;
export async function test(name, work) {
  found.length = expected.length = 0;
  try { await work(); } catch (e) { found.push(String(e.message).split('\n')[0]); }
  n++;
  if (found.length) { bad++; console.log(`not ok ${n} - ${name}`); for (const f of new Set(found)) console.log('# ' + f); } else console.log(`ok ${n} - ${name}`);
}

// npm: the folder with playwright-core and axe-core; pictures: where `sound` leaves one of each page. Each page is of a person of its own,
// or, with oneself, a tab of the same. more: further arguments of the program.
export async function chromium(npm, pictures, {oneself = false, more = []} = {}) {
  const require = createRequire(join(npm, 'x.js'));
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  const browser = await require('playwright-core').chromium.launch({executablePath: '/usr/bin/chromium', headless: true, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', ...more]});
  const tabs = oneself ? await browser.newContext() : browser;
  return {
    tabs,
    // A page with its first data; complaints of its console, dialogs, and requests to another host, are found.
    async open(url, {name, width = 1440, scheme = 'light'} = {}) {
      const page = await tabs.newPage(), {host} = new URL(url);
      await page.setViewportSize({width, height: width > 500 ? 1000 : 844});
      await page.emulateMedia({colorScheme: scheme, reducedMotion: 'reduce'});
      page.on('request', r => { const u = new URL(r.url()); if (/^(https?|wss?):/.test(u.protocol) && u.host !== host) found.push(`request to ${u.host}`); });
      page.on('pageerror', e => found.push(e.message));
      page.on('console', m => { if (m.type() === 'error' && !expected.some(x => m.text().includes(x))) found.push(`console: ${m.text()} ${m.location().url}`); });
      page.on('dialog', d => { found.push(`a dialog: ${d.message()}`); d.dismiss(); });
      await page.goto(url);
      await ready(page, name);
      return page;
    },
    // No sideways scrolling, no serious finding of axe; a picture.
    async sound(page, name) {
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) found.push(`${name} scrolls sideways by ${over} px`);
      await page.evaluate(axe + ';0');
      const {violations} = await page.evaluate(() => axe.run(document, {resultTypes: ['violations']}));
      for (const v of violations) if (['serious', 'critical'].includes(v.impact)) found.push(`${name}: axe ${v.id}: ${v.nodes.slice(0, 3).map(x => x.target.join(' ')).join(' | ')}`);
      await page.screenshot({path: join(pictures, name + '.png'), fullPage: true});
    },
    async end() {
      await browser.close();
      console.log(`1..${n}`);
      process.exit(bad ? 1 : 0);
    },
  };
}
