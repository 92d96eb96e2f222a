/** Files of what the page shows, in the forms that `depth-unet predict` writes. */

import type { Prediction } from "./depth";
import { percentiles, type Estimate, type Measurement } from "./measure";
import type { Surface } from "./mesh";

const QUANTITY = "depth along the optical axis";
const MOST_MM = 65535;
const PERCENTILES = [0, 5, 50, 95, 100];
const MOST_PIXELS = 1e6; // percentiles of larger photos use a part of the pixels

/** What a file states about itself. */
export function statement(prediction: Prediction, unit: string): Record<string, string> {
  const { size, focalPx, focalFrom } = prediction.answer;
  const short = (value: number) => String(Number(value.toPrecision(6)));
  const focal = `fx ${short(focalPx)} px, fy ${short(focalPx)} px`;
  const axis = `axis at column ${short((size.width - 1) / 2)}, row ${short((size.height - 1) / 2)}`;
  return {
    quantity: QUANTITY,
    unit,
    ...prediction.names,
    camera: `${focal}, ${axis}, image of ${size.width}x${size.height}`,
    distortion: "none",
    focal_from: focalFrom,
    depth_scale: short(prediction.scale),
  };
}

/** Whole millimetres in 16 bits; 0 is a hole. */
export async function png16(prediction: Prediction): Promise<Blob> {
  const { height, width } = prediction.answer.size;
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 16); // bits; the other fields are 0: grey, deflate, no interlacing
  const rows = Array.from({ length: height }, (_, y) => {
    const row = new DataView(new ArrayBuffer(1 + 2 * width));
    prediction.rowM(y).forEach((metres, x) => {
      const mm = Math.round(metres * 1000);
      row.setUint16(1 + 2 * x, mm <= MOST_MM ? mm : 0);
    });
    return row;
  });
  const packed = new Blob(rows).stream().pipeThrough(new CompressionStream("deflate"));
  const texts = Object.entries(statement(prediction, "millimetres; 0 is a hole"));
  const encode = new TextEncoder();
  return new Blob([
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header.buffer),
    ...texts.map(([key, value]) => chunk("iTXt", encode.encode(`${key}\0\0\0\0\0${value}`))),
    chunk("IDAT", await new Response(packed).arrayBuffer()),
    chunk("IEND", new ArrayBuffer()),
  ]);
}

/** float32 metres as NumPy array. */
export function npy(prediction: Prediction): Blob {
  const { height, width } = prediction.answer.size;
  const facts = `{'descr': '<f4', 'fortran_order': False, 'shape': (${height}, ${width}), }`;
  const header = `${facts.padEnd(128 - 10 - 1)}\n`;
  const magic = new Uint8Array([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  const rows = Array.from({ length: height }, (_, y) => prediction.rowM(y));
  return new Blob([magic, header, ...rows]);
}

/** Coloured points, binary; the axes are x right, y down, z forward. */
export function ply(prediction: Prediction, { pointsM, colours, logHalf }: Surface): Blob {
  const texts = Object.entries(statement(prediction, "metres"));
  const comment = texts.map(([key, value]) => `${key}: ${value}`).join("; ");
  const hasSpread = !Number.isNaN(logHalf[0]);
  const header = [
    "ply",
    "format binary_little_endian 1.0",
    `comment ${comment.replace(/[^ -~]/g, "?")}`,
    `element vertex ${logHalf.length}`,
    ...["x", "y", "z"].map((name) => `property float ${name}`),
    ...["red", "green", "blue"].map((name) => `property uchar ${name}`),
    ...(hasSpread ? ["property float confidence"] : []),
    "end_header\n",
  ];
  const bytes = hasSpread ? 19 : 15;
  const body = new DataView(new ArrayBuffer(bytes * logHalf.length));
  for (let i = 0; i < logHalf.length; i++) {
    for (let axis = 0; axis < 3; axis++) {
      body.setFloat32(bytes * i + 4 * axis, pointsM[3 * i + axis], true);
      body.setUint8(bytes * i + 12 + axis, colours[3 * i + axis]);
    }
    if (hasSpread) body.setFloat32(bytes * i + 15, 1 / (1 + Math.sinh(logHalf[i])), true);
  }
  return new Blob([header.join("\n"), body.buffer]);
}

/** Camera, percentiles of depth, and the distances that were measured. */
export function json(prediction: Prediction, measurements: Measurement[]): Blob {
  const { size, focalPx } = prediction.answer;
  const step = Math.max(1, Math.floor(Math.sqrt((size.width * size.height) / MOST_PIXELS)));
  const few = Array.from({ length: Math.ceil(size.height / step) }, (_, i) =>
    Array.from(prediction.rowM(i * step).filter((_, x) => x % step === 0)),
  );
  const shares = PERCENTILES.map((percent) => percent / 100);
  const found = percentiles(few.flat(), shares);
  const values = {
    ...statement(prediction, "metres"),
    intrinsics: {
      ...size,
      fx_px: focalPx,
      fy_px: focalPx,
      cx_px: (size.width - 1) / 2,
      cy_px: (size.height - 1) / 2,
    },
    distortion: { model: "none", coefficients: [] },
    depth_scale: prediction.scale,
    depth_percentiles_m: Object.fromEntries(found.map((value, i) => [PERCENTILES[i], value])),
    interval: 0.8,
    distances: measurements.map(({ start, stop, distance, startDepth, stopDepth }) => ({
      start: [start.x, start.y],
      stop: [stop.x, stop.y],
      ...estimate("distance", distance),
      ...estimate("start_depth", startDepth),
      ...estimate("stop_depth", stopDepth),
    })),
  };
  return new Blob([`${JSON.stringify(values, null, 1)}\n`], { type: "application/json" });
}

/** Let the browser save a file. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function estimate(name: string, { metres, interval }: Estimate): Record<string, unknown> {
  return { [`${name}_m`]: metres, [`${name}_interval_m`]: interval };
}

function chunk(name: string, data: ArrayBuffer | Uint8Array): DataView<ArrayBuffer> {
  const bytes = new Uint8Array(data.byteLength + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.byteLength);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(new Uint8Array(data), 8);
  view.setUint32(data.byteLength + 8, crc32(bytes.subarray(4, -4)));
  return view;
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}
