/** The focal length in a photo's Exif data; the rule is that of `camera/exif.py`. */

import type { Size } from "./resize";

// The mark that JPEG, PNG or WebP put before Exif data, and how these begin.
const BEGINNING = /(?:Exif\0\0|eXIf|EXIF.{4}(?:Exif\0\0)?)(?=II\*\0|MM\0\*)/s;
const EXIF_IFD = 0x8769;
const FOCAL_LENGTH_IN_35MM_FILM = 41989;
const PIXEL_DIMENSIONS = [40962, 40963];
const FILM_DIAGONAL_MM = Math.hypot(36, 24);
const ASPECT_TOLERANCE = 0.01;
const [LEAST_MM, MOST_MM] = [5, 2000];
const [SHORT, LONG, RATIONAL] = [3, 4, 5];
const [START_OF_IMAGE, START_OF_SCAN, END_OF_IMAGE, FILLING] = [0xffd8, 0xffda, 0xffd9, 0xffff];

/** Focal length in pixels of a photo of this size; null if it is not known. */
export function exifFocalPx(file: DataView, size: Size): number | null {
  try {
    const tags = exifTags(file);
    const focal = tags.get(FOCAL_LENGTH_IN_35MM_FILM) ?? 0;
    const stated = PIXEL_DIMENSIONS.map((tag) => tags.get(tag) ?? 0);
    if (!(LEAST_MM <= focal && focal <= MOST_MM)) return null;
    if (stated.some(Number.isNaN) || hasOtherShape([size.width, size.height], stated)) return null;
    return (focal * Math.hypot(size.width, size.height)) / FILM_DIAGONAL_MM;
  } catch {
    return null; // damaged: a place outside the file
  }
}

/** Whether a JPEG lacks its end; browsers show such photos with grey below. */
export function isTruncatedJpeg(file: DataView): boolean {
  try {
    if (file.getUint16(0) !== START_OF_IMAGE) return false;
    let place = 2;
    for (let marker = 0; (marker = file.getUint16(place)) !== START_OF_SCAN;) {
      place += marker === FILLING ? 1 : 2 + file.getUint16(place + 2);
    }
    while (file.getUint16(place) !== END_OF_IMAGE) place++;
    return false;
  } catch {
    return true;
  }
}

/** Whether a photo was cropped since its sides were stated; rounding is allowed. */
function hasOtherShape(sides: number[], stated: number[]): boolean {
  if (!stated.every((side) => side > 0)) return false;
  const ratio = (pair: number[]) => Math.max(...pair) / Math.min(...pair);
  const slack = ASPECT_TOLERANCE + 1 / Math.min(...sides);
  return Math.abs(ratio(stated) - ratio(sides)) > slack * ratio(sides);
}

/** The numbers of the Exif tags; NaN where one is no single number. */
function exifTags(file: DataView): Map<number, number> {
  const found = BEGINNING.exec(new TextDecoder("latin1").decode(file)); // a letter for each byte
  if (!found) return new Map();
  const start = found.index + found[0].length;
  const little = file.getUint8(start) === 0x49;
  const number = (place: number) => {
    const [type, count] = [file.getUint16(place + 2, little), file.getUint32(place + 4, little)];
    if (count !== 1) return NaN;
    if (type === SHORT) return file.getUint16(place + 8, little);
    const value = file.getUint32(place + 8, little);
    if (type === LONG) return value;
    if (type !== RATIONAL) return NaN;
    return file.getUint32(start + value, little) / file.getUint32(start + value + 4, little);
  };
  const entries = (offset: number) => {
    const first = start + offset + 2;
    const places = Array.from(
      { length: file.getUint16(first - 2, little) },
      (_, i) => first + 12 * i,
    );
    return new Map(places.map((place) => [file.getUint16(place, little), number(place)]));
  };
  const pointer = entries(file.getUint32(start + 4, little)).get(EXIF_IFD);
  return pointer ? entries(pointer) : new Map<number, number>();
}
