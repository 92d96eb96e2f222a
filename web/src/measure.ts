/** Distances with their 80 % intervals, as `predict/measure.py`: the same numbers. */

import type { Pixel } from "./resize";

export type Correlation = Record<"far" | "length" | "log_ratio" | "widening", number>;

/** A pixel that fixed the scale, and its share in the logarithm of the scale. */
export type Anchor = Pixel & { weight: number };

/** What is predicted at a pixel: its place, of which the last is depth; half its log-interval. */
export type Point = Pixel & { placeM: Vector; logHalf: number | null };

export type Estimate = { metres: number; interval: Interval | null };

type Interval = [low: number, high: number];

export interface Measurement {
  start: Pixel;
  stop: Pixel;
  distance: Estimate;
  startDepth: Estimate;
  stopDepth: Estimate;
}

export type Vector = [x: number, y: number, z: number];

const INSIDE = 0.8;
const STEPS = 64;
const TO_EDGE = normalQuantile((1 + INSIDE) / 2);
const NORMAL = Array.from({ length: STEPS }, (_, i) => normalQuantile((i + 0.5) / STEPS));

/** The distance between the first two points; the others, with weights, fixed the scale. */
export function measure(
  points: Point[],
  weights: number[],
  config: Correlation,
  longerSide: number,
): Measurement {
  const [start, stop] = points;
  const metres = distance(start.placeM, stop.placeM);
  const errors = covariance(points, weights, (a, b) => correlation(a, b, config, longerSide));
  const interval = errors && distanceInterval(start.placeM, stop.placeM, errors, config.widening);
  const [startDepth, stopDepth] = [start, stop].map(({ placeM }, i) =>
    depthEstimate(placeM[2], errors && errors[i][i]),
  );
  return { start, stop, distance: { metres, interval }, startDepth, stopDepth };
}

export function distance(a: Vector, b: Vector): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function depthEstimate(metres: number, variance: number | null): Estimate {
  if (variance === null) return { metres, interval: null };
  const factor = Math.exp(TO_EDGE * Math.sqrt(variance));
  return { metres, interval: [metres / factor, metres * factor] };
}

type Pairwise = (a: Point, b: Point) => number;

/** Covariances of the errors of log-depth at the first two points; null without a spread. */
function covariance(points: Point[], weights: number[], correlated: Pairwise): number[][] | null {
  if (points.some(({ logHalf }) => logHalf === null)) return null;
  // The scale removed the weighted mean of the anchors' errors from all errors.
  const removed = weights.map((weight) => -weight);
  const mix = [
    [1, 0, ...removed],
    [0, 1, ...removed],
  ].map((shares) => shares.map((share, i) => (share * points[i].logHalf!) / TO_EDGE));
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return mix.map((left) =>
    mix.map((right) =>
      sum(points.flatMap((a, i) => points.map((b, j) => left[i] * right[j] * correlated(a, b)))),
    ),
  );
}

function correlation(a: Point, b: Point, config: Correlation, longerSide: number): number {
  const apart = Math.hypot(a.x - b.x, a.y - b.y) / longerSide;
  const jump = Math.abs(Math.log(a.placeM[2] / b.placeM[2]));
  const near = Math.exp(-apart / config.length - jump / config.log_ratio);
  return config.far + (1 - config.far) * near;
}

function distanceInterval(a: Vector, b: Vector, errors: number[][], widening: number): Interval {
  const metres = distance(a, b);
  if (metres === 0) return [0, 0]; // one point, which has one error
  const deviation = Math.sqrt(errors[0][0]);
  const slope = deviation > 0 ? errors[0][1] / deviation : 0;
  const rest = Math.sqrt(Math.max(errors[1][1] - slope ** 2, 0));
  const moved = (place: Vector, error: number) =>
    place.map((value) => value * Math.exp(widening * error)) as Vector;
  const found = NORMAL.flatMap((first) => {
    const start = moved(a, deviation * first);
    return NORMAL.map((second) => distance(start, moved(b, slope * first + rest * second)));
  });
  const [low, high] = percentiles(found, [(1 - INSIDE) / 2, (1 + INSIDE) / 2]);
  return [Math.min(low, metres), Math.max(high, metres)];
}

/** Quantiles of values, interpolated as NumPy does. */
export function percentiles(values: ArrayLike<number>, shares: number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return shares.map((share) => {
    const place = share * (sorted.length - 1);
    const low = sorted[Math.floor(place)];
    return low + (sorted[Math.ceil(place)] - low) * (place - Math.floor(place));
  });
}

/** The inverse of the standard normal distribution function, by Newton's method. */
function normalQuantile(share: number): number {
  let z = 0;
  for (let i = 0; i < 30; i++) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    let [sum, term] = [z, z]; // Φ(z) = 1/2 + φ(z) · (z + z³/3 + z⁵/15 + …)
    for (let n = 3; Math.abs(term) > 1e-17; n += 2) sum += term *= (z * z) / n;
    z -= (0.5 + density * sum - share) / density;
  }
  return z;
}
