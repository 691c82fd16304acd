import os
import statistics
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from likeness.data.drawn_faces import drawn_faces
from likeness.data.fingerprint import Files
from likeness.data.image_folder import image_folder
from likeness.data.overlap import identities_in_both
from likeness.data.pair_list import pair_list


def test_people_of_one_folder_are_recognised_and_of_another_are_not(tmp_path: Path) -> None:
    for root in ("here", "there"):
        for person in range(10):
            (tmp_path / root / str(person)).mkdir(parents=True)
            for image in range(2):
                Image.new("RGB", (16, 16), (person, image, len(root))).save(
                    tmp_path / root / str(person) / f"{image}.png"
                )
    words = {"spatial_size": 16, "channels": 3, "split": (0.6, 0.2, 0.2)}
    first = image_folder(root=str(tmp_path / "here"), split_seed=0, **words)  # type: ignore[arg-type]
    second = image_folder(root=str(tmp_path / "here"), split_seed=1, **words)  # type: ignore[arg-type]
    third = image_folder(root=str(tmp_path / "there"), split_seed=1, **words)  # type: ignore[arg-type]
    assert first.train is not None
    assert second.test is not None
    assert third.test is not None
    names = [
        {part.identity_name(i) for i in range(int(part.identity.max()) + 1)}
        for part in (first.train, second.test)
    ]
    assert identities_in_both(first.train, second.test) == sorted(names[0] & names[1]) != []
    assert identities_in_both(first.train, third.test) == []


def test_drawn_people_are_never_in_two_splits_whatever_their_numbers() -> None:
    words = {
        "pictures_per_identity": 2,
        "validation_identities": 3,
        "seed": 0,
        "image_size": 16,
        "channels": 3,
    }
    few, many = (drawn_faces(identities=n, test_identities=5, **words) for n in (4, 1_000_000))
    assert few.test is not None
    assert many.train is not None
    tested = {few.test.identity_name(i) for i in range(5)}
    assert tested.isdisjoint({many.train.identity_name(i) for i in (0, 5, 7, 999_999)})
    assert tested == {many.test.identity_name(i) for i in range(5)} if many.test is not None else False


def test_people_are_known_by_their_files_in_a_list_of_pairs(tmp_path: Path) -> None:
    for person in range(20):
        (tmp_path / "here" / str(person)).mkdir(parents=True)
        for image in range(2):
            Image.new("RGB", (16, 16), (person, image, 0)).save(
                tmp_path / "here" / str(person) / f"{image}.png"
            )
    splits = image_folder(root=str(tmp_path / "here"), split=(0.6, 0.4, 0.0), spatial_size=16, channels=3)
    assert splits.train is not None
    assert splits.validation is not None
    trained = [splits.train.identity_name(i) for i in range(12)]
    lines = [f"{tmp_path}/here/{name}/0.png,{tmp_path}/here/{name}/1.png,1" for name in trained[:10]]
    lines += [f"here/{name}/0.png,here/{other}/1.png,0" for name, other in pairwise(trained[:11])]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    listed = pair_list(path=str(tmp_path / "pairs.csv"), root=None, spatial_size=16, channels=3)
    assert listed.test is not None
    assert identities_in_both(splits.train, listed.test) == sorted(trained[:11])
    assert identities_in_both(splits.validation, listed.test) == []


class Named:
    """Images that are nothing but names: of files below a folder, or of records of one file."""

    grouping = None

    def __init__(self, root: Path, names: Sequence[str], files: Sequence[str] | None = None) -> None:
        self.root, self.names, self.listed = root, names, names if files is None else files
        self.identity = np.arange(len(names)) // 2
        self.asked = 0

    def __len__(self) -> int:
        return len(self.names)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        raise AssertionError("nothing is to be read")

    def name(self, index: int) -> str:
        self.asked += 1
        return self.names[index]

    def identity_name(self, identity: int) -> str:
        return f"{self.root.name} {identity}"

    def fingerprint(self) -> dict[str, object]:
        return {}

    def files(self) -> Files:
        return Files(self.root, self.listed)


def path_by_path(first: Named, second: Named) -> list[str]:
    """What `identities_in_both` should say: every path is written out."""

    def paths(images: Named) -> Iterator[tuple[int, str]]:
        files = images.files()
        root = os.path.realpath(files.root)
        for i in range(len(images) if files.names else 0):
            yield i, os.path.normpath(os.path.join(root, images.name(i)))

    shown = {path for _, path in paths(second)}
    return sorted({first.identity_name(int(first.identity[i])) for i, path in paths(first) if path in shown})


PARTS = ["a", "b", "ab", "a.b", "a b", ".c"]


