// coverage.js - is it enough, and when will it be: completeness and multiplicity of the outer shell against the number of lattices (SCIENCE 24).
import {html} from './html.js';
import {count, fixed, percent} from './format.js';
import {Plot, numbers} from './plots.js';

const upTo = v => v === null ? 'no end' : count(v);
// Points of c: now, after another hour at the rate of now, with twice the crystals.
export function Coverage({c, trial, goal}) {
  if (!c) return null;
  if (c.why_not) return html`<section class="panel top"><h2>Is it enough?</h2><p class="mute">Not predicted: ${c.why_not}.</p></section>`;
  const [now, hour, twice] = c.points, last = c.curve[c.curve.length - 1], x = [0, last.lattices], xt = numbers(0, last.lattices, 5).map(([v]) => [v, count(v)]);
  const most = Math.max(1, last.multiplicity), value = {seen: p => 100 * p.seen, seen_fold: p => 100 * p.seen_fold, multiplicity: p => p.multiplicity};
  const of = key => c.curve.map(p => [p.lattices, value[key](p)]), here = key => [[now.lattices, value[key](now)]];
  const rows = [['now', now], ...(hour.lattices > now.lattices ? [['after another hour', hour]] : []), ['twice the crystals', twice]];
  return html`<section class="panel top gap"><h2>Is it enough? ${percent(now.seen_fold)} of ${percent(c.share)} % of ${fixed(c.d_max, 2)} – ${fixed(c.d_min, 2)} Å are seen ${c.fold} times</h2>
    <p class="mute">Predicted for trial ${trial} from ${count(c.sample)} lattices: ${fixed(c.per_lattice, 1)} ± ${fixed(c.per_lattice_error, 1)} reflections of the shell in each, ${count(Math.round(c.unique))} unique ones (${c.space_group}${c.counted ? '' : ', by volume'}); to the ${c.d_from}.${c.preferred_orientation && html` <b>The crystals do not lie evenly: it will take more than this.</b>`}${goal ? ` The dataset asks for ${count(goal)} lattices.` : ''}</p>
    <div class="grid g2"><div><h3>seen once (broken line), seen ${c.fold} times, %</h3><${Plot} series=${[{kind: 'k-blank', points: of('seen'), dots: false}, {kind: 'k-idx', points: of('seen_fold'), dots: false}, {kind: 'k-hit', points: here('seen_fold')}]} x=${x} y=${[0, 100]} xt=${xt} yt=${numbers(0, 100, 4)} marks=${[[100 * c.share]]} height=${9} label=${`Share of the outer shell seen ${c.fold} times against lattices: now ${percent(now.seen_fold)} % with ${count(now.lattices)}, ${percent(c.share)} % with ${count(c.needed[0])}.`}/></div>
      <div><h3>multiplicity</h3><${Plot} series=${[{kind: 'k-idx', points: of('multiplicity'), dots: false}, {kind: 'k-hit', points: here('multiplicity')}]} x=${x} y=${[0, most * 1.05]} xt=${xt} yt=${numbers(0, most, 4)} marks=${[[c.fold]]} height=${9} label=${`Multiplicity of the outer shell against lattices: now ${fixed(now.multiplicity, 1)} with ${count(now.lattices)}.`}/></div></div>
    <table class="plain"><caption class="vh">What more lattices would bring</caption><thead><tr><th scope="col">Lattices</th><th scope="col" class="r">Number</th><th scope="col" class="r">Seen once, %</th><th scope="col" class="r">Seen ${c.fold} times, %</th><th scope="col" class="r">Multiplicity</th></tr></thead><tbody>
      ${rows.map(([word, p]) => html`<tr key=${word}><th scope="row">${word}</th><td class="r">${count(Math.round(p.lattices))}</td><td class="r">${percent(p.seen)}</td><td class="r">${percent(p.seen_fold)}</td><td class="r">${fixed(p.multiplicity, 1)}</td></tr>`)}
      <tr><th scope="row">${percent(c.share)} % seen ${c.fold} times</th><td class="r">${upTo(c.needed[0])}</td><td class="mute" colspan="3">95 %: ${upTo(c.needed[1])} to ${upTo(c.needed[2])}</td></tr></tbody></table></section>`;
}
