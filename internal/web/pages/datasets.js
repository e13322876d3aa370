// datasets.js - is it enough, and to which resolution? Datasets, their versions and jobs, and what merging came to (#/datasets/3?version=7).
import {html} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, fixed, percent, when} from './format.js';
import {Bar, Problem, Empty, State} from './parts.js';
import {setQuery} from './table.js';

const rule = d => !d.tags.length ? 'no tags yet' : d.tags.join(d.all ? ' and ' : ' or ');
// A name with characters of the filter language is looked for by its words.
const named = d => /["&|]/.test(d.name) ? d.name.split(/["&|\s]+/).filter(w => /^\w/.test(w)).join(' ') : `dataset:"${d.name}"`;
const filter = (d, version) => '#/jobs?filter=' + encodeURIComponent(named(d) + (version ? ` version:${version}` : ''));
const Jobs = ({jobs}) => Object.entries(jobs).map(([s, n]) => html`<span key=${s}>${count(n)} <${State} state=${s}/> </span>`);
const Goal = ({d}) => d.goal ? html`${count(d.lattices)} of ${count(d.goal)} <${Bar} share=${d.lattices / d.goal} kind="o"/>` : count(d.lattices);

function List() {
  const {data, error} = useData('datasets');
  useReady('datasets', data || error);
  if (!data) return html`<h1>Datasets</h1><${Problem} error=${error}/>`;
  const all = data.datasets, met = all.filter(d => d.goal && d.lattices >= d.goal).length, wanted = all.filter(d => d.goal).length;
  return html`<h1>${count(all.length)} dataset${all.length === 1 ? '' : 's'}${wanted ? `, ${count(met)} of ${count(wanted)} have reached their goal` : ''}</h1><${Problem} error=${error}/>
    ${!all.length ? html`<${Empty}>A dataset is the runs of some tags and what is done with them. <code>xfelx dataset add NAME --tags A,B</code> makes one.<//>` : html`<section class="panel"><div tabindex="0" class="scroll"><table><caption class="vh">Datasets</caption><thead><tr><th scope="col">Dataset</th><th scope="col">Active</th><th scope="col">Runs with the tags</th><th scope="col" class="r">Runs</th><th scope="col">Lattices</th><th scope="col">Tasks</th><th scope="col" class="r">Versions</th><th scope="col">Newest</th><th scope="col">Comment</th></tr></thead>
      <tbody>${all.map(d => { const v = d.versions[d.versions.length - 1]; return html`<tr key=${d.id}><td><a href=${'#/datasets/' + d.id}>${d.name}</a></td><td>${d.active ? html`<span class="c-ok">● yes</span>` : '○ no'}</td><td class="wrap">${rule(d)}</td><td class="r">${count(d.runs)}</td><td><${Goal} d=${d}/></td><td>${d.tasks.map(t => t.name).join(' → ') || '–'}</td><td class="r">${count(d.versions.length)}</td><td>${v ? `${v.version}, ${when(v.t, now.value)}` : '–'}</td><td class="wrap">${d.comment || ''}</td></tr>`; })}</tbody></table></div></section>`}`;
}

const range = s => `${s.d_max === null ? '∞' : fixed(s.d_max, 2)} – ${fixed(s.d_min, 2)}`;
const Shells = ({rows, label, first, head}) => html`<div tabindex="0" class="scroll"><table><caption class="vh">${label}</caption><thead><tr><th scope="col">${head}</th><th scope="col" class="r">Lattices</th><th scope="col" class="r">Unique</th><th scope="col" class="r">Measured</th><th scope="col">Completeness, %</th><th scope="col" class="r">Multiplicity</th><th scope="col" class="r">I/σ</th><th scope="col">CC½</th><th scope="col" class="r">Pairs</th><th scope="col" class="r">CC*</th><th scope="col" class="r">R split, %</th></tr></thead>
  <tbody>${rows.map(s => html`<tr key=${`${s.version}/${s.job}/${s.shell}`}><th scope="row">${first(s)}</th><td class="r">${count(s.lattices)}</td><td class="r">${count(s.unique)} of ${count(s.possible)}</td><td class="r">${count(s.measured)}</td><td>${percent(s.completeness)} <${Bar} share=${s.completeness}/></td><td class="r">${fixed(s.multiplicity, 1)}</td><td class="r">${fixed(s.i_over_sigma, 2)}</td><td>${fixed(s.cc_half, 3)} <${Bar} share=${s.cc_half} kind="o"/></td><td class="r">${count(s.cc_pairs)}</td><td class="r">${fixed(s.cc_star, 3)}</td><td class="r">${percent(s.r_split)}</td></tr>`)}</tbody></table></div>`;

