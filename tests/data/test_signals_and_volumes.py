"""Signals and volumes: drawn, in arrays, and in folders of recordings and scans."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from likeness.data.arrays import arrays, from_mu_law
from likeness.data.audio_folder import audio_folder, recording
from likeness.data.drawn_signals import drawn_signals, sine
from likeness.data.drawn_solids import drawn_solids
from likeness.data.duplicates import duplicates_in
from likeness.data.fitted import fitted
from likeness.data.images import DataSplits, Images
from likeness.data.statistics import channel_statistics
from likeness.data.volume_folder import volume, volume_folder
from likeness.errors import UnreadableImage
from likeness.evaluation import best_threshold, evaluate_classification

COUNTS = {"identities": 3, "samples_per_identity": 6, "validation_identities": 0, "channels": 1}
DRAWN = {
    "signals": (drawn_signals, [512]),
    "solids": (drawn_solids, [24, 24, 24]),
}


def drawn(kind: str, **changes: Any) -> DataSplits:
    source, size = DRAWN[kind]
    return source(**{**COUNTS, "test_identities": 4, "seed": 0, "spatial_size": size, **changes})


def to_test(splits: DataSplits) -> Images:
    assert splits.test is not None
    return splits.test


@pytest.mark.parametrize("kind", DRAWN)
def test_a_drawn_sample_is_a_function_of_seed_and_index(kind: str) -> None:
    samples = to_test(drawn(kind))
    order = np.random.default_rng(0).permutation(len(samples)).tolist()
    for index, sample in zip(order, samples.load(order), strict=True):
        assert torch.equal(samples.load([index])[0], sample)
    others = to_test(drawn(kind, seed=1)).load([0, 1])
    assert not any(torch.equal(*pair) for pair in zip(samples.load([0, 1]), others, strict=True))
    # as many identities of whatever number: the tested ones stay who they are
    assert torch.equal(to_test(drawn(kind, identities=9)).load([5])[0], samples.load([5])[0])
    with pytest.raises(IndexError):
        samples.load([len(samples)])


@pytest.mark.parametrize("kind", DRAWN)
def test_raw_values_verify_at_most_65_percent(kind: str) -> None:
    identities, each = 80, COUNTS["samples_per_identity"]
    samples = to_test(drawn(kind, test_identities=identities))
    values = torch.stack(samples.load(range(len(samples)))).flatten(1).double().numpy()
    draw = np.random.default_rng(0)
    same = np.arange(1000) % 2 == 0
    one = draw.integers(identities, size=1000)
    other = np.where(same, one, (one + draw.integers(1, identities, size=1000)) % identities)
    first = draw.integers(each, size=1000)
    second = (first + draw.integers(1, each, size=1000)) % each
    distance = np.square(values[one * each + first] - values[other * each + second]).sum(1)
    assert np.mean((distance < best_threshold(distance, same)) == same) <= 0.65


def test_the_sine_is_nearly_one() -> None:
    turns = np.linspace(-3, 3, 1001, dtype=np.float32)[None]
    assert np.abs(sine(turns) - np.sin(2 * np.pi * turns)).max() < 0.002


def test_statistics_are_those_of_all_values() -> None:
    samples = to_test(drawn("signals"))
    found = channel_statistics(samples)
    values = torch.stack(samples.load(range(len(samples)))).double()
    assert found.samples == len(samples)
    torch.testing.assert_close(found.mean, values.mean((0, 2)).float())
    torch.testing.assert_close(found.std, values.std((0, 2), correction=0).float())


# arrays


def saved(folder: Path, **held: NDArray[Any]) -> str:
    np.savez(folder / "a.npz", **held)
    return str(folder / "a.npz")


def read(path: str, **keys: Any) -> DataSplits:
    usual = {"samples": "x", "labels": "y", "spatial_size": [10], "channels": 1, "split": [0.0, 0.0, 1.0]}
    return arrays(path=path, **{**usual, **keys})


def test_arrays_are_samples_padded_or_cut_to_their_middle(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(8, 12)).astype(np.float64)
    labels = np.repeat(["a", "b"], 4)
    samples = to_test(read(saved(tmp_path, x=values, y=labels)))
    assert torch.equal(samples.load([3])[0], torch.from_numpy(values[3:4, 1:11]).float())
    assert samples.identity_name(int(samples.identity[5])) == "b"
    two = saved(tmp_path, x=np.zeros((8, 2, 4, 5), np.uint8), y=labels)
    planes = to_test(read(two, spatial_size=[4, 6], channels=2))
    assert (planes.load([0])[0].dtype, planes.load([0])[0].shape) == (torch.uint8, (2, 4, 6))
    assert np.array_equal(fitted(np.arange(1, 4), (6,)), [0, 1, 2, 3, 0, 0])


def test_bits_and_mu_law_are_what_they_are_packed_from(tmp_path: Path) -> None:
    volumes = np.random.default_rng(0).integers(0, 2, (6, 3, 4, 5), np.uint8)
    path = saved(tmp_path, x=np.packbits(volumes.reshape(6, -1), axis=1), y=np.arange(6) // 2)
    samples = to_test(read(path, coding="bits", bits_shape=[3, 4, 5], spatial_size=[3, 4, 5]))
    assert torch.equal(torch.stack(samples.load(range(6)))[:, 0], torch.from_numpy(volumes * 255))
    wave = np.linspace(-1, 1, 101)
    law = np.sign(wave) * np.log(1 + 255 * np.abs(wave)) / np.log(256)
    stored = np.round((law + 1) / 2 * 255).astype(np.uint8)
    assert np.abs(from_mu_law(stored) - wave).max() < 0.025


@pytest.mark.parametrize(
    ("held", "keys", "said"),
    [
        ({"x": np.zeros((4, 10))}, {}, "has no array y; it has x"),
        ({"x": np.zeros((4, 10)), "y": np.arange(3)}, {}, "has 4 samples in x and labels [3] in y"),
        ({"x": np.full((4, 10), np.nan), "y": np.arange(4) // 2}, {}, "4 samples of x in"),
        ({"x": np.array([{}] * 4, object), "y": np.arange(4) // 2}, {}, "holds pickled objects"),
        ({"x": np.array([["a"] * 10] * 4), "y": np.arange(4) // 2}, {}, "not numbers"),
        (
            {"x": np.zeros((4, 10)), "y": np.arange(4) // 2},
            {"spatial_size": [4, 4]},
            "are no samples of 1 channels with 2 axes",
        ),
        ({"x": np.zeros((0, 10)), "y": np.zeros(0)}, {}, "in which there are no samples"),
        ({"x": np.float32(1), "y": np.zeros(1)}, {}, "in which there are no samples"),
        ({"x": np.zeros((4, 10)), "y": np.array([0, 0, np.nan, 1])}, {}, "labels that are not numbers"),
        ({"x": np.zeros((4, 10)), "y": np.array(["a", "a", "", "b"])}, {}, "holds empty labels"),
        (
            {"x": np.zeros((4, 10)), "y": np.arange(4) // 2, "c": np.arange(5)},
            {"contexts": "c"},
            "contexts [5] in c: give one context for each",
        ),
        (
            {"x": np.zeros((4, 10)), "y": np.arange(4) // 2},
            {"coding": "bits", "bits_shape": [10]},
            "samples of 10 bits are rows of at least 2 bytes",
        ),
        (
            {"x": np.zeros((4, 1), np.uint8), "y": np.arange(4) // 2},
            {"coding": "bits", "bits_shape": [10]},
            "is uint8 [4, 1], and samples of 10 bits",
        ),
        ({"x": np.zeros((4, 10)), "y": np.arange(4) // 2}, {"coding": "mu_law"}, "mu-law is of bytes"),
        (
            {"x": np.zeros((4, 10)), "y": np.arange(4) // 2, "t": np.zeros((1, 10)), "u": np.array([7])},
            {"test_samples": "t", "test_labels": "u"},
            "Class 7 in u of",
        ),
    ],
)
def test_arrays_that_won_t_do_are_told(
    held: dict[str, Any], keys: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read(saved(tmp_path, **held), **keys)


def test_labels_are_the_same_as_whole_numbers_and_as_floats(tmp_path: Path) -> None:
    held = {"x": np.zeros((4, 10)), "y": np.array([1, 1, 2, 2])}
    held |= {"t": np.ones((2, 10)), "u": np.array([2.0, 1.0])}
    found = read(saved(tmp_path, **held), test_samples="t", test_labels="u")
    assert found.train is not None
    for part in (found.train, to_test(found)):
        assert [part.identity_name(one) for one in range(2)] == ["1", "2"]


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    path = Path(saved(tmp_path, x=np.random.default_rng(0).normal(size=(40, 10)), y=np.arange(40) // 2))
    content = bytearray(path.read_bytes())
    content[300] ^= 255
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is no array of NumPy's that can be read: replace it\.$"):
        read(str(path))


def test_copies_are_told_and_dropped(tmp_path: Path) -> None:
    x = np.arange(80, dtype=np.float32).reshape(8, 10)
    x[1], x[6] = x[0], x[2]  # within an identity, and across
    t = np.concatenate([x[3:4], x[4:5] + 500])  # one stands in train
    y = np.arange(8) // 4
    official = {"test_samples": "t", "test_labels": "u"}
    path = saved(tmp_path, x=x, y=y, t=t, u=np.array([0, 1]))
    whole = read(path, **official)
    assert whole.train is not None
    found = duplicates_in({"train": whole.train, "test": to_test(whole)})
    assert [(one.name, one.first) for one in found.within] == [
        ("train: sample 1 (0)", "train: sample 0 (0)"),
        ("test: test sample 0 (0)", "train: sample 3 (0)"),
    ]
    assert [(one.name, one.first) for one in found.across] == [("train: sample 6 (1)", "train: sample 2 (0)")]
    dropped = read(path, **official, drop_duplicates=True)
    assert dropped.train is not None
    assert (len(dropped.train), len(to_test(dropped))) == (6, 1)


# folders


def test_recordings_are_averaged_resampled_and_brought_to_one_length(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    seconds = np.arange(8000) / 8000
    for speaker in range(2):
        (tmp_path / f"s{speaker}").mkdir()
        for number in range(2):
            tone = 0.5 * np.sin(2 * np.pi * (50 + 30 * number + 100 * speaker) * seconds)
            soundfile.write(tmp_path / f"s{speaker}" / f"{number}.flac", np.stack([tone, 0 * tone], 1), 8000)
    found = audio_folder(root=str(tmp_path), rate=4000, spatial_size=[3000], channels=1, split=[0, 0, 1])
    (sample,) = to_test(found).load([0])
    wanted = 0.25 * np.sin(2 * np.pi * 50 * np.arange(4000) / 4000)[500:3500]
    assert sample.shape == (1, 3000)
    assert np.abs(sample[0].numpy() - wanted)[50:-50].max() < 0.01
    copy = tmp_path / "s1" / "9.flac"
    copy.write_bytes((tmp_path / "s0" / "1.flac").read_bytes())
    again = audio_folder(root=str(tmp_path), rate=4000, spatial_size=[3000], channels=1, split=[0, 0, 1])
    (across,) = duplicates_in({"test": to_test(again)}).across
    assert (across.name, across.first) == ("test: s1/9.flac", "test: s0/1.flac")
    copy.write_bytes(b"RIFF not")
    with pytest.raises(UnreadableImage, match=r"9\.flac is no recording"):
        recording(str(copy), rate=4000, length=100)
    soundfile.write(copy.with_suffix(".wav"), np.array([0.0, np.nan] * 50), 4000, subtype="FLOAT")
    with pytest.raises(UnreadableImage, match=r"9\.wav holds values that are not numbers"):
        recording(str(copy.with_suffix(".wav")), rate=4000, length=100)
    copy.with_suffix(".wav").unlink()
    soundfile.write(tmp_path / "s1" / "empty.wav", np.zeros(0), 8000)
    with pytest.raises(ValueError, match=r"empty\.wav has no samples"):
        audio_folder(root=str(tmp_path), rate=4000, spatial_size=[3000], channels=1, split=[0, 0, 1])


def test_volumes_are_read_of_nifti_and_numpy(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    scan = np.random.default_rng(0).normal(size=(6, 7, 8)).astype(np.float32)
    for identity in "ab":
        (tmp_path / identity).mkdir()
        np.save(tmp_path / identity / "scan.npy", scan)
        nibabel.save(nibabel.Nifti1Image(scan, np.eye(4)), tmp_path / identity / "scan.nii.gz")
    sizes = {"spatial_size": [6, 7, 10], "channels": 1, "split": [0, 0, 1]}
    samples = to_test(volume_folder(root=str(tmp_path), **sizes))
    for sample in samples.load(range(4)):
        assert torch.equal(sample[0, :, :, 1:9], torch.from_numpy(scan))
    np.save(tmp_path / "a" / "scan.npy", np.full((6, 7, 8), np.inf))
    with pytest.raises(UnreadableImage, match="not numbers"):
        samples.load([1])
    for damaged in (scan.astype(np.complex64), scan.view([("r", np.float32), ("g", np.float32)])):
        np.save(tmp_path / "a" / "scan.npy", damaged)
        with pytest.raises(UnreadableImage, match="no volume of plain numbers"):
            samples.load([1])
    nibabel.save(nibabel.Nifti1Image(scan, np.eye(4)), tmp_path / "a" / "cut.nii")
    cut = tmp_path / "a" / "cut.nii"
    cut.write_bytes(cut.read_bytes()[:-100])
    with pytest.raises(UnreadableImage, match=r"cut\.nii is no volume"):
        volume(str(cut), lengths=[6, 7, 8])
    np.save(tmp_path / "a" / "none.npy", np.zeros((6, 0, 8)))
    with pytest.raises(ValueError, match=r"none\.npy has no values"):
        volume_folder(root=str(tmp_path), **sizes)
    (tmp_path / "a" / "none.npy").unlink()
    np.save(tmp_path / "a" / "flat.npy", scan[0])
    with pytest.raises(ValueError, match=r"flat\.npy has 2 axes, not 3"):
        volume_folder(root=str(tmp_path), **sizes)


@pytest.mark.real_data
def test_the_copies_in_modelnet_are_those_that_are_known(real_data: Path) -> None:
    """191 grids of the training part are copies of another, and 72 of the test part stand in the training part."""
    found = arrays(
        path=str(real_data / "volumes" / "modelnet10-voxels.npz"),
        samples="train_voxels",
        labels="train_labels",
        test_samples="test_voxels",
        test_labels="test_labels",
        coding="bits",
        bits_shape=[30, 30, 30],
        spatial_size=[30, 30, 30],
        channels=1,
    )
    assert found.train is not None
    copies = duplicates_in({"train": found.train, "test": to_test(found)})
    all_copies = [*copies.within, *copies.across]
    assert len(found.train) == 3991
    assert sum(one.name.startswith("train:") for one in all_copies) == 191
    assert sum(one.name.startswith("test:") and one.first.startswith("train:") for one in all_copies) == 72


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "length", "error"), [("ECG5000", 140, 0.0751), ("FacesUCR", 131, 0.2307)])
def test_the_published_error_of_the_nearest_neighbour_is_found(
    name: str, length: int, error: float, real_data: Path
) -> None:
    official = {"test_samples": "test_series", "test_labels": "test_label"}
    path = real_data / "signals" / f"ucr-{name}.npz"
    found = arrays(
        path=str(path),
        samples="train_series",
        labels="train_label",
        spatial_size=[length],
        channels=1,
        **official,
    )
    train, test = found.train, to_test(found)
    assert train is not None
    parts = [torch.stack(part.load(range(len(part)))).flatten(1).numpy() for part in (train, test)]
    measured = evaluate_classification(parts[0], train.identity, parts[1], test.identity)
    assert round(measured["classification/1nn_error"].value, 4) == error
