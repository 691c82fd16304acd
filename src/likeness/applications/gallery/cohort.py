"""Strangers whose searches a gallery's threshold is chosen on."""

from hashlib import sha256
from pathlib import Path

import numpy as np

from likeness.applications.gallery.bound_encoder import BoundEncoder
from likeness.applications.gallery.read_images import FaceFinder, LeftOut, Sized, known_by_content, shown_in
from likeness.applications.gallery.store import Cohort, Image, each_image_once
from likeness.data.image_files import identity_folders
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError
from likeness.recipes.embedding.readable import build_data


def cohort_for(encoder: BoundEncoder, folder: str, finder: FaceFinder | None, told: LeftOut) -> Cohort:
    """The cohort in a folder, or for "" the validation identities of the encoder's run.

    Raises:
        LikenessError: there is none, or two strangers of a folder share an image.
    """
    return each_image_once(_of_folder(encoder, Path(folder), finder, told) if folder else _of_run(encoder))


def no_cohort(dimensions: int) -> Cohort:
    """One of nobody."""
    return Cohort([], [], np.empty((0, dimensions), np.float32))


def _of_folder(encoder: BoundEncoder, folder: Path, finder: FaceFinder | None, told: LeftOut) -> Cohort:
    if not folder.is_dir():
        raise LikenessError(
            f"There is no folder {folder}: give --cohort one of strangers, a folder for each."
        )
    subjects, images, shown = [], [], []
    seen: dict[str, tuple[str, Image]] = {}
    sized = Sized(encoder.spatial_size, encoder.channels)
    for name, files in identity_folders(folder).items():
        for image in known_by_content([folder / name / file for file in files], finder, told):
            other, earlier = seen.setdefault(image.content, (name, image))
            if other != name:
                raise LikenessError(
                    f"{earlier.file} and {image.file} are one image, but {other} and {name} are two strangers: leave "
                    "one out."
                )
            pixels = shown_in(image, sized, finder, told)
            if pixels is not None:
                subjects.append(name)
                images.append(image)
                shown.append(pixels)
    if not subjects:
        raise LikenessError(
            f"{folder} holds no image of a stranger that can be read: give --cohort a folder of folders, one for "
            "each stranger."
        )
    return Cohort(subjects, images, encoder.encode(shown))


def _of_run(encoder: BoundEncoder) -> Cohort:
    if encoder.run is None:
        raise LikenessError(
            f"{encoder.where} knows no strangers, as a run's validation identities are: give a folder of some with "
            "--cohort."
        )
    samples = build_data(encoder.run.config.data).validation
    if samples is None:
        raise LikenessError(
            f"{encoder.where} kept no validation identities: give a folder of strangers with --cohort."
        )
    pixels = samples.load_or_none(range(len(samples)))
    kept = [index for index, one in enumerate(pixels) if one is not None]
    names = [samples.identity_name(int(samples.identity[index])) for index in kept]
    images = [_image(samples, index) for index in kept]
    return Cohort(names, images, encoder.encode([one for one in pixels if one is not None]))


def _image(samples: SkippingUnreadable, index: int) -> Image:
    """By its file's bytes where it has one of its own, else by its name among images that are drawn or packed."""
    name = samples.name(index)
    file = samples.files().root / name
    if file.is_file():
        return Image(sha256(file.read_bytes()).hexdigest(), str(file.resolve()))
    return Image(sha256(f"{samples.fingerprint()}\n{name}".encode()).hexdigest(), name)
