"""The network: calls that are cut, refused, redirected or silent, and a platform that is away."""

from typing import Any

from tests.chaos.cases import Case, Expected
from tests.chaos.faults import ACCOUNT, Call, Fault
from tests.chaos.scenarios import network
from tests.chaos.table.common import ADOPTED, REFUSED, RIGHT

__all__ = ["HTTP"]


def _case(name: str, fault: str, outcome: str, *faults: Fault, **more: Any) -> Case:
    """Return a case about calls."""
    return Case(name, "http", fault, outcome, faults, **more)


def _create(how: str, fault: str, outcome: str = ADOPTED, *others: Fault, **more: Any) -> Case:
    status = more.pop("status", 500)
    times = more.pop("times", 1)
    name = more.pop(
        "name", f"create: {how} {status}" if "refused" in how or "HTML" in how else f"create: {how}"
    )
    return _case(name, fault, outcome, Call("create", how, status=status, times=times), *others, **more)


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
        "carried out and cut",
        "A job is created and the connection is cut; the list of jobs ignores its cursor: it gives its first page for ever.",
        "The list ends with a page that brings no new job; the job is adopted, never created again.",
        Call("list", "first page again", times=1000),
        name="create: cut, and an endless list",
        foreign_jobs=3,
        sample=True,
    ),
    _create(
        "refused",
        "No job is created, the answer says 500, and the list of jobs gives its first page for ever.",
        "The list ends with a page that brings no new job; the job is not found, and created once.",
        Call("list", "first page again", times=1000),
        name="create: refused, and an endless list",
        foreign_jobs=3,
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
    _case(
        "create: 429 with Retry-After",
        "Creating is refused with 429 and `Retry-After: 2`.",
        "It is tried again after two seconds, no earlier.",
        Call("create", "refused", status=429, headers={"retry-after": "2"}),
        play=network.waits_as_asked,
        sample=True,
    ),
    *(
        _case(
            f"create: 429 with {name}",
            f"Creating is refused with 429, and {what} when to come again: after two seconds, or a little more.",
            "It is tried again after that time, no earlier.",
            Call("create", "refused", status=429, headers=headers, retry_info=info),
            play=network.waits_as_asked,
            sample=name == "retry-after-ms",
        )
        for name, what, headers, info in (
            ("retry-after-ms", "`retry-after-ms` says", {"retry-after-ms": "2000"}, ""),
            ("an HTTP date", "a date in `Retry-After` says", {"retry-after": "{HTTP date}"}, ""),
            (
                "x-ratelimit-reset",
                "the reset of the limit that is used up says",
                {
                    "x-ratelimit-remaining-requests": "0",
                    "x-ratelimit-reset-requests": "2s",
                    "x-ratelimit-remaining-tokens": "90000",
                    "x-ratelimit-reset-tokens": "6m0s",
                },
                "",
            ),
            (
                "anthropic-ratelimit-reset",
                "the reset of the limit that is used up says",
                {
                    "anthropic-ratelimit-requests-remaining": "0",
                    "anthropic-ratelimit-requests-reset": "{date}",
                },
                "",
            ),
            ("RetryInfo", "Google's RetryInfo in the body says", {}, "2s"),
        )
    ),
    _case(
        "create: 401",
        "The key is revoked just before a job is created.",
        "The run ends and says so; with the right key it goes on.",
        Call("create", "refused", status=401),
        expected=Expected(raises=(("DistilabelAuthenticationError", "key"),)),
    ),
    *(
        _case(
            f"{call}: no credit{name}",
            f"The account has no credit any more: {what} is refused {how}, four times.",
            f"The run ends and says so, and no attempt is used up. With credit, a run {then}.",
            Call(call, "refused", status=402, code=code, message="Payment required.", times=4),
            expected=Expected(raises=(REFUSED,) * 4),
            sample=not name and call in ("create", "poll"),
        )
        for call, what, then in (
            ("upload", "the upload", "sends the same requests"),
            ("create", "the call that creates a job", "sends the same requests"),
            ("poll", "a poll", "collects what was submitted"),
            ("download", "the download of the results", "collects what was submitted"),
        )
        for name, how, code in (
            ("", "in the platform's own words", ACCOUNT),
            (": 402", "with 402", "payment_required"),
        )
    ),
    *(
        _case(
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
        _case(
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
            ("poll", "cut", 3, "A poll", "is cut, three times", "It is sent again."),
            ("poll", "half sent", 2, "A poll", "is cut half way", "It is sent again."),
            ("poll", "trickling", 2, "A poll", "comes in drops", RIGHT),
            ("poll", "silent", 1, "A poll", "stays silent half way", "It is sent again."),
            ("any", "held up", 9, "Every call", "takes long", RIGHT),
        )
    ),
    *(
        _case(
            f"{call}: {status} for a while",
            f"{what} says {status}, nine times.",
            "The run waits and asks again.",
            Call(call, "refused", times=9, status=status),
            sample=(call, status) == ("poll", 503),
        )
        for call, what in (("poll", "A poll"), ("download", "A download"), ("upload", "The upload"))
        for status in (503, 500)
    ),
    _case(
        "poll: 429",
        "Polls are refused with 429, four times.",
        "They are sent again.",
        Call("poll", "refused", times=4, status=429),
    ),
    _case(
        "poll: 503, and nobody waits",
        "Polls say 503 to a run that does not wait.",
        "The run ends and says so; a later one goes on.",
        Call("poll", "refused", times=6),
        expected=Expected(raises=(("DistilabelPlatformError", "503"),)),
        spec={"wait": None},
    ),
    *(
        _case(
            f"{call}: a page with status {status}",
            f"A proxy answers {what} with an HTML page and status {status}.",
            outcome,
            Call(call, "HTML", status=status, times=2),
            expected=expected,
        )
        for call, what, status, outcome, expected in (
            ("poll", "a poll", 502, "It is sent again.", Expected()),
            ("download", "a download", 502, "It is fetched again.", Expected()),
            ("upload", "the upload", 502, "It is sent again.", Expected()),
        )
    ),
    _case(
        "poll: a page with status 200",
        "A proxy answers polls with an HTML page and status 200.",
        "The page is no answer: whether the run ends with what it saw, or asks again, nothing is paid twice.",
        Call("poll", "HTML", status=200),
        play=network.may_raise,
    ),
    _case(
        "upload: carried out and {}",
        "The upload is answered with an empty JSON object.",
        "That is no answer: the run ends with what it saw, a later one uploads again; nothing is paid twice.",
        Call("upload", "carried out and {}"),
        play=network.may_raise,
    ),
    _case(
        "download: a page with status 200",
        "A proxy answers a download with an HTML page and status 200.",
        "The page is not taken for results: whether the run ends with what it saw, or fetches again, nothing is paid twice.",
        Call("download", "HTML", status=200),
        play=network.may_raise,
    ),
    *(
        _case(
            f"download: redirected to a signed URL {status}",
            f"The results are redirected to a signed URL of another host ({status}).",
            "The redirect is followed, and no key goes there.",
            Call("download", "redirected to a signed URL", status=status),
            sample=status == 302,
        )
        for status in (302, 307)
    ),
    *(
        _case(
            f"{call}: redirected",
            f"{what} is redirected to another address ({status}).",
            "The redirect is not followed, and the key goes nowhere else.",
            Call(call, "redirected", status=status),
            play=network.may_raise,
        )
        for call, what, status in (
            ("poll", "A poll", 302),
            ("upload", "The upload", 308),
        )
    ),
    _case(
        "TLS fails",
        "The platform's certificate is not trusted.",
        "The run ends and names address, network and TLS; nothing was sent. After the fix, all rows are answered.",
        play=network.tls_fails,
        spec={"wait": None},
        sample=True,
    ),
    _case(
        "no TLS at all",
        "The address says https, and the platform speaks plain HTTP.",
        "The run ends and says so; nothing was sent. After the fix, all rows are answered.",
        play=network.no_tls,
        spec={"wait": None},
    ),
    _case(
        "DNS fails",
        "The platform's name cannot be resolved.",
        "The run ends and says so; nothing was sent. After the fix, all rows are answered.",
        play=network.no_name,
        spec={"wait": None},
    ),
    _case(
        "platform away while waiting",
        "The platform goes away after the jobs are submitted, and comes back later.",
        "The run waits for it and goes on.",
        play=network.away_while_waiting,
    ),
    _case(
        "platform away between runs",
        "The platform is away when a run that does not wait comes to collect.",
        "That run ends and says so; a later one collects, and pays nothing again.",
        play=network.away_between_runs,
        spec={"wait": None},
    ),
    _case(
        "platform away before anything is sent",
        "Nothing listens at the platform's address.",
        "The run that does not wait ends and says so; a later one submits.",
        play=network.away_at_first,
        spec={"wait": None},
    ),
]
