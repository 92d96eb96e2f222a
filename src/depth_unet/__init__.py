"""Metric depth of rooms from one photo, with a U-Net small enough to train yourself.

Example:
    >>> import depth_unet
    >>> depth_unet.recipes.seed().canvas.width
    128
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depth_unet import recipes
    from depth_unet.camera.intrinsics import Intrinsics
    from depth_unet.errors import CheckpointError, ConfigError, DataError
    from depth_unet.predict.known import Known
    from depth_unet.predict.load import load
    from depth_unet.predict.model import DepthModel
    from depth_unet.predict.prediction import Prediction
    from depth_unet.predict.predictor import Predictor

__version__ = "0.1.0"
__all__ = [
    "CheckpointError",
    "ConfigError",
    "DataError",
    "DepthModel",
    "Intrinsics",
    "Known",
    "Prediction",
    "Predictor",
    "load",
    "recipes",
]

_HOMES = {
    "CheckpointError": "depth_unet.errors",
    "ConfigError": "depth_unet.errors",
    "DataError": "depth_unet.errors",
    "DepthModel": "depth_unet.predict.model",
    "Intrinsics": "depth_unet.camera.intrinsics",
    "Known": "depth_unet.predict.known",
    "Prediction": "depth_unet.predict.prediction",
    "Predictor": "depth_unet.predict.predictor",
    "load": "depth_unet.predict.load",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used; torch is not imported before it is needed."""
    if name == "recipes":
        return importlib.import_module("depth_unet.recipes")
    if name in _HOMES:
        from depth_unet.errors import missing_library

        try:
            return getattr(importlib.import_module(_HOMES[name]), name)
        except ModuleNotFoundError as error:
            raise missing_library(f"depth_unet.{name}", error) from None
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
