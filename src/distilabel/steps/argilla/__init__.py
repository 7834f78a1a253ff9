"""Steps that send rows to annotators, as records of a dataset in Argilla."""

from distilabel.steps.argilla.preference import PreferenceToArgilla
from distilabel.steps.argilla.text_generation import TextGenerationToArgilla

__all__ = ["PreferenceToArgilla", "TextGenerationToArgilla"]
