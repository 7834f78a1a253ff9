"""The page that says what is here of distilabel 1.5 is true, and up to date."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def coverage(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The script that writes the page."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import api_coverage

    yield api_coverage
    del sys.modules["api_coverage"]


def test_page_is_what_the_script_would_write_now(coverage):
    text = (ROOT / "docs" / "api-coverage.md").read_text(encoding="utf-8")
    assert text == coverage.page(*coverage.read()), "run: python scripts/api_coverage.py"


def test_no_name_is_listed_twice(coverage):
    names, _ = coverage.read()
    for module, text in names.items():
        assert len(text.split()) == len(set(text.split())), module


def test_no_reason_is_given_for_what_is_here_or_was_never_there(coverage):
    names, reasons = coverage.read()
    missing = {
        name for module, text in names.items() for name in text.split() if not coverage.has(module, name)
    }
    assert set(reasons) <= missing


def test_every_name_that_is_not_here_has_a_reason(coverage):
    names, reasons = coverage.read()
    missing = {
        name for module, text in names.items() for name in text.split() if not coverage.has(module, name)
    }
    assert missing - set(reasons) == set()
    assert coverage.NOT_YET not in reasons.values()


def test_name_is_found_where_it_is_and_nowhere_else(coverage):
    assert coverage.has("distilabel.pipeline", "Pipeline.run")
    assert not coverage.has("distilabel.pipeline", "Pipeline.walk")
    assert not coverage.has("distilabel.pipelines", "Pipeline")
