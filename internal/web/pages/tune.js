// tune.js - would other parameters do better, before I spend the nodes? (#/tune/JOB/SOURCE/FRAME) The real stages on one frame, before and
// after, and on fifty; nothing is kept until somebody makes a trial of it.
import {html, useEffect, useRef, useState} from './html.js';
import {get, post, useData, useReady} from './live.js';
import {count, fixed} from './format.js';
import {Problem, Empty} from './parts.js';
import {Stage, Together} from './stage.js';
import {firstLook} from './palette.js';
import {ringsLayer, spotsLayer, indexedLayer, predictedLayer} from './marks.js';
import {ask, mayEdit} from './ask.js';
import {chosen, values} from './phil.js';

// The parameters that matter most often; what is not here goes into the field below them.
const FORM = [
  ['Spots', [['spotfinder.threshold.algorithm', 'threshold', ['dispersion', 'dispersion_extended', 'radial_profile']], ['spotfinder.threshold.dispersion.gain', 'gain'], ['spotfinder.threshold.dispersion.sigma_background', 'σ background'], ['spotfinder.threshold.dispersion.sigma_strong', 'σ strong'],
    ['spotfinder.threshold.dispersion.kernel_size', 'kernel, px'], ['spotfinder.threshold.dispersion.global_threshold', 'least counts'], ['spotfinder.filter.min_spot_size', 'least pixels'], ['spotfinder.filter.d_min', 'd min, Å']]],
  ['Hits and lattices', [['dispatch.hit_finder.minimum_number_of_reflections', 'spots of a hit'], ['indexing.known_symmetry.unit_cell', 'cell'], ['indexing.known_symmetry.space_group', 'space group'], ['xfelx.index.min_evidence', 'evidence, log10']]],
  ['Geometry', [['geometry.detector.distance', 'distance, mm'], ['geometry.detector.slow_fast_beam_centre', 'beam slow, fast']]],
];

// Ask for it and look until it is done.
export async function tryIt(body, told) {
  const {tune} = await post('tune', body), r = await waitFor(tune, told);
  return r && r.result;
}
export async function waitFor(tune, told) {
  for (;;) {
    const r = await get('tune/' + tune);
    if (r.state === 'done') return r;
    if (r.state === 'failed') { const [text, ...rest] = (r.error || 'it failed').split('\n'); throw Object.assign(new Error(text), {hint: rest.join(' ')}); }
    if (told(r.seconds) === false) return null;
    await new Promise(go => setTimeout(go, 250));
  }
}

const sign = v => v > 0 ? `+${v}` : v < 0 ? `−${-v}` : '±0';
function Row({name, a, b, digits = 0, better = 0}) {
  const show = v => v === null || v === undefined ? '–' : digits ? fixed(v, digits) : count(v), known = a != null && b != null, d = known ? +(b - a).toFixed(digits) : 0;
  return html`<tr><th scope="row">${name}</th><td class="r">${show(a)}</td><td class="r">${b === undefined ? '' : show(b)}</td><td class=${'r ' + (better && d ? d * better > 0 ? 'c-ok' : 'c-warn' : '')}>${known && b !== undefined ? sign(d) : ''}</td></tr>`;
}
const Head = ({title, after}) => html`<caption class="vh">${title}</caption><thead><tr><th scope="col"><span class="vh">what</span></th><th scope="col" class="r">As processed</th><th scope="col" class="r">${after ? 'Changed' : ''}</th><th scope="col" class="r">${after ? 'Difference' : ''}</th></tr></thead>`;

