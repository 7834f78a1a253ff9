"""What the documentation shows, works: its Python runs, its commands exist, its pages are reachable."""

import ast
import doctest
import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src"
SITE_PAGES = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("examples/**/*.md")), *SITE_PAGES]
SHELLS = {"sh", "bash", "console", "shell"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `line` is the page's line on which its code starts, counted from 1."""

    language: str
    line: int
    code: str


def blocks_of(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order; those within lists and notes are taken out of their indent."""
    language, indent, start, lines = None, "", 0, []
    for number, line in enumerate(page.read_text(encoding="utf-8").split("\n"), start=1):
        fence = re.match(r"^( *)```(\w*)", line)
        if language is None and fence:
            language, indent, start, lines = fence[2], fence[1], number + 1, []
        elif language is not None and line.strip() == "```":
            yield Block(language, start, "\n".join(lines))
            language = None
        elif language is not None:
            lines.append(line.removeprefix(indent))
    assert language is None, f"{page}: a block is not closed"


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def pages_with(languages: set[str]) -> list[Path]:
    return [page for page in PAGES if any(block.language in languages for block in blocks_of(page))]


def script_of(page: Path) -> str:
    """All Python of a page as one script, each block on the lines that it has in the page."""
    script = ""
    for block in blocks_of(page):
        if block.language == "python":
            script += "\n" * (block.line - 1 - script.count("\n")) + block.code + "\n"
    return script


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a batch platform on this machine, in place of a paid one."""
    from distilabel.server import Settings, running

    with running(Settings(folder=tmp_path_factory.mktemp("platform"), delay=1.0)) as base_url:
        yield base_url


@pytest.fixture
def desk(platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's desk: an empty folder with the examples in it, and keys that open the embedded platform."""
    monkeypatch.setenv("OPENAI_BASE_URL", platform)
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", pages_with({"python"}), ids=named)
def test_python_of_a_page_runs(page: Path, desk: Path):
    script = desk / f"{page.stem}.py"
    script.write_text(script_of(page), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, (
        f"{named(page)} (the line numbers are the page's)\n{done.stdout}\n{done.stderr}"
    )


def command_lines() -> list[tuple[str, str]]:
    """(place, command) for every line of a shell block, continued lines joined, prompts taken off."""
    found = []
    for page in PAGES:
        for block in blocks_of(page):
            if block.language in SHELLS:
                joined = block.code.replace("\\\n", " ")
                found += [
                    (f"{named(page)}:{block.line}", line.removeprefix("$ ")) for line in joined.split("\n")
                ]
    return found


def words_of(command: str) -> list[str]:
    """The words of a command, without comments and leading settings of the environment."""
    words = shlex.split(command, comments=True)
    while words and re.match(r"^[A-Z_]+=", words[0]):
        del words[0]
    return words


def commands(program: str) -> list[pytest.param]:
    """Every use of a program in the documentation."""
    found = [(place, words_of(command)) for place, command in command_lines()]
    return [
        pytest.param(words[1:], id=f"{place} {' '.join(words)}")
        for place, words in found
        if words[:1] == [program]
    ]


@pytest.mark.parametrize("words", commands("distilabel"))
def test_shown_command_exists(words: list[str]):
    import typer

    from distilabel.cli.app import app

    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), (
        f"{command.name}: which of {sorted(command.commands)}? got {words}"
    )
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    assert {word.split("=")[0] for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize("words", commands("make"))
def test_shown_word_of_make_exists(words: list[str]):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {word for word in words if "=" not in word} <= set(targets)


@pytest.mark.parametrize("words", commands("python"))
def test_shown_script_exists(words: list[str]):
    assert words[0] == "-m" or (ROOT / words[0]).exists()


def leaves(nav: object) -> Iterator[str]:
    """The pages that a navigation tree names."""
    match nav:
        case str():
            yield nav
        case dict():
            for below in nav.values():
                yield from leaves(below)
        case list():
            for below in nav:
                yield from leaves(below)


class SiteLoader(yaml.SafeLoader):
    """Reads mkdocs.yml, which names a Python function."""


SiteLoader.add_multi_constructor("tag:yaml.org,2002:python/name:", lambda *_: None)


def test_every_page_is_in_the_navigation():
    nav = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), SiteLoader)["nav"]
    assert sorted(leaves(nav)) == sorted(page.relative_to(ROOT / "docs").as_posix() for page in SITE_PAGES)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_of_a_page_lead_to_files(page: Path):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if ":" not in link and not (page.parent / link).exists()] == []


def modules_with_examples() -> list[str]:
    """Modules of the package whose text holds a doctest."""
    paths = [
        path for path in sorted(SRC.glob("distilabel/**/*.py")) if ">>> " in path.read_text(encoding="utf-8")
    ]
    return [".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__") for path in paths]


@pytest.mark.parametrize("module", modules_with_examples())
@pytest.mark.usefixtures("desk")
def test_examples_in_docstrings_run(module: str):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(importlib.import_module(module), optionflags=flags)
    assert result.attempted > 0, "the file holds examples, but not in a docstring of a public name"
    assert result.failed == 0


def docstrings(path: Path) -> Iterator[str]:
    """The docstrings of a module, its classes and its functions."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, kinds):
            yield ast.get_docstring(node) or ""


def test_every_example_in_a_docstring_is_a_doctest():
    fenced = [
        path.relative_to(SRC).as_posix()
        for path in SRC.glob("distilabel/**/*.py")
        if any("```" in docstring for docstring in docstrings(path))
    ]
    assert fenced == []


def test_script_of_a_page_keeps_the_lines_of_the_page(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n```python\na = 1\n```\n\n- item\n\n  ```python\n  b = a\n  ```\n\n```sh\nmake test\n```\n"
    )
    assert script_of(page).split("\n") == ["", "", "", "a = 1", "", "", "", "", "", "b = a", ""]


def run_example(*words: str) -> str:
    """What an example writes on the terminal."""
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow  # two tasks over all questions of the example, in several processes
def test_gsm8k_called_again_until_done_answers_and_reviews_every_question(desk: Path):
    questions = [{"question": f"What is {n} + {n}?", "answer": f"#### {2 * n}"} for n in range(3)]
    (desk / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)))
    for _ in range(60):
        said = run_example("examples/gsm8k.py", "questions.jsonl")
        if "Not ready yet" not in said:
            break
    assert "3 questions, 3 solved, 3 reviewed." in said


@pytest.mark.slow  # the whole tour of a new user
def test_demo_ends_with_the_dataset(tmp_path: Path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    said = run_example(str(tmp_path / "examples/demo.py"))
    assert "not ready" in said
    assert "The first 5 of 50 rows" in said
    assert (tmp_path / ".demo/dataset.parquet").exists()
