"""The tasks of "Improving Text Embeddings with Large Language Models"."""

import json
from typing import get_args

import jsonschema
import pytest

from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.context import chunk_random
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import (
    BitextRetrievalGenerator,
    EmbeddingTaskGenerator,
    GenerateLongTextMatchingData,
    GenerateShortTextMatchingData,
    GenerateTextClassificationData,
    GenerateTextRetrievalData,
    MonolingualTripletGenerator,
)
from distilabel.steps.tasks.improving_text_embeddings import choices

from .asked import answered, prompt, scripted

TASK = {"task": "Find the {cause} of something."}
COLUMNS = {
    GenerateTextRetrievalData: ["user_query", "positive_document", "hard_negative_document"],
    GenerateShortTextMatchingData: ["input", "positive_document"],
    GenerateLongTextMatchingData: ["input", "positive_document"],
    GenerateTextClassificationData: ["input_text", "label", "misleading_label"],
}
TRIPLETS = [(MonolingualTripletGenerator, {}), (BitextRetrievalGenerator, {"target_language": "German"})]
DRAWING = [
    (GenerateTextRetrievalData, {}),
    (GenerateTextClassificationData, {}),
    *TRIPLETS,
]
RETRIEVAL = {
    "query_type": choices.QueryType,
    "query_length": choices.QueryLength,
    "difficulty": choices.Difficulty,
    "clarity": choices.Clarity,
    "num_words": choices.NumWords,
}
TRIPLET = {
    "unit": choices.Unit,
    "difficulty": choices.SchoolLevel,
    "high_score": choices.HighScore,
    "low_score": choices.LowScore,
}
OPEN = [
    (GenerateTextRetrievalData, {}, RETRIEVAL),
    (GenerateTextClassificationData, {}, {"difficulty": choices.Difficulty, "clarity": choices.Clarity}),
    *((cls, fields, TRIPLET) for cls, fields in TRIPLETS),
]
EACH_VALUE = [
    pytest.param(cls, {**fields, name: value}, id=f"{cls.__name__}-{name}-{value}")
    for cls, fields, names in OPEN
    for name, values in names.items()
    for value in get_args(values)
]


def asked(cls, chunk="chunk", **fields):
    """What is asked about three rows of one chunk."""
    task = cls(name="t", llm=scripted(""), **fields)
    with chunk_random(chunk):
        return [prompt(task, TASK) for _ in range(3)]


class TestPrompt:
    @pytest.mark.parametrize("cls", COLUMNS)
    def test_task_language_and_keys_are_shown(self, cls):
        text = prompt(cls(llm=scripted(""), language="Welsh"), TASK)
        assert "Find the {cause} of something." in text
        assert "in Welsh" in text
        assert all(f'- "{name}": ' in text for name in COLUMNS[cls])

    def test_languages_of_sentences_are_shown(self):
        assert "in Welsh" in asked(MonolingualTripletGenerator, language="Welsh")[0]
        bitext = asked(BitextRetrievalGenerator, source_language="Welsh", target_language="Breton")[0]
        assert "in Welsh" in bitext
        assert "in Breton" in bitext

    @pytest.mark.parametrize(("cls", "fields"), EACH_VALUE)
    def test_what_is_set_is_asked_for_every_time(self, cls, fields):
        value = str(next(reversed(fields.values())))
        assert all(value in text for chunk in "abc" for text in asked(cls, chunk, **fields))

    @pytest.mark.parametrize(("cls", "fields"), DRAWING)
    def test_replay_of_a_chunk_draws_the_same(self, cls, fields):
        assert asked(cls, **fields) == asked(cls, **fields)

    @pytest.mark.parametrize(("cls", "fields"), DRAWING)
    def test_rows_chunks_and_seeds_draw_differently(self, cls, fields):
        texts = {text for chunk in range(20) for text in asked(cls, f"chunk {chunk}", **fields)}
        assert len(texts) > 5
        several = {tuple(asked(cls, seed=seed, **fields)) for seed in range(10)}
        assert len(several) > 5

    @pytest.mark.parametrize(("cls", "fields"), DRAWING)
    def test_value_that_there_is_not_is_reported(self, cls, fields):
        with pytest.raises(ValueError, match=r"Input should be '(high|elementary) school'"):
            cls(llm=scripted(""), difficulty="none", **fields)

    @pytest.mark.parametrize("cls", [GenerateShortTextMatchingData, GenerateLongTextMatchingData])
    def test_matching_draws_nothing(self, cls):
        assert len({*asked(cls, seed=1), *asked(cls, "other", seed=2)}) == 1


