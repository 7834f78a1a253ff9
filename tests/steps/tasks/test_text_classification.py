"""TextClassification."""

import json

import jsonschema
import pytest

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.tasks import TextClassification

from .asked import answered, prompt, scripted

ROW = {"text": "What a {day}!"}
LABELS = ["joy", "anger", "C++"]


def schema(**fields):
    return TextClassification(llm=scripted(""), **fields).get_structured_output()


class TestPrompt:
    def test_all_that_is_set_is_shown(self):
        task = TextClassification(
            llm=scripted(""),
            context="Messages to a bank.",
            examples=["Thanks! -> joy"],
            available_labels={"joy": "glad", "anger": "not glad"},
            default_label="other",
            query_title="Message",
        )
        asked = prompt(task, ROW)
        assert "[Context]\nMessages to a bank.\n" in asked
        assert "[Examples]\nThanks! -> joy\n" in asked
        assert "[Labels]\n- joy: glad\n- anger: not glad\n" in asked
        assert "answer with 'other'" in asked
        assert "[Message]\nWhat a {day}!\n" in asked
        assert asked.endswith('{"labels": "<label>"}')

    def test_what_is_not_set_is_not_shown(self):
        asked = prompt(TextClassification(llm=scripted("")), ROW)
        assert "[User Query]" in asked
        assert not any(heading in asked for heading in ("[Context]", "[Examples]", "[Labels]"))

    def test_several_labels_are_asked_for(self):
        asked = prompt(TextClassification(llm=scripted(""), n=3), ROW)
        assert "3 at most" in asked
        assert '{"labels": ["<label>", ...]}' in asked

    def test_system_prompt_may_be_changed_or_left_out(self):
        assert TextClassification(llm=scripted(""), system_prompt="Be brief.").format_input(ROW)[0] == {
            "role": "system",
            "content": "Be brief.",
        }
        assert len(TextClassification(llm=scripted(""), system_prompt=None).format_input(ROW)) == 1

    def test_no_labels_to_choose_from_are_reported(self):
        with pytest.raises(DistilabelUserError, match="at least one of `available_labels`"):
            TextClassification(llm=scripted(""), available_labels=[])

    @pytest.mark.parametrize(("n", "default"), [(1, ["a", "b"]), (1, []), (2, ["a", "b", "c"])])
    def test_default_labels_that_do_not_fit_are_reported(self, n, default):
        with pytest.raises(
            DistilabelUserError, match=f"{len(default)} default labels and gives a text from 1 to {n}"
        ):
            TextClassification(llm=scripted(""), n=n, default_label=default)


class TestStructure:
    def test_is_on_by_default_and_reaches_the_llm(self):
        llm = scripted('{"labels": "joy"}')
        next(TextClassification(llm=llm).process([ROW]))
        ((_, structure),) = llm.seen[0][0]
        assert structure == {"format": "json", "schema": schema()}

    def test_labels_are_those_available_and_the_default_one(self):
        assert schema(available_labels=LABELS)["properties"]["labels"] == {
            "type": "string",
            "enum": [*LABELS, "Unclassified"],
        }
        assert schema()["properties"]["labels"] == {"type": "string"}

    def test_several_labels_are_a_list(self):
        labels = schema(available_labels={"joy": "glad"}, n=2, default_label=["a", "b"])["properties"][
            "labels"
        ]
        assert labels["items"]["enum"] == ["joy", "a", "b"]
        assert (labels["minItems"], labels["maxItems"]) == (1, 2)


class TestAnswer:
    @pytest.mark.parametrize(
        "said", ['{"labels": "joy"}', 'Sure: {"labels": " Joy "}', "joy", "**Joy**.", '"joy"']
    )
    def test_one_label_is_read(self, said):
        assert answered(TextClassification, said, ROW, available_labels=LABELS) == {"labels": "joy"}

    def test_label_of_odd_characters_is_read(self):
        assert answered(TextClassification, "C++", ROW, available_labels=LABELS) == {"labels": "C++"}

    def test_default_label_is_always_available(self):
        made = answered(TextClassification, '{"labels": "unclassified"}', ROW, available_labels=LABELS)
        assert made == {"labels": "Unclassified"}

    def test_label_of_its_own_is_read_from_json(self):
        assert answered(TextClassification, '{"labels": "delight"}', ROW) == {"labels": "delight"}

    def test_several_labels_are_read(self):
        said = {"labels": ["anger", "joy"]}
        jsonschema.validate(said, schema(n=2, available_labels=LABELS))
        made = answered(TextClassification, json.dumps(said), ROW, n=2, available_labels=LABELS)
        assert made == {"labels": ["anger", "joy"]}

    @pytest.mark.parametrize(
        ("said", "fields", "reason"),
        [
            ("", {}, "is empty"),
            ("delight", {}, "no JSON with labels"),
            ('{"labels": 1}', {}, "no text 'labels'"),
            ('{"labels": ["joy"]}', {}, "no text 'labels'"),
            ('{"labels": "delight"}', {"available_labels": LABELS}, "'delight' is not one of those"),
            ("joy and anger", {"available_labels": LABELS}, "is not one of those"),
            ('{"labels": "joy"}', {"n": 2}, "no list 'labels'"),
            ('{"labels": []}', {"n": 2}, "no list 'labels'"),
            ('{"labels": ["a", "b", "c"]}', {"n": 2}, "3 labels, of 2 at most"),
            ('{"labels": ["joy", "x"]}', {"n": 2, "available_labels": LABELS}, "'x' is not one of those"),
            ('{"labels": ["joy", 1]}', {"n": 2}, "a label that is not text"),
        ],
    )
    def test_hopeless_answer_gives_none_and_the_reason(self, said, fields, reason):
        made = answered(TextClassification, said, ROW, **fields)
        assert made["labels"] is None
        assert reason in made["failure"]
