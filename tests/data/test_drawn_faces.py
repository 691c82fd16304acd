import hashlib
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
import torch
from warm import Command

from likeness.data.drawn_faces import DrawnFaces, drawn_faces
from likeness.data.drawn_faces.sheet import sheet
from likeness.data.images import DataSplits


def source(**changes: Any) -> DataSplits:
    choice: dict[str, Any] = {
        "identities": 6,
        "pictures_per_identity": 5,
        "validation_identities": 3,
        "test_identities": 4,
        "seed": 0,
        "image_size": 64,
        "channels": 3,
    }
    return drawn_faces(**(choice | changes))


def faces(**changes: Any) -> DrawnFaces:
    train = source(**changes).train
    assert isinstance(train, DrawnFaces)
    return train


def test_an_image_is_the_same_alone_in_any_batch_and_in_any_order() -> None:
    people = faces(identities=20)
    all_at_once = people.load(range(100))
    order = np.random.default_rng(0).permutation(100).tolist()
    for index, image in zip(order, people.load(order), strict=True):
        assert torch.equal(image, all_at_once[index])
    for index in range(100):
        assert torch.equal(people.load([index])[0], all_at_once[index]), people.name(index)


@pytest.mark.parametrize(("image_size", "channels"), [(48, 1), (96, 3), (225, 3)])
def test_purity_at_other_sizes(image_size: int, channels: int) -> None:
    people = faces(image_size=image_size, channels=channels)
    together = people.load(range(12))
    assert all(torch.equal(people.load([index])[0], together[index]) for index in (0, 5, 11))


def test_another_process_draws_the_same_bits(warm_command: Command, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import hashlib\n"
        "from likeness.data.drawn_faces import drawn_faces\n"
        "train = drawn_faces(identities=6, pictures_per_identity=5, validation_identities=3, test_identities=4,\n"
        "                    seed=0, image_size=64, channels=3).train\n"
        "print(hashlib.sha256(b''.join(i.numpy().tobytes() for i in train.load([29, 3, 17]))).hexdigest())"
    )
    there = warm_command(str(program)).stdout.strip()
    here = hashlib.sha256(
        b"".join(image.numpy().tobytes() for image in faces().load([29, 3, 17]))
    ).hexdigest()
    assert here == there


@pytest.mark.parametrize(
    ("size", "channels", "expected"),
    [
        (64, 3, "5c2bad48bd763739cf5a26bd58b2d354b567eb5ea403be4b0f955c1abec36377"),
        (96, 1, "b89fa6a227f76560cd809a214fc016cc0368dd47c9fb53940e7a2c6bc87dc952"),
    ],
)
def test_the_code_draws_what_the_first_code_drew_and_is_known_by_it(
    size: int, channels: int, expected: str
) -> None:
    """Data of earlier runs are told to be the same; a change of a bit takes the code's hash off `SAME_IMAGES`."""
    train = source(image_size=size, channels=channels).train
    drawn = b"".join(image.numpy().tobytes() for image in train.load(range(30)))
    assert hashlib.sha256(drawn).hexdigest() == expected
    assert train.fingerprint()["code_sha256"] == (
        "7bb6f68969bf11dfe50b7bdd1e2744aacce6aba1bde4ce8702b16d3bc2281a46"  # of commit 9df6448
    )


def test_a_person_does_not_depend_on_the_split_that_holds_them() -> None:
    """The first to validate on is the same whoever else is trained on, and is nobody of those."""
    few, many = source().validation, source(identities=1000).validation
    assert few is not None
    assert many is not None
    assert torch.equal(few.load([2])[0], many.load([2])[0])
    assert few.identity_name(0) == many.identity_name(0) == "person 1000000000000"


