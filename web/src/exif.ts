/** What a photo's file says besides its pixels: focal length, orientation, whether it is whole. */

import type { Size } from "./resize";

const [ORIENTATION, EXIF_IFD] = [0x0112, 0x8769];
const FOCAL_LENGTH_IN_35MM_FILM = 41989;
const PIXEL_DIMENSIONS = [40962, 40963];
const FILM_DIAGONAL_MM = Math.hypot(36, 24);
const ASPECT_TOLERANCE = 0.01;
const [LEAST_MM, MOST_MM] = [5, 2000];
const [SHORT, LONG, RATIONAL] = [3, 4, 5];
const [START_OF_IMAGE, START_OF_SCAN, FILLING] = [0xffd8, 0xffda, 0xffff];
const isJpeg = (file: DataView) => file.getUint16(0) === START_OF_IMAGE;
const EXIF_PARTS = ["ffe1", "eXIf", "EXIF"]; // of JPEG, PNG and WebP

/** Focal length in pixels of a photo of this size, as `camera/exif.py`; null if not known. */
export function exifFocalPx(file: DataView, size: Size): number | null {
  const focal = exifNumber(file, FOCAL_LENGTH_IN_35MM_FILM, EXIF_IFD);
  const stated = PIXEL_DIMENSIONS.map((tag) => exifNumber(file, tag, EXIF_IFD));
  if (!(LEAST_MM <= focal && focal <= MOST_MM)) return null;
  if (stated.some(Number.isNaN) || hasOtherShape([size.width, size.height], stated)) return null;
  return (focal * Math.hypot(size.width, size.height)) / FILM_DIAGONAL_MM;
}

/** The orientation that a photo is stored in, and where its Exif data begin; null if it is upright,
 * or a JPEG, which every browser turns. */
export function orientationOf(file: DataView): [orientation: number, start: number] | null {
  const orientation = exifNumber(file, ORIENTATION);
  if (isJpeg(file) || !(orientation > 1 && orientation <= 8)) return null;
  return [orientation, exifStart(file)!];
}

/** Whether a JPEG lacks its end; browsers show such photos with grey below. */
export function isTruncatedJpeg(file: DataView): boolean {
  if (!isJpeg(file)) return false;
  const bytes = new Uint8Array(file.buffer);
  const isScan = ([name]: Part) => name === START_OF_SCAN.toString(16);
  let place = partsOf(file).find(isScan)?.[1] ?? bytes.length;
  while ((place = bytes.indexOf(0xff, place) + 1) > 0) if (bytes[place] === 0xd9) return false;
  return true;
}

/** Whether a photo was cropped since its sides were stated; rounding is allowed. */
function hasOtherShape(sides: number[], stated: number[]): boolean {
  if (!stated.every((side) => side > 0)) return false;
  const ratio = (pair: number[]) => Math.max(...pair) / Math.min(...pair);
  const slack = ASPECT_TOLERANCE + 1 / Math.min(...sides);
  return Math.abs(ratio(stated) - ratio(sides)) > slack * ratio(sides);
}

type Part = [name: string, place: number];

/** The parts of a JPEG up to its pixels, or of all of a PNG or WebP file; none of other files. */
function partsOf(file: DataView): Part[] {
  const parts: Part[] = [];
  const [isPng, isRiff] = [letters(file, 1, 3) === "PNG", letters(file, 0) === "RIFF"];
  let place = isJpeg(file) ? 2 : isPng ? 8 : isRiff ? 12 : file.byteLength;
  while (place + 12 <= file.byteLength) {
    if (isJpeg(file)) {
      const marker = file.getUint16(place);
      parts.push([marker.toString(16), place + 4]);
      if (marker === START_OF_SCAN) break;
      place += marker === FILLING ? 1 : 2 + file.getUint16(place + 2);
    } else {
      const length = file.getUint32(isPng ? place : place + 4, isRiff);
      parts.push([letters(file, isPng ? place + 4 : place), place + 8]);
      place += length + (isPng ? 12 : 8 + (length % 2));
    }
  }
  return parts;
}

/** Where the Exif data begin, in form of a TIFF file; null without. */
function exifStart(file: DataView): number | null {
  const starts = partsOf(file)
    .filter(([name]) => EXIF_PARTS.includes(name))
    .map(([, place]) => place + (letters(file, place) === "Exif" ? 6 : 0));
  return starts.find((start) => ["II*\0", "MM\0*"].includes(letters(file, start))) ?? null;
}

/** Letters of a file; fewer at its end. */
function letters(file: DataView, place: number, count = 4): string {
  return String.fromCharCode(...new Uint8Array(file.buffer).subarray(place, place + count));
}

/** The number of a tag; 0 without, NaN if it is no single number, or damaged. */
function exifNumber(file: DataView, tag: number, directory?: number): number {
  const start = exifStart(file);
  if (start === null) return 0;
  const little = file.getUint8(start) === 0x49;
  const find = (offset: number, wanted: number) => {
    const count = file.getUint16(start + offset, little);
    const places = Array.from({ length: count }, (_, i) => start + offset + 2 + 12 * i);
    return places.find((place) => file.getUint16(place, little) === wanted);
  };
  const number = (place: number | undefined) => {
    if (place === undefined) return 0;
    const [type, count] = [file.getUint16(place + 2, little), file.getUint32(place + 4, little)];
    if (count !== 1) return NaN;
    if (type === SHORT) return file.getUint16(place + 8, little);
    const value = file.getUint32(place + 8, little);
    if (type === LONG) return value;
    if (type !== RATIONAL) return NaN;
    return file.getUint32(start + value, little) / file.getUint32(start + value + 4, little);
  };
  try {
    const first = file.getUint32(start + 4, little);
    const offset = directory ? number(find(first, directory)) : first;
    return offset ? number(find(offset, tag)) : 0;
  } catch {
    return NaN; // a place outside the file
  }
}
