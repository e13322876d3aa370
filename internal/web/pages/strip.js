// strip.js - a job's frames along its run: strong spots, resolution, energy, beam centre, one above the other with one axis. Drawn on one
// canvas from at most some hundred stretches (the server keeps the least and greatest of each), so that 100,000 frames stay fluid.
import {html, useEffect, useRef, useState} from './html.js';
import {colour, LEFT} from './draw.js';
import {count, fixed, clock} from './format.js';

const finite = a => a.filter(v => v !== null && Number.isFinite(v));
const log = v => Math.log2(Math.max(1, v)), inverse = v => -1 / (v * v);
function bounds(list) {
  const v = list.flatMap(finite);
  return v.length ? [Math.min(...v), Math.max(...v)] : null;
}
const steps = (lo, hi, n) => { const raw = (hi - lo) / n, p = 10 ** Math.floor(Math.log10(raw || 1)), s = [1, 2, 5, 10].find(k => k * p >= raw) * p; const out = []; for (let v = Math.ceil(lo / s) * s; v <= hi + 1e-9 * s; v += s) out.push(v); return out; };

// What is shown only when asked for, by its box under the plot.
const EXTRAS = [['ring', 'solvent ratio'], ['wet', 'solvent and ice, %'], ['len', 'spot length, px']];

// word, height (rem), bands [[values, colour]], how a value becomes a height, ticks of the axis.
function rows(s, shown) {
  const b = s.bins, made = [];
  made.push({word: 'strong spots', size: 8, bands: [[b.blank, 'blank', 'below the hit cut'], [b.hit, 'hit', 'hit, not indexed'], [b.indexed, 'idx', 'indexed']], to: log, floor: 0,
    ticks: hi => [1, 4, 16, 64, 256, 1024, 4096, 16384].filter(v => log(v) <= hi), text: v => String(v), digits: 0});
  if (s.step > 1) {
    const share = (k, n) => { const v = k.map((x, i) => n[i] >= 5 ? 100 * x / n[i] : null); return {n: v.map(x => x === null ? 0 : 1), lo: v, hi: v, mean: v, at: b.indexed.at}; };
    const hits = b.hit.n.map((x, i) => x + b.indexed.n[i]);
    made.unshift({word: 'share, %', size: 5, bands: [[share(hits, b.frames.map((f, i) => f - b.failed[i])), 'hit', 'hits of frames'], [share(b.indexed.n, hits), 'idx', 'indexed of hits']], to: v => v, floor: 0, digits: 0, ticks: hi => [0, 25, 50, 75, 100].filter(v => v <= hi), text: v => String(v)});
  }
  made.push({word: 'resolution, Å', size: 6, bands: [[b.res_a, 'idx', 'best to worst']], to: inverse, digits: 2, ticks: (hi, lo) => [8, 6, 5, 4, 3.5, 3, 2.5, 2.2, 2, 1.8, 1.6, 1.4, 1.3, 1.2, 1.1, 1].filter(v => inverse(v) <= hi && inverse(v) >= lo), text: v => v.toFixed(1)});
  const plain = digits => ({to: v => v, digits, ticks: (hi, lo) => steps(lo, hi, 3), text: v => fixed(v, digits)});
  made.push({word: 'energy, eV', size: 4.5, bands: [[b.energy_ev, 'mute', '']], ...plain(0)});
  made.push({word: 'beam centre, px', size: 5.5, bands: [[b.dx_px, 'idx', 'x'], [b.dy_px, 'hit', 'y']], means: true, ...plain(2)});
  const line = k => { const v = k.map((x, i) => b.frames[i] > b.failed[i] ? 100 * x / (b.frames[i] - b.failed[i]) : null); return {n: v.map(x => x === null ? 0 : 1), lo: v, hi: v, mean: v, at: b.indexed.at}; };
  if (shown.has('ring')) made.push({word: 'solvent ratio', size: 4.5, bands: [[b.ring, 'hit', '']], cut: s.solvent_ratio, floor: 0, ...plain(1)});
  if (shown.has('wet')) made.push({word: 'solvent and ice, %', size: 4.5, bands: [[line(b.solvent), 'hit', 'solvent, of frames'], [line(b.ice), 'idx', 'ice or salt, of frames']], to: v => v, floor: 0, digits: 0, ticks: hi => [0, 25, 50, 75, 100].filter(v => v <= hi), text: v => String(v)});
  if (shown.has('len')) made.push({word: 'spot length, px', size: 4.5, bands: [[b.len_px, 'idx', '']], floor: 0, ...plain(1)});
  return made.filter(r => r.bands.some(([v]) => v.n.some(n => n)));
}

// Mean ± σ of the mean for what scatters about a value that drifts; else least to greatest.
const ends = (v, i, means) => !v.n[i] ? null : means ? [v.mean[i] - (v.spread[i] || 0) / Math.sqrt(v.n[i]), v.mean[i] + (v.spread[i] || 0) / Math.sqrt(v.n[i])] : [v.lo[i], v.hi[i]];

