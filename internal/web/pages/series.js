// series.js - the three plots of the overview, one above the other with one time axis: rates, strong spots, resolution.
import {html, useEffect, useRef} from './html.js';
import uPlot from './uplot.js';
import {wilson} from './wilson.js';
import {clock, percent, fixed} from './format.js';
import {colour, LEFT, RIGHT} from './draw.js';

// No frames in a minute: no point, not a zero. A band of 95 % around each rate.
function rates(s) {
  const x = [], hit = [], hitLo = [], hitHi = [], idx = [], idxLo = [], idxHi = [];
  s.frames.forEach((n, i) => {
    x.push(s.t0 + s.dt * i);
    const h = wilson(s.hits[i], n - s.failed[i]), f = wilson(s.indexed[i], s.hits[i]), pc = v => v === null ? null : 100 * v;
    hit.push(pc(h.p)); hitLo.push(pc(h.lo)); hitHi.push(pc(h.hi));
    idx.push(pc(f.p)); idxLo.push(pc(f.lo)); idxHi.push(pc(f.hi));
  });
  return [x, hit, hitLo, hitHi, idx, idxLo, idxHi];
}

// Steps of the time axis in seconds: labels are minutes, a shorter step would write one twice.
const MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map(m => 60 * m);

function axes(size, values, bottom) {
  const common = {stroke: () => colour('mute'), font: `${Math.round(size * .86)}px system-ui`, ticks: {stroke: () => colour('rule'), width: 1}};
  return [{...common, show: bottom, grid: {show: false}, incrs: MINUTES, values: (u, v) => v.map(t => clock(t)), size: size * 2.2},
    {...common, grid: {stroke: () => colour('grid'), width: 1}, values: (u, v) => v.map(values), size: LEFT(size), gap: 4}];
}

const sync = uPlot.sync('overview');
const hidden = {show: true, stroke: 'transparent', width: 0, points: {show: false}};

// A plot that lives as long as its element: new data are set, a new size or theme draws anew.
function Chart({data, options, label, height}) {
  const box = useRef(null), plot = useRef(null);
  const make = () => {
    plot.current?.destroy();
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize);
    plot.current = new uPlot({...options(size), width: box.current.clientWidth, height: height * size / 14, cursor: {sync: {key: sync.key}, y: false, points: {show: false}, drag: {x: false, y: false}}, legend: {show: false}}, data, box.current);
  };
  useEffect(() => {
    make();
    addEventListener('resize', make);
    return () => { removeEventListener('resize', make); plot.current?.destroy(); };
  }, []);
  useEffect(() => { plot.current?.setData(data); }, [data]);
  return html`<div class="chart" ref=${box} role="img" aria-label=${label}></div>`;
}

const last = a => { for (let i = a.length - 1; i >= 0; i--) if (a[i] !== null) return a[i]; return null; };
const low = a => { const v = a.filter(x => x !== null); return v.length ? Math.min(...v) : null; };

export function Rates({s}) {
  const data = rates(s);
  const options = size => ({
    scales: {x: {time: true}, y: {range: (u, lo, hi) => [0, Math.max(10, Math.min(100, Math.ceil((hi || 0) / 10) * 10))]}},
    axes: axes(size, v => v, false), padding: [Math.round(1.3 * size), RIGHT(size), 8, 0],
    series: [{}, {stroke: () => colour('hit'), width: 1.5, spanGaps: false}, hidden, hidden, {stroke: () => colour('idx'), width: 1.5, spanGaps: false}, hidden, hidden],
    bands: [{series: [3, 2], fill: () => colour('hit') + '33'}, {series: [6, 5], fill: () => colour('idx') + '33'}],
    hooks: {drawClear: [u => spans(u, s.runs || [], size)], draw: [u => alone(u, [[1, 2, 3, 'hit'], [4, 5, 6, 'idx']], size), u => ends(u, [['hits of frames', 1, 'hit'], ['indexed of hits', 4, 'idx']], size)]},
  });
  const text = `Hits of frames: newest ${fixed(last(data[1]), 1)} %, lowest ${fixed(low(data[1]), 1)} %. Indexed of hits: newest ${fixed(last(data[4]), 1)} %, lowest ${fixed(low(data[4]), 1)} %.`;
  return html`<${Chart} data=${data} options=${options} height=${150} label=${text}/>`;
}

// Runs: every second one on a darker ground, their numbers above, as far as there is room.
function spans(u, runs, size) {
  const c = u.ctx, dp = devicePixelRatio || 1, {left, top, width, height} = u.bbox;
  c.save();
  c.font = `${Math.round(size * .86 * dp)}px system-ui`;
  c.textAlign = 'center'; c.textBaseline = 'bottom';
  let free = -1e9;
  runs.forEach((r, i) => {
    const x0 = Math.max(left, u.valToPos(r.t0, 'x', true)), x1 = Math.min(left + width, r.t1 ? u.valToPos(r.t1, 'x', true) : left + width), mid = (x0 + x1) / 2, w = c.measureText(r.run).width;
    if (x1 <= x0) return;
    c.fillStyle = colour('hover');
    if (i % 2) c.fillRect(x0, top, x1 - x0, height);
    if (mid - w / 2 < free || mid + w / 2 > left + width) return;
    c.fillStyle = colour('mute');
    c.fillText(r.run, mid, top - 3 * dp);
    free = mid + w / 2 + 8 * dp;
  });
  c.restore();
}

