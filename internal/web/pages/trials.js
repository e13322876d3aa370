// trials.js - which parameters from now on? Trials side by side, what differs between two, rungroups, and a new trial from another.
import {html, useState} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, when} from './format.js';
import {Share, Problem, Empty} from './parts.js';
import {setQuery} from './table.js';
import {ask, mayEdit} from './ask.js';

// Lines of two parameter texts as "path = value" in both: PHIL scopes are opened up.
function values(phil) {
  const out = new Map(), scope = [];
  for (const raw of phil.split('\n')) {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    if (!line) continue;
    if (line.endsWith('{')) scope.push(line.slice(0, -1).trim());
    else if (line === '}') scope.pop();
    else { const i = line.indexOf('='); if (i > 0) out.set([...scope, line.slice(0, i).trim()].join('.'), line.slice(i + 1).trim()); }
  }
  return out;
}
function difference(a, b) {
  const x = values(a), y = values(b);
  return [...new Set([...x.keys(), ...y.keys()])].filter(k => x.get(k) !== y.get(k)).sort().map(k => [k, x.get(k), y.get(k)]);
}

function NewTrial({from, done}) {
  const [phil, set] = useState(from.phil), [comment, setComment] = useState('');
  const changed = difference(from.phil, phil);
  return html`<section class="panel gap"><h2>New trial, from trial ${from.trial}</h2>
    <p class="sub">The same text as <code>xfelx trial add</code> takes. It is checked before a trial is made of it; what is not understood is refused with its line.</p>
    <label class="vh" for="phil">Parameters</label><textarea id="phil" class="mono wide" rows="16" spellcheck="false" value=${phil} onInput=${e => set(e.target.value)}></textarea>
    <p>${changed.length ? `${changed.length} changed: ${changed.slice(0, 6).map(c => c[0]).join(', ')}${changed.length > 6 ? ' …' : ''}` : html`<span class="mute">Nothing changed yet.</span>`}</p>
    <div class="ctl"><label>Comment <input size="40" value=${comment} onInput=${e => setComment(e.target.value)}/></label>
      <button class="pri" disabled=${!changed.length} onClick=${async () => { if (await ask('trial.add', {phil, comment, from: from.trial}, 'new trial')) done(); }}>Make the trial</button><button onClick=${done}>Cancel</button></div></section>`;
}

export function Trials({query}) {
  const {data, error} = useData('trials');
  const [making, make] = useState(null);
  useReady('trials', data || error);
  if (!data) return html`<h1>Trials</h1><${Problem} error=${error}/>`;
  const trials = [...data.trials].reverse(), figures = new Map(data.figures.map(f => [f.trial, f]));
  const a = +query.get('a') || null, b = +query.get('b') || null, of = n => trials.find(t => t.trial === n);
  const diff = of(a) && of(b) ? difference(of(a).phil, of(b).phil) : null;
  const active = trials.filter(t => t.active).length;
  return html`<h1>${count(trials.length)} trial${trials.length === 1 ? '' : 's'}, ${count(active)} active</h1><${Problem} error=${error}/>
    ${!trials.length && html`<${Empty}>A trial is one set of parameters. <code>xfelx trial add FILE.phil</code> makes the first.<//>`}
    ${making && html`<${NewTrial} key=${making.trial} from=${making} done=${() => make(null)}/>`}
    ${trials.length > 0 && html`<section class="panel gap"><div tabindex="0" class="scroll"><table><caption class="vh">Trials with their results over all their runs</caption><thead><tr><th scope="col" class="r">Trial</th><th scope="col">Active</th><th scope="col">Made</th><th scope="col">By</th><th scope="col" class="r">Runs</th><th scope="col" class="r">Frames</th><th scope="col">Hits, %</th><th scope="col">Indexed of hits, %</th><th scope="col" class="r">Lattices</th><th scope="col">Rungroups</th><th scope="col">Comment</th><th scope="col">Compare</th><th scope="col"><span class="vh">actions</span></th></tr></thead>
      <tbody>${trials.map(t => { const f = figures.get(t.trial); return html`<tr key=${t.trial}><td class="r">${t.trial}</td><td>${t.active ? html`<span class="c-ok">● yes</span>` : '○ no'}${t.bad_input && html` <span class="c-bad" title=${t.bad_input}>✕ input</span>`}</td><td>${when(t.t, now.value)}</td><td>${t.who}</td>
        <td class="r">${count(f.runs)}</td><td class="r">${count(f.frames)}</td><td><${Share} f=${f.hit} kind="h"/></td><td><${Share} f=${f.indexed}/></td><td class="r">${count(f.lattices)}</td><td>${t.rungroups.join(', ') || '–'}</td><td class="wrap">${t.comment}</td>
        <td><label><input type="radio" name="a" checked=${a === t.trial} onChange=${() => setQuery(query, 'a', String(t.trial))}/> A</label> <label><input type="radio" name="b" checked=${b === t.trial} onChange=${() => setQuery(query, 'b', String(t.trial))}/> B</label></td>
        <td>${mayEdit() && html`<button onClick=${() => ask('trial.active', {trials: [t.trial], active: !t.active}, `trial ${t.trial}`)}>${t.active ? 'Switch off' : 'Switch on'}</button> <button onClick=${() => make(t)}>Copy…</button>`}</td></tr>`; })}</tbody></table></div></section>`}
    ${diff && html`<section class="panel gap"><h2>Trial ${a} and trial ${b}: ${diff.length ? `${diff.length} parameter${diff.length > 1 ? 's differ' : ' differs'}` : 'no parameter differs'}</h2>
      ${diff.length > 0 && html`<div tabindex="0" class="scroll"><table><caption class="vh">Parameters that differ</caption><thead><tr><th scope="col">Parameter</th><th scope="col">Trial ${a}</th><th scope="col">Trial ${b}</th></tr></thead><tbody>${diff.map(([k, x, y]) => html`<tr key=${k}><td class="mono">${k}</td><td class="mono">${x ?? '–'}</td><td class="mono">${y ?? '–'}</td></tr>`)}</tbody></table></div>`}</section>`}
    ${data.rungroups.length > 0 && html`<section class="panel"><h2>Rungroups</h2><div tabindex="0" class="scroll"><table><caption class="vh">Rungroups</caption><thead><tr><th scope="col" class="r">Rungroup</th><th scope="col">Active</th><th scope="col">Runs</th><th scope="col" class="r">Now</th><th scope="col">Used by trials</th><th scope="col">Comment</th><th scope="col"><span class="vh">actions</span></th></tr></thead>
      <tbody>${data.rungroups.map(g => html`<tr key=${g.rungroup}><td class="r">${g.rungroup}</td><td>${g.active ? html`<span class="c-ok">● yes</span>` : '○ no'}${g.bad_input && html` <span class="c-bad" title=${g.bad_input}>✕ input</span>`}</td><td>${g.first} – ${g.last ?? 'open'}</td><td class="r">${count(g.runs)}</td><td>${g.trials.join(', ') || '–'}</td><td class="wrap">${g.comment}</td>
        <td>${mayEdit() && html`<button onClick=${() => ask('group.active', {groups: [g.rungroup], active: !g.active}, `rungroup ${g.rungroup}`)}>${g.active ? 'Switch off' : 'Switch on'}</button>`}</td></tr>`)}</tbody></table></div></section>`}`;
}
