"""Rows in the shape that a trainer reads: chats, preferences, and None where there is none."""

import hashlib
import math

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from distilabel.exceptions import DistilabelUserError
from distilabel.steps import (
    ConversationTemplate,
    FormatChatGenerationDPO,
    FormatChatGenerationSFT,
    FormatTextGenerationDPO,
    FormatTextGenerationSFT,
    TruncateTextColumn,
)
from distilabel.steps.base import validate_step

CHAT = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
ALL = [
    ConversationTemplate,
    FormatChatGenerationDPO,
    FormatChatGenerationSFT,
    FormatTextGenerationDPO,
    FormatTextGenerationSFT,
    TruncateTextColumn,
]


def made(step, **row):
    given_row = dict(row)
    (new,) = next(step.process([row]))
    assert row == given_row, "the row that was given is not changed"
    return new


def why(row, step):
    return row["distilabel_metadata"][f"failure_{step.name}"]


def said(chat):
    return [(message["role"], message["content"]) for message in chat]


@pytest.mark.parametrize("kind", ALL)
def test_step_is_valid_and_takes_no_rows_at_all(kind):
    step = kind()
    validate_step(step)
    assert next(step.process([])) == []


@pytest.mark.parametrize("kind", ALL[:-1])
def test_row_without_anything_gets_none_in_every_column_and_says_why(kind):
    step = kind()
    row = made(step, distilabel_metadata={"older": 1})
    required = [name for name, must in step.get_outputs().items() if must]
    assert required
    assert all(row[name] is None for name in required)
    assert why(row, step)["code"] == "unusable_row"
    assert why(row, step)["message"].endswith(".")
    assert row["distilabel_metadata"]["older"] == 1


class TestSFT:
    def test_system_prompt_goes_first_where_there_is_one(self):
        row = made(FormatTextGenerationSFT(), system_prompt="S", instruction="I", generation="G")
        assert said(row["messages"]) == [("system", "S"), ("user", "I"), ("assistant", "G")]
        for empty in (None, ""):
            row = made(FormatTextGenerationSFT(), system_prompt=empty, instruction="I", generation="G")
            assert said(row["messages"]) == [("user", "I"), ("assistant", "G")]

    def test_prompt_id_is_the_hash_of_the_prompt(self):
        row = made(FormatTextGenerationSFT(), instruction="Größe?", generation="G")
        assert row["prompt"] == "Größe?"
        assert row["prompt_id"] == hashlib.sha256("Größe?".encode()).hexdigest()

    @pytest.mark.parametrize("generation", [None, ["G"], 3])
    def test_generation_that_is_no_text_makes_no_example(self, generation):
        step = FormatTextGenerationSFT()
        row = made(step, instruction="I", generation=generation)
        assert row["messages"] is None
        assert "'generation'" in why(row, step)["message"]

    def test_empty_generation_is_a_text(self):
        assert (
            made(FormatTextGenerationSFT(), instruction="I", generation="")["messages"][-1]["content"] == ""
        )

    def test_conversation_gets_its_continuation(self):
        row = made(FormatChatGenerationSFT(), messages=CHAT, generation="G")
        assert said(row["messages"]) == [("system", "S"), ("user", "U"), ("assistant", "G")]
        assert row["prompt"] == "U"
        assert len(CHAT) == 2

    def test_conversation_that_lost_its_answer_is_not_left_to_be_trained_on(self):
        assert made(FormatChatGenerationSFT(), messages=CHAT, generation=None)["messages"] is None

    def test_text_parts_of_a_message_are_its_text(self):
        parts = [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "U"}]
        row = made(FormatChatGenerationSFT(), messages=[{"role": "user", "content": parts}], generation="G")
        assert row["prompt"] == "U"
        assert row["messages"][0]["content"] == parts

    @pytest.mark.parametrize(
        ("messages", "reason"),
        [
            ("U", "not a list of messages"),
            ([{"role": "user"}], "not a list of messages"),
            ([], "no user message with text"),
            ([{"role": "system", "content": "S"}], "no user message with text"),
            ([{"role": "user", "content": None}], "no user message with text"),
            ([*CHAT, {"role": "assistant", "content": "A"}], "last message"),
        ],
    )
    def test_messages_that_cannot_be_continued_are_reported(self, messages, reason):
        step = FormatChatGenerationSFT()
        row = made(step, messages=messages, generation="G")
        assert row["prompt"] is None
        assert reason in why(row, step)["message"]


