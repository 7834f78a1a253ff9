"""Steps that load rows: from memory, from files, from the Hugging Face Hub."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach
from distilabel.steps.generators.dicts import LoadDataFromDicts
from distilabel.steps.generators.disk import LoadDataFromDisk
from distilabel.steps.generators.factory import make_generator_step
from distilabel.steps.generators.files import LoadDataFromFileSystem
from distilabel.steps.generators.hub import LoadDataFromHub
from distilabel.steps.generators.sampler import DataSampler

__all__ = [
    "DataSampler",
    "LoadDataFromDicts",
    "LoadDataFromDisk",
    "LoadDataFromFileSystem",
    "LoadDataFromHub",
    "make_generator_step",
]

if not TYPE_CHECKING:  # for the aliases of `distilabel._compat.old_imports`
    __getattr__, __dir__ = attach(__name__, {})
