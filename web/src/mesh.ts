/** Points and triangles of a prediction; the rules are those of `outputs/mesh.py`. */

import type { Prediction } from "./depth";
import { rgbaOf } from "./resize";

export interface Surface {
  /** x right, y down, z forward, metres. */
  pointsM: Float32Array<ArrayBuffer>;
  /** RGB of the photo, 0 to 255. */
  colours: Uint8Array<ArrayBuffer>;
  /** Places in the photo, as shares of its width and height. */
  uv: Float32Array<ArrayBuffer>;
  /** Half the 80 % interval of the logarithm of depth; NaN if it is not known. */
  logHalf: Float32Array<ArrayBuffer>;
  /** Three points each, anticlockwise as seen from the camera. */
  faces: Uint32Array<ArrayBuffer>;
}

const MOST_POINTS = 80_000;
const JUMP = 0.015;
const SINE_GRAZING = Math.sin((8 * Math.PI) / 180);

export function surfaceOf(prediction: Prediction, shown: ImageBitmap): Surface {
  const { height, width } = prediction.answer.size;
  let stride = 1;
  while (Math.ceil(height / stride) * Math.ceil(width / stride) > MOST_POINTS) stride++;
  const [rows, columns] = [places(height, stride), places(width, stride)];
  const count = rows.length * columns.length;
  const [pointsM, uv] = [new Float32Array(3 * count), new Float32Array(2 * count)];
  const [colours, logHalf] = [new Uint8Array(3 * count), new Float32Array(count)];
  const rgba = rgbaOf(shown);
  let i = 0;
  for (const y of rows) {
    for (const x of columns) {
      const point = prediction.point({ x, y });
      const [across, down] = [(x + 0.5) / width, (y + 0.5) / height];
      const pixel =
        Math.floor(down * shown.height) * shown.width + Math.floor(across * shown.width);
      pointsM.set(point.placeM, 3 * i);
      colours.set(rgba.subarray(4 * pixel, 4 * pixel + 3), 3 * i);
      uv.set([across, down], 2 * i);
      logHalf[i++] = point.logHalf ?? NaN;
    }
  }
  return { pointsM, colours, uv, logHalf, faces: facesOf(pointsM, rows.length, columns.length) };
}

/** Every stride-th place, with equal margins at both ends. */
function places(length: number, stride: number): number[] {
  const first = Math.floor(((length - 1) % stride) / 2);
  return Array.from({ length: Math.ceil((length - first) / stride) }, (_, i) => first + stride * i);
}

function facesOf(pointsM: Float32Array, rows: number, columns: number): Uint32Array<ArrayBuffer> {
  const faces: number[] = [];
  const add = (a: number, b: number, c: number) => {
    if (!crossesEdge(pointsM, 3 * a, 3 * b, 3 * c)) faces.push(a, b, c);
  };
  for (let y = 0; y < rows - 1; y++) {
    for (let x = 0; x < columns - 1; x++) {
      const upper = y * columns + x;
      const lower = upper + columns;
      add(upper, lower, upper + 1);
      add(upper + 1, lower, lower + 1);
    }
  }
  return Uint32Array.from(faces);
}

/** Whether a triangle jumps in depth and is almost parallel to the rays. */
function crossesEdge(p: Float32Array, a: number, b: number, c: number): boolean {
  const [first, second, third] = [p[a + 2], p[b + 2], p[c + 2]];
  if (Math.max(first, second, third) <= (1 + JUMP) * Math.min(first, second, third)) return false;
  const [ux, uy, uz] = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]];
  const [vx, vy, vz] = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]];
  const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const middle = [0, 1, 2].map((i) => (p[a + i] + p[b + i] + p[c + i]) / 3);
  const along = normal.reduce((sum, value, i) => sum + value * middle[i], 0);
  return Math.abs(along) < SINE_GRAZING * Math.hypot(...normal) * Math.hypot(...middle);
}
