/** The page: what the visitor does, and what it shows. */

import { depthRange, legend, paint } from "./colour";
import { Prediction, type Facts } from "./depth";
import * as downloads from "./downloads";
import { byId, onChoice, onClick, show, write } from "./elements";
import { Live } from "./live";
import type { Measurement, Pixel } from "./measure";
import { surfaceOf, type Surface } from "./mesh";
import { fetchJson, forgetOthers, located, type Example, type Model, type Models } from "./models";
import { Network } from "./network";
import type { OpenedPhoto } from "./photo";
import { Problem, toProblem } from "./problem";
import type { Size } from "./resize";
import type { Scene } from "./scene";
import { Stage, type Line } from "./stage";
import { text } from "./text";

type Tool = "look" | "measure" | "known";

const network = new Network();
const live = new Live();
const stage = new Stage(readDepth, mark);
const fov = byId("fov", HTMLInputElement);
const compare = byId("compare", HTMLInputElement);
const modelChoice = byId("model", HTMLSelectElement);

let models: Model[] = [];
let model: Model;
let engine = "";
let loading: Promise<void>;
let opened: (OpenedPhoto & { name: string }) | null = null;
let fovDeg: number | null = null; // as the visitor set it
let prediction: Prediction | null = null;
let surface: Surface | null = null;
let scene: Scene | null = null;
let tool: Tool = "look";
let pending: Pixel | null = null;
let known: { start: Pixel; stop: Pixel; metres: number | null } | null = null;
let pairs: [Pixel, Pixel][] = [];

async function start(): Promise<void> {
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = text[element.dataset.text as keyof typeof text] as string;
  }
  document.title = text.title;
  stage.describe(text.stageLabel);
  byId("space", HTMLElement).setAttribute("aria-label", text.spaceLabel);
  const ramp = byId("legend", HTMLCanvasElement);
  [ramp.width, ramp.height] = [256, 1];
  ramp.getContext("2d")!.putImageData(legend(), 0, 0);
  stage.uncover(Number(compare.value) / 100);
  listen();
  chooseTool(tool);
  if ("serviceWorker" in navigator) void navigator.serviceWorker.register("sw.js");
  await attempt(async () => {
    const offered = await fetchJson<Models>("models.json");
    models = offered.models.map(located);
    for (const { name, title } of models) modelChoice.add(new Option(title, name));
    modelChoice.value = offered.default;
    void forgetOthers(models);
    loading = chooseModel();
    for (const example of await fetchJson<Example[]>("examples.json")) addExample(example);
    await loading;
  });
}

function listen(): void {
  const file = byId("file", HTMLInputElement);
  file.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    file.value = "";
    void openFile(chosen);
  });
  const source = byId("source", HTMLElement);
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"] as const) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      source.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") void openFile(event.dataTransfer?.files[0]);
    });
  }
  document.addEventListener("paste", (event) => {
    void openFile(event.clipboardData?.files[0]);
  });
  modelChoice.addEventListener("change", () => {
    loading = chooseModel();
    void attempt(async () => {
      await loading;
      if (opened) await predict();
    });
  });
  compare.addEventListener("input", () => {
    stage.uncover(Number(compare.value) / 100);
  });
  fov.addEventListener("input", () => {
    write("degrees", text.degrees(Number(fov.value)));
  });
  fov.addEventListener("change", () => {
    setFov(Number(fov.value));
  });
  onClick("reset", () => {
    setFov(null);
  });
  onClick("camera", () => void attempt(startCamera));
  onClick("stop", stopCamera);
  onClick("take", () => void attempt(takePhoto));
  onClick("clear", clearMarks);
  onChoice("tool", (value) => {
    chooseTool(value as Tool);
  });
  onChoice("shape", (value) => scene?.showPoints(value === "points"));
  byId("length", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(applyKnown);
  });
  byId("downloads", HTMLElement).addEventListener("click", ({ target }) => {
    if (target instanceof HTMLButtonElement) void attempt(() => download(target.value));
  });
}

/** Do something; its faults are explained on the page. */
async function attempt(work: () => Promise<void> | void): Promise<void> {
  write("problem", "");
  show("problem", false);
  try {
    await work();
  } catch (error) {
    const { kind, message } = toProblem(error);
    if (message) console.warn(message);
    write("problem", text.problems[kind]);
    write("status", "");
    show("progress", false);
    show("problem", true);
  }
}

