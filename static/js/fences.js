/* The map of the fences beside their list; pointing at a row shows its fence. */

import { boundsOf, createMap } from "./map/base.js";
import { Fences, Vehicles, fenceBounds } from "./map/vehicles.js";

const page = document.getElementById("fences");
const map = createMap(document.getElementById("map"));
let { fences, vehicles } = await ask();
const [areas, marks] = [new Fences({ pane: "fences" }), new Vehicles({ pane: "vehicles" })];
map.fitBounds(boundsOf(fences.flatMap(fenceBounds)), { padding: [32, 32], maxZoom: 16 });
areas.set(fences);
for (const [number, latitude, longitude, state, , heading] of vehicles) {
  if (latitude !== null) marks.put(number, latitude, longitude, state, heading);
}
for (const sheet of [areas, marks]) map.addLayer(sheet);

for (const kind of ["pointerover", "focusin"]) document.getElementById("list-of-fences").addEventListener(kind, look);

let looked = null;
function look({ target }) {
  const name = target.closest("tr[data-fence]")?.dataset.fence;
  const fence = name !== looked && fences.find((each) => each.name === name);
  looked = name;
  if (fence) map.fitBounds(fenceBounds(fence), { padding: [48, 48], maxZoom: 16 });
}
document.body.addEventListener("fleet.fence.changed", async () => {
  ({ fences } = await ask());
  areas.set(fences);
});
page.dataset.ready = "true";

async function ask() {
  return (await fetch(page.dataset.positions, { headers: { Accept: "application/json" } })).json();
}
