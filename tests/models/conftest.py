"""LLMs that talk to a platform in memory."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from distilabel.llms import OpenAILLM
from tests.fakes import KEY, URL, FakePlatform
from tests.offline.conftest import fast, platform

__all__ = ["fast", "platform"]

Make = Callable[..., OpenAILLM]


@pytest.fixture
def llm(
    platform: FakePlatform, fast: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """Makes an OpenAILLM that is loaded and talks to the platform; its cache is the test's own."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
    made: list[OpenAILLM] = []

    def make(model: str = "m", *, load: bool = True, **more: Any) -> OpenAILLM:
        defaults = {"base_url": URL, "api_key": KEY, "transport": platform.transport}
        made.append(OpenAILLM(model=model, **(defaults | more)))
        if load:
            made[-1].load()
        return made[-1]

    yield make
    for each in made:
        each.unload()


@pytest.fixture
def offline(llm: Make) -> Make:
    """Makes one that asks by batch."""
    return partial(llm, use_offline_batch_generation=True)
