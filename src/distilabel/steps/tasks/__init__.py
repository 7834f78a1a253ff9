"""Tasks: steps that ask an LLM."""

from distilabel.steps.tasks.base import GeneratorTask, GlobalTask, Task
from distilabel.steps.tasks.chat_generation import ChatGeneration
from distilabel.steps.tasks.decorator import task
from distilabel.steps.tasks.text_clustering import TextClustering
from distilabel.steps.tasks.text_generation import TextGeneration

__all__ = [
    "ChatGeneration",
    "GeneratorTask",
    "GlobalTask",
    "Task",
    "TextClustering",
    "TextGeneration",
    "task",
]
