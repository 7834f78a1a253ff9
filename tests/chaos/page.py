"""The page `docs/what-can-go-wrong.md`, made of the table: `python -m tests.chaos.page` writes it."""

from pathlib import Path

from tests.chaos.cases import Case
from tests.chaos.dialects import DIALECTS, Dialect
from tests.chaos.table import CASES, GROUPS

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "what-can-go-wrong.md"
_HEAD = """\
<!-- Made by `python -m tests.chaos.page` of tests/chaos/table.py: change it there. -->
# What can go wrong, and what happens then

Each line of this page is a test case: real processes run a pipeline of 48 rows, some of them with equal
prompts, against a local platform that misbehaves as the line says. The platform records every request that it ran, and its
answers are a pure function of the prompt. So the verdict is exact: no row has another
row's answer, no request was paid for twice, and a row without an answer says why.

`make test` runs a sample of the cases. `make chaos` runs all of them and prints the figures for each.

A row that ends without an answer is `None`, and its `distilabel_metadata` holds code, message, attempts and the job's
id; the Distiset counts such rows in `failures`. If the platform itself lost an answer, the request is sent, and paid for,
again: at most three times by default.
"""

_MANY = 8
_IN_DIALECTS = """\
## In other dialects

The platform of the cases runs behind an emulator for each dialect, which that platform's official SDK drives too (see
`tests/emulators/`). `make chaos CASES=--full` plays in each dialect every case that has a meaning in it, `make chaos`
the samples and the disasters. Codes of failures are then the platform's own, such as `invalid_request_error` for
`invalid_prompt`.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *(_section(group, title) for group, title in GROUPS.items()), _dialects()])


def _section(group: str, title: str) -> str:
    rows = [_row(case) for case in CASES if case.group == group]
    return "\n".join([f"## {title}\n", "| What goes wrong | What comes out |", "|---|---|", *rows, ""])


def _dialects() -> str:
    rows = [_dialect(dialect) for dialect in DIALECTS.values() if dialect.exists() and _cases(dialect)]
    heads = ["| Platform | Cases | Not played | Why |", "|---|---|---|---|"]
    return "\n".join([_IN_DIALECTS, *heads, *rows, ""])


def _dialect(dialect: Dialect) -> str:
    names: dict[str, list[str]] = {}
    for case in CASES:
        if why := dialect.why_not(case):
            names.setdefault(why, []).append(f"{case.group}: {case.name}")
    lines = [
        (f"{len(cases)} cases" if len(cases) > _MANY else "; ".join(cases), why)
        for why, cases in names.items()
    ]
    first, *rest = lines or [("", "")]
    head = f"| {dialect.title} | {_cases(dialect)} | {first[0]} | {first[1]} |"
    return "\n".join([head, *(f"| | | {cases} | {why} |" for cases, why in rest)])


def _cases(dialect: Dialect) -> int:
    return sum(not dialect.why_not(case) for case in CASES)


def _row(case: Case) -> str:
    return "| " + " | ".join(text.replace("|", r"\|") for text in (case.fault, case.outcome)) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
