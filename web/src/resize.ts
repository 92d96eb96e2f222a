/** Resizing as `images/resize.py` and the canvas as `predict/canvas.py`. */

import { Problem } from "./problem";

export type Size = Record<"height" | "width", number>;
export type Pixel = Record<"x" | "y", number>;
export type Rows = (y: number) => Float32Array<ArrayBuffer>;

/** An image, RGB, 0 to 255. */
type Pixels = [size: Size, rgb: Uint8Array<ArrayBuffer>];

const MULTIPLE = 16;
const SMALLEST_SIDE = 32;
const AREA_TOLERANCE = 1.2;
const BAND_BYTES = 2 ** 24;

/** An image at the size of its canvas. The network itself enlarges one that is smaller. */
export function toPixels(image: ImageBitmap, canvas: Size): Pixels {
  const size = canvasSize(image, canvas);
  const shrinks = image.height >= size.height && image.width >= size.width;
  return average(image, shrinks ? size : { height: image.height, width: image.width });
}

/** The size that a photo is resized to: the closest aspect ratio, then the closest area. */
function canvasSize(photo: Size, canvas: Size): Size {
  const area = canvas.height * canvas.width;
  const longest = (area * AREA_TOLERANCE) / SMALLEST_SIDE;
  let best = { ...canvas, stretch: Infinity, apart: Infinity };
  for (let height = SMALLEST_SIDE; height <= longest; height += MULTIPLE) {
    for (let width = SMALLEST_SIDE; width <= longest; width += MULTIPLE) {
      const ratio = (height * width) / area;
      if (ratio < 1 / AREA_TOLERANCE || ratio > AREA_TOLERANCE) continue;
      const [across, down] = [width * photo.height, height * photo.width];
      const stretch = Math.max(across, down) / Math.min(across, down);
      const apart = Math.abs(Math.log(ratio));
      const isCloser = stretch < best.stretch || (stretch === best.stretch && apart < best.apart);
      if (isCloser) best = { height, width, stretch, apart };
    }
  }
  return { height: best.height, width: best.width };
}

/** All pixels of a small image. */
export function rgbaOf(image: ImageBitmap): Uint8ClampedArray<ArrayBuffer> {
  const [[, rgba]] = bands(image);
  return rgba;
}

/** Bands of rows, so that a large photo needs no second copy in memory. */
function* bands(
  image: ImageBitmap,
): Generator<[top: number, rgba: Uint8ClampedArray<ArrayBuffer>]> {
  const rows = Math.max(1, Math.floor(BAND_BYTES / (4 * image.width)));
  const canvas = new OffscreenCanvas(image.width, Math.min(rows, image.height));
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.globalCompositeOperation = "copy";
  for (let top = 0; top < image.height; top += rows) {
    context.drawImage(image, 0, -top);
    const count = Math.min(rows, image.height - top);
    yield [top, context.getImageData(0, 0, image.width, count).data];
  }
}

/** For each old pixel the first new one that it lies in, and its share of that. */
function cells(before: number, after: number): [Int32Array, Float64Array] {
  const [first, share] = [new Int32Array(before), new Float64Array(before)];
  for (let i = 0; i < before; i++) {
    first[i] = Math.floor((i * after) / before);
    share[i] = Math.min(1, ((first[i] + 1) * before - i * after) / after);
  }
  return [first, share];
}

/** Area averaging. */
function average(image: ImageBitmap, size: Size): Pixels {
  const [rowOf, rowShare] = cells(image.height, size.height);
  const [columnOf, columnShare] = cells(image.width, size.width);
  const length = 3 * size.width;
  const sums = new Float64Array((size.height + 1) * length);
  const line = new Float64Array(length + 3);
  for (const [top, rgba] of bands(image)) {
    for (let from = 0, y = top; from < rgba.length; y++) {
      line.fill(0);
      for (let x = 0; x < image.width; x++, from += 4) {
        if (rgba[from + 3] < 255) throw new Problem("transparent"); // its colour is not known
        const [to, share] = [3 * columnOf[x], columnShare[x]];
        for (let c = 0; c < 3; c++) {
          line[to + c] += share * rgba[from + c];
          line[to + 3 + c] += (1 - share) * rgba[from + c];
        }
      }
      const [to, share] = [rowOf[y] * length, rowShare[y]];
      for (let i = 0; i < length; i++) {
        sums[to + i] += share * line[i];
        sums[to + length + i] += (1 - share) * line[i];
      }
    }
  }
  const area = (image.height / size.height) * (image.width / size.width);
  // OpenCV rounds ties to even, but up where both sides are halved. Means are multiples of .25
  // then, so that adding .1 changes ties alone.
  const up = area === 4 && image.width === 2 * size.width ? 0.1 : 0;
  const rounded = new Uint8ClampedArray(size.height * length);
  for (let i = 0; i < rounded.length; i++) rounded[i] = sums[i] / area + up;
  return [size, new Uint8Array(rounded.buffer)];
}

/** Rows of a map at another size of it, bilinearly; pixels are squares. The last one is kept. */
export function enlarged(values: Float32Array, before: Size, after: Size): Rows {
  const mix = (a: number, b: number, share: number) => a * (1 - share) + b * share;
  const [rows, columns] = [places(before.height, after.height), places(before.width, after.width)];
  let [last, row] = [NaN, new Float32Array()];
  return (y) => {
    if (y === last) return row;
    const [upper, lower, down] = rows[y];
    const above = values.subarray(upper * before.width, (upper + 1) * before.width);
    const below = values.subarray(lower * before.width, (lower + 1) * before.width);
    const line = above.map((value, x) => mix(value, below[x], down));
    [last, row] = [y, new Float32Array(after.width)];
    columns.forEach(([left, right, across], x) => (row[x] = mix(line[left], line[right], across)));
    return row;
  };
}

/** For each new pixel, the two old ones around its centre, and the share of the second. */
function places(before: number, after: number): [first: number, second: number, share: number][] {
  return Array.from({ length: after }, (_, pixel) => {
    const centre = Math.max(0, ((pixel + 0.5) * before) / after - 0.5);
    const first = Math.trunc(centre);
    return [first, Math.min(first + 1, before - 1), centre - first];
  });
}
