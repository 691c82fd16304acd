"""What the commands on a gallery do; a mistake ends in one sentence."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from likeness.applications.counted import counted
from likeness.applications.gallery.score import Score
from likeness.config.own_modules import look_for_modules_in
from likeness.errors import LikenessError, one_sentence
from likeness.memory import uncollected

if TYPE_CHECKING:
    from likeness.applications.gallery.read_images import FaceFinder, LeftOut
    from likeness.applications.gallery.store import Store, Template


class Opened(NamedTuple):
    """A gallery as a command line names it, with where its encoder is now, and a detector for photographs."""

    gallery: str | None
    run: Path | None
    trust: Sequence[str]
    detector: str | None
    weights: Path | None


@contextmanager
def _opened(where: str | None) -> "Iterator[Store]":
    from likeness.applications.gallery.stores import open_store

    if where is None:
        raise LikenessError("--claim is looked up in a gallery: name it with --gallery.")
    with open_store(where) as store:
        yield store


def finder_named(detector: str | None, weights: Path | None) -> "FaceFinder | None":
    """What finds faces in photographs, None where images are taken as they are."""
    if detector is None and weights is None:
        return None
    from likeness.applications.gallery.named_finder import named_finder

    return named_finder(detector, weights)


def tell(told: "LeftOut") -> None:
    """Say what was noted and what was left out, where errors go."""
    for note in told.notes:
        print(note, file=sys.stderr)
    for reason in told.unreadable:
        print(f"left out: {reason}", file=sys.stderr)


def create_from_command_line(
    where: str,
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
        look_for_modules_in(Path.cwd())
        from likeness.applications.gallery.stores import refuse_existing

        name = refuse_existing(where)
        with uncollected():
            from likeness.applications.gallery.bound_encoder import encoder_at
        from likeness.applications.gallery.create import create
        from likeness.applications.gallery.read_images import left_out

        told = left_out()
        bound = encoder_at(encoder, overrides, trust)
        print(create(where, bound, score, cohort, finder_named(detector, weights), told))
        tell(told)
        print(name)


def enrol_from_command_line(opened: Opened, places: Sequence[Path], name: str | None, id: str | None) -> None:
    """Enrol, and say of each subject that it is done when it is there for good."""
    with one_sentence(), _opened(opened.gallery) as store:
        look_for_modules_in(Path.cwd())
        with uncollected():
            from likeness.applications.gallery.bound_encoder import encoder_of
        from likeness.applications.gallery.enrol import enrol, named_in
        from likeness.applications.gallery.read_images import left_out

        named = named_in(places, name, id)
        encoder = encoder_of(store.settings(), store.name, opened.run, opened.trust)
        told = left_out()
        done = 0
        for one in enrol(store, encoder, named, finder_named(opened.detector, opened.weights), told):
            known = f", {one.known:,} enrolled before" if one.known else ""
            print(f"{one.subject}: {counted(one.added, 'template')} added{known}", flush=True)
            done += 1
        tell(told)
        if not done:
            raise LikenessError("Nobody was enrolled: none of the images can be used.")


def identify_from_command_line(
    opened: Opened, places: Sequence[Path], *, fpir: float, top: int, as_json: bool
) -> None:
    """Say who is shown in images."""
    with one_sentence(), _opened(opened.gallery) as store:
        look_for_modules_in(Path.cwd())
        with uncollected():
            from likeness.applications.gallery.bound_encoder import encoder_of
        from likeness.applications.gallery.identify import identify
        from likeness.applications.gallery.read_images import (
            Sized,
            known_by_content,
            left_out,
            note_other_detector,
            shown_in,
        )
        from likeness.applications.photographs import photographs_in

        files = [photograph.file for photograph in photographs_in(places)]
        encoder = encoder_of(store.settings(), store.name, opened.run, opened.trust)
        finder, told = finder_named(opened.detector, opened.weights), left_out()
        note_other_detector(store, finder, told)
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
        tell(told)


def claim_from_command_line(
    opened: Opened, probe: Path, second: Path | None, claimed: str | None, *, far: float, as_json: bool
) -> None:
    """Say whether an image is of whom they say."""
    with one_sentence():
        if second is not None or claimed is None:
            raise LikenessError("Give one image with --claim and --gallery, or two images and --run.")
        with _opened(opened.gallery) as store:
            look_for_modules_in(Path.cwd())
            store.subject(claimed)  # which says so before anything is loaded
            with uncollected():
                from likeness.applications.gallery.bound_encoder import encoder_of
            from likeness.applications.gallery.claim import claim
            from likeness.applications.gallery.read_images import (
                Sized,
                left_out,
                note_other_detector,
                one_image,
            )

            encoder = encoder_of(store.settings(), store.name, opened.run, opened.trust)
            sized = Sized(encoder.spatial_size, encoder.channels)
            finder, told = finder_named(opened.detector, opened.weights), left_out()
            note_other_detector(store, finder, told)
            image, pixels, notes = one_image(probe, sized, finder)
            encoding = encoder.encode([pixels])
            _print(claim(store, encoder.comparison, image, encoding, claimed, far=far), as_json, {})
            tell(told)
            for note in notes:
                print(note, file=sys.stderr)


def _print(found: Any, as_json: bool, more: dict[str, Any]) -> None:
    print(json.dumps({**found.as_json(), **more}, indent=2) if as_json else found)


def list_from_command_line(where: str, *, as_json: bool) -> None:
    """List who is enrolled."""
    with one_sentence(), _opened(where) as store:
        found = store.subjects()
        if as_json:
            print(
                json.dumps([{"id": one.id, "name": one.name, "templates": n} for one, n in found], indent=2)
            )
        else:
            for subject, templates in found:
                print(f"{subject}: {counted(templates, 'template')}")


def show_from_command_line(where: str, named: str | None, *, as_json: bool) -> None:
    """Show a subject's templates, or what the gallery is bound to."""
    with one_sentence(), _opened(where) as store:
        if named is None:
            settings = store.settings()
            found: dict[str, Any] = {
                "encoder": settings.where,
                "score": settings.score.value,
                "cohort": _cohort_said(settings.cohort_from, *store.cohort_size()),
                "subjects": len(store.subjects()),
                "identity": settings.encoder,
            }
            lines = [f"{key:9} {value}" for key, value in found.items()]
        else:
            subject = store.subject(named)
            templates = store.templates(subject)
            found = {
                "id": subject.id,
                "name": subject.name,
                "templates": [{"number": one.number, **one.image._asdict()} for one in templates],
            }
            lines = [str(subject), *(f"{one.number:6} {one.image.file}" for one in templates)]
        print(json.dumps(found, indent=2) if as_json else "\n".join(lines))


