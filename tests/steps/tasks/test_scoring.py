"""Scores and other things said of several items: each goes to its own."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.exceptions import DistilabelGenerationException, DistilabelUserError
from distilabel.steps.tasks._core.scoring import (
    by_number,
    items_of,
    leading_score,
    numbered,
    numbered_schema,
    parts_of,
    scores_form,
    scores_of,
)


class TestItems:
    def test_list_is_given_as_it_is(self):
        assert items_of({"a": ["x", "y"]}, "a") == ["x", "y"]

    @pytest.mark.parametrize("value", [None, "text", [], [1], [None], ["x", 1], {"x": 1}])
    def test_what_is_no_list_of_texts_is_reported(self, value):
        with pytest.raises(DistilabelUserError, match="'a' must hold a list of texts"):
            items_of({"a": value}, "a")


class TestScores:
    @pytest.mark.parametrize(
        "said",
        [
            "[1] Score: 2\n[2] Score: 4",
            "[2] Score: 4\n[1] Score: 2",
            "Here you are:\n\n1. Score: 2\n2. Score: 4\n\nAll in all fine.",
            "**[1]** **Score:** 2/5\n**[2]** **Score:** 4/5",
            "[Instruction 1]\nScore: 2\n\n[Instruction 2]\nScore: 4",
            "Response 1: score 2 (weak)\nResponse 2: score 4.0 (good)",
            "[1] Score: 2\n[2] Score: 4\n[2] Score: 4",
            '{"scores": [{"number": 1, "score": 2}, {"number": 2, "score": 4}]}',
            'So:\n```json\n{"scores": [{"number": 2, "score": 4}, {"number": 1, "score": 2.0}]}\n```',
        ],
    )
    def test_each_score_goes_to_the_item_that_it_was_said_of(self, said):
        assert scores_of(said, 2, 1, 5) == [2.0, 4.0]

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ("", "is empty"),
            ("I would rather not.", "no score for item 1 of 2"),
            ("Score: 2\nScore: 4", "no score for item 1 of 2"),
            ("2, 4", "no score for item 1 of 2"),
            ("[1] Score: 2", "no score for item 2 of 2"),
            ("[2] Score: 4", "no score for item 1 of 2"),
            ("[0] Score: 2\n[1] Score: 4", "a score for item 0 of 2"),
            ("[1] Score: 2\n[2] Score: 4\n[3] Score: 1", "a score for item 3 of 2"),
            ("[1] Score: 2\n[2] Score: 4\n[1] Score: 3", "two scores for item 1"),
            ("[1] Score: 2\n[2] Score: 9", "'9.0' is not a number from 1 to 5"),
            ("[1] Score: 2\n[2] Score: -4", "'-4.0' is not a number from 1 to 5"),
            ("[1] Score: 2\n[2] Score: 3-4", "score of item 2 is not one number"),
            ("[1] Score: 2\n[2] Score: 3 or 4", "score of item 2 is not one number"),
            ("[1] Score: 2\n[2] Score: high", "no score for item 2 of 2"),
            ('{"scores": [2, 4]}', "does not say which item"),
            ('{"scores": [{"score": 2}, {"score": 4}]}', "does not say which item"),
            ('{"scores": [{"number": true, "score": 2}]}', "does not say which item"),
            ('{"scores": [{"number": 1, "score": "2"}]}', "'2' is not a number"),
            ('{"scores": [{"number": 1, "score": NaN}]}', "'nan' is not a number"),
            ('{"scores": [{"number": 1}]}', "'None' is not a number"),
            ('{"scores": 2}', "has no list 'scores'"),
        ],
    )
    def test_answer_that_is_not_plain_gives_no_score_at_all(self, said, reason):
        with pytest.raises(DistilabelGenerationException, match=reason):
            scores_of(said, 2, 1, 5)

    @given(st.lists(st.integers(1, 5), min_size=1, max_size=12), st.randoms(), st.data())
    def test_order_of_lines_and_lost_lines_never_shift_a_score(
        self, scores: list[int], chance: random.Random, data: st.DataObject
    ):
        lines = [f"[{number}] Score: {score}" for number, score in enumerate(scores, start=1)]
        chance.shuffle(lines)
        assert scores_of("\n".join(lines), len(scores), 1, 5) == scores
        lost = data.draw(st.integers(0, len(lines) - 1))
        with pytest.raises(DistilabelGenerationException):
            scores_of("\n".join(lines[:lost] + lines[lost + 1 :]), len(scores), 1, 5)

    @pytest.mark.parametrize("as_json", [True, False])
    def test_model_that_answers_in_the_form_asked_for_is_understood(self, as_json):
        form = scores_form("text", 1, as_json=as_json)
        said = form.partition(":")[2].replace("<number>", "3").replace(", ...", "")
        assert scores_of(said, 1, 1, 5) == [3.0]

    def test_schema_names_each_item(self):
        schema = numbered_schema("T", "scores", {"score": {"type": "integer"}})
        entry = schema["properties"]["scores"]["items"]
        assert entry["required"] == ["number", "score"]


class TestLeadingScore:
    @pytest.mark.parametrize("said", ["4", "4/5", "**4** (good)", "4.0 - good", "(4)"])
    def test_score_at_the_beginning_is_read(self, said):
        assert leading_score(said, 1, 5) == 4.0

    @pytest.mark.parametrize("said", ["", "N/A", "good: 4", "3-4", "3 to 4", "-4", "44", "0"])
    def test_other_text_is_reported(self, said):
        with pytest.raises(DistilabelGenerationException, match="is not a number from 1 to 5"):
            leading_score(said, 1, 5)


class TestParts:
    def test_items_written_down_are_read_back(self):
        items = ["a\n\nb", "c"]
        assert parts_of(numbered(items, "Text"), "Text", 2) == items

    @pytest.mark.parametrize("heading", ["### Text {}", "**Text {}:**", "Text {}", "[text {}]"])
    def test_headings_of_any_form_are_known(self, heading):
        said = f"Well:\n{heading.format(2)}\nb\n{heading.format(1)}\na"
        assert parts_of(said, "Text", 2) == ["a", "b"]

    def test_missing_part_is_reported(self):
        with pytest.raises(DistilabelGenerationException, match="no text for item 1 of 2"):
            parts_of("Text 2\nb", "Text", 2)


class TestByNumber:
    def test_equal_values_for_one_number_are_one(self):
        assert by_number([(1, "a"), (1, "a")], 1, "score") == ["a"]
