"""Loading rows from memory, files, folders and disk."""

import gzip
import json
import pickle
import re
from pathlib import Path

import datasets
import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilabel.distiset import Distiset
from distilabel.exceptions import DistilabelUserError
from distilabel.steps import (
    DataSampler,
    LoadDataFromDicts,
    LoadDataFromDisk,
    LoadDataFromFileSystem,
    LoadDataFromHub,
    make_generator_step,
)
from distilabel.steps.base import validate_step
from distilabel.steps.generators import memory_map
from distilabel.steps.generators.dataset_generator import batches

ROWS = [{"n": i, "text": f"row\u2028{i}\u0085 é"} for i in range(7)]


def write_jsonl(path: Path, rows=ROWS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows))
    return path


def read(step, offset=0):
    step.load()
    batches = list(step.process_applying_mappings(offset=offset))
    assert [is_last for _, is_last in batches] == [False] * (len(batches) - 1) + [True]
    assert all(len(rows) == step.batch_size for rows, is_last in batches if not is_last)
    step.unload()
    return [row for rows, _ in batches for row in rows]


class TestDicts:
    @given(count=st.integers(1, 9), size=st.integers(1, 10), offset=st.integers(0, 10))
    def test_rows_come_from_the_offset_on_in_even_batches(self, count, size, offset):
        rows = [{"n": n} for n in range(count)]
        assert read(LoadDataFromDicts(data=rows, batch_size=size), offset) == rows[offset:]

    def test_rows_are_not_written_into_a_dump(self):
        assert "data" not in LoadDataFromDicts(data=ROWS).dump()

    def test_rows_downstream_are_not_those_of_the_user(self):
        data = [{"a": 1}]
        read(LoadDataFromDicts(data=data))[0]["a"] = 2
        assert data == [{"a": 1}]

    def test_columns_are_those_of_all_rows(self):
        assert LoadDataFromDicts(data=[{"a": 1}, {"b": 1}]).outputs == ["a", "b"]

    def test_no_rows_are_reported(self):
        with pytest.raises(DistilabelUserError, match=r"has no rows: pass them"):
            LoadDataFromDicts().load()

    def test_it_may_be_asked_again(self):
        assert LoadDataFromDicts.repeatable
        assert LoadDataFromHub.repeatable
        assert LoadDataFromFileSystem.repeatable


NUMBERS = [{"n": n, "t": str(n)} for n in range(10)]


class TestSampler:
    def sampled(self, offset=0, **fields):
        return read(DataSampler(**{"data": NUMBERS, "samples": 9, "size": 3, **fields}), offset)

    def test_each_row_holds_some_rows_of_the_data_none_twice_and_columns_together(self):
        rows = self.sampled()
        assert len(rows) == 9
        for row in rows:
            assert len(set(row["n"])) == 3
            assert [str(n) for n in row["n"]] == row["t"]
        assert len({tuple(row["n"]) for row in rows}) > 1

    @given(size=st.integers(1, 12), offset=st.integers(0, 12))
    def test_same_rows_come_from_any_offset_and_in_batches_of_any_size(self, size, offset):
        assert self.sampled(offset, batch_size=size, name="a") == self.sampled(name="b")[offset:]

    def test_another_seed_makes_other_draws(self):
        assert self.sampled(seed=1) != self.sampled(seed=2)

    def test_all_rows_may_be_drawn_and_no_more(self):
        assert sorted(self.sampled(size=10)[0]["n"]) == list(range(10))
        with pytest.raises(DistilabelUserError, match="has 10 rows to draw 11 from"):
            self.sampled(size=11)

    def test_row_that_lacks_a_column_gives_none(self):
        rows = self.sampled(data=[{"a": 1}, {"b": 2}], size=2, samples=1)
        assert sorted(zip(rows[0]["a"], rows[0]["b"], strict=True), key=str) == [(1, None), (None, 2)]

    def test_data_is_not_written_into_a_dump(self):
        step = DataSampler(data=NUMBERS)
        assert "data" not in step.dump()
        validate_step(step)


