"""A stand-in for litellm: its `acompletion`, its answers and its errors."""

import asyncio
from types import SimpleNamespace

suppress_debug_info = None
set_verbose = None
calls = []
under_way = SimpleNamespace(now=0, most=0)


class AuthenticationError(Exception):
    pass


class PermissionDeniedError(Exception):
    pass


class NotFoundError(Exception):
    pass


exceptions = SimpleNamespace(
    AuthenticationError=AuthenticationError,
    PermissionDeniedError=PermissionDeniedError,
    NotFoundError=NotFoundError,
)
RAISED = {"no key": AuthenticationError, "no model": NotFoundError, "too long": ValueError}


class ModelResponse:
    def __init__(self, text):
        self.text = text

    def model_dump(self):
        message = {"role": "assistant", "content": self.text, "tool_calls": None}
        return {
            "id": "chatcmpl-1",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
        }


async def acompletion(model, messages, **given):
    calls.append({"model": model, **given})
    under_way.now += 1
    under_way.most = max(under_way.most, under_way.now)
    await asyncio.sleep(0)
    under_way.now -= 1
    text = messages[-1]["content"]
    if text in RAISED:
        raise RAISED[text](f"{text}, said the platform about {given.get('api_key')}")
    return ModelResponse(text.upper())
