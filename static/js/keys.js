/* Keys: / searches, ? lists, g and a letter goes to a desk, arrows walk a list, Enter opens, e edits. */

let leader = 0;

const typing = (element) => element?.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("table[data-keys] tbody tr")].filter((row) => !row.hidden && row.querySelector("a, button"));
const chosen = () => document.querySelector("table[data-keys] tr[aria-selected=true]");

function choose(step) {
  const all = rows();
  if (!all.length) return false;
  const now = chosen();
  const next = all[Math.min(Math.max(all.indexOf(now) + step, 0), all.length - 1)];
  now?.removeAttribute("aria-selected");
  next.setAttribute("aria-selected", "true");
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

/* A row's own button, else the form behind the address of its first link. */
function edit(row) {
  const button = row?.querySelector("[data-edit]");
  const behind = row?.closest("table").dataset.edit;
  if (button) button.click();
  else if (behind !== undefined && row.querySelector("a")) location.assign(row.querySelector("a").pathname + behind);
  return Boolean(button) || behind !== undefined;
}

/* What this page answers to besides the keys of every page: written down when the list opens. */
document.addEventListener("toggle", (event) => {
  if (event.target.id !== "keys" || event.newState !== "open") return;
  const list = event.target.querySelector("[data-keys-here]");
  const own = [...document.querySelectorAll("main [data-key], .panel [data-key]")];
  for (const old of list.querySelectorAll("[data-own]")) old.remove();
  list.prepend(...own.flatMap((each) => {
    const [key, words] = [document.createElement("dt"), document.createElement("dd")];
    key.dataset.own = words.dataset.own = "";
    key.append(Object.assign(document.createElement("kbd"), { textContent: each.dataset.key }));
    words.textContent = each.textContent.trim();
    return [key, words];
  }));
  for (const part of event.target.querySelectorAll("[data-keys-of]")) part.hidden = !document.querySelector(part.dataset.keysOf);
}, true);

const acts = {
  "/": () => {
    const search = document.getElementById("search");
    if (search?.checkVisibility()) search.select(); else document.getElementById("palette")?.showModal();
    return Boolean(search);
  },
  "?": () => document.getElementById("keys")?.showModal() ?? true,
  ArrowDown: () => choose(1),
  ArrowUp: () => choose(-1),
  j: () => choose(1),
  k: () => choose(-1),
  Enter: () => chosen() && document.activeElement === chosen() && (chosen().querySelector("a").click(), true),
  e: () => edit(chosen()),
  g: () => (leader = Date.now(), true),
};

/* A list that was fetched again keeps the chosen row; where that is gone, the one in its place is chosen,
   but never one of another page. */
let kept = null;
const called = (row) => row.id || row.querySelector("a")?.href;
document.addEventListener("htmx:beforeSwap", (event) => {
  const row = chosen();
  const { target } = event.detail;
  if (row && target?.contains(row)) kept = { name: called(row), at: target === document.body ? -1 : rows().indexOf(row) };
});
document.addEventListener("htmx:afterSettle", () => {
  if (!kept || chosen()) return;
  const [{ name, at }, all] = [kept, rows()];
  const row = all.find((each) => name && called(each) === name) ?? all[Math.min(at, all.length - 1)];
  kept = null;
  if (!row) return;
  row.setAttribute("aria-selected", "true");
  row.tabIndex = -1;
  // whoever has gone on to something else meanwhile is not called back
  if (document.activeElement === document.body && !document.querySelector("dialog[open]")) row.focus({ preventScroll: true });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.target.closest("details.menu[open]")) return;
  const afterG = Date.now() - leader < 1200;
  leader = 0;
  const key = event.key;
  const steps = !afterG && key.length === 1 && chosen()?.querySelector(`[data-row-key="${CSS.escape(key)}"]`);
  const goes = afterG && document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  const starts = !afterG && key.length === 1 && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (steps || goes || starts) {
    event.preventDefault();
    (steps || goes || starts).click();
  } else if (!afterG && Object.hasOwn(acts, key) && acts[key]()) {
    event.preventDefault();
  }
});
