/** Resizing as `images/resize.py` and the canvas as `predict/canvas.py`: the same numbers. */

export interface Size {
  height: number;
  width: number;
}

const MULTIPLE = 16;
const SMALLEST_SIDE = 32;
const AREA_TOLERANCE = 1.2;
const BAND_BYTES = 2 ** 24;
const FIXED = 2048; // OpenCV's shares have 11 bits

/** The size that a photo is resized to: the closest aspect ratio, then the closest area. */
export function canvasSize(photo: Size, canvas: Size): Size {
  const area = canvas.height * canvas.width;
  const longest = Math.trunc((area * AREA_TOLERANCE) / SMALLEST_SIDE);
  const sides: number[] = [];
  for (let side = SMALLEST_SIDE; side <= longest; side += MULTIPLE) sides.push(side);
  const sizes = sides
    .flatMap((height) => sides.map((width) => ({ height, width })))
    .filter(({ height, width }) => {
      const ratio = (height * width) / area;
      return 1 / AREA_TOLERANCE <= ratio && ratio <= AREA_TOLERANCE;
    });
  const apart = (size: Size) => Math.abs(Math.log((size.height * size.width) / area));
  const stretch = (size: Size) => {
    const [across, down] = [size.width * photo.height, size.height * photo.width];
    return Math.max(across, down) / Math.min(across, down);
  };
  sizes.sort((a, b) => apart(a) - apart(b)); // stable, as Python's
  return sizes.reduce((best, size) => (stretch(size) < stretch(best) ? size : best));
}

/** RGB of an image at another size: area averaging to shrink, bilinear to enlarge. */
export function resizeImage(image: ImageBitmap, size: Size): Uint8Array<ArrayBuffer> {
  const shrinks = image.height >= size.height && image.width >= size.width;
  return shrinks ? average(image, size) : interpolate(image, size);
}

/** Bands of rows, so that a large photo needs no second copy in memory. */
function* bands(image: ImageBitmap): Generator<[top: number, rgba: Uint8ClampedArray]> {
  const rows = Math.max(1, Math.floor(BAND_BYTES / (4 * image.width)));
  const canvas = new OffscreenCanvas(image.width, Math.min(rows, image.height));
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.globalCompositeOperation = "copy";
  for (let top = 0; top < image.height; top += rows) {
    const count = Math.min(rows, image.height - top);
    context.drawImage(image, 0, -top);
    yield [top, context.getImageData(0, 0, image.width, count).data];
  }
}

/** For each old pixel the first new one that it lies in, and its share of that. */
function cells(before: number, after: number): [Int32Array, Float64Array] {
  const first = new Int32Array(before);
  const share = new Float64Array(before);
  for (let i = 0; i < before; i++) {
    first[i] = Math.floor((i * after) / before);
    share[i] = Math.min(1, ((first[i] + 1) * before - i * after) / after);
  }
  return [first, share];
}

function average(image: ImageBitmap, { height, width }: Size): Uint8Array<ArrayBuffer> {
  const [rowOf, rowShare] = cells(image.height, height);
  const [columnOf, columnShare] = cells(image.width, width);
  const sums = new Float64Array((height + 1) * width * 3);
  const line = new Float64Array((width + 1) * 3);
  for (const [top, rgba] of bands(image)) {
    for (let start = 0; start < rgba.length; start += 4 * image.width) {
      line.fill(0);
      for (let x = 0, from = start; x < image.width; x++, from += 4) {
        const to = 3 * columnOf[x];
        const share = columnShare[x];
        for (let c = 0; c < 3; c++) {
          line[to + c] += share * rgba[from + c];
          line[to + 3 + c] += (1 - share) * rgba[from + c];
        }
      }
      const y = top + start / (4 * image.width);
      const to = rowOf[y] * width * 3;
      for (let i = 0; i < width * 3; i++) {
        sums[to + i] += rowShare[y] * line[i];
        sums[to + width * 3 + i] += (1 - rowShare[y]) * line[i];
      }
    }
  }
  const area = (image.height / height) * (image.width / width);
  return Uint8Array.from({ length: height * width * 3 }, (_, i) => Math.round(sums[i] / area));
}

/** OpenCV's fixed-point arithmetic, so that grey levels are the same. */
function interpolate(image: ImageBitmap, { height, width }: Size): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8Array(4 * image.height * image.width);
  for (const [top, band] of bands(image)) rgba.set(band, 4 * top * image.width);
  const [left, right, rightShare] = fixedNeighbours(image.width, width);
  const [upper, lower, lowerShare] = fixedNeighbours(image.height, height);
  const result = new Uint8Array(height * width * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const across = (row: number) => {
          const start = 4 * row * image.width + c;
          const rest = rgba[start + 4 * left[x]] * (FIXED - rightShare[x]);
          return (rest + rgba[start + 4 * right[x]] * rightShare[x]) >> 4;
        };
        const above = (across(upper[y]) * (FIXED - lowerShare[y])) >> 16;
        const below = (across(lower[y]) * lowerShare[y]) >> 16;
        result[to++] = (above + below + 2) >> 2;
      }
    }
  }
  return result;
}

function fixedNeighbours(before: number, after: number): Neighbours {
  const places = Float32Array.from(
    { length: after },
    (_, i) => (i + 0.5) * (1 / (after / before)) - 0.5,
  );
  const inside = (place: number) => Math.min(before - 1, Math.max(0, place));
  return [
    Int32Array.from(places, (place) => inside(Math.floor(place))),
    Int32Array.from(places, (place) => inside(Math.floor(place) + 1)),
    places.map((place) => Math.round((place - Math.floor(place)) * FIXED)),
  ];
}

/** A map that is seen at another size, bilinearly; pixels are computed when asked for. */
export class Resized {
  private readonly across: Neighbours;
  private readonly down: Neighbours;

  constructor(
    private readonly values: Float32Array,
    private readonly before: Size,
    readonly size: Size,
  ) {
    this.across = neighbours(before.width, size.width);
    this.down = neighbours(before.height, size.height);
  }

  at(x: number, y: number): number {
    const [left, right, share] = this.across;
    const [upper, lower, below] = this.down;
    const across = (row: number) => {
      const start = row * this.before.width;
      return blend(this.values[start + left[x]], this.values[start + right[x]], share[x]);
    };
    return blend(across(upper[y]), across(lower[y]), below[y]);
  }

  row(y: number): Float32Array<ArrayBuffer> {
    const row = new Float32Array(this.size.width);
    for (let x = 0; x < row.length; x++) row[x] = this.at(x, y);
    return row;
  }
}

type Neighbours = [first: Int32Array, second: Int32Array, share: Float32Array];

function neighbours(before: number, after: number): Neighbours {
  const [first, second] = [new Int32Array(after), new Int32Array(after)];
  const share = new Float32Array(after);
  const scale = Math.fround(before / after);
  for (let i = 0; i < after; i++) {
    const centre = Math.max(0, Math.fround((i + 0.5) * scale - 0.5));
    first[i] = Math.trunc(centre);
    second[i] = Math.min(first[i] + 1, before - 1);
    share[i] = centre - first[i];
  }
  return [first, second, share];
}

function blend(first: number, second: number, share: number): number {
  return Math.fround(first * Math.fround(1 - share) + Math.fround(second * share));
}
