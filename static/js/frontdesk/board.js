/* The board's own keys: i checks the chosen guest in, o out, u takes the last step back. */

import "./desk.js";

const typing = (element) => element?.matches?.("input, textarea, select, [contenteditable]");
const row = () => document.querySelector(".day-list tr[aria-selected=true]");

const acts = {
  i: () => row()?.querySelector("form[action$='/check-in'] button, .day-act a"),
  o: () => row()?.querySelector("form[action$='/check-out'] button, .day-act a"),
  u: () => [...document.querySelectorAll(".toast-note form button")].at(-1) ?? document.querySelector("#panel [data-undo]"),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const button = Object.hasOwn(acts, event.key) && acts[event.key]();
  if (!button) return;
  event.preventDefault();
  button.click();
});
