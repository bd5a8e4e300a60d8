/* Time that is running out: an element with data-seconds-left counts down from what the server said.
   It is counted by a clock that nobody can set; the server decides when time is over. */

const begun = new WeakMap();

function tick() {
  for (const each of document.querySelectorAll("[data-seconds-left]")) {
    if (!begun.has(each)) begun.set(each, performance.now() + Number(each.dataset.secondsLeft) * 1000);
    const left = Math.max(0, Math.round((begun.get(each) - performance.now()) / 1000));
    const words = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (each.textContent !== words) each.textContent = words;
  }
}

tick();
setInterval(tick, 250);
