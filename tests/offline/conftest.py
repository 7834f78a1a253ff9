"""A platform in memory, and runs against it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from distilabel.offline import client, job_state_machine
from tests.fakes import FakePlatform, Office


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Safe calls are tried twice without a pause; nearly none where answers may lag."""
    monkeypatch.setattr(client, "_LOOK_UP_AGAIN_AFTER", (0.0, 0.0))
    monkeypatch.setattr(job_state_machine, "_RESULT_PAUSES", (0.03, 0.03, 0.03))
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform()


@pytest.fixture
def office(tmp_path: Path, platform: FakePlatform, fast: None) -> Iterator[Callable[..., Office]]:
    """Opens a run in the test's own folder; each call is another run over the same ledger."""
    offices: list[Office] = []

    def open_office(**more: Any) -> Office:
        offices.append(Office(tmp_path / "ledger", platform, **more))
        return offices[-1]

    yield open_office
    for each in offices:
        each.close()
