"""A sample of the table of faults; `make chaos` plays all of it."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.cases import Case, Verdict
from tests.chaos.dialects import DIALECTS, SAMPLED, Dialect
from tests.chaos.page import PAGE, page
from tests.chaos.play import play
from tests.chaos.runner import Runner
from tests.chaos.scenarios.process import kills_everywhere
from tests.chaos.table import CASES, GROUPS

pytestmark = pytest.mark.slow  # hundreds of processes, killed at every point

SAMPLE = [case for case in CASES if case.sample]
OTHERS = [dialect for dialect in DIALECTS.values() if dialect.name != "openai"]
IN_DIALECTS = [
    (dialect, case)
    for dialect in OTHERS
    for case in CASES
    if f"{case.group}: {case.name}" in SAMPLED and not dialect.why_not(case)
]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return what starts processes."""
    # What a killed client leaves undone is no news of the platform's.
    logging.getLogger("distilabel.server").setLevel(logging.CRITICAL)
    with Runner() as started:
        yield started
    logging.getLogger("distilabel.server").setLevel(logging.NOTSET)


def played(case: Case, folder: Path, runner: Runner, dialect: Dialect = DIALECTS["openai"]) -> Verdict:
    verdict = play(case, folder / "case", runner, dialect=dialect)
    if verdict.skipped:
        pytest.skip(verdict.skipped)
    assert verdict.faults == []
    return verdict


@pytest.mark.parametrize("case", SAMPLE, ids=[f"{case.group}: {case.name}" for case in SAMPLE])
def test_fault_costs_no_row_and_is_not_paid_twice(case: Case, tmp_path: Path, runner: Runner):
    played(case, tmp_path, runner)


@pytest.mark.parametrize(
    ("dialect", "case"),
    IN_DIALECTS,
    ids=[f"{dialect.name}: {case.group}: {case.name}" for dialect, case in IN_DIALECTS],
)
def test_fault_costs_no_row_in_any_dialect(dialect: Dialect, case: Case, tmp_path: Path, runner: Runner):
    if not dialect.exists():
        pytest.skip(f"this version has no {dialect.llm}")
    played(case, tmp_path, runner, dialect)


def test_process_killed_here_and_there_pays_nothing_twice(tmp_path: Path, runner: Runner):
    case = next(case for case in CASES if case.name == "killed at every point, rows failing")
    some = replace(case, play=partial(kills_everywhere, every=12))
    assert played(some, tmp_path, runner).kills >= 6


def test_every_case_has_a_name_and_a_group_of_the_table():
    names = [(case.group, case.name) for case in CASES]
    assert len(set(names)) == len(names)
    assert {case.group for case in CASES} == set(GROUPS)
    assert {case.group for case in SAMPLE} == set(GROUPS)


def test_every_reason_not_to_play_a_case_names_a_case():
    names = [f"{case.group}: {case.name}" for case in CASES]
    assert {name for name in SAMPLED if name not in names} == set()
    for dialect in DIALECTS.values():
        for shape in dialect.without:
            assert any(fnmatchcase(name, shape) for name in names), f"{dialect.name}: {shape}"


def test_page_of_the_documentation_is_made_of_the_table():
    assert PAGE.read_text("utf-8") == page(), "python -m tests.chaos.page writes it"
