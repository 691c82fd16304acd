"""Other strangers for a gallery's thresholds, by their pictures."""

from collections.abc import Callable, Sequence

from likeness.applications.gallery.calibrate import take_cohort
from likeness.applications.gallery.read_images import LeftOut, left_out
from likeness.applications.gallery.store import Whom
from likeness.applications.serve.enrolment import heard
from likeness.applications.serve.galleries import ServedGallery, spoken, without_paths
from likeness.applications.serve.kept_strangers import forget, keep, new_folder
from likeness.applications.serve.uploads import Picture


def take_strangers(
    gallery: ServedGallery,
    wanted: Sequence[tuple[Whom, Sequence[Picture]]],
    fpir: float,
    encoded: Callable[[int], None],
) -> LeftOut:
    """Choose a gallery's thresholds on these strangers from now on; their pictures take the place of those before.

    Args:
        gallery: whose thresholds.
        wanted: the strangers, and their pictures.
        fpir: the rate of searches that they must be enough for.
        encoded: hears of each few pictures that are encoded.

    Raises:
        Failure: a stranger's name can't be that of a folder.
        LikenessError: one is enrolled, they are too few, or their pictures can't be used or kept; then the gallery
            keeps the cohort that it has.
    """
    folder, told = new_folder(gallery.pictures), left_out()
    called = {str(folder): "What was sent"}
    try:
        for whom, pictures in wanted:
            called |= keep(folder, whom.name, pictures)
        with without_paths(called), gallery.opened_to_encode() as store:
            before = store.settings().cohort_from
            encoder = heard(gallery.encoder, encoded)
            take_cohort(store, encoder, folder, gallery.finder, told, score=None, fpir=fpir)
    except BaseException:
        forget(gallery.pictures, str(folder))
        raise
    forget(gallery.pictures, before)
    return LeftOut(*([spoken(one, called) for one in sentences] for sentences in told))
