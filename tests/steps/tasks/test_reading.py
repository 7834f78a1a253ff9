"""Reading answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.exceptions import DistilabelGenerationException
from distilabel.steps.tasks._core.parsing import (
    as_text,
    entries_of,
    holds_object,
    list_of_texts,
    listed_lines,
    object_schema,
    sections_of,
    texts_of,
)


class TestText:
    @pytest.mark.parametrize("nothing", [None, "", " \n\t"])
    def test_empty_answer_is_reported(self, nothing):
        with pytest.raises(DistilabelGenerationException, match="The answer is empty"):
            as_text(nothing)

    def test_space_around_goes(self):
        assert as_text("\n a b \n") == "a b"


class TestJson:
    @pytest.mark.parametrize(
        "said",
        [
            '{"a": "x"}',
            '```json\n{"a": "x"}\n```',
            'Sure, {here} it is:\n\n{"a": "x", "b": [1, {"a": "y"}]}\n\nEnjoy {it}!',
            '{"a": "x"} and once more {"a": "x"}',
            'I think {"of": "it"}, so {"a": "x"}',
        ],
    )
    def test_object_is_found_wherever_it_stands(self, said):
        assert texts_of(said, ["a"]) == {"a": "x"}

    def test_line_break_within_a_text_is_read(self):
        assert texts_of('{"a": "x\ny\u2028z"}', ["a"]) == {"a": "x\ny\u2028z"}

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ("no JSON at all", "contains no JSON object"),
            ('{"a": "x"', "contains no JSON object"),
            ('{"a": "x"} or rather {"a": "y"}', "more than one JSON object, and they differ"),
            ('{"b": "x"}', "has no text 'a'"),
            ('{"a": 1}', "has no text 'a'"),
            ('{"a": " "}', "has no text 'a'"),
            ('{"a": ' * 5000, "contains no JSON object"),
        ],
    )
    def test_object_that_is_not_plain_is_reported(self, said, reason):
        with pytest.raises(DistilabelGenerationException, match=reason):
            texts_of(said, ["a"])

    def test_list_of_entries_must_not_be_empty(self):
        assert entries_of('{"a": [1]}', "a") == [1]
        for said in ('{"a": []}', '{"a": 1}', '{"b": [1]}'):
            with pytest.raises(DistilabelGenerationException, match="has no list 'a'"):
                entries_of(said, "a")

    def test_list_of_texts_is_distinguished_from_other_lists(self):
        assert list_of_texts('As in [1] and [2]:\n["a", " b "]\n[]') == ["a", "b"]
        with pytest.raises(DistilabelGenerationException, match="no list of texts"):
            list_of_texts('["a", 1]')
        with pytest.raises(DistilabelGenerationException, match="they differ"):
            list_of_texts('["a"] ["b"]')

    def test_object_is_known_by_what_it_holds(self):
        assert holds_object('Well: {"scores": []}', "scores")
        assert not holds_object('{"other": {"scores": []}} "scores"', "scores")

    def test_schema_admits_nothing_else(self):
        assert object_schema("T", {"a": {"type": "string"}}) == {
            "title": "T",
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "required": ["a"],
            "additionalProperties": False,
        }


class TestSections:
    @pytest.mark.parametrize(
        "said",
        [
            "## Yes\nx\n\n## No\ny",
            "Well.\n# yes:\nx\n# no:\ny",
            "**Yes**\n\nx\n\n**No**\n\ny",
            "**Yes:** x\n**No**: y",
            "YES: x\nNO: y",
            "## No\ny\n## Yes\nx",
        ],
    )
    def test_headings_of_any_form_are_known(self, said):
        assert sections_of(said, ["Yes", "No"]) == {"Yes": "x", "No": "y"}

    def test_longer_heading_is_not_taken_for_the_shorter(self):
        said = "Rationale: a\nRating: 3\nRationale for rating: b"
        assert sections_of(said, ["rating", "rationale", "rationale for rating"]) == {
            "rating": "3",
            "rationale": "a",
            "rationale for rating": "b",
        }

    def test_word_within_a_sentence_is_no_heading(self):
        assert sections_of("Yes: x\nNo way: she said\nNo: y", ["Yes", "No"])["Yes"] == "x\nNo way: she said"

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ("nothing", "has no section 'Yes'"),
            ("Yes: x", "has no section 'No'"),
            ("Yes: x\nNo:\n", "has no section 'No'"),
            ("Yes: x\nNo: y\nYes: z", "answer has the section 'yes' twice"),
        ],
    )
    def test_missing_and_double_sections_are_reported(self, said, reason):
        with pytest.raises(DistilabelGenerationException, match=reason):
            sections_of(said, ["Yes", "No"])

    @given(
        st.text(alphabet="ab #*:\n", min_size=1).filter(str.strip),
        st.text(alphabet="ab #*:\n", min_size=1).filter(str.strip),
    )
    def test_what_stands_under_two_headings_comes_back(self, first, second):
        found = sections_of(f"## Yes\n{first}\n## No\n{second}", ["Yes", "No"])
        assert found == {"Yes": first.strip(), "No": second.strip()}


class TestLists:
    @pytest.mark.parametrize(
        "said",
        ["1. a\n2. b", "1) a\n2) b", "- a\n- b", "* a\n\n* b", "Here they are:\n 1. a\n 2. b", "• a\n• b"],
    )
    def test_marks_of_any_form_are_known(self, said):
        assert listed_lines(said) == ["a", "b"]

    def test_entry_may_have_several_lines(self):
        assert listed_lines("1. a\n   more\n2. b") == ["a\nmore", "b"]

    def test_text_without_marks_is_no_list(self):
        assert listed_lines("a\nb\n3.5 is a number") == []
