/* Vehicles, their trails and the fences, each on a canvas of its own: a thousand of them move in a few milliseconds. */

import { Sheet, mercator, onTheme, tone } from "./base.js";

const COLOURS = { moving: "--map-moving", standing: "--map-standing", silent: "--map-silent", lost: "--map-lost", unknown: "--map-silent" };
const NAMED = 60; // with no more than these in sight, each says its number
const TRAIL = 90;

/** Every vehicle as a mark whose shape says its state: an arrow moves, a square stands, a ring is silent, a cross is lost. */
export const Vehicles = Sheet.extend({
  initialize(options) {
    Sheet.prototype.initialize.call(this, options);
    this.all = new Map();
    this.chosen = null;
    this.pointed = null;
    this.shown = () => true;
  },

  /** Where a vehicle is now; answers where it was on the world, when it was somewhere else. */
  put(number, latitude, longitude, state, heading) {
    let one = this.all.get(number);
    if (!one) this.all.set(number, (one = { number, x: NaN, y: NaN }));
    const [from, [x, y]] = [one.x === one.x ? [one.x, one.y] : null, mercator(latitude, longitude)];
    const moved = from && (from[0] !== x || from[1] !== y);
    Object.assign(one, { x, y, latitude, longitude, state, heading: ((heading ?? 0) * Math.PI) / 180 });
    return moved ? from : null;
  },

  remove(number) {
    this.all.delete(number);
  },

  draw(pen, { scale, left, top, bounds: { min, max } }) {
    const inside = [];
    for (const one of this.all.values()) {
      if (!this.shown(one)) continue;
      const [x, y] = [one.x * scale - left, one.y * scale - top];
      if (x < min.x || x > max.x || y < min.y || y > max.y) continue;
      one.px = x;
      one.py = y;
      inside.push(one);
    }
    this.inside = inside;
    const small = inside.length > 400 || this._map.getZoom() < 6;
    for (const state of ["unknown", "silent", "standing", "lost", "moving"]) this._marks(pen, inside, state, small ? 0.75 : 1);
    for (const one of inside) if (one.number === this.chosen) ring(pen, one);
    pen.font = "600 11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const named = inside.length <= NAMED && this._map.getZoom() >= 9;
    for (const one of inside) {
      if (named || one.number === this.chosen || one.number === this.pointed) label(pen, one);
    }
  },

  /** All marks of one state, each a small picture that was drawn once. */
  _marks(pen, inside, state, size) {
    const one = state === "moving" ? null : stamp(state, 0, size);
    for (const { state: its, px, py, heading } of inside) {
      if (its !== state) continue;
      const picture = one || stamp(state, heading, size);
      pen.drawImage(picture, px - STAMP / 2, py - STAMP / 2, STAMP, STAMP);
    }
  },

  /** The vehicle under a point of the layer, within a finger's breadth. */
  at(point, reach = 16) {
    let [best, least] = [null, reach * reach];
    for (const one of this.inside || []) {
      const far = (one.px - point.x) ** 2 + (one.py - point.y) ** 2;
      if (far < least) [best, least] = [one, far];
    }
    return best;
  },
});

const STAMP = 26; // pixels of a mark with its halo
const TURNS = 48; // as many directions as the eye tells apart
const stamps = new Map();
onTheme(() => stamps.clear());

function stamp(state, heading, size) {
  const turn = state === "moving" ? (Math.round((heading / (2 * Math.PI)) * TURNS) + TURNS) % TURNS : 0;
  const key = `${state} ${turn} ${size}`;
  let picture = stamps.get(key);
  if (!picture) {
    const sharp = Math.min(2, window.devicePixelRatio || 1);
    picture = document.createElement("canvas");
    picture.width = picture.height = STAMP * sharp;
    const pen = picture.getContext("2d");
    pen.scale(sharp, sharp);
    mark(pen, state, (turn / TURNS) * 2 * Math.PI, size);
    stamps.set(key, picture);
  }
  return picture;
}

function mark(pen, state, heading, size) {
  const middle = STAMP / 2;
  pen.beginPath();
  if (state === "moving") arrow(pen, middle, middle, heading, 8 * size);
  else if (state === "standing") pen.rect(middle - 4.5 * size, middle - 4.5 * size, 9 * size, 9 * size);
  else if (state === "lost") cross(pen, middle, middle, 5 * size);
  else pen.arc(middle, middle, 4.5 * size, 0, 2 * Math.PI);
  const solid = state === "moving" || state === "standing";
  pen.lineJoin = pen.lineCap = "round";
  pen.strokeStyle = tone("--map-halo");
  pen.lineWidth = (solid ? 3 : 6) * size;
  pen.stroke();
  pen.strokeStyle = pen.fillStyle = tone(COLOURS[state]);
  pen.lineWidth = 3 * size;
  if (solid) pen.fill(); else pen.stroke();
}

function arrow(pen, x, y, heading, size) {
  const [sine, cosine] = [Math.sin(heading), Math.cos(heading)];
  const put = (across, along, go) => pen[go](x + across * cosine - along * sine, y + across * sine + along * cosine);
  put(0, -size, "moveTo");
  put(size * 0.72, size * 0.8, "lineTo");
  put(0, size * 0.4, "lineTo");
  put(-size * 0.72, size * 0.8, "lineTo");
  pen.closePath();
}

