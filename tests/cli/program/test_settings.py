"""``--config FILE``: options of every command from a file."""

import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from depth_unet.cli import main as program
from depth_unet.cli.arguments.find import arguments_of, options_of
from depth_unet.cli.main import MODULE_OF, WITH_RECIPE
from depth_unet.config.run import Config
from depth_unet.config.values import to_dict
from depth_unet.recipes import RECIPES
from depth_unet.train.folder import CONFIG_NAME, begin_run_folder
from tests.integration.commandline import Outcome, assert_refused, depth_unet

# A line of each command, and the same in a file. Every kind of value is among them: texts, paths,
# numbers, choices, switches, lists, a pair, operands and settings of a recipe.
SAME = {
    "predict a.jpg -o b --fov 66.5 --save png16 ply --no-stabilise --normals": (
        "inputs: a.jpg\nout: b\nfov: 66.5\nsave: [png16, ply]\nstabilise: off\nnormals: on\n"
        "overwrite: false"
    ),
    "measure a.jpg 1,2 3,4 --known 1,2=3 --json": (
        "photo: a.jpg\npoints:\n- 1,2\n- 3,4\nknown:\n- 1,2=3\njson: true"
    ),
    "train transfer --data a b:2 --optim.lr 1e-4 --compute.fused off --optim.betas .8 .9": (
        "recipe: transfer\ndata: [a, b:2]\noptim: {lr: 1e-4}\ncompute:\n  fused: off\n"
        "optim.betas: [.8, .9]"
    ),
    "search seed --data a --space loss.mae=0.2,0.3 --trials 3 --steps 9": (
        'recipe: seed\ndata: a\nspace: "loss.mae=0.2,0.3"\ntrials: 3\nsteps: 9'
    ),
    "evaluate a --data b --split test unseen --parameters 0.7M": (
        "checkpoint: a\ndata: b\nsplit: [test, unseen]\nparameters: 0.7M"
    ),
    "compare a b --data c --protocol full": "runs: [a, b]\ndata: c\nprotocol: full",
    "leaderboard a b --sort rmse": "results: [a, b]\nsort: rmse",
    "export a b.onnx --correlation 1 2 3 4 --spread-scale 2": (
        "checkpoint: a\nout: b.onnx\ncorrelation: [1, 2, 3, 4]\nspread-scale: 2"
    ),
    "push a b/c --licence mit --data d e/f --private": (
        "checkpoint: a\nmodel: b/c\nlicence: mit\ndata: [d, e/f]\nprivate: true"
    ),
    "app --weights a --port 0 --static b": "weights: a\nport: 0\nstatic: b",
    "inspect a --most 0": "source: a\nmost: 0\nform: null\nsheet: ~",
    "prepare a b --skip-bad": "source: a\nout: b\nskip_bad: yes",
    "label a b --out c --disagreement .2": "inputs: [a, b]\nout: c\ndisagreement: .2",
    "rooms a --fov 60 90 --images 7 --furniture boxes": (
        "out: a\nfov: [60, 90]\nimages: 7\nfurniture: boxes"
    ),
}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The arguments that commands would run with, in an empty folder."""
    given = list[Any]()
    recorder = SimpleNamespace(run=lambda arguments: given.append(arguments) or [])
    monkeypatch.setattr(program, "_import", lambda _: recorder)
    monkeypatch.chdir(tmp_path)
    return given


def run(text: str, line: str) -> Outcome:
    """A command with a file of settings called ``a.yaml``."""
    Path("a.yaml").write_text(text)
    return depth_unet(*shlex.split(line))


def values(arguments: Any) -> dict[str, Any]:
    """The arguments by field, without the name of the file."""
    return {
        option.name: _value(arguments, option.path)
        for option in options_of(type(arguments))
        if option.name != "config"
    }


def _value(place: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        place = getattr(place, name)
    return place


def test_every_command_is_here() -> None:
    """The lines above are of all commands."""
    assert {line.split()[0] for line in SAME} == {*MODULE_OF}


@pytest.mark.parametrize("line", SAME)
def test_a_file_says_what_the_command_line_says(line: str, parsed: list[Any]) -> None:
    """Options, operands and settings of a recipe get the same values from both."""
    assert depth_unet(*line.split()).code == 0
    outcome = run(SAME[line], f"{line.split(maxsplit=1)[0]} --config a.yaml")
    assert outcome.code == 0, outcome.err
    assert values(parsed[1]) == values(parsed[0])


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("--fov 50", {"fov": 50.0}),
        ("--save npy", {"save": ("npy",)}),
        ("b.jpg c.jpg", {"inputs": ("b.jpg", "c.jpg")}),
        ("--fov 50 b.jpg", {"fov": 50.0, "inputs": ("b.jpg",)}),
        ("--stabilise", {"stabilise": True}),
        ("--overwrite", {}),
        ("--no-overwrite", {"overwrite": False}),
        ("--no-overwrite --overwrite", {}),
        ("--overwrite --no-overwrite", {"overwrite": False}),
        ("--no-normals", {}),
        ("--no-normals --normals", {"normals": True}),
        ("--normals --no-normals", {}),
        ("-o d", {"out": Path("d")}),
    ],
)
def test_the_command_line_overrides(
    line: str, changed: dict[str, object], parsed: list[Any]
) -> None:
    """What the command line gives replaces what the file gives, lists as a whole."""
    text = "inputs: [a.jpg]\nfov: 60\nsave: [png16, ply]\nstabilise: false\noverwrite: true\nout: b"
    assert run(text, "predict --config a.yaml").code == 0
    assert run(text, f"predict --config a.yaml {line}").code == 0
    assert run(text, f"predict {line} --config=a.yaml").code == 0
    assert values(parsed[1]) == values(parsed[2]) == values(parsed[0]) | changed


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("command", WITH_RECIPE)
def test_settings_of_a_run_come_back(command: str, name: str, parsed: list[Any]) -> None:
    """``config.yaml`` of any recipe gives its settings, with and without the recipe's name."""
    begin_run_folder(Path(), RECIPES[name]())
    for recipe in ([name], []):
        given = (command, *recipe, "--data", "a", "--config", CONFIG_NAME)
        assert depth_unet(*given).code == 0
    assert [each.settings for each in parsed] == [RECIPES[name]()] * 2


