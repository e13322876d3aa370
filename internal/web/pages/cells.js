// cells.js - which crystals are these? Unit cells of a trial, of tags, of a run or a job: medians, histograms, pairs (#/cells?trial=4&tag=5ms).
import {html, useEffect, useRef} from './html.js';
import {useData, useReady} from './live.js';
import {count, fixed} from './format.js';
import {Problem, Empty} from './parts.js';
import {setQuery} from './table.js';
import {colour} from './draw.js';

const NAMES = ['a', 'b', 'c', 'α', 'β', 'γ'], UNIT = ['Å', 'Å', 'Å', '°', '°', '°'];
const spread = s => s.median === null ? '–' : `${fixed(s.lo, 2)} – ${fixed(s.hi, 2)}`;

// One histogram: bars as a path; the line is the median. Numbers stand below as text.
function Histogram({axis, i}) {
  const n = axis.bins.length, top = Math.max(...axis.bins, 1), to = axis.from + n * axis.width, beside = axis.below + axis.above;
  const name = `${NAMES[i]}, ${UNIT[i]}`;
  if (!n) return html`<section class="panel"><h2>${name}</h2><p class="mute">No lattice within the bins.</p></section>`;
  const path = axis.bins.map((v, k) => v > 0 ? `M${k} 100V${(100 - 100 * v / top).toFixed(2)}H${k + 1}V100Z` : '').join(''), at = (axis.free.median - axis.from) / axis.width;
  return html`<section class="panel"><h2>${name}: ${fixed(axis.free.median, 2)} <small class="mute">${spread(axis.free)}</small></h2>
    <svg class="hist" viewBox=${`0 0 ${n} 100`} preserveAspectRatio="none" role="img" aria-label=${`Histogram of ${name}: median ${fixed(axis.free.median, 2)}, 16 to 84 % ${spread(axis.free)}, shown from ${fixed(axis.from, 2)} to ${fixed(to, 2)}.`}><path d=${path}/><line x1=${at} x2=${at} y1="0" y2="100" vector-effect="non-scaling-stroke"/></svg>
    <div class="ends"><span>${fixed(axis.from, 2)}</span><span>${beside >= .5 ? `${count(beside)} beside` : ''}</span><span>${fixed(to, 2)}</span></div></section>`;
}

// How many sampled crystals have both lengths: darker is more, by the square root.
function Pair({pair, n}) {
  const box = useRef(null);
  const draw = () => {
    const canvas = box.current, c = canvas.getContext('2d'), top = Math.max(...pair.counts, 1), ink = colour('idx');
    c.clearRect(0, 0, n, n);
    c.fillStyle = ink;
    pair.counts.forEach((v, k) => { if (v) { c.globalAlpha = .18 + .82 * Math.sqrt(v / top); c.fillRect(k % n, n - 1 - Math.floor(k / n), 1, 1); } });
  };
  useEffect(() => { draw(); addEventListener('resize', draw); return () => removeEventListener('resize', draw); }, [pair]);
  const [x, y] = [NAMES[pair.x], NAMES[pair.y]];
  return html`<section class="panel"><h2>${y} against ${x}, Å</h2><div class="pair"><div class="ends up"><span>${fixed(pair.to[1], 2)}</span><span>${y}</span><span>${fixed(pair.from[1], 2)}</span></div>
    <canvas ref=${box} width=${n} height=${n} role="img" aria-label=${`Crystals by ${x} from ${fixed(pair.from[0], 2)} to ${fixed(pair.to[0], 2)} and ${y} from ${fixed(pair.from[1], 2)} to ${fixed(pair.to[1], 2)} Å.`}></canvas><span></span>
    <div class="ends"><span>${fixed(pair.from[0], 2)}</span><span>${x}</span><span>${fixed(pair.to[0], 2)}</span></div></div>
    <p class="mute">${pair.outside ? `${count(pair.outside)} outside of the picture` : ''}</p></section>`;
}

