"""Fixtures for all tests."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.platform import Platform, platform

# How long an example takes says more of the machine than of the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")
# A shell that starts the tests in the background has them ignore Ctrl+C, and all that they start after them.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def fast_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """Run a platform that answers at once, and point this process at it."""
    with platform(tmp_path / "platform") as running:
        for name, value in running.environment(tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        yield running
