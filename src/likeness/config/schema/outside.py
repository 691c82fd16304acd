"""A part of somebody else's: any class or function of a trusted package, by the keys of its signature."""

import inspect
from collections.abc import Callable
from typing import Any

from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationInfo,
    WrapValidator,
    model_validator,
)

from likeness.config.schema.base import Node, allowed
from likeness.config.signature import (
    NoValue,
    check_call,
    check_nested,
    imported,
    missing_in,
    nodes_in,
    refuse_reserved,
)
from likeness.config.trust import is_trusted

HANDED = ("classes", "embedding_dim")
"""What a loss or a head is handed where its signature has a parameter of that name: the number of training
identities, and the number of dimensions of an embedding."""


class Outside(Node):
    """A node whose `_target_` is of a trusted package; its keys are those of the target's signature."""

    model_config = ConfigDict(extra="allow")

    target: str = Field(alias="_target_")
    partial: bool = Field(alias="_partial_", default=False)

    @property
    def values(self) -> dict[str, Any]:
        """The keywords that the target is called with."""
        return self.model_extra or {}

    @model_validator(mode="after")
    def _can_be_called(self, info: ValidationInfo) -> "Outside":
        refuse_reserved(self.target, self.values)
        ours = allowed()
        for nested in nodes_in(self.values):
            if str(nested["_target_"]) not in ours and not is_outside(nested["_target_"], info):
                raise ValueError(
                    f"{nested['_target_']}, named within {self.target}, is not of a trusted package; add its package "
                    "to trust if it is yours, or you know its code"
                )
            check_nested(nested)
        check_call(imported(self.target), self.values, handed=HANDED, partial=self.partial)
        return self


def is_outside(target: Any, info: ValidationInfo) -> bool:
    """Whether a `_target_` is of a package that the validation's context trusts."""
    trust = (info.context or {}).get("trust", ())
    return isinstance(target, str) and is_trusted(target, trust)


def _made_whole(node: dict[str, Any]) -> None:
    if node.get("_partial_"):
        raise ValueError(f"{node['_target_']} is made before it is used; leave _partial_ out of its keys")


def _made_in_part(node: dict[str, Any]) -> None:
    if node.get("_partial_") is not True:
        raise ValueError(
            f"{node['_target_']} is handed more where it is made; add _partial_: true to its keys"
        )


def _called(node: dict[str, Any]) -> None:
    target = imported(node["_target_"])
    if inspect.isclass(target):
        _made_whole(node)
    elif not node.get("_partial_") and (missing := missing_in(target, node, HANDED)):
        raise NoValue(target, missing[0], called=True)


def _or_outside(refuse: Callable[[dict[str, Any]], None]) -> WrapValidator:
    """What makes a field take a part of a trusted package in place of one of ours, unless `refuse` raises."""

    def validate(value: Any, handler: ModelWrapValidatorHandler[Node], info: ValidationInfo) -> Node:
        if isinstance(value, dict) and is_outside(value.get("_target_"), info):
            refuse(value)
            return Outside.model_validate(value, context=info.context)
        return handler(value)

    return WrapValidator(validate)


OR_OUTSIDE = _or_outside(_made_whole)
"""Makes a field take a part of a trusted package in place of one of ours."""

OR_OUTSIDE_IN_PART = _or_outside(_made_in_part)
"""As `OR_OUTSIDE`, of a part that is `_partial_`: the rest of its arguments comes later."""

OR_OUTSIDE_CALLED = _or_outside(_called)
"""As `OR_OUTSIDE`, of a part that is called: an object of a class, or a function, which is `_partial_`."""
