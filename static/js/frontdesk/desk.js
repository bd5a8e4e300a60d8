/* Steps at the desk: a link with data-step opens its form over the page, a form with data-quick is sent in place.
   Both are ordinary links and forms without us. */

import { say } from "../portal.js";

const dialog = () => document.getElementById("step");
const body = () => document.getElementById("step-body");

function asHtmx(target) {
  return { "HX-Request": "true", "HX-Target": target, "X-Stays-Here": "true", "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"] };
}

function show(html) {
  body().innerHTML = html;
  window.htmx.process(body());
  if (!dialog().open) dialog().showModal();
  (body().querySelector("[aria-invalid=true]") ?? body().querySelector("[name=other][value='']") ?? body().querySelector("[data-go-on]"))?.focus();
}

function toast(html) {
  document.getElementById("toasts").insertAdjacentHTML("beforeend", html);
}

/* What the page shows is fetched again, and with it what is to be said. */
function lookAgain(address, touched) {
  const stay = new URL(address, location.href).pathname.match(/\/stays\/([^/]+)\//)?.[1];
  const name = touched?.rooms ? "hotel.room.changed" : "hotel.stay.changed";
  const subjects = [touched?.rooms ?? (stay && decodeURIComponent(stay))].filter(Boolean);
  document.body.dispatchEvent(new CustomEvent(name, { detail: { subjects } }));
}

/* A step that needs no form: its fields go as they are. */
export function act(address, fields, touched) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return post(address, data, "panel", touched);
}

export async function openStep(url) {
  try {
    const answer = await fetch(url, { headers: asHtmx("step-body") });
    if (answer.ok) show(await answer.text()); else toast(await answer.text());
  } catch {
    say(document.body.dataset.noConnection, "bad");
  }
}

/* A step that was made leads nowhere else: the page looks again. One that was refused shows why. */
async function post(address, data, refused, touched) {
  try {
    const answer = await fetch(address, { method: "POST", body: data, headers: asHtmx(refused) });
    const html = await answer.text();
    if (answer.headers.has("HX-Location")) {
      if (dialog()?.open) dialog().close();
      for (const old of document.querySelectorAll(".toast-note:has(form)")) old.remove(); // only the last step is taken back
      toast(html);
      lookAgain(address, touched);
      return;
    }
    if (answer.headers.get("HX-Retarget")) toast(html);
    else if (refused === "step-body") show(html);
    else replacePanel(html);
  } catch {
    say(document.body.dataset.noConnection, "bad");
  }
}

async function send(form, submitter, refused) {
  submitter?.setAttribute("aria-busy", "true");
  await post(form.action, new FormData(form, submitter), refused);
  submitter?.removeAttribute("aria-busy");
}

function replacePanel(html) {
  const panel = document.getElementById("panel");
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("panel");
  if (!panel || !fresh) return;
  panel.replaceWith(fresh);
  window.htmx.process(fresh);
  fresh.querySelector("[aria-invalid=true], .note")?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-step]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !dialog()) return;
  event.preventDefault();
  openStep(link.href);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  const inDialog = form.closest("#step-body");
  if (!inDialog && !form.matches("[data-quick]") && !form.closest(".toast-note, .day-act")) return;
  event.preventDefault();
  send(form, event.submitter, inDialog ? "step-body" : "panel");
  form.closest(".toast-note")?.remove();
});

/* The room that is chosen changes what the line says: it is asked again. */
document.addEventListener("change", (event) => {
  const form = event.target.closest("#step-body form");
  if (!form || !["room", "arrival", "departure"].includes(event.target.name)) return;
  const chosen = new URL(form.action);
  for (const name of ["arrival", "departure"]) if (form.elements[name]?.value) chosen.searchParams.set(name, form.elements[name].value);
  const room = form.elements.room?.selectedOptions?.[0]?.textContent.split(" · ")[0];
  if (room) chosen.searchParams.set("room", room);
  openStep(chosen.href);
});
