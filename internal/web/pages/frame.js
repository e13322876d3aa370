// frame.js - one frame as a picture, with what the job found in it and the list it is looked at in. Its part of the picture is in the link
// (at=column,row,px a pixel: the middle); what is shown on top, contrast and place stay when one steps to the next frame of the job.
import {html, useState, useEffect, useRef} from './html.js';
import {api, get, useData, useReady} from './live.js';
import {count, fixed} from './format.js';
import {Problem} from './parts.js';
import {setQuery} from './table.js';
import {Stage} from './stage.js';
import {Contrast, firstLook, keepLook, automatic, stronger, nextMap} from './palette.js';
import {LATTICES, ringsLayer, iceLayer, spotsLayer, indexedLayer, predictedLayer, numbersLayer, numbersShown, reflectionAt} from './marks.js';

export const LISTS = [['should_index', 'Should have been indexed'], ['indexed', 'Strongest indexed'], ['hits', 'All hits, strongest first'], ['failed', 'Failed']];
export const address = (job, f, list) => `#/frames/${job}/${f.source}/${f.frame}?list=${list}`;

// ---- frames that were fetched: the one that is seen, and its neighbours in advance, so that a step shows the next one at once
const KEPT = 9, fetched = new Map();
function fetchFrame(path, ahead) {
  const was = fetched.get(path);
  if (was && !was.failed) return was;
  const got = {frame: null, meta: null, failed: null}, priority = ahead ? 'low' : 'auto';
  got.done = Promise.all([get(path), get(path + '/picture')]).then(([frame, meta]) => {
    Object.assign(got, {frame, meta});
    if (!ahead || meta.levels < 2) return;
    const side = meta.tile * 2 ** (meta.levels - 1); // the whole: its tiles stay in the browser's own store
    for (let r = 0; r * side < meta.height; r++) for (let c = 0; c * side < meta.width; c++) fetch(api(`${path}/tile?level=${meta.levels - 1}&column=${c}&row=${r}`), {priority}).then(a => a.arrayBuffer()).catch(() => {});
  }).catch(e => { got.failed = e; });
  fetched.delete(path);
  fetched.set(path, got);
  for (const old of [...fetched.keys()].slice(0, Math.max(0, fetched.size - KEPT))) fetched.delete(old);
  return got;
}

// ---- what stays from frame to frame of a job
let kept = {job: null};
const keptFor = job => { if (kept.job !== job) kept = {job, levels: null, off: new Set(['ice']), hidden: new Set(), place: null}; return kept; };
function placeOf(text) {
  const [x, y, s] = (text || '').split(',').map(Number);
  return text && [x, y, s].every(Number.isFinite) && s > 0 && s <= 64 ? {x, y, s} : null;
}

// The values of the pixels that are seen, when they are large enough to hold them.
function useBlock(path) {
  const [block, set] = useState(null), timer = useRef(0), asked = useRef(null); // of the newest: the picture keeps the first function it was given
  const moved = p => {
    clearTimeout(timer.current);
    if (!numbersShown(p.view.s)) return;
    const x = Math.max(0, Math.floor(p.view.x)), y = Math.max(0, Math.floor(p.view.y)), columns = Math.min(64, Math.ceil(p.width / p.view.s) + 1), rows = Math.min(64, Math.ceil(p.height / p.view.s) + 1);
    const query = `x=${x}&y=${y}&columns=${columns}&rows=${rows}`;
    if (asked.current === query) return;
    timer.current = setTimeout(() => {
      asked.current = query;
      get(`${path}/values?${query}`).then(r => { if (asked.current === query) set({x, y, columns, values: r.block}); }).catch(() => { asked.current = null; });
    }, 120);
  };
  useEffect(() => () => clearTimeout(timer.current), [path]);
  return [block, moved];
}

// What is at the pointer: asked for when it rests.
function useValues(path) {
  const [at, set] = useState(null), timer = useRef(0);
  const hover = place => {
    clearTimeout(timer.current);
    if (!place) return;
    const [x, y] = place.map(Math.floor);
    timer.current = setTimeout(() => { if (x >= 0 && y >= 0) get(`${path}/values?x=${x}&y=${y}`).then(set).catch(() => {}); }, 70);
  };
  useEffect(() => () => clearTimeout(timer.current), [path]);
  return [at, hover];
}

