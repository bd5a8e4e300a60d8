/* Keys: / searches, ? lists, g and a letter goes to a desk, arrows walk a list, Enter opens, e edits. */

let leader = 0;

const typing = (element) => element?.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("table[data-keys] tbody tr")].filter((row) => row.querySelector("a, button"));
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
  e: () => chosen()?.querySelector("[data-edit]") && (chosen().querySelector("[data-edit]").click(), true),
  g: () => (leader = Date.now(), true),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.target.closest("details.menu[open]")) return;
  const afterG = Date.now() - leader < 1200;
  leader = 0;
  const key = event.key;
  const goes = afterG && document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  const starts = !afterG && key.length === 1 && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (goes || starts) {
    event.preventDefault();
    (goes || starts).click();
  } else if (!afterG && Object.hasOwn(acts, key) && acts[key]()) {
    event.preventDefault();
  }
});
