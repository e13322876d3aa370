// detector.js - does the detector see what it should, is it where it was? Powder pictures, panels, the beam against time (#/detector?job=12).
import {html, useEffect, useState} from './html.js';
import {api, useData, useReady} from './live.js';
import {count, fixed, clock} from './format.js';
import {Problem, Empty} from './parts.js';
import {Plot, numbers} from './plots.js';
import {sorted, setQuery} from './table.js';
import {Residuals, Levels} from './panels.js';
import {Calibrations} from './calibs.js';

const KINDS = [['mean', 'Mean'], ['max', 'Largest'], ['sigma', 'σ']];
const ICE = [3.90, 3.67, 3.44, 2.67, 2.25, 2.07, 1.95, 1.92, 1.88, 1.72]; // Å, hexagonal ice
const SPANS = [[180, '3 h'], [1440, '1 day'], [10080, '7 days']];
const range = (values, room = .08) => { const v = values.filter(Number.isFinite), lo = Math.min(...v), hi = Math.max(...v), d = (hi - lo || Math.abs(hi) * .1 || 1) * room; return v.length ? [lo - d, hi + d] : [0, 1]; };

function Picture({job, seen, kind, onKind}) {
  const hits = kind.endsWith('_hits'), base = kind.replace('_hits', ''), word = (KINDS.find(k => k[0] === base) || KINDS[0])[1];
  const [lo, setLo] = useState(''), [hi, setHi] = useState(''), [levels, setLevels] = useState({}), [url, setUrl] = useState(null), [trouble, setTrouble] = useState(null);
  const number = t => /^-?\d+(\.\d+)?$/.test(t) ? t : '';
  useEffect(() => {
    let gone = false, made = null;
    const q = new URLSearchParams({kind, size: 1000, ...(levels.lo && {lo: levels.lo}), ...(levels.hi && {hi: levels.hi})});
    fetch(api(`detector/${job}/image.png?${q}`)).then(async r => {
      if (!r.ok) throw new Error((await r.json()).error.text);
      made = URL.createObjectURL(await r.blob());
      if (!gone) { setUrl(made); setTrouble(null); }
    }).catch(e => { if (!gone) setTrouble(e); });
    return () => { gone = true; if (made) URL.revokeObjectURL(made); };
  }, [job, kind, seen, levels.lo, levels.hi]);
  useEffect(() => { document.body.dataset.picture = trouble ? 'trouble' : url ? 'shown' : ''; }, [url, trouble]);
  return html`<div><div class="ctl"><span class="seg" role="group" aria-label="which picture">${KINDS.map(([id, name]) => html`<button key=${id} aria-pressed=${id === base} onClick=${() => onKind(id + (hits ? '_hits' : ''))}>${name}</button>`)}</span>
      <span class="seg"><button aria-pressed=${hits} onClick=${() => onKind(base + (hits ? '' : '_hits'))}>Hits only</button></span>
      <label>white at <input size="6" inputmode="decimal" value=${lo} placeholder="1 %" onInput=${e => setLo(e.target.value)}/></label><label>black at <input size="6" inputmode="decimal" value=${hi} placeholder="99.5 %" onInput=${e => setHi(e.target.value)}/></label>
      <button onClick=${() => setLevels({lo: number(lo), hi: number(hi)})}>Draw</button></div>
    <${Problem} error=${trouble}/>
    <div class="powder">${url && html`<img src=${url} alt=${`powder picture, ${word.toLowerCase()} of ${hits ? 'hits' : 'all frames'}; dark is strong, sand is masked, the green cross is the beam`}/>`}</div></div>`;
}