const number = v => v === null ? '' : Number.isInteger(v) ? String(v) : v.toPrecision(4);
function Values({at}) {
  if (!at || at.panel === null) return html`<section class="panel gap"><h2>Under the pointer</h2><p class="mute nomargin">no pixel</p></section>`;
  const middle = at.values[4][4];
  return html`<section class="panel gap"><h2>Under the pointer: <b id="value">${middle === null ? 'masked' : number(middle)}</b></h2>
    <p class="sub nomargin">${at.name ? `${at.name}, ` : ''}fast ${at.fast}, slow ${at.slow} · ${at.d === null ? '–' : fixed(at.d, 2)} Å</p>
    <table class="values mono" aria-label="values around the pointer"><tbody>${at.values.map((r, y) => html`<tr key=${y}>${r.map((v, x) => html`<td key=${x} class=${x === 4 && y === 4 ? 'here' : ''}>${number(v)}</td>`)}</tr>`)}</tbody></table></section>`;
}

const LAYERS = [['s', 'spots', 'Spots found'], ['i', 'indexed', 'Indexed spots'], ['p', 'predicted', 'Integrated'], ['r', 'rings', 'Rings, beam'], ['e', 'ice', 'Ice rings']];
const typing = e => /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) && e.target.type !== 'range' || e.ctrlKey || e.altKey || e.metaKey;

function Lattice({l, i, on, toggle}) {
  return html`<section class="panel gap"><div class="phead"><h2><span class="swatch" style=${{background: `var(--${LATTICES[i % 4]})`}}></span> Lattice ${i + 1}${l.split ? ', a split piece' : ''}</h2><button class="small" aria-pressed=${on} onClick=${toggle}>${on ? 'Shown' : 'Hidden'}</button></div>
    <dl class="kv"><dt>a, b, c</dt><dd>${l.cell.slice(0, 3).map(x => fixed(x, 2)).join('  ')} Å</dd><dt>α, β, γ</dt><dd>${l.cell.slice(3).map(x => fixed(x, 2)).join('  ')} °</dd><dt>evidence</dt><dd>10<sup>${fixed(l.evidence, 1)}</sup></dd>
    <dt>indexed</dt><dd>${count(l.indexed)}</dd><dt>integrated</dt><dd>${count(l.integrated)}</dd><dt>rmsd</dt><dd>${fixed(l.rmsd_px, 2)} px, ${fixed(l.rmsd_psi_deg, 3)} °</dd><dt>resolution</dt><dd>${fixed(l.res_a, 2)} Å</dd><dt>half mosaicity</dt><dd>${fixed(l.half_mosaicity_deg, 3)} °</dd>
    ${l.outlier && html`<dt>cell</dt><dd class="c-warn">▲ far from the known one</dd>`}${l.reason && html`<dt>not integrated</dt><dd class="c-warn">${l.reason_text}</dd>`}</dl></section>`;
}

// Spots of frames of which none were kept are found anew, with the job's own parameters, when somebody wants to see them.
function useSpots(path, found, wanted) {
  const [state, set] = useState({});
  useEffect(() => {
    if (!wanted || !found || found.spots || state.path === path) return;
    set({path});
    get(`${path}/spots`).then(r => set({path, spots: r.before.spots})).catch(e => set({path, error: e}));
  }, [path, found, wanted]);
  return found?.spots ? {spots: found.spots} : state.path === path ? state : {};
}

const hkl = r => [r.h, r.k, r.l].map(v => v < 0 ? `−${-v}` : v).join(' ');
function Readout({at, near}) {
  if (!at || at.panel === null) return html`<span class="mute">${near ? '' : 'the pixel under the pointer is told here'}</span>`;
  const v = at.values[4][4];
  return html`<b>${v === null ? 'masked' : number(v)}</b> · ${at.name || `panel ${at.panel}`} fast ${at.fast} slow ${at.slow} · ${at.d === null ? '∞' : fixed(at.d, 2)} Å · 2θ ${fixed(at.two_theta_deg, 2)}°${near && html` · <b>${hkl(near)}</b>${near.i !== null && ` I ${fixed(near.i, 0)} ± ${fixed(near.sigma, 0)}`}`}`;
}

