"""What holds for every task that has a sample: it never raises at an answer, and it can be written down."""

import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distilabel.models.llms import OpenAILLM
from distilabel.models.llms.structure import response_format_of
from distilabel.steps._core.inputs import as_columns
from distilabel.steps.base import _Step, validate_step
from tests.end_to_end.task_samples import SAMPLES, Sample
from tests.steps.fakes import EchoLLM

from .asked import scripted

each_task = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)

HOPELESS = (
    *(
        None,
        "",
        " \n",
        "banana",
        "{",
        "[",
        "null",
        "[]",
        "{}",
        "NaN",
        "\u2028",
        "[1]",
        "[1] Score:",
        "Score: 5",
    ),
    *("[RESULT]", "[[[Assistant]]]", "## Positive", "## Reasoning\n## Revision", "[Text 1]", "```", "1."),
    *(
        '{"scores": [{}]}',
        '{"scores": [[]]}',
        '{"ratings": [1]}',
        '{"labels": {}}',
        '{"S1": null}',
        "{" * 3000,
        '{"a":' * 3000,
    ),
    "9" * 6000,
)


def rows_for(sample: Sample, said: str | None):
    task = sample.make(scripted(said))
    rows = next(task.process())[0] if sample.row is None else next(task.process([sample.row]))
    return task, rows


def assert_read_or_reasoned(sample: Sample, said: str | None):
    task, rows = rows_for(sample, said)
    assert rows
    for row in rows:
        failure = row["distilabel_metadata"].get(f"failure_{task.name}")
        columns = [row[name] for name in task.outputs if name != "model_name"]
        assert (failure is None) == all(value is not None for value in columns)
        assert failure is None or columns == [None] * len(columns)


@each_task
def test_hopeless_answer_is_read_or_there_is_a_reason(sample: Sample):
    for said in HOPELESS:
        assert_read_or_reasoned(sample, said)


@each_task
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    pieces=st.lists(
        st.sampled_from(['{"', '":', "[1]", "Score", ": ", "5", "\n", "}", "]", "Text 1", "A", ","])
    )
)
def test_answer_of_torn_pieces_is_read_or_there_is_a_reason(sample: Sample, pieces: list[str]):
    assert_read_or_reasoned(sample, "".join(pieces))


@each_task
def test_task_is_fit_to_run_and_can_be_written_down(sample: Sample):
    task = sample.make(OpenAILLM(model="m", api_key="k"))
    validate_step(task)
    again = _Step.from_dict(task.dump())
    assert type(again) is type(task)
    assert (again.dump(), again.signature) == (task.dump(), task.signature)
    local = sample.make(EchoLLM())
    assert pickle.loads(pickle.dumps(local)).dump() == local.dump()


@each_task
def test_structure_is_one_that_openai_takes(sample: Sample):
    task = sample.make(scripted(""))
    schema = task.get_structured_output()
    if schema is None:
        assert not task.use_default_structured_output
        return
    sent = response_format_of({"format": "json", "schema": schema})["json_schema"]
    assert sent["strict"] is True
    assert sent["schema"] == schema


@each_task
def test_documentation_says_what_goes_in_and_out_and_where_it_comes_from(sample: Sample):
    task = sample.make(scripted(""))
    docstring = type(task).__doc__
    named = {*task.inputs, *task.outputs} - {getattr(task, "columns", None)}
    assert {name for name in named if f"`{name}`" not in docstring} == set()
    assert all(
        f"{name}:" in docstring
        for name in type(task).__annotations__
        if name in type(task).model_fields and not name.startswith("use_default")
    )
    if sample.name not in {"ChatGeneration", "TextGeneration"}:
        assert "References:\n" in docstring
    assert ">>> " in docstring


@pytest.mark.parametrize(
    ("sample", "column"),
    [
        (sample, name)
        for sample in SAMPLES
        if sample.row is not None
        for name, required in as_columns(sample.make(EchoLLM()).inputs).items()
        if required
    ],
    ids=lambda value: getattr(value, "name", value),
)
@pytest.mark.parametrize("value", [None, 5, float("nan"), ["a", 1], {"a": 1}, b"text", "absent"], ids=repr)
def test_row_without_a_text_to_ask_about_is_not_asked_about_and_the_others_are(
    sample: Sample, column: str, value: object
):
    kind = sample.make(EchoLLM())
    if value == "absent":
        lacking = {name: of for name, of in sample.row.items() if name != column}
        message = ["missing_input", f"The column {column!r} is not in the row"]
    else:
        lacking = {**sample.row, column: value}
        message = ["not_text", f"The column {column!r} holds {value!r}, which is not text"]
    if value is None:
        message = ["missing_input", f"The column {column!r} is None"]
    if type(kind).takes_none or (value is not None and value != "absent" and column in type(kind).not_text):
        # It has a reason of its own.
        message = ["unformattable_input", ""]
    asked = []
    said = sample.answer if isinstance(sample.answer, str) else None

    def answer(chat, count):
        asked.append(chat)
        return {"generations": [said] * count}

    task = sample.make(EchoLLM(answer=answer))
    lacking, whole = next(task.process([lacking, sample.row]))
    failure = lacking["distilabel_metadata"][f"failure_{task.name}"]
    assert failure["code"] == message[0]
    assert message[1] in failure["message"]
    assert {lacking[name] for name in task.outputs if name != "model_name"} == {None}
    assert len(asked) == 1
    assert message[0] not in str(whole["distilabel_metadata"])
