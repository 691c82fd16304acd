"""A part of the configuration, and the kinds of numbers that stand in several."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

Share = Annotated[float, Field(ge=0, le=1)]
HardestShare = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Place = Annotated[str, Field(min_length=1)]  # a path; an empty one would be the current folder
SpatialSize = Positive | Annotated[list[Positive], Field(min_length=1, max_length=3)]
"""A number for a square image, or the length of each of 1 to 3 axes."""

Colours = Literal[1, 3]
"""The channels of an image: grey, or red, green and blue."""

PerChannel = Annotated[list[float], Field(min_length=1)]


MISSING = "???"
"""What OmegaConf has in place of a value that is to be given."""


class Node(BaseModel):
    """A part of the configuration: its keys are known, and no other is taken.

    `of_the_recipe` are keys that the recipe reads itself and does not hand to the node's target.
    """

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=(), validate_default=True
    )

    of_the_recipe: ClassVar[frozenset[str]] = frozenset()

    _place: str = PrivateAttr("")

    @property
    def place(self) -> str:
        """The dotted key of the part in the configuration that was checked, as `data`; empty where there is none."""
        return self._place

    def put_at(self, place: str) -> None:
        """Tell the part, and all parts in it, where it stands."""
        self._place = place
        within = f"{place}." if place else ""
        for name, value in self:
            below = value.items() if isinstance(value, dict) else [(None, value)]
            for key, part in below:
                if isinstance(part, Node):
                    part.put_at(within + (name if key is None else f"{name}.{key}"))

    def plain(self) -> dict[str, Any]:
        """The part as dictionaries, lists, numbers and strings, by the keys of the configuration."""
        return self.model_dump(by_alias=True, serialize_as_any=True)


class FileSource(Node):
    """Data that are read from files.

    `hash` says of which files a run's record keeps the hash: of all, or of a few of each set and the sizes of the
    others.
    """

    of_the_recipe = frozenset({"hash"})
    hash: Literal["full", "sampled"] = "full"


def target_of(node: type[Node]) -> str | None:
    """The `_target_` that a node's schema stands for, or None where it has none, or any."""
    field = next((field for field in node.model_fields.values() if field.alias == "_target_"), None)
    return next(iter(get_args(field.annotation)), None) if field else None


def allowed() -> dict[str, type[Node]]:
    """The nodes that have a schema of their own, by the `_target_` that they stand for."""
    return {target: node for node in _subclasses(Node) if (target := target_of(node))}


def _subclasses(node: type[Node]) -> Iterator[type[Node]]:
    for one in node.__subclasses__():
        yield one
        yield from _subclasses(one)
