/** The room in 3-D: a surface with the photo on it, or its points, to turn. */

import * as three from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { GLTFExporter } from "three/addons/exporters/GLTFExporter.js";
import type { Surface } from "./mesh";

const TURN = 0.08; // radians by each press of an arrow key
const STEP = 1.1;

// Colours go to the screen as they are in the photo.
three.ColorManagement.enabled = false;

export class Scene {
  private readonly renderer: three.WebGLRenderer;
  private readonly scene = new three.Scene();
  private readonly camera = new three.PerspectiveCamera(50, 4 / 3, 0.05, 200);
  private readonly controls: OrbitControls;
  private radius = 0;
  private readonly surface = new three.Mesh(
    new three.BufferGeometry(),
    new three.MeshBasicMaterial({ side: three.DoubleSide }),
  );
  private readonly points = new three.Points(
    new three.BufferGeometry(),
    new three.PointsMaterial({ vertexColors: true, size: 2, sizeAttenuation: false }),
  );

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.renderer = new three.WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.renderer.outputColorSpace = three.LinearSRGBColorSpace;
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.addEventListener("change", this.render);
    this.points.visible = false;
    this.scene.add(this.surface, this.points);
    new ResizeObserver(this.render).observe(canvas);
    canvas.addEventListener("keydown", this.onKey);
  }

  /** Show a surface and its points; what was shown is freed. Another photo is seen from its camera. */
  show(surface: Surface, photo: ImageBitmap, focalInHeights: number, isOther: boolean): void {
    this.surface.geometry.dispose();
    this.points.geometry.dispose();
    this.surface.material.map?.dispose();
    const upright = surface.pointsM.map((value, i) => (i % 3 === 0 ? value : -value));
    const position = new three.BufferAttribute(upright, 3);
    this.surface.geometry = new three.BufferGeometry()
      .setAttribute("position", position)
      .setAttribute("uv", new three.BufferAttribute(surface.uv, 2))
      .setIndex(new three.BufferAttribute(surface.faces, 1));
    this.points.geometry = new three.BufferGeometry()
      .setAttribute("position", position)
      .setAttribute("color", new three.BufferAttribute(surface.colours, 3, true));
    const texture = new three.Texture(photo);
    texture.flipY = false;
    texture.needsUpdate = true;
    texture.userData = { mimeType: "image/jpeg" };
    this.surface.material.map = texture;
    this.surface.material.needsUpdate = true;
    this.camera.fov = (2 * Math.atan(0.5 / focalInHeights) * 180) / Math.PI;
    this.surface.geometry.computeBoundingSphere();
    const { center, radius } = this.surface.geometry.boundingSphere!;
    if (isOther || this.radius === 0) {
      this.camera.position.set(0, 0, 0.25 * radius);
      this.controls.target.set(0, 0, center.z);
    } else {
      this.camera.position.multiplyScalar(radius / this.radius);
      this.controls.target.multiplyScalar(radius / this.radius);
    }
    this.radius = radius;
    this.controls.update();
    this.render();
  }

  showPoints(asPoints: boolean): void {
    [this.points.visible, this.surface.visible] = [asPoints, !asPoints];
    this.render();
  }

  /** The surface, or points that make none, as binary glTF, with what it states about itself. */
  async glb(extras: Record<string, string>): Promise<Blob> {
    const scene = new three.Scene();
    const shown = this.surface.geometry.index?.count ? this.surface : this.points;
    scene.add(shown.clone());
    scene.userData = extras;
    const options = { binary: true, onlyVisible: false };
    const data = (await new GLTFExporter().parseAsync(scene, options)) as ArrayBuffer;
    return new Blob([data], { type: "model/gltf-binary" });
  }

  private readonly render = (): void => {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0) return;
    this.renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    this.renderer.render(this.scene, this.camera);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { controls } = this;
    const moves: Record<string, (() => void) | undefined> = {
      ArrowLeft: () => controls.rotateLeft(TURN),
      ArrowRight: () => controls.rotateLeft(-TURN),
      ArrowUp: () => controls.rotateUp(TURN),
      ArrowDown: () => controls.rotateUp(-TURN),
      "+": () => controls.dollyIn(STEP),
      "-": () => controls.dollyOut(STEP),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    move();
  };
}
