// cells.js - which crystals may be merged together? Unit cells of a trial, of tags, of a run or a job: their distributions, the forms among
// them, when each form began, how the crystals lie (#/cells?trial=4&tag=5ms&than=dark&eps=.4).
import {html} from './html.js';
import {api, useData, useReady} from './live.js';
import {count, fixed, percent} from './format.js';
import {Problem, Empty} from './parts.js';
import {setQuery} from './table.js';
import {Plot, Grid, numbers} from './plots.js';
import {wilson} from './wilson.js';

const NAMES = ['a', 'b', 'c', 'α', 'β', 'γ'], UNIT = ['Å', 'Å', 'Å', '°', '°', '°'], KINDS = ['blank', 'idx', 'idx2', 'hit'];
const name = i => `${NAMES[i]}, ${UNIT[i]}`;
// "a 79.10, b 79.10, c 38.10 Å, α 90.0, β 90.0, γ 90.0°"
const cellWords = axes => axes.map((x, i) => `${NAMES[i]} ${fixed(x.cell.median, i < 3 ? 2 : 1)}${i === 2 ? ' Å' : i === 5 ? '°' : ''}`).join(', ');
const spread = s => s.median === null ? '–' : `${fixed(s.lo, 2)} – ${fixed(s.hi, 2)}`;
const CHOICE = ['trial', 'tag', 'all', 'run', 'job'];
// Of an address, the choice whose names begin with `before`: what the server is asked.
const chosen = (query, before) => new URLSearchParams([...query].filter(([k]) => k.startsWith(before) && CHOICE.includes(k.slice(before.length))).map(([k, v]) => [k.slice(before.length), v]));
const words = q => [q.get('trial') && `trial ${q.get('trial')}`, q.get('run') && `run ${q.get('run')}`, q.get('job') && `job ${q.get('job')}`, q.getAll('tag').join(q.has('all') ? ' and ' : ' or ')].filter(Boolean).join(', ') || 'all runs';

// Bars as an outline on a common axis, by share of their own lattices and width.
function outline(axis, from, to, top) {
  const sum = axis.bins.reduce((a, b) => a + b, 0) + axis.below + axis.above, X = v => (1000 * (v - from) / (to - from)).toFixed(1);
  return axis.bins.map((v, k) => `${k ? 'V' : `M${X(axis.from)} 100V`}${(100 - 100 * v / sum / axis.width / top).toFixed(2)}H${X(axis.from + (k + 1) * axis.width)}`).join('') + 'V100';
}
const height = axis => Math.max(...axis.bins, 0) / (axis.bins.reduce((a, b) => a + b, 0) + axis.below + axis.above) / axis.width;

function Histogram({axis, other, i}) {
  if (axis.fixed && (!other || other.fixed)) return html`<section class="panel"><h2>${name(i)}: ${fixed(axis.cell.median, 0)}</h2><p class="mute">By symmetry, in every crystal.</p></section>`;
  const sets = [axis, other].filter(x => x && x.bins.length), beside = axis.below + axis.above;
  if (!sets.length) return html`<section class="panel"><h2>${name(i)}</h2><p class="mute">No lattice within the bins.</p></section>`;
  const from = Math.min(...sets.map(x => x.from)), to = Math.max(...sets.map(x => x.from + x.bins.length * x.width)), top = Math.max(...sets.map(height));
  const at = 1000 * (axis.free.median - from) / (to - from);
  return html`<section class="panel"><h2>${name(i)}: ${fixed(axis.free.median, 2)} <small class="mute">${spread(axis.free)}</small></h2>
    <svg class="hist" viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label=${`Histogram of ${name(i)}: median ${fixed(axis.free.median, 2)}, 16 to 84 % ${spread(axis.free)}, shown from ${fixed(from, 2)} to ${fixed(to, 2)}.${other ? ` Compared with: median ${fixed(other.free.median, 2)}, ${spread(other.free)}.` : ''}`}>
      ${axis.bins.length > 0 && html`<path d=${outline(axis, from, to, top)}/><line x1=${at} x2=${at} y1="0" y2="100" vector-effect="non-scaling-stroke"/>`}${other?.bins.length > 0 && html`<path class="than" d=${outline(other, from, to, top)}/>`}</svg>
    <div class="ends"><span>${fixed(from, 2)}</span><span>${other ? html`<span class="c-idx2">╌ ${fixed(other.free.median, 2)}</span>` : beside >= .5 ? `${count(beside)} beside` : ''}</span><span>${fixed(to, 2)}</span></div></section>`;
}

