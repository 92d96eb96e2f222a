/** Faults that the page explains in words. */

export type ProblemKind =
  | "notImage"
  | "damaged"
  | "tooLarge"
  | "memory"
  | "wasm"
  | "download"
  | "network"
  | "camera"
  | "points"
  | "unknown";

export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    message = "",
  ) {
    super(message);
  }
}

/** Call a function; its faults become problems of this kind, unless memory ran out. */
export async function explain<T>(kind: ProblemKind, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toProblem(error, kind);
  }
}

export function toProblem(error: unknown, kind: ProblemKind = "unknown"): Problem {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? error.message : String(error);
  const isMemory = error instanceof RangeError || /memory|bad_alloc|allocation/i.test(message);
  return new Problem(isMemory ? "memory" : kind, message);
}
