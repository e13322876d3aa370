// tags.js - tags and comment of a run, edited where they stand: double click or ✎, Enter keeps what was typed, Escape does not. Tags are told
// apart by commas (they may hold blanks); one that holds a comma itself is left alone.
import {html, useState, useRef, useEffect} from './html.js';
import {ask, mayEdit} from './ask.js';

export function Tags({run}) {
  const [editing, edit] = useState(false);
  const box = useRef(null), plain = run.tags.filter(t => !t.includes(','));
  useEffect(() => { if (editing) box.current.focus(); }, [editing]);
  const save = async () => {
    edit(false);
    const want = box.current.value.split(',').map(t => t.trim()).filter(Boolean), id = `${run.run}#${run.id}`;
    for (const tag of want.filter(t => !run.tags.includes(t))) await ask('run.tag', {runs: id, tag}, `tag ${tag}`);
    for (const tag of plain.filter(t => !want.includes(t))) await ask('run.untag', {runs: id, tag}, `tag ${tag} off`);
  };
  if (editing) return html`<input ref=${box} aria-label=${`tags of run ${run.run}`} value=${plain.join(', ')} onKeyDown=${e => { e.stopPropagation(); if (e.key === 'Enter') save(); if (e.key === 'Escape') edit(false); }} onBlur=${() => edit(false)}/>`;
  return html`<span onDblClick=${() => mayEdit() && edit(true)}>${run.tags.map(t => html`<span class="tag" key=${t}>${t}</span>`)}${mayEdit() && html`<button class="small" aria-label=${`edit tags of run ${run.run}`} onClick=${() => edit(true)}>✎</button>`}</span>`;
}

export function Note({run}) {
  const [editing, edit] = useState(false);
  const box = useRef(null);
  useEffect(() => { if (editing) box.current.focus(); }, [editing]);
  const save = () => { const text = box.current.value; edit(false); if (text !== run.comment) ask('run.comment', {runs: `${run.run}#${run.id}`, text}, 'comment'); };
  if (editing) return html`<input ref=${box} class="wide" aria-label=${`comment of run ${run.run}`} value=${run.comment} onKeyDown=${e => { e.stopPropagation(); if (e.key === 'Enter') save(); if (e.key === 'Escape') edit(false); }} onBlur=${() => edit(false)}/>`;
  return html`<span title=${run.comment || undefined} onDblClick=${() => mayEdit() && edit(true)}>${mayEdit() && html`<button class="small" aria-label=${`edit comment of run ${run.run}`} onClick=${() => edit(true)}>✎</button> `}${run.comment}</span>`;
}
