// trials.js - which parameters from now on? Trials, what differs between two and which is better on the same frames, rungroups
// (#/trials?a=3&b=5).
import {html, useState} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, fixed, percent, when} from './format.js';
import {Share, Problem, Empty, runPath} from './parts.js';
import {setQuery} from './table.js';
import {ask, mayEdit} from './ask.js';
import {values} from './phil.js';
import {NewTrial, Rungroup} from './trial_new.js';

function difference(a, b) {
  const x = values(a), y = values(b);
  return [...new Set([...x.keys(), ...y.keys()])].filter(k => x.get(k) !== y.get(k)).sort().map(k => [k, x.get(k), y.get(k)]);
}

// From A to B on one axis: a line with two ends, told apart by place and shape.
function Dumbbell({a, b, lo, hi}) {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return null;
  const x = v => (200 * (Math.min(hi, Math.max(lo, v)) - lo) / (hi - lo || 1)).toFixed(1);
  return html`<svg class="dumb" viewBox="-6 0 212 16" aria-hidden="true"><path class="gl" d="M0 8H200"/><path class=${b >= a ? 'up' : 'down'} d=${`M${x(a)} 8H${x(b)}`}/><circle cx=${x(a)} cy="8" r="4"/><path class="b" d=${`M${x(b)} 3l5 5l-5 5l-5 -5z`}/></svg>`;
}

const verdict = (p, a, b) => !p || !(p.both + p.only_first + p.only_this + p.none) ? 'No frame has been worked on by both yet'
  : p.p === null ? 'No frame went differently' : p.lo <= 0 && p.hi >= 0 || p.p >= .05 ? `No difference that could not be chance: trial ${b} indexes ${signed(p.change)} % of the frames (${signed(p.lo)} to ${signed(p.hi)})`
  : `Trial ${p.change > 0 ? b : a} indexes more: ${signed(p.change)} % of the frames (${signed(p.lo)} to ${signed(p.hi)}) in trial ${b}`;
// From and to of the axis that all shares are drawn on: whole tenths, and never so near that noise looks like news.
function axis(shares) {
  if (!shares.length) return [0, 1];
  let lo = Math.floor(10 * Math.min(...shares) + 1e-9) / 10, hi = Math.ceil(10 * Math.max(...shares) - 1e-9) / 10;
  if (hi - lo < .15) { lo = Math.max(0, lo - .1); hi = Math.min(1, lo + .3); lo = Math.max(0, hi - .3); }
  return [lo, hi];
}

const signed = v => (v > 0 ? '+' : '') + fixed(100 * v, 2);