// Against 1/d, so that rings of one substance stand evenly; their spacing is written.
function Radial({p}) {
  const n = p.radial.length, x = p.radial.map((_, i) => 2 * Math.sin((i + .5) / n * p.two_theta_max / 2) / p.wavelength);
  const line = v => v.map((y, i) => [x[i], y]), y = range([...p.radial, ...(p.hits ? p.radial_hits : [])].filter(v => v !== null));
  const at = [10, 5, 4, 3, 2.5, 2, 1.8, 1.6, 1.4, 1.2, 1].map(d => [1 / d, d + ' Å']).filter(t => t[0] < x[n - 1]);
  return html`<section class="panel gap"><h2>Mean counts against resolution <small><span class="c-idx">■</span> hits <span class="mute">■</span> all frames; upright lines: rings of ice</small></h2>
    <${Plot} series=${[{kind: 'k-blank', dots: false, points: line(p.radial)}, ...(p.hits ? [{kind: 'k-idx', dots: false, points: line(p.radial_hits)}] : [])]} x=${[0, x[n - 1]]} y=${y} xt=${at} yt=${numbers(y[0], y[1], 4)} rings=${ICE.map(d => 1 / d).filter(v => v < x[n - 1])} height=${9} label="mean counts of a pixel against resolution; rings stand out as peaks, those of ice at the upright lines"/></section>`;
}

function Shifts({s, query}) {
  const span = query.get('minutes') || '1440', x = i => s.t0 + (i + .5) * s.dt, any = s.lattices.some(n => n);
  const points = v => v.map((y, i) => { const e = y === null ? null : (s.sigma_px[i] || 0) / Math.sqrt(s.lattices[i]); return [x(i), y, y === null ? null : y - e, y === null ? null : y + e]; });
  const end = s.t0 + s.dt * s.lattices.length, y = range([...points(s.dx_px), ...points(s.dy_px)].flatMap(p => p.slice(1)).filter(v => v !== null)), sigma = s.sigma_px.filter(v => v !== null);
  const step = [1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400].find(k => (end - s.t0) / k <= (innerWidth < 600 ? 4 : 9)) || 86400, at = [];
  for (let t = Math.ceil(s.t0 / step) * step; t <= end; t += step) at.push([t, step < 86400 ? clock(t) : new Date(1000 * t).toISOString().slice(5, 10)]);
  return html`<section class="panel gap"><div class="phead"><h2>Beam centre against time <small><span class="c-idx">■</span> x <span class="c-hit">■</span> y, px beside where each job's recipe has it${sigma.length ? `; σ of a lattice ${fixed(sigma.reduce((a, b) => a + b, 0) / sigma.length, 3)} px` : ''}</small></h2>
    <span class="seg" role="group" aria-label="how far back">${SPANS.map(([m, word]) => html`<button key=${m} aria-pressed=${String(m) === span} onClick=${() => setQuery(query, 'minutes', String(m))}>${word}</button>`)}</span></div>
    ${any ? html`<${Plot} series=${[{kind: 'k-idx', points: points(s.dx_px)}, {kind: 'k-hit', points: points(s.dy_px)}]} x=${[s.t0, end]} y=${y} xt=${at} yt=${numbers(y[0], y[1], 4)} height=${8} label=${`beam centre against time, from ${clock(s.t0)} to ${clock(end)} UTC, with the error of each mean`}/>` : html`<p class="mute">No lattice in this time.</p>`}</section>`;
}

const COLUMNS = [
  {id: 'name', word: 'Panel', value: p => p.at, cell: p => html`<span class="mono" title=${p.name}>${p.at} ${p.name.replace(/^.*\//, '')}</span>`},
  {id: 'dead', word: 'Dead', value: p => p.dead, cell: p => p.dead ? html`<b>${count(p.dead)}</b>` : count(p.dead)},
  {id: 'hot', word: 'Hot', value: p => p.hot, cell: p => p.hot ? html`<b class="c-warn">${count(p.hot)}</b>` : count(p.hot)},
  {id: 'masked', word: 'Masked', value: p => p.masked, cell: p => count(p.masked)},
  {id: 'cells', word: 'Pixels', value: p => p.cells, cell: p => count(p.cells)},
  {id: 'mean', word: 'Mean count', value: p => p.mean, cell: p => fixed(p.mean, 3)},
  {id: 'max', word: 'Largest', value: p => p.max, cell: p => count(p.max)},
];