class TestDPO:
    def rated(self, generations, ratings, **more):
        return made(
            FormatTextGenerationDPO(name="dpo"),
            instruction="I",
            generations=generations,
            ratings=ratings,
            **more,
        )

    def test_best_is_chosen_and_worst_rejected_with_their_models(self):
        row = self.rated(["a", "b", "c"], [2, 5.0, 1], generation_models=["x", "y", "z"], system_prompt="S")
        assert said(row["chosen"]) == [("system", "S"), ("user", "I"), ("assistant", "b")]
        assert said(row["rejected"]) == [("system", "S"), ("user", "I"), ("assistant", "c")]
        assert (row["chosen_rating"], row["rejected_rating"]) == (5.0, 1)
        assert (row["chosen_model"], row["rejected_model"]) == ("y", "z")

    def test_models_are_not_reported_where_nobody_knows_them(self):
        assert "chosen_model" not in self.rated(["a", "b"], [1, 2])
        assert "chosen_model" not in self.rated(["a", "b"], [1, 2], generation_models=None)

    def test_of_several_rated_alike_the_first_is_taken(self):
        row = self.rated(["a", "b", "c", "d"], [5, 1, 5, 1])
        assert (row["chosen"][-1]["content"], row["rejected"][-1]["content"]) == ("a", "b")

    def test_generations_without_text_or_rating_take_no_part(self):
        row = self.rated(["a", None, "c", "d", "e", "f"], [3, 9, None, 2, math.nan, True])
        assert (row["chosen"][-1]["content"], row["rejected"][-1]["content"]) == ("a", "d")

    def test_a_text_is_never_preferred_to_itself(self):
        row = self.rated(["same", "same", "other"], [5, 1, 2])
        assert (row["chosen"][-1]["content"], row["rejected"][-1]["content"]) == ("same", "other")
        assert self.rated(["same", "same"], [5, 1])["chosen"] is None

    @pytest.mark.parametrize(
        ("generations", "ratings", "reason"),
        [
            ([], [], "No generation has both"),
            (["a", "b"], [None, None], "No generation has both"),
            ([None, None], [1, 2], "No generation has both"),
            (["a"], [5], "there is no pair"),
            (["a", None], [5, 1], "there is no pair"),
            (["a", "b"], [5, None], "there is no pair"),
            (["a", "b", "c"], [3, 3, 3], "there is no pair"),
            (["a", "b"], [5], "2 generations and 1 ratings: the numbers must be equal"),
            (["a", "b"], None, "'ratings' does not hold a list"),
            (None, [1, 2], "'generations' does not hold a list"),
        ],
    )
    def test_row_without_a_pair_gets_none_and_says_why(self, generations, ratings, reason):
        row = self.rated(generations, ratings)
        columns = ("prompt", "prompt_id", "chosen", "chosen_rating", "rejected", "rejected_rating")
        assert [row[name] for name in columns] == [None] * 6
        assert reason in row["distilabel_metadata"]["failure_dpo"]["message"]

    def test_models_that_are_not_as_many_are_reported(self):
        row = self.rated(["a", "b"], [1, 2], generation_models=["x"])
        assert row["chosen"] is None
        assert "and 1 models" in row["distilabel_metadata"]["failure_dpo"]["message"]

    def test_one_unusable_row_leaves_the_others_alone(self):
        step = FormatTextGenerationDPO()
        good = {"instruction": "I", "generations": ["a", "b"], "ratings": [1, 2]}
        rows = next(step.process([good, {**good, "ratings": None}, good]))
        assert [row["chosen"] is None for row in rows] == [False, True, False]

    @given(
        st.lists(
            st.tuples(st.none() | st.sampled_from("abc"), st.none() | st.floats() | st.integers(0, 3)),
            max_size=6,
        )
    )
    def test_a_pair_is_always_two_rated_generations_of_the_row_better_before_worse(self, rated):
        row = self.rated([text for text, _ in rated], [rating for _, rating in rated])
        if row["chosen"] is None:
            good = {(t, r) for t, r in rated if t is not None and r is not None and math.isfinite(r)}
            best = max((r for _, r in good), default=None)
            firsts = [t for t, r in rated if t is not None and r == best]
            assert not any(r < best and t != firsts[0] for t, r in good)
        else:
            assert (row["chosen"][-1]["content"], row["chosen_rating"]) in rated
            assert (row["rejected"][-1]["content"], row["rejected_rating"]) in rated
            assert row["chosen_rating"] > row["rejected_rating"]
            assert row["chosen"] != row["rejected"]

    def test_conversation_gets_its_best_and_its_worst_continuation(self):
        row = made(FormatChatGenerationDPO(), messages=CHAT, generations=["a", "b"], ratings=[1, 2])
        assert said(row["chosen"]) == [("system", "S"), ("user", "U"), ("assistant", "b")]
        assert said(row["rejected"]) == [("system", "S"), ("user", "U"), ("assistant", "a")]
        assert row["prompt"] == "U"


