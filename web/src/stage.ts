/** The photo with its depth as colour, the cross under the pointer, and the marks. */

import { paint, type Range } from "./colour";
import type { Prediction } from "./depth";
import { byId } from "./elements";
import type { Pixel } from "./measure";
import type { Size } from "./resize";

const FAST = 10; // pixels by which the cross moves with Shift
const SVG = "http://www.w3.org/2000/svg";

export interface Line {
  start: Pixel;
  stop: Pixel;
  label: string;
  isKnown: boolean;
}

export class Stage {
  private readonly element = byId("stage", HTMLElement);
  private readonly photo = byId("photo", HTMLCanvasElement);
  private readonly depth = byId("depth", HTMLCanvasElement);
  private readonly marks = byId("marks", SVGSVGElement);
  private size: Size = { height: 1, width: 1 };
  private cross: Pixel = { x: 0, y: 0 };

  /** The callbacks get pixels of the photo; `byKey` tells that the cross was moved by a key. */
  constructor(
    private readonly onMove: (pixel: Pixel, byKey: boolean) => void,
    private readonly onMark: (pixel: Pixel) => void,
  ) {
    this.element.addEventListener("pointermove", (event) => {
      this.moveTo(this.pixelOf(event), false);
    });
    this.element.addEventListener("click", (event) => {
      this.moveTo(this.pixelOf(event), false);
      this.onMark(this.cross);
    });
    this.element.addEventListener("keydown", this.onKey);
  }

  /** Show an image; returns the size that depth is painted at. */
  showImage(image: CanvasImageSource, shown: Size, size: Size): void {
    if (size.width !== this.size.width || size.height !== this.size.height) {
      this.size = size;
      this.cross = { x: Math.floor(size.width / 2), y: Math.floor(size.height / 2) };
      this.marks.setAttribute("viewBox", `-0.5 -0.5 ${size.width} ${size.height}`);
    }
    fit(this.photo, shown);
    this.photo.getContext("2d")!.drawImage(image, 0, 0, shown.width, shown.height);
  }

  showDepth(prediction: Prediction, range: Range): void {
    const { width, height } = this.photo;
    const across = prediction.facts.size.width / width;
    const down = prediction.facts.size.height / height;
    const row = (y: number) => {
      const all = prediction.rowM(Math.floor((y + 0.5) * down));
      if (across === 1) return all;
      return Float32Array.from({ length: width }, (_, x) => all[Math.floor((x + 0.5) * across)]);
    };
    this.showPicture(paint({ width, height }, row, range));
  }

  showPicture(picture: ImageData | null): void {
    fit(this.depth, picture ?? { width: 1, height: 1 });
    if (picture) this.depth.getContext("2d")!.putImageData(picture, 0, 0);
  }

  /** Colour covers this share of the photo, from the left. */
  uncover(share: number): void {
    this.depth.style.clipPath = `inset(0 ${100 * (1 - share)}% 0 0)`;
  }

  describe(label: string): void {
    this.element.setAttribute("aria-label", label);
  }

  draw(lines: Line[], pending: Pixel | null): void {
    const unit = Math.max(this.size.width, this.size.height) / 100;
    const cross = this.cross;
    const shapes = [
      shape("path", {
        d: `M${cross.x - unit} ${cross.y}h${2 * unit}M${cross.x} ${cross.y - unit}v${2 * unit}`,
      }),
    ];
    for (const { start, stop, label, isKnown } of lines) {
      const ends = { x1: start.x, y1: start.y, x2: stop.x, y2: stop.y };
      shapes.push(shape("line", { ...ends, class: isKnown ? "known" : "" }));
      for (const { x, y } of [start, stop])
        shapes.push(shape("circle", { cx: x, cy: y, r: unit / 2 }));
      const [x, y] = [(start.x + stop.x) / 2 + unit, (start.y + stop.y) / 2 - unit];
      const words = shape("text", { x, y, "font-size": 3 * unit });
      words.textContent = label;
      shapes.push(words);
    }
    if (pending) shapes.push(shape("circle", { cx: pending.x, cy: pending.y, r: unit / 2 }));
    this.marks.replaceChildren(...shapes);
  }

  private moveTo(pixel: Pixel, byKey: boolean): void {
    const inside = (value: number, length: number) => Math.min(length - 1, Math.max(0, value));
    this.cross = { x: inside(pixel.x, this.size.width), y: inside(pixel.y, this.size.height) };
    this.onMove(this.cross, byKey);
  }

  private pixelOf(event: MouseEvent): Pixel {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return {
      x: Math.floor(((event.clientX - left) / width) * this.size.width),
      y: Math.floor(((event.clientY - top) / height) * this.size.height),
    };
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? FAST : 1;
    const { x, y } = this.cross;
    const moves: Record<string, Pixel | undefined> = {
      ArrowLeft: { x: x - step, y },
      ArrowRight: { x: x + step, y },
      ArrowUp: { x, y: y - step },
      ArrowDown: { x, y: y + step },
    };
    const moved = moves[event.key];
    if (moved) this.moveTo(moved, true);
    else if (event.key === "Enter" || event.key === " ") this.onMark(this.cross);
    else return;
    event.preventDefault();
  };
}

function fit(canvas: HTMLCanvasElement, { width, height }: Size): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function shape(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
