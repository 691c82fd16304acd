"""A warm-up before any schedule."""

from typing import Any

from torch.optim.lr_scheduler import LRScheduler


class WarmUp(LRScheduler):
    """A schedule whose rates are multiplied by (t + 1) / (steps + 1) at its first steps t = 0, 1, ...

    So did Goyal et al. (2017, section 2.2), by epochs.
    The schedule's own clock runs meanwhile, so that it ends when it would have. It is left as it is by what is
    multiplied, since it is handed its own rates back before it goes on.

    Args:
        schedule: of torch's, as it is before its first step.
        steps: how many are warmed up.
    """

    def __init__(self, schedule: LRScheduler, steps: int) -> None:
        self.schedule, self.steps = schedule, steps
        self.planned: list[Any] = []
        super().__init__(schedule.optimizer)

    def get_lr(self) -> list[Any]:
        """The rates of the step that comes."""
        groups = self.optimizer.param_groups
        if self.planned:
            for group, rate in zip(groups, self.planned, strict=True):
                group["lr"] = rate
            self.schedule.step()
        self.planned = [group["lr"] for group in groups]
        return [rate * min(1.0, (self.last_epoch + 1) / (self.steps + 1)) for rate in self.planned]

    def state_dict(self) -> dict[str, Any]:
        """Its own state, and that of the schedule."""
        state = {key: value for key, value in super().state_dict().items() if key != "schedule"}
        return {**state, "schedule": self.schedule.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        state = dict(state_dict)
        self.schedule.load_state_dict(state.pop("schedule"))
        super().load_state_dict(state)
