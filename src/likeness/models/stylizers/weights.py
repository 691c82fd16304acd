"""A stylizer's weights from a file."""

from pathlib import Path

from torch import nn

from likeness.models.weights import STATISTICS, read_weights, without_prefix


def load_stylizer(network: nn.Module, path: str | Path, *, mend: str) -> None:
    """Load the weights at `path`: published ones, or a run's, of which those of the stylizer are taken.

    Old statistics of an instance normalisation are left out.

    Raises:
        ValueError: there is no such file, it can't be read, or it holds another network's weights; `mend` is the
            end of that sentence.
    """
    read = read_weights(path, "give the path of a stylizer's")
    own = network.state_dict()
    state = without_prefix(read, own, str(path))
    wrong = [name for name, value in own.items() if name not in state or state[name].shape != value.shape]
    if wrong:
        raise ValueError(
            f"The weights in {path} belong to another network: {len(wrong)} of its {len(own)} tensors are missing "
            f"or of another shape, the first of them {wrong[0]}; {mend}."
        )
    strange = [name for name in state if name not in own and not name.endswith(STATISTICS)]
    if strange:
        raise ValueError(
            f"The weights in {path} belong to another network: {len(strange)} of its {len(state)} tensors are none of "
            f"this one's, the first of them {strange[0]}; {mend}."
        )
    network.load_state_dict({name: state[name] for name in own})
