/* Drawing a fence: what is drawn goes into the fields of the form, and what is typed there is drawn. */

import { boundsOf, createMap } from "./map/base.js";
import { Fences, Vehicles, fenceBounds } from "./map/vehicles.js";

const L = window.L;
const page = document.getElementById("fence-editor");
const map = createMap(document.getElementById("map"), { keyboard: true });
const board = map.getContainer();
const hint = document.getElementById("hint");
const [draw, undo, close] = ["draw", "undo", "close-shape"].map((id) => document.getElementById(id));
map.createPane("drawn").style.zIndex = 460;
const look = { renderer: L.canvas({ pane: "drawn", padding: 0.5 }), interactive: false, weight: 2, fillOpacity: 0.14 };
const handles = L.layerGroup().addTo(map);
let shape = null; // the layer that is drawn
let drawing = false;
const past = []; // what it was before, youngest last

/* The form may be swapped for a refused one: its fields are looked up each time. */
const field = (name) => page.querySelector(`[name=${name}]`);
const kind = () => page.querySelector("[name=kind]:checked")?.value || "circle";
const colour = () => page.querySelector("[name=colour]:checked")?.value || "#2563eb";

function corners() {
  return field("corners").value.split("\n").map((line) => line.split(",").map((part) => Number.parseFloat(part)))
    .filter(([latitude, longitude]) => Math.abs(latitude) <= 85 && Math.abs(longitude) <= 180);
}

function circle() {
  const [latitude, longitude, radius] = ["latitude", "longitude", "radius_m"].map((name) => Number.parseFloat(field(name).value));
  return Math.abs(latitude) <= 85 && Math.abs(longitude) <= 180 && radius > 0 ? { latitude, longitude, radius } : null;
}

function write(values) {
  for (const [name, value] of Object.entries(values)) field(name).value = value;
}

const place = (number) => Number(number.toFixed(6));

function keep() {
  past.push(Object.fromEntries(["latitude", "longitude", "radius_m", "corners"].map((name) => [name, field(name).value])));
  if (past.length > 100) past.shift();
}

function setCircle(middle, radius) {
  write({ latitude: place(middle.lat), longitude: place(middle.lng), radius_m: Math.max(20, Math.round(radius)) });
  paint({ handled: false });
}

function setCorners(points) {
  write({ corners: points.map(([latitude, longitude]) => `${place(latitude)}, ${place(longitude)}`).join("\n") });
  paint({ handled: false });
}

/* ---- what is drawn ---- */

function paint({ handled = true } = {}) {
  shape?.remove();
  shape = null;
  const style = { ...look, color: colour(), fillColor: colour() };
  if (kind() === "circle") {
    const now = circle();
    if (now) shape = L.circle([now.latitude, now.longitude], { ...style, radius: now.radius });
  } else {
    const points = corners();
    if (points.length) shape = drawing ? L.polyline(points, { ...style, dashArray: "4 4" }) : L.polygon(points, style);
  }
  shape?.addTo(map);
  if (handled) grip();
  close.hidden = !(drawing && kind() === "polygon" && corners().length > 2);
  undo.disabled = !past.length;
  hint.textContent = !drawing && shape ? hint.dataset.done : hint.dataset[kind()];
}

