"""Every loss and miner of pytorch-metric-learning is either made and differentiated, or refused with a reason."""

import inspect
from typing import Any

import pytest
import torch
from pytorch_metric_learning import losses, miners
from torch.nn.functional import normalize

from likeness.config.schema.metric_learning import _UNFIT, WITHOUT_MINER, PmlMiner
from likeness.config.schema.metric_learning import PmlLoss as PmlLossNode
from likeness.errors import LikenessError
from likeness.losses.metric_learning import PmlLoss, pml_miner
from likeness.recipes.choose import training_config

TARGET = "likeness.losses.metric_learning.PmlLoss"
MINER = "likeness.losses.metric_learning.pml_miner"
NEEDED: dict[str, dict[str, Any]] = {"RankedListLoss": {"margin": 0.4, "Tn": 10}}
"""Keys that have no default."""

P, K, D = 6, 4, 16


def classes(module: Any) -> list[str]:
    return [name for name, value in vars(module).items() if inspect.isclass(value)]


def usable(module: Any) -> list[str]:
    return [name for name in classes(module) if name not in _UNFIT]


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return normalize(torch.randn(P * K, D)).requires_grad_(), torch.arange(P).repeat_interleave(K)


@pytest.mark.parametrize("name", usable(losses))
def test_any_other_loss_has_a_gradient(name: str) -> None:
    keys = NEEDED.get(name, {})
    PmlLossNode.model_validate({"_target_": TARGET, "name": name, **keys})
    torch.manual_seed(0)
    loss = PmlLoss(name, classes=P, embedding_dim=D, **keys)
    embedding, identity = batch()
    value = loss(embedding, identity)
    assert value.ndim == 0
    assert value.isfinite()
    value.backward()
    assert embedding.grad is not None
    assert embedding.grad.isfinite().all()
    assert embedding.grad.abs().sum() > 0
    for weight in loss.parameters():
        assert weight.grad is not None
        assert weight.grad.abs().sum() > 0


@pytest.mark.parametrize("name", usable(losses))
def test_a_loss_has_no_state_but_what_a_checkpoint_has(name: str) -> None:
    """A loss that has seen other batches gives the same number as a fresh one with its weights."""
    keys = NEEDED.get(name, {})
    torch.manual_seed(0)
    loss = PmlLoss(name, classes=P, embedding_dim=D, **keys)
    fresh = PmlLoss(name, classes=P, embedding_dim=D, **keys)
    embedding, identity = batch()
    for _ in range(3):
        loss(torch.randn(P * K, D), identity)
    fresh.load_state_dict(loss.state_dict())
    torch.manual_seed(2)
    first = loss(embedding, identity)
    torch.manual_seed(2)
    assert torch.equal(first, fresh(embedding, identity))


@pytest.mark.parametrize("name", usable(losses))
def test_a_loss_takes_a_miner_or_says_so_before_training(name: str) -> None:
    embedding, identity = batch()
    loss = PmlLoss(
        name, classes=P, embedding_dim=D, miner=pml_miner("MultiSimilarityMiner"), **NEEDED.get(name, {})
    )
    keys = [f"+loss.{key}={value}" for key, value in NEEDED.get(name, {}).items()]
    overrides = ["loss=pml", f"loss.name={name}", *keys, "miner.name=MultiSimilarityMiner"]
    if name in WITHOUT_MINER:
        with pytest.raises(ValueError, match="not supported"):
            loss(embedding, identity)
        with pytest.raises(LikenessError, match=f"{name} takes no miner; leave miner.name out"):
            training_config(overrides)
    else:
        assert loss(embedding, identity).isfinite()
        training_config(overrides)


@pytest.mark.parametrize("name", usable(miners))
def test_any_miner_chooses_for_losses_of_pairs_triplets_and_classes(name: str) -> None:
    PmlMiner.model_validate({"_target_": MINER, "name": name})
    for loss_name in ("ContrastiveLoss", "TripletMarginLoss", "ArcFaceLoss"):
        embedding, identity = batch()
        loss = PmlLoss(loss_name, classes=P, embedding_dim=D, miner=pml_miner(name))
        value = loss(embedding, identity)
        assert value.isfinite()
        value.backward()


@pytest.mark.parametrize("name", [name for name in _UNFIT if name in classes(losses)])
def test_a_loss_that_can_not_work_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(LikenessError, match=f"{name} {_UNFIT[name]}; choose another of the losses"):
        training_config(["loss=pml", f"loss.name={name}"])


