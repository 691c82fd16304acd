"""What the commands on a gallery do; a mistake ends in one sentence."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from likeness.applications.gallery.score import Score
from likeness.config.trust import find_modules_in
from likeness.errors import LikenessError, one_sentence

if TYPE_CHECKING:
    from likeness.applications.gallery.read_images import FaceFinder, LeftOut
    from likeness.applications.gallery.store import Store


class Opened(NamedTuple):
    """A gallery as a command line names it, with where its encoder is now, and a detector for photographs."""

    gallery: Path | None
    run: Path | None
    trust: Sequence[str]
    detector: str | None
    weights: Path | None


@contextmanager
def _opened(path: Path | None) -> "Iterator[Store]":
    from likeness.applications.gallery.sqlite_store import SqliteStore

    if path is None:
        raise LikenessError("--claim is looked up in a gallery: name it with --gallery.")
    with SqliteStore(path) as store:
        yield store


def _finder(detector: str | None, weights: Path | None) -> "FaceFinder | None":
    if detector is None:
        if weights is not None:
            raise LikenessError("--weights are a detector's: name it with --detector, or leave them out.")
        return None
    from likeness.applications.detectors import detector_named
    from likeness.applications.gallery.read_images import FaceFinder

    return FaceFinder(detector, detector_named(detector, weights, points=True))


def _tell(told: "LeftOut") -> None:
    for note in told.notes:
        print(note, file=sys.stderr)
    for reason in told.unreadable:
        print(f"left out: {reason}", file=sys.stderr)


def create_from_command_line(
    path: Path,
    encoder: Path,
    overrides: Sequence[str],
    score: Score,
    cohort: Path | None,
    *,
    detector: str | None,
    weights: Path | None,
    trust: Sequence[str],
) -> None:
    """Make a gallery with its cohort, or, of an ONNX file without one, to be calibrated later."""
    with one_sentence():
        find_modules_in(Path.cwd())
        if path.exists():
            raise LikenessError(f"{path} is there already: give the new gallery another name.")
        from likeness.applications.gallery.bound_encoder import encoder_at
        from likeness.applications.gallery.create import create
        from likeness.applications.gallery.read_images import left_out

        told = left_out()
        bound = encoder_at(encoder, overrides, trust)
        print(create(path, bound, score, cohort, _finder(detector, weights), told))
        _tell(told)
        print(path)


def enrol_from_command_line(
    opened: Opened, places: Sequence[Path], name: str | None, id: str | None
) -> None:
    """Enrol, and say of each subject that it is done when it is there for good."""
    with one_sentence(), _opened(opened.gallery) as store:
        find_modules_in(Path.cwd())
        from likeness.applications.gallery.bound_encoder import encoder_of
        from likeness.applications.gallery.enrol import enrol, named_in
        from likeness.applications.gallery.read_images import left_out
        from likeness.applications.photographs import counted

        named = named_in(places, name, id)
        encoder = encoder_of(store.settings(), store.name, opened.run, opened.trust)
        told = left_out()
        done = 0
        for one in enrol(store, encoder, named, _finder(opened.detector, opened.weights), told):
            known = f", {one.known:,} enrolled before" if one.known else ""
            print(f"{one.subject}: {counted(one.added, 'template')} added{known}", flush=True)
            done += 1
        _tell(told)
        if not done:
            raise LikenessError("Nobody was enrolled: none of the images can be used.")


def identify_from_command_line(
    opened: Opened, places: Sequence[Path], *, fpir: float, top: int, as_json: bool
) -> None:
    """Say who is shown in images."""
    with one_sentence(), _opened(opened.gallery) as store:
        find_modules_in(Path.cwd())
        from likeness.applications.gallery.bound_encoder import encoder_of
        from likeness.applications.gallery.identify import identify
        from likeness.applications.gallery.read_images import Sized, known_by_content, left_out, shown_in
        from likeness.applications.photographs import photographs_in

        files = [photograph.file for photograph in photographs_in(places)]
        encoder = encoder_of(store.settings(), store.name, opened.run, opened.trust)
        finder, told = _finder(opened.detector, opened.weights), left_out()
        sized = Sized(encoder.spatial_size, encoder.channels)
        shown = [
            (image, pixels)
            for image in known_by_content(files, finder, told)
            if (pixels := shown_in(image, sized, finder, told)) is not None
        ]
        if not shown:
            raise LikenessError(told.unreadable[0])
        images = [image for image, _ in shown]
        encodings = encoder.encode([pixels for _, pixels in shown])
        found = identify(store, encoder.comparison, images, encodings, fpir=fpir, top=top)
        _print(found, as_json, {"unreadable": told.unreadable})
        _tell(told)


def claim_from_command_line(
    opened: Opened, probe: Path, second: Path | None, claimed: str | None, far: float
) -> None:
    """Say whether an image is of whom they say."""
    with one_sentence():
        if second is not None or claimed is None:
            raise LikenessError("Give one image with --claim and --gallery, or two images and --run.")
        with _opened(opened.gallery) as store:
            find_modules_in(Path.cwd())
            store.subject(claimed)  # which says so before anything is loaded
            from likeness.applications.gallery.bound_encoder import encoder_of
            from likeness.applications.gallery.claim import claim
            from likeness.applications.gallery.read_images import Sized, one_image

            encoder = encoder_of(store.settings(), store.name, opened.run, opened.trust)
            sized = Sized(encoder.spatial_size, encoder.channels)
            _, pixels, notes = one_image(probe, sized, _finder(opened.detector, opened.weights))
            print(claim(store, encoder.comparison, encoder.encode([pixels]), claimed, far=far))
            for note in notes:
                print(note, file=sys.stderr)


def _print(found: Any, as_json: bool, more: dict[str, Any]) -> None:
    print(json.dumps({**found.as_json(), **more}, indent=2) if as_json else found)