function Results({a, b}) {
  const {data, error} = useData(`compare?trial=${a}&trial=${b}`, 5);
  if (!data) return html`<${Problem} error=${error}/>`;
  const [first, second] = data.trials, p = second.paired, runs = [...data.runs].reverse(), all = runs.flatMap(r => r.trials.map(t => t.indexed.p)).filter(x => x !== null && Number.isFinite(x));
  const [lo, hi] = axis(all), shown = runs.slice(0, 200);
  return html`<section class="panel gap"><h2>${data.runs.length ? verdict(p, a, b) : `No run has been worked on by both trial ${a} and trial ${b} yet`}</h2><${Problem} error=${error}/>
    ${data.runs.length > 0 && html`<div class="grid g32"><div tabindex="0" class="scroll"><table><caption class="vh">Results over the same runs</caption><thead><tr><th scope="col">Over the same ${count(data.runs.length)} run${data.runs.length > 1 ? 's' : ''}</th><th scope="col" class="r">Frames</th><th scope="col">Hits, %</th><th scope="col">Indexed of hits, %</th><th scope="col" class="r">Lattices</th><th scope="col" class="r">Resolution, Å</th></tr></thead>
        <tbody>${[first, second].map((t, i) => html`<tr key=${t.trial}><th scope="row">${i ? '◆' : '●'} trial ${t.trial}</th><td class="r">${count(t.frames)}</td><td><${Share} f=${t.hit} kind="h"/></td><td><${Share} f=${t.indexed}/></td><td class="r">${count(t.lattices)}</td><td class="r">${fixed(t.res_a, 2)}</td></tr>`)}</tbody></table></div>
      <div tabindex="0" class="scroll"><table><caption class="vh">Frames that both have</caption><thead><tr><th scope="col">Frames that both have</th><th scope="col" class="r">Trial ${b}: indexed</th><th scope="col" class="r">not</th></tr></thead><tbody><tr><th scope="row">Trial ${a}: indexed</th><td class="r">${count(p.both)}</td><td class="r">${count(p.only_first)}</td></tr><tr><th scope="row">not</th><td class="r">${count(p.only_this)}</td><td class="r">${count(p.none)}</td></tr></tbody></table>
        <p class="mute">${p.p === null ? '' : p.p < .001 ? 'McNemar: p < 0.001. ' : `McNemar: p = ${fixed(p.p, 3)}. `}${data.runs_paired < data.runs.length ? `Frames of the newest ${count(data.runs_paired)} runs.` : ''}</p></div></div>
      <div tabindex="0" class="scroll tall"><table><caption class="vh">Run by run</caption><thead><tr><th scope="col" class="r">Run</th><th scope="col" class="r">● ${a}: indexed, %</th><th scope="col" class="r">◆ ${b}</th><th scope="col">${percent(lo, 0)} to ${percent(hi, 0)} %</th><th scope="col" class="r">● Å</th><th scope="col" class="r">◆ Å</th><th scope="col" class="r">Only ${a}</th><th scope="col" class="r">Only ${b}</th></tr></thead>
        <tbody>${shown.map(r => { const [x, y] = r.trials; return html`<tr key=${r.id}><th scope="row" class="r"><a href=${runPath(r.run, r.id)}>${r.run}</a></th><td class="r">${x.indexed.n < 20 ? `${x.indexed.k} of ${x.indexed.n}` : percent(x.indexed.p)}</td><td class="r">${y.indexed.n < 20 ? `${y.indexed.k} of ${y.indexed.n}` : percent(y.indexed.p)}</td><td><${Dumbbell} a=${x.indexed.p} b=${y.indexed.p} lo=${lo} hi=${hi}/></td><td class="r">${fixed(x.res_a, 2)}</td><td class="r">${fixed(y.res_a, 2)}</td><td class="r">${count(y.paired?.only_first)}</td><td class="r">${count(y.paired?.only_this)}</td></tr>`; })}</tbody></table></div>
      <p class="mute">${shown.length < runs.length ? `The newest ${count(shown.length)} of ${count(runs.length)} runs. ` : ''}<code>xfelx report --trials ${a},${b}</code> says the same.</p>`}</section>`;
}

function Difference({a, b, diff}) {
  return html`<section class="panel gap"><h2>Trial ${a} and trial ${b}: ${diff.length ? `${diff.length} parameter${diff.length > 1 ? 's differ' : ' differs'}` : 'no parameter differs'}</h2>
    ${diff.length > 0 && html`<div tabindex="0" class="scroll"><table><caption class="vh">Parameters that differ</caption><thead><tr><th scope="col">Parameter</th><th scope="col">Trial ${a}</th><th scope="col">Trial ${b}</th></tr></thead><tbody>${diff.map(([k, x, y]) => html`<tr key=${k}><td class="mono">${k}</td><td class="mono wrap">${x ?? '–'}</td><td class="mono wrap">${y ?? '–'}</td></tr>`)}</tbody></table></div>`}</section>`;
}

const On = ({active}) => active ? html`<span class="c-ok">● yes</span>` : '○ no';

function Groups({data, edit}) {
  return html`<section class="panel"><div class="phead"><h2>Rungroups</h2>${mayEdit() && html`<button onClick=${() => edit({})}>New rungroup…</button>`}</div>${!data.rungroups.length ? html`<p class="mute">A rungroup is a stretch of runs with its own geometry, mask, and energy; trials process the runs of the rungroups that they use.</p>` : html`<div tabindex="0" class="scroll"><table><caption class="vh">Rungroups</caption><thead><tr><th scope="col" class="r">Rungroup</th><th scope="col">Active</th><th scope="col">Runs</th><th scope="col" class="r">Now</th><th scope="col">Used by trials</th><th scope="col">Comment</th><th scope="col"><span class="vh">actions</span></th></tr></thead>
    <tbody>${data.rungroups.map(g => html`<tr key=${g.rungroup}><td class="r">${g.rungroup}</td><td><${On} active=${g.active}/>${g.bad_input && html` <span class="c-bad" title=${g.bad_input}>✕ input</span>`}</td><td>${g.first} – ${g.last ?? 'open'}</td><td class="r">${count(g.runs)}</td>
      <td>${mayEdit() ? data.trials.map(t => html`<button key=${t.trial} class="small tagb" aria-pressed=${g.trials.includes(t.trial)} aria-label=${`trial ${t.trial} uses rungroup ${g.rungroup}`} onClick=${() => ask('group.use', {groups: [g.rungroup], trials: [t.trial], on: !g.trials.includes(t.trial)}, `rungroup ${g.rungroup}`)}>${t.trial}</button>`) : g.trials.join(', ') || '–'}</td><td class="wrap">${g.comment}</td>
      <td>${mayEdit() && html`<button onClick=${() => ask('group.active', {groups: [g.rungroup], active: !g.active}, `rungroup ${g.rungroup}`)}>${g.active ? 'Switch off' : 'Switch on'}</button> <button onClick=${() => edit(g)}>Edit…</button>`}</td></tr>`)}</tbody></table></div>`}</section>`;
}

