"""The base of LLMs behind a platform, and the output that is made of the platform's answers."""

import asyncio
import inspect
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import Any, ClassVar, Optional, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from distilabel.config import under_known_names
from distilabel.exceptions import DistilabelPlatformError, DistilabelUserError
from distilabel.models.base import arguments_of
from distilabel.models.llms.base import AsyncLLM
from distilabel.models.llms.padding import without_padding
from distilabel.models.llms.structure import warn_if_not_strict
from distilabel.models.remote import RemoteModel, answers_of, body_of
from distilabel.offline.session import Answer
from distilabel.providers.parsing.finish_reasons import cut_or_filtered
from distilabel.records import Failure, Reply, Usage, canonical_json
from distilabel.typing import (
    AnswerDetails,
    ChatType,
    FailureReason,
    FormattedInput,
    GenerateOutput,
    LLMStatistics,
    ToolCall,
)

__all__ = ["RemoteLLM", "output_of"]

_NO_REPLY = Reply(None)
_PLAIN: ChatType = [{"role": "user", "content": ""}]
_EMPTY = {
    "length": "The limit of tokens ended the answer before its first word: raise the limit.",
    "content_filter": "The platform's filter removed the whole answer.",
}
_BOUNDS = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le")}


class RemoteLLM(RemoteModel, AsyncLLM):
    """The base of LLMs behind a platform.

    A subclass names the platform (`platform_name`) and turns one input into a request's body (`request`). The fields are
    those of `RemoteModel`.
    """

    endpoint: ClassVar[str] = "/v1/chat/completions"
    _has_strict_mode: ClassVar[bool] = False
    """Whether `structured_output` is sent as OpenAI's `response_format`, whose strict mode cannot express every schema."""

    def request(self, input: FormattedInput, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the body of the request for one input, without arguments that are not set."""
        raise NotImplementedError

    def load(self) -> None:
        """Open the connection to the platform; warn if strict mode cannot express `structured_output`.

        Raises:
            DistilabelAuthenticationError: No key is given, and none is in the environment.
            DistilabelUserError: The platform does not take the generation arguments.
        """
        self.request(_PLAIN, **self._checked(self.get_generation_kwargs()))
        super().load()
        if self._has_strict_mode:
            warn_if_not_strict(type(self).__name__, getattr(self, "structured_output", None))

    async def agenerate(
        self, input: FormattedInput, num_generations: int = 1, **kwargs: Any
    ) -> GenerateOutput:
        """Ask online; several generations are several requests.

        Args:
            input: A chat, or a chat and the structure of its answer.
            num_generations: How many generations to give.
            kwargs: The arguments of `request`.
        """
        client, (body,) = self.client, self._bodies([input], kwargs)
        if isinstance(body, Failure):
            return output_of([Answer(body)] * num_generations)
        asked = (self._ask(client, body) for _ in range(num_generations))
        return output_of(answers_of(await asyncio.gather(*asked, return_exceptions=True)))

    async def _in_turn(
        self,
        slots: AbstractAsyncContextManager[Any],  # noqa: ARG002
        input: FormattedInput,
        num_generations: int,
        kwargs: dict[str, Any],
    ) -> GenerateOutput | DistilabelPlatformError:
        # An input is several requests, and each takes a slot of its own.
        return await super()._in_turn(nullcontext(), input, num_generations, kwargs)

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this LLM takes, by name."""
        return arguments_of(self.request)

    def offline_batch_generate(
        self, inputs: Optional[list[FormattedInput]] = None, num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Return the outputs from batch jobs; requests that are in no job yet are submitted.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Some responses are not there yet.
        """
        bodies = [body for body in self._bodies(inputs or [], kwargs) for _ in range(num_generations)]
        answers = iter(self._answers(bodies))
        return [output_of(list(islice(answers, num_generations))) for _ in inputs or ()]

    def generate_outputs(
        self, inputs: list[FormattedInput], num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Generate online or by offline batch, as this LLM is set; see `LLM.generate_outputs`."""
        # Not the loop of `LLM.generate_outputs`: the dispatcher polls the jobs already.
        generate = self.offline_batch_generate if self.use_offline_batch_generation else self.generate
        return generate(inputs=inputs, num_generations=num_generations, **kwargs)

    def _bodies(self, inputs: Sequence[FormattedInput], arguments: dict[str, Any]) -> list[bytes | Failure]:
        """Return the canonical body of each input's request, or why it has none; the arguments are checked first."""
        values = self._checked(arguments)

        def request(input: FormattedInput) -> dict[str, Any]:
            return self.request(without_padding(input), **values)

        bodies = [body_of(request, input) for input in inputs]  # noqa: A001
        if any(isinstance(body, Failure) for body in bodies):
            # What `request` refuses of every input is the fault of the arguments, and raises here.
            self.request(_PLAIN, **values)
        return bodies

    def _checked(self, arguments: dict[str, Any]) -> dict[str, Any]:
        model = _arguments_model(type(self))
        arguments = under_known_names(arguments, model.model_fields, type(self).__name__)
        try:
            checked = model.model_validate(arguments)
        except ValidationError as error:
            raise DistilabelUserError(_explained(error, type(self).__name__, model)) from None
        return {name: getattr(checked, name) for name in arguments}


@cache
def _arguments_model(cls: type[RemoteLLM]) -> type[BaseModel]:
    """Return a model of the generation arguments of `cls.request`, to check what a user gives."""
    hints = get_type_hints(cls.request, include_extras=True)
    fields = {name: (hints[name], parameter.default) for name, parameter in arguments_of(cls.request).items()}
    config = ConfigDict(extra="forbid", protected_namespaces=())
    model: type[BaseModel] = create_model(f"{cls.__name__}Arguments", __config__=config, **fields)  # type: ignore[call-overload]
    return model


def _explained(error: ValidationError, owner: str, model: type[BaseModel]) -> str:
    problem = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in problem["loc"])
    if bound := _BOUNDS.get(problem["type"]):
        word, key = bound
        return f"The generation argument `{name}` must be {word} {problem['ctx'][key]:g}, not {problem['input']}."
    if problem["type"] == "extra_forbidden":
        close = get_close_matches(name, model.model_fields, n=1)
        known = f"did you mean `{close[0]}`?" if close else f"it has {', '.join(model.model_fields)}."
        return f"{owner} has no generation argument `{name}`; {known}"
    return f"{owner} does not take the generation argument `{name}` like this: {problem['msg']}."


def output_of(answers: Sequence[Answer]) -> GenerateOutput:
    """Return the output for one input from the answers to its requests."""
    replies = [answer.outcome if isinstance(answer.outcome, Reply) else _NO_REPLY for answer in answers]
    output: GenerateOutput = {
        "generations": [reply.text for reply in replies],
        "statistics": _statistics([reply.usage for reply in replies]),
    }
    failures, details = [_reason(answer) for answer in answers], [_details(reply) for reply in replies]
    if any(failures):
        output["failures"] = failures
    if any(details):
        output["details"] = details
    if any([reply.extras and "logprobs" in reply.extras for reply in replies]):  # noqa: C419 - twice as fast
        output["logprobs"] = [reply.extras.get("logprobs") for reply in replies]
    return output


def _statistics(usages: Sequence[Usage]) -> LLMStatistics:
    """Return the token counts; optional counts only if an answer has one."""
    inputs, outputs, cached, reasoning = map(list, zip(*usages, strict=True))
    statistics: LLMStatistics = {"input_tokens": inputs, "output_tokens": outputs}
    if cached.count(None) < len(cached):
        statistics["cached_tokens"] = cached
    if reasoning.count(None) < len(reasoning):
        statistics["reasoning_tokens"] = reasoning
    return statistics


def _details(reply: Reply) -> AnswerDetails:
    """Return the further details of a reply, without those that it lacks."""
    details: AnswerDetails = {}
    if reply.finish_reason:
        details["finish_reason"] = reply.finish_reason
    if reply.request_id:
        details["request_id"] = reply.request_id
    if not reply.extras:
        return details
    if reasoning := reply.extras.get("reasoning"):
        details["reasoning"] = reasoning if isinstance(reasoning, str) else _json(reasoning)
    if isinstance(calls := reply.extras.get("tool_calls"), list):
        details["tool_calls"] = [_tool_call(call) for call in calls if isinstance(call, dict)]
    return details


def _tool_call(call: dict[str, Any]) -> ToolCall:
    """Return a tool call with fixed fields, so that a column of calls has one type."""
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments, name = function.get("arguments"), function.get("name")
    return {
        "id": str(call["id"]) if call.get("id") else None,
        "name": str(name) if name else None,
        "arguments": arguments if isinstance(arguments, str) else _json(arguments),
    }


def _json(value: Any) -> str:
    return canonical_json(value).decode()


def _reason(answer: Answer) -> FailureReason | None:
    """Return why there is no text: the request failed, the model refused, or a limit or filter left nothing."""
    outcome = answer.outcome
    if isinstance(outcome, Failure):
        code, message = outcome.code, outcome.message
    elif outcome.text is None and outcome.refusal:
        filtered = outcome.finish_reason == "content_filter"
        code, message = "content_filter" if filtered else "refusal", outcome.refusal
    elif outcome.text == "" and (kind := cut_or_filtered(outcome.finish_reason)):
        code, message = kind, _EMPTY[kind]
    else:
        return None
    return {"code": code, "message": message, "attempts": answer.attempts, "job_id": answer.job_id}
