"""Test pipelines without a key: functions in place of models, and a batch platform in the process or over HTTP."""

from distilabel.testing.embeddings import FunctionEmbeddings
from distilabel.testing.llm import FunctionLLM
from distilabel.testing.platform import Batch, FakePlatform, Plan
from distilabel.testing.responses import ChatFunction, EmbeddingFunction, ResponseError
from distilabel.testing.server import RunningPlatform, running

__all__ = [
    "Batch",
    "ChatFunction",
    "EmbeddingFunction",
    "FakePlatform",
    "FunctionEmbeddings",
    "FunctionLLM",
    "Plan",
    "ResponseError",
    "RunningPlatform",
    "running",
]
