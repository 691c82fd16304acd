"""Detect, align, verify: what finding the faces costs beside crops in which they are known.

    python end_to_end.py celeba DATA            # how crops are pasted, chosen on 300 of CelebA's
    python end_to_end.py lfw DATA               # LFW's View 2, its faces pasted into drawn surroundings
    python end_to_end.py drawn RUN WEIGHTS      # drawn photographs, by the encoder of a run on drawn faces
    python end_to_end.py crops RUN              # what drawn photographs lose where their points are known

DATA is the unpacked data pack, with `weights/`, RUN a run of +experiment=triplet_hard and WEIGHTS a folder of the
authors' weights of MTCNN. Each writes its part of measured.json.
"""

import json
import sys
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pasted_scenes import PastedScene, Pasting, pasted
from torch import Tensor
from torchvision.transforms.v2.functional import adjust_saturation

import likeness
from likeness.applications.align import largest_first
from likeness.applications.detectors import detector_named
from likeness.data.alignment import SIDE, aligned
from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import draw, image_keys, person_keys
from likeness.data.drawn_faces.geometry import frame
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.images import DrawnFaces
from likeness.data.drawn_scenes import DrawnPhotographs
from likeness.data.drawn_scenes.pose import axes_of, points_of
from likeness.data.image_as_shown import read_image
from likeness.data.images import Pairs
from likeness.data.lfw import lfw
from likeness.evaluation import balanced_pairs, evaluate_pairs, fold_accuracy, pair_distances
from likeness.models.detectors import Detections, Detector
from likeness.models.onnx_encoder import OnnxEncoder
from likeness.randomness import generator

SEED = 0
CHOSEN = Pasting()
BORDERS, TURNS = (0.0, 8.0, 16.0), (15.0, 30.0)
CROPS = 300
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
PHOTOGRAPH, FIRST_TO_TEST, PEOPLE, IMAGES = 320, 2 * 10**12, 200, 8
"""Side of a drawn photograph in pixels; the people that the run is tested on, and images of each."""

Encode = Callable[[Tensor], Tensor]


class Faces(NamedTuple):
    """Embeddings `[N, D]` of N images, and which of them a face was found in `[N]`."""

    embeddings: Tensor
    found: NDArray[np.bool_]


def main(what: str, *places: str) -> None:
    """Measure one part."""
    torch.set_num_threads(1)
    measured = {"celeba": celeba, "lfw": pasted_lfw, "drawn": drawn, "crops": crops}[what](*map(Path, places))
    path = Path(__file__).with_name("measured.json")
    content = json.loads(path.read_text()) if path.exists() else {}
    content[what] = measured
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(json.dumps(measured, indent=1))


def celeba(data: Path) -> list[dict[str, float]]:
    """For each border and turn: how many of CelebA's crops are found, and how alike their embeddings stay."""
    detector, encoder = detector_named("mtcnn", data / "weights"), mobilefacenet(data)
    files = sorted((data / "celeba").glob("*/*.jpg"))
    places = generator("end to end", SEED).permutation(len(files))[:CROPS]
    crops = [read_image(files[place], shortest_side=1).image for place in places]
    rows = []
    of_crops = encoder(torch.stack(crops))
    for border, turn in product(BORDERS, TURNS):
        how = CHOSEN._replace(border=border, turn=turn)
        scenes = [pasted(crop, how, SEED, number) for number, crop in enumerate(crops)]
        known = encoder(torch.stack([aligned(scene.image, scene.points) for scene in scenes]))
        faces = found_faces(detector, encoder, [scene.image for scene in scenes])
        rows.append(
            {
                "border": border,
                "turn": turn,
                "found": float(faces.found.mean()),
                "cosine_with_known_points": float((known * of_crops).sum(1).mean()),
                "cosine": float((faces.embeddings * of_crops).sum(1)[faces.found].mean()),
            }
        )
    return rows


