"""MTCNN beside facenet-pytorch 2.6.0, after their boxes were asserted equal. Rewrites results.json.

python benchmark.py DATA, DATA being the unpacked data pack.
"""

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import facenet_pytorch
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from timing import in_turns
from torch import Tensor

from likeness.models.detectors import Detections, published_mtcnn

COUNT = 8
ROUNDS = 7
SIZE = (640, 480)
SIZES = [(640, 480), (480, 640), (600, 512), (512, 600), (720, 428), (428, 720), (560, 549), (800, 384)]
"""Of about as many pixels."""
FRAME = 150
"""Pixels of black around an image, so that no window is over its border."""
CORNERS = np.array([1, 1, 0, 0])
"""From the peer's boxes, which count pixels from 1 and end with their last pixel, to corners."""


def photographs(data: Path) -> list[Image.Image]:
    annotations = json.loads((data / "face_masks" / "annotations.json").read_text())
    places = np.random.default_rng(0).permutation(len(annotations))[: 4 * COUNT]
    names = [annotations[place]["file"] for place in places]
    return [Image.open(data / "face_masks" / "images" / name).convert("RGB") for name in names]


def four_in_one(images: Sequence[Image.Image]) -> Image.Image:
    whole, (width, height) = Image.new("RGB", SIZE), (SIZE[0] // 2, SIZE[1] // 2)
    for place, image in enumerate(images):
        whole.paste(image.resize((width, height)), (place % 2 * width, place // 2 * height))
    return whole


def tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())


def contenders(data: Path) -> tuple[Callable[[Sequence[Tensor]], list[Detections]], facenet_pytorch.MTCNN]:
    return published_mtcnn(data / "weights"), facenet_pytorch.MTCNN(keep_all=True, select_largest=False)


def assert_equal_in_a_frame(
    ours: Callable[[Sequence[Tensor]], list[Detections]],
    peer: facenet_pytorch.MTCNN,
    images: Sequence[Image.Image],
) -> int:
    """Boxes, scores and points of the images in black frames, all of them; how many boxes."""
    framed = [ImageOps.expand(image, border=FRAME) for image in images]
    together = ours([tensor(image) for image in framed])
    for image, found in zip(framed, together, strict=True):
        boxes, scores, points = peer.detect(image, landmarks=True)
        if boxes is None:
            assert len(found.boxes) == 0
            continue
        np.testing.assert_allclose(found.boxes, boxes.astype(float) - CORNERS, atol=0.02)
        np.testing.assert_allclose(found.scores, scores.astype(float), atol=1e-4)
        np.testing.assert_allclose(found.points, points.astype(float), atol=0.02)
    return sum(len(found.boxes) for found in together)


def share_of_equal_boxes(
    ours: Callable[[Sequence[Tensor]], list[Detections]],
    peer: facenet_pytorch.MTCNN,
    images: Sequence[Image.Image],
) -> float:
    """Of the images as they are timed: the share of the peer's boxes that ours has within a tenth of a pixel."""
    equal: list[NDArray[np.bool_]] = []
    for image, found in zip(images, ours([tensor(image) for image in images]), strict=True):
        boxes = peer.detect(image)[0]
        if boxes is not None:
            apart = np.abs((boxes.astype(float) - CORNERS)[:, None] - found.boxes.numpy()[None]).max(2)
            equal.append(apart.min(1, initial=np.inf) < 0.1)
    return float(np.concatenate(equal).mean())


def assert_batch_is_its_images(
    ours: Callable[[Sequence[Tensor]], list[Detections]], tensors: Sequence[Tensor]
) -> None:
    for found, image in zip(ours(tensors), tensors, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(found, ours([image])[0], strict=True))


def of_an_image(seconds: dict[str, list[float]], summary: Callable[[list[float]], float]) -> dict[str, float]:
    """Milliseconds."""
    return {name: 1000 * summary(each) / COUNT for name, each in seconds.items()}


def faster(seconds: dict[str, list[float]], summary: Callable[[list[float]], float]) -> dict[str, float]:
    peer = summary(seconds["facenet-pytorch"])
    return {name: peer / summary(each) for name, each in seconds.items() if name != "facenet-pytorch"}


def main(data: Path) -> None:
    torch.set_num_threads(1)
    ours, peer = contenders(data)
    taken = photographs(data)
    scenes = {
        "photographs of 640 x 480": [image.resize(SIZE) for image in taken[:COUNT]],
        "four in one of 640 x 480": [four_in_one(taken[4 * i : 4 * i + 4]) for i in range(COUNT)],
        "photographs of eight sizes": [
            image.resize(size) for image, size in zip(taken[:COUNT], SIZES, strict=True)
        ],
    }
    results: dict[str, object] = {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "torch": str(torch.__version__),
            "threads": torch.get_num_threads(),
        },
        "images": COUNT,
        "rounds": ROUNDS,
    }
    for name, images in scenes.items():
        tensors = [tensor(image) for image in images]
        boxes = assert_equal_in_a_frame(ours, peer, images)
        share = share_of_equal_boxes(ours, peer, images)
        assert share >= 0.8, share
        assert_batch_is_its_images(ours, tensors)
        calls = {
            "facenet-pytorch": lambda images=images: [peer.detect(image, landmarks=True) for image in images],
            "likeness, one by one": lambda tensors=tensors: [ours([image]) for image in tensors],
            "likeness, a batch": lambda tensors=tensors: ours(tensors),
        }
        seconds = in_turns(calls, ROUNDS, time.process_time)
        results[name] = {
            "boxes_equal_in_a_frame": boxes,
            "share_of_equal_boxes_without": share,
            "median_ms_an_image": of_an_image(seconds, statistics.median),
            "least_ms_an_image": of_an_image(seconds, min),
            "faster_by_medians": faster(seconds, statistics.median),
            "faster_by_the_least": faster(seconds, min),
        }
        print(name, json.dumps(results[name], indent=1), flush=True)
    Path(__file__).with_name("results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
