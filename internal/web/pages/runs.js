// runs.js - which run needs somebody, which belong together? The list, and each run alone (#/runs/12).
import {html, useState, useRef, useEffect} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, fixed, when, percent, interval} from './format.js';
import {State, Share, Problem, Empty} from './parts.js';
import {Table, sorted, setQuery} from './table.js';
import {parse} from './filter.js';
import {wilson} from './wilson.js';
import {ask, mayEdit} from './ask.js';
import {One} from './run.js';
import {Tags} from './tags.js';

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

export const Runs = ({rest, query}) => rest[0] ? html`<${One} id=${rest[0]} query=${query}/>` : html`<${List} query=${query}/>`;