def pasted_lfw(data: Path) -> dict[str, Any]:
    """View 2 of the crops themselves, and of their scenes with known points and with found ones."""
    detector, encoder = detector_named("mtcnn", data / "weights"), mobilefacenet(data)
    splits = lfw(root=str(data / "lfw"), spatial_size=SIDE, channels=3)
    images, pairs = splits.test, splits.pairs
    assert images is not None
    assert isinstance(pairs, Pairs)
    used, places = np.unique(np.concatenate([pairs.first, pairs.second]), return_inverse=True)
    crops, known, found, seen, faces_in = [], [], [], [], []
    for place in used:
        (crop,) = images.load([int(place)])
        scene: PastedScene = pasted(crop, CHOSEN, SEED, int(place))
        detections = detector([scene.image])[0]
        faces_in.append(len(detections.boxes))
        embeddings, here = _of_largest(encoder, scene.image, detections)
        crops.append(encoder(crop[None]))
        known.append(encoder(aligned(scene.image, scene.points)[None]))
        found.append(embeddings)
        seen.append(here)
        if len(seen) % 500 == 0:
            print(len(seen), "of", len(used), flush=True)
    own = Pairs(*places.reshape(2, -1), pairs.same, pairs.fold)
    identity = images.identity[used]
    return {
        "images": len(used),
        "not_found": int(np.count_nonzero(~np.array(seen))),
        "several_found": int(np.count_nonzero(np.array(faces_in) > 1)),
        "pack's crops": verified(Faces(torch.cat(crops), np.ones(len(used), bool)), own, identity),
        "known points": verified(Faces(torch.cat(known), np.ones(len(used), bool)), own, identity),
        "found points": verified(Faces(torch.cat(found), np.array(seen)), own, identity),
    }


def drawn(run: Path, weights: Path) -> dict[str, Any]:
    """Verification of drawn people: their drawn faces, and photographs of the same heads by known and found points.

    Photographs are aligned as the faces lie that the run was trained on: to the mean of their points.
    """
    encoder, detector = likeness.load(run), detector_named("mtcnn", weights)
    side = encoder.config.backbone.spatial_size
    template = mean_points()
    photographs = DrawnPhotographs(SEED, FIRST_TO_TEST, PEOPLE, IMAGES, PHOTOGRAPH, PHOTOGRAPH)
    known, found, seen, errors = [], [], [], []
    for place in range(len(photographs)):
        (scene,) = photographs.load([place])
        detections = detector([scene.image])[0]
        points = scene.faces.points[0]
        known.append(aligned(scene.image, points, side, template=template))
        largest = _largest(detections)
        seen.append(largest is not None)
        found.append(aligned(scene.image, points if largest is None else largest, side, template=template))
        if largest is not None:
            eyes = (points[0] - points[1]).norm()
            errors.append(float((largest - points).norm(dim=1).mean() / eyes))
    drawn_pairs = balanced_pairs(photographs.identity, folds=10, pairs_per_fold=600, seed=SEED)
    pairs = Pairs(*drawn_pairs)
    everything = np.ones(len(photographs), bool)
    return {
        "images": len(photographs),
        "not_found": int(np.count_nonzero(~np.array(seen))),
        "median_error_of_points_in_distances_of_the_eyes": float(np.median(errors)),
        "known points": verified(
            Faces(encoder.encode(torch.stack(known)), everything), pairs, photographs.identity
        ),
        "found points": verified(
            Faces(encoder.encode(torch.stack(found)), np.array(seen)), pairs, photographs.identity
        ),
    }


