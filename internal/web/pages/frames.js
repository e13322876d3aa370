// frames.js - is the program or the crystal to blame? Lists of a job's frames, and one of them as a picture (#/frames/JOB/SOURCE/FRAME).
import {html, useState, useEffect, useRef} from './html.js';
import {api, useData, useReady, now} from './live.js';
import {count, fixed, when} from './format.js';
import {Problem, Empty} from './parts.js';
import {setQuery} from './table.js';

const LISTS = [['should_index', 'Should have been indexed'], ['indexed', 'Strongest indexed'], ['hits', 'All hits, strongest first'], ['failed', 'Failed']];
const words = s => s ? s.replace(/_/g, ' ') : '–';
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
      <tbody>${data.frames.map(f => html`<tr key=${f.source + '/' + f.frame}><td><a href=${address(job, f, list)}>${f.source}/${f.frame}</a></td><td class="r">${count(f.strong)}</td><td>${words(f.outcome)}</td><td>${words(f.reason)}</td><td class="r">${f.lattices}</td><td class="r">${fixed(f.res_a, 2)}</td><td class="mono">${f.file}</td></tr>`)}</tbody></table></div>`)}`;
}

// The picture: wheel and buttons zoom, dragging moves; a picture of more pixels is fetched when it is zoomed into.
function Picture({path, levels}) {
  const box = useRef(null), image = useRef(null), view = useRef({zoom: 1, x: 0, y: 0});
  const [size, setSize] = useState(1200), [trouble, setTrouble] = useState(null), [url, setUrl] = useState(null);
  useEffect(() => {
    let gone = false, made = null;
    const q = new URLSearchParams({size, ...(levels.lo && {lo: levels.lo}), ...(levels.hi && {hi: levels.hi})});
    fetch(api(`${path}/image.png?${q}`)).then(async r => {
      if (!r.ok) throw new Error((await r.json()).error.text);
      made = URL.createObjectURL(await r.blob());
      if (!gone) { setUrl(made); setTrouble(null); }
    }).catch(e => { if (!gone) setTrouble(e); });
    return () => { gone = true; if (made) URL.revokeObjectURL(made); };
  }, [path, size, levels.lo, levels.hi]);
  const place = () => { const v = view.current, i = image.current; if (i) i.style.transform = `translate(${v.x}px, ${v.y}px) scale(${v.zoom})`; };
  const zoom = (factor, at) => {
    const v = view.current, b = box.current.getBoundingClientRect(), x = at ? at.clientX - b.left : b.width / 2, y = at ? at.clientY - b.top : b.height / 2;
    const next = Math.max(1, Math.min(40, v.zoom * factor)), f = next / v.zoom;
    view.current = next === 1 ? {zoom: 1, x: 0, y: 0} : {zoom: next, x: x - f * (x - v.x), y: y - f * (y - v.y)};
    if (next > 2 && size < 4096) setSize(4096);
    place();
  };
  const drag = e => { if (e.buttons === 1) { view.current.x += e.movementX; view.current.y += e.movementY; place(); } };
  const keys = e => { const f = {'+': 1.5, '-': 1 / 1.5}[e.key], d = {ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40]}[e.key];
    if (f) zoom(f); else if (e.key === '0') zoom(0.001); else if (d) { view.current.x += d[0]; view.current.y += d[1]; place(); e.preventDefault(); } };
  useEffect(() => { document.body.dataset.picture = trouble ? 'trouble' : url ? 'shown' : ''; }, [url, trouble]);
  return html`<div><div class="ctl"><button onClick=${() => zoom(1.5)}>Larger</button><button onClick=${() => zoom(1 / 1.5)}>Smaller</button><button onClick=${() => zoom(0.001)}>Whole</button></div>
    <${Problem} error=${trouble}/>
    <div class="stage" ref=${box} tabindex="0" role="application" aria-label="detector picture; plus and minus zoom, arrows move" onWheel=${e => { e.preventDefault(); zoom(e.deltaY < 0 ? 1.25 : 0.8, e); }} onMouseMove=${drag} onKeyDown=${keys}>
      ${url && html`<img ref=${image} src=${url} draggable=${false} alt="the detector as seen from the source; dark is strong"/>`}</div></div>`;
}

