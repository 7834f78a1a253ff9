"""The replaceable parts of a platform: what answers requests, and what writes the results."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from distilabel.server.records import Batch
from distilabel.server.responder import OpenResponder, Responder
from distilabel.server.results import Results
from distilabel.server.settings import Settings
from distilabel.server.store import Store
from distilabel.server.toy_model import model as toy_model
from distilabel.server.upstream import open_upstream


@asynccontextmanager
async def _open_toy_model(_settings: Settings) -> AsyncIterator[Responder]:
    yield toy_model.answer


def open_answer(settings: Settings) -> AbstractAsyncContextManager[Responder]:
    """Open the upstream if one is set, and the toy model otherwise."""
    return _open_toy_model(settings) if settings.upstream is None else open_upstream(settings)


@dataclass(frozen=True, slots=True)
class Parts:
    """The replaceable parts of a platform; replace one to get a platform that behaves differently.

    Attributes:
        open_answer: Opens what answers the requests, online and in batches.
        open_results: Opens the files to which the results of a batch are written.
    """

    open_answer: OpenResponder = open_answer
    open_results: Callable[[Store, Batch], Results] = Results
