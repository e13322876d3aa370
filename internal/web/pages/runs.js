// runs.js - which run needs somebody, which belong together? The list, and each run alone (#/runs/12).
import {html, useState, useRef, useEffect} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, fixed, when, percent, interval} from './format.js';
import {State, Share, Problem, Empty} from './parts.js';
import {Table, sorted, setQuery} from './table.js';
import {parse} from './filter.js';
import {wilson} from './wilson.js';
import {ask, mayEdit} from './ask.js';

const share = f => f.n ? f.p : null;
const FIELDS = {
  numbers: {hit: r => 100 * share(r.hit), idx: r => 100 * share(r.idx), res: r => r.res_a, frames: r => r.done, lattices: r => r.lattices, failed: r => r.failed},
  ranges: {run: r => r.run},
  sets: {state: r => [r.state, ...Object.keys(r.jobs)], tag: r => r.tags},
  text: r => `${r.name} ${r.tags.join(' ')} ${r.comment}`,
};

// Columns of the answer as objects; made once for each answer, not for each drawing.
let made = {from: null, rows: []};
function objects(data) {
  if (made.from !== data) made = {from: data, rows: data.rows.map(v => {
    const r = Object.fromEntries(data.cols.map((c, i) => [c, v[i]]));
    r.hit = wilson(r.hits, r.done - r.failed); r.idx = wilson(r.indexed, r.hits);
    return r;
  })};
  return made.rows;
}

// What is most telling of a run and its jobs, in one word.
function telling(r) {
  if (r.state !== 'present') return r.state;
  for (const s of ['failed', 'running', 'queued', 'again', 'waiting', 'ready', 'done']) if (r.jobs[s]) return s;
  return r.state;
}

function Tags({run}) {
  const [editing, edit] = useState(false);
  const box = useRef(null);
  useEffect(() => { if (editing) box.current.focus(); }, [editing]);
  const save = async () => {
    edit(false);
    const want = box.current.value.split(/[,\s]+/).filter(Boolean), id = `${run.run}#${run.id}`;
    for (const tag of want.filter(t => !run.tags.includes(t))) await ask('run.tag', {runs: id, tag}, `tag ${tag}`);
    for (const tag of run.tags.filter(t => !want.includes(t))) await ask('run.untag', {runs: id, tag}, `tag ${tag} off`);
  };
  if (editing) return html`<input ref=${box} aria-label=${`tags of run ${run.run}`} value=${run.tags.join(', ')} onKeyDown=${e => { e.stopPropagation(); if (e.key === 'Enter') save(); if (e.key === 'Escape') edit(false); }} onBlur=${() => edit(false)}/>`;
  return html`<span onDblClick=${() => mayEdit() && edit(true)}>${run.tags.map(t => html`<span class="tag" key=${t}>${t}</span>`)}${mayEdit() && html`<button class="small" aria-label=${`edit tags of run ${run.run}`} onClick=${() => edit(true)}>✎</button>`}</span>`;
}

const COLUMNS = [
  {id: 'run', word: 'Run', value: r => r.run, width: '8rem', cell: r => html`<a href=${'#/runs/' + r.id}>${r.name}</a>`},
  {id: 'state', word: 'State', value: telling, width: '8rem', cell: r => html`<${State} state=${telling(r)}/>${r.ignored ? ' (ignored)' : ''}`},
  {id: 't', word: 'Began', value: r => r.t, width: '9rem', cell: r => when(r.t, now.peek())},
  {id: 'frames', word: 'Frames', right: true, value: r => r.done, width: '7rem', cell: r => html`${count(r.done)}${r.failed ? html` <span class="c-bad" title="frames that failed">✕${count(r.failed)}</span>` : ''}`},
  {id: 'hit', word: 'Hits, %', value: r => share(r.hit), width: '10rem', cell: r => html`<${Share} f=${r.hit} kind="h"/>`},
  {id: 'idx', word: 'Indexed of hits, %', value: r => share(r.idx), width: '10rem', cell: r => html`<${Share} f=${r.idx}/>`},
  {id: 'res', word: 'Res., Å', right: true, value: r => r.res_a, width: '5rem', cell: r => fixed(r.res_a, 2)},
  {id: 'lattices', word: 'Lattices', right: true, value: r => r.lattices, width: '6rem', cell: r => count(r.lattices)},
  {id: 'tags', word: 'Tags', value: r => r.tags.join(' ') || null, width: '12rem', cell: r => html`<${Tags} run=${r}/>`},
  {id: 'comment', word: 'Comment', value: r => r.comment || null, cell: r => r.comment},
];

function Bulk({rows, selected, clear}) {
  const [tag, setTag] = useState('');
  const runs = rows.filter(r => selected.has(r.id)).map(r => `${r.run}#${r.id}`);
  const go = async (verb, words) => { if (tag.trim() && await ask(verb, {runs, tag: tag.trim()}, `${words} ${tag.trim()}, ${runs.length} runs`)) setTag(''); };
  return html`<div class="bulk" role="region" aria-label="selected runs"><b>${count(runs.length)} selected</b>
    <label>tag <input value=${tag} size="14" onInput=${e => setTag(e.target.value)} onKeyDown=${e => e.key === 'Enter' && go('run.tag', 'tag')}/></label>
    <button onClick=${() => go('run.tag', 'tag')}>Add tag</button><button onClick=${() => go('run.untag', 'tag off:')}>Take tag off</button>
    <button onClick=${clear}>Select none</button></div>`;
}

