// parts.js - small pieces that several pages show.
import {html} from './html.js';
import {count, percent, interval, stateSign, stateClass} from './format.js';

export const State = ({state}) => html`<span class=${'nw ' + stateClass(state)}><span class="st" aria-hidden="true">${stateSign(state)}</span>${state}</span>`;

// Where a run is to be found: by its number, and its row where two may have one number.
export const runPath = (number, row, shared = true) => `#/runs/${number}${shared ? '%23' + row : ''}`;

// A bar of a share 0 … 1, with its interval as whiskers.
export function Bar({share, lo, hi, kind = ''}) {
  const at = x => `${(100 * Math.min(1, Math.max(0, x))).toFixed(1)}%`;
  return html`<span class="bar" aria-hidden="true">${share !== null && html`<i class=${kind} style=${{width: at(share)}}></i>`}
    ${Number.isFinite(lo) && html`<u style=${{left: at(lo)}}></u>`}${Number.isFinite(hi) && html`<u style=${{left: at(hi)}}></u>`}</span>`;
}

// A share with its bar, in a cell of a table.
export const Share = ({f, kind}) => f && f.n ? html`<span title=${`${count(f.k)} of ${count(f.n)}; ${interval(f)}`}>${percent(f.p)} <${Bar} share=${f.p} lo=${f.lo} hi=${f.hi} kind=${kind}/></span>` : '–';

export function Key({label, value, unit, note, kind = ''}) {
  return html`<div class="kf"><div class="l">${label}</div><div class=${'v ' + kind}>${value}${unit && html` <small>${unit}</small>`}</div><div class="ci">${note === value ? '' : note}</div></div>`;
}

export const Problem = ({error}) => error && html`<div class="alarm bad" role="alert"><span>✕</span><div><b>${error.message}</b>${error.hint && html`<div>${error.hint}</div>`}</div></div>`;

export const Empty = ({children}) => html`<div class="panel empty">${children}</div>`;