function Panels({p, query}) {
  const sort = query.get('sort') || '-hot', rows = sorted(p.panels.map((x, at) => ({...x, at})), COLUMNS, sort);
  return html`<section class="panel gap"><h2>Panels: ${count(rows.length)}</h2>
    ${!p.judged && html`<p class="mute">Dead and hot pixels are told from 20 frames on.</p>`}
    <div tabindex="0" class="scroll tall"><table><caption class="vh">Panels</caption><thead><tr>${COLUMNS.map((c, i) => html`<th key=${c.id} scope="col" class=${i ? 'r' : ''} aria-sort=${sort === c.id ? 'ascending' : sort === '-' + c.id ? 'descending' : undefined}><button onClick=${() => setQuery(query, 'sort', sort === '-' + c.id ? c.id : '-' + c.id)}>${c.word}${sort === c.id ? ' ▲' : sort === '-' + c.id ? ' ▼' : ''}</button></th>`)}</tr></thead>
      <tbody>${rows.map(r => html`<tr key=${r.at}>${COLUMNS.map((c, i) => html`<td key=${c.id} class=${i ? 'r' : ''}>${c.cell(r)}</td>`)}</tr>`)}</tbody></table></div>
    <p class="sub">Dead: the value never changed. Hot: far above the others at its angle, in most frames.${p.bin > 1 ? ` Pixels are squares of ${p.bin} × ${p.bin}.` : ''}</p></section>`;
}

const total = (p, key) => p.panels.reduce((sum, x) => sum + (x[key] || 0), 0);

export function Detector({query}) {
  const ask = new URLSearchParams();
  for (const key of ['job', 'minutes']) if (query.get(key)) ask.set(key, query.get(key));
  const {data: d, error} = useData('detector?' + ask, 10);
  useReady('detector', d || error);
  if (!d) return html`<h1>Detector</h1><${Problem} error=${error}/>`;
  const p = d.powder, good = p && !p.why_not, run = d.jobs.find(j => j.job === d.job);
  const finding = !good || !p.judged ? '' : total(p, 'hot') + total(p, 'dead') ? `: ${count(total(p, 'hot'))} hot and ${count(total(p, 'dead'))} dead of ${count(total(p, 'cells'))} px` : ': no hot and no dead pixels';
  return html`<h1>Detector${finding}</h1><${Problem} error=${error}/>
    ${d.jobs.length > 0 && html`<div class="ctl"><label>Job <select value=${String(d.job)} onChange=${e => setQuery(query, 'job', e.target.value)}>${!run && html`<option value=${String(d.job)}>${d.job}</option>`}${d.jobs.slice().reverse().map(j => html`<option key=${j.job} value=${String(j.job)}>${j.job}: ${j.run}, trial ${j.trial}</option>`)}</select></label>
      ${good && html`<span class="sub">${p.frames < p.frames_of_job ? `${count(p.frames)} of ${count(p.frames_of_job)} frames` : p.frames === 1 ? '1 frame' : `${count(p.frames)} frames`}, ${count(p.hits)} of them hits${p.bin > 1 ? `, ${p.bin} × ${p.bin} px in one` : ''}</span>`}</div>`}
    ${p && p.why_not && html`<div class="alarm"><span>▲</span><div>The powder picture cannot be read: ${p.why_not}</div></div>`}
    ${!p && html`<${Empty}>No powder picture${query.get('job') ? ' of this job' : ' yet'}: <code>xfelx process</code> adds frames up (<code>xfelx.output.powder_frames</code>) and writes <code>powder.h5</code> beside its results.<//>`}
    ${good && html`<div class="grid detgrid"><${Picture} job=${d.job} seen=${p.frames} kind=${query.get('kind') || 'mean'} onKind=${k => setQuery(query, 'kind', k)}/><div><${Radial} p=${p}/><${Panels} p=${p} query=${query}/></div></div>`}
    ${d.job && html`<${Residuals} job=${d.job} query=${query}/><${Levels} job=${d.job}/>`}
    <${Shifts} s=${d.shifts} query=${query}/><${Calibrations}/>`;
}
