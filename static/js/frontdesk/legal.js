/* Which rooms a stay could have: asked once for each shift of days, shown by dimming the others. */

import { here, room, tape } from "./grid.js";

let asked = new Map();

export async function rooms(key, shift) {
  const name = `${key} ${shift}`;
  if (!asked.has(name)) {
    asked.set(name, fetch(here(`chart/free?stay=${encodeURIComponent(key)}&shift=${shift}`)).then((answer) => (answer.ok ? answer.json() : {}), () => ({})));
  }
  return asked.get(name);
}
export function forget() {
  asked = new Map();
  clear();
}

let shown = null;
export function mark(known) {
  shown = known;
  for (const row of tape().querySelectorAll(".tr[data-r]")) {
    const why = known[room(row)];
    row.classList.toggle("no", Boolean(why));
    row.classList.toggle("yes", why === null);
  }
}
export function why(row) {
  for (const old of tape().querySelectorAll(".why")) old.remove();
  const said = shown?.[room(row)];
  if (said) row.append(Object.assign(document.createElement("span"), { className: "why", textContent: said }));
  return said;
}
export function clear() {
  shown = null;
  for (const old of tape()?.querySelectorAll(".why") ?? []) old.remove();
  for (const row of tape()?.querySelectorAll(".tr.no, .tr.yes") ?? []) row.classList.remove("no", "yes");
}
