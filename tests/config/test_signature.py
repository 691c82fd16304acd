"""Keys of a node are held to the signature of what it calls."""

from pathlib import Path
from typing import Any, Literal

import pytest
from torch import nn

from likeness.config.signature import check_call, imported, keywords_of, nodes_in, parameters_of


class Base:
    def __init__(self, base: int = 0, *, only: float = 0.0) -> None: ...


class HandsOn(Base):
    def __init__(self, own: str = "", **more: Any) -> None: ...


class Inherits(HandsOn):
    pass


class TakesAny(nn.Module):
    def __init__(self, own: int = 0, **more: Any) -> None: ...


def typed(
    number: float,
    whole: int = 0,
    sides: tuple[int, int] = (1, 1),
    place: Path = Path(),
    kind: Literal["a", "b"] = "a",
    later: "Unknown" = None,  # type: ignore[name-defined]  # noqa: F821  # known to type checkers alone
    module: nn.Module | None = None,
) -> None: ...


def untyped(a, b=1, *rest, c=2): ...


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (Base, {"base", "only"}),
        (HandsOn, {"own", "base", "only"}),
        (Inherits, {"own", "base", "only"}),
        (TakesAny, None),
        (untyped, {"a", "b", "c"}),
    ],
)
def test_which_keys_there_are(target: Any, names: set[str] | None) -> None:
    assert keywords_of(target) == names


@pytest.mark.parametrize(
    ("target", "values"),
    [
        (untyped, {"a": "anything", "c": [1]}),
        (Base, {"base": 3, "only": 1}),  # an integer is a number
        (HandsOn, {"own": "x", "only": 0.5}),
        (TakesAny, {"own": 1, "whatever": 2}),
        (TakesAny, {"module": {"_target_": "a.B"}}),
    ],
)
def test_what_can_be_called_is_taken(target: Any, values: dict[str, Any]) -> None:
    check_call(target, values)


def test_annotations_that_can_be_resolved_are_checked() -> None:
    def known(
        number: float, sides: tuple[int, int], place: Path, module: nn.Module | None = None
    ) -> None: ...

    check_call(known, {"number": 1, "sides": [1, 2], "place": "folder", "module": {"_target_": "a.B"}})
    for name, value in {"number": "x", "sides": [1, 2, 3], "place": 3, "module": 3}.items():
        with pytest.raises(ValueError, match=f"takes no {name}="):
            check_call(known, {"number": 1, "sides": [1, 2], "place": "folder", name: value})


def test_an_annotation_for_type_checkers_alone_stops_nothing() -> None:
    check_call(typed, {"number": "anything"})


@pytest.mark.parametrize(
    ("target", "values", "sentence"),
    [
        (untyped, {}, "untyped needs a value for a"),
        (untyped, {"a": 1, "d": 2}, "untyped takes no d; known are a, b, c"),
        (HandsOn, {"onw": 1}, "HandsOn takes no onw; did you mean own?"),
        (Base, {"base": 1.5}, "Base takes no base=1.5"),
        (Base, {"base": True}, "Base takes no base=True: it should be a number, not true or false"),
        (Base, {"only": "0.5"}, "Base takes no only='0.5': it should be a number, without quotes"),
    ],
)
def test_what_can_not_be_called_is_refused_by_name(
    target: Any, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=r"takes no|needs a value") as raised:
        check_call(target, values)
    assert str(raised.value).startswith(sentence)


def test_what_is_handed_in_or_comes_later_is_not_missing() -> None:
    check_call(untyped, {}, handed=("a",))
    check_call(untyped, {}, partial=True)


def test_nodes_are_found_at_any_depth() -> None:
    inner = {"_target_": "a.B", "x": {"_target_": "c.D"}}
    found = [node["_target_"] for node in nodes_in({"p": [inner, {"q": {"_target_": 3}}], "s": "_target_"})]
    assert found == ["a.B", "c.D", 3]


def test_names_are_imported_or_told() -> None:
    assert imported("pathlib.Path") is Path
    assert set(parameters_of(imported("likeness.config.signature.check_call"))) == {
        "target",
        "values",
        "handed",
        "partial",
    }
    for name, sentence in {
        "pathlib.Pth": "pathlib has no Pth; did you mean",
        "no_such_package.Thing": "no_such_package can't be imported: there is no module no_such_package",
        "math.pi": "math.pi is neither a class nor a function",
        "name": "can't be imported",
    }.items():
        with pytest.raises(ValueError, match=r"has no|can't be|neither") as raised:
            imported(name)
        assert sentence in str(raised.value)