function cross(pen, x, y, size) {
  pen.moveTo(x - size, y - size);
  pen.lineTo(x + size, y + size);
  pen.moveTo(x + size, y - size);
  pen.lineTo(x - size, y + size);
}

function ring(pen, { px, py }) {
  pen.beginPath();
  pen.arc(px, py, 14, 0, 2 * Math.PI);
  pen.lineWidth = 5;
  pen.strokeStyle = tone("--map-halo");
  pen.stroke();
  pen.lineWidth = 2;
  pen.strokeStyle = tone("--accent");
  pen.stroke();
}

function label(pen, { px, py, number }) {
  pen.lineWidth = 3;
  pen.strokeStyle = tone("--map-halo");
  pen.strokeText(number, px + 12, py);
  pen.fillStyle = tone("--ink");
  pen.fillText(number, px + 12, py);
}

/** The way each vehicle came: only what is new is drawn, all of it when the map moves. */
export const Trails = Sheet.extend({
  initialize(options) {
    Sheet.prototype.initialize.call(this, options);
    this.ways = new Map();
    this.shown = () => true;
    this.fresh = [];
  },

  /** A way known from before, as mercator points. */
  begin(number, points) {
    this.ways.set(number, [...points, ...(this.ways.get(number) || [])].slice(-TRAIL));
  },

  /** One step further; a leap is no road. */
  go(number, from, to) {
    if (Math.abs(from[0] - to[0]) > 2e-4 || Math.abs(from[1] - to[1]) > 2e-4) return;
    const way = this.ways.get(number);
    if (!way) this.ways.set(number, [from, to]);
    else if (way.push(to) > 2 * TRAIL) way.splice(0, TRAIL);
    if (this.shown(number)) this.fresh.push([from, to]);
  },

  /** Draw the steps that came since. */
  extend() {
    if (!this._map || !this._bounds) return;
    const { scale, left, top } = this.frame();
    this._style(this._pen);
    this._pen.beginPath();
    for (const [from, to] of this.fresh) {
      this._pen.moveTo(from[0] * scale - left, from[1] * scale - top);
      this._pen.lineTo(to[0] * scale - left, to[1] * scale - top);
    }
    this._pen.stroke();
    this.fresh = [];
  },

  draw(pen, { scale, left, top }) {
    this.fresh = [];
    this._style(pen);
    pen.beginPath();
    for (const [number, way] of this.ways) {
      if (!this.shown(number)) continue;
      pen.moveTo(way[0][0] * scale - left, way[0][1] * scale - top);
      for (let n = 1; n < way.length; n += 1) pen.lineTo(way[n][0] * scale - left, way[n][1] * scale - top);
    }
    pen.stroke();
  },

  _style(pen) {
    pen.strokeStyle = tone("--map-trail");
    pen.lineWidth = 2.5;
    pen.lineCap = pen.lineJoin = "round";
  },
});

/** Fences with their names, as the place drew them. */
export const Fences = Sheet.extend({
  initialize(options) {
    Sheet.prototype.initialize.call(this, options);
    this.fences = [];
  },

  set(fences) {
    this.fences = fences;
    if (this._map) this.redraw();
  },

  draw(pen, { scale, left, top }) {
    pen.font = "500 11px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.lineWidth = 1.5;
    for (const { name, shape, colour } of this.fences) {
      let middle;
      pen.beginPath();
      if (shape.kind === "circle") {
        const [x, y] = mercator(shape.latitude, shape.longitude);
        const radius = (shape.radius_m * scale) / (40075016.7 * Math.cos((shape.latitude * Math.PI) / 180));
        middle = [x * scale - left, y * scale - top - radius];
        pen.arc(middle[0], middle[1] + radius, radius, 0, 2 * Math.PI);
      } else {
        const corners = shape.points.map(([latitude, longitude]) => mercator(latitude, longitude));
        const placed = corners.map(([x, y]) => [x * scale - left, y * scale - top]);
        placed.forEach(([x, y], n) => pen[n ? "lineTo" : "moveTo"](x, y));
        pen.closePath();
        middle = [placed.reduce((sum, [x]) => sum + x, 0) / placed.length, Math.min(...placed.map(([, y]) => y))];
      }
      pen.strokeStyle = pen.fillStyle = colour;
      pen.globalAlpha = 0.1;
      pen.fill();
      pen.globalAlpha = 1;
      pen.stroke();
      if (this._map.getZoom() < 9) continue;
      pen.lineWidth = 3;
      pen.strokeStyle = tone("--map-halo");
      pen.strokeText(name, middle[0], middle[1] - 6);
      pen.fillStyle = tone("--ink-2");
      pen.fillText(name, middle[0], middle[1] - 6);
      pen.lineWidth = 1.5;
    }
  },
});

/** Bounds that hold a fence: `[[south, west], [north, east]]`. */
export function fenceBounds({ shape }) {
  if (shape.kind === "circle") {
    const up = shape.radius_m / 111_320;
    const over = up / Math.cos((shape.latitude * Math.PI) / 180);
    return [[shape.latitude - up, shape.longitude - over], [shape.latitude + up, shape.longitude + over]];
  }
  const [tall, wide] = [shape.points.map(([latitude]) => latitude), shape.points.map(([, longitude]) => longitude)];
  return [[Math.min(...tall), Math.min(...wide)], [Math.max(...tall), Math.max(...wide)]];
}
