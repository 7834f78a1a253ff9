"""A tour of offline batch generation in under a minute: a local platform, and one pipeline run three times.

python examples/demo.py      (or: make demo)

Nothing leaves this machine and nothing is paid: the embedded platform makes up its answers.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from distilabel.server import Settings, running

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(".demo")
RESULT = FOLDER / "dataset.parquet"
SCRIPT = "examples/offline_batch.py"
DELAY = 6.0
PATIENCE = 40.0

console = Console()


def run_pipeline(base_url: str) -> None:
    """Run the pipeline script in a separate process, as a user would."""
    console.print(f"\n[bold green]$[/] [bold]python {SCRIPT}[/]")
    environment = os.environ | settings_for(base_url) | {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run([sys.executable, SCRIPT], env=environment, check=False)  # noqa: S603 - our own script
    if done.returncode != 0:
        sys.exit("The pipeline failed: see above.")


def settings_for(base_url: str) -> dict[str, str]:
    """The environment in which the pipeline meets the embedded platform."""
    return {
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "demo",
        "DISTILABEL_CACHE_DIR": str(FOLDER / "cache"),
    }


def say(title: str, text: str) -> None:
    """One stop of the tour."""
    console.print()
    console.print(
        Panel(text, title=title, title_align="left", border_style="cyan", width=min(100, console.width))
    )


def tour(base_url: str) -> None:
    """Submit, ask too early, wait, collect."""
    say(
        "1. Submit",
        f"Fifty requests become one batch job at [bold]{base_url}[/], a platform on this machine.",
    )
    for name, value in settings_for(base_url).items():
        console.print(f"[bold green]$[/] export {name}={value}")
    run_pipeline(base_url)

    say(
        "2. Ask too early",
        "The same command again, at once. It finds the job, sends nothing, and comes back.",
    )
    run_pipeline(base_url)

    say("3. Collect", f"The platform takes about {DELAY:.0f} seconds. (A real one may take up to a day.)")
    deadline = time.monotonic() + PATIENCE
    while not RESULT.exists() and time.monotonic() < deadline:
        with console.status("Waiting for the platform ..."):
            time.sleep(DELAY)
        run_pipeline(base_url)


def show_rows() -> None:
    """The first rows of the dataset, and where it lies."""
    rows = pq.read_table(RESULT)
    table = Table(title=f"The first 5 of {rows.num_rows} rows", show_lines=True)
    for column in ("instruction", "generation"):
        table.add_column(column, ratio=1)
    for row in rows.slice(0, 5).to_pylist():
        table.add_row(shorten(row["instruction"]), shorten(row["generation"]))
    console.print()
    console.print(table)
    console.print("The answers are made up: the embedded platform has a toy for a model.")
    console.print(f"\nThe dataset: [bold]{RESULT}[/]   The pipeline: [bold]{SCRIPT}[/]")
    console.print(
        "Next: docs/quickstart.md. For a real platform, set OPENAI_API_KEY and unset OPENAI_BASE_URL."
    )


def shorten(text: str | None, length: int = 110) -> str:
    """A cell's worth of text, on one line."""
    line = " ".join((text or "(none)").split())
    return line if len(line) <= length else f"{line[: length - 3]}..."


def main() -> None:
    """Start afresh, tour, show."""
    os.chdir(ROOT)
    shutil.rmtree(FOLDER, ignore_errors=True)
    with running(Settings(folder=FOLDER / "platform", delay=DELAY)) as base_url:
        tour(base_url)
    if not RESULT.exists():
        sys.exit(f"The answers did not come within {PATIENCE:.0f} seconds; this is a bug. Please report it.")
    show_rows()


if __name__ == "__main__":
    main()
