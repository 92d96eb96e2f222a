/** The worker that runs the network; it answers one question at a time. */

import type { Model } from "./models";
import { Problem, toProblem } from "./problem";
import type { Jobs, Question, Reply } from "./worker";
import NetworkWorker from "./worker?worker";

export class Network {
  private worker: Worker | null = null;
  private loaded: Model | null = null;
  /** Of what runs the model that is loaded. */
  version = "";

  /** Load a model, unless it is loaded. */
  async load(model: Model, report: (share: number) => void): Promise<void> {
    if (this.loaded !== model) this.version = await this.ask("load", model, report);
    this.loaded = model;
  }

  ask<Job extends keyof Jobs>(
    job: Job,
    input: Parameters<Jobs[Job]>[0],
    report?: (share: number) => void,
  ): ReturnType<Jobs[Job]> {
    const worker = (this.worker ??= new NetworkWorker());
    return new Promise<unknown>((resolve, reject) => {
      const fail = (problem: Problem) => {
        if (problem.kind !== "damaged" && problem.kind !== "transparent") {
          // It may no longer work, such as one out of memory; another one is started.
          worker.terminate();
          [this.worker, this.loaded] = [null, null];
        }
        reject(problem);
      };
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if ("progress" in data) report?.(data.progress);
        else if ("output" in data) resolve(data.output);
        else fail(new Problem(data.kind, data.message));
      };
      worker.onerror = ({ message }: Partial<ErrorEvent>) =>
        fail(toProblem(message ?? "the worker is missing", message ? "wasm" : "download"));
      worker.postMessage({ job, input } satisfies Question);
    }) as ReturnType<Jobs[Job]>;
  }
}
