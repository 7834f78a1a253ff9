"""Everything that can go wrong, one entry each: in words, as a plan for the platform, and what must come of it.

The tests, `make chaos` and the page `docs/what-can-go-wrong.md` are all made of this table.
"""

from typing import Any

from tests.chaos import scenarios
from tests.chaos.cases import Case, Expected
from tests.chaos.faults import Answers, Call, Fault, Job, Line, Row
from tests.chaos.pipeline import numbers

__all__ = ["CASES", "GROUPS"]

GROUPS = {
    "lines": "Result files",
    "rows": "Rows",
    "jobs": "Jobs",
    "http": "The network",
    "process": "The process",
    "disk": "The disk",
    "disaster": "Disaster",
}

# A few prompts, one of them asked by three rows; one prompt alone; and half of all.
SOME = frozenset({3, 10, 17, 38})
ONE = frozenset({10})
HALF = frozenset(range(0, 40, 2))
EVERY = numbers()
FIRST = frozenset({1})

RIGHT = "Every row has its own answer; nothing is paid twice."
AGAIN = "These rows alone are asked again in a follow-up job, and then answered."
ADOPTED = "The job is looked up by its tag and adopted, never created again."


def unanswered(prompts: frozenset[int], code: str, **more: Any) -> Expected:
    """Expect these prompts to end without an answer, for this reason."""
    return Expected(unanswered=dict.fromkeys(prompts, code), **more)


def lines(name: str, fault: str, outcome: str = RIGHT, *faults: Fault, **more: Any) -> Case:
    """Return a case about result files."""
    return Case(name, "lines", fault, outcome, faults, **more)


def rows(name: str, fault: str, outcome: str, *faults: Fault, **more: Any) -> Case:
    """Return a case about rows that fail."""
    return Case(name, "rows", fault, outcome, faults, **more)


def jobs(name: str, fault: str, outcome: str, *faults: Fault, **more: Any) -> Case:
    """Return a case about whole jobs."""
    return Case(name, "jobs", fault, outcome, faults, **more)


def http(name: str, fault: str, outcome: str, *faults: Fault, **more: Any) -> Case:
    """Return a case about calls."""
    return Case(name, "http", fault, outcome, faults, **more)


def process(name: str, fault: str, outcome: str, play: Any, **more: Any) -> Case:
    """Return a case about processes."""
    return Case(name, "process", fault, outcome, play=play, **more)


def disk(name: str, fault: str, outcome: str, play: Any, **more: Any) -> Case:
    """Return a case about the disk."""
    return Case(name, "disk", fault, outcome, play=play, **more)


# Result files

_LOST_LINES = {
    "missing": "are in neither of the two files",
    "no JSON": "are an error text of some proxy in place of JSON",
    "half a line": "are cut off in the middle",
    "no name": "have no custom_id",
    "a list": "are a JSON list in place of an object",
    "empty body": "are a 200 with an empty body",
    "null body": "are a 200 whose body is null",
    "text body": "are a 200 whose body is a plain text",
    "JSON in a string": "are a 200 whose body is a JSON string that holds JSON",
    "no choices": "are a 200 without choices",
    "null choices": "are a 200 whose choices are null",
    "null message": "are a 200 whose message is null",
    "null content": "are a 200 whose content is null, with neither refusal nor tool call",
    "status 0": "have status 0 and an empty body, in the output file",
    "null status": "have a status of null",
    "neither": "have neither response nor error",
    "error in a 200": "are a 200 whose body is an error",
    "response error": "have status 503 and `error: null`, in the output file",
    "never run": "have `response: null` and a retryable error",
}

