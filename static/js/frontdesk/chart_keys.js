/* The whole chart by keyboard. Arrows walk, Shift and arrows choose nights, Enter opens or books; on a bar a letter acts. */

import { act, openStep } from "./desk.js";
import { typeOf } from "./drag.js";
import * as grid from "./grid.js";
import * as legal from "./legal.js";

let moving = null; // a bar in the hand: where it is shown, and by how many days it was shifted

const at = (bar) => grid.here(`stays/${encodeURIComponent(bar.value)}`);
const seen = (bar) => `version=${bar.dataset.v}`;

export function openPanel(bar, tab = "stay") {
  if (!bar.value) location.assign(grid.here("housekeeping/closed")); // a closed room: why, and how it is opened
  else window.htmx.ajax("GET", `${at(bar)}/panel?tab=${tab}`, { target: "#panel", swap: "outerHTML", source: bar });
}

const onBar = {
  m: (bar) => begin(bar),
  "[": (bar) => openStep(`${at(bar)}/dates?departure=-1&${seen(bar)}`),
  "]": (bar) => openStep(`${at(bar)}/dates?departure=%2B1&${seen(bar)}`),
  s: (bar) => openStep(`${at(bar)}/split?${seen(bar)}`),
  i: (bar) => act(`${at(bar)}/check-in`, { version: bar.dataset.v }),
  o: (bar) => act(`${at(bar)}/check-out`, { version: bar.dataset.v }),
  p: (bar) => openPanel(bar, "folio"),
  k: (bar) => location.assign(`${grid.here("").replace("/frontdesk/", "/units/")}room/${encodeURIComponent(grid.room(grid.rowOf(bar)))}`),
  u: (bar) => act(`${at(bar)}/undo`, { version: bar.dataset.v }),
  x: (bar) => openStep(`${at(bar)}/cancel?${seen(bar)}`),
};

async function begin(bar) {
  moving = { bar, row: grid.rowOf(bar), days: 0, ghost: bar.cloneNode(true) };
  moving.ghost.classList.add("ghost");
  bar.classList.add("lifted");
  moving.known = await legal.rooms(bar.value, 0);
  if (moving) show();
}

function show() {
  const { start, end } = grid.columns(moving.bar);
  grid.place(moving.ghost, start + 2 * moving.days, end + 2 * moving.days);
  grid.track(moving.row).append(moving.ghost);
  legal.mark(moving.known);
  legal.why(moving.row);
  moving.row.scrollIntoView({ block: "nearest" });
}

function stop() {
  moving.ghost.remove();
  moving.bar.classList.remove("lifted");
  legal.clear();
  const bar = moving.bar;
  moving = null;
  if (bar.isConnected) bar.focus({ preventScroll: true });
}

async function steer(key) {
  const bar = moving.bar;
  if (key === "ArrowUp" || key === "ArrowDown") {
    const all = [...document.querySelectorAll("#tape .tr[data-r]")].filter((row) => row.offsetParent !== null && (row === moving.row || moving.known[grid.room(row)] === null));
    const next = all[all.indexOf(moving.row) + (key === "ArrowDown" ? 1 : -1)];
    if (next) moving.row = next;
  } else {
    moving.days += key === "ArrowRight" ? 1 : -1;
    moving.known = await legal.rooms(bar.value, moving.days);
  }
  if (moving) show();
}

function confirm() {
  const { bar, row, days } = moving;
  const elsewhere = row !== grid.rowOf(bar) && row.dataset.r;
  const to = encodeURIComponent(grid.room(row));
  const shift = encodeURIComponent(days > 0 ? `+${days}` : String(days));
  stop();
  if (days) openStep(`${at(bar)}/dates?arrival=${shift}&departure=${shift}${elsewhere ? `&room=${to}` : ""}&${seen(bar)}`);
  else if (elsewhere) openStep(`${at(bar)}/move?room=${to}&${seen(bar)}`);
}

function whileMoving(event) {
  if (["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"].includes(event.key)) steer(event.key);
  else if (event.key === "Enter") confirm();
  else if (event.key === "Escape" || event.key === "m") stop();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function walk(key, shift) {
  const { row, day, nights } = grid.focus;
  const all = grid.rows();
  if (key === "ArrowUp" || key === "ArrowDown") return grid.go(all[all.indexOf(row) + (key === "ArrowDown" ? 1 : -1)], day);
  if (shift && row.dataset.r) return grid.go(row, day, nights + (key === "ArrowRight" ? 1 : -1));
  const bar = document.activeElement.matches(".b") ? grid.columns(document.activeElement) : null;
  if (key === "ArrowRight") return grid.go(row, bar ? Math.max(day + 1, Math.floor((bar.end - 1) / 2)) : day + nights);
  return grid.go(row, bar ? Math.min(day - 1, Math.ceil((bar.start - 2) / 2) - 1) : day - 1);
}

function enter(cell) {
  if (cell.matches(".b")) return openPanel(cell);
  const { row, day, nights } = grid.focus;
  const room = row.dataset.r ? `&room=${encodeURIComponent(grid.room(row))}` : "";
  location.assign(grid.here(`book?arrival=${grid.dateAt(day)}&departure=${grid.dateAt(day + nights)}&type=${typeOf(row)}${room}`));
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (moving) return whileMoving(event);
  const cell = event.target.closest?.("#tape .b, #tape .f, #tape .cursor");
  if (!cell) return;
  const { key } = event;
  const books = grid.page().matches("[data-books]");
  if (["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"].includes(key)) walk(key, event.shiftKey);
  else if (key === "Home") grid.go(grid.focus.row, 0);
  else if (key === "End") grid.go(grid.focus.row, grid.length() - 1);
  else if (key === "Enter" || key === " ") { if (cell.matches(".b") || books) enter(cell); }
  else if (key === "h" && grid.focus.row.dataset.r) grid.focus.row.querySelector(".hk").click();
  else if (books && cell.matches(".b[value]") && Object.hasOwn(onBar, key)) onBar[key](cell);
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

export function listen() {
  document.addEventListener("keydown", press, true);
  document.addEventListener("focusin", (event) => {
    const cell = event.target.closest?.("#tape .b, #tape .f");
    if (!cell || moving) return;
    grid.focus.row = grid.rowOf(cell);
    grid.focus.nights = 1;
    if (cell.matches(".f")) grid.focus.day = [...cell.parentElement.children].indexOf(cell);
    else {
      const { start, end } = grid.columns(cell);
      const inside = 2 * grid.focus.day + 2;
      if (inside < start || inside >= end) grid.focus.day = Math.max(0, Math.floor((start - 1) / 2));
      grid.describe(cell);
    }
  });
}
