"""What the test says of a sweep's winner, and of it alone: trials are compared by their validations."""

from collections.abc import Sequence

from likeness.errors import LikenessError
from likeness.runs.recipe import Presentation, Recipe
from likeness.runs.sweep.estimate import estimate
from likeness.runs.sweep.ledger import EndedTrial, Tested, best_of
from likeness.runs.sweep.plan import Plan
from likeness.runs.sweep.results import measured_in


def tested_winner(plan: Plan, ended: Sequence[EndedTrial], presentation: Presentation) -> Tested | None:
    """The headline of the best trial; None where several are best, none finished, or the test chose among them."""
    metric = plan.first.headline
    best = best_of(plan, ended)
    if metric is None or len(best) != 1 or not _validated(plan):
        return None
    found = [measured_in(one.run, metric) for one in best[0].results if one.run is not None]
    measured = [one for one in found if one is not None]
    if not measured or len(measured) < len(best[0].jobs):
        return None
    return Tested(metric, estimate(measured, presentation.bounds(metric)))


def refuse_without_validation(plan: Plan, recipe: Recipe) -> None:
    """Raise a LikenessError where the trials are compared by their validations, and the data have none."""
    data = recipe.data() if _validated(plan) else None
    if data is not None and not data.validated:
        metric = plan.sweep.objectives[0].metric
        raise LikenessError(
            f"The trials are compared by {metric}, but these data keep nothing to validate on: give it a share, as "
            "with data.split=[0.8,0.1,0.1], or name other sweep.objectives."
        )


def _validated(plan: Plan) -> bool:
    return all(objective.metric in plan.first.validates for objective in plan.sweep.objectives)
