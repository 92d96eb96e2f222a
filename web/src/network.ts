/** Calls into the worker that runs the network. */

import { Problem } from "./problem";
import type { Jobs, Reply, Request } from "./worker";

interface Waiting {
  resolve: (output: unknown) => void;
  reject: (problem: Problem) => void;
  report: (share: number) => void;
}

export class Network {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;

  call<Job extends keyof Jobs>(
    job: Job,
    input: Parameters<Jobs[Job]>[0],
    { transfer = [], report = () => undefined }: Options = {},
  ): ReturnType<Jobs[Job]> {
    const id = this.count++;
    const promise = new Promise<unknown>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, report });
      const request: Request = { id, job, input };
      this.started().postMessage(request, transfer);
    });
    return promise as ReturnType<Jobs[Job]>;
  }

  private started(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      this.receive(data);
    };
    worker.onerror = (event) => {
      for (const { reject } of this.waiting.values()) reject(new Problem("wasm", event.message));
      this.waiting.clear();
    };
    return (this.worker = worker);
  }

  private receive(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    if (!waiting) return;
    if ("progress" in reply) {
      waiting.report(reply.progress);
      return;
    }
    this.waiting.delete(reply.id);
    if ("kind" in reply) waiting.reject(new Problem(reply.kind, reply.message));
    else waiting.resolve(reply.output);
  }
}

interface Options {
  transfer?: Transferable[];
  report?: (share: number) => void;
}