def test_a_file_with_a_recipe_of_its_own(parsed: list[Any]) -> None:
    """Without a known recipe's name, settings start from those of Python; with one, from it."""
    for text in ("steps: 3", "steps: 3\nrecipe: custom", "steps: 3\nrecipe: transfer"):
        assert run(text, "train --config a.yaml --data b").code == 0
    assert [to_dict(each.settings) for each in parsed] == [
        to_dict(Config(steps=3)),
        to_dict(Config(steps=3)),
        to_dict(RECIPES["transfer"]()) | {"steps": 3},
    ]


@pytest.mark.parametrize("command", WITH_RECIPE)
def test_a_misspelt_recipe_is_refused(command: str, parsed: list[Any]) -> None:
    """It would train the defaults under that name; all settings of a run need no recipe."""
    line = f"{command} --config a.yaml --data b"
    for name in ("transfers", "''"):
        assert_refused(run(f"recipe: {name}\nsteps: 3", line), "does not exist", "custom")
    assert_refused(run("recipe: transfers", line), "did you mean transfer?")
    assert not parsed
    complete = replace(RECIPES["transfer"](), recipe="of-an-old-version")
    begin_run_folder(Path(), complete)
    assert depth_unet(command, "--config", CONFIG_NAME, "--data", "b").code == 0
    assert parsed[0].settings == complete


def test_a_recipe_stands_first(parsed: list[Any]) -> None:
    """A recipe behind the file is no second file."""
    refused = run("steps: 3", "train --data b --config a.yaml seed")
    assert_refused(refused, "depth-unet train seed --config FILE")
    assert not parsed


def test_two_recipes_are_refused(parsed: list[Any]) -> None:
    """A recipe on the command line and another in the file are not mixed."""
    refused = run("recipe: transfer", "train seed --config a.yaml --data b")
    assert_refused(refused, "seed", "transfer", "leave one of them out")
    assert not parsed


