// stage.js - a detector picture to look into: tiles of codes, coloured here, panned and zoomed to single pixels, with layers on top.
// Places are columns and rows of the picture at 1 px a pixel, as the server's `picture` has them.
import {html, useEffect, useRef, useState} from './html.js';
import {api} from './live.js';

const TILES_KEPT = 80, AT_ONCE = 4, MASKED = 1, FIRST = 2, LAST = 249, ABOVE = 255;
// Colours of what is drawn on top: the page's own, of the light theme on a light picture and of the dark one on a dark picture.
const INKS = [{idx: '#0a66ad', idx2: '#8f4380', hit: '#b04f00', ok: '#00735a', warn: '#7d5a00', line: '#59626c', ink: '#1a1e23', paper: '#ffffff'},
  {idx: '#62b5f4', idx2: '#d99ac9', hit: '#f29a4a', ok: '#45c79c', warn: '#e5b94a', line: '#9aa4ae', ink: '#e3e6e9', paper: '#161a1e'}];
export const inverted = () => document.documentElement.dataset.theme === 'dark'; // a dark room wants a dark picture
const hex = c => [1, 3, 5].map(i => parseInt(c.slice(i, i + 2), 16));
const pack = ([r, g, b]) => (0xff000000 | b << 16 | g << 8 | r) >>> 0;

// Colours of the 256 codes: white to black between two values (the other way round when inverted), with words for what is no value.
function palette(values, {lo, hi, invert}) {
  const lut = new Uint32Array(256), span = hi > lo ? hi - lo : 1;
  for (let c = FIRST; c <= LAST; c++) {
    const g = Math.round(255 * Math.min(1, Math.max(0, (values[c] - lo) / span))), v = invert ? g : 255 - g;
    lut[c] = pack([v, v, v]);
  }
  lut[0] = pack(hex(invert ? '#20262c' : '#d5dee8'));
  lut[MASKED] = pack(hex(invert ? '#4a4230' : '#e8d9b5'));
  lut[ABOVE] = pack(hex('#d62728'));
  return lut;
}

// The engine behind the component: owns the canvases and the tiles, knows nothing of preact.
export class Picture {
  constructor(box, path, meta, changed) {
    Object.assign(this, {box, path, meta, changed, tiles: new Map(), running: 0, wanted: [], tick: 0, dead: false, layers: [], view: null});
    this.ground = box.querySelector('canvas.ground');
    this.top = box.querySelector('canvas.overlay');
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(box);
    this.resize();
  }
  end() { this.dead = true; this.watch.disconnect(); for (const t of this.tiles.values()) t.abort?.abort(); this.tiles.clear(); }
  look(levels) { this.ink = INKS[+levels.invert]; this.lut = palette(this.meta.values, levels); for (const t of this.tiles.values()) t.painted = false; this.redraw(); }
  resize() {
    const {width, height} = this.box.getBoundingClientRect();
    this.ratio = devicePixelRatio || 1;
    this.width = width; this.height = height;
    for (const c of [this.ground, this.top]) { c.width = Math.round(width * this.ratio); c.height = Math.round(height * this.ratio); }
    if (!this.view || this.whole) this.fit(); else this.redraw();
  }
  get least() { return Math.min(this.width / this.meta.width, this.height / this.meta.height); }
  fit() {
    const s = this.least;
    this.view = {s, x: (this.meta.width - this.width / s) / 2, y: (this.meta.height - this.height / s) / 2};
    this.whole = true;
    this.redraw();
  }
  // Zoom about a place of the box; the whole is the smallest, 48 px a pixel the largest.
  zoom(factor, at) {
    const v = this.view, x = at ? at[0] : this.width / 2, y = at ? at[1] : this.height / 2, s = Math.min(48, v.s * factor);
    if (s <= this.least * 1.001) return this.fit();
    this.view = {s, x: v.x + x / v.s - x / s, y: v.y + y / v.s - y / s};
    this.whole = false;
    this.redraw();
  }
  pan(dx, dy) { this.view.x -= dx / this.view.s; this.view.y -= dy / this.view.s; this.whole = false; this.redraw(); }
  centre(x, y, s) { this.view = {s, x: x - this.width / s / 2, y: y - this.height / s / 2}; this.whole = false; this.redraw(); }
  at(sx, sy) { return [this.view.x + sx / this.view.s, this.view.y + sy / this.view.s]; }
  redraw() { if (!this.asked) { this.asked = true; requestAnimationFrame(() => { this.asked = false; if (!this.dead) this.draw(); }); } }

