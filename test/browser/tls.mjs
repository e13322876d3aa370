// tls.mjs - the first page through TLS in headless Chromium: node tls.mjs LINK NPM_FOLDER PIN, where PIN is the base64 of the SHA-256 of the key that
// is to be believed. Fails on any complaint of the console, and when nothing lives.
import {chromium, found, test} from './chromium.mjs';

const [link, npm, pin] = process.argv.slice(2);
const {open, end, tabs} = await chromium(npm, null, {oneself: true, more: ['--ignore-certificate-errors-spki-list=' + pin]});

await test('the first page comes through TLS, lives, and its cookie goes nowhere else', async () => {
  const page = await open(link);
  if (new URL(page.url()).protocol !== 'https:' || new URL(page.url()).search) found.push('the address is ' + page.url());
  const cookies = await tabs.cookies();
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
  await page.close();
});
await end();
