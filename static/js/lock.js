/* A locked browser: a cover lies over the page, in every tab, and leaves what was typed underneath. */

const tabs = new BroadcastChannel("lock");
const url = () => document.querySelector('meta[name="unlock"]')?.content;
const cover = () => document.getElementById("cover");
let covered = false;

function look() {
  for (const extra of [...document.querySelectorAll("#cover")].slice(1)) extra.remove();
  const over = cover();
  if (over && !over.open) {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.removeAttribute("open");
    over.showModal();
    over.querySelector("input[type=password]").focus();
  }
  if (Boolean(over) !== covered) {
    covered = Boolean(over);
    document.documentElement.toggleAttribute("data-covered", covered);
    tabs.postMessage(covered ? "locked" : "unlocked");
  }
}

new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });

tabs.onmessage = ({ data }) => {
  if (data === "unlocked") cover()?.remove();
  else if (!cover() && url()) window.htmx.ajax("GET", url(), { target: "#toasts", swap: "beforeend" });
};

document.addEventListener("cancel", (event) => event.target.id === "cover" && event.preventDefault(), true);
/* Under the cover nothing asks by itself: it could only be refused. */
document.addEventListener("htmx:beforeRequest", (event) => {
  if (cover() && !cover().contains(event.detail.elt)) event.preventDefault();
});
