"""An LLM whose answers come from a function."""

from functools import cached_property
from typing import Any, ClassVar, Optional

from pydantic import PrivateAttr

from distilabel.http import HttpResponse
from distilabel.models.llms.openai import ChatLLM
from distilabel.models.llms.remote import output_of
from distilabel.offline.client import ModelClient
from distilabel.offline.session import Answer
from distilabel.records import Failure, canonical_json
from distilabel.testing._client import SHARED_PLATFORM, fake_client
from distilabel.testing.platform import FakePlatform
from distilabel.testing.responses import (
    ChatFunction,
    Responder,
    call_function,
    completion_of,
    error_response,
)
from distilabel.typing import FormattedInput, GenerateOutput

__all__ = ["FunctionLLM"]


class FunctionLLM(ChatLLM):
    """A function in place of a model: no key, no network, no cost.

    The function is called with the text of the last message if its parameter is named `prompt`, and with the whole
    chat (a list of messages) otherwise. It may be async. It returns one of these:

    - a text: every generation is this text;
    - a list of texts: the n-th generation is the n-th text; after the last one, the first follows again;
    - None: the generations fail;
    - a `GenerateOutput`, to give token counts, log probabilities, failures and details too.

    If it raises an exception, the generations fail and the exception's text is the reason; see `ResponseError`.

    With `use_offline_batch_generation=True` the requests take the same way as those of a remote model: they are written
    to the ledger and submitted in batch jobs. The jobs live in this process, so a later run of it collects them.

    A function at the top of a module goes to worker processes; a lambda or a nested function stays in this process.

    Args:
        function: The function.
        platform: Where batch jobs are submitted; by default one that all functions of this process share.
        fields: The fields of `ChatLLM`, such as `use_offline_batch_generation` or `generation_kwargs`.

    Attributes:
        function: The function.
        model: The model's name, as it is written into the rows.

    Examples:
        Online:

        >>> llm = FunctionLLM(lambda prompt: f"You said {prompt}.")
        >>> llm.load()
        >>> llm.generate_outputs(inputs=[[{"role": "user", "content": "hi"}]])[0]["generations"]
        ['You said hi.']

        Several generations, one of which fails:

        >>> llm = FunctionLLM(lambda chat: ["first", None])
        >>> llm.load()
        >>> llm.generate_outputs([[{"role": "user", "content": "hi"}]], num_generations=2)[0]["generations"]
        ['first', None]
    """

    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_fake"})

    model: str = "function"
    function: ChatFunction

    _fake: Optional[FakePlatform] = PrivateAttr(default=None)

    def __init__(
        self, function: ChatFunction, /, *, platform: FakePlatform | None = None, **fields: Any
    ) -> None:
        super().__init__(**{"function": function, **fields})
        self._fake = platform

    @property
    def platform(self) -> FakePlatform:
        """Where batch jobs are submitted."""
        return self._fake or SHARED_PLATFORM

    @cached_property
    def _digest(self) -> str:
        return self.signature[:16]

    def _shaped(self, body: dict[str, Any]) -> dict[str, Any]:
        # The ledger knows a request by its body: without the digest, an edited function would get old answers.
        return {**body, "metadata": {"function": self._digest}}

    async def agenerate(
        self, input: FormattedInput, num_generations: int = 1, **kwargs: Any
    ) -> GenerateOutput:
        """Call the function once for all generations of one input."""
        (body,) = self._bodies([input], kwargs)
        if isinstance(body, Failure):
            return output_of([Answer(body)] * num_generations)
        try:
            result = await call_function(self.function, input[0] if isinstance(input, tuple) else input)
        except Exception as error:  # noqa: BLE001 - the same as offline: the request fails
            responses = [error_response(error)] * num_generations
        else:
            if isinstance(result, dict):
                return result
            responses = [completion_of(result, index, model=self.model) for index in range(num_generations)]
        dialect = self.client.provider
        outcomes = [
            dialect.read_response(HttpResponse(status, {}, canonical_json(body)))
            for status, body in responses
        ]
        return output_of([Answer(outcome) for outcome in outcomes])

    def _open_client(self) -> ModelClient:
        self._refuse_http("a function answers them")
        return fake_client(self, self.platform, Responder(self.function, self.platform.responder.embed))