def test_columns_may_have_other_names():
    step = FormatTextGenerationDPO(
        input_mappings={"instruction": "question"}, output_mappings={"chosen": "good"}
    )
    row = {"question": "I", "generations": ["a", "b"], "ratings": [1, 2], "instruction": "mine"}
    (new,) = next(step.process_applying_mappings([row]))
    assert new["good"][0]["content"] == new["prompt"] == "I"
    assert new["instruction"] == "mine"


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory):
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(["hello hello world world"], trainer)
    folder = tmp_path_factory.mktemp("tokenizer")
    made.save(str(folder / "tokenizer.json"))
    return folder


class TestTruncate:
    def test_characters_count_without_a_tokenizer(self):
        step = TruncateTextColumn(column="a", max_length=2)
        assert next(step.process([{"a": "héé"}, {"a": "x"}, {"a": ""}])) == [
            {"a": "hé"},
            {"a": "x"},
            {"a": ""},
        ]

    def test_what_is_no_text_stays(self):
        assert next(TruncateTextColumn().process([{"text": 5}, {}])) == [{"text": 5}, {"text": None}]

    def test_tokens_count_with_one(self, tokenizer):
        for place in (tokenizer, tokenizer / "tokenizer.json"):
            step = TruncateTextColumn(max_length=3, tokenizer=str(place))
            step.load()
            rows = next(step.process([{"text": "hello world hello world"}, {"text": "hello"}]))
            assert [row["text"] for row in rows] == ["hello world hello", "hello"]
            step.unload()

    @given(text=st.text(max_size=30), most=st.integers(1, 8))
    def test_result_is_a_beginning_with_at_most_so_many_tokens(self, tokenizer, text, most):
        step = TruncateTextColumn(tokenizer=str(tokenizer), max_length=most)
        step.load()

        def tokens(part):
            return step._tokenizer.encode(part, add_special_tokens=False).ids

        (row,) = next(step.process([{"text": text}]))
        assert text.startswith(row["text"])
        assert len(tokens(row["text"])) <= most
        assert row["text"] == text or len(tokens(text)) > most

    def test_character_of_several_tokens_is_kept_whole_or_not_at_all(self, tokenizer):
        step = TruncateTextColumn(max_length=2, tokenizer=str(tokenizer))
        assert next(step.process([{"text": "a\N{CAT FACE}b"}])) == [{"text": "a"}]

    def test_tokenizer_that_is_not_there_is_reported(self, tmp_path):
        with pytest.raises(DistilabelUserError, match="cannot load the tokenizer"):
            TruncateTextColumn(tokenizer=str(tmp_path)).load()
