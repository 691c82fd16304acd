"""What can't be reproduced: a run that did not finish, one without a source, and one that was altered afterwards."""

import csv
import json
import subprocess
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from likeness.config.alias_bomb import refuse_alias_bomb
from likeness.config.groups import INSTALLED
from likeness.config.key import compare_values, key_of
from likeness.config.trust import refuse_distrusted
from likeness.data.fingerprint import HashedFile
from likeness.errors import LikenessError
from likeness.runs.record.data_files import first_difference, hash_listed, how_compared, read_listing
from likeness.runs.record.folder import CONFIG, RESULTS
from likeness.runs.record.json_file import refuse_other_shape
from likeness.runs.record.no_file import refuse_no_file
from likeness.runs.record.packages import refuse_other_packages
from likeness.runs.record.record_file import RECORD, SEAL, overrides_of
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.record.shape import MadeAgain
from likeness.runs.record.source import ROOT, capture_source, git
from likeness.runs.reproduce.foreign import refuse_dangerous


def refuse_irreproducible(folder: Path, record: dict[str, Any], trust: Collection[str]) -> None:
    """Raise a LikenessError that says why the run in `folder` can't be run again from its record."""
    if record.get("format") != 1 or SEAL not in record:
        raise LikenessError(
            f"{folder} was recorded by another version, which kept too little to run it again."
        )
    if record["status"] == "pruned":
        raise LikenessError(f"The run {folder} was pruned by its sweep and has no results to compare.")
    if record["status"] != "finished":
        raise LikenessError(
            f"The run {folder} did not finish (it is {record['status']}); `likeness resume {folder}` goes on with it."
        )
    if record["source"] is None:
        raise LikenessError(f"{folder} ran outside a git checkout, so nothing says from which source.")
    refuse_distrusted(folder, record["config"], trust)
    if overrides_of(record) is None:
        raise LikenessError(
            f"{folder} was not started from train.py's command line, which is what is run again."
        )
    refuse_other_shape(folder / RECORD, record, MadeAgain)
    refuse_dangerous(folder, record, trust)
    _refuse_other_source(folder, record["source"])
    refuse_other_packages(folder, record["source"].get("packages") or {})


def _refuse_other_source(folder: Path, source: dict[str, Any]) -> None:
    """Refuse a commit that is not here, or another copy without a commit than the one that ran."""
    commit = source["commit"]
    if commit is None:
        if capture_source().sha256 != source["sha256"]:
            raise LikenessError(
                f"{folder} ran from a copy of likeness {source['version']} that is no checkout, and the files of this "
                "one differ from it; install that one to run it again."
            )
        return
    if INSTALLED:
        raise LikenessError(
            f"{folder} ran from the commit {commit[:12]}, and this copy of likeness is an installed one; reproduce it "
            "with a checkout that has the commit."
        )
    try:
        git(ROOT, "cat-file", "-e", commit + "^{commit}")
    except (OSError, subprocess.SubprocessError):
        raise LikenessError(
            f"The commit {commit[:12]} of {folder} is not in {ROOT}; fetch it first."
        ) from None


def refuse_altered(folder: Path, record: dict[str, Any]) -> None:
    """Raise a LikenessError that names the first part of a run that is not as it was when the run ended."""
    refuse_no_file(folder)
    altered = next(_altered(folder, record), None)
    if altered:
        raise LikenessError(f"{folder} was altered after the run ended: {altered}.")


def refuse_other_data(folder: Path) -> None:
    """Raise a LikenessError that names the first file that is not as it was; no cache is trusted.

    Every file whose hash is recorded is read; of the others the sizes are compared.
    """
    listing = read_listing(folder)
    now = hash_listed(listing)
    if changed := first_difference(listing, now):
        raise LikenessError(other_data(folder, changed, listing, now))


def other_data(folder: Path, changed: str, then: Sequence[HashedFile], now: Sequence[HashedFile]) -> str:
    """That the data of a run are no longer what they were, and how little was compared, where that is not all."""
    compared = how_compared(then, now)
    return (
        f"The data of {folder} are not what they were: {changed} since{f' ({compared})' if compared else ''}."
    )


def _altered(folder: Path, record: dict[str, Any]) -> Iterator[str]:
    """What is not as it was; what is cheap to see comes first."""
    config = record["config"]
    for difference in compare_values(config, _read(folder / CONFIG, _yaml) or {}):
        yield f"{difference.key} is {difference.first} in run.json and {difference.second} in config.yaml"
    if key_of(config) != record["key"]:
        yield "the configuration in run.json is not that of its key"
    if (config["seed"], config["name"]) != (record["seed"], record["name"]):
        yield "seed and name in run.json are not those of its configuration"
    for difference in compare_values(record["results"], _read(folder / RESULTS, _json) or {}):
        yield f"{difference.key} is {difference.first} in run.json and {difference.second} in results.json"
    if not record["checkpoints"] and config["trainer"]["max_steps"]:
        yield "run.json names no checkpoint"
    if _read(folder / "checkpoints" / "hashes.csv", _hashes) != record["checkpoints"]:
        yield "checkpoints/hashes.csv is not what run.json says"
    yield from _altered_checkpoints(folder, record)
    yield from SealedFiles(folder).altered()


def _altered_checkpoints(folder: Path, record: dict[str, Any]) -> Iterator[str]:
    """The checkpoints that are still there, by the hashes of what is in them."""
    from likeness.runs.training.checkpoints import hashes_of, read_checkpoint  # torch

    files, recorded = SealedFiles(folder), {each["step"]: each for each in record["checkpoints"]}
    for path in sorted((folder / "checkpoints").glob("step-*.ckpt"), reverse=True):
        try:
            checkpoint = read_checkpoint(path, files)
        except LikenessError:
            yield f"checkpoints/{path.name} is not the recorded one"
            continue
        states = {"step": checkpoint.step, **hashes_of(checkpoint)}
        row = recorded.get(checkpoint.step, {"step": None})
        for part in [part for part, each in row.items() if states.get(part) != each]:
            yield f"checkpoints/{path.name} holds another {part} than recorded"


def _read(path: Path, how: Callable[[Path], Any]) -> Any:
    """What a file holds, or None where it is missing; raises LikenessError where it can't be read."""
    try:
        return how(path)
    except FileNotFoundError:
        return None
    except Exception as error:  # each format has its own
        raise LikenessError(f"{path} can't be read ({type(error).__name__}): it was altered.") from error


def _yaml(path: Path) -> Any:
    refuse_alias_bomb(path)
    return OmegaConf.to_container(OmegaConf.load(path), resolve=True)


def _json(path: Path) -> Any:
    return json.loads(path.read_text())


def _hashes(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="") as file:
        return [{**row, "step": int(row["step"])} for row in csv.DictReader(file)]
