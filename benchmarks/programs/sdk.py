"""The bare script with OpenAI's SDK in place of a plain HTTP client: `... URL PROMPTS.jsonl OUT.parquet`."""

import io
import sys
import time
from pathlib import Path
from typing import Any

import openai
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

_MOST = 50_000


def main() -> None:
    """Submit, wait, read, write."""
    url, source, target = sys.argv[1:]
    rows = [orjson.loads(line) for line in Path(source).read_bytes().split(b"\n")[:-1]]
    texts: dict[str, str] = {}
    client = openai.OpenAI(base_url=url, api_key="k", max_retries=0)
    for batch in [_submit(client, rows, start) for start in range(0, len(rows), _MOST)]:
        while (found := client.batches.retrieve(batch)).status != "completed":
            time.sleep(1)
        for line in client.files.content(str(found.output_file_id)).read().split(b"\n")[:-1]:
            answer = orjson.loads(line)
            texts[answer["custom_id"]] = answer["response"]["body"]["choices"][0]["message"]["content"]
    for number, row in enumerate(rows):
        row["generation"] = texts[str(number)]
    pq.write_table(pa.Table.from_pylist(rows), target)


def _submit(client: openai.OpenAI, rows: list[dict[str, Any]], start: int) -> str:
    lines = (
        orjson.dumps(
            {
                "custom_id": str(number), "method": "POST", "url": "/v1/chat/completions",
                "body": {"model": "m", "messages": [{"role": "user", "content": rows[number]["instruction"]}]},
            }
        )
        for number in range(start, min(start + _MOST, len(rows)))
    )  # fmt: skip
    file = ("in.jsonl", io.BytesIO(b"\n".join(lines) + b"\n"))
    uploaded = client.files.create(file=file, purpose="batch")
    return client.batches.create(
        input_file_id=uploaded.id, endpoint="/v1/chat/completions", completion_window="24h"
    ).id


if __name__ == "__main__":
    main()
