/* The frame's manners: dialogs, menus, the panel, toasts, theme. Everything here only improves what works without it. */

const body = () => document.body;

/* ---- dialogs: <button commandfor="id" command="show-modal">; browsers that know it need nothing from us ---- */
const knowsCommands = "commandForElement" in HTMLButtonElement.prototype;
let openedBy = null;

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[commandfor]");
  if (opener) {
    openedBy = opener;
    opener.closest("details.menu")?.removeAttribute("open");
    if (!knowsCommands) document.getElementById(opener.getAttribute("commandfor"))?.showModal();
  }
  const dialog = event.target.closest("dialog[open]");
  if (dialog && event.target === dialog && dialog.id !== "cover") dialog.close(); // a click on the backdrop
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
  if (event.target.closest("[data-close-panel]")) closePanel();
  if (event.target.closest("[data-close-toast]")) event.target.closest(".toast-note").remove();
  if (event.target.closest("[data-print]")) window.print();
  const copy = event.target.closest("[data-copy]");
  if (copy) copied(copy);
  const dismiss = event.target.closest("dialog [data-dismiss]");
  if (dismiss) {
    event.preventDefault();
    dismiss.closest("dialog").close();
  }
});

/* ---- data-copy names the box whose words go to the clipboard; without one they stand selected ---- */
async function copied(button) {
  const box = document.querySelector(button.dataset.copy);
  box.select();
  try {
    await navigator.clipboard.writeText(box.value);
    button.querySelector("span").textContent = button.dataset.copied;
  } catch { /* not over http: the words are selected, and the keys of the keyboard copy them */ }
}

document.addEventListener("close", (event) => {
  if (event.target.matches?.("dialog") && openedBy?.isConnected) openedBy.focus();
}, true);

/* ---- forms that ask first: data-confirm holds the question ---- */
function confirmed(form) {
  const dialog = document.createElement("dialog");
  dialog.innerHTML = '<div class="dialog-body"><p></p><form method="dialog" class="form-actions"><button class="btn btn-bad" value="yes"></button><button class="btn btn-plain" value="no" autofocus></button></form></div>';
  dialog.querySelector("p").textContent = form.dataset.confirm;
  const verb = form.querySelector("button:not([type=button])")?.textContent.trim();
  dialog.querySelector("[value=yes]").textContent = verb || "OK";
  dialog.querySelector("[value=no]").textContent = body().dataset.cancel || "Cancel";
  body().append(dialog);
  openedBy = document.activeElement;
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => {
    const yes = dialog.returnValue === "yes";
    dialog.remove();
    answer(yes);
  }, { once: true }));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.confirm || form.dataset.confirmed) {
    delete form.dataset.confirmed;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  confirmed(form).then((yes) => {
    if (!yes) return;
    form.dataset.confirmed = "yes";
    if (!form.isConnected) { // its block was fetched again meanwhile; what was agreed to is sent all the same
      form.hidden = true;
      body().append(form);
    }
    form.requestSubmit(event.submitter);
  });
}, true);

/* ---- a button pressed twice acts once ---- */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.matches("[hx-post]")) return;
  setTimeout(() => event.submitter?.setAttribute("aria-busy", "true"));
});
window.addEventListener("pageshow", () => {
  for (const busy of document.querySelectorAll("[aria-busy=true].btn")) busy.removeAttribute("aria-busy");
});

/* ---- a refused form: the first field that needs a look is ready to type in, unless somebody types elsewhere ---- */
document.addEventListener("htmx:load", (event) => {
  const [part, now] = [event.detail.elt, document.activeElement];
  if (!now || now === body() || part.contains(now)) part.querySelector("[aria-invalid=true]")?.focus();
});

/* ---- sections that do not fit a phone: the open one is in sight ---- */
document.addEventListener("htmx:load", (event) => {
  const open = event.detail.elt.querySelector(".tabs [aria-current=page]");
  if (open) open.parentElement.scrollLeft = open.offsetLeft - open.parentElement.offsetLeft - 40;
});

/* ---- a block that keeps itself fresh waits while somebody types or chooses in it ---- */
function spare(event) { // asked for before the first letter came, or after it
  const { requestConfig, target } = event.detail;
  const typed = document.activeElement;
  if (requestConfig?.elt !== target || !target.matches("[hx-get][hx-trigger]")) return;
  const half = target.contains(typed) && typed.matches("input, textarea") && typed.value !== typed.defaultValue;
  if (half || [...target.querySelectorAll("select")].some(chosenAnew)) event.preventDefault();
}
function chosenAnew(select) {
  return select.selectedIndex !== Math.max(0, [...select.options].findIndex((each) => each.defaultSelected));
}
document.addEventListener("htmx:beforeRequest", spare);
document.addEventListener("htmx:beforeSwap", spare);

