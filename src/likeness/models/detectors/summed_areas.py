"""Means over rectangles of an image by its summed-area table.

Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984. Once the table is there, each mean takes four look-ups
whatever its area, so that windows of any size cost the same.
"""

import torch
from torch import Tensor


class SummedAreas:
    """The table of one image: sums over all pixels above and to the left.

    Sums are int32 and may run over in a large image; differences of them are still exact as long as a rectangle whose
    mean is taken has less than 2^31 / 255 pixels, 2,900 x 2,900.

    Args:
        image: uint8 `[3, H, W]`.
    """

    def __init__(self, image: Tensor) -> None:
        self.height, self.width = image.shape[1:]
        rows = image.permute(1, 2, 0).to(torch.int32).cumsum(1, dtype=torch.int32)
        self.table = image.new_zeros(self.height + 1, self.width + 1, 3, dtype=torch.int32)
        torch.cumsum(rows, 0, dtype=torch.int32, out=self.table[1:, 1:])

    def resized(self, height: int, width: int) -> Tensor:
        """The whole image at another size, float32 `[1, 3, height, width]` in channels-last order.

        Each value is the mean over all pixels that its rectangle touches, as in `interpolate(mode="area")`.
        """
        top, bottom = _edges(torch.tensor(self.height, device=self.table.device), height)
        left, right = _edges(torch.tensor(self.width, device=self.table.device), width)
        rows = self.table.index_select(0, bottom) - self.table.index_select(0, top)
        sums = rows.index_select(1, right) - rows.index_select(1, left)
        return _means(sums, bottom - top, right - left)[None].permute(0, 3, 1, 2)

    def crops(self, windows: Tensor, side: int) -> Tensor:
        """Windows of the image, each resized to `side` pixels, float32 `[N, 3, side, side]` in channels-last order.

        Args:
            windows: int64 `[N, 4]`, the pixels' edges x1, y1, x2, y2 with x1 < x2 and y1 < y2. What lies outside the
                image is black; a window is not moved or stretched.
            side: pixels of a crop's side.
        """
        x1, y1, x2, y2 = windows.unbind(1)
        left, right = _edges(x2 - x1, side)
        top, bottom = _edges(y2 - y1, side)
        columns = [(x1[:, None] + edge).clamp(0, self.width)[:, None, :] for edge in (left, right)]
        rows = [(y1[:, None] + edge).clamp(0, self.height)[:, :, None] for edge in (top, bottom)]
        sums = self._up_to(rows[1], columns[1])
        sums -= self._up_to(rows[0], columns[1])
        sums -= self._up_to(rows[1], columns[0])
        sums += self._up_to(rows[0], columns[0])
        return _means(sums, bottom - top, right - left).permute(0, 3, 1, 2)

    def _up_to(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Sums `[N, side, side, 3]` above `rows [N, side, 1]` and to the left of `columns [N, 1, side]`."""
        places = rows * (self.width + 1) + columns
        return self.table.view(-1, 3).index_select(0, places.flatten()).view(*places.shape, 3)


def _edges(length: Tensor, parts: int) -> tuple[Tensor, Tensor]:
    """Where each of `parts` equal parts of `length [...]` pixels begins and ends, in whole pixels, `[..., parts]`."""
    part = torch.arange(parts, device=length.device)
    length = length[..., None]
    return part * length // parts, -(-(part + 1) * length // parts)


def _means(sums: Tensor, heights: Tensor, widths: Tensor) -> Tensor:
    """`sums [..., h, w, 3]` over areas of `heights [..., h]` by `widths [..., w]` pixels."""
    areas = (heights[..., :, None] * widths[..., None, :])[..., None]
    return sums / areas
