"""What a depth map's file says of it, beside the numbers."""

from dataclasses import dataclass

from depth_unet.camera.intrinsics import Intrinsics

QUANTITY = "depth along the optical axis"


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthFacts:
    """Where a depth map comes from.

    Attributes:
        model: What predicted it.
        intrinsics: The camera that it holds for.
        focal_from: Where that camera's focal length comes from, in words.
        photo: What it is the depth of; may be empty.
        distortion: Name of the lens model; ``none`` for a pinhole.
        coefficients: Its coefficients, in OpenCV's order.
    """

    model: str
    intrinsics: Intrinsics
    focal_from: str
    photo: str = ""
    distortion: str = "none"
    coefficients: tuple[float, ...] = ()

    def texts(self, unit: str) -> dict[str, str]:
        """What a file with values in this unit says, by key."""
        camera = self.intrinsics
        focal = f"fx {camera.fx_px:.6g} px, fy {camera.fy_px:.6g} px"
        axis = f"axis at column {camera.cx_px:.6g}, row {camera.cy_px:.6g}"
        size = f"image of {camera.width}x{camera.height}"
        lens = " ".join((self.distortion, *(f"{value:.8g}" for value in self.coefficients)))
        return {
            "quantity": QUANTITY,
            "unit": unit,
            "model": self.model,
            "camera": f"{focal}, {axis}, {size}",
            "distortion": lens,
            "focal_from": self.focal_from,
        } | ({"photo": self.photo} if self.photo else {})

    def line(self, unit: str) -> str:
        """The same on one line."""
        return "; ".join(f"{key}: {value}" for key, value in self.texts(unit).items())
