"""`likeness probe`: its columns, what stays as it was, what is kept between calls, and what it refuses."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from layered_networks import SIDES, chain, layered
from PIL import Image
from sample_images import people
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler
from typer.testing import CliRunner

from likeness.applications.probe import encodings
from likeness.applications.probe.measured import LOGISTIC, NEAREST, RIDGE, SHUFFLED, UNTRAINED, measured
from likeness.applications.probe.probe import FACTS, FIGURE, probe
from likeness.applications.probe.subject import ProbedImages, ProbedNetwork, Subject, subject_of
from likeness.cli import app
from likeness.data.arrays import arrays
from likeness.data.images import DataSplits
from likeness.data.skipping import SkippingUnreadable
from likeness.data.stored_encodings import fingerprint_of, read_encodings, write_encodings
from likeness.evaluation.probes import halves_of
from likeness.inspection import pooled
from likeness.inspection.pooling import grid_of
from likeness.randomness import key
from likeness.recipes.embedding import kept_encodings

RUN = str(next(Path(__file__).parents[2].glob("past_runs/finished/*")))
SINGLES = ["data=image_folder", "data.root=faces"]
SMALL = ["loader.workers=0", "batch_size=8", "features=40", "resamples=20"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("probe")


@pytest.fixture(autouse=True)
def cache(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))


@pytest.fixture(scope="module")
def made(place: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        return probe(RUN, [*SMALL, f"runs_dir={place}"], ())


def test_all_columns_are_there_and_the_network_is_as_it_was(made: Path) -> None:
    facts = json.loads((made / FACTS).read_text())
    rows = {layer["name"]: layer["recognised"] for layer in facts["layers"]}
    subject = subject_of(RUN, SMALL, ())
    assert list(rows) == ["raw input", *subject.layers, "final embedding"]
    columns = {RIDGE, LOGISTIC, NEAREST, SHUFFLED}
    assert rows["raw input"].keys() == columns
    assert all(row.keys() == {*columns, UNTRAINED} for name, row in rows.items() if name != "raw input")
    assert all("low" in metric and "high" in metric for row in rows.values() for metric in row.values())
    assert facts["weights_sha256"] == facts["weights_sha256_afterwards"] == subject.network.weights
    assert (made / FIGURE).stat().st_size > 5000


def test_no_statistic_of_a_batch_norm_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    subject = subject_of(RUN, SMALL, ())
    before = {name: value.clone() for name, value in subject.network.layered.network.state_dict().items()}
    encodings.encodings_of(subject, subject.network, subject.images.asked)
    after = subject.network.layered.network.state_dict()
    assert any("running_mean" in name for name in before)
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert not subject.network.layered.network.training


def test_a_layer_is_measured_as_scikit_learn_would_on_what_it_gives(made: Path) -> None:
    subject = subject_of(RUN, SMALL, ())
    facts = json.loads((made / FACTS).read_text())
    name = subject.layers[-1]
    row = next(layer for layer in facts["layers"] if layer["name"] == name)
    images = subject.images.asked
    values = torch.stack(images.load(range(len(images)))).float() / 255
    maps = subject.network.layered.features(values, [name])[name].clamp(min=0)  # a ReLU follows
    known = pooled(maps, 40).double().numpy()
    learned, asked = halves_of(images.identity, seed=key("halves", 0) % 2**63)
    scaler = StandardScaler().fit(known[learned])
    ridge = Ridge(alpha=row["penalties"][RIDGE] * len(learned)).fit(
        scaler.transform(known[learned]), np.eye(images.identity.max() + 1)[images.identity[learned]]
    )
    right = ridge.predict(scaler.transform(known[asked])).argmax(1) == images.identity[asked]
    assert row["recognised"][RIDGE]["value"] == pytest.approx(right.mean())


def test_encodings_are_made_once_and_known_by_what_decides_them(
    made: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    write = kept_encodings.write_encodings
    monkeypatch.setattr(
        kept_encodings, "write_encodings", lambda *words: (calls.append(words[0]), write(*words))[1]
    )
    before = (made / FACTS).read_text()
    assert probe(RUN, [*SMALL, f"runs_dir={place}"], ()) == made
    assert (made / FACTS).read_text() == before
    assert not calls
    subject = subject_of(RUN, [*SMALL, "features=39"], ())
    encodings.encodings_of(subject, subject.network, subject.images.asked)
    assert len(calls) == 1
    (calls[0] / "0.npy").open("r+b").write(b"\x93NUMPX")  # a file that somebody altered is none
    encodings.encodings_of(subject, subject.network, subject.images.asked)
    assert len(calls) == 2


def test_encodings_that_end_in_a_mistake_leave_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    good = (np.array([0, 2]), {"x": np.ones((2, 3), np.float32)})
    with pytest.raises(ValueError, match="x gives what is not a number"):
        write_encodings(folder, 4, [good, (np.array([3]), {"x": np.full((1, 3), np.nan, np.float32)})])
    assert not list(folder.parent.iterdir())
    stored = write_encodings(folder, 4, [good])
    assert stored.index.tolist() == [0, 2]
    assert stored.arrays["x"][stored.index].tolist() == [[1, 1, 1]] * 2
    assert read_encodings(tmp_path) is None


def stored(place: Path, rank: int, split: tuple[float, float, float] | None) -> DataSplits:
    """Two classes of noise of any rank, one of them brighter; `split` by identities, or None for an official one."""
    draw, sides = np.random.default_rng(rank), SIDES[rank]
    label = np.arange(24) % 2 if split is None else np.arange(24) // 2
    values = (draw.random((24, *sides)) + 2 * (label % 2).reshape(-1, *(1,) * rank)).astype(np.float32)
    np.savez(place, x=values, y=label, tx=values[::-1], ty=label[::-1])
    known = {"path": str(place), "samples": "x", "labels": "y", "spatial_size": sides, "channels": 1}
    if split is None:
        return arrays(**known, test_samples="tx", test_labels="ty")
    return arrays(**known, split=split)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_classes_that_were_trained_on_are_learned_from_all_of_them_at_any_rank(
    rank: int, tmp_path: Path
) -> None:
    splits = stored(tmp_path / "stored.npz", rank, None)
    assert splits.train is not None
    assert splits.test is not None
    networks = [ProbedNetwork(layered(build, rank), f"{rank} {build.__name__}") for build in (chain, chain)]
    config = subject_of(RUN, SMALL, ()).config
    images = ProbedImages(SkippingUnreadable(splits.train), SkippingUnreadable(splits.test), closed_set=True)
    found = measured(Subject("chain", config, *networks, ["0.1", "5"], "final features", images))
    assert (found.classes, found.learned, found.asked) == (2, 24, 24)
    assert [layer.name for layer in found.layers] == ["raw input", "0.1", "5", "final features"]
    assert found.layers[0].columns[RIDGE].value == 1
    assert found.layers[0].columns[SHUFFLED].value < 1
    assert found.layers[1].columns[RIDGE].value > 0.9


def test_what_could_not_be_read_is_told_of_stored_encodings_too(tmp_path: Path) -> None:
    people(tmp_path / "faces", dict.fromkeys("abcdefgh", 3), "png", (32, 32))
    (tmp_path / "faces" / "c" / "1.png").write_bytes(b"no image")
    words = [
        *SMALL,
        "data=image_folder",
        f"data.root={tmp_path / 'faces'}",
        "data.split=[0,0.5,0.5]",
        "columns=[]",
    ]
    told = []
    for _ in range(2):
        told.append(
            json.loads((probe(RUN, [*words, f"runs_dir={tmp_path}"], ()) / FACTS).read_text())["unreadable"]
        )
    assert told == [["c/1.png"]] * 2


def test_a_changed_file_has_other_encodings(tmp_path: Path) -> None:
    images = stored(tmp_path / "stored.npz", 1, (0, 0.5, 0.5)).test
    assert images is not None
    before = fingerprint_of(images)
    assert fingerprint_of(images) == before
    os.utime(tmp_path / "stored.npz", ns=(1, 1))
    assert fingerprint_of(images) != before


@pytest.mark.parametrize("sides", [(64,), (20, 30), (9, 8, 10)])
def test_maps_of_any_rank_are_pooled_as_finely_as_they_may(sides: tuple[int, ...]) -> None:
    maps = torch.rand(2, 3, *sides)
    grid = grid_of(3, sides, 100)
    assert 3 * np.prod(grid) <= 100 < 3 * np.prod([min(max(grid) + 1, side) for side in sides])
    assert pooled(maps, 100).shape == (2, 3 * np.prod(grid))
    torch.testing.assert_close(pooled(maps, 1), maps.flatten(2).mean(2))
    torch.testing.assert_close(pooled(maps, 10**6), maps.flatten(1))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([RUN, "layers=[9.9]"], "has no layer 9.9; its layers are 0.0, 0.1,"),
        ([RUN, "backbone.width=8"], "the network is the run's own"),
        ([RUN, "columns=[forest]"], "columns"),
        (["encoder.onnx"], "an ONNX file hands out embeddings alone"),
        (["nothing"], "nothing is neither a run's folder"),
        (["pip", "backbone=small_conv"], "This backbone takes no weights"),
        ([RUN, *SINGLES, "data.split=[0,0,1]"], "no validation split to choose penalties on"),
        ([RUN, *SINGLES, "data.split=[0,0.5,0.5]"], "of 2 identities have two; choose others"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    words: Sequence[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("0/1", "0/2", "1/1", "1/2", "2/1", "3/1"):  # two people alone have two images
        (tmp_path / "faces" / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (int(place[0]), 0, 0)).save(tmp_path / "faces" / f"{place}.png")
    done = CliRunner().invoke(app, ["probe", *words])
    assert done.exit_code == 1
    assert said in str(done.exception) + done.output
