"""Which past runs are the evidence of an experiment."""

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from likeness.config.check import check
from likeness.config.groups import TRAIN
from likeness.config.key import compare_values, deciding, differences
from likeness.config.schema.runs import TrainConfig
from likeness.errors import LikenessError
from likeness.runs.record.past import PastRun, past_run, past_runs
from likeness.runs.record.record_file import RECORD
from likeness.runs.record.source import identity_of

log = logging.getLogger("likeness")

Config = dict[str, Any]


def choose_runs(experiment: TrainConfig, places: Sequence[Path]) -> list[PastRun]:
    """The runs of an experiment, by seed: those in `places` that are runs, or of those below them.

    Below a folder, be it `runs` or `runs/NAME`, the last finished run of each seed counts, among those that share
    configuration, source and data with the last of all.

    Raises:
        LikenessError: there is no run, or one did not finish, repeats a seed, or was made from another configuration,
            source or data than the experiment's or the first run's.
    """
    name = experiment.name
    named = [past_run(place) for place in places if (place / RECORD).is_file()]
    folders = [place for place in places if not (place / RECORD).is_file()]
    # runs/NAME is the folder of the experiment's runs, and past_runs wants the one above
    found = [run for place in folders for run in past_runs(place.parent if place.name == name else place)]
    runs = sorted([*named, *_latest(name, found)], key=lambda run: run.record["seed"])
    if not runs:
        raise LikenessError(
            f"There is no finished run of {name} in {', '.join(map(str, places))}; make some with "
            f"{TRAIN} -m +experiment={name} seed=0,1,2."
        )
    for run in runs:
        _refuse_unfinished(run)
        _refuse_other(experiment, run)
        _refuse_mixed(runs[0], run)
    for run, following in pairwise(runs):
        if run.record["seed"] == following.record["seed"]:
            raise LikenessError(f"{run.folder} and {following.folder} have the same seed; name one of them.")
    return runs


def images_of(run: PastRun) -> dict[str, Any]:
    """The fingerprints of a run's images; the pairs and episodes to judge may be drawn by the seed."""
    return {
        split: fingerprint
        for split, fingerprint in run.record["data"].items()
        if split not in {"pairs", "episodes"}
    }


def _latest(name: str, runs: Sequence[PastRun]) -> list[PastRun]:
    finished = [
        run for run in runs if run.record.get("name") == name and run.status == "finished" and _is_ours(run)
    ]
    if not finished:
        return []
    finished.sort(key=lambda run: run.record["started"])
    alike = [run for run in finished if _identity(run) == _identity(finished[-1])]
    chosen = {run.record["seed"]: run for run in alike}
    if others := [run.folder.name for run in finished if run not in alike]:
        log.warning("Of another configuration, source or data than the last run: %s.", ", ".join(others))
    return list(chosen.values())


def _identity(run: PastRun) -> str:
    """What runs of one experiment share."""
    return json.dumps([deciding(run.config, "seed"), _source(run), images_of(run)], sort_keys=True)


def _source(run: PastRun) -> str | None:
    return identity_of(run.record["source"])


def _refuse_unfinished(run: PastRun) -> None:
    if run.status != "finished" or not _is_ours(run):
        what = "is an evaluation" if run.status == "finished" else f"did not finish (it is {run.status})"
        raise LikenessError(f"{run.folder} {what}; evidence is made of finished runs of an experiment.")


def _is_ours(run: PastRun) -> bool:
    """Whether it is a run of an experiment, and not an evaluation, which has no task."""
    return run.config.get("task") is not None and bool(run.results)


def _refuse_other(experiment: TrainConfig, run: PastRun) -> None:
    """Refuse a run of another configuration than the experiment's; where the data lie may differ."""
    config = run.config
    with suppress(LikenessError):  # one that is no such configuration is compared as it stands
        config = check(config, type(experiment)).plain()  # with the keys that there were not yet when it ran
    for key, ours, theirs in differences(experiment.plain(), config):
        if key != "seed" and not key.endswith((".root", ".path")):
            raise LikenessError(
                f"{run.folder} has {key}={theirs}, but the experiment {experiment.name} has {key}={ours}; "
                "leave that run out."
            )


def _refuse_mixed(first: PastRun, run: PastRun) -> None:
    for what, part in _PARTS.items():
        for key, ours, theirs in compare_values(part(first), part(run)):
            if (what, key) != ("configuration", "seed"):
                raise LikenessError(
                    f"{first.folder} and {run.folder} differ in their {what}: {key} is {ours} and {theirs}; "
                    "name runs that differ in their seed alone."
                )


_PARTS: dict[str, Callable[[PastRun], Config]] = {
    "configuration": lambda run: deciding(run.config),
    "source": lambda run: {"sha256": _source(run)},
    "data": images_of,
}
