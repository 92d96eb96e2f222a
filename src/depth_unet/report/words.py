"""What an evaluation means, in plain sentences for readers who never saw a depth network."""

import re
from collections.abc import Mapping, Sequence

from depth_unet.checkpoint import BEST_NAME
from depth_unet.metrics.protocols import EvalProtocol
from depth_unet.report.pictures import Ranked
from depth_unet.report.results import NETWORK, Results

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


def verdict(split: str, scores: Mapping[str, Interval]) -> str:
    """How good the network is on one split, in numbers."""
    error, rmse_m = scores["abs_rel"], scores["rmse"]
    return (
        f"On {WHERE[split]}, the depth of a pixel is off by {percent(error['mean'])} on average "
        f"(95{SPACE}% interval {percent_range(error)}). In metres the error is "
        f"{metres(rmse_m['mean'])} ({metres_range(rmse_m)}) as a root mean square, which large "
        f"errors dominate. {percent(scores['delta1']['mean'])} of the pixels are less than a "
        f"quarter off (ratio below 1.25)."
    )


def summary(split: str, scores: Mapping[str, Mapping[str, Interval]]) -> str:
    """The answer in a few sentences: one split, beside the better guess."""
    guess = min(scores.keys() - {NETWORK}, key=lambda name: (scores[name]["abs_rel"]["mean"], name))
    network, guessed = scores[NETWORK]["abs_rel"], scores[guess]["abs_rel"]
    if overlap(network, guessed):
        judged = "These photos are too few to tell them apart."
    else:
        word = "better" if network["mean"] < guessed["mean"] else "worse"
        judged = f"The network is clearly {word}."
    return (
        "This network looks at one photo and says how far away everything in it is, in metres. On "
        f"{WHERE[split]}, it is off by {percent(network['mean'])} on average (root mean square: "
        f"{metres(scores[NETWORK]['rmse']['mean'])}); the better of two guesses that do not look "
        f"at the photo, {guess}, is off by {percent(guessed['mean'])}. {judged}"
    )


def against(guess: str, network: Interval, guessed: Interval) -> str:
    """How the network compares with one guess, by AbsRel."""
    text = f"The guess “{guess}” is off by {percent(guessed['mean'])} ({percent_range(guessed)})"
    if guessed["mean"] > 0:
        text += f": the network's error is {network['mean'] / guessed['mean']:.2f} times that"
    text += "."
    if overlap(network, guessed):
        return f"{text} The two intervals overlap, so with other photos the order might be another."
    word = "better" if network["mean"] < guessed["mean"] else "worse"
    return f"{text} The two intervals do not overlap: the network is clearly {word}."


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


def protocol(results: Results) -> list[str]:
    """How the figures came about, one sentence per rule."""
    texts = rules(results.protocol, results.dataset)
    if results.checkpoint.name == BEST_NAME and "unseen" in results.scores:
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
