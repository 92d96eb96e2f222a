"""What an evaluation means, in plain sentences for readers who never saw a depth network."""

import re
from collections.abc import Mapping, Sequence

from depth_unet.metrics.protocols import EvalProtocol
from depth_unet.model.checkpoint import BEST_NAME
from depth_unet.report.evaluation.pictures import Ranked
from depth_unet.report.evaluation.results import NETWORK, AnyResults, FileResults, Results

Interval = Mapping[str, float]
SPACE = "\N{NO-BREAK SPACE}"
SYNTHETIC = re.compile(r"\b(synthetic|rendered|simulated|box rooms)\b", re.IGNORECASE)
WHERE = {
    "seen": "other photos of the rooms that it was trained in",
    "unseen": "rooms that it was never shown",
    "test": "the official test rooms, never shown to it",
    "train": "the very photos that it was trained on",
    "all": "all photos of the data set, whether it was trained on them or not",
}
WHERE_OF_FILES = {
    "test": "the official test photos",
    "train": "the photos of the data set that are no official test photos",
    "all": "all photos of the data set",
}
HOW_TO_SEE = (
    "Of every part the photo with the lowest error, the one in the middle and the one with the "
    "highest. First side by side, with one scale in metres for all depths and another for all "
    "errors; then true and predicted depth as surfaces in space, with the camera in front of them: "
    "what stands out is near."
)
GUESSES = {
    "constant depth": "one and the same depth for every pixel, the median of the training photos",
    "mean depth per pixel": "for every place in the picture the mean depth that training photos "
    "have there, without looking at the photo",
}

ONLY_HERE = "These figures compare runs on this data set; they cannot be set beside published ones."


def is_synthetic(dataset: str) -> bool:
    """Whether the name of a data set says that no camera took its photos."""
    return SYNTHETIC.search(dataset) is not None


def percent(share: float) -> str:
    """A share as per cent."""
    return f"{100 * share:.1f}{SPACE}%"


def metres(value_m: float) -> str:
    """Metres to the centimetre."""
    return f"{value_m:.2f}{SPACE}m"


def percent_range(interval: Interval) -> str:
    """Both ends of an interval in per cent."""
    return f"{100 * interval['low']:.1f} to {percent(interval['high'])}"


def metres_range(interval: Interval) -> str:
    """Both ends of an interval in metres."""
    return f"{interval['low']:.2f} to {metres(interval['high'])}"


def amount(frames: int, rooms: int | None) -> str:
    """How many photos of how many rooms."""
    photos = f"{frames:,} photo{'s' * (frames != 1)}"
    return photos if rooms is None else f"{photos} of {rooms:,} room{'s' * (rooms != 1)}"


def overlap(one: Interval, other: Interval) -> bool:
    """Whether two intervals have a point in common."""
    return one["low"] <= other["high"] and other["low"] <= one["high"]


def who(results: AnyResults) -> str:
    """The method as the subject of a sentence."""
    return f"“{results.name}”" if isinstance(results, FileResults) else "the network"


def where(results: AnyResults, split: str) -> str:
    """Which photos a split holds, to one who knows what the method was trained on."""
    return (WHERE_OF_FILES if isinstance(results, FileResults) else WHERE)[split]


def verdict(place: str, scores: Mapping[str, Interval]) -> str:
    """How good the method is on one split, in numbers."""
    error, rmse_m = scores["abs_rel"], scores["rmse"]
    return (
        f"On {place}, the depth of a pixel is off by {percent(error['mean'])} on average "
        f"(95{SPACE}% interval {percent_range(error)}). In metres the error is "
        f"{metres(rmse_m['mean'])} ({metres_range(rmse_m)}) as a root mean square, which large "
        f"errors dominate. {percent(scores['delta1']['mean'])} of the pixels are less than a "
        f"quarter off (ratio below 1.25)."
    )


