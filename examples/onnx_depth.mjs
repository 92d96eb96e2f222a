// Depth in metres from a file of `depth-unet export`: node onnx_depth.mjs MODEL PHOTO OUT.f32
// Needs: npm install onnxruntime-node sharp
import { writeFileSync } from "node:fs";
import ort from "onnxruntime-node";
import sharp from "sharp";

const [model, photo, out] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model);
const { data, info } = await sharp(photo).rotate().removeAlpha().toColourspace("srgb").raw()
  .toBuffer({ resolveWithObject: true });
const { depth_m } = await session.run({
  image: new ort.Tensor("uint8", new Uint8Array(data), [1, info.height, info.width, 3]),
  camera_px: new ort.Tensor("float32", new Float32Array(4), [1, 4]), // unknown; else fx, fy, cx, cy
});
writeFileSync(out, new Uint8Array(depth_m.data.buffer, depth_m.data.byteOffset, 4 * depth_m.size));
console.log(`${info.width}x${info.height}, ${depth_m.data[0].toFixed(2)} m in the first corner`);
