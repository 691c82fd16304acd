"""The architecture as the imports tell it: arrows run one way, and no folder depends on itself by way of another."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx
import pytest

import likeness
import likeness.errors

ROOT = Path(likeness.__file__).parent
LAYERS = [
    {
        "cli",
        "gallery_cli",
        "gallery_command",
        "__main__",
        "train",
        "command",
        "options",
        "serve_command",
        "cluster_command",
        "inspect_command",
        "probe_command",
    },
    {"applications"},
    {"recipes"},
    {"runs"},
    {"tasks"},
    {"clustering"},
    {"inspection", "models", "losses", "evaluation", "data", "search"},
    {"config"},
    {"errors", "landmarks", "memory", "randomness", "spatial", "timm_alone"},
]
"""From the top to the bottom: a part imports from its own layer's folder, and from layers below it."""

ALONE = ("losses", "evaluation", "search")
"""These import nothing of ours."""


def modules() -> dict[str, Path]:
    names = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


MODULES = modules()


@cache
def statements(name: str) -> list[ast.AST]:
    """The statements of a module, however deep, but not what is for type checkers alone."""
    found, ahead = [], [ast.parse(MODULES[name].read_text())]
    while ahead:
        node = ahead.pop()
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            found.append(node)
            ahead += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]
    return found


def imported_by(name: str) -> Iterator[str]:
    """The modules of ours that a module imports, wherever in its text, but not what is for type checkers alone."""
    package = name.split(".") if MODULES[name].name == "__init__.py" else name.split(".")[:-1]
    for node in statements(name):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            wanted = [".".join(["likeness", *filter(None, base), alias.name]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            wanted = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for full in wanted:
            if full.split(".")[0] == "likeness":
                found = full.removeprefix("likeness").lstrip(".")
                while found and found not in MODULES:
                    found = found.rpartition(".")[0]
                if found and found != name:
                    yield found


@cache
def imports() -> dict[str, list[str]]:
    return {name: sorted(set(imported_by(name))) for name in MODULES}


def layer_of(name: str) -> int:
    top = name.split(".")[0]
    return next(place for place, layer in enumerate(LAYERS) if top in layer)


def test_every_module_has_a_layer() -> None:
    assert len(MODULES) > 250
    for name in MODULES:
        if name:
            layer_of(name)


@pytest.mark.parametrize("name", [name for name in MODULES if name])
def test_arrows_run_one_way(name: str) -> None:
    for other in imports()[name]:
        same_folder = other.split(".")[0] == name.split(".")[0]
        assert layer_of(other) > layer_of(name) or same_folder or layer_of(other) == layer_of(name) == 0, (
            f"{name} imports {other}, which is not below it"
        )


@pytest.mark.parametrize("folder", ALONE)
def test_losses_and_evaluation_stand_alone(folder: str) -> None:
    others = {
        (name, other)
        for name in MODULES
        if name.split(".")[0] == folder
        for other in imports()[name]
        if other.split(".")[0] != folder
    }
    assert not others


def folder_graph(depth: int) -> networkx.DiGraph:
    """Which folder imports from which, a file directly in a folder standing for itself at the depth below."""
    graph = networkx.DiGraph()
    for name, others in imports().items():
        for other in others:
            ends = [".".join(full.split(".")[:depth]) for full in (name, other)]
            if ends[0] != ends[1] and all(ends):
                graph.add_edge(*ends)
    return graph


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_no_cycle_at_any_depth(depth: int) -> None:
    cycles = [
        sorted(part) for part in networkx.strongly_connected_components(folder_graph(depth)) if len(part) > 1
    ]
    assert not cycles


def test_the_check_finds_a_cycle() -> None:
    graph = folder_graph(1)
    assert graph.has_edge("runs", "config")
    graph.add_edge("config", "runs")
    assert any(len(part) > 1 for part in networkx.strongly_connected_components(graph))


@pytest.mark.parametrize("part", ["data", "models", "losses", "evaluation", "inspection"])
def test_what_computes_raises_the_errors_of_python(part: str) -> None:
    """Sentences about keys are made where they are known; what the system or a file's bytes refuse has no key."""
    of_ours = {
        (name, node.exc.func.id)
        for name in MODULES
        if name.split(".")[0] == part and "drawn_faces" not in name  # whose files' hash is its fingerprint
        for node in statements(name)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        if node.exc.func.id in vars(likeness.errors)
    }
    assert {error for _, error in of_ours} <= {"FileError", "UnreadableImage"}
