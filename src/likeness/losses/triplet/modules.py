"""The triplet losses as modules, so that a configuration can name them."""

from torch import Tensor, nn

from .arguments import Average, Margin, check_arguments, check_numeric
from .distance import Distance
from .exhaustive import all_semi_hard_triplet_loss, batch_all_triplet_loss
from .mined import batch_hard_triplet_loss, semi_hard_triplet_loss
from .output import TripletOutput


class _TripletLoss(nn.Module):
    """Keeps the arguments of a loss; raises ValueError at once if one has no meaning."""

    def __init__(self, margin: Margin, distance: Distance, average: Average) -> None:
        super().__init__()
        check_arguments(margin, distance, average)
        self.margin = margin
        self.distance = distance
        self.average = average

    def extra_repr(self) -> str:
        return f"margin={self.margin!r}, distance={self.distance!r}, average={self.average!r}"


class BatchHardTripletLoss(_TripletLoss):
    """See `batch_hard_triplet_loss`."""

    def __init__(
        self, margin: Margin = 0.2, distance: Distance = "squared", average: Average = "valid"
    ) -> None:
        super().__init__(margin, distance, average)

    def forward(self, embedding: Tensor, identity: Tensor) -> TripletOutput:
        """`embedding` [B, D], `identity` [B] integers."""
        return batch_hard_triplet_loss(
            embedding, identity, margin=self.margin, distance=self.distance, average=self.average
        )


class SemiHardTripletLoss(_TripletLoss):
    """See `semi_hard_triplet_loss`."""

    def __init__(
        self, margin: Margin = 0.2, distance: Distance = "squared", average: Average = "valid"
    ) -> None:
        super().__init__(margin, distance, average)

    def forward(self, embedding: Tensor, identity: Tensor) -> TripletOutput:
        """`embedding` [B, D], `identity` [B] integers."""
        return semi_hard_triplet_loss(
            embedding, identity, margin=self.margin, distance=self.distance, average=self.average
        )


class AllSemiHardTripletLoss(_TripletLoss):
    """See `all_semi_hard_triplet_loss`."""

    def __init__(
        self, margin: float = 0.2, distance: Distance = "squared", average: Average = "active"
    ) -> None:
        check_numeric(margin)
        super().__init__(margin, distance, average)
        self.numeric_margin = margin

    def forward(self, embedding: Tensor, identity: Tensor) -> TripletOutput:
        """`embedding` [B, D], `identity` [B] integers."""
        return all_semi_hard_triplet_loss(
            embedding, identity, margin=self.numeric_margin, distance=self.distance, average=self.average
        )


class BatchAllTripletLoss(_TripletLoss):
    """See `batch_all_triplet_loss`."""

    def __init__(
        self, margin: Margin = 0.2, distance: Distance = "squared", average: Average = "active"
    ) -> None:
        super().__init__(margin, distance, average)

    def forward(self, embedding: Tensor, identity: Tensor) -> TripletOutput:
        """`embedding` [B, D], `identity` [B] integers."""
        return batch_all_triplet_loss(
            embedding, identity, margin=self.margin, distance=self.distance, average=self.average
        )
