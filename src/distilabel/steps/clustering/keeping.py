"""Leaving a fitted model beside the rows."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["pickled"]


def pickled(model: Any) -> Callable[[Path], Any]:
    """Give the function that writes a model as `model.pkl` into a folder; unpickle only files that you trust."""
    return lambda folder: (folder / "model.pkl").write_bytes(pickle.dumps(model))