function OneFrame({r}) {
  const a = r.frames[0].before, b = r.frames[0].after, lattice = w => (w?.lattices || [])[0], of = (w, key) => w ? lattice(w)?.[key] ?? null : undefined, after = r.after;
  return html`<section class="panel gap"><h2>This frame</h2><table><${Head} title="This frame, before and after" after=${after}/><tbody>
    <tr><th scope="row">outcome</th><td class="r">${a.outcome_text}</td><td class="r">${b ? b.outcome_text : ''}</td><td></td></tr>
    <${Row} name="strong spots" a=${a.strong} b=${b?.strong}/><${Row} name="lattices" a=${a.lattices} b=${b?.lattices} better=${1}/><${Row} name="evidence, log10" a=${of(r.before, 'evidence')} b=${of(after, 'evidence')} digits=${1}/><${Row} name="indexed spots" a=${a.indexed} b=${b?.indexed} better=${1}/><${Row} name="rmsd, px" a=${a.rmsd_px} b=${b?.rmsd_px} digits=${3} better=${-1}/>
    <${Row} name="rmsd ψ, °" a=${of(r.before, 'rmsd_psi_deg')} b=${of(after, 'rmsd_psi_deg')} digits=${3} better=${-1}/><${Row} name="integrated" a=${a.integrated} b=${b?.integrated}/><${Row} name="resolution, Å" a=${a.res_a} b=${b?.res_a} digits=${2} better=${-1}/><${Row} name="time, s" a=${a.seconds} b=${b?.seconds} digits=${2}/></tbody></table>
    ${[a, b].map((w, i) => w?.message && html`<p key=${i} class="c-bad">${i ? 'Changed' : 'As processed'}: ${w.message}</p>`)}${[r.before, after].map((w, i) => w?.note && html`<p key=${i} class="sub nomargin">${i ? 'Changed' : 'As processed'}: ${w.note}.</p>`)}</section>`;
}

function Many({r, job}) {
  const t = r.totals, d = t.indexed, a = t.before, b = t.after, pc = v => sign(+(100 * v).toFixed(1)).replace('±0', '0');
  const verdict = !d ? null : d.p > 0.05 ? `No difference that chance would not make: ${d.gained} gained, ${d.lost} lost (p = ${d.p.toPrecision(2)}).` : d.gained > d.lost ? `More frames are indexed: ${d.gained} gained, ${d.lost} lost (p = ${d.p.toPrecision(2)}).` : `Fewer frames are indexed: ${d.lost} lost, ${d.gained} gained (p = ${d.p.toPrecision(2)}).`;
  return html`<section class="panel gap" id="many"><h2>${verdict || `${t.frames} frames`}</h2>
    ${d && html`<p class="sub nomargin">Of ${t.frames} frames that were hits ${pc(d.difference)} % (95 %: ${pc(d.lo)} to ${pc(d.hi)}) more are indexed. The score is lattices less those expected to be false.</p>`}
    <table><${Head} title="All frames, before and after" after=${b}/><tbody><${Row} name="hits" a=${a.hits} b=${b?.hits}/><${Row} name="indexed" a=${a.indexed} b=${b?.indexed} better=${1}/><${Row} name="lattices" a=${a.lattices} b=${b?.lattices}/><${Row} name="expected false" a=${a.expected_false} b=${b?.expected_false} digits=${3} better=${-1}/><${Row} name="score" a=${a.score} b=${b?.score} digits=${2} better=${1}/><${Row} name="median I/σ" a=${a.median_i_sigma} b=${b?.median_i_sigma} digits=${2} better=${1}/><${Row} name="time a frame, s" a=${a.seconds} b=${b?.seconds} digits=${2}/></tbody></table>
    <div class="bench" role="list" aria-label="frames: indexed before and after">${r.frames.map(f => { const x = f.before.lattices > 0, y = f.after ? f.after.lattices > 0 : x, kind = x && y ? 'both' : y ? 'gained' : x ? 'lost' : 'none'; return html`<a key=${f.source + '/' + f.frame} role="listitem" class=${kind} href=${`#/tune/${job}/${f.source}/${f.frame}`} title=${`frame ${f.source}/${f.frame}: ${kind === 'none' ? 'not indexed' : kind === 'both' ? 'indexed both times' : kind}`}>${x ? '✓' : '·'}${y ? '✓' : '·'}</a>`; })}</div>
    <p class="sub nomargin">✓ indexed, · not: as processed, then changed. Each is a link to its own page.</p></section>`;
}

