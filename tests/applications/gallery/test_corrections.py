"""What somebody said of images and subjects counts, the last said first, and outlives what is done to the gallery."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_galleries import ENCODER, D, about, centres, enrolment, filled, image
from PIL import Image as Pillow

from likeness.applications.gallery.bound_encoder import BoundEncoder
from likeness.applications.gallery.check import check
from likeness.applications.gallery.claim import claim
from likeness.applications.gallery.corrections import say_is, say_is_not
from likeness.applications.gallery.enrol import Named, enrol
from likeness.applications.gallery.identify import identify
from likeness.applications.gallery.named_images import content_of
from likeness.applications.gallery.read_images import LeftOut, left_out
from likeness.applications.gallery.store import Correction, Enrolment, Image, Store, Subject, Whom
from likeness.applications.gallery.stores import open_store
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """S0 to S7 of three templates each."""
    with filled(tmp_path / "people.gallery") as store:
        yield store


@pytest.fixture
def anybody(tmp_path: Path) -> Path:
    """An image that is not enrolled."""
    return written(tmp_path / "anybody.png", 0)


def written(file: Path, seed: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    Pillow.fromarray(pixels).save(file)
    return file


def shown(file: Path) -> Image:
    return Image(content_of(file), str(file))


def named(store: Store, shown: Image, at: np.ndarray | None = None) -> str | None:
    """Who an image is found to be, where its encoding is nobody's, or about that of a subject."""
    encoding = centres(1, 55).astype(np.float32) if at is None else at
    (found,) = identify(store, EUCLIDEAN, [shown], encoding, fpir=0.05, top=8).probes
    return None if found.subject is None else found.subject.name


def of(store: Store, name: str, place: int = 0) -> Image:
    """An image of a subject."""
    return store.templates(store.subject(name))[place].image


def encoding_of(number: int) -> np.ndarray:
    """About S0, S1, ... ."""
    return about(centres(8, 1), 1, 0.1, 33)[number]


# Said of an image


@pytest.mark.parametrize("order", [("S7", "S2"), ("S2", "S7"), ("S2", "S7", "S2")])
def test_whom_an_image_was_said_to_be_last_it_is(where: str, anybody: Path, order: tuple[str, ...]) -> None:
    with filled(where) as store:
        for name in order:
            say_is(store, anybody, store.subject(name))
        assert named(store, shown(anybody)) == order[-1]
        say_is_not(store, anybody, store.subject(order[-1]))
        assert named(store, shown(anybody)) is None
        assert {one.kind for one in store.corrections()} == {"cannot"}


def test_it_is_said_that_somebody_said_so(store: Store, anybody: Path) -> None:
    images, encodings = [shown(anybody), image("probe")], np.concatenate([encoding_of(1), encoding_of(1)])
    say_is(store, anybody, store.subject("S3"))
    found = identify(store, EUCLIDEAN, images, encodings, fpir=0.05, top=1)
    assert [(one["known"], one["subject"]["name"], one["said"]) for one in found.as_json()["probes"]] == [
        (True, "S3", True),
        (True, "S1", False),
    ]
    assert f"{anybody}: S3 (4), as somebody said\n" in str(found)
    assert "probe.png: S1 (2)\n" in str(found)


def test_what_was_said_of_an_image_decides_a_claim(store: Store, anybody: Path) -> None:
    def asked(name: str):
        return claim(store, EUCLIDEAN, shown(anybody), encoding_of(2), name, far=0.01)

    assert (asked("S2").accepted, asked("S2").said) == (True, False)
    say_is_not(store, anybody, store.subject("S2"))
    refused = asked("S2")
    assert (refused.accepted, refused.said) == (False, True)
    assert str(refused).startswith("refused, as somebody said: that it is S2 (3)")
    assert " below the threshold" in str(refused)
    assert not asked("S5").accepted
    say_is(store, anybody, store.subject("S5"))
    accepted = asked("S5")
    assert (accepted.accepted, accepted.said, accepted.as_json()["said"]) == (True, True, True)
    assert " not below the threshold" in str(accepted)
    say_is_not(store, anybody, store.subject("S5"))
    say_is(store, anybody, store.subject("S1"))
    assert (asked("S2").accepted, asked("S2").said) == (False, True)  # of somebody else


