"""Which rows without an answer a run asks for again, by the reason in their `distilabel_metadata`."""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from distilabel._files import writing
from distilabel.models.base import ACCOUNT_REFUSED
from distilabel.pipeline.storage.chunks import content_digest
from distilabel.steps.base import _Step
from distilabel.typing import DISTILABEL_METADATA_KEY, FailureReason, Row

__all__ = [
    "Retry",
    "RetryList",
    "filled",
    "is_passing",
    "reasons_of",
    "refused",
    "retry_offers",
    "unanswered",
]

# The platform was busy, down or too slow, lost the request, or refused the account: nothing is wrong with the request itself.
_PASSING = re.compile(
    r"http_(408|409|425|429|5\d\d)|(batch|request)_(expired|cancelled|canceled|timeout)|expired|deadline|missing|job_lost|given_up"
    r"|timeout(_error)?|overloaded(_error)?|api_error|rate_limit(_error|_exceeded)|server_error|internal(_server)?_error"
    r"|bad_gateway|service_unavailable|gateway_timeout|unavailable|resource_exhausted|deadline_exceeded|empty_line|unreadable_line"
    rf"|unreachable|worker_died|step_error|{ACCOUNT_REFUSED}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Retry:
    """Selects rows without an answer; each attribute that is None selects all.

    Attributes:
        step: The name of the step.
        code: The code of the reason, such as `http_400`.
        job: The platform's id of the batch job, or its number in the ledger.

    Examples:
        >>> Retry(code="http_400").selects("task", {"code": "http_503"})
        False
    """

    step: str | None = None
    code: str | None = None
    job: str | None = None

    def selects(self, step: str, reason: Mapping[str, Any]) -> bool:
        """Tell whether the selection has a row for which a step has no answer, for this reason."""
        return (
            self.step in (None, step)
            and self.code in (None, reason.get("code"))
            and self.job in (None, reason.get("job_id"))
        )


def is_passing(code: str) -> bool:
    """Tell whether a failure has a reason that passes: every rerun asks for such rows again.

    Examples:
        >>> is_passing("http_503"), is_passing("http_400"), is_passing("content_filter")
        (True, False, False)
    """
    return _PASSING.fullmatch(code) is not None


def refused(step: str, rows: Sequence[Row]) -> str | None:
    """Return the message of the first row for which a platform refused to do anything, because of the account; None: no row."""
    reasons = (reason for row in rows for reason in reasons_of(step, row))
    return next(
        (reason["message"] for reason in reasons if reason and reason["code"] == ACCOUNT_REFUSED), None
    )


def unanswered(
    step: _Step,
    inputs: list[list[Row]],
    outputs: list[Row],
    retries: Sequence[Retry],
    *,
    offline: bool = False,
) -> list[int] | None:
    """Return the numbers of the input rows that a run asks for again; None if it is not known which rows came of which.

    Online, an input is also asked for again if none of its generations has an answer, for reasons that pass. Offline, only
    answers that cannot be read are: failed requests are submitted again by the ledger.

    Args:
        step: The step.
        inputs: The chunk that it was given, by source.
        outputs: The rows that it gave.
        retries: What the user selected.
        offline: Whether the step uses batch jobs.
    """
    name, count = step.name, len(inputs[0]) if len(inputs) == 1 else 0
    if not count or len(outputs) % count:
        return None
    each = len(outputs) // count
    found = []
    for number in range(count):
        rows = outputs[number * each : (number + 1) * each]
        reasons = [reason for row in rows for reason in reasons_of(name, row)]
        passes = all(reason is not None and is_passing(reason["code"]) for reason in reasons)
        if (passes and bool(reasons) and not offline) or any(
            retry.selects(name, reason)
            for reason in reasons
            if reason is not None and not (offline and reason["job_id"])
            for retry in retries
        ):
            if not all(_is_of(step, inputs[0][number], row) for row in rows):
                return None
            found.append(number)
    return found


def reasons_of(step: str, row: Row) -> list[FailureReason | None]:
    """Return why a step has no answer in a row, by generation; None for those that it has."""
    metadata = row.get(DISTILABEL_METADATA_KEY)
    found = metadata.get(f"failure_{step}") if isinstance(metadata, dict) else None
    return list(found) if isinstance(found, list | tuple) else [found]


def filled(step: str, rows: list[Row], others: list[Row], places: Sequence[int] | None = None) -> list[Row]:
    """Return the rows of a chunk, each replaced by the other that was made of the same input if that has fewer failures.

    Args:
        step: The name of the step.
        rows: The rows that the step gave for a chunk.
        others: Other rows that it gave, for all inputs of the chunk or for those at `places`.
        places: The numbers of these inputs.
    """
    each = len(others) // len(places) if places else 1
    numbers = [place * each + i for place in places for i in range(each)] if places else range(len(others))
    found = dict(zip(numbers, others, strict=True))
    return [
        found[i] if i in found and _failures(step, found[i]) < _failures(step, row) else row
        for i, row in enumerate(rows)
    ]


def retry_offers(step: str, codes: Mapping[str, int], pipeline: str, *, by_batch: bool) -> Iterator[str]:
    """Yield sentences that say how rows of a step get the answers that they lack.

    Args:
        step: The name of the step.
        codes: How many rows have no answer, by the code of the reason.
        pipeline: The name of the pipeline.
        by_batch: Whether the step uses batch jobs, which have sent a request again as often as they may.

    Examples:
        >>> list(retry_offers("task", {"http_503": 2}, "p", by_batch=False))
        ["2 rows of step 'task' failed for a reason that passes (http_503). Run again, and these alone are asked for again."]
    """
    passing = {code: count for code, count in codes.items() if is_passing(code) and not by_batch}
    others = {code: count for code, count in codes.items() if code not in passing}
    if passing:
        yield (
            f"{_rows(passing)} of step {step!r} failed for a reason that passes ({', '.join(passing)}). Run again, and these "
            "alone are asked for again."
        )
    if others:
        yield (
            f"{_rows(others)} of step {step!r} failed, and a rerun leaves them as they are ({', '.join(others)}). After "
            f"`distilabel retry {pipeline}`, the next run asks for these alone once more, as new requests."
        )


def _rows(codes: Mapping[str, int]) -> str:
    count = sum(codes.values())
    return f"{count:,} row" + ("" if count == 1 else "s")


def _failures(step: str, row: Row) -> int:
    return sum(reason is not None for reason in reasons_of(step, row))


def _is_of(step: _Step, given: Row, made: Row) -> bool:
    """Tell whether a row was made of another: it has the same columns, but for those that the step writes."""
    columns = given.keys() - step.get_outputs().keys() - {DISTILABEL_METADATA_KEY}
    if not columns <= made.keys():
        return False
    both = [{name: row[name] for name in sorted(columns)} for row in (given, made)]
    return content_digest(both[:1]) == content_digest(both[1:])


class RetryList:
    """What the runs of a pipeline ask for again, from `distilabel retry` or `run(retry_failed=True)` until a run is complete.

    Args:
        folder: The pipeline's folder.

    Attributes:
        retries: The selections.
        begun: A number that differs for each time that a run has begun to ask; 0 if none has. If it was not complete, the
            next run continues it: requests that have failed again since are not asked for once more.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "retry.json"
        found = orjson.loads(self._path.read_bytes()) if self._path.exists() else {}
        self.retries = [Retry(**values) for values in found.get("retries", ())]
        self.begun = int(found.get("begun", 0))

    def add(self, retry: Retry) -> None:
        """Add a selection. The next run asks for all selected rows."""
        self.retries = [*dict.fromkeys((*self.retries, retry))]
        self._save(0)

    def begin(self, number: int) -> None:
        """Record that a run has begun to ask; see `begun`."""
        self._save(number)

    def clear(self) -> None:
        """Remove all selections: a run is complete."""
        self._path.unlink(missing_ok=True)

    def _save(self, begun: int) -> None:
        self.begun = begun
        part = self._path.with_suffix(".part")
        retries = [dataclasses.asdict(retry) for retry in self.retries]
        with writing(self._path.parent):
            part.write_bytes(orjson.dumps({"begun": begun, "retries": retries}))
            part.replace(self._path)
