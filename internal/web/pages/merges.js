// merges.js - what merging came to: shells of a version against resolution, versions against the number of their crystals.
import {html} from './html.js';
import {count, fixed, percent} from './format.js';
import {Bar} from './parts.js';
import {setQuery} from './table.js';
import {Plot, numbers} from './plots.js';

const S2 = d => 1 / (d * d), LIMIT = .3; // CC½ at which resolution is said to end
const range = s => `${s.d_max === null ? '∞' : fixed(s.d_max, 2)} – ${fixed(s.d_min, 2)}`;
// The middle of a shell by 1/d²: shells have equal numbers of reflections or equal steps, the ends are what is known.
const middle = s => (S2(s.d_min) + (s.d_max > 0 ? S2(s.d_max) : 0)) / 2;
const known = v => v !== null && Number.isFinite(v);

// d at which CC½, falling from low resolution, passes LIMIT: linear in 1/d² between two shells; the outer edge when it never does.
export function reach(shells) {
  const rows = shells.filter(s => s.shell > 0 && known(s.cc_half) && known(s.d_min)).sort((a, b) => b.d_min - a.d_min);
  for (let i = 0; i < rows.length; i++)
    if (rows[i].cc_half < LIMIT) {
      if (!i) return {d: null, edge: false};
      const [x, y] = [middle(rows[i - 1]), middle(rows[i])], part = (rows[i - 1].cc_half - LIMIT) / (rows[i - 1].cc_half - rows[i].cc_half);
      return {d: 1 / Math.sqrt(x + part * (y - x)), edge: false};
    }
  return rows.length ? {d: rows[rows.length - 1].d_min, edge: true} : {d: null, edge: false};
}

const Shells = ({rows, label, first, head}) => html`<div tabindex="0" class="scroll"><table><caption class="vh">${label}</caption><thead><tr><th scope="col">${head}</th><th scope="col" class="r">Lattices</th><th scope="col" class="r">Unique</th><th scope="col" class="r">Measured</th><th scope="col">Completeness, %</th><th scope="col" class="r">Multiplicity</th><th scope="col" class="r">I/σ</th><th scope="col">CC½</th><th scope="col" class="r">Pairs</th><th scope="col" class="r">CC*</th><th scope="col" class="r">R split, %</th></tr></thead>
  <tbody>${rows.map(s => html`<tr key=${`${s.version}/${s.job}/${s.shell}`}><th scope="row">${first(s)}</th><td class="r">${count(s.lattices)}</td><td class="r">${count(s.unique)} of ${count(s.possible)}</td><td class="r">${count(s.measured)}</td><td>${percent(s.completeness)} <${Bar} share=${s.completeness}/></td><td class="r">${fixed(s.multiplicity, 1)}</td><td class="r">${fixed(s.i_over_sigma, 2)}</td><td>${fixed(s.cc_half, 3)} <${Bar} share=${s.cc_half} kind="o"/></td><td class="r">${count(s.cc_pairs)}</td><td class="r">${fixed(s.cc_star, 3)}</td><td class="r">${percent(s.r_split)}</td></tr>`)}</tbody></table></div>`;

const FIGURES = [['CC½', s => s.cc_half, 0, 1], ['completeness, %', s => known(s.completeness) ? 100 * s.completeness : null, 0, 100], ['multiplicity', s => s.multiplicity, 0, null], ['I/σ', s => s.i_over_sigma, 0, null]];

// Against 1/d²; the version before in grey, with broken lines.
function ByResolution({rows, before, word}) {
  const shells = r => r.filter(s => s.shell > 0 && known(s.d_min)).sort((a, b) => b.d_min - a.d_min), mine = shells(rows), old = shells(before);
  if (mine.length < 2) return null;
  const x = [0, Math.max(...[...mine, ...old].map(s => S2(s.d_min)))], xt = [...new Set([mine.length - 1, ...[.25, .5, .75].map(f => Math.round(f * (mine.length - 1)))])].map(i => [S2(mine[i].d_min), fixed(mine[i].d_min, 2)]);
  return html`<div class="grid g2">${FIGURES.map(([name, of, lo, hi]) => {
    const points = r => r.map(s => [middle(s), of(s) ?? null]), all = [...mine, ...old].map(of).filter(known), y = [Math.min(lo, ...all), hi ?? Math.max(1, ...all) * 1.05];
    return html`<div key=${name}><h3>${name}</h3><${Plot} series=${[...(old.length ? [{kind: 'k-blank', points: points(old), dots: false}] : []), {kind: 'k-idx', points: points(mine)}]} x=${x} y=${y} xt=${xt} yt=${numbers(y[0], y[1], 4)} marks=${name === 'CC½' ? [[LIMIT]] : []} height=${8} label=${`${name} of ${word} by resolution, from ${fixed(of(mine[0]), 2)} at ${fixed(mine[0].d_min, 2)} Å to ${fixed(of(mine[mine.length - 1]), 2)} at ${fixed(mine[mine.length - 1].d_min, 2)} Å.`}/></div>`; })}</div>`;
}

