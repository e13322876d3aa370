// plots.js - small plots as SVG: lines with points and intervals on real axes, and counts on a grid. Text stands beside the picture as
// text; dots are lines of no length, so that they stay round however wide the picture is drawn.
import {html, useEffect, useRef} from './html.js';
import {fixed} from './format.js';
import {colour} from './draw.js';

// At most n round numbers from lo to hi.
export function ticks(lo, hi, n = 5) {
  if (!(hi > lo)) return [lo];
  const raw = (hi - lo) / n, ten = 10 ** Math.floor(Math.log10(raw)), step = ten * [1, 2, 5, 10].find(k => k * ten >= raw);
  const out = [];
  for (let v = Math.ceil(lo / step - 1e-9) * step; v <= hi + 1e-9 * step; v += step) out.push(+v.toPrecision(12));
  return out;
}
export const digits = values => values.length < 2 ? 2 : Math.max(0, Math.min(4, Math.ceil(-Math.log10(values[1] - values[0]) - 1e-9)));

// series: [{kind, line, points: [[x, y, lo, hi]]}] (y null: a gap); x, y: [from, to]; xt, yt: [[at, text]]; marks: [[y, word]]; rings: [x].
export function Plot({series, x, y, xt, yt, marks = [], rings = [], label, height = 9}) {
  const X = v => 1000 * (v - x[0]) / (x[1] - x[0] || 1), Y = v => 100 - 100 * (Math.min(y[1], Math.max(y[0], v)) - y[0]) / (y[1] - y[0] || 1);
  const at = v => v.toFixed(2), known = s => s.points.filter(p => p[1] !== null && Number.isFinite(p[1]));
  const line = s => s.points.reduce(([d, pen], p) => p[1] === null ? [d, 'M'] : [`${d}${pen}${at(X(p[0]))} ${at(Y(p[1]))}`, 'L'], ['', 'M'])[0];
  const bars = s => known(s).filter(p => Number.isFinite(p[2]) && Number.isFinite(p[3]) && p[2] !== null).map(p => `M${at(X(p[0]))} ${at(Y(p[2]))}V${at(Y(p[3]))}`).join('');
  const dots = s => known(s).map(p => `M${at(X(p[0]))} ${at(Y(p[1]))}h0`).join('');
  return html`<div class="plot"><div class="yt" style=${{height: height + 'rem'}}>${yt.map(([v, t]) => html`<span style=${{top: at(Y(v)) + '%'}}>${t}</span>`)}</div>
    <svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label=${label} style=${{height: height + 'rem'}}><path class="gl" d=${yt.map(([v]) => `M0 ${at(Y(v))}H1000`).join('')}/>
      ${marks.map(([v]) => html`<path class="mark" d=${`M0 ${at(Y(v))}H1000`}/>`)}
      ${rings.length > 0 && html`<path class="mark" d=${rings.map(v => `M${at(X(v))} 0V100`).join('')}/>`}
      ${series.map(s => html`<g class=${s.kind}>${s.line !== false && html`<path class="ln" d=${line(s)}/>`}<path class="iv" d=${bars(s)}/>${s.dots !== false && html`<path class="pt" d=${dots(s)}/>`}</g>`)}</svg>
    <span></span><div class="xt">${xt.map(([v, t]) => html`<span style=${{left: at(X(v) / 10) + '%'}}>${t}</span>`)}</div></div>`;
}

// Axis of numbers for Plot: [[at, text]].
export const numbers = (lo, hi, n) => { const t = ticks(lo, hi, n), d = digits(t); return t.map(v => [v, fixed(v, d)]); };

// Counts [place, layer, n, …] of a grid n × n, from the lowest row: the layers' colours mixed by their share, darker is more.
export function Grid({counts, n, kinds, label, round}) {
  const box = useRef(null);
  const draw = () => {
    const c = box.current.getContext('2d'), sums = new Map(), rgb = kinds.map(k => { const h = colour(k); return [1, 3, 5].map(i => parseInt(h.length === 4 ? h[(i + 1) / 2].repeat(2) : h.slice(i, i + 2), 16)); });
    for (let i = 0; i < counts.length; i += 3) { const s = sums.get(counts[i]) || sums.set(counts[i], kinds.map(() => 0)).get(counts[i]); s[counts[i + 1]] += counts[i + 2]; }
    let top = 1;
    sums.forEach(s => { top = Math.max(top, s.reduce((a, b) => a + b, 0)); });
    c.clearRect(0, 0, n, n);
    sums.forEach((s, place) => {
      const all = s.reduce((a, b) => a + b, 0), mix = i => Math.round(s.reduce((sum, v, k) => sum + v * rgb[k][i], 0) / all);
      c.fillStyle = `rgba(${mix(0)},${mix(1)},${mix(2)},${(.2 + .8 * Math.sqrt(all / top)).toFixed(2)})`;
      c.fillRect(place % n, n - 1 - Math.floor(place / n), 1, 1);
    });
  };
  useEffect(() => { draw(); addEventListener('resize', draw); return () => removeEventListener('resize', draw); }, [counts]);
  return html`<canvas ref=${box} width=${n} height=${n} class=${round ? 'round' : ''} role="img" aria-label=${label}></canvas>`;
}