def test_what_is_said_goes_with_a_subject_and_not_with_one_image_of_it(store: Store, anybody: Path) -> None:
    say_is(store, anybody, store.subject("S3"))
    say_is_not(store, anybody, store.subject("S4"))
    for name in ("S3", "S4"):
        store.enrol(
            [enrolment(name, about(centres(8, 1), 1, 0.1, 9)[int(name[1])], called=[image(f"new {name}")])]
        )
    store.remove(store.subject("S3"), [of(store, "S3").content])
    store.split(store.subject("S3"), [of(store, "S3").content], Whom("S7"))
    for name in ("S3", "S4"):
        old = [one.image.content for one in store.templates(store.subject(name))][:-1]
        store.remove(store.subject(name), old)
        assert len(store.templates(store.subject(name))) == 1
    assert named(store, shown(anybody), encoding_of(4)) == "S3"
    (said,) = store.said([content_of(anybody)]).values()
    assert said.not_of == {store.subject("S4")}
    store.merge(store.subject("S0"), [store.subject("S3")])
    assert named(store, shown(anybody)) == "S0"
    store.remove(store.subject("S0"))
    assert {one.kind for one in store.corrections()} == {"cannot"}


def test_nothing_is_said_of_nobody(store: Store, anybody: Path) -> None:
    subject = store.subject("S3")
    store.remove(subject, [one.image.content for one in store.templates(subject)])
    with pytest.raises(LikenessError, match=r"S3 \(4\) has no template: enrol the image as theirs"):
        say_is(store, anybody, subject)
    with pytest.raises(LikenessError, match=r"S3 \(4\) has no template that an image could be told from"):
        say_is_not(store, anybody, subject)
    assert store.corrections() == []


# Said of an enrolled image


@pytest.mark.parametrize("back", ["split", "is", "merge"])
def test_after_a_split_and_back_an_image_is_its_subject_s_again(where: str, back: str) -> None:
    with filled(where) as store:
        first, moved = store.subject("S1"), of(store, "S1", 2)
        other = store.split(first, [moved.content], Whom("S4"))
        assert store.said([moved.content])[moved.content].not_of == {first}
        if back == "split":
            store.split(other, [moved.content], Whom("S1"))
        elif back == "is":
            assert store.say_is(moved, first) == other
        else:
            store.merge(first, [other])
        assert store.holders([moved.content]) == {moved.content: first}
        said = store.said([moved.content]).get(moved.content)
        assert said is None or first not in said.not_of
        assert named(store, moved, encoding_of(1)) == "S1"
        assert not check(store, EUCLIDEAN, fpir=0.05, far=0.01, top=20).mislabelled


def test_an_image_of_another_becomes_a_subject_s_at_once_or_not_at_all(store: Store, monkeypatch) -> None:
    moved, before = of(store, "S1"), store.contents()
    links = store._rows.corrections
    monkeypatch.setattr(links, "is_of", lambda *words: (_ for _ in ()).throw(RuntimeError("killed")))
    with pytest.raises(RuntimeError, match="killed"):
        store.say_is(moved, store.subject("S3"))
    monkeypatch.undo()
    after = store.contents()
    assert (after.templates, after.corrections, after.revision) == (
        before.templates,
        before.corrections,
        before.revision,
    )
    assert store.say_is(moved, store.subject("S3")) == store.subject("S1")
    assert store.holders([moved.content]) == {moved.content: store.subject("S3")}
    assert store.say_is(moved, store.subject("S3")) == store.subject("S3")
    assert sorted(one.kind for one in store.corrections()) == ["cannot", "cannot", "must"]


def test_a_subject_keeps_an_image_and_images_that_are_gone_make_nobody(store: Store) -> None:
    store.enrol([enrolment("Ada", about(centres(1, 60), 1, 0.1, 6)[0])])
    ada, only = store.subject("Ada"), of(store, "Ada")
    for change in (
        lambda: store.say_is(only, store.subject("S3")),
        lambda: store.split(ada, [only.content], Whom("Ghost")),
        lambda: store.split(ada, [only.content], Whom("S3")),
    ):
        with pytest.raises(LikenessError, match=r"These are all images of Ada \(9\): rename it, or merge"):
            change()
    for gone in ([image("nothing").content], [], [of(store, "S1").content, image("nothing").content]):
        with pytest.raises(LikenessError, match=r"S1 \(2\) has no such images any more"):
            store.split(store.subject("S1"), gone, Whom("Ghost"))
    assert [str(subject) for subject, _ in store.subjects()][-1] == "Ada (9)"
    assert store.holders([only.content]) == {only.content: ada}


# Said of subjects


def test_a_merge_outlives_any_image(store: Store) -> None:
    one = store.subject("S0")
    store.merge(one, [store.subject("S1"), store.subject("S2")])
    for _ in range(6):
        store.remove(one, [of(store, "S0").content])
        left = {template.image.content for template in store.templates(one)}
        must = [{first, second} for kind, first, second in store.corrections() if kind == "must"]
        assert set().union(*must) == left
        reached = {min(left)}
        for _ in left:
            reached = reached.union(*(pair for pair in must if pair & reached))
        assert reached == left