def summary(results: AnyResults, split: str, scores: Mapping[str, Mapping[str, Interval]]) -> str:
    """The answer in a few sentences: one split, beside the better guess."""
    error = scores[NETWORK]["abs_rel"]
    text = (
        f"{_opening(results)} On {where(results, split)}, it is off by {percent(error['mean'])} on "
        f"average (root mean square: {metres(scores[NETWORK]['rmse']['mean'])})"
    )
    if len(scores) == 1:
        return f"{text}."
    guess = min(scores.keys() - {NETWORK}, key=lambda name: (scores[name]["abs_rel"]["mean"], name))
    guessed = scores[guess]["abs_rel"]
    if overlap(error, guessed):
        judged = "These photos are too few to tell them apart."
    else:
        word = "better" if error["mean"] < guessed["mean"] else "worse"
        judged = f"{_capital(who(results))} is clearly {word}."
    return (
        f"{text}; the better of two guesses that do not look at the photo, {guess}, is off by "
        f"{percent(guessed['mean'])}. {judged}"
    )


def against(guess: str, network: Interval, guessed: Interval, subject: str) -> str:
    """How the method compares with one guess, by AbsRel."""
    text = f"The guess “{guess}” is off by {percent(guessed['mean'])} ({percent_range(guessed)})"
    if guessed["mean"] > 0:
        text += f": the error of {subject} is {network['mean'] / guessed['mean']:.2f} times that"
    text += "."
    if overlap(network, guessed):
        return f"{text} The two intervals overlap, so with other photos the order might be another."
    word = "better" if network["mean"] < guessed["mean"] else "worse"
    return f"{text} The two intervals do not overlap: {subject} is clearly {word}."


def seen_and_unseen(splits: Mapping[str, Mapping[str, Interval]]) -> str:
    """What the difference between seen and unseen rooms says; empty without both."""
    if not {"seen", "unseen"} <= set(splits):
        return ""
    seen, unseen = splits["seen"]["abs_rel"], splits["unseen"]["abs_rel"]
    text = (
        f"Rooms it knows and rooms it does not: {percent(seen['mean'])} against "
        f"{percent(unseen['mean'])}."
    )
    if overlap(seen, unseen):
        return f"{text} The intervals overlap: there is no sign that it learned rooms by heart."
    if seen["mean"] < unseen["mean"]:
        return f"{text} The intervals do not overlap: part of what it learned are the rooms."
    return f"{text} The intervals do not overlap: the unseen rooms happen to be easier."


def method(results: AnyResults) -> list[str]:
    """What was scored, as far as it is known."""
    return training(results) if isinstance(results, Results) else files(results)


def files(results: FileResults) -> list[str]:
    """Where depth was read from; nothing is known of what wrote it."""
    by = "number, in the order of the data set" if results.order else "name"
    texts = [
        f"Depth was read from files ({results.found()} in “{results.folder}”), paired with photos "
        f"by {by}. What wrote them and what that was trained on cannot be told from them, nor "
        "whether it knows the photos scored here."
    ]
    if results.num_weights is not None:
        texts.append(f"It is said to have {results.num_weights / 1e6:.2f} million weights.")
    return texts


def training(results: Results) -> list[str]:
    """What the network is and what it was trained on."""
    config, canvas = results.config, results.config.canvas
    dataset = f"the data set “{results.dataset}”" if results.trained_here else "another data set"
    beginning = results.origin or "random weights"
    return [
        f"A neural network with {results.num_weights / 1e6:.2f} million weights looks at one "
        f"colour photo at {canvas.width}×{canvas.height} pixels and says for every pixel how far "
        "away the surface is, in metres.",
        f"It began with {beginning} and was trained by the recipe “{config.recipe}” on "
        f"{amount(results.train_frames, results.train_rooms)} of {dataset}: {results.step:,} steps "
        f"of {config.batch_size} photos each, {config.precision} arithmetic, every photo changed "
        "a little at random each time.",
    ]