def test_settings_that_need_each_other(parsed: list[Any]) -> None:
    """Only the whole is checked: the command line may complete the file."""
    text = "model.spread: true\nloss.berhu: 0.5"
    assert run(text, "train seed --config a.yaml --data b --loss.spread 0.1").code == 0
    assert (parsed[0].settings.model.spread, parsed[0].settings.loss.berhu) == (True, 0.5)
    assert_refused(run(text, "train seed --config a.yaml --data b"), "loss.spread", "set both")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr: 1", ["lr in line 1 (did you mean optim.lr?)"]),
        ("loss:\n  mea: 1\ndatta: b", ["loss.mea in line 2 (did you mean loss.mae?)", "data?"]),
        ("steps: 1\n\nzzzzz: 4\nyyyyy: 4", ["zzzzz in line 3, yyyyy in line 4; ", "--help"]),
        ("resume: a", ["resume in line 1 (the command line names it)"]),
        ("steps: {of: 3}", ["steps.of in line 1 (did you mean steps?)"]),
        ("config: b.yaml", ["config in line 1"]),
        ("steps: 3\nsteps: 4", ["steps in line 1 and again in line 2", "write it once"]),
        ("optim.lr: 3\noptim: {lr: 4}", ["optim.lr in line 1 and again in line 2"]),
        ("{steps: 3, steps: 4}", ["steps in line 1 and again in line 1"]),
        ("device: gpu", ["a.yaml, line 1: device is gpu; it takes auto or cpu or cuda or mps"]),
        ("steps: many", ["line 1: steps is many; it takes INT"]),
        ("steps: [1, 2]", ["steps is 1 2; it takes INT"]),
        ("steps: [[1]]", ["steps is nested"]),
        ("steps:", ["steps is nothing; it takes INT"]),
        ("optim.betas: 1", ["optim.betas is 1; it takes"]),
        ("model.spread: perhaps", ["model.spread is perhaps; it takes true or false"]),
        ("steps: -3", ["steps is -3"]),
        ("steps: |\n  1\n  2", ["steps is 1 2; it takes INT"]),
        ('"a\\nb": 1', ["a b in line 1"]),
        (f"steps: {'1 ' * 999}", ["line 1: steps is 1 1 1", "...; it takes INT"]),
        ("steps: [1", ["a.yaml, line 1 is not YAML"]),
        ("- steps", ["write NAME: VALUE"]),
        ("steps", ["write NAME: VALUE"]),
        ("a: 1\n---\na: 2", ["is not YAML"]),
        ("a: &a\n  b: *a", ["a.yaml, line 2: a.b repeats", "write the settings out"]),
        ("base: &b {steps: 3}\n<<: *b", ["a.yaml, line 2: <<", "not supported"]),
        ("? [a]\n: 3", ["a sequence in line 1"]),
        ("\0", ["is not YAML"]),
        (r'steps: "\UFFFFFFFF"', ["is not YAML"]),
        ("steps: {}", ["line 1: steps is nested; it takes INT"]),
        ("zzzzz: {}", ["zzzzz in line 1"]),
        ("out: [~]", ["out is nothing; it takes DIR"]),
        ("data: [~]", ["data is nothing; it takes PATH"]),
        ("data:", ["data is nothing; it takes PATH"]),
        ("out: ''", ["out is nothing; it takes DIR"]),
        (r'out: "a\nb"', ["out is a b; it takes DIR"]),
        (r'init: "\e[31mred"', [r"init is \x1b[31mred; it takes RUN"]),
        (r'"\e[31mred": 1', [r"\x1b[31mred in line 1"]),
        ("{a: " * 2000 + "1" + "}" * 2000, ["a.yaml is nested too deeply"]),
        ("steps: " + "[" * 2000 + "]" * 2000, ["a.yaml is nested too deeply"]),
    ],
)
def test_bad_files(text: str, words: list[str], parsed: list[Any]) -> None:
    """One line names the file, the line and the remedy; names that are unknown get the nearest."""
    assert_refused(run(text, "train seed --config a.yaml --data b"), *words)
    assert not parsed


def test_files_that_cannot_be_read(parsed: list[Any]) -> None:
    """A missing file, a folder and bytes that are no text are refused; so are two files."""
    Path("bytes.yaml").write_bytes(b"steps: \xff\xfe\xff")
    for name in ("missing.yaml", ".", "bytes.yaml"):
        refused = depth_unet("predict", "a.jpg", "--config", name)
        assert_refused(refused, name, "cannot be read", "YAML")
    assert_refused(depth_unet("predict", "--config", "a", "--config", "b"), "--config is given")
    assert not parsed


def test_an_empty_file_changes_nothing(parsed: list[Any]) -> None:
    """A file without settings leaves the defaults."""
    for line in ("predict b", "predict b --config a.yaml"):
        assert run("# nothing\n", line).code == 0
    assert values(parsed[0]) == values(parsed[1])


