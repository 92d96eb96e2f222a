/** The page: where photos come from, and the network and the camera that they are seen with. */

import { Camera } from "./camera";
import { Prediction, type Answer } from "./depth";
import { byId, fill, on, show, write } from "./elements";
import { fetchFile, type Model } from "./models";
import { Network } from "./network";
import { checkPhoto } from "./photo";
import { toProblem } from "./problem";
import { Result, type Tool } from "./result";
import text from "./text.json";
import type { Source } from "./worker";

type Photo = Source & { name: string };

const network = new Network();
const camera = new Camera();
const result = new Result();
const progress = byId("progress", HTMLProgressElement);
const metres = byId("metres", HTMLInputElement);
const fov = byId("fov", HTMLInputElement);
const compare = byId("compare", HTMLInputElement);
const modelChoice = byId("model", HTMLSelectElement);

const EXAMPLES_FOV_DEG = 63.33; // they were rendered with the camera of NYU Depth V2

type Offer = { default: string; models: Model[] };
let models: Model[] = [];
/** The model that was loaded last. */
let loaded: Model | null = null;
/** The photo that is shown, what is said of it, and the photo that was asked for last. */
let photo: Photo | null = null;
let report = "";
let wanted: Photo | null = null;
let last = Promise.resolve();

type Work = () => Promise<void> | void;

/** Do what the visitor asks for, after all before it. */
function attempt(work: Work, name?: string): Promise<void> {
  write("problem", "");
  return queue(work, name);
}

/** Do something after all before it; then the status tells what stands. */
function queue(work: Work, name?: string): Promise<void> {
  return (last = last.then(() => explained(work, name)).then(rest));
}

/** Faults are explained on the page, with the name of the photo that they may concern. */
async function explained(work: Work, name: string = text.frame): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { kind, message } = toProblem(error);
    if (message) console.warn(message);
    stopCamera();
    write("problem", text.problems[kind], { name });
  }
}

function rest(): void {
  progress.value = 1;
  write("status", photo ? report : loaded ? text.ready : "");
}

async function openExample(button: HTMLButtonElement | null): Promise<void> {
  const image = button?.querySelector("img");
  if (!image) return; // a click beside them
  const source = await fetchFile(image.src, (file) => file.blob());
  void want({ source, name: image.alt, fovDeg: EXAMPLES_FOV_DEG });
}

/** Load the chosen model, unless it is loaded; returns it. */
async function load(): Promise<Model> {
  if (models.length === 0) {
    const offered = await fetchFile("models.json", (file) => file.json() as Promise<Offer>);
    models = offered.models.map((model) => ({ ...model, base: document.baseURI }));
    for (const { name, title } of models) modelChoice.add(new Option(title, name));
    modelChoice.value = offered.default;
  }
  const model = models[modelChoice.selectedIndex];
  const loading = network.load(model, (share) => {
    progress.value = share;
    write("status", share < 1 ? text.loading : text.preparing, { percent: 100 * share });
  });
  await loading.catch((error: unknown) => {
    // The one before is used, unless still another is chosen by now.
    if (loaded && model === models[modelChoice.selectedIndex]) modelChoice.value = loaded.name;
    throw error;
  });
  loaded = model;
  write("licence", text.licence, { licence: model.licence });
  return model;
}

function openOne(files: FileList | null = null): void {
  if (files?.length !== 1) write("problem", text.problems.oneFile);
  else void want({ source: files[0], name: files[0].name, fovDeg: null });
}

/** Predict what is asked for, unless something newer is asked for before its turn comes. */
function want(next: Photo | null): Promise<void> {
  wanted = next;
  return attempt(async () => {
    if (wanted !== next) return;
    await predict(next).finally(() => (wanted = wanted === next ? photo : wanted));
  }, next?.name);
}

