"""A server that speaks the part of the Hugging Face Hub's API that huggingface_hub uses here.

Models are kept in memory, as commits of files. Large files are stored as the Hub stores them: git
holds an LFS pointer, and their content comes from another host.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from tests.server import serving

TOKEN = "hf_secretOfTheTests"
USER = "anna"
LARGE = (".safetensors", ".onnx")
OTHER_HOST = "localhost"  # of large files; the API is at 127.0.0.1


def git_hash(content: bytes) -> str:
    """The name that git gives content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer_to(content: bytes) -> bytes:
    """What git holds of a large file."""
    checksum = hashlib.sha256(content).hexdigest()
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{checksum}\nsize {len(content)}\n"
    ).encode()


@dataclass
class Model:
    """A model: its commits, newest last, and the names of some of them."""

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(
        self, files: dict[str, bytes], message: str = "", removed: Sequence[str] = ()
    ) -> str:
        """Add a commit that adds, replaces or removes files."""
        before = self.commits[self.head] if self.commits else {}
        name = hashlib.sha1(f"{id(self)} {len(self.commits)} {message}".encode()).hexdigest()
        kept = {file: content for file, content in before.items() if file not in removed}
        self.commits[name] = kept | files
        self.messages.append(message)
        return name

    @property
    def head(self) -> str:
        """The newest commit."""
        return list(self.commits)[-1]

    def find(self, revision: str) -> str | None:
        """The commit of a branch, tag or commit."""
        if revision == "main":
            return self.head
        return self.tags.get(revision, revision if revision in self.commits else None)


@dataclass
class Hub:
    """What the server holds, and what it was asked.

    Attributes:
        models: By name.
        address: Of the API; empty before it runs.
        uploads: Large files by SHA-256, which no commit needs to hold.
        requests: Method and path of every request, in order.
        tokens: The hosts that were sent a token, with it.
        spoil: Names of large files that are sent with another content of the same length.
        cuts: Bytes after which the next answers with a large file end; -1 sends none.
        fail: Status with which requests of a path that matches are answered.
    """

    models: dict[str, Model] = field(default_factory=dict)
    address: str = ""
    uploads: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    tokens: set[tuple[str, str]] = field(default_factory=set)
    spoil: set[str] = field(default_factory=set)
    cuts: list[int] = field(default_factory=list)
    fail: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, files: dict[str, bytes], **facts: bool) -> Model:
        """Make a model with one commit."""
        model = self.models[name] = Model(**facts)
        model.commit(files)
        return model

    def downloads(self) -> list[str]:
        """The large files that were sent, in whole or in part."""
        return [path for path in self.requests if path.startswith("GET /large/")]


class Refusal(Exception):
    """An answer that is an error, with the Hub's own code and words."""

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(status)
        self.status, self.code, self.message = status, code, message


@contextmanager
def serving_hub() -> Iterator[Hub]:
    """A running hub without models."""
    hub = Hub()

    class Answers(_Answers):
        state = hub

    with serving(Answers) as address:
        hub.address = address
        yield hub