function Pair({pair, n}) {
  const [x, y] = [name(pair.x), name(pair.y)];
  return html`<section class="panel"><h2>${NAMES[pair.y]} against ${NAMES[pair.x]}</h2><div class="pair"><div class="ends up"><span>${fixed(pair.to[1], 2)}</span><span>${y}</span><span>${fixed(pair.from[1], 2)}</span></div>
    <${Grid} counts=${pair.counts} n=${n} kinds=${KINDS} label=${`Crystals by ${x} from ${fixed(pair.from[0], 2)} to ${fixed(pair.to[0], 2)} and ${y} from ${fixed(pair.from[1], 2)} to ${fixed(pair.to[1], 2)}, coloured by form.`}/><span></span>
    <div class="ends"><span>${fixed(pair.from[0], 2)}</span><span>${x}</span><span>${fixed(pair.to[0], 2)}</span></div></div>
    <p class="mute">${pair.outside ? `${count(pair.outside)} outside of the picture` : ''}</p></section>`;
}

function setTags(query, before, tags) {
  const next = new URLSearchParams(query);
  next.delete(before + 'tag');
  tags.forEach(t => next.append(before + 'tag', t));
  if (tags.length < 2) next.delete(before + 'all');
  setQuery(next, '', ''); // writes all of them
}

function Choice({data, query, before = ''}) {
  const tags = query.getAll(before + 'tag'), all = query.has(before + 'all'), set = (k, v) => setQuery(query, before + k, v);
  return html`<div class="ctl">${before && html`<b class="c-idx2">╌ compared with</b>`}<label>Trial <select value=${query.get(before + 'trial') || data.trial || ''} onChange=${e => set('trial', e.target.value)}>${data.trials.map(t => html`<option key=${t} value=${t}>${t}</option>`)}</select></label>
    ${data.tags.length > 0 && html`<span role="group" aria-label=${before ? 'compared with runs with tags' : 'runs with tags'}>${data.tags.map(t => html`<button key=${t} class="tagb" aria-pressed=${tags.includes(t)} onClick=${() => setTags(query, before, tags.includes(t) ? tags.filter(x => x !== t) : [...tags, t])}>${t}</button>`)}</span>`}
    ${tags.length > 1 && html`<span class="seg" role="group" aria-label=${before ? 'compared with any or all of the tags' : 'any or all of the tags'}><button aria-pressed=${!all} onClick=${() => set('all', '')}>any of them</button><button aria-pressed=${all} onClick=${() => set('all', '1')}>all of them</button></span>`}
    ${['run', 'job'].map(k => query.get(before + k) && html`<button key=${k} onClick=${() => set(k, '')}>${k} ${query.get(before + k)} ✕<span class="vh"> take away</span></button>`)}
    ${before ? html`<button onClick=${() => { const next = new URLSearchParams([...query].filter(([k]) => !k.startsWith(before))); setQuery(next, '', ''); }}>Compare no more</button>` : !query.has('than') && html`<button onClick=${() => setQuery(query, 'than', '1')}>Compare with another set…</button>`}</div>`;
}

// How near cells of one form lie: a factor of what their density says.
function Reach({forms, query}) {
  const eps = +query.get('eps') || forms.eps, factor = forms.eps_found > 0 ? Math.log2(eps / forms.eps_found) : 0; // what is asked for, before the answer is there
  return html`<label>ε <input type="range" min="-3" max="3" step=".125" value=${factor} aria-valuetext=${`${fixed(eps, 3)} Å`} onChange=${e => setQuery(query, 'eps', (forms.eps_found * 2 ** e.target.value).toPrecision(4))}/></label> ${fixed(eps, 3)} Å ${query.has('eps') && html`<button class="small" onClick=${() => setQuery(query, 'eps', '')}>as found: ${fixed(forms.eps_found, 3)} Å</button>`}`;
}

