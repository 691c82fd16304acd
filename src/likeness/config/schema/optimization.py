"""The schema of optimizers and of the schedules of their rates."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from likeness.config.nearest import nearest
from likeness.config.schema.base import MISSING, Node, Positive, Share
from likeness.config.schema.outside import OR_OUTSIDE_IN_PART
from likeness.config.signature import check_call, missing_in, nodes_in, refuse_reserved

LearningRate = Annotated[float, Field(gt=0, le=1e30)]  # a step must not overflow float32


_OF_OTHER_PACKAGES = ["bnb*", "fused*"]  # bitsandbytes and APEX, which say so only where they are made


class OptimizerNode(Node):
    """What every optimizer of ours has: a rate, decay, and the groups that its parameters come in."""

    of_the_recipe = frozenset({"decay_norms", "layer_decay"})
    partial: Literal[True] = Field(alias="_partial_")
    lr: LearningRate
    weight_decay: Annotated[float, Field(ge=0)] | None
    decay_norms: bool = True
    layer_decay: Annotated[float, Field(gt=0, le=1)] | None = None

    @property
    def has_groups(self) -> bool:
        """Whether its parameters come in groups."""
        return not self.decay_norms or self.layer_decay is not None

    @model_validator(mode="after")
    def _groups_have_a_decay(self) -> "OptimizerNode":
        if self.has_groups and self.weight_decay is None:
            raise ValueError("groups of parameters need a number for optimizer.weight_decay, such as 0")
        return self


class _Fused(OptimizerNode):
    weight_decay: Annotated[float, Field(ge=0)]
    fused: bool | None


class AdamW(_Fused):
    """AdamW (Loshchilov and Hutter 2019)."""

    target: Literal["torch.optim.AdamW"] = Field(alias="_target_")
    betas: Annotated[list[float], Field(min_length=2, max_length=2)]


class Sgd(_Fused):
    """Stochastic gradient descent with momentum."""

    target: Literal["torch.optim.SGD"] = Field(alias="_target_")
    momentum: Annotated[float, Field(ge=0, lt=1)]
    nesterov: bool


class _NamedOptimizer(OptimizerNode):
    """One that is chosen by its name; its further keys are those of its signature."""

    model_config = ConfigDict(extra="allow")

    called: ClassVar[str]
    unfit: ClassVar[Mapping[str, str]]
    name: str

    @classmethod
    def known(cls) -> Mapping[str, Any]:
        """The classes, by name."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _keys_are_the_optimizer_s(self) -> "_NamedOptimizer":
        if self.name != MISSING:
            values = {**(self.model_extra or {}), "lr": self.lr}
            if self.weight_decay is not None:
                values["weight_decay"] = self.weight_decay
            _check_named(self.called, self.name, values, self.known(), self.unfit)
        return self


class TorchOptimizer(_NamedOptimizer):
    """Any optimizer of torch by the name of its class."""

    target: Literal["likeness.tasks.optimizers.named.torch_optimizer"] = Field(alias="_target_")
    called = "optimizer of torch"
    unfit: ClassVar[Mapping[str, str]] = {
        "LBFGS": "evaluates a batch more than once; optimizer=lbfgs is for the pixels of one image",
        "Optimizer": "is what optimizers derive from",
        "SparseAdam": "takes sparse gradients alone",
    }

    @classmethod
    def known(cls) -> Mapping[str, Any]:
        """The classes, by name."""
        import torch  # which a configuration that names none does without

        return _subclasses_in(torch.optim, torch.optim.Optimizer)


class TimmOptimizer(_NamedOptimizer):
    """Any optimizer of timm by timm's name."""

    target: Literal["likeness.tasks.optimizers.named.timm_optimizer"] = Field(alias="_target_")
    called = "optimizer of timm"
    unfit: ClassVar[Mapping[str, str]] = {
        "adahessian": "needs the gradient of a gradient, which training does not compute",
        **dict.fromkeys(
            ("kron", "kronc", "kronw"), "draws from a generator of its own, which no checkpoint has"
        ),
    }

    @classmethod
    def known(cls) -> Mapping[str, Any]:
        """The classes, by name."""
        from likeness.timm_alone import get_optimizer_class, list_optimizers

        names = map(str, list_optimizers(exclude_filters=_OF_OTHER_PACKAGES))
        return {name: get_optimizer_class(name, bind_defaults=False) for name in names}


Optimizer = Annotated[
    AdamW | Sgd | TorchOptimizer | TimmOptimizer, Field(discriminator="target"), OR_OUTSIDE_IN_PART
]


