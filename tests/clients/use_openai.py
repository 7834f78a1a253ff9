"""The official client: online, as streams, and by batch for each endpoint."""

import json
import time
from typing import Any

from checks import report
from openai import BadRequestError, OpenAI
from pydantic import BaseModel

client = OpenAI()
MESSAGES: Any = [{"role": "user", "content": "Why is the sky blue?"}]


class City(BaseModel):
    name: str
    inhabitants: int


def chat() -> None:
    answer = client.chat.completions.create(model="toy", messages=MESSAGES)
    assert answer.choices[0].message.content
    chunks = client.chat.completions.create(model="toy", messages=MESSAGES, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def structured_chat() -> None:
    answer = client.chat.completions.parse(model="toy", messages=MESSAGES, response_format=City)
    assert isinstance(answer.choices[0].message.parsed, City)


def refused_schema() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    message = "the schema was taken"
    try:
        client.chat.completions.create(model="toy", messages=MESSAGES, response_format=wanted)
    except BadRequestError as refusal:
        message = refusal.message
    assert "additionalProperties" in message, message


def tool_call() -> None:
    from openai import pydantic_function_tool

    answer = client.chat.completions.parse(
        model="toy", messages=MESSAGES, tools=[pydantic_function_tool(City)], tool_choice="required"
    )
    calls = answer.choices[0].message.tool_calls
    assert calls
    assert isinstance(calls[0].function.parsed_arguments, City)


def responses() -> None:
    assert client.responses.create(model="toy", input="Hi").output_text
    assert isinstance(client.responses.parse(model="toy", input="Hi", text_format=City).output_parsed, City)
    with client.responses.stream(model="toy", input="Hi") as stream:
        assert stream.get_final_response().output_text


def others() -> None:
    assert client.completions.create(model="toy", prompt="Hi").choices[0].text
    assert client.embeddings.create(model="toy", input="Hi").data[0].embedding
    assert client.moderations.create(input="hate").results[0].flagged
    assert client.images.generate(model="toy", prompt="Hi").data
    assert [model.id for model in client.models.list()] == ["toy"]


BODIES = {
    "/v1/chat/completions": {"messages": MESSAGES},
    "/v1/responses": {"input": "Hi"},
    "/v1/completions": {"prompt": "Hi"},
    "/v1/embeddings": {"input": "Hi"},
    "/v1/moderations": {"input": "Hi"},
    "/v1/images/generations": {"prompt": "Hi"},
}


def batches() -> None:
    for url, body in BODIES.items():
        lines = [
            {"custom_id": f"r-{at}", "method": "POST", "url": url, "body": {"model": "toy", **body}}
            for at in range(20)
        ]
        data = "\n".join(map(json.dumps, lines)).encode()
        file = client.files.create(file=data, purpose="batch")
        endpoint: Any = url
        batch = client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h")
        while batch.status not in ("completed", "failed", "expired", "cancelled"):
            time.sleep(0.05)
            batch = client.batches.retrieve(batch.id)
        assert batch.status == "completed", batch
        assert batch.output_file_id, batch
        results = client.files.content(batch.output_file_id).text.splitlines()
        assert len(results) == 20, url


if __name__ == "__main__":
    report(
        "openai",
        [
            ("chat, also streamed", chat),
            ("parse into a model", structured_chat),
            ("strict schema is refused", refused_schema),
            ("required tool call", tool_call),
            ("responses, parsed and streamed", responses),
            ("completions, embeddings, moderations, images, models", others),
            ("a batch of each endpoint", batches),
        ],
    )
