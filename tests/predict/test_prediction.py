"""A prediction in a notebook and in Python's prompt."""

import io
import re
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageShow

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import ConfigError
from depth_unet.predict.prediction import Prediction


@pytest.fixture
def prediction() -> Prediction:
    """Depth from 1.5 to 4.25 m."""
    depth_m = np.linspace(1.5, 4.25, 40 * 30, dtype=np.float32).reshape(30, 40)
    return Prediction(
        depth_m=depth_m,
        image=np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8),
        calibration=Calibration(intrinsics=Intrinsics.centred(40, 30, 33.333), distortion="none"),
        focal_from="given by the user",
        model="depth-unet transfer",
        engine="none",
    )


def test_one_line(prediction: Prediction) -> None:
    """The line states size, range, focal length with its source, and model."""
    assert repr(prediction) == (
        "Prediction(40x30, depth 1.50 to 4.25 m, focal length 33.3 px (given by the user), "
        "depth-unet transfer)"
    )
    assert repr([prediction]) == f"[{prediction}]"


def test_picture_in_a_notebook(prediction: Prediction) -> None:
    """A notebook shows photo and depth: the picture, encoded as PNG."""
    shown = Image.open(io.BytesIO(prediction._repr_png_()))  # IPython calls it
    assert np.array_equal(np.asarray(shown), np.asarray(prediction.picture()))


@pytest.fixture
def viewed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Image.Image]]:
    """The pictures that the system's viewer was given."""
    pictures = list[Image.Image]()

    class Viewer(ImageShow.Viewer):
        def show(self, image: Image.Image, **_: Any) -> int:
            pictures.append(image)
            return 1

    monkeypatch.setattr(ImageShow, "_viewers", [Viewer()])
    return pictures


def fake_ipython(displayed: list[Image.Image], **attributes: Any) -> dict[str, ModuleType]:
    """IPython whose shell has these attributes."""
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(**attributes)  # type: ignore[attr-defined]
    display.display = displayed.append  # type: ignore[attr-defined]
    return {"IPython": ipython, "IPython.display": display}


def test_show(
    prediction: Prediction, viewed: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program and IPython in a terminal open the system's viewer, a notebook displays."""
    expected, displayed = np.asarray(prediction.picture()), list[Image.Image]()
    prediction.show()
    for name, module in fake_ipython(displayed).items():
        monkeypatch.setitem(sys.modules, name, module)
    prediction.show()
    assert (len(viewed), len(displayed)) == (2, 0)
    for name, module in fake_ipython(displayed, kernel=object()).items():
        monkeypatch.setitem(sys.modules, name, module)
    prediction.show()
    assert (len(viewed), len(displayed)) == (2, 1)
    for picture in (*viewed, *displayed):
        assert np.array_equal(np.asarray(picture), expected)


def test_no_viewer(prediction: Prediction, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a viewer one line says how to save the picture."""
    monkeypatch.setattr(ImageShow, "_viewers", [])
    with pytest.raises(ConfigError, match=re.escape("picture().save(PATH)")):
        prediction.show()