/* ---- the side panel ---- */
let panelOpener = null;

function closePanel() {
  const panel = document.getElementById("panel");
  if (!panel?.childElementCount) return false;
  panel.replaceChildren();
  if (panelOpener?.isConnected) panelOpener.focus();
  return true;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const panel = event.detail.target;
  if (panel?.id !== "panel") return;
  if (!panel.contains(event.detail.elt)) panelOpener = document.activeElement;
  const waiting = document.getElementById("panel-loading");
  if (waiting && !panel.childElementCount) panel.replaceChildren(waiting.content.cloneNode(true)); // its place is kept at once
});
document.addEventListener("htmx:afterRequest", (event) => { // refused: nothing came to take the place that was kept
  const panel = document.getElementById("panel");
  if (!event.detail.successful && panel?.querySelector("[aria-busy]")) panel.replaceChildren();
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "panel" || event.detail.elt?.id === "panel") document.getElementById("panel")?.focus();
  if (event.detail.target === body()) { // a visit: start at its top, and say its name
    window.scrollTo({ top: 0, behavior: "instant" });
    document.querySelector("h1[tabindex]")?.focus({ preventScroll: true });
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  } else {
    closePanel();
  }
});

/* ---- menus: arrows move, as people expect ---- */
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll(".menu-item")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  const next = (items.indexOf(document.activeElement) + step + items.length) % items.length;
  items[next]?.focus();
});

/* ---- toasts leave by themselves, unless one is read, or holds an undo or bad news ---- */
function mind(note) {
  if (note.dataset.minded) return;
  note.dataset.minded = Date.now(); // two parts of a page that fetch themselves at once are both told: it is said once
  const said = [...document.querySelectorAll(".toast-note")].some((each) => each !== note && each.textContent === note.textContent && Date.now() - each.dataset.minded < 2_000);
  if (said) return note.remove();
  const patience = note.dataset.tone === "bad" ? 15_000 : note.querySelector("form") ? 15_000 : 5_000;
  let left = setTimeout(() => note.remove(), patience);
  note.addEventListener("pointerenter", () => clearTimeout(left));
  note.addEventListener("focusin", () => clearTimeout(left));
  note.addEventListener("pointerleave", () => { left = setTimeout(() => note.remove(), 2_000); });
}

export function say(words, tone = "good") {
  const note = document.createElement("div");
  note.className = "toast-note";
  note.dataset.tone = tone;
  note.setAttribute("role", tone === "bad" ? "alert" : "status");
  const text = document.createElement("span");
  text.textContent = words;
  note.append(text);
  document.getElementById("toasts")?.append(note);
}

new MutationObserver(() => document.querySelectorAll(".toast-note").forEach(mind))
  .observe(document.documentElement, { childList: true, subtree: true });
document.querySelectorAll(".toast-note").forEach(mind);
document.addEventListener("htmx:sendError", () => say(body().dataset.noConnection || "No connection. Nothing was sent; try again.", "bad"));
document.addEventListener("htmx:timeout", () => say(body().dataset.noConnection || "No connection. Nothing was sent; try again.", "bad"));

/* ---- theme and rail change at once; the same form keeps them without us ---- */
function keep(form, button) {
  const data = new FormData(form);
  data.set(button.name, button.value);
  fetch(form.action, { method: "POST", body: data, redirect: "manual" });
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.matches("[data-look-form]")) {
    event.preventDefault();
    document.documentElement.dataset.look = button.value;
    for (const each of event.target.querySelectorAll("[name=look]")) each.setAttribute("aria-checked", String(each === button));
    keep(event.target, button);
  } else if (button?.matches("[data-rail-toggle]")) {
    event.preventDefault();
    document.documentElement.dataset.rail = button.value;
    keep(event.target, button);
    button.value = button.value === "narrow" ? "wide" : "narrow";
    button.removeAttribute("aria-busy");
  }
}, true);

/* Whoever signs out leaves no page of the guests on this machine. */
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-signs-out]")) globalThis.caches?.delete("frontdesk-pages");
});
