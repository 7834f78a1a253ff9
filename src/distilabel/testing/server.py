"""A batch platform over HTTP, for tests of whole programs."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from distilabel._optional import require
from distilabel.testing.responses import ChatFunction, Responder

__all__ = ["RunningPlatform", "running"]


@dataclass(frozen=True, slots=True)
class RunningPlatform:
    """A platform that listens on this machine.

    Attributes:
        base_url: Its address, such as `http://127.0.0.1:43210/v1`.
        api_key: A key that it takes; it takes any other too, unless `keys` names some.
    """

    base_url: str
    api_key: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point a program at it: `OPENAI_BASE_URL` and `OPENAI_API_KEY`."""
        return {"OPENAI_BASE_URL": self.base_url, "OPENAI_API_KEY": self.api_key}


@contextmanager
def running(
    chat: ChatFunction | None = None, *, folder: Path | None = None, **settings: Any
) -> Iterator[RunningPlatform]:
    """Run `distilabel.server` beside the block; needs `distilabel[server]`.

    Args:
        chat: Answers chats; see `FunctionLLM`. By default the built-in toy model answers.
        folder: Where the platform keeps files and jobs; by default a temporary folder.
        settings: Fields of `distilabel.server.Settings`, such as `delay=1.0` (seconds that a batch job takes).

    Raises:
        DistilabelMissingPackageError: `distilabel[server]` is not installed.

    Examples:
        >>> from distilabel.models import OpenAILLM
        >>> with running(lambda prompt: prompt.upper()) as platform:
        ...     llm = OpenAILLM(model="any", base_url=platform.base_url, api_key=platform.api_key)
        ...     llm.load()
        ...     output = llm.generate_outputs(inputs=[[{"role": "user", "content": "hi"}]])[0]
        ...     llm.unload()
        >>> output["generations"]
        ['HI']
    """
    server = require("distilabel.server", "server")

    @asynccontextmanager
    async def open_answer(_: Any) -> AsyncIterator[Responder]:
        yield Responder(chat or (lambda prompt: prompt), lambda text: [float(len(text))])

    def app(chosen: Any) -> Any:
        parts = server.Parts() if chat is None else server.Parts(open_answer=open_answer)
        return server.create_app(chosen, parts)

    with TemporaryDirectory() as temporary:
        chosen = server.Settings(folder=folder or Path(temporary), **settings)
        with server.running(chosen, app=app) as base_url:
            yield RunningPlatform(base_url, api_key=[*chosen.keys, "sk-test-no-secret"][0])