  // ---- tiles
  tile(level, column, row) {
    const key = `${level}/${column}/${row}`;
    let t = this.tiles.get(key);
    if (!t) { t = {key, level, column, row, codes: null}; this.tiles.set(key, t); this.wanted.push(t); }
    t.used = ++this.tick;
    return t;
  }
  async fetch(t) {
    this.running++;
    t.abort = new AbortController();
    try {
      const r = await fetch(api(`${this.path}/tile?level=${t.level}&column=${t.column}&row=${t.row}`), {signal: t.abort.signal});
      if (!r.ok) throw new Error((await r.json()).error.text);
      t.codes = new Uint8Array(await r.arrayBuffer());
    } catch (e) {
      this.tiles.delete(t.key);
      if (e.name !== 'AbortError' && !this.dead) this.changed({trouble: e});
    }
    this.running--;
    if (this.dead) return;
    if (t.codes && t.level === this.meta.levels - 1) this.changed({count: this.count()});
    this.redraw();
  }
  // What is wanted most first: the newest; what is no longer seen is let go.
  pump() {
    this.wanted = this.wanted.filter(t => t.used >= this.seen || (this.tiles.delete(t.key), false));
    while (this.running < AT_ONCE && this.wanted.length) this.fetch(this.wanted.shift());
    if (this.tiles.size <= TILES_KEPT) return;
    const old = [...this.tiles.values()].filter(t => t.codes && t.used < this.seen).sort((a, b) => a.used - b.used);
    for (const t of old.slice(0, this.tiles.size - TILES_KEPT)) this.tiles.delete(t.key);
  }
  paint(t) {
    const n = this.meta.tile;
    t.canvas ||= Object.assign(document.createElement('canvas'), {width: n, height: n});
    const g = t.canvas.getContext('2d'), image = g.createImageData(n, n), out = new Uint32Array(image.data.buffer);
    for (let i = 0; i < out.length; i++) out[i] = this.lut[t.codes[i]];
    g.putImageData(image, 0, 0);
    t.painted = true;
  }
  count() { // how often each code occurs in the whole, for the histogram
    const n = new Float64Array(256), top = this.meta.levels - 1;
    for (const t of this.tiles.values()) if (t.level === top && t.codes) for (const c of t.codes) n[c]++;
    return n;
  }
  code(x, y) { // of the pixel at a place, where its tile is here
    const n = this.meta.tile, t = this.tiles.get(`0/${Math.floor(x / n)}/${Math.floor(y / n)}`);
    return t?.codes ? t.codes[(Math.floor(y) % n) * n + Math.floor(x) % n] : null;
  }