// A minute without neighbours is no line and no band: a point with its interval, so that the first minute of a shift is seen.
function alone(u, rows, size) {
  const c = u.ctx, dp = devicePixelRatio || 1, r = .2 * size * dp;
  c.save();
  c.lineWidth = 1.5 * dp;
  for (const [i, lo, hi, col] of rows) {
    const y = u.data[i], at = (k, v) => u.valToPos(k[v], 'y', true);
    c.fillStyle = c.strokeStyle = colour(col);
    y.forEach((v, k) => {
      if (v === null || (y[k - 1] ?? null) !== null || (y[k + 1] ?? null) !== null) return;
      const x = u.valToPos(u.data[0][k], 'x', true);
      c.beginPath();
      c.moveTo(x, at(u.data[lo], k)); c.lineTo(x, at(u.data[hi], k));
      c.stroke();
      c.beginPath();
      c.arc(x, at(y, k), r, 0, 2 * Math.PI);
      c.fill();
    });
  }
  c.restore();
}

// Labels at the line's end instead of a legend; they keep apart.
function ends(u, labels, size) {
  const c = u.ctx, dp = devicePixelRatio || 1;
  const at = labels.map(([word, i, col]) => ({word, col, v: last(u.data[i])})).filter(l => l.v !== null).map(l => ({...l, y: u.valToPos(l.v, 'y', true)})).sort((a, b) => a.y - b.y);
  c.save();
  c.font = `${Math.round(size * .86 * dp)}px system-ui`;
  c.textBaseline = 'middle';
  c.textAlign = 'left';
  let before = -1e9;
  for (const l of at) {
    const y = Math.max(l.y, before + size * 1.2 * dp);
    c.fillStyle = colour(l.col);
    c.fillText(`${l.word}`, u.bbox.left + u.bbox.width + 6 * dp, y);
    before = y;
  }
  c.restore();
}

export function Resolution({s}) {
  const x = s.res_a.map((_, i) => s.t0 + s.dt * i), y = s.res_a.map(d => d ? 1 / (d * d) : null); // better is up
  const options = size => ({
    scales: {x: {time: true}, y: {range: (u, lo, hi) => lo === null ? [0, .5] : [lo - .15 * (hi - lo || .05), hi + .15 * (hi - lo || .05)]}},
    axes: axes(size, v => v > 0 ? (1 / Math.sqrt(v)).toFixed(2) : '', true), padding: [8, RIGHT(size), 0, 0],
    series: [{}, {stroke: () => colour('idx'), width: 0, points: {show: true, size: 5, fill: () => colour('idx'), stroke: () => colour('idx')}}],
    hooks: {draw: [u => ends(u, [['resolution, Å', 1, 'mute']], size)]},
  });
  return html`<${Chart} data=${[x, y.map(v => v === null ? null : v)]} options=${options} height=${120} label=${`Resolution: newest ${fixed(last(s.res_a), 2)} Å.`}/>`;
}

// Frames by strong spots (powers of two) and minute: density, its colour the mixture of indexed and not.
export function Spots({s}) {
  const box = useRef(null);
  const draw = () => {
    const canvas = box.current, dp = devicePixelRatio || 1, size = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const w = canvas.parentElement.clientWidth, h = 90 * size / 14, left = LEFT(size), right = w - RIGHT(size), n = s.frames.length;
    canvas.width = w * dp; canvas.height = h * dp; canvas.style.height = h + 'px'; canvas.style.width = w + 'px';
    const c = canvas.getContext('2d');
    c.setTransform(dp, 0, 0, dp, 0, 0);
    c.clearRect(0, 0, w, h);
    let top = 0, bins = 4;
    s.spots_hit.forEach((row, i) => row.forEach((v, k) => { const all = v + s.spots_indexed[i][k]; if (k) top = Math.max(top, all); if (all && k > bins) bins = k; }));
    const dx = (right - left) / n, dy = (h - 10) / bins, mix = (share, a) => { const p = colour('idx'), q = colour('hit'), part = i => Math.round(parseInt(p.slice(i, i + 2), 16) * share + parseInt(q.slice(i, i + 2), 16) * (1 - share)); return `rgba(${part(1)},${part(3)},${part(5)},${a})`; };
    for (let i = 0; i < n; i++) for (let k = 1; k <= bins; k++) {
      const a = s.spots_indexed[i][k] || 0, b = s.spots_hit[i][k] || 0;
      if (!(a + b)) continue;
      c.fillStyle = mix(a / (a + b), (.15 + .85 * Math.sqrt((a + b) / top)).toFixed(2));
      c.fillRect(left + i * dx, 5 + (bins - k) * dy, Math.max(1, dx), dy);
    }
    c.font = `${Math.round(size * .86)}px system-ui`;
    c.fillStyle = colour('mute');
    c.textBaseline = 'middle';
    c.textAlign = 'right';
    for (let k = 1; k <= bins; k += Math.max(1, Math.round(bins / 4))) c.fillText(String(2 ** k), left - 8, 5 + (bins - k + .5) * dy);
    c.textAlign = 'left';
    ['strong spots:', 'indexed', 'hit only'].forEach((t, i) => { c.fillStyle = colour(['mute', 'idx', 'hit'][i]); c.fillText(t, right + 6, 14 + i * size * 1.25); });
  };
  useEffect(draw, [s]);
  useEffect(() => { addEventListener('resize', draw); return () => removeEventListener('resize', draw); }, [s]);
  const hits = s.hits.reduce((a, b) => a + b, 0), indexed = s.indexed.reduce((a, b) => a + b, 0);
  return html`<div class="chart"><canvas ref=${box} role="img" aria-label=${`Frames by number of strong spots in each minute; of ${hits} hits ${indexed} are indexed.`}></canvas></div>`;
}
