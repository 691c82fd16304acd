from itertools import pairwise
from pathlib import Path

from PIL import Image

from likeness.data.drawn_faces import drawn_faces
from likeness.data.image_folder import image_folder
from likeness.data.overlap import people_in_both
from likeness.data.pair_list import pair_list


def test_people_of_one_folder_are_recognised_and_of_another_are_not(tmp_path: Path) -> None:
    for root in ("here", "there"):
        for person in range(10):
            (tmp_path / root / str(person)).mkdir(parents=True)
            for picture in range(2):
                Image.new("RGB", (16, 16), (person, picture, len(root))).save(
                    tmp_path / root / str(person) / f"{picture}.png"
                )
    words = {"image_size": 16, "channels": 3, "split": (0.6, 0.2, 0.2)}
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
    assert people_in_both(first.train, second.test) == sorted(names[0] & names[1]) != []
    assert people_in_both(first.train, third.test) == []


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
        for picture in range(2):
            Image.new("RGB", (16, 16), (person, picture, 0)).save(
                tmp_path / "here" / str(person) / f"{picture}.png"
            )
    splits = image_folder(root=str(tmp_path / "here"), split=(0.6, 0.4, 0.0), image_size=16, channels=3)
    assert splits.train is not None
    assert splits.validation is not None
    trained = [splits.train.identity_name(i) for i in range(12)]
    lines = [f"{tmp_path}/here/{name}/0.png,{tmp_path}/here/{name}/1.png,1" for name in trained[:10]]
    lines += [f"here/{name}/0.png,here/{other}/1.png,0" for name, other in pairwise(trained[:11])]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    listed = pair_list(path=str(tmp_path / "pairs.csv"), root=None, image_size=16, channels=3)
    assert listed.test is not None
    assert people_in_both(splits.train, listed.test) == sorted(trained[:11])
    assert people_in_both(splits.validation, listed.test) == []
