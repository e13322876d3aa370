// overview.js - is it working, as good as before, since when and why not, and must somebody do something? (GET overview, of one trial)
import {html, useState} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, percent, interval, duration, fixed, clock, bytes} from './format.js';
import {Bar, Problem, Empty, State, runPath} from './parts.js';
import {Rates, Spots, Resolution} from './series.js';
import {wilson} from './wilson.js';
import {Standing, useStanding} from './alarms.js';
import {ByLabel} from './labels.js';

// How old a number is. While a job runs, one older than 5 s says so, one older than 30 s is red.
function Age({t, running = true}) {
  if (t === null || t === undefined) return null;
  const s = Math.max(0, now.value - t);
  if (!running) return html`<span class="age">up to ${clock(t)}</span>`;
  return html`<span class=${'age' + (s > 30 ? ' c-bad' : '')}>${s > 30 ? '▲ ' : ''}${s < 1 ? 'now' : duration(s) + ' old'}</span>`;
}

// The newest 45 minutes as a line; minutes without frames are gaps.
function Spark({values, kind}) {
  const v = values.slice(-45), known = v.filter(x => x !== null), lo = Math.min(...known), hi = Math.max(...known);
  if (known.length < 2) return html`<svg class="spark" aria-hidden="true"></svg>`;
  let path = '', pen = 'M';
  v.forEach((x, i) => { if (x === null) { pen = 'M'; return; } path += `${pen}${(100 * i / 44).toFixed(1)} ${(18 - 16 * (x - lo) / (hi - lo || 1)).toFixed(1)}`; pen = 'L'; });
  return html`<svg class=${'spark ' + kind} viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true"><path d=${path}/></svg>`;
}

function Key({label, value, unit, note, age, kind = '', children}) {
  return html`<div class="kf"><div class="l"><span>${label}</span>${age}</div><div class=${'v ' + kind}>${value}${unit && html` <small>${unit}</small>`}</div><div class="ci">${note !== value && note || html`<span class="vh">–</span>`}</div>${children}</div>`;
}
const rate = f => f.n >= 20 ? {value: percent(f.p), unit: '%'} : {value: f.n ? `${f.k} of ${f.n}` : '–'};
const leftWords = g => g.have >= g.goal ? 'reached' : g.left_s === null ? 'not at this rate' : duration(g.left_s);
const leftRange = g => g.have >= g.goal || g.left_s === null ? '' : g.left_s_95[1] === null ? `from ${duration(g.left_s_95[0])}` : `${duration(g.left_s_95[0])} – ${duration(g.left_s_95[1])}`;

