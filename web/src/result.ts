/** What the page shows of a photo: its depth, lengths between marked points, 3-D, and files. */

import type { Prediction } from "./depth";
import { json, npy, ply, png16, save, statement } from "./downloads";
import { byId, fill, show, write } from "./elements";
import type { Estimate, Measurement } from "./measure";
import { surfaceOf, type Surface } from "./mesh";
import { Problem, toProblem } from "./problem";
import type { Pixel, Size } from "./resize";
import type { Scene } from "./scene";
import { Stage, type Ends } from "./stage";
import text from "./text.json";

export type Tool = keyof typeof text.help;

export class Result {
  readonly stage = new Stage(
    (byKey) => this.read(byKey),
    () => this.mark(this.stage.cross),
  );
  scene: Scene | null = null;
  /** What the network predicted, the same scaled to a known length, and what is made of it. */
  private view: { original: Prediction; prediction: Prediction; surface: Surface } | null = null;
  private image: ImageBitmap | null = null;
  private tool: Tool = "look";
  private pending: Pixel | null = null;
  private pairs: Ends[] = [];
  /** The ends of a length that is not typed yet, and the length that depth is scaled to. */
  private ends: Ends | null = null;
  private known: { ends: Ends; metres: number } | null = null;

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
    const isOther = !this.view;
    let [prediction, fault]: [Prediction, Problem | null] = [original, null];
    try {
      if (this.known) prediction = original.calibrated(...this.known.ends, this.known.metres);
    } catch (error) {
      [fault, this.ends, this.known] = [toProblem(error), this.known!.ends, null];
    }
    const { size, mapSize, focalPx } = original.answer;
    await this.look(image, size, mapSize, prediction.mapM);
    const surface = surfaceOf(prediction, image);
    this.view = { original, prediction, surface };
    this.render();
    show("solid", true); // the canvas needs its size
    const drawn = import("./scene").then(({ Scene }) => {
      // Large, and not needed before.
      this.scene ??= new Scene(byId("space", HTMLCanvasElement));
      this.scene.show(surface, image, focalPx / size.height, isOther);
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
    this.render();
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

  /** Remove what a button stands for: a distance by its number, the known length, or all. */
  async remove(button: HTMLButtonElement | null): Promise<void> {
    if (!button) return;
    const { known } = this;
    if (button.value === "all") this.forgetMarks();
    else if (button.value === "known") this.ends = this.known = null;
    else this.pairs.splice(Number(button.value), 1);
    byId("stage", HTMLElement).focus(); // the button is gone
    if (known && !this.known) await this.rescale();
    else this.render();
  }

  private forgetMarks(): void {
    [this.pending, this.pairs, this.ends, this.known] = [null, [], null, null];
  }

  async download(button: HTMLButtonElement | null): Promise<void> {
    if (!this.view || !button) return;
    write("status", text.making);
    await new Promise((resolve) => setTimeout(resolve, 50)); // for the screen
    const { prediction, surface } = this.view;
    const makers: Record<string, () => Blob | Promise<Blob>> = {
      "_depth.png": () => png16(prediction),
      "_depth.npy": () => npy(prediction),
      "_points.ply": () => ply(prediction, surface),
      "_mesh.glb": () => this.scene!.glb(statement(prediction, "metres")),
      "_depth.json": () => json(prediction, this.measurements()),
    };
    const name = prediction.names.photo.replace(/\.\w+$/, "");
    const safe = name.replace(/[^\p{L}\p{M}\p{N}_.-]+/gu, "-").replace(/^[-.]*$/, "photo");
    save(await makers[button.value](), safe + button.value);
  }

  private async rescale(): Promise<void> {
    if (this.view && this.image) await this.show(this.view.original, this.image);
  }

  /** Tell the depth at the cross; aloud if a key moved it. */
  private read(byKey: boolean): void {
    const { cross } = this.stage;
    const found = this.view?.prediction.measure(cross, cross).startDepth;
    const words = found ? fill(text.at, { ...cross, depth: inWords(found) }) : "";
    write("readout", words);
    write("spoken", byKey ? words : "");
    this.drawMarks();
  }

  private mark(pixel: Pixel): void {
    const isSame = pixel.x === this.pending?.x && pixel.y === this.pending.y;
    if (this.tool === "look" || !this.view || isSame) return;
    const ends: Ends | null = this.pending && [this.pending, pixel];
    this.pending = ends ? null : pixel;
    if (ends && this.tool === "measure") this.pairs.push(ends);
    if (ends && this.tool === "known") {
      this.ends = ends;
      byId("metres", HTMLInputElement).focus();
    }
    this.render();
  }

  private measurements(): Measurement[] {
    return this.pairs.map((ends) => this.view!.prediction.measure(...ends));
  }

  /** Write all that follows from the prediction and the marks. */
  private render(): void {
    const items = this.measurements().map(({ distance }, i) => {
      const words = fill(text.removeNumber, { number: i + 1 });
      const button = `<button type="button" value="${i}" aria-label="${words}">${text.remove}</button>`;
      return `<li><span>${inWords(distance)}</span> ${button}</li>`;
    });
    byId("distances", HTMLElement).innerHTML = items.join(""); // numbers, and words of ours
    show("measured", items.length > 0);
    show("scale", (this.ends ?? this.known) !== null);
    write("scaled", this.known ? text.scaled : "", { factor: this.view?.prediction.scale ?? 1 });
    this.read(false);
  }

  private drawMarks(): void {
    const lines = this.pairs.map((ends, i) => ({ ends, label: String(i + 1), isKnown: false }));
    const add = (ends: Ends, label: string) => lines.push({ ends, label, isKnown: true });
    if (this.known) add(this.known.ends, fill(text.line, { length: this.known.metres }));
    if (this.ends) add(this.ends, "?");
    this.stage.draw(lines, this.pending);
  }
}

function inWords({ metres, interval }: Estimate): string {
  if (!interval) return fill(text.length, { metres });
  return fill(text.interval, { metres, low: interval[0], high: interval[1] });
}