@pytest.mark.usefixtures("datasets_cache")
class TestFiles:
    @pytest.mark.parametrize("streaming", [False, True])
    def test_answer_that_holds_a_line_separator_stays_one_row(self, tmp_path, streaming):
        step = LoadDataFromFileSystem(
            data_files=write_jsonl(tmp_path / "a.jsonl"), streaming=streaming, batch_size=3
        )
        assert read(step) == ROWS
        assert read(step, offset=5) == ROWS[5:]

    @pytest.mark.parametrize("streaming", [False, True])
    @pytest.mark.parametrize(
        ("limit", "offset", "expected"), [(4, 0, ROWS[:4]), (4, 3, ROWS[3:4]), (99, 6, ROWS[6:])]
    )
    def test_only_as_many_rows_as_wanted(self, tmp_path, streaming, limit, offset, expected):
        files = write_jsonl(tmp_path / "a.jsonl")
        step = LoadDataFromFileSystem(data_files=files, num_examples=limit, streaming=streaming, batch_size=2)
        assert read(step, offset) == expected

    def test_columns_are_known_for_validation_without_loading_first(self, tmp_path):
        step = LoadDataFromFileSystem(
            data_files=write_jsonl(tmp_path / "a.jsonl"), output_mappings={"text": "prompt"}
        )
        validate_step(step)
        assert step.get_outputs() == {"n": True, "prompt": True}
        assert list(read(step)[0]) == ["n", "prompt"]

    @pytest.mark.parametrize(
        ("name", "content", "expected"),
        [
            ("a.json", b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
            ("a.jsonl.gz", gzip.compress(b'{"a": 1}\n{"a": 2}\n', mtime=0), [{"a": 1}, {"a": 2}]),
            ("a.csv", b'a,b\n1,"x\ny"\n', [{"a": 1, "b": "x\ny"}]),
            ("a.tsv", b"a\tb\n1\tx,y\n", [{"a": 1, "b": "x,y"}]),
            ("a.txt", "é\u2028b\nc\n".encode(), [{"text": "é\u2028b"}, {"text": "c"}]),
        ],
    )
    def test_type_is_distinguished_from_the_name(self, tmp_path, name, content, expected):
        (tmp_path / name).write_bytes(content)
        assert read(LoadDataFromFileSystem(data_files=str(tmp_path / name))) == expected

    def test_parquet_is_read(self, tmp_path):
        parquet = pytest.importorskip("pyarrow.parquet")
        import pyarrow as pa

        parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
        assert read(LoadDataFromFileSystem(data_files=tmp_path / "a.parquet")) == ROWS

    def test_type_may_be_given(self, tmp_path):
        files = write_jsonl(tmp_path / "a.data")
        assert read(LoadDataFromFileSystem(data_files=files, filetype="jsonl")) == ROWS
        with pytest.raises(DistilabelUserError, match="set `filetype` to one of csv, json"):
            LoadDataFromFileSystem(data_files=files).load()
        with pytest.raises(DistilabelUserError, match="set `filetype` to one of csv, json"):
            LoadDataFromFileSystem(data_files=files, filetype="docx").load()

    def test_folder_pattern_and_list_give_their_files_in_order(self, tmp_path):
        second = write_jsonl(tmp_path / "in" / "sub" / "b.jsonl", ROWS[3:])
        first = write_jsonl(tmp_path / "in" / "a.jsonl", ROWS[:3])
        write_jsonl(tmp_path / "in" / ".hidden" / "c.jsonl")
        (tmp_path / "in" / "README.md").write_text("not data")
        for files in (tmp_path / "in", f"{tmp_path}/in/**/*.jsonl", [first, str(second)]):
            assert sorted(row["n"] for row in read(LoadDataFromFileSystem(data_files=files))) == list(
                range(7)
            )

    def test_name_with_brackets_is_a_name_and_no_pattern(self, tmp_path):
        assert read(LoadDataFromFileSystem(data_files=write_jsonl(tmp_path / "a[1].jsonl"))) == ROWS

    def test_split_is_chosen_among_those_given(self, tmp_path):
        files = {
            "train": write_jsonl(tmp_path / "a.jsonl", ROWS[:1]),
            "test": write_jsonl(tmp_path / "b.jsonl", ROWS[1:]),
        }
        assert read(LoadDataFromFileSystem(data_files=files, split="test")) == ROWS[1:]
        with pytest.raises(
            DistilabelUserError, match=r"found no split 'dev': set `split` to one of 'train', 'test'"
        ):
            LoadDataFromFileSystem(data_files=files, split="dev").load()

    def test_rows_may_lack_columns_that_others_have(self, tmp_path):
        files = write_jsonl(tmp_path / "a.jsonl", [{"a": 1}, {"b": "x"}])
        assert read(LoadDataFromFileSystem(data_files=files)) == [{"a": 1, "b": None}, {"a": None, "b": "x"}]

    @pytest.mark.parametrize("streaming", [False, True])
    def test_empty_file_is_reported(self, tmp_path, streaming):
        (tmp_path / "a.jsonl").touch()
        with pytest.raises(DistilabelUserError, match=r"^Step 'x' .*empty\.$"):
            LoadDataFromFileSystem(name="x", data_files=tmp_path / "a.jsonl", streaming=streaming).load()

    def test_missing_path_is_reported(self, tmp_path):
        with pytest.raises(DistilabelUserError, match=r"found no data file at .*gone.jsonl': check the path"):
            LoadDataFromFileSystem(data_files=tmp_path / "gone.jsonl").load()
        with pytest.raises(DistilabelUserError, match="set `data_files`"):
            LoadDataFromFileSystem().load()

    def test_file_that_is_no_json_is_one_sentence(self, tmp_path):
        (tmp_path / "a.jsonl").write_text('{"a": 1}\n{oops\n')
        with pytest.raises(DistilabelUserError, match=r"^Step 'x' cannot load its dataset: .*JSON"):
            LoadDataFromFileSystem(name="x", data_files=tmp_path / "a.jsonl").load()

    def test_files_of_several_types_are_reported(self, tmp_path):
        write_jsonl(tmp_path / "a.jsonl")
        (tmp_path / "b.csv").write_text("a\n1\n")
        with pytest.raises(DistilabelUserError, match=r"several types \(\.csv, \.jsonl\)"):
            LoadDataFromFileSystem(data_files=tmp_path).load()

    @pytest.mark.parametrize("streaming", [False, True])
    def test_address_may_be_that_of_a_file_a_folder_or_a_pattern(self, memory, streaming):
        for place in ("rows/a.jsonl", "rows", "rows/*.jsonl"):
            step = LoadDataFromFileSystem(data_files=f"memory://{place}", streaming=streaming)
            assert [row["n"] for row in read(step)] == ([1] if place.endswith("a.jsonl") else [1, 2])

    def test_address_without_files_is_reported(self, memory):
        for place in ("gone", "gone.jsonl", "rows/*.csv"):
            with pytest.raises(
                DistilabelUserError, match=f"found no data file at 'memory://{re.escape(place)}'"
            ):
                LoadDataFromFileSystem(data_files=f"memory://{place}").load()

    def test_options_of_the_file_system_may_be_given_by_protocol_or_plainly(self, memory, monkeypatch):
        seen = []
        real = fsspec.core.url_to_fs
        monkeypatch.setattr("fsspec.core.url_to_fs", lambda url, **how: (seen.append(how), real(url))[1])
        for options in ({"memory": {"key": 1}}, {"key": 1}):
            LoadDataFromFileSystem(data_files="memory://rows", storage_options=options)._splits()
        assert seen == [{"key": 1}] * 2

    def test_address_of_the_web_is_left_as_it_is(self):
        for address in ("https://example.org/rows.jsonl", "zip://a.csv::memory://rows.zip"):
            step = LoadDataFromFileSystem(data_files=address)
            assert step._splits() == {"train": [address]}

    @pytest.fixture
    def memory(self, monkeypatch):
        monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", False)  # it forbids all that is remote
        system = fsspec.filesystem("memory")
        system.store.clear()
        system.pipe("/rows/a.jsonl", b'{"n": 1}\n')
        system.pipe("/rows/b.jsonl", b'{"n": 2}\n')
        system.pipe("/rows/.hidden/c.jsonl", b'{"n": 3}\n')
        system.pipe("/rows/README.md", b"not data")
        yield system
        system.store.clear()

    def test_changed_file_gives_the_rows_as_they_are_now(self, tmp_path):
        step = LoadDataFromFileSystem(data_files=write_jsonl(tmp_path / "a.jsonl"))
        assert len(read(step)) == 7
        write_jsonl(tmp_path / "a.jsonl", ROWS[:2])
        assert len(read(step)) == 2


@pytest.mark.usefixtures("datasets_cache")
class TestHub:
    def test_folder_laid_out_like_a_dataset_is_read_without_a_network(self, tmp_path):
        write_jsonl(tmp_path / "repo" / "train.jsonl")
        write_jsonl(tmp_path / "repo" / "test.jsonl", ROWS[:2])
        repo = str(tmp_path / "repo")
        assert read(LoadDataFromHub(repo_id=repo, batch_size=4)) == ROWS
        assert read(LoadDataFromHub(repo_id=repo, split="test", streaming=True)) == ROWS[:2]

    def test_only_as_many_rows_as_wanted_also_of_a_stream(self, tmp_path):
        write_jsonl(tmp_path / "repo" / "train.jsonl")
        for streaming in (False, True):
            step = LoadDataFromHub(
                repo_id=str(tmp_path / "repo"), num_examples=3, streaming=streaming, batch_size=2
            )
            assert read(step) == ROWS[:3]
            assert read(step, offset=2) == ROWS[2:3]

    def test_what_is_set_reaches_the_hub(self, monkeypatch):
        from datasets import Dataset

        asked = []
        monkeypatch.setattr(
            "datasets.load_dataset", lambda *a, **k: asked.append((a, k)) or Dataset.from_list(ROWS)
        )
        step = LoadDataFromHub(
            repo_id="me/data",
            split="test",
            config="main",
            revision="v1",
            streaming=True,
            storage_options={"a": 1},
            num_examples=2,
        )
        assert read(step) == ROWS[:2]
        how = {
            "name": "main",
            "split": "test",
            "revision": "v1",
            "streaming": True,
            "storage_options": {"a": 1},
        }
        assert asked == [(("me/data",), how)]

    def test_unknown_split_is_reported(self, tmp_path):
        write_jsonl(tmp_path / "repo" / "train.jsonl")
        with pytest.raises(DistilabelUserError, match=r"^Step 'x' cannot load its dataset: Unknown split"):
            LoadDataFromHub(name="x", repo_id=str(tmp_path / "repo"), split="dev").load()

    def test_dataset_that_is_not_there_is_reported(self, tmp_path):
        with pytest.raises(DistilabelUserError, match=r"^Step 'x' cannot load its dataset: "):
            LoadDataFromHub(name="x", repo_id=str(tmp_path / "gone")).load()


@pytest.mark.usefixtures("datasets_cache")
class TestDisk:
    def test_saved_dataset_dict_of_splits_and_distiset_are_read(self, tmp_path):
        from datasets import Dataset, DatasetDict

        data = Dataset.from_list(ROWS)
        splits = DatasetDict({"train": data, "test": data.select([0])})
        data.save_to_disk(tmp_path / "plain")
        splits.save_to_disk(tmp_path / "splits")
        Distiset({"leaf": splits}).save_to_disk(tmp_path / "distiset")
        assert read(LoadDataFromDisk(dataset_path=tmp_path / "plain")) == ROWS
        assert read(LoadDataFromDisk(dataset_path=tmp_path / "splits")) == ROWS
        distiset = {"dataset_path": str(tmp_path / "distiset"), "is_distiset": True}
        assert read(LoadDataFromDisk(**distiset, config="leaf", split="test")) == ROWS[:1]
        with pytest.raises(
            DistilabelUserError, match=r"found no config 'default' in .*: set `config` to one of 'leaf'"
        ):
            LoadDataFromDisk(**distiset).load()
        with pytest.raises(
            DistilabelUserError, match=r"found no split 'dev': set `split` to one of 'train', 'test'"
        ):
            LoadDataFromDisk(**distiset, config="leaf", split="dev").load()

    def test_missing_folder_is_reported(self, tmp_path):
        with pytest.raises(DistilabelUserError, match=r"found no dataset folder"):
            LoadDataFromDisk(dataset_path=tmp_path / "gone").load()


@pytest.mark.usefixtures("datasets_cache")
class TestMakeGeneratorStep:
    def test_list_frame_and_dataset_give_the_same_rows(self, pipeline):
        import pandas as pd
        from datasets import Dataset

        frame = pd.DataFrame(ROWS, index=list("abcdefg"))
        for dataset in (ROWS, frame, Dataset.from_list(ROWS), Dataset.from_list(ROWS).to_iterable_dataset()):
            step = make_generator_step(dataset, batch_size=3, output_mappings={"n": "number"})
            validate_step(step)
            assert read(step) == [{"number": row["n"], "text": row["text"]} for row in ROWS]
            assert read(step) == read(step)
        assert len(pipeline.steps) == 4

    def test_step_with_a_dataset_crosses_a_process_boundary(self):
        from datasets import Dataset

        step = pickle.loads(pickle.dumps(make_generator_step(Dataset.from_list(ROWS))))
        assert read(step) == ROWS

    def test_what_holds_no_rows_is_reported(self):
        from datasets import Dataset, DatasetDict

        with pytest.raises(DistilabelUserError, match="empty"):
            make_generator_step([])
        with pytest.raises(DistilabelUserError, match="empty"):
            make_generator_step(Dataset.from_list([]))
        with pytest.raises(DistilabelUserError, match=r"pass one of them, such as dataset\['train'\]"):
            make_generator_step(DatasetDict({"train": Dataset.from_list(ROWS)}))
        with pytest.raises(DistilabelUserError, match="not int"):
            make_generator_step(3)


class TestMappedWhileRead:
    @settings(max_examples=40, deadline=None)
    @given(offset=st.integers(0, 12), size=st.integers(1, 5), limit=st.none() | st.integers(1, 12))
    def test_rows_of_a_dataset_on_disk_are_those_of_the_dataset(self, tmp_path_factory, offset, size, limit):
        folder = tmp_path_factory.getbasetemp() / "on-disk"
        rows = [{"n": n, "text": f"row {n}"} for n in range(11)]
        if not folder.exists():
            datasets.Dataset.from_list(rows).save_to_disk(folder)
        dataset = datasets.load_from_disk(folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(memory_map, "_ROWS_AT_ONCE", 3)
            found = list(batches(memory_map.memory_map(dataset), offset, size, limit))
        assert [row for part, _ in found for row in part] == rows[offset:limit]
        assert [last for _, last in found] == [False] * (len(found) - 1) + [True]

    def test_what_lies_in_memory_is_read_as_it_is(self):
        dataset = datasets.Dataset.from_list([{"n": 1}])
        assert memory_map.memory_map(dataset) is dataset
