/* The live map beside its list. The list stands without us; we keep both fresh, and each choice shows in both. */

import { boundsOf, createMap, mercator } from "./map/base.js";
import { Fences, Trails, Vehicles, fenceBounds } from "./map/vehicles.js";

const page = document.getElementById("fleet");
const list = document.getElementById("vehicle-list");
const rows = new Map([...list.querySelectorAll("tr[data-number]")].map((row) => [row.dataset.number, { row, now: null, state: row.dataset.state, hidden: row.hidden }]));
const map = createMap(document.getElementById("map"));
const [trails, vehicles, fences] = [new Trails({ pane: "trails" }), new Vehicles({ pane: "vehicles" }), new Fences({ pane: "fences" })];
const filter = { state: new URLSearchParams(location.search).get("state") || "", asked: new URLSearchParams(location.search).get("q") || "" };
const LANGUAGE = document.documentElement.lang.replace(/^en$/, "en-GB"); // days before months, as the server writes them
const clock = new Intl.DateTimeFormat(LANGUAGE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: page.dataset.zone });
const dayOf = new Intl.DateTimeFormat(LANGUAGE, { day: "numeric", month: "short", timeZone: page.dataset.zone });
let version = 0;
let asking = false;
let again = null;

/* ---- one answer of the server: the map, then the rows in sight ---- */

const [NUMBER, LATITUDE, LONGITUDE, STATE, SPEED, HEADING, SINCE, , DRIVER, PLACE] = Array(10).keys(); // as the server lays them

function apply(news) {
  const began = performance.now();
  if (news.fences) fences.set(news.fences);
  for (const now of news.vehicles) {
    const known = rows.get(now[NUMBER]);
    if (known) {
      known.now = now;
      known.stale = true;
      if (known.state !== now[STATE]) {
        known.state = now[STATE];
        hide(known);
      }
    }
    if (now[LATITUDE] === null) continue;
    const from = vehicles.put(now[NUMBER], now[LATITUDE], now[LONGITUDE], now[STATE], now[HEADING]);
    if (from && now[STATE] === "moving") trails.go(now[NUMBER], from, mercator(now[LATITUDE], now[LONGITUDE]));
  }
  vehicles.redraw();
  trails.extend();
  for (const row of inSight) write(rows.get(row.dataset.number));
  if (news.counts) count(news.counts);
  version = news.version;
  performance.measure("fleet.update", { start: began, end: performance.now() });
}

/* A row: number, plate and driver; state and since when; speed; where. */
function write(known) {
  if (!known?.stale) return;
  known.stale = false;
  const { row, now } = known;
  const [who, how, fast, where] = row.cells;
  if (row.dataset.state !== now[STATE]) {
    row.dataset.state = now[STATE];
    how.firstElementChild.replaceChildren(document.getElementById(`state-${now[STATE]}`).content.cloneNode(true));
  }
  say(who.lastElementChild, now[DRIVER] || "");
  say(how.lastElementChild, now[SINCE] === null ? "" : spoken(now[SINCE]));
  say(fast.firstElementChild, now[STATE] === "moving" ? String(now[SPEED]) : "");
  if (now[LATITUDE] === null) return;
  const spot = `${now[LATITUDE].toFixed(5)}, ${now[LONGITUDE].toFixed(5)}`;
  say(where.firstElementChild, now[PLACE] || spot);
  where.firstElementChild.href = `https://www.openstreetmap.org/?mlat=${now[LATITUDE]}&mlon=${now[LONGITUDE]}&zoom=16`;
}

function say(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

function spoken(seconds) {
  const then = new Date(seconds * 1000);
  return dayOf.format(then) === dayOf.format(new Date()) ? clock.format(then) : dayOf.format(then);
}

function count(counts) {
  for (const mark of page.querySelectorAll("[data-count]")) mark.textContent = counts[mark.dataset.count] ?? 0;
}

/* Rows out of sight wait: a thousand of them are a thousand sentences nobody reads. */
const inSight = new Set();
const watch = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    inSight[isIntersecting ? "add" : "delete"](target);
    if (isIntersecting) write(rows.get(target.dataset.number));
  }
}, { rootMargin: "200px" });
for (const { row } of rows.values()) watch.observe(row);

/* ---- filters: chips and search, in the address and on the map alike ---- */

function fits({ row, state }) {
  return (!filter.state || state === filter.state)
    && (!filter.asked || row.textContent.toLowerCase().includes(filter.asked.toLowerCase()));
}

function hide(known) {
  const hidden = !fits(known);
  if (hidden !== known.hidden) known.row.hidden = known.hidden = hidden;
}

function sift() {
  let some = false;
  for (const known of rows.values()) {
    hide(known);
    some ||= !known.hidden;
  }
  document.getElementById("nothing-fits").hidden = some || !rows.size;
  vehicles.redraw();
  trails.redraw();
}

function wanted(number) {
  return !rows.get(number)?.hidden;
}

function remember() {
  const address = new URL(location.href);
  for (const [key, value] of [["state", filter.state], ["q", filter.asked], ["vehicle", vehicles.chosen]]) {
    if (value) address.searchParams.set(key, value); else address.searchParams.delete(key);
  }
  history.replaceState(history.state, "", address);
}

