/* The rate grid worked like a sheet: arrows and Enter move, > copies to the right, a block is pasted, only what changed is sent. */

const form = document.querySelector("[data-sheet]");
const boxes = () => [...form.querySelectorAll(".sheet input")];
const changed = (box) => box.value.trim() !== box.defaultValue;
const place = (box) => [box.closest("tr"), box.closest("td").cellIndex];
const at = (row, column) => row?.cells[column]?.querySelector("input");

/* The nearest box in a direction; rows without one in that column are passed over. */
function neighbour(box, down, right) {
  let [row, column] = place(box);
  if (right) return at(row, column + right);
  while ((row = down > 0 ? row.nextElementSibling : row.previousElementSibling)) if (at(row, column)) return at(row, column);
  return null;
}

function go(box) {
  if (!box) return false;
  box.focus();
  box.select();
  const left = form.querySelector(".sheet thead th").offsetWidth;
  const frame = box.closest(".table-frame");
  const cell = box.closest("td");
  if (cell.offsetLeft - frame.scrollLeft < left) frame.scrollLeft = cell.offsetLeft - left;
  return true;
}

function mark() {
  const count = boxes().filter((box) => box.toggleAttribute("data-changed", changed(box))).length;
  form.querySelector("[data-count]").textContent = count ? ` (${count})` : "";
}

/* Copies a box over its neighbour of the same kind, and goes there. */
function copyRight(box) {
  const next = neighbour(box, 0, 1);
  if (next) next.value = box.value;
  return go(next);
}

const whole = (box) => box.selectionStart === 0 && box.selectionEnd === box.value.length;
const keys = {
  ArrowDown: (box) => go(neighbour(box, 1)),
  ArrowUp: (box) => go(neighbour(box, -1)),
  ArrowRight: (box) => (whole(box) || box.selectionStart === box.value.length) && go(neighbour(box, 0, 1)),
  ArrowLeft: (box) => (whole(box) || box.selectionEnd === 0) && go(neighbour(box, 0, -1)),
  Enter: (box, event) => go(neighbour(box, event.shiftKey ? -1 : 1)) || true,
  ">": (box) => copyRight(box) || true,
  Escape: (box) => {
    box.value = box.defaultValue;
    box.select();
    return true;
  },
};

let last = null;
if (form) {
  const fill = form.querySelector("[data-fill]");
  fill.hidden = false;
  form.addEventListener("focusin", (event) => {
    if (!event.target.matches(".sheet input")) return;
    last = event.target;
    last.select();
  });
  form.addEventListener("keydown", (event) => {
    if (!event.target.matches(".sheet input") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow") && event.shiftKey) return;
    if (Object.hasOwn(keys, event.key) && keys[event.key](event.target, event)) {
      event.preventDefault();
      mark();
    }
  });
  form.addEventListener("input", mark);
  form.addEventListener("reset", () => setTimeout(mark));
  fill.addEventListener("click", () => {
    const from = last;
    for (let box = from; box && copyRight(box);) box = neighbour(box, 0, 1);
    go(from);
    mark();
  });
  form.addEventListener("paste", (event) => {
    const rows = event.clipboardData.getData("text").replace(/\r?\n$/, "").split(/\r?\n/).map((line) => line.split("\t"));
    if (!event.target.matches(".sheet input") || (rows.length === 1 && rows[0].length === 1)) return;
    event.preventDefault();
    let start = event.target;
    for (const cells of rows) {
      let box = start;
      for (const text of cells) {
        if (box) box.value = text.trim();
        box = box && neighbour(box, 0, 1);
      }
      start = start && neighbour(start, 1);
    }
    mark();
  });
  /* What nobody touched is not sent, so that it cannot undo what somebody else wrote meanwhile. */
  form.addEventListener("submit", () => {
    form.dataset.sent = "";
    for (const box of boxes()) if (!changed(box)) box.disabled = true;
    setTimeout(() => boxes().forEach((box) => (box.disabled = false)), 1000);
  });
  addEventListener("beforeunload", (event) => {
    if (form.isConnected && form.dataset.sent === undefined && boxes().some(changed)) event.preventDefault();
  });
  mark();
}

/* A choice above the grid is made by choosing. */
document.querySelector("[data-submit-on-change]")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());
