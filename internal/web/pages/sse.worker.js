// sse.worker.js - the shared worker that owns the one event stream and tells every tab (stream.js).
const KINDS = ['delta', 'clock', 'resync', 'bye'];
const ports = new Set();
let source = null, url = null, last = null, seen = 0;

function tell(kind, data) { for (const port of ports) port.postMessage({kind, data}); }

function open() {
  source = new EventSource(url);
  for (const kind of KINDS) source.addEventListener(kind, e => {
    last = {kind, data: JSON.parse(e.data)};
    seen = Math.max(seen, +e.lastEventId || 0);
    tell(last.kind, last.data);
    if (kind === 'bye') again();
  });
  source.onerror = () => { if (source.readyState === 2) again(); }; // refused for good: the session has ended, or the server is busy
}
// A little chance, so that two hundred screens do not come back in the same instant.
function again() { source.close(); setTimeout(() => { if (ports.size) open(); else source = null; }, 1000 + 4000 * Math.random()); }

onconnect = e => {
  const port = e.ports[0];
  ports.add(port);
  port.onmessage = m => {
    if (m.data.close) ports.delete(port);
    if (m.data.open && !source) { url = m.data.open; open(); }
    else if (m.data.open && seen > m.data.since) port.postMessage({kind: 'resync', data: {}}); // it came between its data and now
    else if (m.data.open && last) port.postMessage(last);
  };
  port.start();
};