page.addEventListener("click", (event) => {
  const chip = event.target.closest("a[data-state-chip]");
  if (!chip || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  filter.state = chip.dataset.stateChip;
  for (const each of page.querySelectorAll("a[data-state-chip]")) {
    if (each === chip) each.setAttribute("aria-current", "true"); else each.removeAttribute("aria-current");
  }
  sift();
  remember();
});
const search = page.querySelector("input[name=q]");
search?.addEventListener("input", () => {
  filter.asked = search.value.trim();
  sift();
  remember();
});
search?.form.addEventListener("submit", (event) => event.preventDefault());

/* ---- choosing: a row, a mark or the address; the other one follows ---- */

function choose(number, { go = true } = {}) {
  rows.get(vehicles.chosen)?.row.removeAttribute("aria-current");
  vehicles.chosen = number;
  const known = rows.get(number);
  known?.row.setAttribute("aria-current", "true");
  const one = vehicles.all.get(number);
  if (one && go) {
    const far = !map.getBounds().contains([one.latitude, one.longitude]);
    const target = map.project([one.latitude, one.longitude], Math.max(map.getZoom(), 13)).add([covered() / 2, 0]);
    if (far || map.getZoom() < 12 || behindPanel(one)) map.setView(map.unproject(target, Math.max(map.getZoom(), 13)), Math.max(map.getZoom(), 13));
  }
  vehicles.redraw();
  remember();
}

/** How much of the map the side panel hides, or will once it has come: it is 420 pixels wide. */
function covered() {
  return innerWidth < 768 ? 0 : Math.max(0, map.getContainer().getBoundingClientRect().right - (document.documentElement.clientWidth - 420));
}

function behindPanel(one) {
  return map.latLngToContainerPoint([one.latitude, one.longitude]).x > map.getSize().x - covered();
}

/* The page of the vehicle opens beside the map; with a key held down it opens as browsers do. */
function open(number) {
  const link = rows.get(number).row.querySelector("a");
  window.htmx.ajax("GET", `${link.pathname}/panel`, { source: link, target: "#panel", swap: "outerHTML" });
}

list.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-number]");
  const link = event.target.closest("a");
  if (!row || event.metaKey || event.ctrlKey || event.shiftKey || (link && link !== row.querySelector("a"))) return;
  event.preventDefault();
  choose(row.dataset.number);
  open(row.dataset.number);
});

map.on("click", ({ layerPoint }) => {
  const one = vehicles.at(layerPoint);
  if (!one) return;
  choose(one.number, { go: false });
  rows.get(one.number)?.row.scrollIntoView({ block: "nearest" });
  open(one.number);
});
map.on("mousemove", ({ layerPoint }) => {
  const number = vehicles.at(layerPoint)?.number ?? null;
  if (number === vehicles.pointed) return;
  vehicles.pointed = number;
  map.getContainer().classList.toggle("is-pointing", number !== null);
  vehicles.redraw();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-panel]")) choose(null);
});

/* ---- what it shows at first, and after ---- */

const KEY = `map ${page.dataset.positions}`;

function start(news) {
  const kept = sessionStorage.getItem(KEY)?.split(" ").map(Number);
  const places = news.vehicles.filter((cells) => cells[1] !== null && wanted(cells[0])).map((cells) => [cells[1], cells[2]]);
  const around = boundsOf(places.length ? places : (news.fences || []).flatMap(fenceBounds));
  if (kept?.length === 3 && kept.every(Number.isFinite)) map.setView([kept[1], kept[2]], kept[0]);
  else if (around) map.fitBounds(around, { padding: [32, 32], maxZoom: 15 });
  else map.setView([4, 20], 3);
  for (const sheet of [fences, trails, vehicles]) map.addLayer(sheet);
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    sessionStorage.setItem(KEY, `${map.getZoom()} ${lat.toFixed(6)} ${lng.toFixed(6)}`);
  });
  document.getElementById("whole-fleet")?.addEventListener("click", () => {
    const all = [...vehicles.all.values()].filter((one) => wanted(one.number)).map((one) => [one.latitude, one.longitude]);
    if (all.length) map.fitBounds(all, { padding: [32, 32], maxZoom: 15 });
  });
  apply(news);
  const asked = new URLSearchParams(location.search).get("vehicle");
  if (rows.has(asked)) {
    choose(asked);
    rows.get(asked).row.scrollIntoView({ block: "nearest" });
  }
  page.dataset.ready = "true";
}

async function ask(since) {
  if (asking) {
    again = Math.min(again ?? since, since); // who asks for everything gets everything
    return;
  }
  asking = true;
  try {
    const answer = await fetch(`${page.dataset.positions}${since ? `?since=${since}` : ""}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const news = await answer.json();
    if (page.dataset.ready) apply(news); else start(news);
  } catch { /* no connection: the dot in the top bar says so, and the poll asks again */ } finally {
    asking = false;
    if (again !== null) {
      const from = again && version;
      again = null;
      setTimeout(() => ask(from), from ? 1000 : 0);
    }
  }
}

async function ways() {
  const answer = await fetch(page.dataset.trails, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  for (const [number, points] of Object.entries(await answer.json())) trails.begin(number, points.map(([latitude, longitude]) => mercator(latitude, longitude)));
  trails.redraw();
}

/* At most once a second, however often somebody moves. */
let last = 0;
let timer = 0;
function soon() {
  timer ||= setTimeout(() => {
    timer = 0;
    last = performance.now();
    ask(version);
  }, Math.max(0, 1000 - (performance.now() - last)));
}

vehicles.shown = ({ number }) => wanted(number);
trails.shown = wanted;
document.body.addEventListener("fleet.vehicle.moved", soon);
document.body.addEventListener("devices.device.changed", () => ask(0));
document.body.addEventListener("fleet.fence.changed", () => ask(0));
setInterval(() => document.hidden || ask(0), 30_000);
document.addEventListener("visibilitychange", () => document.hidden || ask(0));
await ask(0);
await ways();
window.fleetUpdate = apply; // a bench feeds it without a server
