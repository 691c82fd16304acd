"""A head on the encoder of another run."""

from pathlib import Path

import pytest
import torch
from killing import WORDS, finish, only_run

from likeness.config.compose import composed
from likeness.errors import LikenessError
from likeness.runs.build import build_networks
from likeness.runs.inputs import build_inputs
from likeness.runs.training.checkpoints import newest_checkpoint


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    assert finish([f"runs_dir={folder}", *WORDS]) == 0
    return only_run(folder)


def words(encoder: Path, *more: str) -> list[str]:
    return [*WORDS, "task=similarity", f"task.encoder={encoder}", *more]


def weights(run: Path) -> dict[str, torch.Tensor]:
    checkpoint = newest_checkpoint(run)
    assert checkpoint is not None
    return checkpoint.weights


def test_a_frozen_encoder_stays_as_it_was_and_the_head_learns(encoder: Path, tmp_path: Path) -> None:
    assert finish(words(encoder, "task.frozen=true", f"runs_dir={tmp_path}")) == 0
    before, after = weights(encoder), weights(only_run(tmp_path))
    assert after.keys() - before.keys() == {"head.weight", "head.bias"}
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert after["head.weight"].unique().numel() > 1


def test_one_that_is_not_frozen_begins_there(encoder: Path) -> None:
    networks = build_networks(composed("config", words(encoder)))
    before = weights(encoder)
    for name, value in networks.embedder.state_dict().items():
        assert torch.equal(value, before[f"embedder.{name}"])


def test_the_encoder_is_a_part_of_what_a_run_is_recognised_by(encoder: Path) -> None:
    alone = build_inputs(composed("config", [*WORDS, "task=similarity"])).fingerprints
    assert build_inputs(composed("config", words(encoder))).fingerprints.keys() - alone.keys() == {"encoder"}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("embedder.embedding_dim=64", "hold another network's weights than the configuration describes"),
        ("task.encoder=nowhere", "^nowhere has no checkpoint that can be read"),
    ],
)
def test_an_encoder_that_does_not_fit_is_one_sentence(encoder: Path, more: str, sentence: str) -> None:
    with pytest.raises(LikenessError, match=sentence):
        build_networks(composed("config", words(encoder, more)))