async function chooseModel(): Promise<void> {
  model = models.find(({ name }) => name === modelChoice.value) ?? models[0];
  write("licence", text.licence(model.licence));
  const progress = byId("progress", HTMLProgressElement);
  progress.hidden = false;
  engine = await network.call("load", model, {
    report: (share) => {
      progress.value = share;
      write("status", share < 1 ? text.loading(share) : text.preparing);
    },
  });
  progress.hidden = true;
  write("status", text.ready);
}

function addExample({ file, title, fov_deg }: Example): void {
  const image = new Image();
  image.src = file;
  image.alt = title;
  const button = document.createElement("button");
  button.type = "button";
  button.append(image);
  button.addEventListener("click", () => {
    void attempt(async () => {
      const response = await fetch(file);
      if (!response.ok) throw new Problem("download", file);
      await openPhoto(await response.blob(), title, fov_deg);
    });
  });
  byId("examples", HTMLElement).append(button);
}

async function openFile(file: File | undefined): Promise<void> {
  if (file) await attempt(() => openPhoto(file, file.name, null));
}

async function openPhoto(file: Blob, name: string, stated: number | null): Promise<void> {
  stopCamera();
  const photo = await network.call("open", file);
  opened?.shown.close();
  opened = { ...photo, name };
  fovDeg = stated;
  prediction = null;
  clearMarks();
  stage.showPicture(null);
  stage.showImage(photo.shown, photo.shown, photo.size);
  stage.describe(`${text.photoAlt(name, photo.size.width, photo.size.height)}. ${text.stageLabel}`);
  show("result", true);
  await loading;
  await predict();
}

/** Focal length in pixels of an image, and where it comes from. */
function lens(size: Size, exifPx: number | null): Pick<Facts, "focalPx" | "focalFrom"> {
  const longer = Math.max(size.width, size.height);
  if (fovDeg !== null) {
    const focalPx = longer / (2 * Math.tan((fovDeg * Math.PI) / 360));
    return { focalPx, focalFrom: "given by the user" };
  }
  if (exifPx !== null) return { focalPx: exifPx, focalFrom: "the photo's Exif data" };
  const focalPx = model.canonical_focal * longer;
  return { focalPx, focalFrom: "assumed: the training camera's" };
}

async function predict(): Promise<void> {
  if (!opened) return;
  const { size, focalPx: exifPx, name } = opened;
  const seen = lens(size, exifPx);
  write("status", text.predicting);
  const begin = performance.now();
  const answer = await network.call("predict", seen.focalPx);
  const seconds = (performance.now() - begin) / 1000;
  const { correlation } = model;
  const facts = {
    photo: name,
    model: `depth-unet ${model.name}`,
    engine,
    size,
    ...seen,
    correlation,
  };
  prediction = new Prediction(facts, answer);
  write("status", text.done(seconds, engine));
  await applyScale();
}

/** Scale the prediction to the known length, if there is one, and show it. */
async function applyScale(): Promise<void> {
  if (!prediction || !opened) return;
  if (known?.metres) prediction = prediction.calibrated(known.start, known.stop, known.metres);
  const range = depthRange(prediction.smallM());
  stage.showDepth(prediction, range);
  write("near", text.legend(range[0]));
  write("far", text.legend(range[1]));
  showLens();
  showMarks();
  surface = surfaceOf(prediction);
  const { Scene } = await import("./scene");
  scene ??= new Scene(byId("space", HTMLCanvasElement));
  const { focalPx, size } = prediction.facts;
  scene.show(surface, opened.shown, coloursOf(surface, opened.shown), focalPx / size.height);
}

function showLens(): void {
  if (!prediction) return;
  const { focalPx, focalFrom, size } = prediction.facts;
  write("focal", text.focal(focalPx, text.focalFrom[focalFrom]));
  write("scaled", known?.metres ? text.scaled(prediction.scale) : "");
  const longer = Math.max(size.width, size.height);
  const degrees = (Math.atan(longer / (2 * focalPx)) * 360) / Math.PI;
  fov.value = String(degrees);
  write("degrees", text.degrees(degrees));
}

function setFov(degrees: number | null): void {
  fovDeg = degrees;
  void attempt(predict);
}

function readDepth(pixel: Pixel, byKey: boolean): void {
  if (!prediction) return;
  const words = text.at(pixel.x, pixel.y, text.estimate(prediction.depthEstimate(pixel)));
  write("readout", words);
  if (byKey) write("spoken", words);
  drawMarks();
}

function chooseTool(value: Tool): void {
  tool = value;
  pending = null;
  write("help", { look: text.lookHelp, measure: text.measureHelp, known: text.knownHelp }[tool]);
  show("length", tool === "known");
  drawMarks();
}

