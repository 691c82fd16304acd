"""Total variation of an image: how much neighbours differ."""

from typing import Literal, get_args

from torch import Tensor
from torch.nn import functional

from ..precision import in_working_precision

TotalVariation = Literal["squared", "mean_squared", "nine_point", "absolute"]


def check_total_variation(value: str) -> None:
    """Raises ValueError with one sentence for an unknown value."""
    if value not in get_args(TotalVariation):
        raise ValueError(
            f"total_variation must be one of {', '.join(get_args(TotalVariation))}, not {value!r}"
        )


def total_variation(image: Tensor, kind: TotalVariation = "squared") -> Tensor:
    """Of an image `[B, C, *spatial]`, 0-d in float32, the mean over the batch:

    - `squared`: the sum of the squared differences of neighbours (Mahendran and Vedaldi 2015, beta = 2);
    - `mean_squared`: the same by the number of elements of one image, which makes it independent of the size
      (K. Crowson's `style-transfer-pytorch` before `nine_point`);
    - `nine_point`: with the neighbours across corners, 2/3 to 1/6, which favours no direction; images of two
      spatial dimensions only (`style-transfer-pytorch`);
    - `absolute`: the sum of the absolute differences (`neural-style` in PyTorch).

    Raises:
        ValueError: `nine_point` of a signal or a volume.
    """
    image = in_working_precision(image)
    neighbours = [image.diff(dim=dim) for dim in range(2, image.ndim)]
    match kind:
        case "squared":
            return _summed([difference.square() for difference in neighbours]) / len(image)
        case "mean_squared":
            return _summed([difference.square() for difference in neighbours]) / image.numel()
        case "absolute":
            return _summed([difference.abs() for difference in neighbours]) / len(image)
        case "nine_point":
            return _nine_point(image, neighbours)


def _nine_point(image: Tensor, neighbours: list[Tensor]) -> Tensor:
    if image.ndim != 4:
        raise ValueError(f"total_variation=nine_point needs an image [B, C, H, W], not {list(image.shape)}")
    straight = _summed([difference.square() for difference in neighbours]) / image.numel()
    padded = functional.pad(image, (1, 1, 1, 1), mode="replicate")
    falling = padded[..., 1:, 1:] - padded[..., :-1, :-1]
    rising = padded[..., 1:, :-1] - padded[..., :-1, 1:]
    return 2 / 3 * straight + (falling.square().mean() + rising.square().mean()) / 6


def _summed(terms: list[Tensor]) -> Tensor:
    return sum((term.sum() for term in terms[1:]), terms[0].sum())
