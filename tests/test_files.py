"""Where things are kept."""

from pathlib import Path

import pytest

from distilabel._files import cache_folder


@pytest.mark.parametrize(
    ("given", "variable", "folder"),
    [
        ("here", "there", "here"),
        (None, "there", "there"),
        (None, None, "home/.cache/distilabel/pipelines"),
        (None, "~/x", "home/x"),
    ],
)
def test_cache_is_where_it_was_said_to_be_or_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, variable: str | None, folder: str
):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DISTILABEL_CACHE_DIR", raising=False)
    if variable:
        monkeypatch.setenv("DISTILABEL_CACHE_DIR", variable)
    expected = tmp_path / folder if folder.startswith("home") else Path(folder)
    assert cache_folder(given) == expected
