// jobs.js - does it keep up, and what must be tried again? The list, and each job alone (#/jobs/12).
import {html, useState, useEffect, useRef} from './html.js';
import {useData, useReady, now} from './live.js';
import {clock, count, percent, fixed, when, duration, interval} from './format.js';
import {State, Share, Bar, Problem, Empty, Key, runPath} from './parts.js';
import {Table, sorted, setQuery} from './table.js';
import {parse} from './filter.js';
import {ask, mayEdit} from './ask.js';
import {Weather} from './weather.js';

const share = f => f.n ? f.p : null;
const FIELDS = {
  numbers: {hit: j => 100 * share(j.hit), idx: j => 100 * share(j.indexed), frames: j => j.frames, failed: j => j.failed, attempts: j => j.attempts},
  ranges: {run: j => j.run, job: j => j.job, trial: j => j.trial, group: j => j.rungroup, version: j => j.version},
  sets: {dataset: j => [j.dataset || ''], state: j => [j.state], end: j => [j.end || ''], task: j => [j.task]},
  text: j => `${j.name} ${j.dataset || ''} ${j.reason || ''} ${j.task}`,
};
const COLUMNS = [
  {id: 'job', word: 'Job', right: true, value: j => j.job, width: '5rem', cell: j => html`<a href=${'#/jobs/' + j.job}>${j.job}</a>`},
  {id: 'run', word: 'Run', value: j => j.run, width: '8rem', cell: j => j.run_id ? html`<a href=${runPath(j.run, j.run_id)}>${j.name}</a>` : j.dataset || '–'},
  {id: 'trial', word: 'Trial', right: true, value: j => j.trial, width: '4rem', cell: j => j.trial},
  {id: 'group', word: 'Group', right: true, value: j => j.rungroup, width: '4.5rem', cell: j => j.rungroup || '–'},
  {id: 'task', word: 'Task', value: j => j.task || null, width: '7rem', cell: j => j.task || 'indexing'},
  {id: 'state', word: 'State', value: j => j.state, width: '8rem', cell: j => html`<${State} state=${j.state}/>`},
  {id: 'done', word: 'Done', value: j => j.expected ? j.frames / j.expected : null, width: '13.2rem', cell: j => html`${count(j.frames)} of ${count(j.expected)} <${Bar} share=${j.expected ? j.frames / j.expected : 0} kind="bl"/>`},
  {id: 'hit', word: 'Hits, %', value: j => share(j.hit), width: '9.9rem', cell: j => html`<${Share} f=${j.hit} kind="h"/>`},
  {id: 'idx', word: 'Indexed, %', value: j => share(j.indexed), width: '9.9rem', cell: j => html`<${Share} f=${j.indexed}/>`},
  {id: 'attempts', word: 'Tries', right: true, value: j => j.attempts, width: '4rem', cell: j => j.attempts},
  {id: 't', word: 'Began', value: j => j.t_begin, width: '9rem', cell: j => when(j.t_begin, now.peek())},
  {id: 'reason', word: 'Why', value: j => j.reason || j.end, cell: j => j.state === 'done' ? '' : [j.end, j.reason].filter(Boolean).join(': ')},
];

// Each change for those of the selected jobs that it would change.
function Bulk({rows, clear}) {
  const may = what => rows.filter(j => j.may.includes(what)).map(j => j.job), again = may('retry'), end = may('cancel'), jobs = n => `${count(n)} job${n === 1 ? '' : 's'}`;
  const [sure, setSure] = useState(false);
  return html`<div class="bulk" role="region" aria-label="selected jobs"><b>${count(rows.length)} selected</b>
    ${again.length > 0 && html`<button onClick=${async () => { if (await ask('job.retry', {jobs: again}, `try ${jobs(again.length)} again`)) clear(); }}>Try ${jobs(again.length)} again</button>`}
    ${end.length > 0 && (sure ? html`<span>End ${jobs(end.length)}? Frames that are done stay counted.</span><button class="pri" onClick=${async () => { setSure(false); if (await ask('job.cancel', {jobs: end}, `cancel ${jobs(end.length)}`)) clear(); }}>Yes, cancel</button><button onClick=${() => setSure(false)}>No</button>`
      : html`<button onClick=${() => setSure(true)}>Cancel ${jobs(end.length)}…</button>`)}
    ${again.length + end.length === 0 && html`<span>They are done: nothing to try again or to cancel.</span>`}
    <button onClick=${clear}>Select none</button></div>`;
}

