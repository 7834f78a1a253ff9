"""Online requests that a platform refuses because of the account, and rows of which no request can be made: over real HTTP."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.support.platform import platform

from distilabel.exceptions import DistilabelPlatformError
from distilabel.models import (
    AnthropicLLM,
    GeminiLLM,
    MixtureOfAgentsLLM,
    OpenAIEmbeddings,
    OpenAILLM,
)
from distilabel.pipeline import Pipeline, routing_batch_function
from distilabel.steps import EmbeddingGeneration, GroupColumns, LoadDataFromDicts, StepResources
from distilabel.steps.tasks import ChatGeneration, StructuredGeneration, TextGeneration

ROWS = [f"q{i}" for i in range(12)]


class Server:
    """A platform that answers online, and refuses all requests that do not begin with an allowed prompt."""

    def __init__(self) -> None:
        self.url = ""
        self.allowed: set[str] | None = set()
        self.refusal: tuple[int, Any] = (500, {})
        self.asked: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        text = prompt_of(body)
        if self.allowed is not None and text not in self.allowed:
            self.refused[text] += 1
            return self.refusal
        self.asked[text] += 1
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        if "embeddings" in path:
            return 200, {"data": [{"index": 0, "embedding": [1.0, 2.0]}], "usage": usage}
        if "messages" in path:
            content = [{"type": "text", "text": "ok"}]
            usage = {"input_tokens": 1, "output_tokens": 1}
            return 200, {
                "id": "m",
                "type": "message",
                "content": content,
                "stop_reason": "end_turn",
                "usage": usage,
            }
        if "generateContent" in path:
            return 200, {"candidates": [{"content": {"parts": [{"text": "ok"}]}, "finishReason": "STOP"}]}
        choice = {"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}
        return 200, {"id": "c", "choices": [choice], "usage": usage}


def prompt_of(body: Any) -> str:
    if "contents" in body:
        return str(body["contents"][-1]["parts"][-1]["text"])
    if "input" in body:
        return str(body["input"])
    content = body["messages"][-1]["content"]
    return str(content if isinstance(content, str) else content[-1]["text"])


@contextmanager
def serving(server: Server) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, value = server.answer(self.path, body)
            sent = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with serving(made):
        yield made


def openai(server: Server, **more: Any) -> OpenAILLM:
    return OpenAILLM(model="m", api_key="key", base_url=f"{server.url}/v1", max_concurrent_requests=1, **more)


def anthropic(server: Server) -> AnthropicLLM:
    return AnthropicLLM(model="m", api_key="key", base_url=server.url, max_concurrent_requests=1)


def gemini(server: Server) -> GeminiLLM:
    return GeminiLLM(model="m", api_key="key", base_url=server.url, max_concurrent_requests=1)


def error(**detail: Any) -> dict[str, Any]:
    return {"error": detail}


LOW = "Your credit balance is too low to access the Anthropic API."
INVALID = {
    "code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
}  # fmt: skip
REFUSALS = [
    (openai, 402, error(message="Pay first.", code="payment_required")),
    (openai, 429, error(message="You exceeded your current quota.", code="insufficient_quota")),
    (openai, 429, error(message="No credit.", type="credit_balance_exhausted")),
    (openai, 429, error(message="Limit.", code="billing_hard_limit_reached")),
    (openai, 401, error(message="Wrong key.", code="invalid_api_key")),
    (openai, 403, error(message="No access.", code="forbidden")),
    (anthropic, 400, {"type": "error", **error(type="invalid_request_error", message=LOW)}),
    (anthropic, 401, {"type": "error", **error(type="authentication_error", message="invalid x-api-key")}),
    (anthropic, 403, {"type": "error", **error(type="permission_error", message="No.")}),
    (gemini, 400, {"error": INVALID}),
    (gemini, 403, error(code=403, status="PERMISSION_DENIED", message="No access.")),
]
NAMES = [f"{make.__name__}-{status}-{number}" for number, (make, status, _) in enumerate(REFUSALS)]


def run(folder: Path, llm: Any, **more: Any) -> list[Any]:
    with Pipeline(name="refused", cache_dir=folder) as pipeline:
        rows = LoadDataFromDicts(data=[{"instruction": text} for text in ROWS], batch_size=4)
        rows >> TextGeneration(name="task", llm=llm, input_batch_size=4, **more)
    return list(pipeline.run()["default"]["train"]["generation"])


@pytest.mark.parametrize(("make", "status", "body"), REFUSALS, ids=NAMES)
def test_run_ends_with_what_to_do_and_the_next_one_asks_for_the_rest_alone(
    server: Server, tmp_path: Path, make: Callable[..., Any], status: int, body: Any
):
    server.refusal, server.allowed = (status, body), set(ROWS[:6])
    with pytest.raises(DistilabelPlatformError, match="run again"):
        run(tmp_path, make(server))
    # Once it is known, only requests of chunks that began at the same time are sent.
    assert max(server.refused.values()) == 1
    first, server.allowed = Counter(server.asked), None
    assert set(first) <= set(ROWS[:6])
    assert run(tmp_path, make(server)) == ["ok"] * len(ROWS)
    assert server.asked == Counter(ROWS)
    assert sum(first.values()) >= 1


def test_chunk_without_one_answer_is_not_kept(server: Server, tmp_path: Path):
    server.refusal = 402, error(message="Pay first.")
    with pytest.raises(DistilabelPlatformError, match=r"402.*Pay first"):
        run(tmp_path, openai(server))
    server.allowed = None
    assert run(tmp_path, openai(server)) == ["ok"] * len(ROWS)


def test_one_generation_of_two_is_not_lost(server: Server, tmp_path: Path):
    server.refusal = 402, error(message="Pay first.")
    before = server.answer

    def once(path: str, body: Any) -> tuple[int, Any]:
        return server.refusal if server.asked[prompt_of(body)] else before(path, body)

    server.allowed, server.answer = None, once  # type: ignore[method-assign]
    with pytest.raises(DistilabelPlatformError, match="run again"):
        run(tmp_path, openai(server), num_generations=2)
    assert set(server.asked.values()) == {1}


def test_refused_proposer_of_a_mixture_ends_the_run(server: Server, tmp_path: Path):
    other = Server()
    with serving(other):
        other.refusal, other.allowed = (402, error(message="Pay first.")), set(ROWS[:2])
        server.allowed = None

        def mixture() -> MixtureOfAgentsLLM:
            return MixtureOfAgentsLLM(
                aggregator_llm=openai(server), proposers_llms=[openai(server), openai(other)]
            )

        with pytest.raises(DistilabelPlatformError, match="run again"):
            run(tmp_path, mixture())
        other.allowed = None
        assert run(tmp_path, mixture()) == ["ok"] * len(ROWS)
        assert other.asked == Counter(ROWS)


def test_refused_branch_of_a_route_ends_the_run(server: Server, tmp_path: Path):
    server.refusal, server.allowed = (402, error(message="Pay first.")), set(ROWS[:2])

    def routed() -> list[Any]:
        @routing_batch_function()
        def first_then_second(steps: list[str]) -> list[str]:
            return steps

        with Pipeline(name="routed", cache_dir=tmp_path) as pipeline:
            rows = LoadDataFromDicts(data=[{"instruction": text} for text in ROWS], batch_size=4)
            tasks = [TextGeneration(name=name, llm=openai(server), input_batch_size=4) for name in "ab"]
            rows >> first_then_second >> tasks >> GroupColumns(columns=["generation"])
        return list(pipeline.run()["default"]["train"]["grouped_generation"])

    with pytest.raises(DistilabelPlatformError, match="run again"):
        routed()
    server.allowed = None
    assert routed() == [["ok", "ok"]] * len(ROWS)
    assert server.asked.keys() == set(ROWS)
    assert max(server.asked.values()) <= 2


@pytest.mark.slow
def test_refusal_in_a_worker_process_ends_the_run(server: Server, tmp_path: Path):
    server.refusal, server.allowed = (402, error(message="Pay first.")), set(ROWS[:2])
    resources = StepResources(replicas=2)
    with pytest.raises(DistilabelPlatformError, match="run again"):
        run(tmp_path, openai(server), resources=resources)
    server.allowed = None
    assert run(tmp_path, openai(server), resources=resources) == ["ok"] * len(ROWS)
    assert server.asked == Counter(ROWS)


def test_refused_embeddings_wait(server: Server, tmp_path: Path):
    def embedded() -> list[Any]:
        model = OpenAIEmbeddings(
            model="m", api_key="key", base_url=f"{server.url}/v1", max_concurrent_requests=1
        )
        with Pipeline(name="embedded", cache_dir=tmp_path) as pipeline:
            rows = LoadDataFromDicts(data=[{"text": text} for text in ROWS], batch_size=4)
            rows >> EmbeddingGeneration(name="task", embeddings=model, input_batch_size=4)
        return list(pipeline.run()["default"]["train"]["embedding"])

    server.refusal, server.allowed = (402, error(message="Pay first.")), set(ROWS[:6])
    with pytest.raises(DistilabelPlatformError, match="run again"):
        embedded()
    server.allowed = None
    assert embedded() == [[1.0, 2.0]] * len(ROWS)
    assert server.asked == Counter(ROWS)


def test_llm_outside_a_pipeline_raises(server: Server):
    server.refusal, server.allowed = (402, error(message="Pay first.")), {"q0"}
    llm = openai(server)
    llm.load()
    chats: Any = [[{"role": "user", "content": text}] for text in ROWS[:3]]
    with pytest.raises(DistilabelPlatformError, match="run again"):
        llm.generate_outputs(chats)
    server.allowed = None
    assert [output["generations"] for output in llm.generate_outputs(chats)] == [["ok"]] * 3
    llm.unload()


GOOD = {"format": "json", "schema": {"title": "A", "type": "object", "properties": {"a": {"type": "string"}}}}


@pytest.mark.parametrize("make", [openai, anthropic, gemini])
@pytest.mark.parametrize(
    "bad", [{"format": "regex", "schema": "[a-z]+"}, {"format": "json", "schema": json.dumps(GOOD["schema"])}]
)
def test_row_of_which_no_request_can_be_made_fails_alone(
    server: Server, tmp_path: Path, make: Callable[..., Any], bad: Any
):
    server.allowed = None
    data = [{"instruction": text, "structured_output": bad if text == "q3" else GOOD} for text in ROWS]
    with Pipeline(name="odd", cache_dir=tmp_path, enable_metadata=True) as pipeline:
        LoadDataFromDicts(data=data, batch_size=2) >> StructuredGeneration(
            name="task", llm=make(server), input_batch_size=2
        )
    rows = list(pipeline.run()["default"]["train"])
    assert [row["generation"] for row in rows].count("ok") >= len(ROWS) - 1
    if rows[3]["generation"] is None:
        reason = rows[3]["distilabel_metadata"]["failure_task"]
        assert (reason["code"], "structured" in reason["message"]) == ("unformattable_input", True)


def test_row_of_which_no_request_can_be_made_fails_alone_by_batch(tmp_path: Path):
    bad = {"format": "regex", "schema": "[a-z]+"}
    data = [{"instruction": text, "structured_output": bad if text == "q3" else GOOD} for text in ROWS]
    with platform(tmp_path / "platform") as served:
        with Pipeline(name="odd", cache_dir=tmp_path, enable_metadata=True) as pipeline:
            llm = OpenAILLM(
                model="m", api_key="key", base_url=served.url,
                use_offline_batch_generation=True, offline_batch_generation_block_until_done=0.05,
            )  # fmt: skip
            LoadDataFromDicts(data=data, batch_size=2) >> StructuredGeneration(name="task", llm=llm)
        rows = list(pipeline.run()["default"]["train"])
        assert len(served.lines()) == len(ROWS) - 1
    assert [row["generation"] is None for row in rows] == [text == "q3" for text in ROWS]
    assert rows[3]["distilabel_metadata"]["failure_task"]["code"] == "unformattable_input"


def test_broken_tool_arguments_fail_their_row_alone(server: Server):
    server.allowed = None
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{not json"}}
    odd = [
        {"role": "user", "content": "w?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "5"},
    ]
    task = ChatGeneration(name="task", llm=anthropic(server))
    task.load()
    rows = next(task.process([{"messages": odd}, {"messages": [{"role": "user", "content": "hi"}]}]))
    assert [row["generation"] for row in rows] == [None, "ok"]
    assert rows[0]["distilabel_metadata"]["failure_task"]["code"] == "unformattable_input"
    task.unload()
