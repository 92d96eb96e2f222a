# Depth in metres by an exported file: sh onnx_depth.sh RUN PHOTO, with `transfer` or a run as RUN
depth-unet export "$1" room.onnx && depth-unet predict "$2" --weights room.onnx --save npy --out .
