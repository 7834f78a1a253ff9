"""The judge is judged: what is wrong with rows or books does not pass."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.books import Books, answer_to
from tests.chaos.cases import Expected, Verdict, judged
from tests.chaos.pipeline import prompts
from tests.chaos.runner import Outcome

REASON = {"code": "missing", "message": "No line.", "attempts": 3, "job_id": "batch_1"}


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Return books of a platform that has run every row once."""
    kept = Books(tmp_path / "books.jsonl")
    for i, (_, sample) in enumerate(asked()):
        run(kept, i, sample)
    yield kept
    kept.close()


def asked() -> list[tuple[str, str]]:
    """Return prompt and sample of each row."""
    seen: dict[str, int] = {}
    return [
        (prompt, str(seen.setdefault(prompt, 0) + prompts()[:i].count(prompt)))
        for i, prompt in enumerate(prompts())
    ]


def run(books: Books, row: int, sample: str) -> None:
    books.run(
        f"{row:032x}-{sample}", {"model": "m", "messages": [{"role": "user", "content": prompts()[row]}]}
    )
    books.pay(f"{row:032x}-{sample}")


def right() -> list[dict[str, Any]]:
    return [
        {"i": i, "text": answer_to(prompt, sample), "reason": None}
        for i, (prompt, sample) in enumerate(asked())
    ]


def faults(
    books: Books, rows: list[dict[str, Any]] | None, expected: Expected | None = None, failed: int = 0
) -> list[str]:
    verdict = Verdict()
    judged(
        verdict,
        expected or Expected(),
        Outcome(rows=rows, failures={"answer": failed} if failed else {}),
        books,
    )
    return verdict.faults


def test_right_rows_pass(books: Books):
    assert faults(books, right()) == []


def test_two_answers_exchanged_are_two_wrong_rows(books: Books):
    rows = right()
    rows[0]["text"], rows[1]["text"] = rows[1]["text"], rows[0]["text"]
    assert "2 rows have a wrong answer" in faults(books, rows)[0]


def test_one_sample_given_to_two_rows_does_not_pass(books: Books):
    rows = right()
    rows[-1]["text"] = rows[-2]["text"]
    assert faults(books, rows) == ["two rows with equal prompts got the same sample"]


@pytest.mark.parametrize(
    "change", [lambda rows: rows[:-1], lambda rows: rows[::-1], lambda rows: [*rows, rows[0]]]
)
def test_rows_missing_or_out_of_order_do_not_pass(books: Books, change: Any):
    assert faults(books, change(right())) == ["rows are missing, doubled or out of order"]


def test_no_rows_do_not_pass(books: Books):
    assert faults(books, None) == ["no rows came out"]


def test_row_without_an_answer_passes_with_the_reason_that_was_expected(books: Books):
    rows = right()
    rows[3] |= {"text": None, "reason": REASON}
    assert faults(books, rows, Expected(unanswered={3: "missing"}), failed=1) == []


@pytest.mark.parametrize(
    "reason", [None, {**REASON, "code": "other"}, {"code": "missing"}, {**REASON, "message": ""}]
)
def test_row_without_an_answer_does_not_pass_with_another_reason(books: Books, reason: Any):
    rows = right()
    rows[3] |= {"text": None, "reason": reason}
    assert len(faults(books, rows, Expected(unanswered={3: "missing"}), failed=1)) == 1


def test_row_that_nobody_counted_does_not_pass(books: Books):
    rows = right()
    rows[3] |= {"text": None, "reason": REASON}
    assert "the Distiset says 0" in faults(books, rows, Expected(unanswered={3: "missing"}))[0]


def test_line_paid_again_does_not_pass(books: Books):
    run(books, 5, "0")
    assert faults(books, right()) == ["1 lines were paid twice"]


def test_line_paid_again_under_another_name_does_not_pass(books: Books):
    run(books, 5, "1")
    assert faults(books, right()) == ["1 lines were paid twice"]


def test_line_paid_again_after_the_platform_lost_its_answer_passes(books: Books):
    books.lose(f"{5:032x}-0")
    run(books, 5, "0")
    assert faults(books, right()) == []


def test_line_run_too_often_does_not_pass(books: Books):
    for _ in range(3):
        books.lose(f"{5:032x}-0")
        run(books, 5, "0")
    assert faults(books, right()) == ["a line was run 4 times"]
