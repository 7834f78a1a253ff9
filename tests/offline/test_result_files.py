"""Result files: each line is found again by its bytes, whatever stands in it."""

import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distilabel.offline.result_files import Reader, _last_line, _lines
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.records import custom_id
from tests.fakes import Office, answered, expired, refused, texts


def test_lines_end_at_a_newline_byte_and_nowhere_else(tmp_path: Path):
    path = tmp_path / "output.jsonl"
    lines = [
        answered({"custom_id": custom_id("a" * 32, n), "body": {"messages": [{"content": text}]}})
        for n, text in enumerate(["a\u2028b", "\x85", "\u2029", "plain"])
    ]
    path.write_bytes(lines[0] + b"\n" + lines[1].replace(b"\n", b"\r\n") + b"  \n" + b"".join(lines[2:])[:-1])
    found = list(_lines(OpenAI(), path))
    assert [line.outcome.text for line, _, _ in found] == ["a\u2028b/0", "\x85/1", "\u2029/2", "plain/3"]
    whole = path.read_bytes()
    places = [json.loads(whole[start : start + length])["custom_id"] for _, start, length in found]
    assert places == [custom_id("a" * 32, n) for n in range(4)]


@given(st.lists(st.binary(), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_line_that_is_not_blank_is_one_value_with_its_place(tmp_path: Path, pieces: list[bytes]):
    path = tmp_path / "output.jsonl"
    path.write_bytes(b"\n".join(pieces))
    whole = b"\n".join(pieces)
    found = [whole[start : start + length].rstrip(b"\n") for _, start, length in _lines(OpenAI(), path)]
    assert found == [line for line in whole.split(b"\n") if line.strip()]


def test_answers_are_read_back_from_where_they_lie(tmp_path: Path):
    (tmp_path / "one").write_bytes(b"0123456789")
    (tmp_path / "two").write_bytes(b"abcdef")
    reader = Reader(tmp_path)
    first, second, third = ("one", 2, 3), ("two", 0, 1), ("one", 0, 2)
    assert reader.read([first, second, third]) == {first: b"234", second: b"a", third: b"01"}
    reader.close()


@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=30), st.randoms())
def test_answers_are_read_back_whatever_lies_between_them(lines: list[bytes], rng: random.Random):
    with TemporaryDirectory() as folder:
        (Path(folder) / "output").write_bytes(b"".join(lines))
        starts = itertools.accumulate(map(len, lines), initial=0)
        whole = {("output", at, len(line)): line for at, line in zip(starts, lines, strict=False)}
        wanted = rng.sample(sorted(whole), rng.randint(0, len(whole)))
        reader = Reader(Path(folder))
        reader._AT_ONCE = 50
        assert reader.read(wanted) == {place: whole[place] for place in wanted}
        reader.close()


def test_reader_keeps_few_files_open(tmp_path: Path):
    reader = Reader(tmp_path)
    for number in range(100):
        (tmp_path / str(number)).write_bytes(b"%d" % number)
        place = (str(number), 0, 3)
        assert reader.read([place]) == {place: b"%d" % number}
    assert len(reader._files) == Reader._MOST_OPEN
    assert reader.read([("0", 0, 1)]) == {("0", 0, 1): b"0"}
    reader.close()
    assert reader._files == {}


# Random mixtures of all that a platform may send back: promise 1

NUMBERS = itertools.count()

FATES = [
    "answered",
    "refused",
    "busy",
    "expired",
    "missing",
    "empty",
    "garbled",
    "doubled",
    "foreign",
    "nameless",
]


def fated(line: dict, fate: str) -> list[bytes]:
    stranger = {**line, "custom_id": custom_id("f" * 32, 0)}
    return {
        "answered": [answered(line)],
        "refused": [refused(line)],
        "busy": [refused(line, 429, "busy")],
        "expired": [expired(line)],
        "missing": [],
        "empty": [answered(line, response={"status_code": 200, "body": {}})],
        "garbled": [answered(line)[:40] + b"\n"],
        "doubled": [answered(line), answered(line)],
        "foreign": [answered(stranger)],
        "nameless": [answered(line, custom_id=None)],
    }[fate]


GIVEN_UP = {
    "answered": None,
    "doubled": None,
    "refused": "bad",
    "busy": "busy",
    "expired": "batch_expired",
    "missing": "missing",
    "empty": "empty_reply",
    "garbled": "missing",
    "foreign": "missing",
    "nameless": "missing",
}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(st.sampled_from(FATES), min_size=1, max_size=3),
    st.integers(0, 999),
    st.sampled_from(["completed", "expired", "cancelled"]),
)
def test_every_answer_lands_on_its_row_or_the_row_says_why_it_has_none(
    office: Callable[..., Office], fates: list[str], seed: int, status: str
):
    at, order = office(max_attempts=1, poll_interval=0.001), random.Random(seed)
    # The ledger is the same for all examples: other prompts, other requests.
    prompts = [f"{next(NUMBERS)} {fate}" for fate in fates]

    def results(lines):
        pieces = [piece for line, fate in zip(lines, fates, strict=True) for piece in fated(line, fate)]
        order.shuffle(pieces)
        cut = order.randint(0, len(pieces))
        return pieces[:cut], pieces[cut:]

    at.platform.plan(status, results=results)
    assert texts(at.bring(*prompts)) == [
        f"<{GIVEN_UP[fate]}>" if GIVEN_UP[fate] else f"{prompt}/0"
        for prompt, fate in zip(prompts, fates, strict=True)
    ]


@pytest.mark.parametrize("blank", [b"\n", b"  \n", b"\r\n"])
def test_blank_lines_are_no_answers(office: Callable[..., Office], blank: bytes):
    at = office(poll_interval=0.001)
    at.platform.plan(results=lambda lines: ([blank, *(answered(line) + blank for line in lines)], [blank]))
    assert texts(at.bring("a", "b")) == ["a/0", "b/0"]


def test_byte_order_mark_belongs_to_no_line(tmp_path: Path):
    line = b'{"custom_id": "a-0", "response": {"status_code": 200, "body": {}}}'
    (tmp_path / "one.jsonl").write_bytes(b"\xef\xbb\xbf" + line)
    assert _last_line(tmp_path / "one.jsonl") == line
    ((decoded, start, length),) = _lines(OpenAI(), tmp_path / "one.jsonl")
    assert (decoded.custom_id, start, length) == ("a-0", 3, len(line))
