"""The points of a run's O-Net beside those of facenet-pytorch 2.6.0, in boxes that facenet-pytorch finds.

python beside_facenet.py MTFL RUN [LISTING], MTFL being the unpacked folder of the data pack and LISTING one of its CSV
files, test.csv if none is named. Rewrites beside_facenet.json.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.ops import box_iou

from likeness.config.schema.landmarks import LandmarksConfig
from likeness.data.annotated_faces import points_csv
from likeness.evaluation.detection import evaluate_points, eye_distance, normalised_errors
from likeness.models.detectors import published_mtcnn
from likeness.models.detectors.mtcnn_stages import points_in
from likeness.recipes.choose import config_of
from likeness.recipes.landmarks.build import trained_network

OVERLAP = 0.5
"""Of the annotated box and what finds the face."""


def main(mtfl: Path, run: Path, listing: str) -> None:
    from facenet_pytorch import MTCNN

    torch.set_num_threads(1)
    config = config_of(run)
    assert isinstance(config, LandmarksConfig)
    peer = MTCNN(keep_all=True, select_largest=False)
    networks = {
        "this run's O-Net": trained_network(config, run),
        "the authors' O-Net": published_mtcnn().output,
    }
    scenes = points_csv(root=str(mtfl), train=[], test=[listing]).test
    assert scenes is not None
    detected: dict[str, list[Tensor]] = {
        name: [] for name in ("annotated", "facenet-pytorch's cascade", *networks)
    }
    annotated: dict[str, list[Tensor]] = {name: [] for name in ("annotated", *networks)}
    for index in range(len(scenes)):
        image, faces = scenes.load([index])[0]
        annotated["annotated"].append(faces.points)
        for name, network in networks.items():
            annotated[name].append(points_in(network, image, faces.boxes))
        found = found_by(peer, image, faces.boxes)
        if found is not None:
            box, points = found
            detected["annotated"].append(faces.points)
            detected["facenet-pytorch's cascade"].append(points)
            for name, network in networks.items():
                detected[name].append(points_in(network, image, box))
    results = {
        "faces": len(scenes),
        "found by facenet-pytorch": len(detected["annotated"]),
        "in its boxes": errors_of(detected),
        "in annotated boxes": errors_of(annotated),
    }
    Path(__file__).with_name("beside_facenet.json").write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def found_by(peer: Any, image: Tensor, face: Tensor) -> tuple[Tensor, Tensor] | None:
    """The box `[1, 4]` and points `[1, 5, 2]` that find the `face [1, 4]`, from (0, 0) at the outer corner; or None.

    The peer counts pixels from 1 and includes a box's last pixel; of its points it has taken that 1 off already.
    """
    boxes, _, points = peer.detect(Image.fromarray(image.permute(1, 2, 0).numpy()), landmarks=True)
    if boxes is None:
        return None
    corners = torch.from_numpy(boxes.astype(np.float32)) - torch.tensor([1.0, 1, 0, 0])
    overlaps = box_iou(face, corners)[0]
    best = int(overlaps.argmax())
    if overlaps[best] < OVERLAP:
        return None
    return corners[best][None], torch.from_numpy(points[best].astype(np.float32))[None]


def errors_of(points: Mapping[str, list[Tensor]]) -> dict[str, dict[str, list[float]]]:
    """By name: each metric's value and its 95% interval over images."""
    known = torch.cat(points["annotated"]).numpy()
    size, image = eye_distance(known), np.arange(len(known))
    found = {}
    for name in points.keys() - {"annotated"}:
        errors: NDArray[np.float64] = normalised_errors(torch.cat(points[name]).numpy(), known, size)
        metrics = evaluate_points(errors, image)
        found[name] = {key: [metric.value, metric.low, metric.high] for key, metric in metrics.items()}
    return dict(sorted(found.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *(sys.argv[3:] or ["test.csv"]))
