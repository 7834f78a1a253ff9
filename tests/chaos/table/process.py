"""The process: killed at every point, asked to stop, started twice, with a clock that is wrong."""

from typing import Any

from tests.chaos.cases import Case, Expected
from tests.chaos.faults import Call, Job, Line, Row
from tests.chaos.scenarios import process
from tests.chaos.table.common import ADOPTED, FIRST, HALF, ONE, RIGHT, SOME, deadline

__all__ = ["PROCESS"]


def _case(name: str, fault: str, outcome: str, play: Any, **more: Any) -> Case:
    """Return a case about processes."""
    return Case(name, "process", fault, outcome, play=play, **more)


_KILLED = "Run again, it goes on where the ledger says it was: nothing is paid twice, nothing is lost."

PROCESS = [
    _case(
        "killed at every point",
        "The process is killed (-9) at each commit of the ledger, before and after each call, in the middle of each file.",
        _KILLED,
        process.kills_everywhere,
        long=True,
    ),
    _case(
        "killed at every point, five jobs",
        "The same, with five jobs side by side.",
        _KILLED,
        process.kills_everywhere,
        spec={"per_job": 10},
        long=True,
    ),
    _case(
        "killed at every point, rows failing",
        "The same, in a job that expires half done, with rows that fail once and lines that are lost.",
        _KILLED,
        process.kills_everywhere,
        faults=(
            Row(0, "batch_expired", HALF, times=1),
            Row(429, "rate_limit_exceeded", frozenset({3}), times=1),
            Line("missing", frozenset({5}), times=1),
            Job("says", FIRST, always={"status": "expired"}),
        ),
        long=True,
    ),
    _case(
        "killed at every point, creation uncertain",
        "The same, in a run whose creation is carried out and cut, so that it has to look the job up.",
        _KILLED,
        process.kills_everywhere,
        faults=(Call("create", "carried out and cut"),),
        long=True,
    ),
    _case(
        "killed at every point, job stuck",
        "The same, with a job that stays half done and is cancelled at its deadline.",
        _KILLED,
        process.kills_everywhere,
        faults=(
            Row(0, "batch_cancelled", HALF, times=1),
            Job("unending", FIRST, always={"status": "in_progress"}),
        ),
        spec=deadline("resubmit"),
        long=True,
    ),
    _case(
        "killed at every point, rest asked online",
        "The same, with a job that stays half done and whose rest is asked online at the deadline.",
        "Each row has its own answer. Realtime calls that were under way, at most 64, are made and paid for again: "
        "nothing can look them up.",
        process.kills_everywhere,
        expected=Expected(most_twice=24),
        faults=(Row(0, "batch_cancelled", HALF), Job("unending", FIRST, always={"status": "in_progress"})),
        spec=deadline("online"),
        long=True,
    ),
    _case(
        "killed at every point, nobody waits",
        "The process that submits and does not wait is killed at each of its points.",
        _KILLED,
        process.kills_everywhere,
        spec={"wait": None},
        long=True,
    ),
    _case(
        "killed at every point when collecting",
        "The later process that collects is killed at each of its points.",
        _KILLED,
        process.kills_when_collecting,
        spec={"wait": None},
        long=True,
    ),
    _case(
        "killed at every point, failed rows retried",
        "Some rows were refused, and others lost three times. The process of `run(retry_failed=True)`, which asks for them again, "
        "is killed (-9) at each of its points.",
        "Run again in the same way, each of these rows is asked for once more, no other is, and nothing is paid twice.",
        process.kills_when_retrying,
        faults=(Row(400, "invalid_prompt", SOME - ONE, times=1), Line("missing", ONE, times=3)),
        expected=Expected(most_asked=4),
        long=True,
    ),
    _case(
        "killed at random moments",
        "The process is killed (-9) at random moments, up to six times on the way to one dataset.",
        _KILLED,
        process.kills_at_random,
        spec={"per_job": 10},
        settings={"delay": 0.3},
        long=True,
    ),
    _case(
        "power lost at every point",
        "The power fails at each of these points: what the ledger did not sync is gone, half a frame of garbage is there.",
        _KILLED,
        process.power_losses,
        long=True,
    ),
    _case(
        "result file half written",
        "The process dies while it writes a result file; half of the file is on the disk.",
        "The file is fetched again: only a file that is whole has its name.",
        process.half_a_result_file,
        sample=True,
    ),
    _case(
        "SIGTERM",
        "The process is asked to stop while it waits.",
        "It stops before its next poll, an hour away, without a traceback; a later run goes on.",
        process.terminated,
        sample=True,
    ),
    _case(
        "Ctrl+C",
        "A user stops the process while it waits.",
        "It stops before its next poll, an hour away, without a traceback; a later run goes on.",
        process.interrupted,
    ),
    _case(
        "two processes at once",
        "The same pipeline is started a second time while it runs.",
        "The second says that the first is running, and submits nothing.",
        process.two_at_once,
        sample=True,
    ),
    _case(
        "two pipelines in one cache folder",
        "Two pipelines run at the same time in one cache folder, with one ledger.",
        "Each gets its own answers and pays for its own requests.",
        process.two_pipelines,
        settings={"delay": 0.3},
    ),
    _case(
        "clock jumps back",
        "The clock jumps back by a day between submitting and collecting.",
        RIGHT,
        process.clock_back,
        spec={"wait": None},
    ),
    _case(
        "clock wrong while a creation is unknown",
        "The process dies between a creation and its record; the next run's clock is a day behind, or ahead.",
        ADOPTED,
        process.clock_back_while_unknown,
    ),
]
