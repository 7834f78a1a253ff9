"""Rows: refused, failing once, failing always."""

from typing import Any

from tests.chaos.cases import Case, Expected
from tests.chaos.faults import ACCOUNT, Fault, Line, Row
from tests.chaos.table.common import AGAIN, EVERY, REFUSED, SOME, unanswered

__all__ = ["ROWS"]


def _case(name: str, fault: str, outcome: str, *faults: Fault, **more: Any) -> Case:
    """Return a case about rows that fail."""
    return Case(name, "rows", fault, outcome, faults, **more)


ROWS = [
    _case(
        "refused",
        "The platform refuses some rows (HTTP 400).",
        "They end as None with the platform's code; asking again would not help, and is not tried.",
        Row(400, "invalid_prompt", SOME),
        expected=unanswered(SOME, "invalid_prompt", most_asked=1),
        sample=True,
    ),
    _case(
        "content filter",
        "The content filter refuses some prompts (HTTP 400, `content_filter`).",
        "They end as None with the code `content_filter`, and are not sent again.",
        Row(400, "content_filter", SOME),
        expected=unanswered(SOME, "content_filter", most_asked=1),
    ),
    *(
        _case(
            f"failed once: {status} {code}",
            f"Some rows fail once with {f'HTTP {status}' if status else 'no response'} and the code `{code}`.",
            AGAIN,
            Row(status, code, SOME, times=1),
            sample=status == 429,
        )
        for status, code in (
            (429, "rate_limit_exceeded"),
            (500, "server_error"),
            (502, "bad_gateway"),
            (503, "service_unavailable"),
            (504, "timeout"),
            (408, "request_timeout"),
            (409, "conflict"),
            (0, "timeout"),
            (0, "server_error"),
        )
    ),
    _case(
        "failed twice",
        "Some rows fail twice and then succeed.",
        AGAIN,
        Row(500, "server_error", SOME, times=2),
    ),
    _case(
        "failing always",
        "Some rows fail with a 500, however often they are sent.",
        "After three attempts they end as None with the platform's code; the others are not held up.",
        Row(500, "server_error", SOME),
        expected=unanswered(SOME, "server_error"),
        sample=True,
    ),
    _case(
        "all refused",
        "Every row of a job is refused.",
        "Every row ends as None with a reason; the run ends and says so.",
        Row(400, "invalid_prompt"),
        expected=unanswered(EVERY, "invalid_prompt", most_asked=1),
    ),
    _case("all failed once", "Every row fails once with a 500.", AGAIN, Row(500, "server_error", times=1)),
    _case(
        "all failing always",
        "Every row fails, however often it is asked.",
        "After three attempts every row ends as None with the platform's code.",
        Row(500, "server_error"),
        expected=unanswered(EVERY, "server_error"),
    ),
    *(
        _case(
            f"no credit{name}",
            f"The credit ends while a job runs: the lines of some rows are refused {how}, in four jobs.",
            "Each run ends and says so, and no attempt is used up. With credit, a run sends exactly these rows.",
            Row(402, code, SOME, times=4, message="Payment required."),
            expected=Expected(raises=(REFUSED,) * 4, most_asked=5),
            sample=not name,
        )
        for name, how, code in (
            ("", "in the platform's own words", ACCOUNT),
            (": 402", "with 402", "payment_required"),
        )
    ),
    _case(
        "failed in every way at once",
        "Rows are refused, fail once, fail always and are lost, all in one job, in any order.",
        "Each row gets what is its own: an answer, or its own reason.",
        Row(400, "invalid_prompt", frozenset({1, 2})),
        Row(429, "rate_limit_exceeded", frozenset({3, 4, 36}), times=1),
        Row(500, "server_error", frozenset({5, 6})),
        Line("missing", frozenset({7, 8, 37}), times=1),
        Line("twice", frozenset({9, 10, 38})),
        Line("foreign lines"),
        Line("shuffled"),
        expected=Expected(
            unanswered={1: "invalid_prompt", 2: "invalid_prompt", 5: "server_error", 6: "server_error"}
        ),
        spec={"per_job": 10},
        sample=True,
    ),
]
