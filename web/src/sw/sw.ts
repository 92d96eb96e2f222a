/** The service worker: the page works without a network once it was loaded. */

export {};
declare const self: ServiceWorkerGlobalScope;
declare const __FILES__: string[]; // all built files but this and the page itself
declare const __VERSION__: string; // changes with each of them and with the page

const OURS = `depth-unet page ${self.registration.scope} `;
const CACHE = OURS + __VERSION__;
const ASSETS = new URL("assets/", location.href).href; // names there change with their contents
const MODELS = new URL("models.json", location.href).href; // changes with the server
// Threads need them. A host may send them by now, but not when the files were kept. In small
// letters, as in kept headers: twice the same header would be none.
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

// A new version waits until no tab of the old one is left, whose files are removed then.
self.oninstall = (event) => event.waitUntil(keepPage());
self.onactivate = (event) => event.waitUntil(dropOldPages());
self.onfetch = (event) => {
  const isOwn = new URL(event.request.url).origin === location.origin;
  if (isOwn && event.request.method === "GET") event.respondWith(respond(event));
};

async function keepPage(): Promise<void> {
  const cache = await caches.open(CACHE);
  const changing = ["./", MODELS].map((url) => new Request(url, { cache: "reload" }));
  await cache.addAll([...changing, ...__FILES__]);
}

async function dropOldPages(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(OURS) && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

/** Hashed files from the cache; others from the server, or from the cache where it has none. */
async function respond(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const cache = await caches.open(CACHE);
  const asked = request.url.replace(/\/index\.html(?=[?#]|$)/, "/");
  const kept = await cache.match(asked, { ignoreSearch: true });
  if (kept && request.url.startsWith(ASSETS)) return isolated(kept);
  const response = await fetch(request).catch(() => Response.error());
  const isModels = request.url === MODELS;
  const isJson = response.headers.get("content-type")?.includes("json"); // not of another page
  const isGood = response.ok && (!isModels || isJson);
  if (kept && !isGood) return isolated(kept);
  if (isModels && isGood) {
    event.waitUntil(cache.put(request, response.clone()).catch(() => undefined)); // if full
  }
  return response;
}

function isolated({ body, headers }: Response): Response {
  return new Response(body, { headers: { ...Object.fromEntries(headers), ...ISOLATION } });
}
