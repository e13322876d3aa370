// app.js - the frame around the pages: which page, header, navigation, theme, keys. Each page is a link (#/runs?…).
import {html, render, signal, useEffect, useState} from './html.js';
import {askWho, connect, me, seq, heard, away, lagging, now, useReady} from './live.js';
import {clock, duration} from './format.js';
import {Overview} from './overview.js';
import {Alarms, AlarmCount} from './alarms.js';
import {Runs} from './runs.js';
import {Jobs} from './jobs.js';
import {Log} from './log.js';
import {Said} from './ask.js';

// A page whose module comes when it is first looked at; how small the first page is, is what a phone far away feels.
function later(load, name) {
  let view = null;
  return function Later(props) {
    const [ready, set] = useState(() => view);
    const [failed, fail] = useState(null);
    useEffect(() => { if (!view) load().then(m => { view = m[name]; set(() => view); }, fail); }, []);
    return ready ? html`<${ready} ...${props}/>` : failed && html`<div class="alarm bad" role="alert"><span>✕</span><div>This page could not be loaded (${failed.message}); load the whole again.</div></div>`;
  };
}

const PAGES = [
  {id: 'overview', word: 'Overview', key: 'o', view: Overview},
  {id: 'runs', word: 'Runs', key: 'r', view: Runs},
  {id: 'frames', word: 'Frames', key: 'f', view: later(() => import('./frames.js'), 'Frames')},
  {id: 'jobs', word: 'Jobs', key: 'j', view: Jobs},
  {id: 'cells', word: 'Unit cells', key: 'u', group: 'Decide', view: later(() => import('./cells.js'), 'Cells')},
  {id: 'datasets', word: 'Datasets', key: 'd', view: later(() => import('./datasets.js'), 'Datasets')},
  {id: 'trials', word: 'Trials', key: 'm', view: later(() => import('./trials.js'), 'Trials')},
  {id: 'tune', word: 'Tune', key: 't', view: later(() => import('./tune.js'), 'Tune')},
  {id: 'mask', word: 'Mask', key: 'k', view: later(() => import('./mask.js'), 'Mask')},
  {id: 'detector', word: 'Detector', key: 'p', group: 'Look after', view: later(() => import('./detector.js'), 'Detector')},
  {id: 'alarms', word: 'Alarms', key: 'a', view: Alarms},
  {id: 'log', word: 'Log book', key: 'l', view: Log},
  {id: 'doctor', word: 'Doctor', key: 'h', view: later(() => import('./doctor.js'), 'Doctor')},
];

// A link that was cut or mistyped must not look like a page that it is not.
function Nowhere() {
  useReady('nowhere', true);
  return html`<h1>There is no such page</h1><p><code>${location.hash}</code> leads nowhere here: pages are at the left, or go to the <a href="#/overview">Overview</a>.</p>`;
}
const NOWHERE = {id: 'nowhere', word: 'No such page', view: Nowhere};

// ---- where we are: "#/runs/12?filter=x"
function place() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [id = '', ...rest] = path.split('/').map(decodeURIComponent);
  return {page: id ? PAGES.find(p => p.id === id) || NOWHERE : PAGES[0], rest, query: new URLSearchParams(query)};
}
const here = signal(place());
addEventListener('hashchange', () => { const was = here.value, is = place(); here.value = is;
  if (was.page === is.page && was.rest.join() === is.rest.join()) return; // a filter or a sort order: nothing else moves
  delete document.body.dataset.ready; document.querySelector('main')?.focus(); scrollTo(0, 0); });

// ---- theme and hutch mode: by link, else as it was chosen in this browser, else as the system has it
const options = new URLSearchParams(location.search);
const theme = signal(options.get('theme') || localStorage.getItem('xfelx-theme') || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));
const hutch = signal(options.get('hutch') === '1' || localStorage.getItem('xfelx-hutch') === '1');
function look() {
  document.documentElement.dataset.theme = theme.value;
  document.documentElement.classList.toggle('hutch', hutch.value);
}
function setTheme(t) { theme.value = t; localStorage.setItem('xfelx-theme', t); look(); dispatchEvent(new Event('resize')); }
function setHutch(on) { hutch.value = on; localStorage.setItem('xfelx-hutch', on ? '1' : '0'); look(); dispatchEvent(new Event('resize')); }
look();

