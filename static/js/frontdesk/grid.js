/* The chart as a grid: where a bar stands, what day a column is, and the one cell that has the focus. */

export const tape = () => document.getElementById("tape");
export const page = () => document.getElementById("chart");
export const length = () => Number(tape().dataset.days);
export const here = (path) => page().dataset.here + path;

/* Days are counted from the first of the chart; a date is written as the server reads it. */
export function dateAt(index) {
  const first = new Date(`${tape().dataset.start}T00:00:00Z`);
  first.setUTCDate(first.getUTCDate() + index);
  return first.toISOString().slice(0, 10);
}
export const dayWords = (index) => tape().querySelectorAll(".day")[index]?.textContent.replace(/\s+/g, " ").trim() ?? dateAt(index);
export const todayIndex = () => Math.round((Date.parse(tape().dataset.today) - Date.parse(tape().dataset.start)) / 86_400_000);

export function columns(bar) {
  const [start, span] = ["s", "w"].map((letter) => Number([...bar.classList].find((each) => new RegExp(`^${letter}\\d+$`).test(each))?.slice(1) ?? 1));
  return { start, end: start + span };
}
export function place(bar, start, end) {
  const last = 2 * length() + 1;
  const [left, right] = [Math.max(start, 1), Math.min(end, last)];
  for (const each of [...bar.classList]) if (/^[swl]\d+$/.test(each)) bar.classList.remove(each);
  bar.classList.add(`s${left}`, `w${Math.max(right - left, 1)}`);
}
export const rowOf = (element) => element.closest(".tr");
export const track = (row) => row.querySelector(".track");
export const room = (row) => row?.dataset.r ?? "";
export const barsIn = (row) => [...track(row).querySelectorAll(".b:not(.ghost)")];
export const rows = () => [...tape().querySelectorAll(".tr:not(.th)")].filter((row) => row.offsetParent !== null);
export const barOf = (key) => tape().querySelector(`.b[value="${CSS.escape(key)}"]`);

/* The column of half a day under a point of a row. */
export function columnAt(row, x) {
  const box = track(row).getBoundingClientRect();
  return Math.min(Math.max(Math.floor((x - box.left) / (box.width / (2 * length()))) + 1, 1), 2 * length());
}
export const nightAt = (row, x) => Math.max(0, Math.floor((columnAt(row, x) - 2) / 2 + 0.5));

/* ---- the cell that has the focus: a bar, a figure of a type, or an empty night shown by the cursor ---- */
export const focus = { row: null, day: 0, nights: 1 };

let cursor = null;
function cursorIn(row) {
  cursor ??= Object.assign(document.createElement("button"), { type: "button", className: "cursor" });
  cursor.setAttribute("role", "gridcell");
  if (cursor.parentElement !== track(row)) track(row).append(cursor);
  place(cursor, 2 * focus.day + 2, 2 * (focus.day + focus.nights) + 2);
  cursor.setAttribute("aria-label", `${row.querySelector(".rh").textContent.trim()}, ${dayWords(focus.day)}${focus.nights > 1 ? ` – ${dayWords(focus.day + focus.nights)}` : ""}`);
  cursor.textContent = focus.nights > 1 ? String(focus.nights) : "";
  return cursor;
}
export const isCursor = (element) => element === cursor;
export function dropCursor() {
  cursor?.remove();
}

export function cellAt(row, day) {
  if (row.matches(".tg")) return row.querySelectorAll(".f")[day];
  const column = 2 * day + 2;
  return barsIn(row).find((bar) => columns(bar).start <= column && columns(bar).end > column);
}

export function go(row, day, nights = 1) {
  if (!row) return;
  focus.row = row;
  focus.day = Math.min(Math.max(day, 0), length() - 1);
  focus.nights = Math.max(1, Math.min(nights, length() - focus.day));
  const cell = (nights === 1 && cellAt(row, focus.day)) || cursorIn(row);
  if (cell !== cursor) dropCursor();
  for (const old of tape().querySelectorAll("[tabindex='0']")) old.tabIndex = -1;
  cell.tabIndex = 0;
  if (cell.matches(".b")) describe(cell);
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/* A bar says its state in words to whoever cannot see its colour. */
const legend = () => Object.fromEntries([...document.querySelectorAll(".legend .b")].map((each) => [each.classList[1], each.textContent]));
export function describe(bar) {
  const { start, end } = columns(bar);
  const state = legend()[bar.classList[1]] ?? "";
  const from = dayWords(Math.max(0, Math.floor((start - 1) / 2)));
  const until = dayWords(Math.min(length() - 1, Math.floor((end - 1) / 2)));
  bar.setAttribute("aria-label", `${bar.textContent.trim()}, ${room(rowOf(bar))} ${state}, ${from} – ${until}`);
  bar.title = bar.getAttribute("aria-label");
}

export function ready(part = tape()) {
  for (const bar of part.querySelectorAll(".b")) {
    bar.tabIndex = -1;
    bar.setAttribute("role", "gridcell");
  }
}

export function begin() {
  ready();
  const first = rows().find((row) => row.dataset.r) ?? rows()[0];
  if (!first) return;
  focus.row = first;
  focus.day = Math.max(0, Math.min(todayIndex(), length() - 1));
  const cell = cellAt(first, focus.day) ?? cursorIn(first);
  cell.tabIndex = 0;
}
