"""An exported network, run by ONNX Runtime; torch is not needed."""

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from depth_unet.arrays import Float32, UInt8
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.checks import check_range
from depth_unet.config.model import RANGES, CanvasConfig, CorrelationConfig
from depth_unet.errors import CheckpointError, ConfigError, is_out_of_memory
from depth_unet.files.checksum import crc32_of
from depth_unet.files.damage import one_line
from depth_unet.predict.predictor import Predictor
from depth_unet.predict.spread import spread_of
from depth_unet.predict.threads import num_cores

SCHEMA = 1
METADATA_KEY = "depth_unet"
IMAGE, CAMERA = "image", "camera_px"
DEPTH, UNCERTAINTY = "depth_m", "uncertainty_m"
INPUTS = {IMAGE: ("tensor(uint8)", 4), CAMERA: ("tensor(float)", 2)}
RUNTIME = f"ONNX Runtime {onnxruntime.__version__}"
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
LONGEST_SPIN_US = "200"
RESTORE = "copy both files again, or export to a single one"
REMEDY = "name a file that `depth-unet export` wrote"
SEAL = b"r\x11\n\x05crc32\x12\x08"
"""An entry of a file's metadata, as protobuf writes it, up to its value: the CRC-32 of all before.

It is added behind the file's end, where a parser takes it for one more entry."""
SEAL_BYTES = len(SEAL) + 8


class OnnxModel(Predictor):
    """A network in a file of ``depth-unet export``; ``predict`` turns a photo into metric depth.

    The file's graph takes photos of any size. Here it always gets the photo at the size of its
    canvas, where its own resizing changes nothing: OpenCV resizes large photos faster.

    Args:
        path: The ``.onnx`` file.
        name: Name that output files state; the file's own if empty.
        device: ``cpu``, or ``cuda`` where onnxruntime supports it.

    Attributes:
        facts: The file's metadata.

    Raises:
        CheckpointError: The file cannot be used.
        ConfigError: ONNX Runtime does not run on the device here.
    """

    def __init__(self, path: Path, name: str = "", device: str = "cpu") -> None:
        self._path = path
        _check_seal(path)
        self._device, self._provider = device, _provider(device)
        self._session = open_session(path, num_cores(), self._provider)
        self.facts = facts = self._read_facts()
        try:
            self.canvas = CanvasConfig(**facts["canvas"])
            self.canonical_focal = float(facts["canonical_focal"])
            check_range("canonical_focal", self.canonical_focal, RANGES["canonical_focal"])
            self.correlation = CorrelationConfig(**facts.get("correlation", {}))
            self.sha256 = str(facts.get("sha256", ""))
            self.name = name or f"depth-unet {facts['name']}"
            self._engine = f"{RUNTIME}, {device}, {facts['precision']} weights"
            self.predicts_spread = bool(facts["spread"])
            self._outputs = [DEPTH, UNCERTAINTY] if self.predicts_spread else [DEPTH]
            self._check_weights(facts.get("external"))
        except CheckpointError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path} has damaged metadata ({one_line(error)}); export it again"
            ) from None
        self._check_shapes()

    @property
    def engine(self) -> str:
        """ONNX Runtime's version, the device, and in what precision weights are stored."""
        return self._engine

    def __reduce__(self) -> tuple[type["OnnxModel"], tuple[Path, str, str], dict[str, bool]]:
        """Copies and other processes open the file anew; a session cannot be pickled."""
        given = (self._path.absolute(), self.name, self._device)
        return OnnxModel, given, {"offline": self.offline}

    def predict_canvas(
        self, pixels: UInt8[np.ndarray, "h w 3"], camera: Intrinsics
    ) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"] | None]:
        """Depth and spread at the canvas size; see ``Predictor``.

        Raises:
            CheckpointError: The network returns NaN or infinity, or does not run.
        """
        feeds = {IMAGE: pixels[None], CAMERA: np.array([camera.values_px], np.float32)}
        try:
            outputs = [batch[0] for batch in self._session.run(self._outputs, feeds)]
        except Exception as error:  # of many undocumented types without a common base
            if is_out_of_memory(error):
                raise
            raise CheckpointError(
                f"{self._path} does not run ({one_line(error)}); {REMEDY}"
            ) from None
        if not all(np.isfinite(output).all() for output in outputs):
            raise CheckpointError(f"{self._path} predicts NaN: its weights are damaged; {REMEDY}")
        depth_m, *uncertainty_m = outputs
        return depth_m, spread_of(depth_m, uncertainty_m[0]) if uncertainty_m else None

    @contextmanager
    def shared_by(self, num_threads: int) -> Iterator[Callable[[], None]]:
        """Let each of several threads compute with its share of the cores; see ``Predictor``."""
        before = self._session
        self._session = open_share(before, self._path, num_threads, self._provider)
        try:
            yield lambda: None
        finally:
            self._session = before

    def _read_facts(self) -> dict[str, Any]:
        """The metadata that ``depth-unet export`` stored."""
        text = self._session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        if text is None:
            raise CheckpointError(f"{self._path} is an ONNX file of another program; {REMEDY}")
        try:
            facts = json.loads(text)
        except (RecursionError, ValueError):
            facts = None
        if not isinstance(facts, dict):
            raise CheckpointError(f"{self._path} has damaged metadata; export it again")
        if facts.get("schema") != SCHEMA:
            raise CheckpointError(
                f"{self._path} has schema {facts.get('schema')} and this version reads {SCHEMA}; "
                "use the version of depth-unet that wrote it"
            )
        return facts

    def _check_weights(self, external: dict[str, Any] | None) -> None:
        """Refuse weights in another file unless they are those that the graph was written for."""
        if external is None:
            return
        weights = self._path.resolve().with_name(external["file"])
        if crc32_of(weights) != external["crc32"]:
            raise CheckpointError(
                f"{weights} does not hold the weights that {self._path} was written for; {RESTORE}"
            )

    def _check_shapes(self) -> None:
        """Refuse inputs and outputs other than those of ``depth-unet export``."""
        nodes = [*self._session.get_inputs(), *self._session.get_outputs()]
        found = {node.name: (node.type, len(node.shape)) for node in nodes}
        expected = INPUTS | dict.fromkeys(self._outputs, ("tensor(float)", 3))
        for name, (kind, rank) in expected.items():
            if found.get(name) != (kind, rank):
                what = (
                    "is missing" if name not in found else "is {} of rank {}".format(*found[name])
                )
                raise CheckpointError(
                    f"{self._path}: {name} {what}; expected {kind} of rank {rank}; {REMEDY}"
                )


