"""Words about rows, files and the Hub: each mistake is one sentence that names the cause."""

from pathlib import Path
from typing import Any

import pytest

from distilabel.distiset import Distiset
from distilabel.distiset.card import merged_card
from distilabel.distiset.hub import describe_push_errors
from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts, LoadDataFromFileSystem
from distilabel.steps.tasks import TextGeneration
from distilabel.testing import FunctionLLM


def answering() -> TextGeneration:
    return TextGeneration(name="ask", llm=FunctionLLM(lambda _: "x"))


class TestDistiset:
    def test_part_that_is_not_there_yet_says_what_to_do(self):
        with pytest.raises(KeyError) as raised:
            Distiset()["default"]
        assert "still running. Run the same program again" in str(raised.value)
        assert "default" not in Distiset()
        assert Distiset().get("default") is None

    def test_ready_tells_without_indexing(self):
        assert not Distiset().ready
        assert Distiset({"a": {}}).ready
        with pytest.raises(KeyError, match=r"^'b'$"):
            Distiset({"a": {}})["b"]


class TestSources:
    def test_generator_without_rows_is_named(self):
        with Pipeline("p") as pipeline:
            LoadDataFromDicts(name="load", data=[]) >> answering()
        with pytest.raises(
            DistilabelUserError, match=r"'load' before it has no rows.*data=\[\{'instruction'"
        ):
            pipeline.run(use_cache=False)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ('{"instruction": "a"}\n{"instruction": broken}\n', "line 2 of .*bad.jsonl is not valid JSON"),
            ('{"instruction": "a"}\n\n[1, 2]\n', "line 3 of .*bad.jsonl is not a JSON object"),
            ('{"instruction": "a"}\n{"instruction": "b', "line 2 of .*bad.jsonl is not valid JSON"),
        ],
    )
    def test_line_that_is_no_row_is_named(self, text: str, says: str, tmp_path: Path):
        (tmp_path / "bad.jsonl").write_text(text)
        step = LoadDataFromFileSystem(data_files=str(tmp_path / "bad.jsonl"))
        with pytest.raises(DistilabelUserError, match=says):
            step.load()


class TestHub:
    @pytest.mark.parametrize(
        ("error", "says"),
        [
            (type("ConnectError", (Exception,), {})("no route"), "cannot be reached"),
            (type("OfflineModeIsEnabled", (Exception,), {})("offline"), "HF_HUB_OFFLINE"),
            (type("LocalTokenNotFoundError", (Exception,), {})("hf_secret"), "set HF_TOKEN"),
        ],
    )
    def test_push_that_fails_says_why_and_how_to_keep_the_dataset(self, error: Exception, says: str):
        with pytest.raises(DistilabelUserError, match=says) as raised, describe_push_errors("me/x"):
            raise error
        assert "save_to_disk" in str(raised.value)
        assert "hf_secret" not in str(raised.value)

    def test_other_errors_are_left_as_they_are(self):
        with pytest.raises(ZeroDivisionError), describe_push_errors("me/x"):
            raise ZeroDivisionError

    def test_hand_written_card_stays_and_our_part_is_replaced(self):
        first = merged_card("# My dataset\n\nBy me.\n", "# A dataset made with distilabel\n\nold")
        assert first.startswith("# My dataset\n\nBy me.\n\n")
        second = merged_card(f"{first}\nMore of mine.\n", "# A dataset made with distilabel\n\nnew")
        assert "By me." in second
        assert "More of mine." in second
        assert "new" in second
        assert "old" not in second

    def test_card_of_an_earlier_version_is_replaced(self):
        assert "old" not in merged_card(
            "# A dataset made with distilabel\nold", "# A dataset made with distilabel\nnew"
        )


def test_metadata_may_be_kept_by_name(tmp_path: Path):
    def run(columns: list[str]) -> Any:
        with Pipeline("p", cache_dir=tmp_path, enable_metadata=True) as pipeline:
            load = LoadDataFromDicts(data=[{"instruction": "a"}])
            load >> answering() >> KeepColumns(columns=columns)
        return pipeline.run()["default"]["train"][0]

    assert run(["generation", "distilabel_metadata"])["distilabel_metadata"]["raw_output_ask"] == "x"
    assert set(run(["generation"])) == {"generation"}
