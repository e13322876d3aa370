// palette.js - from codes to colours: the maps, between which values they go, and the panel where people choose.
import {html} from './html.js';

const MASKED = 1, FIRST = 2, LAST = 249, ABOVE = 255;
// Colours of what is drawn on top: the page's own, of the light theme on a light picture and of the dark one on a dark picture.
const INKS = [{idx: '#0a66ad', idx2: '#8f4380', hit: '#b04f00', ok: '#00735a', warn: '#7d5a00', line: '#59626c', ink: '#1a1e23', paper: '#ffffff'},
  {idx: '#62b5f4', idx2: '#d99ac9', hit: '#f29a4a', ok: '#45c79c', warn: '#e5b94a', line: '#9aa4ae', ink: '#e3e6e9', paper: '#161a1e'}];
// From few to many; between the colours in equal steps. The last is what is above the trusted range: a colour that the map has not.
const MAPS = {
  grey: [['#ffffff', '#000000'], '#d62728'],
  heat: [['#000000', '#7a0403', '#d6450b', '#fbb61a', '#ffffe0'], '#22d3ee'],
  viridis: [['#440154', '#3b528b', '#21918c', '#5ec962', '#fde725'], '#ff3b30'],
  blue: [['#ffffff', '#9ecae1', '#2171b5', '#08306b'], '#d62728'],
  rainbow: [['#00007f', '#0060ff', '#00d0c0', '#7fe040', '#ffb000', '#d02000'], '#ff4bd8'],
};
const hex = c => [1, 3, 5].map(i => parseInt(c.slice(i, i + 2), 16));
const pack = ([r, g, b]) => (0xff000000 | b << 16 | g << 8 | r) >>> 0;
const between = (colours, t) => { const at = t * (colours.length - 1), k = Math.min(colours.length - 2, Math.floor(at)), a = hex(colours[k]), b = hex(colours[k + 1]); return a.map((v, i) => Math.round(v + (at - k) * (b[i] - v))); };
const share = ({lo, hi, invert}, v) => { const t = Math.min(1, Math.max(0, (v - lo) / (hi > lo ? hi - lo : 1))); return invert ? 1 - t : t; };
export const darkAt = (levels, v) => { const [r, g, b] = between(MAPS[levels.map][0], share(levels, v)); return 0.3 * r + 0.6 * g + 0.1 * b < 128; };
const isDark = levels => darkAt(levels, levels.lo); // what there is most of
export const inks = levels => INKS[+isDark(levels)];

// The look that was chosen last in this browser; a dark room wants a dark picture.
const inverted = () => document.documentElement.dataset.theme === 'dark';
export function firstLook(meta) {
  let was = {};
  try { was = JSON.parse(localStorage.getItem('xfelx-look')) || {}; } catch { /* as if there were none */ }
  return {lo: meta.lo, hi: meta.hi, own: false, map: was.map in MAPS ? was.map : 'grey', invert: was.map in MAPS && was.map !== 'grey' ? !!was.invert : inverted()};
}
export const keepLook = levels => { localStorage.setItem('xfelx-look', JSON.stringify({map: levels.map, invert: levels.invert})); return levels; };
export const automatic = (levels, meta) => ({...levels, own: false, lo: meta.lo, hi: meta.hi});
export const stronger = (levels, factor) => ({...levels, own: true, hi: levels.lo + (levels.hi - levels.lo) * factor});
export const nextMap = levels => { const names = Object.keys(MAPS); return keepLook({...levels, map: names[(names.indexOf(levels.map) + 1) % names.length]}); };

// Colours of the 256 codes between two values, and of what is no value.
export function palette(values, levels) {
  const [colours, above] = MAPS[levels.map], dark = isDark(levels), lut = new Uint32Array(256);
  for (let c = FIRST; c <= LAST; c++) lut[c] = pack(between(colours, share(levels, values[c])));
  lut[0] = pack(hex(dark ? '#20262c' : '#d5dee8'));
  lut[MASKED] = pack(hex(dark ? '#4a4230' : '#e8d9b5'));
  lut[ABOVE] = pack(hex(above));
  return lut;
}

// How bright the picture is: a histogram of its values with two handles, in steps of what an eye can tell apart.
export function Contrast({meta, levels, set, count}) {
  const code = v => { let best = FIRST; for (let c = FIRST; c <= LAST; c++) if (Math.abs(meta.values[c] - v) < Math.abs(meta.values[best] - v)) best = c; return best; };
  const a = code(levels.lo), b = code(levels.hi), bins = 62, n = new Float64Array(bins);
  if (count) for (let c = FIRST; c <= LAST; c++) n[Math.floor((c - FIRST) / 4)] += count[c];
  const most = Math.log1p(Math.max(...n)) || 1, x = c => (c - FIRST) / 4;
  const shown = v => Math.abs(v) >= 100 || Number.isInteger(v) ? Math.round(v) : v.toPrecision(3);
  return html`<section class="panel gap"><div class="phead"><h2>Contrast</h2><span class="ctl nomargin"><select aria-label="colours" value=${levels.map} onChange=${e => set(keepLook({...levels, map: e.target.value}))}>${Object.keys(MAPS).map(m => html`<option key=${m} value=${m}>${m}</option>`)}</select><button class="small" aria-pressed=${levels.invert} onClick=${() => set(keepLook({...levels, invert: !levels.invert}))}>Invert</button></span></div>
    <svg class="hist" viewBox=${`0 0 ${bins} 40`} preserveAspectRatio="none" aria-hidden="true"><path d=${[...n].map((v, k) => `M${k} 40V${40 - 38 * Math.log1p(v) / most}h1V40z`).join('')}/><line x1=${x(a)} x2=${x(a)} y1="0" y2="40" vector-effect="non-scaling-stroke"/><line x1=${x(b)} x2=${x(b)} y1="0" y2="40" vector-effect="non-scaling-stroke"/></svg>
    <label class="slide">from <b>${shown(levels.lo)}</b><input type="range" min=${FIRST} max=${LAST} value=${a} onInput=${e => { const c = Math.min(+e.target.value, b - 1); set({...levels, own: true, lo: meta.values[c]}); }}/></label>
    <label class="slide">to <b>${shown(levels.hi)}</b><input type="range" min=${FIRST} max=${LAST} value=${b} onInput=${e => { const c = Math.max(+e.target.value, a + 1); set({...levels, own: true, hi: meta.values[c]}); }}/></label>
    <div class="ctl nomargin"><button class="small" title="[" onClick=${() => set(stronger(levels, 1.5))}>Weaker</button><button class="small" title="]" onClick=${() => set(stronger(levels, 1 / 1.5))}>Stronger</button><button class="small" title="a" disabled=${!levels.own} onClick=${() => set(automatic(levels, meta))}>Automatic</button></div></section>`;
}