function setTags(query, tags) {
  const next = new URLSearchParams(query);
  next.delete('tag');
  tags.forEach(t => next.append('tag', t));
  if (tags.length < 2) next.delete('all');
  setQuery(next, '', ''); // writes all of them
}

function Choice({data, query}) {
  const tags = query.getAll('tag'), all = query.has('all');
  return html`<div class="ctl"><label>Trial <select value=${query.get('trial') || ''} onChange=${e => setQuery(query, 'trial', e.target.value)}><option value="">all</option>${data.trials.map(t => html`<option key=${t} value=${t}>${t}</option>`)}</select></label>
    ${data.tags.length > 0 && html`<span role="group" aria-label="runs with tags">${data.tags.map(t => html`<button key=${t} class="tagb" aria-pressed=${tags.includes(t)} onClick=${() => setTags(query, tags.includes(t) ? tags.filter(x => x !== t) : [...tags, t])}>${t}</button>`)}</span>`}
    ${tags.length > 1 && html`<span class="seg" role="group" aria-label="any or all of the tags"><button aria-pressed=${!all} onClick=${() => setQuery(query, 'all', '')}>any of them</button><button aria-pressed=${all} onClick=${() => setQuery(query, 'all', '1')}>all of them</button></span>`}
    ${['run', 'job'].map(k => query.get(k) && html`<button key=${k} onClick=${() => setQuery(query, k, '')}>${k} ${query.get(k)} ✕<span class="vh"> take away</span></button>`)}</div>`;
}

export function Cells({query}) {
  const asked = new URLSearchParams([...query].filter(([k]) => ['trial', 'tag', 'all', 'run', 'job'].includes(k)));
  const {data, error} = useData('cells?' + asked);
  useReady('cells', data || error);
  if (!data) return html`<h1>Unit cells</h1><${Problem} error=${error}/>`;
  const known = data.axes[0].cell.median !== null;
  return html`<h1>${known ? data.axes.map((x, i) => fixed(x.cell.median, i < 3 ? 2 : 1)).join('  ') : 'Unit cells'}</h1>
    <p class="sub">${known ? `Median cell, Å and °, of ${count(data.lattices)} lattices of ${count(data.jobs)} job${data.jobs === 1 ? '' : 's'}` : 'Nothing is indexed here yet'}${data.jobs < data.jobs_all ? `: the newest of ${count(data.jobs_all)} jobs with ${count(data.lattices_all)} lattices` : ''}.</p><${Problem} error=${error}/>
    <${Choice} data=${data} query=${query}/>
    ${!known && !data.axes[0].bins.length ? html`<${Empty}>No job of this choice has a lattice.<//>` : html`
      <div class="grid g3 gap">${data.axes.map((x, i) => html`<${Histogram} key=${i} axis=${x} i=${i}/>`)}</div>
      <div class="grid g3 gap">${data.pairs.map(p => html`<${Pair} key=${`${p.x}${p.y}`} pair=${p} n=${data.grid}/>`)}</div>
      <section class="panel"><h2>Medians and the middle 68 %</h2><div tabindex="0" class="scroll"><table><caption class="vh">Medians of the six parameters</caption><thead><tr><th scope="col">Parameter</th><th scope="col" class="r">With symmetry</th><th scope="col">16 – 84 %</th><th scope="col" class="r">Without</th><th scope="col">16 – 84 %</th></tr></thead>
        <tbody>${data.axes.map((x, i) => html`<tr key=${i}><th scope="row">${NAMES[i]}, ${UNIT[i]}</th><td class="r">${fixed(x.cell.median, 3)}</td><td>${spread(x.cell)}</td><td class="r">${fixed(x.free.median, 3)}</td><td>${spread(x.free)}</td></tr>`)}</tbody></table></div>
        <p class="mute">With symmetry and pairs: an even sample of ${count(data.sample)} lattices. Without, as in the histograms: all lattices, refined free of symmetry where that was possible.</p></section>`}`;
}
