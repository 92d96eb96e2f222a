/** Metric depth of one photo; what `predict/prediction.py` answers. */

import { distance, measure, type Anchor, type Correlation } from "./measure";
import type { Measurement, Point } from "./measure";
import { Problem } from "./problem";
import { enlarged, type Pixel, type Rows, type Size } from "./resize";
import type text from "./text.json";

const LOG_HALF = Math.log(5); // half of the 80 % interval of a Laplace distribution of scale 1
const MOST_SHARE = 5; // of a pixel's depth error in that of a known length, as in `predict/known.py`
const MOST_SCALE = 100;

/** What the network says of a photo. */
export interface Answer {
  /** Size of the photo. */
  size: Size;
  focalPx: number;
  focalFrom: keyof typeof text.focalFrom;
  /** Size of the maps. */
  mapSize: Size;
  depthM: Float32Array<ArrayBuffer>;
  uncertaintyM: Float32Array<ArrayBuffer> | null;
}

export type Names = Record<"photo" | "model" | "engine", string>;

export class Prediction {
  /** Depth along the optical axis, metres: at the size of the maps, and in rows of the photo. */
  readonly mapM: Float32Array<ArrayBuffer>;
  readonly rowM: Rows;
  private readonly logSpread: Rows | null;

  constructor(
    readonly names: Names,
    readonly answer: Answer,
    private readonly correlation: Correlation,
    readonly scale = 1,
    private readonly anchors: Anchor[] = [],
  ) {
    const { size, mapSize, depthM, uncertaintyM } = answer;
    const log = (half: number, i: number) => Math.log(Math.asinh(half / depthM[i]) / LOG_HALF);
    this.mapM = depthM.map((metres) => metres * scale);
    this.rowM = enlarged(this.mapM, mapSize, size);
    this.logSpread = uncertaintyM && enlarged(uncertaintyM.map(log), mapSize, size);
  }

  point(pixel: Pixel): Point {
    const { size, focalPx } = this.answer;
    const z = this.rowM(pixel.y)[pixel.x];
    const [right, down] = [pixel.x - (size.width - 1) / 2, pixel.y - (size.height - 1) / 2];
    const logHalf = this.logSpread && LOG_HALF * Math.exp(this.logSpread(pixel.y)[pixel.x]);
    return { ...pixel, placeM: [(right / focalPx) * z, (down / focalPx) * z, z], logHalf };
  }

  measure(start: Pixel, stop: Pixel): Measurement {
    const points = [start, stop, ...this.anchors].map((pixel) => this.point(pixel));
    const weights = this.anchors.map(({ weight }) => weight);
    const { height, width } = this.answer.size;
    return measure(points, weights, this.correlation, Math.max(height, width));
  }

  /** An unscaled prediction, scaled so that a length is true; see `predict/known.py`. */
  calibrated(start: Pixel, stop: Pixel, metres: number): Prediction {
    const [a, b] = [start, stop].map((pixel) => this.point(pixel).placeM);
    const scale = metres / distance(a, b);
    const along = a.map((value, i) => value - b[i]);
    const dot = (left: number[]) => left.reduce((sum, value, i) => sum + value * along[i], 0);
    const share = dot(a) / dot(along);
    const isFixed = Math.max(Math.abs(share), Math.abs(1 - share)) <= MOST_SHARE;
    if (!isFixed || Math.max(scale, 1 / scale) > MOST_SCALE) throw new Problem("points");
    const anchor = (pixel: Pixel, weight: number): Anchor => ({ ...pixel, weight });
    const anchors = [anchor(start, share), anchor(stop, 1 - share)];
    return new Prediction(this.names, this.answer, this.correlation, scale, anchors);
  }
}
