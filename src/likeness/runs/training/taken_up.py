"""Where an unfinished run goes on: what lies in its folder is looked at, and what can be rebuilt is."""

import logging
from pathlib import Path

from likeness.runs.record.appended import begins_with
from likeness.runs.record.folder import HASHES, METRICS
from likeness.runs.record.recording import TakenUp
from likeness.runs.training.checkpoints import cut_checkpoints, good_checkpoints
from likeness.runs.training.metrics import begins_as, cut_metrics

log = logging.getLogger("likeness")


def take_up(folder: Path) -> TakenUp:
    """Leave in the folder of an unfinished run, which this process has locked, what it goes on from.

    That is the last good checkpoint whose metrics are all there. Where those of none are, the last good one counts
    and not the metrics, and it is said that some are lost.

    Raises:
        LikenessError: the disk is full.
    """
    good = list(good_checkpoints(folder))
    whole = next((one for one in good if begins_as(folder, one.metrics)), None)
    start = whole or next(iter(good), None)
    step = 0 if start is None else start.step
    if whole and whole.step != good[0].step:
        log.warning(
            "%s lacks rows: the run goes on from an earlier checkpoint, and logs them again.", METRICS
        )
    lost = []
    if start is not None and whole is None:
        lost.append(METRICS)
    if start is not None and start.hashes and not begins_with(folder / "checkpoints" / HASHES, start.hashes):
        lost.append(f"checkpoints/{HASHES}")
    changed = [
        f"{name}: rows up to step {step} were altered or are gone; those that can be read are kept"
        for name in lost
    ]
    for one in changed:
        log.warning("%s.", one)
    cut_metrics(folder, step)
    cut_checkpoints(folder, step)
    return TakenUp(step, changed)
