"""Finding functions in a user's Python files without running them, and what makes one dangerous to call. Pure."""

import ast

__all__ = ["danger_in", "function_in"]

_MODULES = frozenset(
    {
        *("os", "sys", "subprocess", "shutil", "socket", "ctypes", "signal", "multiprocessing", "threading"),
        *("importlib", "pty", "pathlib", "tempfile", "asyncio", "builtins", "pickle", "webbrowser"),
    },
)
_NAMES = frozenset(
    {
        *("eval", "exec", "compile", "__import__", "open", "input", "exit", "quit", "breakpoint", "globals"),
        *("__builtins__", "__subclasses__", "__globals__"),
    },
)


def function_in(source: str, name: str) -> ast.AST | None:
    """Find a function on the top level of a file; None where there is none.

    Raises:
        SyntaxError: The file is not valid Python.

    Examples:
        >>> function_in("def add(a, b): return a + b", "add").name
        'add'
    """
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return next(
        (node for node in ast.parse(source).body if isinstance(node, kinds) and node.name == name), None
    )


def danger_in(function: ast.AST) -> str | None:
    """Name what in a function may reach beyond itself: files, processes, the network, other code; None for nothing.

    It reads the function alone, not those that it calls, and no name that is put together while it runs. It finds accidents;
    it stops no attacker.

    Examples:
        >>> danger_in(function_in("def clean(path): import shutil; shutil.rmtree(path)", "clean"))
        'shutil'
        >>> danger_in(function_in("def add(a, b): return a + b", "add")) is None
        True
    """
    return next(
        (name for node in ast.walk(function) for name in _names(node) if name in _MODULES | _NAMES), None
    )


def _names(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name.split(".")[0] for alias in names]
        case ast.ImportFrom(module=module):
            return [(module or "").split(".")[0]]
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(attr=name) if name.startswith("__"):
            return [name]
    return []
