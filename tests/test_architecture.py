"""The house: which room may import which, and the rules that hold for every file of the package."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src"

LAYERS = [
    {"exceptions", "typing", "_lazy"},
    {"_compat", "_optional", "_files", "_event_loop", "http"},
    {""},  # the root package: its version
    {"records", "distiset"},
    {"config", "events", "ledger", "transport", "providers"},
    {"offline", "progress", "server", "dashboard"},
    {"models", "llms", "embeddings"},
    {"steps"},
    {"pipeline"},
    {"cli"},
]
"""Rooms, lowest layer first. A room imports from the layers below it, and from itself."""

ALLOWED = {
    ("llms", "models"): "a door for the old import path",
    ("embeddings", "models"): "a door for the old import path",
}
"""Neighbours of one layer that may be imported all the same, and why."""

ALONE = {"server"}
"""Rooms that import no other room: one could lift them out."""

ONLY_HERE = {"httpx2": {"transport", "server"}}
"""Packages that few rooms may import: HTTP is spoken by the transport, and by the platform of our own."""

NEVER = {"openai", "anthropic", "mistralai", "requests", "httpx", "aiohttp"}
"""Packages that no room imports: the official SDKs are oracles for tests, and HTTP has one room."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the package and its file."""
    found = {}
    for path in sorted(SRC.glob("distilabel/**/*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def room_of(module: str) -> str:
    """`distilabel.steps.tasks.base` lies in the room `steps`; the root package has the room ''."""
    return module.split(".")[1] if "." in module else ""


def layer_of(room: str) -> int:
    for layer, rooms in enumerate(LAYERS):
        if room in rooms:
            return layer
    pytest.fail(f"The room {room!r} has no layer yet: add it to LAYERS in {Path(__file__).name}.")


def package_of(module: str) -> list[str]:
    """The package against which a module's relative imports are resolved."""
    parts = module.split(".")
    return parts if modules()[module].name == "__init__.py" else parts[:-1]


def named(module: str, node: ast.AST) -> Iterator[str]:
    """The dotted names that one import brings in, wherever it stands: on top, in a function, under TYPE_CHECKING."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom():
            base = package_of(module)[: len(package_of(module)) + 1 - node.level] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            yield name


def imports(module: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports."""
    for node in ast.walk(tree_of(module)):
        for name in named(module, node):
            yield node.lineno, name


def ours(name: str) -> str | None:
    """The module of ours that a dotted name stands for: the longest beginning that is a file."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


def arrows() -> Iterator[tuple[str, str, str]]:
    """(place, importing module, imported module) for every import within the package."""
    for module, path in modules().items():
        for line, name in imports(module):
            target = ours(name)
            if target is not None and target != module:
                yield f"{path.relative_to(SRC)}:{line}", module, target


def is_down(source: str, target: str) -> bool:
    if source == target or (source, target) in ALLOWED:
        return True
    if source in ALONE:
        return target == ""
    return layer_of(target) < layer_of(source)


def test_every_room_has_a_layer():
    assert {room_of(module) for module in modules()} <= set().union(*LAYERS)


def test_arrows_point_down_only():
    wrong = [
        f"{place}: {room_of(source) or 'distilabel'} imports {target}"
        for place, source, target in arrows()
        if not is_down(room_of(source), room_of(target))
    ]
    assert wrong == []


def test_no_exception_to_the_layers_is_left_over():
    rooms = {room_of(module) for module in modules()}
    used = {(room_of(source), room_of(target)) for _, source, target in arrows()}
    assert [pair for pair in ALLOWED if rooms.issuperset(pair) and pair not in used] == []


def test_no_modules_import_each_other_in_a_circle():
    graph: dict[str, set[str]] = {}
    for _, source, target in arrows():
        graph.setdefault(source, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_foreign_packages_stay_where_they_belong():
    wrong = []
    for module, path in modules().items():
        for line, name in imports(module):
            package = name.split(".")[0]
            if package in NEVER or room_of(module) not in ONLY_HERE.get(package, {room_of(module)}):
                wrong.append(f"{path.relative_to(SRC)}:{line}: {package}")
    assert wrong == []


def calls(module: str, function: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
            yield node


def test_nothing_is_printed_outside_the_command_line():
    places = [(m, call.lineno) for m in modules() if room_of(m) != "cli" for call in calls(m, "print")]
    assert places == []


def test_every_zip_says_whether_it_is_strict():
    places = [
        (module, call.lineno)
        for module in modules()
        for call in calls(module, "zip")
        if "strict" not in {keyword.arg for keyword in call.keywords}
    ]
    assert places == []


@pytest.mark.parametrize("module", modules())
def test_a_file_says_what_it_is_for(module: str):
    assert ast.get_docstring(tree_of(module)), "the first line of a file says what it is for"


def test_importing_the_library_does_not_load_datasets():
    code = "import sys, distilabel.pipeline, distilabel.steps, distilabel.llms; sys.exit('datasets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import distilabel.cli", "distilabel.cli"),
        ("def f():\n    from distilabel import exceptions", "distilabel.exceptions"),
        (
            "if TYPE_CHECKING:\n    from .exceptions import DistilabelException",
            "distilabel.exceptions.DistilabelException",
        ),
        ("importlib.import_module('distilabel.typing')", "distilabel.typing"),
    ],
)
def test_an_import_is_seen_wherever_it_stands(statement: str, name: str):
    found = [n for node in ast.walk(ast.parse(statement)) for n in named("distilabel.llms", node)]
    assert found == [name]
