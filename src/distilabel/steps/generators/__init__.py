"""Steps that make rows: from memory, from files, from the Hugging Face Hub."""

from distilabel.steps.generators.dicts import LoadDataFromDicts
from distilabel.steps.generators.disk import LoadDataFromDisk
from distilabel.steps.generators.files import LoadDataFromFileSystem
from distilabel.steps.generators.hub import LoadDataFromHub
from distilabel.steps.generators.made import make_generator_step
from distilabel.steps.generators.sampler import DataSampler

__all__ = [
    "DataSampler",
    "LoadDataFromDicts",
    "LoadDataFromDisk",
    "LoadDataFromFileSystem",
    "LoadDataFromHub",
    "make_generator_step",
]
