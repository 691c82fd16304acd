"""A file of tensors from anywhere runs no code, and what is wrong with it is one sentence, wherever it is read."""

import ast
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from likeness.errors import LikenessError
from likeness.models.tensor_file import read_tensors
from likeness.models.weights import read_weights
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.training.checkpoints import read_checkpoint

SOURCES = Path(__file__).parents[2] / "src"


class Calls:
    """What a pickle of it calls, with its arguments."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.called = (function, arguments)

    def __reduce__(self) -> Any:
        return self.called


def saved(content: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def cut(content: bytes, length: float) -> bytes:
    return content[: int(len(content) * length)]


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


PLAIN = saved({"weight": torch.ones(3)})
MARK = Path(os.environ.get("TMPDIR", "/tmp"), f"likeness-mark-{os.getpid()}")
FILES = {
    "a call of the system": saved(Calls(os.system, f"touch {MARK}")),
    "in the older format": saved(
        Calls(os.system, f"touch {MARK}"), _use_new_zipfile_serialization=False
    ),
    "a bare pickle": pickle.dumps(Calls(os.system, f"touch {MARK}")),
    "an evaluation": saved({"weight": Calls(eval, f"open({str(MARK)!r}, 'w')")}),
    "a call of torch": saved(Calls(torch.hub.load, "someone/theirs", "model")),
    "another file": saved(Calls(np.load, "x.npy", None, True)),
    "a whole network": saved(torch.nn.Linear(2, 2)),
    "a NumPy array": saved({"weight": np.ones(3)}),
    "nothing": b"",
    "one byte": b"P",
    "half of it": cut(PLAIN, 0.5),
    "most of it": cut(PLAIN, 0.95),
    "noise": np.random.default_rng(0).bytes(4096),
    "text": b"{}",
    "another archive": zipped(a=b"1"),
    "an archive without tensors": zipped(archive__data=b"1"),
    "members outside of it": zipped(**{"..__..__x__data.pkl": pickle.dumps(Calls(os.system, f"touch {MARK}"))}),
}  # fmt: skip


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_no_file_runs_code_and_each_ends_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "step-00000001.ckpt"
    path.write_bytes(content)
    noted = {"step": 1, "sha256": sha256(content).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(noted))
    readers: list[tuple[Callable[[Path], Any], type[Exception]]] = [
        (read_tensors, ValueError),
        (read_weights, ValueError),
        (lambda path: read_checkpoint(path, SealedFiles(tmp_path)), LikenessError),
    ]
    for read, kind in readers:
        with pytest.raises(kind) as raised:
            read(path)
        said = str(raised.value)
        assert str(path) in said
        assert "\n" not in said
        assert "weights_only" not in said
    assert not MARK.exists()


def test_plain_tensors_are_read(tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(PLAIN)
    assert torch.equal(read_tensors(tmp_path / "net.pth")["weight"], torch.ones(3))


READERS = {
    *(("torch", "load"), ("torch", "hub"), ("np", "load"), ("numpy", "load"), ("joblib", "load")),
    *(
        ("pickle", "load"),
        ("pickle", "loads"),
        ("marshal", "loads"),
        ("yaml", "load"),
        ("yaml", "unsafe_load"),
    ),
    *(("tarfile", "open"), ("zipfile", "ZipFile"), ("shutil", "unpack_archive")),
}
"""What reads a file from anywhere and may run it, or write beside it."""


def test_what_could_run_a_file_is_called_in_known_places_alone() -> None:
    found = {
        (path.relative_to(SOURCES).as_posix(), f"{node.value.id}.{node.attr}")
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in READERS
    }
    assert found == {
        ("likeness/models/tensor_file.py", "torch.load"),  # weights_only
        ("likeness/applications/gallery/transfer.py", "np.load"),  # without pickle, as the next ones
        ("likeness/applications/inspect/ranking.py", "np.load"),
        ("likeness/data/npy.py", "np.load"),
        ("likeness/data/stored_encodings.py", "np.load"),
    }