function Make({r, job}) {
  const [comment, set] = useState(''), {data} = useData('jobs/' + job);
  if (!mayEdit()) return null;
  return html`<section class="panel gap"><h2>Make a trial of it</h2><div tabindex="0" class="scroll"><table><caption class="vh">Parameters that are changed</caption><thead><tr><th scope="col">Parameter</th><th scope="col">Was</th><th scope="col">Is</th></tr></thead><tbody>${r.differences.map(d => html`<tr key=${d.path}><td class="mono">${d.path}</td><td class="mono">${d.was ?? '–'}</td><td class="mono">${d.is ?? '–'}</td></tr>`)}</tbody></table></div>
    <div class="ctl top nomargin"><label>Comment <input size="30" value=${comment} onInput=${e => set(e.target.value)}/></label><button class="pri" onClick=${() => ask('trial.add', {phil: data?.trial ? r.asked : r.phil, comment: comment || `tuned on ${job}: ${r.differences.map(d => d.path.split('.').pop()).join(', ')}`, ...(data?.trial ? {from: data.trial} : {})}, 'new trial')}>Make the trial</button></div></section>`;
}

// Everything that is drawn of one way.
const layersOf = w => w ? [ringsLayer(w), ...(w.spots ? [spotsLayer(w.spots)] : []), predictedLayer(w.integrated), indexedLayer(w.indexed)] : [];

