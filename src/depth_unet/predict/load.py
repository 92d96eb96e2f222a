"""Load a trained network with the engine that suits it; torch is imported only where it runs."""

import atexit
import ctypes
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

from depth_unet.config.checks import require
from depth_unet.config.choices import EngineChoice, InferenceChoice
from depth_unet.errors import CheckpointError, ConfigError, DataError, missing_library
from depth_unet.files.fetch import fetch, is_url, name_in_url, without_secrets
from depth_unet.files.hub import is_hub_name
from depth_unet.model.shipped import CHECKPOINT, ONNX, find_weights, shipped_names, words_for
from depth_unet.predict.onnx import OnnxModel
from depth_unet.predict.predictor import Predictor

MOST_BYTES, MOST_S = 10**9, 600.0  # of a download


def load(
    name: str | Path = "transfer",
    device: object = "cpu",
    precision: InferenceChoice = "fp32",
    engine: EngineChoice | None = None,
    *,
    offline: bool = False,
) -> Predictor:
    """Load a trained network.

    Shipped networks and those of the Hub are run by ONNX Runtime on the CPU, as ``.onnx`` files
    are, which needs no torch.
    Checkpoints of runs, other devices and other precisions are run by torch.

    Args:
        name: The name of weights that ship with the package, such as ``transfer``, an ``.onnx``
            file of ``depth-unet export``, a checkpoint file, or a run folder (its best weights).
            A shipped name wins over a folder of that name, which ``./NAME`` names; a ``Path`` is
            always a file or folder. In text, ``~`` is the home folder. A URL (http or https) of an
            ``.onnx`` or ``.safetensors`` file, up to 1 GB in ten minutes, is downloaded anew at
            each call and kept until Python ends. ``hf://OWNER/NAME`` or
            ``hf://OWNER/NAME@REVISION`` is a model of the Hugging Face Hub, which is cached; it
            needs huggingface_hub. Bytes and open files are not accepted.
        device: Where the network runs: ``cpu``, ``cuda``, ``mps`` or another device of torch, or
            ``auto`` for a GPU if there is one (``.onnx`` files: the CPU).
        precision: Number format in which torch computes: fp32, or mixed precision with bf16 or
            fp16; fp16 needs a GPU.
        engine: ``onnx`` or ``torch``; None chooses.
        offline: Use no network: a URL is refused, here and by ``predict``; a model of the Hub comes
            from the cache.

    Returns:
        The network. ``engine`` states what runs it.

    Raises:
        CheckpointError: There is no such network, or it cannot be used.
        ConfigError: An argument has a value other than those above, or a library is not installed,
            or the engine cannot run this network on this device in this precision.
        DataError: It cannot be downloaded, or may not be.
        TypeError: The name is neither text nor a path.
    """
    if not isinstance(name, str | os.PathLike):
        raise TypeError(
            f"name is of type {type(name).__name__}; expected the name of shipped weights, a path "
            "or a URL"
        )
    precisions, engines = get_args(InferenceChoice), get_args(EngineChoice)
    require(precision in precisions, f"precision is {precision!r}; choose {', '.join(precisions)}")
    require(
        engine in (None, *engines), f"engine is {engine!r}; choose {', '.join(engines)} or None"
    )
    title, device = f"depth-unet {name}", str(device)
    if is_url(name):
        title, name = f"depth-unet {name_in_url(name)}", _download(name, offline=offline)
    path = find_weights(name, _wanted(name, device, precision, engine), offline=offline)
    if is_hub_name(name):
        title = f"depth-unet {words_for(path)}"
    has_onnx = path.suffix.lower() == ONNX
    if engine == "torch" or (engine is None and not has_onnx):
        model = _load_torch(path, title, device, precision)
    elif not has_onnx:
        raise ConfigError(
            f"{name} is no ONNX file; write one with `depth-unet export {name} model.onnx`"
        )
    elif precision != "fp32":
        raise ConfigError(f"precision {precision} needs a checkpoint and torch; leave it out")
    else:
        model = OnnxModel(path, title, "cpu" if device == "auto" else device)
    model.offline = offline
    return model


def _wanted(
    name: str | Path, device: str, precision: InferenceChoice, engine: EngineChoice | None
) -> tuple[str, ...]:
    """Which file is wanted where a name stands for several, best first; see ``find_weights``."""
    if engine is not None:
        return (ONNX,) if engine == "onnx" else (CHECKPOINT,)
    has_several = name in shipped_names() or is_hub_name(name)
    if has_several and (precision != "fp32" or not _means_cpu(device)):
        return CHECKPOINT, ONNX
    return ONNX, CHECKPOINT


def _download(url: str, *, offline: bool) -> Path:
    """A copy that exists until Python ends: ONNX Runtime opens the file again for threads."""
    name, shown = Path(name_in_url(url)), without_secrets(url)
    if name.suffix.lower() not in (CHECKPOINT, ONNX):
        raise CheckpointError(f"{shown} does not end in {ONNX} or {CHECKPOINT}; name such a file")
    if offline:
        raise DataError(f"{shown} is not downloaded, as offline is set; pass a file")
    data = fetch(url, most_bytes=MOST_BYTES, most_s=MOST_S)
    folder = Path(tempfile.mkdtemp(prefix="depth-unet-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / name
    path.write_bytes(data)
    return path


def _load_torch(path: Path, title: str, device: str, precision: InferenceChoice) -> Predictor:
    try:
        from depth_unet.model.checkpoint import resolve  # noqa: PLC0415  # torch is an extra
        from depth_unet.model.device import choose_device  # noqa: PLC0415
        from depth_unet.predict.model import DepthModel  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise missing_library(f"{title} ({device}, {precision})", error) from None
    place = choose_device(device)
    if precision == "fp16" and place.type == "cpu":
        raise ConfigError("precision fp16 needs a GPU, but the device is cpu; use bf16 or fp32")
    return DepthModel.from_file(resolve(path), title, precision).to(place)


def _means_cpu(device: str) -> bool:
    """Whether ``device`` is the CPU; torch, which takes seconds to import, is rarely asked."""
    if device != "auto" or not _may_have_gpu():
        return device in ("auto", "cpu")
    from depth_unet.model.device import choose_device  # noqa: PLC0415  # torch is an extra

    return choose_device("auto").type == "cpu"


def _may_have_gpu() -> bool:
    """Whether torch and the driver of a GPU are installed."""
    if find_spec("torch") is None:
        return False
    if sys.platform == "darwin" or Path("/dev/kfd").exists():  # Apple, AMD
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