def _cohort_said(come_from: str, images: int, strangers: int) -> str:
    if not strangers:
        return "none: give one with likeness gallery calibrate --cohort"
    whose = come_from or "the run's validation identities"
    return f"{whose}: {counted(images, 'image')} of {counted(strangers, 'stranger')}"


def rename_from_command_line(where: str, named: str, name: str) -> None:
    """Give a subject another name."""
    with one_sentence(), _opened(where) as store:
        subject = store.subject(named)
        store.rename(subject, name)
        print(f"{subject} is called {name}")


def merge_from_command_line(where: str, into: str, others: Sequence[str]) -> None:
    """Make several subjects one."""
    with one_sentence(), _opened(where) as store:
        one, rest = store.subject(into), [store.subject(other) for other in others]
        if one in rest or len(set(rest)) < len(rest):
            raise LikenessError("A subject is named twice: name each once.")
        store.merge(one, rest)
        print(f"{', '.join(map(str, rest))} became {one}")


def split_from_command_line(where: str, named: str, images: Sequence[str], name: str, id: str | None) -> None:
    """Give images of a subject to another."""
    with one_sentence(), _opened(where) as store:
        from likeness.applications.gallery.named_images import contents_of
        from likeness.applications.gallery.store import Whom

        subject = store.subject(named)
        contents = contents_of(store, subject, images)
        other = store.split(subject, contents, Whom(name, id))
        print(f"{counted(len(set(contents)), 'template')} of {subject} became {other}'s")


def correct_from_command_line(
    where: str, image: Path, is_subject: str | None, not_subject: str | None
) -> None:
    """Keep whom an image shows, or does not show."""
    with one_sentence(), _opened(where) as store:
        from likeness.applications.gallery.corrections import say_is, say_is_not

        if (is_subject is None) == (not_subject is None):
            raise LikenessError("Say with --is whom the image shows, or with --not whom it does not show.")
        if is_subject is not None:
            print(say_is(store, image, store.subject(is_subject)))
        elif not_subject is not None:
            print(say_is_not(store, image, store.subject(not_subject)))


def remove_from_command_line(where: str, named: str, images: Sequence[str] | None) -> None:
    """Remove a subject, or images of one, and say what went."""
    with one_sentence(), _opened(where) as store:
        from likeness.applications.gallery.kept_pictures import folder_beside, forget
        from likeness.applications.gallery.named_images import contents_of
        from likeness.applications.gallery.readable_name import composed_name
        from likeness.applications.gallery.store import StillKept
        from likeness.applications.gallery.stores import is_address

        if not any(
            composed_name(named) in (one.id, one.name) for one, _ in store.subjects()
        ):  # no hint whom else to remove
            raise LikenessError(
                f"Nobody in {store.name} is called {named}: likeness gallery list tells who is there."
            )
        subject = store.subject(named)
        chosen = contents_of(store, subject, images) if images else None
        left: StillKept | None = None
        try:
            gone: Sequence[Template] = store.remove(subject, chosen)
        except StillKept as error:
            gone, left = error.gone, error
        kept = forget((one.image for one in gone), None if is_address(where) else folder_beside(Path(where)))
        for template in gone:
            print(f"removed the template of {template.image.file}")
        if kept:
            print(f"removed {counted(kept, 'picture')} that the server had kept of them")
        print(f"removed {subject if chosen is None else counted(len(gone), 'template')}")
        if left is not None:
            raise left


