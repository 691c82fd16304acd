from pathlib import Path

from PIL import Image

from likeness.data.drawn_faces import drawn_faces
from likeness.data.image_folder import image_folder
from likeness.data.overlap import people_in_both


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
