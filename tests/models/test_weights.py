"""What of a file of weights goes into a network: all of it, under whatever prefix, or nothing."""

import logging
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
import torchvision
from torch import Tensor, nn

from likeness.models.features.vgg_weights import load_vgg
from likeness.models.stylizers.weights import load_stylizer
from likeness.models.weights import load_weights, read_weights

State = dict[str, Tensor]
PREFIXES = (
    "module.",
    "_orig_mod.",
    "model.",
    "model._orig_mod.",
    "module._orig_mod.backbone.",
    "net.module.",
)


class Small(nn.Module):
    """Two layers, a normalisation, and a buffer that is not saved."""

    def __init__(self, layers: int = 2, classes: int | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3)
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(layers)])
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("places", torch.arange(4), persistent=False)
        if classes:
            self.fc = nn.Linear(4, classes)


def equal(first: nn.Module, other: nn.Module) -> bool:
    theirs = other.state_dict()
    return all(value.equal(theirs[name]) for name, value in first.state_dict().items())


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefixes_of_wrappers_are_taken_off(prefix: str, tmp_path: Path) -> None:
    trained, network = Small(classes=7), Small()
    torch.save({f"{prefix}{name}": value for name, value in trained.state_dict().items()}, tmp_path / "w.pth")
    load_weights(network, read_weights(tmp_path / "w.pth"), "w.pth")
    assert equal(network, trained)


def test_the_real_wrappers_are_known(tmp_path: Path) -> None:
    trained = Small()
    wrapped = nn.DataParallel(torch.compile(trained))
    assert next(iter(wrapped.state_dict())).startswith("module._orig_mod.")
    torch.save(wrapped.state_dict(), tmp_path / "w.pth")
    network = Small()
    load_weights(network, read_weights(tmp_path / "w.pth"), "w.pth")
    assert equal(network, trained)


def test_of_a_lightning_checkpoint_the_network_is_taken_and_the_rest_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trained, network = Small(), Small()
    state = {f"model.{name}": value for name, value in trained.state_dict().items()}
    torch.save({"state_dict": {**state, "loss.proxies": torch.ones(9)}, "epoch": 3}, tmp_path / "w.ckpt")
    with caplog.at_level(logging.INFO, logger="likeness"):
        load_weights(network, read_weights(tmp_path / "w.ckpt"), "w.ckpt")
    assert equal(network, trained)
    assert (
        "Of w.ckpt model is taken; 1 tensors of other parts are left out, such as loss.proxies."
        in caplog.text
    )


class Trained(pl.LightningModule):
    """As somebody trains a network with Lightning."""

    def __init__(self, words: Any, width: int = 4) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.model = Small()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters())


def test_a_checkpoint_that_lightning_wrote_is_read(tmp_path: Path) -> None:
    module = Trained(Namespace(lr=0.1, name="mine"))
    trainer = pl.Trainer(
        logger=False, enable_checkpointing=False, accelerator="cpu", enable_progress_bar=False
    )
    trainer.strategy.connect(module)
    trainer.save_checkpoint(tmp_path / "w.ckpt")
    assert "hyper_parameters" in torch.load(tmp_path / "w.ckpt", weights_only=False)
    network = Small()
    load_weights(network, read_weights(tmp_path / "w.ckpt"), "w.ckpt")
    assert equal(network, module.model)


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_weights_are_found_beside_what_a_training_keeps(key: str, tmp_path: Path) -> None:
    trained, network = Small(), Small()
    beside = {"epoch": 3, "args": Namespace(lr=0.1), "best": np.float64(0.9), "optimizer": {"state": {}}}
    torch.save({key: trained.state_dict(), **beside}, tmp_path / "w.pth")
    load_weights(network, read_weights(tmp_path / "w.pth"), "w.pth")
    assert equal(network, trained)


def test_code_that_a_checkpoint_names_is_told_and_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": {}, "scheduler": Small()}, tmp_path / "w.pth")
    with pytest.raises(
        ValueError, match=r"holds more than weights: it names \S+, whose code is not run; save the"
    ):
        read_weights(tmp_path / "w.pth")


def test_two_networks_in_a_file_are_refused() -> None:
    state = {
        f"{part}.{name}": value
        for part in ("student", "teacher")
        for name, value in Small().state_dict().items()
    }
    with pytest.raises(
        ValueError, match="holds 2 such networks, student and teacher: save the one that is meant"
    ):
        load_weights(Small(), state, "w.pth")


@pytest.mark.parametrize("prefix", ["", *PREFIXES])
def test_tensors_that_a_network_does_not_have_are_refused(prefix: str, tmp_path: Path) -> None:
    state = {f"{prefix}{name}": value for name, value in Small(layers=3).state_dict().items()}
    torch.save(state, tmp_path / "w.pth")
    network = Small()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(
        ValueError, match=r"2 of its 13 tensors are none of this one's, such as layers\.2\.weight"
    ):
        load_weights(network, read_weights(tmp_path / "w.pth"), "w.pth")
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())


def test_resnet34_does_not_go_into_resnet18() -> None:
    deep = torchvision.models.resnet34().state_dict()
    with pytest.raises(ValueError, match=r"80 of its 218 tensors are none of this one's, such as layer1\.2"):
        load_weights(torchvision.models.resnet18(), deep, "resnet34.pth")


def test_a_classifier_and_buffers_that_are_not_saved_may_be_more() -> None:
    trained, network = Small(), Small()
    more = {"fc.weight": torch.ones(3, 4), "head.fc.bias": torch.ones(3), "places": torch.arange(4)}
    load_weights(network, {**trained.state_dict(), **more}, "w.pth")
    assert equal(network, trained)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_what_is_not_a_number_is_told_at_loading(value: float, name: str, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    state = Small().state_dict()
    state["layers.1.bias"][2] = value
    path = tmp_path / name
    save_file(state, path) if name.endswith("safetensors") else torch.save(state, path)
    with pytest.raises(ValueError, match=r"not a number .* in 1 of its 11 tensors, such as layers\.1\.bias"):
        read_weights(path)


def test_a_stylizer_s_weights_are_held_to_the_same(tmp_path: Path) -> None:
    def network() -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(3, 3, 1), nn.InstanceNorm2d(3, affine=True))

    trained, taken = network(), network()
    old = {"1.running_mean": torch.zeros(3), "1.running_var": torch.ones(3)}
    for prefix in ("", "stylizer.", "module."):
        state = {f"{prefix}{name}": value for name, value in {**trained.state_dict(), **old}.items()}
        torch.save(state, tmp_path / "w.pth")
        load_stylizer(taken, tmp_path / "w.pth", mend="take another")
        assert equal(taken, trained)
    torch.save({**trained.state_dict(), "2.weight": torch.ones(3)}, tmp_path / "w.pth")
    with pytest.raises(
        ValueError, match=r"1 of its 5 tensors are none of this one's, the first of them 2\.weight"
    ):
        load_stylizer(network(), tmp_path / "w.pth", mend="take another")


@pytest.mark.parametrize("prefix", ["", *PREFIXES])
def test_a_vgg_s_prefixes_are_taken_off_too(prefix: str, tmp_path: Path) -> None:
    conv = nn.Conv2d(3, 64, 3)
    state = {f"{prefix}features.0.{name}": value for name, value in conv.state_dict().items()}
    torch.save(state, tmp_path / "w.pth")
    taken = nn.Conv2d(3, 64, 3)
    load_vgg({"conv1_1": taken}, "vgg19", str(tmp_path / "w.pth"), ["conv1_1", "relu1_1"])
    assert equal(taken, conv)
