"""`python -m tests.conformance [NAME...]`: the client against other people's servers, 200 rows each; prints a table.

Each server runs on the loopback, with a model behind it that counts what it answers. The scenarios:

- plain: one run that waits.
- kill -9: the run is killed four times at arbitrary moments, then run to its end.
- cancel: a run submits and does not wait; its jobs are cancelled by `distilabel jobs cancel --all`; another run goes to the end.
- bad rows: the model refuses five prompts.

A row is *right* if it has the answer to its own prompt, *failed* if it has none and says why, *wrong* otherwise. *Twice* counts the
answers that the model gave beyond the first to each prompt: paid for twice. After a cancellation they are what the server had
answered and then did not hand out.
"""

import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conformance.client import KEY, ROWS, prompts
from tests.conformance.model import REFUSED, answer_to
from tests.conformance.servers import SERVERS, Server

_SCENARIOS = ("plain", "kill -9", "cancel", "bad rows")
_KILLS = 4
_KEYS = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
# A cancelled job that counts answers and names no file is believed after ten minutes.
_LONGEST_RUN = 1_200
_HEADER = "| server | scenario | right | failed | wrong | missing | twice |\n|---|---|---|---|---|---|---|"


def main(names: list[str]) -> int:
    """Run the servers whose name holds one of `names`, or all; return the exit status."""
    lines, is_right = [_HEADER], True
    for server in SERVERS:
        if names and not any(name.lower() in server.name.lower() for name in names):
            continue
        server.install()
        for scenario in _SCENARIOS:
            if scenario == "bad rows" and not server.is_counted:
                lines.append(
                    f"| {server.name} | {scenario} | the server answers every prompt alike | | | | |"
                )
                continue
            right, failed, wrong, missing, twice = _play(server, scenario)
            refused = sum(REFUSED in prompt for prompt in prompts(scenario))
            is_right &= (right, failed, wrong, missing) == (ROWS - refused, refused, 0, 0)
            is_right &= not twice or scenario == "cancel"
            count = twice if server.is_counted else "not counted"
            lines.append(
                f"| {server.name} | {scenario} | {right} | {failed} | {wrong} | {missing} | {count} |"
            )
            print(lines[-1], flush=True)
    table = "\n".join(lines) + "\n"
    Path("build/conformance/table.md").write_text(table)
    print(f"\n{table}")
    return 0 if is_right else 1


def _play(server: Server, scenario: str) -> tuple[int, int, int, int, int]:
    """Play one scenario; return how many rows are right, failed, wrong and missing, and how many answers were given twice."""
    with TemporaryDirectory(prefix="conformance-") as folder:
        home = Path(folder)
        model_url, url = _free_address(), _free_address()
        model_port, port = (int(address.rpartition(":")[2]) for address in (model_url, url))
        model = subprocess.Popen([sys.executable, "-m", "tests.conformance.model", str(model_port)])
        running = server.start(port, model_url, home / "server")
        try:
            _wait_for(f"{model_url}/v1/models")
            _wait_for(f"{url}/v1/models")
            client = [
                sys.executable, "-m", "tests.conformance.client", server.platform, url + server.path, server.model,
                scenario, str(home / "cache"),
            ]  # fmt: skip
            rows = _rows(client, scenario, home)
            with urllib.request.urlopen(f"{model_url}/count") as response:
                counts = json.load(response)
        finally:
            for process in (running, model):
                process.terminate()
                process.wait()
    expected = prompts(scenario)
    found = {prompt: (answer, failure) for prompt, answer, failure in rows}
    right = sum(_is_right(server, prompt, found.get(prompt, (None, None))[0]) for prompt in expected)
    failed = sum(
        found.get(prompt, (None, None))[0] is None and bool(found.get(prompt, (0, 0))[1])
        for prompt in expected
    )
    missing = len(expected) - len(found)
    return right, failed, len(found) - right - failed, missing, sum(count - 1 for count in counts.values())


def _is_right(server: Server, prompt: str, answer: str | None) -> bool:
    return answer == answer_to(prompt) if server.is_counted else bool(answer)


def _rows(client: list[str], scenario: str, home: Path) -> list[list[str]]:
    """Run the client as the scenario says; return the rows of its last run."""
    out = home / "rows.json"
    with (home / "client.log").open("wb") as log:
        if scenario == "kill -9":
            choose = random.Random(7)
            for _ in range(_KILLS):
                process = subprocess.Popen([*client, str(out)], stdout=log, stderr=log)
                time.sleep(choose.uniform(0.8, 3.0))
                process.kill()
                process.wait()
        if scenario == "cancel":
            subprocess.run(client, stdout=log, stderr=log, timeout=_LONGEST_RUN, check=True)
            cancel = [
                sys.executable,
                "-m",
                "distilabel",
                "jobs",
                "cancel",
                "--all",
                "--cache-dir",
                str(home / "cache"),
            ]
            subprocess.run(cancel, stdout=log, stderr=log, check=True, env={**os.environ, **_KEYS})
        ended = subprocess.run([*client, str(out)], stdout=log, stderr=log, timeout=_LONGEST_RUN, check=False)
    if ended.returncode:
        print((home / "client.log").read_text()[-2000:], file=sys.stderr)
        return []
    rows: list[list[str]] = json.loads(out.read_text())
    return rows


def _free_address() -> str:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def _wait_for(url: str) -> None:
    """Wait until the server answers, whatever it answers."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"Nothing answers at {url}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
