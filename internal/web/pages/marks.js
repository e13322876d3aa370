// marks.js - what is drawn on top of a detector picture: rings, spots, predictions, the values of pixels. Each is a function of {g, s, to, seen,
// ink, labels} (stage.js); labels are the boxes of words that stand already, so that none lies over another.
import {darkAt} from './palette.js';

export const LATTICES = ['idx', 'idx2', 'ok', 'warn'];
export const rows = (table, key) => table ? table.rows.map(r => r[table.cols.indexOf(key)]) : [];

const NUMBERS_FROM = 24; // px of the screen a pixel: from here on there is room for its value

// A place for a word on a ring: where it can be seen, as near to 45° as may be, and over no other.
function labelAt(ring, {to, width, height, labels}, w) {
  const n = ring.xy.length / 2 - 1, steps = 6;
  for (let k = 0; k < n * steps; k++) {
    const turn = n / 8 * steps + (k & 1 ? -1 : 1) * ((k + 1) >> 1), i = ((turn % (n * steps)) + n * steps) % (n * steps), j = Math.floor(i / steps), f = i / steps - j;
    const [ax, ay, bx, by] = ring.xy.slice(2 * j, 2 * j + 4);
    if (ax === null || bx === null) continue;
    const [x, y] = to(ax + f * (bx - ax), ay + f * (by - ay)), box = [x - w / 2 - 3, y - 9, x + w / 2 + 3, y + 9];
    if (box[0] < 2 || box[1] < 2 || box[2] > width - 2 || box[3] > height - 2) continue;
    if (labels.some(o => o[0] < box[2] && o[2] > box[0] && o[1] < box[3] && o[3] > box[1])) continue;
    labels.push(box);
    return [x, y];
  }
  return null;
}

function drawRings(see, rings, colour, dash, word) {
  const {g, to, ink} = see;
  g.strokeStyle = colour; g.lineWidth = 1; g.setLineDash(dash); g.font = '12px system-ui, sans-serif'; g.textAlign = 'center'; g.textBaseline = 'middle';
  for (const r of rings) {
    g.beginPath();
    let on = false;
    for (let i = 0; i < r.xy.length; i += 2) {
      if (r.xy[i] === null) { on = false; continue; }
      const at = to(r.xy[i], r.xy[i + 1]);
      if (on) g.lineTo(...at); else g.moveTo(...at);
      on = true;
    }
    g.stroke();
  }
  for (const r of rings) {
    const text = word(r), w = g.measureText(text).width, at = labelAt(r, see, w);
    if (!at) continue;
    g.fillStyle = ink.paper; g.globalAlpha = 0.85; g.fillRect(at[0] - w / 2 - 3, at[1] - 9, w + 6, 18); g.globalAlpha = 1;
    g.fillStyle = colour === ink.line ? ink.ink : colour; g.fillText(text, ...at);
  }
}
export const ringsLayer = meta => see => {
  const {g, to, ink} = see;
  drawRings(see, meta.rings, ink.line, [5, 4], r => `${r.d} Å`);
  if (meta.beam[0] !== null) { const [x, y] = to(...meta.beam); g.setLineDash([]); g.strokeStyle = ink.ok; g.lineWidth = 1.5; g.beginPath(); for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { g.moveTo(x + 4 * a, y + 4 * b); g.lineTo(x + 13 * a, y + 13 * b); } g.stroke(); }
};
export const iceLayer = meta => see => drawRings(see, meta.ice, see.ink.idx2, [2, 3], r => `ice ${r.d.toFixed(2)}`);

