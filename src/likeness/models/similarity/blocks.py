"""Rows in blocks, where pairs times dimensions would not fit."""

from torch import Tensor


def row_blocks(x: Tensor, y: Tensor, *, on_cpu: int | None) -> list[slice]:
    """The rows of `x [N, D]` in blocks: the pairs of one with `y [M, D]`, times dimensions, are 2^26 numbers at most.

    On a CPU they are `on_cpu` at most; with None all rows are one block. A block has one row at least.
    """
    elements = on_cpu if x.device.type == "cpu" else 2**26
    step = max(1, len(x) if elements is None else elements // max(y.numel(), 1))
    return [slice(start, start + step) for start in range(0, len(x), step)]