  // ---- drawing
  level(level, g) {
    const {s, x, y} = this.view, side = this.meta.tile * 2 ** level, n = this.meta;
    const first = v => Math.max(0, Math.floor(v / side)), last = (v, most) => Math.min(Math.ceil(most / side) - 1, Math.floor(v / side));
    let whole = true;
    for (let r = first(y); r <= last(y + this.height / s, n.height); r++)
      for (let c = first(x); c <= last(x + this.width / s, n.width); c++) {
        const t = this.tile(level, c, r);
        if (!t.codes) { whole = false; continue; }
        if (!t.painted) this.paint(t);
        g.drawImage(t.canvas, (c * side - x) * s, (r * side - y) * s, side * s, side * s);
      }
    return whole;
  }
  draw() {
    if (!this.lut) return;
    const g = this.ground.getContext('2d'), top = this.meta.levels - 1;
    this.seen = this.tick + 1;
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.imageSmoothingEnabled = false;
    g.clearRect(0, 0, this.width, this.height);
    const want = Math.max(0, Math.min(top, Math.floor(Math.log2(1 / (this.view.s * this.ratio)) + 0.01)));
    g.save();
    g.beginPath(); // the last tiles reach beyond the picture
    g.rect(-this.view.x * this.view.s, -this.view.y * this.view.s, this.meta.width * this.view.s, this.meta.height * this.view.s);
    g.clip();
    let whole = this.level(top, g);
    if (want < top) whole = this.level(want, g) && whole;
    g.restore();
    this.pump();
    this.over();
    this.changed({whole: whole && !this.running, s: this.view.s});
  }
  over() {
    const g = this.top.getContext('2d'), {s, x, y} = this.view;
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.width, this.height);
    const see = {g, s, width: this.width, height: this.height, to: (px, py) => [(px - x) * s, (py - y) * s], seen: (px, py) => px > x - 9 && py > y - 9 && px < x + this.width / s + 9 && py < y + this.height / s + 9, ink: this.ink};
    for (const layer of this.layers) { g.save(); layer(see); g.restore(); }
  }
}

// A picture with its keys and pointer. layers: functions that draw on top ({g, s, to, seen, ink}); tool: takes the pointer before panning does
// ({down, move, up}(place, event) return true); hover(place or null).
export function Stage({path, meta, levels, layers, tool, hover, count, small, label, share, engine}) {
  const box = useRef(null), picture = useRef(null), [trouble, setTrouble] = useState(null), pointers = useRef(new Map());
  useEffect(() => {
    const p = new Picture(box.current, path, meta, c => {
      if (c.trouble) setTrouble(c.trouble);
      if (c.count) count?.(c.count);
      if (c.whole !== undefined) { box.current.dataset.picture = c.whole ? 'shown' : 'loading'; box.current.dataset.zoom = c.s.toFixed(3); }
      if (share) share.follow(p);
    });
    picture.current = p;
    engine?.(p);
    if (share) share.pictures.add(p);
    return () => { share?.pictures.delete(p); p.end(); };
  }, [path, meta]);
  useEffect(() => { picture.current.look(levels); }, [path, meta, levels.lo, levels.hi, levels.invert]);
  useEffect(() => { picture.current.layers = layers; picture.current.redraw(); });
  const place = e => { const b = box.current.getBoundingClientRect(); return [e.clientX - b.left, e.clientY - b.top]; };
  const down = e => {
    box.current.focus({preventScroll: true});
    box.current.setPointerCapture(e.pointerId);
    pointers.current.set(e.pointerId, place(e));
    if (pointers.current.size === 1 && tool?.down?.(picture.current.at(...place(e)), e)) picture.current.redraw();
  };
  const move = e => {
    const p = picture.current, now = place(e), was = pointers.current.get(e.pointerId);
    hover?.(p.at(...now), p);
    if (!was) { if (tool?.hover?.(p.at(...now), e)) p.redraw(); return; }
    if (pointers.current.size === 2) { // two fingers: by how much they moved apart, about the middle
      const other = [...pointers.current].find(([id]) => id !== e.pointerId)[1], d = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
      p.zoom(d(now, other) / Math.max(1, d(was, other)), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
    } else if (!tool?.move?.(p.at(...now), e)) p.pan(now[0] - was[0], now[1] - was[1]);
    else p.redraw();
    pointers.current.set(e.pointerId, now);
  };
  const up = e => { if (pointers.current.delete(e.pointerId) && tool?.up?.(picture.current.at(...place(e)), e)) picture.current.redraw(); };
  const keys = e => {
    const p = picture.current, d = {ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60]}[e.key];
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    if (e.key === '+' || e.key === '=') p.zoom(1.5); else if (e.key === '-') p.zoom(1 / 1.5); else if (e.key === '0') p.fit(); else if (e.key === '1') p.zoom(1 / p.view.s);
    else if (d) p.pan(...d); else return;
    e.preventDefault();
  };
  return html`<div class="stagebox"><div class="ctl nomargin over"><button class="small" title="+" onClick=${() => picture.current.zoom(1.5)}>Larger</button><button class="small" title="-" onClick=${() => picture.current.zoom(1 / 1.5)}>Smaller</button><button class="small" title="1" onClick=${() => picture.current.zoom(1 / picture.current.view.s)}>1 : 1</button><button class="small" title="0" onClick=${() => picture.current.fit()}>Whole</button></div>
    ${trouble && html`<div class="alarm bad" role="alert"><span>✕</span><div>${trouble.message}</div></div>`}
    <div class=${'stage' + (small ? ' low' : '')} ref=${box} tabindex="0" role="application" aria-label=${label || 'detector picture; plus and minus zoom, arrows move, 0 shows the whole'} onWheel=${e => { e.preventDefault(); picture.current.zoom(Math.exp(-e.deltaY / 400), place(e)); }}
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up} onPointerLeave=${() => hover?.(null)} onKeyDown=${keys}><canvas class="ground"></canvas><canvas class="overlay"></canvas></div></div>`;
}

