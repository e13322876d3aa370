// frames.js - is the program or the crystal to blame? Lists of a job's frames, and one of them as a picture (#/frames/JOB/SOURCE/FRAME).
import {html, useState, useEffect, useRef} from './html.js';
import {api, get, useData, useReady} from './live.js';
import {count, fixed} from './format.js';
import {Problem, Empty} from './parts.js';
import {setQuery} from './table.js';
import {Stage, Contrast, LATTICES, inverted, ringsLayer, spotsLayer, indexedLayer, predictedLayer} from './stage.js';

const LISTS = [['should_index', 'Should have been indexed'], ['indexed', 'Strongest indexed'], ['hits', 'All hits, strongest first'], ['failed', 'Failed']];
const address = (job, f, list) => `#/frames/${job}/${f.source}/${f.frame}?list=${list}`;

function Choose() {
  const {data, error} = useData('jobs');
  useReady('frames', data || error);
  if (!data) return html`<h1>Frames</h1><${Problem} error=${error}/>`;
  const jobs = data.jobs.filter(j => j.frames).slice(0, 100);
  return html`<h1>Frames</h1><p class="sub">Of which job?</p><${Problem} error=${error}/>
    ${!jobs.length ? html`<${Empty}>No job has frames yet.<//>` : html`<div tabindex="0" class="scroll panel"><table><caption class="vh">Jobs with frames</caption><thead><tr><th scope="col">Job</th><th scope="col">Run</th><th scope="col" class="r">Frames</th><th scope="col" class="r">Hits not indexed</th></tr></thead>
      <tbody>${jobs.map(j => html`<tr key=${j.job}><td><a href=${'#/frames/' + j.job}>job ${j.job}</a></td><td>${j.name}</td><td class="r">${count(j.frames)}</td><td class="r">${count(j.hit.k - j.indexed.k)}</td></tr>`)}</tbody></table></div>`}`;
}

function List({job, query}) {
  const list = query.get('list') || 'should_index';
  const {data, error} = useData(`frames?job=${encodeURIComponent(job)}&list=${encodeURIComponent(list)}`);
  useReady('frames', data || error);
  return html`<p class="sub"><a href=${'#/jobs/' + job}>Job ${job}</a></p><h1>Frames of job ${job}</h1><${Problem} error=${error}/>
    <div class="ctl"><span class="seg" role="group" aria-label="which frames">${LISTS.map(([id, word]) => html`<button key=${id} aria-pressed=${id === list} onClick=${() => setQuery(query, 'list', id)}>${word}</button>`)}</span></div>
    ${data && (!data.frames.length ? html`<${Empty}>There are none.<//>` : html`<div tabindex="0" class="scroll panel"><table><caption class="vh">Frames</caption><thead><tr><th scope="col">Frame</th><th scope="col" class="r">Strong spots</th><th scope="col">Outcome</th><th scope="col">Reason</th><th scope="col" class="r">Lattices</th><th scope="col" class="r">Res., Å</th><th scope="col">File</th></tr></thead>
      <tbody>${data.frames.map(f => html`<tr key=${f.source + '/' + f.frame}><td><a href=${address(job, f, list)}>${f.source}/${f.frame}</a></td><td class="r">${count(f.strong)}</td><td>${f.outcome_text}</td><td>${f.reason_text || '–'}</td><td class="r">${f.lattices}</td><td class="r">${fixed(f.res_a, 2)}</td><td class="mono">${f.file}</td></tr>`)}</tbody></table></div>`)}`;
}

