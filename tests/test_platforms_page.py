"""docs/platforms.md says what the registry says."""

import runpy
from pathlib import Path

from distilabel.providers.registry import PLATFORMS

ROOT = Path(__file__).parents[1]


def test_page_of_platforms_is_up_to_date():
    made = runpy.run_path(str(ROOT / "scripts" / "platforms.py"))["page"]()
    assert (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8") == made, (
        "run: python scripts/platforms.py"
    )


def test_page_of_platforms_names_each_of_them():
    text = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
    assert [name for name in PLATFORMS if f"`{name}`" not in text] == []
