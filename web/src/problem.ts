/** Faults that the page explains in words. */

import type text from "./text.json";

export type ProblemKind = keyof typeof text.problems;

export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    message = "",
  ) {
    super(message);
  }
}

/** Await some work; its faults become problems of this kind, unless memory ran out. */
export function explain<T>(kind: ProblemKind, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => Promise.reject(toProblem(error, kind)));
}

export function toProblem(error: unknown, kind: ProblemKind = "unknown"): Problem {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? error.message : String(error);
  const isMemory = error instanceof RangeError || /memory|alloc/i.test(message);
  return new Problem(isMemory ? "memory" : kind, message);
}
