// run.js - one run (#/runs/12): what happened to it and when, what its frames show, its jobs, files and notes.
import {html, useState} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, fixed, when, clock, duration, percent} from './format.js';
import {State, Share, Problem, Empty} from './parts.js';
import {setQuery} from './table.js';
import {ask, mayEdit} from './ask.js';
import {Tags} from './tags.js';
import {Strip} from './strip.js';

function Comment({r}) {
  const [text, set] = useState(null);
  if (text === null) return html`<p>${r.comment || html`<span class="mute">No comment.</span>`} ${mayEdit() && html`<button class="small" onClick=${() => set(r.comment)}>Edit comment</button>`}</p>`;
  return html`<p><textarea aria-label="comment" rows="2" cols="60" value=${text} onInput=${e => set(e.target.value)}></textarea>
    <button class="pri" onClick=${async () => { if (await ask('run.comment', {runs: `${r.run}#${r.id}`, text}, 'comment')) set(null); }}>Save</button> <button onClick=${() => set(null)}>Cancel</button></p>`;
}

// From "first seen" to "in version 7": a line each; what was not recorded is said, long waits stand out by their bar.
function Times({times, state}) {
  const longest = Math.max(1, ...times.map(s => s.wait_s || 0));
  const day = t => new Date(1000 * t).toISOString().slice(0, 10);
  let before = null;
  return html`<section class="panel gap"><h2>What happened when <small>UTC</small></h2><ol class="times">
    ${times.map((s, i) => {
      const date = s.t !== null && day(s.t) !== before ? (before = day(s.t)) : '';
      return html`<li key=${i} class=${s.missing ? 'mute' : ''}><span class="mute d">${date}</span><span class="mono">${s.missing ? '–' : clock(s.t, true)}</span>
        <span class="w">${s.wait_s > 0 ? html`<i style=${{width: `${(100 * Math.sqrt(s.wait_s / longest)).toFixed(1)}%`}}></i><em>+${duration(s.wait_s)}</em>` : ''}</span>
        <span>${s.job !== null ? html`<a href=${'#/jobs/' + s.job}>job ${s.job}</a>${s.attempt !== null ? ` attempt ${s.attempt}` : ''}: ` : ''}${s.what}${s.missing ? ' (time not recorded)' : ''}</span></li>`;
    })}
    <li class="mute"><span class="d"></span><span class="mono">now</span><span class="w"></span><span><${State} state=${state}/></span></li></ol></section>`;
}

// A drift with its error: what is below three of it is nothing.
function Drift({word, d, digits}) {
  const sign = x => (x > 0 ? '+' : '') + fixed(x, digits), sure = d.drift !== null && Math.abs(d.drift) > 3 * d.sigma && Math.abs(d.drift) > .5 * 10 ** -digits;
  return html`<tr><th scope="row">${word}</th><td class="r">${fixed(d.mean, digits)}</td><td class="r">${fixed(d.spread, digits)}</td><td class="r nw">${d.drift === null ? '–' : html`${sure ? html`<b>${sign(d.drift)}</b>` : sign(d.drift)} ± ${fixed(d.sigma, digits)}`}</td></tr>`;
}

const Fraction = ({word, f}) => html`<dt>${word}</dt><dd>${f.n ? html`${f.n < 20 ? '' : percent(f.p) + ' % '}<span class="mute">${count(f.k)} of ${count(f.n)}</span>` : '–'}</dd>`;

