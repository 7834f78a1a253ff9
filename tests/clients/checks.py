"""What the scripts of the clients share: run in the environment of a client, so it imports the standard library alone."""

import json
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version


def report(distribution: str, checks: list[tuple[str, Callable[[], object]]]) -> None:
    """Run each check and print, as one line of JSON, the version of the client and what each check came to."""
    results = []
    for what, check in checks:
        try:
            check()
        except Exception as error:  # noqa: BLE001 - any failure of a client is a result
            traceback.print_exc(file=sys.stderr)
            results.append((what, f"{type(error).__name__}: {error}"))
        else:
            results.append((what, None))
    print(json.dumps({"version": version(distribution), "results": results}))
