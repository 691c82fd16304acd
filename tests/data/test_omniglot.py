import numpy as np
import pytest
import torch
from drawings import omniglot_folder

from likeness.data import image_files
from likeness.data.decode import decode
from likeness.data.omniglot import omniglot
from likeness.data.overlap import identities_in_both


def read(root, **more):
    return omniglot(root=str(root), spatial_size=16, channels=1, **{"validation_alphabets": 1} | more)


def alphabets(part):
    return {part.name(i).split("/")[1] for i in range(len(part))}


def drawers(part):
    return {part.name(i)[:-4].rpartition("_")[2] for i in range(len(part))}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return omniglot_folder(tmp_path_factory.mktemp("omniglot"))


def test_alphabets_are_in_one_part_each(root):
    splits = read(root)
    train, validation, test = (alphabets(part) for part in (splits.train, splits.validation, splits.test))
    assert train | validation == {f"background_{i}" for i in range(4)}
    assert (len(train), len(validation)) == (3, 1)
    assert test == {f"evaluation_{i}" for i in range(3)}
    assert not identities_in_both(splits.train, splits.test)
    assert identities_in_both(splits.train, read(root, validation_alphabets=0).train) == sorted(
        {splits.train.identity_name(i) for i in range(splits.train.identity.max() + 1)}
    )


def test_a_class_is_a_character_and_its_group_the_alphabet(root):
    test = read(root).test
    assert np.bincount(test.identity).tolist() == [6] * 22
    for i in range(0, len(test), 7):
        name = test.name(i)
        assert test.identity_name(test.identity[i]) == "/".join(name.split("/")[1:3])
        assert test.grouping.drawer[i] == int(name[-6:-4])
        mates = test.grouping.group == test.grouping.group[i]
        assert {test.name(j).split("/")[1] for j in np.flatnonzero(mates)} == {name.split("/")[1]}
        assert test.grouping.names[test.grouping.group[i]] == name.split("/")[1]
    (image,) = test.load([0])
    assert (image.shape, image.dtype) == ((1, 16, 16), torch.uint8)
    assert image.max() == 255  # on white


def test_validation_may_come_from_the_evaluation_set(root):
    splits = read(root, validation_from="evaluation", validation_alphabets=2)
    assert len(alphabets(splits.train)) == 4
    assert alphabets(splits.validation) | alphabets(splits.test) == {f"evaluation_{i}" for i in range(3)}
    assert not alphabets(splits.validation) & alphabets(splits.test)


def test_no_drawer_of_an_alphabet_has_two_parts(root):
    whole, split = read(root), read(root, drawers=[3, 1, 2])
    for part, count in (("train", 3), ("validation", 1), ("test", 2)):
        images = getattr(split, part)
        classes = images.identity.max() + 1
        assert len(images) == count * classes
        assert classes == getattr(whole, part).identity.max() + 1
    drawn = {alphabet: set() for alphabet in alphabets(split.train)}
    for i in range(len(split.train)):
        drawn[split.train.name(i).split("/")[1]].add(split.train.name(i)[-6:-4])
    assert all(len(found) == 3 for found in drawn.values())
    assert len({frozenset(found) for found in drawn.values()}) > 1  # chosen for each alphabet
    assert split.train.fingerprint() != whole.train.fingerprint()
    assert read(root, drawers=[2, 1, 2]).train.fingerprint() != split.train.fingerprint()


def test_another_seed_holds_other_alphabets_back(root):
    found = {frozenset(alphabets(read(root, split_seed=seed).validation)) for seed in range(12)}
    assert len(found) > 2
    assert alphabets(read(root, split_seed=4).validation) == alphabets(read(root, split_seed=4).validation)


def test_quarter_turns_are_further_classes_to_train_on_alone(root):
    upright, turned = read(root), read(root, quarter_turns=True)
    n, classes = len(upright.train), upright.train.identity.max() + 1
    assert len(turned.train) == 4 * n
    assert np.array_equal(turned.train.identity[n : 2 * n], upright.train.identity + classes)
    assert len(turned.test) == len(upright.test)
    assert len(np.unique(turned.train.grouping.group)) == 4 * len(np.unique(upright.train.grouping.group))
    (once,), (twice,), (same,), (plain,) = (
        part.load([i])
        for part, i in (
            (turned.train, n + 5),
            (turned.train, 2 * n + 5),
            (turned.train, 5),
            (upright.train, 5),
        )
    )
    assert torch.equal(same, plain)
    assert np.array_equal(once[0].numpy(), np.rot90(plain[0].numpy()))
    assert np.array_equal(twice[0].numpy(), plain[0].numpy()[::-1, ::-1])
    assert turned.train.name(n + 5) == f"{upright.train.name(5)} turned by 90 degrees"
    assert turned.train.identity_name(classes) == f"{upright.train.identity_name(0)} turned by 90 degrees"
    grouping = turned.train.grouping
    for i in (5, n + 5):
        assert grouping.names[grouping.group[i]].split()[0] == turned.train.name(i).split("/")[1]
    assert grouping.names[grouping.group[n + 5]].endswith("turned by 90 degrees")
    assert turned.train.fingerprint() != upright.train.fingerprint()


