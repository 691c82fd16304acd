import numpy as np
import pytest
from sample_images import people
from torch.utils.data import DataLoader

from likeness.data.augment import KeyedAugment
from likeness.data.image_folder import image_folder
from likeness.data.loading import training_loader
from likeness.data.sampler import IdentityBalancedBatches
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError

COUNTS = {f"person {i}": 5 for i in range(10)}


def cut(path):
    path.write_bytes(path.read_bytes()[:300])


def skipping(root):
    return SkippingUnreadable(image_folder(root=str(root), spatial_size=24, channels=3, split=(0, 0, 1)).test)


def test_one_broken_among_fifty_is_replaced_and_named(tmp_path):
    root = people(tmp_path, COUNTS)
    cut(root / "person 3" / "4.jpg")
    images = skipping(root)
    assert images.unreadable == []
    loaded = images.load(range(50))
    assert images.unreadable == ["person 3/4.jpg"]
    assert (loaded[19] == loaded[15]).all()  # the next of the same person, wrapping around
    assert images.identity[19] == images.identity[15]
    assert (images.load([19])[0] == loaded[19]).all()
    others = [i for i in range(50) if i != 19]
    assert len({loaded[i].numpy().tobytes() for i in others}) == 49


def test_evaluation_leaves_it_out(tmp_path):
    root = people(tmp_path, COUNTS)
    cut(root / "person 0" / "0.jpg")
    cut(root / "person 0" / "1.jpg")
    images = skipping(root)
    loaded = images.load_or_none(range(50))
    assert [i for i, one in enumerate(loaded) if one is None] == [0, 1]
    assert images.unreadable == ["person 0/0.jpg", "person 0/1.jpg"]
    assert (images.load([0])[0] == loaded[2]).all()


class Loading:
    def __init__(self, images):
        self.images = images

    def __getitem__(self, index):
        return self.images.load([index])[0]

    def __len__(self):
        return len(self.images)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_what_workers_find_reaches_the_main_process(tmp_path, method):
    root = people(tmp_path, COUNTS)
    cut(root / "person 9" / "2.jpg")
    images = skipping(root)
    loader = DataLoader(Loading(images), batch_size=25, num_workers=1, multiprocessing_context=method)
    assert sum(map(len, loader)) == 50
    assert images.unreadable == ["person 9/2.jpg"]


@pytest.mark.parametrize(("person", "instead"), [(7, 40), (9, 0)])
def test_for_a_person_without_a_good_image_another_is_trained_on(tmp_path, person, instead):
    root = people(tmp_path, COUNTS)
    for i in range(5):
        cut(root / f"person {person}" / f"{i}.jpg")
    images = skipping(root)
    indices, loaded = images.load_good([3, 5 * person + 2])
    assert indices == [3, instead]
    assert (loaded[1] == images.load([instead])[0]).all()
    assert images.unreadable == [f"person {person}/{i}.jpg" for i in range(5)]


def test_such_a_person_is_not_a_label_of_the_batch(tmp_path):
    root = people(tmp_path, COUNTS)
    for i in range(5):
        cut(root / "person 7" / f"{i}.jpg")
    images = skipping(root)
    schedule = IdentityBalancedBatches(images.identity, identities=10, images=2, seed=0)
    unchanged = KeyedAugment([], seed=0)
    loader = training_loader(images, schedule, unchanged, start=0, workers=0, pin_memory=False)
    batch = next(iter(loader))
    assert sorted(batch.identity.tolist()) == sorted([*range(7), 8, 8, 9] * 2)
    assert (images.identity[batch.index] == batch.identity.numpy()).all()
    for image, index in zip(batch.images, batch.index.tolist(), strict=True):
        assert (image == images.load([index])[0]).all()


def test_nothing_that_can_be_read_is_said(tmp_path):
    root = people(tmp_path, {"a": 2, "b": 2})
    for path in root.glob("*/*.jpg"):
        cut(path)
    with pytest.raises(
        LikenessError, match=r"^None of the 4 images to train on can be read, such as b/0\.jpg"
    ):
        skipping(root).load([2])


def test_the_rest_is_handed_on(tmp_path):
    images = skipping(people(tmp_path, COUNTS))
    assert len(images) == 50
    assert (np.bincount(images.identity) == 5).all()
    assert (images.name(7), images.identity_name(1)) == ("person 1/2.jpg", "person 1")
    assert images.fingerprint()["pictures"] == 50
