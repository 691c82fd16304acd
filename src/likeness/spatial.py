"""The spatial size of images: the lengths of their axes, of which there are 1, 2 or 3."""

from collections.abc import Sequence

MAX_PIXELS = 178_956_970
"""As many an image in a file may have by default: half a gigabyte of RGB, and what Pillow takes by itself."""

SpatialSize = int | Sequence[int]
"""A number for a square image, or the length of each axis: `[length]`, `[height, width]`, `[depth, height, width]`."""


def sides(spatial_size: SpatialSize) -> tuple[int, ...]:
    """The length of each axis.

    Raises:
        ValueError: there are not 1, 2 or 3 of them, or one is no whole number of at least 1.
    """
    listed = [spatial_size] * 2 if isinstance(spatial_size, int) else spatial_size
    lengths = tuple(listed) if isinstance(listed, Sequence) else ()
    if not 1 <= len(lengths) <= 3 or any(type(side) is not int or side < 1 for side in lengths):
        raise ValueError(f"spatial_size={spatial_size} is neither a number nor 1 to 3 lengths of at least 1")
    return lengths


def height_and_width(spatial_size: SpatialSize, what: str) -> tuple[int, int]:
    """Height and width, where `what` takes two-dimensional images alone.

    Raises:
        ValueError: there are not two of them.
    """
    lengths = sides(spatial_size)
    if len(lengths) != 2:
        raise ValueError(
            f"{what} takes two-dimensional images alone, of a spatial_size such as 64 or [64, 48], not {list(lengths)}"
        )
    return lengths[0], lengths[1]


def rank_of(spatial_size: SpatialSize) -> int:
    """The number of axes: 1 of signals, 2 of images, 3 of volumes.

    Raises:
        ValueError: it is no spatial size.
    """
    return len(sides(spatial_size))


INTERPOLATION = {1: "linear", 2: "bilinear", 3: "trilinear"}
"""What `torch.nn.functional.interpolate` calls linear interpolation along so many axes."""

KINDS = {
    1: "signals, of a spatial_size such as [4096]",
    2: "images, of a spatial_size such as 64 or [64, 48]",
    3: "volumes, of a spatial_size such as [32, 32, 32]",
}
"""What samples of each rank are called."""


def refuse_rank(spatial_size: SpatialSize, ranks: Sequence[int], what: str) -> None:
    """Raise a ValueError where `what`, which is for some ranks alone, has no meaning at that of `spatial_size`."""
    if rank_of(spatial_size) not in ranks:
        known = " or ".join(KINDS[rank] for rank in ranks)
        raise ValueError(f"{what} is for {known}, not {list(sides(spatial_size))}")


def refuse_channels(channels: int, what: str) -> None:
    """Raise a ValueError where more or less than the one channel is asked for that `what` gives."""
    if channels != 1:
        raise ValueError(f"channels={channels}, but {what} gives 1: set it to that.")


def square_side(spatial_size: SpatialSize, what: str) -> int:
    """The side of the square images that `what` takes.

    Raises:
        ValueError: they are no square images.
    """
    height, width = height_and_width(spatial_size, what)
    if height != width:
        raise ValueError(
            f"{what} takes square images alone, of a spatial_size such as 64, not {[height, width]}"
        )
    return height
