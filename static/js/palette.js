/* The command palette: desks and actions are in the page already, everything else is asked of /search while typing. */

const palette = () => document.getElementById("palette");
const options = () => [...palette().querySelectorAll("[role=option]")].filter((option) => !option.hidden);
let asking = null;
let later = 0;

function select(option) {
  for (const each of palette().querySelectorAll("[aria-selected=true]")) each.removeAttribute("aria-selected");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
}

function narrow(words) {
  const wanted = words.trim().toLowerCase();
  for (const option of palette().querySelectorAll("[data-local]")) {
    option.hidden = !option.textContent.toLowerCase().includes(wanted);
  }
  select(options()[0]);
}

async function ask(field) {
  asking?.abort();
  asking = new AbortController();
  const target = document.getElementById("palette_found");
  if (field.value.trim().length < 2) return target.replaceChildren();
  const url = new URL(field.form.action);
  url.searchParams.set("q", field.value);
  try {
    const answer = await fetch(url, { signal: asking.signal, headers: { "HX-Request": "true", "HX-Target": "palette_found" } });
    if (!answer.ok) return;
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    target.replaceChildren(...(parsed.getElementById("palette_found")?.childNodes ?? []));
    if (!palette().querySelector("[aria-selected=true]:not([hidden])")) select(options()[0]);
  } catch (error) {
    if (error.name !== "AbortError") target.replaceChildren();
  }
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette() && !document.querySelector("dialog[open]:not(#palette)")) {
    event.preventDefault();
    if (palette().open) palette().close(); else palette().showModal();
    return;
  }
  if (!palette()?.open || !palette().contains(event.target)) return;
  const all = options();
  const now = all.indexOf(palette().querySelector("[aria-selected=true]"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    select(all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  } else if (event.key === "Enter" && all[now] && event.target.matches("input")) {
    event.preventDefault();
    all[now].click();
    palette().close();
  }
});

document.addEventListener("input", (event) => {
  if (!event.target.closest?.("#palette")) return;
  narrow(event.target.value);
  clearTimeout(later);
  later = setTimeout(() => ask(event.target), 120);
});

document.addEventListener("toggle", (event) => {
  if (event.target.id !== "palette" || event.newState !== "open") return;
  const field = palette().querySelector("input");
  field.value = "";
  document.getElementById("palette_found").replaceChildren();
  narrow("");
  field.focus();
}, true);
