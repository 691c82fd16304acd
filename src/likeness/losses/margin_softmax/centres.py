"""Class centres: all of them, or a sample of them at each step (Partial FC); split over devices by class."""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch import distributed as dist

DECAY = 0.999  # of a row's second moment, as Adam's
SMALLEST = 1e-8  # what keeps a division by it finite, as Adam's


class Taken(NamedTuple):
    """Centres `rows` [R, D] of this device, and `place` [B], the row of each image's own or -1."""

    rows: Tensor
    place: Tensor


class Centres(nn.Module):
    """A centre for each class, `table` [C, D], drawn from a normal distribution: weights like any other.

    After `keep_share` a rank has the rows `first` to `last` alone. `by_class` names the tensors with a row a class.
    A state dict that has them all is taken apart when it is loaded; see `likeness.tasks.shards` for the way back.
    """

    by_class: ClassVar[tuple[str, ...]] = ("table",)

    def __init__(self, classes: int, embedding_dim: int) -> None:
        super().__init__()
        self.classes, self.first, self.last = classes, 0, classes
        self.table = nn.Parameter(torch.randn(classes, embedding_dim))

    @property
    def shared(self) -> bool:
        """Whether other ranks have other centres."""
        return self.last - self.first < self.classes

    def share_of(self, rank: int, ranks: int) -> tuple[int, int]:
        """The classes, first and past the last, that a rank of so many has."""
        return self.classes * rank // ranks, self.classes * (rank + 1) // ranks

    def keep_share(self, rank: int, ranks: int) -> None:
        """Keep this rank's classes alone."""
        self.first, self.last = self.share_of(rank, ranks)
        for name in self.by_class:
            whole = self.get_parameter(name) if name in self._parameters else self.get_buffer(name)
            whole.data = whole.data[self.first : self.last].clone()

    def taken_for(self, identity: Tensor) -> Taken:
        """All centres of this device, for images of the classes `identity` [B]."""
        here = (identity >= self.first) & (identity < self.last)
        return Taken(self.table, torch.where(here, identity - self.first, -1))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
        own: Mapping[str, Any] = {
            key: state_dict[key][self.first : self.last]
            for name in self.by_class
            if (key := f"{prefix}{name}") in state_dict and len(state_dict[key]) == self.classes
        }
        super()._load_from_state_dict({**state_dict, **own}, prefix, *others)


class SampledCentres(Centres):
    """Centres of which each step takes those of the batch's classes and a random part of the others.

    So An et al. (2021, 2022) do: the softmax runs over what was taken, and the rest waits. `share` of all C classes
    enter, those of the batch included, drawn without replacement; all devices draw the same from the global generator
    of rank 0.

    The rows that were taken are updated here and not by the run's optimizer, whose moments would need once or twice the
    memory of the table. `update` is Adam (Kingma and Ba 2015) without a first moment, and with one second moment a row,
    the mean over its D squares, as row-wise Adagrad has it (Mudigere et al. 2022). What is kept is two numbers a class:
    `moment`, and `updates`, the number of a row's own updates.
    """

    by_class: ClassVar[tuple[str, ...]] = ("table", "moment", "updates")

    def __init__(self, classes: int, embedding_dim: int, share: float) -> None:
        super().__init__(classes, embedding_dim)
        self.share = share
        self.table.requires_grad_(False)
        self.moment: Tensor
        self.updates: Tensor
        self.register_buffer("moment", torch.zeros(classes))
        self.register_buffer("updates", torch.zeros(classes))
        self._waiting: list[tuple[Tensor, Tensor]] = []

    def taken_for(self, identity: Tensor) -> Taken:
        """A copy of the centres that a step takes of this device's, which waits for `update`; all in evaluation."""
        if not (self.training and torch.is_grad_enabled()):
            return super().taken_for(identity)
        drawn = self._drawn(identity)
        chosen = drawn[(drawn >= self.first) & (drawn < self.last)] - self.first
        rows = self.table.index_select(0, chosen).requires_grad_()
        self._waiting.append((chosen, rows))
        here = (identity >= self.first) & (identity < self.last)
        return Taken(rows, torch.where(here, torch.searchsorted(chosen, identity - self.first), -1))

    @torch.no_grad()
    def update(self, rate: float) -> None:
        """Move the centres that were taken since the last update, by their gradients and a learning rate."""
        waiting, self._waiting = [(chosen, rows.grad) for chosen, rows in self._waiting], []
        chosen, gradient = _added_up(
            [(chosen, gradient) for chosen, gradient in waiting if gradient is not None]
        )
        square = gradient.norm(dim=1).square_().div_(gradient.shape[1])
        moment = self.moment[chosen].mul_(DECAY).add_(square, alpha=1 - DECAY)
        updates = self.updates[chosen] + 1
        self.moment[chosen], self.updates[chosen] = moment, updates
        gradient /= (moment / (1 - DECAY**updates)).sqrt_().add_(SMALLEST)[:, None]
        self.table.index_add_(0, chosen, gradient, alpha=-rate)

    def _drawn(self, identity: Tensor) -> Tensor:
        """The classes that a step takes, ascending."""
        seed = torch.randint(2**62, ())
        if self.shared:
            seed = seed.to(identity.device)
            dist.broadcast(seed, src=0)
        generator = torch.Generator(identity.device).manual_seed(int(seed))
        order = torch.rand(self.classes, generator=generator, device=identity.device)
        own = torch.unique(identity)
        order[own] = -1
        count = max(round(self.share * self.classes), len(own))
        return order.topk(count, largest=False, sorted=False).indices.sort().values


def _added_up(gradients: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Rows and gradients of several batches, each row once."""
    if len(gradients) == 1:
        return gradients[0]
    rows, place = torch.unique(torch.cat([rows for rows, _ in gradients]), return_inverse=True)
    each = torch.cat([gradient for _, gradient in gradients])
    return rows, each.new_zeros(len(rows), each.shape[1]).index_add_(0, place, each)
