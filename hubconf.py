"""Entry points of torch.hub: one for each of the weights in this repository, by its name."""

import sys as _sys
from collections.abc import Callable as _Callable
from pathlib import Path as _Path
from typing import Any as _Any

_sys.path.insert(0, str(_Path(__file__).parent / "src"))

from depth_unet.model.shipped import shipped_names as _shipped_names
from depth_unet.predict.load import load as _load

dependencies = ["cv2", "jaxtyping", "numpy", "onnxruntime", "PIL", "safetensors", "torch"]


def _entry(name: str) -> "_Callable[..., _Any]":
    def load(device: object = "cpu", precision: _Any = "fp32") -> _Any:
        return _load(name, device, precision, engine="torch")

    load.__name__ = load.__qualname__ = name
    load.__doc__ = f"""The network `{name}` in torch; `predict(photo)` answers in metres.

    Args:
        device: Where it runs: cpu, cuda, mps, or auto for a GPU if there is one.
        precision: fp32, bf16 or fp16; fp16 needs a GPU.

    Returns:
        A `depth_unet.DepthModel`.
    """
    return load


globals().update({_name: _entry(_name) for _name in _shipped_names()})
