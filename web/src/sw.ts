/** The service worker: the page works without a network once it was loaded. */

declare const __FILES__: string[]; // all built files; their names change with their contents

const CACHE = `page ${__FILES__.join(" ")}`;
const CHANGING = ["./", "models.json", "examples.json"];
const scope = self as unknown as Scope;

scope.oninstall = (event) => event.waitUntil(keepPage());
scope.onactivate = (event) => event.waitUntil(dropOldPages());
scope.onfetch = (event) => {
  const isOwn = new URL(event.request.url).origin === location.origin;
  if (isOwn && event.request.method === "GET") event.respondWith(respond(event.request));
};

async function keepPage(): Promise<void> {
  const cache = await caches.open(CACHE);
  const changing = CHANGING.map((url) => new Request(url, { cache: "reload" }));
  await cache.addAll([...changing, ...__FILES__]);
  await scope.skipWaiting();
}

async function dropOldPages(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith("page") && name !== CACHE) await caches.delete(name);
  }
  await scope.clients.claim();
}

/** Hashed files from the cache; others from the server, or from the cache where it is away. */
async function respond(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept && request.url.includes("/assets/")) return kept;
  try {
    const response = await fetch(request);
    if (kept && response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** What we use of the scope of a service worker, which the types of pages lack. */
interface Scope {
  clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  oninstall: (event: { waitUntil(work: Promise<void>): void }) => void;
  onactivate: Scope["oninstall"];
  onfetch: (event: { request: Request; respondWith(response: Promise<Response>): void }) => void;
}
