"""Prints how the package is put together, from its syntax trees: `python scripts/structure.py [--list]`.

A function is every `def`, methods and nested ones too. A helper is a function at the top of a module, or a method, whose
name begins with one underscore. Its uses are counted by name:

- a function at the top of a module: reads of its name there, and in modules that import it;
- a method: reads of an attribute of its name, in its class where that reads it, else in its module, and in all modules that
  have no method of that name.

A helper has one caller where it has one use, and no class above or below has a method of its name: that one overrides it. It
can be folded into its caller where that use is a call (or, for a property, a read), it does not call itself, no decorator but
property, staticmethod or classmethod is on it, and it is no generator. Its lines are those of its body, without docstring.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src" / "distilabel"
SHORT = 3
"""Lines of a body that its only caller could hold as well."""

_PLAIN = {"property", "staticmethod", "classmethod"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Helper:
    """A private function: where it stands, and the places that use its name."""

    path: Path
    owner: str
    node: _Function
    uses: list[ast.AST] = field(default_factory=list)
    is_called: bool = False
    is_hook: bool = False

    @property
    def lines(self) -> int:
        """The lines of its body, without docstring."""
        body = self.node.body
        if ast.get_docstring(self.node) is not None:
            body = body[1:]
        return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0

    @property
    def is_foldable(self) -> bool:
        """Whether its only caller could do what it does."""
        decorators = {node.id if isinstance(node, ast.Name) else "" for node in self.node.decorator_list}
        if len(self.uses) != 1 or self.is_hook or not decorators <= _PLAIN:
            return False
        if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own(self.node)):
            return False
        use = self.uses[0]
        inside = use in ast.walk(self.node)
        return not inside and ("property" in decorators or self.is_called)

    def __str__(self) -> str:
        name = f"{self.owner}.{self.node.name}" if self.owner else self.node.name
        return f"{self.path.relative_to(ROOT)}:{self.node.lineno} {name} ({self.lines} lines)"


@dataclass
class Structure:
    """What was counted."""

    files: int
    lines: int
    functions: int
    helpers: list[Helper]

    @property
    def with_one_caller(self) -> list[Helper]:
        """The helpers whose name is used in one place."""
        return [helper for helper in self.helpers if len(helper.uses) == 1 and not helper.is_hook]

    @property
    def short_with_one_caller(self) -> list[Helper]:
        """Those of a few lines that their caller could hold."""
        return [helper for helper in self.with_one_caller if 0 < helper.lines <= SHORT and helper.is_foldable]


def read(source: Path = SRC) -> Structure:
    """Count what stands below a folder."""
    paths = sorted(source.rglob("*.py"))
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    nodes = {path: list(ast.walk(tree)) for path, tree in trees.items()}
    helpers = [helper for path, tree in trees.items() for helper in _helpers(path, tree)]
    _count_uses(helpers, nodes)
    families, owners = _families(nodes), defaultdict[str, set[str]](set)
    for helper in helpers:
        owners[helper.node.name].add(helper.owner)
    for helper in helpers:
        helper.is_hook = not families.get(helper.owner, set()).isdisjoint(owners[helper.node.name])
    functions = sum(isinstance(node, _Function) for some in nodes.values() for node in some)
    lines = sum(text.count("\n") for text in texts.values())
    return Structure(len(paths), lines, functions, helpers)


def _helpers(path: Path, tree: ast.Module) -> Iterator[Helper]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from (Helper(path, node.name, one) for one in node.body if _is_private(one))
        elif _is_private(node):
            yield Helper(path, "", node)


def _is_private(node: ast.AST) -> bool:
    return isinstance(node, _Function) and node.name.startswith("_") and not node.name.startswith("__")


def _count_uses(helpers: list[Helper], nodes: dict[Path, list[ast.AST]]) -> None:
    functions = {(helper.path, helper.node.name): helper for helper in helpers if not helper.owner}
    methods: dict[str, list[Helper]] = defaultdict(list)
    for helper in helpers:
        if helper.owner:
            methods[helper.node.name].append(helper)
    for path, some in nodes.items():
        called = {id(node.func) for node in some if isinstance(node, ast.Call)}
        owners = {
            id(inner): node.name
            for node in some
            if isinstance(node, ast.ClassDef)
            for inner in ast.walk(node)
        }
        known = {name: helper for (at, name), helper in functions.items() if at == path}
        for node in some:
            if isinstance(node, ast.ImportFrom):
                known |= _imported(node, functions)
        for node in some:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in known:
                used = [known[node.id]]
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                used = _meant(methods.get(node.attr, []), path, owners.get(id(node), ""))
            else:
                continue
            for helper in used:
                helper.uses.append(node)
                helper.is_called = id(node) in called


def _meant(methods: list[Helper], path: Path, owner: str) -> list[Helper]:
    """Return those methods of one name that may be meant in a class of a module."""
    here = [helper for helper in methods if helper.path == path]
    return [helper for helper in here if helper.owner == owner] or here or methods


def _families(nodes: dict[Path, list[ast.AST]]) -> dict[str, set[str]]:
    """Return the classes above and below each class, by name."""
    bases: dict[str, set[str]] = defaultdict(set)
    for some in nodes.values():
        for node in some:
            if isinstance(node, ast.ClassDef):
                bases[node.name] |= {
                    ast.unparse(base).rpartition(".")[2].partition("[")[0] for base in node.bases
                }
    above: dict[str, set[str]] = {}
    for name in list(bases):
        found, waiting = set[str](), [name]
        while waiting:
            for base in bases.get(waiting.pop(), ()):
                if base not in found:
                    found.add(base)
                    waiting.append(base)
        above[name] = found
    related = {name: set(found) for name, found in above.items()}
    for name, found in above.items():
        for base in found:
            related.setdefault(base, set()).add(name)
    return related


def _imported(node: ast.ImportFrom, functions: dict[tuple[Path, str], Helper]) -> dict[str, Helper]:
    module = SRC.parent.joinpath(*(node.module or "").split("."))
    found = {}
    for alias in node.names:
        for path in (module.with_suffix(".py"), module / "__init__.py"):
            if helper := functions.get((path, alias.name)):
                found[alias.asname or alias.name] = helper
    return found


def _own(function: _Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function without those of functions inside of it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _Function | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def main() -> None:
    """Print the counts; with `--list`, each short helper with one caller too."""
    found = read()
    private = len(found.helpers)
    one, short = found.with_one_caller, found.short_with_one_caller
    print(f"files: {found.files}")
    print(f"lines: {found.lines}")
    print(f"functions: {found.functions}")
    print(f"private helpers: {private} ({private / found.functions:.0%} of the functions)")
    print(f"of these with one caller: {len(one)}")
    print(f"of these of {SHORT} lines or less, and foldable: {len(short)}")
    if "--list" in sys.argv:
        print(*short, sep="\n")


if __name__ == "__main__":
    main()
