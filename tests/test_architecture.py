"""Which package may import which, and the rules that hold for every file; how far a row travels, and words that are gone."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests import journey

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src"

LAYERS = [
    {"exceptions", "typing", "_lazy"},
    {"_compat", "_optional", "_files", "_event_loop", "_retry_after", "http"},
    {""},  # the root package: its version
    {"records", "distiset"},
    {"config", "events", "ledger", "transport", "providers"},
    {"offline", "progress", "server", "dashboard"},
    {"models", "llms", "embeddings"},
    {"steps", "testing"},
    {"pipeline"},
    {"cli"},
    {"__main__"},
]
"""Packages, lowest layer first. A package imports from the layers below it, and from itself."""

ALLOWED = {
    ("llms", "models"): "an old import path",
    ("embeddings", "models"): "an old import path",
}
"""Neighbours of one layer that may be imported all the same, and why."""

ALONE = {"server"}
"""Packages that import no other package: they could be projects by themselves."""

ONLY_HERE = {"httpx2": {"transport", "server", "testing"}}
"""Libraries that few packages may import: HTTP is the matter of the transport, of the embedded platform and of the fake one."""

NEVER = {"openai", "anthropic", "mistralai", "requests", "httpx", "aiohttp"}
"""Libraries that no package imports: the official SDKs are oracles for tests, and HTTP has one client."""

MOST_FILES = 65
MOST_FRAMES = 22
"""How many files one row enters at most, by batch and online, and how many frames deep it goes.

The aims are 55 and 20: design/0008-names-and-layout.md. `python -m tests.journey --list` shows the way.
"""

MOST_SHORT_HELPERS = 92
"""How many private functions of three lines or less have one caller, which could hold them; only ever shrinks.

`python scripts/structure.py --list` names them, and says what exactly is counted.
"""

GONE = {
    r"Bench": "StepRuntime",
    r"Broken": "RunFailed",
    r"Census": "InputValidator",
    r"_Chance": "_LazyRandom",
    r"Commands": "LocalCommandTransport",
    r"_?Doorman": "_AliasFinder",
    r"Carrier": "Transport",
    r"Desk": "ModelClient",
    r"Door": "PlatformClient",
    r"InDriver": "InProcessRunner",
    r"Narrator": "EventLogger",
    r"Noted": "LogMessage",
    r"once_found": "retry_until_found",
    r"open_desk": "model_client",
    r"open_door": "connect",
    r"patiently": "retry_while_down",
    r"Quiet": "DispatcherIdle",
    r"Raised": "ErrorResult",
    r"Refusal": "ApiError",
    r"RouteBook": "RouteStore",
    r"_Seat": "_Slot",
    r"Staff": "Runners",
    r"Talker": "MagpieTask",
    r"Warned": "WarningMessage",
    r"Workshop": "CommandExecutor",
    r"surroundings": "process_context",
    r"StepStory": "StepInfo",
    r"own_models": "isolate_models",
    r"narrate": "log_lines",
    r"lazily|loaded_by_name": "_lazy",
    r"Served": "StepServer",
    r"Conversing|conversing": "conversation",
    r"belongings": "spec",
    r"tidying": "cleanup",
    r"_ears": "_listener",
    r"(?i:mend(s|ed|ing)?)": "fix",
    r"(?i:anew)": "again",
    r"(?i:how-manieth)": "n-th",
    r"(?i:as ever)": "unchanged",
    r"(?i:of one's own)": "custom",
    r"(?i:a person)": "a user",
    r"(?i:hand(s|ed|ing)? in)": "submit",
    r"(?i:whence)": "where ... from",
    r"[Cc]ostumes?|Dressed": "emulators, Emulator, EmulatorApp",
}
"""Words that are gone, as regular expressions of whole words, and what stands in their place."""

_PROMPT = "the wording of a prompt is part of the task"
STAYS = {
    ("src/distilabel/steps/tasks/apigen/prompts.py", r"(?i:a person)"): _PROMPT,
    ("src/distilabel/steps/tasks/evol/prompts.py", r"(?i:a person)"): _PROMPT,
    ("src/distilabel/steps/tasks/instruction_backtranslation.py", r"(?i:a person)"): _PROMPT,
}
"""Where a word that is gone stays: path (from the root of the repository) and expression, and why."""

SEARCHED = ("src", "docs", "tests", "examples", "README.md")


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


def package_of(module: str) -> str:
    """`distilabel.steps.tasks.base` lies in the package `steps`; the root package is ''."""
    return module.split(".")[1] if "." in module else ""


def layer_of(package: str) -> int:
    for layer, packages in enumerate(LAYERS):
        if package in packages:
            return layer
    pytest.fail(f"The package {package!r} has no layer yet: add it to LAYERS in {Path(__file__).name}.")


def importing_package_of(module: str) -> list[str]:
    """The package against which a module's relative imports are resolved."""
    parts = module.split(".")
    return parts if modules()[module].name == "__init__.py" else parts[:-1]


