// log.js - the log book: what people wrote, who changed what, alarms and runs, one time line (#/log?filter=…&kind=note).
import {html, useEffect, useRef, useState} from './html.js';
import {api, useData, useReady, now} from './live.js';
import {when, clock, duration} from './format.js';
import {Problem, Empty, runPath} from './parts.js';
import {setQuery} from './table.js';
import {ask, mayEdit} from './ask.js';

const KINDS = {note: 'Notes', change: 'Changes', alarm: 'Alarms', run: 'Runs'}, SIGN = {note: '✎', change: '·', alarm: '▲', run: '●'};

// With ?write the caret stands in the line: key c, on any page, leads here.
function Write({query}) {
  const [text, set] = useState(''), box = useRef(null);
  useEffect(() => { if (query.has('write')) { box.current.focus(); setQuery(query, 'write', ''); } }, [query.has('write')]);
  return html`<div class="ctl"><label>Write <input ref=${box} size="60" value=${text} onInput=${e => set(e.target.value)} onKeyDown=${e => e.key === 'Enter' && save()}/></label><button class="pri" disabled=${!text.trim()} onClick=${save}>Add to the log book</button></div>`;
  async function save() { if (text.trim() && await ask('note.add', {about: 'shift', text: text.trim()}, 'note')) set(''); }
}

const lasted = l => l.kind === 'alarm' ? (l.until ? `until ${clock(l.until)}, ${duration(l.until - l.t)}${l.seen ? ', seen' : ''}` : 'it stands') : l.kind === 'run' && l.until > l.t ? duration(l.until - l.t) : '';

const Line = ({l}) => html`<tr><td class="nw">${when(l.t, now.value)}</td><td class="nw"><span class=${l.kind === 'alarm' ? 'c-warn' : l.kind === 'run' ? 'c-idx' : 'mute'}><span class="st" aria-hidden="true">${SIGN[l.kind]}</span>${l.kind}</span></td>
  <td>${l.who}${l.by ? html` <span class="mute">(${l.by})</span>` : ''}</td><td class="nw">${l.run_id ? html`<a href=${runPath(l.run, l.run_id)}>${l.about}</a>` : l.about}</td><td class="wrap">${l.kind === 'note' ? html`<b>${l.text}</b>` : l.text} <span class="mute">${lasted(l)}</span></td></tr>`;

export function Log({query}) {
  const {data, error} = useData('log');
  useReady('log', data || error);
  if (!data) return html`<h1>Log book</h1><${Problem} error=${error}/>`;
  const text = (query.get('filter') || '').toLowerCase(), kind = query.get('kind') || '';
  const lines = data.lines.filter(l => (!kind || l.kind === kind) && (!text || `${l.who} ${l.about} ${l.text}`.toLowerCase().includes(text))).reverse();
  const choose = k => html`<button key=${k} aria-pressed=${kind === k} onClick=${() => setQuery(query, 'kind', k)}>${KINDS[k] || 'All'}</button>`;
  return html`<h1>Log book</h1><p class="sub">What people wrote, who changed what, alarms, and runs; times in UTC. ${data.lines.length >= data.most ? `The newest ${data.most} lines; ` : ''}<a href=${api('log.md').href} download="logbook.md">As Markdown</a>; <code>xfelx log</code> has all of it.</p><${Problem} error=${error}/>
    ${mayEdit() && html`<${Write} query=${query}/>`}
    <div class="ctl"><label>Filter <input type="search" size="30" value=${query.get('filter') || ''} onInput=${e => setQuery(query, 'filter', e.target.value)}/></label><span class="seg" role="group" aria-label="kinds of lines">${['', ...Object.keys(KINDS)].map(choose)}</span></div>
    ${!lines.length ? html`<${Empty}>${data.lines.length ? 'No line is like that.' : 'Nothing is written yet.'}<//>` : html`<div tabindex="0" class="scroll panel"><table><caption class="vh">The log book, the newest lines first</caption><thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Who</th><th scope="col">About</th><th scope="col"><span class="vh">Text</span></th></tr></thead>
      <tbody>${lines.map((l, i) => html`<${Line} key=${`${l.t}${l.kind}${i}`} l=${l}/>`)}</tbody></table></div>`}`;
}
