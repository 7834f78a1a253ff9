"""Calling functions of a user's files, in a process of its own: run as a script, it knows nothing of the package.

It reads `{"calls": [{"path", "name", "arguments"}], "limits": {name: number}, "network": bool}` from its input, and writes
one line of JSON for each call as soon as it is done, `{"ok", "result"}`. What the functions print goes to the standard error.
"""

import ctypes
import importlib.util
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

_LONGEST = 10_000
# https://github.com/torvalds/linux/blob/master/include/uapi/linux/sched.h
_NEW_USER = 0x10000000
_NEW_NETWORK = 0x40000000


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


def limit(limits: dict[str, int]) -> None:
    """Lower the limits of this process and of all that it starts, such as `RLIMIT_AS`, where the system has them."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    for name, most in limits.items():
        with suppress(AttributeError, ValueError, OSError):  # macOS refuses some
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (least, least))


def leave_network() -> bool:
    """Give this process an empty network, and return whether the system allows that: Linux, mostly."""
    unshare = getattr(ctypes.CDLL(None), "unshare", None) if sys.platform == "linux" else None
    if unshare is None:
        return False
    user, group = os.getuid(), os.getgid()
    if unshare(_NEW_NETWORK) == 0:  # the administrator may do so without a user namespace
        return True
    if unshare(_NEW_USER | _NEW_NETWORK) != 0:
        return False
    with suppress(OSError):  # without these maps the process is of the user `nobody`
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def main() -> None:
    """Carry out the calls."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        given = json.loads(sys.stdin.buffer.read())
        if not given["network"]:
            leave_network()
        limit(given["limits"])
        for call in given["calls"]:
            sys.path.insert(0, str(Path(call["path"]).parent))
            outcome = _outcome(call)
            answers.write(json.dumps(outcome).encode("ascii") + b"\n")
            answers.flush()


if __name__ == "__main__":
    main()
