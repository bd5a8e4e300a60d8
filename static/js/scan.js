/* Scanning a label: the browser's own reader where it has one, else the same in wasm; what it reads fills the field. */
const page = document.querySelector("[data-scan]");
const form = page.querySelector("form");
const video = page.querySelector("video");
const said = page.querySelector("[data-said]");
const FORMATS = ["qr_code", "code_128"];
let reader = null;
let stream = null;

const tell = (name) => { said.textContent = name ? said.dataset[name] : ""; };

function loaded(src) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = src;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
}

async function makeReader() {
  if ("BarcodeDetector" in window) {
    const known = await window.BarcodeDetector.getSupportedFormats();
    if (FORMATS.every((each) => known.includes(each))) return new window.BarcodeDetector({ formats: FORMATS });
  }
  await loaded(page.dataset.reader);
  const { BarcodeDetector, prepareZXingModule } = window.BarcodeDetectionAPI;
  prepareZXingModule({ overrides: { locateFile: (name, prefix) => (name.endsWith(".wasm") ? page.dataset.wasm : prefix + name) } });
  return new BarcodeDetector({ formats: FORMATS });
}

async function read(picture) {
  reader ??= makeReader();
  const [found] = await (await reader).detect(picture);
  if (!found) return false;
  stop();
  form.elements.label.value = found.rawValue.slice(0, 300);
  form.requestSubmit();
  return true;
}

function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.hidden = true;
}

async function watch() {
  if (!stream) return;
  try {
    if (video.readyState >= 2 && await read(video)) return;
  } catch {
    stop();
    tell("noReader");
    return;
  }
  setTimeout(watch, 200);
}

page.querySelector("[data-camera]").addEventListener("click", async () => {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    tell("noCamera");
    return;
  }
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  tell("looking");
  watch();
});

page.querySelector("input[type=file]").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  tell("looking");
  try {
    if (!await read(await createImageBitmap(file))) tell("nothing");
  } catch {
    tell("noReader");
  }
  event.target.value = "";
});

page.querySelectorAll("[hidden][data-with-script]").forEach((each) => { each.hidden = false; });
window.addEventListener("pagehide", stop);
