"""What the toy model accepts in the body of a request. Pure.

Ranges are those of https://platform.openai.com/docs/api-reference/chat/create,
https://platform.openai.com/docs/api-reference/embeddings/create and
https://platform.openai.com/docs/api-reference/images/create,
https://platform.openai.com/docs/api-reference/completions/create and
https://platform.openai.com/docs/api-reference/moderations/create, the messages and codes OpenAI's.
With an upstream these checks are not made: the upstream judges its requests itself.
"""

from typing import Any

from distilabel.server.errors import ApiError, missing
from distilabel.server.http import Body
from distilabel.server.toy_model.strict_schema import check_strict

# Name -> (whole number?, least, most).
NUMBERS: dict[str, tuple[bool, float, float]] = {
    "temperature": (False, 0, 2),
    "top_p": (False, 0, 1),
    "frequency_penalty": (False, -2, 2),
    "presence_penalty": (False, -2, 2),
    "n": (True, 1, 128),
    "best_of": (True, 1, 20),
    "max_tokens": (True, 1, float("inf")),
    "max_completion_tokens": (True, 1, float("inf")),
    "seed": (True, -(2**63), 2**63 - 1),
    "dimensions": (True, 1, 8_192),
}
FORMATS = ("text", "json_object", "json_schema")
MAX_STOPS = 4
MAX_INPUTS = 2_048
MAX_IMAGES = 10


def check_chat(body: Body) -> None:
    """Refuse a chat request that OpenAI would refuse, or that the toy cannot do."""
    _check_model(body)
    _check_messages(body.get("messages"))
    _check_numbers(body)
    _check_stop(body.get("stop"))
    _check_format(body.get("response_format"))
    _check_probabilities(body)


def check_completion(body: Body) -> list[str]:
    """The prompts of a request for a completion, or a refusal; tokens become a text of numbers."""
    _check_model(body)
    _check_numbers(body)
    _check_stop(body.get("stop"))
    _check_probabilities(body)
    given = body.get("prompt")
    # "If a prompt is not specified the model will generate as if from the beginning of a new document".
    given = "" if given is None else given
    prompts = [given] if isinstance(given, str) or _is_tokens(given) else given
    if not isinstance(prompts, list) or not prompts:
        raise _invalid("prompt", "expected a text, an array of texts, or tokens")
    return [_prompt(prompt) for prompt in prompts]


def check_moderation(body: Body) -> list[tuple[str, list[str]]]:
    """Each input of a request for moderation with its kinds (`text`, `image`), or a refusal."""
    if body.get("model") is not None:
        _check_model(body)
    given = body.get("input")
    if given is None:
        raise missing("input")
    if isinstance(given, str):
        return [(given, ["text"])]
    if not isinstance(given, list) or not given:
        raise _invalid("input", "expected a text, an array of texts, or an array of parts")
    if all(isinstance(text, str) for text in given):
        return [(text, ["text"]) for text in given]
    kinds = {"text": "text", "image_url": "image"}
    if not all(isinstance(part, dict) and part.get("type") in kinds for part in given):
        raise _invalid("input", "a part must have the type 'text' or 'image_url'")
    text = " ".join(str(part["text"]) for part in given if part.get("text") is not None)
    return [(text, list(dict.fromkeys(kinds[part["type"]] for part in given)))]


def check_embeddings(body: Body) -> list[str]:
    """The texts of an embedding request, or a refusal; tokens become a text of numbers."""
    _check_model(body)
    _check_numbers(body)
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise _invalid("encoding_format", "expected 'float' or 'base64'")
    given = body.get("input")
    if given is None:
        raise missing("input")
    texts = [given] if isinstance(given, str) or _is_tokens(given) else given
    if not isinstance(texts, list) or not 1 <= len(texts) <= MAX_INPUTS:
        raise _invalid("input", f"expected a text, or an array of 1 to {MAX_INPUTS} texts")
    return [_embeddable(text) for text in texts]


