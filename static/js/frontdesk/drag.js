/* The mouse on the chart: a bar is moved, its edges are dates, alt moves only the rest of it, a drop on another bar
   offers a swap, and pressing along empty nights begins a booking. Nothing is written by a drop. */

import { openStep } from "./desk.js";
import * as grid from "./grid.js";
import * as legal from "./legal.js";

const EDGE = 7;
let held = null;

function modeOf(bar, x) {
  const box = bar.getBoundingClientRect();
  const inside = bar.matches(".in, .du, .ov");
  if (box.right - x < EDGE && box.width > 3 * EDGE) return "end";
  if (x - box.left < EDGE && box.width > 3 * EDGE && !inside) return "start";
  return "move";
}

function start(event) {
  if (event.button !== 0 || event.pointerType === "touch" || !grid.page().matches("[data-books]")) return;
  const row = event.target.closest(".tr[data-r], .tr.un");
  const bar = event.target.closest(".b");
  if (!row || event.target.closest(".rh") || (bar && (!bar.value || bar.matches(".ou")))) return;
  if (!bar && !row.dataset.r) return;
  held = { bar, row, x: event.clientX, y: event.clientY, mode: bar ? modeOf(bar, event.clientX) : "new", column: grid.columnAt(row, event.clientX), alt: event.altKey, moved: false };
}

function lift() {
  held.moved = true;
  if (!held.bar) return;
  grid.dropCursor();
  held.ghost = held.bar.cloneNode(true);
  held.ghost.classList.add("ghost");
  held.bar.classList.add("lifted");
  ask(0);
}

function ask(shift) {
  held.shift = shift;
  legal.rooms(held.bar.value, shift).then((known) => { if (held?.shift === shift) legal.mark(known); });
}

function move(event) {
  if (!held) return;
  if (!held.moved && Math.hypot(event.clientX - held.x, event.clientY - held.y) < 4) return;
  if (!held.moved) lift();
  event.preventDefault();
  const under = document.elementFromPoint(event.clientX, event.clientY)?.closest(".tape .tr[data-r]") ?? held.target ?? held.row;
  const column = grid.columnAt(under, event.clientX);
  const days = Math.round((event.clientX - held.x) * grid.length() / grid.track(held.row).getBoundingClientRect().width);
  if (!held.bar) {
    const [one, other] = [held.column, column].sort((a, b) => a - b).map((each) => Math.floor(each / 2));
    grid.go(held.row, Math.max(0, one - 1), Math.max(1, other - one + 1));
    held.from = grid.focus.day;
    held.nights = grid.focus.nights;
    return;
  }
  const { start: first, end } = grid.columns(held.bar);
  held.days = days;
  if (held.mode === "end") grid.place(held.ghost, first, Math.max(first + 2, end + 2 * days));
  else if (held.mode === "start") grid.place(held.ghost, Math.min(first + 2 * days, end - 2), end);
  else {
    held.target = under;
    held.split = event.altKey;
    held.night = Math.max(0, Math.floor((column - 1) / 2));
    if (held.split) grid.place(held.ghost, Math.max(first, 2 * held.night + 2), end);
    else grid.place(held.ghost, first + 2 * days, end + 2 * days);
    if (held.shift !== (held.split ? 0 : days)) ask(held.split ? 0 : days);
    legal.why(under);
  }
  const to = grid.track(held.mode === "move" ? held.target : held.row);
  if (held.ghost.parentElement !== to) to.append(held.ghost);
}

function other() {
  const { start: first, end } = grid.columns(held.ghost);
  return grid.barsIn(held.target).find((bar) => bar.value && bar !== held.bar && grid.columns(bar).start < end && grid.columns(bar).end > first);
}

function end(event) {
  if (!held) return;
  const done = held;
  if (done.moved) {
    event.preventDefault();
    suppressClick();
    if (event.type === "pointerup") drop(done);
  }
  held = null;
  done.ghost?.remove();
  done.bar?.classList.remove("lifted");
  legal.clear();
}

function drop(done) {
  if (!done.bar) {
    location.assign(grid.here(`book?room=${encodeURIComponent(grid.room(done.row))}&arrival=${grid.dateAt(done.from)}&departure=${grid.dateAt(done.from + done.nights)}&type=${typeOf(done.row)}`));
    return;
  }
  const at = grid.here(`stays/${encodeURIComponent(done.bar.value)}`);
  const seen = `version=${done.bar.dataset.v}`;
  const signed = (days) => encodeURIComponent(days > 0 ? `+${days}` : String(days));
  if (done.mode !== "move") {
    if (done.days) openStep(`${at}/dates?${done.mode === "end" ? "departure" : "arrival"}=${signed(done.days)}&${seen}`);
    return;
  }
  const [to, elsewhere] = [grid.room(done.target), done.target !== done.row];
  if (done.split && elsewhere) openStep(`${at}/move?room=${encodeURIComponent(to)}&from_on=${grid.dateAt(done.night)}&${seen}`);
  else if (elsewhere && !done.days && other()) openStep(`${at}/swap?other=${encodeURIComponent(other().value)}&${seen}`);
  else if (done.days) openStep(`${at}/dates?arrival=${signed(done.days)}&departure=${signed(done.days)}${elsewhere ? `&room=${encodeURIComponent(to)}` : ""}&${seen}`);
  else if (elsewhere) openStep(`${at}/move?room=${encodeURIComponent(to)}&${seen}`);
}

export const typeOf = (row) => row.closest("[role=rowgroup]")?.dataset.type ?? "";

function suppressClick() {
  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  window.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", stop, { capture: true }), 50);
}

export function begin() {
  document.addEventListener("pointerdown", (event) => { if (event.target.closest("#tape")) start(event); });
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && held) { event.stopImmediatePropagation(); end(event); }
  }, true);
}
