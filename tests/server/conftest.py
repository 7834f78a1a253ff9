"""One platform for all tests that need nothing special, and a way to start others."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI

from distilabel.server import Settings, running

Start = Callable[..., AbstractContextManager[OpenAI]]


@contextmanager
def client_of(base_url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=base_url, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(Settings(tmp_path_factory.mktemp("platform"))) as url:
        yield url


@pytest.fixture(scope="session")
def client(base_url: str) -> Iterator[OpenAI]:
    with client_of(base_url) as client:
        yield client


@pytest.fixture(scope="session")
def http(base_url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=base_url, headers={"authorization": "Bearer any"}) as http:
        yield http


@pytest.fixture
def start_platform(tmp_path: Path) -> Start:
    """Starts a platform with settings of the test's own; gives a client to it."""

    @contextmanager
    def start(app: Any = None, folder: Path | None = None, **settings: Any) -> Iterator[OpenAI]:
        more = {} if app is None else {"app": app}
        with running(Settings(folder or tmp_path, **settings), **more) as url, client_of(url) as client:
            yield client

    return start
