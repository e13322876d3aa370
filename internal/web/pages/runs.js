// runs.js - which run needs somebody, which belong together? The list, and each run alone (#/runs/12).
import {html, useState} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, fixed, when, percent, duration, stateSign} from './format.js';
import {State, Share, Problem, Empty, runPath} from './parts.js';
import {Table, sorted, setQuery} from './table.js';
import {parse} from './filter.js';
import {wilson} from './wilson.js';
import {ask, mayEdit} from './ask.js';
import {One} from './run.js';
import {Tags, Note} from './tags.js';

const share = f => f.n ? f.p : null;
const FIELDS = {
  numbers: {hit: r => 100 * share(r.hit), idx: r => 100 * share(r.idx), res: r => r.res_a, frames: r => r.done, lattices: r => r.lattices, multi: r => 100 * share(r.several), failed: r => r.failed, files: r => r.files},
  ranges: {run: r => r.run},
  sets: {state: r => [r.state, ...Object.keys(r.jobs), ...(r.ignored ? ['ignored'] : [])], tag: r => r.tags},
  text: r => `${r.name} ${r.tags.join(' ')} ${r.comment}`,
};

// Columns of the answer as objects; made once for each answer, not for each drawing.
let made = {from: null, rows: []};
function objects(data) {
  if (made.from !== data) made = {from: data, rows: data.rows.map(v => {
    const r = Object.fromEntries(data.cols.map((c, i) => [c, v[i]]));
    r.hit = wilson(r.hits, r.done - r.failed); r.idx = wilson(r.indexed, r.hits); r.several = wilson(r.multi, r.indexed);
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

// How far the copying is, and how fast.
const Progress = ({r}) => r.state !== 'transferring' ? '' : html`<span class="mute"> ${r.share_here !== null ? percent(r.share_here, 0) + ' %' : `${count(r.files_here)} of ${count(r.files)}`}${r.bytes_s !== null ? ` ${fixed(r.bytes_s / 1e6, 0)} MB/s` : ''}</span>`;

const Jobs = ({r}) => Object.entries(r.jobs).map(([state, n]) => html`<a key=${state} class="nw" href=${`#/jobs?filter=${encodeURIComponent(`run:${r.run} state:${state}`)}`} title=${`${n} ${state}`}>${stateSign(state)}${n} </a>`);

// A folder knows of a single file when it came, and no more: that is no length.
const lasted = r => r.t !== null && r.t_end > r.t ? r.t_end - r.t : null;

const COLUMNS = [
  {id: 'run', word: 'Run', value: r => r.run, width: '7rem', cell: r => html`<a href=${runPath(r.run, r.id, r.shared)}>${r.name}</a>`},
  {id: 'state', word: 'State', value: telling, width: '15.5rem', cell: r => html`<${State} state=${telling(r)}/><${Progress} r=${r}/>${r.ignored ? ' (left out)' : ''}`},
  {id: 't', word: 'Began', value: r => r.t, width: '8.5rem', cell: r => when(r.t, now.peek())},
  {id: 'length', word: 'Length', right: true, value: lasted, width: '4.5rem', cell: r => duration(lasted(r))},
  {id: 'frames', word: 'Frames', right: true, value: r => r.done, width: '6.5rem', cell: r => html`${count(r.done)}${r.failed ? html` <span class="c-bad" title="frames that failed">✕${count(r.failed)}</span>` : ''}`},
  {id: 'hit', word: 'Hits, %', value: r => share(r.hit), width: '9.9rem', cell: r => html`<${Share} f=${r.hit} kind="h"/>`},
  {id: 'idx', word: 'Indexed, %', value: r => share(r.idx), width: '9.9rem', cell: r => html`<${Share} f=${r.idx}/>`},
  {id: 'res', word: 'Res., Å', right: true, value: r => r.res_a, width: '4.5rem', cell: r => fixed(r.res_a, 2)},
  {id: 'tags', word: 'Tags', value: r => r.tags.join(' ') || null, width: '10rem', cell: r => html`<${Tags} run=${r}/>`},
  {id: 'comment', word: 'Comment', value: r => r.comment || null, width: '12.5rem', cell: r => html`<${Note} run=${r}/>`},
  {id: 'lattices', word: 'Lattices', right: true, value: r => r.lattices, width: '5.5rem', cell: r => count(r.lattices)},
  {id: 'multi', word: 'Multi, %', right: true, value: r => share(r.several), width: '5rem', cell: r => r.several.n ? percent(r.several.p) : '–'},
  {id: 'jobs', word: 'Jobs', width: '5.5rem', cell: r => html`<${Jobs} r=${r}/>`},
];

function Bulk({rows, selected, clear}) {
  const [tag, setTag] = useState(''), [text, setText] = useState('');
  const {data} = useData('tags', 10);
  const runs = rows.filter(r => selected.has(r.id)).map(r => `${r.run}#${r.id}`), words = `${count(runs.length)} run${runs.length === 1 ? '' : 's'}`;
  const go = async verb => { if (tag.trim() && await ask(verb, {runs, tag: tag.trim()}, `tag ${tag.trim()}${verb === 'run.untag' ? ' off' : ''}, ${words}`)) setTag(''); };
  const comment = async () => { if (await ask('run.comment', {runs, text}, `comment, ${words}`)) setText(''); };
  return html`<div class="bulk" role="region" aria-label="selected runs"><b>${count(runs.length)} selected</b>
    <label>tag <input value=${tag} size="12" list="tags" onInput=${e => setTag(e.target.value)} onKeyDown=${e => e.key === 'Enter' && go('run.tag')}/></label><datalist id="tags">${data && data.tags.map(t => html`<option key=${t.name} value=${t.name}/>`)}</datalist>
    <button onClick=${() => go('run.tag')}>Add tag</button><button onClick=${() => go('run.untag')}>Take tag off</button>
    <label>comment <input value=${text} size="18" onInput=${e => setText(e.target.value)} onKeyDown=${e => e.key === 'Enter' && comment()}/></label><button onClick=${comment}>Set comment</button>
    <button onClick=${() => ask('run.ignore', {runs, ignored: true}, `left out, ${words}`)}>Leave out</button><button onClick=${() => ask('run.ignore', {runs, ignored: false}, `taken in, ${words}`)}>Take in</button>
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
    <div class="ctl"><label>Filter <input type="search" size="40" value=${text} placeholder="hit>10 tag:a|b run:400-412 state:failed" title="words are looked for in names, tags and comments; numbers: hit idx res frames lattices multi failed files with < > =; run:12-20, state:…, tag:a&amp;b, -word: not" onInput=${e => setQuery(query, 'filter', e.target.value)}/></label>
      ${filter.bad.length > 0 && html`<span class="c-warn" role="status">▲ not understood: ${filter.bad.join(' ')}</span>`}
      ${mayEdit() && rows.length > 0 && html`<button onClick=${() => select(new Set(rows.map(r => r.id)))}>Select all ${count(rows.length)}</button>`}</div>
    ${mayEdit() && selected.size > 0 && html`<${Bulk} rows=${all} selected=${selected} clear=${() => select(new Set())}/>`}
    ${!all.length ? html`<${Empty}>No runs yet. <code>xfelx watch</code> finds them where facility.* says; <code>xfelx process RUN</code> makes one here.<//>`
      : html`<${Table} label="Runs" rows=${rows} columns=${COLUMNS} sort=${sort} onSort=${s => setQuery(query, 'sort', s)} id=${r => r.id}
        selected=${selected} onSelect=${mayEdit() ? select : null} onOpen=${r => { location.hash = runPath(r.run, r.id, r.shared); }}/>`}`;
}

export const Runs = ({rest, query}) => rest[0] ? html`<${One} id=${rest[0]} query=${query}/>` : html`<${List} query=${query}/>`;
