"""Jobs: rejected, expired, cancelled, deleted, stuck, and described wrongly."""

from typing import Any

from tests.chaos.cases import Case, Expected
from tests.chaos.faults import ACCOUNT, Call, Fault, Job, Row
from tests.chaos.scenarios import network
from tests.chaos.table.common import EVERY, FIRST, HALF, ONE, REFUSED, RIGHT, SOME, deadline, unanswered

__all__ = ["JOBS"]


def _case(name: str, fault: str, outcome: str, *faults: Fault, **more: Any) -> Case:
    """Return a case about whole jobs."""
    return Case(name, "jobs", fault, outcome, faults, **more)


def _rejected(*codes: str) -> tuple[dict[str, Any], ...]:
    return tuple({"code": code, "message": f"The platform says {code}."} for code in codes)


_QUOTA = {
    "code": "token_limit_exceeded",
    "message": "Enqueued token limit reached for toy-1 in organization o. Limit: 90,000 enqueued tokens. Please try "
    "again once some in_progress batches have been completed.",
}
# Azure and others name no number: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch (not opened on 2026-12-01)
_UNNAMED_QUOTA = {
    "code": "token_limit_exceeded",
    "message": "Too many tokens are enqueued for this deployment.",
}
_PATIENCES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("", "", {}),
    (", and nobody waits", ", in runs that do not wait", {"wait": None}),
)
_LATE_ERRORS = [
    {"code": "invalid_request", "message": "No.", "line": line, "param": None} for line in (1, 2, 3)
]

