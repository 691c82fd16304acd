"""Check the keys of a node against the signature of what it calls, for parts that have no schema of their own."""

import inspect
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from likeness.config.nearest import nearest

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def imported(target: str) -> Callable[..., Any]:
    """The class or function that a dotted name stands for.

    Raises:
        ValueError: there is no such thing, or its module fails while it is imported.
    """
    module_name, _, name = target.rpartition(".")
    try:
        module = import_module(module_name)
    except Exception as error:  # whatever somebody else's module raises
        raise ValueError(
            f"{module_name} can't be imported ({type(error).__name__}: {error}); is it installed, or on PYTHONPATH?"
        ) from error
    try:
        found: Callable[..., Any] = getattr(module, name)
    except AttributeError:
        raise ValueError(f"{module_name} has no {name}; {nearest(name, public_names(module))}") from None
    if not callable(found):
        raise ValueError(f"{target} is neither a class nor a function")
    return found


def public_names(module: Any) -> list[str]:
    """The names of a module's classes and functions."""
    return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")] or [
        "nothing that could be called"
    ]


def parameters_of(target: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters that can be given by name."""
    return {name: one for name, one in inspect.signature(target).parameters.items() if one.kind in _BY_NAME}


def check_call(
    target: Callable[..., Any],
    values: Mapping[str, Any],
    *,
    handed: Collection[str] = (),
    partial: bool = False,
) -> None:
    """Raise a ValueError where `target` can't be called with the keywords `values`.

    Args:
        target: a class or a function.
        values: keys of a node of the configuration.
        handed: names of parameters that need no key, since they are handed in where the part is made.
        partial: more arguments are handed in later, so none is missing.

    Raises:
        ValueError: a name that the target has not, a value that its annotation does not take, or a missing value.
    """
    known = parameters_of(target)
    takes_any = any(
        one.kind is inspect.Parameter.VAR_KEYWORD for one in inspect.signature(target).parameters.values()
    )
    for name in values:
        if name not in known and not takes_any:
            raise ValueError(f"{_name(target)} takes no {name}; {nearest(name, known)}")
    missing = [
        name
        for name, one in known.items()
        if one.default is inspect.Parameter.empty and name not in values and name not in handed
    ]
    if missing and not partial:
        raise ValueError(f"{_name(target)} needs a value for {missing[0]}; add {missing[0]}=VALUE")
    annotations = _annotations(target)
    for name, value in values.items():
        if name in annotations:
            _check_type(target, name, value, annotations[name])


def _annotations(target: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of the parameters, as far as they can be resolved."""
    try:
        return get_type_hints(target.__init__ if inspect.isclass(target) else target)
    except (NameError, TypeError, AttributeError):  # an annotation that is known to type checkers alone
        return {}


def _check_type(target: Callable[..., Any], name: str, value: Any, annotation: Any) -> None:
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except TypeError:  # a model has a configuration of its own
        adapter = TypeAdapter(annotation)
    except Exception:  # pydantic can't tell what such a value would be
        return
    try:
        adapter.validate_python(value, strict=False)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Input ")
        raise ValueError(f"{_name(target)} takes no {name}={value}: it {said}") from None


def _name(target: Callable[..., Any]) -> str:
    return getattr(target, "__qualname__", repr(target))
