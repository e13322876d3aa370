// panels.js - is each panel where the geometry says, does each count what it used to? Residuals by panel as a picture, arrows and a table
// (GET detector/JOB/panels), levels over the jobs of the trial (GET detector/JOB/levels). Part of the page Detector.
import {html} from './html.js';
import {useData} from './live.js';
import {count, fixed} from './format.js';
import {Problem} from './parts.js';
import {Plot, numbers} from './plots.js';
import {sorted, setQuery} from './table.js';

const short = name => name.replace(/^.*\//, '');
const length = v => v && v[0] !== null ? Math.hypot(...v) : null;
const signed = (v, d = 2) => v === null ? '–' : (v < 0 ? '−' : '+') + fixed(Math.abs(v), d);
const COLOURS = [['own', 'Move'], ['rms', 'Scatter']];

// Panels in place, seen as the powder picture is: full colour is far (or wide), the arrow leads to where the panel really is.
function Map({r, colour}) {
  const xs = r.panels.flatMap(p => [0, 2, 4, 6].map(i => p.corners_mm[i])), ys = r.panels.flatMap(p => [1, 3, 5, 7].map(i => -p.corners_mm[i]));
  const x0 = Math.min(...xs), y0 = Math.min(...ys), w = Math.max(...xs) - x0, h = Math.max(...ys) - y0, edge = .03 * Math.max(w, h);
  const value = p => colour === 'own' ? length(p.own_px) : length(p.rms_px), known = r.panels.map(value).filter(Number.isFinite);
  const top = Math.max(colour === 'own' ? .2 : .1, ...known), longest = Math.max(.2, ...r.panels.map(p => length(p.own_px) || 0));
  const side = Math.min(...r.panels.map(p => Math.min(Math.hypot(p.corners_mm[2] - p.corners_mm[0], p.corners_mm[3] - p.corners_mm[1]), Math.hypot(p.corners_mm[6] - p.corners_mm[0], p.corners_mm[7] - p.corners_mm[1]))));
  const arrow = p => {
    const c = p.corners_mm, at = [(c[0] + c[4]) / 2, -(c[1] + c[5]) / 2], far = length(p.own_px);
    if (!far || far < .1 * longest) return null;
    const by = .6 * side / longest, v = [p.lab_px[0] - r.whole_px[0], p.lab_px[1] - r.whole_px[1]].map((k, i) => k * by * (i ? -1 : 1)), n = Math.hypot(...v) || 1, tip = [at[0] + v[0], at[1] + v[1]], head = .12 * side;
    const wing = s => `L${tip[0] - head * (v[0] - s * v[1]) / n} ${tip[1] - head * (v[1] + s * v[0]) / n}`;
    return `M${at[0]} ${at[1]}L${tip[0]} ${tip[1]}${wing(.5)}M${tip[0]} ${tip[1]}${wing(-.5)}`;
  };
  const word = p => `panel ${p.panel} ${short(p.name)}: ${p.seen ? `${fixed(length(p.own_px), 2)} px beside its place, rms ${fixed(length(p.rms_px), 2)} px, ${count(p.seen)} spots` : 'no spots'}`;
  return html`<div><svg class="panelmap" viewBox=${`${x0 - edge} ${y0 - edge} ${w + 2 * edge} ${h + 2 * edge}`} role="img" aria-label=${`where the panels are; ${r.moved ? `${r.moved} moved` : 'none has moved'}; the table has the numbers`}>
      ${r.panels.map(p => html`<polygon key=${p.panel} class=${p.moved ? 'moved' : p.seen ? '' : 'bare'} points=${[0, 2, 4, 6].map(i => `${p.corners_mm[i]},${-p.corners_mm[i + 1]}`).join(' ')} fill-opacity=${fixed(.08 + .8 * Math.min(1, (value(p) || 0) / top), 3)}><title>${word(p)}</title></polygon>`)}
      <path class="beam" d=${`M${-edge} 0H${edge}M0 ${-edge}V${edge}`}/>${r.panels.map(p => html`<path key=${p.panel} class="arrow" d=${arrow(p) || ''}/>`)}</svg>
    <p class="sub">${colour === 'own' ? `Full colour: far from its place (${fixed(top, 2)} px)` : `Full colour: wide scatter of the spots used (${fixed(top, 2)} px)`}; arrows: to where a panel really is beside the whole, the longest ${fixed(longest, 2)} px; cross: the beam. Dashed: without spots.</p></div>`;
}

const COLUMNS = [
  {id: 'panel', word: 'Panel', value: p => p.panel, cell: p => html`<span class="mono" title=${p.name}>${p.panel} ${short(p.name)}</span>`},
  {id: 'own', word: 'Move, px', value: p => length(p.own_px), cell: p => p.seen ? html`<span class=${p.moved ? 'c-bad' : ''}>${p.moved ? '▲ ' : ''}${fixed(length(p.own_px), 2)} ± ${fixed(length(p.error_px), 2)}</span>` : 'no spots'},
  {id: 'fast', word: 'fast', value: p => p.own_px[0], cell: p => signed(p.own_px[0])},
  {id: 'slow', word: 'slow', value: p => p.own_px[1], cell: p => signed(p.own_px[1])},
  {id: 'radial', word: 'rms radial', value: p => p.radial_px, cell: p => fixed(p.radial_px, 2)},
  {id: 'across', word: 'across', value: p => p.across_px, cell: p => fixed(p.across_px, 2)},
  {id: 'seen', word: 'Spots', value: p => p.seen, cell: p => count(p.seen)},
  {id: 'used', word: 'used', value: p => p.used, cell: p => count(p.used)},
];

function Advice({r}) {
  const moved = r.panels.filter(p => p.moved).sort((a, b) => length(b.own_px) - length(a.own_px));
  if (!moved.length && !r.whole_moved && !r.psi_turns) return null;
  return html`<div class="alarm"><span>▲</span><div>
    ${moved.slice(0, 4).map(p => html`<div key=${p.panel}><b>Panel ${p.panel} ${short(p.name)}</b> lies ${fixed(length(p.own_px), 2)} ± ${fixed(length(p.error_px), 2)} px from where the geometry has it.</div>`)}
    ${moved.length > 4 && html`<div>And ${moved.length - 4} more.</div>`}
    ${r.whole_moved && html`<div><b>The detector as a whole</b> lies ${fixed(length(r.whole_px), 2)} px from where the geometry has it (x ${signed(r.whole_px[0])}, y ${signed(r.whole_px[1])}).</div>`}
    ${(moved.length > 0 || r.whole_moved) && html`<div>A trial with <code>xfelx.geometry.refine=auto</code> and <code>xfelx.geometry.panels=auto</code> finds the places anew (100 spots a panel); or give a refined <code>xfelx.geometry.file</code>.</div>`}
    ${r.psi_turns && html`<div>Δψ changes its sign with resolution: distance, wavelength or cell is wrong.</div>`}</div></div>`;
}

// Mean Δψ by resolution: 0 everywhere where distance, wavelength and cell are right.
function Psi({shells}) {
  const points = shells.map((s, i) => [i, s.mean_deg, s.mean_deg - s.error_deg, s.mean_deg + s.error_deg]);
  const most = 1.15 * Math.max(1e-3, ...points.flatMap(p => [Math.abs(p[2]), Math.abs(p[3])]));
  return html`<div class="gap"><h2>Mean Δψ by resolution, ° <small>± its error</small></h2>
    <${Plot} series=${[{kind: 'k-idx', points}]} x=${[-.5, shells.length - .5]} y=${[-most, most]} xt=${shells.map((s, i) => [i, `${fixed(s.d_min, 1)} Å`])} yt=${numbers(-most, most, 6)} marks=${[[0, '']]} height=${6} label=${`mean Δψ by resolution: ${shells.map(s => `to ${fixed(s.d_min, 1)} Å ${fixed(s.mean_deg, 4)}°`).join(', ')}`}/></div>`;
}

export function Residuals({job, query}) {
  const of = query.get('of') === 'trial' ? 'trial' : 'job', colour = query.get('colour') === 'rms' ? 'rms' : 'own', sort = query.get('psort') || '-own';
  const {data: d, error} = useData(`detector/${job}/panels?of=${of}`, 20);
  const r = d && d.residuals;
  return html`<section class="panel gap" id="residuals"><div class="phead"><h2>Are the panels where the geometry says? ${r && html`<small>${count(r.seen)} spots of ${r.jobs === 1 ? 'this job' : `${r.jobs} jobs`}</small>`}</h2>
    <span class="segs"><span class="seg" role="group" aria-label="of what">${[['job', 'This job'], ['trial', 'Its trial']].map(([id, word]) => html`<button key=${id} aria-pressed=${id === of} onClick=${() => setQuery(query, 'of', id)}>${word}</button>`)}</span>
    <span class="seg" role="group" aria-label="colour">${COLOURS.map(([id, word]) => html`<button key=${id} aria-pressed=${id === colour} onClick=${() => setQuery(query, 'colour', id)}>${word}</button>`)}</span></span></div>
    <${Problem} error=${error}/>
    ${d && !r && html`<p class="mute">No residuals: they are added up while a job works, where lattices are found (and <code>xfelx.output.powder_frames</code> is not 0).</p>`}
    ${d && d.left_out > 0 && html`<p class="mute">${d.left_out} of the files cannot be read, or are of another detector.</p>`}
    ${r && html`<${Advice} r=${r}/><div class="grid detgrid"><${Map} r=${r} colour=${colour}/><div>
      <div tabindex="0" class="scroll tall"><table><caption class="vh">Residuals by panel</caption><thead><tr>${COLUMNS.map((c, i) => html`<th key=${c.id} scope="col" class=${i ? 'r' : ''} aria-sort=${sort === c.id ? 'ascending' : sort === '-' + c.id ? 'descending' : undefined}><button onClick=${() => setQuery(query, 'psort', sort === '-' + c.id ? c.id : '-' + c.id)}>${c.word}${sort === c.id ? ' ▲' : sort === '-' + c.id ? ' ▼' : ''}</button></th>`)}</tr></thead>
        <tbody>${sorted(r.panels, COLUMNS, sort).map(p => html`<tr key=${p.panel}>${COLUMNS.map((c, i) => html`<td key=${c.id} class=${i ? 'r' : ''}>${c.cell(p)}</td>`)}</tr>`)}</tbody></table></div>
      <p class="sub">Calculated − observed, along the panel’s axes; the whole is at x ${signed(r.whole_px[0])}, y ${signed(r.whole_px[1])} px. Move: beside the whole, median of all spots with an index; rms: of those used.</p>
      ${r.shells.length > 1 && html`<${Psi} shells=${r.shells}/>`}</div></div>`}</section>`;
}

// A name under an axis; the whole one is in the plot's label.
const brief = name => { const c = [...name]; return c.length > 12 ? c.slice(0, 11).join('') + '…' : name; };

// A row a panel, a field a job: lighter or darker than the panel used to be.
export function Levels({job}) {
  const {data: d, error} = useData(`detector/${job}/levels`, 30);
  if (!d) return html`<${Problem} error=${error}/>`;
  if (d.jobs.length < 2) return null;
  const n = d.jobs.length, mid = v => { const k = v.filter(Number.isFinite).sort((a, b) => a - b); return k.length ? (k[(k.length - 1) >> 1] + k[k.length >> 1]) / 2 : NaN; };
  const rows = d.panels.map((p, at) => ({...p, at, usual: mid(p.level)})), drifts = rows.filter(p => p.drifts);
  const high = rows.length > 40 ? .5 : rows.length > 12 ? .9 : 1.4, total = key => d.jobs.map((_, i) => rows.reduce((s, p) => s + (p[key][i] || 0), 0));
  const hot = total('hot'), dead = total('dead'), top = Math.max(1, ...hot, ...dead), x = d.jobs.map((_, i) => i), few = Math.ceil(n / (innerWidth < 600 ? 4 : 10));
  return html`<section class="panel gap" id="levels"><h2>Panels over the jobs of the trial <small>${drifts.length ? html`<span class="c-warn">▲ ${drifts.length} drift${drifts.length > 1 ? '' : 's'}</span>` : 'none drifts'}</small></h2>
    ${drifts.slice(0, 6).map(p => html`<p key=${p.at} class="mute"><b>${p.at} ${short(p.name)}</b> counts ${fixed(100 * Math.abs(p.change), 0)} % ${p.change < 0 ? 'less' : 'more'} than it used to, beside the others.</p>`)}
    ${rows.length > 1 && html`<svg class="levels" viewBox=${`0 0 ${n} ${rows.length}`} preserveAspectRatio="none" style=${{height: `${Math.max(4, high * rows.length)}rem`}} role="img" aria-label="mean counts of each panel, a column a job, beside what it usually counts">
      ${rows.map(p => p.level.map((v, i) => { const off = v === null ? null : Math.max(-1, Math.min(1, (v / p.usual - 1) / .2)); return off === null || Math.abs(off) < .02 ? null : html`<rect key=${i} x=${i} y=${p.at} width="1.01" height="1.01" class=${off < 0 ? 'less' : 'more'} fill-opacity=${fixed(Math.abs(off), 2)}><title>${`${short(p.name)}, job ${d.jobs[i].job}: ${fixed(100 * (v / p.usual - 1), 1)} %`}</title></rect>`; }))}</svg>
      <p class="sub">A row a panel, a column a job, oldest left: <span class="c-idx">■</span> less and <span class="c-hit">■</span> more than it usually counts beside the others, full at 20 %.</p>`}
    <h2>Hot and dead pixels <small><span class="c-hit">■</span> hot <span class="mute">■</span> dead</small></h2>
    <${Plot} series=${[{kind: 'k-hit', points: hot.map((v, i) => [i, v])}, {kind: 'k-blank', points: dead.map((v, i) => [i, v])}]} x=${[-.5, n - .5]} y=${[0, 1.1 * top]} xt=${x.filter(i => i % few === 0).map(i => [i, brief(d.jobs[i].run || String(d.jobs[i].job))])} yt=${numbers(0, 1.1 * top, 3)} height=${5} label=${`hot and dead pixels by job: ${d.jobs.map((j, i) => `job ${j.job} ${hot[i]} hot, ${dead[i]} dead`).join('; ')}`}/></section>`;
}
