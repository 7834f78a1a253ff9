"""litellm: completion, streams, tools, responses, embeddings, and its batch functions."""

import json
import time
from typing import Any

import litellm
from checks import report
from pydantic import BaseModel

MODEL = "openai/toy"
MESSAGES: Any = [{"role": "user", "content": "Why is the sky blue?"}]


class City(BaseModel):
    name: str
    inhabitants: int


def chat() -> None:
    assert litellm.completion(model=MODEL, messages=MESSAGES).choices[0].message.content
    chunks = litellm.completion(model=MODEL, messages=MESSAGES, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def structured() -> None:
    answer = litellm.completion(model=MODEL, messages=MESSAGES, response_format=City)
    City.model_validate_json(answer.choices[0].message.content)


def tool_call() -> None:
    tool = {"type": "function", "function": {"name": "city", "parameters": City.model_json_schema()}}
    choice = {"type": "function", "function": {"name": "city"}}
    answer = litellm.completion(model=MODEL, messages=MESSAGES, tools=[tool], tool_choice=choice)
    City.model_validate_json(answer.choices[0].message.tool_calls[0].function.arguments)


def responses() -> None:
    assert litellm.responses(model=MODEL, input="Hi").output[0].content[0].text


def others() -> None:
    assert litellm.embedding(model=MODEL, input=["Hi"]).data[0]["embedding"]
    assert litellm.text_completion(model="text-completion-openai/toy", prompt="Hi").choices[0].text
    assert litellm.moderation(input="hate").results[0].flagged


def batch() -> None:
    body = {"model": "toy", "messages": MESSAGES}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    data = ("in.jsonl", json.dumps(line).encode())
    file = litellm.create_file(file=data, purpose="batch", custom_llm_provider="openai")
    made = litellm.create_batch(
        completion_window="24h",
        endpoint="/v1/chat/completions",
        input_file_id=file.id,
        custom_llm_provider="openai",
    )
    while made.status not in ("completed", "failed"):
        time.sleep(0.05)
        made = litellm.retrieve_batch(batch_id=made.id, custom_llm_provider="openai")
    content = litellm.file_content(file_id=made.output_file_id, custom_llm_provider="openai")
    assert json.loads(content.text)["response"]["status_code"] == 200


if __name__ == "__main__":
    report(
        "litellm",
        [
            ("chat, also streamed", chat),
            ("a model as response_format", structured),
            ("named tool call", tool_call),
            ("responses", responses),
            ("embeddings, completions, moderations", others),
            ("a batch", batch),
        ],
    )
