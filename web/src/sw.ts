/** The service worker: the page works without a network once it was loaded. */

declare const __FILES__: string[]; // all built files; their names change with their contents

const CACHE = "page";
const CHANGING = ["./", "models.json", "examples.json"];
const worker = self as unknown as ServiceWorkerScope;

worker.addEventListener("install", (event) => {
  event.waitUntil(keepPage().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(dropOldFiles().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const isOwn = new URL(event.request.url).origin === location.origin;
  if (isOwn && event.request.method === "GET") event.respondWith(respond(event.request));
});

async function keepPage(): Promise<void> {
  const cache = await caches.open(CACHE);
  const missing: string[] = [];
  for (const file of __FILES__) if (!(await cache.match(file))) missing.push(file);
  await cache.addAll([...CHANGING.map((url) => new Request(url, { cache: "reload" })), ...missing]);
}

async function dropOldFiles(): Promise<void> {
  const cache = await caches.open(CACHE);
  const wanted = new Set(__FILES__.map((file) => new URL(file, location.href).href));
  for (const { url } of await cache.keys()) {
    if (url.includes("/assets/") && !wanted.has(url)) await cache.delete(url);
  }
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

interface ServiceWorkerScope {
  clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install" | "activate", listen: (event: Extendable) => void): void;
  addEventListener(kind: "fetch", listen: (event: FetchEvent) => void): void;
}

interface Extendable {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchEvent {
  request: Request;
  respondWith(response: Promise<Response>): void;
}
