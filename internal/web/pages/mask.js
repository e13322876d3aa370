// mask.js - areas that are not to be trusted, drawn on a frame (#/mask/JOB/SOURCE/FRAME): rectangle, circle, polygon, and a brush that takes
// only pixels beyond a threshold. Shapes are in pixels of the panel, as spotfinder.filter.untrusted of DIALS has them.
import {html, useEffect, useRef, useState} from './html.js';
import {api, get, post, useReady} from './live.js';
import {count, fixed, percent} from './format.js';
import {Problem} from './parts.js';
import {Stage} from './stage.js';
import {Contrast, firstLook} from './palette.js';
import {ringsLayer, predictedLayer} from './marks.js';
import {tryIt, waitFor, ChooseJob} from './tune.js';
import {ask, mayEdit} from './ask.js';

const TOOLS = [['rectangle', 'Rectangle'], ['circle', 'Circle'], ['polygon', 'Polygon'], ['brush', 'Brush'], ['move', 'Move']], BRUSH_MOST = 3000;

// Between the picture and a panel: its corners are the images of (0, 0), (fast, 0) and (0, slow).
function panelOf(meta, x, y) {
  for (let k = 0; k < meta.panels.length; k++) {
    const p = meta.panels[k], [ox, oy, fx, fy, , , sx, sy] = p.corners, a = fx - ox, b = sx - ox, c = fy - oy, d = sy - oy, det = a * d - b * c;
    const fast = p.fast * ((x - ox) * d - (y - oy) * b) / det, slow = p.slow * ((y - oy) * a - (x - ox) * c) / det;
    if (fast >= 0 && slow >= 0 && fast < p.fast && slow < p.slow) return {panel: k, fast, slow};
  }
  return null;
}
const pictureOf = (meta, k, fast, slow) => { const p = meta.panels[k], [ox, oy, fx, fy, , , sx, sy] = p.corners, u = fast / p.fast, v = slow / p.slow; return [ox + u * (fx - ox) + v * (sx - ox), oy + u * (fy - oy) + v * (sy - oy)]; };
const onto = (meta, k, x, y) => { const p = meta.panels[k], [ox, oy, fx, fy, , , sx, sy] = p.corners, a = fx - ox, b = sx - ox, c = fy - oy, d = sy - oy, det = a * d - b * c; return [Math.min(p.fast, Math.max(0, p.fast * ((x - ox) * d - (y - oy) * b) / det)), Math.min(p.slow, Math.max(0, p.slow * ((y - oy) * a - (x - ox) * c) / det))]; };

// A shape as a block of a parameter file.
function block(s) {
  const r = Math.round, head = `spotfinder.filter.untrusted {\n  panel = ${s.panel}\n`;
  if (s.kind === 'rectangle') return `${head}  rectangle = ${r(Math.min(s.a[0], s.b[0]))} ${r(Math.max(s.a[0], s.b[0]))} ${r(Math.min(s.a[1], s.b[1]))} ${r(Math.max(s.a[1], s.b[1]))}\n}`;
  if (s.kind === 'circle') return `${head}  circle = ${r(s.a[0])} ${r(s.a[1])} ${r(Math.hypot(s.b[0] - s.a[0], s.b[1] - s.a[1]))}\n}`;
  if (s.kind === 'polygon') return `${head}  polygon = ${s.points.map(p => `${r(p[0])} ${r(p[1])}`).join(' ')}\n}`;
  return s.pixels.map(([x, y]) => `${head}  pixel = ${y} ${x}\n}`).join('\n');
}
const say = s => ({rectangle: () => `rectangle, ${Math.round(Math.abs(s.b[0] - s.a[0]))} × ${Math.round(Math.abs(s.b[1] - s.a[1]))} px`, circle: () => `circle, radius ${Math.round(Math.hypot(s.b[0] - s.a[0], s.b[1] - s.a[1]))} px`, polygon: () => `polygon of ${s.points.length} corners`, brush: () => `${count(s.pixels.length)} pixels by brush`})[s.kind]();