def test_quarter_turns_are_of_square_drawings(root):
    tall = {"root": str(root), "channels": 1, "spatial_size": [16, 12], "validation_alphabets": 1}
    assert omniglot(**tall, mirrored=True).train.load([0])[0].shape == (1, 16, 12)
    with pytest.raises(ValueError, match=r"^quarter_turns takes square images alone"):
        omniglot(**tall, quarter_turns=True)


def test_mirror_images_of_turns_are_further_classes_of_groups_of_their_own(root):
    upright, changed = read(root), read(root, quarter_turns=True, mirrored=True)
    n, classes = len(upright.train), upright.train.identity.max() + 1
    assert len(changed.train) == 8 * n
    assert len(np.unique(changed.train.identity)) == 8 * classes
    assert len(np.unique(changed.train.grouping.group)) == 8 * len(np.unique(upright.train.grouping.group))
    plain = upright.train.load([5])[0][0].numpy()
    seen = [changed.train.load([turn * n + 5])[0][0].numpy() for turn in range(8)]
    assert np.array_equal(seen[4], np.fliplr(plain))
    assert np.array_equal(seen[7], np.fliplr(np.rot90(plain, 3)))
    assert len({image.tobytes() for image in seen}) == 8
    assert changed.train.name(7 * n + 5) == f"{upright.train.name(5)} turned by 270 degrees, mirrored"
    assert changed.train.identity_name(4 * classes) == f"{upright.train.identity_name(0)}, mirrored"
    assert len(read(root, mirrored=True).train) == 2 * n
    turned = read(root, quarter_turns=True).train.fingerprint()
    assert changed.train.fingerprint() == turned | {"mirrored": True}


def test_kept_drawings_are_read_once_and_no_others(root, monkeypatch):
    read_files = []
    monkeypatch.setattr(
        image_files, "decode", lambda path, **size: read_files.append(path) or decode(path, **size)
    )
    for keep, times in ((False, 2), (True, 1)):
        train = read(root, quarter_turns=True, keep=keep).train
        read_files.clear()
        first, again = train.load([3, 7]), train.load([7, 3])
        assert len(read_files) == 2 * times
        assert torch.equal(first[0], again[1])
        assert torch.equal(first[1], again[0])
        assert not torch.equal(first[0], first[1])


def test_torchvision_s_folder_is_found(tmp_path):
    omniglot_folder(tmp_path / "omniglot-py")
    assert len(read(tmp_path).test) == 22 * 6


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"validation_alphabets": 4},
            "validation_alphabets=4 leaves none of the 4 alphabets of images_background",
        ),
        ({"drawers": [5, 1, 1]}, "asks for 7 drawers, but .* was drawn by 6"),
    ],
)
def test_what_the_alphabets_do_not_suffice_for_is_refused(root, more, words):
    with pytest.raises(ValueError, match=words):
        read(root, **more)


def test_a_folder_that_is_not_omniglot_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"does not hold Omniglot: unpack images_background.zip"):
        read(tmp_path)
    with pytest.raises(ValueError, match=r"does not exist: set root="):
        read(tmp_path / "nowhere")
    omniglot_folder(tmp_path, background=(2, 2), evaluation=(2, 2), drawers=2)
    odd = tmp_path / "images_evaluation" / "evaluation_0" / "character01" / "letter.png"
    next(odd.parent.iterdir()).rename(odd)
    with pytest.raises(ValueError, match=r"letter.png is not named as Omniglot's drawings"):
        read(tmp_path)


@pytest.mark.real_data
def test_the_archives_hold_what_the_paper_counts(real_data):
    """Lake et al. 2015: 1,623 characters, 20 drawings of each; 30 alphabets of 964 characters, and 20 of 659."""
    splits = read(real_data / "omniglot", validation_alphabets=0)
    assert splits.validation is None
    assert (len(splits.train), len(splits.test)) == (964 * 20, 659 * 20)
    assert (len(alphabets(splits.train)), len(alphabets(splits.test))) == (30, 20)
    assert (np.bincount(splits.test.identity) == 20).all()
    koch = read(
        real_data / "omniglot", validation_alphabets=10, validation_from="evaluation", drawers=[12, 4, 4]
    )
    assert len(koch.train) == 964 * 12
    assert len(koch.validation) + len(koch.test) == 659 * 4
    assert (len(drawers(koch.train)), len(alphabets(koch.test))) == (20, 10)


def test_an_alphabet_in_both_archives_is_refused(tmp_path):
    omniglot_folder(tmp_path, background=(2, 2), evaluation=(2, 2), drawers=2)
    (tmp_path / "images_evaluation" / "evaluation_0").rename(tmp_path / "images_evaluation" / "background_1")
    with pytest.raises(ValueError, match="background_1 lies in both images_background and images_evaluation"):
        read(tmp_path)