function scaleOf(r) {
  const all = bounds(r.bands.flatMap(([v]) => r.means ? [v.n.map((_, i) => ends(v, i, true)?.[0] ?? null), v.n.map((_, i) => ends(v, i, true)?.[1] ?? null)] : [v.lo, v.hi]));
  let [lo, hi] = all.map(r.to).sort((a, b) => a - b);
  if (r.floor !== undefined) lo = r.floor;
  if (r.cut > 0) hi = Math.max(hi, r.cut);
  const room = (hi - lo || Math.abs(hi) * 1e-3 || 1) * .06;
  return [r.floor !== undefined ? lo : lo - room, hi + room];
}

function paint(canvas, s, made, hover, drag) {
  const dp = devicePixelRatio || 1, size = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const w = canvas.parentElement.clientWidth, left = LEFT(size) + 6, right = w - 8, n = s.bins.frames.length;
  const heights = made.map(r => r.size * size * 1.25), h = heights.reduce((a, b) => a + b + size * 1.7, 0) + size * 1.6;
  canvas.width = w * dp; canvas.height = h * dp; canvas.style.height = h + 'px'; canvas.style.width = w + 'px';
  const c = canvas.getContext('2d'), x = i => left + (right - left) * i / n, wide = Math.max(1, (right - left) / n - (n < 200 ? 1 : 0));
  c.setTransform(dp, 0, 0, dp, 0, 0);
  c.clearRect(0, 0, w, h);
  c.font = `${Math.round(size * .86)}px system-ui`;
  c.textBaseline = 'middle';
  // what has no result yet is hatched, not empty: a gap in the data is no zero
  let top = 0;
  const gaps = (y, height) => { c.fillStyle = colour('hover'); s.bins.frames.forEach((f, i) => { if (!f) c.fillRect(x(i), y, (right - left) / n + .5, height); }); };
  made.forEach((r, k) => {
    const [lo, hi] = scaleOf(r), y0 = top + size * 1.5, height = heights[k], y = v => y0 + height * (1 - (r.to(v) - lo) / (hi - lo));
    gaps(y0, height);
    c.textAlign = 'left'; c.fillStyle = colour('ink'); c.fillText(r.word, left, top + size * .7);
    let at = left + c.measureText(r.word).width + size;
    for (const [, col, word] of r.bands) { if (!word) continue; c.fillStyle = colour(col === 'blank' ? 'mute' : col); c.fillText('■ ' + word, at, top + size * .7); at += c.measureText('■ ' + word).width + size; }
    c.textAlign = 'right';
    let last = 1e9;
    for (const v of r.ticks(hi, lo).sort((a, b) => r.to(a) - r.to(b))) { if (last - y(v) < size * 1.1) continue; last = y(v); c.strokeStyle = colour('grid'); c.lineWidth = 1; c.beginPath(); c.moveTo(left, y(v)); c.lineTo(right, y(v)); c.stroke(); c.fillStyle = colour('mute'); c.fillText(r.text(v), left - 6, y(v)); }
    for (const [v, col] of r.bands) {
      c.fillStyle = colour(col);
      for (let i = 0; i < n; i++) {
        const e = ends(v, i, r.means);
        if (!e) continue;
        const a = y(e[0]), b = y(e[1]), up = Math.min(a, b), long = Math.abs(a - b);
        c.globalAlpha = long > 3 ? .55 : 1;
        c.fillRect(x(i), up - (long < 2 ? 1 : 0), wide, Math.max(2, long));
      }
      c.globalAlpha = 1;
    }
    if (r.cut > 0) { c.strokeStyle = colour('ink'); c.setLineDash([4, 3]); c.beginPath(); c.moveTo(left, y(r.cut)); c.lineTo(right, y(r.cut)); c.stroke(); c.setLineDash([]); }
    top += height + size * 1.7;
  });
  c.fillStyle = colour('mute');
  const ticks = steps(s.from, s.to, Math.max(2, Math.round((right - left) / 110))).filter(v => v <= s.to);
  c.textAlign = 'center';
  for (const v of ticks) if (v === Math.round(v)) { const px = left + (right - left) * (v - s.from) / Math.max(1, s.step * n); if (px <= right - 12) c.fillText(count(v), Math.max(px, left + 4), h - size * .8); }
  if (drag) { c.fillStyle = colour('sel'); c.globalAlpha = .6; c.fillRect(Math.min(drag[0], drag[1]), 0, Math.abs(drag[1] - drag[0]), h - size * 1.6); c.globalAlpha = 1; }
  else if (hover !== null) { c.strokeStyle = colour('ink'); c.lineWidth = 1; c.beginPath(); c.moveTo(x(hover + .5), 0); c.lineTo(x(hover + .5), h - size * 1.6); c.stroke(); }
  return {left, right, n};
}

// The frame that stands out in a stretch: the strongest indexed one, else the strongest hit, else of the rest.
const outstanding = (s, i) => s.bins.indexed.at[i] || s.bins.hit.at[i] || s.bins.blank.at[i];

