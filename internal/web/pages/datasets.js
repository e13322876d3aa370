// datasets.js - is it enough, and to which resolution? Datasets, their versions and jobs, and what merging came to (#/datasets/3?version=7).
import {html, useState} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, fixed, when} from './format.js';
import {Bar, Problem, Empty, State} from './parts.js';
import {ask, mayEdit} from './ask.js';
import {Merges, reach} from './merges.js';
import {Coverage} from './coverage.js';

const rule = d => !d.tags.length ? 'no tags yet' : d.tags.join(d.all ? ' and ' : ' or ');
// A name with characters of the filter language is looked for by its words.
const named = d => /["&|]/.test(d.name) ? d.name.split(/["&|\s]+/).filter(w => /^\w/.test(w)).join(' ') : `dataset:"${d.name}"`;
const filter = (d, version) => '#/jobs?filter=' + encodeURIComponent(named(d) + (version ? ` version:${version}` : ''));
const Jobs = ({jobs}) => Object.entries(jobs).map(([s, n]) => html`<span key=${s}>${count(n)} <${State} state=${s}/> </span>`);
const Goal = ({d}) => d.goal ? html`${count(d.lattices)} of ${count(d.goal)} <${Bar} share=${d.lattices / d.goal} kind="o"/>` : count(d.lattices);

function List() {
  const {data, error} = useData('datasets');
  const [making, make] = useState(false);
  useReady('datasets', data || error);
  if (!data) return html`<h1>Datasets</h1><${Problem} error=${error}/>`;
  const all = data.datasets, met = all.filter(d => d.goal && d.lattices >= d.goal).length, wanted = all.filter(d => d.goal).length;
  return html`<h1>${count(all.length)} dataset${all.length === 1 ? '' : 's'}${wanted ? `, ${count(met)} of ${count(wanted)} have reached their goal` : ''}</h1><${Problem} error=${error}/>
    ${making ? html`<${Edit} done=${() => make(false)}/>` : mayEdit() && html`<div class="ctl"><button onClick=${() => make(true)}>New dataset…</button></div>`}
    ${!all.length ? html`<${Empty}>A dataset is the runs of some tags and what is done with them. <code>xfelx dataset add NAME --tags A,B</code> makes one.<//>` : html`<section class="panel"><div tabindex="0" class="scroll"><table><caption class="vh">Datasets</caption><thead><tr><th scope="col">Dataset</th><th scope="col">Active</th><th scope="col">Runs with the tags</th><th scope="col" class="r">Runs</th><th scope="col">Lattices</th><th scope="col">Tasks</th><th scope="col" class="r">Versions</th><th scope="col">Newest</th><th scope="col">Comment</th></tr></thead>
      <tbody>${all.map(d => { const v = d.versions[d.versions.length - 1]; return html`<tr key=${d.id}><td><a href=${'#/datasets/' + d.id}>${d.name}</a></td><td>${d.active ? html`<span class="c-ok">● yes</span>` : '○ no'}</td><td class="wrap">${rule(d)}</td><td class="r">${count(d.runs)}</td><td><${Goal} d=${d}/></td><td>${d.tasks.map(t => t.name).join(' → ') || '–'}</td><td class="r">${count(d.versions.length)}</td><td>${v ? `${v.version}, ${when(v.t, now.value)}` : '–'}</td><td class="wrap">${d.comment || ''}</td></tr>`; })}</tbody></table></div></section>`}`;
}

// A new dataset, or another make of one: what is asked for is all there is afterwards, as with xfelx dataset edit.
function Edit({d, done}) {
  const {data} = useData('datasets', 5);
  const [f, setF] = useState({name: d?.name ?? '', comment: d?.comment ?? '', all: d?.all ?? false, goal: d?.goal ?? '', tags: d?.tags ?? [], tasks: (d?.tasks ?? []).map(t => `${t.name}:${t.rev}`)});
  const put = (k, v) => setF({...f, [k]: v}), move = (i, by) => { const t = [...f.tasks], [x] = t.splice(i, 1); if (by !== null) t.splice(i + by, 0, x); put('tasks', t); };
  const go = async () => {
    const args = {tags: f.tags, tasks: f.tasks, all: f.all, goal: +f.goal || 0, comment: f.comment};
    if (await (d ? ask('dataset.edit', {name: d.name, ...(f.name !== d.name && {rename: f.name}), ...args}, `dataset ${d.name}`) : ask('dataset.add', {name: f.name, ...args}, `dataset ${f.name}`))) done();
  };
  return html`<section class="panel gap" aria-label="dataset"><h2>${d ? `Change ${d.name}` : 'New dataset'}</h2>
    <div class="ctl"><label>Name <input value=${f.name} onInput=${e => put('name', e.target.value)}/></label><label>Goal, lattices <input size="8" inputmode="numeric" value=${f.goal} placeholder="none" onInput=${e => put('goal', e.target.value.trim())}/></label><label>Comment <input size="30" value=${f.comment} onInput=${e => put('comment', e.target.value)}/></label></div>
    <div class="ctl"><span>Runs with</span><span role="group" aria-label="tags">${(data?.tags || []).map(t => html`<button key=${t} class="tagb" aria-pressed=${f.tags.includes(t)} onClick=${() => put('tags', f.tags.includes(t) ? f.tags.filter(x => x !== t) : [...f.tags, t])}>${t}</button>`)}</span>
      <span class="seg" role="group" aria-label="any or all of the tags"><button aria-pressed=${!f.all} onClick=${() => put('all', false)}>any of them</button><button aria-pressed=${f.all} onClick=${() => put('all', true)}>all of them</button></span></div>
    <div class="ctl"><span>Tasks, in order</span>${f.tasks.map((t, i) => html`<span key=${t} class="tag">${i + 1}. ${t.replace(/:(\d+)$/, ', revision $1')} <button class="small" disabled=${i === 0} aria-label=${`${t} earlier`} onClick=${() => move(i, -1)}>◂</button><button class="small" disabled=${i === f.tasks.length - 1} aria-label=${`${t} later`} onClick=${() => move(i, 1)}>▸</button><button class="small" aria-label=${`without ${t}`} onClick=${() => move(i, null)}>✕</button></span>`)}
      <label>${f.tasks.length ? 'then' : 'first'} <select value="" onChange=${e => { if (e.target.value) put('tasks', [...f.tasks, e.target.value]); }}><option value="">…</option>${(data?.tasks || []).filter(t => t.newest && !f.tasks.some(x => x.replace(/:\d+$/, '') === t.name)).map(t => html`<option key=${t.name} value=${`${t.name}:${t.rev}`}>${t.name} (${t.kind})</option>`)}</select></label>${data && !data.tasks.length && html`<span class="mute">There are none: tasks may hold commands, so <code>xfelx task add</code> alone makes them.</span>`}</div>
    <div class="ctl"><button class="pri" disabled=${!f.name.trim() || !/^\d*$/.test(f.goal)} onClick=${go}>${d ? 'Change it' : 'Make it'}</button><button onClick=${done}>Cancel</button>${d?.versions.length > 0 && html`<span class="mute">Versions that are made stay as they are.</span>`}</div></section>`;
}

