"""What the search of drawn galleries leaves behind: wanted and found rates, and a figure of them."""

from collections.abc import Mapping

import numpy as np

from likeness.config.make import make
from likeness.config.schema.open_set import OpenSetConfig
from likeness.evaluation.figures import WantedRate, wanted_rates_figure
from likeness.evaluation.identification import rank_rate, written
from likeness.evaluation.metric import Metric
from likeness.recipes.open_set.family import OPEN_SET
from likeness.recipes.open_set.galleries import DrawnSearches
from likeness.recipes.open_set.measure import Rates, rates
from likeness.runs.record.recording import Recording
from likeness.runs.table import print_table, write_results_file


def conclude(run: Recording, config: OpenSetConfig) -> None:
    """Search the galleries, hold the thresholds to the rates, and leave results and a figure."""
    task = config.task
    searches: DrawnSearches = make(task, seed=config.seed)
    found = {
        size: {
            fpir: rates(searches, size, fpir, cohort=task.cohort, kept_from=task.kept_from)
            for fpir in task.fpir
        }
        for size in task.sizes
    }
    nearest = {size: rank_rate(one.rank[one.mated], 1) for size, one in searches.found.items()}
    metrics = {
        f"{size:,} identities": {
            **_metrics(found[size], told=task.cohort * (task.cohorts - 1), cohorts=task.cohorts),
            "open_set/rank@1": Metric(nearest[size], min(size, task.mated)),
        }
        for size in reversed(task.sizes)  # a run is told by the first
    }
    write_results_file(run.folder, metrics)
    figure = wanted_rates_figure(
        np.array(task.sizes),
        {fpir: _lines([found[size][fpir] for size in task.sizes]) for fpir in task.fpir},
        rank_1=np.array([nearest[size] for size in task.sizes]),
        kept_from=task.kept_from,
    )
    figure.savefig(run.folder / "figures" / "open_set.png")
    print_table("Strangers told as somebody, and the enrolled who are found", metrics, OPEN_SET.presentation)


def _metrics(found: Mapping[float, Rates], *, told: int, cohorts: int) -> dict[str, Metric]:
    """What was found where each rate was wanted; a threshold tells `told` searches, and each of `cohorts` chose one."""
    result = {}
    for fpir, here in found.items():
        at = f"@fpir={written(fpir)}"
        for each, held in here.held.items():
            times = "" if each == 1 else f"_{each}_each"
            for name in ("found", "lowest", "highest", "kept"):
                result[f"open_set/{name}{times}{at}"] = Metric(getattr(held, name), told)
            result[f"open_set/within{times}{at}"] = Metric(held.within, cohorts)
        result[f"open_set/of_pairs{at}"] = Metric(here.of_pairs, told)
        result[f"open_set/tpir{at}"] = Metric(here.tpir, told)
    return result


def _lines(found: list[Rates]) -> WantedRate:
    """What was found where one rate was wanted, over the galleries."""
    first = next(iter(found[0].held))
    return WantedRate(
        {
            each: np.array(
                [(one.held[each].found, one.held[each].lowest, one.held[each].highest) for one in found]
            )
            for each in found[0].held
        },
        kept=np.array([one.held[first].kept for one in found]),
        of_pairs=np.array([one.of_pairs for one in found]),
        tpir=np.array([one.tpir for one in found]),
    )
