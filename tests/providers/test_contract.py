"""The contract of all dialects. For a new dialect, add a line to `DIALECTS` and a folder to `tests/wire`."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.exceptions import (
    DistilabelAddressError,
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelPlatformError,
    DistilabelUncertainError,
)
from distilabel.http import Flow, HttpResponse
from distilabel.providers.anthropic.dialect import Anthropic
from distilabel.providers.aws.bedrock import Bedrock
from distilabel.providers.base import INLINE, Provider, complete
from distilabel.providers.google.gemini import Gemini
from distilabel.providers.google.vertex import Vertex
from distilabel.providers.openai_family.azure import Azure
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.providers.openai_family.fireworks import Fireworks
from distilabel.providers.openai_family.groq import Groq
from distilabel.providers.openai_family.mistral import Mistral
from distilabel.providers.openai_family.together import Together
from distilabel.providers.parsing.errors import address_fault
from distilabel.providers.registry import platform
from distilabel.records import (
    Decoded,
    Failure,
    Found,
    Job,
    RemoteJob,
    Reply,
    Target,
    canonical_json,
    custom_id,
)
from tests.fakes import drive, response

WIRE = Path(__file__).parents[1] / "wire"
SPOOL = WIRE / "input.jsonl"
KEY = "sk-proj-a1b2c3d4e5f6"
NAME = custom_id("0123456789abcdef" * 2, 7)


TAG = "0f0e0d0c0b0a09080706050403020100"


@dataclass(frozen=True)
class Dialect:
    """A dialect, its samples, and its endpoint.

    `flows.json` in its folder holds the responses that each flow is sent, and what must come of them: a response is the
    name of a file of that folder (a 200), or `{"status": ..., "headers": ..., "body": ...}`; without body it is empty.
    `find` names what an empty list is where that is no list. `online` says where in a result line the answer stands that is given online.
    """

    provider: Provider
    folder: Path
    endpoint: str

    @property
    def job(self) -> Job:
        target = Target(self.provider.name, "https://platform.test/v1", self.endpoint, "m")
        return Job(
            id=1, scope="p/s", target=target, tag=TAG, state="creating", requests=3, size=9,
            created_at=1_795_000_000, moved_at=1_795_000_000, input_file=self.flow("upload")["returns"],
        )  # fmt: skip

    def sample(self, name: str) -> Any:
        return json.loads((self.folder / name).read_bytes())

    def flow(self, name: str) -> dict[str, Any]:
        return self.sample("flows.json")[name]

    def responses(self, name: str) -> list[HttpResponse]:
        return [self.response(given) for given in self.flow(name)["responses"]]

    def answer(self) -> Any:
        """The answer in the first line of the results, as it is given online."""
        answer = json.loads((self.folder / "output.jsonl").read_bytes().split(b"\n")[0])
        for name in self.flow("online")["answer"]:
            answer = answer[name]
        return answer

    def response(self, given: Any) -> HttpResponse:
        if isinstance(given, str):
            return HttpResponse(200, {}, (self.folder / given).read_bytes())
        body = given.get("body", b"")
        return response(given["status"], body, **given.get("headers", {}))


DIALECTS = [
    Dialect(OpenAI(), WIRE / "openai", "/v1/chat/completions"),
    Dialect(Anthropic(), WIRE / "anthropic", "/v1/messages"),
    Dialect(Gemini(), WIRE / "gemini", "generateContent"),
    Dialect(Vertex("b"), WIRE / "vertex", "generateContent"),
    Dialect(
        Bedrock(
            "my-bucket", "arn:aws:iam::123456789012:role/batch", "https://bedrock.us-east-1.amazonaws.com"
        ),
        WIRE / "bedrock",
        "converse",
    ),
    Dialect(Azure(), WIRE / "azure", "/v1/chat/completions"),
    Dialect(Mistral(), WIRE / "mistral", "/v1/chat/completions"),
    Dialect(Groq(), WIRE / "groq", "/v1/chat/completions"),
    Dialect(Together(), WIRE / "together", "/v1/chat/completions"),
    Dialect(Fireworks("acme"), WIRE / "fireworks", "/v1/chat/completions"),
    Dialect(platform("novita").provider(), WIRE / "compatible", "/v1/chat/completions"),
]

each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.provider.name)


def lines() -> Iterator[Any]:
    for dialect in DIALECTS:
        for file, expected in dialect.sample("expected.json")["lines"].items():
            found = (dialect.folder / file).read_bytes().split(b"\n")[:-1]
            for number, (line, value) in enumerate(zip(found, expected, strict=True), 1):
                name = f"{dialect.provider.name}-{file}-{number}"
                yield pytest.param(dialect.provider, line, value, id=name)


def jobs() -> Iterator[Any]:
    for dialect in DIALECTS:
        for file, expected in dialect.sample("expected.json")["jobs"].items():
            yield pytest.param(dialect, file, expected, id=f"{dialect.provider.name}-{file}")


# Lines


@pytest.mark.parametrize(("provider", "line", "expected"), list(lines()))
def test_result_line_is_read(provider: Provider, line: bytes, expected: dict[str, Any]):
    assert read(provider.decode(line + b"\n"), expected) == expected


def read(decoded: Decoded, expected: dict[str, Any]) -> dict[str, Any]:
    """What was decoded, in the shape of `expected` and as far as that goes."""
    outcome, name = decoded.outcome, decoded.custom_id
    if isinstance(outcome, Failure):
        return {"custom_id": name, "failure": {"code": outcome.code, "retryable": outcome.retryable}}
    usage = outcome.usage
    values = {
        "text": outcome.text,
        "usage": [usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens],
        "finish_reason": outcome.finish_reason,
        "refusal": outcome.refusal,
        "request_id": outcome.request_id,
        "extras": sorted(outcome.extras),
    }
    return {"custom_id": name, "reply": {field: values[field] for field in expected.get("reply", values)}}


@pytest.mark.parametrize(("provider", "line", "expected"), list(lines()))
def test_failure_says_why_in_words(provider: Provider, line: bytes, expected: dict[str, Any]):
    outcome = provider.decode(line).outcome
    assert isinstance(outcome, Reply) or outcome.message


@each_dialect
def test_every_sample_is_expected_to_be_something(dialect: Dialect):
    expected = dialect.sample("expected.json")
    named = {*expected["lines"], *expected["jobs"], "expected.json", "flows.json", "README.md"}
    named |= {name for job in expected["jobs"].values() for name in job.get("then", [])}
    flows = (dialect.folder / "flows.json").read_text()
    unnamed = {path.name for path in dialect.folder.iterdir()} - named
    assert {name for name in unnamed if f'"{name}"' not in flows} == set()


@each_dialect
@given(st.binary())
def test_any_bytes_decode_to_a_value(dialect: Dialect, line: bytes):
    assert isinstance(dialect.provider.decode(line), Decoded)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.text("\ud83d\0\n"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@each_dialect
@given(st.data())
def test_any_json_decodes_to_a_value_that_can_be_kept(dialect: Dialect, data: st.DataObject):
    line = data.draw(json_values | mutations(dialect))
    decoded = dialect.provider.decode(json.dumps(line).encode())
    assert isinstance(decoded, Decoded)
    outcome = decoded.outcome
    # SQLite, parquet and orjson take no unpaired surrogates.
    kept = (outcome.text, outcome.refusal) if isinstance(outcome, Reply) else (outcome.code, outcome.message)
    orjson.dumps([decoded.custom_id, *kept])


def mutations(dialect: Dialect) -> st.SearchStrategy[Any]:
    """A good line with one part of it replaced by anything."""
    (first, *_) = (dialect.folder / "output.jsonl").read_bytes().split(b"\n")
    good = json.loads(first)
    return st.builds(
        lambda path, value: replaced(good, path, value), st.sampled_from(list(paths(good))), json_values
    )


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*path, name)
        yield from paths(inner, (*path, name))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


@each_dialect
@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"custom_id":' * 100_000, b'"\\ud83d' + b"[" * 100_000])
def test_line_that_is_nested_without_end_decodes_to_a_value(dialect: Dialect, deep: bytes):
    assert dialect.provider.decode(deep).custom_id is None


texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text("\n\r\x85\u2028\u2029\ud83d", max_size=4)


@each_dialect
@given(texts)
def test_request_is_one_line_that_holds_its_name_and_its_body(dialect: Dialect, prompt: str):
    body = canonical_json({"model": "m", "messages": [{"role": "user", "content": prompt}]})
    line = dialect.provider.encode(NAME, body, dialect.endpoint)
    assert line.endswith(b"\n")
    assert line.decode().splitlines() == [line.decode()[:-1]]
    value = json.loads(line)
    assert NAME in value.values()
    assert json.loads(body) in value.values()


@each_dialect
@given(texts)
def test_request_is_read_back_from_its_line(dialect: Dialect, prompt: str):
    body = canonical_json({"model": "m", "messages": [{"role": "user", "content": prompt}]})
    assert dialect.provider.decode_request(dialect.provider.encode(NAME, body, dialect.endpoint)) == (
        NAME,
        body,
    )


@each_dialect
@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_foreign_line_of_a_request_file_is_none(dialect: Dialect, line: bytes):
    assert dialect.provider.decode_request(line) is None


@each_dialect
@given(st.integers(200, 599), st.binary() | json_values)
def test_online_answer_is_kept_as_a_line_that_reads_the_same(dialect: Dialect, status: int, body: Any):
    line = dialect.provider.encode_response(NAME, response(status, body))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert dialect.provider.decode(line).custom_id == NAME


@each_dialect
@pytest.mark.parametrize("half", [b"smile", b"\\ud83d"])
def test_online_answer_that_is_kept_loses_nothing(dialect: Dialect, half: bytes):
    body = json.dumps(dialect.answer()).encode().replace(b"Paris.", half)
    kept = dialect.provider.decode(dialect.provider.encode_response(NAME, HttpResponse(200, {}, body)))
    assert kept.outcome == dialect.provider.read_response(HttpResponse(200, {}, body))
    assert isinstance(kept.outcome, Reply)


# Jobs


@pytest.mark.parametrize(("dialect", "file", "expected"), list(jobs()))
def test_job_is_read(dialect: Dialect, file: str, expected: dict[str, Any]):
    # What is no field of the job: its id where the sample has none of its own, and what is asked for then.
    value, expected = dialect.sample(file), dict(expected)
    remote_id, then = expected.pop("remote_id", value.get("id")), expected.pop("then", [])
    _, job = drive(
        dialect.provider.poll("b1"), response(200, value), *(dialect.response(name) for name in then)
    )
    assert {
        "phase": job.phase,
        "files": job.files,
        "errors": [[error.code, error.message, error.line] for error in job.errors],
        "tag": job.tag,
        "counts": [job.total, job.completed, job.failed],
    } == expected
    assert job.remote_id == remote_id


@each_dialect
@given(st.data())
def test_job_of_any_shape_is_read_or_refused_in_words(dialect: Dialect, data: st.DataObject):
    jobs = dialect.sample("expected.json")["jobs"]
    good = dialect.sample(
        data.draw(st.sampled_from([name for name, job in jobs.items() if "then" not in job]))
    )
    path = data.draw(st.sampled_from(list(paths(good))))
    value = replaced(good, path, data.draw(json_values))
    try:
        _, job = drive(dialect.provider.poll("b1"), response(200, value))
    except DistilabelPlatformError:
        return
    assert isinstance(job, RemoteJob)


@each_dialect
def test_job_is_created_with_what_it_is_found_by(dialect: Dialect):
    created, job = drive(dialect.provider.create(dialect.job, SPOOL), *dialect.responses("create"))
    assert job.remote_id == dialect.flow("create")["remote_id"]
    sent = b"".join(request.json or b"" for request in created)
    if dialect.job.input_file == INLINE:
        assert [request.content.path for request in created if request.content] == [SPOOL]
    else:
        assert dialect.job.input_file.encode() in sent
    assert (TAG.encode() in sent) is not dialect.provider.tags_ids


@each_dialect
@pytest.mark.parametrize("name", ["find", "find_all"])
def test_jobs_of_ours_are_found_on_any_page_and_others_are_not(dialect: Dialect, name: str):
    job = dialect.job if name == "find" else None
    requests, found = drive(dialect.provider.find(job), *dialect.responses(name))
    wanted = dialect.flow(name)
    assert [remote.remote_id for remote in found.ours] == wanted["ours"]
    assert [remote.remote_id for remote in found.doubtful] == wanted.get("doubtful", [])
    assert len({(request.path, *request.params.items()) for request in requests}) == len(requests)


@each_dialect
def test_job_that_the_platform_does_not_know_is_none(dialect: Dialect):
    _, job = drive(dialect.provider.poll("b1"), *dialect.responses("poll_unknown"))
    assert job is None


@each_dialect
def test_file_is_streamed_to_where_it_is_wanted(dialect: Dialect, tmp_path: Path):
    name = dialect.flow("fetch")["file"]
    requests, there = drive(dialect.provider.fetch(name, tmp_path / "x"), *dialect.responses("fetch"))
    assert there
    assert [request.save_to for request in requests if request.save_to] == [tmp_path / "x"]


@each_dialect
def test_file_that_the_platform_no_longer_has_is_false(dialect: Dialect, tmp_path: Path):
    name = dialect.flow("fetch")["file"]
    _, there = drive(dialect.provider.fetch(name, tmp_path / "x"), *dialect.responses("fetch_gone"))
    assert there is False


@each_dialect
def test_upload_sends_the_file_and_returns_its_id(dialect: Dialect, tmp_path: Path):
    path = tmp_path / "input.jsonl"
    path.write_bytes(b"{}\n")
    requests, file = drive(dialect.provider.upload(dialect.job, path), *dialect.responses("upload"))
    assert file == dialect.flow("upload")["returns"]
    sent = [request.upload or request.content for request in requests if request.upload or request.content]
    assert [body.path for body in sent] == ([] if file == INLINE else [path])


# All flows

Start = Callable[[Dialect], Flow[Any]]
FLOWS: dict[str, Start] = {
    "complete": lambda d: complete(d.provider, d.job.target, b'{"model":"m"}'),
    "upload": lambda d: d.provider.upload(d.job, SPOOL),
    "create": lambda d: d.provider.create(d.job, SPOOL),
    "find": lambda d: d.provider.find(d.job),
    "poll": lambda d: d.provider.poll("b1"),
    "fetch": lambda d: d.provider.fetch("f1", Path("x")),
    "cancel": lambda d: d.provider.cancel("b1"),
}
# A platform that takes the requests within `create` is not called to upload.
CALLS = [(d, name) for d in DIALECTS for name in FLOWS if name != "upload" or d.job.input_file != INLINE]


def each_call(*names: str) -> pytest.MarkDecorator:
    calls = [(dialect, name) for dialect, name in CALLS if name in (names or FLOWS)]
    names_of = [f"{dialect.provider.name}-{name}" for dialect, name in calls]
    return pytest.mark.parametrize(("dialect", "name"), calls, ids=names_of)


@each_call()
def test_call_stays_below_the_base_url_and_holds_no_key(dialect: Dialect, name: str):
    request = next(FLOWS[name](dialect))
    assert request.path.startswith("/")
    assert not request.path.startswith("//")
    dialect.provider.headers(KEY)
    assert KEY not in repr(request)


@each_dialect
def test_key_travels_in_a_header(dialect: Dialect):
    assert KEY in " ".join(dialect.provider.headers(KEY).values())


@each_call()
def test_only_the_creation_of_a_job_must_not_be_sent_twice(dialect: Dialect, name: str):
    assert next(FLOWS[name](dialect)).safe is (name != "create")


@each_call()
@pytest.mark.parametrize("status", [401, 403])
def test_key_that_is_not_accepted_ends_every_flow(dialect: Dialect, name: str, status: int):
    with pytest.raises(DistilabelAuthenticationError) as caught:
        drive(FLOWS[name](dialect), response(status, {"error": {"message": "Incorrect API key."}}))
    assert caught.value.status == status


@each_dialect
@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
def test_creation_that_fails_on_the_platform_s_side_is_uncertain(dialect: Dialect, status: int):
    with pytest.raises(DistilabelUncertainError):
        drive(dialect.provider.create(dialect.job, SPOOL), response(status, b"oh"))


@each_dialect
@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"null", b"{}", b'{"object": "batch"}'])
def test_creation_that_was_answered_with_something_else_is_uncertain(dialect: Dialect, answer: bytes):
    with pytest.raises(DistilabelUncertainError):
        drive(dialect.provider.create(dialect.job, SPOOL), response(200, answer))


@each_dialect
@pytest.mark.parametrize("status", [400, 402, 404, 405, 413, 422, 429])
def test_creation_that_was_refused_is_certain(dialect: Dialect, status: int):
    with pytest.raises(DistilabelPlatformError) as caught:
        drive(dialect.provider.create(dialect.job, SPOOL), response(status, {"error": {"message": "No."}}))
    assert not isinstance(caught.value, DistilabelUncertainError)
    assert (caught.value.status, "No." in str(caught.value)) == (status, True)


@each_dialect
def test_error_carries_the_retry_after(dialect: Dialect):
    busy = HttpResponse(429, {"retry-after": "7"}, b"{}")
    with pytest.raises(DistilabelPlatformError) as caught:
        drive(dialect.provider.create(dialect.job, SPOOL), busy)
    assert caught.value.retry_after == 7.0


@each_call("upload", "poll", "find")
@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"[]", b"{}", b'{"data": [1]}', b'{"data": [{}]}', b'{"data": 3}']
)
def test_response_of_another_shape_is_an_error_of_the_platform(dialect: Dialect, name: str, answer: bytes):
    # For a look-up "no answer" must not read as "not there": the job would be created twice.
    if name == "find" and dialect.flow("find").get("empty") == answer.decode():
        assert drive(FLOWS[name](dialect), response(200, answer))[1] == Found()
        return
    with pytest.raises(DistilabelPlatformError, match="sent something other than"):
        drive(FLOWS[name](dialect), response(200, answer))


# Online


@each_dialect
def test_online_request_is_sent_as_it_is_and_its_answer_is_read(dialect: Dialect):
    (first, *_) = (dialect.folder / "output.jsonl").read_bytes().split(b"\n")
    (request,), outcome = drive(
        complete(dialect.provider, dialect.job.target, b'{"a":1}'), response(200, dialect.answer())
    )
    assert (request.method, request.json) == ("POST", b'{"a":1}')
    assert isinstance(outcome, Reply)
    assert outcome == dialect.provider.decode(first).outcome


@each_dialect
def test_unknown_model_ends_the_run(dialect: Dialect):
    refused = response(
        404, {"error": {"message": "The model `m` does not exist.", "code": "model_not_found"}}
    )
    with pytest.raises(DistilabelModelNotFoundError, match="check the name"):
        drive(FLOWS["complete"](dialect), refused)


@each_dialect
@pytest.mark.parametrize(
    ("status", "retryable"), [(400, False), (422, False), (429, True), (500, True), (503, True)]
)
def test_online_request_that_fails_is_a_value(dialect: Dialect, status: int, retryable: bool):
    _, outcome = drive(
        FLOWS["complete"](dialect), response(status, {"error": {"message": "Oh.", "code": "c"}})
    )
    assert outcome == Failure("c", "Oh.", retryable=retryable)


@each_dialect
@given(st.integers(100, 599).filter(lambda status: status not in (401, 403, 404)), st.binary() | json_values)
def test_online_answer_of_any_shape_is_a_value(dialect: Dialect, status: int, body: Any):
    answer = response(status, body)
    if address_fault(answer):
        with pytest.raises(DistilabelAddressError):
            drive(FLOWS["complete"](dialect), answer)
        return
    _, outcome = drive(FLOWS["complete"](dialect), answer)
    assert isinstance(outcome, Reply | Failure)