function Merges({d, query}) {
  const merged = [...new Set(d.shells.map(s => s.version))];
  if (!merged.length) return html`<section class="panel top"><h2>No merge yet</h2><p class="mute">A merge is a task of the dataset (<code>xfelx task add NAME --kind merge</code>, <code>xfelx dataset</code>); its job runs when a version has enough new runs, and its figures stand here.</p></section>`;
  const version = merged.includes(+query.get('version')) ? +query.get('version') : merged[0];
  const mine = d.shells.filter(s => s.version === version), all = d.shells.filter(s => s.shell === 0);
  return html`<section class="panel top gap"><div class="phead"><h2>Version ${version}, by resolution</h2><label>Version <select value=${version} onChange=${e => setQuery(query, 'version', e.target.value)}>${merged.map(v => html`<option key=${v} value=${v}>${v}</option>`)}</select></label></div>
      <${Shells} label="Figures of merging by shell" rows=${mine} head="Resolution, Å" first=${s => html`${s.shell ? range(s) : `all: ${range(s)}`}`}/></section>
    <section class="panel"><h2>All versions, all shells together</h2><${Shells} label="Figures of merging by version" rows=${all} head="Version" first=${s => html`${s.version}, <a href=${'#/jobs/' + s.job}>job ${s.job}</a>`}/></section>`;
}

function One({id, query}) {
  const {data: d, error} = useData('datasets/' + encodeURIComponent(id));
  useReady('dataset', d || error);
  if (!d) return html`<h1>Dataset ${id}</h1><${Problem} error=${error}/>`;
  const best = d.shells.find(s => s.shell === 0), versions = [...d.versions].reverse();
  return html`<p class="sub"><a href="#/datasets">Datasets</a></p>
    <h1>${d.name}: ${count(d.lattices)} lattices${d.goal ? ` of ${count(d.goal)}` : ''}${best ? `, CC½ ${fixed(best.cc_half, 3)} to ${fixed(best.d_min, 2)} Å` : ''}</h1>
    <p class="sub">${d.active ? 'active' : 'switched off'}; runs with ${rule(d)}: ${count(d.runs)}${d.tags.length ? html`, <a href=${`#/cells?${new URLSearchParams([...d.tags.map(t => ['tag', t]), ...(d.all ? [['all', '1']] : [])])}`}>their unit cells</a>` : ''}; <a href=${filter(d)}>its jobs</a>${d.comment ? ` · ${d.comment}` : ''}</p><${Problem} error=${error}/>
    <div class="grid g2"><section class="panel"><h2>What is done, in order</h2>${!d.tasks.length ? html`<p class="mute">No tasks.</p>` : html`<table class="plain"><caption class="vh">Tasks</caption><tbody>${d.tasks.map((t, i) => html`<tr key=${i}><td class="r">${i + 1}</td><th scope="row">${t.name}</th><td>${t.kind}</td><td class="mute">revision ${t.rev}</td></tr>`)}</tbody></table>`}</section>
      <section class="panel"><h2>Versions</h2>${!versions.length ? html`<p class="mute">None yet: a version is made when a task works on the whole dataset.</p>` : html`<div tabindex="0" class="scroll"><table><caption class="vh">Versions</caption><thead><tr><th scope="col" class="r">Version</th><th scope="col">Made</th><th scope="col" class="r">Jobs it is made of</th><th scope="col">Its jobs</th></tr></thead><tbody>${versions.map(v => html`<tr key=${v.version}><td class="r">${v.version}</td><td>${when(v.t, now.value)}</td><td class="r">${count(v.inputs)}</td><td>${Object.keys(v.jobs).length ? html`<a href=${filter(d, v.version)}><${Jobs} jobs=${v.jobs}/></a>` : '–'}</td></tr>`)}</tbody></table></div>`}</section></div>
    <${Merges} d=${d} query=${query}/>`;
}

export const Datasets = ({rest, query}) => rest[0] ? html`<${One} id=${rest[0]} query=${query}/>` : html`<${List}/>`;
