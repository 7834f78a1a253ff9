"""Steps that send rows to the Hugging Face Hub while the pipeline runs."""

from distilabel.steps.hub.checkpointer import HuggingFaceHubCheckpointer
from distilabel.steps.hub.push import PushToHub

__all__ = ["HuggingFaceHubCheckpointer", "PushToHub"]
