// trial_new.js - a trial from another one: a form made from the table of parameters, and the same changes as PHIL. What is kept is the
// text of the changes; the form writes lines of it. The server looks at it while it is typed (POST check).
import {html, useEffect, useState} from './html.js';
import {post, useData} from './live.js';
import {ask} from './ask.js';
import {values} from './phil.js';

// The text with this parameter set: its line of the form "path = value" in place, else at the end; value null: without it.
function withValue(text, path, value) {
  const lines = text.split('\n').filter(Boolean), at = lines.findIndex(l => l.split('=')[0].trim() === path), line = `${path} = ${value}`;
  if (at >= 0) value === null ? lines.splice(at, 1) : lines.splice(at, 1, line);
  else if (value !== null) lines.push(line);
  return lines.join('\n') + (lines.length ? '\n' : '');
}

const choices = row => row.default.split(/\s+/).map(w => w.replace(/^\*/, ''));
const chosenWord = value => { const words = value.split(/\s+/), star = words.find(w => w.startsWith('*')); return star ? star.slice(1) : words.length === 1 ? words[0] : 'None'; };

function Field({row, was, now, set}) {
  const value = now ?? was ?? row.default, id = 'p-' + row.path, type = row.type.split('(')[0];
  const input = type === 'bool' ? html`<select id=${id} value=${value} onChange=${e => set(e.target.value)}>${[...new Set(['True', 'False', value])].map(w => html`<option key=${w}>${w}</option>`)}</select>`
    : row.type === 'choice' ? html`<select id=${id} value=${chosenWord(value)} onChange=${e => set(e.target.value)}>${[...new Set([...choices(row), chosenWord(value)])].map(w => html`<option key=${w}>${w}</option>`)}</select>`
    : html`<input id=${id} value=${value} size="18" spellcheck="false" onChange=${e => set(e.target.value.trim() || 'None')}/>`;
  return html`<tr class=${now !== undefined ? 'changed' : ''}><th scope="row" class="wrap"><label for=${id} class="mono">${row.path}</label><div class="help">${row.help}</div></th>
    <td>${input} ${row.unit && html`<span class="mute">${row.unit}</span>`}${now !== undefined && html`<div><button class="small" onClick=${() => set(null)}>back to ${was ?? row.default}</button></div>`}</td></tr>`;
}

export function NewTrial({from, done}) {
  const {data} = useData('parameters', 3600);
  const [text, setText] = useState(''), [comment, setComment] = useState(''), [active, setActive] = useState(false), [words, setWords] = useState(''), [verdict, setVerdict] = useState(null);
  const base = values(from.phil), changes = values(text);
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(async () => { let v; try { v = await post('check', {phil: text, from: from.trial}); } catch (e) { v = {good: false, error: {text: e.message}, differences: []}; } if (!gone) setVerdict({...v, text}); }, 300);
    return () => { gone = true; clearTimeout(timer); };
  }, [text]);
  const asked = words.toLowerCase().split(/\s+/).filter(Boolean), rows = data?.parameters || [];
  const shown = rows.filter(r => asked.length ? asked.every(w => (r.path + ' ' + r.help).toLowerCase().includes(w)) : r.expert === 0 || changes.has(r.path)).slice(0, 80);
  const ready = verdict && verdict.text === text, good = ready && verdict.good && verdict.differences.length > 0;
  const set = (path, value) => setText(withValue(text, path, value !== null && value === base.get(path) ? null : value));
  return html`<section class="panel gap" aria-label="new trial"><h2>New trial, from trial ${from.trial}</h2>
    <div class="grid g2"><div><div class="ctl"><label>Find a parameter <input type="search" size="24" value=${words} placeholder="gain, unit cell …" onInput=${e => setWords(e.target.value)}/></label><span class="mute">${asked.length ? `${shown.length === 80 ? 'the first 80' : shown.length}` : `${shown.length} that matter most of ${rows.length}`}</span></div>
      <div class="scroll tall" tabindex="0" role="region" aria-label="parameters"><table><caption class="vh">Parameters</caption><tbody>${shown.map(r => html`<${Field} key=${r.path} row=${r} was=${base.get(r.path)} now=${changes.get(r.path)} set=${v => set(r.path, v)}/>`)}</tbody></table></div></div>
    <div><label for="phil">What is other than in trial ${from.trial}, as PHIL</label><textarea id="phil" class="mono wide" rows="9" spellcheck="false" value=${text} placeholder="spotfinder.threshold.dispersion.gain = 2" onInput=${e => setText(e.target.value)}></textarea>
      <div role="status">${!ready ? html`<p class="mute">looking …</p>` : !verdict.good ? html`<p class="c-bad">✕ ${verdict.error.text}${verdict.error.detail ? `: ${verdict.error.detail}` : ''}${verdict.error.hint ? html`<br/>${verdict.error.hint}` : ''}</p>`
        : !verdict.differences.length ? html`<p class="mute">Nothing is changed yet.</p>` : html`<p><span class="c-ok">✓</span> ${verdict.differences.length} parameter${verdict.differences.length > 1 ? 's differ' : ' differs'}:</p><table class="plain"><caption class="vh">Changes</caption><tbody>${verdict.differences.map(d => html`<tr key=${d.path}><th scope="row" class="mono">${d.path}</th><td class="mono wrap">${d.was ?? '–'} → <b>${d.is ?? '–'}</b></td></tr>`)}</tbody></table>`}</div>
      <div class="ctl top"><label>Comment <input size="30" value=${comment} onInput=${e => setComment(e.target.value)}/></label><label><input type="checkbox" checked=${active} onChange=${e => setActive(e.target.checked)}/> process runs with it at once</label></div>
      <div class="ctl"><button class="pri" disabled=${!good} onClick=${async () => { if (await ask('trial.add', {phil: text, from: from.trial, ...(comment && {comment}), ...(active && {active: true})}, 'new trial')) done(); }}>Make the trial</button><button onClick=${done}>Cancel</button></div>
      <p class="mute">Files that it names are opened when it is made. <code>xfelx trial copy ${from.trial} NAME=VALUE …</code> does the same.</p></div></div></section>`;
}

