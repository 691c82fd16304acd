"""YAML whose aliases stand for more than a memory holds: ten lists of nine aliases of the one before are billions."""

from pathlib import Path

import yaml

from likeness.errors import LikenessError, one_line

_MOST = 100_000
"""Values that a configuration may have once its aliases are written out; ours have a few hundred."""


def refuse_alias_bomb(path: Path) -> None:
    """Raise a LikenessError where a YAML file, its aliases written out, is far larger than a configuration.

    A file that can't be read, or is no YAML, is left to whoever reads it next.
    """
    try:
        text = path.read_text(errors="replace")
        if "*" not in text:  # no aliases, and composing it takes time
            return
        root = yaml.compose(text, yaml.SafeLoader)  # the loader in C dies of ten thousand brackets
        size = 0 if root is None else _written_out(root, {})
    except (OSError, yaml.YAMLError):
        return
    except RecursionError as error:  # a list that holds itself, or ten thousand brackets
        raise LikenessError(f"{path} nests its values without an end ({one_line(error)}).") from error
    if size > _MOST:
        raise LikenessError(
            f"{path} has aliases that stand for {size:,} values; a configuration has a few hundred."
        )


def _written_out(node: yaml.Node, known: dict[int, int]) -> int:
    """The number of values of a node whose aliases are written out; each is looked at once."""
    if id(node) not in known:
        children: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            children = node.value
        elif isinstance(node, yaml.MappingNode):
            children = [one for pair in node.value for one in pair]
        known[id(node)] = 1 + sum(_written_out(child, known) for child in children)
    return known[id(node)]
