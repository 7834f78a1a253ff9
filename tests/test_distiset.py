"""The finished dataset: read from the leaves' files, saved, loaded, split and pushed."""

import base64
import importlib
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, DatasetDict, Image

from distilabel.distiset import Distiset, create_distiset, from_parquet, without_progress_bars
from distilabel.exceptions import DistilabelUserError


def write(folder: Path, number: int, rows) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / f"{number:05}.parquet")


def dataset(*values) -> DatasetDict:
    return DatasetDict({"train": Dataset.from_dict({"a": list(values)})})


def rows_of(distiset, name="default", split="train"):
    return list(distiset[name][split])


class TestFromParquet:
    def test_single_leaf_is_the_default_part_in_the_order_of_its_chunks(self, tmp_path):
        for number in (10, 2, 1):
            (tmp_path / "leaf").mkdir(exist_ok=True)
            pq.write_table(pa.Table.from_pylist([{"a": number}]), tmp_path / "leaf" / f"{number}.parquet")
        distiset = from_parquet({"leaf": tmp_path / "leaf"}, tmp_path / "cache")
        assert list(distiset) == ["default"]
        assert rows_of(distiset) == [{"a": 1}, {"a": 2}, {"a": 10}]

    def test_several_leaves_are_parts_by_their_names(self, tmp_path):
        write(tmp_path / "one", 0, [{"a": 1}])
        write(tmp_path / "two", 0, [{"b": 2}])
        distiset = from_parquet({"one": tmp_path / "one", "two": tmp_path / "two"}, tmp_path / "cache")
        assert {name: rows_of(distiset, name) for name in distiset} == {"one": [{"a": 1}], "two": [{"b": 2}]}

    def test_chunks_may_differ_in_types_that_go_together(self, tmp_path):
        write(tmp_path / "leaf", 0, [{"t": None, "n": 1, "l": [], "distilabel_metadata": {"raw": "x"}}])
        failure = {"raw": None, "failure": {"code": "c", "attempts": 1}}
        write(
            tmp_path / "leaf",
            1,
            [{"t": "s", "n": 1.5, "l": ["q"], "distilabel_metadata": failure, "new": True}],
        )
        first, second = rows_of(from_parquet({"leaf": tmp_path / "leaf"}, tmp_path / "cache"))
        assert first == {
            "t": None,
            "n": 1,
            "l": [],
            "distilabel_metadata": {"raw": "x", "failure": None},
            "new": None,
        }
        assert second == {"t": "s", "n": 1.5, "l": ["q"], "distilabel_metadata": failure, "new": True}

    def test_chunks_whose_types_cannot_be_combined_are_an_error(self, tmp_path):
        write(tmp_path / "leaf", 0, [{"a": "text"}])
        write(tmp_path / "leaf", 1, [{"a": [1]}])
        with pytest.raises(DistilabelUserError, match="leaf 'leaf' have different types"):
            from_parquet({"leaf": tmp_path / "leaf"}, tmp_path / "cache")

    def test_rows_are_memory_mapped_in_the_folder_given(self, tmp_path):
        write(tmp_path / "leaf", 0, [{"a": 1}])
        distiset = from_parquet({"leaf": tmp_path / "leaf"}, tmp_path / "cache")
        (file,) = distiset["default"]["train"].cache_files
        assert Path(file["filename"]).is_relative_to(tmp_path / "cache")

    def test_leaf_without_files_gives_a_part_without_rows(self, tmp_path):
        distiset = from_parquet({"leaf": tmp_path / "leaf"}, tmp_path / "cache")
        assert list(distiset) == ["default"]
        assert rows_of(distiset) == []

    def test_without_leaves_it_is_empty_and_datasets_is_not_even_imported(self):
        code = (
            "import sys; from pathlib import Path; from distilabel.distiset import from_parquet;"
            "print(len(from_parquet({}, Path('x'))), 'datasets' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["0", "False"]

    def test_chunk_that_was_rewritten_is_read_again(self, tmp_path):
        write(tmp_path / "leaf", 0, [{"a": 1}])
        assert len(rows_of(from_parquet({"leaf": tmp_path / "leaf"}, tmp_path / "cache"))) == 1
        write(tmp_path / "leaf", 0, [{"a": 1}, {"a": 2}])
        assert len(rows_of(from_parquet({"leaf": tmp_path / "leaf"}, tmp_path / "cache"))) == 2


class TestCreate:
    def test_folder_of_a_run_is_read_with_what_lies_beside(self, tmp_path):
        write(tmp_path / "steps_outputs" / "leaf", 0, [{"a": 1, "distilabel_metadata": {"raw": "x"}}])
        (tmp_path / "steps_artifacts").mkdir()
        distiset = create_distiset(tmp_path, tmp_path / "pipeline.yaml", tmp_path / "pipeline.log")
        assert rows_of(distiset) == [{"a": 1}]
        assert distiset.artifacts_path == tmp_path / "steps_artifacts"
        assert distiset.pipeline_path == tmp_path / "pipeline.yaml"
        assert distiset.log_filename_path == tmp_path / "pipeline.log"
        assert "distilabel_metadata" in rows_of(create_distiset(tmp_path, enable_metadata=True))[0]

    def test_run_without_outputs_gives_an_empty_one(self, tmp_path):
        assert len(create_distiset(tmp_path)) == 0


class TestDisk:
    def test_what_was_saved_is_loaded_with_pipeline_log_and_artifacts(self, tmp_path):
        distiset = Distiset({"one": dataset(1), "two": dataset(2)})
        for name in ("pipeline.yaml", "pipeline.log"):
            (tmp_path / name).write_text(name)
        distiset.pipeline_path, distiset.log_filename_path = (
            tmp_path / "pipeline.yaml",
            tmp_path / "pipeline.log",
        )
        distiset.artifacts_path = tmp_path / "made"
        (tmp_path / "made" / "step").mkdir(parents=True)
        (tmp_path / "made" / "step" / "plot.txt").write_text("plot")
        distiset.citations = ["@misc{a}"]
        distiset.save_to_disk(tmp_path / "saved")
        again = Distiset.load_from_disk(tmp_path / "saved")
        assert {name: rows_of(again, name) for name in again} == {"one": [{"a": 1}], "two": [{"a": 2}]}
        assert again.pipeline_path.read_text() == "pipeline.yaml"
        assert again.log_filename_path.read_text() == "pipeline.log"
        assert (again.artifacts_path / "step" / "plot.txt").read_text() == "plot"
        card = (tmp_path / "saved" / "distiset_configs" / "README.md").read_text()
        assert "| train | 1 | a |" in card
        assert "@misc{a}" in card

    def test_failures_and_citations_are_still_known_after_loading(self, tmp_path):
        distiset = Distiset({"one": dataset(1)})
        distiset.failures, distiset.citations = {"judge": 3}, ["@misc{a}"]
        distiset.save_to_disk(tmp_path / "saved")
        again = Distiset.load_from_disk(tmp_path / "saved")
        assert (again.failures, again.citations) == ({"judge": 3}, ["@misc{a}"])

    def test_what_is_not_wanted_is_not_saved(self, tmp_path):
        (tmp_path / "p").write_text("x")
        distiset = Distiset({"one": dataset(1)})
        distiset.pipeline_path = distiset.log_filename_path = tmp_path / "p"
        distiset.save_to_disk(
            tmp_path / "s", save_card=False, save_pipeline_config=False, save_pipeline_log=False
        )
        assert list((tmp_path / "s" / "distiset_configs").iterdir()) == []
        assert Distiset.load_from_disk(tmp_path / "s").pipeline_path is None

    def test_files_beside_may_be_fetched_to_another_folder(self, tmp_path):
        distiset = Distiset({"one": dataset(1)})
        (tmp_path / "p").write_text("x")
        distiset.pipeline_path = tmp_path / "p"
        distiset.save_to_disk(f"file://{tmp_path}/saved")
        again = Distiset.load_from_disk(
            f"file://{tmp_path}/saved", download_dir=tmp_path / "down", keep_in_memory=True
        )
        assert again.pipeline_path == tmp_path / "down" / "distiset_configs" / "pipeline.yaml"

    def test_folder_without_a_distiset_is_reported(self, tmp_path):
        for path in (tmp_path, tmp_path / "gone"):
            with pytest.raises(DistilabelUserError, match="no Distiset in"):
                Distiset.load_from_disk(path)


class TestSplit:
    def test_each_part_is_split_and_the_rest_is_kept(self):
        distiset = Distiset({"one": dataset(*range(10))})
        distiset.failures = {"step": 2}
        halves = distiset.train_test_split(0.8, seed=1)
        assert (len(halves["one"]["train"]), len(halves["one"]["test"])) == (8, 2)
        assert halves.failures == {"step": 2}
        assert list(distiset["one"]) == ["train"]
        assert rows_of(distiset.train_test_split(0.5, shuffle=False), "one", "test")[0] == {"a": 5}

    @pytest.mark.parametrize("share", [0, 1, 80])
    def test_share_that_is_none_is_reported(self, share):
        with pytest.raises(DistilabelUserError, match="above 0 and below 1"):
            Distiset({"one": dataset(1, 2)}).train_test_split(share)

    def test_part_that_is_split_already_is_reported(self):
        with pytest.raises(DistilabelUserError, match="split already into 'train', 'test'"):
            Distiset({"one": dataset(1, 2)}).train_test_split(0.5).train_test_split(0.5)


class TestImages:
    def test_base64_becomes_an_image_with_the_same_bytes(self):
        pytest.importorskip("PIL")
        raw = b"\x89PNG..."
        text = base64.b64encode(raw).decode()
        part = DatasetDict(
            {"train": Dataset.from_dict({"image": [text, f"data:image/png;base64,{text}", None]})}
        )
        images = Distiset({"one": part, "two": dataset(1)}).transform_columns_to_image("image")
        plain = images["one"]["train"].cast_column("image", Image(decode=False))
        assert [row["image"] and row["image"]["bytes"] for row in plain] == [raw, raw, None]
        assert rows_of(images, "two") == [{"a": 1}]


@pytest.mark.parametrize("package", ["datasets", "huggingface_hub.utils"])
def test_progress_bars_come_back(package):
    are_disabled = importlib.import_module(package).are_progress_bars_disabled
    before = are_disabled()
    with without_progress_bars():
        assert are_disabled()
    assert are_disabled() == before


def test_it_shows_its_parts():
    assert "one: DatasetDict" in repr(Distiset({"one": dataset(1)}))
    assert repr(Distiset()) == "Distiset({})"
