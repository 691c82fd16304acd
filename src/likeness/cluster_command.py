"""What `likeness cluster` does; a mistake ends in one sentence."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from likeness.applications.gallery.score import Score
from likeness.config.own_modules import look_for_modules_in
from likeness.errors import LikenessError, one_sentence
from likeness.gallery_command import Opened, finder_named, tell

if TYPE_CHECKING:
    from likeness.applications.gallery.bound_encoder import BoundEncoder
    from likeness.applications.gallery.store import Contents


def cluster_from_command_line(
    opened: Opened,
    places: Sequence[Path],
    cohort: Path | None,
    k: int | None,
    sheet: Path | None,
    *,
    force: bool,
) -> None:
    """Put images into a new album or one that is there, each cluster a subject; nothing is written before all is."""
    with one_sentence():
        look_for_modules_in(Path.cwd())
        from likeness.applications.gallery.stores import create_store, is_address, open_store
        from likeness.applications.photographs import photographs_in

        where = opened.gallery
        assert where is not None
        files = [photograph.file for photograph in photographs_in(places)]
        if sheet is not None:
            from likeness.applications.gallery.album_sheet import refuse_sheet

            refuse_sheet(sheet, force=force)
        is_new = not is_address(where) and not Path(where).exists()
        encoder, contents, name = _made(opened, cohort) if is_new else _there(opened, cohort)
        from likeness.applications.gallery.album import (
            encode_new,
            grouped_by_k_means,
            grouped_by_neighbours,
            put_into_album,
            thresholds_for,
        )
        from likeness.applications.gallery.read_images import left_out

        told, finder = left_out(), finder_named(opened.detector, opened.weights)
        thresholds = None if k is not None else thresholds_for(contents, encoder.comparison, name)
        new = encode_new(contents, name, encoder, files, finder, told)
        if thresholds is None:
            assert k is not None
            cluster = grouped_by_k_means(contents, new, k, name)
        else:
            cluster, notes = grouped_by_neighbours(contents, new, encoder.comparison, thresholds)
            told.notes.extend(notes)
        if is_new:
            create_store(where, contents)
        with open_store(where) as store:
            album = put_into_album(store, contents, new, cluster)
        told.notes.extend(album.notes)
        tell(told)
        print(album)
        if sheet is not None:
            from likeness.applications.gallery.album_sheet import write_album_sheet

            finders = {
                detector: found
                for detector in sorted({image.detector for image in album.images} - {""})
                if (found := finder_named(detector, opened.weights)) is not None
            }
            print(write_album_sheet(sheet, album, finders, force=force))
        print(name)


def _made(opened: Opened, cohort: Path | None) -> "tuple[BoundEncoder, Contents, str]":
    """The encoder of a new album, what it holds at first, and its name."""
    if opened.run is None:
        raise LikenessError(f"{opened.gallery} is no album yet: say with --run what is to encode it.")
    from likeness.applications.gallery.bound_encoder import encoder_at
    from likeness.applications.gallery.create import of_nobody
    from likeness.applications.gallery.read_images import left_out

    encoder, told = encoder_at(opened.run, (), opened.trust), left_out()
    contents = of_nobody(encoder, Score.mean, cohort, finder_named(opened.detector, opened.weights), told)
    tell(told)
    return encoder, contents, str(opened.gallery)


def _there(opened: Opened, cohort: Path | None) -> "tuple[BoundEncoder, Contents, str]":
    """The encoder of an album that is there, what it holds, and its name."""
    from likeness.applications.gallery.bound_encoder import encoder_of
    from likeness.applications.gallery.stores import open_store

    with open_store(str(opened.gallery)) as store:
        if cohort is not None:
            raise LikenessError(
                f"{store.name} has its strangers already: give it others with likeness gallery calibrate --cohort."
            )
        return (
            encoder_of(store.settings(), store.name, opened.run, opened.trust),
            store.contents(),
            store.name,
        )
