"""``depth-unet inspect``: describe a data set."""

from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from depth_unet.cli.arguments.data import InspectArguments
from depth_unet.cli.program.console import make_console
from depth_unet.config.checks import check_range
from depth_unet.data.forms.description import FORMS, FormName
from depth_unet.data.forms.recognise import open_source, recognise
from depth_unet.data.shards import ALL_SHARDS
from depth_unet.data.source import Source
from depth_unet.data.survey import EDGES_M, Survey, survey
from depth_unet.errors import ConfigError, DataError, check_installed
from depth_unet.files.atomic import check_writable

BAR = 40
MOST_NAMED = 5


def run(arguments: InspectArguments) -> list[DataError]:
    """Print the description; return the errors of pairs that cannot be read."""
    sheet = arguments.sheet
    if sheet is not None:
        check_installed("--sheet", "matplotlib")
        from depth_unet.figures.write import check_name  # noqa: PLC0415  # needs matplotlib

        check_name(sheet)
        check_writable(sheet.parent)
    if sheet is not None and sheet.exists() and not arguments.overwrite:
        raise ConfigError(f"{sheet} already exists; choose another --sheet, or use --overwrite")
    check_range("--most", arguments.most, "[0, 1000000000]")
    form = arguments.form or recognise(arguments.source)
    bad = list[DataError]()
    source = open_source(arguments.source, form, bad.append)
    total = min(arguments.most or len(source.rows), len(source.rows))
    console = make_console()
    with Progress(console=make_console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=total)
        found = survey(source, most=arguments.most, progress=lambda: progress.advance(task))
    found.bad[:0] = bad
    show(console, arguments.source, form, source, found)
    if sheet is not None:
        from depth_unet.cli.program.sheet import write_sheet  # noqa: PLC0415  # needs matplotlib

        write_sheet(source, sheet)
        console.print(f"wrote {sheet}")
    return found.bad


def show(console: Console, root: Path, form: FormName, source: Source, found: Survey) -> None:
    """Print the description, then possible mistakes."""
    described = FORMS[form]
    table = Table(box=None, show_header=False, pad_edge=False)
    lines = {
        "form": f"{form}: {described.title}",
        "depth": described.depth,
        "rooms": described.rooms,
        "split": described.splits,
        "pairs": _format_counts(found.num_pairs, dict(found.splits)),
        "named rooms": _format_counts(sum(found.rooms.values()), found.rooms),
        "read": f"{found.num_read} pairs" + (f", {len(found.bad)} bad" if found.bad else ""),
        "sizes": ", ".join(f"{w}x{h} ({n})" for (w, h), n in found.sizes.most_common(MOST_NAMED)),
        "camera": _describe_camera(source),
        "border": f"{source.info.border_px} px",
        "median depth": f"{found.median_m:.2f} m",
        "no valid depth": f"{found.invalid:.1%} of the pixels",
    }
    for name, text in (lines | _describe_more(source, found)).items():
        table.add_row(name, text or "none")
    console.print(root)
    console.print(table)
    for low, high, share in zip(EDGES_M, EDGES_M[1:], found.histogram, strict=False):
        bar = "█" * round(BAR * share / max(found.histogram))
        console.print(f"{low:5.1f} to {high:4.1f} m {share:6.1%} {bar}")
    for names in found.duplicates[:MOST_NAMED]:
        console.print(f"same photo: {', '.join(names[:MOST_NAMED])}")
    if len(found.duplicates) > MOST_NAMED:
        console.print(f"and {len(found.duplicates) - MOST_NAMED} more groups of the same photo")
    for mistake in found.mistakes:
        console.print(f"mistake: {mistake}")
    if not (found.mistakes or found.bad):
        console.print(f"no sign of common mistakes in the {found.num_read} pairs read")


def _describe_camera(source: Source) -> str:
    """The camera of the data set, and those of its photos."""
    camera = source.info.intrinsics
    own_px = [row.camera_px[0] for row in source.rows if row.camera_px is not None]
    texts = [] if camera is None else [f"fx {camera.fx_px:g} px of {camera.width}"]
    if own_px:
        low, high = f"{min(own_px):.5g}", f"{max(own_px):.5g}"
        texts.append(f"fx {low if low == high else f'{low} to {high}'} px ({len(own_px)} photos)")
    return "; ".join(texts) or "none"


def _describe_more(source: Source, found: Survey) -> dict[str, str]:
    """What holds for few data sets: parts of a set, photos whose files hold more than pixels."""
    lines = {}
    if source.info.shard:
        lines["shard"] = f"{source.info.shard}; {ALL_SHARDS}"
    if found.num_rotated:
        lines["orientation"] = (
            f"{found.num_rotated} photos carry an Exif orientation and are turned upright; their "
            "depth is taken as stored"
        )
    if found.num_with_more:
        lines["further frames"] = (
            f"{found.num_with_more} photos have several frames or pages; only the first is used"
        )
    return lines


def _format_counts(total: int, parts: dict[str, int]) -> str:
    """A total and its parts, such as ``8 (7 train, 1 test)``."""
    named = {name or "no split": number for name, number in parts.items()}
    words = ", ".join(f"{number} {name}" for name, number in named.items())
    return f"{total} ({words})" if words else str(total)
