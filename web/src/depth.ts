/** Metric depth of one photo; what `predict/prediction.py` answers, with the same numbers. */

import { measure, distance, type Anchor, type Estimate, type Measurement } from "./measure";
import type { Correlation, Pixel, Point } from "./measure";
import { Resized, type Size } from "./resize";

const LOG_HALF = Math.log(5); // half of the 80 % interval of a Laplace distribution of scale 1

/** What the network says, at the size of its canvas. */
export interface Answer {
  canvas: Size;
  depthM: Float32Array<ArrayBuffer>;
  uncertaintyM: Float32Array<ArrayBuffer> | null;
}

/** What the prediction holds for. */
export interface Facts {
  photo: string;
  model: string;
  engine: string;
  size: Size;
  focalPx: number;
  focalFrom: string;
  correlation: Correlation;
}

export class Prediction {
  private readonly depth: Resized;
  private readonly logSpread: Resized | null = null;

  constructor(
    readonly facts: Facts,
    private readonly answer: Answer,
    readonly scale = 1,
    private readonly anchors: Anchor[] = [],
  ) {
    const { canvas, depthM, uncertaintyM } = answer;
    this.depth = new Resized(depthM, canvas, facts.size);
    if (uncertaintyM) {
      const spread = uncertaintyM.map((half, i) =>
        Math.log(Math.asinh(half / depthM[i]) / LOG_HALF),
      );
      this.logSpread = new Resized(spread, canvas, facts.size);
    }
  }

  /** Depth along the optical axis, metres, at a pixel of the photo. */
  depthM(x: number, y: number): number {
    return Math.fround(this.depth.at(x, y) * Math.fround(this.scale));
  }

  /** The same for a whole row. */
  rowM(y: number): Float32Array<ArrayBuffer> {
    return this.depth.row(y).map((metres) => metres * Math.fround(this.scale));
  }

  /** Depth at the size of the network's canvas. */
  smallM(): Float32Array<ArrayBuffer> {
    return this.answer.depthM.map((metres) => metres * Math.fround(this.scale));
  }

  point({ x, y }: Pixel): Point {
    const { size, focalPx } = this.facts;
    const depthM = this.depthM(x, y);
    const ray = [(x - (size.width - 1) / 2) / focalPx, (y - (size.height - 1) / 2) / focalPx];
    const logHalf = this.logSpread && LOG_HALF * Math.exp(this.logSpread.at(x, y));
    return { x, y, depthM, logHalf, placeM: [ray[0] * depthM, ray[1] * depthM, depthM] };
  }

  measure(start: Pixel, stop: Pixel): Measurement {
    const points = [start, stop, ...this.anchors].map((pixel) => this.point(pixel));
    const weights = this.anchors.map(({ weight }) => weight);
    const { correlation, size } = this.facts;
    return measure(points, weights, correlation, Math.max(size.height, size.width));
  }

  depthEstimate(pixel: Pixel): Estimate {
    return this.measure(pixel, pixel).startDepth;
  }

  /** The prediction, scaled so that a length is true; see `predict/known.py`. */
  calibrated(start: Pixel, stop: Pixel, metres: number): Prediction {
    const original = new Prediction(this.facts, this.answer);
    const [a, b] = [original.point(start).placeM, original.point(stop).placeM];
    const scale = metres / distance(a, b);
    const along = a.map((value, i) => value - b[i]);
    const dot = (left: number[]) => left.reduce((sum, value, i) => sum + value * along[i], 0);
    const share = dot(a) / dot(along);
    const anchors = [
      { ...start, weight: share },
      { ...stop, weight: 1 - share },
    ];
    return new Prediction(this.facts, this.answer, scale, anchors);
  }
}
