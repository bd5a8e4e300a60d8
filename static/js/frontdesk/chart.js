/* The tape chart at work: what is pressed opens, what changed elsewhere is fetched row by row. */

import { act } from "./desk.js";
import { begin as drag, typeOf } from "./drag.js";
import * as grid from "./grid.js";
import { listen, openPanel } from "./chart_keys.js";
import * as legal from "./legal.js";

/* ---- the mouse: a bar opens beside the chart, a figure begins a booking, a type folds, a room is clean ---- */
document.addEventListener("click", (event) => {
  const bar = event.target.closest("#tape .b");
  const figure = event.target.closest("#tape .f");
  const fold = event.target.closest("#tape [data-fold]");
  const clean = event.target.closest("#tape .hk");
  if (!bar && !figure && !fold && !clean) return;
  event.preventDefault();
  if (bar) {
    bar.focus({ preventScroll: true });
    openPanel(bar);
  } else if (figure && grid.page().matches("[data-books]")) {
    const day = [...figure.parentElement.children].indexOf(figure);
    location.assign(grid.here(`book?arrival=${grid.dateAt(day)}&departure=${grid.dateAt(day + 1)}&type=${typeOf(grid.rowOf(figure))}`));
  } else if (fold) {
    const shut = fold.closest("[role=rowgroup]").classList.toggle("is-folded");
    fold.setAttribute("aria-expanded", String(!shut));
  } else if (clean) {
    act(grid.here(`chart/rooms/${encodeURIComponent(grid.room(grid.rowOf(clean)))}/clean`), {}, { rooms: grid.room(grid.rowOf(clean)) });
  }
});
document.getElementById("chart-start")?.addEventListener("change", (event) => event.target.form.requestSubmit());

/* ---- rows that changed take the place of those that are there; the focus stays where it was ---- */
const waiting = { stays: new Set(), rooms: new Set(), types: new Set() };
let asking = false;

async function fetchRows() {
  if (asking) return;
  asking = true;
  const query = new URLSearchParams({ start: grid.tape().dataset.start, days: grid.tape().dataset.days });
  for (const [name, found] of Object.entries(waiting)) {
    query.set(name, [...found].slice(0, 60).join(","));
    found.clear();
  }
  try {
    const answer = await fetch(grid.here(`chart/rows?${query}`), { headers: { "HX-Request": "true", "HX-Target": "rows" } });
    if (answer.ok) take(await answer.text());
  } finally {
    asking = false;
    if (Object.values(waiting).some((each) => each.size)) fetchRows();
  }
}

function take(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const focused = document.activeElement?.closest?.("#tape .b, #tape .cursor") ? { key: document.activeElement.value, row: grid.room(grid.focus.row) } : null;
  legal.forget();
  for (const row of fresh.querySelectorAll(".tr")) {
    const old = row.dataset.r ? grid.tape().querySelector(`.tr[data-r="${CSS.escape(row.dataset.r)}"]`)
      : row.matches(".parking") ? grid.tape().querySelector(".parking")
      : grid.tape().querySelector(`.tr.${row.matches(".tg") ? "tg" : "un"}[data-t="${CSS.escape(row.dataset.t)}"]`);
    if (!old || old.querySelector(".ghost")) continue;
    old.replaceWith(row);
    grid.ready(row);
  }
  for (const note of fresh.querySelectorAll("#toasts > *")) document.getElementById("toasts").append(note);
  if (!focused || document.activeElement !== document.body) return;
  const bar = focused.key && grid.barOf(focused.key);
  if (bar) {
    bar.tabIndex = 0;
    bar.focus({ preventScroll: true });
  } else {
    grid.go(grid.tape().querySelector(`.tr[data-r="${CSS.escape(focused.row)}"]`) ?? grid.rows()[0], grid.focus.day);
  }
}

function hear(name, event) {
  for (const subject of event.detail?.subjects ?? []) waiting[name].add(subject);
  fetchRows();
}
document.body.addEventListener("hotel.stay.changed", (event) => hear("stays", event));
document.body.addEventListener("hotel.room.changed", (event) => hear("rooms", event));
document.body.addEventListener("pms.inventory.updated", (event) => hear("types", event));

grid.begin();
listen();
drag();
