"""bespokelabs-curator by batch: plain text, and structured answers."""

import os
import tempfile

from bespokelabs import curator
from checks import report
from pydantic import BaseModel

os.environ["CURATOR_CACHE_DIR"] = tempfile.mkdtemp()
ROWS = [{"name": name} for name in ("Oslo", "Rome", "Lima")]


class City(BaseModel):
    name: str
    inhabitants: int


class Writer(curator.LLM):
    def prompt(self, row):
        return f"Tell of {row['name']}"

    def parse(self, row, response):
        return {
            "name": row["name"],
            "text": response if isinstance(response, str) else response.model_dump_json(),
        }


def by_batch(response_format=None) -> None:
    llm = Writer(
        model_name="toy",
        backend="openai",
        batch=True,
        response_format=response_format,
        backend_params={"base_url": os.environ["OPENAI_BASE_URL"], "batch_check_interval": 1},
    )
    rows = llm(ROWS).dataset
    assert {row["name"] for row in rows} == {"Oslo", "Rome", "Lima"}
    assert all(row["text"] for row in rows)


if __name__ == "__main__":
    report(
        "bespokelabs-curator",
        [("text by batch", by_batch), ("structured by batch", lambda: by_batch(City))],
    )
