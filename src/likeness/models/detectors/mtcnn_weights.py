"""The authors' weights of MTCNN, in the three files that carry them over to PyTorch."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from torch import nn

from likeness.models.detectors.mtcnn_networks import OutputNetwork, ProposalNetwork, RefinementNetwork
from likeness.models.weights import load_weights, read_weights

FILES = (("pnet.pt", "rnet.pt", "onet.pt"), ("mtcnn_pnet.pt", "mtcnn_rnet.pt", "mtcnn_onet.pt"))
"""What the files are called in the package that publishes them, and with the method's name before it."""

PUBLISHED = "`pip install --no-deps facenet-pytorch==2.6.0` brings the three files"


class MTCNNNetworks(NamedTuple):
    """P-Net, R-Net and O-Net, in the order in which they run."""

    proposal: ProposalNetwork
    refinement: RefinementNetwork
    output: OutputNetwork


def mtcnn_networks(weights: str | Path | Sequence[str | Path] | None = None) -> MTCNNNetworks:
    """The three networks with published weights.

    Args:
        weights: a folder that holds the three files, or the files of P-, R- and O-Net in this order; by default those
            of the installed package facenet-pytorch, which is not imported for that.

    Raises:
        ValueError: there are no such files, or they hold something else.
    """
    networks = MTCNNNetworks(ProposalNetwork(), RefinementNetwork(), OutputNetwork())
    modules: tuple[nn.Module, ...] = networks
    for network, path in zip(modules, _files(weights), strict=True):
        load_weights(network, read_weights(path, published=PUBLISHED), str(path))
        network.eval()
    return networks


def _files(weights: str | Path | Sequence[str | Path] | None) -> Sequence[str | Path]:
    if weights is None:
        return _in_folder(_installed(), "of the installed facenet-pytorch")
    if isinstance(weights, str | Path):
        return _in_folder(Path(weights).expanduser(), "that `weights` names")
    if len(weights) != 3:
        raise ValueError(
            f"`weights` takes a folder, or the three files of P-, R- and O-Net, but has {len(weights)} entries."
        )
    return weights


def _in_folder(folder: Path, which: str) -> list[Path]:
    for names in FILES:
        paths = [folder / name for name in names]
        if all(path.is_file() for path in paths):
            return paths
    raise ValueError(
        f"The folder {folder} {which} doesn't hold MTCNN's weights: it needs {', '.join(FILES[0])} "
        f"(or mtcnn_ before each); {PUBLISHED}."
    )


def _installed() -> Path:
    """Where facenet-pytorch keeps its weights; it is found, not imported, as its imports may be missing."""
    found = find_spec("facenet_pytorch")
    if found is None or not found.submodule_search_locations:
        raise ValueError(
            f"There are no weights of MTCNN: name the folder of pnet.pt, rnet.pt and onet.pt in `weights`; {PUBLISHED}."
        )
    return Path(next(iter(found.submodule_search_locations))) / "data"
