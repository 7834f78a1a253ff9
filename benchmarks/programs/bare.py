"""The bare script: a plain HTTP client, everything in memory, no resume, no ledger, one Parquet file at the end.

`python -m benchmarks.programs.bare URL PROMPTS.jsonl OUT.parquet`
"""

import sys
import time
from pathlib import Path

import httpx2
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

_MOST = 50_000


def main() -> None:
    """Submit, wait, read, write."""
    url, source, target = sys.argv[1:]
    with Path(source).open("rb") as file:
        rows = [orjson.loads(line) for line in file]
    texts: dict[str, str] = {}
    with httpx2.Client(base_url=url, headers={"authorization": "Bearer k"}, timeout=600) as client:
        batches = [_submit(client, rows, start) for start in range(0, len(rows), _MOST)]
        for batch in batches:
            while (found := client.get(f"/batches/{batch}").json())["status"] != "completed":
                time.sleep(1)
            for line in client.get(f"/files/{found['output_file_id']}/content").content.split(b"\n")[:-1]:
                answer = orjson.loads(line)
                texts[answer["custom_id"]] = answer["response"]["body"]["choices"][0]["message"]["content"]
    for number, row in enumerate(rows):
        row["generation"] = texts[str(number)]
    pq.write_table(pa.Table.from_pylist(rows), target)


def _submit(client: httpx2.Client, rows: list[dict[str, str]], start: int) -> str:
    lines = b"\n".join(
        orjson.dumps(
            {
                "custom_id": str(number),
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": {
                    "model": "m",
                    "messages": [{"role": "user", "content": rows[number]["instruction"]}],
                },
            }
        )
        for number in range(start, min(start + _MOST, len(rows)))
    )
    upload = client.post("/files", files={"file": ("in.jsonl", lines + b"\n")}, data={"purpose": "batch"})
    body = {
        "input_file_id": upload.json()["id"],
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
    }
    return str(client.post("/batches", json=body).json()["id"])


if __name__ == "__main__":
    main()
