/** Distances with their 80 % intervals, as `predict/measure.py`: the same numbers. */

export interface Correlation {
  far: number;
  length: number;
  log_ratio: number;
  widening: number;
}

export interface Pixel {
  x: number;
  y: number;
}

/** A pixel that fixed the scale, and its share in the logarithm of the scale. */
export interface Anchor extends Pixel {
  weight: number;
}

/** What is predicted at a pixel: depth along the axis, place, half the interval of log-depth. */
export interface Point extends Pixel {
  depthM: number;
  placeM: Vector;
  logHalf: number | null;
}

export interface Estimate {
  metres: number;
  interval: [low: number, high: number] | null;
}

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
  const errors = covariance(points, weights, config, longerSide);
  const metres = distance(start.placeM, stop.placeM);
  const interval = errors && distanceInterval(start.placeM, stop.placeM, errors, config.widening);
  const [startDepth, stopDepth] = [start, stop].map((point, i) =>
    depthEstimate(point.depthM, errors && errors[i][i]),
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

/** Covariance of the errors of log-depth at the first two points; null without a spread. */
function covariance(
  points: Point[],
  weights: number[],
  config: Correlation,
  longerSide: number,
): number[][] | null {
  const deviations: number[] = [];
  for (const { logHalf } of points) {
    if (logHalf === null) return null;
    deviations.push(logHalf / TO_EDGE);
  }
  const errors = points.map((a, i) =>
    points.map((b, j) => deviations[i] * correlation(a, b, config, longerSide) * deviations[j]),
  );
  // The scale removed the weighted mean of the anchors' errors from all errors.
  const mix = [0, 1].map((row) =>
    points.map((_, i) => (i < 2 ? Number(i === row) : -weights[i - 2])),
  );
  return mix.map((left) =>
    mix.map((right) =>
      left.reduce(
        (sum, share, i) => sum + share * right.reduce((part, r, j) => part + errors[i][j] * r, 0),
        0,
      ),
    ),
  );
}

function correlation(a: Point, b: Point, config: Correlation, longerSide: number): number {
  const apart = Math.hypot(a.x - b.x, a.y - b.y) / longerSide;
  const jump = Math.abs(Math.log(a.depthM) - Math.log(b.depthM));
  const near = Math.exp(-apart / config.length - jump / config.log_ratio);
  return config.far + (1 - config.far) * near;
}

function distanceInterval(
  first: Vector,
  second: Vector,
  errors: number[][],
  widening: number,
): [number, number] {
  const deviation = Math.sqrt(errors[0][0]);
  const slope = deviation > 0 ? errors[0][1] / deviation : 0;
  const rest = Math.sqrt(Math.max(errors[1][1] - slope ** 2, 0));
  const moved = (place: Vector, error: number) =>
    place.map((value) => value * Math.exp(widening * error)) as Vector;
  const found = NORMAL.flatMap((a) => {
    const start = moved(first, deviation * a);
    return NORMAL.map((b) => distance(start, moved(second, slope * a + rest * b)));
  });
  const [low, high] = percentiles(found, [(1 - INSIDE) / 2, (1 + INSIDE) / 2]);
  const metres = distance(first, second);
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
