// jobs.js - does it keep up, and what went wrong? A list, and each job alone (#/jobs/12).
import {html} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, percent, fixed, when, duration, interval} from './format.js';
import {State, Share, Bar, Problem, Empty, Key} from './parts.js';

function List() {
  const {data, error} = useData('jobs');
  useReady('jobs', data || error);
  if (!data) return html`<h1>Jobs</h1><${Problem} error=${error}/>`;
  const running = data.jobs.filter(j => j.state === 'running').length, failed = data.jobs.filter(j => j.state === 'failed').length;
  return html`<h1>${failed ? `${failed} job${failed > 1 ? 's' : ''} failed, ` : ''}${running} running</h1><${Problem} error=${error}/>
  ${!data.jobs.length ? html`<${Empty}>No jobs yet. <code>xfelx process RUN</code> makes one.<//>` : html`<div class="scroll panel"><table>
    <caption class="vh">Jobs with state, progress and results</caption>
    <thead><tr><th scope="col" class="r">Job</th><th scope="col">Run</th><th scope="col">Trial</th><th scope="col">State</th><th scope="col" class="r">Attempts</th><th scope="col">Done</th><th scope="col" class="r">Failed frames</th><th scope="col">Hits, %</th><th scope="col">Indexed, %</th><th scope="col">Began</th><th scope="col">Took</th></tr></thead>
    <tbody>${data.jobs.map(j => html`<tr key=${j.job}><td class="r"><a href=${'#/jobs/' + j.job}>${j.job}</a></td><td>${j.name}</td><td class="mono">${j.trial.slice(0, 8)}</td><td><${State} state=${j.state}/></td><td class="r">${j.attempts}</td>
      <td>${count(j.frames)} of ${count(j.expected)} <${Bar} share=${j.expected ? j.frames / j.expected : 0} kind="bl"/></td><td class=${'r' + (j.failed ? ' c-bad' : '')}>${count(j.failed)}</td><td><${Share} f=${j.hit} kind="h"/></td><td><${Share} f=${j.indexed}/></td>
      <td>${when(j.t_begin, now.value)}</td><td>${j.t_begin ? duration((j.t_end || now.value) - j.t_begin) : '–'}</td></tr>`)}</tbody></table></div>`}`;
}

const CELL = ['a, Å', 'b, Å', 'c, Å', 'α, °', 'β, °', 'γ, °'];

function One({id}) {
  const {data: j, error} = useData('jobs/' + encodeURIComponent(id));
  useReady('job', j || error);
  if (!j) return html`<h1>Job ${id}</h1><${Problem} error=${error}/>`;
  return html`<p class="sub"><a href="#/jobs">Jobs</a></p>
    <h1>Job ${j.job}: ${j.name}, <${State} state=${j.state}/></h1>
    <p class="sub">attempt ${j.attempts}${j.end ? `, ended: ${j.end}` : ''} · ${j.host} · ${j.ranks} × ${j.threads} threads · ${j.program}</p><${Problem} error=${error}/>
    <div class="keys">
      <${Key} label="Hits of frames" value=${j.hit.n >= 20 ? percent(j.hit.p) : count(j.hit.k)} unit=${j.hit.n >= 20 ? '%' : ''} note=${interval(j.hit)} kind="c-hit"/>
      <${Key} label="Indexed of hits" value=${j.indexed.n >= 20 ? percent(j.indexed.p) : count(j.indexed.k)} unit=${j.indexed.n >= 20 ? '%' : ''} note=${interval(j.indexed)} kind="c-idx"/>
      <${Key} label="Lattices" value=${count(j.lattices)} note=${`${count(j.reflections)} reflections`}/>
      <${Key} label="Resolution, median" value=${fixed(j.res_a, 2)} unit="Å" note=${j.rmsd_px ? `rmsd ${fixed(j.rmsd_px, 2)} px` : ''}/>
      <${Key} label="Frames" value=${count(j.frames)} note=${`of ${count(j.expected)}`}/></div>
    <div class="grid g2">
      <section class="panel"><h2>Unit cell</h2>${j.cell[0] === null ? html`<p class="mute">No lattice yet.</p>` : html`<table class="plain"><caption class="vh">Median cell and the middle two thirds</caption><tbody>${CELL.map((w, i) => html`<tr key=${w}><th scope="row">${w}</th><td class="r">${fixed(j.cell[i], 2)}</td><td class="mute">${fixed(j.cell_lo[i], 2)} – ${fixed(j.cell_hi[i], 2)}</td></tr>`)}</tbody></table>`}</section>
      <section class="panel"><h2>Why frames have no lattice</h2>${!j.reasons.length ? html`<p class="mute">Every frame has one.</p>` : html`<table class="plain"><tbody>${j.reasons.map(r => html`<tr key=${r.reason}><th scope="row">${r.reason.replace(/_/g, ' ')}</th><td class="r">${count(r.n)}</td><td class="wide"><${Bar} share=${j.frames ? r.n / j.frames : 0} kind="h"/></td></tr>`)}</tbody></table>`}</section>
    </div>
    ${j.failures.length > 0 && html`<section class="panel top"><h2>Frames that failed</h2><div class="scroll"><table><thead><tr><th scope="col">File</th><th scope="col" class="r">Frame</th><th scope="col">Reason</th><th scope="col">What happened</th></tr></thead>
      <tbody>${j.failures.map((f, i) => html`<tr key=${i}><td class="mono">${f.file}</td><td class="r">${f.frame}</td><td>${f.reason.replace(/_/g, ' ')}</td><td class="wrap">${f.text}</td></tr>`)}</tbody></table></div></section>`}
    <p class="sub top">Results: <code>${j.folder}</code></p>`;
}

export const Jobs = ({rest}) => rest[0] ? html`<${One} id=${rest[0]}/>` : html`<${List}/>`;
