// frames.js - is the program or the crystal to blame? Lists of a job's frames; one of them as a picture (#/frames/JOB/SOURCE/FRAME) is in frame.js.
import {html} from './html.js';
import {useData, useReady} from './live.js';
import {count, fixed} from './format.js';
import {Problem, Empty} from './parts.js';
import {NoFrames} from './tune.js';
import {setQuery} from './table.js';
import {One, LISTS, address} from './frame.js';

function Choose() {
  const {data, error} = useData('jobs');
  useReady('frames', data || error);
  if (!data) return html`<h1>Frames</h1><${Problem} error=${error}/>`;
  const jobs = data.jobs.filter(j => j.frames).slice(0, 100);
  return html`<h1>Frames</h1><p class="sub">Of which job?</p><${Problem} error=${error}/>
    ${!jobs.length ? html`<${NoFrames}/>` : html`<div tabindex="0" class="scroll panel"><table><caption class="vh">Jobs with frames</caption><thead><tr><th scope="col">Job</th><th scope="col">Run</th><th scope="col" class="r">Trial</th><th scope="col" class="r">Group</th><th scope="col" class="r">Frames</th><th scope="col" class="r">Hits not indexed</th></tr></thead>
      <tbody>${jobs.map(j => html`<tr key=${j.job}><td><a href=${'#/frames/' + j.job}>job ${j.job}</a></td><td>${j.name}</td><td class="r">${j.trial ?? '–'}</td><td class="r">${j.rungroup || '–'}</td><td class="r">${count(j.frames)}</td><td class="r">${count(j.hit.k - j.indexed.k)}</td></tr>`)}</tbody></table></div>`}`;
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

export const Frames = ({rest, query}) => rest.length >= 3 ? html`<${One} job=${rest[0]} source=${rest[1]} frame=${rest[2]} query=${query}/>` : rest.length ? html`<${List} job=${rest[0]} query=${query}/>` : html`<${Choose}/>`;
