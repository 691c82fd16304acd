"""What a run's folder from somebody else would have run is refused, or told and asked for, before any of it is done."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from likeness.errors import LikenessError
from likeness.runs.record.source import hash_of_sources
from likeness.runs.reproduce import foreign, worktree
from likeness.runs.reproduce.foreign import refuse_dangerous, refuse_unasked
from likeness.runs.reproduce.rerun import started_again
from likeness.runs.reproduce.worktree import Restored, restored_worktree


class Foreign(NamedTuple):
    """A checkout, a run's folder from somebody else whose diff changes a file of it, and its record."""

    checkout: Path
    folder: Path
    record: dict[str, Any]


def git(checkout: Path, *words: str) -> str:
    me = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    return subprocess.run(
        ["git", *me, *words], cwd=checkout, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Foreign:
    checkout, folder = tmp_path / "checkout", tmp_path / "theirs"
    for name in ("src/net.py", "conf/config.yaml", "train.py"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("1\n")
    git(checkout, "init", "-q")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "one")
    folder.mkdir()
    (checkout / "src/net.py").write_text("2\n")
    (folder / "source.diff").write_text(git(checkout, "diff"))
    whole = hash_of_sources(checkout)
    git(checkout, "checkout", "-q", ".")
    for module in (foreign, worktree):
        monkeypatch.setattr(module, "ROOT", checkout)
    described = {
        "commit": git(checkout, "rev-parse", "HEAD").strip(),
        "diff": "its hash",
        "untracked": {},
        "sha256": whole,
        "packages": {},
    }
    config = {"trust": [], "seed": 1}
    record = {"source": described, "overrides": ["seed=1"], "config_dir": None, "config": config}
    return Foreign(checkout, folder, record)


def diff_by(theirs: Foreign, *, change: Any) -> None:
    """Give the folder the diff of a change of the checkout."""
    change(theirs.checkout)
    git(theirs.checkout, "add", "-A", "-f")
    (theirs.folder / "source.diff").write_text(git(theirs.checkout, "diff", "--cached"))
    git(theirs.checkout, "reset", "-q", "--hard")


def _pycache(checkout: Path) -> None:
    """What Python runs in place of a source, and no hash is over."""
    (checkout / "src/__pycache__").mkdir()
    (checkout / "src/__pycache__/net.pyc").write_bytes(b"\0\1")


@pytest.mark.parametrize(
    "override", ["--experimental-rerun=evil.pickle", "-cd=evil", "--config-dir", "-m", "--multirun"]
)
def test_an_override_that_is_an_option_is_refused(theirs: Foreign, override: str) -> None:
    theirs.record["overrides"].append(override)
    with pytest.raises(LikenessError, match=rf"with {override}, which is an option and no override\."):
        refuse_dangerous(theirs.folder, theirs.record, ())


def test_a_key_of_hydras_own_is_refused_whatever_the_commit_would_do(theirs: Foreign) -> None:
    theirs.record["overrides"].append("+hydra.callbacks.x._target_=os.system")
    with pytest.raises(LikenessError, match=r"\+hydra\.callbacks\.x\._target_=os\.system is not taken"):
        refuse_dangerous(theirs.folder, theirs.record, ())


@pytest.mark.parametrize(
    "name",
    [
        "src/__pycache__/net.cpython-311.pyc",
        "src/evil.egg-info/entry_points.txt",
        "../../.ssh/config",
        "src/../../x.py",
        "/etc/passwd",
        ".git/config",
        ".gitattributes",
        "src\\..\\x",
        "setup.py",
    ],
)
def test_a_path_that_is_no_source_is_refused(theirs: Foreign, name: str) -> None:
    theirs.record["source"]["untracked"] = {name: "0" * 64}
    with pytest.raises(LikenessError, match="is a source of its run, and it is none of"):
        refuse_dangerous(theirs.folder, theirs.record, ())


@pytest.mark.parametrize("part", ["--config-dir=theirs", "hydra", "hydra.callbacks.x", "+data", "data=x", ""])
def test_a_part_of_the_configuration_is_a_name(theirs: Foreign, part: str) -> None:
    """It stands at the head of an override of the second run."""
    theirs.record["config"][part] = {"root": "x"}
    with pytest.raises(LikenessError, match=r"which is no part of a configuration\."):
        refuse_dangerous(theirs.folder, theirs.record, ())


@pytest.mark.parametrize("commit", ["--output=x", "HEAD", "main", "abc123", "", "0" * 39 + "\n"])
def test_a_commit_is_a_hash(theirs: Foreign, commit: str) -> None:
    theirs.record["source"]["commit"] = commit
    with pytest.raises(LikenessError, match="which is no commit"):
        refuse_dangerous(theirs.folder, theirs.record, ())


def test_a_package_that_the_configuration_does_not_trust_is_refused(theirs: Foreign) -> None:
    theirs.record["source"]["packages"] = {"evil": {"place": "/tmp", "sha256": ""}}
    with pytest.raises(LikenessError, match="runs code of evil, which its configuration does not trust"):
        refuse_dangerous(theirs.folder, theirs.record, ("mine",))
    refuse_dangerous(theirs.folder, theirs.record, ("evil",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda checkout: (checkout / ".gitattributes").write_text("* filter=x\n"),
            r"\.gitattributes is a source",
        ),
        (
            lambda checkout: (checkout / "sitecustomize.py").write_text("1\n"),
            r"sitecustomize\.py is a source",
        ),
        (lambda checkout: _pycache(checkout), r"net\.pyc is a source"),
        (lambda checkout: (checkout / "src/link").symlink_to("/etc"), "makes a link"),
    ],
)
def test_a_diff_of_other_things_than_sources_is_refused(theirs: Foreign, change: Any, said: str) -> None:
    diff_by(theirs, change=change)
    with pytest.raises(LikenessError, match=said):
        refuse_unasked(theirs.folder, theirs.record, [str(theirs.folder)])


