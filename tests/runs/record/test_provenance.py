"""What a record is going to lack of the source is said, with the mend, when the run starts."""

import subprocess
from pathlib import Path

import pytest

from likeness.runs.record import provenance
from likeness.runs.record.provenance import missing_provenance


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    me = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one"]):
        subprocess.run(["git", *me, *words], cwd=tmp_path, check=True)
    return tmp_path


def test_of_a_checkout_nothing_is_missing(checkout: Path) -> None:
    assert missing_provenance(checkout) is None


def test_a_checkout_of_another_user_is_told_with_the_mend(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # as git's own tests do
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    said = missing_provenance(checkout)
    assert said is not None
    assert said.startswith(
        f"The record will name no commit, since the checkout {checkout} belongs to another user"
    )
    assert f"git config --global --add safe.directory {checkout};" in said


def test_an_unpacked_archive_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert f"since {tmp_path} is no git checkout with a commit: clone it" in str(missing_provenance(tmp_path))


def test_a_machine_without_git_is_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "since git is not installed" in str(missing_provenance(checkout))


def test_an_installed_copy_has_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "INSTALLED", True)
    assert missing_provenance(tmp_path) is None
