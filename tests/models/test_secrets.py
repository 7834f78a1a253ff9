"""The key is in the header of a call and nowhere else."""

import json
import logging
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from distilabel.exceptions import DistilabelPlatformError
from tests.fakes import KEY, FakePlatform

from .conftest import Make

CHAT: Any = [[{"role": "user", "content": "a"}]]
HEADERS = {
    "X-Api-Key": "hush-header-12345",
    "Authorization": "Bearer hush-bearer-12345",
    "X-Team": "seafarers",
}
SECRETS = (KEY, "hush-header-12345", "hush-bearer-12345")


def message(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def test_key_is_in_no_representation_of_an_llm(llm: Make):
    made = llm(default_headers=HEADERS)
    assert message(f"{made!r} {made} {json.dumps(made.dump())} {yaml.safe_dump(made.dump())}") == []


def test_key_is_not_part_of_the_signature(llm: Make):
    assert llm(api_key="sk-another-key-123").signature == llm().signature


@pytest.mark.parametrize(
    "change",
    [
        {"timeout": 7},
        {"max_retries": 1},
        {"max_concurrent_requests": 1},
        {"default_headers": {"a": "b"}},
        {"use_offline_batch_generation": True},
        {"offline_batch_generation_block_until_done": 7},
        {"jobs_ids": ["b1"]},
        {"offline_batch_options": {"max_attempts": 7}},
    ],
)
def test_how_an_llm_is_reached_is_not_part_of_the_signature(llm: Make, change: dict[str, Any]):
    assert llm(**change).signature == llm().signature


@pytest.mark.parametrize(
    "change", [{"model": "n"}, {"base_url": "https://b.test/v1"}, {"generation_kwargs": {"temperature": 0.1}}]
)
def test_what_an_llm_answers_with_is_part_of_the_signature(llm: Make, change: dict[str, Any]):
    assert llm(**change).signature != llm().signature


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("status", [400, 401, 500])
def test_secret_that_the_platform_echoes_online_is_reported_to_nobody(
    llm: Make, platform: FakePlatform, secret: str, status: int, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG, "distilabel")
    body = {"error": {"message": f"What is {secret}?", "code": f"bad {secret}"}}
    platform.fail("chat", httpx2.Response(status, json=body), times=2)
    try:
        seen = repr(llm(default_headers=HEADERS).generate_outputs(inputs=CHAT))
    except DistilabelPlatformError as error:
        seen = f"{error} {error!r} {vars(error)}"
    assert "What is [secret]?" in seen
    assert secret not in seen + "".join(record.getMessage() for record in caplog.records)


def test_ordinary_header_is_not_cut_out_of_answers(llm: Make, platform: FakePlatform):
    (output,) = llm(default_headers=HEADERS).generate_outputs(
        inputs=[[{"role": "user", "content": "seafarers"}]]
    )
    assert output["generations"] == ["seafarers"]


def test_key_is_in_no_file_that_an_offline_llm_leaves(offline: Make, platform: FakePlatform, tmp_path: Path):
    made = offline(default_headers=HEADERS, offline_batch_generation_block_until_done=0.001)
    made.generate_outputs(inputs=CHAT)
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"ledger.db", "output.jsonl"}
    assert [path for path in files if message(path.read_bytes().decode("latin-1"))] == []
    assert all(message(request.content.decode("latin-1")) == [] for request in platform.requests)


def test_password_in_the_address_is_not_written_down(offline: Make, tmp_path: Path):
    made = offline(
        base_url="https://me:hush-password@platform.test/v1", offline_batch_generation_block_until_done=0.001
    )
    made.generate_outputs(inputs=CHAT)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert b"https://platform.test/v1" in kept
    assert b"hush-password" not in kept
    assert "hush-password" not in json.dumps(made.dump())