// ---- keys (UI 4.3): g then a page's letter; none while typing, none with Ctrl or Alt
let afterG = false;
addEventListener('keydown', e => {
  if (e.ctrlKey || e.altKey || e.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)) return;
  const page = afterG && PAGES.find(p => p.key === e.key);
  afterG = e.key === 'g';
  if (page) location.hash = '#/' + page.id;
  else if (e.key === 't') setTheme(theme.value === 'dark' ? 'light' : 'dark');
  else if (e.key === 'h') setHutch(!hutch.value);
  else if (e.key === 'c') location.hash = '#/log?write=1';
  else if (e.key === '?') document.getElementById('keys')?.showModal();
  else if (document.querySelector(`a[data-key="${CSS.escape(e.key)}"]`)) document.querySelector(`a[data-key="${CSS.escape(e.key)}"]`).click();
  else if (e.key === '/') { const box = document.querySelector('input[type=search]'); if (box) { e.preventDefault(); box.focus(); } }
});

function Header({asks}) {
  const silent = now.value - heard.value, lag = lagging.value === null ? null : now.value - lagging.value;
  return html`<header>
    <div class="brand"><b>xfelx</b> <span class="exp">${me.value?.title}</span></div>
    <div id="strip" class=${silent > 5 ? 'stale' : ''}>
      <${AlarmCount} asks=${asks}/>
      ${lag !== null && lag < 3600 && html`<span>newest frame <b>${duration(lag)}</b> ago</span>`}
      <span><b>${clock(now.value, true)}</b> UTC</span>
    </div>
    <div class="tools">
      <button aria-pressed=${hutch.value} title="large text for the hutch (h)" onClick=${() => setHutch(!hutch.value)}>Hutch</button>
      <button title="light or dark (t)" onClick=${() => setTheme(theme.value === 'dark' ? 'light' : 'dark')}>${theme.value === 'dark' ? 'Light' : 'Dark'}</button>
    </div>
  </header>`;
}

// What the keys do; of pages that have more of them, these say so themselves.
const KEYS = [['/', 'to the filter'], ['c', 'write into the log book'], ['h', 'large text for the hutch'], ['t', 'light or dark'], ['j k', 'next and previous row or frame'], ['[ ]', 'the run before, the run after'], ['x', 'select the row'], ['Enter', 'open it'], ['?', 'this list']];
const Keys = () => html`<dialog id="keys" aria-labelledby="keyhead"><h2 id="keyhead">Keys</h2><dl class="kv">${KEYS.map(([k, what]) => html`<dt key=${k}><kbd>${k}</kbd></dt><dd>${what}</dd>`)}${PAGES.map(p => html`<dt key=${p.id}><kbd>g ${p.key}</kbd></dt><dd>${p.word}</dd>`)}</dl>
  <form method="dialog"><button class="pri">Close</button></form></dialog>`;

// What is wrong with the line itself stands above everything.
function Trouble() {
  const silent = now.value - heard.value;
  if (away.value) return html`<div class="alarm bad nomargin" role="alert"><span>✕</span><div>The database does not answer: ${away.value}. Numbers are as they were; trying again each second.</div></div>`;
  if (silent > 30) return html`<div class="alarm nomargin" role="alert"><span>▲</span><div>No word from the server since ${clock(heard.value, true)}, trying again.</div></div>`;
  return null;
}

function App() {
  const {page, rest, query} = here.value;
  useEffect(() => { document.title = `${page.word} · ${me.value?.title || 'xfelx'}`; }, [page, me.value]);
  if (!me.value) return null;
  if (me.value.role === 'none') return html`<main id="main"><h1>A token is needed</h1>
    <p>Open the link that was printed where the server was started (<code>http://…/?t=…</code>), or ask whoever runs it for a token.</p></main>`;
  return html`<a class="skip" href="#main">to the content</a>
    <${Header} asks=${page.view !== Overview || query.get('trial')}/>
    <nav aria-label="Pages">${PAGES.map(p => html`${p.group && html`<span key=${p.group} class="group" aria-hidden="true">${p.group}</span>`}<a key=${p.id} href=${'#/' + p.id} aria-current=${p === page ? 'page' : undefined}>${p.word}</a>`)}</nav>
    <main id="main" tabindex="-1"><${Trouble}/><${page.view} key=${page.id + rest.join()} rest=${rest} query=${query}/></main>
    <${Said}/><${Keys}/><footer>${me.value.read_only ? 'read-only' : me.value.role} ${me.value.name} · xfelx ${me.value.version} · <kbd>?</kbd> keys</footer>`;
}

await askWho();
render(html`<${App}/>`, document.getElementById('app'));
if (me.value.role !== 'none') connect();
else document.body.dataset.ready = 'login';