function Forms({data, query, asked}) {
  const f = data.forms, rows = [...f.list.map((x, i) => ({word: `form ${i + 1}`, kind: KINDS[Math.min(i + 1, 3)], n: x.n, x})), ...(f.groups > f.list.length ? [{word: `${f.groups - f.list.length} smaller ones`, kind: 'hit', n: f.cells - f.neither - f.list.reduce((s, x) => s + x.n, 0)}] : []), {word: 'neither', kind: 'blank', n: f.neither}];
  const q = asked.toString() && '?' + asked, command = ['trial', 'run'].filter(k => asked.get(k)).map(k => ` --${k} ${asked.get(k)}`).join('');
  return html`<section class="panel"><div class="phead"><h2>Forms</h2><span class="mute">of ${count(f.cells)} cells of the sample</span></div><div class="ctl"><${Reach} forms=${f} query=${query}/></div>
    <div tabindex="0" class="scroll"><table><caption class="vh">Crystal forms</caption><thead><tr><th scope="col">Form</th><th scope="col" class="r">Crystals</th><th scope="col" class="r">%</th>${f.free.map(i => html`<th scope="col" class="r">${name(i)}</th>`)}</tr></thead>
      <tbody>${rows.map(r => html`<tr key=${r.word}><th scope="row"><span class=${'c-' + (r.kind === 'blank' ? 'mute' : r.kind)} aria-hidden="true">■</span> ${r.word}</th><td class="r">${count(r.n)}</td><td class="r">${percent(f.cells ? r.n / f.cells : null)}</td>${f.free.map(i => html`<td class="r">${r.x ? html`${fixed(r.x.mean[i], 2)} <small class="mute">± ${fixed(r.x.sd[i], 2)}</small>` : '–'}</td>`)}</tr>`)}</tbody></table></div>
    <p class="mute">Cells with ${count(f.least)} within ε of them make a form (DBSCAN, by the parameters that symmetry leaves free; an angle counts by the way the end of an edge moves).</p>
    ${f.list.length > 0 && f.list[0].n <= f.free.length && html`<p class="mute">Too few cells for covariances, which merging reads: ${count(f.free.length + 1)} or more of one form.</p>`}
    ${f.list.length > 0 && f.list[0].n > f.free.length && html`<p>For merging: <a href=${api(`cells/covariance.pickle${q}`).href} download="covariance.pickle">means and covariances</a>, read by <code>filter.unit_cell.cluster.covariance.file</code>, form 1 is <code>component=0</code>; <a href=${api(`cells/covariance.json${q}`).href} download="covariance.json">as JSON</a>. <code>xfelx report${command} --covariance FILE</code> writes the same.</p>`}</section>`;
}

const runTicks = (runs, n) => { const out = [], step = Math.max(1, Math.ceil(runs.length / n)); for (let i = 0; i < runs.length; i += step) out.push([i, runs[i].first]); return out; };

// Medians with the interval in which they lie; the axis is that of the middle of them, what lies beyond is at the edge.
function Drift({data}) {
  const runs = data.runs, free = data.forms.free;
  if (runs.length < 2 || !free.length) return null;
  return html`<section class="panel gap"><div class="phead"><h2>Cell against run</h2><span class="mute">median and its 95 % interval${runs.length < data.runs_all ? `; ${count(data.runs_all)} runs, neighbours together` : ''}</span></div><div class="grid g2">${free.map((i, k) => {
    const points = runs.map((r, at) => [at, r.median[k], r.lo[k], r.hi[k]]), v = points.flatMap(p => p.slice(1)).filter(x => x !== null).sort((a, b) => a - b);
    const lo = v[Math.floor(.02 * v.length)], hi = v[Math.ceil(.98 * v.length) - 1], margin = .1 * (hi - lo) || .01, y = [lo - margin, hi + margin];
    const first = points.find(p => p[1] !== null), last = [...points].reverse().find(p => p[1] !== null);
    return html`<div key=${i}><h3>${name(i)}</h3><${Plot} series=${[{kind: 'k-idx', line: false, points}]} x=${[-.5, runs.length - .5]} y=${y} xt=${runTicks(runs, 6)} yt=${numbers(y[0], y[1], 4)} height=${7} label=${`Median of ${name(i)} for ${runs.length} runs: ${fixed(first?.[1], 2)} in run ${runs[0].first}, ${fixed(last?.[1], 2)} in run ${runs[runs.length - 1].last}.`}/></div>`; })}</div></section>`;
}

