"""Boxes in the XML of Pascal VOC (Everingham et al. 2010), a file an image, as most labelling tools write it."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from likeness.data.annotated_faces.annotation import Face, annotation, checked_box, number, refuse_wrong_names
from likeness.data.annotated_faces.scene_files import SceneFiles, all_there, split_scenes
from likeness.data.faces import SceneSplits
from likeness.data.image_files import existing_folder
from likeness.data.reading import reading

_SIDES = ("xmin", "ymin", "xmax", "ymax")


def voc(
    *,
    root: str,
    annotations: str = "Annotations",
    images: str = "JPEGImages",
    faces: Sequence[str] = (),
    split: Sequence[float] = (0.8, 0.1, 0.1),
    split_seed: int = 0,
) -> SceneSplits:
    """The images that `root/ANNOTATIONS/*.xml` annotate, split into train, validation and test.

    Coordinates are taken as the corners of a box, as the tools of today write them. The files of the challenge itself
    number pixels from 1 and have the last one inside: there a box is half a pixel off.

    Args:
        root: the folder.
        annotations: its folder of XML files; each names its image in `<filename>`.
        images: its folder of images.
        faces: the `<name>` of the objects that are faces; all where there is none.
        split: the shares of train, validation and test.
        split_seed: another seed, another split.

    Raises:
        ValueError: a folder is missing or has no XML, a file is malformed, an image is missing, a box has no area, or
            no object is called as `faces` says.
    """
    home = existing_folder(root, f"a folder of {annotations}/ and {images}/")
    listings = existing_folder(home / annotations, f"the folder above {annotations}/")
    with reading(listings):
        files = sorted(name for name in os.listdir(listings) if name.lower().endswith(".xml"))
    if not files:
        raise ValueError(f"{listings} has no XML files: set `annotations` to the folder that has them.")
    found: dict[str, list[Face]] = {}
    objects: Counter[object] = Counter()
    named: dict[str, str] = {}
    for file in files:
        name, of_image = _read(listings / file, faces, objects)
        if name in named:
            raise ValueError(f"{listings / file} and {named[name]} annotate one image, {name}: take one out.")
        found[name], named[name] = of_image, str(listings / file)
    refuse_wrong_names(faces, objects, str(listings))
    all_there(home / images, named)
    scenes = SceneFiles(home / images, list(found), [annotation(each) for each in found.values()])
    return split_scenes(scenes, split, split_seed, source=root)


def _read(path: Path, wanted: Sequence[str], objects: Counter[object]) -> tuple[str, list[Face]]:
    """The image that a file annotates, and its faces, of which those marked difficult are ignored.

    What objects it has is counted in `objects`.
    """
    with reading(path):
        content = path.read_bytes()
    try:
        tree = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ValueError(f"{path} is not XML ({error}): mend or remove it.") from None
    name = (tree.findtext("filename") or "").strip()
    if not name:
        raise ValueError(f"{path} has no <filename>, which says what image it annotates: add it.")
    faces = []
    for place, each in enumerate(tree.iter("object"), start=1):
        name_of_object = (each.findtext("name") or "").strip()
        objects[name_of_object] += 1
        if wanted and name_of_object not in wanted:
            continue
        where = f"Object {place} of {path}"
        sides = [number(each.findtext(f"bndbox/{side}"), where, f"<{side}>") for side in _SIDES]
        ignored = (each.findtext("difficult") or "0").strip() == "1"
        faces.append(Face(checked_box(sides, where), ignored=ignored))
    return name, faces
