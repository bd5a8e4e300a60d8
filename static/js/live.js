/* What happens elsewhere, here: each name from the stream becomes an event on <body>, and the dot says how fresh we are. */

const dot = () => document.querySelector(".live");
const url = dot()?.dataset.url;
const waiting = new Map();
let timer = 0;
let wasAway = false;
let now = "polling";

function show(state) {
  now = navigator.onLine ? state : "offline";
  const mark = dot();
  if (!mark || mark.dataset.state === now) return;
  mark.dataset.state = now;
  mark.title = mark.dataset[now];
  mark.querySelector(".live-word").textContent = mark.dataset[now];
}

/* A burst of one name is one event: the block that listens fetches itself once. */
function flush() {
  timer = 0;
  for (const [name, subjects] of waiting) {
    document.body.dispatchEvent(new CustomEvent(name, { detail: { subjects: [...subjects] } }));
  }
  waiting.clear();
}

function hear(name, subject) {
  if (!waiting.has(name)) waiting.set(name, new Set());
  if (subject) waiting.get(name).add(subject);
  timer ||= setTimeout(flush, 250);
}

/* After a gap every block that listens looks again. */
function lookAgain() {
  for (const block of document.querySelectorAll('[hx-trigger*="from:body"]')) {
    for (const [, name] of block.getAttribute("hx-trigger").matchAll(/([\w.]+) from:body/g)) hear(name);
  }
}

function receive({ state, news }) {
  if (state) {
    if (state === "connected" && wasAway) lookAgain();
    wasAway = state !== "connected";
    show(state);
  }
  if (!news) return;
  const { name, place, subject } = JSON.parse(news);
  if (name === "portal.resync") return lookAgain();
  const here = dot()?.dataset.place;
  if (place && here && place !== here) return;
  hear(name, subject);
}

function plain() {
  const source = new EventSource(url);
  source.onopen = () => receive({ state: "connected" });
  source.onerror = () => {
    const refused = source.readyState === EventSource.CLOSED;
    receive({ state: refused ? "polling" : "offline" });
    if (refused) setTimeout(plain, 30_000 + Math.random() * 30_000);
  };
  source.onmessage = (event) => receive({ news: event.data });
}

function shared() {
  const worker = new SharedWorker(document.querySelector('meta[name="live-worker"]').content, { name: "live" });
  worker.port.onmessage = ({ data }) => receive(data);
  worker.port.postMessage({ open: url });
  window.addEventListener("pagehide", () => worker.port.postMessage({ leave: true }));
  window.addEventListener("pageshow", (event) => event.persisted && worker.port.postMessage({ open: url }));
}

if (url) {
  if (window.SharedWorker) shared(); else plain();
  document.addEventListener("htmx:afterSettle", () => show(now)); // a visit brings a dot of its own
  window.addEventListener("offline", () => show("offline"));
  window.addEventListener("online", () => show("polling"));
}
