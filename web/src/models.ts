/** The networks that the server offers. Their files stay in the browser's cache. */

import type { Correlation } from "./measure";
import { explain, Problem } from "./problem";
import type { Size } from "./resize";

export interface Model {
  name: string;
  title: string;
  licence: string;
  graph: string;
  external: { path: string; url: string } | null;
  bytes: number;
  canvas: Size;
  canonical_focal: number;
  correlation: Correlation;
}

export interface Example {
  file: string;
  title: string;
  fov_deg: number;
}

export async function fetchJson<T>(url: string): Promise<T> {
  return (await explain("download", (await fetchFile(url)).json())) as T;
}

export async function fetchFile(url: string): Promise<Response> {
  const response = await explain("download", fetch(url));
  if (!response.ok) throw new Problem("download", `${url}: ${response.status}`);
  return response;
}

/** The model with whole addresses: the worker has another folder than the page. */
export function located(model: Model): Model {
  const whole = (url: string) => new URL(url, document.baseURI).href;
  const external = model.external && { ...model.external, url: whole(model.external.url) };
  return { ...model, graph: whole(model.graph), external };
}

/** Fetch the files of a model; `report` gets the share that has arrived. */
export async function fetchModel(
  { graph, external, bytes }: Model,
  report: (share: number) => void,
): Promise<{ graph: Uint8Array; external: { path: string; data: Uint8Array }[] }> {
  let arrived = 0;
  const fetchBytes = async (url: string) => {
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(part, output) {
        arrived += part.length;
        report(Math.min(1, arrived / bytes));
        output.enqueue(part);
      },
    });
    const cache = await openCache(graph);
    const kept = await cache?.match(url);
    const response = kept ?? (await fetchFile(url));
    const keeping = kept ? null : cache?.put(url, response.clone()).catch(() => undefined); // if full
    const whole = new Response(response.body?.pipeThrough(counted)).arrayBuffer();
    const data = new Uint8Array(await explain("download", whole));
    await keeping;
    return data;
  };
  const data = await fetchBytes(graph);
  if (!external) return { graph: data, external: [] };
  return { graph: data, external: [{ path: external.path, data: await fetchBytes(external.url) }] };
}

/** Remove cached models that the server no longer offers. */
export async function forgetOthers(models: Model[]): Promise<void> {
  const wanted = models.flatMap(({ graph, external }) => [graph, external?.url]);
  const cache = await openCache(models[0].graph);
  for (const request of (await cache?.keys()) ?? []) {
    if (!wanted.includes(request.url)) await cache?.delete(request);
  }
}

/** The cache of models of this page; null where the browser has none, or lets us use none. */
async function openCache(graph: string): Promise<Cache | null> {
  if (!("caches" in self)) return null;
  const name = `depth-unet models ${new URL(".", graph).href}`;
  return caches.open(name).catch(() => null);
}
