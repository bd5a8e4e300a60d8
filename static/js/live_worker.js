/* One stream for the whole browser: every tab is a port, the first opens the stream, the last closes it. */

const ports = new Set();
let source = null;
let state = "polling";

function tell(message) {
  for (const port of ports) port.postMessage(message);
}

function change(next) {
  state = next;
  tell({ state });
}

function open(url) {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource(url);
  source.onopen = () => change("connected");
  source.onerror = () => {
    const refused = source.readyState === EventSource.CLOSED; // signed out, full, or the portal is restarting
    change(refused ? "polling" : "offline");
    if (refused) setTimeout(() => ports.size && open(url), 30_000 + Math.random() * 30_000);
  };
  source.onmessage = (event) => tell({ news: event.data });
}

self.onconnect = (event) => {
  const port = event.ports[0];
  port.onmessage = ({ data }) => {
    if (data.open) {
      ports.add(port);
      open(data.open);
      port.postMessage({ state });
    } else if (data.leave) {
      ports.delete(port);
      if (!ports.size) {
        source?.close();
        source = null;
      }
    }
  };
};