export function Trials({query}) {
  const {data, error} = useData('trials');
  const [making, make] = useState(null), [group, setGroup] = useState(null), [comment, setComment] = useState(null);
  useReady('trials', data || error);
  if (!data) return html`<h1>Trials</h1><${Problem} error=${error}/>`;
  const trials = [...data.trials].reverse(), figures = new Map(data.figures.map(f => [f.trial, f]));
  const a = +query.get('a') || null, b = +query.get('b') || null, of = n => trials.find(t => t.trial === n), both = of(a) && of(b) && a !== b;
  const active = trials.filter(t => t.active).length;
  const say = async t => { if (await ask('trial.comment', {trial: t.trial, text: comment.text}, `trial ${t.trial}`)) setComment(null); };
  return html`<h1>${count(trials.length)} trial${trials.length === 1 ? '' : 's'}, ${count(active)} active</h1><${Problem} error=${error}/>
    ${!trials.length && html`<${Empty}>A trial is one set of parameters. <code>xfelx trial add FILE.phil</code> makes the first.<//>`}
    ${making && html`<${NewTrial} key=${making.trial} from=${making} done=${() => make(null)}/>`}
    ${trials.length > 0 && html`<section class="panel gap"><div tabindex="0" class="scroll"><table><caption class="vh">Trials with their results over all their runs</caption><thead><tr><th scope="col" class="r">Trial</th><th scope="col">Active</th><th scope="col">Made</th><th scope="col">By</th><th scope="col" class="r">Runs</th><th scope="col" class="r">Frames</th><th scope="col">Hits, %</th><th scope="col">Indexed of hits, %</th><th scope="col" class="r">Lattices</th><th scope="col">Rungroups</th><th scope="col">Comment</th><th scope="col">Compare</th><th scope="col"><span class="vh">actions</span></th></tr></thead>
      <tbody>${trials.map(t => { const f = figures.get(t.trial); return html`<tr key=${t.trial}><td class="r">${t.trial}</td><td><${On} active=${t.active}/>${t.bad_input && html` <span class="c-bad" title=${t.bad_input}>✕ input</span>`}</td><td>${when(t.t, now.value)}</td><td>${t.who}</td>
        <td class="r">${count(f.runs)}</td><td class="r">${count(f.frames)}</td><td><${Share} f=${f.hit} kind="h"/></td><td><${Share} f=${f.indexed}/></td><td class="r">${count(f.lattices)}</td><td>${t.rungroups.join(', ') || '–'}</td>
        <td class="wrap">${comment?.trial === t.trial ? html`<form onSubmit=${e => { e.preventDefault(); say(t); }}><input aria-label=${`comment on trial ${t.trial}`} value=${comment.text} onInput=${e => setComment({...comment, text: e.target.value})} onKeyDown=${e => { if (e.key === 'Escape') setComment(null); }}/> <button class="small">Save</button></form>` : html`${t.comment} ${mayEdit() && html`<button class="small" aria-label=${`edit the comment on trial ${t.trial}`} onClick=${() => setComment({trial: t.trial, text: t.comment || ''})}>✎</button>`}`}</td>
        <td><label><input type="radio" name="a" checked=${a === t.trial} onChange=${() => setQuery(query, 'a', String(t.trial))}/> A</label> <label><input type="radio" name="b" checked=${b === t.trial} onChange=${() => setQuery(query, 'b', String(t.trial))}/> B</label></td>
        <td>${mayEdit() && html`<button onClick=${() => ask('trial.active', {trials: [t.trial], active: !t.active}, `trial ${t.trial}`)}>${t.active ? 'Switch off' : 'Switch on'}</button> <button onClick=${() => make(t)}>Copy…</button>`}</td></tr>`; })}</tbody></table></div></section>`}
    ${both && html`<${Difference} a=${a} b=${b} diff=${difference(of(a).phil, of(b).phil)}/><${Results} key=${`${a}/${b}`} a=${a} b=${b}/>`}
    ${group && html`<${Rungroup} key=${group.rungroup ?? 'new'} group=${group.rungroup ? group : null} trials=${data.trials} done=${() => setGroup(null)}/>`}
    <${Groups} data=${data} edit=${setGroup}/>`;
}
