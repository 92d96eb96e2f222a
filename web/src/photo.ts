/** Photos as files: decoding, upright, with the focal length from the Exif data. */

import { exifFocalPx, isTruncatedJpeg, orientationOf } from "./exif";
import { explain, Problem } from "./problem";

const MOST_BYTES = 200e6;
const MOST_PIXELS = 100e6;
const SHOWN_SIDE = 1600;

// For each orientation from 2 to 8: right and down that a column leads, then those of a row.
const TURNS = [
  -1, 0, 0, 1, -1, 0, 0, -1, 1, 0, 0, -1, 0, 1, 1, 0, 0, 1, -1, 0, 0, -1, -1, 0, 0, -1, 1, 0,
];

/** Refuse what is no image or too large, before it is decoded; workers lack `Image`. */
export async function checkPhoto(file: Blob): Promise<void> {
  if (file.size > MOST_BYTES) throw new Problem("tooLarge");
  if (file.type.startsWith("image/svg")) throw new Problem("notImage"); // a drawing, of no pixels
  const image = new Image();
  const loading = new Promise((onload, onerror) => Object.assign(image, { onload, onerror }));
  image.src = URL.createObjectURL(file);
  await explain("notImage", loading).finally(() => URL.revokeObjectURL(image.src));
  if (image.naturalWidth * image.naturalHeight > MOST_PIXELS) throw new Problem("tooLarge");
}

/** Decode a photo upright, with its pixels as they are stored, and its focal length in pixels. */
export async function openPhoto(file: Blob): Promise<[image: ImageBitmap, focalPx: number | null]> {
  const bytes = new DataView(await explain("memory", file.arrayBuffer()));
  if (isTruncatedJpeg(bytes)) throw new Problem("damaged");
  const turn = orientationOf(bytes);
  if (turn) {
    // Browsers differ in whether they turn this kind. None does if Exif data begin with zeros.
    const [, start] = turn;
    file = new Blob([file.slice(0, start), new Uint8Array(4), file.slice(start + 4)]);
  }
  const stored = { colorSpaceConversion: "none", premultiplyAlpha: "none" } as const;
  const decoded = await explain("damaged", createImageBitmap(file, stored));
  const image = turn ? turned(decoded, turn[0]) : decoded;
  return [image, exifFocalPx(bytes, image)];
}

/** A stored photo, upright. */
function turned(image: ImageBitmap, orientation: number): ImageBitmap {
  const [a, b, c, d] = TURNS.slice(4 * (orientation - 2));
  const [width, height] = a === 0 ? [image.height, image.width] : [image.width, image.height];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.setTransform(a, b, c, d, a + c < 0 ? width : 0, b + d < 0 ? height : 0);
  context.drawImage(image, 0, 0);
  image.close();
  return canvas.transferToImageBitmap();
}

/** A copy for the screen, of at most 1600 pixels. */
export function shrunk(image: ImageBitmap): Promise<ImageBitmap> {
  const factor = Math.min(1, SHOWN_SIDE / Math.max(image.width, image.height));
  return createImageBitmap(image, {
    resizeWidth: Math.max(1, Math.round(image.width * factor)),
    resizeHeight: Math.max(1, Math.round(image.height * factor)),
    resizeQuality: "high",
  });
}