@pytest.mark.parametrize("node", ["{%s}", "[%s]"])
def test_aliases_that_multiply(node: str, parsed: list[Any]) -> None:
    """Aliases of aliases are refused at once, not written out."""
    lines = ["- &a0 {steps: 1}"]
    for depth in range(12):
        inner = ", ".join(
            f"k{key}: *a{depth}" if "{" in node else f"*a{depth}" for key in range(40)
        )
        lines.append(f"- &a{depth + 1} {node % inner}")
    text = "\n".join(["a:", *lines, "steps: *a12", "optim: *a12"])
    refused = run(text, "train seed --config a.yaml --data b")
    assert refused.code == 2
    assert len(refused.err) < 500
    assert not parsed


def test_settings_of_another_command(parsed: list[Any]) -> None:
    """The first unknown names are listed, and the command is named whose settings they are."""
    begin_run_folder(Path(), Config())
    refused = depth_unet("predict", "a.jpg", "--config", CONFIG_NAME)
    assert_refused(refused, "more", "settings of `train`")
    many = "\n".join(f"zzz{number}: 1" for number in range(20_000))
    refused = run(many, "predict a.jpg --config a.yaml")
    assert_refused(refused, "zzz0 in line 1", "zzz4 in line 5 and 19995 more", "--help")
    assert len(refused.err) < 1000
    assert not parsed


@pytest.mark.parametrize(
    "text", ["optim:", "optim:\n  # lr: 1", "optim: {}", "model: {correlation: }"]
)
def test_empty_groups(text: str, parsed: list[Any]) -> None:
    """A group whose settings are all commented out changes nothing."""
    assert run(text, "train seed --config a.yaml --data b").code == 0
    assert parsed[0].settings == RECIPES["seed"]()


@pytest.mark.parametrize("name", ["weights", "out", "save", "inputs", "colormap", "stabilise"])
def test_null_where_a_value_is_needed(name: str, parsed: list[Any]) -> None:
    """Null is refused where an option is required or has a default."""
    assert_refused(run(f"{name}:", "predict a.jpg --config a.yaml"), f"{name} is nothing")
    assert not parsed


def test_null_is_no_value(parsed: list[Any]) -> None:
    """It is None where there is a None, and else an empty text or list that is the default."""
    text = "inputs: [a]\nfov: 60\nknown:\nrange: ~\ncamera: null"
    assert run(text, "predict --config a.yaml").code == 0
    assert (parsed[0].known, parsed[0].range, parsed[0].camera) == ((), "", None)


def test_help_shows_values_of_the_file(parsed: list[Any]) -> None:
    """With a file, the defaults that help names are the file's."""
    outcome = run("sort: rmse", "leaderboard --config a.yaml --help")
    assert "(default: rmse)" in outcome.out
    assert not parsed


def test_home(parsed: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``~`` in a file is the home folder, as on the command line."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert run("out: ~/depth\ninputs: [~/a.jpg]", "predict --config a.yaml").code == 0
    assert (parsed[0].out, parsed[0].inputs) == (
        tmp_path / "home/depth",
        (f"{tmp_path}/home/a.jpg",),
    )


def test_docs_name_every_operand() -> None:
    """docs/settings.md lists the names of the operands, which help does not show."""
    page = (Path(__file__).parents[3] / "docs/settings.md").read_text()
    listed = {
        tuple(cell.strip(" `") for cell in line.split("|")[1:3])
        for line in page.splitlines()
        if line.startswith("| `")
    }
    assert listed >= {
        (command, "`, `".join(names))
        for command in MODULE_OF
        if (
            names := [
                option.name for option in options_of(arguments_of(command)) if not option.flag
            ]
        )
    }


def test_files_written_by_python(parsed: list[Any]) -> None:
    """YAML that any program writes is read, with a byte order mark too."""
    settings = {"inputs": ["ü.jpg"], "fov": 1e-05 + 60, "stabilise": True, "camera": None}
    Path("a.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8-sig")
    assert depth_unet("predict", "--config", "a.yaml").code == 0
    assert {name: getattr(parsed[0], name) for name in settings} == settings | {
        "inputs": ("ü.jpg",)
    }


def test_resume_takes_a_file(parsed: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of a resumed run changes the run's settings, not a recipe's."""
    shutil.rmtree("run", ignore_errors=True)
    monkeypatch.setattr("depth_unet.model.checkpoint.run_file", lambda run: run)
    monkeypatch.setattr("depth_unet.model.checkpoint.read_config", lambda _: Config(steps=7))
    assert run("memory: 1GB", "train --resume run --config a.yaml").code == 0
    assert to_dict(parsed[0].settings) == to_dict(Config(steps=7, memory="1GB"))
