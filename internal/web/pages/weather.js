// weather.js - the computational weather of a try: a row a rank, its frames along the time in the colours of what was done or of what came
// out (GET jobs/JOB/weather). Part of the page of a job.
import {html, useEffect, useRef} from './html.js';
import {useData} from './live.js';
import {count, fixed, percent} from './format.js';
import {Problem} from './parts.js';
import {colour} from './draw.js';
import {setQuery} from './table.js';

const BY = {
  kind: {word: 'Work', keys: [['r', 'read', 'blank'], ['s', 'spots', 'idx'], ['i', 'index', 'hit'], ['p', 'integrate', 'ok']]},
  outcome: {word: 'Outcome', keys: [['b', 'blank', 'blank'], ['h', 'hit, not indexed', 'hit'], ['i', 'indexed', 'idx'], ['f', 'failed', 'bad']]},
};

// Pictures of many ranks: a line each, drawn by hand (1000 ranks × 200 parts are no elements of a page).
function Rows({t, by, label}) {
  const box = useRef(null), n = t.ranks.length, bins = n ? t.ranks[0].kind.length : 0, high = n > 60 ? Math.max(1, Math.floor(600 / n)) : n > 20 ? 8 : 14;
  const draw = () => {
    const c = box.current.getContext('2d'), of = Object.fromEntries(BY[by].keys.map(([letter, , name]) => [letter, colour(name)])), gap = high > 3 ? 1 : 0;
    c.clearRect(0, 0, bins, n * high);
    t.ranks.forEach((r, y) => {
      for (let x = 0; x < bins; x++) {
        const letter = r[by][x];
        if (of[letter]) { c.globalAlpha = by === 'outcome' ? 1 : .25 + .75 * r.level[x] / 9; c.fillStyle = of[letter]; c.fillRect(x, y * high, 1, high - gap); }
        if (by === 'kind' && r.outcome[x] === 'f') { c.globalAlpha = 1; c.fillStyle = colour('bad'); c.fillRect(x, y * high, 1, high - gap); }
      }
    });
  };
  useEffect(() => { draw(); addEventListener('resize', draw); return () => removeEventListener('resize', draw); }, [t, by]);
  return html`<canvas ref=${box} class="weather" width=${bins} height=${n * high} style=${{height: `${n * high}px`}} role="img" aria-label=${label}></canvas>`;
}

const troubles = r => [r.late && 'the others waited for it at the end', r.slow && `${fixed(r.frame_ms, 0)} ms a frame, half as long again as the others or more`, r.idle_from_s !== null && `nothing from ${fixed(r.idle_from_s, 1)} s to ${fixed(r.idle_to_s, 1)} s`, r.failed > 0 && `${count(r.failed)} failed`].filter(Boolean);

export function Weather({job, no, query}) {
  const {data: d, error} = useData(`jobs/${job}/weather`, 60), by = query.get('by') === 'outcome' ? 'outcome' : 'kind';
  const t = d && d.tries.find(x => x.try === no);
  if (!d) return html`<${Problem} error=${error}/>`;
  if (d.too_many) return html`<section class="panel gap"><h2>Frame by frame</h2><p class="mute">Not drawn: more than ${count(d.most)} frames.</p></section>`;
  if (!t) return null;
  const span = t.t_end - t.t_begin, named = t.ranks.filter(r => troubles(r).length), frames = t.ranks.reduce((s, r) => s + r.frames, 0);
  return html`<section class="panel gap" id="weather"><div class="phead"><h2>Frame by frame <small>${count(frames)} frames in ${fixed(span, 1)} s${t.duty !== null ? `, threads busy ${percent(t.duty)} % of it` : ''}</small></h2>
    <span class="seg" role="group" aria-label="colour">${Object.entries(BY).map(([id, b]) => html`<button key=${id} aria-pressed=${id === by} onClick=${() => setQuery(query, 'by', id)}>${b.word}</button>`)}</span></div>
    <${Rows} t=${t} by=${by} label=${`a row a rank, ${t.ranks.length} of them, over ${fixed(span, 1)} s; ${named.length ? named.slice(0, 8).map(r => `rank ${r.rank}: ${troubles(r).join(', ')}`).join('; ') : 'none stands out'}`}/>
    <div class="ends"><span>0 s</span><span>${fixed(span, 1)} s</span></div>
    <p class="sub">A row a rank, from ${t.ranks[0].rank} on. ${BY[by].keys.map(([, word, name]) => [' ', html`<span key=${word} class="nw"><span class=${'c-' + (name === 'blank' ? 'mute' : name)}>■</span> ${word}</span>`])} ${by === 'kind' ? html`<span class="nw"><span class="c-bad">■</span> a frame failed;</span> pale: few of its threads at work.` : 'Of most of the frames that ended there.'}</p>
    ${named.slice(0, 12).map(r => html`<p key=${r.rank} class="nomargin"><b>Rank ${r.rank}</b> on ${r.host}: ${troubles(r).join('; ')}.</p>`)}
    ${named.length > 12 && html`<p class="mute">And ${named.length - 12} more.</p>`}
    ${d.ranks_left > 0 && html`<p class="mute">${count(d.ranks_left)} more ranks are not drawn.</p>`}</section>`;
}
