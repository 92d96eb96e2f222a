/** What the page shows of a photo: its depth, lengths between marked points, 3-D, and files. */

import type { Prediction } from "./depth";
import { json, npy, ply, png16, save, statement } from "./downloads";
import { byId, fill, show, write } from "./elements";
import type { Estimate, Measurement, Pixel } from "./measure";
import { surfaceOf, type Surface } from "./mesh";
import { Problem } from "./problem";
import type { Size } from "./resize";
import type { Scene } from "./scene";
import { Stage, type Line } from "./stage";
import text from "./text.json";

export type Tool = keyof typeof text.help;

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
  private known: { ends: [Pixel, Pixel]; metres: number | null } | null = null;

  /** Show an image of a photo, with its depth as colour. */
  async look(image: ImageBitmap, size: Size, mapSize: Size, mapM: Float32Array): Promise<void> {
    if (image !== this.image) this.image?.close();
    this.image = image;
    const [near, far] = await this.stage.show(image, size, mapSize, mapM);
    write("near", text.near, { metres: near });
    write("far", text.near, { metres: far });
    show("result", true);
  }

  /** Show a prediction; marks stay, and so does a known length. */
  async show(original: Prediction, image: ImageBitmap): Promise<void> {
    const prediction = this.scaled(original);
    const { size, mapSize, focalPx } = original.answer;
    await this.look(image, size, mapSize, prediction.mapM());
    const surface = surfaceOf(prediction, image);
    const { Scene } = await import("./scene"); // large, and not needed before
    this.scene ??= new Scene(byId("space", HTMLCanvasElement));
    this.scene.show(surface, image, focalPx / size.height);
    this.view = { original, prediction, surface };
    this.showMarks();
  }

  /** Forget all marks; the next photo starts without. */
  forget(): void {
    [this.view, this.pending, this.pairs, this.known] = [null, null, [], null];
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
    if (!this.known) throw new Problem("noPoints");
    this.known.metres = metres;
    await this.rescale();
  }

  async clear(): Promise<void> {
    [this.pending, this.pairs, this.known] = [null, [], null];
    await this.rescale();
  }

  showPoints(asPoints: boolean): void {
    this.scene?.showPoints(asPoints);
  }

  async download(kind: string): Promise<void> {
    if (!this.view) return;
    const { prediction, surface } = this.view;
    const makers: Record<string, () => Blob | Promise<Blob>> = {
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

  private scaled(original: Prediction): Prediction {
    if (!this.known?.metres) return original;
    try {
      return original.calibrated(...this.known.ends, this.known.metres);
    } catch (error) {
      this.known.metres = null;
      throw error;
    }
  }

  private read(pixel: Pixel, byKey: boolean): void {
    if (!this.view) return;
    const depth = inWords(this.view.prediction.depthEstimate(pixel));
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
      this.known = { ends, metres: null };
      byId("metres", HTMLInputElement).focus();
    }
    this.showMarks();
  }

  private measurements(): Measurement[] {
    return this.pairs.map((ends) => this.view!.prediction.measure(...ends));
  }

  private showMarks(): void {
    const items = this.measurements().map(({ distance }) => {
      const item = document.createElement("li");
      item.textContent = inWords(distance);
      return item;
    });
    byId("distances", HTMLElement).replaceChildren(...items);
    show("measured", items.length > 0 || this.known !== null);
    const factor = this.view?.prediction.scale ?? 1;
    write("scaled", factor === 1 ? "" : text.scaled, { factor });
    this.drawMarks();
  }

  private drawMarks(): void {
    const lines: Line[] = this.pairs.map(([start, stop], i) => {
      return { start, stop, label: String(i + 1), isKnown: false };
    });
    if (this.known) {
      const { ends, metres } = this.known;
      lines.push({ start: ends[0], stop: ends[1], label: `${metres ?? "?"} m`, isKnown: true });
    }
    this.stage.draw(lines, this.pending);
  }
}

function inWords({ metres, interval }: Estimate): string {
  if (!interval) return fill(text.length, { metres });
  return fill(text.interval, { metres, low: interval[0], high: interval[1] });
}
