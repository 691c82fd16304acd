"""The source that a run runs from: in a checkout its commit, what was changed since, and files that git does not know.

An installed copy has no commit: the version and a hash over the package's files say what ran.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from likeness.config.groups import CONF, INSTALLED, PACKAGE
from likeness.runs.record.packages import describe_packages

ROOT = PACKAGE.parent if INSTALLED else CONF.parent
SOURCES = ("likeness", "hydra_plugins/likeness_sweeper.py") if INSTALLED else ("src", "conf", "train.py")
DIFF = "source.diff"

_NO_SOURCE = ("__pycache__", "*.egg-info", ".*")


class Source(NamedTuple):
    """All that is needed to restore the source of a run, or to know it again.

    `diff` is a patch (bytes, empty where nothing was changed) of what git tracks, `untracked` the SHA-256 of each
    source that it does not, ignored ones included, and `sha256` is over all sources as they lay on the disk. Without a
    checkout `commit` is None, and there is no diff; `version` is that of the package where it is installed. `packages`
    are other people's whose code the run may run.
    """

    commit: str | None
    diff: bytes
    untracked: dict[str, str]
    sha256: str
    version: str | None
    packages: dict[str, dict[str, str]]

    @property
    def identity(self) -> str:
        """As `identity_of`."""
        return str(identity_of({"sha256": self.sha256, "packages": self.packages}))


def capture_source(root: Path = ROOT, *, packages: Sequence[str] = ()) -> Source:
    """The source below `root`, which is that of a checkout or holds an installed copy, and `packages` beside it.

    Raises:
        LikenessError: one of the packages is not there.
    """
    commit, diff, untracked = _known_to_git(root) or (None, b"", {})
    return Source(commit, diff, untracked, hash_of_sources(root), _version(), describe_packages(packages))


def identity_of(source: Mapping[str, Any] | None) -> str | None:
    """By what the source in a record is told from others: the hash of ours, and of all packages beside it."""
    if source is None:
        return None
    packages = source.get("packages") or {}
    if not packages:
        return str(source["sha256"])
    whole = [source["sha256"], *sorted((name, one["sha256"]) for name, one in packages.items())]
    return sha256(json.dumps(whole).encode()).hexdigest()


def _known_to_git(root: Path) -> tuple[str, bytes, dict[str, str]] | None:
    """The commit, the diff and the untracked sources, or None where `root` is no git checkout."""
    try:
        top, commit = git(root, "rev-parse", "--show-toplevel", "HEAD").decode().splitlines()
        if Path(top).resolve() != root.resolve():  # installed somewhere below another project's checkout
            return None
        changes = ("diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        prefixes = ("--src-prefix=a/", "--dst-prefix=b/")
        diff = git(root, *changes, *prefixes, "HEAD", "--", *SOURCES, "requirements.lock")
        excluded = (f"--exclude={pattern}" for pattern in _NO_SOURCE)
        others = git(root, "ls-files", "--others", "-z", *excluded, "--", *SOURCES).decode()
    except (OSError, subprocess.SubprocessError):
        return None
    untracked = {path: hash_of_file(root / path) for path in sorted(others.split("\0")) if path}
    return commit, diff, untracked


def hash_of_sources(root: Path) -> str:
    """A hexadecimal hash of the names and contents of all sources below `root`, tracked by git or not."""
    digest = sha256()
    for path in sorted(_sources(root)):
        digest.update(f"{path.relative_to(root).as_posix()}\0{hash_of_file(path)}\n".encode())
    return digest.hexdigest()


def hash_of_file(path: Path) -> str:
    """The SHA-256 of a file's content, hexadecimal."""
    return sha256(path.read_bytes()).hexdigest()


def git(root: Path, *words: str) -> bytes:
    """What git says in `root`; raises `subprocess.CalledProcessError` where it fails. No hook or monitor is run."""
    return _said(root, "--no-optional-locks", *words)


def git_alone(root: Path, *words: str) -> bytes:
    """As `git`, with none of the filters that the user configured, which attributes of a tree could call for."""
    try:
        configured = _said(root, "config", "--name-only", "-z", "--get-regexp", r"^filter\.").decode()
    except subprocess.CalledProcessError:  # there is none
        configured = ""
    filters = sorted({key.rpartition(".")[0] for key in configured.split("\0") if key})
    off = [f"{one}.{key}" for one in filters for key in ("smudge=", "clean=", "process=", "required=false")]
    return _said(root, *(word for setting in off for word in ("-c", setting)), *words)


def files_of_diff(root: Path, diff: Path) -> list[str]:
    """The files that a diff of git's changes, sorted; nothing is applied.

    Raises:
        ValueError: it is none.
    """
    try:
        said = git(root, "apply", "--numstat", "-z", str(diff.resolve())).decode(errors="surrogateescape")
    except subprocess.CalledProcessError as error:
        raise ValueError("is no diff that git can read") from error
    return sorted(line.split("\t", 2)[-1] for line in said.split("\0") if line)


def _said(root: Path, *words: str) -> bytes:
    return subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", *words],
        cwd=root,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout


def _sources(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        for path in (root / name, *(root / name).rglob("*")):
            if path.is_file() and is_source(path.relative_to(root)):
                yield path


def _version() -> str | None:
    with suppress(PackageNotFoundError):  # it lies on the path, but nothing installed it
        return version("likeness")
    return None


def is_source(path: PurePath) -> bool:
    """Whether a path below the root is that of a source, over which the hash is."""
    below = any(path.is_relative_to(one) for one in SOURCES)
    return below and not any(map(_is_no_source, path.parts))


def _is_no_source(part: str) -> bool:
    return part == "__pycache__" or part.endswith(".egg-info") or part.startswith(".")