class Lbfgs(Node):
    """L-BFGS (Liu and Nocedal 1989), an iteration a step."""

    target: Literal["torch.optim.LBFGS"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    lr: LearningRate
    max_iter: Literal[1]
    history_size: Positive
    tolerance_grad: Annotated[float, Field(ge=0, le=0)]
    tolerance_change: Annotated[float, Field(ge=0, le=0)]


PixelOptimizer = Annotated[AdamW | Lbfgs, Field(discriminator="target")]


class OneCycle(Node):
    """The one-cycle schedule (Smith and Topin 2019); its top is `optimizer.lr`, and its warm-up `pct_start`."""

    target: Literal["torch.optim.lr_scheduler.OneCycleLR"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    max_lr: Annotated[float, Field(gt=0)]
    total_steps: Positive
    pct_start: Share
    cycle_momentum: bool = True


class WarmedUp(Node):
    """What a schedule may have before it: `warmup` steps in which its rates grow."""

    of_the_recipe = frozenset({"warmup"})
    partial: Literal[True] = Field(alias="_partial_")
    warmup: Annotated[int, Field(ge=0)] = 0


class Cosine(WarmedUp):
    """A cosine from `optimizer.lr` to `eta_min` (Loshchilov and Hutter 2017)."""

    target: Literal["torch.optim.lr_scheduler.CosineAnnealingLR"] = Field(alias="_target_")
    T_max: Positive
    eta_min: Annotated[float, Field(ge=0)]


class Constant(WarmedUp):
    """One learning rate throughout."""

    target: Literal["torch.optim.lr_scheduler.ConstantLR"] = Field(alias="_target_")
    factor: Annotated[float, Field(ge=1, le=1)]


class Exponential(WarmedUp):
    """A rate that shrinks by the factor `gamma` at every step."""

    target: Literal["torch.optim.lr_scheduler.ExponentialLR"] = Field(alias="_target_")
    gamma: Annotated[float, Field(gt=0, le=1)]


class TorchScheduler(WarmedUp):
    """Any schedule of torch by the name of its class; its further keys are those of its signature."""

    model_config = ConfigDict(extra="allow")

    target: Literal["likeness.tasks.optimizers.named.torch_scheduler"] = Field(alias="_target_")
    name: str
    unfit: ClassVar[Mapping[str, str]] = {
        "ChainedScheduler": "is made of other schedules",
        "LRScheduler": "is what schedules derive from",
        "LambdaLR": "takes a function",
        "MultiplicativeLR": "takes a function",
        "ReduceLROnPlateau": "goes by a metric, and not by steps",
        "SequentialLR": "is made of other schedules; scheduler.warmup puts a warm-up before any",
    }

    @model_validator(mode="after")
    def _keys_are_the_schedule_s(self) -> "TorchScheduler":
        if self.name == MISSING:
            return self
        from torch.optim import lr_scheduler  # which a configuration that names none does without

        known = _subclasses_in(lr_scheduler, lr_scheduler.LRScheduler)
        _check_named("schedule of torch", self.name, self.model_extra or {}, known, self.unfit)
        missing = missing_in(known[self.name], self.model_extra or {}, {"optimizer"})
        if missing:
            raise ValueError(f"{self.name} needs a value for {missing[0]}; add +scheduler.{missing[0]}=VALUE")
        return self


Scheduler = Annotated[
    OneCycle | Cosine | Constant | Exponential | TorchScheduler,
    Field(discriminator="target"),
    OR_OUTSIDE_IN_PART,
]


def _subclasses_in(module: Any, base: type) -> dict[str, Any]:
    return {
        name: found
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, base) and not name.startswith("_")
    }


def _check_named(
    kind: str, name: str, values: Mapping[str, Any], known: Mapping[str, Any], unfit: Mapping[str, str]
) -> None:
    """Raise a ValueError where what is chosen by name is none of those `known`, is `unfit`, or takes no such keys."""
    if reason := unfit.get(name):
        raise ValueError(f"{name} {reason}; choose another {kind}")
    if name not in known:
        fit = [one for one in known if one not in unfit]
        raise ValueError(f"there is no {kind} called {name}; {nearest(name, fit).rstrip('.')}")
    refuse_reserved(name, values)
    if found := next(nodes_in(dict(values)), None):
        raise ValueError(f"{name} takes numbers and words, not {found['_target_']}")
    check_call(known[name], values, partial=True)
