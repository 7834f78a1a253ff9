"""The registry of platforms: built-in and custom ones."""

import re

import pytest

from distilabel.exceptions import DistilabelAuthenticationError, DistilabelUserError
from distilabel.offline.client import connect
from distilabel.providers import registry
from distilabel.providers.openai_family.compatible import SERVICES
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.providers.registry import PLATFORMS, Platform, platform, register
from tests.fakes import response

OWN = Platform("own", "My own", OpenAI, "https://own.test/v1", "OWN_BASE_URL", "OWN_API_KEY", None)


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PLATFORMS", dict(PLATFORMS))


def test_platform_of_one_s_own_is_known_by_its_name():
    register(OWN)
    register(OWN)
    assert platform("own") is OWN


def test_platform_of_one_s_own_takes_no_other_s_name():
    with pytest.raises(DistilabelUserError, match="give yours another name"):
        register(Platform("openai", "Mine", OpenAI, "https://own.test/v1", "A", "B", None))


@pytest.mark.parametrize("known", PLATFORMS.values(), ids=PLATFORMS)
def test_dialect_stands_in_the_ledger_under_the_platform_s_name(known: Platform):
    assert known.provider().name == known.name


@pytest.mark.parametrize("known", [p for p in PLATFORMS.values() if not p.base_url], ids=lambda p: p.name)
def test_address_that_each_user_has_another_of_must_be_given(known: Platform, monkeypatch):
    for name in (known.base_url_variable, "GOOGLE_CLOUD_PROJECT", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    completed_by = {"vertex": "GOOGLE_CLOUD_PROJECT", "bedrock": "AWS_REGION"}
    wanted = completed_by.get(known.name, known.base_url_variable)
    with pytest.raises(DistilabelUserError, match=wanted):
        known.address()


@pytest.mark.parametrize("known", [p for p in PLATFORMS.values() if p.key_variable], ids=lambda p: p.name)
def test_key_that_is_missing_is_asked_for_by_its_variable(known: Platform, monkeypatch):
    monkeypatch.delenv(str(known.key_variable), raising=False)
    with pytest.raises(DistilabelAuthenticationError, match=str(known.key_variable)):
        known.key("Somebody")


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_service_without_metadata_has_its_tag_in_the_custom_ids(service):
    known = platform(service.name)
    assert known.provider().tags_ids is not service.metadata
    assert (known.batch is None) is not bool(service.endpoints)


def test_headers_that_the_environment_names_are_sent_along(monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    sent = connect("openai", "http://127.0.0.1:1/v1", key="k" * 10).transport._headers
    assert (sent["openai-organization"], sent["openai-project"]) == ("org-1", "proj-1")


@pytest.mark.parametrize(
    ("given", "address"),
    [("localhost:99", "http://localhost:99/v1"), ("http://h/v1", "http://h/v1"), ("http://h", "http://h/v1")],
)
def test_host_alone_is_enough_for_ollama(given: str, address: str, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", given)
    assert platform("ollama").address() == address


def test_other_services_are_looked_for_beside_the_address_that_is_given(monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    client = connect("bedrock", "https://bedrock.eu-west-1.amazonaws.com")
    ended = {"jobArn": "a/1", "status": "Completed", "jobName": "n"}
    place = {"s3OutputDataConfig": {"s3Uri": "s3://b/out/"}}
    flow = client.provider.poll("1")
    next(flow)
    listed = flow.send(response(200, {**ended, "outputDataConfig": place}))
    assert (listed.base_url, listed.path) == ("https://b.s3.eu-west-1.amazonaws.com", "/")
    flow.close()


SDKS = {"openai": "openai", "azure": "openai", "vertex": "google-genai", "gemini": "google-genai"} | {
    "anthropic": "anthropic", "bedrock": "boto3", "mistral": "mistralai", "groq": "groq", "together": "together",
    "fireworks": "fireworks-ai",
}  # fmt: skip


@pytest.mark.parametrize(("name", "package"), SDKS.items())
def test_page_names_the_sdk_that_the_dialect_is_tested_with(name: str, package: str):
    batch = platform(name).batch
    assert batch
    assert re.match(rf"{package} \d+\.\d+ and this library run against an emulator", batch.tested)