// Values of pixels in them, when there is room. block: {x, y, columns, values}, what is there of the picture.
export const numbersLayer = (block, levels) => ({g, s, to, ink}) => {
  if (!block || s < NUMBERS_FROM) return;
  g.font = `${Math.min(13, s / 3)}px system-ui, sans-serif`; g.textAlign = 'center'; g.textBaseline = 'middle';
  for (const [i, v] of block.values.entries()) {
    const [x, y] = to(block.x + i % block.columns + 0.5, block.y + Math.floor(i / block.columns) + 0.5), text = v === null ? '·' : short(v);
    g.fillStyle = v === null ? ink.line : darkAt(levels, v) ? '#ffffff' : '#000000';
    g.fillText(text, x, y, s - 2);
  }
};
const short = v => Math.abs(v) >= 1e5 ? v.toExponential(1) : Number.isInteger(v) ? String(v) : v.toPrecision(3);
export const numbersShown = s => s >= NUMBERS_FROM;

// The reflection nearest to a place, at most so far away: {h, k, l, lattice, d, i, sigma}; null: none.
export function reflectionAt(meta, shown, [x, y], most) {
  let best = null, near = most * most;
  for (const t of [meta.indexed, meta.integrated]) {
    const cx = column(t, t === meta.indexed ? 'cal_x' : 'x'), cy = cx + 1;
    for (const p of t.rows) { const d = (p[cx] - x) ** 2 + (p[cy] - y) ** 2; if (d <= near && shown(p[0])) { near = d; best = [t, p]; } }
  }
  if (!best) return null;
  const [t, p] = best, of = key => t.cols.includes(key) ? p[column(t, key)] : null;
  return {lattice: p[0], h: p[1], k: p[2], l: p[3], d: of('d'), i: of('i'), sigma: of('sigma')};
}

const column = (t, key) => t.cols.indexOf(key);
const radius = s => Math.max(s < 0.5 ? 3.5 : 5, 3.2 * s); // of a picture that is small the circles are too
// Found spots: circles, orange; those that a lattice explains stand in its colour (indexedLayer).
export const spotsLayer = spots => ({g, s, to, seen, ink}) => {
  const x = column(spots, 'x'), y = column(spots, 'y'), r = radius(s);
  g.strokeStyle = ink.hit; g.lineWidth = 1.5; g.beginPath();
  for (const p of spots.rows) if (seen(p[x], p[y])) { const [a, b] = to(p[x], p[y]); g.moveTo(a + r, b); g.arc(a, b, r, 0, 7); }
  g.stroke();
};
export const indexedLayer = (t, of = () => true) => ({g, s, to, seen, ink}) => {
  const x = column(t, 'x'), y = column(t, 'y'), cx = column(t, 'cal_x'), cy = column(t, 'cal_y'), r = radius(s);
  g.lineWidth = 2;
  for (const p of t.rows) if (of(p[0]) && seen(p[x], p[y])) {
    const [a, b] = to(p[x], p[y]);
    g.strokeStyle = ink[LATTICES[p[0] % 4]]; g.beginPath(); g.moveTo(a + r, b); g.arc(a, b, r, 0, 7);
    if (s >= 4) { const [c, d] = to(p[cx], p[cy]); g.moveTo(a, b); g.lineTo(c, d); g.moveTo(c - 4, d); g.lineTo(c + 4, d); g.moveTo(c, d - 4); g.lineTo(c, d + 4); }
    g.stroke();
  }
};
// Predictions: squares; solid where there is something (I > σ), dashed where not, with indices when there is room for them.
export const predictedLayer = (t, of = () => true) => ({g, s, to, seen, ink}) => {
  const x = column(t, 'x'), y = column(t, 'y'), i = column(t, 'i'), sigma = column(t, 'sigma'), r = Math.max(4, 2.6 * s);
  g.lineWidth = 1; g.font = '11px system-ui, sans-serif';
  for (const strong of [false, true]) {
    g.setLineDash(strong ? [] : [3, 2]);
    for (const p of t.rows) if (of(p[0]) && (p[i] > p[sigma]) === strong && seen(p[x], p[y])) {
      const [a, b] = to(p[x], p[y]);
      g.strokeStyle = g.fillStyle = ink[LATTICES[p[0] % 4]]; g.strokeRect(a - r, b - r, 2 * r, 2 * r);
      if (s >= 7) g.fillText(`${p[1]} ${p[2]} ${p[3]}`, a - r, b - r - 3);
    }
  }
};
