"""A pipeline to create steps in, and a cache of `datasets` that goes away."""

from pathlib import Path

import pytest

from .fakes import FakePipeline


@pytest.fixture
def pipeline():
    with FakePipeline() as made:
        yield made


@pytest.fixture
def datasets_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    datasets = pytest.importorskip("datasets")
    cache = tmp_path / "datasets-cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    return cache
