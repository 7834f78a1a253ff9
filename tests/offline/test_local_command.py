"""Jobs that a command runs: they outlive who began them, and their end is seen however it comes."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from distilabel import _event_loop as loop
from distilabel.offline.client import ModelClient, connect
from distilabel.offline.local_command import LocalCommandTransport
from distilabel.offline.options import OfflineBatchOptions
from distilabel.providers.registry import platform
from distilabel.records import Job, JobPhase, Reply, Target
from tests.fakes import CHAT, FakePlatform, Office

from .conftest import fast

__all__ = ["fast"]

SCRIPT = Path(__file__).parents[1] / "support" / "run_batch.py"
pytestmark = [pytest.mark.usefixtures("fast"), pytest.mark.skipif(sys.platform != "linux", reason="as vLLM")]
Open = Callable[..., Office]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Open]:
    opened: list[Office] = []

    def open_office(*arguments: str, poll_interval: float | None = 0.01, attempts: int = 3) -> Office:
        made = Office(tmp_path / "ledger", FakePlatform())
        opened.append(made)
        command = [sys.executable, str(SCRIPT), "--model", "m", *arguments]
        target = Target("vllm", (tmp_path / "jobs").as_uri(), CHAT, "m")
        options = OfflineBatchOptions(max_attempts=attempts)
        made.client = ModelClient(
            target,
            platform("vllm").provider(),
            LocalCommandTransport(tmp_path / "jobs", command),
            poll_interval,
            options,
        )
        return made

    yield open_office
    for each in opened:
        each.close()


def texts(answers: list) -> list[str | None]:
    return [one.outcome.text if one and isinstance(one.outcome, Reply) else None for one in answers]


def test_rows_come_back_with_their_answers(office: Open):
    at = office()
    assert texts(at.bring("a", "b", "a")) == ["a!", "b!", "a!"]
    assert (at.states, at.broken) == (["settled"], [])


def test_request_that_the_command_refuses_says_why(office: Open):
    good, bad = office().bring("a", "bad")
    assert texts([good]) == ["a!"]
    assert (bad.outcome.code, bad.outcome.message) == ("400", "No such role.")


def test_job_runs_on_when_the_run_that_began_it_is_over(office: Open, tmp_path: Path):
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    arguments = ("--hold", str(gate), "--marks", str(marks))
    first = office(*arguments, poll_interval=None)
    first.ask("a", "b")
    first.flush()
    assert first.states == ["submitted"]
    gate.touch()
    assert texts(office(*arguments).bring("a", "b")) == ["a!", "b!"]
    assert len(marks.read_text().split()) == 1


def test_job_that_was_killed_keeps_what_it_had_and_asks_the_rest_again(office: Open):
    at = office("--die-after", "2", attempts=3)
    assert texts(at.bring("a", "b", "c", rounds=8)) == ["a!", "b!", "c!"]
    assert at.states == ["settled", "settled"]


def test_command_that_fails_ends_the_run_with_what_it_said(office: Open):
    at = office("--fail", "No such model: m")
    at.bring("a")
    assert "No such model: m" in str(at.broken[0])


def test_line_that_cannot_be_read_stops_the_command(tmp_path: Path):
    made = LocalCommandTransport(tmp_path / "jobs", [sys.executable, str(SCRIPT)])
    path = tmp_path / "in"
    path.write_bytes(b"{\n")
    provider = platform("vllm").provider()
    job = job_with("tag1")
    file = loop.run(made.run(provider.upload(job, path)))
    created = loop.run(made.run(provider.create(job_with("tag1", file), path)))
    remote = ended(made, created.remote_id)
    assert (remote.phase, remote.errors[0].code) == (JobPhase.REJECTED, "command_failed")
    assert "JSONDecodeError" in remote.errors[0].message


def job_with(tag: str, file: str | None = None) -> Job:
    target = Target("vllm", "file:///x", CHAT, "m")
    return Job(1, "p/s", target, tag, "creating", 1, 1, 2e9, 2e9, input_file=file)


def ended(commands: LocalCommandTransport, remote_id: str):
    provider = platform("vllm").provider()
    while (remote := loop.run(commands.run(provider.poll(remote_id)))).phase is JobPhase.RUNNING:
        pass
    return remote


def begun(folder: Path, *arguments: str) -> tuple[LocalCommandTransport, str]:
    """A job of one request, just created."""
    made, provider = (
        LocalCommandTransport(folder, [sys.executable, str(SCRIPT), *arguments]),
        platform("vllm").provider(),
    )
    path = folder.parent / "in"
    path.write_bytes(provider.encode("n-0", b'{"messages":[{"role":"user","content":"a"}]}', CHAT))
    file = loop.run(made.run(provider.upload(job_with("tag1"), path)))
    created = loop.run(made.run(provider.create(job_with("tag1", file), path)))
    return made, created.remote_id


def test_job_is_found_by_its_tag_also_by_who_cannot_run_it(tmp_path: Path):
    _, remote_id = begun(tmp_path / "jobs")
    client = connect("vllm", (tmp_path / "jobs").as_uri())
    found = loop.run(client.transport.run(client.provider.find(job_with("tag1"))))
    assert [(remote.remote_id, remote.scope) for remote in found.ours] == [(remote_id, "p/s")]
    assert loop.run(client.transport.run(client.provider.find(job_with("tag2")))).ours == ()


def test_job_that_was_put_down_and_not_begun_is_begun_when_it_is_looked_at(tmp_path: Path):
    looker = LocalCommandTransport(tmp_path / "jobs")
    provider = platform("vllm").provider()
    path = tmp_path / "in"
    path.write_bytes(provider.encode("n-0", b'{"messages":[{"role":"user","content":"a"}]}', CHAT))
    file = loop.run(looker.run(provider.upload(job_with("t"), path)))
    created = loop.run(looker.run(provider.create(job_with("t", file), path)))
    assert created.status == "validating"
    remote = ended(LocalCommandTransport(tmp_path / "jobs", [sys.executable, str(SCRIPT)]), created.remote_id)
    assert remote.status == "completed"


def test_job_is_stopped_when_it_is_cancelled(tmp_path: Path):
    marks = tmp_path / "marks"
    made, remote_id = begun(tmp_path / "jobs", "--hold", str(tmp_path / "never"), "--marks", str(marks))
    while not marks.exists() or not marks.read_text().endswith("\n"):
        pass
    loop.run(made.run(platform("vllm").provider().cancel(remote_id)))
    remote = ended(made, remote_id)
    assert (remote.status, remote.files) == ("cancelled", {})


def test_job_whose_shell_is_killed_is_waited_for_as_long_as_its_command_lives(tmp_path: Path):
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    made, remote_id = begun(tmp_path / "jobs", "--hold", str(gate), "--marks", str(marks))
    while not marks.exists() or not marks.read_text().endswith("\n"):
        pass
    status = Path("/proc", marks.read_text().strip(), "status").read_text()
    os.kill(int(status.partition("PPid:")[2].split()[0]), signal.SIGKILL)
    provider = platform("vllm").provider()
    assert loop.run(made.run(provider.poll(remote_id))).phase is JobPhase.RUNNING
    gate.touch()
    assert ended(made, remote_id).files == {"output": f"{remote_id}.output"}


@pytest.mark.parametrize("name", ["../x", "unknown"])
def test_what_is_not_there_is_reported_so(tmp_path: Path, name: str):
    made, provider = LocalCommandTransport(tmp_path / "jobs"), platform("vllm").provider()
    assert loop.run(made.run(provider.poll(name))) is None
    assert loop.run(made.run(provider.fetch(name, tmp_path / "x"))) is False
    assert loop.run(made.run(provider.fetch(f"{name}.output", tmp_path / "x"))) is False