def export_from_command_line(where: str, output: Path) -> None:
    """Write a gallery into a folder."""
    with one_sentence(), _opened(where) as store:
        from likeness.applications.gallery.transfer import export

        print(export(store, output))
        print(output)


def import_from_command_line(folder: Path, where: str) -> None:
    """Make a gallery of an exported folder."""
    with one_sentence():
        from likeness.applications.gallery.stores import refuse_existing
        from likeness.applications.gallery.transfer import import_gallery

        name = refuse_existing(where)
        print(import_gallery(folder, where))
        print(name)


def calibrate_from_command_line(
    opened: Opened, cohort: Path | None, score: Score | None, *, fpir: float, far: float
) -> None:
    """Take another cohort or score, and say the thresholds."""
    with one_sentence(), _opened(opened.gallery) as store:
        look_for_modules_in(Path.cwd())
        from likeness.applications.gallery.bound_encoder import comparison_for, encoder_of
        from likeness.applications.gallery.calibrate import take_cohort, thresholds
        from likeness.applications.gallery.read_images import left_out
        from likeness.applications.gallery.searched import refuse_small_cohort

        told = left_out()
        settings, strangers = store.settings(), store.cohort_size()[1]
        if cohort is not None or not strangers:
            encoder = encoder_of(settings, store.name, opened.run, opened.trust)
            finder = finder_named(opened.detector, opened.weights)
            take_cohort(store, encoder, cohort, finder, told, score=score, fpir=fpir)
            comparison = encoder.comparison
        else:
            comparison = comparison_for(settings, store.name, opened.run, opened.trust)
            if score is not None:  # it stays where no threshold can be chosen for another
                refuse_small_cohort(strangers, fpir, store.name)
                store.set_score(score)
        tell(told)
        print(thresholds(store, comparison, fpir=fpir, far=far))


def reencode_from_command_line(
    opened: Opened,
    overrides: Sequence[str],
    places: Sequence[Path],
    cohort: Path | None,
    *,
    before: Path | None,
    switch: bool,
    fpir: float,
    top: int,
    as_json: bool,
) -> None:
    """Say what another encoder changes, and switch where that is asked for."""
    with one_sentence(), _opened(opened.gallery) as store:
        look_for_modules_in(Path.cwd())
        from likeness.applications.gallery.bound_encoder import comparison_for, encoder_at
        from likeness.applications.gallery.read_images import left_out
        from likeness.applications.gallery.reencode import detectors_in, moved_to

        assert opened.run is not None
        comparison = comparison_for(store.settings(), store.name, before, opened.trust, "--before")
        encoder = encoder_at(opened.run, overrides, opened.trust)
        contents = store.contents()
        finders = {
            name: finder
            for name in detectors_in(contents)
            if (finder := finder_named(name, opened.weights)) is not None
        }
        told = left_out()
        move = moved_to(
            contents, store.name, comparison, encoder, places, finders, told, cohort_from=cohort, fpir=fpir
        )
        tell(told)
        if not as_json:
            print(move.told(top))
        if switch:
            store.reencode(move.revision, move.reencoded)
        if as_json:
            print(json.dumps({**move.as_json(), "switched": switch}, indent=2))
        elif switch:
            print(f"{store.name} has the encoder {opened.run} now")
        else:
            print(f"{store.name} is as it was: --switch gives it the new encoder")


def check_from_command_line(
    opened: Opened, output: Path | None, *, fpir: float, far: float, top: int, force: bool
) -> None:
    """Say what is probably wrong in a gallery, and draw it."""
    with one_sentence(), _opened(opened.gallery) as store:
        look_for_modules_in(Path.cwd())
        from likeness.applications.gallery.bound_encoder import comparison_for
        from likeness.applications.gallery.check import check

        if output is not None:
            from likeness.applications.gallery.check_sheet import refuse_sheet, write_sheet

            refuse_sheet(output, force=force)
        if damage := store.damage():
            raise LikenessError(f"{store.name} is damaged ({damage[0]}): take a copy of it.")
        comparison = comparison_for(store.settings(), store.name, opened.run, opened.trust)
        findings = check(store, comparison, fpir=fpir, far=far, top=top)
        print(findings)
        if output is not None:
            print(write_sheet(output, findings, force=force))