function Summary({s}) {
  return html`<section class="panel"><h2>Along the run</h2><dl class="kv">
    <${Fraction} word="several lattices, of indexed" f=${s.multi}/><${Fraction} word="saturated, of hits" f=${s.saturated}/>
    <${Fraction} word="solvent, of frames" f=${s.solvent}/><${Fraction} word="ice or salt, of frames" f=${s.ice}/><${Fraction} word="ice or salt, of hits" f=${s.ice_hits}/></dl>
    <table class="tight"><caption class="vh">Drifts</caption><thead><tr><th scope="col">Quantity</th><th scope="col" class="r">Mean</th><th scope="col" class="r">σ</th><th scope="col" class="r">Drift</th></tr></thead><tbody>
    <${Drift} word="beam x, px" d=${s.drift.dx_px} digits=${3}/><${Drift} word="beam y, px" d=${s.drift.dy_px} digits=${3}/>
    <${Drift} word="distance, mm" d=${s.drift.distance_mm} digits=${3}/><${Drift} word="energy, eV" d=${s.drift.energy_ev} digits=${1}/>
    <${Drift} word="solvent ratio" d=${s.drift.ring} digits=${2}/><${Drift} word="spot length, px" d=${s.drift.len_px} digits=${2}/></tbody></table>
    <p class="sub">Beam: where lattices put it beside where the recipe has it. Drift: a straight line from the first frame to the last, bold when more than three times its error. Solvent: light on the ring of water by that at a low angle is at least the trial's <code>xfelx.solvent_ratio</code>; of the frames whose detector sees both. Spot length: median of a frame's spots along their long axis.</p></section>`;
}

function Frames({job, jobs, query}) {
  const range = (query.get('at') || '').match(/^(\d+)-(\d+)$/), from = range ? +range[1] : 0, to = range ? +range[2] : 0;
  const {data: s, error} = useData(`jobs/${job}/strip?bins=400${to ? `&from=${from}&to=${to}` : ''}`, 5);
  const choose = html`<label class="nw">Job <select value=${String(job)} onChange=${e => setQuery(query, 'job', e.target.value)}>${jobs.map(j => html`<option key=${j.job} value=${String(j.job)}>${j.job}, trial ${j.trial}${j.preview ? ', preview' : ''}</option>`)}</select></label>`;
  if (!s) return html`<section class="panel gap"><div class="phead"><h2>Frames</h2>${choose}</div><${Problem} error=${error}/></section>`;
  const told = s.step > 1 ? `${count(s.step)} frames a point: least to greatest of each` : 'a point a frame';
  return html`<div class="rungrid"><section class="panel gap"><div class="phead"><h2>Frames <small>${to ? `${count(s.from)} – ${count(s.to)} of ` : ''}${count(s.total)}, ${told}</small></h2><span class="ctl">${to ? html`<button onClick=${() => setQuery(query, 'at', '')}>Whole run</button>` : ''}${choose}</span></div><${Problem} error=${error}/>
    ${s.frames ? html`<${Strip} s=${s} onRange=${(a, b) => setQuery(query, 'at', `${a}-${b}`)}/><p class="sub">Drag over a stretch to see it closer; a click opens the frame that stands out there.</p>` : html`<p class="mute">No frame of this job has a result yet.</p>`}</section>
    ${s.frames ? html`<${Summary} s=${s}/>` : ''}</div>`;
}

const Row = ({j}) => html`<tr><td class="r"><a href=${'#/jobs/' + j.job}>${j.job}</a></td><td class="r">${j.trial}</td><td><${State} state=${j.state}/>${j.preview ? ' preview' : ''}</td><td>${count(j.frames)} of ${count(j.expected)}</td><td><${Share} f=${j.hit} kind="h"/></td><td><${Share} f=${j.indexed}/></td><td class="r">${count(j.multi)}</td><td class="r">${fixed(j.res_a, 2)}</td>
  <td class="nw">${j.frames ? html`<a href=${`#/frames/${j.job}?list=should_index`}>should be indexed</a> · <a href=${`#/frames/${j.job}?list=indexed`}>strongest</a>` : ''}</td></tr>`;