function List({query}) {
  const {data, error} = useData('runs');
  const [selected, select] = useState(new Set());
  useReady('runs', data || error);
  if (!data) return html`<h1>Runs</h1><${Problem} error=${error}/>`;
  const all = objects(data), text = query.get('filter') || '', sort = query.get('sort') || '';
  const filter = parse(text, FIELDS), rows = sorted(all.filter(filter.test), COLUMNS, sort);
  return html`<h1>${text ? `${count(rows.length)} of ${count(all.length)} runs` : `${count(all.length)} runs`}</h1><${Problem} error=${error}/>
    <div class="ctl"><label>Filter <input type="search" size="40" value=${text} placeholder="hit>10 tag:a|b run:400-412 state:failed" onInput=${e => setQuery(query, 'filter', e.target.value)}/></label>
      ${filter.bad.length > 0 && html`<span class="c-warn" role="status">▲ not understood: ${filter.bad.join(' ')}</span>`}
      ${mayEdit() && rows.length > 0 && html`<button onClick=${() => select(new Set(rows.map(r => r.id)))}>Select all ${count(rows.length)}</button>`}</div>
    ${mayEdit() && selected.size > 0 && html`<${Bulk} rows=${all} selected=${selected} clear=${() => select(new Set())}/>`}
    ${!all.length ? html`<${Empty}>No runs yet. <code>xfelx watch</code> finds them where facility.* says; <code>xfelx process RUN</code> makes one here.<//>`
      : html`<${Table} label="Runs" rows=${rows} columns=${COLUMNS} sort=${sort} onSort=${s => setQuery(query, 'sort', s)} id=${r => r.id}
        selected=${selected} onSelect=${mayEdit() ? select : null} onOpen=${r => { location.hash = '#/runs/' + r.id; }}/>`}`;
}

function Comment({r}) {
  const [text, set] = useState(null);
  if (text === null) return html`<p>${r.comment || html`<span class="mute">No comment.</span>`} ${mayEdit() && html`<button class="small" onClick=${() => set(r.comment)}>Edit comment</button>`}</p>`;
  return html`<p><textarea aria-label="comment" rows="2" cols="60" value=${text} onInput=${e => set(e.target.value)}></textarea>
    <button class="pri" onClick=${async () => { if (await ask('run.comment', {runs: `${r.run}#${r.id}`, text}, 'comment')) set(null); }}>Save</button> <button onClick=${() => set(null)}>Cancel</button></p>`;
}

function One({id}) {
  const {data: r, error} = useData('runs/' + encodeURIComponent(id));
  useReady('run', r || error);
  if (!r) return html`<h1>Run</h1><${Problem} error=${error}/>`;
  const ignore = () => ask('run.ignore', {runs: `${r.run}#${r.id}`, ignored: !r.ignored}, r.ignored ? 'taken in again' : 'left out');
  return html`<p class="sub"><a href="#/runs">Runs</a></p><h1>${r.name}: <${State} state=${r.state}/>${r.ignored ? ', left out' : ''}</h1>
    <p class="sub">${r.facility} · ${r.path} · first seen ${when(r.t_seen, now.value)}${r.t_begin ? ` · ${when(r.t_begin, now.value)} – ${r.t_end ? when(r.t_end, now.value) : 'now'}` : ''}</p><${Problem} error=${error}/>
    ${r.why_not && html`<div class="alarm"><span>▲</span><div>Cannot be read yet: ${r.why_not}</div></div>`}
    <div class="ctl"><${Tags} run=${r}/>${mayEdit() && html`<button onClick=${ignore}>${r.ignored ? 'Take in again' : 'Leave out'}</button>`}</div><${Comment} r=${r}/>
    <section class="panel gap"><h2>Jobs</h2>${!r.jobs.length ? html`<p class="mute">None yet.</p>` : html`<div tabindex="0" class="scroll"><table><caption class="vh">Jobs of this run</caption><thead><tr><th scope="col" class="r">Job</th><th scope="col" class="r">Trial</th><th scope="col">State</th><th scope="col">Frames</th><th scope="col">Hits, %</th><th scope="col">Indexed, %</th><th scope="col" class="r">Res., Å</th></tr></thead>
      <tbody>${r.jobs.map(j => html`<tr key=${j.job}><td class="r"><a href=${'#/jobs/' + j.job}>${j.job}</a></td><td class="r">${j.trial}</td><td><${State} state=${j.state}/></td><td>${count(j.frames)} of ${count(j.expected)}</td><td><${Share} f=${j.hit} kind="h"/></td><td><${Share} f=${j.indexed}/></td><td class="r">${fixed(j.res_a, 2)}</td></tr>`)}</tbody></table></div>`}</section>
    <section class="panel gap"><h2>Files: ${count(r.n_files)}</h2><div tabindex="0" class="scroll"><table><caption class="vh">Files of this run</caption><thead><tr><th scope="col">File</th><th scope="col">Format</th><th scope="col" class="r">Frames</th><th scope="col" class="r">Bytes</th><th scope="col">Here</th></tr></thead>
      <tbody>${r.files.map(f => html`<tr key=${f.path}><td class="mono">${f.path}</td><td>${f.format || '–'}</td><td class="r">${count(f.frames)}</td><td class="r">${count(f.bytes)}</td><td>${f.here ? '✓ yes' : '– no'}</td></tr>`)}</tbody></table></div></section>
    ${r.notes.length > 0 && html`<section class="panel"><h2>Notes</h2>${r.notes.map((n, i) => html`<p key=${i}><span class="mute">${when(n.t, now.value)} ${n.who}:</span> ${n.text}</p>`)}</section>`}`;
}

export const Runs = ({rest, query}) => rest[0] ? html`<${One} id=${rest[0]}/>` : html`<${List} query=${query}/>`;