// What a rungroup is: a stretch of runs, for trials that use it.
export function Rungroup({group, trials, done}) {
  const [f, setF] = useState({first: group?.first ?? '', last: group?.last ?? '', comment: group?.comment ?? '', phil: group?.phil ?? '', trials: group?.trials ?? trials.filter(t => t.active).map(t => t.trial)});
  const put = (k, v) => setF({...f, [k]: v}), number = /^\d+$/, fine = number.test(f.first) && (f.last === '' || number.test(f.last));
  const go = async () => {
    const args = {first: +f.first, ...(f.last === '' ? {open: true} : {last: +f.last}), comment: f.comment, ...((f.phil || group) && f.phil !== (group?.phil ?? '') && {phil: f.phil})};
    const ok = group ? await ask('group.edit', {group: group.rungroup, ...args}, `rungroup ${group.rungroup}`) : await ask('group.add', {...args, ...(f.trials.length && {trials: f.trials.map(String)})}, 'new rungroup');
    if (ok) done();
  };
  return html`<section class="panel gap" aria-label="rungroup"><h2>${group ? `Rungroup ${group.rungroup}` : 'New rungroup'}</h2>
    <div class="ctl"><label>First run <input size="6" inputmode="numeric" value=${f.first} onInput=${e => put('first', e.target.value.trim())}/></label><label>Last run <input size="6" inputmode="numeric" placeholder="open" value=${f.last} onInput=${e => put('last', e.target.value.trim())}/></label>
      <label>Comment <input size="30" value=${f.comment} onInput=${e => put('comment', e.target.value)}/></label>${!group && html`<span role="group" aria-label="trials that use it">${trials.map(t => html`<button key=${t.trial} class="tagb" aria-pressed=${f.trials.includes(t.trial)} onClick=${() => put('trials', f.trials.includes(t.trial) ? f.trials.filter(x => x !== t.trial) : [...f.trials, t.trial])}>trial ${t.trial}</button>`)}</span>`}</div>
    <label for="gphil">Parameters that lie over the trial's (geometry, mask, energy), as PHIL</label><textarea id="gphil" class="mono wide" rows="5" spellcheck="false" value=${f.phil} onInput=${e => put('phil', e.target.value)}></textarea>
    <div class="ctl"><button class="pri" disabled=${!fine} onClick=${go}>${group ? 'Change it' : 'Make it'}</button><button onClick=${done}>Cancel</button>${group?.used && html`<span class="mute">It has jobs: with other parameters a copy takes its place.</span>`}</div></section>`;
}