function One({job, source, frame, query}) {
  const path = `frames/${job}/${source}/${frame}`, list = query.get('list') || 'should_index';
  const {data: f, error} = useData(path);
  const {data: others} = useData(`frames?job=${job}&list=${encodeURIComponent(list)}`);
  const [lo, setLo] = useState(''), [hi, setHi] = useState(''), [levels, setLevels] = useState({lo: '', hi: ''});
  useReady('frame', f || error);
  const at = others ? others.frames.findIndex(o => `${o.source}/${o.frame}` === `${source}/${frame}`) : -1;
  const go = step => { const next = others?.frames[at + step]; if (next && at >= 0) location.hash = address(job, next, list); };
  useEffect(() => {
    const keys = e => { if (/^(INPUT|TEXTAREA)$/.test(e.target.tagName) || e.ctrlKey || e.altKey) return; if (e.key === 'j') go(1); if (e.key === 'k') go(-1); };
    addEventListener('keydown', keys);
    return () => removeEventListener('keydown', keys);
  }, [others, at]);
  if (!f) return html`<h1>Frame ${source}/${frame} of job ${job}</h1><${Problem} error=${error}/>`;
  const number = t => /^-?\d+(\.\d+)?$/.test(t) ? t : '';
  return html`<p class="sub"><a href=${`#/frames/${job}?list=${list}`}>Frames of job ${job}</a>${at >= 0 && ` · ${at + 1} of ${others.frames.length} · j and k walk through the list`}</p>
    <h1>Frame ${source}/${frame}: ${words(f.outcome)}${f.reason ? `, ${words(f.reason)}` : ''}</h1>
    <p class="sub">${count(f.strong)} strong spots · ${f.lattices} lattice${f.lattices === 1 ? '' : 's'} · ${fixed(f.energy_ev, 1)} eV · ${fixed(f.distance_mm, 2)} mm · <span class="mono">${f.file}</span></p><${Problem} error=${error}/>
    ${f.message && html`<div class="alarm bad"><span>✕</span><div>${f.message}</div></div>`}
    <div class="view"><${Picture} key=${path} path=${path} levels=${levels}/>
      <div><section class="panel gap"><h2>Contrast</h2><div class="ctl"><label>white at <input size="6" inputmode="decimal" value=${lo} placeholder="1 %" onInput=${e => setLo(e.target.value)}/></label><label>black at <input size="6" inputmode="decimal" value=${hi} placeholder="99.5 %" onInput=${e => setHi(e.target.value)}/></label>
        <button onClick=${() => setLevels({lo: number(lo), hi: number(hi)})}>Draw</button></div></section>
      ${f.found.map((l, i) => html`<section key=${i} class="panel gap"><h2>Lattice ${i + 1}</h2><dl class="kv"><dt>a, b, c</dt><dd>${l.cell.slice(0, 3).map(x => fixed(x, 2)).join('  ')} Å</dd><dt>α, β, γ</dt><dd>${l.cell.slice(3).map(x => fixed(x, 2)).join('  ')} °</dd>
        <dt>indexed</dt><dd>${count(l.indexed)}</dd><dt>integrated</dt><dd>${count(l.integrated)}</dd><dt>rmsd</dt><dd>${fixed(l.rmsd_px, 2)} px</dd><dt>resolution</dt><dd>${fixed(l.res_a, 2)} Å</dd><dt>mosaicity</dt><dd>${fixed(l.eta_deg, 3)} °</dd></dl></section>`)}
      <p class="sub">The picture shows panels where the file itself puts them. Red is above the trusted range, sand is masked.</p></div></div>`;
}

export const Frames = ({rest, query}) => rest.length >= 3 ? html`<${One} job=${rest[0]} source=${rest[1]} frame=${rest[2]} query=${query}/>` : rest.length ? html`<${List} job=${rest[0]} query=${query}/>` : html`<${Choose}/>`;
