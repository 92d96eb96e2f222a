"""NYU Depth v2's colour camera: the Kinect's intrinsics, from the data set's toolbox."""

from depth_unet.camera.intrinsics import Intrinsics

NYU_CAMERA = Intrinsics(
    width=640, height=480, fx_px=518.857901, fy_px=519.469611, cx_px=325.582449, cy_px=253.736166
)

NYU_FOCAL = NYU_CAMERA.fx_px / NYU_CAMERA.width
"""Horizontal focal length in image widths."""
