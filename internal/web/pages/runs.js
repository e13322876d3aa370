// runs.js - which run needs somebody.
import {html} from './html.js';
import {useData, useReady, now} from './live.js';
import {count, fixed, when} from './format.js';
import {State, Share, Problem, Empty} from './parts.js';
import {wilson} from './wilson.js';

export function Runs() {
  const {data, error} = useData('runs');
  useReady('runs', data || error);
  if (!data) return html`<h1>Runs</h1><${Problem} error=${error}/>`;
  const at = Object.fromEntries(data.cols.map((c, i) => [c, i]));
  return html`<h1>Runs</h1><${Problem} error=${error}/>
  ${!data.rows.length ? html`<${Empty}>No runs yet. <code>xfelx process RUN</code> makes the first.<//>` : html`<div class="scroll panel"><table>
    <caption class="vh">Runs with their frames, hits, indexed and resolution</caption>
    <thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Began</th><th scope="col" class="r">Frames</th><th scope="col">Hits, %</th><th scope="col">Indexed of hits, %</th><th scope="col" class="r">Resolution, Å</th><th scope="col" class="r">Lattices</th></tr></thead>
    <tbody>${data.rows.map(r => html`<tr key=${r[at.job]}><td><a href=${'#/jobs/' + r[at.job]}>${r[at.name]}</a></td><td><${State} state=${r[at.state]}/></td><td>${when(r[at.t_begin], now.value)}</td>
      <td class="r">${count(r[at.frames])} of ${count(r[at.expected])}</td><td><${Share} f=${wilson(r[at.hits], r[at.readable])} kind="h"/></td><td><${Share} f=${wilson(r[at.indexed], r[at.hits])}/></td>
      <td class="r">${fixed(r[at.res_a], 2)}</td><td class="r">${count(r[at.lattices])}</td></tr>`)}</tbody></table></div>`}`;
}