LINES = [
    lines(
        "shuffled", "The lines of the output file come in any order.", RIGHT, Line("shuffled"), sample=True
    ),
    lines("backwards", "The lines come in the opposite order.", RIGHT, Line("backwards")),
    lines("doubled", "Every line comes twice.", RIGHT, Line("twice"), sample=True),
    lines(
        "first failed, then answered",
        "A row has two lines: a failure, and then an answer.",
        "The answer counts; nothing is asked again.",
        Line("after a failure", SOME),
    ),
    lines(
        "first answered, then failed",
        "A row has two lines: an answer, and then a failure.",
        "The answer counts; nothing is asked again.",
        Line("before a failure", SOME),
    ),
    lines(
        "foreign lines",
        "The file holds lines under ids that were never sent, some of them of our own shape.",
        "They are counted in the job's anomalies and go to no row.",
        Line("foreign lines"),
        sample=True,
    ),
    lines("blank lines", "Blank lines stand between the lines.", RIGHT, Line("blank lines")),
    lines("CRLF", "Lines end with a carriage return and a newline.", RIGHT, Answers(line_end=b"\r\n")),
    *(
        lines(
            f"lost once: {how}",
            f"Some lines {text}.",
            f"The platform lost these answers. {AGAIN}",
            Line(how, SOME, times=1),
            sample=how in ("missing", "half a line"),
        )
        for how, text in _LOST_LINES.items()
    ),
    lines(
        "lost always: missing",
        "Some rows are in neither file, however often they are asked.",
        "After three attempts they end as None with the code `missing`.",
        Line("missing", SOME),
        expected=unanswered(SOME, "missing"),
        sample=True,
    ),
    lines(
        "lost always: empty body",
        "Some rows come back as a 200 with nothing in it, however often they are asked.",
        "After three attempts they end as None with the code `empty_reply`.",
        Line("empty body", SOME),
        expected=unanswered(SOME, "empty_reply"),
    ),
    lines(
        "all lines lost once",
        "The job is completed and its file is empty.",
        "All rows are asked again in a second job, and then answered.",
        Line("missing", times=1),
    ),
    lines(
        "refusal",
        "Some answers have no content but a refusal.",
        "These rows end as None with the code `refusal` and the model's words; they are not asked again.",
        Line("refusal", SOME),
        expected=unanswered(SOME, "refusal"),
        sample=True,
    ),
    lines(
        "content filter in the answer",
        "Some answers have no content and the finish_reason `content_filter`.",
        "These rows end as None with the code `refusal`; they are not asked again.",
        Line("filtered answer", SOME),
        expected=unanswered(SOME, "refusal"),
    ),
    lines(
        "finish_reason length",
        "Some answers were cut short by the token limit.",
        "What was paid for is kept: the row has the beginning of the answer.",
        Line("cut short", SOME),
        expected=Expected(cut_short=SOME),
    ),
    lines(
        "error file of 0 bytes",
        "The job names an error file that is empty.",
        RIGHT,
        Job("says", always={"error_file_id": "file-empty"}),
        sample=True,
    ),
    lines(
        "error_file_id empty",
        'The job says `error_file_id: ""`.',
        RIGHT,
        Job("says", always={"error_file_id": ""}),
    ),
    lines(
        "output_file_id null",
        "Every row failed: the job is completed, `output_file_id` is null, all lines are in the error file.",
        "All rows are asked again in a second job, and then answered.",
        Row(500, "server_error", times=1),
    ),
    *(
        lines(
            f"answers with {name}",
            f"Every answer holds {name}.",
            "The answers are kept to the character; lines end at a newline byte and nowhere else.",
            Answers(ending=text),
            expected=Expected(ending=text),
            sample=name == "U+2028, U+2029 and U+0085",
        )
        for name, text in {
            "U+2028, U+2029 and U+0085": "a\u2028b\u2029c\x85d",
            "a NUL": "a\x00b",
            "carriage returns": "a\r\nb\rc\r\n",
            "emoji, Arabic and Chinese": "🦜 مرحبا 富士山",
            "U+FEFF, U+FFFF and control characters": "\ufeffa\uffff\x01\x1f\x7fb",
        }.items()
    ),
    lines(
        "answers with a lone surrogate",
        "Every answer ends with half of an emoji, as a token limit leaves it; JSON can carry it, UTF-8 cannot.",
        "The answer is kept, with U+FFFD in place of the half; nothing is asked again.",
        Answers(ending="\ud83e"),
        expected=Expected(ending="\ufffd"),
        sample=True,
    ),
]

# Rows

