// alarms.js - what somebody has to do something about now, and the log of what that was before.
import {html, signal, useEffect} from './html.js';
import {useData, useReady, now} from './live.js';
import {clock, when, duration} from './format.js';
import {Problem} from './parts.js';
import {ask, mayEdit} from './ask.js';

const WORDS = {no_frames: 'No frames', stale: 'Old numbers', jet: 'Hit rate fell', geometry: 'Indexing fell', beam_centre: 'Beam centre moved', saturation: 'Saturated', ice: 'Ice or salt', failures: 'Frames fail', backlog: 'Falling behind', disk: 'Disk is full', database: 'Database is slow', watch: 'Nobody watches', certificate: 'Certificate ends'};
const LOOK = {failures: ['#/jobs?filter=failed%3E0', 'Jobs with failed frames'], geometry: ['#/frames?list=should_index', 'Frames that should be indexed'], stale: ['#/jobs?filter=state:running', 'Running jobs'], backlog: ['#/jobs', 'Jobs'], watch: ['#/doctor', 'Doctor'], disk: ['#/doctor', 'Doctor'], database: ['#/doctor', 'Doctor'], beam_centre: ['#/detector', 'Detector']};

// The alarms that stand now, as the newest answer of `overview` has them (null: none came yet). Header and pages count these, never rows of
// the log: those stay open while nobody closes them.
const standing = signal(null);
export const useStanding = o => useEffect(() => { if (o) standing.value = o.alarms; }, [o]);

const Seen = ({x}) => x.acked ? html`<span class="mute">seen ${clock(x.acked)}</span>`
  : x.id && mayEdit() ? html`<button onClick=${() => ask('alarm.ack', {alarm: x.id}, 'seen')}>Mark as seen</button>` : null;

// Those that stand: what, since when, what changed with it, what to do.
export function Standing({alarms}) {
  return alarms.map(x => html`<div key=${x.kind} class=${'alarm' + (x.acked ? '' : ' bad')} role="alert"><span aria-hidden="true">▲</span><div><b>${x.text.replace(/^./, c => c.toUpperCase())}.</b>
      ${x.with && html`<div>With it: ${x.with.split('; ').join(' · ')}</div>`}<div class="do">${x.hint}${LOOK[x.kind] && html` · <a href=${LOOK[x.kind][0]}>${LOOK[x.kind][1]}</a>`}</div></div>
    <div class="r"><div class="mute nw">${x.since ? html`since ${clock(x.since)}, ${duration(now.value - x.since)}` : 'now'}</div><${Seen} x=${x}/></div></div>`);
}

export function Alarms() {
  const {data: d, error} = useData('alarms');
  useReady('alarms', d || error);
  if (!d) return html`<h1>Alarms</h1><${Problem} error=${error}/>`;
  const stand = standing.value || [], past = d.alarms.filter(x => x.until);
  return html`<h1 aria-live="polite">${!standing.value ? 'Alarms' : stand.length === 0 ? 'No alarm stands' : stand.length === 1 ? '1 alarm stands' : `${stand.length} alarms stand`}</h1>
    <p class="sub">What is looked at, and from which values on: <code>doc/SCIENCE.md</code>, section 24. None is made from fewer than 50 frames. The watcher looks every 10 s, and this server where none acts.</p>
    <${Problem} error=${error}/><${Standing} alarms=${stand}/>
    <section class="panel"><h2>Log</h2>${past.length ? html`<div class="scroll" tabindex="0" role="region" aria-label="log of alarms"><table><caption class="vh">Alarms that cleared themselves, the newest first</caption>
      <thead><tr><th>from</th><th>to</th><th class="r">lasted</th><th>alarm</th><th>what it said last</th><th>what changed with it</th><th>seen by</th></tr></thead>
      <tbody>${past.map(x => html`<tr key=${x.id}><td>${when(x.since, now.value)}</td><td>${when(x.until, now.value)}</td><td class="r">${duration(x.until - x.since)}</td><td>${WORDS[x.kind] || x.kind}</td><td class="wrap">${x.text}</td><td class="wrap mute">${x.with ? x.with.split('; ').join(' · ') : '–'}</td><td>${x.acked ? `${x.who} ${clock(x.acked)}` : '–'}</td></tr>`)}</tbody></table></div>`
    : html`<p class="mute">None yet. One that clears itself stays here.</p>`}</section>`;
}

// In the header of every page. asks: the page does not read the overview itself.
export function AlarmCount({asks}) {
  useStanding(useData(asks ? 'overview?minutes=10' : null, 2, 10).data);
  const n = (standing.value || []).length;
  return n > 0 && html`<span><a class="c-warn" href="#/alarms">▲ <b>${n}</b> alarm${n > 1 ? 's' : ''}</a></span>`;
}
