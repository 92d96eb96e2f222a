/** The photo with its depth as colour, the cross under the pointer, and the marks. */

import { byId } from "./elements";
import { percentiles } from "./measure";
import { rgbaOf, type Pixel, type Size } from "./resize";

const TAIL = 0.01;
const STEPS_PER_METRE = 10;

const HIGHEST = "75vh"; // the readout above it stays on the screen
const FAST = 10; // pixels by which the cross moves with Shift
const ARROWS: Record<string, [right: number, down: number] | undefined> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const legend = byId("legend", HTMLImageElement);
/** The 256 colours of the legend, which is matplotlib's magma_r. */
const palette = legend.decode().then(async () => {
  return new Uint32Array(rgbaOf(await createImageBitmap(legend)).buffer);
});

export type Ends = [start: Pixel, stop: Pixel];
type Line = { ends: Ends; label: string; isKnown: boolean };

export class Stage {
  private readonly element = byId("stage", HTMLElement);
  private readonly photo = byId("photo", HTMLCanvasElement);
  private readonly depth = byId("depth", HTMLCanvasElement);
  private readonly marks = byId("marks", SVGSVGElement);
  private size: Size = { height: 1, width: 1 };
  /** A pixel of the photo. */
  cross: Pixel = { x: 0, y: 0 };

  /** What to do after the cross was moved, perhaps by a key, and where it marks a point. */
  constructor(
    private readonly onMove: (byKey: boolean) => void,
    private readonly onMark: () => void,
  ) {
    this.element.addEventListener("pointermove", (event) => this.moveTo(this.pixelOf(event)));
    this.element.addEventListener("click", (event) => {
      this.moveTo(this.pixelOf(event));
      this.onMark();
    });
    this.element.addEventListener("keydown", this.onKey);
  }

  /** Show an image of a photo of this size, and over it its depth; returns the colours' range. */
  async show(image: ImageBitmap, size: Size, map: Size, mapM: Float32Array): Promise<Range> {
    const range = rangeOf(mapM);
    const picture = paint(await palette, map, mapM, range);
    if (size.width !== this.size.width || size.height !== this.size.height) {
      this.size = size;
      this.cross = { x: Math.floor(size.width / 2), y: Math.floor(size.height / 2) };
      this.element.style.maxWidth = `calc(${HIGHEST} * ${size.width / size.height})`;
    }
    contextOf(this.photo, image).drawImage(image, 0, 0);
    contextOf(this.depth, picture).putImageData(picture, 0, 0);
    return range;
  }

  /** Depth covers this percentage of the photo, from the left. */
  uncover(percent: number): void {
    this.depth.style.clipPath = `inset(0 ${100 - percent}% 0 0)`;
  }

  /** Draw in shares of the photo, so that marks follow its size on the screen. */
  draw(lines: Line[], pending: Pixel | null): void {
    const { height, width } = this.size;
    const [across, down] = [(x: number) => percent(x, width), (y: number) => percent(y, height)];
    const dot = ({ x, y }: Pixel) => `<circle cx="${across(x)}" cy="${down(y)}" r="4" />`;
    const { x, y } = this.cross;
    const shapes = [`<svg x="${across(x)}" y="${down(y)}"><path d="M-8 0h16M0-8v16" /></svg>`];
    for (const { ends, label, isKnown } of lines) {
      const [start, stop] = ends;
      const first = `x1="${across(start.x)}" y1="${down(start.y)}"`;
      const second = `x2="${across(stop.x)}" y2="${down(stop.y)}"`;
      shapes.push(`<line ${first} ${second} class="${isKnown ? "known" : ""}" />`);
      const middle = `x="${across((start.x + stop.x) / 2)}" y="${down((start.y + stop.y) / 2)}"`;
      shapes.push(dot(start), dot(stop), `<text ${middle} dx="8" dy="-8">${label}</text>`);
    }
    if (pending) shapes.push(dot(pending));
    this.marks.innerHTML = shapes.join(""); // numbers, and words of ours
  }

  private moveTo(pixel: Pixel, byKey = false): void {
    const inside = (value: number, length: number) => Math.min(length - 1, Math.max(0, value));
    this.cross = { x: inside(pixel.x, this.size.width), y: inside(pixel.y, this.size.height) };
    this.onMove(byKey);
  }

  private pixelOf(event: MouseEvent): Pixel {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return {
      x: Math.floor(((event.clientX - left) / width) * this.size.width),
      y: Math.floor(((event.clientY - top) / height) * this.size.height),
    };
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = event.shiftKey ? FAST : 1;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const [right, down] = arrow;
      this.moveTo({ x: this.cross.x + step * right, y: this.cross.y + step * down }, true);
    } else if (event.key === "Enter" || event.key === " ") this.onMark();
    else return;
    event.preventDefault();
  };
}

/** Where the centre of a pixel lies. */
function percent(pixel: number, length: number): string {
  return `${(100 * (pixel + 0.5)) / length}%`;
}

type Range = [lowM: number, highM: number];

/** A range that holds all but 1 % of the depths at either end, rounded outward to 0.1 m. */
function rangeOf(depthM: Float32Array): Range {
  const [low, high] = percentiles(depthM, [TAIL, 1 - TAIL]).map((value) => value * STEPS_PER_METRE);
  const range: Range = [Math.floor(low) / STEPS_PER_METRE, Math.ceil(high) / STEPS_PER_METRE];
  return range[0] < range[1] ? range : [range[0], range[0] + 1 / STEPS_PER_METRE];
}

/** Near is bright and warm, far is dark, as in `figures/colour.py`. */
function paint(colours: Uint32Array, size: Size, depthM: Float32Array, range: Range): ImageData {
  const picture = new ImageData(size.width, size.height);
  const pixels = new Uint32Array(picture.data.buffer);
  const [low, high] = range;
  const shades = Uint8ClampedArray.from(depthM, (metres) => (255 * (metres - low)) / (high - low));
  shades.forEach((shade, i) => (pixels[i] = colours[shade]));
  return picture;
}

function contextOf(canvas: HTMLCanvasElement, { width, height }: Size): CanvasRenderingContext2D {
  Object.assign(canvas, { width, height });
  return canvas.getContext("2d")!;
}
