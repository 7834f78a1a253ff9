"""What a platform does wrong, as values: plain data, so that a table can hold it and a file can keep it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ACCOUNT", "Answers", "Call", "Fault", "Job", "Line", "Plan", "Row"]

ACCOUNT = "account"
"""A code: each dialect puts its own status, code and message of an account without credit in its place."""


@dataclass(frozen=True)
class Row:
    """The model does not answer some prompts.

    Attributes:
        status: The HTTP status in the line's response; 0 with `code`: the request was never run.
        code: The error's code.
        prompts: Numbers of the prompts; None: all.
        times: How often each prompt meets it; None: always.
        message: The error's message; "": one made of the code.
    """

    status: int
    code: str
    prompts: frozenset[int] | None = None
    times: int | None = None
    message: str = ""


@dataclass(frozen=True)
class Line:
    """Lines of result files are not what they should be. `how` names a function of `lines.py`."""

    how: str
    prompts: frozenset[int] | None = None
    times: int | None = None


@dataclass(frozen=True)
class Answers:
    """Every answer ends with this text, and the files begin with these bytes and have these line ends, the last one or not."""

    ending: str = ""
    start: bytes = b""
    line_end: bytes = b"\n"
    last_end: bool = True


@dataclass(frozen=True)
class Job:
    """The platform says something else of some jobs.

    Attributes:
        how: `says` (it is run, but described otherwise), `rejected` (it fails in validation and is never run), `stuck`
            (it is never run, and stays as it is until somebody cancels it), `immortal` (even then), `unending` (it is
            run, and never ends until somebody cancels it), `deleted` (it is run, and then unknown), `withheld` (it is run,
            and its results are nowhere), `no room` (it is refused when it is created, with 429).
        jobs: Which, counted from 1 in the order of their creation; None: all.
        says: Laid over what it says of the job, one for each poll.
        always: Laid over what it says in all later polls.
        errors: Why it is rejected; `prompt` in place of `line` names the line of that prompt.
        larger_than: Only jobs of more requests are rejected, or have no room.
    """

    how: str
    jobs: frozenset[int] | None = None
    says: tuple[Mapping[str, Any], ...] = ()
    always: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[Mapping[str, Any], ...] = ()
    larger_than: int = 0


@dataclass(frozen=True)
class Call:
    """Some HTTP calls go wrong.

    Attributes:
        call: `upload`, `create`, `list`, `poll`, `download`, `cancel`; `any`.
        how: Names a function of `calls.py`.
        first: The first such call that goes wrong, counted from 1.
        times: How many of them.
        status: For the kinds that answer with a status.
        headers: Sent with it; `{HTTP date}` and `{date}` in them are three seconds later.
        retry_info: How long to wait, in the body as Google's errors say it.
        code: The error's code.
        message: The error's message.
    """

    call: str
    how: str
    first: int = 1
    times: int = 1
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = "server_error"
    message: str = "Not now."
    retry_info: str = ""


Fault = Row | Line | Answers | Job | Call


@dataclass(frozen=True)
class Plan:
    """All that goes wrong in one case, and how the platform is set up.

    Attributes:
        faults: What goes wrong.
        settings: For `distilabel.server.Settings`, such as `max_requests`.
        foreign_jobs: How many jobs of other people the platform lists before ours.
    """

    faults: tuple[Fault, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    foreign_jobs: int = 0

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the faults of one kind."""
        return [fault for fault in self.faults if isinstance(fault, kind)]
