"""Tell the data of a run from other data whose frames have the same names."""

import hashlib
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from depth_unet.data.loader import num_readers
from depth_unet.data.mixture import Mixture
from depth_unet.data.splits import Splits, evenly_spaced
from depth_unet.errors import DataError

MOST_FRAMES = 500  # of a data set that must be read for it


def take_fingerprint(
    source: Mixture, splits: Splits, *, labelled: bool, workers: int = 0
) -> dict[str, str]:
    """Digests of the frames that are trained and validated on, by their names.

    A cache knows all its digests. Of a data set in another form, at most 500 evenly spaced frames
    are read.

    Args:
        source: The data.
        splits: Which of its frames a run uses.
        labelled: Whether the run uses classes.
        workers: Threads that read frames; 0 takes one per core.

    Raises:
        DataError: A frame cannot be read.
    """
    names = {*splits.train, *splits.seen, *splits.unseen}
    used = [index for index, row in enumerate(source.rows) if row.rgb in names]
    known, read = list[int](), list[int]()
    for part in source.parts:
        if part.source.knows_digests:
            known += part.select(used)
        else:
            read += evenly_spaced(part.select(used), MOST_FRAMES)

    def digest(index: int) -> str:
        return source.digest(index, labelled=labelled)

    with ThreadPoolExecutor(num_readers(workers)) as pool:
        digests = [*map(digest, known), *pool.map(digest, read)]
    return {
        source.rows[index].rgb: digest for index, digest in zip(known + read, digests, strict=True)
    }


def check_fingerprint(found: Mapping[str, str], saved: Mapping[str, str]) -> None:
    """Refuse data with other content than the run's; warn if there is nothing to compare.

    Args:
        found: The fingerprint of the data.
        saved: The fingerprint that the run stored; empty for a run of an earlier version.

    Raises:
        DataError: A frame has another digest than the frame of the same name in the run.
    """
    both = found.keys() & saved.keys()
    if not both:
        warnings.warn(
            "whether the data is that of the run could not be checked: an earlier version, which "
            "stored no fingerprint, started the run",
            stacklevel=2,
        )
    changed = sorted(name for name in both if found[name] != saved[name])
    if changed:
        raise DataError(
            f"{len(changed)} of the {len(both)} frames that were compared have another photo, "
            f"depth, camera or classes than in the run, such as {changed[0]}; name the data that "
            "the run was started with (--data DIR), or start a new run in another --out"
        )


def hash_names(source: Mixture, splits: Splits) -> str:
    """Hash of the names of all frames by split, and of the weights of the data sets."""
    names = f"{splits.to_dict()} {source.weights}"
    return hashlib.sha256(names.encode()).hexdigest()[:12]
