// overview.js - is it working, as good as before, and must somebody do something?
import {html} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, percent, interval, duration, fixed} from './format.js';
import {Key, Bar, Problem, Empty} from './parts.js';

// The page's title is what was found.
function finding(d) {
  if (!d.frames) return d.jobs.all ? 'No frame is done yet' : 'Nothing was processed yet';
  const {hit, indexed} = d.keys;
  if (hit.n < 20 || !indexed.n) return `${count(hit.k)} hits of ${count(hit.n)} frames`;
  return `${percent(hit.p)} % hits, ${percent(indexed.p, 0)} % of them indexed`;
}

function Funnel({d}) {
  const o = d.outcomes, all = d.frames, hits = d.keys.hit.k, indexed = d.keys.indexed.k;
  const rows = [
    ['frames', all, all, 'b', ''], ['hits', hits, all, 'h', `${percent(d.keys.hit.p)} % of frames`],
    ['indexed', indexed, all, '', `${percent(d.keys.indexed.p)} % of hits`],
    ['integrated', o.integrated, all, 'o', indexed ? `${percent(o.integrated / indexed)} % of indexed` : '–'],
  ];
  return html`<section class="panel"><h2>What became of each frame</h2>
    <table class="plain"><tbody>${rows.map(([word, n, of, kind, note]) => html`<tr key=${word}><th scope="row">${word}</th><td class="r">${count(n)}</td><td class="mute">${note}</td>
      <td class="wide"><${Bar} share=${of ? n / of : 0} kind=${kind}/></td></tr>`)}
      ${o.indexed_below > 0 && html`<tr><th scope="row">indexed below the hit cut</th><td class="r">${count(o.indexed_below)}</td><td/><td/></tr>`}
      ${o.failed > 0 && html`<tr><th scope="row" class="c-bad">✕ could not be read or worked on</th><td class="r">${count(o.failed)}</td><td/><td/></tr>`}
    </tbody></table></section>`;
}

function Reasons({d}) {
  const rows = [...d.reasons].sort((a, b) => b.n - a.n).slice(0, 8);
  return html`<section class="panel"><h2>Why frames have no lattice</h2>
    ${rows.length ? html`<table class="plain"><tbody>${rows.map(r => html`<tr key=${r.reason}><th scope="row">${r.reason.replace(/_/g, ' ')}</th><td class="r">${count(r.n)}</td>
      <td class="r mute">${percent(r.n / d.frames)} %</td><td class="wide"><${Bar} share=${r.n / d.frames} kind="h"/></td></tr>`)}</tbody></table>` : html`<p class="mute">Every frame has one.</p>`}</section>`;
}

function Machinery({d}) {
  const age = d.t_newest ? now.value - d.t_newest : null;
  return html`<section class="panel"><h2>Machinery</h2><dl class="kv">
    <dt>jobs running</dt><dd><a href="#/jobs">${count(d.jobs.running)} of ${count(d.jobs.all)}</a></dd>
    <dt>jobs failed</dt><dd class=${d.jobs.failed ? 'c-bad' : ''}>${d.jobs.failed ? '✕ ' : ''}${count(d.jobs.failed)}</dd>
    <dt>newest frame</dt><dd>${age === null ? '–' : duration(age) + ' ago'}</dd>
    <dt>frames done</dt><dd>${count(d.frames)} of ${count(d.expected)}</dd></dl></section>`;
}

export function Overview() {
  const {data: d, error, t} = useData('overview');
  useReady('overview', d || error);
  if (!d) return html`<h1>Overview</h1><${Problem} error=${error}/>`;
  const old = now.value - t;
  const {hit, indexed} = d.keys;
  return html`<h1 aria-live="polite">${finding(d)}</h1>
    <p class="sub">${d.experiment} · all frames so far, with 95 % intervals</p>
    <${Problem} error=${error}/>
    ${!d.jobs.all && html`<${Empty}>What was processed is shown here. <code>xfelx process RUN</code> begins.<//>`}
    <div class=${'keys' + (error && old > 5 ? ' stale' : '')}>
      <${Key} label="Hits of frames" value=${hit.n >= 20 ? percent(hit.p) : count(hit.k)} unit=${hit.n >= 20 ? '%' : ''} note=${interval(hit)} kind="c-hit"/>
      <${Key} label="Indexed of hits" value=${indexed.n >= 20 ? percent(indexed.p) : count(indexed.k)} unit=${indexed.n >= 20 ? '%' : ''} note=${interval(indexed)} kind="c-idx"/>
      <${Key} label="Lattices" value=${count(d.lattices)} note=${`${count(d.outcomes.integrated)} frames integrated`}/>
      <${Key} label="Frames done" value=${count(d.frames)} note=${`of ${count(d.expected)}${d.expected ? `, ${percent(d.frames / d.expected, 0)} %` : ''}`}/>
      <${Key} label="Frames failed" value=${count(d.outcomes.failed)} note=${d.outcomes.failed ? 'see the jobs' : 'none'} kind=${d.outcomes.failed ? 'c-bad' : ''}/>
    </div>
    <div class="grid g3 nohutch"><${Funnel} d=${d}/><${Reasons} d=${d}/><${Machinery} d=${d}/></div>`;
}
