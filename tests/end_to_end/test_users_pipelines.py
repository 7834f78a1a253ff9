"""Pipelines as users write them: each file in `users_pipelines` is run as a program, until its dataset is there.

A file makes a `pipeline`, leaves its dataset in `distiset` when it is run, and says in `check(distiset)` what must
hold. If its name begins with `offline_`, no prompt may be sent to a batch twice, unless the file says ASKED_OFTEN.
`model_says(model, prompt)`, if it has that, is what the models say: a text, or None where any will do.
"""

import json
import runpy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distilabel.server.toy_model import endpoints as toy
from tests.fakes import completion
from tests.support.platform import Platform

FILES = sorted((Path(__file__).parent / "users_pipelines").glob("*.py"))


class Models:
    """Answers requests as a file says, and as the toy does where it says nothing."""

    def __init__(self) -> None:
        self.says: Callable[[str, str], str | None] = lambda _model, _prompt: None
        self._toy = toy.answer

    async def answer(self, endpoint: str, body: dict[str, Any], custom_id: str) -> tuple[int, dict[str, Any]]:
        asked = [message["content"] for message in body.get("messages", ())][-1:]
        text = self.says(body["model"], asked[0]) if asked and isinstance(asked[0], str) else None
        return await self._toy(endpoint, body, custom_id) if text is None else (200, completion(text))


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    """Replace the toy. A platform takes it when it starts: name this fixture before the platform's."""
    made = Models()
    monkeypatch.setattr(toy, "answer", made.answer)
    return made


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_pipeline_of_a_user_gives_its_dataset(
    file: Path, models: Models, fast_platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISTILABEL_PROGRESS", "none")
    models.says = runpy.run_path(str(file)).get("model_says", models.says)
    left = run_until_done(file, fast_platform)
    left["check"](left["distiset"])
    again = runpy.run_path(str(file), run_name="__main__")
    left["check"](again["distiset"])
    if file.stem.startswith("offline"):
        assert fast_platform.batches()
        sent = Counter(json.dumps(line["body"], sort_keys=True) for line in fast_platform.lines())
        assert left.get("ASKED_OFTEN") or max(sent.values()) == 1


def run_until_done(file: Path, platform: Platform) -> dict[str, Any]:
    """Run the file again and again, as its user would, and return what its program left behind."""
    for _ in range(8):
        left = runpy.run_path(str(file), run_name="__main__")
        if len(left["distiset"]):
            return left
        platform.wait()
    raise AssertionError("its dataset never came")


def test_there_are_twenty_and_half_of_them_ask_by_batch():
    names = [file.stem for file in FILES]
    assert len(names) >= 20
    assert sum(name.startswith("offline") for name in names) * 2 >= len(names)