def crops(run: Path) -> dict[str, Any]:
    """Verification of drawn people, step by step from the images that the run learned from to aligned photographs."""
    encoder = likeness.load(run)
    side, large = encoder.config.backbone.spatial_size, 192
    drawn_small, drawn_large = (
        DrawnFaces(SEED, FIRST_TO_TEST, PEOPLE, IMAGES, pixels, 3) for pixels in (side, large)
    )
    photographs = DrawnPhotographs(SEED, FIRST_TO_TEST, PEOPLE, IMAGES, PHOTOGRAPH, PHOTOGRAPH)
    place = np.arange(len(photographs))
    at, mean = face_points(FIRST_TO_TEST + place // IMAGES, place % IMAGES), mean_points()
    steps: dict[str, list[Tensor]] = {}

    def add(step: str, image: Tensor) -> None:
        steps.setdefault(step, []).append(image)

    for number in place.tolist():
        (small,), (big,), (scene,) = (of.load([number]) for of in (drawn_small, drawn_large, photographs))
        points, own = scene.faces.points[0], torch.from_numpy(at[number]).float() * large / SIDE
        add("drawn faces", small)
        add("drawn faces with the colours of photographs", recoloured(small, number))
        add("drawn larger, shrunk as they lie", aligned(big, own, side, template=at[number]))
        add("drawn larger, aligned to the mean points", aligned(big, own, side, template=mean))
        add("drawn larger, aligned to ArcFace's template", aligned(big, own, side))
        add("photographs, as the drawn faces lie", aligned(scene.image, points, side, template=at[number]))
        add("photographs, aligned to the mean points", aligned(scene.image, points, side, template=mean))
    pairs = Pairs(*balanced_pairs(photographs.identity, folds=10, pairs_per_fold=600, seed=SEED))
    everything = np.ones(len(photographs), bool)
    return {
        step: verified(Faces(encoder.encode(torch.stack(images)), everything), pairs, photographs.identity)
        for step, images in steps.items()
    }


def recoloured(image: Tensor, number: int) -> Tensor:
    """An image as colourful as a drawn photograph may be: 6% are grey, the others have 40% of their colour or more."""
    draw = generator("colours of photographs", SEED, number)
    share = 0.0 if draw.random() < 0.06 else min(1.0, draw.uniform(0.4, 1.4))
    return adjust_saturation(image, share)


def mean_points(people: int = 2000) -> NDArray[np.float64]:
    """The mean of the five points in drawn faces, `[5, 2]` in pixels of 112 x 112; an image of each person."""
    person = np.arange(people, dtype=np.int64)
    return face_points(person, np.zeros_like(person)).mean(0)


def face_points(people: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """The five points in images `numbers [N]` of drawn `people [N]`, `[N, 5, 2]` in pixels of 112 x 112."""
    person = person_keys(SEED, people)
    key = image_keys(person, numbers)
    who, how = draw(Person, person), draw(Conditions, key)
    at = frame(2, how)
    level = axes_of(how, np.zeros_like(how.turn))
    x, y = points_of(level, who, how)
    sine, cosine = at.roll
    size = SIDE * np.float32(0.5)
    pixel = at.pixel * 2 / SIDE
    across = (x * cosine - y * sine - at.origin[0]) / pixel + size
    down = size - (x * sine + y * cosine - at.origin[1]) / pixel
    return np.stack([across, down], 2).astype(np.float64)


def mobilefacenet(data: Path) -> Encode:
    """The published encoder, whose View 2 accuracy on the pack's crops is known."""
    return OnnxEncoder(data / "weights" / "mobilefacenet.onnx", spatial_size=SIDE, **IMAGENET)


def found_faces(detector: Detector, encoder: Encode, images: Sequence[Tensor]) -> Faces:
    """The largest face of each image; an image without one has the embedding 0."""
    rows = [_of_largest(encoder, image, detector([image])[0]) for image in images]
    return Faces(torch.cat([row for row, _ in rows]), np.array([found for _, found in rows]))


def _of_largest(encoder: Encode, image: Tensor, detections: Detections) -> tuple[Tensor, bool]:
    crops = largest_first(image, detections)
    embedding = encoder((crops[0] if crops else image.new_zeros(3, SIDE, SIDE))[None])
    return (embedding, True) if crops else (torch.zeros_like(embedding), False)


def _largest(detections: Detections) -> Tensor | None:
    """The points `[5, 2]` of the largest face."""
    if not len(detections.boxes):
        return None
    sides = detections.boxes[:, 2:] - detections.boxes[:, :2]
    return detections.points[int(sides.prod(1).argmax())]


def verified(faces: Faces, pairs: Pairs, identity: NDArray[np.int64]) -> dict[str, Any]:
    """Accuracy on the folds of the pairs whose faces were found; and with all other pairs counted as errors."""
    kept = faces.found[pairs.first] & faces.found[pairs.second]
    first, second, same, fold = (
        values[kept] for values in (pairs.first, pairs.second, pairs.same, pairs.fold)
    )
    distance = pair_distances(faces.embeddings, first, second)
    metrics = evaluate_pairs(distance, same, fold, identity[first], identity[second])
    correct = np.zeros(len(kept))
    correct[kept] = fold_accuracy(distance, same, fold).correct
    per_fold = np.array([correct[pairs.fold == number].mean() for number in np.unique(pairs.fold)])
    accuracy = metrics["verification/accuracy"]
    return {
        "pairs": len(kept),
        "pairs_with_both_found": int(kept.sum()),
        "accuracy_of_those": accuracy.value,
        "interval": [accuracy.low, accuracy.high],
        "accuracy": float(per_fold.mean()),
        "deviation_over_folds": float(per_fold.std()),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
