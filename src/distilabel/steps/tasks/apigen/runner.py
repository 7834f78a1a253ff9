"""Calling functions of a user's files, in a process of its own: run as a script, it knows nothing of the package.

It reads `{"calls": [{"path", "name", "arguments"}]}` from its input, and writes one line of JSON for each call as soon as
it is done, `{"ok", "result"}`. What the functions print goes to the standard error.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

_LONGEST = 10_000


def _function(path: str, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def _text(text: str) -> str:
    """Cut a text to length; half a character, which no file of the dataset can hold, becomes a question mark."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()


def _outcome(call: dict[str, Any]) -> dict[str, Any]:
    try:
        result = _function(call["path"], call["name"])(**call["arguments"])
        return {"ok": True, "result": _text(_as_text(result))}
    except BaseException as error:  # noqa: BLE001 - whatever a user's function raises concerns its own call
        return {"ok": False, "result": _text(f"{type(error).__name__}: {error}")}


def main() -> None:
    """Carry out the calls."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        for call in json.loads(sys.stdin.buffer.read())["calls"]:
            sys.path.insert(0, str(Path(call["path"]).parent))
            outcome = _outcome(call)
            answers.write(json.dumps(outcome).encode("ascii") + b"\n")
            answers.flush()


if __name__ == "__main__":
    main()
