"""Boxes in one JSON file: a list with an entry for each image."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from likeness.data.annotated_faces.annotation import Face, annotation, checked_box
from likeness.data.annotated_faces.scene_files import SceneFiles, all_there, split_scenes
from likeness.data.faces import SceneSplits
from likeness.data.image_files import existing_folder
from likeness.data.reading import reading


def boxes_json(
    *,
    root: str,
    annotations: str = "annotations.json",
    images: str = "images",
    split: Sequence[float] = (0.8, 0.1, 0.1),
    split_seed: int = 0,
) -> SceneSplits:
    """The images that `root/ANNOTATIONS` lists, such as `[{"file": "a.jpg", "boxes_xyxy": [[10, 20, 42, 60]]}]`.

    Boxes are corners in pixels; an image without faces has an empty list, and other keys are not read.

    Raises:
        ValueError: the file or an image is missing, an entry is malformed, or a box has no area.
    """
    home = existing_folder(root, f"a folder of {annotations} and {images}/")
    listing = home / annotations
    found: dict[str, list[Face]] = {}
    named: dict[str, str] = {}
    for place, entry in enumerate(_entries(listing), start=1):
        where = f"entry {place} of {listing}"
        name, faces = _read(entry, where)
        if name in found:
            raise ValueError(
                f"{name} has more than one entry in {listing}, the last as number {place}: put their boxes into one."
            )
        found[name], named[name] = faces, where
    all_there(home / images, named)
    scenes = SceneFiles(home / images, list(found), [annotation(each) for each in found.values()])
    return split_scenes(scenes, split, split_seed, source=root)


def _entries(listing: Path) -> list[object]:
    with reading(listing):
        content = listing.read_bytes()
    try:
        entries = json.loads(content, parse_int=float)  # of 400 digits: infinite, not an error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{listing} is not JSON ({error}): mend it.") from None
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"{listing} should be a list with an entry for each image: mend it.")
    return entries


def _read(entry: object, where: str) -> tuple[str, list[Face]]:
    match entry:
        case {"file": str(file), "boxes_xyxy": list(boxes)} if not os.path.isabs(file):
            name = os.path.normpath(file)  # ./a.jpg is a.jpg
        case _:
            raise ValueError(
                f"An image has a `file` below the folder of images and a list `boxes_xyxy`, but not {where}: mend it."
            )
    faces = []
    for place, box in enumerate(boxes, start=1):
        match box:
            case [float(), float(), float(), float()]:
                faces.append(Face(checked_box(box, f"Box {place} of {where}")))
            case _:
                raise ValueError(f"Box {place} of {where} should be four numbers, not {box!r}: mend it.")
    return name, faces
