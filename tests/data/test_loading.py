"""From images to batches: any start, any number of workers, the same draws."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms import v2

from likeness.data.augment import KeyedAugment
from likeness.data.batch import Batch
from likeness.data.loading import ordered_loader, training_loader
from likeness.data.sampler import IdentityBalancedBatches
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import UnreadableImage

JITTER = [v2.RandomHorizontalFlip(), v2.ColorJitter(brightness=0.5), v2.RandomAffine(20)]


class Numbered:
    """Images that show their own number; image 5 is unreadable if asked for."""

    def __init__(self, unreadable: bool = False) -> None:
        self.identity: NDArray[np.int64] = np.repeat(np.arange(6), 5)
        self.unreadable = unreadable

    def __len__(self) -> int:
        return len(self.identity)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        if self.unreadable and 5 in indices:
            raise UnreadableImage("5")
        ramp = torch.arange(64, dtype=torch.uint8).view(1, 8, 8).repeat(3, 1, 1)
        return [ramp + 4 * index for index in indices]

    def name(self, index: int) -> str:
        return str(index)

    def identity_name(self, identity: int) -> str:
        return str(identity)

    def fingerprint(self) -> dict[str, object]:
        return {}


def batches(*, start: int = 0, workers: int = 0, count: int = 12) -> list[Batch]:
    images = SkippingUnreadable(Numbered())
    schedule = IdentityBalancedBatches(images.identity, identities=3, images=2, seed=7)
    augment = KeyedAugment(JITTER, seed=7)
    loader = training_loader(images, schedule, augment, start=start, workers=workers, pin_memory=False)
    return list(islice(loader, count))


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_start_in_the_middle_gives_the_rest_of_the_whole_on_any_workers(workers: int) -> None:
    whole = batches()  # 5 batches an epoch, so more than two epochs
    rest = batches(start=7, workers=workers, count=5)
    assert all(same(a, b) for a, b in zip(whole[7:], rest, strict=True))


def test_a_batch_is_what_the_contract_says() -> None:
    batch = batches(count=1)[0]
    assert batch.images.shape == (6, 3, 8, 8)
    assert batch.identity.dtype == batch.index.dtype == torch.int64
    assert torch.equal(batch.identity, batch.index // 5)
    assert sorted(np.bincount(batch.identity, minlength=6)) == [0, 0, 0, 2, 2, 2]


def test_epochs_differ_in_order_and_in_augmentation() -> None:
    augment = KeyedAugment(JITTER, seed=7)
    image = Numbered().load([3])[0]
    drawn = [augment(image, epoch, 3) for epoch in range(8)]
    assert len({tuple(one.flatten().tolist()) for one in drawn}) > 4
    assert not torch.equal(batches(count=1)[0].index, batches(start=5, count=1)[0].index)


def test_augmentation_leaves_torch_s_generator_alone() -> None:
    augment = KeyedAugment(JITTER, seed=7)
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    augment(Numbered().load([3])[0], 0, 3)
    assert torch.equal(torch.rand(1), expected)


def test_an_ordered_pass_leaves_unreadable_images_out() -> None:
    images = SkippingUnreadable(Numbered(unreadable=True))
    loader = ordered_loader(images, range(12), batch_size=5, workers=0)
    assert torch.cat([batch.index for batch in loader]).tolist() == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    assert images.unreadable == ["5"]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("batch_size", [4, 5, 7, 30])
def test_ranks_are_dealt_equally_many_batches_and_each_image_once(batch_size: int, workers: int) -> None:
    whole = list(ordered_loader(SkippingUnreadable(Numbered()), range(30), batch_size=batch_size, workers=0))
    ranks = [
        list(
            ordered_loader(
                SkippingUnreadable(Numbered()),
                range(30),
                batch_size=batch_size,
                workers=workers,
                rank=rank,
                world_size=4,
            )
        )
        for rank in range(4)
    ]
    dealt = [batch for meeting in zip(*ranks, strict=True) for batch in meeting]
    assert all(same(batch, other) for batch, other in zip(dealt, whole, strict=False))
    padding = dealt[len(whole) :]
    assert all(len(batch.index) == 0 and batch.index.dtype == torch.int64 for batch in padding)
    assert len(padding) < 4
