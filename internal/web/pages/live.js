// live.js - the page's line to the server: who asks, what changed, and data that stay fresh while somebody looks.
import {signal, batch, useEffect, useState} from './html.js';
import {startEvents} from './stream.js';

export const api = path => new URL('api/v1/' + path, document.baseURI);
export const me = signal(null);          // {role, name, read_only, …}; null: not asked yet
export const seq = signal(0);            // grows with each change of the database
export const heard = signal(0);          // server's time of its last word
export const away = signal(null);        // why the database is away; null: it is there
export const lagging = signal(null);     // time of the newest frame
export const now = signal(Date.now() / 1000); // by the server's clock, once a second

let offsets = [];
function noteTime(t) {
  offsets.push(t - Date.now() / 1000);
  if (offsets.length > 5) offsets.shift();
  heard.value = t;
}
// Clocks of consoles are minutes off: ages are told by the server's.
const offset = () => [...offsets].sort((a, b) => a - b)[offsets.length >> 1] || 0;
setInterval(() => { now.value = Date.now() / 1000 + offset(); }, 1000);

export class Refused extends Error {
  constructor(status, error) { super(error?.text || `the server answered ${status}`); this.status = status; this.code = error?.code; this.hint = error?.hint; }
}

async function read(answer) {
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, body.error);
  return body;
}
export const get = path => fetch(api(path), {headers: {accept: 'application/json'}}).then(read);
export const post = (path, body) => fetch(api(path), {
  method: 'POST', headers: {'content-type': 'application/json', 'x-xfelx': '1'}, body: JSON.stringify(body)}).then(read);

export async function askWho() {
  try { me.value = await get('me'); noteTime(me.value.t); } catch (e) { me.value = {role: 'none', error: e.message}; }
}

export function connect() {
  startEvents(api('events').href, me.value.seq, (kind, data) => batch(() => {
    if (data.t) noteTime(data.t);
    if (kind === 'delta' || kind === 'clock') away.value = data.store === false ? data.why : null;
    if (data.t_frame) lagging.value = data.t_frame;
    if (kind === 'delta' || kind === 'resync') seq.value++;
    document.body.dataset.seq = seq.value;
  }));
}
document.addEventListener('visibilitychange', () => { if (!document.hidden) seq.value++; }); // timers slept: read anew

// Data of a page: read at once, and again after each change while the page is seen; at most one question in so many seconds. No path: none.
// every: seconds after which it is read anew although nothing changed, for what depends on the time alone.
export function useData(path, seconds = 1, every = 0) {
  const [state, set] = useState({data: null, error: null, t: null});
  useEffect(() => {
    if (!path) return set({data: null, error: null, t: null});
    let gone = false, busy = false, again = false, timer = 0;
    const load = async () => {
      if (busy) { again = true; return; }
      busy = true;
      try {
        const data = await get(path);
        if (!gone) set({data, error: null, t: now.peek()});
      } catch (e) {
        if (!gone) set(s => ({...s, error: e}));
        if (e.status === 503 || !e.status) again = true;
      }
      if (gone) return;
      timer = setTimeout(() => { busy = false; if (again && !gone) { again = false; load(); } }, 1000 * seconds);
    };
    let first = true;
    const stop = seq.subscribe(() => { if (first || !document.hidden) load(); first = false; });
    const again_at = every ? setInterval(() => { if (!document.hidden) load(); }, 1000 * every) : 0;
    return () => { gone = true; clearTimeout(timer); clearInterval(again_at); stop(); };
  }, [path]);
  return state;
}

// Once: this page shows real data (tests wait for it).
export function useReady(name, data) {
  useEffect(() => { if (data) requestAnimationFrame(() => { document.body.dataset.ready = name; }); }, [name, !!data]);
}
