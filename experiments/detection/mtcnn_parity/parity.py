"""MTCNN with the authors' weights beside facenet-pytorch 2.6.0, on the mask photographs held out for testing.

python parity.py DATA, DATA being the unpacked data pack. Rewrites results.json.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.ops import box_iou

from likeness.models.detectors import published_mtcnn

Array = NDArray[np.float64]
Found = tuple[Array, Array]
"""Boxes `[N, 4]`, continuous, and their scores `[N]`."""

LEAST_HEIGHT = 20
"""Pixels; faces below are neither to be found nor false."""
TRAINING = 600
"""Photographs that a seeded order puts first; the others are for testing."""
OVERLAP = 0.5


def main(data: Path) -> None:
    torch.set_num_threads(1)
    annotations = json.loads((data / "face_masks" / "annotations.json").read_text())
    chosen = [
        annotations[place] for place in np.random.default_rng(0).permutation(len(annotations))[TRAINING:]
    ]
    images = [
        np.array(Image.open(data / "face_masks" / "images" / each["file"]).convert("RGB")) for each in chosen
    ]
    truth = [np.array(each["boxes_xyxy"], float).reshape(-1, 4) for each in chosen]
    found = {name: [detect(image) for image in images] for name, detect in contenders(data).items()}
    results = {
        "photographs": len(images),
        "faces": int(sum((heights(boxes) >= LEAST_HEIGHT).sum() for boxes in truth)),
        "contenders": {name: measured(boxes, truth) for name, boxes in found.items()},
        "the_same_in_both": same(found["likeness"], found["facenet-pytorch"]),
    }
    Path(__file__).with_name("results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def contenders(data: Path) -> dict[str, Callable[[NDArray[np.uint8]], Found]]:
    from facenet_pytorch import MTCNN

    ours, peer = published_mtcnn(data / "weights"), MTCNN(keep_all=True, select_largest=False)

    def likeness(image: NDArray[np.uint8]) -> Found:
        boxes, scores, _ = ours([torch.from_numpy(image.transpose(2, 0, 1).copy())])[0]
        return boxes.numpy().astype(float), scores.numpy().astype(float)

    def as_given(image: NDArray[np.uint8]) -> Found:
        boxes, scores = peer.detect(Image.fromarray(image))
        if boxes is None:
            return np.empty((0, 4)), np.empty(0)
        return boxes.astype(float), scores.astype(float)

    def converted(image: NDArray[np.uint8]) -> Found:
        """Pixels counted from 1, the last one included, as corners."""
        boxes, scores = as_given(image)
        return boxes - np.array([1, 1, 0, 0]), scores

    return {"likeness": likeness, "facenet-pytorch": converted, "facenet-pytorch, boxes as given": as_given}


def heights(boxes: Array) -> Array:
    return boxes[:, 3] - boxes[:, 1]


def overlaps(boxes: Array, others: Array) -> Array:
    return box_iou(torch.from_numpy(boxes), torch.from_numpy(others)).numpy()


def judged(boxes: Array, truth: Array) -> list[bool | None]:
    """Whether each box, the surest first, finds a face that none before it found; None: it is of an ignored face."""
    ignored, free, verdicts = heights(truth) < LEAST_HEIGHT, np.ones(len(truth), bool), []
    table = overlaps(boxes, truth)
    for row in table:
        open_to_it = np.where(free & ~ignored, row, 0)
        best = int(open_to_it.argmax()) if len(row) else -1
        if len(row) and open_to_it[best] >= OVERLAP:
            free[best] = False
            verdicts.append(True)
        else:
            verdicts.append(None if (row[ignored] >= OVERLAP).any() else False)
    return verdicts


def measured(found: Sequence[Found], truth: Sequence[Array]) -> dict[str, Any]:
    """Average precision (area under the envelope of precision by recall), and recall and precision of all boxes."""
    rows = [
        (score, verdict)
        for (boxes, scores), faces in zip(found, truth, strict=True)
        for score, verdict in zip(scores, judged(boxes, faces), strict=True)
        if verdict is not None
    ]
    rows.sort(key=lambda row: -row[0])
    hits = np.cumsum([verdict for _, verdict in rows])
    count = sum((heights(boxes) >= LEAST_HEIGHT).sum() for boxes in truth)
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / count
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return {
        "average_precision": float(np.sum(np.diff(recall, prepend=0) * envelope)),
        "recall": float(recall[-1]),
        "precision": float(precision[-1]),
        "found": int(hits[-1]),
        "false": int(len(hits) - hits[-1]),
    }


def same(found: Sequence[Found], others: Sequence[Found]) -> dict[str, Any]:
    """How many boxes have a partner in the other's, and how far their edges are apart."""
    apart, inside, count = [], 0, 0
    for (boxes, _), (other, _) in zip(found, others, strict=True):
        count += len(boxes)
        if len(boxes) and len(other):
            table = overlaps(boxes, other)
            inside += int((table.max(1) >= OVERLAP).sum())
            apart += [
                float(np.abs(box - other[row.argmax()]).max())
                for box, row in zip(boxes, table, strict=True)
                if row.max() >= OVERLAP
            ]
    return {
        "boxes": count,
        "boxes_of_the_other": sum(len(boxes) for boxes, _ in others),
        "with_a_partner": inside,
        "to_a_hundredth_of_a_pixel": float(np.mean(np.array(apart) < 0.01)),
        "to_a_pixel": float(np.mean(np.array(apart) < 1)),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
