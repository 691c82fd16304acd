"""An OpenAPI document as a page shows it; the framework's own page would load from another address."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_METHODS = ("get", "post", "patch", "put", "delete")


class Parameter(NamedTuple):
    """A value that an operation takes, or that an answer has."""

    name: str
    where: str
    type: str
    required: bool
    said: str


class Operation(NamedTuple):
    """A method at a path: what it does, what it takes, and what it answers."""

    method: str
    path: str
    said: str
    body_type: str
    parameters: list[Parameter]
    answers: list[tuple[str, str]]


class Schema(NamedTuple):
    """An object that is answered."""

    name: str
    said: str
    fields: list[Parameter]


def described(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the template of the page takes."""
    groups: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                groups.setdefault(item[method]["tags"][0], []).append(
                    _operation(document, method, path, item[method])
                )
    schemas = [
        Schema(name, _line(schema.get("description", "")), list(_fields(schema, "")))
        for name, schema in document["components"]["schemas"].items()
        if name.endswith("Answer") or name in ("ErrorDetail", "SubjectRef")
    ]
    return {"version": document["openapi"], "groups": list(groups.items()), "schemas": schemas}


def _operation(
    document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]
) -> Operation:
    parameters = [
        Parameter(
            one["name"],
            one["in"],
            _type(one["schema"]),
            one.get("required", False),
            one.get("description", ""),
        )
        for one in operation.get("parameters", ())
    ]
    body_type = ""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        body_type = kind
        name = content["schema"]["$ref"].rpartition("/")[2]
        parameters += _fields(document["components"]["schemas"][name], "body")
    answers = [(status, _answer(one)) for status, one in operation["responses"].items()]
    return Operation(
        method.upper(), path, _line(operation.get("description", "")), body_type, parameters, answers
    )


def _fields(schema: Mapping[str, Any], where: str) -> Iterator[Parameter]:
    for name, field in schema.get("properties", {}).items():
        said = field.get("description", "")
        yield Parameter(name, where, _type(field), name in schema.get("required", ()), said)


def _answer(response: Mapping[str, Any]) -> str:
    types = [
        _type(content["schema"]) if kind == "application/json" else kind
        for kind, content in response.get("content", {}).items()
    ]
    said = response.get("description", "")
    return (
        f"{', '.join(types)}: {said}" if types and said != "Successful Response" else ", ".join(types) or said
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for several in ("anyOf", "allOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[several]))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if "contentMediaType" in schema or schema.get("format") == "binary":
        return "file"
    return str(schema.get("type", "any"))


def _line(text: str) -> str:
    return " ".join(text.split())
