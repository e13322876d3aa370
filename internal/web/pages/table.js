// table.js - a table of any length: only rows that are seen exist (10,000 of them would take seconds). Columns {id, word, value(row) to
// sort by, cell(row), right, width}. Sorting and filter live in the address.
import {html, useEffect, useRef, useState} from './html.js';

const compare = (a, b) => {
  const none = v => v === null || v === undefined || (typeof v === 'number' && !Number.isFinite(v));
  if (none(a) || none(b)) return none(a) - none(b); // what is not known comes last
  return typeof a === 'string' ? a.localeCompare(b) : a - b;
};

export function sorted(rows, columns, sort) {
  const down = sort?.startsWith('-'), column = columns.find(c => c.id === (down ? sort.slice(1) : sort));
  if (!column?.value) return rows;
  const keyed = rows.map((r, i) => [column.value(r), i, r]);
  keyed.sort((a, b) => { const c = compare(a[0], b[0]); const known = x => x !== null && x !== undefined && x === x; return (known(a[0]) && known(b[0]) && down ? -c : c) || a[1] - b[1]; });
  return keyed.map(k => k[2]);
}

export function Table({label, rows, columns, sort, onSort, id, selected, onSelect, onOpen}) {
  const box = useRef(null), anchor = useRef(null);
  const [view, setView] = useState({first: 0, n: 60});
  const [focus, setFocus] = useState(-1);
  const height = () => 28 * parseFloat(getComputedStyle(document.documentElement).fontSize) / 14;
  const look = () => { const b = box.current; if (b) setView({first: Math.max(0, Math.floor(b.scrollTop / height()) - 15), n: Math.ceil(b.clientHeight / height()) + 30}); };
  useEffect(() => { look(); addEventListener('resize', look); return () => removeEventListener('resize', look); }, [rows.length]);
  const pick = (row, i, event) => {
    if (!onSelect) return;
    const next = new Set(selected);
    if (event.shiftKey && anchor.current !== null) for (let k = Math.min(i, anchor.current); k <= Math.max(i, anchor.current); k++) next.add(id(rows[k]));
    else { next.has(id(row)) ? next.delete(id(row)) : next.add(id(row)); anchor.current = i; }
    onSelect(next);
  };
  const keys = e => {
    if (/^(INPUT|BUTTON|A)$/.test(e.target.tagName) && e.key !== 'Escape') return;
    const move = {j: 1, ArrowDown: 1, k: -1, ArrowUp: -1}[e.key];
    if (move) {
      const next = Math.max(0, Math.min(rows.length - 1, focus + move));
      setFocus(next);
      const b = box.current, y = next * height();
      if (y < b.scrollTop) b.scrollTop = y;
      if (y + 3 * height() > b.scrollTop + b.clientHeight) b.scrollTop = y + 3 * height() - b.clientHeight;
      e.preventDefault();
    } else if (e.key === 'x' && focus >= 0) pick(rows[focus], focus, e);
    else if (e.key === 'Enter' && focus >= 0 && onOpen) onOpen(rows[focus]);
  };
  const shown = rows.slice(view.first, view.first + view.n), h = height();
  return html`<div class="vt" ref=${box} onScroll=${look} tabindex="0" onKeyDown=${keys} role="region" aria-label=${label}>
    <table aria-rowcount=${rows.length + 1}><caption class="vh">${label}</caption>
      <thead><tr aria-rowindex="1">${onSelect && html`<th class="pick" scope="col"><span class="vh">selected</span></th>`}${columns.map(c => html`<th key=${c.id} scope="col" class=${c.right ? 'r' : ''} style=${c.width ? {width: c.width} : undefined}
        aria-sort=${sort === c.id ? 'ascending' : sort === '-' + c.id ? 'descending' : undefined}>${c.value ? html`<button onClick=${() => onSort(sort === '-' + c.id ? c.id : '-' + c.id)}>${c.word}${sort === c.id ? ' ▲' : sort === '-' + c.id ? ' ▼' : ''}</button>` : c.word}</th>`)}</tr></thead>
      <tbody>
        ${view.first > 0 && html`<tr aria-hidden="true" key="above" class="spacer"><td style=${{height: view.first * h + 'px'}}></td></tr>`}
        ${shown.map((r, k) => { const i = view.first + k; return html`<tr key=${id(r)} aria-rowindex=${i + 2} aria-selected=${onSelect ? selected.has(id(r)) : undefined} class=${i === focus ? 'focus' : ''}>
          ${onSelect && html`<td class="pick"><input type="checkbox" aria-label=${'select ' + id(r)} checked=${selected.has(id(r))} onClick=${e => pick(r, i, e)}/></td>`}
          ${columns.map(c => html`<td key=${c.id} class=${c.right ? 'r' : ''}>${c.cell(r)}</td>`)}</tr>`; })}
        ${view.first + shown.length < rows.length && html`<tr aria-hidden="true" key="below" class="spacer"><td style=${{height: (rows.length - view.first - shown.length) * h + 'px'}}></td></tr>`}
      </tbody></table></div>`;
}

// What a page keeps in its address: #/runs?filter=…&sort=…
export function setQuery(query, name, value) {
  const next = new URLSearchParams(query);
  value ? next.set(name, value) : next.delete(name);
  const text = next.toString();
  history.replaceState(null, '', location.hash.split('?')[0] + (text ? '?' + text : ''));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
