// tls.mjs - the first page through TLS in headless Chromium: node tls.mjs LINK NPM_FOLDER PIN, where PIN is the base64 of the SHA-256 of the key that
// is to be believed. Fails on any complaint of the console, and when nothing lives.
import {createRequire} from 'node:module';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const [link, npm, pin] = process.argv.slice(2);
const {chromium} = createRequire(join(npm, 'x.js'))('playwright-core');
const profile = mkdtempSync(join(tmpdir(), 'xfelx-browser-'));
const browser = await chromium.launchPersistentContext(profile, {executablePath: '/usr/bin/chromium', headless: true, args: [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--ignore-certificate-errors-spki-list=' + pin]});
browser.setDefaultTimeout(60000);
const found = [];
try {
  const page = await browser.newPage();
  page.on('console', m => { if (['error', 'warning'].includes(m.type())) found.push(m.text()); });
  page.on('pageerror', e => found.push(e.message));
  await page.goto(link);
  await page.waitForFunction(() => document.body?.dataset.ready, null, {polling: 50});
  if (new URL(page.url()).protocol !== 'https:' || new URL(page.url()).search) found.push('the address is ' + page.url());
  const cookies = await browser.cookies();
  if (cookies.length !== 1 || !cookies[0].secure || !cookies[0].httpOnly) found.push('the cookie is ' + JSON.stringify(cookies));
  const alive = await page.evaluate(() => new Promise(done => {
    const events = new EventSource('api/v1/events');
    events.addEventListener('clock', () => done(true));
    events.addEventListener('delta', () => done(true));
    setTimeout(() => done(false), 20000);
  }));
  if (!alive) found.push('no event came');
  const security = await page.evaluate(() => isSecureContext);
  if (!security) found.push('no secure context');
} catch (e) { found.push(String(e.message)); }
await browser.close();
rmSync(profile, {recursive: true, force: true});
for (const f of found) console.log(f);
process.exit(found.length ? 1 : 0);
