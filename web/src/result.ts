/** What the page shows of a photo: its depth, lengths between marked points, 3-D, and files. */

import type { Prediction } from "./depth";
import { json, npy, ply, png16, save, statement } from "./downloads";
import { byId, fill, show, write } from "./elements";
import type { Estimate, Measurement, Pixel } from "./measure";
import { surfaceOf, type Surface } from "./mesh";
import { Problem, toProblem } from "./problem";
import type { Size } from "./resize";
import type { Scene } from "./scene";
import { Stage, type Line } from "./stage";
import text from "./text.json";

export type Tool = keyof typeof text.help;
type FileKind = "png" | "npy" | "ply" | "glb" | "json";

export class Result {
  readonly stage = new Stage(
    (pixel, byKey) => this.read(pixel, byKey),
    (pixel) => this.mark(pixel),
  );
  /** What the network predicted, the same scaled to a known length, and what is made of it. */
  private view: { original: Prediction; prediction: Prediction; surface: Surface } | null = null;
  private image: ImageBitmap | null = null;
  private scene: Scene | null = null;
  private tool: Tool = "look";
  private pending: Pixel | null = null;
  private pairs: [Pixel, Pixel][] = [];
  /** The ends of a length that is not typed yet, and the length that depth is scaled to. */
  private ends: [Pixel, Pixel] | null = null;
  private known: { ends: [Pixel, Pixel]; metres: number } | null = null;

  /** Show an image of a photo, with its depth as colour. */
  async look(image: ImageBitmap, size: Size, mapSize: Size, mapM: Float32Array): Promise<void> {
    if (image !== this.image) this.image?.close();
    this.image = image;
    const [near, far] = await this.stage.show(image, size, mapSize, mapM);
    write("near", text.near, { metres: near });
    write("far", text.near, { metres: far });
    show("result", true);
  }

  /** Show a prediction; marks stay, and so does a known length, unless it fits no more. */
  async show(original: Prediction, image: ImageBitmap): Promise<void> {
    let [prediction, fault]: [Prediction, Problem | null] = [original, null];
    try {
      if (this.known) prediction = original.calibrated(...this.known.ends, this.known.metres);
    } catch (error) {
      [fault, this.ends, this.known] = [toProblem(error), this.known!.ends, null];
    }
    const { size, mapSize, focalPx } = original.answer;
    await this.look(image, size, mapSize, prediction.mapM());
    const surface = surfaceOf(prediction, image);
    this.view = { original, prediction, surface };
    this.showMarks();
    show("solid", true); // the canvas needs its size
    const drawn = import("./scene").then(({ Scene }) => {
      // Large, and not needed before.
      this.scene ??= new Scene(byId("space", HTMLCanvasElement));
      this.scene.show(surface, image, focalPx / size.height);
      return true;
    });
    const isSolid = await drawn.catch(() => false); // no WebGL, or no such file
    for (const id of ["solid", "glb"]) show(id, isSolid);
    show("flat", !isSolid);
    if (fault) throw fault;
  }

  /** Forget all marks; the next photo starts without. */
  forget(): void {
    this.view = null;
    this.forgetMarks();
    write("readout", "");
    this.showMarks();
  }

  choose(tool: Tool): void {
    [this.tool, this.pending] = [tool, null];
    write("help", text.help[tool]);
    show("length", tool === "known");
    this.drawMarks();
  }

  /** All depth follows from the length of the known line. */
  async applyKnown(metres: number): Promise<void> {
    const ends = this.ends ?? this.known?.ends;
    if (!ends || !this.view) throw new Problem("noPoints");
    this.view.original.calibrated(...ends, metres); // refuses what does not fit
    [this.known, this.ends] = [{ ends, metres }, null];
    await this.rescale();
  }

  async clear(): Promise<void> {
    this.forgetMarks();
    await this.rescale();
  }

  private forgetMarks(): void {
    [this.pending, this.pairs, this.ends, this.known] = [null, [], null, null];
  }

  showPoints(asPoints: boolean): void {
    this.scene?.showPoints(asPoints);
  }

  async download(button: HTMLButtonElement | null): Promise<void> {
    if (!this.view || !button) return;
    const kind = button.value as FileKind;
    const { prediction, surface } = this.view;
    const makers: Record<FileKind, () => Blob | Promise<Blob>> = {
      png: () => png16(prediction),
      npy: () => npy(prediction),
      ply: () => ply(prediction, surface),
      glb: () => this.scene!.glb(statement(prediction, "metres")),
      json: () => json(prediction, this.measurements()),
    };
    const name = prediction.names.photo.replace(/\.\w+$/, "").replace(/[^\w.-]+/g, "-");
    save(await makers[kind](), `${name}.${kind}`);
  }

  private async rescale(): Promise<void> {
    if (this.view && this.image) await this.show(this.view.original, this.image);
  }

  private read(pixel: Pixel, byKey: boolean): void {
    if (!this.view) return;
    const depth = inWords(this.view.prediction.measure(pixel, pixel).startDepth);
    write("readout", text.at, { ...pixel, depth });
    if (byKey) write("spoken", text.at, { ...pixel, depth });
    this.drawMarks();
  }

  private mark(pixel: Pixel): void {
    if (this.tool === "look" || !this.view) return;
    const ends: [Pixel, Pixel] | null = this.pending && [this.pending, pixel];
    this.pending = ends ? null : pixel;
    if (ends && this.tool === "measure") this.pairs.push(ends);
    if (ends && this.tool === "known") {
      this.ends = ends;
      byId("metres", HTMLInputElement).focus();
    }
    this.showMarks();
  }

  private measurements(): Measurement[] {
    return this.pairs.map((ends) => this.view!.prediction.measure(...ends));
  }

  private showMarks(): void {
    const items = this.measurements().map(({ distance }) =>
      Object.assign(document.createElement("li"), { textContent: inWords(distance) }),
    );
    byId("distances", HTMLElement).replaceChildren(...items);
    show("measured", items.length > 0 || (this.ends ?? this.known) !== null);
    const factor = this.view?.prediction.scale ?? 1;
    write("scaled", factor === 1 ? "" : text.scaled, { factor });
    this.drawMarks();
  }

  private drawMarks(): void {
    const lines: Line[] = [];
    const add = ([start, stop]: [Pixel, Pixel], label: string, isKnown: boolean) =>
      lines.push({ start, stop, label, isKnown });
    this.pairs.forEach((ends, i) => add(ends, String(i + 1), false));
    if (this.known) add(this.known.ends, fill(text.line, { length: this.known.metres }), true);
    if (this.ends) add(this.ends, "?", true);
    this.stage.draw(lines, this.pending);
  }
}

function inWords({ metres, interval }: Estimate): string {
  if (!interval) return fill(text.length, { metres });
  return fill(text.interval, { metres, low: interval[0], high: interval[1] });
}