def check_image(body: Body) -> str:
    """The prompt of a request for images, or a refusal."""
    _check_model(body)
    count = body.get("n")
    if count is not None:
        check_number("n", count, True, 1, MAX_IMAGES)
    prompt = body.get("prompt")
    if prompt is None:
        raise missing("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise _invalid("prompt", "expected a text that is not empty")
    return prompt


def _prompt(prompt: Any) -> str:
    if _is_tokens(prompt):
        return " ".join(map(str, prompt))
    if not isinstance(prompt, str):
        raise _invalid("prompt", "a prompt must be a string or an array of tokens")
    return prompt


def _check_probabilities(body: Body) -> None:
    if body.get("logprobs") or body.get("top_logprobs"):
        # Made-up probabilities would look like real ones.
        raise ApiError(
            "This platform's toy model has no probabilities; leave out 'logprobs'.",
            param="logprobs",
            code="unsupported_parameter",
        )


def _embeddable(text: Any) -> str:
    if _is_tokens(text):
        return " ".join(map(str, text))
    if not isinstance(text, str) or not text:
        raise _invalid("input", "a text must be a string that is not empty")
    return text


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(token) is int for token in value)


def _check_model(body: Body) -> None:
    model = body.get("model")
    if model is None or model == "":
        raise ApiError("you must provide a model parameter", param="model")
    if not isinstance(model, str):
        raise _wrong_type("model", "a string", model)


def _check_messages(messages: Any) -> None:
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise _wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise ApiError(
            "Invalid 'messages': empty array. Expected an array with minimum length 1.",
            param="messages",
            code="empty_array",
        )
    for at, message in enumerate(messages):
        _check_message(f"messages[{at}]", message)


def _check_message(param: str, message: Any) -> None:
    if not isinstance(message, dict):
        raise _wrong_type(param, "an object", message)
    if not isinstance(message.get("role"), str):
        raise missing(f"{param}.role")
    content = message.get("content")
    if content is None and not message.get("tool_calls") and not message.get("function_call"):
        raise missing(f"{param}.content")
    if content is not None and not isinstance(content, str | list):
        raise _wrong_type(f"{param}.content", "a string or an array of parts", content)


def _check_numbers(body: Body) -> None:
    for name, value in body.items():
        if name in NUMBERS and value is not None:
            check_number(name, value, *NUMBERS[name])


def check_number(name: str, value: Any, whole: bool, least: float, most: float) -> None:
    """Refuse a value that is no number, no whole number where one is wanted, or out of range."""
    kind = "integer" if whole else "decimal"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise _wrong_type(name, f"a {kind}" if kind == "decimal" else "an integer", value)
    if not value >= least:
        message = f"Invalid '{name}': {kind} below minimum value. Expected a value >= {least}, got {value}."
        raise ApiError(message, param=name, code=f"{kind}_below_min_value")
    if value > most:
        message = f"Invalid '{name}': {kind} above maximum value. Expected a value <= {most}, got {value}."
        raise ApiError(message, param=name, code=f"{kind}_above_max_value")


def _check_stop(stop: Any) -> None:
    stops = stop if isinstance(stop, list) else [] if stop is None else [stop]
    if len(stops) > MAX_STOPS or not all(isinstance(text, str) and text for text in stops):
        raise _invalid("stop", f"expected a string, or an array of at most {MAX_STOPS} strings")


def _check_format(wanted: Any) -> None:
    if wanted is None:
        return
    if not isinstance(wanted, dict) or wanted.get("type") not in FORMATS:
        raise _invalid(
            "response_format", f"its type must be one of {', '.join(FORMATS)}", "response_format.type"
        )
    if wanted["type"] != "json_schema":
        return
    given = wanted.get("json_schema")
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise missing("response_format.json_schema.name")
    if not isinstance(given.get("schema", {}), dict):
        raise _wrong_type("response_format.json_schema.schema", "an object", given["schema"])
    if given.get("strict") is True:
        owner = f"response_format '{given['name']}'"
        check_strict(given.get("schema", {}), owner, "response_format", None)


def _invalid(param: str, why: str, where: str | None = None) -> ApiError:
    return ApiError(f"Invalid '{param}': {why}.", param=where or param, code="invalid_value")


def _wrong_type(param: str, expected: str, value: Any) -> ApiError:
    got = type(value).__name__
    message = f"Invalid type for '{param}': expected {expected}, but got {got} instead."
    return ApiError(message, param=param, code="invalid_type")