def some_names(draw: np.random.Generator, root: Path, odd: bool) -> list[str]:
    names = []
    for _ in range(draw.integers(1, 12)):
        name = "/".join(draw.choice(PARTS if odd else PARTS[:-1], size=draw.integers(1, 4)))
        if odd:
            name = draw.choice(
                [name, f"./{name}", f"../{name}", f"a/../{name}", f"{root}/{name}", f"a//{name}"]
            )
        names.append(str(name))
    return names


def test_the_same_are_found_as_by_writing_every_path_out(tmp_path: Path) -> None:
    """Folders beside, below and above one another, linked ones, and names that lead out of them."""
    draw, found, apart = np.random.default_rng(0), 0, 0
    for folder in ("a/b", "ab", "a/a.b"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    roots = [tmp_path / part for part in ("", "a", "b", "ab", "a/b", "a/b/..", "a/a.b", "none")] + [Path("/")]
    for _ in range(4000):
        sets = []
        for _ in range(2):
            root = roots[draw.integers(len(roots))]
            other = roots[draw.integers(len(roots))]
            sets.append(Named(root, some_names(draw, other, odd=bool(draw.integers(2)))))
        expected = path_by_path(*sets)
        assert identities_in_both(*sets) == expected, [(each.root, each.names) for each in sets]
        found, apart = found + bool(expected), apart + (not expected)
    assert min(found, apart) > 300


@pytest.mark.parametrize(
    "name", ["{root}/set/a/b.jpg", "../set/a/b.jpg", "x/../../set//a/b.jpg", "../set/./a/b.jpg"]
)
def test_a_name_may_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    listed = Named(tmp_path / "list", [name.format(root=tmp_path)])
    lying = Named(tmp_path / "set", ["a/b.jpg", "a/c.jpg"])
    assert identities_in_both(listed, lying) == ["list 0"]
    assert identities_in_both(lying, listed) == ["set 0"]
    assert identities_in_both(listed, listed) == ["list 0"]


def test_folders_beside_one_another_are_not_looked_at_image_by_image(tmp_path: Path) -> None:
    names = [f"{i // 10}/{i % 10}.jpg" for i in range(10_000)]
    first, second = Named(tmp_path / "here", names), Named(tmp_path / "her", names)
    assert identities_in_both(first, second) == []
    assert first.asked + second.asked < 5


def test_records_of_one_file_never_become_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [f"train.rec#{i}" for i in range(1000)]
    files = ["train.rec", "train.idx"]
    first = Named(tmp_path / "set", records, files)
    again = Named(tmp_path / "set", records[990:], files)
    others = [
        Named(tmp_path / "other", records, files),
        Named(tmp_path, [f"set/{name}" for name in records], [f"set/{name}" for name in records]),
        Named(tmp_path / "set", [f"{i}.jpg" for i in range(10)]),
        Named(tmp_path, ["set/a.jpg", "../b.jpg"]),
    ]
    normpath, joined = os.path.normpath, []

    def counting(path: Any) -> Any:
        if "#" in str(path):
            joined.append(path)
        return normpath(path)

    with monkeypatch.context() as patch:
        patch.setattr(os.path, "normpath", counting)
        assert identities_in_both(first, again) == [f"set {i}" for i in range(495, 500)]
        hidden = Named(tmp_path / "set", [".lfw.bin#0", ".lfw.bin#1"], [".lfw.bin"])
        assert identities_in_both(hidden, hidden) == ["set 0"]
        for other in others:
            assert identities_in_both(first, other) == []
            assert identities_in_both(other, first) == []
    assert joined == []


@pytest.mark.parametrize(("below", "ratio"), [("set", 1.5), ("set/deeper", 1.5), ("other", 3)])
def test_a_million_names_cost_less_than_as_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str, ratio: float
) -> None:
    names = [f"{i // 100:06}/{i % 100:04}.jpg" for i in range(1_000_000)]
    first, second = Named(tmp_path / "set", names), Named(tmp_path / below, names[-200:])
    took: dict[Any, list[float]] = {path_by_path: [], identities_in_both: []}
    for _ in range(3):
        for way, seconds in took.items():
            start = time.process_time()
            way(first, second)
            seconds.append(time.process_time() - start)
    then, now = (statistics.median(seconds) for seconds in took.values())
    assert then > ratio * now
    assert identities_in_both(first, second) == path_by_path(first, second)
    normpath, calls = os.path.normpath, list[Any]()

    def counting(path: Any) -> Any:
        calls.append(path)
        return normpath(path)

    with monkeypatch.context() as patch:
        patch.setattr(os.path, "normpath", counting)
        identities_in_both(first, second)
    assert len(calls) < 10  # of the folders
