"""Cameras for property tests."""

from hypothesis import strategies as st

from depth_unet.camera.intrinsics import Intrinsics


@st.composite
def cameras(draw: st.DrawFn, sides: st.SearchStrategy[int]) -> Intrinsics:
    """Any camera: pixels need not be square, nor the axis inside the picture."""
    width, height = draw(sides), draw(sides)
    return Intrinsics(
        width=width,
        height=height,
        fx_px=draw(st.floats(0.2, 5)) * width,
        fy_px=draw(st.floats(0.2, 5)) * height,
        cx_px=draw(st.floats(-0.5, 1.5)) * width,
        cy_px=draw(st.floats(-0.5, 1.5)) * height,
    )