// Pictures that are moved together: before and after.
export class Together {
  constructor() { this.pictures = new Set(); this.busy = false; }
  follow(p) {
    if (this.busy) return;
    this.busy = true;
    for (const o of this.pictures) if (o !== p && (o.view.s !== p.view.s || o.view.x !== p.view.x || o.view.y !== p.view.y)) { o.view = {...p.view}; o.whole = p.whole; o.redraw(); }
    this.busy = false;
  }
}

// ---- layers that several pages draw

export const LATTICES = ['idx', 'idx2', 'ok', 'warn'];
export const rows = (table, key) => table ? table.rows.map(r => r[table.cols.indexOf(key)]) : [];

export const ringsLayer = meta => ({g, to, ink}) => {
  g.strokeStyle = ink.line; g.fillStyle = ink.ink; g.lineWidth = 1; g.setLineDash([5, 4]); g.font = '12px system-ui, sans-serif';
  for (const r of meta.rings) {
    g.beginPath();
    let on = false;
    for (let i = 0; i < r.xy.length; i += 2) {
      if (r.xy[i] === null) { on = false; continue; }
      const at = to(r.xy[i], r.xy[i + 1]);
      if (on) g.lineTo(...at); else g.moveTo(...at);
      on = true;
    }
    g.stroke();
    if (r.label[0] !== null) { const [x, y] = to(...r.label), text = `${r.d} Å`, w = g.measureText(text).width; g.fillStyle = ink.paper; g.globalAlpha = 0.8; g.fillRect(x, y - 14, w + 6, 17); g.globalAlpha = 1; g.fillStyle = ink.ink; g.fillText(text, x + 3, y); }
  }
  if (meta.beam[0] !== null) { const [x, y] = to(...meta.beam); g.setLineDash([]); g.strokeStyle = ink.ok; g.lineWidth = 1.5; g.beginPath(); for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { g.moveTo(x + 4 * a, y + 4 * b); g.lineTo(x + 13 * a, y + 13 * b); } g.stroke(); }
};

