"""Whether Ray, by itself, works on this machine: where it does not, nothing can be said of what is built on it."""

import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec

import pytest

__all__ = ["SMALL", "skip_without_ray"]

SMALL = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 80 * 2**20}
"""Arguments of `ray.init` for a cluster that is started and ended within seconds."""

_PROBE = f"""
import ray
ray.init("local", **{SMALL!r})
assert ray.get(ray.remote(lambda: 42).remote()) == 42
"""
_LONGEST = 180


def skip_without_ray() -> None:
    """Skip what calls this where Ray is not installed, or cannot run a function of one line."""
    if why := _why_not():
        pytest.skip(f"Ray does not work here: {why}")


@cache
def _why_not() -> str:
    if find_spec("ray") is None:
        return "it is not installed"
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    try:
        subprocess.run(
            [sys.executable, "-c", _PROBE],
            env=environment,
            check=True,
            timeout=_LONGEST,
            capture_output=True,
            text=True,
        )
    except subprocess.TimeoutExpired:
        return f"it did not start within {_LONGEST} s"
    except subprocess.CalledProcessError as error:
        return (error.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    return ""
