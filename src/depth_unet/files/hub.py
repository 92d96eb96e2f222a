"""Models on the Hugging Face Hub, or on a server of its kind (the variable HF_ENDPOINT).

huggingface_hub finds, downloads and caches files; here their content is compared with the hashes.
"""

import errno
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from logging import ERROR
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, TypeGuard

from depth_unet.errors import CheckpointError, ConfigError, DataError, check_installed
from depth_unet.files.checksum import git_hashes
from depth_unet.files.damage import MOST_LENGTH
from depth_unet.files.fetch import OFFLINE, is_offline

if TYPE_CHECKING:
    from huggingface_hub import HfUri
    from huggingface_hub.errors import HfHubHTTPError

SCHEME = "hf://"
CONFIG = "config.json"  # asking for it is what the Hub counts as a download
LIBRARY = "depth-unet"  # what the Hub is told
LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"
NETWORK = "check the network, and HF_ENDPOINT if you set it"
ANSWERS = "wait and run it again, or log in with `hf auth login` with a token that may do this"
NAMES = "https://huggingface.co/docs/hub/repositories-licenses"
CORRECT = f"correct what it names; --licence takes those of {NAMES}, and LicenseRef-NAME"
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
STORE = "free space, or set HF_HOME to another folder"
PROGRESS = "HF_HUB_DISABLE_PROGRESS_BARS"
SHORT = 7  # digits of a commit in names for people
_CACHED = re.compile(r"/models--([^/]+?)--([^/]+)/snapshots/([0-9a-f]{40})/(.+)$")


def is_hub_name(name: object) -> TypeGuard[str]:
    """Whether it is text that begins with ``hf://``."""
    return isinstance(name, str) and name.lower().startswith(SCHEME)


def name_in_cache(path: Path) -> tuple[str, str, str]:
    """Model, commit and name of a file in the cache; three empty texts for other files."""
    found = _CACHED.search(path.absolute().as_posix())
    return (f"{found[1]}/{found[2]}", found[3], found[4]) if found else ("", "", "")


def fetch_from_hub(name: str, files: Sequence[str], *, offline: bool = False) -> Path:
    """Download a file of a model, unless it is in the cache.

    Without a network, and for a commit that is cached, the cache answers. A file whose content is
    not that of its hash is removed from the cache.

    Args:
        name: ``hf://OWNER/NAME``, with ``@REVISION`` (a branch, tag or commit) or ``/FILE`` after
            it where another revision than ``main`` or another file is meant.
        files: Names of files; the first that the model has is taken, unless ``name`` states one.
        offline: Use the cache alone; so does the variable ``HF_HUB_OFFLINE``.

    Returns:
        The file in the cache.

    Raises:
        CheckpointError: There is no such model, revision or file, or its content has another hash.
        ConfigError: huggingface_hub is not installed.
        DataError: It cannot be downloaded.
    """
    uri, offline = _parse(name), offline or is_offline()
    from huggingface_hub import get_cached_repo_tree, hf_hub_download, snapshot_download

    with _explained(name, offline=offline):
        folder = snapshot_download(
            uri.id,
            revision=uri.revision,
            allow_patterns=[CONFIG],
            local_files_only=offline,
            library_name=LIBRARY,
        )
        commit = Path(folder).name
        hashes = {file.path: file.blob_id for file in get_cached_repo_tree(uri.id, revision=commit)}
    wanted = (uri.path_in_repo,) if uri.path_in_repo else files
    file = next((one for one in wanted if one in hashes), None)
    if file is None:
        ours = [one for one in hashes if Path(one).suffix in (".onnx", ".safetensors")]
        raise CheckpointError(
            f"{name} has no {' or '.join(wanted)}; name a model that `depth-unet push` wrote, or a "
            f"file of it, {SCHEME}OWNER/NAME/FILE (it has {', '.join(sorted(ours)) or 'none'})"
        )
    with _explained(name, offline=offline):
        path = Path(
            hf_hub_download(
                uri.id, file, revision=commit, local_files_only=offline, library_name=LIBRARY
            )
        )
    _check_hash(name, path, hashes[file])
    return path


def check_upload(repo: str, files: Sequence[str], *, private: bool, overwrite: bool) -> list[str]:
    """Refuse to write a model before any work is done.

    Args:
        repo: OWNER/NAME.
        files: Names of the files that will be written or removed.
        private: Whether only its owner may see it.
        overwrite: Whether files that it has may be replaced.

    Returns:
        Which of the files it has.

    Raises:
        ConfigError: The name is not one, nobody is logged in, the model has such files, or it is
            public and ``private`` is wanted.
        DataError: The Hub cannot be reached, or refuses.
    """
    uri = _parse(f"{SCHEME}{repo}")
    if uri.revision or uri.path_in_repo:
        raise ConfigError(f"{repo} is no name of a model; write OWNER/NAME")
    if is_offline():
        raise ConfigError(f"{repo} cannot be written, as {OFFLINE} is set; unset it")
    from huggingface_hub import HfApi, errors

    with _explained(repo):
        api = HfApi(library_name=LIBRARY)
        try:
            api.whoami()
        except errors.LocalTokenNotFoundError:
            raise ConfigError(f"you are not logged in; {LOG_IN}") from None
        try:
            info = api.model_info(repo)
        except errors.RepositoryNotFoundError:
            return []
    present = [one.rfilename for one in info.siblings or () if one.rfilename in files]
    if present and not overwrite:
        raise ConfigError(
            f"{repo} already has {', '.join(present)}; choose another name, or use --overwrite "
            "(its history keeps the old files)"
        )
    if private and not info.private:
        raise ConfigError(f"{repo} exists and is public; make it private on its page, or leave it")
    return present


