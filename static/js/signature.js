/* A signature drawn by a finger or a mouse: the line is a path, shown as it grows and sent with the form. */

for (const pad of document.querySelectorAll("svg[data-sign]")) {
  const path = pad.querySelector("path");
  const kept = document.getElementById(pad.dataset.sign);
  let drawing = false;

  const at = (event) => {
    const box = pad.getBoundingClientRect();
    const scale = pad.viewBox.baseVal.width / box.width;
    return `${Math.round((event.clientX - box.left) * scale)} ${Math.round((event.clientY - box.top) * scale)}`;
  };
  const add = (step) => {
    kept.value += step;
    path.setAttribute("d", kept.value);
  };

  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    drawing = true;
    add(`M${at(event)}`);
  });
  pad.addEventListener("pointermove", (event) => drawing && add(`L${at(event)}`));
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => (drawing = false));
  pad.parentElement.querySelector("[data-sign-clear]")?.addEventListener("click", () => {
    kept.value = "";
    path.setAttribute("d", "");
  });
}
