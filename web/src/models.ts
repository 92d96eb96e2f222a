/** The networks that the server offers. Their files stay in the browser's cache. */

import type { Correlation } from "./measure";
import { explain, Problem } from "./problem";
import type { Size } from "./resize";

export interface Model {
  name: string;
  title: string;
  licence: string;
  /** The address of the page, to which those of the files are relative. */
  base: string;
  graph: string;
  external: { path: string; url: string } | null;
  bytes: number;
  canvas: Size;
  canonical_focal: number;
  correlation: Correlation;
}

const HASH = /-([0-9a-f]{16})(?=\.|$)/;

/** Fetch a file, and read it in a form. */
export function fetchFile<T>(url: string, read: (response: Response) => Promise<T>): Promise<T> {
  const fetched = fetch(url, { cache: "no-cache" }).then((response) => {
    if (!response.ok) throw new Problem("download", `${url}: ${response.status}`);
    return read(response);
  });
  return explain("download", fetched);
}

/** Fetch the files of a model; `report` gets the share that has arrived. */
export async function fetchModel(
  { base, graph, external, bytes }: Model,
  report: (share: number) => void,
): Promise<{ graph: Uint8Array; external: { path: string; data: Uint8Array }[] }> {
  let arrived = 0;
  const cache = await openCache(base);
  const fetchBytes = async (name: string) => {
    const url = new URL(name, base).href;
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(part, output) {
        arrived += part.length;
        report(Math.min(1, arrived / bytes));
        output.enqueue(part);
      },
    });
    const key = url.replace(HASH, ""); // another version takes the place of the one before
    const kept = await cache?.match(key).then((found) => found?.arrayBuffer());
    if (kept && (await isAsNamed(name, kept))) return new Uint8Array(kept);
    const data = await fetchFile(url, ({ body }) =>
      new Response(body?.pipeThrough(counted)).arrayBuffer(),
    );
    if (!(await isAsNamed(name, data))) throw new Problem("download", `${url} is another file`);
    await cache?.put(key, new Response(data)).catch(() => undefined); // if full
    return new Uint8Array(data);
  };
  const data = await fetchBytes(graph);
  if (!external) return { graph: data, external: [] };
  return { graph: data, external: [{ path: external.path, data: await fetchBytes(external.url) }] };
}

/** Whether contents are those whose SHA-256 a name holds; pages without HTTPS cannot tell. */
async function isAsNamed(name: string, data: ArrayBuffer): Promise<boolean> {
  if (!isSecureContext) return true;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  const digits = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return HASH.exec(name)?.[1] === digits.slice(0, 16);
}

/** The cache of models of this page; null where the browser has none, or lets us use none. */
async function openCache(base: string): Promise<Cache | null> {
  if (!("caches" in self)) return null;
  return caches.open(`depth-unet models ${new URL(".", base).href}`).catch(() => null);
}
