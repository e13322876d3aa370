// tags.js - the tags of a run, edited where they stand: double click or ✎, Enter keeps them, Escape does not.
import {html, useState, useRef, useEffect} from './html.js';
import {ask, mayEdit} from './ask.js';

export function Tags({run}) {
  const [editing, edit] = useState(false);
  const box = useRef(null);
  useEffect(() => { if (editing) box.current.focus(); }, [editing]);
  const save = async () => {
    edit(false);
    const want = box.current.value.split(/[,\s]+/).filter(Boolean), id = `${run.run}#${run.id}`;
    for (const tag of want.filter(t => !run.tags.includes(t))) await ask('run.tag', {runs: id, tag}, `tag ${tag}`);
    for (const tag of run.tags.filter(t => !want.includes(t))) await ask('run.untag', {runs: id, tag}, `tag ${tag} off`);
  };
  if (editing) return html`<input ref=${box} aria-label=${`tags of run ${run.run}`} value=${run.tags.join(', ')} onKeyDown=${e => { e.stopPropagation(); if (e.key === 'Enter') save(); if (e.key === 'Escape') edit(false); }} onBlur=${() => edit(false)}/>`;
  return html`<span onDblClick=${() => mayEdit() && edit(true)}>${run.tags.map(t => html`<span class="tag" key=${t}>${t}</span>`)}${mayEdit() && html`<button class="small" aria-label=${`edit tags of run ${run.run}`} onClick=${() => edit(true)}>✎</button>`}</span>`;
}
