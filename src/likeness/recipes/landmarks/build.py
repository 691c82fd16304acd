"""From a checked configuration to the task of a run that trains the points of faces."""

from pathlib import Path

import torch

from likeness.config.make import make, told
from likeness.config.schema.landmarks import LandmarksConfig
from likeness.models.detectors.mtcnn_networks import OutputNetwork
from likeness.randomness import key
from likeness.recipes.optimizers import optimizer_of, set_up_optimizer
from likeness.runs.training.checkpoints import checkpoint_of, load_part
from likeness.tasks.detection import LandmarksTask


def build_network(config: LandmarksConfig) -> OutputNetwork:
    """The network as the seed makes it."""
    torch.manual_seed(key("weights", config.seed))
    network: OutputNetwork = make(config.landmarker)
    return network


def build_task(config: LandmarksConfig, network: OutputNetwork) -> LandmarksTask:
    """The task at step 0.

    Raises:
        LikenessError: a part refuses its values.
    """
    with told(config.task):
        task: LandmarksTask = make(config.task)(
            network=network, **optimizer_of(config.optimizer, config.scheduler, config.trainer.accelerator)
        )
    set_up_optimizer(task, config.optimizer)
    return task


def trained_network(config: LandmarksConfig, run: Path) -> OutputNetwork:
    """The network of a run with the weights that it hands on, in evaluation.

    Raises:
        LikenessError: the run has no checkpoint, or it is another network's.
    """
    network: OutputNetwork = make(config.landmarker)
    load_part(network, "network", checkpoint_of(run), run)
    return network.eval()
