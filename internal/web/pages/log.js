// log.js - the log book: what people wrote and who changed what, one time line.
import {html, useState} from './html.js';
import {useData, useReady, now} from './live.js';
import {when} from './format.js';
import {Problem, Empty, runPath} from './parts.js';
import {ask, mayEdit} from './ask.js';

function Write() {
  const [text, set] = useState('');
  return html`<div class="ctl"><label>Write <input size="60" value=${text} onInput=${e => set(e.target.value)} onKeyDown=${e => e.key === 'Enter' && save()}/></label><button class="pri" disabled=${!text.trim()} onClick=${save}>Add to the log book</button></div>`;
  async function save() { if (text.trim() && await ask('note.add', {about: 'shift', text: text.trim()}, 'note')) set(''); }
}

export function Log() {
  const {data, error} = useData('log');
  useReady('log', data || error);
  if (!data) return html`<h1>Log book</h1><${Problem} error=${error}/>`;
  const rows = [...data.notes.map(n => ({...n, note: true})), ...data.changes].sort((a, b) => b.t - a.t);
  return html`<h1>Log book</h1><p class="sub">Notes of the shift, and who changed what; times in UTC.</p><${Problem} error=${error}/>
    ${mayEdit() && html`<${Write}/>`}
    ${!rows.length ? html`<${Empty}>Nothing is written yet.<//>` : html`<div tabindex="0" class="scroll panel"><table><caption class="vh">Notes and changes, the newest first</caption><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">On</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
      <tbody>${rows.map((r, i) => r.note ? html`<tr key=${i}><td>${when(r.t, now.value)}</td><td>${r.who}</td><td class="wrap" colspan="4"><b>${r.text}</b></td></tr>`
        : html`<tr key=${i}><td>${when(r.t, now.value)}</td><td>${r.who} <span class="mute">(${r.by})</span></td><td>${r.verb}</td><td>${r.run_id ? html`<a href=${runPath(r.run, r.run_id)}>${r.name}</a>` : r.target}</td><td class="clip" title=${r.was}>${r.was}</td><td class="clip" title=${r.becomes}>${r.becomes}</td></tr>`)}</tbody></table></div>`}`;
}
