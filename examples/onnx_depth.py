"""Depth in metres from a file of `depth-unet export`: python onnx_depth.py MODEL PHOTO OUT.npy."""

import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

model, photo, out = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
image = np.asarray(ImageOps.exif_transpose(Image.open(photo)).convert("RGB"))
camera_px = np.zeros((1, 4), np.float32)  # unknown; else fx, fy, cx, cy in pixels
depth_m, *uncertainty_m = session.run(None, {"image": image[None], "camera_px": camera_px})
np.save(out, depth_m[0])
