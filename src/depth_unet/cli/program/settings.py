"""``--config FILE``: the options of a command from a YAML file.

Names and values are those of the command line. Numbers are parsed from text as there: YAML itself
takes ``1e-4`` for text and ``off`` for a truth value.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, get_args

from depth_unet.cli.arguments.find import Option, options_of
from depth_unet.cli.program.help import suggest
from depth_unet.cli.program.repeated import option_values
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.files.text import expand_home, read_text
from depth_unet.recipes import RECIPES

if TYPE_CHECKING:
    from tyro.constructors import ConstructorRegistry
    from yaml import MappingNode, Node

NULL = "tag:yaml.org,2002:null"
LONGEST = 80  # characters of the file in a message
DEEPEST = 5  # a file whose groups contain themselves ends here
Values = Mapping[tuple[str, ...], Any]
"""Values of options, by ``Option.path``."""


def read_settings(
    arguments: Sequence[str], kind: type[Any], registry: "ConstructorRegistry"
) -> Values:
    """The values in the file that ``--config`` names; none without that option.

    Args:
        arguments: The command's arguments.
        kind: The dataclass of its options.
        registry: The rules by which options are parsed.

    Raises:
        ConfigError: The file cannot be read, names an option that the command does not have or one
            twice, or has a value that the option does not take.
    """
    given = option_values(arguments, "config")
    if not given:  # absent, or without a value, which the parser refuses
        return {}
    path = Path(given[0])
    known = {option.name: option for option in options_of(kind) if option.path != ("config",)}
    found, lines, unknown = dict[tuple[str, ...], Any](), dict[str, int](), list[str]()
    for name, node in _leaves(_read(path)):
        line = node.start_mark.line + 1
        if name not in known:
            unknown.append(f"{_one_line(name)} in line {line}{suggest(name, known)}")
        elif lines.setdefault(name, line) != line:
            raise ConfigError(
                f"{path} has {name} in line {lines[name]} and in line {line}; write it once"
            )
        else:
            where = f"{path}, line {line}: {name}"
            found[known[name].path] = _value(node, known[name], where, registry)
    if unknown:
        raise ConfigError(
            f"{path} has settings that this command does not know: {', '.join(unknown)}; "
            "use the long names of its options, which --help lists"
        )
    return found


def first_settings(recipe: str, values: Values) -> Config:
    """The settings that those of the file and the command line change.

    Args:
        recipe: The recipe that the command line names; empty: the file's.
        values: The values in the file.

    Returns:
        The recipe's; those of a plain ``Config`` where the file names no recipe that is known.

    Raises:
        ConfigError: Command line and file name two recipes.
    """
    named = values.get(("settings", "recipe"), "")
    if recipe and named not in ("", recipe):
        raise ConfigError(
            f"the command line names the recipe {recipe} and the file of --config {named}; leave "
            "one of them out"
        )
    make = RECIPES.get(recipe or named, Config)
    return make()


def start_from(base: Any, values: Values, path: tuple[str, ...] = ()) -> Any:
    """A copy of a dataclass with values, to be parsed further.

    It is not checked: the command line may complete settings that contradict each other.

    Args:
        base: Its fields that are dataclasses are copied in the same way.
        values: Values by their path.
        path: The fields that lead to ``base``.
    """
    made = object.__new__(type(base))
    for field in fields(base):
        here, old = (*path, field.name), getattr(base, field.name)
        new = start_from(old, values, here) if is_dataclass(old) else values.get(here, old)
        object.__setattr__(made, field.name, new)
    return made


def without_value(kind: type[Any], missing: Any, **given: Any) -> Any:
    """A dataclass of arguments with its defaults, and ``missing`` where there is none."""
    required = [
        field.name for field in fields(kind) if field.default is field.default_factory is MISSING
    ]
    return kind(**dict.fromkeys(required, missing) | given)


def drop_known_switches(arguments: Sequence[str], kind: type[Any], values: Values) -> list[str]:
    """The arguments without the switches that the file turns on.

    The parser offers only ``--no-overwrite`` where ``overwrite`` is on already.
    """
    on = {
        option.flag
        for option in options_of(kind)
        if option.kind is bool and not option.paired and values.get(option.path)
    }
    return [word for word in arguments if word.replace("_", "-") not in on]


def _read(path: Path) -> "MappingNode | None":
    import yaml

    try:
        root = yaml.compose(read_text(path), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"{path} cannot be read ({cause}); name a YAML file, such as config.yaml of a run"
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise ConfigError(f"{path}{place} is not YAML ({problem}); correct it") from None
    if root is None or isinstance(root, yaml.MappingNode):
        return root
    raise ConfigError(f"{path} is not a list of settings; write NAME: VALUE in each line")


def _leaves(group: "MappingNode | None", prefix: str = "") -> Iterator[tuple[str, "Node"]]:
    for key, node in group.value if group else ():
        plain = key.id == "scalar"
        name = prefix + (key.value.replace("-", "_") if plain else f"a {key.id}")
        if node.id == "mapping" and name.count(".") < DEEPEST:
            yield from _leaves(node, f"{name}.")
        else:
            yield name, node


def _value(node: "Node", option: Option, where: str, registry: "ConstructorRegistry") -> Any:
    import yaml
    from tyro.conf import DisallowNone
    from tyro.constructors import PrimitiveTypeInfo

    spec: Any = registry.get_primitive_spec(PrimitiveTypeInfo.make(option.kind, {DisallowNone}))
    counts = spec.nargs if isinstance(spec.nargs, tuple) else (spec.nargs,)
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    words = [expand_home(str(item.value)) for item in items]
    if node.tag == NULL:
        if type(None) in get_args(option.kind):
            return None
        words = [] if "*" in counts else [""]
    if option.kind is bool:
        words = [str(yaml.SafeLoader.bool_values.get(word.lower(), word)) for word in words]
    try:
        if not all(isinstance(item, yaml.ScalarNode) for item in items):
            raise ValueError
        if "*" not in counts and len(words) not in counts:
            raise ValueError
        if spec.choices and not set(words) <= set(spec.choices):
            raise ValueError
        return spec.instance_from_str(words)
    except ValueError:
        flat = all(isinstance(item, yaml.ScalarNode) for item in items)
        shown = (_one_line(" ".join(words)) or "nothing") if flat else "nested"
        raise ConfigError(f"{where} is {shown}; it takes {_expected(option, spec)}") from None


def _one_line(text: str) -> str:
    return shorten(text, LONGEST, placeholder="...")


def _expected(option: Option, spec: Any) -> str:
    """What an option takes, as help names it."""
    if option.kind is bool:
        return "true or false"
    named = [mark.metavar for mark in option.marks if getattr(mark, "metavar", None)]
    return " or ".join(spec.choices) if spec.choices else str((*named, spec.metavar)[0])