def synthetic(dataset: str) -> str:
    """A warning where no camera took the photos; else empty."""
    if not is_synthetic(dataset):
        return ""
    return (
        f"The photos of “{dataset}” are synthetic: a program drew them, and knows every depth "
        "exactly. How good the network is on photos of a real camera was not measured here."
    )


def protocol(results: AnyResults) -> list[str]:
    """How the figures came about, one sentence per rule."""
    texts = rules(results.protocol, results.dataset)
    if isinstance(results, FileResults):
        texts += _of_files(results)
    elif results.checkpoint.name == BEST_NAME and "unseen" in results.scores:
        texts.append(
            "The weights are those of the moment in training with the lowest error on up to 200 "
            "photos of the unseen rooms, so the figure for unseen rooms is a little too kind."
        )
    if results.protocol.name == "full":
        texts.append(ONLY_HERE)
    return texts


def rules(protocol: EvalProtocol, dataset: str) -> list[str]:
    """What a protocol does to photos of a data set, one sentence per rule."""
    spans = (protocol.rows, protocol.columns)
    low_m, high_m = f"{protocol.min_depth_m:g}", f"{protocol.max_depth_m:g}{SPACE}m"
    texts = [
        f"The truth is the depth that “{dataset}” gives, at its own size; predictions are "
        "enlarged or shrunk to it.",
        "Pixels count "
        + ("everywhere in the picture" if spans == (None, None) else "inside the usual crop")
        + f" where the truth is known and lies from {low_m} to {high_m}.",
        "Every photo gives one figure, and these are averaged."
        if protocol.average == "image"
        else "All pixels of all photos are averaged together.",
        {
            "none": "No prediction is fitted to the truth: metres are compared with metres.",
            "median": "Every prediction is first scaled to the median of its truth, so the scale "
            "in metres is not tested.",
            "scale_shift": "Every prediction is first fitted to its truth by a straight line, so "
            "the scale in metres is not tested.",
        }[protocol.alignment],
    ]
    if protocol.flip:
        texts.append("The predictions for a photo and for its mirror image are averaged.")
    texts.append(
        f"An interval says where the figure would lie in 95{SPACE}% of cases with other photos of "
        "the same kind (bootstrap over photos). It does not say how another training would end."
    )
    return texts


def holes(results: FileResults) -> list[str]:
    """How much is not predicted, where anything is not, and how that counts."""
    return [
        f"Of the part “{split}”, {100 * share:.2f}{SPACE}% of the predicted pixels hold no depth "
        "(0, negative or not finite); they count as the nearest depth of the protocol, "
        f"{results.protocol.clamp_m[0]:g}{SPACE}m."
        for split, share in results.missing_shares.items()
        if share
    ]


def _of_files(results: FileResults) -> list[str]:
    unit = f" They were read in the unit that was given: {results.unit}." if results.unit else ""
    return [
        "Whether predictions for a photo and for its mirror image were averaged is up to what "
        f"wrote the files.{unit}",
        "Guesses are fitted to all frames of the data set that are no official test frames.",
        *holes(results),
    ]


def _opening(results: AnyResults) -> str:
    if isinstance(results, FileResults):
        return f"“{results.name}” says how far away everything in a photo is, in metres."
    return "This network looks at one photo and says how far away everything in it is, in metres."


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def alt_text(split_label: str, ranks: Sequence[str]) -> str:
    """What a picture shows, for those who do not see it."""
    if len(ranks) == 1:
        return (
            f"{split_label}, {ranks[0]} photo: true depth and predicted depth, each as a surface "
            "in space"
        )
    return (
        f"{split_label}, {', '.join(ranks)} photo, one per row: original, true depth, predicted "
        "depth, error"
    )


def caption(frames: Sequence[Ranked]) -> str:
    """Which photos a picture shows, and how good the network is on each."""
    listed = "; ".join(
        f"{frame.rank}: {frame.name}, off by {percent(frame.abs_rel)}" for frame in frames
    )
    what = "Side by side." if len(frames) > 1 else "True and predicted depth as surfaces in space."
    return f"{what} {listed[0].upper()}{listed[1:]}."
