"""What the tests of the platform share: lines, batches and a look at the published schemas."""

import json
import time
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from openai import OpenAI
from openai.types import Batch

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
OVER = {"completed", "failed", "expired", "cancelled"}


def chat_body(prompt: str = "Say something", **more: Any) -> dict[str, Any]:
    return {"model": "toy", "messages": [{"role": "user", "content": prompt}], **more}


def line(custom_id: str, body: dict[str, Any] | None = None, **more: Any) -> bytes:
    value = {
        "custom_id": custom_id,
        "method": "POST",
        "url": CHAT,
        "body": body or chat_body(custom_id),
        **more,
    }
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def lines(count: int) -> bytes:
    return b"".join(line(f"r-{at}", chat_body(f"prompt number {at}")) for at in range(count))


def upload(client: OpenAI, data: bytes, name: str = "in.jsonl") -> str:
    return client.files.create(file=(name, data), purpose="batch").id


def start(client: OpenAI, data: bytes, endpoint: Any = CHAT, **more: Any) -> Batch:
    file_id = upload(client, data)
    return client.batches.create(input_file_id=file_id, endpoint=endpoint, completion_window="24h", **more)


def until(check: Any, seconds: float = 60) -> Any:
    """What `check` returns once that is true; look every few milliseconds."""
    deadline = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)
    return value


def finished(client: OpenAI, batch: Batch) -> Batch:
    def over() -> Batch | None:
        found = client.batches.retrieve(batch.id)
        return found if found.status in OVER else None

    return until(over)


def run(client: OpenAI, data: bytes, endpoint: Any = CHAT, **more: Any) -> Batch:
    return finished(client, start(client, data, endpoint, **more))


def rows(client: OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    if file_id is None:
        return []
    content = client.files.content(file_id).content
    assert content.endswith(b"\n")
    return [json.loads(row) for row in content.split(b"\n")[:-1]]


def said(row: dict[str, Any]) -> str:
    return row["response"]["body"]["choices"][0]["message"]["content"]


@cache
def _schemas() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "openai_schemas.json").read_text("utf-8"))


def check(name: str, value: Any) -> None:
    """Fail unless the value is what OpenAI's specification calls by this name."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": _schemas()["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(value)
