"""How a network that is trained lies in memory, whether it is compiled, and whether its gradient is steady."""

import torch
from torch import Tensor, nn

from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.training import Trainer
from likeness.data.as_float import CHANNELS_LAST
from likeness.errors import LikenessError, one_line
from likeness.models.gradient_checkpointing import checkpoint_gradients
from likeness.models.rank import unsteady_layer
from likeness.runs.training.devices import device_of

_SAID = 400  # characters of what torch's compiler says, which may be pages


def lay_out(network: nn.Module, config: TrainConfig, trunk: nn.Module | None = None) -> None:
    """Give a network's weights the order that `channels_last` asks for, and compile it in place under `compile`.

    Under `gradient_checkpointing` the blocks of its `trunk`, by default of all of it, keep their inputs alone.

    Raises:
        LikenessError: it has no blocks.
    """
    if config.gradient_checkpointing and not checkpoint_gradients(network if trunk is None else trunk):
        raise LikenessError(
            "gradient_checkpointing=true needs a network of blocks, and this one has none: leave it out."
        )
    if config.channels_last:
        most = max((weight.ndim for weight in network.state_dict().values()), default=0)
        network.to(memory_format=CHANNELS_LAST.get(most, torch.contiguous_format))
    if config.compile:
        network.compile()


def refuse_uncompilable(config: TrainConfig) -> None:
    """Raise a LikenessError where `compile=true` lacks what it needs on a CPU: a C++ compiler, Python's headers.

    It compiles a sum, which takes seconds: the tools that a first step would need are looked for before training.
    """
    if not config.compile or device_of(config.trainer.accelerator).type != "cpu":
        return
    from torch._inductor.cpp_builder import get_cpp_compiler  # slow to import, and for compile=true alone
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
        torch.compile(_sum)(torch.ones(2))
    except InvalidCxxCompiler as error:
        raise LikenessError(
            "compile=true needs a C++ compiler on a CPU, and none is found: install g++, name another in the "
            "environment variable CXX, or leave compile=true out."
        ) from error
    except Exception as error:  # whatever torch's compiler stumbles over would end the first step too
        raise LikenessError(
            f"compile=true fails here ({one_line(error)[:_SAID].rstrip('.')}): mend that, or leave compile=true out."
        ) from error


def _sum(values: Tensor) -> Tensor:
    return (values + 1).sum()


def refuse_unsteady(network: nn.Module, trainer: Trainer) -> None:
    """Raise a LikenessError where `trainer.deterministic=true` asks for what a layer of volumes can't give on a GPU."""
    if trainer.deterministic is not True or device_of(trainer.accelerator).type == "cpu":
        return
    if (layer := unsteady_layer(network)) is not None:
        kind = type(network.get_submodule(layer)).__name__
        raise LikenessError(
            f"The backbone's layer {layer}, a {kind}, has no deterministic gradient on a GPU: choose "
            "trainer.deterministic=warn, or a backbone that halves volumes by strides, such as backbone=small_conv."
        )
