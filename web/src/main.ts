/** The page: where photos come from, and the network and the camera that they are seen with. */

import { Camera } from "./camera";
import { Prediction, type Answer } from "./depth";
import { byId, fill, on, show, write } from "./elements";
import { fetchFile, fetchJson, forgetOthers, located, type Example, type Model } from "./models";
import { Network } from "./network";
import { checkPhoto } from "./photo";
import { explain, toProblem } from "./problem";
import { Result, type Tool } from "./result";
import text from "./text.json";

interface Photo {
  source: Blob;
  name: string;
  /** Field of view, degrees, as the visitor set it. */
  fovDeg: number | null;
}

const network = new Network();
const camera = new Camera();
const result = new Result();
const metres = byId("metres", HTMLInputElement);
const fov = byId("fov", HTMLInputElement);
const compare = byId("compare", HTMLInputElement);
const modelChoice = byId("model", HTMLSelectElement);

let models: Model[] = [];
/** The photo that is shown, and the one that was asked for last. */
let photo: Photo | null = null;
let wanted: Photo | null = null;
let last = Promise.resolve();

/** Do something after all before it is done; its faults are explained on the page. */
function attempt(work: () => Promise<void> | void): Promise<void> {
  return (last = last.then(() => explained(work)));
}

async function explained(work: () => Promise<void> | void): Promise<void> {
  show("problem", false);
  write("problem", "");
  try {
    await work();
  } catch (error) {
    const { kind, message } = toProblem(error);
    if (message) console.warn(message);
    stopCamera();
    write("status", "");
    show("progress", false);
    write("problem", text.problems[kind]);
    show("problem", true);
  }
}

function start(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = (text as Record<string, unknown>)[element.dataset.text!] as string;
  }
  document.title = text.title;
  byId("space", HTMLElement).ariaLabel = text.spaceLabel;
  result.stage.uncover(compare.valueAsNumber);
  result.choose("look");
  show("camera", "mediaDevices" in navigator); // not on pages without HTTPS
  listen();
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined; // none without HTTPS
  workers?.register("sw.js").catch(() => undefined); // site data may be blocked
  void explained(showExamples);
  void want(null);
}

function listen(): void {
  on("file", "change", (input) => {
    openFile(input.files?.[0]);
    input.value = "";
  });
  const source = byId("source", HTMLElement);
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"] as const) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      source.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") openFile(event.dataTransfer?.files[0]);
    });
  }
  document.addEventListener("paste", (event) => openFile(event.clipboardData?.files[0]));
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
  on("clear", "click", () => attempt(() => result.clear()));
  on("shapes", "change", (input) => result.showPoints(input.value === "points"));
  on("downloads", "click", (target) => attempt(() => result.download(target.closest("button"))));
}

async function showExamples(): Promise<void> {
  for (const { file, title, fov_deg } of await fetchJson<Example[]>("examples.json")) {
    const button = document.createElement("button");
    button.append(Object.assign(new Image(), { src: file, alt: title }));
    button.onclick = () => explained(() => openExample(file, title, fov_deg));
    byId("examples", HTMLElement).append(button);
  }
}

async function openExample(url: string, name: string, fovDeg: number): Promise<void> {
  const response = await fetchFile(url);
  void want({ source: await explain("download", response.blob()), name, fovDeg });
}

async function fetchModels(): Promise<void> {
  const offered = await fetchJson<{ default: string; models: Model[] }>("models.json");
  for (const { name, title } of offered.models) modelChoice.add(new Option(title, name));
  modelChoice.value = offered.default;
  models = offered.models.map(located);
  void forgetOthers(models);
}

/** Load the chosen model, unless it is loaded; returns it and what runs it. */
async function load(): Promise<{ model: Model; engine: string }> {
  if (models.length === 0) await fetchModels();
  const model = models[modelChoice.selectedIndex];
  write("licence", text.licence, { licence: model.licence });
  const progress = byId("progress", HTMLProgressElement);
  const engine = await network.load(model, (share) => {
    progress.hidden = share === 1;
    progress.value = share;
    write("status", share < 1 ? text.loading : text.preparing, { percent: 100 * share });
  });
  return { model, engine };
}

function openFile(file: File | undefined): void {
  if (file) void want({ source: file, name: file.name, fovDeg: null });
}

/** Predict what is asked for, unless something newer is asked for before its turn comes. */
function want(next: Photo | null): Promise<void> {
  wanted = next;
  return attempt(async () => {
    if (wanted !== next) return;
    await predict(next).finally(() => (wanted = wanted === next ? photo : wanted));
  });
}

/** Predict depth of a photo: another one, or the same with another network or field of view. */
async function predict(next: Photo | null): Promise<void> {
  if (next && next.source !== photo?.source) await checkPhoto(next.source);
  const { model, engine } = await load();
  write("status", next ? text.predicting : text.ready);
  if (!next) return;
  const begin = performance.now();
  const { shown, ...answer } = await network.ask("see", next);
  const { duration } = performance.measure("predict", { start: begin });
  stopCamera();
  if (photo?.source !== next.source) result.forget();
  photo = next;
  const names = { photo: next.name, model: `depth-unet ${model.name}`, engine };
  const words = fill(text.photoLabel, { name: next.name, ...answer.size });
  byId("stage", HTMLElement).ariaLabel = words;
  showLens(answer);
  await result.show(new Prediction(names, answer, model.correlation), shown);
  write("status", text.done, { seconds: duration / 1000, engine });
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
  for await (const [frame, rate] of camera.frames()) {
    await attempt(() => showFrame(frame, rate));
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

start();
