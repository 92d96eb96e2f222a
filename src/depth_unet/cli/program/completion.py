"""``depth-unet --completion``: scripts with which a shell completes commands and options."""

from collections.abc import Iterator

from depth_unet.cli.arguments.find import arguments_of, options_of
from depth_unet.cli.main import MODULE_OF, WITH_RECIPE
from depth_unet.errors import ConfigError
from depth_unet.recipes import RECIPES

# Where no word fits, the shell completes file names.
BASH = """\
_depth_unet() {
    local word=${COMP_WORDS[COMP_CWORD]} option= words= i
    for ((i = 2; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] && option=${COMP_WORDS[i]}
    done
    if ((COMP_CWORD == 1)); then words="COMMANDS --help --version --completion"
    elif [[ $word != -* ]]; then case "${COMP_WORDS[1]} $option" in
VALUES
    esac; else case ${COMP_WORDS[1]} in
OPTIONS
    esac; fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o bashdefault -o default -F _depth_unet depth-unet
"""
ZSH = """\
autoload -Uz compinit bashcompinit
(( $+functions[compdef] )) || compinit
bashcompinit
"""
Words = dict[str, list[str]]


def script(shell: str) -> str:
    """The completion script of a shell: ``bash``, ``zsh`` or ``fish``.

    Raises:
        ConfigError: The shell is none of these.
    """
    if shell not in ("bash", "zsh", "fish"):
        raise ConfigError(f"--completion is {shell!r}; choose bash, zsh or fish")
    options = {command: dict(_options(command)) for command in MODULE_OF}
    operands = {command: list(RECIPES) for command in WITH_RECIPE} | {"help": list(MODULE_OF)}
    commands = " ".join([*MODULE_OF, "help"])
    if shell == "fish":
        return "\n".join(_fish(commands, operands, options)) + "\n"
    values = {
        f"{command} {flag}": choices
        for command, flags in {**options, "help": {}}.items()
        for flag, choices in {"": operands.get(command, []), **flags}.items()
    }
    filled = BASH.replace("COMMANDS", commands).replace("VALUES", _cases(values))
    filled = filled.replace("OPTIONS", _cases({name: list(of) for name, of in options.items()}))
    return (ZSH if shell == "zsh" else "") + filled


def _options(command: str) -> Iterator[tuple[str, list[str]]]:
    """Every option of a command, each with those of its values that can be listed."""
    for option in options_of(arguments_of(command)):
        if not option.flag:
            continue
        for mark in option.marks:
            yield from ((flag, []) for flag in getattr(mark, "aliases", None) or ())
        yield option.flag, option.choices
        if option.kind is bool and option.paired:
            *groups, last = option.flag.removeprefix("--").split(".")
            yield f"--{'.'.join((*groups, f'no-{last}'))}", []
    yield "--help", []
    if command == "train":
        yield "--resume", []


def _cases(words: Words) -> str:
    return "\n".join(
        f'        "{case}") words="{" ".join(found)}" ;;' for case, found in words.items() if found
    )


def _fish(commands: str, operands: Words, options: dict[str, Words]) -> Iterator[str]:
    yield f"complete -c depth-unet -n __fish_use_subcommand -f -a '{commands}'"
    for flag in ("help", "version", "completion"):
        yield f"complete -c depth-unet -n __fish_use_subcommand -l {flag}"
    for command, flags in options.items():
        after = f"complete -c depth-unet -n '__fish_seen_subcommand_from {command}'"
        for flag, choices in flags.items():
            kind = "-l" if flag.startswith("--") else "-s"
            values = f" -x -a '{' '.join(choices)}'" if choices else ""
            yield f"{after} {kind} {flag.lstrip('-')}{values}"
    for command, words in operands.items():
        names = " ".join(words)
        yield (
            f"complete -c depth-unet -n '__fish_seen_subcommand_from {command}; "
            f"and not __fish_seen_subcommand_from {names}' -f -a '{names}'"
        )
