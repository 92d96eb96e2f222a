/** The camera: its frames one after another, and a photo of one of them. */

import { explain } from "./problem";

const SMOOTHING = 0.2;

export class Camera {
  /** What the current use of the camera began with; null while it is off. */
  live: Promise<MediaStream> | null = null;
  private readonly video = document.createElement("video");

  /** Frames until `stop`, each once the one before it was worked on, and how many per second. None
   * if the camera is in use, or starting, already. */
  async *frames(): AsyncGenerator<[frame: ImageBitmap, rate: number]> {
    if (this.live) return;
    const request = { video: { facingMode: "environment" } };
    const live = (this.live = explain("camera", navigator.mediaDevices.getUserMedia(request)));
    const srcObject = await live;
    if (this.live !== live) return;
    Object.assign(this.video, { muted: true, playsInline: true, srcObject });
    await explain("camera", this.video.play()).catch((error: unknown) => {
      if (this.live === live) throw error; // else stopped while it started
    });
    let [period, before] = [0, performance.now()];
    while (this.live === live) {
      yield [await this.photo(), period && 1000 / period];
      await new Promise(requestAnimationFrame);
      const [now, share] = [performance.now(), period ? SMOOTHING : 1];
      period += share * (now - before - period);
      before = now;
    }
  }

  stop(): void {
    const end = (stream: MediaStream) => stream.getTracks().forEach((track) => track.stop());
    this.live?.then(end, () => undefined);
    this.live = null;
    this.video.srcObject = null;
  }

  /** The current frame. */
  photo = (): Promise<ImageBitmap> => createImageBitmap(this.video);
}
