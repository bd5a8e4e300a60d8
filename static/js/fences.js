/* The map of the fences beside their list; pointing at a row shows its fence. */

import { boundsOf, createMap } from "./map/base.js";
import { Fences, Vehicles, fenceBounds } from "./map/vehicles.js";

const page = document.getElementById("fences");
const map = createMap(document.getElementById("map"));
const { fences, vehicles } = await (await fetch(page.dataset.positions, { headers: { Accept: "application/json" } })).json();
const [areas, marks] = [new Fences({ pane: "fences" }), new Vehicles({ pane: "vehicles" })];
map.fitBounds(boundsOf(fences.flatMap(fenceBounds)), { padding: [32, 32], maxZoom: 16 });
areas.set(fences);
for (const [number, latitude, longitude, state, , heading] of vehicles) {
  if (latitude !== null) marks.put(number, latitude, longitude, state, heading);
}
for (const sheet of [areas, marks]) map.addLayer(sheet);

for (const row of document.querySelectorAll("tr[data-fence]")) {
  const fence = fences.find(({ name }) => name === row.dataset.fence);
  const look = () => fence && map.fitBounds(fenceBounds(fence), { padding: [48, 48], maxZoom: 16 });
  row.addEventListener("pointerenter", look);
  row.addEventListener("focusin", look);
}
page.dataset.ready = "true";