function mark(pixel: Pixel): void {
  if (tool === "look" || !prediction) return;
  if (!pending) pending = pixel;
  else {
    if (tool === "measure") pairs.push([pending, pixel]);
    else known = { start: pending, stop: pixel, metres: null };
    pending = null;
    if (tool === "known") byId("metres", HTMLInputElement).focus();
  }
  showMarks();
}

async function applyKnown(): Promise<void> {
  if (!known) {
    write("help", text.knownNone);
    return;
  }
  const { start, stop } = known;
  if (start.x === stop.x && start.y === stop.y) throw new Problem("points");
  known.metres = byId("metres", HTMLInputElement).valueAsNumber;
  await applyScale();
}

function clearMarks(): void {
  pairs = [];
  pending = null;
  const wasScaled = Boolean(known?.metres);
  known = null;
  if (wasScaled) void attempt(predict);
  showMarks();
}

function measurements(): Measurement[] {
  const found = prediction;
  return found ? pairs.map(([start, stop]) => found.measure(start, stop)) : [];
}

function showMarks(): void {
  const items = measurements().map(({ distance }) => {
    const item = document.createElement("li");
    item.textContent = text.estimate(distance);
    return item;
  });
  byId("distances", HTMLElement).replaceChildren(...items);
  show("measured", items.length > 0 || known !== null);
  drawMarks();
}

function drawMarks(): void {
  const lines: Line[] = pairs.map(([start, stop], i) => ({
    start,
    stop,
    label: String(i + 1),
    isKnown: false,
  }));
  if (known)
    lines.push({ ...known, label: known.metres ? `${known.metres} m` : "?", isKnown: true });
  stage.draw(lines, pending);
}

async function startCamera(): Promise<void> {
  await loading;
  let size: Size | null = null;
  await live.start(async (video, rate) => {
    const shown = { width: video.videoWidth, height: video.videoHeight };
    if (!size) {
      opened?.shown.close();
      [opened, prediction, known, pairs, fovDeg] = [null, null, null, [], null];
      showMarks();
      size = shown;
      show("result", true);
      show("still", false);
      show("live", true);
    }
    const image = await createImageBitmap(video);
    stage.showImage(image, shown, shown);
    const { focalPx } = lens(shown, null);
    const answer = await network.call("frame", { image, focalPx }, { transfer: [image] });
    const { canvas, depthM } = answer;
    const range = depthRange(depthM);
    const row = (y: number) => depthM.subarray(y * canvas.width, (y + 1) * canvas.width);
    stage.showPicture(paint(canvas, row, range));
    write("near", text.legend(range[0]));
    write("far", text.legend(range[1]));
    write("frames", text.frames(rate));
  });
}

async function takePhoto(): Promise<void> {
  await openPhoto(await live.photo(), `photo ${new Date().toISOString().slice(0, 19)}`, null);
}

function stopCamera(): void {
  live.stop();
  show("live", false);
  show("still", true);
  if (!opened) show("result", false);
}

async function download(kind: string): Promise<void> {
  if (!prediction || !surface || !opened || !scene) return;
  const colours = coloursOf(surface, opened.shown);
  const makers: Record<string, () => Blob | Promise<Blob>> = {
    png: () => downloads.png16(prediction!),
    npy: () => downloads.npy(prediction!),
    ply: () => downloads.ply(prediction!, surface!, colours),
    glb: () => scene!.glb(downloads.statement(prediction!, "metres")),
    json: () => downloads.json(prediction!, measurements()),
  };
  const name = opened.name.replace(/\.\w+$/, "").replace(/[^\w.-]+/g, "-");
  downloads.save(await makers[kind](), `${name}.${kind}`);
}

/** RGB of the photo at each point of a surface. */
function coloursOf({ uv }: Surface, shown: ImageBitmap): Uint8Array {
  const canvas = new OffscreenCanvas(shown.width, shown.height);
  const context = canvas.getContext("2d")!;
  context.drawImage(shown, 0, 0);
  const { data } = context.getImageData(0, 0, shown.width, shown.height);
  const colours = new Uint8Array((uv.length / 2) * 3);
  for (let i = 0; i < uv.length / 2; i++) {
    const [x, y] = [Math.floor(uv[2 * i] * shown.width), Math.floor(uv[2 * i + 1] * shown.height)];
    const from = 4 * (y * shown.width + x);
    colours.set(data.subarray(from, from + 3), 3 * i);
  }
  return colours;
}

void start();