function handle(at, title, small, moved, { removed, dropped } = {}) {
  const one = L.marker(at, { draggable: true, title, alt: title, keyboard: true, icon: L.divIcon({ className: `fence-handle${small ? " is-middle" : ""}`, iconSize: null }) });
  one.on("dragstart", keep);
  one.on("drag", () => moved(one.getLatLng()));
  one.on("dragend", () => { dropped?.(one.getLatLng()); paint(); });
  one.addTo(handles);
  one.getElement().addEventListener("keydown", (event) => {
    const far = event.shiftKey ? 20 : 3;
    const step = { ArrowUp: [0, -far], ArrowDown: [0, far], ArrowLeft: [-far, 0], ArrowRight: [far, 0] }[event.key];
    if (step) {
      keep();
      const to = map.layerPointToLatLng(map.latLngToLayerPoint(one.getLatLng()).add(step));
      one.setLatLng(to);
      moved(to);
    } else if ((event.key === "Delete" || event.key === "Backspace") && removed) {
      keep();
      removed();
      paint();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Handles on what is drawn: the middle and the edge of a circle; the corners of a polygon, and one between each two. */
function grip() {
  handles.clearLayers();
  if (drawing || !shape) return;
  const { corner, middle, edge, between } = hint.dataset;
  if (kind() === "circle") {
    const now = circle();
    const rim = () => {
      const east = circle().radius / (111_320 * Math.cos((circle().latitude * Math.PI) / 180));
      return [circle().latitude, circle().longitude + east];
    };
    handle([now.latitude, now.longitude], middle, false, (to) => setCircle(to, circle().radius));
    handle(rim(), edge, false, (to) => setCircle(L.latLng(circle().latitude, circle().longitude), map.distance([circle().latitude, circle().longitude], to)));
    return;
  }
  const points = corners();
  points.forEach((point, n) => {
    handle(point, corner.replace("#", String(n + 1)), false, ({ lat, lng }) => setCorners(corners().map((old, m) => (m === n ? [lat, lng] : old))), {
      removed: points.length > 3 ? () => setCorners(corners().filter((_, m) => m !== n)) : undefined,
    });
    const next = points[(n + 1) % points.length];
    if (points.length < 100) {
      let added = false;
      handle([(point[0] + next[0]) / 2, (point[1] + next[1]) / 2], between, true, ({ lat, lng }) => {
        const now = corners();
        if (added) now[n + 1] = [lat, lng]; else now.splice(n + 1, 0, [lat, lng]);
        added = true;
        setCorners(now);
      });
    }
  });
}

/* ---- drawing ---- */

function begin() {
  keep();
  drawing = true;
  if (kind() === "circle") write({ latitude: "", longitude: "", radius_m: "" }); else write({ corners: "" });
  draw.setAttribute("aria-pressed", "true");
  board.classList.add("is-drawing");
  map.dragging[kind() === "circle" ? "disable" : "enable"]();
  map.doubleClickZoom.disable();
  paint();
}

function finish() {
  drawing = false;
  draw.setAttribute("aria-pressed", "false");
  board.classList.remove("is-drawing");
  map.dragging.enable();
  map.doubleClickZoom.enable();
  paint();
}

let pressed = null;
board.addEventListener("pointerdown", (event) => {
  if (!drawing || kind() !== "circle" || event.button || event.target.closest("button, a, .leaflet-control")) return;
  pressed = map.mouseEventToLatLng(event);
  board.setPointerCapture(event.pointerId);
  event.preventDefault();
});
board.addEventListener("pointermove", (event) => {
  if (pressed) setCircle(pressed, map.distance(pressed, map.mouseEventToLatLng(event)));
});
board.addEventListener("pointerup", (event) => {
  if (!pressed) return;
  const radius = map.distance(pressed, map.mouseEventToLatLng(event));
  setCircle(pressed, radius > 20 ? radius : 250); // a click alone is a circle too
  pressed = null;
  finish();
});
map.on("click", ({ latlng, containerPoint }) => {
  if (!drawing || kind() !== "polygon") return;
  const points = corners();
  if (points.length > 2 && map.latLngToContainerPoint(points[0]).distanceTo(containerPoint) < 14) return finish();
  keep();
  setCorners([...points, [latlng.lat, latlng.lng]]);
});

draw.addEventListener("click", () => (drawing ? finish() : begin()));
close.addEventListener("click", finish);
undo.addEventListener("click", () => {
  const before = past.pop();
  if (before) write(before);
  paint();
});
page.addEventListener("keydown", (event) => {
  if (!board.contains(event.target) || !drawing) return;
  if (event.key === "Enter" && event.target === board && kind() === "polygon") {
    keep(); // with the keyboard the middle of the map is the pencil
    const { lat, lng } = map.getCenter();
    setCorners([...corners(), [lat, lng]]);
  } else if (event.key === "Escape") finish();
});

/* ---- the form ---- */

function which() {
  for (const part of page.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== kind();
}

page.addEventListener("input", (event) => {
  if (event.target.name === "kind") {
    if (drawing) finish();
    which();
    if (!(kind() === "circle" ? circle() : corners().length)) begin();
  }
  paint();
});
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  if (!page.contains(target)) return; // something else on the page was renewed: whoever holds a handle keeps it
  which();
  paint();
});

const { fences, vehicles } = await (await fetch(page.dataset.positions, { headers: { Accept: "application/json" } })).json();
const [areas, marks] = [new Fences({ pane: "fences" }), new Vehicles({ pane: "vehicles" })];
areas.set(fences.filter(({ name }) => name !== page.dataset.own));
for (const [number, latitude, longitude, state, , heading] of vehicles) {
  if (latitude !== null) marks.put(number, latitude, longitude, state, heading);
}
const own = kind() === "circle" ? circle() && { shape: { kind: "circle", ...circle(), radius_m: circle().radius } } : corners().length > 2 && { shape: { kind: "polygon", points: corners() } };
const around = own ? boundsOf(fenceBounds(own)) : boundsOf([...fences.flatMap(fenceBounds), ...[...marks.all.values()].map((one) => [one.latitude, one.longitude])]);
if (around) map.fitBounds(around, { padding: [60, 60], maxZoom: 16 }); else map.setView([4, 20], 3);
for (const sheet of [areas, marks]) map.addLayer(sheet);
which();
if (own) paint(); else begin();
past.length = 0;
undo.disabled = true;
page.dataset.ready = "true";