export function One({job, source, frame, query}) {
  const path = `frames/${job}/${source}/${frame}`, list = query.get('list') || 'should_index', keep = keptFor(job), early = fetchFrame(path);
  const {data: fresh, error} = useData(path), f = fresh || early.frame;
  const {data: others} = useData(`frames?job=${job}&list=${encodeURIComponent(list)}`);
  const [meta, setMeta] = useState(early.meta), [trouble, setTrouble] = useState(null), [counts, setCounts] = useState(null), [near, setNear] = useState(null);
  const [levels, setLevelsNow] = useState(early.meta && (keep.levels?.own ? keep.levels : firstLook(early.meta)));
  const [off, setOff] = useState(keep.off), [hidden, hide] = useState(keep.hidden), [at, hover] = useValues(path), [block, numbers] = useBlock(path);
  const stage = useRef(null), start = useRef(placeOf(query.get('at')) || keep.place), timer = useRef(0), said = useRef(null), afterG = useRef(false);
  const newest = useRef(levels); // a key may come before the last one is drawn
  newest.current = levels;
  const setLevels = l => { keep.levels = newest.current = l; setLevelsNow(l); };
  useReady('frame', f || error);
  useEffect(() => {
    let gone = false;
    early.done.then(() => { if (gone) return; if (early.failed) setTrouble(early.failed); else if (!meta) { setMeta(early.meta); setLevelsNow(keep.levels?.own ? keep.levels : firstLook(early.meta)); } });
    return () => { gone = true; clearTimeout(timer.current); };
  }, [path]);
  useEffect(() => { document.body.dataset.picture = trouble ? 'trouble' : meta ? 'shown' : ''; }, [meta, trouble]);
  const {spots, error: noSpots} = useSpots(path, meta, !off.has('spots'));
  const place = others ? others.frames.findIndex(o => `${o.source}/${o.frame}` === `${source}/${frame}`) : -1;
  const next = step => place >= 0 ? others?.frames[place + step] : step > 0 ? others?.frames[0] : undefined, go = step => { if (next(step)) location.hash = address(job, next(step), list); };
  useEffect(() => { if (meta) for (const step of [1, -1, 2]) if (next(step)) fetchFrame(`frames/${job}/${next(step).source}/${next(step).frame}`, true); }, [meta, place, others]);
  const toggle = (set, was, x, name) => { const now = new Set(was); if (!now.delete(x)) now.add(x); keep[name] = now; set(now); };
  // The link says which part is seen, a moment after it comes to rest.
  const moved = p => {
    numbers(p);
    keep.place = p.whole ? null : {x: p.view.x + p.width / p.view.s / 2, y: p.view.y + p.height / p.view.s / 2, s: p.view.s};
    const place = keep.place ? `${keep.place.x.toFixed(1)},${keep.place.y.toFixed(1)},${+keep.place.s.toPrecision(3)}` : '';
    if (place === said.current) return;
    said.current = place;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const [base, text = ''] = location.hash.split('?'), q = new URLSearchParams(text);
      if (!base.endsWith(path)) return;
      if (place) q.set('at', place); else q.delete('at');
      history.replaceState(null, '', base + (q.size ? '?' + q.toString().replace(/%2C/g, ',') : ''));
    }, 250);
  };
  const shown = i => !hidden.has(i);
  const point = (where, p) => { hover(where); setNear(where && meta && !off.has('predicted') ? reflectionAt(meta, shown, where, 9 / p.view.s + 2) : null); };
  const see = how => newest.current && setLevels(how(newest.current));
  const KEYS = {
    j: () => go(1), k: () => go(-1), ArrowRight: () => stage.current?.whole && go(1), ArrowLeft: () => stage.current?.whole && go(-1),
    l: () => { location.hash = `#/frames/${job}?list=${list}`; }, v: () => see(l => keepLook({...l, invert: !l.invert})), m: () => see(nextMap),
    a: () => see(l => automatic(l, meta)), '[': () => see(l => stronger(l, 1.5)), ']': () => see(l => stronger(l, 1 / 1.5)),
    '+': () => stage.current?.zoom(1.5), '=': () => stage.current?.zoom(1.5), '-': () => stage.current?.zoom(1 / 1.5), 0: () => stage.current?.fit(), 1: () => stage.current?.zoom(1 / stage.current.view.s),
  };
  useEffect(() => {
    const keys = e => {
      const letter = !afterG.current; // g and a letter are another page
      afterG.current = e.key === 'g';
      if (typing(e) || e.defaultPrevented || !letter) return;
      const layer = LAYERS.find(l => l[0] === e.key);
      if (layer) toggle(setOff, off, layer[1], 'off'); else KEYS[e.key]?.();
    };
    addEventListener('keydown', keys);
    return () => removeEventListener('keydown', keys);
  });
  if (!f) return html`<h1>Frame ${source}/${frame} of job ${job}</h1><${Problem} error=${error}/>`;
  const layers = [];
  if (meta && !off.has('ice')) layers.push(iceLayer(meta));
  if (spots && !off.has('spots')) layers.push(spotsLayer(spots));
  if (meta && !off.has('predicted')) layers.push(predictedLayer(meta.integrated, shown));
  if (meta && !off.has('indexed')) layers.push(indexedLayer(meta.indexed, shown));
  if (meta && !off.has('rings')) layers.push(ringsLayer(meta));
  if (levels) layers.push(numbersLayer(block, levels));
  const many = {spots: spots ? spots.rows.length : null, indexed: meta?.indexed.rows.length, predicted: meta?.integrated.rows.length};
  return html`<div class="phead"><p class="sub nomargin"><a href=${'#/jobs/' + job}>Job ${job}</a> › <a href=${`#/frames/${job}?list=${list}`}>frames</a>${place >= 0 ? ` · ${place + 1} of ${others.frames.length}` : ''}</p>
      <span class="ctl nomargin"><select aria-label="list that is stepped through" value=${list} onChange=${e => setQuery(new URLSearchParams(location.hash.split('?')[1]), 'list', e.target.value)}>${LISTS.map(([id, word]) => html`<option key=${id} value=${id}>${word}</option>`)}</select><button title="k, ←" disabled=${!next(-1)} onClick=${() => go(-1)}>‹ Previous</button><button title="j, →" disabled=${!next(1)} onClick=${() => go(1)}>${place < 0 && next(1) ? 'First' : 'Next'} ›</button></span></div>
    <h1>Frame ${source}/${frame}: ${f.outcome_text}${f.reason ? `: ${f.reason_text}` : ''}</h1>
    <p class="sub">${count(f.strong)} strong spots · ${f.lattices} lattice${f.lattices === 1 ? '' : 's'} · ${fixed(f.energy_ev, 1)} eV · ${fixed(f.distance_mm, 2)} mm · <span class="mono">${f.file}</span></p><${Problem} error=${error}/><${Problem} error=${trouble}/>
    ${meta?.replaced && html`<div class="alarm" role="alert"><span>▲</span><div>Another file lies here now than the job read: what you see is not what was processed.</div></div>`}
    ${f.message && html`<div class="alarm bad"><span>✕</span><div>${f.message}</div></div>`}
    <div class="view">${meta && levels ? html`<${Stage} key=${path} path=${path} meta=${meta} levels=${levels} layers=${layers} hover=${point} count=${setCounts} start=${start.current} moved=${moved} engine=${p => { stage.current = p; }} say=${html`<${Readout} at=${at} near=${near}/>`}/>` : html`<div class="stagebox"><div class="ctl nomargin over"><div class="readout"/></div><div class="stage"></div></div>`}
      <div>
      <section class="panel gap"><h2>On top</h2><div class="ctl nomargin" role="group" aria-label="what is drawn on top">${LAYERS.map(([key, id, word]) => html`<button key=${id} class="small" aria-pressed=${!off.has(id)} title=${key} onClick=${() => toggle(setOff, off, id, 'off')}>${word}${many[id] != null ? ` ${count(many[id])}` : ''}</button>`)}</div>
        ${noSpots && html`<p class="sub nomargin">Spots cannot be shown: ${noSpots.message}</p>`}${meta && !meta.known && html`<p class="sub nomargin">${meta.why}</p>`}</section>
      ${meta && levels && html`<${Contrast} meta=${meta} levels=${levels} set=${setLevels} count=${counts}/>`}
      <${Values} at=${at}/>
      ${(meta?.lattices || []).map((l, i) => html`<${Lattice} key=${i} l=${l} i=${i} on=${shown(i)} toggle=${() => toggle(hide, hidden, i, 'hidden')}/>`)}
      <p class="sub"><a href=${'#/tune/' + path.slice(7)}>Tune on this frame</a> · <a href=${'#/mask/' + path.slice(7)}>Mask from here</a> · <a href=${api(path + '/image.png').href} target="_blank" rel="noopener">PNG</a></p>
      <details class="sub"><summary>Keys and signs</summary><dl class="kv keylist"><dt>j k, → ←</dt><dd>next, previous of the list (arrows: of the whole picture)</dd><dt>l</dt><dd>the list</dd><dt>+ − 0 1</dt><dd>larger, smaller, whole, 1 : 1; wheel, two fingers, double click</dd><dt>arrows</dt><dd>move, when it is enlarged</dd><dt>s i p r e</dt><dd>spots, indexed, integrated, rings, ice</dd><dt>[ ] a</dt><dd>contrast weaker, stronger, automatic</dd><dt>m v</dt><dd>colours, inverted</dd></dl>
      <p>Panels lie where the file puts them; rings and beam where the job found them. Sand is masked, red (in colours: what the map has not) above the trusted range. Circles are spots (orange: no lattice has them), squares predictions (dashed: weaker than their σ). From 24 px a pixel its value stands in it.</p></details></div></div>`;
}