function Keys({d}) {
  const n = d.now, s = d.series, age = html`<${Age} t=${d.t - d.store.age_s} running=${n.running}/>`;
  const goal = [...d.goals].filter(g => g.have < g.goal).sort((a, b) => (b.left_s ?? 1e9) - (a.left_s ?? 1e9))[0];
  const hits = s.hits.map((h, i) => wilson(h, s.frames[i] - s.failed[i]).p), indexed = s.indexed.map((k, i) => wilson(k, s.hits[i]).p);
  return html`<div class="keys">
    <${Key} label="Hits of frames" ...${rate(n.hit)} note=${interval(n.hit)} age=${age} kind="c-hit"><${Spark} values=${hits} kind="c-hit"/><//>
    <${Key} label="Indexed of hits" ...${rate(n.indexed)} note=${interval(n.indexed)} age=${age} kind="c-idx"><${Spark} values=${indexed} kind="c-idx"/><//>
    <${Key} label="Lattices per hour" value=${count(n.lattices_h)} note=${n.lattices_h === null ? '' : `95 %: ${count(n.lattices_h_95[0])} – ${count(n.lattices_h_95[1])}`}><${Spark} values=${s.frames.map((f, i) => f ? s.lattices[i] : null)} kind="c-ink"/><//>
    <${Key} label="Resolution, median" value=${fixed(n.res_a[1], 2)} unit=${n.res_a[1] === null ? '' : 'Å'} note=${n.res_a[1] === null ? 'no lattice in these minutes' : `half of them: ${fixed(n.res_a[2], 2)} – ${fixed(n.res_a[0], 2)} Å`}><${Spark} values=${s.res_a.map(x => x && 1 / (x * x))} kind="c-ink"/><//>
    ${goal ? html`<${Key} label=${`${goal.dataset}: time to goal`} value=${goal.left_s === null ? '–' : duration(goal.left_s)} note=${goal.left_s === null ? 'not at this rate' : html`95 %: ${leftRange(goal)}`}><div class="goal"><${Bar} share=${goal.have / goal.goal}/> <span class="mute">${count(goal.have)} of ${count(goal.goal)}</span></div><//>`
    : html`<${Key} label="Frames" value=${d.totals.frames < 1e6 ? count(d.totals.frames) : (d.totals.frames / 1e6).toFixed(3)} unit=${d.totals.frames < 1e6 ? '' : 'million'} note=${d.totals.failed ? html`<span class="c-bad">✕ ${count(d.totals.failed)} failed</span>` : 'none failed'}/>`}
  </div>`;
}

// ---- now against usual: the interval of the hour as a band, of two minutes as a whisker
function Usual({rows}) {
  const shown = rows.filter(u => u.now !== null && u.usual !== null);
  const text = (u, v) => u.unit === '%' ? percent(v) : fixed(v, u.unit ? 2 : 0);
  return html`<section class="panel gap"><div class="phead"><h2>Now against usual</h2><span class="mute">2 minutes against the hour before, 99 %</span></div>
    ${shown.length ? html`<table class="plain usual"><caption class="vh">Quantities of the last two minutes against the median of the hour before</caption>
    <thead class="vh"><tr><th>what</th><th>now</th><th>usual</th><th>intervals</th><th>changed</th></tr></thead><tbody>${shown.map(u => {
      const ends = [...u.now_99, ...u.usual_99].filter(x => x !== null), lo = Math.min(...ends), hi = Math.max(...ends), at = v => (4 + 92 * (v - lo) / (hi - lo || 1)).toFixed(1);
      return html`<tr key=${u.key} class=${u.changed ? 'moved' : ''}><th scope="row">${u.words}</th><td class="r"><b>${text(u, u.now)}</b> ${u.unit}</td><td class="r mute">usually ${text(u, u.usual)}</td>
        <td class="wide"><svg class="ivl" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true"><rect x=${at(u.usual_99[0])} y="2" width=${Math.max(.8, at(u.usual_99[1]) - at(u.usual_99[0]))} height="8"/><path class="u" d=${`M${at(u.usual)} 1V11`}/><path class="n" d=${`M${at(u.now_99[0])} 6H${at(u.now_99[1])}`}/><path class="n" d=${`M${at(u.now)} 3V9`}/></svg></td>
        <td class="chg">${u.changed ? html`<span class="c-warn">${u.key === 'res_a' ? (u.now > u.usual ? '▼ worse' : '▲ better') : u.unit === 'px' ? '▲ moved' : u.now > u.usual ? '▲ higher' : '▼ lower'}</span>` : html`<span class="mute">as usual</span>`}</td></tr>`; })}</tbody></table>`
    : html`<p class="mute">Eight minutes of 50 frames or more make an hour's median; there are not so many yet.</p>`}</section>`;
}

// ---- what became of each frame, with what was lost on the way
function Funnel({d}) {
  const kinds = {frames: 'b', readable: 'b', hits: 'h', indexed: '', integrated: 'o'}, all = d.totals.frames;
  return html`<section class="panel"><div class="phead"><h2>What became of each frame</h2><span class="mute">trial ${d.trial ?? '–'}</span></div>
    <table class="plain funnel"><caption class="vh">Frames by step, with losses by reason</caption><colgroup><col/><col class="n"/><col class="pc"/><col class="wide"/></colgroup><tbody>${d.funnel.map((f, i) => html`
      ${[...f.lost].sort((a, b) => b.n - a.n).slice(0, 5).map(l => html`<tr key=${l.reason} class="lost"><th scope="row">− ${l.text}</th><td class="r">${count(l.n)}</td><td class="r pc">${all && l.n / all < .0005 ? '< 0.1' : percent(all ? l.n / all : null)} %</td><td class="wide"><${Bar} share=${all ? l.n / all : null} kind="x"/></td></tr>`)}
      ${(f.step !== 'readable' || f.share.k < f.share.n) && html`<tr key=${f.step}><th scope="row">${f.words}</th><td class="r"><b>${count(f.share.k)}</b></td>
        <td class="r mute">${i === 0 ? '' : f.share.n < 20 ? `${f.share.k} of ${f.share.n}` : html`<span title=${interval(f.share)}>${percent(f.share.p)} % of ${f.of}</span>`}</td><td class="wide"><${Bar} share=${all ? f.share.k / all : null} kind=${kinds[f.step]}/></td></tr>`}`)}
      <tr class="last"><th scope="row">lattices</th><td class="r"><b>${count(d.totals.lattices)}</b></td><td class="r mute">${d.totals.multi ? `${count(d.totals.multi)} frames have several` : ''}</td><td/></tr>
      ${[['solvent', 'solvent in the beam'], ['ice', 'ice or salt']].map(([key, word]) => d.keys[key].n > 0 && html`<tr key=${key}><th scope="row">${word}</th><td class="r"><b>${count(d.keys[key].k)}</b></td><td class="r mute">${d.keys[key].n < 20 ? `${d.keys[key].k} of ${d.keys[key].n}` : html`<span title=${interval(d.keys[key])}>${percent(d.keys[key].p)} % of frames</span>`}</td><td class="wide"><${Bar} share=${d.keys[key].p} kind=${key === 'ice' ? 'x' : 'b'}/></td></tr>`)}</tbody></table></section>`;
}

// Trials and rungroups that nothing is started of.
const BadInputs = ({rows}) => rows.map(b => html`<div key=${b.of + b.number} class="alarm" role="alert"><span aria-hidden="true">▲</span><div><b>Nothing is started of ${b.of} ${b.number}: ${b.text}.</b><div class="do">${b.hint} · <a href="#/trials">Trials</a></div></div></div>`);

function Goals({d}) {
  return html`<section class="panel"><div class="phead"><h2>Goals of datasets</h2><span class="mute">lattices</span></div>
    ${d.goals.length ? html`<table class="plain"><caption class="vh">Datasets: lattices so far, goal, time left</caption><tbody>${d.goals.map(g => html`<tr key=${g.id}><th scope="row"><a href=${'#/datasets/' + g.id}>${g.dataset}</a><div class="mute small">${count(g.have)} of ${count(g.goal)}, trial ${g.trial}</div>${g.coverage && html`<div class="mute small">${percent(g.coverage.points[0].seen_fold)} of ${percent(g.coverage.share)} % of ${fixed(g.coverage.d_max, 2)} – ${fixed(g.coverage.d_min, 2)} Å seen ${g.coverage.fold} times${g.coverage.preferred_orientation ? '; crystals do not lie evenly' : ''}</div>`}</th>
      <td class="wide"><${Bar} share=${g.have / g.goal} kind=${g.have >= g.goal ? 'o' : ''}/></td><td class="r">${g.have >= g.goal ? html`<span class="c-ok">✓ reached</span>` : leftWords(g)}<div class="mute small">${leftRange(g)}</div></td></tr>`)}</tbody></table>`
    : html`<p class="mute">No active dataset has a goal. <code>xfelx dataset edit NAME --goal 15000</code> sets one.</p>`}</section>`;
}

function Queue({d}) {
  const q = d.queue.states, waiting = q.queued + q.waiting + q.ready + q.again, rows = d.queue.jobs;
  return html`<section class="panel queue"><div class="phead"><h2>Queue</h2><span class="mute"><a href="#/jobs?filter=state:running">${count(q.running)} running</a>, ${count(waiting)} waiting, ${q.failed ? html`<a class="c-bad" href="#/jobs?filter=state:failed">✕ ${count(q.failed)} failed</a>` : 'none failed'}</span></div>
    <div class=${d.errors.length ? 'grid g2' : ''}><div>${rows.length ? html`<table class="plain"><caption class="vh">Jobs that run, wait, or failed</caption><tbody>${rows.slice(0, 10).map(j => html`<tr key=${j.job}><th scope="row"><a href=${'#/jobs/' + j.job}>job ${j.job}</a> <span class="mute">${j.run === null ? '' : 'run ' + j.run}</span></th>
      <td><${State} state=${j.state}/></td><td class="wide">${j.state === 'failed' ? html`<span class="c-bad clip">${j.reason || ''}</span>` : html`<${Bar} share=${j.expected > 0 ? j.done / j.expected : null}/>`}</td><td class="r mute">${j.expected > 0 && j.state !== 'failed' ? `${Math.floor(100 * j.done / j.expected)} %` : ''}</td></tr>`)}</tbody></table>` : html`<p class="mute">Nothing runs and nothing waits.</p>`}</div>
    ${d.errors.length > 0 && html`<div><h3>Last errors</h3><ul class="errs">${d.errors.slice(0, 4).map(e => html`<li key=${e.t}><span class="mute">${clock(e.t)}</span> ${e.job ? html`<a href=${'#/jobs/' + e.job}>job ${e.job}</a> ` : ''}${e.text}</li>`)}</ul></div>`}</div></section>`;
}

function Machinery({d}) {
  const w = d.watch, s = d.store, free = d.disk.free, lag = s.lag_s;
  const rows = [
    [w.owner === null ? 'off' : w.fine ? 'ok' : 'warn', 'watch', w.owner === null ? 'nobody yet' : w.fine ? `${w.owner}, looked ${duration(w.age_s)} ago` : `nobody for ${duration(w.age_s)}: start xfelx watch (before: ${w.owner})`],
    [d.now.running ? 'ok' : 'off', 'processing', d.now.running ? `${fixed(d.now.rate_hz, 1)} frames/s${d.now.mb_s === null ? '' : `, ${fixed(d.now.mb_s, 0)} MB/s`}; ${d.now.behind_s === null ? '' : `${duration(d.now.behind_s)} behind`}` : 'no job of this trial runs'],
    [free === null ? 'off' : free < .05 ? 'bad' : free < .1 ? 'warn' : 'ok', 'disk', free === null ? 'not known here' : `${percent(1 - free, 0)} % full, ${bytes(d.disk.free_bytes)} free`],
    [lag !== null && lag > 30 ? 'bad' : 'ok', 'database', `${s.kind}, schema ${s.schema}${s.attempts ? `; results arrive after ${lag < 1 ? Math.round(1000 * lag) + ' ms' : duration(lag)}, ${count(s.behind_rows)} wait` : ''}`],
  ];
  const sign = {ok: '✓', warn: '▲', bad: '✕', off: '○'};
  return html`<section class="panel"><div class="phead"><h2>Machinery</h2><${Age} t=${d.t}/></div><table class="plain"><caption class="vh">State of watcher, processing, disk and database</caption><tbody>
    ${rows.map(([k, what, text]) => html`<tr key=${what}><td class=${'sg c-' + (k === 'off' ? 'mute' : k)} aria-label=${k}>${sign[k]}</td><th scope="row">${what}</th><td class="wrap">${text}</td></tr>`)}
    ${d.stages.length > 0 && html`<tr><td/><th scope="row">a frame takes</th><td class="wrap">${d.stages.filter(x => x.mean_ms >= .05).map(x => `${x.stage} ${fixed(x.mean_ms, 1)}`).join(', ')} ms</td></tr>`}</tbody></table>
    <p class="mute small"><a href="#/doctor">Doctor</a> looks closer.</p></section>`;
}

const SPANS = [[60, '1 h'], [180, '3 h'], [720, '12 h'], [2880, '2 d']], USUAL = 180, EMPTY = 10;

// Of a series, what there is to see: at most EMPTY minutes before the first that has frames.
function trimmed(s) {
  const n = s.frames.length, first = s.frames.findIndex(f => f > 0), cut = Math.max(0, first - EMPTY);
  return cut === 0 ? s : {...Object.fromEntries(Object.entries(s).map(([k, v]) => [k, Array.isArray(v) && v.length === n && k !== 'runs' ? v.slice(cut) : v])), t0: s.t0 + cut * s.dt};
}

function Trial({d, chosen}) {
  if (d.trials.length < 2) return d.trial ? `trial ${d.trial}` : null;
  const set = e => { const q = new URLSearchParams(location.hash.split('?')[1]); if (e.target.value) q.set('trial', e.target.value); else q.delete('trial'); location.hash = '#/overview' + (q.size ? '?' + q : ''); };
  return html`<label class="nohutch">of <select aria-label="trial" value=${chosen || ''} onChange=${set}><option value="">trial ${chosen ? '(newest active)' : d.trial + ' (newest active)'}</option>
    ${[...d.trials].reverse().map(t => html`<option key=${t.trial} value=${t.trial}>trial ${t.trial}${t.active ? '' : ', off'}: ${count(t.frames)} frames</option>`)}</select></label>`;
}

export function Overview({query}) {
  const [picked, setMinutes] = useState(+query.get('minutes') || 0), minutes = picked || USUAL, chosen = query.get('trial');
  const {data: d, error, t} = useData(`overview?minutes=${minutes}${chosen ? '&trial=' + encodeURIComponent(chosen) : ''}`, 1, 10);
  useReady('overview', d || error);
  useStanding(chosen ? null : d);
  if (!d) return html`<h1>Overview</h1><${Problem} error=${error}/>`;
  const s = picked ? d.series : trimmed(d.series), shown = picked || (SPANS.find(([m]) => m >= s.frames.length) || SPANS[1])[0];
  const stale = error && now.value - t > 5, end = d.t_newest, n = d.now;
  const span = end && now.value - end < 900 ? 'last 10 minutes' : end ? `the 10 minutes up to ${clock(end)}` : '', jobs = Object.values(d.queue.states).reduce((a, b) => a + b, 0);
  return html`<h1 aria-live="polite">${d.finding.replace(/^./, c => c.toUpperCase())}</h1>
    <p class="sub">${n.run !== null && html`<a href=${runPath(n.run, n.id)}>run ${n.run}</a> ${n.running ? html`<${State} state="running"/>` : ''} ${n.tags.join(', ')} · `}${span && html`${span}, with 95 % intervals · `}<${Trial} d=${d} chosen=${chosen}/></p>
    <${Problem} error=${error}/>
    ${!jobs && html`<${Empty}>What is processed is shown here. <code>xfelx watch</code> finds runs and starts jobs; <code>xfelx process RUN</code> works on one here.<//>`}
    <div class=${stale ? 'stale' : ''}><${Keys} d=${d}/></div>
    <${Standing} alarms=${d.alarms}/><${BadInputs} rows=${d.bad_inputs}/>
    ${end && html`<section class="panel gap"><div class="phead"><h2>Rates and resolution, each minute</h2>
      <span class="seg nohutch" role="group" aria-label="time shown">${SPANS.map(([m, w]) => html`<button key=${m} aria-pressed=${m === shown} onClick=${() => setMinutes(m)}>${w}</button>`)}</span></div>
      <${Rates} s=${s}/><${Spots} s=${s}/><${Resolution} s=${s}/></section>`}
    <div class="grid g2o"><div class="stack nohutch"><${Funnel} d=${d}/><${Machinery} d=${d}/></div><div class="stack"><${Usual} rows=${d.usual}/><${Goals} d=${d}/></div></div>
    <${ByLabel} query=${d.trial ? 'trial=' + d.trial : ''}/>
    <div class="nohutch top"><${Queue} d=${d}/></div>`;
}