// Where the share of a form changes most, by likelihood; null: nowhere by a factor of three (log likelihood ratio 12.5: five deviations).
function turn(runs, k) {
  const n = runs.map(r => r.forms.reduce((a, b) => a + b, 0)), v = runs.map(r => r.forms[k]), sum = a => a.reduce((x, y) => x + y, 0), N = sum(n), K = sum(v);
  const fit = (x, m) => (x ? x * Math.log(x / m) : 0) + (m - x ? (m - x) * Math.log((m - x) / m) : 0);
  let best = null, before = 0, hits = 0;
  for (let i = 1; i < runs.length; i++) {
    before += n[i - 1]; hits += v[i - 1];
    const gain = fit(hits, before) + fit(K - hits, N - before) - fit(K, N), p = hits / before, q = (K - hits) / (N - before);
    if (gain > 12.5 && (p > 3 * q || q > 3 * p) && gain > (best?.gain ?? 0)) best = {gain, p, q, run: runs[i].first};
  }
  return best;
}

function Shares({data}) {
  const runs = data.runs, n = data.forms.list.length;
  if (runs.length < 2 || n < 2) return null;
  const share = k => runs.map((r, at) => { const w = wilson(r.forms[k], r.forms.reduce((a, b) => a + b, 0)); return [at, w.p, w.lo, w.hi].map((v, i) => i && v !== null ? 100 * v : v); });
  const series = [...Array(Math.min(n, 3)).keys()].slice(1).map(k => ({kind: 'k-' + KINDS[k + 1], points: share(k), line: false}));
  const top = Math.min(100, 10 * Math.ceil(Math.max(...series.flatMap(s => s.points.map(p => p[1] || 0))) / 10 + .5));
  const t = turn(runs, 1), title = `${series.length > 1 ? 'Forms 2 and 3' : 'Form 2'}, % of the crystals of each run`;
  return html`<section class="panel"><h2>${t ? `Form 2 ${t.q > t.p ? 'begins' : 'ends'} with run ${t.run}: ${percent(t.p)} % before, ${percent(t.q)} % since` : title}</h2>${t && html`<p class="mute">${title}</p>`}<${Plot} series=${series} x=${[-.5, runs.length - .5]} y=${[0, top]} xt=${runTicks(runs, 6)} yt=${numbers(0, top, 4)} label=${`Share of form 2 in each of ${runs.length} runs, with 95 % intervals.`}/></section>`;
}

function Poles({data}) {
  const poles = data.poles.filter(p => p.n > 0);
  if (!poles.length) return null;
  // χ² of 5 degrees of freedom beyond 20.5: less than one in a thousand of even ones
  const verdict = p => p.bingham === null ? 'with all equivalent axes' : p.n < 30 ? 'too few to tell' : p.bingham > 20.5 ? html`<b class="c-warn">▲ lie unevenly</b>: largest eigenvalue ${fixed(p.eigen, 3)}, ⅓ when even` : 'lie evenly, as far as can be told';
  // few directions: four places together, so that the eye sees more than chance
  const four = p => { const n = data.pole_grid / 2, sums = new Map(); for (let i = 0; i < p.counts.length; i += 3) { const at = (p.counts[i] % (2 * n) >> 1) + n * (Math.floor(p.counts[i] / 2 / n) >> 1); sums.set(at, (sums.get(at) || 0) + p.counts[i + 2]); } return [...sums].flatMap(([at, v]) => [at, 0, v]); };
  return html`<section class="panel gap"><div class="phead"><h2>How crystals lie in the beam</h2><span class="mute">directions of reciprocal axes, seen along the beam; equal areas</span></div><div class="grid g3">${poles.map(p => html`<figure key=${p.name}><figcaption><b>${p.name}</b> <span class="mute">${count(p.n)}</span></figcaption><${Grid} counts=${p.n < 6000 ? four(p) : p.counts} n=${data.pole_grid / (p.n < 6000 ? 2 : 1)} kinds=${['idx']} round label=${`Directions of ${p.name} of ${p.n} lattices`}/><p class="mute">${verdict(p)}</p></figure>`)}</div></section>`;
}