def named(module: str, node: ast.AST) -> Iterator[str]:
    """The dotted names that one import brings in, wherever it stands: on top, in a function, under TYPE_CHECKING."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom():
            base = (
                importing_package_of(module)[: len(importing_package_of(module)) + 1 - node.level]
                if node.level
                else []
            )
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


def test_every_package_has_a_layer():
    assert {package_of(module) for module in modules()} <= set().union(*LAYERS)


def test_arrows_point_down_only():
    wrong = [
        f"{place}: {package_of(source) or 'distilabel'} imports {target}"
        for place, source, target in arrows()
        if not is_down(package_of(source), package_of(target))
    ]
    assert wrong == []


def test_no_exception_to_the_layers_is_left_over():
    packages = {package_of(module) for module in modules()}
    used = {(package_of(source), package_of(target)) for _, source, target in arrows()}
    assert [pair for pair in ALLOWED if packages.issuperset(pair) and pair not in used] == []


def test_no_modules_import_each_other_in_a_circle():
    graph: dict[str, set[str]] = {}
    for _, source, target in arrows():
        graph.setdefault(source, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_libraries_stay_where_they_belong():
    wrong = []
    for module, path in modules().items():
        for line, name in imports(module):
            library = name.split(".")[0]
            if library in NEVER or package_of(module) not in ONLY_HERE.get(library, {package_of(module)}):
                wrong.append(f"{path.relative_to(SRC)}:{line}: {library}")
    assert wrong == []


def calls(module: str, function: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
            yield node


def test_nothing_is_printed_outside_the_command_line():
    places = [(m, call.lineno) for m in modules() if package_of(m) != "cli" for call in calls(m, "print")]
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


@pytest.mark.parametrize("way", journey.WAYS)
def test_a_row_enters_few_files_and_goes_few_frames_deep(way: str):
    found = journey.measure(way)
    assert len(found.files) <= MOST_FILES, list(found.files)
    assert found.depth <= MOST_FRAMES, found.deepest


def test_a_short_function_with_one_caller_is_part_of_its_caller(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import structure

    short = structure.read().short_with_one_caller
    assert len(short) <= MOST_SHORT_HELPERS, "\n".join(map(str, short))


@cache
def searched() -> dict[str, str]:
    """The text of each file in which no word that is gone may stand, by its path."""
    found = [
        path
        for name in SEARCHED
        for path in sorted((ROOT / name).rglob("*") if (ROOT / name).is_dir() else [ROOT / name])
    ]
    texts = (
        path
        for path in found
        if path.suffix in {".md", ".py", ".sql", ".yaml"} and path != Path(__file__).resolve()
    )
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in texts}


def places_of(word: str) -> Iterator[tuple[str, int]]:
    """Path and line of each place where a word that is gone stands."""
    pattern = re.compile(rf"(?<!\w)(?:{word})(?!\w)")
    for path, text in searched().items():
        yield from ((path, text.count("\n", 0, match.start()) + 1) for match in pattern.finditer(text))


@pytest.mark.parametrize("word", GONE)
def test_a_word_that_is_gone_stays_gone(word: str):
    wrong = [f"{path}:{line}" for path, line in places_of(word) if (path, word) not in STAYS]
    assert wrong == [], f"use {GONE[word]!r}"


def test_no_exception_to_the_gone_words_is_left_over():
    assert [(path, word) for path, word in STAYS if path not in dict(places_of(word))] == []