function One({id, query}) {
  const {data: d, error} = useData('datasets/' + encodeURIComponent(id));
  const [editing, edit] = useState(false);
  useReady('dataset', d || error);
  if (!d) return html`<h1>Dataset ${id}</h1><${Problem} error=${error}/>`;
  const best = d.shells.find(s => s.shell === 0), at = best && reach(d.shells.filter(s => s.version === best.version)), versions = [...d.versions].reverse();
  return html`<p class="sub"><a href="#/datasets">Datasets</a></p>
    <h1>${d.name}: ${count(d.lattices)}${d.goal ? ` of ${count(d.goal)}` : ''} lattices${d.trial ? `, trial ${d.trial}` : ''}${best ? at?.d && !at.edge ? `, CC½ reaches 0.3 at ${fixed(at.d, 2)} Å` : `, CC½ ${fixed(best.cc_half, 3)} to ${fixed(best.d_min, 2)} Å` : ''}</h1>
    <p class="sub">${d.active ? 'active' : 'switched off'}; runs with ${rule(d)}: ${count(d.runs)}${d.tags.length ? html`, <a href=${`#/cells?${new URLSearchParams([...d.tags.map(t => ['tag', t]), ...(d.all ? [['all', '1']] : [])])}`}>their unit cells</a>` : ''}; <a href=${filter(d)}>its jobs</a>${d.comment ? ` · ${d.comment}` : ''}</p><${Problem} error=${error}/>
    ${editing ? html`<${Edit} key=${d.id} d=${d} done=${() => edit(false)}/>` : mayEdit() && html`<div class="ctl"><button onClick=${() => edit(true)}>Change…</button><button onClick=${() => ask('dataset.edit', {name: d.name, active: !d.active}, `dataset ${d.name}`)}>${d.active ? 'Switch off' : 'Switch on'}</button></div>`}
    <div class="grid g2"><section class="panel"><h2>What is done, in order</h2>${!d.tasks.length ? html`<p class="mute">No tasks.</p>` : html`<table class="plain"><caption class="vh">Tasks</caption><tbody>${d.tasks.map((t, i) => html`<tr key=${i}><td class="r">${i + 1}</td><th scope="row">${t.name}</th><td>${t.kind}</td><td class="mute">revision ${t.rev}</td></tr>`)}</tbody></table>`}</section>
      <section class="panel"><h2>Versions</h2>${!versions.length ? html`<p class="mute">None yet: a version is made when a task works on the whole dataset.</p>` : html`<div tabindex="0" class="scroll"><table><caption class="vh">Versions</caption><thead><tr><th scope="col" class="r">Version</th><th scope="col">Made</th><th scope="col" class="r">Jobs it is made of</th><th scope="col">Its jobs</th></tr></thead><tbody>${versions.map(v => html`<tr key=${v.version}><td class="r">${v.version}</td><td>${when(v.t, now.value)}</td><td class="r">${count(v.inputs)}</td><td>${Object.keys(v.jobs).length ? html`<a href=${filter(d, v.version)}><${Jobs} jobs=${v.jobs}/></a>` : '–'}</td></tr>`)}</tbody></table></div>`}</section></div>
    <${Coverage} c=${d.coverage} trial=${d.trial} goal=${d.goal}/>
    <${Merges} d=${d} query=${query}/>`;
}

export const Datasets = ({rest, query}) => rest[0] ? html`<${One} id=${rest[0]} query=${query}/>` : html`<${List}/>`;