function outline(meta, s) {
  const P = (x, y) => pictureOf(meta, s.panel, x, y);
  if (s.kind === 'rectangle') return [[s.a, [s.b[0], s.a[1]], s.b, [s.a[0], s.b[1]]].map(p => P(...p))];
  if (s.kind === 'circle') { const r = Math.hypot(s.b[0] - s.a[0], s.b[1] - s.a[1]); return [[...Array(48)].map((_, i) => P(s.a[0] + r * Math.cos(i * Math.PI / 24), s.a[1] + r * Math.sin(i * Math.PI / 24)))]; }
  if (s.kind === 'polygon') return [s.points.map(p => P(...p))];
  return s.pixels.map(([x, y]) => [P(x, y), P(x + 1, y), P(x + 1, y + 1), P(x, y + 1)]);
}
const shapesLayer = (meta, shapes, picked) => ({g, to, ink}) => {
  for (const [i, s] of shapes.entries()) {
    g.fillStyle = g.strokeStyle = i === picked ? ink.hit : ink.idx2; g.lineWidth = 1.5;
    g.beginPath();
    for (const ring of outline(meta, s)) { ring.forEach((p, k) => { const at = to(...p); if (k) g.lineTo(...at); else g.moveTo(...at); }); g.closePath(); }
    g.globalAlpha = 0.35; g.fill(); g.globalAlpha = 1; g.stroke();
  }
};

function Effect({r}) {
  if (!r) return null;
  return html`<section class="panel gap" id="effect"><h2>${count(r.lost)} good pixels go, ${percent(r.lost / r.good)} %</h2>
    ${r.outside?.length > 0 && html`<p class="c-warn nomargin">${r.outside.length === 1 ? `Shape ${r.outside[0]} lies outside of its panel: it masks nothing.` : `Shapes ${r.outside.join(', ')} lie outside of their panels: they mask nothing.`}</p>`}
    ${r.reflections > 0 && html`<p class="sub nomargin">With them ${count(r.reflections_lost)} of ${count(r.reflections)} reflections of ${r.frames === 1 ? '1 frame' : `${count(r.frames)} frames`} (${percent(r.reflections_lost / r.reflections)} %).</p>
    <table><caption class="vh">Reflections lost by shell</caption><thead><tr><th scope="col">Å</th><th scope="col" class="r">Reflections</th><th scope="col" class="r">Lost, %</th></tr></thead><tbody>${r.shells.map((s, i) => html`<tr key=${i}><td>${fixed(s.d_max, 2)} – ${fixed(s.d_min, 2)}</td><td class="r">${count(s.n)}</td><td class="r">${percent(s.lost / s.n)}</td></tr>`)}</tbody></table>`}</section>`;
}

