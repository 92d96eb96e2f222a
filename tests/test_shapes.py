"""The checks that every test stands on find what they are there for."""

import inspect
from collections.abc import Iterator
from typing import Self

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.losses.mae import mae
from tests.shapes import checked

refused = pytest.raises(TypeError, match=r"violates type hint|Type-check error")


class Frame:
    """Whose methods are handed over alone, as by the import hook."""

    @checked
    def same(self, other: "Frame | None" = None) -> Self:
        """A type that stands in text, and one that beartype refuses."""
        return self if other is None else other

    @checked
    def unknown(self, other: "NotImported") -> None:  # noqa: F821
        """A name that only a type checker imports."""


@checked
def add(one: Float[Tensor, "h w"], other: Float[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    """Two maps of one size."""
    return one[:1] + other[:1] if len(one) > 9 else one + other


@checked
def widened(one: Float[Tensor, "h w"], width: int) -> Float[Tensor, "h {width}"]:
    """An axis that an argument names."""
    return torch.zeros(len(one), width)


@checked
def rows(one: Float[Tensor, "h w"], other: Float[Tensor, "h w"]) -> Iterator[Tensor]:
    """A generator."""
    yield from one + other


@checked
def half(value: float) -> float:
    """Without arrays."""
    return value / 2 if value < 100 else "much"  # type: ignore[return-value]


def test_axes() -> None:
    """Sizes agree within a call, in arguments and in the result, and are new in every call."""
    for size in ((2, 3), (4, 5)):
        assert add(torch.ones(size), torch.ones(size)).shape == size
    for other in (torch.ones(3, 2), torch.ones(2), torch.ones(2, 3, dtype=torch.int32)):
        with refused:
            add(torch.ones(2, 3), other)
    with refused:  # the result has one row
        add(torch.ones(10, 3), torch.ones(10, 3))
    assert widened(torch.ones(2, 3), 7).shape == (2, 7)


def test_generators_are_checked_when_they_are_called() -> None:
    """Not when somebody iterates over them."""
    assert len(list(rows(torch.ones(2, 3), torch.ones(2, 3)))) == 2
    with refused:
        rows(torch.ones(2, 3), torch.ones(3, 2))


def test_types() -> None:
    """An int will do for a float; results are checked; text is read, unknown names are not."""
    assert half(3) == 1.5
    for wrong in ("3", None, 200):
        with refused:
            half(wrong)  # type: ignore[arg-type]
    frame = Frame()
    assert frame.same(frame) is frame
    with refused:
        frame.same(3)  # type: ignore[arg-type]
    frame.unknown(3)


def test_package_is_checked() -> None:
    """Functions, methods and the constructors of dataclasses."""
    depth_m, valid = torch.ones(1, 1, 2, 3), torch.ones(1, 1, 2, 3, dtype=torch.bool)
    mae(depth_m, depth_m, valid)
    with refused:
        mae(depth_m, depth_m[..., :2], valid)
    camera = Intrinsics(width=4, height=3, fx_px=2, fy_px=2.0, cx_px=1.5, cy_px=1.0)
    with refused:
        Intrinsics.centred("4", camera.height, 2.0)  # type: ignore[arg-type]
    with refused:
        Intrinsics(width="4", height=3, fx_px=2, fy_px=2, cx_px=1, cy_px=1)  # type: ignore[arg-type]


@pytest.mark.usefixtures("unchecked")
def test_checks_can_be_turned_off() -> None:
    """For compilers, and for what shall run as for a user."""
    assert half(200) == "much"
    assert list(rows(torch.ones(2, 3), torch.ones(1, 3)))


def test_signatures_are_kept() -> None:
    """Help and docs read them."""
    assert list(inspect.signature(Intrinsics.centred).parameters)[:2] == ["width", "height"]
    assert Frame.same.__annotations__["return"] is Self
