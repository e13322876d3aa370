// doctor.js - is everything as it must be? What `xfelx doctor` found last (the watcher runs it when asked), and what the server sees itself.
import {html} from './html.js';
import {useData, useReady, now} from './live.js';
import {duration} from './format.js';
import {Problem} from './parts.js';
import {ask, mayEdit} from './ask.js';

const SIGN = {ok: ['✓', 'ok', 'right'], note: ['▲', 'warn', 'worth a note'], bad: ['✕', 'bad', 'bad']};
const MEANS = {machine: 'this machine', certificates: 'certificates', folders: 'folders', database: 'database', clocks: 'clocks', facility: 'facility', scheduler: 'scheduler', scripts: 'job scripts', launch: 'starting many ranks', work: 'what there is to do', results: 'disk with the results', watch: 'watcher', lag: 'results on their way', server: 'this server'};

// Commands in hints are what people type: `so`.
const said = text => String(text).split('`').map((part, i) => i % 2 ? html`<code>${part}</code>` : part);

function Findings({title, f, note}) {
  const old = f && now.value - f.t;
  return html`<section class="panel gap"><div class="phead"><h2>${title}</h2><span class=${old > 86400 ? 'c-warn' : 'mute'}>${note}</span></div>
    ${f ? html`<table class="plain finding"><caption class="vh">${title}</caption><tbody>${f.findings.map((x, i) => { const [sign, look, word] = SIGN[x.level] || ['·', 'mute', x.level];
      return html`<tr key=${i}><td class=${'sg c-' + look}><span aria-hidden="true">${sign}</span><span class="vh">${word}</span></td><th scope="row">${i && f.findings[i - 1].check === x.check ? html`<span class="vh">${MEANS[x.check] || x.check}</span>` : MEANS[x.check] || x.check}</th>
        <td class="wrap">${x.fact}${x.hint && html`<div class="hint">${said(x.hint)}</div>`}</td></tr>`; })}</tbody></table>` : html`<p class="mute">Nobody has asked yet. <code>xfelx doctor --keep</code> looks and leaves what it finds here.</p>`}</section>`;
}

export function Doctor() {
  const {data: d, error} = useData('doctor', 1, 5), {data: r} = useData('requests', 1, 5);
  useReady('doctor', d || error);
  if (!d) return html`<h1>Doctor</h1><${Problem} error=${error}/>`;
  const all = [...d.server.findings, ...(d.kept ? d.kept.findings : [])], bad = all.filter(x => x.level === 'bad').length, notes = all.filter(x => x.level === 'note').length;
  const waits = r && r.open.some(x => x.do === 'doctor.run'), watched = d.server.findings.some(x => x.check === 'watch' && x.level === 'ok');
  return html`<h1 aria-live="polite">${bad ? `${bad} ${bad > 1 ? 'things are' : 'thing is'} bad` : notes ? `Nothing is bad, ${notes} ${notes > 1 ? 'things are' : 'thing is'} worth a note` : 'Everything is as it must be'}</h1>
    <p class="sub">The same checks as <code>xfelx doctor</code>. Nothing is changed by looking.</p><${Problem} error=${error}/>
    ${mayEdit() && html`<div class="ctl"><button class="pri" disabled=${waits} onClick=${() => ask('doctor.run', {}, 'a look at everything')}>Look at everything now</button>
      <span class="mute">${waits ? 'asked for; the watcher looks, which may take a minute' : watched ? 'the watcher does it, on its machine' : 'nobody watches now: it would wait until somebody does'}</span></div>`}
    <${Findings} title="What this server sees" f=${d.server} note=${`${d.server.host}, now`}/>
    <${Findings} title="What the doctor found" f=${d.kept} note=${d.kept ? `on ${d.kept.host || '–'}, ${duration(now.value - d.kept.t)} ago` : ''}/>`;
}
