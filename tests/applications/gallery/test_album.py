"""An album: what images it takes in, in whatever order, and what of names and corrections it keeps."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from drawn_galleries import D, about, centres, cohort, image, made
from numpy.typing import NDArray
from PIL import Image as Pixels
from said_by_commands import refused, said

from likeness.applications.gallery.album import (
    Album,
    New,
    grouped_by_neighbours,
    put_into_album,
    thresholds_for,
)
from likeness.applications.gallery.store import Correction, Image, Store, Whom
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN

Drawn = tuple[list[Image], NDArray[np.float32]]


def drawn(seed: int, subjects: int = 8, each: int = 4, spread: float = 0.1) -> Drawn:
    """Images of subjects, in an order that is drawn."""
    encodings = about(centres(subjects, seed), each, spread, seed).reshape(-1, D)
    order = np.random.default_rng(seed).permutation(len(encodings))
    return [image(f"{place // each}-{place % each}") for place in order.tolist()], encodings[order]


def put(store: Store, images: Sequence[Image], encodings: NDArray[np.float32]) -> Album:
    """Cluster a store's images with new ones, as the command does."""
    contents = store.contents()
    new = New(images, encodings, 0)
    thresholds = thresholds_for(contents, EUCLIDEAN, store.name)
    cluster, notes = grouped_by_neighbours(contents, new, EUCLIDEAN, thresholds)
    album = put_into_album(store, contents, new, cluster)
    return album._replace(notes=[*notes, *album.notes])