// What is at the pointer: asked for when it rests.
export function useValues(path) {
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
export function Values({at}) {
  if (!at || at.panel === null) return html`<section class="panel gap"><h2>Under the pointer</h2><p class="mute nomargin">no pixel</p></section>`;
  const middle = at.values[4][4];
  return html`<section class="panel gap"><h2>Under the pointer: <b id="value">${middle === null ? 'masked' : number(middle)}</b></h2>
    <p class="sub nomargin">${at.name ? `${at.name}, ` : ''}fast ${at.fast}, slow ${at.slow} · ${at.d === null ? '–' : fixed(at.d, 2)} Å</p>
    <table class="values mono" aria-label="values around the pointer"><tbody>${at.values.map((r, y) => html`<tr key=${y}>${r.map((v, x) => html`<td key=${x} class=${x === 4 && y === 4 ? 'here' : ''}>${number(v)}</td>`)}</tr>`)}</tbody></table></section>`;
}

const LAYERS = [['s', 'spots', 'Spots found'], ['i', 'indexed', 'Indexed spots'], ['p', 'predicted', 'Integrated'], ['r', 'rings', 'Rings, beam']];
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

function One({job, source, frame, query}) {
  const path = `frames/${job}/${source}/${frame}`, list = query.get('list') || 'should_index';
  const {data: f, error} = useData(path);
  const {data: others} = useData(`frames?job=${job}&list=${encodeURIComponent(list)}`);
  const [meta, setMeta] = useState(null), [trouble, setTrouble] = useState(null), [levels, setLevels] = useState(null), [counts, setCounts] = useState(null);
  const [off, setOff] = useState(new Set()), [hidden, hide] = useState(new Set()), [at, hover] = useValues(path);
  useReady('frame', f || error);
  useEffect(() => {
    let gone = false;
    get(path + '/picture').then(m => { if (!gone) { setMeta(m); setLevels(l => l || {lo: m.lo, hi: m.hi, invert: inverted()}); } }).catch(e => { if (!gone) setTrouble(e); });
    return () => { gone = true; };
  }, [path]);
  useEffect(() => { document.body.dataset.picture = trouble ? 'trouble' : meta ? 'shown' : ''; }, [meta, trouble]);
  const {spots, error: noSpots} = useSpots(path, meta, !off.has('spots'));
  const place = others ? others.frames.findIndex(o => `${o.source}/${o.frame}` === `${source}/${frame}`) : -1;
  const next = step => others?.frames[place + step], go = step => { if (place >= 0 && next(step)) location.hash = address(job, next(step), list); };
  const toggle = (set, was, x) => { const now = new Set(was); if (!now.delete(x)) now.add(x); set(now); };
  useEffect(() => {
    const keys = e => { if (typing(e)) return; if (e.key === 'j') go(1); if (e.key === 'k') go(-1); const layer = LAYERS.find(l => l[0] === e.key); if (layer) toggle(setOff, off, layer[1]); if (e.key === 'v') setLevels(l => l && {...l, invert: !l.invert}); };
    addEventListener('keydown', keys);
    return () => removeEventListener('keydown', keys);
  });
  if (!f) return html`<h1>Frame ${source}/${frame} of job ${job}</h1><${Problem} error=${error}/>`;
  const shown = i => !hidden.has(i), layers = [];
  if (meta && !off.has('rings')) layers.push(ringsLayer(meta));
  if (spots && !off.has('spots')) layers.push(spotsLayer(spots));
  if (meta && !off.has('predicted')) layers.push(predictedLayer(meta.integrated, shown));
  if (meta && !off.has('indexed')) layers.push(indexedLayer(meta.indexed, shown));
  const many = {spots: spots ? spots.rows.length : null, indexed: meta?.indexed.rows.length, predicted: meta?.integrated.rows.length, rings: meta?.rings.length};
  return html`<div class="phead"><p class="sub nomargin"><a href=${`#/frames/${job}?list=${list}`}>${LISTS.find(l => l[0] === list)?.[1] || 'Frames'} of job ${job}</a>${place >= 0 && ` · ${place + 1} of ${others.frames.length}`}</p>
      <span class="ctl nomargin"><button disabled=${!(place >= 0 && next(-1))} onClick=${() => go(-1)}>‹ Previous (k)</button><button disabled=${!(place >= 0 && next(1))} onClick=${() => go(1)}>Next (j) ›</button></span></div>
    <h1>Frame ${source}/${frame}: ${f.outcome_text}${f.reason ? `: ${f.reason_text}` : ''}</h1>
    <p class="sub">${count(f.strong)} strong spots · ${f.lattices} lattice${f.lattices === 1 ? '' : 's'} · ${fixed(f.energy_ev, 1)} eV · ${fixed(f.distance_mm, 2)} mm · <span class="mono">${f.file}</span></p><${Problem} error=${error}/><${Problem} error=${trouble}/>
    ${f.message && html`<div class="alarm bad"><span>✕</span><div>${f.message}</div></div>`}
    <div class="view">${meta && levels ? html`<${Stage} key=${path} path=${path} meta=${meta} levels=${levels} layers=${layers} hover=${hover} count=${setCounts}/>` : html`<div class="stage"></div>`}
      <div>
      <section class="panel gap"><h2>On top</h2><div class="ctl nomargin" role="group" aria-label="what is drawn on top">${LAYERS.map(([key, id, word]) => html`<button key=${id} class="small" aria-pressed=${!off.has(id)} title=${key} onClick=${() => toggle(setOff, off, id)}>${word}${many[id] != null && id !== 'rings' ? ` ${count(many[id])}` : ''}</button>`)}</div>
        ${noSpots && html`<p class="sub nomargin">Spots cannot be shown: ${noSpots.message}</p>`}${meta && !meta.known && html`<p class="sub nomargin">${meta.why}</p>`}</section>
      ${meta && levels && html`<${Contrast} meta=${meta} levels=${levels} set=${setLevels} count=${counts}/>`}
      <${Values} at=${at}/>
      ${(meta?.lattices || []).map((l, i) => html`<${Lattice} key=${i} l=${l} i=${i} on=${shown(i)} toggle=${() => toggle(hide, hidden, i)}/>`)}
      <p class="sub"><a href=${'#/tune/' + path.slice(7)}>Tune on this frame</a> · <a href=${'#/mask/' + path.slice(7)}>Mask from here</a> · <a href=${api(path + '/image.png').href} target="_blank" rel="noopener">PNG</a></p>
      <p class="sub">Panels lie where the file puts them; rings and beam where the job found them. Red is above the trusted range, sand is masked. Circles are spots (orange: no lattice has them), squares predictions (dashed: weaker than their σ). Keys: j k, s i p r, v, + − 0 1.</p></div></div>`;
}

export const Frames = ({rest, query}) => rest.length >= 3 ? html`<${One} job=${rest[0]} source=${rest[1]} frame=${rest[2]} query=${query}/>` : rest.length ? html`<${List} job=${rest[0]} query=${query}/>` : html`<${Choose}/>`;
