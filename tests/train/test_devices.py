"""What `auto` means on a device."""

import pytest
import torch

from depth_unet.config.compute import ComputeConfig
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.train import devices
from depth_unet.train.devices import resolve_precision, uses_fused

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(("here", "expected"), [(True, "bf16"), (False, "fp32")])
def test_auto_is_bf16_where_the_device_has_it(
    monkeypatch: pytest.MonkeyPatch, here: bool, expected: str
) -> None:
    """And fp32 elsewhere; what the user says stays."""
    monkeypatch.setattr(devices, "has_bf16", lambda _: here)
    assert resolve_precision(Config(precision="auto"), CPU).precision == expected
    assert resolve_precision(Config(precision="fp64"), CPU).precision == "fp64"


def test_processors_without_a_list_of_flags_have_no_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the processor's features are unknown, bf16 is not assumed."""

    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(devices.Path, "read_text", missing)
    assert not devices.has_bf16(CPU)
    assert not devices.has_bf16(torch.device("meta"))


def test_fp16_needs_a_gpu_and_its_scaler() -> None:
    """On the CPU it is refused, and so is an optimiser that would unscale gradients itself."""
    with pytest.raises(ConfigError, match="needs a GPU"):
        resolve_precision(Config(precision="fp16"), CPU)
    fused = ComputeConfig(fused="on")
    with pytest.raises(ConfigError, match=r"compute\.fused on cannot unscale"):
        resolve_precision(Config(precision="fp16", compute=fused), CUDA)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_fused_by_default_but_under_fp16(precision: str) -> None:
    """Unless the user says otherwise."""
    config = Config(precision=precision)  # type: ignore[arg-type]
    assert uses_fused(config, CUDA) == (precision != "fp16")
    assert not uses_fused(Config(compute=ComputeConfig(fused="off")), CPU)
