/** Everything that the page says. A translation replaces this file. */

import type { Estimate } from "./measure";
import type { ProblemKind } from "./problem";

export const text = {
  title: "Depth of a room, in metres",
  lead: "Measure a room from one photo. It stays on this device: nothing is sent anywhere.",
  drop: "Drop a photo here, paste it, or",
  choose: "Choose a photo",
  camera: "Use the camera",
  examples: "Or try a rendered room:",
  model: "Network",
  compare: "Depth against photo",
  tools: "What a click does",
  look: "Look",
  measure: "Measure",
  known: "Known length",
  lookHelp: "Move over the photo to read the depth. The arrow keys move the cross.",
  measureHelp: "Click two points, or press Enter at the cross, to measure the distance.",
  knownHelp: "Click two points that you know the distance of, and type it. All depth follows it.",
  metres: "Its length in metres",
  apply: "Apply",
  knownNone: "Click two points first.",
  clear: "Clear",
  distances: "Distances",
  lens: "Camera",
  fov: "Field of view across the longer side",
  fovReset: "Reset",
  space: "In 3-D",
  surface: "Surface",
  points: "Points",
  spaceHelp: "Drag to turn, scroll to come nearer. With the keyboard: arrow keys, + and −.",
  downloads: "Download",
  png: "PNG, 16 bits, millimetres",
  npy: "NPY, metres",
  ply: "PLY, points",
  glb: "GLB, surface",
  json: "JSON, camera and distances",
  takePhoto: "Take the photo",
  stop: "Stop",
  footer:
    "Apache-2.0; the licence of each network is its own. The 80 % intervals cover the errors " +
    "of the network, not a wrong focal length.",

  loading: (share: number) => `The network is loading: ${Math.round(share * 100)} %`,
  preparing: "The network is being prepared …",
  predicting: "The depth is being predicted …",
  ready: "Ready for a photo.",
  licence: (licence: string) => `Licence of its weights: ${licence}`,
  done: (seconds: number, engine: string) => `Predicted in ${seconds.toFixed(1)} s by ${engine}.`,
  frames: (rate: number) => `${rate.toFixed(1)} frames per second`,
  photoAlt: (name: string, width: number, height: number) =>
    `${name}, ${width} × ${height} pixels, with its depth as colour`,
  stageLabel: "The photo. Arrow keys move the cross, Enter marks a point.",
  spaceLabel: "The room in 3-D. Arrow keys turn it, plus and minus move it.",
  at: (x: number, y: number, depth: string) => `${depth} at column ${x}, row ${y}`,
  estimate: ({ metres, interval }: Estimate) => {
    const range = interval?.map((value) => value.toFixed(2)).join(" to ");
    return `${metres.toFixed(2)} m${range ? ` (80 %: ${range} m)` : ""}`;
  },
  legend: (metres: number) => `${metres.toFixed(1)} m`,
  degrees: (degrees: number) => `${degrees.toFixed(1)}°`,
  focal: (pixels: number, from: string) => `Focal length ${pixels.toFixed(0)} pixels, ${from}.`,
  focalFrom: {
    "given by the user": "as you set it",
    "the photo's Exif data": "from the photo's Exif data",
    "assumed: the training camera's":
      "assumed, because the photo does not state it; set the field of view or a known length",
  } as Record<string, string>,
  scaled: (factor: number) => `The known length multiplies depth by ${factor.toFixed(3)}.`,

  problems: {
    notImage: "This file is not an image that the browser can read. Use a JPEG, PNG or WebP photo.",
    damaged: "This photo is damaged or incomplete. Copy it again, or use another one.",
    tooLarge: "This photo is too large: 100 megapixels and 200 MB are the limit. Make it smaller.",
    memory: "The browser ran out of memory. Close other tabs, or use a smaller photo.",
    wasm: "This browser cannot run WebAssembly, which the network needs. Use a current browser.",
    download: "The network could not be downloaded. Check the connection, and load the page again.",
    network: "The network failed on this photo. Choose another network, or report this as a fault.",
    camera: "The camera cannot be used. Allow the page to use it, or choose a photo instead.",
    points: "These two points are one and the same place. Click two places.",
    unknown: "Something went wrong. Load the page again.",
  } satisfies Record<ProblemKind, string>,
};
