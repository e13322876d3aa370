// stream.js - one event stream a browser, however many tabs (a server's host allows six connections): a shared worker owns it; where
// there is none, the tab that holds a lock does, and tells the others.
const KINDS = ['delta', 'clock', 'resync', 'bye'];
const policy = window.trustedTypes?.createPolicy('xfelx', {
  createScriptURL: url => { if (url !== workerUrl()) throw new TypeError('not a script of this page'); return url; }});
const workerUrl = () => new URL('./sse.worker.js', import.meta.url).href;

// since: what the page knows of already; changes after it are told, also those that came while the stream was opened.
export function startEvents(events, since, hear) {
  const url = `${events}?since=${since}`;
  if (window.SharedWorker) {
    const worker = new SharedWorker(policy ? policy.createScriptURL(workerUrl()) : workerUrl(), {name: 'xfelx-events'});
    worker.port.onmessage = m => hear(m.data.kind, m.data.data);
    worker.port.start();
    worker.port.postMessage({open: url, since});
    addEventListener('pagehide', () => worker.port.postMessage({close: true}));
    return;
  }
  const channel = new BroadcastChannel('xfelx-events');
  channel.onmessage = m => hear(m.data.kind, m.data.data);
  const own = () => {
    const source = new EventSource(url);
    for (const kind of KINDS) source.addEventListener(kind, e => {
      const data = JSON.parse(e.data);
      hear(kind, data);
      channel.postMessage({kind, data});
    });
  };
  if (navigator.locks) navigator.locks.request('xfelx-events', () => { own(); return new Promise(() => {}); });
  else own();
}
