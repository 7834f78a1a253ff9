"""Pipelines from files of strangers: no code runs, no dataset is opened, and no key is sent to an address of the file."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from distilabel.cli.app import app
from distilabel.exceptions import DistilabelUserError
from distilabel.models import (
    AnthropicLLM,
    InferenceEndpointsLLM,
    LiteLLM,
    OpenAIEmbeddings,
    OpenAILLM,
    SentenceTransformerEmbeddings,
    TransformersLLM,
    vLLM,
)
from distilabel.models.embeddings.vllm import vLLMEmbeddings
from distilabel.models.image_generation.inference_endpoints import InferenceEndpointsImageGeneration
from distilabel.pipeline import Pipeline
from distilabel.steps import (
    EmbeddingGeneration,
    LoadDataFromDicts,
    LoadDataFromDisk,
    LoadDataFromFileSystem,
    LoadDataFromHub,
    TextGenerationToArgilla,
)
from distilabel.steps.tasks import APIGenExecutionChecker, TextGeneration

KEY = "sk-of-the-environment"


def saved(step: Any, path: Path) -> Path:
    """Write a file with a pipeline of one step."""
    with Pipeline("from-a-stranger") as pipeline:
        step = step()
    pipeline.save(path, format="yaml")
    return path


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (
            lambda: TextGeneration(llm=vLLM(model="m", command=("sh", "-c", "id"))),
            "command=['sh', '-c', 'id']",
        ),
        (lambda: TextGeneration(llm=vLLM(model="m", trust_remote_code=True)), "trust_remote_code=True"),
        (
            lambda: TextGeneration(llm=vLLM(model="m", extra_kwargs={"tool-parser-plugin": "p.py"})),
            "extra_kwargs.tool-parser-plugin='p.py'",
        ),
        (
            lambda: TextGeneration(llm=vLLM(model="m", extra_kwargs={"trust-remote": True})),
            "extra_kwargs.trust-remote=True",
        ),
        (
            lambda: TextGeneration(llm=TransformersLLM(model="m", trust_remote_code=True)),
            "trust_remote_code=True",
        ),
        (
            lambda: TextGeneration(llm=TransformersLLM(model="m", model_kwargs={"trust_remote_code": True})),
            "model_kwargs.trust_remote_code=True",
        ),
        (
            lambda: EmbeddingGeneration(
                embeddings=SentenceTransformerEmbeddings(
                    model="m", config_kwargs={"a": {"trust_remote_code": 1}}
                )
            ),
            "config_kwargs.a.trust_remote_code=1",
        ),
        (
            lambda: EmbeddingGeneration(
                embeddings=vLLMEmbeddings(model="m", extra_kwargs={"worker_cls": "a.B"})
            ),
            "extra_kwargs.worker_cls='a.B'",
        ),
        (lambda: APIGenExecutionChecker(libpath="library.py"), "libpath='library.py'"),
        (lambda: LoadDataFromFileSystem(data_files="reference://rows"), "data_files='reference://rows'"),
        (
            lambda: LoadDataFromFileSystem(data_files={"train": ["zip::ssh://h/a.zip"]}),
            "data_files='zip::ssh:",
        ),
        (lambda: LoadDataFromHub(repo_id="reference://rows"), "repo_id='reference://rows'"),
        (lambda: LoadDataFromDisk(dataset_path="filecache::github://a"), "dataset_path='filecache::github"),
    ],
)
def test_field_that_may_run_code_is_refused_and_shown(make: Any, shown: str, tmp_path: Path):
    path = saved(make, tmp_path / "pipeline.yaml")
    with pytest.raises(DistilabelUserError, match="allow_code=True") as raised:
        Pipeline.from_yaml(path)
    assert shown in str(raised.value)
    assert Pipeline.from_yaml(path, allow_code=True).names


def test_options_of_storage_that_name_another_endpoint_are_refused(tmp_path: Path):
    step = LoadDataFromFileSystem(data_files="hf://datasets/a/b/rows.jsonl").dump()
    step["storage_options"] = {"hf": {"token": "t", "endpoint": "http://evil.test"}}
    with pytest.raises(DistilabelUserError, match=r"storage_options=\['endpoint'\]"):
        LoadDataFromFileSystem.from_dict(step)


def test_plain_values_need_no_permission(tmp_path: Path):
    def make() -> None:
        TextGeneration(
            llm=vLLM(model="m", use_offline_batch_generation=True, extra_kwargs={"max-model-len": 4096})
        )
        LoadDataFromFileSystem(
            data_files=["rows.jsonl", "s3://bucket/rows", "zip://a.jsonl::https://h/a.zip"]
        )

    assert len(Pipeline.from_yaml(saved(make, tmp_path / "pipeline.yaml")).names) == 2


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """An address of a stranger, and what was sent there."""
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HF_TOKEN", "ARGILLA_API_KEY"):
        monkeypatch.setenv(variable, KEY)
    sent: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(str(self.headers))
            self.send_response(500)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", sent
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "make",
    [
        lambda url: OpenAILLM(model="m", base_url=url),
        lambda url: OpenAILLM(model="m", base_url=url, use_offline_batch_generation=True),
        lambda url: AnthropicLLM(model="m", base_url=url),
        lambda url: InferenceEndpointsLLM(model_id="m", base_url=url),
        lambda url: OpenAIEmbeddings(model="m", base_url=url),
        lambda url: InferenceEndpointsImageGeneration(base_url=url),
    ],
)
def test_key_of_the_environment_does_not_go_to_an_address_of_the_file(make: Any, received: Any):
    from distilabel import config

    url, sent = received
    model = config.load(make(url).dump())
    with pytest.raises(DistilabelUserError, match="from a file, and would send the key of") as raised:
        model.load()
    assert sent == []
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("how", ["assigned", "parameters", "environment", "key"])
def test_address_that_the_user_gives_too_is_used(how: str, received: Any, monkeypatch: pytest.MonkeyPatch):
    url, _ = received
    task = TextGeneration.from_dict(TextGeneration(name="ask", llm=OpenAILLM(model="m", base_url=url)).dump())
    if how == "assigned":
        task.llm.base_url = url
    elif how == "parameters":
        task.set_runtime_parameters({"llm": {"base_url": url}})
    elif how == "environment":
        monkeypatch.setenv("OPENAI_BASE_URL", url)
    else:
        task.set_runtime_parameters({"llm": {"api_key": "sk-of-the-code"}})
    task.load()
    assert task.llm.client.target.base_url == url
    task.unload()


def test_platforms_own_address_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    task = TextGeneration.from_dict(
        TextGeneration(name="ask", llm=OpenAILLM(model="m", base_url="https://api.openai.com/v1")).dump()
    )
    task.load()
    task.unload()
    task = TextGeneration.from_dict(
        TextGeneration(name="ask", llm=OpenAILLM(model="m", base_url="http://api.openai.com/v1")).dump()
    )
    with pytest.raises(DistilabelUserError, match="from a file"):
        task.load()


def test_argilla_and_litellm_keep_the_rule(received: Any):
    url, sent = received
    step = TextGenerationToArgilla.from_dict(TextGenerationToArgilla(dataset_name="d", api_url=url).dump())
    with pytest.raises(DistilabelUserError, match="ARGILLA_API_URL"):
        step.load()
    from distilabel import config

    model = config.load(LiteLLM(model="openai/m", generation_kwargs={"api_base": url}).dump())
    model.set_runtime_parameters({"generation_kwargs": {"temperature": 0.5}})
    with pytest.raises(DistilabelUserError, match="from a file"):
        model.load()
    assert sent == []


class TestCommands:
    """`info` and `validate` open nothing, fetch nothing beyond the file, and ask about a file from elsewhere."""

    def test_validate_opens_no_dataset(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        def make() -> None:
            load = LoadDataFromHub(name="load", repo_id="someone/something", output_mappings={"a": "b"})
            load >> TextGeneration(name="ask", llm=OpenAILLM(model="m", api_key="k"))

        path = saved(make, tmp_path / "pipeline.yaml")
        monkeypatch.setattr(LoadDataFromHub, "_open", lambda _: pytest.fail("the dataset was opened"))
        for command in ("validate", "info"):
            result = CliRunner().invoke(app, ["pipeline", command, "--config", str(path)])
            assert result.exit_code == 0, result.output

    def test_columns_that_are_known_are_still_checked(self, tmp_path: Path):
        path = tmp_path / "pipeline.yaml"
        with Pipeline("p") as pipeline:
            load = LoadDataFromDicts(name="load", data=[{"text": "a"}])
            load >> TextGeneration(name="ask", llm=OpenAILLM(model="m", api_key="k"))
        with pytest.raises(DistilabelUserError, match="instruction"):
            pipeline.validate(open_sources=False)
        pipeline.save(path, format="yaml")

    @pytest.mark.parametrize("command", ["validate", "info", "run"])
    def test_file_from_elsewhere_is_shown_and_asked_about(
        self, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        text = saved(lambda: LoadDataFromHub(repo_id="a/b"), tmp_path / "pipeline.yaml").read_text()

        async def fetch(*_: Any, **__: Any) -> bytes:
            return text.encode()

        monkeypatch.setattr("distilabel.transport.fetch", fetch)
        monkeypatch.setattr(Pipeline, "from_dict", lambda *_: pytest.fail("the file was used"))
        result = CliRunner().invoke(
            app, ["pipeline", command, "--config", "https://h.test/p.yaml"], input="n\n"
        )
        assert result.exit_code == 1
        assert "repo_id: a/b" in result.output
        assert "Use it?" in result.output

    def test_code_is_allowed_by_an_option(self, tmp_path: Path):
        path = saved(lambda: APIGenExecutionChecker(libpath="library.py"), tmp_path / "pipeline.yaml")
        words = ["pipeline", "info", "--config", str(path)]
        assert CliRunner().invoke(app, words).exit_code == 1
        assert CliRunner().invoke(app, [*words, "--allow-code"]).exit_code == 0