const column = (t, key) => t.cols.indexOf(key);
// Found spots: circles, orange; those that a lattice explains stand in its colour (indexedLayer).
export const spotsLayer = spots => ({g, s, to, seen, ink}) => {
  const x = column(spots, 'x'), y = column(spots, 'y'), r = Math.max(5, 3.2 * s);
  g.strokeStyle = ink.hit; g.lineWidth = 1.5; g.beginPath();
  for (const p of spots.rows) if (seen(p[x], p[y])) { const [a, b] = to(p[x], p[y]); g.moveTo(a + r, b); g.arc(a, b, r, 0, 7); }
  g.stroke();
};
export const indexedLayer = (t, of = () => true) => ({g, s, to, seen, ink}) => {
  const x = column(t, 'x'), y = column(t, 'y'), cx = column(t, 'cal_x'), cy = column(t, 'cal_y'), r = Math.max(5, 3.2 * s);
  g.lineWidth = 2;
  for (const p of t.rows) if (of(p[0]) && seen(p[x], p[y])) {
    const [a, b] = to(p[x], p[y]);
    g.strokeStyle = ink[LATTICES[p[0] % 4]]; g.beginPath(); g.moveTo(a + r, b); g.arc(a, b, r, 0, 7);
    if (s >= 4) { const [c, d] = to(p[cx], p[cy]); g.moveTo(a, b); g.lineTo(c, d); g.moveTo(c - 4, d); g.lineTo(c + 4, d); g.moveTo(c, d - 4); g.lineTo(c, d + 4); }
    g.stroke();
  }
};
// Predictions: squares; solid where there is something (I > σ), dashed where not, with indices when there is room for them.
export const predictedLayer = (t, of = () => true) => ({g, s, to, seen, ink}) => {
  const x = column(t, 'x'), y = column(t, 'y'), i = column(t, 'i'), sigma = column(t, 'sigma'), r = Math.max(4, 2.6 * s);
  g.lineWidth = 1; g.font = '11px system-ui, sans-serif';
  for (const strong of [false, true]) {
    g.setLineDash(strong ? [] : [3, 2]);
    for (const p of t.rows) if (of(p[0]) && (p[i] > p[sigma]) === strong && seen(p[x], p[y])) {
      const [a, b] = to(p[x], p[y]);
      g.strokeStyle = g.fillStyle = ink[LATTICES[p[0] % 4]]; g.strokeRect(a - r, b - r, 2 * r, 2 * r);
      if (s >= 7) g.fillText(`${p[1]} ${p[2]} ${p[3]}`, a - r, b - r - 3);
    }
  }
};

// How bright the picture is: a histogram of its values with two handles, in steps of what an eye can tell apart.
export function Contrast({meta, levels, set, count}) {
  const code = v => { let best = FIRST; for (let c = FIRST; c <= LAST; c++) if (Math.abs(meta.values[c] - v) < Math.abs(meta.values[best] - v)) best = c; return best; };
  const a = code(levels.lo), b = code(levels.hi), bins = 62, n = new Float64Array(bins);
  if (count) for (let c = FIRST; c <= LAST; c++) n[Math.floor((c - FIRST) / 4)] += count[c];
  const most = Math.log1p(Math.max(...n)) || 1, x = c => (c - FIRST) / 4;
  const shown = v => Math.abs(v) >= 100 || Number.isInteger(v) ? Math.round(v) : v.toPrecision(3);
  return html`<section class="panel gap"><div class="phead"><h2>Contrast</h2><button class="small" aria-pressed=${levels.invert} onClick=${() => set({...levels, invert: !levels.invert})}>Invert</button></div>
    <svg class="hist" viewBox=${`0 0 ${bins} 40`} preserveAspectRatio="none" aria-hidden="true"><path d=${[...n].map((v, k) => `M${k} 40V${40 - 38 * Math.log1p(v) / most}h1V40z`).join('')}/><line x1=${x(a)} x2=${x(a)} y1="0" y2="40" vector-effect="non-scaling-stroke"/><line x1=${x(b)} x2=${x(b)} y1="0" y2="40" vector-effect="non-scaling-stroke"/></svg>
    <label class="slide">${levels.invert ? 'black' : 'white'} at <b>${shown(levels.lo)}</b><input type="range" min=${FIRST} max=${LAST} value=${a} onInput=${e => { const c = Math.min(+e.target.value, b - 1); set({...levels, lo: meta.values[c]}); }}/></label>
    <label class="slide">${levels.invert ? 'white' : 'black'} at <b>${shown(levels.hi)}</b><input type="range" min=${FIRST} max=${LAST} value=${b} onInput=${e => { const c = Math.max(+e.target.value, a + 1); set({...levels, hi: meta.values[c]}); }}/></label>
    <div class="ctl nomargin"><button class="small" onClick=${() => set({...levels, lo: meta.lo, hi: meta.hi})}>As at first</button></div></section>`;
}
