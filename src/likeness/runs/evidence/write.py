"""Write the evidence of an experiment: its results as JSON and Markdown, and its figures."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from likeness.config.groups import CONF, INSTALLED
from likeness.config.schema.runs import TrainConfig
from likeness.evaluation.figures import overlaid_figure
from likeness.evaluation.figures.roc_over_seeds import roc_over_seeds_figure
from likeness.runs.compare.curves import read_curves
from likeness.runs.evidence.choose import choose_runs
from likeness.runs.evidence.document import document
from likeness.runs.evidence.gather import gather
from likeness.runs.recipe import Presentation
from likeness.runs.record.folder import ROC, write_json, write_text
from likeness.runs.record.sealed import SealedFiles

EXPERIMENTS = Path("experiments") if INSTALLED else CONF.parent / "experiments"
COPIED = (
    "distances",
    "heights",
    "one_shot",
    "open_set",
    "precision_recall",
)  # of the first run: figures that show nobody's image

RocPoints = dict[str, list[tuple[float, float]]]


def write_evidence(
    experiment: TrainConfig,
    places: Sequence[Path],
    presentation: Presentation,
    experiments: Path = EXPERIMENTS,
) -> Path:
    """Rebuild the folder of an experiment from the runs in `places`, but for its README; returns the folder.

    Args:
        experiment: the configuration of an experiment of `conf/experiment`, whose name it has.
        places: runs, or folders of runs; see `choose_runs`.
        presentation: how its results are shown.
        experiments: where the folder of each experiment lies.

    Raises:
        LikenessError: what `choose_runs` refuses, a file of a run was altered, or the disk is full.
    """
    runs = choose_runs(experiment, places)
    folder = experiments / experiment.name
    folder.mkdir(parents=True, exist_ok=True)
    evidence = gather(runs, presentation)
    write_json(folder / "results.json", evidence)
    write_text(folder / "results.md", document(experiment.name, evidence, presentation))
    curves = {f"seed {run.record['seed']}": read_curves(run.folder) for run in runs}
    if any(curves.values()):
        overlaid_figure(curves).savefig(folder / "training.png")
    files = [SealedFiles(run.folder) for run in runs]
    if all(each.has(ROC) for each in files):
        points = [_read_roc(each) for each in files]
        over = {encoder: [each[encoder] for each in points] for encoder in points[0]}
        roc_over_seeds_figure(over).savefig(folder / "roc.png")
    for figure in COPIED:
        drawn = f"figures/{figure}.png"
        if files[0].has(drawn):
            (folder / f"{figure}.png").write_bytes(files[0].read(drawn))
    return folder


def _read_roc(files: SealedFiles) -> RocPoints:
    points: RocPoints = {}
    for row in csv.DictReader(StringIO(files.read(ROC).decode(), newline="")):
        points.setdefault(row["encoder"], []).append((float(row["far"]), float(row["tar"])))
    return points