class TestAnswer:
    @pytest.mark.parametrize("cls", COLUMNS)
    @pytest.mark.parametrize("form", ["{}", "```json\n{}\n```", "Here it is:\n{}"])
    def test_texts_are_read(self, cls, form):
        said = {name: f"{{{name}}}" for name in COLUMNS[cls]}
        jsonschema.validate(said, cls(llm=scripted("")).get_structured_output())
        assert answered(cls, form.replace("{}", json.dumps(said)), TASK) == said

    @pytest.mark.parametrize("cls", COLUMNS)
    @pytest.mark.parametrize(
        "said", [None, "", "No.", "{}", '["a"]', '{"input": "a"}', '{"user_query": ["a"]}']
    )
    def test_hopeless_answer_gives_none_and_the_reason(self, cls, said):
        made = answered(cls, said, TASK)
        assert [made[name] for name in COLUMNS[cls]] == [None] * len(COLUMNS[cls])
        assert made["failure"]


@pytest.mark.parametrize(("cls", "fields"), TRIPLETS)
class TestTriplets:
    SAID = '{"S1": "a", "S2": "b", "S3": "c"}'

    def test_each_generation_is_a_row(self, cls, fields):
        task = cls(llm=scripted(self.SAID), num_generations=3, **fields)
        validate_step(task)
        ((rows, is_last),) = task.process()
        assert is_last
        assert [(row["S1"], row["S2"], row["S3"]) for row in rows] == [("a", "b", "c")] * 3
        jsonschema.validate(json.loads(self.SAID), task.get_structured_output())

    @pytest.mark.parametrize("said", [None, "a", '{"S1": "a", "S2": "b"}'])
    def test_hopeless_answer_gives_none_and_the_reason(self, cls, fields, said):
        ((rows, _),) = cls(name="t", llm=scripted(said), **fields).process()
        assert (rows[0]["S1"], rows[0]["S2"], rows[0]["S3"]) == (None, None, None)
        assert rows[0]["distilabel_metadata"]["failure_t"]

    def test_print_shows_the_question(self, cls, fields, capsys):
        cls(llm=scripted(""), **fields).print()
        assert "S3" in capsys.readouterr().out


def tasks_of(said, **fields):
    task = EmbeddingTaskGenerator(name="t", llm=scripted(said), category="text-retrieval", **fields)
    ((rows, is_last),) = task.process()
    assert is_last
    return rows


class TestEmbeddingTaskGenerator:
    @pytest.mark.parametrize(
        "category", ["text-retrieval", "text-matching-short", "text-matching-long", "text-classification"]
    )
    def test_each_category_is_asked_for(self, category):
        kind = category.partition("-")[2].partition("-")[0]
        task = EmbeddingTaskGenerator(llm=scripted(""), category=category)
        assert f"text {kind} tasks" in prompt(task, {})
        structured = EmbeddingTaskGenerator(
            llm=scripted(""), category=category, use_default_structured_output=True
        )
        assert '{"tasks": ["<task>", ...]}' in prompt(structured, {})

    @pytest.mark.parametrize(
        "said", ['["a", "b"]', 'Here:\n```json\n["a", " b"]\n```', '{"tasks": ["a", "b"]}']
    )
    def test_tasks_are_a_list_in_a_row(self, said):
        (row,) = tasks_of(said)
        assert row["tasks"] == ["a", "b"]
        assert "task" not in row

    def test_tasks_are_a_row_each_where_that_is_set(self):
        rows = tasks_of('["a", "b"]', flatten_tasks=True, num_generations=2)
        assert [row["task"] for row in rows] == ["a", "b", "a", "b"]
        assert {row["model_name"] for row in rows} == {"echo"}

    @pytest.mark.parametrize("said", [None, "1. a", "[]", "[1, 2]", '["a", ["b"]]', '{"tasks": ["a", 1]}'])
    @pytest.mark.parametrize("flat", [True, False])
    def test_hopeless_answer_gives_none_and_the_reason(self, said, flat):
        (row,) = tasks_of(said, flatten_tasks=flat)
        assert row["task" if flat else "tasks"] is None
        assert row["distilabel_metadata"]["failure_t"]

    def test_structured_answer_fits_the_schema(self):
        task = EmbeddingTaskGenerator(llm=scripted(""), category="text-retrieval")
        jsonschema.validate({"tasks": ["a"]}, task.get_structured_output())

    def test_rows_cannot_be_both_spread_and_gathered(self):
        with pytest.raises(DistilabelUserError, match="set only one of them"):
            tasks_of("", flatten_tasks=True, group_generations=True)
