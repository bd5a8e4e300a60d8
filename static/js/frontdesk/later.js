/* Buttons that may be pressed without a signal: what cannot be sent now is kept on this phone, in order,
   and sent as soon as there is a signal. Every such step does nothing the second time. */

const KEPT = "portal.later";
const kept = () => JSON.parse(localStorage.getItem(KEPT) ?? "[]");
const keep = (steps) => localStorage.setItem(KEPT, JSON.stringify(steps));
let sending = false;

function show() {
  const note = document.querySelector("#unsent");
  if (!note) return;
  const waiting = kept();
  note.hidden = waiting.length === 0;
  note.querySelector("b").textContent = [...new Set(waiting.map((step) => step.room))].join(", ");
  for (const row of document.querySelectorAll("[data-room]")) {
    row.toggleAttribute("data-waits", waiting.some((step) => step.room === row.dataset.room));
  }
}

async function send() {
  if (sending) return;
  sending = true;
  try {
    while (kept().length > 0) {
      const [step, ...rest] = kept();
      const body = new URLSearchParams(step.fields);
      const token = document.querySelector('input[name="csrf_token"]')?.value;
      if (token) body.set("csrf_token", token);
      const headers = { "HX-Request": "true", "HX-Target": "toasts" };
      const answer = await fetch(step.action, { method: "POST", body, headers });
      if (answer.status >= 500) return;
      keep(rest); // taken, or refused for good, and then it says why
      document.querySelector("#toasts")?.insertAdjacentHTML("beforeend", await answer.text());
    }
    document.body.dispatchEvent(new CustomEvent("hotel.room.changed"));
  } catch {
    /* still no signal */
  } finally {
    sending = false;
    show();
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-later]");
  if (!form) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // nobody else sends it too
  const fields = Object.fromEntries(new FormData(form));
  keep([...kept(), { action: form.getAttribute("action"), fields, room: form.dataset.later }]);
  show();
  send();
}, true);

addEventListener("online", send);
setInterval(() => kept().length > 0 && send(), 15_000);
navigator.serviceWorker?.register("/frontdesk/worker.js", { scope: "/frontdesk/" }).catch(() => {});
show();
send();
