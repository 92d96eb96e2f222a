"""What an evaluation means, in plain sentences for readers who never saw a depth network."""

from depth_unet.metrics.protocols import EvalProtocol
from depth_unet.report.evaluation.page import is_synthetic
from depth_unet.report.page import SPACE

ONLY_HERE = "These figures compare runs on this data set; they cannot be set beside published ones."


def synthetic(dataset: str) -> str:
    """A warning where no camera took the photos; else empty."""
    if not is_synthetic(dataset):
        return ""
    return (
        f"The photos of “{dataset}” are synthetic: a program drew them, and knows every depth "
        "exactly. How good the network is on photos of a real camera was not measured here."
    )


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