function List({query}) {
  const {data, error} = useData('jobs');
  const [selected, select] = useState(new Set());
  useReady('jobs', data || error);
  if (!data) return html`<h1>Jobs</h1><${Problem} error=${error}/>`;
  const all = data.jobs, text = query.get('filter') || '', sort = query.get('sort') || '';
  const filter = parse(text, FIELDS), rows = sorted(all.filter(filter.test), COLUMNS, sort);
  const n = s => all.filter(j => j.state === s).length, failed = n('failed');
  return html`<h1>${failed ? `${count(failed)} job${failed > 1 ? 's' : ''} failed, ` : ''}${count(n('running'))} running, ${count(n('queued') + n('again') + n('waiting') + n('ready'))} waiting</h1><${Problem} error=${error}/>
    ${all.length === data.most && html`<p class="sub">The newest ${count(data.most)} jobs; <code>xfelx job list</code> shows all.</p>`}
    <div class="ctl"><label>Filter <input type="search" size="40" value=${text} placeholder="state:failed run:400-412 trial:4" onInput=${e => setQuery(query, 'filter', e.target.value)}/></label>
      ${filter.bad.length > 0 && html`<span class="c-warn" role="status">▲ not understood: ${filter.bad.join(' ')}</span>`}
      ${mayEdit() && text && rows.length > 0 && html`<button onClick=${() => select(new Set(rows.map(j => j.job)))}>Select all ${count(rows.length)}</button>`}</div>
    ${mayEdit() && selected.size > 0 && html`<${Bulk} rows=${all.filter(j => selected.has(j.job))} clear=${() => select(new Set())}/>`}
    ${!all.length ? html`<${Empty}>No jobs yet. <code>xfelx submit --dry-run</code> says what would be started, and why not more.<//>`
      : html`<${Table} label="Jobs" rows=${rows} columns=${COLUMNS} sort=${sort} onSort=${s => setQuery(query, 'sort', s)} id=${j => j.job} selected=${selected} onSelect=${mayEdit() ? select : null} onOpen=${j => { location.hash = '#/jobs/' + j.job; }}/>`}`;
}

const CELL = ['a, Å', 'b, Å', 'c, Å', 'α, °', 'β, °', 'γ, °'];

// The end of a log, following it: text nodes only, whatever is in it. Who scrolled up stays there.
const LINES = [200, 2000];
function LogTail({job, no, query}) {
  const lines = LINES.includes(+query.get('lines')) ? +query.get('lines') : LINES[0], box = useRef(null), low = useRef(true);
  const {data, error} = useData(`jobs/${job}/attempts/${no}/log?lines=${lines}`);
  useEffect(() => { const b = box.current; if (b && low.current) b.scrollTop = b.scrollHeight; }, [data]);
  const follow = e => { const b = e.target; low.current = b.scrollTop + b.clientHeight > b.scrollHeight - 8; };
  return html`<section class="panel gap"><div class="phead"><h2>Log of try ${no}</h2><span class="seg" role="group" aria-label="how much of the log">${LINES.map(n => html`<button key=${n} aria-pressed=${n === lines} onClick=${() => setQuery(query, 'lines', String(n))}>${count(n)} lines</button>`)}</span></div>
    <${Problem} error=${error}/>${data && (data.why ? html`<p class="mute">${data.why}</p>` : html`<p class="sub mono break">${data.log}, ${count(data.bytes)} bytes</p>
      ${!data.lines.length ? html`<p class="mute">It is empty.</p>` : html`<pre class="log" ref=${box} onScroll=${follow} tabindex="0" role="region" aria-label=${'Log of try ' + no}>${data.lines.join('\n')}</pre>`}`)}</section>`;
}

// What each rank of a try did: from its first frame to its last, as bars on the try's own time.
function Ranks({job, attempt}) {
  const ranks = job.ranks.filter(r => r.attempt === attempt.no);
  if (!ranks.length) return html`<section class="panel gap"><h2>What each rank of try ${attempt.no} did</h2><p class="mute">No frame was done in this try.</p></section>`;
  const from = Math.min(attempt.t_begin || Infinity, ...ranks.map(r => r.t_first || Infinity)), to = Math.max(attempt.t_end || 0, ...ranks.map(r => r.t_last || 0)), at = t => to > from ? Math.max(0, Math.min(1, (t - from) / (to - from))) : 0;
  return html`<section class="panel gap"><h2>What each rank of try ${attempt.no} did</h2><div tabindex="0" class="scroll"><table><caption class="vh">Ranks</caption><thead><tr><th scope="col" class="r">Rank</th><th scope="col">Host</th><th scope="col" class="r">Frames</th><th scope="col" class="r">Failed</th><th scope="col">First frame</th><th scope="col">Last frame</th><th scope="col" class="wide">From first to last</th><th scope="col" class="r">Work, all threads</th><th scope="col" class="r">Per frame, ms</th></tr></thead>
    <tbody>${ranks.map(r => html`<tr key=${r.rank}><td class="r">${r.rank}</td><td>${r.host || '–'}</td><td class="r">${count(r.frames)}</td><td class="r">${count(r.failed)}</td><td>${clock(r.t_first, true)}</td><td>${clock(r.t_last, true)}</td><td><span class="bar span" aria-hidden="true"><i style=${{left: `${100 * at(r.t_first)}%`, width: `${Math.max(1, 100 * (at(r.t_last) - at(r.t_first)))}%`}}></i></span></td><td class="r">${duration(r.busy_s)}</td><td class="r">${r.frames ? fixed(1000 * r.busy_s / r.frames, 1) : '–'}</td></tr>`)}</tbody></table></div>
    ${job.n_ranks > job.ranks.length && html`<p class="mute">The first ${count(job.ranks.length)} of ${count(job.n_ranks)} ranks of all tries.</p>`}</section>`;
}

function One({id, query}) {
  const {data: j, error} = useData('jobs/' + encodeURIComponent(id));
  useReady('job', j || error);
  if (!j) return html`<h1>Job ${id}</h1><${Problem} error=${error}/>`;
  const shown = j.tries.find(t => t.no === +query.get('try')) || j.tries[j.tries.length - 1];
  const rate = f => f.n >= 20 ? {value: percent(f.p), unit: '%'} : {value: f.n ? `${f.k} of ${f.n}` : '–'};
  return html`<p class="sub"><a href="#/jobs">Jobs</a></p>
    <h1>Job ${j.job}: ${j.name || j.dataset}, <${State} state=${j.state}/></h1>
    <p class="sub">trial ${j.trial}${j.rungroup ? `, rungroup ${j.rungroup}` : ''}${j.task ? `, task ${j.task}` : ''}${j.cancelled_by ? ` · cancelled by ${j.cancelled_by}` : ''}${j.t_retry ? ` · next try ${when(j.t_retry, now.value)}` : ''}</p><${Problem} error=${error}/>
    ${mayEdit() && html`<div class="ctl">${j.may.includes('retry') && html`<button onClick=${() => ask('job.retry', {jobs: [j.job]}, 'try again')}>Try again</button>`}${j.may.includes('cancel') && html`<button onClick=${() => ask('job.cancel', {jobs: [j.job]}, 'cancel')}>Cancel job</button>`}</div>`}
    <p><a href=${'#/frames/' + j.job}>Look at frames of this job</a>, <a href=${'#/cells?job=' + j.job}>its unit cells</a></p>
    <div class="keys">
      <${Key} label="Hits of frames" ...${rate(j.hit)} note=${interval(j.hit)} kind="c-hit"/>
      <${Key} label="Indexed of hits" ...${rate(j.indexed)} note=${interval(j.indexed)} kind="c-idx"/>
      <${Key} label="Lattices" value=${count(j.lattices)} note=${j.reflections !== undefined ? `${count(j.reflections)} reflections` : ''}/>
      <${Key} label="Resolution" value=${fixed(j.res_a, 2)} unit="Å" note=${j.rmsd_px ? `rmsd ${fixed(j.rmsd_px, 2)} px` : ''}/>
      <${Key} label="Frames" value=${count(j.frames)} note=${`of ${count(j.expected)}${j.failed ? `, ✕ ${count(j.failed)} failed` : ''}`}/></div>
    <section class="panel gap"><h2>Tries</h2><div tabindex="0" class="scroll"><table><caption class="vh">Attempts of this job</caption><thead><tr><th scope="col" class="r">No.</th><th scope="col">State</th><th scope="col">Ended by</th><th scope="col">Exit</th><th scope="col">Where</th><th scope="col">Began</th><th scope="col">Took</th><th scope="col">Reason</th><th scope="col">Log, ranks</th></tr></thead>
      <tbody>${j.tries.map(t => html`<tr key=${t.no} aria-current=${t === shown ? 'true' : undefined}><td class="r">${t.no}</td><td><${State} state=${t.state}/></td><td>${t.end || '–'}</td><td>${t.signal ? `signal ${t.signal}` : t.exit_code ?? '–'}</td><td>${[t.host, t.sched_id && `${t.scheduler} ${t.sched_id}`].filter(Boolean).join(', ')} ${t.ranks} × ${t.threads}</td><td>${when(t.t_begin, now.value)}</td><td>${t.t_begin ? duration((t.t_end || now.value) - t.t_begin) : '–'}</td><td class="wrap">${t.reason || ''}</td><td>${j.tries.length > 1 || t.log ? html`<button aria-pressed=${t === shown} onClick=${() => setQuery(query, 'try', String(t.no))}>Look<span class="vh"> at try ${t.no}</span></button>` : '–'}</td></tr>`)}</tbody></table></div></section>
    ${shown && html`<${LogTail} key=${'log' + shown.no} job=${j.job} no=${shown.no} query=${query}/><${Ranks} job=${j} attempt=${shown}/><${Weather} job=${j.job} no=${shown.no} query=${query}/>`}
    ${j.cell && html`<div class="grid g2">
      <section class="panel"><h2>Unit cell</h2>${j.cell[0] === null ? html`<p class="mute">No lattice yet.</p>` : html`<table class="plain"><caption class="vh">Median cell and the middle two thirds</caption><tbody>${CELL.map((w, i) => html`<tr key=${w}><th scope="row">${w}</th><td class="r">${fixed(j.cell[i], 2)}</td><td class="mute">${fixed(j.cell_lo[i], 2)} – ${fixed(j.cell_hi[i], 2)}</td></tr>`)}</tbody></table>`}</section>
      <section class="panel"><h2>Why frames have no lattice</h2>${!j.reasons.length ? html`<p class="mute">Every frame has one.</p>` : html`<table class="plain"><caption class="vh">Reasons</caption><tbody>${j.reasons.map(r => html`<tr key=${r.reason}><th scope="row">${r.text}</th><td class="r">${count(r.n)}</td><td class="wide"><${Bar} share=${j.frames ? r.n / j.frames : 0} kind="h"/></td></tr>`)}</tbody></table>`}</section>
    </div>`}
    ${j.failures.length > 0 && html`<section class="panel top"><h2>Frames that failed</h2><div tabindex="0" class="scroll"><table><caption class="vh">Frames that failed</caption><thead><tr><th scope="col">File</th><th scope="col" class="r">Frame</th><th scope="col">Reason</th><th scope="col">What happened</th></tr></thead>
      <tbody>${j.failures.map((f, i) => html`<tr key=${i}><td class="mono">${f.file}</td><td class="r">${f.frame}</td><td>${f.reason_text}</td><td class="wrap">${f.text}</td></tr>`)}</tbody></table></div></section>`}
    <p class="sub top">Results: <code>${j.folder}</code></p>`;
}

export const Jobs = ({rest, query}) => rest[0] ? html`<${One} id=${rest[0]} query=${query}/>` : html`<${List} query=${query}/>`;
