"""What the card tells of a dataset: its parts, how it was made, and what it builds upon."""

import json
import re
import socket

import pytest
import yaml
from datasets import Dataset, DatasetDict

from distilabel.config import citations
from distilabel.config.citations import references
from distilabel.distiset import Distiset
from distilabel.distiset.card import card_text
from distilabel.distiset.provenance import steps_of, tokens_of
from distilabel.models.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import DeitaFiltering, KeepColumns, LoadDataFromDicts, StepInput, step
from distilabel.steps.tasks import TextGeneration


def part(*rows) -> DatasetDict:
    return DatasetDict({"train": Dataset.from_list(list(rows))})


def blocks(text, language):
    return [
        found[1] for found in re.findall(rf"^(`{{3,}}){language}\n(.*?)\n\1$", text, re.DOTALL | re.MULTILINE)
    ]


class TestText:
    def test_one_row_is_shown_cut_where_it_is_long(self):
        row = {"text": "x" * 600, "list": list(range(12)), "fence": "```\ncode\n```"}
        (shown,) = blocks(card_text({"default": part(row, {**row, "text": "y"})}), "json")
        example = json.loads(shown)
        assert example["text"] == "x" * 500 + " (100 characters more)"
        assert example["list"] == [*range(10), "(2 more)"]
        assert example["fence"] == row["fence"]

    def test_part_without_rows_has_no_example(self):
        text = card_text({"default": DatasetDict({"train": Dataset.from_dict({})})})
        assert "| train | 0 |" in text
        assert "One row" not in text

    def test_values_that_json_lacks_are_named(self):
        from datasets import Features, Image, Value

        png = bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738"
            "550000000049454e44ae426082"
        )
        data = Dataset.from_list([{"b": b"raw"}], features=Features({"b": Value("binary")}))
        assert "<bytes>" in card_text({"default": DatasetDict({"train": data})})
        pytest.importorskip("PIL")
        images = Dataset.from_list([{"i": {"bytes": png, "path": None}}], features=Features({"i": Image()}))
        assert "<PngImageFile>" in card_text({"default": DatasetDict({"train": images})})

    def test_it_says_how_to_load_from_where_it_lies(self):
        parts = {"leaf": part({"a": "..."})}
        assert 'load_dataset("me/data", "leaf")' in card_text(parts, repo_id="me/data")
        assert 'Distiset.load_from_disk("...")["leaf"]' in card_text(parts)

    def test_column_name_with_a_bar_does_not_break_the_table(self):
        assert r"| train | 1 | a\|b |" in card_text({"leaf": part({"a|b": 1})})

    def test_failures_are_reported_even_of_a_step_that_is_not_described(self):
        assert "| judge |  |  | 3 |  |  |" in card_text({"leaf": part({"a": 1})}, failures={"judge": 3})


class TestTokens:
    def counted(self, **steps):
        return {"distilabel_metadata": {f"statistics_{name}": counts for name, counts in steps.items()}}

    def test_counts_of_all_rows_are_added_up_lists_of_generations_too(self):
        rows = [
            self.counted(
                a={"input_tokens": 5, "output_tokens": 2}, b=[{"input_tokens": 1, "output_tokens": 1}] * 2
            ),
            self.counted(a={"input_tokens": 7, "output_tokens": None}, b=None),
            {"distilabel_metadata": None},
        ]
        assert tokens_of(part(*rows)["train"]) == {
            "a": {"input_tokens": 12, "output_tokens": 2},
            "b": {"input_tokens": 2, "output_tokens": 2},
        }

    def test_dataset_without_metadata_tells_nothing(self):
        assert tokens_of(part({"a": 1})["train"]) == {}

    def test_rows_that_reached_two_leaves_are_not_counted_twice(self):
        same = part(self.counted(ask={"input_tokens": 5, "output_tokens": 2}))
        assert "| ask |  |  |  | 5 | 2 |" in card_text({"one": same, "two": same})


@step(inputs=["instruction"], outputs=["a"])
def Cited(inputs: StepInput):
    """Do something known.

    References:
        - [Known: a work, in two parts](https://arxiv.org/abs/2301.00001v2)
        Another work that needs
        two lines, https://example.org/another.
        https://example.org/a-page-without-title
    """
    yield [{**row, "a": 1} for row in inputs]


class TestCitations:
    def test_entries_have_title_and_address_in_any_of_the_usual_forms(self):
        class Works:
            """Work.

            References:
                First, https://arxiv.org/abs/2301.00001
                Second (https://arxiv.org/abs/2301.00002).
                `Third <https://arxiv.org/abs/2301.00003>`_

            Examples:
                No reference: https://example.org
            """

        assert list(references(Works).values()) == ["First", "Second", "Third"]
        assert all(url[-1].isdigit() for url in references(Works))

    def test_class_without_any_has_none(self):
        assert references(KeepColumns) == {}
        assert citations([KeepColumns, OpenAILLM]) == []

    def test_work_is_cited_once_and_found_in_base_classes(self):
        class Mine(DeitaFiltering):
            """My own."""

        (entry,) = citations([Mine, DeitaFiltering])
        assert entry.startswith("@misc{arxiv-2312.15685,")
        assert "eprint = {2312.15685}" in entry

    def test_run_cites_what_its_steps_refer_to_and_fetches_nothing(self, tmp_path, monkeypatch):
        def refuse(*_):
            raise AssertionError("the network was used")

        with Pipeline("cited", cache_dir=tmp_path) as pipeline:
            LoadDataFromDicts(data=[{"instruction": "x"}]) >> Cited()
        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        distiset = pipeline.run()
        assert [entry.splitlines()[1].strip() for entry in distiset.citations] == [
            "title = {Known: a work, in two parts},",
            "title = {Another work that needs two lines},",
        ]
        assert distiset.citations[1].startswith("@misc{another-work-that-needs-two-lines,")


class TestPipeline:
    @pytest.fixture
    def distiset(self, tmp_path):
        with Pipeline("asking", description="```", cache_dir=tmp_path) as pipeline:
            llm = OpenAILLM(model="gpt-4.1-mini", api_key="sk-5up3r-53cr3t")
            LoadDataFromDicts(data=[{"instruction": "x"}], name="load") >> TextGeneration(llm=llm, name="ask")
        pipeline.save(tmp_path / "pipeline.yaml", format="yaml")
        distiset = Distiset({"default": part({"generation": None})})
        distiset.pipeline_path, distiset.failures = tmp_path / "pipeline.yaml", {"ask": 1}
        return distiset

    def test_steps_and_models_are_listed_and_the_file_is_shown_without_secrets(self, distiset, tmp_path):
        distiset.save_to_disk(tmp_path / "saved")
        card = (tmp_path / "saved/distiset_configs/README.md").read_text()
        assert "| load | LoadDataFromDicts |  |  |  |  |" in card
        assert "| ask | TextGeneration | gpt-4.1-mini | 1 |  |  |" in card
        (shown,) = blocks(card, "yaml")
        assert yaml.safe_load(shown) == yaml.safe_load(distiset.pipeline_path.read_text())
        assert "53cr3t" not in card

    @pytest.mark.parametrize("text", [None, "", "x", "[]", "pipeline: 1", "a: [", "pipeline: {steps: [{}]}"])
    def test_file_that_describes_no_pipeline_tells_no_steps(self, text):
        assert steps_of(text) == []
