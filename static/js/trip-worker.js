/* While a trip is unfinished or unsent, its page opens without a connection too: the network first, then what the page kept. */
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("fetch", (event) => {
  const asked = event.request, url = new URL(asked.url), page = asked.mode === "navigate";
  const ours = page ? url.href.split("?")[0] === self.registration.scope : url.pathname.startsWith("/static/");
  if (asked.method !== "GET" || url.origin !== self.location.origin || !ours) return;
  event.respondWith(fetch(asked).catch(async () =>
    await caches.match(page ? self.registration.scope : asked, { ignoreVary: true }) || Response.error()));
});
