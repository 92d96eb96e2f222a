/** The network and the photo that it looks at, beside the page so that the page never stalls. */

import mjs from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { Answer } from "./depth";
import { fetchModel, type Model } from "./models";
import { decode, openPhoto, type OpenedPhoto } from "./photo";
import { explain, Problem, toProblem, type ProblemKind } from "./problem";
import { canvasSize, resizeImage, type Size } from "./resize";

export interface Jobs {
  load: (model: Model) => Promise<string>;
  open: (file: Blob) => Promise<OpenedPhoto>;
  predict: (focalPx: number) => Promise<Answer>;
  frame: (input: { image: ImageBitmap; focalPx: number }) => Promise<Answer>;
}

export interface Request {
  id: number;
  job: keyof Jobs;
  input: unknown;
}

export type Reply =
  | { id: number; progress: number }
  | { id: number; output: unknown }
  | { id: number; kind: ProblemKind; message: string };

interface Pixels {
  canvas: Size;
  rgb: Uint8Array<ArrayBuffer>;
}

const MOST_THREADS = 4;
let network: { session: InferenceSession; model: Model } | null = null;
let photo: { file: Blob; size: Size; pixels: Pixels | null } | null = null;

env.wasm.wasmPaths = { mjs, wasm };
env.wasm.numThreads = self.crossOriginIsolated
  ? Math.min(MOST_THREADS, navigator.hardwareConcurrency)
  : 1;
env.logLevel = "error";

const jobs = {
  async load(model: Model, report: (share: number) => void): Promise<string> {
    if (typeof WebAssembly === "undefined") throw new Problem("wasm");
    await network?.session.release();
    network = null;
    const { graph, external } = await fetchModel(model, report);
    const session = await explain("network", () =>
      InferenceSession.create(graph, {
        executionProviders: ["wasm"],
        externalData: external,
        graphOptimizationLevel: "all",
      }),
    );
    network = { session, model };
    return `ONNX Runtime Web ${env.versions.web ?? ""}, WebAssembly`;
  },

  async open(file: Blob): Promise<OpenedPhoto> {
    const { image, ...opened } = await openPhoto(file);
    photo = { file, size: opened.size, pixels: network && toCanvas(image, network.model) };
    image.close();
    return opened;
  },

  async predict(focalPx: number): Promise<Answer> {
    if (!network || !photo) throw new Problem("unknown", "nothing to predict");
    const canvas = canvasSize(photo.size, network.model.canvas);
    const kept = photo.pixels?.canvas;
    if (kept?.height !== canvas.height || kept.width !== canvas.width) {
      const image = await decode(photo.file);
      photo.pixels = toCanvas(image, network.model);
      image.close();
    }
    return run(photo.pixels!, photo.size, focalPx);
  },

  async frame({ image, focalPx }: { image: ImageBitmap; focalPx: number }): Promise<Answer> {
    if (!network) throw new Problem("unknown", "no network");
    const size = { height: image.height, width: image.width };
    const pixels = toCanvas(image, network.model);
    image.close();
    return run(pixels, size, focalPx);
  },
};

function toCanvas(image: ImageBitmap, model: Model): Pixels {
  const canvas = canvasSize(image, model.canvas);
  return { canvas, rgb: resizeImage(image, canvas) };
}

/** Depth at the size of the canvas; the focal length is that of the whole photo. */
async function run({ canvas, rgb }: Pixels, photo: Size, focalPx: number): Promise<Answer> {
  const { height, width } = canvas;
  const camera = new Float32Array([
    (focalPx * width) / photo.width,
    (focalPx * height) / photo.height,
    (width - 1) / 2,
    (height - 1) / 2,
  ]);
  const feeds = {
    image: new Tensor("uint8", rgb, [1, height, width, 3]),
    camera_px: new Tensor("float32", camera, [1, 4]),
  };
  const results = await explain("network", () => network!.session.run(feeds));
  const take = (name: string) => {
    const tensor = results[name] as Tensor | undefined;
    const values = tensor && Float32Array.from(tensor.data as Float32Array);
    tensor?.dispose();
    if (values?.some((value) => !Number.isFinite(value))) throw new Problem("network", "NaN");
    return values ?? null;
  };
  Object.values(feeds).forEach((tensor) => {
    tensor.dispose();
  });
  return { canvas, depthM: take("depth_m")!, uncertaintyM: take("uncertainty_m") };
}

async function answer({ id, job, input }: Request): Promise<void> {
  const reply = (message: Reply, transfer: Transferable[] = []) => {
    self.postMessage(message, { transfer });
  };
  try {
    const output = await jobs[job](input as never, (progress) => {
      reply({ id, progress });
    });
    const shown = (output as Partial<OpenedPhoto>).shown;
    reply({ id, output }, shown ? [shown] : []);
  } catch (error) {
    const { kind, message } = toProblem(error);
    reply({ id, kind, message });
  }
}

let last = Promise.resolve(); // jobs of the network run one after another
self.onmessage = ({ data }: MessageEvent<Request>) => {
  if (data.job === "open") void answer(data);
  else last = last.then(() => answer(data));
};
