"""The exchangeable parts of a platform: who answers, and who writes the answers down."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from distilabel.server.answering import Answer, OpenAnswer
from distilabel.server.records import Batch
from distilabel.server.results import Results
from distilabel.server.settings import Settings
from distilabel.server.store import Store
from distilabel.server.toy_model import endpoints as toy
from distilabel.server.upstream import passing_on


@asynccontextmanager
async def _playing(_settings: Settings) -> AsyncIterator[Answer]:
    yield toy.answer


def open_answer(settings: Settings) -> AbstractAsyncContextManager[Answer]:
    """The upstream if there is one, else the toy."""
    return _playing(settings) if settings.upstream is None else passing_on(settings)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a platform is put together from; exchange a part to get a platform that behaves otherwise.

    Attributes:
        open_answer: Opens who answers the requests, online ones and those of batches.
        open_results: Opens the files that the answers of a batch are written to.
    """

    open_answer: OpenAnswer = open_answer
    open_results: Callable[[Store, Batch], Results] = Results
