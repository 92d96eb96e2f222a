/** The network, beside the page so that the page never stalls. */

import mjs from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { Answer } from "./depth";
import { fetchModel, type Model } from "./models";
import { openPhoto, shrunk } from "./photo";
import { explain, Problem, toProblem, type ProblemKind } from "./problem";
import { toPixels } from "./resize";

export type Jobs = typeof jobs;

export type Question = { job: keyof Jobs; input: unknown };

/** A photo, or a picture of the camera; its field of view in degrees, if the visitor set it. */
export type Source = { source: Blob | ImageBitmap; fovDeg: number | null };

export type Reply =
  { progress: number } | { output: unknown } | { kind: ProblemKind; message: string };

const MOST_THREADS = 4;
let network: { session: InferenceSession; model: Model } | null = null;

env.wasm.wasmPaths = { mjs, wasm };
env.wasm.numThreads = Math.min(MOST_THREADS, navigator.hardwareConcurrency);
env.logLevel = "error";

const jobs = {
  /** Load a model; returns the version of what runs it. */
  async load(model: Model, report: (share: number) => void): Promise<string> {
    if (typeof WebAssembly === "undefined") throw new Problem("wasm");
    await network?.session.release();
    network = null;
    const { graph, external } = await fetchModel(model, report);
    report(1);
    const options = { executionProviders: ["wasm"], externalData: external };
    const session = await explain("start", InferenceSession.create(graph, options));
    network = { session, model };
    return env.versions.web ?? "";
  },

  /** Predict depth of a photo or a frame of the camera, and return a copy for the screen. */
  async see({ source, fovDeg }: Source): Promise<Answer & { shown: ImageBitmap }> {
    if (!network) throw new Problem("network", "none is loaded");
    const { session, model } = network;
    const [image, exifPx] = source instanceof Blob ? await openPhoto(source) : [source, null];
    const size = { height: image.height, width: image.width };
    const prepare = async () => [toPixels(image, model.canvas), await shrunk(image)] as const;
    const [[mapSize, rgb], shown] = await prepare().finally(() => image.close());
    const lens = lensOf(Math.max(size.height, size.width), fovDeg, exifPx, model);
    const { height, width } = mapSize;
    const focals = [width / size.width, height / size.height].map((share) => lens.focalPx * share);
    const camera = Float32Array.of(...focals, (width - 1) / 2, (height - 1) / 2);
    const feeds = {
      image: new Tensor("uint8", rgb, [1, height, width, 3]),
      camera_px: new Tensor("float32", camera, [1, 4]),
    };
    const running: Promise<Partial<Record<string, Tensor>>> = session.run(feeds);
    const results = await explain("network", running);
    const map = (name: string) => {
      const values = results[name]?.data as Float32Array<ArrayBuffer> | undefined;
      if (values?.some((value) => !Number.isFinite(value))) throw new Problem("network", "NaN");
      return values ?? null;
    };
    const maps = { depthM: map("depth_m")!, uncertaintyM: map("uncertainty_m") };
    return { size, ...lens, mapSize, ...maps, shown };
  },
};

type Lens = Pick<Answer, "focalPx" | "focalFrom">;

/** Focal length in pixels of an image with this longer side, and where it comes from. */
function lensOf(longer: number, fovDeg: number | null, exifPx: number | null, model: Model): Lens {
  const fovPx = fovDeg && longer / (2 * Math.tan((fovDeg * Math.PI) / 360));
  if (fovPx !== null) return { focalPx: fovPx, focalFrom: "given by the user" };
  if (exifPx !== null) return { focalPx: exifPx, focalFrom: "the photo's Exif data" };
  return { focalPx: model.canonical_focal * longer, focalFrom: "assumed: the training camera's" };
}

async function answer({ job, input }: Question): Promise<void> {
  const reply = (message: Reply, transfer: Transferable[] = []) =>
    self.postMessage(message, { transfer });
  try {
    const output = await jobs[job](input as never, (progress) => reply({ progress }));
    reply({ output }, typeof output === "object" ? [output.shown] : []);
  } catch (error) {
    const { kind, message } = toProblem(error);
    reply({ kind, message });
  }
}

self.onmessage = ({ data }: MessageEvent<Question>) => void answer(data);