ROWS = [
    rows(
        "refused",
        "The platform refuses some rows (HTTP 400).",
        "They end as None with the platform's code; asking again would not help, and is not tried.",
        Row(400, "invalid_prompt", SOME),
        expected=unanswered(SOME, "invalid_prompt", most_asked=1),
        sample=True,
    ),
    rows(
        "content filter",
        "The content filter refuses some prompts (HTTP 400, `content_filter`).",
        "They end as None with the code `content_filter`, and are not asked again.",
        Row(400, "content_filter", SOME),
        expected=unanswered(SOME, "content_filter", most_asked=1),
    ),
    *(
        rows(
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
    rows(
        "failed twice",
        "Some rows fail twice and then succeed.",
        AGAIN,
        Row(500, "server_error", SOME, times=2),
    ),
    rows(
        "failing always",
        "Some rows fail with a 500, however often they are asked.",
        "After three attempts they end as None with the platform's code; the others are not held up.",
        Row(500, "server_error", SOME),
        expected=unanswered(SOME, "server_error"),
        sample=True,
    ),
    rows(
        "all refused",
        "Every row of a job is refused.",
        "Every row ends as None with a reason; the run ends and says so.",
        Row(400, "invalid_prompt"),
        expected=unanswered(EVERY, "invalid_prompt", most_asked=1),
    ),
    rows("all failed once", "Every row fails once with a 500.", AGAIN, Row(500, "server_error", times=1)),
    rows(
        "all failing always",
        "Every row fails, however often it is asked.",
        "After three attempts every row ends as None with the platform's code.",
        Row(500, "server_error"),
        expected=unanswered(EVERY, "server_error"),
    ),
    rows(
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

# Jobs


def _rejected(*codes: str) -> tuple[dict[str, Any], ...]:
    return tuple({"code": code, "message": f"The platform says {code}."} for code in codes)


_QUOTA = {
    "code": "token_limit_exceeded",
    "message": "Enqueued token limit reached for toy-1 in organization o. Limit: 90,000 enqueued tokens. Please try "
    "again once some in_progress batches have been completed.",
}

_DEADLINE = {"options": {"deadline": 0.4, "at_deadline": "resubmit"}}

JOBS = [
    jobs(
        "bad line",
        "The job fails in validation because of one line.",
        "That row ends as None with the code; the others go out in a new job. Nothing of the first was run.",
        Job("rejected", FIRST, errors=({"code": "invalid_request", "message": "No.", "prompt": 10},)),
        expected=unanswered(ONE, "invalid_request"),
        sample=True,
    ),
    jobs(
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
    jobs(
        "wrong model",
        "The job fails in validation: the platform does not know the model, and says so of every line.",
        "The run ends with what to mend; nothing was run or paid for. Mended and run again, all is answered.",
        Job("rejected", FIRST, errors=({"code": "model_not_found", "message": "No such model.", "line": 1},)),
        expected=Expected(raises=(("DistilabelJobRejectedError", "model_not_found"),)),
    ),
    jobs(
        "too many tasks",
        "The job fails in validation: the platform allows fewer requests than we know.",
        "The run ends with the platform's words; nothing was run or paid for. Run again, all is answered.",
        Job("rejected", FIRST, errors=_rejected("too_many_tasks")),
        expected=Expected(raises=(("DistilabelJobRejectedError", "too_many_tasks"),)),
    ),
    jobs(
        "failed without a reason",
        "The job fails in validation, and the platform does not say why.",
        "The run ends and says so; nothing was run or paid for. Run again, all is answered.",
        Job("rejected", FIRST),
        expected=Expected(raises=(("DistilabelJobRejectedError", "failed"),)),
    ),
    jobs(
        "quota, later",
        "The enqueued-token limit is reached: accepted jobs turn out as `failed` with `token_limit_exceeded`, five times.",
        "The run waits and submits the same requests again; no attempt is used up.",
        Job("rejected", frozenset(range(1, 6)), errors=(_QUOTA,)),
    ),
    jobs(
        "quota, and nobody waits",
        "The same, in runs that do not wait.",
        "Each run says that there is no room and ends; a later one submits again.",
        Job("rejected", frozenset({1, 2}), errors=(_QUOTA,)),
        spec={"wait": None},
    ),
    *(
        jobs(
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
    jobs(
        "expired half done, the rest nowhere",
        "The job expires when half of its rows are done; the others are in no file.",
        "What is done is kept; the rest goes out in a new job.",
        Row(0, "", HALF, times=1),
        Job("says", FIRST, always={"status": "expired"}),
    ),
    jobs(
        "expired with nothing done",
        "The job expires before anything was run.",
        "All rows go out in a new job.",
        Row(0, "batch_expired", times=1),
        Job("says", FIRST, always={"status": "expired"}),
    ),
    jobs(
        "expiring always",
        "Some rows expire in every job.",
        "After three attempts they end as None with the code `batch_expired`.",
        Row(0, "batch_expired", SOME),
        Job("says", always={"status": "expired"}),
        expected=unanswered(SOME, "batch_expired"),
    ),
    jobs(
        "deleted",
        "The job is deleted on the platform while it runs: a poll says 404, and says it again.",
        "The platform lost these answers, as the books say: the rows are asked again in a new job.",
        Job("deleted", FIRST),
        sample=True,
    ),
    jobs(
        "404 just after creation",
        "The first polls of a new job say 404, because one part of the platform does not know yet what another has done.",
        RIGHT,
        Call("poll", "refused", times=2, status=404),
    ),
    jobs(
        "completed before its files are named",
        "The job is completed, and for some polls its files are still null.",
        RIGHT,
        Job("says", says=({"output_file_id": None, "error_file_id": None},) * 3),
    ),
    jobs(
        "file not there yet",
        "The job is completed, and its file says 404 for a while.",
        RIGHT,
        Call("download", "refused", times=2, status=404),
    ),
    jobs(
        "unknown status",
        "The job has a status that nobody has heard of, for some polls.",
        "It counts as running; the polling goes on.",
        Job("says", says=({"status": "paused_for_review"}, {"status": "PROGRESS"}, {"status": None})),
        sample=True,
    ),
    jobs("counts null", "The job's counts are null.", RIGHT, Job("says", always={"request_counts": None})),
    *(
        jobs(
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
    jobs(
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
    jobs(
        "stuck in validating",
        "The job stays in `validating` for ever.",
        "At its deadline it is cancelled, and its rows go out in a new job.",
        Job("stuck", FIRST, always={"status": "validating"}),
        spec=_DEADLINE,
        sample=True,
    ),
    jobs(
        "stuck in validating, and nobody waits",
        "The same, in runs that do not wait.",
        "The first run after the deadline cancels it, a later one sends its rows in a new job.",
        Job("stuck", FIRST, always={"status": "validating"}),
        play=scenarios.with_pauses,
        spec={**_DEADLINE, "wait": None},
    ),
    jobs(
        "stuck in finalizing",
        "The job has done all its rows, and stays in `finalizing` for ever.",
        "At its deadline it is cancelled, and what it has done is collected; nothing is asked again.",
        Job("unending", FIRST),
        spec=_DEADLINE,
    ),
    jobs(
        "stuck half done",
        "The job has done half of its rows, and stays in `in_progress` for ever.",
        "At its deadline it is cancelled; what it has done is kept, the rest goes out in a new job.",
        Row(0, "batch_cancelled", HALF, times=1),
        Job("unending", FIRST, always={"status": "in_progress"}),
        spec=_DEADLINE,
        sample=True,
    ),
    jobs(
        "stuck, and cannot be cancelled",
        "The job stays in `validating`, and is not even cancelled when asked to.",
        "Some time after its deadline it is left to itself, and its rows go out in a new job.",
        Job("immortal", FIRST, always={"status": "validating"}),
        spec=_DEADLINE,
    ),
    jobs(
        "stuck always",
        "Every job stays in `validating` for ever.",
        "After three attempts every row ends as None with the code `deadline`.",
        Job("stuck", always={"status": "validating"}),
        expected=unanswered(EVERY, "deadline"),
        spec=_DEADLINE,
    ),
    jobs(
        "stuck half done, at_deadline fail",
        "The job stays half done for ever, and the user wants no second one.",
        "What it has done is kept; the other rows end as None with the code `deadline`.",
        Row(0, "batch_cancelled", HALF),
        Job("unending", FIRST, always={"status": "in_progress"}),
        expected=unanswered(HALF, "deadline"),
        spec={"options": {"deadline": 0.4, "at_deadline": "fail"}},
    ),
    jobs(
        "stuck half done, at_deadline online",
        "The job stays half done for ever, and the user wants the rest at the realtime endpoint.",
        "What it has done is kept; the rest is asked online, once.",
        Row(0, "batch_cancelled", HALF),
        Job("unending", FIRST, always={"status": "in_progress"}),
        spec={"options": {"deadline": 0.4, "at_deadline": "online"}},
        sample=True,
    ),
    jobs(
        "rest asked online, key revoked",
        "The rest of a stuck job is asked online, and in the middle of it the key is revoked.",
        "The run ends and says so; what was answered is kept. With the right key the rest is asked.",
        Row(0, "batch_cancelled", HALF),
        Job("unending", FIRST, always={"status": "in_progress"}),
        Call("online", "refused", first=9, times=3, status=401),
        expected=Expected(raises=(("DistilabelAuthenticationError", "key"),)),
        spec={"options": {"deadline": 0.4, "at_deadline": "online"}},
    ),
    jobs(
        "rest asked online, platform overloaded",
        "The rest of a stuck job is asked online, and the platform says 503 for a while.",
        "The calls are made again; no answer is paid twice.",
        Row(0, "batch_cancelled", HALF, times=1),
        Job("unending", FIRST, always={"status": "in_progress"}),
        Call("online", "refused", first=9, times=9),
        spec={"options": {"deadline": 0.4, "at_deadline": "online"}},
    ),
    jobs(
        "rest asked online, platform away",
        "The rest of a stuck job is asked online, and in the middle of it the platform goes away.",
        "What was answered is kept, whether the run ends with what it saw or waits; no answer is paid twice.",
        Row(0, "batch_cancelled", HALF, times=1),
        Job("unending", FIRST, always={"status": "in_progress"}),
        Call("online", "cut", first=9, times=90),
        play=scenarios.may_raise,
        spec={"options": {"deadline": 0.4, "at_deadline": "online"}},
    ),
    jobs("several jobs", "The rows need five jobs, which end in any order.", RIGHT, spec={"per_job": 11}),
    jobs(
        "one of several jobs expired",
        "Of five jobs, the second expires with half of its rows done and the fourth is deleted.",
        "Each row has its own answer: a job that ends badly shifts no other.",
        Row(0, "batch_expired", frozenset(range(12, 18)), times=1),
        Job("says", frozenset({2}), always={"status": "expired"}),
        Job("deleted", frozenset({4})),
        spec={"per_job": 11},
        sample=True,
    ),
    jobs(
        "nobody waits",
        "Each run submits or collects, and ends.",
        "Run again until it is done, it has polled what was submitted, and submitted nothing twice.",
        spec={"wait": None},
        settings={"delay": 0.5},
        sample=True,
    ),
]

# The network


def _create(how: str, fault: str, outcome: str = ADOPTED, *others: Fault, **more: Any) -> Case:
    status = more.pop("status", 500)
    times = more.pop("times", 1)
    name = more.pop(
        "name", f"create: {how} {status}" if "refused" in how or "HTML" in how else f"create: {how}"
    )
    return http(name, fault, outcome, Call("create", how, status=status, times=times), *others, **more)


HTTP = [
    _create(
        "carried out and cut", "A job is created, and the connection is cut before the answer.", sample=True
    ),
    _create("head sent", "A job is created, and the connection is cut after the head of the answer."),
    _create("half sent", "A job is created, and the connection is cut in the middle of the answer."),
    _create("carried out and refused", "A job is created, and the answer says 500.", sample=True),
    _create("carried out and refused", "A job is created, and the answer says 504.", status=504),
    _create("carried out and refused", "A job is created, and the answer says 408.", status=408),
    _create("carried out and refused", "A job is created, and the answer says 409.", status=409),
    _create("carried out and {}", "A job is created, and the answer is an empty JSON object."),
    _create(
        "carried out and HTML",
        "A job is created, and a proxy answers with a page and status 200.",
        status=200,
    ),
    _create(
        "carried out and HTML",
        "A job is created, and a proxy answers with a page and status 502.",
        status=502,
    ),
    _create(
        "silent",
        "A job is created, and then there is silence until the client gives up.",
        spec={"timeout": 0.5},
    ),
    _create(
        "carried out and cut",
        "Every job of five is created, and each time the connection is cut.",
        "Each is looked up by its own tag and adopted.",
        name="create: cut for every job",
        times=5,
        spec={"per_job": 11},
    ),
    _create(
        "carried out and cut",
        "A job is created, the connection is cut, and the list of jobs lags behind.",
        "It is looked for again and again for a while before it would be created again.",
        Call("list", "stale", times=2),
        name="create: cut, and the list lags",
    ),
    _create(
        "carried out and cut",
        "A job is created, the connection is cut, and the list of jobs says 503 for a while.",
        ADOPTED,
        Call("list", "refused", times=9),
        name="create: cut, and no list",
    ),
    _create(
        "carried out and cut",
        "A job is created and the connection is cut; other people of the organization have 250 newer jobs.",
        "The list is read page by page until the job is found.",
        name="create: cut, among many jobs",
        foreign_jobs=250,
        sample=True,
    ),
    _create(
        "carried out and cut",
        "The same, with a clock that is a day ahead of the platform's.",
        ADOPTED,
        name="create: cut, among many jobs, clock ahead",
        foreign_jobs=250,
        spec={"clock": 86_400.0},
    ),
    _create(
        "cut",
        "The connection is cut before a job is created.",
        "It is looked for, not found, and created once.",
    ),
    _create(
        "refused",
        "No job is created, and the answer says 500.",
        "It is looked for, not found, and created once.",
    ),
    _create(
        "refused",
        "No job is created, and the answer says 500 three times.",
        "Each time it is looked for before it is created again.",
        name="create: refused three times",
        times=3,
    ),
    _create(
        "redirected",
        "The call that creates a job is redirected to another address.",
        "The redirect is not followed, the key goes nowhere else; the job is looked for, not found, and created once.",
        status=307,
    ),
    http(
        "create: 429 with Retry-After",
        "Creating is refused with 429 and `Retry-After: 2`.",
        "It is tried again after two seconds, no earlier.",
        Call("create", "refused", status=429, headers={"retry-after": "2"}),
        play=scenarios.waits_as_asked,
        sample=True,
    ),
    http(
        "create: 401",
        "The key is revoked just before a job is created.",
        "The run ends and says so; with the right key it goes on.",
        Call("create", "refused", status=401),
        expected=Expected(raises=(("DistilabelAuthenticationError", "key"),)),
    ),
    *(
        http(
            f"{call}: 401",
            f"The key is revoked in the middle of a run: {what} says 401.",
            "The run ends and says so; with the right key it goes on where it was.",
            Call(call, "refused", status=401, first=first),
            expected=Expected(raises=(("DistilabelAuthenticationError", "key"),)),
            settings={"delay": 0.3},
            sample=call == "poll",
        )
        for call, what, first in (
            ("upload", "the upload", 1),
            ("poll", "a poll", 2),
            ("download", "a download", 1),
        )
    ),
    *(
        http(
            f"{call}: {how}",
            f"{what} {text}.",
            outcome,
            Call(call, how, times=times, status=200),
            spec={"timeout": 0.5} if how == "silent" else {},
            sample=(call, how) == ("download", "half sent"),
        )
        for call, how, times, what, text, outcome in (
            ("upload", "cut", 2, "The upload", "is cut, twice", "It is sent again; uploads cost nothing."),
            (
                "upload",
                "carried out and cut",
                1,
                "The upload",
                "is carried out and its answer is cut",
                "It is sent again; uploads cost nothing, and only one file becomes a job.",
            ),
            (
                "download",
                "half sent",
                2,
                "The download",
                "is cut half way, twice",
                "It is fetched again from its beginning.",
            ),
            ("download", "head sent", 1, "The download", "is cut after its head", "It is fetched again."),
            (
                "download",
                "silent",
                1,
                "The download",
                "stops half way and stays silent",
                "It is fetched again.",
            ),
            ("download", "trickling", 1, "The download", "comes in drops", RIGHT),
            ("poll", "cut", 3, "A poll", "is cut, three times", "It is asked again."),
            ("poll", "half sent", 2, "A poll", "is cut half way", "It is asked again."),
            ("poll", "trickling", 2, "A poll", "comes in drops", RIGHT),
            ("poll", "silent", 1, "A poll", "stays silent half way", "It is asked again."),
            ("any", "held up", 9, "Every call", "takes long", RIGHT),
        )
    ),
    *(
        http(
            f"{call}: {status} for a while",
            f"{what} says {status}, nine times.",
            "The run waits and asks again.",
            Call(call, "refused", times=9, status=status),
            sample=(call, status) == ("poll", 503),
        )
        for call, what in (("poll", "A poll"), ("download", "A download"), ("upload", "The upload"))
        for status in (503, 500)
    ),
    http(
        "poll: 429",
        "Polls are refused with 429, four times.",
        "They are asked again.",
        Call("poll", "refused", times=4, status=429),
    ),
    http(
        "poll: 503, and nobody waits",
        "Polls say 503 to a run that does not wait.",
        "The run ends and says so; a later one goes on.",
        Call("poll", "refused", times=6),
        expected=Expected(raises=(("DistilabelPlatformError", "503"),)),
        spec={"wait": None},
    ),
    *(
        http(
            f"{call}: a page with status {status}",
            f"A proxy answers {what} with an HTML page and status {status}.",
            outcome,
            Call(call, "HTML", status=status, times=2),
            expected=expected,
        )
        for call, what, status, outcome, expected in (
            ("poll", "a poll", 502, "It is asked again.", Expected()),
            ("download", "a download", 502, "It is fetched again.", Expected()),
            ("upload", "the upload", 502, "It is sent again.", Expected()),
        )
    ),
    http(
        "poll: a page with status 200",
        "A proxy answers polls with an HTML page and status 200.",
        "The page is no answer: whether the run ends with what it saw, or asks again, nothing is paid twice.",
        Call("poll", "HTML", status=200),
        play=scenarios.may_raise,
    ),
    http(
        "upload: carried out and {}",
        "The upload is answered with an empty JSON object.",
        "That is no answer: the run ends with what it saw, a later one uploads again; nothing is paid twice.",
        Call("upload", "carried out and {}"),
        play=scenarios.may_raise,
    ),
    http(
        "download: a page with status 200",
        "A proxy answers a download with an HTML page and status 200.",
        "The page is not taken for results: whether the run ends with what it saw, or fetches again, nothing is paid twice.",
        Call("download", "HTML", status=200),
        play=scenarios.may_raise,
    ),
    *(
        http(
            f"{call}: redirected",
            f"{what} is redirected to another address ({status}).",
            "The redirect is not followed, and the key goes nowhere else.",
            Call(call, "redirected", status=status),
            play=scenarios.may_raise,
        )
        for call, what, status in (
            ("poll", "A poll", 302),
            ("download", "A download", 307),
            ("upload", "The upload", 308),
        )
    ),
    http(
        "TLS fails",
        "The platform's certificate is not trusted.",
        "The run ends and names address, network and TLS; nothing was sent. Mended, all is answered.",
        play=scenarios.tls_fails,
        spec={"wait": None},
        sample=True,
    ),
    http(
        "no TLS at all",
        "The address says https, and the platform speaks plain HTTP.",
        "The run ends and says so; nothing was sent. Mended, all is answered.",
        play=scenarios.no_tls,
        spec={"wait": None},
    ),
    http(
        "DNS fails",
        "The platform's name cannot be resolved.",
        "The run ends and says so; nothing was sent. Mended, all is answered.",
        play=scenarios.no_name,
        spec={"wait": None},
    ),
    http(
        "platform away while waiting",
        "The platform goes away after the jobs are submitted, and comes back later.",
        "The run waits for it and goes on.",
        play=scenarios.away_while_waiting,
        settings={"delay": 0.4},
    ),
    http(
        "platform away between runs",
        "The platform is away when a run that does not wait comes to collect.",
        "That run ends and says so; a later one collects, and pays nothing again.",
        play=scenarios.away_between_runs,
        spec={"wait": None},
    ),
    http(
        "platform away before anything is sent",
        "Nothing listens at the platform's address.",
        "The run that does not wait ends and says so; a later one submits.",
        play=scenarios.away_at_first,
        spec={"wait": None},
    ),
]

# The process

_KILLED = "Run again, it goes on where the ledger says it was: nothing is paid twice, nothing is lost."

PROCESS = [
    process(
        "killed at every point",
        "The process is killed (-9) at each commit of the ledger, before and after each call, in the middle of each file.",
        _KILLED,
        scenarios.kills_everywhere,
        long=True,
    ),
    process(
        "killed at every point, five jobs",
        "The same, with five jobs side by side.",
        _KILLED,
        scenarios.kills_everywhere,
        spec={"per_job": 10},
        long=True,
    ),
    process(
        "killed at every point, rows failing",
        "The same, in a job that expires half done, with rows that fail once and lines that are lost.",
        _KILLED,
        scenarios.kills_everywhere,
        faults=(
            Row(0, "batch_expired", HALF, times=1),
            Row(429, "rate_limit_exceeded", frozenset({3}), times=1),
            Line("missing", frozenset({5}), times=1),
            Job("says", FIRST, always={"status": "expired"}),
        ),
        long=True,
    ),
    process(
        "killed at every point, creation uncertain",
        "The same, in a run whose creation is carried out and cut, so that it has to look the job up.",
        _KILLED,
        scenarios.kills_everywhere,
        faults=(Call("create", "carried out and cut"),),
        long=True,
    ),
    process(
        "killed at every point, job stuck",
        "The same, with a job that stays half done and is cancelled at its deadline.",
        _KILLED,
        scenarios.kills_everywhere,
        faults=(
            Row(0, "batch_cancelled", HALF, times=1),
            Job("unending", FIRST, always={"status": "in_progress"}),
        ),
        spec=_DEADLINE,
        long=True,
    ),
    process(
        "killed at every point, rest asked online",
        "The same, with a job that stays half done and whose rest is asked online at the deadline.",
        "Each row has its own answer. Realtime calls that were under way, at most 64, are made and paid for again: "
        "nothing can look them up.",
        scenarios.kills_everywhere,
        expected=Expected(most_twice=24),
        faults=(Row(0, "batch_cancelled", HALF), Job("unending", FIRST, always={"status": "in_progress"})),
        spec={"options": {"deadline": 0.2, "at_deadline": "online"}},
        long=True,
    ),
    process(
        "killed at every point, nobody waits",
        "The process that submits and does not wait is killed at each of its points.",
        _KILLED,
        scenarios.kills_everywhere,
        spec={"wait": None},
        long=True,
    ),
    process(
        "killed at every point when collecting",
        "The later process that collects is killed at each of its points.",
        _KILLED,
        scenarios.kills_when_collecting,
        spec={"wait": None},
        long=True,
    ),
    process(
        "killed at random moments",
        "The process is killed (-9) at random moments, up to six times on the way to one dataset.",
        _KILLED,
        scenarios.kills_at_random,
        spec={"per_job": 10},
        settings={"delay": 0.3},
        long=True,
    ),
    process(
        "power lost at every point",
        "The power fails at each of these points: what the ledger did not sync is gone, half a frame of garbage is there.",
        _KILLED,
        scenarios.power_losses,
        long=True,
    ),
    process(
        "result file half written",
        "The process dies while it writes a result file; half of the file is on the disk.",
        "The file is fetched again: only a file that is whole has its name.",
        scenarios.half_a_result_file,
        sample=True,
    ),
    process(
        "SIGTERM",
        "The process is told to stop while it waits.",
        "It stops within a second or two, without a traceback; a later run goes on.",
        scenarios.terminated,
        settings={"delay": 0.5},
        sample=True,
    ),
    process(
        "Ctrl+C",
        "A person stops the process while it waits.",
        "It stops within a second or two, without a traceback; a later run goes on.",
        scenarios.interrupted,
        settings={"delay": 0.5},
    ),
    process(
        "two processes at once",
        "The same pipeline is started a second time while it runs.",
        "The second says that the first is running, and submits nothing.",
        scenarios.two_at_once,
        settings={"delay": 0.7},
        sample=True,
    ),
    process(
        "two pipelines in one cache folder",
        "Two pipelines run at the same time in one cache folder, with one ledger.",
        "Each gets its own answers and pays for its own requests.",
        scenarios.two_pipelines,
        settings={"delay": 0.3},
    ),
    process(
        "clock jumps back",
        "The clock jumps back by a day between submitting and collecting.",
        RIGHT,
        scenarios.clock_back,
        spec={"wait": None},
    ),
    process(
        "clock wrong while a creation is unknown",
        "The process dies between a creation and its record; the next run's clock is a day behind, or ahead.",
        ADOPTED,
        scenarios.clock_back_while_unknown,
    ),
]

# The disk

DISK = [
    disk(
        "disk full",
        "The disk of the cache folder is full, at one moment or another.",
        "The run ends and says so; after space is freed it goes on. Nothing is paid twice.",
        scenarios.disk_full,
        long=True,
    ),
    disk(
        "quota",
        "No file in the cache folder may grow beyond some size.",
        "The run ends and says so; with more room it goes on. Nothing is paid twice.",
        scenarios.file_limit,
        long=True,
    ),
    disk(
        "read-only",
        "The cache folder cannot be written any more when a later run comes to collect.",
        "The run ends and says so; when it can be written again, it goes on.",
        scenarios.read_only,
        spec={"wait": None},
    ),
    disk(
        "not a folder",
        "A file stands where the cache folder should be.",
        "The run ends and says so; nothing was sent.",
        scenarios.not_a_folder,
        sample=True,
    ),
    disk(
        "ledger of a newer version",
        "A newer version of the library has written the ledger.",
        "The run refuses to touch it and says which version it has.",
        scenarios.newer_ledger,
        spec={"wait": None},
        sample=True,
    ),
    disk(
        "ledger of an older version",
        "An older version of the library has written the ledger, with jobs under way.",
        "It is brought up to date, and the run goes on.",
        scenarios.older_ledger,
        spec={"wait": None},
    ),
    disk(
        "damaged ledger",
        "Pages of the ledger are overwritten with garbage.",
        "The run refuses it and says how to recover; with the ledger restored, it goes on.",
        scenarios.damaged_ledger,
        spec={"wait": None},
        sample=True,
    ),
]
# Disaster

_FOUND = "The jobs are found on the platform by our tag and adopted; the next run collects them and pays for nothing."


def disaster(name: str, fault: str, outcome: str, play: Any, *faults: Fault, **more: Any) -> Case:
    """Return a case about a lost cache folder."""
    return Case(name, "disaster", fault, outcome, faults, play=play, **{"spec": {"wait": None}, **more})


DISASTER = [
    disaster(
        "cache deleted after submitting",
        "The whole cache folder is deleted after the jobs are submitted; then `Pipeline.recover()`.",
        _FOUND,
        scenarios.recovered_in_python,
        sample=True,
    ),
    disaster(
        "cache deleted, five jobs",
        "The same, with five jobs.",
        _FOUND,
        scenarios.recovered_in_python,
        spec={"wait": None, "per_job": 11},
    ),
    disaster(
        "cache deleted, recovered by the command",
        "The same, with `distilabel jobs recover`.",
        _FOUND,
        scenarios.recovered_by_command,
        sample=True,
    ),
    disaster(
        "cache deleted while jobs run",
        "The cache folder is deleted, and recovered, while the jobs are still running.",
        _FOUND,
        scenarios.recovered_while_running,
        settings={"delay": 0.5},
    ),
    disaster(
        "cache deleted when all was done",
        "The cache folder is deleted after the rows were collected.",
        _FOUND,
        scenarios.recovered_when_done,
        spec={},
    ),
    disaster(
        "cache deleted after a second job",
        "The cache folder is deleted after rows that failed went out in a second job.",
        "Both jobs are found; each row gets the answer that was paid for, whichever job has it.",
        scenarios.recovered_when_done,
        Row(500, "server_error", SOME, times=1),
        spec={},
    ),
    disaster(
        "cache deleted after an expired job",
        "The cache folder is deleted after a job expired half done and its rest was done by a second one.",
        "Both jobs are found; each row gets the answer that was paid for, whichever job has it.",
        scenarios.recovered_when_done,
        Row(0, "batch_expired", HALF, times=1),
        Job("says", FIRST, always={"status": "expired"}),
        spec={},
    ),
    disaster(
        "cache deleted, rows refused",
        "The cache folder is deleted; some rows were refused.",
        "They end as None again; nothing is paid for again.",
        scenarios.recovered_in_python,
        Row(400, "invalid_prompt", SOME),
        expected=unanswered(SOME, "invalid_prompt", most_asked=1),
    ),
    disaster(
        "cache deleted, input file gone",
        "The cache folder is deleted, and the platform has deleted the job's input file.",
        "The requests are known by the names in the results.",
        scenarios.recovered_in_python,
        Call("download", "refused", status=404),
    ),
    disaster(
        "cache deleted, among many jobs",
        "The cache folder is deleted; other people of the organization have 250 newer jobs.",
        _FOUND,
        scenarios.recovered_in_python,
        foreign_jobs=250,
    ),
    disaster(
        "recovered twice",
        "Recovery is asked for a second time.",
        "It finds nothing that the ledger lacks.",
        scenarios.recovered_twice,
    ),
    disaster(
        "ledger damaged and recovered",
        "The ledger is damaged; the user does as the message says: moves it aside, recovers, runs again.",
        _FOUND,
        scenarios.recovered_ledger,
    ),
    disaster(
        "killed at every point when recovering",
        "Recovery is killed at each of its points, and asked for again.",
        _FOUND,
        scenarios.kills_when_recovering,
        spec={"wait": None, "per_job": 24},
        long=True,
    ),
]

CASES: list[Case] = [*LINES, *ROWS, *JOBS, *HTTP, *PROCESS, *DISK, *DISASTER]
