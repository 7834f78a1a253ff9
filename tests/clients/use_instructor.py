"""instructor: each of its modes for OpenAI."""

import warnings
from collections.abc import Iterable

import instructor
from checks import report
from instructor import Mode
from openai import OpenAI
from pydantic import BaseModel

warnings.simplefilter("ignore")
MODES = (
    Mode.TOOLS,
    Mode.TOOLS_STRICT,
    Mode.FUNCTIONS,
    Mode.PARALLEL_TOOLS,
    Mode.JSON,
    Mode.JSON_O1,
    Mode.JSON_SCHEMA,
    Mode.MD_JSON,
    Mode.RESPONSES_TOOLS,
    Mode.RESPONSES_TOOLS_WITH_INBUILT_TOOLS,
)


class City(BaseModel):
    name: str
    inhabitants: int


def ask(mode: Mode) -> None:
    client = instructor.from_openai(OpenAI(), mode=mode)
    wanted = Iterable[City] if mode is Mode.PARALLEL_TOOLS else City
    found = client.create(
        model="toy",
        response_model=wanted,
        messages=[{"role": "user", "content": "Use City for Oslo"}],
        max_retries=0,
    )
    found = next(iter(found)) if mode is Mode.PARALLEL_TOOLS else found
    assert isinstance(found, City), found


if __name__ == "__main__":
    report("instructor", [(f"mode {mode.name}", lambda mode=mode: ask(mode)) for mode in MODES])
