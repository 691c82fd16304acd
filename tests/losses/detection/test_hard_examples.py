"""Which examples enter a loss, against sorting in Python; ties, and batches that have none of a kind."""

import pytest
import torch
from torch import Tensor

from likeness.losses.detection import (
    BACKGROUND,
    FACE,
    IGNORED,
    drawn_balanced,
    hard_negatives,
    hardest_balanced,
    hardest_share,
)


def drawn(seed: int, anchors: int = 60) -> tuple[Tensor, Tensor]:
    """Losses with ties, and what the anchors show: few faces, some ignored."""
    draw = torch.Generator().manual_seed(seed)
    losses = torch.randint(0, 12, (anchors,), generator=draw) / 4
    shown = torch.tensor([FACE, IGNORED, *[BACKGROUND] * 6])[torch.randint(0, 8, (anchors,), generator=draw)]
    return losses, shown


def hardest_of(losses: Tensor, among: Tensor, number: int) -> set[int]:
    """By Python's stable sort: of equals, the first."""
    rows = [row for row in range(len(losses)) if among[row]]
    return set(sorted(rows, key=lambda row: -float(losses[row]))[:number])


def rows_of(chosen: Tensor) -> set[int]:
    return set(chosen.nonzero()[:, 0].tolist())


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_a_share_that_is_none_is_named(share: float) -> None:
    with pytest.raises(ValueError, match="share="):
        hardest_share(torch.zeros(3), share)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("ratio", [1, 3])
def test_every_face_and_the_hardest_background_enter(seed: int, ratio: int) -> None:
    losses, shown = drawn(seed)
    faces, background = shown == FACE, shown == BACKGROUND
    chosen = hard_negatives(losses, faces, background, ratio=ratio)
    wanted = hardest_of(losses, background, ratio * int(faces.sum()))
    assert rows_of(chosen) == rows_of(faces) | wanted
    assert not (chosen & (shown == IGNORED)).any()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("number", [4, 12, 200])
def test_half_are_the_hardest_faces_and_as_many_are_background(seed: int, number: int) -> None:
    losses, shown = drawn(seed)
    faces, background = shown == FACE, shown == BACKGROUND
    wanted = hardest_of(losses, faces, number // 2)
    wanted |= hardest_of(losses, background, len(wanted) or number // 2)
    assert rows_of(hardest_balanced(losses, faces, background, number=number)) == wanted


def test_drawn_examples_are_hard_balanced_and_drawn_evenly() -> None:
    losses = torch.tensor([0.5, 0.01, 0.03, 0.2, 0.4, 0.6, 0.02, 0.9])
    shown = torch.tensor([FACE, FACE, FACE, *[BACKGROUND] * 4, IGNORED])
    torch.manual_seed(0)
    counts = sum(
        (drawn_balanced(losses, shown, number=4, above=0.03).long() for _ in range(600)),
        start=torch.zeros(8, dtype=torch.int64),
    )
    # One hard face, always; two of three hard negatives; easy and ignored ones, and a loss of exactly .03, never.
    assert counts[[0, 1, 2, 6, 7]].tolist() == [600, 0, 0, 0, 0]
    assert int(counts[3:6].sum()) == 1200
    assert all(abs(int(count) - 400) < 60 for count in counts[3:6])  # five standard deviations


def test_no_anchors() -> None:
    none, nobody = torch.zeros(0), torch.zeros(0, dtype=torch.bool)
    assert hard_negatives(none, nobody, nobody, least=1).shape == (0,)
    assert hardest_balanced(none, nobody, nobody, number=8).shape == (0,)
    assert drawn_balanced(none, none.long(), number=8, above=0.03).shape == (0,)


def test_a_loss_that_is_no_number_enters() -> None:
    """A run that has gone wrong says so in its loss."""
    losses = torch.tensor([1.0, float("nan"), 2.0])
    background = torch.ones(3, dtype=torch.bool)
    assert bool(hard_negatives(losses, ~background, background, least=1)[1])
    assert hardest_share(losses, 0.3).isnan().all()