/** Predict depth of a photo: another one, or the same with another network or field of view. */
async function predict(next: Photo | null): Promise<void> {
  if (next?.source instanceof Blob && next.source !== photo?.source) await checkPhoto(next.source);
  const model = await load();
  if (!next) return;
  write("status", text.predicting);
  const begin = performance.now();
  const { shown, ...answer } = await network.ask("see", next);
  const { duration } = performance.measure("predict", { start: begin });
  const engine = fill(text.engine, { version: network.version });
  stopCamera();
  if (photo?.source !== next.source) result.forget();
  photo = next;
  report = fill(text.done, { seconds: duration / 1000, engine });
  const names = { photo: next.name, model: `depth-unet ${model.name}`, engine };
  const words = fill(text.photoLabel, { name: next.name, ...answer.size });
  byId("stage", HTMLElement).ariaLabel = words;
  showLens(answer);
  await result.show(new Prediction(names, answer, model.correlation), shown);
}

function showLens({ size, focalPx, focalFrom }: Answer): void {
  write("focal", text.focal, { pixels: focalPx, from: text.focalFrom[focalFrom] });
  if (wanted !== photo) return; // the slider stays where the visitor put it since
  const longer = Math.max(size.width, size.height);
  const degrees = (Math.atan(longer / (2 * focalPx)) * 360) / Math.PI;
  fov.value = String(degrees);
  write("degrees", text.degrees, { degrees });
}

async function startCamera(): Promise<void> {
  write("problem", "");
  for await (const [frame, rate] of camera.frames()) {
    await queue(() => showFrame(frame, rate));
    frame.close();
  }
}

async function showFrame(frame: ImageBitmap, rate: number): Promise<void> {
  if (!camera.live) return; // stopped while the frame waited
  if (photo) result.forget();
  if (wanted === photo) wanted = null;
  photo = null;
  show("still", false);
  show("live", true);
  await load();
  const seen = await network.ask("see", { source: frame, fovDeg: null });
  await result.look(seen.shown, seen.size, seen.mapSize, seen.depthM);
  write("frames", text.frames, { rate });
}

async function takePhoto(): Promise<void> {
  const name = fill(text.taken, { time: new Date().toISOString().slice(0, 19) });
  void want({ source: await camera.photo(), name, fovDeg: null });
}

function stopCamera(): void {
  camera.stop();
  show("live", false);
  show("still", true);
  if (!photo) show("result", false);
}

on("file", "change", (input) => {
  openOne(input.files);
  input.value = "";
});
for (const kind of ["dragenter", "dragover", "dragleave", "drop"] as const) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    byId("source", HTMLElement).classList.toggle("over", ["dragenter", "dragover"].includes(kind));
    if (kind === "drop") openOne(event.dataTransfer?.files);
  });
}
document.addEventListener("paste", ({ target, clipboardData }) => {
  if (target !== metres || clipboardData?.files.length) openOne(clipboardData?.files);
});
on("examples", "click", (target) => explained(() => openExample(target.closest("button"))));
on("model", "change", () => want(wanted && { ...wanted }));
on("camera", "click", () => explained(startCamera));
on("take", "click", () => explained(takePhoto));
on("stop", "click", () => attempt(stopCamera));
on("compare", "input", () => result.stage.uncover(compare.valueAsNumber));
on("fov", "input", () => write("degrees", text.degrees, { degrees: fov.valueAsNumber }));
on("fov", "change", () => want(wanted && { ...wanted, fovDeg: fov.valueAsNumber }));
on("reset", "click", () => want(wanted && { ...wanted, fovDeg: null }));
on("tools", "change", (input) => result.choose(input.value as Tool));
on("length", "submit", () => attempt(() => result.applyKnown(metres.valueAsNumber)));
for (const id of ["distances", "clear", "unscale"]) {
  on(id, "click", (target) => attempt(() => result.remove(target.closest("button"))));
}
on("shapes", "change", (input) => result.scene?.showPoints(input.value === "points"));
on("downloads", "click", (target) => attempt(() => result.download(target.closest("button"))));

result.stage.uncover(compare.valueAsNumber);
result.choose("look");
show("camera", "mediaDevices" in navigator); // not on pages without HTTPS
const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined; // none without HTTPS
workers?.register("sw.js").catch(() => undefined); // site data may be blocked
void want(null);
