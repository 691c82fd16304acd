"""Check the keys of a node against the signature of what it calls, for parts that have no schema of their own."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from likeness.config.nearest import nearest
from likeness.config.own_modules import make_importable
from likeness.config.trust import targets_in
from likeness.errors import one_line

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class NoValue(ValueError):
    """A parameter without a default has no key; what reads the configuration knows how the key is called there.

    `called` says of a function that it may be meant to be called with the parameter later.
    """

    def __init__(self, target: Callable[..., Any], parameter: str, *, called: bool = False) -> None:
        super().__init__(f"{_name(target)} needs a value for {parameter}")
        self.parameter, self.called = parameter, called


def imported(target: str) -> Callable[..., Any]:
    """The class or function that a dotted name stands for, which is ours or of a package that is trusted.

    Raises:
        ValueError: there is no such thing, or its module fails while it is imported.
    """
    module_name, _, name = target.rpartition(".")
    try:
        make_importable(module_name)
        module = import_module(module_name)
    except (Exception, SystemExit) as error:  # whatever somebody else's module raises
        raise ValueError(f"{module_name} can't be imported: {_why_not(module_name, error)}") from error
    found: Any = getattr(module, name, None)
    if inspect.ismodule(found) or (found is None and _has_module(module, target)):
        raise ValueError(f"{target} is a module; name a class or function in it, as {target}.NAME")
    if not hasattr(module, name):
        raise ValueError(f"{module_name} has no {name}; {nearest(name, public_names(module))}")
    if not callable(found):
        raise ValueError(f"{target} is neither a class nor a function")
    return cast("Callable[..., Any]", found)


def _why_not(module: str, error: BaseException) -> str:
    """Why a module can't be imported: it is missing, or another one is that it needs, or it fails."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing is None:
        return f"it ends in {type(error).__name__}: {one_line(error).rstrip('.')}"
    if f"{module}.".startswith(f"{missing}."):
        return f"there is no module {missing}; is it installed, or on PYTHONPATH?"
    return f"it needs {missing}, which is not there; install that, or have it on PYTHONPATH"


def _has_module(package: Any, target: str) -> bool:
    """Whether a dotted name is that of a module in a package, though it is not imported yet."""
    return hasattr(package, "__path__") and find_spec(target) is not None


def public_names(module: Any) -> list[str]:
    """The names of a module's classes and functions."""
    return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")] or [
        "nothing that could be called"
    ]


def parameters_of(target: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters of a class or function that can be given by name."""
    return {name: one for name, one in inspect.signature(target).parameters.items() if one.kind in _BY_NAME}


def keywords_of(target: Callable[..., Any]) -> set[str] | None:
    """The names that a class or function can be given, or None where it takes any.

    A class that takes `**kwargs` is taken to hand them on to the class that it derives from, where that has parameters.
    """
    known: set[str] = set()
    for one in inspect.getmro(target) if inspect.isclass(target) else [target]:
        if inspect.isclass(one) and "__init__" not in vars(one):
            continue
        if one is object or one.__module__.startswith("torch.nn.modules"):
            return None
        parameters = inspect.signature(one.__init__ if inspect.isclass(one) else one).parameters.values()
        known |= {each.name for each in parameters if each.kind in _BY_NAME and each.name != "self"}
        if all(each.kind is not inspect.Parameter.VAR_KEYWORD for each in parameters):
            return known
    return None


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
    known = keywords_of(target)
    for name in values:
        if known is not None and name not in known:
            raise ValueError(f"{_name(target)} takes no {name}; {nearest(name, known).rstrip('.')}")
    missing = missing_in(target, values, handed)
    if missing and not partial:
        raise NoValue(target, missing[0])
    annotations = _annotations(target)
    for name, value in values.items():
        if name in annotations and not any(targets_in(value)):  # what a nested part makes is known only later
            _check_type(target, name, value, annotations[name])


def missing_in(
    target: Callable[..., Any], values: Collection[str], handed: Collection[str] = ()
) -> list[str]:
    """The parameters without a default that have no key and are not handed in."""
    return [
        name
        for name, one in parameters_of(target).items()
        if one.default is inspect.Parameter.empty and name not in values and name not in handed
    ]


def nodes_in(value: Any) -> Iterator[dict[str, Any]]:
    """The nodes, which have a `_target_`, in nested dictionaries and lists, at any depth."""
    if isinstance(value, dict) and "_target_" in value:
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes_in(one)


def check_nested(node: Mapping[str, Any]) -> None:
    """As `check_call`, of a node that is a value of another's."""
    more = {name: value for name, value in node.items() if name not in ("_target_", "_partial_")}
    refuse_reserved(node["_target_"], more)
    try:
        check_call(imported(node["_target_"]), more, partial=node.get("_partial_") is True)
    except NoValue as error:  # its key is not one of the outer node's
        raise ValueError(str(error)) from None


def refuse_reserved(target: str, values: Mapping[str, Any]) -> None:
    """Raise a ValueError for a key that says to Hydra how a part is made, such as `_args_` or `_convert_`."""
    for name in values:
        if name.startswith("_"):
            raise ValueError(f"{name} is not a key of a part of {target}")


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
        read = adapter.validate_python(value, strict=False)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Input ")
        raise ValueError(f"{_name(target)} takes no {name}={value}: it {said}") from None
    if isinstance(value, bool) and isinstance(read, int | float) and not isinstance(read, bool):
        raise ValueError(f"{_name(target)} takes no {name}={value}: it should be a number, not true or false")
    if isinstance(value, str) and isinstance(read, int | float) and not isinstance(read, str):
        raise ValueError(f"{_name(target)} takes no {name}='{value}': it should be a number, without quotes")


def _name(target: Callable[..., Any]) -> str:
    return getattr(target, "__qualname__", repr(target))
