"""The schema of runs that train the pixels of an image."""

from pydantic import model_validator

from likeness.config.schema.features import Features
from likeness.config.schema.optimization import Lbfgs, PixelOptimizer
from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.style_data import StyleImages
from likeness.config.schema.style_losses import Sliced, StyleLoss
from likeness.config.schema.style_tasks import StyleTask
from likeness.config.schema.sweep import Objective


class PixelsConfig(TrainConfig):
    """What a run that trains the pixels of an image has."""

    objective = Objective(metric="cost/total", direction="minimize")
    measures = ("cost/total", "cost/content", "cost/style", "cost/total_variation")
    task: StyleTask
    backbone: Features
    loss: StyleLoss
    data: StyleImages
    optimizer: PixelOptimizer

    @model_validator(mode="after")
    def _nothing_is_kept_of_blocks(self) -> "PixelsConfig":
        if self.gradient_checkpointing:
            raise ValueError(
                "gradient_checkpointing=true is for networks that are trained; task.tile=256 makes a large image fit"
            )
        return self

    @model_validator(mode="after")
    def _one_image(self) -> "PixelsConfig":
        if self.trainer.max_epochs is not None:
            raise ValueError(
                "one image has no epochs; leave trainer.max_epochs=null and set trainer.max_steps"
            )
        if self.trainer.processes > 1:
            raise ValueError(
                "one image can't be shared by several devices; leave trainer.devices=1 and trainer.num_nodes=1"
            )
        if self.trainer.accumulate_grad_batches > 1:
            raise ValueError(
                "every step sees the same images, there is nothing to accumulate; "
                "leave trainer.accumulate_grad_batches=1"
            )
        if self.data.total_steps != self.trainer.max_steps:
            raise ValueError("data.total_steps is trainer.max_steps; set that instead")
        if isinstance(self.loss.statistic, Sliced) and self.data.masks is not None:
            raise ValueError(
                "sliced optimal transport takes no data.masks; choose statistic@loss.statistic=gram"
            )
        if isinstance(self.loss.statistic, Sliced) and isinstance(self.optimizer, Lbfgs):
            raise ValueError(
                "sliced optimal transport draws its directions anew at each step, which L-BFGS can't follow; "
                "use optimizer=adam"
            )
        if isinstance(self.optimizer, Lbfgs) and self.trainer.precision == "16-mixed":
            raise ValueError(
                "optimizer=lbfgs can't scale its loss as 16-mixed does; use trainer.precision=bf16-mixed"
            )
        return self
