"""The screen: which way it shows a run, where the log goes, and that it leaves no trace."""

import io
import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from distilabel.events import ChunkDone, JobMoved, Notice, RunBegan, RunEnded, RunFailed
from distilabel.exceptions import DistilabelUserError
from distilabel.progress.screen import screen

from .test_log_lines import job

LOGGER = logging.getLogger("distilabel")


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    monkeypatch.delenv("DISTILABEL_PROGRESS", raising=False)
    monkeypatch.delenv("DISTILABEL_LOG_LEVEL", raising=False)
    return monkeypatch.setenv


def message(tmp_path: Path) -> str:
    return (tmp_path / "run.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("mode", ["auto", "plain", "rich", "json", "none", "PLAIN"])
def test_log_file_gets_everything_from_info_on_whatever_is_shown(
    tmp_path: Path, settings: Callable[[str, str], None], mode: str
):
    settings("DISTILABEL_PROGRESS", mode)
    settings("DISTILABEL_LOG_LEVEL", "error")
    with screen(tmp_path / "run.log") as emit:
        emit(RunBegan("p", ("load",)))
        LOGGER.getChild("deep").info("from a step: é")
        LOGGER.debug("too much")
    assert "Pipeline 'p' starts: load." in message(tmp_path)
    assert "from a step: é" in message(tmp_path)
    assert "too much" not in message(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_full_disk_of_the_log_ends_no_run_and_shows_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "run.log").symlink_to("/dev/full")
    with screen(tmp_path / "run.log") as emit:
        emit(Notice("warning", "Mind the gap."))
    assert "Traceback" not in capsys.readouterr().err


def test_lines_are_shown_where_there_is_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with screen(tmp_path / "run.log") as emit:
        emit(Notice("warning", "Mind the gap."))
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("Mind the gap.")) == ("", 1)
    assert "WARNING" in shown.err


@pytest.mark.parametrize(("level", "lines"), [("warning", 1), ("INFO", 2), ("", 2)])
def test_level_says_how_much_is_shown(
    tmp_path: Path,
    settings: Callable[[str, str], None],
    capsys: pytest.CaptureFixture[str],
    level: str,
    lines: int,
):
    settings("DISTILABEL_LOG_LEVEL", level)
    with screen(tmp_path / "run.log") as emit:
        emit(Notice("info", "line"))
        emit(Notice("warning", "line"))
    assert capsys.readouterr().err.count("line") == lines


def test_debug_is_shown_on_demand_and_not_filed(
    tmp_path: Path, settings: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
):
    settings("DISTILABEL_LOG_LEVEL", "debug")
    with screen(tmp_path / "run.log"):
        LOGGER.debug("detail")
        LOGGER.info("line")
    assert "detail" in capsys.readouterr().err
    assert "detail" not in message(tmp_path)


def test_json_mode_gives_one_object_an_event(
    tmp_path: Path, settings: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
):
    settings("DISTILABEL_PROGRESS", "json")
    with screen(tmp_path / "run.log") as emit:
        emit(ChunkDone("s\u2028", 3, failures=1))
        emit(JobMoved(job(remote_id="b1")))
        emit(RunFailed(ValueError("oh")))
        emit(RunEnded("p", complete=False, rows=0, failures={"s": 1}, open_jobs=(job(),)))
    events = [json.loads(line) for line in capsys.readouterr().err.split("\n") if line]
    assert events[0] == {"event": "ChunkDone", "step": "s\u2028", "rows": 3, "failures": 1, "cached": False}
    assert (events[1]["event"], events[1]["job"]["remote_id"]) == ("JobMoved", "b1")
    assert events[1]["job"]["target"]["model"] == "m"
    assert (events[2]["error"], events[3]["open_jobs"][0]["id"]) == ("oh", 7)


def test_nothing_is_shown_where_nothing_is_wanted(
    tmp_path: Path, settings: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
):
    settings("DISTILABEL_PROGRESS", "none")
    with screen(tmp_path / "run.log") as emit:
        emit(Notice("error", "line"))
    assert capsys.readouterr() == ("", "")
    assert "line" in message(tmp_path)


def test_rich_mode_does_not_wrap_what_may_be_copied(
    tmp_path: Path, settings: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
):
    # The predecessor's P9: tracebacks wrapped to 80 columns.
    settings("DISTILABEL_PROGRESS", "rich")
    line = "python " + "a-very-long-name " * 20 + "[bold]"
    with screen(tmp_path / "run.log") as emit:
        emit(Notice("info", line))
    assert line in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("DISTILABEL_PROGRESS", "loud", "auto, rich, plain, json, none"),
        ("DISTILABEL_LOG_LEVEL", "chatty", "DEBUG"),
    ],
)
def test_setting_that_is_none_is_refused_with_those_that_are(
    tmp_path: Path, settings: Callable[[str, str], None], variable: str, value: str, words: str
):
    settings(variable, value)
    with pytest.raises(DistilabelUserError, match=words), screen(tmp_path / "run.log"):
        pass


def test_logger_is_left_as_it_was(tmp_path: Path):
    before = (LOGGER.level, LOGGER.propagate, list(LOGGER.handlers))
    with pytest.raises(ZeroDivisionError), screen(tmp_path / "run.log"):
        raise ZeroDivisionError
    assert (LOGGER.level, LOGGER.propagate, LOGGER.handlers) == before


def test_handlers_of_the_user_hear_the_run_and_stay_open(tmp_path: Path):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    with screen(tmp_path / "run.log", [handler]) as emit:
        emit(Notice("info", "line"))
    assert "line" in stream.getvalue()
    assert handler not in LOGGER.handlers
    handler.emit(logging.makeLogRecord({"msg": "later"}))
    assert "later" in stream.getvalue()


def test_second_run_adds_to_the_log(tmp_path: Path):
    for line in ("first", "second"):
        with screen(tmp_path / "run.log") as emit:
            emit(Notice("info", line))
    assert "first" in message(tmp_path)
    assert "second" in message(tmp_path)


def test_events_of_many_threads_do_not_mix(
    tmp_path: Path, settings: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
):
    settings("DISTILABEL_PROGRESS", "json")
    with screen(tmp_path / "run.log") as emit:
        threads = [
            threading.Thread(target=lambda name=str(i): [emit(ChunkDone(name, n)) for n in range(50)])
            for i in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    events = [json.loads(line) for line in capsys.readouterr().err.split("\n") if line]
    for name in "0123":
        assert [event["rows"] for event in events if event["step"] == name] == list(range(50))
