// overview.js - is it working, as good as before, since when and why not, and must somebody do something?
import {html, useState} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, percent, interval, duration, fixed, clock} from './format.js';
import {Key, Bar, Problem, Empty} from './parts.js';
import {Rates, Spots, Resolution} from './series.js';

// The page's title is what was found, from a table of sentences; the first that fits.
function finding(d) {
  const {recent: r, keys: k, totals: n, jobs} = d;
  if (!n.frames) return jobs.all ? 'No frame is done yet' : 'Nothing was processed yet';
  if (k.hit.n < 20 || !k.indexed.n) return `${count(k.hit.k)} hits of ${count(k.hit.n)} frames`;
  const moved = (a, b) => a.n >= 500 && b.n >= 500 && (a.hi < b.lo * 0.8 || a.lo > b.hi * 1.25);
  if (moved(r.indexed, k.indexed)) return `${r.indexed.p < k.indexed.p ? 'Indexing has dropped' : 'Indexing has risen'} to ${percent(r.indexed.p, 0)} % of hits, from ${percent(k.indexed.p, 0)} % over all frames`;
  if (moved(r.hit, k.hit)) return `${r.hit.p < k.hit.p ? 'The hit rate has dropped' : 'The hit rate has risen'} to ${percent(r.hit.p)} %, from ${percent(k.hit.p)} % over all frames`;
  return `${percent(k.hit.p)} % hits, ${percent(k.indexed.p, 0)} % of them indexed`;
}

const rate = f => f.n >= 20 ? {value: percent(f.p), unit: '%'} : {value: f.n ? `${f.k} of ${f.n}` : '–'};

function Funnel({d}) {
  const n = d.totals, rows = [
    ['frames', n.frames, 'b', ''], ['hits', n.hits, 'h', `${percent(d.keys.hit.p)} % of frames`],
    ['indexed', n.indexed, '', `${percent(d.keys.indexed.p)} % of hits`],
    ['integrated', n.integrated, 'o', n.indexed ? `${percent(n.integrated / n.indexed)} % of indexed` : '–'],
  ];
  return html`<section class="panel"><h2>What became of each frame</h2>
    <table class="plain"><caption class="vh">Frames by outcome</caption><tbody>${rows.map(([word, k, kind, note]) => html`<tr key=${word}><th scope="row">${word}</th><td class="r">${count(k)}</td><td class="mute">${note}</td>
      <td class="wide"><${Bar} share=${n.frames ? k / n.frames : 0} kind=${kind}/></td></tr>`)}
      ${n.failed > 0 && html`<tr><th scope="row" class="c-bad">✕ failed</th><td class="r">${count(n.failed)}</td><td class="mute"><a href="#/jobs?filter=failed%3E0">which jobs</a></td><td class="wide"/></tr>`}
    </tbody></table></section>`;
}

function Reasons({d}) {
  const rows = [...d.reasons].sort((a, b) => b.n - a.n).slice(0, 8), n = d.totals.frames;
  return html`<section class="panel"><h2>Why frames have no lattice</h2>
    ${rows.length ? html`<table class="plain"><caption class="vh">Reasons by number of frames</caption><tbody>${rows.map(r => html`<tr key=${r.reason}><th scope="row">${r.reason.replace(/_/g, ' ')}</th><td class="r">${count(r.n)}</td>
      <td class="r mute">${percent(r.n / n)} %</td><td class="wide"><${Bar} share=${r.n / n} kind="h"/></td></tr>`)}</tbody></table>` : html`<p class="mute">Every frame has one.</p>`}</section>`;
}

function Machinery({d}) {
  const age = d.t_newest ? now.value - d.t_newest : null, j = d.jobs;
  const waiting = j.queued + j.waiting + j.ready + j.again;
  return html`<section class="panel"><h2>Machinery</h2><dl class="kv">
    <dt>jobs running</dt><dd><a href="#/jobs?filter=state:running">${count(j.running)}</a></dd>
    <dt>jobs waiting</dt><dd><a href="#/jobs">${count(waiting)}</a></dd>
    <dt>jobs failed</dt><dd class=${j.failed ? 'c-bad' : ''}>${j.failed ? html`<a href="#/jobs?filter=state:failed">✕ ${count(j.failed)}</a>` : '0'}</dd>
    <dt>jobs done</dt><dd>${count(j.done)} of ${count(j.all)}</dd>
    <dt>newest frame</dt><dd>${age === null ? '–' : duration(age) + ' ago'}</dd></dl></section>`;
}

const SPANS = [[60, '1 h'], [180, '3 h'], [720, '12 h'], [2880, '2 d']];

export function Overview({query}) {
  const [minutes, setMinutes] = useState(+query.get('minutes') || 180);
  const {data: d, error, t} = useData('overview?minutes=' + minutes);
  useReady('overview', d || error);
  if (!d) return html`<h1>Overview</h1><${Problem} error=${error}/>`;
  const stale = error && now.value - t > 5, r = d.recent, end = d.t_newest;
  const span = end && now.value - end < 900 ? 'last 10 minutes' : end ? `the 10 minutes up to ${clock(end)}` : '';
  return html`<h1 aria-live="polite">${finding(d)}</h1>
    <p class="sub">${d.experiment}${span && html` · ${span}, with 95 % intervals`}</p>
    <${Problem} error=${error}/>
    ${!d.jobs.all && html`<${Empty}>What is processed is shown here. <code>xfelx watch</code> finds runs and starts jobs; <code>xfelx process RUN</code> works on one here.<//>`}
    <div class=${'keys' + (stale ? ' stale' : '')}>
      <${Key} label="Hits of frames" ...${rate(r.hit)} note=${interval(r.hit)} kind="c-hit"/>
      <${Key} label="Indexed of hits" ...${rate(r.indexed)} note=${interval(r.indexed)} kind="c-idx"/>
      <${Key} label="Lattices per hour" value=${count(r.lattices_h)} note=${`${count(d.totals.lattices)} in all`}/>
      <${Key} label="Resolution" value=${fixed(r.res_a, 2)} unit="Å" note="from the mean of 1/d²"/>
      <${Key} label="Frames" value=${d.totals.frames < 1e6 ? count(d.totals.frames) : (d.totals.frames / 1e6).toFixed(3)} unit=${d.totals.frames < 1e6 ? '' : 'million'} note=${d.totals.failed ? html`<span class="c-bad">✕ ${count(d.totals.failed)} failed</span>` : 'none failed'}/>
    </div>
    ${d.t_newest && html`<section class="panel gap"><div class="phead"><h2>Rates and resolution, each minute</h2>
      <span class="seg nohutch" role="group" aria-label="time shown">${SPANS.map(([m, w]) => html`<button key=${m} aria-pressed=${m === minutes} onClick=${() => setMinutes(m)}>${w}</button>`)}</span></div>
      <${Rates} s=${d.series}/><${Spots} s=${d.series}/><${Resolution} s=${d.series}/></section>`}
    <div class="grid g3 nohutch"><${Funnel} d=${d}/><${Reasons} d=${d}/><${Machinery} d=${d}/></div>`;
}
