"""How a network that is trained lies in memory, and whether it is compiled."""

import torch
from torch import nn

from likeness.config.schema.runs import TrainConfig
from likeness.data.as_float import CHANNELS_LAST


def lay_out(network: nn.Module, config: TrainConfig) -> None:
    """Give a network's weights the order that `channels_last` asks for, and compile it in place under `compile`."""
    if config.channels_last:
        most = max((weight.ndim for weight in network.state_dict().values()), default=0)
        network.to(memory_format=CHANNELS_LAST.get(most, torch.contiguous_format))
    if config.compile:
        network.compile()
