"""``--config FILE``: the options of a command from a YAML file.

Names and values are those of the command line. Numbers are parsed from text as there: YAML itself
takes ``1e-4`` for text and ``off`` for a truth value.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from itertools import takewhile
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, get_args, get_origin
from unicodedata import category

from depth_unet.cli.arguments.find import FILE_OF, Option, arguments_of, options_of
from depth_unet.cli.program.help import suggest
from depth_unet.cli.program.repeated import option_values
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.files.text import expand_home, read_text
from depth_unet.recipes import RECIPES

if TYPE_CHECKING:
    from tyro.constructors import ConstructorRegistry
    from yaml import MappingNode, Node

NULL, MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
LONGEST = 80  # characters of the file in a message
MOST_UNKNOWN = 5  # names in a message
ARGUMENTS = ("config", "resume")  # they choose what is read, so the command line has them
REMEDY = "use the long names of its options, which --help lists"
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
    groups = {name.rpartition(".")[0] for name in known}
    found, lines, unknown = dict[tuple[str, ...], Any](), dict[str, int](), dict[str, int]()
    for name, line, node in _leaves(path, _read(path)):
        if name not in known:
            if name not in groups or node.value:  # a group may be empty
                unknown[name] = line
        elif name in lines:
            raise ConfigError(
                f"{path} has {name} in line {lines[name]} and again in line {line}; write it once"
            )
        else:
            lines[name] = line
            where = f"{path}, line {line}: {name}"
            found[known[name].path] = _value(node, known[name], where, registry)
    if unknown:
        other = _command_of(unknown) if len(unknown) > len(found) else ""
        raise ConfigError(
            f"{path} has settings that this command does not know: {_some(unknown, known)}; "
            + (f"they look like settings of `{other}`: name another file" if other else REMEDY)
        )
    return found


def check_choices(arguments: Sequence[str], kind: type[Any]) -> None:
    """Refuse, in one line, a word of the command line that its option does not offer."""
    for option in options_of(kind):
        words = option_values(arguments, option.name) if option.is_choice else []
        last = len(words) if get_origin(option.kind) is tuple else 1  # operands may follow
        for word in takewhile("--".__ne__, words[:last]):
            if word not in option.choices:
                raise ConfigError(
                    f"{option.flag} is {_one_line(word) or 'empty'}; {_offered(word, option)}"
                )


def first_settings(recipe: str, values: Values) -> Config:
    """The settings that those of the file and the command line change.

    Args:
        recipe: The recipe that the command line names; empty: the file's.
        values: The values in the file.

    Returns:
        The recipe's; those of a plain ``Config`` where no recipe is named.

    Raises:
        ConfigError: Command line and file name two recipes, or the file names one that does not
            exist and leaves settings to it.
    """
    base = Config()
    named = values.get(("settings", "recipe"), recipe or base.recipe)
    if recipe and named != recipe:
        raise ConfigError(
            f"the command line names the recipe {recipe} and the file of --config {named}; leave "
            "one of them out"
        )
    if named in RECIPES:
        return RECIPES[named]()
    if named == base.recipe or _is_complete(values):
        return base
    raise ConfigError(
        f"the file of --config names the recipe {named}, which does not exist"
        f"{suggest(named, RECIPES)}; choose {', '.join(RECIPES)}, or {base.recipe} to start from "
        "the defaults of Config"
    )


def _is_complete(values: Values) -> bool:
    """Whether the file has all settings of a run, so that none comes from a recipe."""
    return all(option.path in values for option in options_of(Config, ("settings",)))


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
    """The arguments without the switches that change nothing.

    The parser offers only ``--no-overwrite`` where the file turns ``overwrite`` on, and else only
    ``--overwrite``. Of both, the last counts.
    """
    meant = dict[str, tuple[Option, bool]]()
    for option in options_of(kind):
        if option.kind is bool and not option.paired:
            meant[option.flag] = (option, True)
            meant[f"--no-{option.flag.removeprefix('--')}"] = (option, False)
    flags = [word.replace("_", "-") for word in arguments]
    last = {meant[flag][0].path: place for place, flag in enumerate(flags) if flag in meant}

    def counts(place: int, flag: str) -> bool:
        if flag not in meant:
            return True
        option, on = meant[flag]
        return last[option.path] == place and on != values.get(option.path, option.default)

    return [
        word
        for place, (word, flag) in enumerate(zip(arguments, flags, strict=True))
        if counts(place, flag)
    ]


def _read(path: Path) -> "MappingNode | None":
    import yaml

    try:
        root = yaml.compose(read_text(path), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"{path} cannot be read ({cause}); name a YAML file, such as config.yaml of a run"
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # "\UFFFFFFFF" is no character
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise ConfigError(f"{path}{place} is not YAML ({_one_line(problem)}); correct it") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply; write NAME: VALUE in each line") from None
    if root is None or isinstance(root, yaml.MappingNode):
        return root
    raise ConfigError(f"{path} is not a list of settings; write NAME: VALUE in each line")


def _leaves(
    path: Path, group: "MappingNode | None", prefix: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, int, "Node"]]:
    """The name, line and value of every setting; those of empty groups, too."""
    seen = set() if seen is None else seen
    for key, node in group.value if group else ():
        line = key.start_mark.line + 1
        name = prefix + (key.value.replace("-", "_") if key.id == "scalar" else f"a {key.id}")
        if key.tag == MERGE or id(node) in seen:
            raise ConfigError(
                f"{path}, line {line}: {_one_line(name)} repeats a group by an alias or a merge "
                "key, which is not supported; write the settings out"
            )
        if node.id == "mapping" and node.value:
            seen.add(id(node))
            yield from _leaves(path, node, f"{name}.", seen)
        else:
            yield name, line, node


def _some(unknown: Mapping[str, int], known: Iterable[str]) -> str:
    """The first names that are unknown, with their lines and the nearest that are known."""
    named = list[str]()
    for name, line in list(unknown.items())[:MOST_UNKNOWN]:
        shown = _one_line(name)
        hint = " (the command line names it)" if name in ARGUMENTS else suggest(shown, known)
        named.append(f"{shown} in line {line}{hint}")
    more = len(unknown) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _command_of(names: Collection[str]) -> str:
    """The command that knows most of the names; empty if none knows half of them."""
    asked = {*names} - {*ARGUMENTS}
    known = {
        command: sum(option.name in asked for option in options_of(arguments_of(command)))
        for command in FILE_OF
    }
    best = max(known, key=lambda command: known[command])
    return best if known[best] * 2 > len(names) else ""


def _value(node: "Node", option: Option, where: str, registry: "ConstructorRegistry") -> Any:
    import yaml
    from tyro.conf import DisallowNone
    from tyro.constructors import PrimitiveTypeInfo

    spec: Any = registry.get_primitive_spec(PrimitiveTypeInfo.make(option.kind, {DisallowNone}))
    kinds = (option.kind, *get_args(option.kind))
    if node.tag == NULL and (type(None) in kinds or option.default in ("", ())):
        return None if type(None) in kinds else option.default
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    flat = all(isinstance(item, yaml.ScalarNode) for item in items)
    words = [_word(item, option) for item in items] if flat else []
    counts = spec.nargs if isinstance(spec.nargs, tuple) else (spec.nargs,)
    try:
        if not flat or any(item.tag == NULL for item in items):
            raise ValueError
        if "" in words and str not in kinds:  # Path would take it for the current folder
            raise ValueError
        if any(category(character) == "Cc" for word in words for character in word):
            raise ValueError
        if "*" not in counts and len(words) not in counts:
            raise ValueError
        if spec.choices and not set(words) <= set(spec.choices):
            raise ValueError
        return spec.instance_from_str(words)
    except ValueError:
        shown = (_one_line(" ".join(words)) or "nothing") if flat else "nested"
        takes = _offered(shown, option) if option.is_choice else _expected(option, spec)
        raise ConfigError(f"{where} is {shown}; {takes}") from None


def _word(item: "Node", option: Option) -> str:
    """A value as the command line has it."""
    import yaml

    if item.tag == NULL:
        return ""
    if option.kind is bool:
        return str(yaml.SafeLoader.bool_values.get(item.value.lower(), item.value))
    return expand_home(item.value.removesuffix("\n"))  # of a block


def _one_line(text: str) -> str:
    return shorten(text, LONGEST, placeholder="...")


def _expected(option: Option, spec: Any) -> str:
    """What an option takes, as help names it."""
    if option.kind is bool:
        return "it takes true or false"
    named = [mark.metavar for mark in option.marks if getattr(mark, "metavar", None)]
    return f"it takes {(*named, spec.metavar)[0]}"


def _offered(word: str, option: Option) -> str:
    return f"it takes {' or '.join(option.choices)}{suggest(word, option.choices)}"
