"""The detector that a command line names, as images of a gallery know it."""

from pathlib import Path

from likeness.applications.detectors import face_finder
from likeness.applications.gallery.read_images import FaceFinder


def named_finder(detector: str | None, weights: Path | None) -> FaceFinder | None:
    """The detector called so, a run's by its whole path; without a name none.

    Raises:
        LikenessError: there is no such detector, or it finds no weights.
    """
    found = face_finder(detector, weights)
    if detector is None or found is None:
        return None
    return FaceFinder(str(Path(detector).resolve()) if Path(detector).is_dir() else detector, found)
