"""The schema of runs that train a network to stylize images in one pass."""

from pydantic import model_validator

from likeness.config.schema.features import Features
from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.style_data import StyleFolders
from likeness.config.schema.style_losses import StyleLoss
from likeness.config.schema.style_tasks import AdainTask, StylizerTask
from likeness.config.schema.stylizers import AdainDecoder, Stylizer
from likeness.config.schema.sweep import Objective
from likeness.config.schema.training import Optimizer


class StylizerConfig(TrainConfig):
    """What a run that trains a network to paint pictures has."""

    objective = Objective(metric="cost/total", direction="minimize")
    measures = ("cost/total", "cost/content", "cost/style", "cost/total_variation")
    task: StylizerTask
    backbone: Features
    stylizer: Stylizer
    loss: StyleLoss
    data: StyleFolders
    optimizer: Optimizer

    @model_validator(mode="after")
    def _stylizer_fits(self) -> "StylizerConfig":
        if isinstance(self.task, AdainTask) != isinstance(self.stylizer, AdainDecoder):
            raise ValueError("task=adain trains stylizer=adain, and task=feedforward trains stylizer=johnson")
        return self
