// format.js - numbers, times and states as people read them (doc/WEB.md 4.1.5). What is not known is "–", never 0.
const THIN = '\u202f', NONE = '–';
const known = x => x !== null && x !== undefined && Number.isFinite(x);

export const count = n => known(n) ? String(Math.round(n)).replace('-', '−').replace(/\B(?=(\d{3})+$)/g, THIN) : NONE;
export const percent = (p, digits = 1) => known(p) ? (100 * p).toFixed(digits) : NONE;
export const fixed = (x, digits) => known(x) ? x.toFixed(digits).replace(/^-(?=[0.]+$)/, '').replace('-', '−') : NONE;

// "95 %: 16.3 – 16.8, 412 of 1980"; a share of few is counted, not computed.
export function interval(f) {
  if (!f || !f.n) return 'none yet';
  return f.n < 20 ? `${f.k} of ${f.n}` : `95 %: ${percent(f.lo)} – ${percent(f.hi)}`;
}

export function duration(s) {
  if (!known(s)) return NONE;
  if (s < 0) s = 0;
  if (s < 60) return `${Math.round(s)} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} min`;
  return m < 48 * 60 ? `${Math.floor(m / 60)} h ${m % 60} min` : `${Math.floor(m / 1440)} d ${Math.floor(m % 1440 / 60)} h`;
}

const two = n => String(n).padStart(2, '0');
export function clock(t, seconds = false) {
  if (!known(t)) return NONE;
  const d = new Date(1000 * t);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}${seconds ? ':' + two(d.getUTCSeconds()) : ''}`;
}
// With the date when it was not today.
export function when(t, now) {
  if (!known(t)) return NONE;
  const day = new Date(1000 * t).toISOString().slice(0, 10);
  return day === new Date(1000 * now).toISOString().slice(0, 10) ? clock(t) : `${day} ${clock(t)}`;
}

// A state is a sign and a word, never a colour alone.
const STATES = {
  done: ['✓', 'ok'], running: ['◐', 'idx'], queued: ['◔', 'mute'], cancelled: ['–', 'mute'], failed: ['✕', 'bad'],
  again: ['↻', 'warn'], waiting: ['○', 'mute'], ready: ['○', 'idx'],
  ongoing: ['●', 'idx'], transferring: ['⇣', 'idx'], present: ['✓', 'ok'], empty: ['○', 'mute'], vanished: ['!', 'warn'],
  asked: ['◔', 'mute'], taken: ['◐', 'idx'], refused: ['✕', 'bad'],
};
export const stateSign = s => (STATES[s] || ['·'])[0];
export const stateClass = s => 'c-' + (STATES[s] || ['', 'mute'])[1];

export function bytes(n) {
  if (!known(n)) return NONE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let i = 0;
  while (n >= 999.5 && i < 5) { n /= 1000; i++; }
  return `${n < 10 && i ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}
