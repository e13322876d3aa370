// labels.js - rates by sample, or by another label that frames have: laser, delay, … Nothing at all where there are no labels.
import {html, useState} from './html.js';
import {useData} from './live.js';
import {count, percent, interval} from './format.js';
import {Problem} from './parts.js';

const rate = f => f.n >= 20 ? html`${percent(f.p)} % <small class="mute">${interval(f)}</small>` : f.n ? `${f.k} of ${f.n}` : '–';

// query: of which jobs, as "trial=4"; "": of all.
export function ByLabel({query = ''}) {
  const [chosen, choose] = useState('');
  const {data: d, error} = useData('labels?' + [query, chosen && 'by=' + encodeURIComponent(chosen)].filter(Boolean).join('&'));
  if (!d) return error ? html`<${Problem} error=${error}/>` : null;
  if (!d.labels.length) return null;
  const by = d.by, name = by?.label || '', unit = by?.unit ? `, ${by.unit}` : '';
  return html`<section class="panel gap above"><div class="phead"><h2>${by ? `By ${name}${unit}` : 'By label'}</h2>
      <select aria-label="Split by label" value=${chosen || name} onChange=${e => choose(e.target.value)}>${!by && html`<option value="">choose a label</option>`}${d.labels.map(l => html`<option key=${l.name} value=${l.name}>${l.name}</option>`)}</select></div>
    ${by && html`<table class="plain"><caption class="vh">${`Hits and indexed frames by ${name}`}</caption>
      <thead><tr><th scope="col">${name}</th><th scope="col" class="r">frames</th><th scope="col" class="r">hits</th><th scope="col" class="r">indexed of hits</th></tr></thead>
      <tbody>${by.groups.map(g => html`<tr key=${g.value ?? ''}><th scope="row" class=${g.value === null ? 'mute' : ''}>${g.value ?? `without ${name}`}</th><td class="r">${count(g.frames)}</td><td class="r">${rate(g.hit)}</td><td class="r">${rate(g.indexing)}</td></tr>`)}</tbody></table>
      ${by.values_without_frame > 0 && html`<p class="mute">${by.values_without_frame === 1 ? 'One value' : count(by.values_without_frame) + ' values'} of this label found no frame.</p>`}`}</section>`;
}