def test_people_images_and_seeds_differ() -> None:
    images = [*faces().load(range(30)), *faces(seed=1).load(range(30))]
    assert len({image.numpy().tobytes() for image in images}) == 60


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("image_size", [16, 32, 57, 112, 224])
def test_any_size_and_one_or_three_channels(image_size: int, channels: int) -> None:
    images = faces(image_size=image_size, channels=channels).load([0, 7, 13])
    assert len(images) == 3
    for image in images:
        assert image.shape == (channels, image_size, image_size)
        assert image.dtype == torch.uint8
        assert 20 < image.float().mean() < 235
        assert image.float().std() > 10


def test_grey_is_the_luma_of_colour() -> None:
    colour = torch.stack(faces().load(range(8))).float()
    grey = torch.stack(faces(channels=1).load(range(8))).float()[:, 0]
    luma = 0.299 * colour[:, 0] + 0.587 * colour[:, 1] + 0.114 * colour[:, 2]
    assert (grey - luma).abs().mean() < 1.5


def test_a_larger_image_shows_the_same_face() -> None:
    small = torch.stack(faces(image_size=48).load(range(8))).float()
    large = torch.stack(faces(image_size=144).load(range(8))).float()
    shrunk = torch.nn.functional.avg_pool2d(large, 3)
    for at in range(8):
        likeness = np.corrcoef(small[at].flatten().numpy(), shrunk[at].flatten().numpy())[0, 1]
        assert likeness > 0.97


def test_the_splits_hold_the_people_asked_for() -> None:
    splits = source()
    assert splits.train is not None
    assert splits.validation is not None
    assert [len(each) for each in (splits.train, splits.validation, splits.test)] == [30, 15, 20]
    assert splits.test.identity.tolist() == np.repeat(np.arange(4), 5).tolist()
    assert splits.test.name(13) == "person 2000000000002, image 3"
    assert splits.pairs is None
    assert source(validation_identities=0).validation is None
    prints = [
        str(each.fingerprint()) for each in (splits.train, splits.validation, splits.test, faces(seed=1))
    ]
    assert len(set(prints)) == 4


def test_a_million_people_cost_nothing_until_they_are_drawn() -> None:
    def draw_the_last(identities: int) -> float:
        began = time.perf_counter()
        train = source(identities=identities, pictures_per_identity=4).train
        assert train is not None
        assert train.load([4 * identities - 1])[0].shape == (3, 64, 64)
        assert train.name(4 * identities - 1) == f"person {identities - 1}, image 3"
        return time.perf_counter() - began

    few, many = zip(*((draw_the_last(1000), draw_the_last(1_000_000)) for _ in range(5)), strict=True)
    assert median(many) < 100 * median(few)  # drawing them all would take a thousand times as long


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"identities": 0}, "^identities=0"),
        ({"pictures_per_identity": 0}, "^pictures_per_identity=0"),
        ({"validation_identities": -1}, "^validation_identities=-1"),
        ({"test_identities": 0}, "^test_identities=0"),
        ({"image_size": 8}, "^image_size=8"),
        ({"channels": 4}, "^channels=4"),
    ],
)
def test_a_number_out_of_range_is_named(change: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        source(**change)


def test_an_image_that_does_not_exist_is_refused() -> None:
    with pytest.raises(IndexError, match="0 to 29"):
        faces().load([30])


def test_no_feature_is_cut_off_by_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """With windows a third larger the images are the same."""
    people = faces(identities=24)
    drawn = torch.stack(people.load(range(120)))
    monkeypatch.setattr("likeness.data.drawn_faces.geometry._LARGEST", 1.08 * 1.33)
    assert torch.equal(torch.stack(people.load(range(120))), drawn)


def test_no_images_asked_for_none_drawn() -> None:
    assert faces().load([]) == []


def test_a_sheet_has_a_row_for_each_person() -> None:
    people = faces(image_size=32)
    page = sheet(people, 3, 4, gap=2, zoom=1)
    assert page.shape == (3 * 34 - 2, 4 * 34 - 2, 3)
    assert np.array_equal(page[34:66, 68:100], people.load([7])[0].numpy().transpose(1, 2, 0))
