"""The samples are what the official SDKs read: each job, list, file and completion parses as the SDK's own type.

The SDKs are the extra `oracles`; where one is not installed, its tests are left out.
"""

import importlib
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

WIRE = Path(__file__).parents[1] / "wire"


def sample(place: str) -> Any:
    return json.loads((WIRE / place).read_bytes())


def answers(place: str) -> list[Any]:
    lines = [json.loads(line) for line in (WIRE / place).read_bytes().split(b"\n") if line]
    frames = [line["response"] for line in lines]
    return [frame.get("body", frame) for frame in frames if frame.get("status_code", 200) == 200]


def wanted(module: str, name: str) -> Any:
    with warnings.catch_warnings():
        # What an SDK warns of at its import is its own affair.
        warnings.simplefilter("ignore")
        pytest.importorskip(module.partition(".")[0])
        return getattr(importlib.import_module(module), name)


def places(folder: str, pattern: str) -> list[str]:
    return [f"{folder}/{path.name}" for path in sorted((WIRE / folder).glob(pattern))]


def cases() -> Iterator[Any]:
    for folder, module, name in (
        ("azure", "openai.types", "Batch"),
        ("openai", "openai.types", "Batch"),
        ("groq", "groq.types.batch_retrieve_response", "BatchRetrieveResponse"),
        ("mistral", "mistralai.client.models", "BatchJob"),
        ("together", "together.types.batch_job", "BatchJob"),
        ("fireworks", "fireworks.types.batch_inference_job", "BatchInferenceJob"),
    ):
        found = [place for place in places(folder, "batch_*.json") if place not in NOT_ITS_OWN]
        yield from (pytest.param(module, name, sample(place), id=place) for place in found)
    for place, module, name in (
        ("mistral/list_page_1.json", "mistralai.client.models", "ListBatchJobsResponse"),
        ("groq/list.json", "groq.types.batch_list_response", "BatchListResponse"),
        ("groq/file.json", "groq.types.file_create_response", "FileCreateResponse"),
        ("together/created.json", "together.types.batch_create_response", "BatchCreateResponse"),
        ("together/files.json", "together.types.file_list", "FileList"),
        ("together/file.json", "together.types.file_response", "FileResponse"),
        ("fireworks/dataset.json", "fireworks.types.dataset", "Dataset"),
        (
            "fireworks/download.json",
            "fireworks.types.dataset_get_download_endpoint_response",
            "DatasetGetDownloadEndpointResponse",
        ),
    ):
        yield pytest.param(module, name, sample(place), id=place)
    for place, module, name in (
        ("openai/output_responses.jsonl", "openai.types.responses", "Response"),
        ("azure/output.jsonl", "openai.types.chat", "ChatCompletion"),
        ("groq/output.jsonl", "groq.types.chat", "ChatCompletion"),
        ("mistral/output.jsonl", "mistralai.client.models", "ChatCompletionResponse"),
    ):
        for number, body in enumerate(answers(place), 1):
            yield pytest.param(module, name, body, id=f"{place}-{number}")


# Of services that are OpenAI-shaped only, or with what Azure sends and the SDK's type says cannot be.
NOT_ITS_OWN = {
    "openai/batch_novita.json",
    "openai/batch_upper_case.json",
    "openai/batch_azure.json",
    "azure/batch_completed.json",
}


@pytest.mark.parametrize(("module", "name", "value"), list(cases()))
def test_sample_parses_as_the_official_sdk_s_type(module: str, name: str, value: Any):
    wanted(module, name).model_validate(value)
