/** The camera: its frames one after another, and a photo of one of them. */

import { explain } from "./problem";

const SMOOTHING = 0.2;

export class Camera {
  stream: MediaStream | null = null;
  private readonly video = document.createElement("video");

  /** Frames until `stop`, each once the one before it was worked on, and how many per second. */
  async *frames(): AsyncGenerator<[frame: ImageBitmap, rate: number]> {
    const request = { video: { facingMode: "environment" } };
    const stream = await explain("camera", navigator.mediaDevices.getUserMedia(request));
    this.stop();
    this.stream = stream;
    Object.assign(this.video, { muted: true, playsInline: true, srcObject: stream });
    await explain("camera", this.video.play());
    let [rate, before] = [0, performance.now()];
    while (this.stream === stream) {
      yield [await createImageBitmap(this.video), rate];
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      const current = 1000 / (now - before);
      rate = rate ? rate + SMOOTHING * (current - rate) : current;
      before = now;
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
