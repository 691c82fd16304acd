"""Augmentations of signals and volumes: what they keep, and what each is by another way of computing."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from likeness.data.augment import KeyedAugment
from likeness.data.augmentations import AdditiveNoise, Gain, Masking, RandomCrop, TimeShift, VolumeRotation
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config

SIGNAL, VOLUME = (2, 60), (1, 9, 9, 9)
CASES: list[tuple[Callable[[Tensor], Tensor], tuple[int, ...]]] = [
    (TimeShift(shift=0.5), SIGNAL),
    (Gain(low=0.5, high=2.0), SIGNAL),
    (AdditiveNoise(share=0.3), SIGNAL),
    (Masking(share=0.3, blocks=2), SIGNAL),
    (Masking(share=0.6, blocks=2), VOLUME),
    (RandomCrop(smallest=0.5), SIGNAL),
    (RandomCrop(smallest=0.5), VOLUME),
    (VolumeRotation(degrees=60), VOLUME),
]


@pytest.mark.parametrize(("augmentation", "shape"), CASES)
@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
def test_kind_and_shape_are_kept_and_the_draw_is_the_key_s(
    augmentation: Callable[[Tensor], Tensor], shape: tuple[int, ...], kind: torch.dtype
) -> None:
    sample = torch.randint(0, 256, shape, dtype=torch.uint8).to(kind)
    before = sample.clone()
    augment = KeyedAugment([augmentation], seed=3)
    first = augment(sample, 1, 7)
    assert (first.dtype, first.shape) == (kind, sample.shape)
    assert torch.equal(sample, before)
    torch.rand(5)
    assert torch.equal(augment(sample, 1, 7), first)
    assert any(not torch.equal(augment(sample, epoch, 7), first) for epoch in range(2, 6))


def test_a_shift_keeps_all_values_in_their_order() -> None:
    shifted = TimeShift(shift=1.0)(torch.arange(10.0)[None])[0]
    assert torch.equal(torch.roll(shifted, -int(shifted.argmin())), torch.arange(10.0))


def test_a_rotation_by_a_right_angle_is_rot90(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = torch.randint(0, 256, VOLUME, dtype=torch.uint8)
    # the grid's axes are x, y, z, the last first; about x the other two are turned
    for axis, planes in (((1.0, 0, 0), (1, 2)), ((0, 1.0, 0), (1, 3)), ((0, 0, 1.0), (2, 3))):
        monkeypatch.setattr(torch, "randn", lambda *_, axis=axis: torch.tensor(axis))
        monkeypatch.setattr(torch, "rand", lambda *_: torch.tensor(1.0))
        turned = VolumeRotation(degrees=90)(volume).float()
        nearest = min(
            (turned - torch.rot90(volume, quarters, planes).float()).abs().max() for quarters in (1, 3)
        )
        assert nearest <= 1


def test_gain_and_noise_are_as_large_as_said() -> None:
    sample = torch.randn(1, 20000)
    factors = [float((Gain(low=0.25, high=4.0)(sample) / sample).median()) for _ in range(300)]
    assert 0.25 <= min(factors) < 0.35
    assert 3 < max(factors) <= 4
    assert abs(sum(map(math.log, factors)) / 300) < 0.2
    shares = [float((AdditiveNoise(share=0.5)(sample) - sample).std() / sample.std()) for _ in range(40)]
    assert 0.35 < max(shares) < 0.51


@pytest.mark.parametrize(
    ("size", "choice", "said"),
    [
        (
            "[64]",
            "flip",
            r"augment\.flip is for images, of a spatial_size such as 64 or \[64, 48\], not \[64\]",
        ),
        ("[16,16,16]", "flip", r"augment\.flip is for images"),
        ("[16,16,16]", "signals", r"augment\.shift is for signals, of a spatial_size such as \[4096\], not"),
        ("[64]", "volumes", r"augment\.rotation is for volumes"),
        ("64", "signals", r"augment\.shift is for signals"),
    ],
)
def test_what_has_no_meaning_at_a_rank_is_refused(size: str, choice: str, said: str) -> None:
    data = {"[64]": "drawn_signals", "[16,16,16]": "drawn_solids"}.get(size, "drawn_faces")
    more = [] if size == "64" else ["backbone.channels=1", "backbone.mean=null", "backbone.std=null"]
    with pytest.raises(LikenessError, match=f"^{said}"):
        training_config([f"data={data}", f"backbone.spatial_size={size}", f"augment={choice}", *more])
