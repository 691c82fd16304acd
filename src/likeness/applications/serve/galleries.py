"""The galleries that a server has: each with its encoder, loaded once, and its kept pictures."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import torch
from torch import Tensor

from likeness.applications.gallery.bound_encoder import BoundEncoder, encoder_of
from likeness.applications.gallery.encoder_identity import refuse_other
from likeness.applications.gallery.kept_pictures import KeptPictures, folder_beside
from likeness.applications.gallery.read_images import FaceFinder
from likeness.applications.gallery.store import Store
from likeness.applications.gallery.stores import is_address, open_store
from likeness.applications.serve import kept_strangers
from likeness.errors import LikenessError
from likeness.models.detectors import Detections

PORTION = 8
"""Images that are encoded before somebody else's are."""

_ENCODING = Lock()  # one at a time in the whole process, whichever gallery it is for


class ServedGallery(NamedTuple):
    """A gallery: its `id` in addresses, `where` it is and what messages call that, its encoder, detector and kept
    pictures.
    """

    id: str
    where: str
    called: str
    encoder: BoundEncoder
    finder: FaceFinder | None
    pictures: KeptPictures

    @property
    def strangers(self) -> int:
        """How many its thresholds are chosen on."""
        with self.opened() as store:
            return store.cohort_size()[1]

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """The store, on a connection of its own: for one thread and one request.

        Raises:
            LikenessError: it can't be opened, or what is done in the block is refused; its path is not told.
        """
        with without_paths({self.called: self.id}), open_store(self.where) as store:
            yield store

    @contextmanager
    def opened_to_encode(self) -> Iterator[Store]:
        """The same, where the gallery still has the encoder that the server loaded.

        Raises:
            LikenessError: also where it was given another one.
        """
        with self.opened() as store:
            refuse_other(
                store.settings().encoder, self.encoder.identity, self.id, "the one that the server loaded"
            )
            yield store


def served(
    places: Sequence[str],
    run: Path | None,
    trust: Sequence[str],
    finder: FaceFinder | None,
    pictures: Path | None,
) -> dict[str, ServedGallery]:
    """The galleries in files and databases, by id.

    Args:
        places: of the files, or the addresses.
        run: where the encoder is now, where it was moved.
        trust: packages that a run may name parts of.
        finder: for photographs.
        pictures: a folder for kept pictures, in a folder for each gallery; by default one beside each file.

    Raises:
        LikenessError: a gallery or its encoder can't be opened, two galleries would have one id, or nothing says where
            the pictures of a database are kept.
    """
    found: dict[str, ServedGallery] = {}
    for where in places:
        id = re.sub(r"[^A-Za-z0-9_-]+", "-", _stem(where)).strip("-") or "gallery"
        with open_store(where) as store:
            if id in found:
                raise LikenessError(
                    f"{found[id].called} and {store.name} would both be called {id}: rename one of them."
                )
            encoder = encoder_of(store.settings(), store.name, run, trust)
            kept = KeptPictures(_folder_for(where, store.name, id, pictures))
            kept.sweep(store)
            kept_strangers.sweep(kept, store.settings().cohort_from)
        encoder = encoder._replace(embed=_one_at_a_time(encoder.embed))
        found[id] = ServedGallery(id, where, store.name, encoder, _alone(finder), kept)
    return found


def _stem(where: str) -> str:
    """The name of a file without what follows a point, or of a database."""
    return unquote(urlsplit(where).path).strip("/") if is_address(where) else Path(where).stem


def _folder_for(where: str, called: str, id: str, pictures: Path | None) -> Path:
    if pictures is not None:
        return pictures / id
    if is_address(where):
        raise LikenessError(
            f"{called} is no file that pictures could be kept beside: say with --pictures where."
        )
    return folder_beside(Path(where))


@contextmanager
def without_paths(called: dict[str, str]) -> Iterator[None]:
    """Let errors of the block speak of files as they are `called`, by their paths."""
    try:
        yield
    except LikenessError as error:
        raise type(error)(spoken(str(error), called)) from error


def spoken(text: str, called: dict[str, str]) -> str:
    """A text that speaks of files as they are `called`, by their paths."""
    for path in sorted(called, key=len, reverse=True):
        text = text.replace(path, called[path])
    return text


def _one_at_a_time(embed: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def embedded(images: Tensor) -> Tensor:
        parts = []
        for portion in torch.split(images, PORTION):
            with _ENCODING:
                parts.append(embed(portion))
        return torch.cat(parts)

    return embedded


def _alone(finder: FaceFinder | None) -> FaceFinder | None:
    if finder is None:
        return None
    detector = finder.detector

    def found(images: Sequence[Tensor]) -> list[Detections]:
        with _ENCODING:
            return detector(images)

    return FaceFinder(finder.name, found)
