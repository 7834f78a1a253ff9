"""Questions of Argilla, answered by an LLM: with the objects of the real client, and with plain rows."""

import json
import os
import warnings
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.argilla.questions import question_of
from distilabel.steps.tasks import ArgillaLabeller
from tests.steps.fakes import EchoLLM
from tests.support.argilla import KEY, argilla

USER = "2c3de0ad-2d0f-4c54-8ad3-0d8a4ed3cc4a"
MOOD = {
    "name": "mood", "title": "Which mood?", "description": "Of the writer.",
    "settings": {"type": "label_selection", "options": [{"value": "pos", "text": "Good"}, {"value": "neg"}]},
}  # fmt: skip
RECORD = {"fields": {"text": "What a day!", "source": "diary"}}


@pytest.fixture
def rg(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The package argilla, whose questions want to know a server; its clients are closed in the end."""
    made: list[Any] = []
    begin = httpx.Client.__init__
    monkeypatch.setattr(
        httpx.Client, "__init__", lambda self, *a, **k: (made.append(self), begin(self, *a, **k))[1]
    )
    with argilla() as running, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the package warns of is its own affair
        import argilla as package

        client = package.Argilla(api_url=running.url, api_key=KEY)
        names = (
            "LabelQuestion",
            "MultiLabelQuestion",
            "RatingQuestion",
            "TextQuestion",
            "RankingQuestion",
            "TextField",
        )
        asking = {name: partial(getattr(package, name), client=client) for name in names}
        same = {name: getattr(package, name) for name in ("Record", "Response", "Suggestion")}
        yield SimpleNamespace(**asking, **same)
        for one in made:
            one.close()


def saying(answer: str | None) -> EchoLLM:
    return EchoLLM(answer=lambda _, count: {"generations": [answer] * count})


def asked(row: dict[str, Any], **more: Any) -> tuple[str, Any]:
    """The question, and the schema of its answer."""
    formatted = ArgillaLabeller(llm=EchoLLM(), **more)._formatted_input(row)
    chat, structure = formatted if isinstance(formatted, tuple) else (formatted, None)
    assert chat[0]["role"] == "system"
    return chat[-1]["content"], structure and structure["schema"]["properties"]["value"]


def label(answer: str | None, row: Any = None, **more: Any) -> Any:
    step = ArgillaLabeller(name="label", llm=saying(answer), **{"question": MOOD, **more})
    (made,) = next(step.process([row or {"record": RECORD}]))
    return made


def test_question_holds_all_that_an_annotator_sees():
    text, schema = asked({"record": RECORD}, question=MOOD, guidelines="Be kind.")
    assert text == (
        "[Guidelines]\nBe kind.\n\n[Question]\nWhich mood?\nOf the writer.\n"
        "Give the one label that fits the record best.\nThe labels are:\n- pos: Good\n- neg\n\n"
        "[Record]\ntext: What a day!\nsource: diary\n\n"
        'Answer with JSON of exactly this form:\n{"value": "<label>"}'
    )
    assert schema == {"type": "string", "enum": ["pos", "neg"]}


def test_examples_are_shown_with_their_answers_and_others_are_left_out():
    examples = [
        {"fields": {"text": "Oh no"}, "responses": {"mood": [{"value": "neg", "user_id": USER}]}},
        {"fields": {"text": "Hm"}, "responses": {"other": [{"value": "neg"}]}},
        {"fields": {"text": "Yes"}, "suggestions": {"mood": {"value": "pos", "score": None}}},
    ]
    text, _ = asked({"record": RECORD}, question=MOOD, example_records=examples)
    assert '[Examples]\ntext: Oh no\n{"value": "neg"}\n\ntext: Yes\n{"value": "pos"}\n\n[Record]' in text
    assert "Hm" not in text


def test_only_the_fields_that_are_named_are_shown_under_their_titles():
    text, _ = asked({"record": RECORD}, question=MOOD, fields=[{"name": "text", "title": "Diary"}])
    assert "[Record]\nDiary: What a day!\n\n" in text


def test_what_a_row_says_goes_first():
    own = {"name": "good", "settings": {"type": "rating", "options": [{"value": n} for n in (1, 2, 3)]}}
    row = {"record": RECORD, "question": own, "guidelines": "Rate.", "fields": [{"name": "source"}]}
    text, schema = asked(row, question=MOOD, guidelines="Be kind.")
    assert "[Guidelines]\nRate.\n\n[Question]\ngood\n" in text
    assert "text: What a day!" not in text
    assert schema == {"type": "integer", "enum": [1, 2, 3]}
    assert label('{"value": 2}', row)["suggestion"]["value"] == 2


def test_instructions_may_be_ones_own():
    text, _ = asked(
        {"record": RECORD}, question=MOOD, question_to_label_instruction={"label_selection": "Choose!"}
    )
    assert "Choose!\nThe labels are:" in text


def test_image_is_shown_to_the_model():
    record = {"fields": {"photo": "https://example.com/a.png", "text": "A cat?"}}
    fields = [{"name": "photo", "settings": {"type": "image"}}, {"name": "text"}]
    (text, image), _ = asked({"record": record}, question=MOOD, fields=fields)
    assert "photo: (an image)\ntext: A cat?" in text["text"]
    assert image == {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


def test_structure_that_the_llm_is_set_to_goes_first():
    class Structured(EchoLLM):
        structured_output: Any = None

    own = {"format": "json", "schema": {"type": "object"}}
    task = ArgillaLabeller(llm=Structured(structured_output=own), question=MOOD)
    assert isinstance(task._formatted_input({"record": RECORD}), list)
    assert task._formatted_input({"record": RECORD, "question": MOOD})[1] == own


def test_without_structured_output_the_question_alone_is_asked():
    _, schema = asked({"record": RECORD}, question=MOOD, use_default_structured_output=False)
    assert schema is None


@pytest.mark.parametrize(
    ("kind", "options", "answer", "value"),
    [
        ("label_selection", ["a", "b"], '{"value": "B"}', "b"),
        ("label_selection", ["a", "b"], "a.", "a"),
        ("multi_label_selection", ["a", "b"], 'So: {"value": ["b", "A", "b"]}', ["b", "a"]),
        ("multi_label_selection", ["a", "b"], '{"value": "a"}', ["a"]),
        ("rating", [1, 2, 3], '{"value": 3}', 3),
        ("rating", [1, 2, 3], '{"value": "2"}', 2),
        ("text", [], '{"value": " Well. "}', "Well."),
    ],
)
def test_answer_is_read_as_the_question_wants_it(kind: str, options: list[Any], answer: str, value: Any):
    settings = {"type": kind, "options": [{"value": option} for option in options]}
    made = label(answer, question={"name": "q", "settings": settings})
    assert made["suggestion"] == {"value": value, "question_name": "q", "type": "model", "agent": "echo"}


@pytest.mark.parametrize("answer", ['{"value": "maybe"}', '{"value": null}', '{"label": "pos"}', "", None])
def test_answer_that_is_none_of_the_options_is_no_suggestion(answer: str | None):
    made = label(answer)
    assert made["suggestion"] is None
    assert made["distilabel_metadata"]["failure_label"]["code"] in {"unparseable_output", "no_generation"}


def test_label_may_be_answered_as_it_is_shown():
    assert label('{"value": "Good"}')["suggestion"]["value"] == "pos"


def test_question_that_is_not_there_costs_its_row():
    made = label('{"value": "pos"}', question=None)
    assert "pass question=" in made["distilabel_metadata"]["failure_label"]["message"]


def test_question_of_another_type_is_refused_when_the_task_is_made():
    ranking = {"name": "r", "settings": {"type": "ranking", "options": []}}
    with pytest.raises(DistilabelUserError, match="'r' is of the type 'ranking'"):
        ArgillaLabeller(llm=EchoLLM(), question=ranking)


def test_clients_own_objects_are_read_and_written_down_as_plain_values(rg: Any):
    response = rg.Response("mood", "neg", user_id=USER)
    record = rg.Record(id="1", fields={"text": "What a day!"}, suggestions=[rg.Suggestion("mood", "neg")])
    step = ArgillaLabeller(
        name="label", llm=saying('{"value": "pos"}'),
        question=rg.LabelQuestion("mood", labels={"pos": "Good", "neg": "Bad"}, title="Which mood?"),
        fields=[rg.TextField("text", title="Diary")],
        example_records=[rg.Record(fields={"text": "Oh no"}, responses=[response])],
    )  # fmt: skip
    json.dumps(step.dump())
    chat, schema = step._formatted_input({"record": record})
    text = chat[-1]["content"]
    assert 'Diary: Oh no\n{"value": "neg"}' in text
    assert "- neg: Bad" in text
    assert schema["schema"]["properties"]["value"]["enum"] == ["pos", "neg"]
    (made,) = next(step.process([{"record": record}]))
    suggestion = rg.Suggestion(**made["suggestion"])
    record.suggestions.add(suggestion)
    assert record.to_dict()["suggestions"]["mood"]["value"] == "pos"


def test_every_kind_of_question_of_the_client_is_read(rg: Any):
    kinds = {
        "label_selection": rg.LabelQuestion("q", labels=["a", "b"]),
        "multi_label_selection": rg.MultiLabelQuestion("q", labels=["a", "b"]),
        "rating": rg.RatingQuestion("q", values=[1, 2]),
        "text": rg.TextQuestion("q"),
    }
    for kind, question in kinds.items():
        assert question_of(ArgillaLabeller(llm=EchoLLM(), question=question).question).kind == kind
    with pytest.raises(DistilabelUserError, match="ranking"):
        ArgillaLabeller(llm=EchoLLM(), question=rg.RankingQuestion("q", values=["a", "b"]))


def test_pipeline_labels_records_as_dicts(rg: Any, tmp_path: Any):
    written = [rg.Record(id=str(n), fields={"text": f"day {n}"}).to_dict() for n in range(5)]
    # A table has no place for dicts that are empty in all rows.
    records = [{name: value for name, value in record.items() if value} for record in written]
    with Pipeline("label", cache_dir=tmp_path) as pipeline:
        rows = LoadDataFromDicts(data=[{"record": record} for record in records], batch_size=2)
        rows >> ArgillaLabeller(llm=saying('{"value": "pos"}'), question=MOOD, input_batch_size=2)
    made = pipeline.run()["default"]["train"]
    assert [suggestion["value"] for suggestion in made["suggestion"]] == ["pos"] * 5
    assert [record["id"] for record in made["record"]] == list("01234")
    assert "ARGILLA_API_KEY" not in os.environ
