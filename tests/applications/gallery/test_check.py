"""What is planted into a gallery is found in it, and what somebody has looked at is not told again."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drawn_galleries import D, about, cohort, enrolment, image, images, made
from PIL import Image as Pillow
from sample_images import sample_image

from likeness.applications.gallery.check import check
from likeness.applications.gallery.check_sheet import write_sheet
from likeness.applications.gallery.claim import claim_point
from likeness.applications.gallery.named_images import content_of
from likeness.applications.gallery.searched import searched, threshold_of
from likeness.applications.gallery.store import Correction, Image, Store, Whom
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN

APART = np.linalg.qr(np.random.default_rng(0).standard_normal((D, D)))[0]
"""At right angles, so that no two look alike by chance."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """S0 to S9; an image of S6 is S3's, S0 is enrolled once more, an image of nobody is S8's."""
    with made(tmp_path / "people.gallery") as store:
        where = APART
        own = about(where[:10], 5, 0.1, 1)
        store.enrol(
            [
                *(enrolment(f"S{number}", rows) for number, rows in enumerate(own)),
                enrolment("S3", about(where[6:7], 1, 0.1, 50)[0], called=[image("mislabelled")]),
                enrolment("S0 again", about(where[:1], 3, 0.1, 51)[0], called=images("double", 3)),
                enrolment("S8", about(APART[10:11], 1, 0.1, 52)[0], called=[image("odd")]),
            ]
        )
        yield store


def test_what_was_planted_is_found_and_nothing_else(store: Store) -> None:
    found = check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20)
    (mislabelled,), (double,), (odd,) = found.mislabelled, found.doubles, found.far
    assert mislabelled.sentence.startswith("/images/mislabelled.png: S3 (4) by its label (")
    assert ", rather S6 (7) (" in mislabelled.sentence
    assert mislabelled.images == (image("mislabelled"), image("S6-0"))
    assert double.sentence.startswith("S0 (1) and S0 again (11): ")
    assert double.images == (image("S0-0"), image("double-0"))
    assert odd.sentence.startswith("/images/odd.png: S8 (9), ")
    assert found.lookalikes == []
    assert "probably one subject under two names: 1\n  S0 (1) and S0 again" in str(found)


def test_strangers_of_one_image_each_will_do_for_what_a_search_tells(tmp_path: Path) -> None:
    with made(tmp_path / "single.gallery", cohort(200, 1)) as store:
        own = about(APART[:10], 5, 0.1, 1)
        store.enrol(
            [
                *(enrolment(f"S{number}", rows) for number, rows in enumerate(own)),
                enrolment("S3", about(APART[6:7], 1, 0.1, 50)[0], called=[image("mislabelled")]),
                enrolment("S0 again", about(APART[:1], 3, 0.1, 51)[0], called=images("double", 3)),
            ]
        )
        found = check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20)
        with pytest.raises(LikenessError, match="--far 0 is no share of claims"):
            check(store, EUCLIDEAN, fpir=0.05, far=0, top=20)
    assert [one.images[0] for one in found.mislabelled] == [image("mislabelled")]
    assert [one.images[1] for one in found.doubles] == [image("double-0")]
    assert (found.lookalikes, found.far) == ([], [])
    assert re.search(
        "can't be told: .* has no threshold for claims, as it knows no two strangers", str(found)
    )


def test_lookalikes_are_no_doubles(store: Store) -> None:
    contents = store.contents()
    known = searched(contents, EUCLIDEAN, store.name)
    threshold = threshold_of(store, contents, known, 0.05).threshold
    limit = claim_point(contents.cohort, known.way, 1, 0.01, "").point.threshold
    assert threshold < limit
    own = contents.encodings[contents.row == 5].mean(0).astype(np.float64)
    own /= np.linalg.norm(own)
    aside = APART[11].copy()
    aside -= (aside @ own) * own
    cosine = 1 - (threshold + limit) / 4  # |a - b|^2 = 2 - 2 cos
    near = cosine * own + np.sqrt(1 - cosine**2) * aside / np.linalg.norm(aside)
    store.enrol([enrolment("Like S5", near[None].astype(np.float32), called=[image("alike")])])
    found = check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20)
    assert [one.sentence.split(":")[0] for one in found.lookalikes] == ["S5 (6) and Like S5 (12)"]
    assert len(found.doubles) == 1


def test_what_somebody_has_looked_at_is_told_otherwise(store: Store) -> None:
    store.correct([Correction("cannot", image("S0-0").content, image("double-1").content)])
    store.correct([Correction("cannot", image("mislabelled").content, image("S6-2").content)])
    found = check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20)
    assert (found.mislabelled, found.doubles) == ([], [])
    assert found.lookalikes[0].sentence.endswith(", said to be two")
    store.split(store.subject("S3"), [image("mislabelled").content], Whom("S6"))
    store.merge(store.subject("S0"), [store.subject("S0 again")])
    found = check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20)
    assert (found.mislabelled, found.doubles, found.lookalikes) == ([], [], [])


def test_the_worst_comes_first_and_no_more_than_asked_for(store: Store) -> None:
    for number, spread in enumerate((0.12, 0.02, 0.08)):
        more = about(APART[[number + 1]], 3, spread, 80 + number)[0]
        store.enrol([enrolment(f"S{number + 1} again", more, called=images(f"again-{number}", 3))])
    found = check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20).doubles
    away = [float(one.sentence.rpartition(": ")[2]) for one in found]
    assert away == sorted(away)
    assert len(away) == 4
    assert check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=2).doubles == found[:2]


def test_the_sheet_shows_the_files_that_are_what_was_enrolled(store: Store, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    nothing = write_sheet(sheet, check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20), force=False)
    assert nothing.startswith("no sheet: ")
    assert not sheet.exists()
    files = []
    for name in ("a", "b"):
        file = tmp_path / f"{name}.png"
        sample_image((64, 64), seed=ord(name)).save(file)
        files.append(Image(content_of(file), str(file)))
    for name, file in zip(("one", "two"), files, strict=True):
        near = about(APART[12:13], 1, 0.02, 90)[0]
        store.enrol([enrolment(name, near, called=[file])])
    assert write_sheet(sheet, check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20), force=False) == str(sheet)
    with Pillow.open(sheet) as shown:
        assert shown.size == (248, 146)  # of two faces
    findings = check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20)
    with pytest.raises(LikenessError, match="is there already"):
        write_sheet(sheet, findings, force=False)
    for file in files:
        Path(file.file).write_bytes(b"another image")
    assert write_sheet(sheet, findings, force=True).startswith("no sheet: ")