// Two forms worth a headline: the second has at least one in twenty.
function finding(data) {
  const [one, two] = data.forms.list, free = data.forms.free;
  if (!two || two.n < .05 * data.forms.cells) return cellWords(data.axes);
  const apart = free.map(i => [i, (two.mean[i] - one.mean[i]) / one.mean[i]]).sort((p, q) => Math.abs(q[1]) - Math.abs(p[1]))[0];
  const forms = data.forms.list.filter(f => f.n >= .05 * data.forms.cells).length;
  return `${forms === 2 ? 'Two' : forms} forms: ${NAMES[apart[0]]} differs by ${fixed(Math.abs(100 * apart[1]), 1)} %`;
}

function Compared({data, query, them}) {
  return html`<${Choice} data=${data} query=${query} before="than"/>${them.data && html`<p class="sub">Dashed: ${words(chosen(query, 'than'))}, ${count(them.data.lattices)} lattices; both by share of their own lattices.</p>`}<${Problem} error=${them.error}/>`;
}

export function Cells({query}) {
  const asked = chosen(query, ''), compare = [...query.keys()].some(k => k.startsWith('than'));
  if (query.get('eps')) asked.set('eps', query.get('eps'));
  const {data, error} = useData('cells?' + asked), them = useData(compare && 'cells?' + chosen(query, 'than'), 5);
  useReady('cells', data || error);
  if (!data) return html`<h1>Unit cells</h1><${Problem} error=${error}/>`;
  const known = data.axes[0].cell.median !== null, other = (compare && them.data?.axes) || null;
  return html`<h1>${known ? finding(data) : 'Unit cells'}</h1>
    <p class="sub">${known ? `Which crystals may be merged? ${count(data.lattices)} lattices of ${count(data.jobs)} job${data.jobs === 1 ? '' : 's'}${data.trial && !query.get('job') ? ` of trial ${data.trial}` : ''}, median ${cellWords(data.axes)}` : 'Nothing is indexed here yet'}${data.jobs < data.jobs_all ? `; the newest of ${count(data.jobs_all)} jobs with ${count(data.lattices_all)} lattices` : ''}.</p><${Problem} error=${error}/>
    <${Choice} data=${data} query=${query}/>${compare && html`<${Compared} data=${data} query=${query} them=${them}/>`}
    ${!known && !data.axes[0].bins.length ? html`<${Empty}>No job of this choice has a lattice.<//>` : html`
      <div class="grid g3 gap">${data.axes.map((x, i) => html`<${Histogram} key=${i} axis=${x} other=${other && other[i]} i=${i}/>`)}</div>
      <div class="grid g2 gap"><div class="grid">${data.pairs.length > 0 && html`<div class=${data.pairs.length > 1 ? 'grid g2' : 'grid'}>${data.pairs.map(p => html`<${Pair} key=${`${p.x}${p.y}`} pair=${p} n=${data.grid}/>`)}</div>`}</div>
        <div class="grid start"><${Forms} data=${data} query=${query} asked=${asked}/><${Shares} data=${data}/></div></div>
      <${Drift} data=${data}/><${Poles} data=${data}/>
      <section class="panel"><h2>Medians and the middle 68 %</h2><div tabindex="0" class="scroll"><table><caption class="vh">Medians of the six parameters</caption><thead><tr><th scope="col">Parameter</th><th scope="col" class="r">Restrained</th><th scope="col">16 – 84 %</th><th scope="col" class="r">Free</th><th scope="col">16 – 84 %</th></tr></thead>
        <tbody>${data.axes.map((x, i) => html`<tr key=${i}><th scope="row">${name(i)}</th><td class="r">${fixed(x.cell.median, 3)}</td><td>${spread(x.cell)}</td><td class="r">${fixed(x.free.median, 3)}</td><td>${spread(x.free)}</td></tr>`)}</tbody></table></div>
        <p class="mute">Restrained, pairs and forms: an even sample of ${count(data.sample)} lattices. Free, as in the histograms: all lattices, refined without the restraint to the known cell.</p></section>`}`;
}
