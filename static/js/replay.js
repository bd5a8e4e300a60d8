/* One day of one vehicle, played back: the way on the map, a slider of time, and how fast it went. */

import { Sheet, boundsOf, createMap, mercator, tone } from "./map/base.js";
import { Fences, Vehicles, fenceBounds } from "./map/vehicles.js";

const page = document.getElementById("replay");
const [slider, pace, output, play] = ["replay-time", "replay-pace", "replay-now", "replay-play"].map((id) => document.getElementById(id));
const bar = document.getElementById("replay-bar");
const LANGUAGE = document.documentElement.lang.replace(/^en$/, "en-GB"); // days before months, as the server writes them
const clock = new Intl.DateTimeFormat(LANGUAGE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: page.dataset.zone });
const GAP = 600; // seconds without a word: what lies between is not known, and no line is drawn
const map = createMap(document.getElementById("map"));
const { points, fences } = await (await fetch(page.dataset.track, { headers: { Accept: "application/json" } })).json();

/** The whole way thin, what was driven up to the slider thick. */
const Way = Sheet.extend({
  until: Infinity,
  draw(pen, { scale, left, top }) {
    const put = (n, go) => pen[go](way[n][0] * scale - left, way[n][1] * scale - top);
    const line = (last) => {
      pen.beginPath();
      for (let n = 0; n <= last; n += 1) put(n, n && points[n][0] - points[n - 1][0] <= GAP ? "lineTo" : "moveTo");
      pen.stroke();
    };
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = tone("--map-halo");
    pen.lineWidth = 6;
    line(points.length - 1);
    pen.strokeStyle = tone("--map-trail");
    pen.lineWidth = 3;
    line(points.length - 1);
    pen.strokeStyle = tone("--accent");
    line(Math.min(this.until, points.length - 1));
    for (const [n, colour] of [[0, "--map-moving"], [points.length - 1, "--map-lost"]]) {
      pen.beginPath();
      pen.arc(way[n][0] * scale - left, way[n][1] * scale - top, 5, 0, 2 * Math.PI);
      pen.fillStyle = tone(colour);
      pen.strokeStyle = tone("--map-halo");
      pen.lineWidth = 2;
      pen.fill();
      pen.stroke();
    }
  },
});
const way = points.map(([, latitude, longitude]) => mercator(latitude, longitude));
const [line, mark, areas] = [new Way({ pane: "trails" }), new Vehicles({ pane: "vehicles" }), new Fences({ pane: "fences" })];

function metres([, latitude, longitude], [, latitude2, longitude2]) {
  const [north, east] = [latitude2 - latitude, (longitude2 - longitude) * Math.cos((latitude * Math.PI) / 180)];
  return Math.hypot(north, east) * 111_320;
}

function speedAt(n) {
  const [from, to] = [points[Math.max(0, n - 1)], points[n]];
  const took = to[0] - from[0];
  return took > 0 && took <= GAP ? (metres(from, to) / took) * 3.6 : 0;
}

function headingAt(n) {
  const [from, to] = [points[Math.max(0, n - 1)], points[Math.max(1, n)] || points[n]];
  return (Math.atan2((to[2] - from[2]) * Math.cos((from[1] * Math.PI) / 180), to[1] - from[1]) * 180) / Math.PI;
}

/** The last point at or before a moment. */
function before(moment) {
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (points[middle][0] <= moment) low = middle; else high = middle - 1;
  }
  return low;
}

function show(moment) {
  const n = before(moment);
  const [here, next] = [points[n], points[n + 1]];
  const share = next && next[0] - here[0] <= GAP ? (moment - here[0]) / (next[0] - here[0]) : 0;
  const at = next ? [here[1] + (next[1] - here[1]) * share, here[2] + (next[2] - here[2]) * share] : [here[1], here[2]];
  const speed = share ? speedAt(n + 1) : speedAt(n);
  mark.put(page.dataset.number || "", at[0], at[1], speed > 3 ? "moving" : "standing", headingAt(share ? n + 1 : n));
  line.until = n;
  line.redraw();
  mark.redraw();
  const silent = next && next[0] - here[0] > GAP && moment > here[0];
  output.textContent = `${clock.format(moment * 1000)} · ${silent ? bar.dataset.gap : `${Math.round(speed)} km/h`}`;
  slider.setAttribute("aria-valuetext", output.textContent);
  if (!map.getBounds().pad(-0.05).contains(at)) map.panTo(at);
}

let playing = 0;
let then = 0;
let moment = 0;

function step(now) {
  if (!playing) return;
  moment = Math.min(Number(slider.max), moment + ((now - then) / 1000) * Number(pace.value));
  then = now;
  const next = points[before(moment) + 1];
  if (next && next[0] - points[before(moment)][0] > GAP) moment = next[0]; // nothing was heard meanwhile
  slider.value = String(Math.round(moment));
  show(moment);
  if (moment >= Number(slider.max)) pause(); else playing = requestAnimationFrame(step);
}

function pause() {
  cancelAnimationFrame(playing);
  playing = 0;
  look();
}

function look() {
  for (const each of play.querySelectorAll("[data-when]")) each.hidden = (each.dataset.when === "playing") !== Boolean(playing);
}

function seek(seconds) {
  moment = Math.min(Math.max(seconds, Number(slider.min)), Number(slider.max));
  slider.value = String(moment);
  show(moment);
}

/** How fast it went, as a line above the slider; each height stands for a speed that the words say too. */
function profile() {
  const [first, long] = [points[0][0], Math.max(1, points.at(-1)[0] - points[0][0])];
  const speeds = points.map((_, n) => Math.min(160, speedAt(n)));
  const top = Math.max(40, ...speeds);
  const drawn = speeds.map((speed, n) => `${n ? "L" : "M"}${(((points[n][0] - first) / long) * 1000).toFixed(1)} ${(38 - (speed / top) * 36).toFixed(1)}`).join("");
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 1000 40", preserveAspectRatio: "none", class: "replay-speed", "aria-hidden": "true" })) picture.setAttribute(name, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", drawn);
  picture.append(path);
  bar.before(picture);
}

if (points.length) {
  map.fitBounds(boundsOf(points.map(([, latitude, longitude]) => [latitude, longitude])), { padding: [32, 32], maxZoom: 16 });
  areas.set(fences);
  for (const sheet of [areas, line, mark]) map.addLayer(sheet);
  bar.hidden = false;
  [slider.min, slider.max] = [String(points[0][0]), String(points.at(-1)[0])];
  profile();
  seek(points.at(-1)[0]);
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== play.dataset.key) return;
    event.preventDefault();
    play.click();
  });
  slider.addEventListener("input", () => seek(Number(slider.value)));
  play.addEventListener("click", () => {
    if (playing) return pause();
    if (moment >= Number(slider.max)) seek(Number(slider.min));
    then = performance.now();
    playing = requestAnimationFrame(step);
    look();
  });
  document.addEventListener("click", (event) => {
    const to = event.target.closest("[data-seek]");
    if (to) seek(Number(to.dataset.seek));
  });
} else {
  document.getElementById("replay-nothing").hidden = false;
  const around = boundsOf(fences.flatMap(fenceBounds));
  if (around) map.fitBounds(around, { padding: [32, 32], maxZoom: 14 }); else map.setView([4, 20], 3);
  areas.set(fences);
  map.addLayer(areas);
}
page.dataset.ready = "true";