// The mask as a file, made by the server and kept by nobody there.
const FORMS = [['nxs', 'NXmx'], ['pickle', 'DIALS'], ['geom', 'CrystFEL']];
async function download(frame, phil, as, told) {
  const {tune} = await post('tune', {what: 'mask', frame, phil, as});
  if (!await waitFor(tune, told)) return;
  const r = await fetch(api(`tune/${tune}/file`));
  if (!r.ok) throw new Error(`the server answered ${r.status}`);
  const url = URL.createObjectURL(await r.blob()), a = Object.assign(document.createElement('a'), {href: url, download: `mask.${as}`});
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function Draw({job, source, frame}) {
  const path = `frames/${job}/${source}/${frame}`, [meta, setMeta] = useState(null), [levels, setLevels] = useState(null), [counts, setCounts] = useState(null), [error, setError] = useState(null);
  const [shapes, setShapes] = useState([]), [undone, setUndone] = useState([]), [tool, setTool] = useState('rectangle'), [now, setNow] = useState(null), [brush, setBrush] = useState({size: 6, above: true}), [effect, setEffect] = useState(null), [busy, setBusy] = useState(false), [label, setLabel] = useState(''), [from, setFrom] = useState('');
  const stage = useRef(null), alive = useRef(true);
  useReady('mask', meta || error);
  useEffect(() => {
    alive.current = true;
    get(path + '/picture').then(m => { if (alive.current) { setMeta(m); setLevels(firstLook(m)); setBrush(b => ({...b, limit: +(m.hi * 4).toPrecision(2)})); } }).catch(e => { if (alive.current) setError(e); });
    return () => { alive.current = false; };
  }, [path]);
  const change = next => { setShapes(next); setUndone([]); setEffect(null); };
  const undo = () => { if (now?.kind === 'polygon') return setNow(null); if (shapes.length) { setUndone([shapes[shapes.length - 1], ...undone]); setShapes(shapes.slice(0, -1)); setEffect(null); } };
  const redo = () => { if (undone.length) { setShapes([...shapes, undone[0]]); setUndone(undone.slice(1)); setEffect(null); } };
  const close = s => { setNow(null); if (s && s.points.length >= 3) change([...shapes, s]); };
  const keys = useRef(null); // as of the newest rendering: a key may come before effects have run
  keys.current = e => { if (/^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)) return; if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'z') { e.preventDefault(); if (e.shiftKey) redo(); else undo(); } if (e.key === 'Enter' && now?.kind === 'polygon') close(now); if (e.key === 'Escape') setNow(null); };
  useEffect(() => {
    const heard = e => keys.current(e);
    addEventListener('keydown', heard);
    return () => removeEventListener('keydown', heard);
  }, []);
  // Pixels of the brush: those of the tile at 1 : 1 that are beyond the threshold.
  const paint = (s, x, y) => {
    const have = new Set(s.pixels.map(String)), p = stage.current;
    for (let dy = -brush.size; dy <= brush.size; dy++) for (let dx = -brush.size; dx <= brush.size; dx++) {
      const at = panelOf(meta, x + dx, y + dy), c = p?.code(x + dx, y + dy), v = c === 255 ? Infinity : meta.values[c];
      if (Math.hypot(dx, dy) > brush.size || !at || at.panel !== s.panel || c === null || v === null || v === undefined || (brush.above ? v < brush.limit : v > brush.limit)) continue;
      const pixel = [Math.floor(at.fast), Math.floor(at.slow)];
      if (!have.has(String(pixel)) && s.pixels.length < BRUSH_MOST) { have.add(String(pixel)); s.pixels.push(pixel); }
    }
    return {...s};
  };
  const draws = tool === 'move' ? null : {
    down: ([x, y]) => {
      const at = panelOf(meta, x, y);
      if (!at) return false;
      const a = [at.fast, at.slow];
      if (tool === 'polygon') {
        if (now && Math.hypot(...pictureOf(meta, now.panel, ...now.points[0]).map((v, i) => v - [x, y][i])) * stage.current.view.s < 9 && now.points.length > 2) close(now);
        else setNow(now ? {...now, points: [...now.points, onto(meta, now.panel, x, y)]} : {kind: 'polygon', panel: at.panel, points: [a]});
      } else if (tool === 'brush') { if (stage.current.view.s < 1) stage.current.zoom(1.5 / stage.current.view.s, null); setNow(paint({kind: 'brush', panel: at.panel, pixels: []}, x, y)); } else setNow({kind: tool, panel: at.panel, a, b: a});
      return true;
    },
    move: ([x, y]) => { if (!now) return false; if (tool === 'brush') setNow(paint(now, x, y)); else if (tool !== 'polygon') setNow({...now, b: onto(meta, now.panel, x, y)}); return true; },
    up: () => { if (!now || tool === 'polygon') return false; const big = tool === 'brush' ? now.pixels.length > 0 : Math.hypot(now.b[0] - now.a[0], now.b[1] - now.a[1]) >= 1; setNow(null); if (big) change([...shapes, now]); return true; },
  };
  const phil = shapes.map(block).join('\n'), may = mayEdit();
  const look = async () => {
    setError(null); setBusy(true);
    try { const r = await tryIt({what: 'mask', frame: `${job}/${source}/${frame}`, phil, try: 50}, () => alive.current); if (alive.current && r) setEffect(r); } catch (e) { if (alive.current) setError(e); }
    if (alive.current) setBusy(false);
  };
  const give = async as => {
    setError(null); setBusy(true);
    try { await download(`${job}/${source}/${frame}`, phil, as, () => alive.current); } catch (e) { if (alive.current) setError(e); }
    if (alive.current) setBusy(false);
  };
  const all = now ? [...shapes, now] : shapes, layers = meta ? [ringsLayer(meta), predictedLayer(meta.integrated), shapesLayer(meta, all, now ? all.length - 1 : -1)] : [];
  return html`<p class="sub nomargin"><a href=${`#/frames/${job}/${source}/${frame}`}>Frame ${source}/${frame} of job ${job}</a></p><h1>Mask, drawn on frame ${source}/${frame}</h1><${Problem} error=${error}/>
    <div class="ctl"><span class="seg" role="group" aria-label="what is drawn">${TOOLS.map(([id, word]) => html`<button key=${id} aria-pressed=${id === tool} onClick=${() => { setTool(id); setNow(null); }}>${word}</button>`)}</span><button disabled=${!shapes.length && !now} title="Ctrl Z" onClick=${undo}>Undo</button><button disabled=${!undone.length} title="Ctrl Shift Z" onClick=${redo}>Redo</button>
      ${tool === 'polygon' && html`<span class="mute">Click corners; on the first one, or Enter, closes it.</span>`}${tool === 'brush' && html`<label>radius <input type="number" min="1" max="40" value=${brush.size} onInput=${e => setBrush({...brush, size: Math.min(40, Math.max(1, +e.target.value || 1))})}/></label><label><select aria-label="side of the threshold" value=${brush.above ? 'above' : 'below'} onChange=${e => setBrush({...brush, above: e.target.value === 'above'})}><option value="above">values from</option><option value="below">values up to</option></select> <input type="number" aria-label="threshold" value=${brush.limit} onInput=${e => setBrush({...brush, limit: +e.target.value})}/></label>`}</div>
    <div class="view">${meta && levels ? html`<${Stage} path=${path} meta=${meta} levels=${levels} layers=${layers} tool=${draws} count=${setCounts} engine=${p => { stage.current = p; }}/>` : html`<div class="stage"></div>`}
      <div><section class="panel gap"><h2>${shapes.length ? `${shapes.length} shape${shapes.length > 1 ? 's' : ''}` : 'Nothing is drawn yet'}</h2>
          <ul class="plainlist">${shapes.map((s, i) => html`<li key=${i}>${say(s)}${meta.panels.length > 1 ? ` on ${meta.panels[s.panel].name || `panel ${s.panel}`}` : ''} <button class="small" aria-label=${`remove ${say(s)}`} onClick=${() => change(shapes.filter((_, k) => k !== i))}>Remove</button></li>`)}</ul>
          <div class="ctl nomargin"><button class="pri" disabled=${!shapes.length || busy || !may} onClick=${look}>${busy ? 'Counting …' : 'What does it take away?'}</button></div>${!may && html`<p class="sub nomargin">That, and keeping it, needs an editor's token.</p>`}</section>
        <${Effect} r=${effect}/>
        ${shapes.length > 0 && html`<section class="panel gap"><h2>Keep it</h2>${may && html`<div class="ctl nomargin"><label>label <input size="12" value=${label} onInput=${e => setLabel(e.target.value)}/></label><label>from run <input size="4" inputmode="numeric" value=${from} placeholder="all" onInput=${e => setFrom(e.target.value)}/></label>
          <button class="pri" disabled=${!label.trim() || !/^\d*$/.test(from)} onClick=${() => ask('mask.add', {frame: `${job}/${source}/${frame}`, phil, label: label.trim(), ...(from ? {first: +from} : {})}, `mask ${label.trim()}`)}>Keep as a version</button></div><p class="sub">Trials and rungroups then name it <code>spotfinder.lookup.mask=calib:${label.trim() || 'LABEL'}</code>.</p>
          <div class="ctl nomargin" role="group" aria-label="the mask as a file">As a file: ${FORMS.map(([as, word]) => html`<button key=${as} class="small" disabled=${busy} onClick=${() => give(as)}>${word}</button>`)}</div><p class="sub">Or <code>xfelx mask ${job}/${source}/${frame} shapes.phil -o mask.nxs</code>; NXmx holds this frame too, and opens in any viewer.</p>`}
          <label for="shapes">Shapes, as in a parameter file</label><textarea id="shapes" class="mono wide" rows="6" readonly value=${phil}></textarea></section>`}
        ${meta && levels && html`<${Contrast} meta=${meta} levels=${levels} set=${setLevels} count=${counts}/>`}</div></div>`;
}

export const Mask = ({rest}) => rest.length >= 3 ? html`<${Draw} key=${rest.join('/')} job=${rest[0]} source=${rest[1]} frame=${rest[2]}/>` : html`<${ChooseJob} name="mask" title="Mask" sub="Areas that are not to be trusted, drawn on a frame of a job." list="hits"/>`;
