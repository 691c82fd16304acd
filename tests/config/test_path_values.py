"""The path that a user types is the path that is read."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

from likeness.config.compose import composed
from likeness.config.overrides import parsed
from likeness.config.path_values import SEVERAL, SINGLE, with_literal_paths
from likeness.config.schema.base import Node, Place
from likeness.recipes.choose import FAMILIES

ODD = [
    "~/pictures",
    "José",
    "名前",
    "Bob's",
    'the "best"',
    "a=b",
    "a#b",
    "Photos (2024)",
    "2024",
    "1e3",
    "true",
    "none",
    "a,b",
    "[a]",
    "{a: b}",
    "a\\",
    "a\\'b",
    " a ",
    "a:b",
    "@a",
    "$HOME",
    "glob(*)",
    "C:\\pictures",
    "e\u0301",
    "-r",
    "😀",
]


@pytest.mark.parametrize("path", ODD)
def test_a_path_is_taken_as_it_is(path: str) -> None:
    for key in ("data.root", "++test_data.root", "backbone.weights", "runs_dir"):
        (override,) = parsed(with_literal_paths([f"{key}={path}"]))
        assert override.value() == path


def test_a_path_comes_as_it_is_into_the_configuration() -> None:
    for path in ODD[::6]:
        config = composed("config", with_literal_paths(["data=image_folder", f"data.root={path}"]))
        assert config.data.root == path


@pytest.mark.parametrize(
    "path", [path for path in ODD if not {",", "'", '"'} & {*path} and path == path.strip()]
)
def test_so_does_one_of_several(path: str) -> None:
    (override,) = parsed(with_literal_paths([f"data.style=[{path},plain.jpg]"]))
    assert override.value() == [path, "plain.jpg"]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("data.root='a b'", "a b"),
        ('data.root="Bob\'s"', "Bob's"),
        ("data.root='null'", "null"),
        ("data.root=null", None),
        ("data.root=plain/folder", "plain/folder"),
        ("data.root=${oc.env:HOME}/a", "${oc.env:HOME}/a"),
        ("data.style=['a,b',c]", ["a,b", "c"]),
        ("sampler.images=3", 3),
        ("data.split=[0.5,0.25,0.25]", [0.5, 0.25, 0.25]),
    ],
)
def test_what_is_written_for_hydra_stays_what_it_is(argument: str, value: Any) -> None:
    assert with_literal_paths([argument]) == [argument]
    assert parsed([argument])[0].value() == value


def test_of_a_sweep_commas_and_choices_part_the_paths() -> None:
    (one,) = parsed(with_literal_paths(["data.root=José,a#b"], sweeps=True))
    assert [value.text if hasattr(value, "text") else value for value in one.value().list] == ["José", "a#b"]
    assert with_literal_paths(["data.root=choice(a,b)"], sweeps=True) == ["data.root=choice(a,b)"]


def _nodes(node: type[Node] = Node) -> Iterator[type[Node]]:
    for one in node.__subclasses__():
        yield one
        yield from _nodes(one)


def test_no_key_of_the_schema_that_takes_a_path_is_forgotten() -> None:
    assert FAMILIES  # which imports every schema
    known = {key.rpartition(".")[2] for key in SINGLE | SEVERAL}
    found = {
        name
        for node in _nodes()
        for name, hint in get_type_hints(node, include_extras=True).items()
        if hint == Place or Place in get_args(hint)
    }
    assert {"root", "path", "annotations", "images", "train"} <= found
    assert found <= known