export function One({id, query}) {
  const {data: r, error} = useData('runs/' + encodeURIComponent(id));
  useReady('run', r || error);
  if (!r) return html`<h1>Run</h1><${Problem} error=${error}/>`;
  const ignore = () => ask('run.ignore', {runs: `${r.run}#${r.id}`, ignored: !r.ignored}, r.ignored ? 'taken in again' : 'left out');
  const beside = (which, key, left, right) => r[which] !== null && html`<a data-key=${key} href=${'#/runs/' + encodeURIComponent(r[which])} title=${`the run ${which} (key ${key})`}>${left}run ${r[which]}${right}</a>`;
  const with_frames = r.jobs.filter(j => j.frames), asked = r.jobs.find(j => String(j.job) === query.get('job'));
  const job = asked || with_frames[with_frames.length - 1];
  return html`<div class="phead"><p class="sub"><a href="#/runs">Runs</a></p><span class="ctl">${beside('before', '[', '‹ ', '')}${beside('after', ']', '', ' ›')}</span></div><h1>${r.name}: <${State} state=${r.state}/>${r.share_here !== null ? ` ${percent(r.share_here, 0)} %` : ''}${r.bytes_s !== null ? ` at ${fixed(r.bytes_s / 1e6, 1)} MB/s` : ''}${r.ignored ? ', left out' : ''}</h1>
    <p class="sub">${r.facility} · <span class="mono">${r.path}</span> · ${count(r.files_here)} of ${count(r.n_files)} files here${r.t_begin ? ` · ${when(r.t_begin, now.value)} – ${r.t_end ? when(r.t_end, now.value) : 'now'}` : ''}</p><${Problem} error=${error}/>
    ${r.why_not && html`<div class="alarm"><span>▲</span><div>Cannot be read yet: ${r.why_not}</div></div>`}
    <div class="ctl"><${Tags} run=${r}/>${mayEdit() && html`<button onClick=${ignore}>${r.ignored ? 'Take in again' : 'Leave out'}</button>`}</div><${Comment} r=${r}/>
    ${job ? html`<${Frames} key=${job.job} job=${job.job} jobs=${asked && !with_frames.includes(asked) ? [...with_frames, asked] : with_frames} query=${query}/>` : html`<${Empty}>No frame of this run has a result yet. <code>xfelx submit --explain ${r.run}</code> tells why.<//>`}
    <${Times} times=${r.times} state=${r.state}/>
    <section class="panel gap"><h2>Jobs</h2>${!r.jobs.length ? html`<p class="mute">None yet.</p>` : html`<div tabindex="0" class="scroll"><table><caption class="vh">Jobs of this run</caption><thead><tr><th scope="col" class="r">Job</th><th scope="col" class="r">Trial</th><th scope="col">State</th><th scope="col">Frames</th><th scope="col">Hits, %</th><th scope="col">Indexed, %</th><th scope="col" class="r">Multi</th><th scope="col" class="r">Res., Å</th><th scope="col">Look at</th></tr></thead>
      <tbody>${r.jobs.map(j => html`<${Row} key=${j.job} j=${j}/>`)}</tbody></table></div>`}</section>
    <section class="panel gap"><h2>Files: ${count(r.n_files)}</h2><div tabindex="0" class="scroll"><table><caption class="vh">Files of this run</caption><thead><tr><th scope="col">File</th><th scope="col">Format</th><th scope="col" class="r">Frames</th><th scope="col" class="r">Bytes</th><th scope="col">Here</th></tr></thead>
      <tbody>${r.files.map(f => html`<tr key=${f.path}><td class="mono">${f.path}</td><td>${f.format || '–'}</td><td class="r">${count(f.frames)}</td><td class="r">${count(f.bytes)}</td><td>${f.here ? '✓ yes' : '– no'}</td></tr>`)}</tbody></table></div></section>
    ${r.notes.length > 0 && html`<section class="panel"><h2>Notes</h2>${r.notes.map((n, i) => html`<p key=${i}><span class="mute">${when(n.t, now.value)} ${n.who}:</span> ${n.text}</p>`)}</section>`}`;
}
