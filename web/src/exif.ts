/** The focal length in a photo's Exif data; the rule is that of `camera/exif.py`. */

const EXIF_IFD = 0x8769;
const FOCAL_LENGTH_IN_35MM_FILM = 41989;
const PIXEL_DIMENSIONS = [40962, 40963];
const FILM_DIAGONAL_MM = Math.hypot(36, 24);
const ASPECT_TOLERANCE = 0.01;
const [LEAST_MM, MOST_MM] = [5, 2000];
const TYPE_SHORT = 3;
const TYPE_LONG = 4;
const TYPE_RATIONAL = 5;

/** Horizontal focal length in pixels of a photo of this size; null if it is not known. */
export function exifFocalPx(file: DataView, width: number, height: number): number | null {
  try {
    const tags = exifTags(file);
    const focal = tags(FOCAL_LENGTH_IN_35MM_FILM);
    const sides = PIXEL_DIMENSIONS.map(tags);
    if (!(LEAST_MM <= focal && focal <= MOST_MM)) return null;
    if (sides.some(Number.isNaN) || hasOtherShape(width, height, sides)) return null;
    return (focal * Math.hypot(width, height)) / FILM_DIAGONAL_MM;
  } catch {
    return null; // damaged
  }
}

/** Whether a JPEG lacks its end; browsers show such photos with grey below. */
export function isTruncatedJpeg(file: DataView): boolean {
  if (file.byteLength < 4 || file.getUint16(0) !== 0xffd8) return false;
  try {
    for (const [marker, start] of jpegSegments(file)) {
      if (marker !== 0xffda) continue;
      for (let i = start; i < file.byteLength - 1; i++) {
        if (file.getUint8(i) === 0xff && file.getUint8(i + 1) === 0xd9) return false;
      }
    }
  } catch {
    return true;
  }
  return true;
}

function hasOtherShape(width: number, height: number, sides: number[]): boolean {
  if (!sides.every((side) => side > 0)) return false;
  const ratio = (a: number, b: number) => Math.max(a, b) / Math.min(a, b);
  const found = ratio(width, height);
  const slack = ASPECT_TOLERANCE + 1 / Math.min(width, height);
  return Math.abs(ratio(sides[0], sides[1]) - found) > slack * found;
}

/** Marker, start and end of the segments of a JPEG before its pixels. */
function* jpegSegments(file: DataView): Generator<[marker: number, start: number, end: number]> {
  for (let place = 2; ;) {
    const marker = file.getUint16(place);
    const end = place + 2 + file.getUint16(place + 2);
    yield [marker, place + 4, end];
    if (marker === 0xffda) return;
    place = end;
  }
}

/** Where the Exif data of a JPEG, PNG or WebP start. */
function exifStart(file: DataView): number | null {
  if (file.getUint16(0) === 0xffd8) {
    for (const [marker, start] of jpegSegments(file)) {
      if (marker === 0xffe1 && ascii(file, start, 4) === "Exif") return start + 6;
    }
    return null;
  }
  const isPng = ascii(file, 1, 3) === "PNG";
  if (!isPng && ascii(file, 8, 4) !== "WEBP") return null;
  for (let place = isPng ? 8 : 12; place + 8 <= file.byteLength;) {
    const size = isPng ? file.getUint32(place) : file.getUint32(place + 4, true);
    const name = ascii(file, isPng ? place + 4 : place, 4);
    if (name === "eXIf") return place + 8;
    if (name === "EXIF") return place + (ascii(file, place + 8, 4) === "Exif" ? 14 : 8);
    place += isPng ? size + 12 : size + 8 + (size % 2);
  }
  return null;
}

/** The numbers of the Exif tags: 0 where there is none, NaN where it is no single number. */
function exifTags(file: DataView): (tag: number) => number {
  const start = exifStart(file);
  if (start === null) return () => 0;
  const little = ascii(file, start, 2) === "II";
  const entries = (ifd: number) => {
    const found = new Map<number, number>();
    const count = file.getUint16(start + ifd, little);
    for (let i = 0; i < count; i++) {
      const place = start + ifd + 2 + 12 * i;
      found.set(file.getUint16(place, little), number(place));
    }
    return found;
  };
  const number = (place: number) => {
    if (file.getUint32(place + 4, little) !== 1) return NaN;
    switch (file.getUint16(place + 2, little)) {
      case TYPE_SHORT:
        return file.getUint16(place + 8, little);
      case TYPE_LONG:
        return file.getUint32(place + 8, little);
      case TYPE_RATIONAL: {
        const at = start + file.getUint32(place + 8, little);
        return file.getUint32(at, little) / file.getUint32(at + 4, little);
      }
      default:
        return NaN;
    }
  };
  const pointer = entries(file.getUint32(start + 4, little)).get(EXIF_IFD) ?? 0;
  const tags = pointer > 0 ? entries(pointer) : new Map<number, number>();
  return (tag) => tags.get(tag) ?? 0;
}

function ascii(file: DataView, start: number, length: number): string {
  const bytes = Array.from({ length }, (_, i) => file.getUint8(start + i));
  return String.fromCharCode(...bytes);
}
