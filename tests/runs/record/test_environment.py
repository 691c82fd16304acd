import importlib.metadata
import json
import re
from pathlib import Path

import pytest
import torch

from likeness.runs.record.environment import capture_environment, installed_packages


def test_the_packages_are_those_that_importlib_knows() -> None:
    known: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        known.setdefault(name, distribution.version)
    assert installed_packages() == known
    assert {"likeness", "torch", "pytorch-lightning"} <= set(known)


def test_another_version_and_another_package_change_the_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    hashes = {capture_environment()["packages_sha256"]}
    for version in ("1.0", "1.1"):
        folder = tmp_path / "some_thing-1.dist-info"
        folder.mkdir(exist_ok=True)
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: Some.Thing\nVersion: {version}\n\nVersion: 9\n"
        )
        assert capture_environment()["packages"]["some-thing"] == version
        hashes.add(capture_environment()["packages_sha256"])
    assert len(hashes) == 3


def test_the_environment_is_plain_json_and_knows_threads_and_flags() -> None:
    before = capture_environment()
    assert json.loads(json.dumps(before)) == before
    assert before["torch"] == torch.__version__
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    torch.set_float32_matmul_precision("medium")
    try:
        after = capture_environment()
    finally:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision("highest")
    assert {key for key in before if before[key] != after[key]} == {"threads", "determinism"}
