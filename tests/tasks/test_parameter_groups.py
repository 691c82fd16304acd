"""Groups of parameters: what decays and what does not, and the rate of each layer."""

import pytest
import timm
import torch
from torch import nn

from likeness.errors import LikenessError
from likeness.models.small_conv import small_conv
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.build import build_task
from likeness.recipes.embedding.networks import build_networks
from likeness.recipes.optimizers import set_up_optimizer
from likeness.tasks.encoding import EncodingTask
from likeness.tasks.optimizers.groups import layers_of, parameter_groups


class Splits:
    classes = 4


def task_of(*overrides: str) -> EncodingTask:
    config = training_config(
        ["backbone.width=4", "backbone.spatial_size=32", "embedder.batch_norm=true", *overrides]
    )
    return build_task(config, build_networks(config), Splits())  # type: ignore[arg-type]


def settings(task: EncodingTask, key: str) -> dict[str, float]:
    """A setting of each trained parameter, by its name."""
    names = {id(parameter): name for name, parameter in task.named_parameters()}
    optimizer = task.configure_optimizers()["optimizer"]
    return {names[id(one)]: group[key] for group in optimizer.param_groups for one in group["params"]}


def test_the_default_is_one_group_in_the_order_of_the_parameters() -> None:
    task = task_of()
    (group,) = task.configure_optimizers()["optimizer"].param_groups
    assert [id(one) for one in group["params"]] == [id(one) for one in task.parameters()]


def test_norms_and_biases_do_not_decay() -> None:
    task = task_of("optimizer.decay_norms=false", "optimizer.weight_decay=0.3")
    decays = settings(task, "weight_decay")
    assert decays.keys() == {name for name, _ in task.named_parameters()}
    norms = [
        name for name, module in task.named_modules() if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d)
    ]
    for name, decay in decays.items():
        free = name.endswith(".bias") or name.rpartition(".")[0] in norms
        assert decay == (0 if free else 0.3), name
    assert set(decays.values()) == {0, 0.3}


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
def test_each_layer_has_the_rate_of_the_one_above_times_the_factor(schedule: str) -> None:
    """By the names that the layers of the network have, from the last to the first."""
    task = task_of("optimizer.layer_decay=0.5", "optimizer.lr=0.8", f"scheduler={schedule}")
    made = task.configure_optimizers()
    key = {"one_cycle": "max_lr", "cosine": "lr"}[schedule]
    names = {id(parameter): name for name, parameter in task.named_parameters()}
    rates = {names[id(p)]: group[key] for group in made["optimizer"].param_groups for p in group["params"]}
    blocks = [  # of small_conv, each of two convolutions
        {rates[f"embedder.backbone.network.{name}.{below}"] for below, _ in block.named_parameters()}
        for name, block in task.embedder.backbone.network.named_children()
        if isinstance(block, nn.Module) and any(True for _ in block.parameters())
    ]
    assert len(blocks) == 4
    found = [rate for (rate,) in blocks]
    assert found == pytest.approx([0.8 * 0.5 ** (4 - place) for place in range(4)])
    assert rates["embedder.projection.weight"] == 0.8


def test_a_norm_belongs_to_the_convolution_before_it() -> None:
    layers = layers_of(
        small_conv(width=4, spatial_size=32, channels=3, mean=[0.5] * 3, std=[0.5] * 3).network
    )
    norms = {name for name in layers if name.endswith("bias")}
    assert norms
    names = list(layers)
    for name in norms:
        before = names[names.index(name) - 1]
        assert layers[name] == layers[before]


def test_timm_says_what_its_layers_are() -> None:
    network = timm.create_model("test_vit", num_classes=0)
    ours = parameter_groups(
        network, lr=1.0, weight_decay=0.1, decay_norms=False, layer_decay=0.7, trunk=network
    )
    theirs = timm.optim.param_groups_layer_decay(network, weight_decay=0.1, layer_decay=0.7)
    rate = {id(one): group["lr"] for group in ours for one in group["params"]}
    other = {id(one): group["lr_scale"] for group in theirs for one in group["params"]}
    assert rate.keys() == other.keys()
    for parameter, scale in other.items():  # theirs counts from the network's last layer, ours from above it
        assert rate[parameter] == pytest.approx(0.7 * scale)


def test_without_a_backbone_there_are_no_layers() -> None:
    task, node = task_of(), training_config(["optimizer.layer_decay=0.5"]).optimizer  # type: ignore[attr-defined]
    with pytest.raises(
        LikenessError, match=r"optimizer\.layer_decay=0\.5 is for tasks that train a backbone"
    ):
        set_up_optimizer(task, node)


def test_what_an_optimizer_refuses_is_one_sentence() -> None:
    with pytest.raises(LikenessError, match=r"can't be set up so: .*momentum"):
        task_of("optimizer=torch", "optimizer.name=Adagrad")
    made = task_of(
        "optimizer=torch", "optimizer.name=Adagrad", "scheduler.cycle_momentum=false"
    ).configure_optimizers()
    assert isinstance(made["optimizer"], torch.optim.Adagrad)
    assert list(task_of("scheduler=none").configure_optimizers()) == ["optimizer"]