def test_what_is_no_diff_is_told(theirs: Foreign) -> None:
    (theirs.folder / "source.diff").write_text("rm -rf\n")
    with pytest.raises(LikenessError, match=r"source\.diff is no diff that git can read\."):
        refuse_unasked(theirs.folder, theirs.record, [str(theirs.folder)])


def test_in_a_script_the_files_are_told_and_nothing_is_run_without_trust(
    theirs: Foreign, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    theirs.record["config_dir"] = "their_conf"
    with pytest.raises(LikenessError, match=r"nobody could be asked; .* add --trust .*/theirs\."):
        refuse_unasked(theirs.folder, theirs.record, ())
    said = capsys.readouterr().err
    assert f"to reproduce {theirs.folder} is to run what it holds, with your rights:" in said
    assert f"{theirs.folder / 'source.diff'} changes src/net.py\n" in said
    assert "the configuration in their_conf, read by the commit " in said
    refuse_unasked(theirs.folder, theirs.record, [str(theirs.folder)])
    assert "changes src/net.py" in capsys.readouterr().err


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "runs"), [("y\n", True), ("yes\n", True), ("\n", False), ("", False), ("no\n", False)]
)
def test_on_a_terminal_it_is_asked(
    theirs: Foreign, answer: str, runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    if runs:
        refuse_unasked(theirs.folder, theirs.record, ())
    else:
        with pytest.raises(LikenessError, match="as you said"):
            refuse_unasked(theirs.folder, theirs.record, ())


def test_nobody_is_asked_about_what_stands_here_already(
    theirs: Foreign, capsys: pytest.CaptureFixture[str]
) -> None:
    git(theirs.checkout, "apply", str(theirs.folder / "source.diff"))
    refuse_unasked(theirs.folder, theirs.record, ())
    theirs.record["source"]["diff"] = None
    git(theirs.checkout, "checkout", "-q", ".")
    refuse_unasked(theirs.folder, theirs.record, ())
    assert capsys.readouterr().err == ""


def test_a_folder_of_configurations_that_says_itself_whom_it_trusts_is_asked_about(
    theirs: Foreign, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the record's own word on trust, the second run would take the folder's."""
    git(theirs.checkout, "apply", str(theirs.folder / "source.diff"))
    theirs.record["config_dir"] = "their_conf"
    refuse_unasked(theirs.folder, theirs.record, ())
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for commit in (theirs.record["source"]["commit"], None):
        theirs.record["source"]["commit"] = commit
        theirs.record["config"].pop("trust", None)
        with pytest.raises(LikenessError, match="nobody could be asked"):
            refuse_unasked(theirs.folder, theirs.record, ())
        assert "the configuration in their_conf, read by " in capsys.readouterr().err


def test_no_hook_filter_or_monitor_runs_while_the_source_is_restored(theirs: Foreign, tmp_path: Path) -> None:
    """The recorded commit calls for a filter by its attributes, and all that git would run leaves a mark."""
    (theirs.checkout / ".gitattributes").write_text("* filter=marked\n")
    git(theirs.checkout, "add", "-A")
    git(theirs.checkout, "commit", "-q", "-m", "two")
    theirs.record["source"]["commit"] = git(theirs.checkout, "rev-parse", "HEAD").strip()
    mark = tmp_path / "mark"
    mark.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\ncat\n")
    mark.chmod(0o755)
    for key in ("filter.marked.smudge", "filter.marked.clean", "core.fsmonitor"):
        git(theirs.checkout, "config", key, str(mark))
    git(theirs.checkout, "config", "filter.marked.required", "true")
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        (theirs.checkout / ".git" / "hooks" / hook).write_text(mark.read_text())
        (theirs.checkout / ".git" / "hooks" / hook).chmod(0o755)
    with restored_worktree(theirs.folder, theirs.record["source"]) as tree:
        assert (tree / "src/net.py").read_text() == "2\n"
    assert not (tmp_path / "ran").exists()
    git(theirs.checkout, "checkout", "-f", "-q", "HEAD", "--", "src")
    assert (tmp_path / "ran").exists()  # they would have run


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PYTHONSTARTUP", "PYTHONHOME", "PATH", "LIKENESS_MODULES"])
def test_no_variable_of_the_record_says_what_the_second_run_loads(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only those by which libraries compute otherwise are set; and nothing of its folder is on the import path."""
    (tmp_path / "said.py").write_text(
        "import json, os\njson.dump(dict(os.environ), open('said.json', 'w'))\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"src{os.pathsep}")
    monkeypatch.delenv("MKL_CBWR", raising=False)
    record = {
        "overrides": [],
        "folder": str(tmp_path),
        "config": {},
        "environment": {"threads": 1, "determinism": {name: "theirs", "MKL_CBWR": "COMPATIBLE"}},
    }
    program = Restored([sys.executable, str(tmp_path / "said.py")], [])
    with started_again(record, program, tmp_path) as rerun, pytest.raises(LikenessError):
        list(rerun.looks(every=0.01))
    said = json.loads((tmp_path / "said.json").read_text())
    assert said.get(name) == os.environ.get(name)
    assert said["MKL_CBWR"] == "COMPATIBLE"
    assert said["PYTHONPATH"].split(os.pathsep) == [os.path.abspath("src"), os.getcwd()]


def test_the_second_run_trusts_what_was_asked_for_and_reads_where_the_first_did(tmp_path: Path) -> None:
    """A folder of configurations, and a changed LIKENESS_DATA, can't say otherwise: the last override counts."""
    (tmp_path / "said.py").write_text(
        "import sys\nprint(sys.argv[1:], file=open(sys.argv[0] + '.txt', 'w'))\n"
    )
    record = {
        "overrides": ["+experiment=theirs", "trust=[evil]", "logger=wandb"],
        "config_dir": "theirs",
        "folder": str(tmp_path),
        "config": {"trust": ["mine"], "data": {"root": "/da'ta"}, "test_data": None, "seed": 0},
        "environment": {"threads": 1, "determinism": {}},
    }
    program = Restored([sys.executable, str(tmp_path / "said.py")], [])
    with (
        started_again(record, program, tmp_path) as rerun,
        pytest.raises(LikenessError, match="left no record"),
    ):
        list(rerun.looks(every=0.01))
    given = eval((tmp_path / "said.py.txt").read_text())
    assert given == [
        *(
            "--config-dir",
            "theirs",
            "+experiment=theirs",
            "trust=[evil]",
            r"data.root='/da\'ta'",
            "logger=csv",
        ),
        *(f"runs_dir='{tmp_path}/runs'", "trust=[mine]"),
    ]