class _Answers(BaseHTTPRequestHandler):
    state: Hub

    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def _answer(self, method: str) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        self.state.requests.append(f"{method} {path}")
        host = (self.headers.get("Host") or "").partition(":")[0]
        self.token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.token:
            self.state.tokens.add((host, self.token))
        try:
            for pattern, status in self.state.fail.items():
                if re.search(pattern, path):
                    raise Refusal(status, message="The server says no.")
            for route, answer in ROUTES:
                if found := re.fullmatch(route, f"{method} {path}"):
                    answer(self, **found.groupdict())
                    return
            raise Refusal(404)
        except Refusal as refusal:
            self.send_response(refusal.status)
            if refusal.code:
                self.send_header("X-Error-Code", refusal.code)
            if refusal.message:
                self.send_header("X-Error-Message", refusal.message)
            self.end_headers()

    def _send(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_json(self, values: Any, status: int = 200) -> None:
        self._send(json.dumps(values).encode(), status, Content_Type="application/json")

    def _model(self, name: str) -> Model:
        """A model that the token may see."""
        model = self.state.models.get(name)
        if model is None or (model.private and self.token != TOKEN):
            raise Refusal(404 if self.token == TOKEN else 401, "RepoNotFound")
        return model

    def _files(self, name: str, revision: str) -> tuple[str, dict[str, bytes]]:
        model = self._model(name)
        commit = model.find(revision)
        if commit is None:
            raise Refusal(404, "RevisionNotFound")
        return commit, model.commits[commit]

    def _check_token(self) -> None:
        if self.token != TOKEN:
            raise Refusal(401, message="Invalid credentials in Authorization header")

    def who_am_i(self) -> None:
        self._check_token()
        self._send_json({"type": "user", "name": USER, "auth": {"type": "access_token"}})

    def info(self, name: str, revision: str = "main") -> None:
        model = self._model(name)
        commit, files = self._files(name, revision) if model.commits else ("", {})
        self._send_json(
            {
                "_id": "1",
                "id": name,
                "modelId": name,
                "sha": commit,
                "tags": [],
                "private": model.private,
                "siblings": [{"rfilename": file} for file in files],
            }
        )

    def tree(self, name: str, revision: str) -> None:
        _, files = self._files(name, revision)
        self._send_json([self._entry(file, content) for file, content in files.items()])

    def _entry(self, file: str, content: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": file, "size": len(content)}
        if not file.endswith(LARGE):
            return entry | {"oid": git_hash(content)}
        pointer, checksum = pointer_to(content), hashlib.sha256(content).hexdigest()
        large = {"oid": checksum, "size": len(content), "pointerSize": len(pointer)}
        return entry | {"oid": git_hash(pointer), "lfs": large}

    def resolve(self, name: str, revision: str, file: str) -> None:
        commit, files = self._files(name, revision)
        if self._model(name).gated:
            raise Refusal(403, "GatedRepo", "Access to the model is restricted.")
        if file not in files:
            raise Refusal(404, "EntryNotFound")
        content = files[file]
        if not file.endswith(LARGE):
            etag = f'"{git_hash(content)}"'
            self._send(content, X_Repo_Commit=commit, ETag=etag)
            return
        checksum = hashlib.sha256(content).hexdigest()
        self.state.uploads[checksum] = bytes(len(content)) if file in self.state.spoil else content
        address = self.state.address.replace("127.0.0.1", OTHER_HOST)
        self._send(
            b"",
            302,
            Location=f"{address}/large/{checksum}",
            X_Repo_Commit=commit,
            X_Linked_Etag=f'"{checksum}"',
            X_Linked_Size=str(len(content)),
        )

    def large(self, checksum: str) -> None:
        content = self.state.uploads[checksum]
        begin = int(re.sub(r"bytes=(\d+)-", r"\1", self.headers.get("Range") or "bytes=0-"))
        cut = self.state.cuts.pop(0) if self.state.cuts else len(content)
        if cut < 0:
            return
        status = 206 if begin else 200
        part = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        length = str(len(content) - begin)
        self._send(content[begin : begin + cut], status, Content_Length=length, Content_Range=part)

    def create(self) -> None:
        self._check_token()
        asked = json.loads(self.body)
        if asked["organization"] not in (None, USER):
            raise Refusal(403, message="You don't have the rights to create a model there")
        name = f"{USER}/{asked['name']}"
        answer = {"url": f"{self.state.address}/{name}", "name": name}
        if name in self.state.models:
            self._send_json(answer | {"error": "You already created this model repo"}, 409)
            return
        self.state.models[name] = Model(private=asked.get("visibility") == "private")
        self._send_json(answer)

    def check_card(self) -> None:
        front = re.match(r"---\n(.*?)\n---\n", json.loads(self.body)["content"], re.DOTALL)
        assert front, "a card without front matter"
        matter, errors = yaml.safe_load(front[1]), list[dict[str, str]]()
        if matter["license"] not in ("apache-2.0", "cc-by-nc-4.0", "other", "unknown"):
            errors.append({"message": '"license" must be one of [apache-2.0, ...]'})
        results = [one for index in matter.get("model-index", ()) for one in index["results"]]
        names = [*matter.get("datasets", ()), *(one["dataset"]["type"] for one in results)]
        if not all(re.fullmatch(r"(?:[\w-]+/)?[\w.-]+", name) for name in names):
            errors.append({"message": f"a name of data with blanks: {names}"})
        self._send_json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def prepare_upload(self, name: str) -> None:
        self._check_token()
        self._model(name)
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False,
                "oid": None,
            }
            for file in json.loads(self.body)["files"]
        ]
        self._send_json({"files": files})

    def batch(self, name: str) -> None:
        self._check_token()
        self._model(name)
        objects = [
            item | {"actions": {"upload": {"href": f"{self.state.address}/put/{item['oid']}"}}}
            for item in json.loads(self.body)["objects"]
        ]
        self._send_json({"transfer": "basic", "objects": objects})

    def put(self, checksum: str) -> None:
        assert hashlib.sha256(self.body).hexdigest() == checksum
        self.state.uploads[checksum] = self.body
        self._send(b"")

    def commit(self, name: str) -> None:
        self._check_token()
        model = self._model(name)
        header, *operations = map(json.loads, self.body.splitlines())
        files, removed = dict[str, bytes](), list[str]()
        for one in operations:
            value = one["value"]
            if one["key"] == "lfsFile":
                files[value["path"]] = self.state.uploads[value["oid"]]
            elif one["key"] == "deletedFile":
                removed.append(value["path"])
            else:
                assert one["key"] == "file"
                files[value["path"]] = base64.b64decode(value["content"])
        commit = model.commit(files, header["value"]["summary"], removed)
        url = f"{self.state.address}/{name}/commit/{commit}"
        self._send_json({"commitUrl": url, "commitOid": commit, "success": True})


NAME = r"(?P<name>[\w.-]+/[\w.-]+)"
ROUTES: tuple[tuple[str, Any], ...] = (
    ("GET /api/whoami-v2", _Answers.who_am_i),
    (f"GET /api/models/{NAME}", _Answers.info),
    (f"GET /api/models/{NAME}/revision/(?P<revision>.+)", _Answers.info),
    (f"GET /api/models/{NAME}/tree/(?P<revision>.+)", _Answers.tree),
    (rf"(?:HEAD|GET) /{NAME}/resolve/(?P<revision>[^/]+)/(?P<file>.+)", _Answers.resolve),
    ("GET /large/(?P<checksum>.+)", _Answers.large),
    ("POST /api/repos/create", _Answers.create),
    ("POST /api/validate-yaml", _Answers.check_card),
    (f"POST /api/models/{NAME}/preupload/main", _Answers.prepare_upload),
    (rf"POST /{NAME}\.git/info/lfs/objects/batch", _Answers.batch),
    ("PUT /put/(?P<checksum>.+)", _Answers.put),
    (f"POST /api/models/{NAME}/commit/main", _Answers.commit),
)