function Bench({job, source, frame}) {
  const path = `frames/${job}/${source}/${frame}`, [meta, setMeta] = useState(null), [base, setBase] = useState(null), [result, setResult] = useState(null), [many, setMany] = useState(null), [error, setError] = useState(null), [busy, setBusy] = useState(null), [form, setForm] = useState({}), [more, setMore] = useState(''), [levels, setLevels] = useState(null);
  const together = useRef(new Together()), alive = useRef(true);
  useReady('tune', base || error);
  useEffect(() => {
    alive.current = true;
    const wrong = e => { if (alive.current) setError(e); };
    get(path + '/picture').then(m => { if (alive.current) { setMeta(m); setLevels(firstLook(m)); } }).catch(wrong);
    get(path + '/spots').then(r => { if (alive.current) { setBase(r); setResult(r); } }).catch(wrong);
    return () => { alive.current = false; };
  }, [path]);
  const was = base ? new Map([...values(base.phil)].map(([k, v]) => [k, chosen(v)])) : new Map();
  const phil = [...Object.entries(form).filter(([k, v]) => v.trim() && v.trim() !== was.get(k)).map(([k, v]) => `${k} = ${v.trim()}`), more.trim()].filter(Boolean).join('\n');
  const go = async n => {
    setError(null);
    setBusy({n, seconds: 0});
    try {
      const r = await tryIt({frame: `${job}/${source}/${frame}`, phil: phil || undefined, try: n}, seconds => { if (alive.current) setBusy({n, seconds}); return alive.current; });
      if (!alive.current || !r) return;
      r.asked = phil; // what is added to the job's trial
      setResult(r);
      setMany(n > 1 ? r : null);
    } catch (e) { if (alive.current) setError(e); }
    if (alive.current) setBusy(null);
  };
  const may = mayEdit(), after = result?.after;
  return html`<p class="sub nomargin"><a href=${`#/frames/${job}/${source}/${frame}`}>Frame ${source}/${frame} of job ${job}</a></p><h1>Tune on frame ${source}/${frame}</h1><${Problem} error=${error}/>
    <div class="bench2"><form class="panel" onSubmit=${e => { e.preventDefault(); if (may && phil && !busy) go(1); }}>
      ${!may && html`<p class="sub">Trying needs an editor's token; this is the frame as it was processed.</p>`}
      ${FORM.map(([title, rows]) => html`<fieldset key=${title}><legend>${title}</legend>${rows.map(([name, word, choice]) => { const now = form[name] ?? was.get(name) ?? '', changed = form[name] !== undefined && form[name].trim() !== was.get(name); return html`<label key=${name} class=${'field' + (changed ? ' changed' : '')} title=${name}><span>${word}</span>${choice ? html`<select disabled=${!may || !base} value=${now} onChange=${e => setForm({...form, [name]: e.target.value})}>${choice.map(c => html`<option key=${c} value=${c}>${c.replace(/_/g, ' ')}</option>`)}</select>` : html`<input disabled=${!may || !base} value=${now} spellcheck="false" onInput=${e => setForm({...form, [name]: e.target.value})}/>`}</label>`; })}</fieldset>`)}
      <label for="more">Others, as in a parameter file</label><textarea id="more" class="mono wide" rows="3" spellcheck="false" disabled=${!may} value=${more} onInput=${e => setMore(e.target.value)} placeholder="indexing.multiple_lattice_search.max_lattices = 2"></textarea>
      <div class="ctl top nomargin"><button type="submit" class="pri" disabled=${!may || !phil || !!busy}>Try on this frame</button><button type="button" disabled=${!may || !phil || !!busy} onClick=${() => go(50)}>On 50 frames</button><button type="button" disabled=${!phil} onClick=${() => { setForm({}); setMore(''); setResult(base); setMany(null); }}>Back to the job's</button></div>
      <p class="sub nomargin" role="status">${busy ? `Working for ${busy.seconds.toFixed(0)} s …` : phil ? `${phil.split('\n').length} changed` : 'Nothing is changed yet.'}</p></form>
      <div class="grow"><div class=${after ? 'twins' : ''}>${meta && levels && [['before', 'As processed'], ...(after ? [['after', 'Changed']] : [])].map(([way, word]) => html`<div key=${way} class="twin"><h2>${word}</h2><${Stage} path=${path} meta=${meta} levels=${levels} layers=${layersOf(result?.[way])} share=${together.current} label=${`${word}: detector picture; plus and minus zoom, arrows move`}/></div>`)}</div></div></div>
    <div class="grid g2">${result && html`<div><${OneFrame} r=${result}/>${after && html`<${Make} r=${result} job=${job}/>`}</div>`}${many && html`<div><${Many} r=${many} job=${job}/></div>`}</div>`;
}

// What brings frames here, for pages that need some.
export const NoFrames = () => html`<${Empty}>No job has frames yet: what a job has done is looked at here as soon as its first frames are in the database.<br/>Now: <code>xfelx process run.phil run.h5 output.output_dir=out</code>, then <code>xfelx status --serve 8080 out</code>. With a watcher (<code>xfelx watch</code>) jobs come by themselves; <a href="#/jobs">Jobs</a> and <a href="#/runs">Runs</a> say what they wait for.<//>`;

// Which frame? The one that should have been indexed most of all is the best to begin with.
export function ChooseJob({name, title, sub, list}) {
  const {data, error} = useData('jobs');
  useReady(name, data || error);
  const jobs = (data?.jobs || []).filter(j => j.frames).slice(0, 50);
  return html`<h1>${title}</h1><p class="sub">${sub}</p><${Problem} error=${error}/>
    ${data && !jobs.length && html`<${NoFrames}/>`}${jobs.length > 0 && html`<div tabindex="0" class="scroll panel"><table><caption class="vh">Jobs with frames</caption><thead><tr><th scope="col">Job</th><th scope="col">Run</th><th scope="col" class="r">Trial</th><th scope="col" class="r">Group</th><th scope="col" class="r">Hits not indexed</th></tr></thead><tbody>${jobs.map(j => html`<tr key=${j.job}><td><a href=${`#/frames/${j.job}?list=${list}`}>frames of job ${j.job}</a></td><td>${j.name}</td><td class="r">${j.trial ?? '–'}</td><td class="r">${j.rungroup || '–'}</td><td class="r">${count(j.hit.k - j.indexed.k)}</td></tr>`)}</tbody></table></div>`}`;
}

export const Tune = ({rest}) => rest.length >= 3 ? html`<${Bench} key=${rest.join('/')} job=${rest[0]} source=${rest[1]} frame=${rest[2]}/>` : html`<${ChooseJob} name="tune" title="Tune" sub="Other parameters, tried on a frame of a job that was processed, before and after. Begin with one that should have been indexed." list="should_index"/>`;
