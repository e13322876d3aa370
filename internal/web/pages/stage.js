// stage.js - a detector picture to look into: tiles of codes, coloured here, panned and zoomed to single pixels, with layers on top.
// Places are columns and rows of the picture at 1 px a pixel, as the server's `picture` has them.
import {html, useEffect, useRef, useState} from './html.js';
import {api} from './live.js';
import {palette, inks} from './palette.js';

const TILES_KEPT = 80, AT_ONCE = 4;
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
  look(levels) { this.ink = inks(levels); this.lut = palette(this.meta.values, levels); for (const t of this.tiles.values()) t.painted = false; this.redraw(); }
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
  // Zoom about a place of the box; the whole is the smallest, 64 px a pixel the largest.
  zoom(factor, at) {
    const v = this.view, x = at ? at[0] : this.width / 2, y = at ? at[1] : this.height / 2, s = Math.min(64, v.s * factor);
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
    const see = {g, s, width: this.width, height: this.height, to: (px, py) => [(px - x) * s, (py - y) * s], seen: (px, py) => px > x - 9 && py > y - 9 && px < x + this.width / s + 9 && py < y + this.height / s + 9, ink: this.ink, labels: []};
    for (const layer of this.layers) { g.save(); layer(see); g.restore(); }
  }
}

// A picture with its keys and pointer. layers: functions that draw on top ({g, s, to, seen, ink, labels}); start: {x, y, s}, where it begins
// (null: the whole); moved(engine): it shows another part; say: what stands beside the buttons; tool: takes the pointer before panning does
// ({down, move, up}(place, event) return true); hover(place or null).
export function Stage({path, meta, levels, layers, tool, hover, count, small, label, share, engine, start, moved, say}) {
  const box = useRef(null), picture = useRef(null), [trouble, setTrouble] = useState(null), pointers = useRef(new Map());
  useEffect(() => {
    const p = new Picture(box.current, path, meta, c => {
      if (!box.current) return; // a drawing that was under way when the page was left
      if (c.trouble) setTrouble(c.trouble);
      if (c.count) count?.(c.count);
      if (c.whole !== undefined) { box.current.dataset.picture = c.whole ? 'shown' : 'loading'; box.current.dataset.zoom = c.s.toFixed(3); moved?.(p); }
      if (share) share.follow(p);
    });
    picture.current = p;
    if (start) p.centre(start.x, start.y, start.s);
    engine?.(p);
    if (share) share.pictures.add(p);
    return () => { share?.pictures.delete(p); p.end(); };
  }, [path, meta]);
  useEffect(() => { picture.current.look(levels); }, [path, meta, levels.lo, levels.hi, levels.invert, levels.map]);
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
    else if (d && !(p.whole && d[0])) p.pan(...d); else return; // of the whole, to the sides is to the next frame
    e.preventDefault();
  };
  return html`<div class="stagebox"><div class="ctl nomargin over"><div class="readout" aria-live="off">${say}</div><button class="small" title="+" onClick=${() => picture.current.zoom(1.5)}>Larger</button><button class="small" title="-" onClick=${() => picture.current.zoom(1 / 1.5)}>Smaller</button><button class="small" title="1" onClick=${() => picture.current.zoom(1 / picture.current.view.s)}>1 : 1</button><button class="small" title="0" onClick=${() => picture.current.fit()}>Whole</button></div>
    ${trouble && html`<div class="alarm bad" role="alert"><span>✕</span><div>${trouble.message}</div></div>`}
    <div class=${'stage' + (small ? ' low' : '')} ref=${box} tabindex="0" role="application" aria-label=${label || 'detector picture; plus and minus zoom, arrows move, 0 shows the whole'} onWheel=${e => { e.preventDefault(); picture.current.zoom(Math.exp(-e.deltaY / 400), place(e)); }} onDblClick=${e => { if (!tool) picture.current.zoom(3, place(e)); }}
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
