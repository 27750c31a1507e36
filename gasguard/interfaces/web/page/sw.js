// Keeps nothing, least of all a state. Where the page cannot be loaded it says so in its own words.

const PAGE = `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="5">
<title>gasguard</title><h1>gasguard does not answer</h1><p>Turn the stove off by hand.</p>
<h1 lang="zh">gasguard 没有回应</h1><p lang="zh">请用手关火。</p><p><a href="">↻</a></p>`;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate" || event.request.method !== "GET") return;
  event.respondWith(fetch(event.request).catch(() =>
    new Response(PAGE, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" } })));
});
