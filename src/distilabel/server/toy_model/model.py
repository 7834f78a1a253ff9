"""A toy in the place of a model: it writes sentences from a kit, fast, without knowing a thing.

Its only use is to see a platform and a pipeline work before money is spent: each answer quotes the prompt it
belongs to, equal requests with different custom_ids get different answers, and the same request under the same
custom_id gets the same answer again. Nothing it says is worth keeping, and its token counts are estimates.
"""

import base64
import math
import re
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from typing import Any

import orjson

from distilabel.server.errors import ApiError
from distilabel.server.http import Body, new_id
from distilabel.server.toy_model.png import square
from distilabel.server.toy_model.request_validation import check_chat, check_embeddings, check_image
from distilabel.server.toy_model.schema_instance import instance, shown_schema
from distilabel.server.toy_model.tools import Call, Function, wanted_call

MODEL = "toy"
QUOTED = 60
CHARACTERS_A_TOKEN = 4
DIMENSIONS = 256
HASHES_A_WORD = 4
TOKENS_AN_IMAGE = 16

# 16 of each, so that half a byte picks one.
OPENINGS = (
    "In short,", "As a rule,", "On the whole,", "At first sight,", "Put simply,", "In practice,", "More often than not,",
    "Seen from afar,", "To begin with,", "For most people,", "Strictly speaking,", "By and large,", "These days,",
    "Looked at closely,", "With some care,", "In the end,",
)  # fmt: skip
SUBJECTS = (
    "the main point", "a patient reader", "the simplest example", "every careful answer", "the usual explanation",
    "a good teacher", "the missing detail", "an honest summary", "the first step", "a second look", "the whole question",
    "a small experiment", "the common mistake", "a clear definition", "the older view", "the practical side",
)  # fmt: skip
VERBS = (
    "depends on", "leads back to", "is weaker than", "makes room for", "rests on", "says little about", "follows from",
    "asks for", "is shaped by", "points to", "stands in for", "grows out of", "agrees with", "goes beyond",
    "is tested by", "begins with",
)  # fmt: skip
OBJECTS = (
    "the facts at hand.", "what one already knows.", "a handful of cases.", "the words that were chosen.",
    "time and attention.", "how it is measured.", "the limits of the method.", "a comparison with its opposite.",
    "the people involved.", "an example from daily life.", "its own history.", "the order of the steps.",
    "a fair amount of practice.", "the question behind it.", "numbers that can be checked.", "trial and error.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """One thing the toy said, and why it stopped; with `call`, the text is the arguments of that call."""

    text: str
    finish_reason: str
    call: Call | None = None

    @property
    def tokens(self) -> int:
        """An estimate."""
        return count_tokens(self.text)


def count_tokens(text: str) -> int:
    """About four characters a token, and at least one."""
    return max(1, len(text) // CHARACTERS_A_TOKEN)


def chat_tokens(body: Body) -> int:
    """An estimate of the tokens of a chat."""
    return max(1, sum(len(_content(message)) for message in body["messages"]) // CHARACTERS_A_TOKEN)


def sample(body: Body, salt: str, index: int) -> Sample:
    """What the toy says to a chat request: a pure function of the request, the salt and the sample's index."""
    prompt = _prompt(body["messages"])
    sentences = about(prompt, body["model"], salt, index, orjson.dumps(body["messages"]))
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if call := wanted_call(body):
        said = cut(_arguments(call.function, sentences), None, limit)
        return replace(
            said,
            call=call,
            finish_reason=call.finish_reason if said.finish_reason == "stop" else said.finish_reason,
        )
    return cut(_formatted(body, prompt, sentences), body.get("stop"), limit)


def about(prompt: str, model: str, salt: str, index: int, request: bytes) -> str:
    """Sentences that quote a prompt; `request` is what else they depend on."""
    seed = b"\0".join((model.encode(), salt.encode(), b"%d" % index, request))
    return f'About "{prompt[:QUOTED]}": {_sentences(blake2b(seed, digest_size=16).digest())}'


def cut(text: str, stop: str | Sequence[str] | None, limit: int | None) -> Sample:
    """The text up to the first stop text or the limit of tokens."""
    for end in (stop,) if isinstance(stop, str) else stop or ():
        text = text.partition(end)[0]
    if limit is not None and count_tokens(text) > limit:
        return Sample(text[: limit * CHARACTERS_A_TOKEN], "length")
    return Sample(text, "stop")


def chat(body: Body, salt: str) -> Body:
    """A chat completion: https://platform.openai.com/docs/api-reference/chat/object."""
    check_chat(body)
    samples = [sample(body, salt, index) for index in range(body.get("n") or 1)]
    read = chat_tokens(body)
    written = sum(said.tokens for said in samples)
    return {
        "id": new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [_choice(index, said) for index, said in enumerate(samples)],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
        "system_fingerprint": "fp_toy",
    }


def embeddings(body: Body) -> Body:
    """Embeddings: https://platform.openai.com/docs/api-reference/embeddings/object."""
    texts = check_embeddings(body)
    dimensions = body.get("dimensions") or DIMENSIONS
    encode = _base64 if body.get("encoding_format") == "base64" else list
    tokens = sum(count_tokens(text) for text in texts)
    return {
        "object": "list",
        "model": body["model"],
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": encode(vector(body["model"], text, dimensions)),
            }
            for index, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def images(body: Body, salt: str) -> Body:
    """Images, each of one colour: https://platform.openai.com/docs/api-reference/images/object."""
    prompt = check_image(body)
    seeds = (f"{body['model']}\0{salt}\0{index}\0{prompt}" for index in range(body.get("n") or 1))
    made = [base64.b64encode(square(blake2b(seed.encode(), digest_size=3).digest())) for seed in seeds]
    read, written = count_tokens(prompt), TOKENS_AN_IMAGE * len(made)
    return {
        "created": int(time.time()),
        "data": [{"b64_json": image.decode()} for image in made],
        "usage": {"input_tokens": read, "output_tokens": written, "total_tokens": read + written},
    }


def vector(model: str, text: str, dimensions: int) -> list[float]:
    """A unit vector: each word votes up or down in a few places, so texts that share words lie near each other.

    Signed feature hashing, Weinberger et al. 2009, https://arxiv.org/abs/0902.2206.
    """
    votes = [0.0] * dimensions
    for word in re.findall(r"\w+", text.lower()) or [text]:
        digest = blake2b(f"{model}\0{word}".encode(), digest_size=4 * HASHES_A_WORD).digest()
        for place in memoryview(digest).cast("I"):
            votes[(place >> 1) % dimensions] += 1.0 if place & 1 else -1.0
    length = math.sqrt(sum(vote * vote for vote in votes))
    if not length:
        return [1.0, *votes[1:]]
    return [vote / length for vote in votes]


def _sentences(digest: bytes) -> str:
    opening, *picks = digest
    pairs = zip(picks[::2], picks[1::2], strict=False)
    first, *rest = [
        f"{SUBJECTS[one & 15]} {VERBS[one >> 4]} {OBJECTS[two & 15]}"
        for one, two in islice(pairs, 2 + (opening >> 4) % 3)
    ]
    return " ".join([OPENINGS[opening & 15], first, *(text[0].upper() + text[1:] for text in rest)])


def _formatted(body: Body, prompt: str, sentences: str) -> str:
    match body.get("response_format"):
        case {"type": "json_object"}:
            value = _shown_instance(body, sentences) or {"about": prompt[:QUOTED], "answer": sentences}
        case {"type": "json_schema", "json_schema": given}:
            value = instance(given.get("schema", {}), sentences)
        case _ if "```json" in prompt and (value := _shown_instance(body, sentences)):
            return f"```json\n{orjson.dumps(value).decode()}\n```"
        case _:
            return sentences
    return orjson.dumps(value).decode()


def _shown_instance(body: Body, sentences: str) -> Any:
    """A value that fits the JSON schema that the chat shows: clients without structured outputs write it there."""
    schema = next(filter(None, (shown_schema(_content(message)) for message in body["messages"])), None)
    try:
        return None if schema is None else instance(schema, sentences)
    except ApiError:
        return None


def _arguments(function: Function, sentences: str) -> str:
    value = instance(
        function.parameters,
        sentences,
        owner=f"function '{function.name}'",
        param=function.param,
        code="invalid_function_parameters",
    )
    return orjson.dumps(value).decode()


def _choice(index: int, said: Sample) -> Body:
    message: Body = {"role": "assistant", "content": said.text, "refusal": None}
    if said.call is not None:
        called = {"name": said.call.function.name, "arguments": said.text}
        message["content"] = None
        if said.call.legacy:
            message["function_call"] = called
        else:
            number = blake2b(orjson.dumps([index, called]), digest_size=12).hexdigest()
            message["tool_calls"] = [{"id": f"call_{number}", "type": "function", "function": called}]
    return {"index": index, "message": message, "logprobs": None, "finish_reason": said.finish_reason}


def _prompt(messages: Sequence[Body]) -> str:
    asked = [message for message in messages if message["role"] == "user"] or messages
    return _content(asked[-1])


def _content(message: Body) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


def _base64(numbers: list[float]) -> str:
    floats = array("f", numbers)
    return base64.b64encode(floats.tobytes()).decode()
