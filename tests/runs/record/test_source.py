import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from likeness.runs.record.source import ROOT, capture_source


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout with one commit."""
    root = tmp_path / "checkout"
    for path, text in {
        "src/a.py": "a = 1\n",
        "conf/config.yaml": "seed: 0\n",
        "train.py": "print()\n",
        "README.md": "read me\n",
        ".gitignore": "*.local\n__pycache__/\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    commit(root)
    return root


def commit(root: Path) -> None:
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    me = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    subprocess.run(["git", *me, "commit", "-q", "-m", "more"], cwd=root, check=True)


def test_a_clean_checkout_is_its_commit(checkout: Path) -> None:
    source = capture_source(checkout)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True)
    assert source.commit == head.stdout.strip()
    assert (source.diff, source.untracked) == (b"", {})


def test_the_diff_and_the_untracked_restore_what_lies_there(checkout: Path, tmp_path: Path) -> None:
    (checkout / "src" / "a.py").write_text("a = 2\n")
    (checkout / "src" / "binary").write_bytes(bytes(range(256)))
    subprocess.run(["git", "add", "src/binary"], cwd=checkout, check=True)
    (checkout / "train.py").unlink()
    (checkout / "src" / "new.py").write_text("b = 3\n")
    (checkout / "src" / "ignored.local").write_text("c = 4\n")
    source = capture_source(checkout)
    assert source.untracked == {
        "src/ignored.local": hashlib.sha256(b"c = 4\n").hexdigest(),
        "src/new.py": hashlib.sha256(b"b = 3\n").hexdigest(),
    }
    again = tmp_path / "again"
    subprocess.run(["git", "clone", "-q", checkout, again], check=True)
    subprocess.run(["git", "apply", "-"], cwd=again, input=source.diff, check=True)
    for path in source.untracked:
        (again / path).write_bytes((checkout / path).read_bytes())
    restored = capture_source(again)
    assert restored.sha256 == source.sha256
    assert not (again / "train.py").exists()


@pytest.mark.parametrize("path", ["src/a.py", "conf/config.yaml", "src/new.py", "src/ignored.local"])
def test_every_source_counts(path: str, checkout: Path) -> None:
    before = capture_source(checkout)
    (checkout / path).write_text("other\n")
    after = capture_source(checkout)
    assert before.sha256 != after.sha256


def test_what_is_no_source_does_not_count(checkout: Path) -> None:
    before = capture_source(checkout)
    for path in ("README.md", "src/__pycache__/a.pyc", "src/x.egg-info/PKG-INFO", "src/.a.py.swp"):
        (checkout / path).parent.mkdir(exist_ok=True)
        (checkout / path).write_text("other\n")
    assert capture_source(checkout) == before


def test_a_users_settings_of_git_leave_the_diff_one_that_can_be_applied(checkout: Path) -> None:
    (checkout / "src" / "a.py").write_text("a = 2\n")
    plain = capture_source(checkout)
    for setting in (
        "diff.noprefix=true",
        "diff.mnemonicPrefix=true",
        "color.diff=always",
        "diff.external=false",
    ):
        subprocess.run(["git", "config", *setting.split("=")], cwd=checkout, check=True)
    assert capture_source(checkout) == plain


def test_outside_git_and_within_another_project_the_files_alone_say_what_ran(
    checkout: Path, tmp_path: Path
) -> None:
    known = capture_source(checkout)
    shutil.rmtree(checkout / ".git")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    commit(tmp_path)
    below = capture_source(checkout)
    assert (below.commit, below.diff, below.untracked) == (None, b"", {})
    assert below.sha256 == known.sha256
    (checkout / "src" / "a.py").write_text("a = 2\n")
    assert capture_source(checkout).sha256 != known.sha256


def test_the_sources_of_this_project_are_found() -> None:
    assert {path.name for path in ROOT.iterdir()} >= {"src", "conf", "train.py", "requirements.lock"}