def upload(
    repo: str, files: Mapping[str, Path], message: str, *, remove: Sequence[str], private: bool
) -> str:
    """Write files of a model, all in one commit; the model is made if it does not exist.

    The Hub checks a card before it looks for the model, which is made only then.

    Args:
        repo: OWNER/NAME.
        files: By their name in the model.
        message: Of the commit.
        remove: Files that it has and that the commit removes.
        private: Whether only its owner may see it, if it is new.

    Returns:
        The commit.

    Raises:
        DataError: The Hub cannot be reached, or refuses. The model is as before, or new and empty.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, errors

    def commit() -> str:
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            *(CommitOperationAdd(name, path) for name, path in files.items()),
            *(CommitOperationDelete(name, is_folder=False) for name in remove),
        ]
        return str(api.create_commit(repo, operations, commit_message=message).oid)

    with _explained(repo):
        api = HfApi(library_name=LIBRARY)
        try:
            return commit()
        except errors.RepositoryNotFoundError:
            api.create_repo(repo, private=private or None, exist_ok=True)
            return commit()


def _parse(name: str) -> "HfUri":
    check_installed(name, "huggingface_hub")
    from huggingface_hub import HfUri, parse_hf_uri
    from huggingface_hub.errors import HfUriError

    if name.lower().count(SCHEME) > 1:
        raise CheckpointError(f"{name} has {SCHEME} twice; write {SCHEME}OWNER/NAME")
    try:
        uri: HfUri = parse_hf_uri(SCHEME + name[len(SCHEME) :])
    except HfUriError as error:
        raise CheckpointError(
            f"{name} is no name of a model ({error.msg.rstrip('.')}); write "
            f"{SCHEME}OWNER/NAME or {SCHEME}OWNER/NAME@REVISION"
        ) from None
    if uri.type != "model":
        raise CheckpointError(f"{name} is a {uri.type}; name a model, {SCHEME}OWNER/NAME")
    return uri


def _check_hash(name: str, path: Path, expected: str) -> None:
    if expected in git_hashes(path):
        return
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    raise CheckpointError(
        f"{path.name} of {name} is damaged: its content is not that of its hash; it was removed "
        "from the cache; run it again to download it anew"
    )


@contextmanager
def _explained(name: str, *, offline: bool = False) -> Iterator[None]:
    """Raise the errors of huggingface_hub as ours, in one line; its log is silent."""
    from huggingface_hub import errors
    from huggingface_hub.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity(ERROR)
    try:
        with _progress():
            yield
    except errors.GatedRepoError:
        raise CheckpointError(
            f"{name} is gated; ask for access on its page, and {LOG_IN}"
        ) from None
    except errors.RepositoryNotFoundError:
        raise CheckpointError(
            f"{name} does not exist, or is private; check the name, or {LOG_IN}"
        ) from None
    except errors.RevisionNotFoundError:
        raise CheckpointError(f"{name} has no such revision; check its branches and tags") from None
    except Exception as error:
        cause = _first_cause(error)
        if not _is_from_outside(error):
            raise
        if isinstance(cause, errors.HfHubHTTPError):
            remedy = CORRECT if isinstance(cause, errors.BadRequestError) else ANSWERS
            raise DataError(f"{name}: the Hub refuses it ({_answer(cause)}); {remedy}") from None
        if isinstance(cause, OSError) and cause.errno in DISK:
            raise DataError(f"{name} cannot be stored ({cause}); {STORE}") from None
        if offline:
            raise DataError(
                f"{name} is not in the cache, and downloads are off; run it once without --offline "
                f"and {OFFLINE}"
            ) from None
        raise DataError(
            f"{name} cannot be reached ({_joined(str(cause)) or type(cause).__name__}); {NETWORK}"
        ) from None
    finally:
        logging.set_verbosity(verbosity)


def _progress() -> AbstractContextManager[object]:
    """Progress bars on a terminal alone, unless the variable of huggingface_hub decides."""
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if PROGRESS in os.environ or sys.stderr.isatty():
        return nullcontext()
    return disable_progress_bars()


def _answer(error: "HfHubHTTPError") -> str:
    """Status of a server's answer, and what it says."""
    said = error.server_message or error.response.reason_phrase
    return f"HTTP {error.response.status_code}: {_joined(said)}"


def _first_cause(error: BaseException) -> BaseException:
    """An answer of the Hub, or else the first error of the chain."""
    from huggingface_hub.errors import HfHubHTTPError

    while error.__cause__ is not None and not isinstance(error, HfHubHTTPError):
        error = error.__cause__
    return error


def _is_from_outside(error: BaseException) -> bool:
    """Whether it tells of the system, the network or a server's answer, not of a faulty program.

    Such are the errors that huggingface_hub and its HTTP library define.
    """
    from huggingface_hub.errors import HfHubHTTPError

    packages = {one.__module__.partition(".")[0] for one in HfHubHTTPError.__mro__} - {"builtins"}
    return (
        isinstance(error, OSError | json.JSONDecodeError)
        or type(error).__module__.partition(".")[0] in packages
        or (error.__cause__ is not None and _is_from_outside(error.__cause__))
    )


def _joined(text: str) -> str:
    """A text of several lines as one."""
    return shorten(" ".join(text.split()), MOST_LENGTH)
