"""Images of bright ellipses on noise, which stand for faces, with their boxes."""

import torch
from torch import Tensor

from likeness.data.faces import Faces


def faces_at(boxes: list[list[float]], ignored: list[bool] | None = None) -> Faces:
    """Faces without points."""
    return Faces(
        torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        torch.full((len(boxes), 5, 2), torch.nan),
        torch.tensor([False] * len(boxes) if ignored is None else ignored, dtype=torch.bool),
    )


def image_of(faces: Faces, side: int, seed: int = 0) -> Tensor:
    """uint8 `[3, side, side]`."""
    draw = torch.Generator().manual_seed(seed)
    image = 60 + 60 * torch.rand(3, side, side, generator=draw)
    y, x = torch.meshgrid(torch.arange(side) + 0.5, torch.arange(side) + 0.5, indexing="ij")
    for x1, y1, x2, y2 in faces.boxes.tolist():
        across, down = (x - (x1 + x2) / 2) / (x2 - x1), (y - (y1 + y2) / 2) / (y2 - y1)
        image[:, across**2 + down**2 < 0.25] = torch.tensor([230.0, 180.0, 150.0])[:, None]
    return image.byte()


def two_scenes(side: int) -> tuple[Tensor, list[Faces]]:
    """Images `[2, 3, side, side]` uint8 with a face and with two."""
    faces = [
        faces_at([[10, 12, 34, 42]]),
        faces_at([[6, 40, 24, 62], [side - 46, 8, side - 10, 52]]),
    ]
    return torch.stack([image_of(each, side, seed) for seed, each in enumerate(faces)]), faces
