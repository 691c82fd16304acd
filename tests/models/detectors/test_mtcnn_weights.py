"""Where MTCNN's weights come from, and what is said where they don't."""

import sys
from pathlib import Path

import pytest
import torch

from likeness.models.detectors.mtcnn_networks import OutputNetwork, ProposalNetwork, RefinementNetwork
from likeness.models.detectors.mtcnn_weights import FILES, mtcnn_networks


def write(folder: Path, names: tuple[str, ...]) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / name for name in names]
    for path, network in zip(paths, (ProposalNetwork(), RefinementNetwork(), OutputNetwork()), strict=True):
        torch.save(network.state_dict(), path)
    return paths


@pytest.mark.parametrize("names", FILES)
def test_a_folder_or_its_files(tmp_path: Path, names: tuple[str, ...]) -> None:
    paths = write(tmp_path / "weights", names)
    for networks in (
        mtcnn_networks(tmp_path / "weights"),
        mtcnn_networks(str(tmp_path / "weights")),
        mtcnn_networks(paths),
    ):
        for network, path in zip(networks, paths, strict=True):
            assert not network.training
            for name, values in torch.load(path, weights_only=True).items():
                assert torch.equal(network.state_dict()[name], values)


def test_the_installed_package_is_found_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "facenet_pytorch"
    write(package / "data", FILES[0])
    (package / "__init__.py").write_text("raise ImportError('a dependency is missing')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "facenet_pytorch", raising=False)
    mtcnn_networks()
    assert "facenet_pytorch" not in sys.modules


def test_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("likeness.models.detectors.mtcnn_weights.find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match=r"no weights of MTCNN: name the folder .* in `weights`; `pip install"
    ):
        mtcnn_networks()


def test_a_folder_without_one_of_the_files(tmp_path: Path) -> None:
    write(tmp_path / "weights", FILES[0])[1].unlink()
    with pytest.raises(
        ValueError, match=r"that `weights` names doesn't hold MTCNN's weights: it needs pnet.pt, rnet.pt"
    ):
        mtcnn_networks(tmp_path / "weights")


def test_two_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="three files of P-, R- and O-Net, but has 2 entries"):
        mtcnn_networks(write(tmp_path / "weights", FILES[0])[:2])


def test_files_in_another_order_are_another_network(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="belong to another network"):
        mtcnn_networks(write(tmp_path / "weights", FILES[0])[::-1])


def test_a_file_cut_short(tmp_path: Path) -> None:
    path = write(tmp_path / "weights", FILES[0])[0]
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="can't be read as weights; is it whole"):
        mtcnn_networks(tmp_path / "weights")