@pytest.mark.parametrize("name", [name for name in _UNFIT if name in classes(miners)])
def test_a_miner_that_can_not_work_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(LikenessError, match=f"{name} {_UNFIT[name]}; choose another of the miners"):
        training_config(["loss=pml", "loss.name=TripletMarginLoss", f"miner.name={name}"])


def test_nothing_is_refused_that_the_library_has_not() -> None:
    assert set(_UNFIT) <= {*classes(losses), *classes(miners)}
    assert set(WITHOUT_MINER) <= set(usable(losses))


def test_the_numbers_of_classes_and_dimensions_are_those_of_the_run() -> None:
    loss = PmlLoss("ArcFaceLoss", classes=7, embedding_dim=5)
    assert loss.get_parameter("loss.W").shape == (5, 7)
    assert not list(
        PmlLoss("MarginLoss", classes=7, embedding_dim=5).parameters()
    )  # one boundary, unless asked
    own = PmlLoss("MarginLoss", classes=7, embedding_dim=5, num_classes=7, learn_beta=True)
    assert own.get_parameter("loss.beta").shape == (7,)


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            ["loss.name=ArcFace"],
            "pytorch-metric-learning has no ArcFace among its losses; did you mean ArcFaceLoss?",
        ),
        (
            ["loss.name=TripletMarginLoss", "+loss.margn=1"],
            "TripletMarginLoss takes no margn; did you mean margin?",
        ),
        (["loss.name=RankedListLoss"], "RankedListLoss needs a value for margin; add +loss.margin=VALUE."),
        (
            ["loss.name=ArcFaceLoss", "loss.alpha=3"],
            "loss has no key alpha yet; +loss.alpha=VALUE adds it, if likeness.losses.metric_learning.PmlLoss takes",
        ),
        (
            ["loss.name=ArcFaceLoss", "+loss.num_classes=3"],
            "num_classes is handed to ArcFaceLoss by itself; leave it out.",
        ),
        (
            ["loss.name=TripletMarginLoss", "+loss._args_=[1]"],
            "_args_ is not a key of a part of TripletMarginLoss.",
        ),
        (
            ["loss.name=TripletMarginLoss", "+loss.distance={_target_: os.system, command: ls}"],
            "os.system, named within TripletMarginLoss, is no distance, reducer or regularizer",
        ),
        (
            [
                "loss.name=TripletMarginLoss",
                "+loss.distance={_target_: pytorch_metric_learning.utils.common_functions.os.system, command: ls}",
            ],
            "pytorch_metric_learning.utils.common_functions.os.system, named within TripletMarginLoss, is no distance",
        ),
        (
            [
                "loss.name=TripletMarginLoss",
                "+loss.distance={_target_: pytorch_metric_learning.distances.LpDistance, p: {_target_: os.getcwd}}",
            ],
            "os.getcwd, named within TripletMarginLoss, is no distance",
        ),
        (
            [
                "loss.name=TripletMarginLoss",
                "+loss.distance={_target_: pytorch_metric_learning.distances.LpDistance, pp: 3}",
            ],
            "LpDistance takes no pp; did you mean p?",
        ),
        (
            ["loss.name=TripletMarginLoss", "miner.name=BatchHard"],
            "pytorch-metric-learning has no BatchHard among its miners; did you mean BatchHardMiner?",
        ),
        (
            ["loss.name=TripletMarginLoss", "miner.name=AngularMiner", "+miner.angel=3"],
            "AngularMiner takes no angel; did you mean angle?",
        ),
        (["loss.name=TripletMarginLoss", "+miner.angle=3"], "miner.angle is a key of no miner"),
    ],
)
def test_a_mistake_is_one_sentence(overrides: list[str], sentence: str) -> None:
    with pytest.raises(LikenessError) as raised:
        training_config(["loss=pml", *overrides])
    assert str(raised.value).startswith(sentence)


def test_a_distance_of_the_library_is_taken() -> None:
    distance = "{_target_: pytorch_metric_learning.distances.LpDistance, p: 1}"
    config = training_config(["loss=pml", "loss.name=TripletMarginLoss", f"+loss.distance={distance}"])
    assert config.plain()["loss"]["distance"]["p"] == 1