function Words({s, i}) {
  const b = s.bins;
  if (i === null) return html`<p class="sub mono read">${'\u00a0'}</p>`;
  const a = s.from + i * s.step, parts = [s.step > 1 ? `frames ${count(a)} – ${count(Math.min(a + s.step, s.to) - 1)}` : `frame ${outstanding(s, i) || b.res_a.at[i] || count(a)}`];
  if (!b.frames[i]) parts.push('no result yet');
  else {
    parts.push(clock(b.t[i], true));
    for (const [v, word] of [[b.indexed, 'indexed'], [b.hit, 'not indexed'], [b.blank, 'below the cut']]) if (v.n[i]) parts.push(`${s.step > 1 ? count(v.n[i]) + ' ' : ''}${word}: ${v.lo[i] === v.hi[i] ? count(v.hi[i]) : `${count(v.lo[i])} to ${count(v.hi[i])}`} spots`);
    if (b.failed[i]) parts.push(`${s.step > 1 ? count(b.failed[i]) + ' ' : ''}failed`);
    if (b.res_a.n[i]) parts.push(`${fixed(b.res_a.lo[i], 2)} Å`);
    if (b.ring.n[i]) parts.push(`solvent ratio ${fixed(b.ring.mean[i], 2)}`);
    if (b.ice[i]) parts.push(`${s.step > 1 ? count(b.ice[i]) + ' with ' : ''}ice`);
    if (b.len_px.n[i]) parts.push(`spots ${fixed(b.len_px.mean[i], 1)} px long`);
    if (b.energy_ev.n[i]) parts.push(`${fixed(b.energy_ev.mean[i], 1)} eV`);
  }
  return html`<p class="sub mono read" aria-live="polite">${parts.join(' · ')}</p>`;
}

export function Strip({s, onRange}) {
  const box = useRef(null), place = useRef(null), drag = useRef(null);
  const [at, setAt] = useState(null);
  const [shown, setShown] = useState(new Set());
  const made = rows(s, shown), n = s.bins.frames.length;
  const draw = () => { if (box.current) place.current = paint(box.current, s, made, at, drag.current); };
  useEffect(draw, [s, at, shown]);
  useEffect(() => { addEventListener('resize', draw); return () => removeEventListener('resize', draw); });
  useEffect(() => { const o = new MutationObserver(draw); o.observe(document.documentElement, {attributes: true, attributeFilter: ['data-theme', 'class']}); return () => o.disconnect(); });
  const bin = e => { const p = place.current, px = e.clientX - box.current.getBoundingClientRect().left; return px < p.left || px > p.right ? null : Math.min(n - 1, Math.floor((px - p.left) / (p.right - p.left) * n)); };
  const px = e => Math.max(place.current.left, Math.min(place.current.right, e.clientX - box.current.getBoundingClientRect().left));
  const open = i => { const f = i === null ? null : outstanding(s, i); if (f) location.hash = `#/frames/${s.job}/${f}`; };
  const up = e => {
    const d = drag.current;
    drag.current = null;
    if (!d) return;
    const p = place.current, to = v => Math.round((v - p.left) / (p.right - p.left) * n), a = to(Math.min(...d)), b = to(Math.max(...d));
    if (Math.abs(d[1] - d[0]) > 6 && s.step * (b - a) >= 2) onRange(s.from + a * s.step, Math.min(s.to, s.from + b * s.step));
    else open(bin(e));
    draw();
  };
  const keys = e => {
    const move = {ArrowRight: 1, ArrowLeft: -1, PageDown: 20, PageUp: -20}[e.key], wide = s.to - s.from;
    if (move) { setAt(Math.max(0, Math.min(n - 1, (at === null ? -1 : at) + move))); e.preventDefault(); }
    else if (e.key === 'Enter') open(at);
    else if (e.key === '+' && wide > 4) { const m = s.from + (at === null ? n / 2 : at) * s.step, half = Math.max(2, Math.round(wide / 8)); onRange(Math.max(0, Math.round(m - half)), Math.min(s.total, Math.round(m + half))); setAt(null); }
    else if (e.key === '-') { onRange(Math.max(0, s.from - wide), Math.min(s.total, s.to + wide)); setAt(null); }
  };
  const text = `${count(s.frames)} of ${count(s.total)} frames in ${n} stretches. Arrows walk, Enter opens the frame that stands out, plus and minus zoom.`;
  return html`<div class="chart strip"><canvas ref=${box} tabindex="0" role="application" aria-label=${text} onKeyDown=${keys}
    onMouseMove=${e => { if (drag.current) { drag.current[1] = px(e); draw(); } else setAt(bin(e)); }} onMouseLeave=${() => { drag.current = null; setAt(null); }} onMouseDown=${e => { if (e.button === 0) drag.current = [px(e), px(e)]; }} onMouseUp=${up}></canvas><${Words} s=${s} i=${at !== null && at < n ? at : null}/><fieldset class="ctl sub"><legend class="vh">More curves</legend>${EXTRAS.map(([key, word]) => html`<label key=${key} class="nw"><input type="checkbox" checked=${shown.has(key)} onChange=${() => setShown(old => { const now = new Set(old); if (!now.delete(key)) now.add(key); return now; })}/> ${word}</label>`)}</fieldset></div>`;
}