def test_a_merge_into_somebody_without_templates_is_kept(store: Store) -> None:
    one = store.subject("S0")
    store.remove(one, [template.image.content for template in store.templates(one)])
    store.merge(one, [store.subject("S1")])
    assert {content: said.of for content, said in store.said([of(store, "S0").content]).items()} == {
        of(store, "S0").content: one
    }


def test_who_was_said_to_be_one_and_not_the_other_is_theirs_when_both_are_one(
    store: Store, anybody: Path
) -> None:
    say_is(store, anybody, store.subject("S0"))
    say_is_not(store, anybody, store.subject("S1"))
    store.merge(store.subject("S0"), [store.subject("S1")])
    assert named(store, shown(anybody)) == "S0"
    assert {one.kind for one in store.corrections()} == {"must"}


def test_a_cannot_of_an_old_gallery_does_not_outweigh_a_label(store: Store) -> None:
    own, other = of(store, "S1", 0), of(store, "S1", 1)
    store.correct([Correction("cannot", own.content, other.content)])
    assert store.said([own.content]) == {}
    store.correct([Correction("must", own.content, of(store, "S2").content)])
    assert store.said([own.content])[own.content].of == store.subject("S1")


# Enrolled again


def encoder() -> BoundEncoder:
    """Of the drawn galleries: the first numbers of an image, of length 1."""

    def embed(images: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(images.flatten(1)[:, :D].float())

    return BoundEncoder(Path("RUN"), ENCODER, embed, EUCLIDEAN, 8, 3, None)


def enrolled(store: Store, name: str, *files: Path) -> LeftOut:
    told = left_out()
    list(enrol(store, encoder(), [Named(Whom(name), files)], None, told))
    return told


def test_an_image_that_was_said_not_to_be_theirs_is_not_enrolled_as_theirs(
    store: Store, anybody: Path
) -> None:
    say_is_not(store, anybody, store.subject("S5"))
    assert enrolled(store, "S5", anybody).notes == [
        f"{anybody} is not of S5 (6), as somebody said: it is left out."
    ]
    say_is(store, anybody, store.subject("S6"))
    for name in ("S5", "Eve"):
        assert enrolled(store, name, anybody).notes == [
            f"{anybody} is of S6 (7), as somebody said: it is left out."
        ]
    assert store.holders([content_of(anybody)]) == {}
    assert len(store.subjects()) == 8
    with pytest.raises(LikenessError, match=r"anybody\.png is of S6 \(7\), as somebody said: leave it out"):
        store.enrol([Enrolment(Whom("S5"), [shown(anybody)], encoding_of(0), ENCODER)])
    assert enrolled(store, "S6", anybody).notes == []
    assert store.holders([content_of(anybody)]) == {content_of(anybody): store.subject("S6")}


def test_a_new_image_of_somebody_who_became_another_is_that_one_s(store: Store, tmp_path: Path) -> None:
    old = [written(tmp_path / "Ada" / f"{seed}.png", seed) for seed in range(3)]
    enrolled(store, "Ada", *old)
    store.merge(store.subject("S0"), [store.subject("Ada")])
    before = len(store.subjects())
    told = enrolled(store, "Ada", *old, new := written(tmp_path / "Ada" / "new.png", 9))
    assert told.notes[-1] == "Ada is S0 (1), as somebody said: 1 new image of Ada is enrolled as theirs."
    assert store.holders([content_of(new)]) == {content_of(new): store.subject("S0")}
    assert len(store.subjects()) == before
    store.split(store.subject("S0"), [content_of(old[0])], Whom("S1"))
    with pytest.raises(
        LikenessError, match=r"their images are of S1 \(2\) and S0 \(1\): enrol the new ones alone"
    ):
        enrolled(store, "Ada", *old, written(tmp_path / "Ada" / "newer.png", 10))
    assert len(store.subjects()) == before


def test_an_image_of_the_cohort_is_nobody_s(store: Store) -> None:
    with pytest.raises(
        LikenessError, match=r"stranger-0-0\.png is in the cohort of .*, which must be strangers"
    ):
        store.say_is(image("stranger-0-0"), store.subject("S0"))


def test_somebody_who_is_gone_is_said_so(store: Store, anybody: Path) -> None:
    gone = Subject(99, "99", "Ghost")
    for say in (say_is, say_is_not):
        with pytest.raises(LikenessError, match=r"Ghost \(99\) is no longer in"):
            say(store, anybody, gone)
    with open_store(store.name) as again:
        assert again.corrections() == []
