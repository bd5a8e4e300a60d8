/* The pages of the front desk that must open without a network: kept as they were last seen, asked for anew each time. */

const PAGES = "frontdesk-pages";
const PARTS = "frontdesk-parts";
const KEPT = /^\/frontdesk\/[^/]+\/(housekeeping|downtime)\/?$/;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

async function newest(request, name) {
  const cache = await caches.open(name);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    const last = await cache.match(request, { ignoreVary: true });
    if (last) return last;
    throw error;
  }
}

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin || event.request.method !== "GET") return;
  if (KEPT.test(url.pathname) && !event.request.headers.get("HX-Request")) event.respondWith(newest(event.request, PAGES));
  else if (url.pathname.startsWith("/static/")) event.respondWith(newest(event.request, PARTS));
});
