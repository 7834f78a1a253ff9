"""The live table: steps, jobs and when they are asked about."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from distilabel.events import ChunkDone, JobMoved, NextPoll, Notice, RunBegan, StepBegan, StepEnded
from distilabel.progress.table import LiveTable

from .test_log_lines import job


def shown(table: LiveTable, now: list[float]) -> list[list[str]]:
    console = Console(file=io.StringIO(), width=120)
    console.print(table._render())
    return [line.split() for line in console.file.getvalue().splitlines() if line.strip()]


def fresh(now: list[float]) -> LiveTable:
    return LiveTable(Console(file=io.StringIO(), force_terminal=True, width=120), clock=lambda: now[0])


def test_steps_are_shown_with_rows_failures_and_state():
    now = [0.0]
    table = fresh(now)
    for event in (
        RunBegan("p", ("load", "ask", "end")), StepBegan("load"), ChunkDone("load", 1_500), StepEnded("load"),
        StepBegan("ask"), ChunkDone("ask", 20, failures=3), Notice("info", "not shown"),
    ):  # fmt: skip
        table(event)
    assert shown(table, now)[1:] == [
        ["load", "1,500", "done"], ["ask", "20", "3", "running"], ["end", "0", "waiting"],
    ]  # fmt: skip


def test_jobs_are_shown_until_they_are_over_and_then_counted():
    now = [1_030.0]
    table = fresh(now)
    table(JobMoved(job(remote_id="b1", remote_status="in_progress", completed=4)))
    table(NextPoll(job(remote_id="b1"), 10))
    table(JobMoved(replace(job("settled"), id=8)))
    rows = shown(table, now)
    assert ["b1", "in_progress", "4", "of", "1,200", "30", "s", "in", "10", "s"] in rows
    assert ["1", "done"] in rows


def test_only_some_of_many_jobs_are_shown():
    now = [1_030.0]
    table = fresh(now)
    for number in range(15):
        table(JobMoved(replace(job(remote_id=f"b{number}"), id=number)))
    rows = shown(table, now)
    assert len([row for row in rows if row[0][1:].isdigit()]) == 12
    assert ["and", "3", "more"] in rows


def test_table_is_drawn_and_wiped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    table = LiveTable(Console(file=stream, force_terminal=True, width=80))
    table.start()
    table(RunBegan("p", ("load",)))
    table._live.refresh()
    table.stop()
    assert "load" in stream.getvalue()
