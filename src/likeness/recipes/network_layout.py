"""How a network that is trained lies in memory, and whether it is compiled."""

import torch
from torch import nn

from likeness.config.schema.runs import TrainConfig


def lay_out(network: nn.Module, config: TrainConfig) -> None:
    """Give a network's weights the order that `channels_last` asks for, and compile it in place under `compile`."""
    if config.channels_last:
        network.to(memory_format=torch.channels_last)
    if config.compile:
        network.compile()