// Against the number of crystals: what more of them have brought, version by version.
function ByCrystals({shells, goal}) {
  const versions = [...new Set(shells.map(s => s.version))].map(v => ({all: shells.find(s => s.version === v && s.shell === 0), at: reach(shells.filter(s => s.version === v))})).filter(v => v.all && known(v.all.lattices)).sort((a, b) => a.all.lattices - b.all.lattices);
  if (versions.length < 2) return null;
  const made = Math.max(...versions.map(v => v.all.lattices)), most = goal && goal < 3 * made ? Math.max(made, goal) : made, x = [0, most * 1.05], xt = numbers(0, most, 4).map(([v]) => [v, count(v)]);
  const plots = [['CC½, all shells', v => v.all.cc_half, 0, 1], ['completeness, %', v => known(v.all.completeness) ? 100 * v.all.completeness : null, 0, 100], ['multiplicity', v => v.all.multiplicity, 0, null], ['resolution at CC½ 0.3, Å', v => v.at.d && -S2(v.at.d), null, null]];
  return html`<section class="panel gap"><h2>What more crystals brought</h2><div class="grid g2">${plots.map(([name, of, lo, hi]) => {
    const points = versions.map(v => [v.all.lattices, of(v) ?? null]), all = points.map(p => p[1]).filter(known);
    if (!all.length) return html`<div key=${name}><h3>${name}</h3><p class="mute">Not known of any version.</p></div>`;
    const margin = (Math.max(...all) - Math.min(...all)) * .1 || .01, y = [lo ?? Math.min(...all) - margin, hi ?? (lo === null ? Math.max(...all) + margin : Math.max(...all) * 1.05)];
    return html`<div key=${name}><h3>${name}</h3><${Plot} series=${[{kind: 'k-idx', points}]} x=${x} y=${y} xt=${xt} yt=${lo === null ? numbers(y[0], y[1], 4).map(([v]) => [v, v < 0 ? fixed(1 / Math.sqrt(-v), 2) : '']) : numbers(y[0], y[1], 4)} height=${8} label=${`${name} against crystals: ${points.map(p => `${count(p[0])}: ${lo === null ? p[1] && fixed(1 / Math.sqrt(-p[1]), 2) : fixed(p[1], 2)}`).join(', ')}.`}/></div>`; })}</div></section>`;
}

export function Merges({d, query}) {
  const merged = [...new Set(d.shells.map(s => s.version))];
  if (!merged.length) return html`<section class="panel top"><h2>No merge yet</h2><p class="mute">A merge is a task of the dataset (<code>xfelx task add NAME --kind merge</code>, then put it into the dataset); its job runs when a version has enough new runs, and the figures of its <code>*_main.log</code> stand here. Merged by hand: <code>xfelx dataset merged NAME VERSION LOG</code>.</p></section>`;
  const version = merged.includes(+query.get('version')) ? +query.get('version') : merged[0], earlier = merged.find(v => v < version);
  const of = v => d.shells.filter(s => s.version === v), mine = of(version), all = d.shells.filter(s => s.shell === 0);
  return html`<section class="panel top gap"><div class="phead"><h2>Version ${version}, by resolution ${earlier ? html`<small class="mute">grey: version ${earlier}</small>` : ''}</h2><label>Version <select value=${version} onChange=${e => setQuery(query, 'version', e.target.value)}>${merged.map(v => html`<option key=${v} value=${v}>${v}</option>`)}</select></label></div>
      <${ByResolution} rows=${mine} before=${earlier ? of(earlier) : []} word=${`version ${version}`}/>
      <${Shells} label="Figures of merging by shell" rows=${mine} head="Resolution, Å" first=${s => html`${s.shell ? range(s) : `all: ${range(s)}`}`}/></section>
    <${ByCrystals} shells=${d.shells} goal=${d.goal}/>
    <section class="panel"><h2>All versions, all shells together</h2><${Shells} label="Figures of merging by version" rows=${all} head="Version" first=${s => html`${s.version}, ${s.job ? html`<a href=${'#/jobs/' + s.job}>job ${s.job}</a>` : 'by hand'}`}/></section>`;
}
