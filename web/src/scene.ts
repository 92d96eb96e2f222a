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
  private readonly resizing: ResizeObserver;
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
    this.resizing = new ResizeObserver(this.render);
    this.resizing.observe(canvas);
    canvas.addEventListener("keydown", this.onKey);
  }

  /** Show a surface and its points; what was shown is freed. */
  show(surface: Surface, photo: ImageBitmap, colours: Uint8Array, focalInHeights: number): void {
    this.clear();
    const upright = surface.pointsM.map((value, i) => (i % 3 === 0 ? value : -value));
    const position = new three.BufferAttribute(upright, 3);
    const index = new three.BufferAttribute(surface.faces, 1);
    this.surface.geometry = new three.BufferGeometry()
      .setAttribute("position", position)
      .setAttribute("uv", new three.BufferAttribute(surface.uv, 2))
      .setIndex(index);
    this.points.geometry = new three.BufferGeometry()
      .setAttribute("position", position)
      .setAttribute("color", new three.BufferAttribute(colours, 3, true));
    const texture = new three.Texture(photo);
    texture.flipY = false;
    texture.needsUpdate = true;
    texture.userData = { mimeType: "image/jpeg" };
    this.surface.material.map = texture;
    this.surface.material.needsUpdate = true;
    this.camera.fov = (2 * Math.atan(0.5 / focalInHeights) * 180) / Math.PI;
    this.surface.geometry.computeBoundingSphere();
    const { center, radius } = this.surface.geometry.boundingSphere!;
    this.camera.position.set(0, 0, 0.25 * radius);
    this.controls.target.set(0, 0, center.z);
    this.controls.update();
    this.render();
  }

  showPoints(asPoints: boolean): void {
    this.points.visible = asPoints;
    this.surface.visible = !asPoints;
    this.render();
  }

  /** The surface as binary glTF, with what it states about itself. */
  async glb(extras: Record<string, string>): Promise<Blob> {
    const scene = new three.Scene();
    const mesh = new three.Mesh(compact(this.surface.geometry), this.surface.material);
    scene.add(mesh);
    scene.userData = extras;
    const data = (await new GLTFExporter().parseAsync(scene, { binary: true })) as ArrayBuffer;
    mesh.geometry.dispose();
    return new Blob([data], { type: "model/gltf-binary" });
  }

  private clear(): void {
    this.surface.geometry.dispose();
    this.points.geometry.dispose();
    this.surface.material.map?.dispose();
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
    const offset = new three.Spherical().setFromVector3(
      this.camera.position.clone().sub(this.controls.target),
    );
    const moves: Record<string, () => void> = {
      ArrowLeft: () => (offset.theta -= TURN),
      ArrowRight: () => (offset.theta += TURN),
      ArrowUp: () => (offset.phi -= TURN),
      ArrowDown: () => (offset.phi += TURN),
      "+": () => (offset.radius /= STEP),
      "-": () => (offset.radius *= STEP),
    };
    const move = moves[event.key] as (() => void) | undefined;
    if (!move) return;
    event.preventDefault();
    move();
    offset.makeSafe();
    this.camera.position.setFromSpherical(offset).add(this.controls.target);
    this.controls.update();
    this.render();
  };
}

/** A geometry without the points that no triangle uses. */
function compact(geometry: three.BufferGeometry): three.BufferGeometry {
  const index = geometry.getIndex()!.array;
  const numbers = new Map<number, number>();
  for (const vertex of Array.from(new Set(index)).sort((a, b) => a - b)) {
    numbers.set(vertex, numbers.size);
  }
  const used = [...numbers.keys()];
  const result = new three.BufferGeometry();
  for (const name of ["position", "uv"]) {
    const { array, itemSize } = geometry.getAttribute(name) as three.BufferAttribute;
    const values = new Float32Array(used.length * itemSize);
    used.forEach((vertex, i) => {
      values.set(array.slice(vertex * itemSize, (vertex + 1) * itemSize), i * itemSize);
    });
    result.setAttribute(name, new three.BufferAttribute(values, itemSize));
  }
  return result.setIndex(Array.from(index, (vertex) => numbers.get(vertex)!));
}
