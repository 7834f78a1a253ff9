"""Disaster: the cache folder is gone."""

from typing import Any

from tests.chaos.cases import Case
from tests.chaos.faults import Call, Fault, Job, Row
from tests.chaos.scenarios import disaster
from tests.chaos.table.common import FIRST, HALF, SOME, unanswered

__all__ = ["DISASTER"]


_FOUND = "The jobs are found on the platform by our tag and adopted; the next run collects them and pays for nothing."


def _case(name: str, fault: str, outcome: str, play: Any, *faults: Fault, **more: Any) -> Case:
    """Return a case about a lost cache folder."""
    return Case(name, "disaster", fault, outcome, faults, play=play, **{"spec": {"wait": None}, **more})


DISASTER = [
    _case(
        "cache deleted after submitting",
        "The whole cache folder is deleted after the jobs are submitted; then `Pipeline.recover()`.",
        _FOUND,
        disaster.recovered_in_python,
        sample=True,
    ),
    _case(
        "cache deleted, five jobs",
        "The same, with five jobs.",
        _FOUND,
        disaster.recovered_in_python,
        spec={"wait": None, "per_job": 11},
    ),
    _case(
        "cache deleted, recovered by the command",
        "The same, with `distilabel jobs recover`.",
        _FOUND,
        disaster.recovered_by_command,
        sample=True,
    ),
    _case(
        "cache deleted while jobs run",
        "The cache folder is deleted, and recovered, while the jobs are still running.",
        _FOUND,
        disaster.recovered_while_running,
        settings={"delay": 0.5},
    ),
    _case(
        "cache deleted when all was done",
        "The cache folder is deleted after the rows were collected.",
        _FOUND,
        disaster.recovered_when_done,
        spec={},
    ),
    _case(
        "cache deleted after a second job",
        "The cache folder is deleted after rows that failed went out in a second job.",
        "Both jobs are found; each row gets the answer that was paid for, whichever job has it.",
        disaster.recovered_when_done,
        Row(500, "server_error", SOME, times=1),
        spec={},
    ),
    _case(
        "cache deleted after an expired job",
        "The cache folder is deleted after a job expired half done and its rest was done by a second one.",
        "Both jobs are found; each row gets the answer that was paid for, whichever job has it.",
        disaster.recovered_when_done,
        Row(0, "batch_expired", HALF, times=1),
        Job("says", FIRST, always={"status": "expired"}),
        spec={},
    ),
    _case(
        "cache deleted, rows refused",
        "The cache folder is deleted; some rows were refused.",
        "They end as None again; nothing is paid for again.",
        disaster.recovered_in_python,
        Row(400, "invalid_prompt", SOME),
        expected=unanswered(SOME, "invalid_prompt", most_asked=1),
    ),
    _case(
        "cache deleted, input file gone",
        "The cache folder is deleted, and the platform has deleted the job's input file.",
        "The requests are known by the names in the results.",
        disaster.recovered_in_python,
        Call("download", "refused", status=404),
    ),
    _case(
        "cache deleted, among many jobs",
        "The cache folder is deleted; other people of the organization have 250 newer jobs.",
        _FOUND,
        disaster.recovered_in_python,
        foreign_jobs=250,
    ),
    _case(
        "cache deleted, endless list",
        "The cache folder is deleted, and the list of jobs ignores its cursor: it gives its first page for ever.",
        _FOUND,
        disaster.recovered_in_python,
        Call("list", "first page again", times=1000),
    ),
    _case(
        "recovered twice",
        "Recovery is asked for a second time.",
        "It finds nothing that the ledger lacks.",
        disaster.recovered_twice,
    ),
    _case(
        "ledger damaged and recovered",
        "The ledger is damaged; the user does as the message says: moves it aside, recovers, runs again.",
        _FOUND,
        disaster.recovered_ledger,
    ),
    _case(
        "killed at every point when recovering",
        "Recovery is killed at each of its points, and asked for again.",
        _FOUND,
        disaster.kills_when_recovering,
        spec={"wait": None, "per_job": 24},
        long=True,
    ),
]