JOBS = [
    _case(
        "bad line",
        "The job fails in validation because of one line.",
        "That row ends as None with the code; the others go out in a new job. Nothing of the first was run.",
        Job("rejected", FIRST, errors=({"code": "invalid_request", "message": "No.", "prompt": 10},)),
        expected=unanswered(ONE, "invalid_request"),
        sample=True,
    ),
    _case(
        "several bad lines",
        "The job fails in validation because of several lines.",
        "These rows end as None with their codes; the others go out in a new job.",
        Job(
            "rejected",
            FIRST,
            errors=tuple(
                {"code": "invalid_request", "message": "No.", "prompt": number} for number in (0, 10, 35)
            ),
        ),
        expected=unanswered(frozenset({0, 10, 35}), "invalid_request"),
    ),
    _case(
        "wrong model",
        "The job fails in validation: the platform does not know the model, and says so of every line.",
        "The run ends and says what to fix; nothing was run or paid for. After the fix, a run answers all rows.",
        Job("rejected", FIRST, errors=({"code": "model_not_found", "message": "No such model.", "line": 1},)),
        expected=Expected(raises=(("DistilabelJobRejectedError", "model_not_found"),)),
    ),
    _case(
        "too many tasks",
        "The job fails in validation: the platform allows fewer requests than we know.",
        "The run ends with the platform's words; nothing was run or paid for. Run again, all is answered.",
        Job("rejected", FIRST, errors=_rejected("too_many_tasks")),
        expected=Expected(raises=(("DistilabelJobRejectedError", "too_many_tasks"),)),
    ),
    _case(
        "failed without a reason",
        "The job fails in validation, and the platform does not say why.",
        "The run ends and says so; nothing was run or paid for. Run again, all is answered.",
        Job("rejected", FIRST),
        expected=Expected(raises=(("DistilabelJobRejectedError", "failed"),)),
    ),
    _case(
        "no credit, later",
        "Four jobs fail in validation because the account's limit of spending is reached; the error names a line.",
        "Each run ends with the platform's words; the line is no refusal of its row, nothing was run or paid for, and no attempt "
        "is used up. With credit, a run answers all rows.",
        Job(
            "rejected",
            frozenset(range(1, 5)),
            errors=(
                {"code": "billing_hard_limit_reached", "message": "Billing hard limit reached.", "line": 1},
            ),
        ),
        expected=Expected(raises=(("DistilabelJobRejectedError", "run again"),) * 4),
        sample=True,
    ),
    _case(
        "quota, later",
        "The enqueued-token limit is reached: accepted jobs turn out as `failed` with `token_limit_exceeded`, five times.",
        "The run waits and submits the same requests again; no attempt is used up.",
        Job("rejected", frozenset(range(1, 6)), errors=(_QUOTA,)),
    ),
    _case(
        "quota, and nobody waits",
        "The same, in runs that do not wait.",
        "Each run reports that the platform has no capacity and ends; a later run submits again.",
        Job("rejected", frozenset({1, 2}), errors=(_QUOTA,)),
        spec={"wait": None},
    ),
    *(
        _case(
            f"quota smaller than one job{also}",
            "The platform accepts, and then fails, each job of more than 20 requests, with words about tokens and no number"
            f"{runs}.",
            "The jobs become smaller until one is admitted, and no attempt is used up.",
            Job("rejected", larger_than=20, errors=(_UNNAMED_QUOTA,)),
            spec=spec,
            sample=not also,
        )
        for also, runs, spec in _PATIENCES
    ),
    *(
        _case(
            f"created: quota smaller than one job{also}",
            "The platform refuses to create each job of more than 20 requests (429), with words about tokens and no number"
            f"{runs}.",
            "The jobs become smaller until one is admitted, and no attempt is used up.",
            Job("no room", larger_than=20, errors=(_UNNAMED_QUOTA,)),
            spec=spec,
            sample=not also,
        )
        for also, runs, spec in _PATIENCES
    ),
    *(
        _case(
            f"failed {name}",
            f"The job fails when {what} of its rows are done: its counts are positive, it has an output file, and its errors "
            "name lines.",
            "What is done is kept, and the rest goes out in a new job. The lines named are no refusals.",
            *([Row(0, "", HALF, times=1)] if name == "half done" else []),
            Job(
                "says", FIRST, always={"status": "failed", "errors": {"object": "list", "data": _LATE_ERRORS}}
            ),
            sample=name == "half done",
        )
        for name, what in (("half done", "half"), ("when all was done", "all"))
    ),
    _case(
        "cancelled, and its results nowhere",
        "Somebody cancels the job when half of its rows are done; its counts are positive, and it names no file, for ever.",
        "It is asked again for ten minutes. Then it is believed, and all rows go out in a new job.",
        Row(0, "batch_cancelled", HALF, times=1),
        Job("withheld", FIRST, always={"status": "cancelled"}),
        sample=True,
    ),
    *(
        _case(
            f"{status} half done",
            f"The job {how} when half of its rows are done; the others are in the error file as `{code}`.",
            "What is done is kept; the rest goes out in a new job. Nothing is paid twice.",
            Row(0, code, HALF, times=1),
            Job("says", FIRST, always={"status": status}),
            sample=True,
        )
        for status, code, how in (
            ("expired", "batch_expired", "expires"),
            ("cancelled", "batch_cancelled", "is cancelled by somebody else"),
        )
    ),
    _case(
        "expired half done, the rest nowhere",
        "The job expires when half of its rows are done; the others are in no file.",
        "What is done is kept; the rest goes out in a new job.",
        Row(0, "", HALF, times=1),
        Job("says", FIRST, always={"status": "expired"}),
    ),
    _case(
        "expired with nothing done",
        "The job expires before anything was run.",
        "All rows go out in a new job.",
        Row(0, "batch_expired", times=1),
        Job("says", FIRST, always={"status": "expired"}),
    ),
    _case(
        "expiring always",
        "Some rows expire in every job.",
        "After three attempts they end as None with the code `batch_expired`.",
        Row(0, "batch_expired", SOME),
        Job("says", always={"status": "expired"}),
        expected=unanswered(SOME, "batch_expired"),
    ),
    _case(
        "deleted",
        "The job is deleted on the platform while it runs: a poll says 404, and says it again.",
        "The platform lost these answers, as the books say: the rows are sent again in a new job.",
        Job("deleted", FIRST),
        sample=True,
    ),
    _case(
        "404 just after creation",
        "The first polls of a new job say 404, because one part of the platform does not know yet what another has done.",
        RIGHT,
        Call("poll", "refused", times=2, status=404),
    ),
    _case(
        "completed before its files are named",
        "The job is completed, and for some polls its files are still null.",
        RIGHT,
        Job("says", says=({"output_file_id": None, "error_file_id": None},) * 3),
    ),
    _case(
        "file not there yet",
        "The job is completed, and its file says 404 for a while.",
        RIGHT,
        Call("download", "refused", times=2, status=404),
    ),
    _case(
        "file empty at first",
        "The job is completed and counts its answers, and its file is empty for a while.",
        RIGHT,
        Call("download", "carried out and nothing", times=2),
    ),
    _case(
        "file not there for long",
        "The job is completed, and its file says 404 for as long as the run asks for it; only the next run gets it.",
        "The run says so and leaves the job open; the next one asks again. Nothing is paid twice.",
        Call("download", "refused", times=18, status=404),
    ),
    _case(
        "file not there, and nobody waits",
        "The same, in runs that do not wait.",
        "Each run asks a few times and leaves the job open; a later one gets the file. Nothing is paid twice.",
        Call("download", "refused", times=7, status=404),
        spec={"wait": None},
    ),
    _case(
        "unknown status",
        "The job has a status that nobody has heard of, for some polls.",
        "It counts as running; the polling goes on.",
        Job("says", says=({"status": "paused_for_review"}, {"status": "PROGRESS"}, {"status": None})),
        sample=True,
    ),
    _case("counts null", "The job's counts are null.", RIGHT, Job("says", always={"request_counts": None})),
    *(
        _case(
            f"counts {name}",
            f"The job's counts {text}.",
            "Counts are shown and never relied upon.",
            Job(
                "says",
                says=({"status": "in_progress", "request_counts": counts},) * 2,
                always={"request_counts": counts},
            ),
        )
        for name, text, counts in (
            ("too high", "say more rows than there are", {"total": 48, "completed": 9_000_000, "failed": 3}),
            ("too low", "say that nothing was done", {"total": 48, "completed": 0, "failed": 0}),
            (
                "of another job",
                "say 1000 completed, 0 failed",
                {"total": 1000, "completed": 1000, "failed": 0},
            ),
            ("negative", "are negative", {"total": -1, "completed": -5, "failed": -7}),
            ("half null", "are null one by one", {"total": None, "completed": None, "failed": None}),
            ("texts", "are words", {"total": "many", "completed": "some", "failed": "few"}),
            ("fractions", "are fractions", {"total": 48.0, "completed": 12.5, "failed": 0.5}),
            ("a list", "are a list", [48, 0, 0]),
        )
    ),
    _case(
        "progress backwards",
        "The job goes from `finalizing` back to `in_progress` and `validating`, and its counts go down.",
        RIGHT,
        Job(
            "says",
            says=(
                {"status": "in_progress", "request_counts": {"total": 48, "completed": 40, "failed": 0}},
                {"status": "finalizing", "request_counts": {"total": 48, "completed": 48, "failed": 0}},
                {"status": "in_progress", "request_counts": {"total": 48, "completed": 10, "failed": 0}},
                {"status": "validating", "request_counts": {"total": 0, "completed": 0, "failed": 0}},
            ),
        ),
    ),
    _case(
        "stuck in validating",
        "The job stays in `validating` for ever.",
        "At its deadline it is cancelled, and its rows go out in a new job.",
        Job("stuck", FIRST, always={"status": "validating"}),
        spec=deadline("resubmit"),
        sample=True,
    ),
    _case(
        "stuck in validating, and nobody waits",
        "The same, in runs that do not wait.",
        "The first run after the deadline cancels it, a later one sends its rows in a new job.",
        Job("stuck", FIRST, always={"status": "validating"}),
        play=network.with_pauses,
        spec={**deadline("resubmit"), "wait": None},
    ),
    _case(
        "stuck in finalizing",
        "The job has done all its rows, and stays in `finalizing` for ever.",
        "At its deadline it is cancelled, and what it has done is collected; nothing is sent again.",
        Job("unending", FIRST),
        spec=deadline("resubmit"),
    ),
    _case(
        "stuck half done",
        "The job has done half of its rows, and stays in `in_progress` for ever.",
        "At its deadline it is cancelled; what it has done is kept, the rest goes out in a new job.",
        Row(0, "batch_cancelled", HALF, times=1),
        Job("unending", FIRST, always={"status": "in_progress"}),
        spec=deadline("resubmit"),
        sample=True,
    ),
    _case(
        "stuck, and cannot be cancelled",
        "The job stays in `validating`, and is not even cancelled when asked to.",
        "Some time after its deadline it is left to itself, and its rows go out in a new job.",
        Job("immortal", FIRST, always={"status": "validating"}),
        spec=deadline("resubmit"),
    ),
    _case(
        "stuck always",
        "Every job stays in `validating` for ever.",
        "After three attempts every row ends as None with the code `deadline`.",
        Job("stuck", always={"status": "validating"}),
        expected=unanswered(EVERY, "deadline"),
        spec=deadline("resubmit"),
    ),
    _case(
        "stuck half done, at_deadline fail",
        "The job stays half done for ever, and the user wants no second one.",
        "What it has done is kept; the other rows end as None with the code `deadline`.",
        Row(0, "batch_cancelled", HALF),
        Job("unending", FIRST, always={"status": "in_progress"}),
        expected=unanswered(HALF, "deadline"),
        spec=deadline("fail"),
    ),
    _case(
        "stuck half done, at_deadline online",
        "The job stays half done for ever, and the user wants the rest at the realtime endpoint.",
        "What it has done is kept; the rest is asked online, once.",
        Row(0, "batch_cancelled", HALF),
        Job("unending", FIRST, always={"status": "in_progress"}),
        spec=deadline("online"),
        sample=True,
    ),
    _case(
        "rest asked online, key revoked",
        "The rest of a stuck job is asked online, and in the middle of it the key is revoked.",
        "The run ends and says so; what was answered is kept. With the right key the rest is asked.",
        Row(0, "batch_cancelled", HALF),
        Job("unending", FIRST, always={"status": "in_progress"}),
        Call("online", "refused", first=9, times=3, status=401),
        expected=Expected(raises=(("DistilabelAuthenticationError", "key"),)),
        spec=deadline("online"),
    ),
    _case(
        "rest asked online, no credit",
        "The rest of a stuck job is asked online, and in the middle of it the account has no credit any more.",
        "The run ends and says so, and no attempt is used up; what was answered is kept. With credit, the rest is asked.",
        Row(0, "batch_cancelled", HALF),
        Job("unending", FIRST, always={"status": "in_progress"}),
        Call("online", "refused", first=9, times=3, code=ACCOUNT),
        expected=Expected(raises=(REFUSED,)),
        spec=deadline("online"),
    ),
    _case(
        "rest asked online, platform overloaded",
        "The rest of a stuck job is asked online, and the platform says 503 for a while.",
        "The calls are made again; no answer is paid twice.",
        Row(0, "batch_cancelled", HALF, times=1),
        Job("unending", FIRST, always={"status": "in_progress"}),
        Call("online", "refused", first=9, times=9),
        spec=deadline("online"),
    ),
    _case(
        "rest asked online, platform away",
        "The rest of a stuck job is asked online, and in the middle of it the platform goes away.",
        "What was answered is kept, whether the run ends with what it saw or waits; no answer is paid twice.",
        Row(0, "batch_cancelled", HALF, times=1),
        Job("unending", FIRST, always={"status": "in_progress"}),
        Call("online", "cut", first=9, times=90),
        play=network.may_raise,
        spec=deadline("online"),
    ),
    _case("several jobs", "The rows need five jobs, which end in any order.", RIGHT, spec={"per_job": 11}),
    _case(
        "one of several jobs expired",
        "Of five jobs, the second expires with half of its rows done and the fourth is deleted.",
        "Each row has its own answer: a job that ends badly shifts no other.",
        Row(0, "batch_expired", frozenset(range(12, 18)), times=1),
        Job("says", frozenset({2}), always={"status": "expired"}),
        Job("deleted", frozenset({4})),
        spec={"per_job": 11},
        sample=True,
    ),
    _case(
        "nobody waits",
        "Each run submits or collects, and ends.",
        "Run again until it is done, it has polled what was submitted, and submitted nothing twice.",
        spec={"wait": None},
        settings={"delay": 0.5},
        sample=True,
    ),
]
