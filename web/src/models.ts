/** The networks that the server offers. Their files stay in the browser's cache. */

import type { Correlation } from "./measure";
import { explain, Problem } from "./problem";
import type { Size } from "./resize";

const CACHE = "models";

export interface Model {
  name: string;
  title: string;
  licence: string;
  graph: string;
  external: { path: string; url: string } | null;
  bytes: number;
  canvas: Size;
  canonical_focal: number;
  spread: boolean;
  correlation: Correlation;
}

export interface Models {
  default: string;
  models: Model[];
}

export interface Example {
  file: string;
  title: string;
  fov_deg: number;
}

export async function fetchJson<T>(url: string): Promise<T> {
  return explain("download", async () => {
    const response = await fetch(url);
    if (!response.ok) throw new Problem("download", `${url}: ${response.status}`);
    return (await response.json()) as T;
  });
}

/** The model with whole addresses: the worker has another folder than the page. */
export function located(model: Model): Model {
  const whole = (url: string) => new URL(url, document.baseURI).href;
  const external = model.external && { ...model.external, url: whole(model.external.url) };
  return { ...model, graph: whole(model.graph), external };
}

/** Fetch the files of a model; `report` gets the share that has arrived. */
export async function fetchModel(
  model: Model,
  report: (share: number) => void,
): Promise<{ graph: Uint8Array; external: { path: string; data: Uint8Array }[] }> {
  let arrived = 0;
  const count = (bytes: number) => {
    arrived += bytes;
    report(Math.min(1, arrived / model.bytes));
  };
  return explain("download", async () => {
    const graph = await fetchBytes(model.graph, count);
    if (!model.external) return { graph, external: [] };
    const { path, url } = model.external;
    return { graph, external: [{ path, data: await fetchBytes(url, count) }] };
  });
}

/** Remove cached models that the server no longer offers. */
export async function forgetOthers(models: Model[]): Promise<void> {
  if (!("caches" in self)) return;
  const urls = models.flatMap(({ graph, external }) => [graph, external?.url ?? graph]);
  const wanted = new Set(urls);
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) {
    if (!wanted.has(request.url)) await cache.delete(request);
  }
}

async function fetchBytes(url: string, count: (bytes: number) => void): Promise<Uint8Array> {
  const cache = "caches" in self ? await caches.open(CACHE) : null;
  const kept = await cache?.match(url);
  const response = kept ?? (await fetch(url));
  if (!response.ok || !response.body) throw new Problem("download", `${url}: ${response.status}`);
  const copy = kept ? null : response.clone();
  const parts: Uint8Array[] = [];
  const keeping = copy && cache?.put(url, copy).catch(() => undefined); // the disk may be full
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    count(value.length);
  }
  await keeping;
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}
