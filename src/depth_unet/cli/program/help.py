"""Help texts: of the program, of the commands that take a recipe, and tyro's made readable."""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from depth_unet.errors import ConfigError
from depth_unet.model.shipped import shipped_names

if TYPE_CHECKING:
    from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec

USAGE = """\
usage: depth-unet COMMAND ...

Metric depth of rooms from one photo, with a network small enough to train yourself.

commands:
  predict INPUT...                predict depth for photos and videos
  measure PHOTO X,Y X,Y...        measure distances between points of a photo
  app                             predict and measure in the browser, on this machine
  train RECIPE --data DIR         train a network (`train --help` lists the recipes)
  train --resume RUN              resume an interrupted run
  evaluate RUN --data DIR         score a run on seen rooms, unseen rooms and test frames
  evaluate --predictions DIR ...  score the depth files of another program
  compare RUN RUN... --data DIR   compare runs on frames that none of them was trained on
  leaderboard EVALUATION...       rank evaluations in one table
  search RECIPE --data DIR        find the best settings for a recipe
  export RUN FILE                 write weights (.safetensors) or a whole model (.onnx)
  push RUN OWNER/NAME             write a run to the Hugging Face Hub, with a model card
  inspect SOURCE                  describe a data set and look for mistakes in it
  prepare SOURCE OUT              decode and resize a data set once, into a cache
  label PHOTO... --out DIR        label photos with depth by networks, to train on
  rooms OUT                       render synthetic rooms with exact depth
  help COMMAND                    show the options of a command

options:
  -h, --help                      show this help
  -V, --version                   show the version
  --completion bash|zsh|fish      print a completion script for your shell

Every command also takes its options from a YAML file: COMMAND --config FILE.
"""


def recipes_help(command: str, recipes: Mapping[str, Callable[[], Any]]) -> str:
    """The help of a command that takes a recipe: their names and summaries."""
    resume = "       depth-unet train --resume RUN\n" if command == "train" else ""
    summaries = {name: (recipe.__doc__ or "").splitlines()[0] for name, recipe in recipes.items()}
    lines = (f"  {name:16}{text.replace('``', '')}\n" for name, text in summaries.items())
    return (
        f"usage: depth-unet {command} RECIPE --data DIR [options]\n{resume}\n"
        f"recipes:\n{''.join(lines)}\n"
        f"`depth-unet {command} RECIPE --help` lists the options and their defaults.\n"
    )


def suggest(word: str, known: Iterable[str]) -> str:
    """``" (did you mean X?)"``, where X is known and much like the word; else nothing.

    Names with dots are also found by their last part: ``lr`` by ``optim.lr``.
    """
    from difflib import get_close_matches

    whole = {name: name for name in known}
    names = {name.rpartition(".")[2]: name for name in whole} | whole
    close = get_close_matches(word, names, n=1)
    return f" (did you mean {names[close[0]]}?)" if close else ""


class RefusedError(Exception):
    """Carries a ConfigError out of tyro, which draws a box of several lines around a ValueError."""

    def __init__(self, error: ConfigError) -> None:
        super().__init__(str(error))
        self.error = error


def help_rules() -> "ConstructorRegistry":
    """Rules that make tyro's help and errors readable; values are parsed as without them.

    Several values are shown as ``INT...``, an empty default as ``none``, the lines of a docstring
    are joined, and ``{shipped}`` in it becomes the names of the shipped weights. A config that
    refuses a value raises ``RefusedError``.
    """
    from tyro.constructors import (
        ConstructorRegistry,
        PrimitiveConstructorSpec,
        StructConstructorSpec,
    )

    registry = ConstructorRegistry()
    asking = False

    def by_tyro(find: Callable[[Any], Any], info: Any) -> Any:
        nonlocal asking
        if asking:  # this very call: leave the answer to tyro's own rules
            return None
        asking = True
        try:
            return find(info)
        finally:
            asking = False

    @registry.primitive_rule
    def short_metavar(info: Any) -> Any:
        spec = by_tyro(registry.get_primitive_spec, info)
        if not isinstance(spec, PrimitiveConstructorSpec):
            return spec
        metavar = re.sub(r"\[(\S+) \[(\1 )?\.\.\.\]\]", r"\1...", spec.metavar)
        metavar = re.sub(r"^\{([^{},]*)\}$", r"\1", metavar).replace("STR", "TEXT")
        return replace(spec, metavar=metavar, str_from_instance=lambda value: _show(value, spec))

    @registry.struct_rule
    def one_paragraph(info: Any) -> Any:
        spec = by_tyro(registry.get_struct_spec, info)
        if not isinstance(spec, StructConstructorSpec):
            return spec
        fields = tuple(replace(field, helptext=_later(field.helptext)) for field in spec.fields)
        instantiate = functools.partial(_make_or_refuse, spec.instantiate)
        return replace(spec, fields=fields, instantiate=instantiate)

    return registry


def _make_or_refuse(make: Callable[..., Any], *values: Any, **named: Any) -> Any:
    try:
        return make(*values, **named)
    except ConfigError as error:
        raise RefusedError(error) from None


def _show(value: Any, spec: "PrimitiveConstructorSpec[Any]") -> list[str]:
    if isinstance(value, float):
        return [f"{value:.6g}"]
    return ["none"] if value in (None, "", ()) else spec.str_from_instance(value)


def _later(text: str | Callable[[], str | None] | None) -> Callable[[], str]:
    # Called when help is shown, since reading docstrings and folders takes time.
    return functools.partial(_join_lines, text)


def _join_lines(text: str | Callable[[], str | None] | None) -> str:
    words = (text() if callable(text) else text) or ""
    words = words.replace("{shipped}", ", ".join(shipped_names()))
    # A line such as "npy: an array" is an item of a list and stays a line.
    return re.sub(r"\s*\n\s*(?![\w, ]+: )", " ", words)
