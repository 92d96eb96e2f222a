/** Photos as files: decoding, upright, with the focal length from the Exif data. */

import { exifFocalPx, isTruncatedJpeg } from "./exif";
import { explain, Problem } from "./problem";
import type { Size } from "./resize";

const MOST_BYTES = 200e6;
const MOST_PIXELS = 100e6;
const SHOWN_SIDE = 1600;
const SIGNATURES = /^(\xff\xd8|\x89PNG|GIF8|BM|RIFF....WEBP|....ftyp(avi|mif|hei))/s;

export interface OpenedPhoto {
  size: Size;
  focalPx: number | null;
  /** The photo, at most 1600 pixels large, for the screen. */
  shown: ImageBitmap;
}

/** Decode a photo upright, with its pixels as they are stored. */
export async function decode(file: Blob): Promise<ImageBitmap> {
  const image = await explain("notImage", () =>
    createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" }),
  );
  if (image.width * image.height > MOST_PIXELS) {
    image.close();
    throw new Problem("tooLarge");
  }
  return image;
}

export async function openPhoto(file: Blob): Promise<OpenedPhoto & { image: ImageBitmap }> {
  if (file.size > MOST_BYTES) throw new Problem("tooLarge");
  const bytes = await explain("memory", () => file.arrayBuffer());
  const view = new DataView(bytes);
  if (isTruncatedJpeg(view)) throw new Problem("damaged");
  const image = await decode(file).catch((error: unknown) => {
    const head = String.fromCharCode(...new Uint8Array(bytes.slice(0, 12)));
    const isImage = error instanceof Problem && error.kind === "notImage" && SIGNATURES.test(head);
    throw isImage ? new Problem("damaged") : error;
  });
  const { width, height } = image;
  const shrink = Math.min(1, SHOWN_SIDE / Math.max(width, height));
  const shown = await createImageBitmap(image, {
    resizeWidth: Math.max(1, Math.round(width * shrink)),
    resizeHeight: Math.max(1, Math.round(height * shrink)),
    resizeQuality: "high",
  });
  const size = { width, height };
  return { size, focalPx: exifFocalPx(view, width, height), shown, image };
}