def sets(store: Store) -> dict[frozenset[str], str]:
    """By the images of a subject its name."""
    contents = store.contents()
    found: dict[int, set[str]] = {}
    for template, row in zip(contents.templates, contents.row.tolist(), strict=True):
        found.setdefault(row, set()).add(template.image.file)
    assert len(found) == len(contents.subjects)
    return {frozenset(files): contents.subjects[row].name for row, files in found.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "album.gallery"


def test_clusters_are_subjects_the_largest_first(path: Path) -> None:
    images, encodings = drawn(1)
    with made(path) as store:
        assert put(store, images[:-1], encodings[:-1]).added == 31
        found = sets(store)
        assert [one.name for one, _ in store.subjects()] == [f"cluster {number}" for number in range(1, 9)]
    whose = {frozenset(file.split("/")[-1].split("-")[0] for file in files) for files in found}
    assert all(len(one) == 1 for one in whose)
    sizes = {name: len(files) for files, name in found.items()}
    assert [sizes[f"cluster {number}"] for number in range(1, 9)] == [4] * 7 + [3]


@pytest.mark.parametrize("seed", range(6))
def test_images_in_parts_give_what_all_at_once_give(seed: int, tmp_path: Path) -> None:
    images, encodings = drawn(seed, subjects=10, spread=0.19)
    draw = np.random.default_rng(seed)
    said = [
        Correction(("must", "cannot")[int(draw.integers(2))], images[i].content, images[j].content)
        for i, j in draw.integers(0, len(images), (8, 2)).tolist()
        if i != j
    ]
    with made(tmp_path / "whole") as store:
        store.correct(said)
        put(store, images, encodings)
        whole = set(sets(store))
    with made(tmp_path / "parts") as store:
        store.correct(said)
        for part in np.array_split(np.arange(len(images)), int(draw.integers(2, 6))):
            put(store, [images[place] for place in part], encodings[part])
        assert set(sets(store)) == whole
        before = store.contents()
        put(store, [], encodings[:0])
        after = store.contents()
        assert (after.subjects, after.templates) == (before.subjects, before.templates)
        numbers = [template.number for template in after.templates]
        assert len(set(numbers)) == len(numbers)


def test_names_and_corrections_are_kept(path: Path) -> None:
    images, encodings = drawn(2)
    with made(path) as store:
        put(store, images[:20], encodings[:20])
        first, second, third = (one for one, _ in store.subjects()[:3])
        store.rename(first, "Ada")
        store.rename(second, "Eve")
        moved = store.templates(third)[0].image.content
        store.split(third, [moved], Whom("Bob"))
        store.merge(store.subject("cluster 4"), [store.subject("cluster 5")])
        kept = {
            name: {one.image.content for one in store.templates(store.subject(name))}
            for name in ("Ada", "Eve", "Bob", "cluster 3", "cluster 4")
        }
        put(store, images[20:], encodings[20:])
        for name, contents in kept.items():
            assert contents <= {one.image.content for one in store.templates(store.subject(name))}
        assert moved not in {one.image.content for one in store.templates(store.subject("cluster 3"))}
        numbers = [int(name.split()[1]) for name in sets(store).values() if name.startswith("cluster")]
        assert 5 not in numbers
        assert len(set(numbers)) == len(numbers)


def test_two_that_were_named_are_not_joined_by_images_between_them(path: Path) -> None:
    ends = np.eye(D)[:2]
    between = np.array([[np.cos(a), np.sin(a)] for a in np.linspace(0, np.pi / 2, 12)]) @ ends
    images = [image(f"bridge-{place}") for place in range(12)]
    bridge = between.astype(np.float32)
    with made(path) as store:
        put(store, [images[0], images[-1]], bridge[[0, -1]])
        one, other = (subject for subject, _ in store.subjects())
        store.rename(one, "Ada")
        store.rename(other, "Eve")
        put(store, images[1:-1], bridge[1:-1])
        found = sets(store)
        assert {"Ada", "Eve"} <= set(found.values())
    with made(path.with_name("unnamed")) as store:
        put(store, images, bridge)
        assert len(sets(store)) <= len(found)


def test_what_was_said_in_vain_is_told(path: Path) -> None:
    images, encodings = drawn(3)
    a, b, c = (one.content for one in images[:3])
    with made(path) as store:
        store.correct([Correction("must", a, b), Correction("must", b, c), Correction("cannot", a, c)])
        (note,) = put(store, images, encodings).notes
    assert "cannot be of one subject, as somebody said, but must be by what was said of others" in note


def test_a_gallery_that_changes_meanwhile_is_left_alone(path: Path) -> None:
    images, encodings = drawn(4)
    with made(path) as store:
        contents = store.contents()
        put(store, images[:5], encodings[:5])
        before = store.contents()
        new = New(images[5:], encodings[5:], 0)
        with pytest.raises(LikenessError, match="was changed while images were encoded"):
            put_into_album(store, contents, new, np.arange(len(new.images)))
        assert store.contents().templates == before.templates


def test_strangers_have_to_tell_thresholds(path: Path) -> None:
    with made(path, cohort(1, 4)) as store, pytest.raises(LikenessError, match="gives no thresholds"):
        thresholds_for(store.contents(), EUCLIDEAN, store.name)
    nobody = cohort(0, 0)._replace(encodings=np.empty((0, D), np.float32))
    with (
        made(path.with_name("none"), nobody) as store,
        pytest.raises(LikenessError, match="no thresholds for clusters, as it knows no strangers"),
    ):
        thresholds_for(store.contents(), EUCLIDEAN, store.name)


# The command

SIDE = 112  # of an ONNX file's images where nothing else is said


def write_encoder(path: Path, seed: int) -> None:
    """Means of squares of 8 x 8 in the image, mixed."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    weight = np.random.default_rng(seed).standard_normal((3 * 14 * 14, 24)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["p"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 24])],
        [numpy_helper.from_array(weight, "w")],
    )
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))


def save(file: Path, whose: int, number: int) -> None:
    """A pattern of somebody's own, and noise."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pattern = np.random.default_rng(whose).integers(60, 196, (14, 14, 3))
    noise = np.random.default_rng([whose, number]).normal(0, 8, (14, 14, 3))
    small = np.clip(pattern + noise, 0, 255).astype(np.uint8)
    Pixels.fromarray(small).resize((SIDE, SIDE), Pixels.Resampling.NEAREST).save(file)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pictures/ of four of 5 images each, strangers/ of ten, and two encoders."""
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    for whose in range(4):
        for number in range(5):
            save(tmp_path / "pictures" / f"{number}" / f"{whose}.png", whose, number)
    for whose in range(10):
        for number in range(4):
            save(tmp_path / "strangers" / f"X{whose}" / f"{number}.png", 100 + whose, number)
    for seed, name in enumerate(("encoder", "other")):
        write_encoder(tmp_path / f"{name}.onnx", seed)
    return tmp_path


NEW = ["--run", "encoder.onnx", "--cohort", "strangers", "-o", "album.gallery"]


def test_from_pictures_to_names_and_more_pictures(place: Path) -> None:
    made = said("cluster", "pictures/0", "pictures/1", "pictures/2", *NEW, "--sheet", "sheet.png")
    assert made == (
        "12 images added\n12 images in all: 4 clusters of several, 0 images alone\nsheet.png\nalbum.gallery\n"
    )
    assert said("gallery", "list", "album.gallery").splitlines() == [
        f"cluster {number} ({number}): 3 templates" for number in range(1, 5)
    ]
    with Pixels.open("sheet.png") as sheet:
        assert sheet.size == (8 + 3 * 120, 8 + 4 * (22 + 112 + 16))
    whose = next(
        line.split("/")[-1].split(".")[0]
        for line in said("gallery", "show", "album.gallery", "cluster 2").splitlines()[1:]
    )
    said("gallery", "rename", "album.gallery", "cluster 2", "Ada")
    again = said("cluster", "pictures", "-o", "album.gallery")
    assert again.startswith("8 images added, 12 were there before\n20 images in all: 4 clusters of several")
    shown = said("gallery", "show", "album.gallery", "Ada").splitlines()
    assert len(shown) == 6
    assert all(line.endswith(f"/{whose}.png") for line in shown[1:])
    said("gallery", "split", "album.gallery", "Ada", f"pictures/4/{whose}.png", "--name", "Eve")
    save(place / "more.png", int(whose), 9)
    assert said("cluster", "more.png", "-o", "album.gallery").startswith("1 image added\n21 images in all")
    listed = dict(line.split(": ") for line in said("gallery", "list", "album.gallery").splitlines())
    assert int(listed["Ada (2)"].split()[0]) + int(listed["Eve (5)"].split()[0]) == 6


def test_what_can_t_be_clustered_is_one_sentence_and_leaves_nothing(place: Path) -> None:
    (place / "empty").mkdir()
    (place / "bad").mkdir()
    (place / "bad" / "a.png").write_bytes(b"no image")
    assert refused("cluster", "empty", *NEW) == "There is no image in empty: name a folder that holds some."
    assert refused("cluster", "bad", *NEW).startswith("None of the 1 image can be used, as ")
    assert refused("cluster", "pictures", "-o", "album.gallery") == (
        "album.gallery is no album yet: say with --run what is to encode it."
    )
    assert "knows no strangers" in refused("cluster", "pictures", *NEW[:2], *NEW[4:])
    assert "from 1 to 20 clusters of as many images, not 21" in refused(
        "cluster", "pictures", *NEW, "--clusters", 21
    )
    assert "is in the cohort of" in refused("cluster", "strangers", *NEW)
    assert "suffix" in refused("cluster", "pictures", *NEW, "--sheet", "sheet.txt")
    assert not (place / "album.gallery").exists()
    (place / "notes.txt").write_text("no gallery" * 100)
    assert "is no gallery" in refused("cluster", "pictures", "-o", "notes.txt")
    said("cluster", "pictures/0", "bad", *NEW)
    before = sha256((place / "album.gallery").read_bytes()).hexdigest()
    assert "bound to another encoder" in refused(
        "cluster", "pictures", "-o", "album.gallery", "--run", "other.onnx"
    )
    assert "has its strangers already" in refused("cluster", "pictures", *NEW)
    assert "holds images already" in refused("cluster", "pictures", "-o", "album.gallery", "--clusters", 4)
    assert sha256((place / "album.gallery").read_bytes()).hexdigest() == before


def test_k_means_makes_so_many(place: Path) -> None:
    made = said("cluster", "pictures", *NEW, "--clusters", 4)
    assert made.splitlines()[0] == "20 images added"
    assert len(said("gallery", "list", "album.gallery").splitlines()) == 4
