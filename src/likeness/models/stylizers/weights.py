"""A stylizer's weights from a file."""

from pathlib import Path

from torch import nn

from likeness.models.weights import read_weights

WITHIN_A_TASK = "stylizer."  # before each name in the weights of a run


def load_stylizer(network: nn.Module, path: str | Path, *, mend: str) -> None:
    """Load the weights at `path`: published ones, or a run's, of which those of the stylizer are taken.

    What the file has beyond the network's own, as old statistics of an instance normalisation, is left out.

    Raises:
        ValueError: there is no such file, it can't be read, or it holds another network's weights; `mend` is the
            end of that sentence.
    """
    read = read_weights(path, "give the path of a stylizer's")
    state = {name.removeprefix(WITHIN_A_TASK): value for name, value in read.items()}
    own = network.state_dict()
    wrong = [name for name, value in own.items() if name not in state or state[name].shape != value.shape]
    if wrong:
        raise ValueError(
            f"The weights in {path} belong to another network: {len(wrong)} of its {len(own)} tensors are missing "
            f"or of another shape, the first of them {wrong[0]}; {mend}."
        )
    network.load_state_dict({name: state[name] for name in own})
