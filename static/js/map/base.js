/* The map under everything of the fleet: outlines and a grid that need no network, tiles where a server is named,
   and sheets of canvas that others draw on. Colours come from the page's own tokens, so both themes are right. */

const L = window.L;
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);
const tones = new Map();

/** A colour token as the canvas can use it: `tone("--accent")`. */
export function tone(name) {
  if (!tones.has(name)) {
    probe.style.color = `var(${name})`;
    tones.set(name, getComputedStyle(probe).color);
  }
  return tones.get(name);
}

/** Whenever the theme changes: forget the colours, draw again. */
export function onTheme(draw) {
  const again = () => { tones.clear(); draw(); };
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-look"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
}

/** Where a point lies on a world that is one wide and one high; every zoom is a multiple of it. */
export function mercator(latitude, longitude) {
  const sine = Math.sin((Math.max(-85.05, Math.min(85.05, latitude)) * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** One canvas over the map that moves and zooms with it; whoever extends it says `draw(pen, place)`. */
export const Sheet = L.Renderer.extend({
  options: { padding: 0.2, pane: "overlayPane" },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.className = "map-sheet";
    this._pen = this._container.getContext("2d");
  },

  _destroyContainer() {
    L.DomUtil.remove(this._container);
    delete this._container;
  },

  _updatePaths() {},

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const [size, sharp] = [this._bounds.getSize(), Math.min(2, window.devicePixelRatio || 1)];
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = Math.round(sharp * size.x);
    this._container.height = Math.round(sharp * size.y);
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this._pen.setTransform(sharp, 0, 0, sharp, -sharp * this._bounds.min.x, -sharp * this._bounds.min.y);
    this.redraw();
  },

  redraw() {
    if (!this._map || !this._bounds) return;
    const [{ min, max }, origin] = [this._bounds, this._map.getPixelOrigin()];
    this._pen.clearRect(min.x, min.y, max.x - min.x, max.y - min.y);
    this.draw(this._pen, this.frame(), origin);
  },

  /** What is needed to put a mercator point on the sheet: `x * scale - left`, `y * scale - top`. */
  frame() {
    const origin = this._map.getPixelOrigin();
    return { scale: 256 * 2 ** this._map.getZoom(), left: origin.x, top: origin.y, bounds: this._bounds };
  },

  draw() {},
});

const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

/** Lines of latitude and longitude, so that a map without streets still says where and how far. */
const Grid = Sheet.extend({
  draw(pen, { scale, left, top, bounds }) {
    const view = this._map.getBounds();
    const step = STEPS.find((each) => (each / 360) * scale >= 110) || 30;
    const digits = step < 1 ? Math.ceil(-Math.log10(step)) : 0;
    const corner = this._map.containerPointToLayerPoint([0, 0]);
    const { x: width, y: height } = this._map.getSize();
    pen.strokeStyle = pen.fillStyle = tone("--map-grid");
    pen.lineWidth = 1;
    pen.font = "11px system-ui, sans-serif";
    pen.beginPath();
    const labels = [];
    for (let n = Math.floor(view.getWest() / step); n <= Math.ceil(view.getEast() / step); n += 1) {
      const x = Math.round(mercator(0, n * step)[0] * scale - left) + 0.5;
      pen.moveTo(x, bounds.min.y);
      pen.lineTo(x, bounds.max.y);
      labels.push([named(n * step, digits, "E", "W"), x + 4, corner.y + height - 30]);
    }
    for (let n = Math.max(Math.floor(view.getSouth() / step), -80 / step); n <= Math.min(Math.ceil(view.getNorth() / step), 80 / step); n += 1) {
      const y = Math.round(mercator(n * step, 0)[1] * scale - top) + 0.5;
      pen.moveTo(bounds.min.x, y);
      pen.lineTo(bounds.max.x, y);
      labels.push([named(n * step, digits, "N", "S"), corner.x + width - 56, y - 4]);
    }
    pen.stroke();
    pen.fillStyle = tone("--map-grid-ink");
    for (const [words, x, y] of labels) pen.fillText(words, x, y);
  },
});

function named(degrees, digits, plus, minus) {
  return `${Math.abs(degrees).toFixed(digits)}°${Math.abs(degrees) < 1e-9 ? "" : degrees > 0 ? plus : minus}`;
}

/** A map in `element`; its data say where the outlines are, and the tiles if there are any. */
export function createMap(element, { keyboard = true } = {}) {
  const map = L.map(element, {
    preferCanvas: true,
    keyboard,
    attributionControl: Boolean(element.dataset.tiles),
    zoomControl: false,
    worldCopyJump: true,
    minZoom: 2,
    maxZoom: 19,
    zoomSnap: 0.5,
    wheelPxPerZoomLevel: 90,
    fadeAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
  L.control.zoom({ zoomInTitle: element.dataset.zoomIn, zoomOutTitle: element.dataset.zoomOut }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
  for (const [name, level] of [["ground", 150], ["grid", 160], ["fences", 350], ["trails", 380], ["vehicles", 450]]) {
    map.createPane(name).style.zIndex = level;
    map.getPane(name).style.pointerEvents = "none";
  }
  if (element.dataset.tiles) {
    map.attributionControl.setPrefix(false);
    L.tileLayer(element.dataset.tiles, { maxZoom: 19, attribution: escaped(element.dataset.attribution) }).addTo(map);
  } else {
    new Grid({ pane: "grid" }).addTo(map);
    outlines(map, element.dataset.outlines);
  }
  for (const tools of element.querySelectorAll(".map-tools")) L.DomEvent.disableClickPropagation(tools); // a button is no place on the map
  onTheme(() => map.eachLayer((layer) => layer instanceof Sheet && layer.redraw()));
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(element);
  return map;
}

/** Land and the borders of countries, decoded once the page stands. */
async function outlines(map, address) {
  const world = await (await fetch(address)).json();
  const renderer = L.canvas({ pane: "ground", padding: 0.3 });
  const common = { renderer, interactive: false, smoothFactor: 1.2 };
  const land = L.geoJSON(window.topojson.feature(world, world.objects.land), { ...common, stroke: false, fillOpacity: 1 });
  const borders = L.geoJSON(window.topojson.mesh(world, world.objects.countries), { ...common, weight: 1, opacity: 1, fill: false });
  const paint = () => {
    land.setStyle({ fillColor: tone("--map-land") });
    borders.setStyle({ color: tone("--map-border") });
  };
  paint();
  land.addTo(map);
  borders.addTo(map);
  onTheme(paint);
}

function escaped(words) {
  const holder = document.createElement("i");
  holder.textContent = words || "";
  return holder.innerHTML;
}

/** Bounds of points `[latitude, longitude]`, or null. */
export function boundsOf(points) {
  return points.length ? L.latLngBounds(points) : null;
}
