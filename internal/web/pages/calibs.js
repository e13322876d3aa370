// calibs.js - versions of masks, gains, pedestals, geometries, cells, references: which there are, for which runs, what is stale; and a file for
// a new one, handed over from this browser (on the page Detector).
import {html, useState} from './html.js';
import {api, now, useData} from './live.js';
import {count, when} from './format.js';
import {Problem} from './parts.js';
import {ask, mayEdit} from './ask.js';

const KINDS = ['mask', 'gain', 'pedestal', 'geometry', 'cells', 'reference'];
const NAMES = {mask: 'spotfinder.lookup.mask', gain: 'xfelx.detector.gain_map', pedestal: 'xfelx.detector.pedestal_map', geometry: 'xfelx.geometry.file', cells: 'xfelx.cell.file', reference: 'xfelx.reference'};
const runs = c => c.first_run === null && c.last_run === null ? 'all' : `${c.first_run ?? 0} –${c.last_run === null ? '' : ` ${c.last_run}`}`;
const end = path => path.split('/').pop();

// The bytes go as they are: fetch says nothing of how far it is, so this asks the old way.
function hand(file, progress) {
  return new Promise((done, failed) => {
    const x = new XMLHttpRequest();
    x.open('POST', api('files'));
    x.setRequestHeader('content-type', 'application/octet-stream');
    x.setRequestHeader('x-xfelx', '1');
    x.responseType = 'json';
    x.upload.onprogress = e => progress(e.loaded / e.total);
    x.onload = () => x.status === 202 ? done(x.response.file) : failed(new Error([x.response?.error?.text || `the server answered ${x.status}`, x.response?.error?.hint].filter(Boolean).join('; ')));
    x.onerror = () => failed(new Error('the connection was lost'));
    x.send(file);
  });
}

function Add({most}) {
  const [kind, setKind] = useState('mask'), [label, setLabel] = useState(''), [first, setFirst] = useState(''), [last, setLast] = useState(''), [dataset, setDataset] = useState(''), [file, setFile] = useState(null), [turn, setTurn] = useState(0), [share, setShare] = useState(null), [error, setError] = useState(null);
  const maps = kind === 'gain' || kind === 'pedestal', number = t => /^\d*$/.test(t);
  const wrong = !file ? 'choose a file' : !file.size ? 'the file is empty' : file.size > most ? `at most ${count(most >> 20)} MiB` : !label.trim() ? 'give it a label' : !number(first) || !number(last) ? 'runs are numbers' : maps && dataset && !dataset.startsWith('/') ? 'a dataset begins with /' : null;
  const send = async () => {
    setError(null); setShare(0);
    try {
      const sum = await hand(file, setShare);
      if (await ask('calib.add', {kind, label: label.trim(), file: sum, name: file.name, ...(first && {first: +first}), ...(last && {last: +last}), ...(maps && dataset && {dataset})}, `${kind} ${label.trim()}`)) { setFile(null); setTurn(turn + 1); }
    } catch (e) { setError(e); }
    setShare(null);
  };
  return html`<${Problem} error=${error}/><div class="ctl" id="calib-add"><label>New <select value=${kind} onChange=${e => setKind(e.target.value)}>${KINDS.map(k => html`<option key=${k}>${k}</option>`)}</select></label>
      <label>label <input size="12" value=${label} onInput=${e => setLabel(e.target.value)}/></label><label>from run <input size="4" inputmode="numeric" value=${first} placeholder="first" onInput=${e => setFirst(e.target.value)}/></label><label>to <input size="4" inputmode="numeric" value=${last} placeholder="open" onInput=${e => setLast(e.target.value)}/></label>
      ${maps && html`<label>dataset <input size="14" value=${dataset} placeholder="/data/data" onInput=${e => setDataset(e.target.value)}/></label>`}
      <label>file <input type="file" key=${turn} onChange=${e => setFile(e.target.files[0] || null)}/></label>
      <button class="pri" disabled=${!!wrong || share !== null} title=${wrong || ''} onClick=${send}>${share === null ? 'Hand it over' : `${Math.round(100 * share)} %`}</button></div>
    ${file && wrong && html`<p class="c-warn nomargin">${wrong}</p>`}
    <p class="sub">Trials and rungroups name it <code>${NAMES[kind]}=calib:${label.trim() || 'LABEL'}</code>; jobs that come read it, what older versions made is shown as stale.</p>`;
}

export function Calibrations() {
  const {data: d, error} = useData('calibrations', 2);
  if (!d) return html`<${Problem} error=${error}/>`;
  return html`<section class="panel gap" id="calibrations"><h2>Calibrations: ${d.calibrations.length === 1 ? '1 version' : `${count(d.calibrations.length)} versions`}${d.stale.length ? html` <small class="c-warn">▲ ${d.stale.length === 1 ? '1 job is' : `${count(d.stale.length)} jobs are`} stale</small>` : ''}</h2><${Problem} error=${error}/>
    ${d.calibrations.length > 0 && html`<div tabindex="0" class="scroll tall"><table><caption class="vh">Versions of calibrations</caption><thead><tr>${['Kind', 'Label', 'Runs', 'Added', 'By', 'Jobs', 'File', 'Content'].map((w, i) => html`<th key=${w} scope="col" class=${i === 5 ? 'r' : ''}>${w}</th>`)}</tr></thead>
      <tbody>${d.calibrations.map(c => html`<tr key=${c.id}><td>${c.kind}</td><td>${c.label}</td><td>${runs(c)}</td><td>${when(c.added, now.peek())}</td><td>${c.who}</td><td class="r">${count(c.jobs)}</td><td title=${c.path}>${end(c.path)}</td><td class="mono" title=${c.sha256}>${c.sha256.slice(0, 8)}</td></tr>`)}</tbody></table></div>`}
    ${d.stale.length > 0 && html`<details><summary>Stale jobs</summary><ul class="plainlist">${d.stale.slice(0, 200).map(s => html`<li key=${s.job}><a href=${`#/jobs/${s.job}`}>job ${s.job}</a>: ${s.why}</li>`)}</ul></details>`}
    ${mayEdit() && d.handed ? html`<${Add} most=${d.most}/>` : html`<p class="sub nomargin">${d.handed ? 'A new one needs an editor’s token.' : 'Files cannot be handed over here.'} On the command line: <code>xfelx calib add KIND LABEL FILE</code></p>`}</section>`;
}
