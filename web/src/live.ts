/** The camera: its frames one after another, and a photo of one of them. */

import { explain } from "./problem";

const RATE_OVER_MS = 2000;

export class Live {
  private stream: MediaStream | null = null;
  private readonly video = document.createElement("video");

  /** Start the camera and call `look` with each frame, as fast as it answers. */
  async start(look: (video: HTMLVideoElement, rate: number) => Promise<void>): Promise<void> {
    const stream = await explain("camera", () =>
      navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }),
    );
    this.stop();
    this.stream = stream;
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.srcObject = stream;
    await explain("camera", () => this.video.play());
    const times: number[] = [];
    while (this.stream === stream) {
      times.push(performance.now());
      while (times.length > 2 && times[0] < times.at(-1)! - RATE_OVER_MS) times.shift();
      const seconds = (times.at(-1)! - times[0]) / 1000;
      await look(this.video, seconds > 0 ? (times.length - 1) / seconds : 0);
      await new Promise(requestAnimationFrame);
    }
  }

  stop(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  /** The current frame as a file without loss. */
  async photo(): Promise<Blob> {
    const canvas = new OffscreenCanvas(this.video.videoWidth, this.video.videoHeight);
    canvas.getContext("2d")!.drawImage(this.video, 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  }
}