def sealed(model: bytes) -> bytes:
    """A serialised model with its checksum as the last entry of its metadata."""
    return model + _seal(zlib.crc32(model))


def _seal(crc32: int) -> bytes:
    return SEAL + b"%08x" % crc32


def open_session(
    path: Path, num_threads: int, provider: str = PROVIDERS["cpu"]
) -> onnxruntime.InferenceSession:
    """Open an ONNX file for a number of threads per photo.

    Raises:
        CheckpointError: The file is missing or damaged, or no ONNX file.
        ConfigError: The provider cannot be started here.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist; {REMEDY}")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised, too
    options.intra_op_num_threads = num_threads
    # Threads of one photo spin while they wait for one another, and sleep between photos.
    spins = num_threads == num_cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spins)))
    options.add_session_config_entry("session.intra_op.spin_duration_us", LONGEST_SPIN_US)
    try:
        session = onnxruntime.InferenceSession(
            path.resolve(), sess_options=options, providers=[provider]
        )
    except Exception as error:  # of many undocumented types without a common base
        if is_out_of_memory(error):
            raise
        if "External " in str(error):  # "External data path" or "External initializer"
            raise CheckpointError(
                f"{path} refers to weights in another file, which is not beside it or incomplete; "
                f"{RESTORE}"
            ) from None
        raise CheckpointError(
            f"{path} is damaged or no ONNX file ({one_line(error)}); {REMEDY}"
        ) from None
    if provider not in session.get_providers():  # it fell back to the CPU
        raise ConfigError(
            f"ONNX Runtime has a {provider}, but cannot start it here; see its requirements, or "
            "choose device cpu"
        )
    return session


def open_share(
    whole: onnxruntime.InferenceSession,
    path: Path,
    num_threads: int,
    provider: str = PROVIDERS["cpu"],
) -> onnxruntime.InferenceSession:
    """A session for each of several threads to compute with its share of the cores.

    Args:
        whole: The session that computes with all cores, returned where the share is all of them.
        path: Its file.
        num_threads: How many threads predict at once.
        provider: As of ``open_session``.
    """
    share = max(1, num_cores() // num_threads)
    return whole if share == num_cores() else open_session(path, share, provider)


def _check_seal(path: Path) -> None:
    """Refuse a file that was changed since it was sealed; earlier versions sealed none."""
    if not path.is_file():
        return
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - SEAL_BYTES))
        found = stream.read()
    if not found.startswith(SEAL):
        return
    if found != _seal(crc32_of(path, without_last=SEAL_BYTES)):
        raise CheckpointError(
            f"{path} is damaged, or another program changed it (it does not have its checksum); "
            "export it again, or remove crc32 from its metadata"
        )


def _provider(device: str) -> str:
    here = onnxruntime.get_available_providers()
    provider = PROVIDERS.get(device, device)
    if provider not in here:
        devices = ", ".join(name for name, one in PROVIDERS.items() if one in here)
        raise ConfigError(
            f"ONNX Runtime does not run on device {device} here; choose {devices}, or name a "
            "checkpoint, which torch runs"
        )
    return provider
