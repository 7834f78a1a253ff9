"""The rows of the leaves as Parquet: one schema for all chunks, however late a column shows what it holds."""

import base64
from datetime import date
from enum import Enum
from io import BytesIO
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from distilabel.distiset import ARROW_NAME, from_parquet
from distilabel.exceptions import DistilabelCacheError
from distilabel.pipeline.storage import output
from distilabel.pipeline.storage.chunks import ChunkStore, digest_of
from distilabel.pipeline.storage.output import write_leaf


@pytest.fixture
def store(tmp_path: Path):
    made = ChunkStore(tmp_path / "leaf.chunks")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _each_chunk_by_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(output, "_ROWS_AT_ONCE", 1)


def test_full_disk_is_reported_and_the_next_run_writes_the_rows(store, tmp_path, monkeypatch):
    chunks = put(store, [{"a": 1}], [{"a": 2}])
    with monkeypatch.context() as patch:
        patch.setattr(
            output,
            "_writers",
            lambda files, schema, *_: [files.enter_context(pq.ParquetWriter("/dev/full", schema))],
        )
        with pytest.raises(
            DistilabelCacheError,
            match=r"disk of the cache folder .*out is full .*MB are free.*nothing is lost",
        ):
            write_leaf("leaf", store, chunks, tmp_path / "out", metadata=False)
    folder = write_leaf("leaf", store, chunks, tmp_path / "out", metadata=False)
    assert pq.read_table(folder / "00000.parquet").to_pylist() == [{"a": 1}, {"a": 2}]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [folder.name]


def put(store, *chunks):
    for index, rows in enumerate(chunks):
        store.put(index, digest_of(str(index)), rows)
    return range(len(chunks))


def written(store, folder, *chunks, metadata=True):
    target = write_leaf("leaf", store, put(store, *chunks), folder, metadata=metadata)
    table = pq.read_table(target)
    with pa.memory_map(str(target / ARROW_NAME)) as mapped:
        assert pa.ipc.open_stream(mapped).read_all() == table
    return table


def column(*values):
    return [[{"x": value}] for value in values]


class TestImages:
    @pytest.mark.parametrize("mode", ["RGB", "L", "1", "RGBA", "CMYK", "F"])
    def test_image_comes_back_as_it_was(self, store, tmp_path, mode):
        image = Image.effect_noise((5, 4), 60).convert(mode)
        written(store, tmp_path / "out", [{"x": image}], [{"x": None}])
        (first, second) = images_in(tmp_path / "out")
        assert (first.mode, first.tobytes(), second) == (image.mode, image.tobytes(), None)

    def test_images_that_come_late_are_images_all_the_same(self, store, tmp_path):
        image = Image.new("RGB", (2, 2), (9, 8, 7))
        written(store, tmp_path / "out", [{"x": None, "n": 1}], [{"x": image, "n": 2.5}])
        (first, second) = images_in(tmp_path / "out")
        assert (first, second.getpixel((1, 1))) == (None, (9, 8, 7))

    def test_image_beside_something_else_becomes_a_data_url(self, store, tmp_path):
        image = Image.new("L", (1, 1), 7)
        written(store, tmp_path / "out", [{"x": image}], [{"x": "text"}])
        first, second = dataset_in(tmp_path / "out")["x"]
        assert second == "text"
        data = base64.b64decode(first.removeprefix("data:image/png;base64,"))
        assert Image.open(BytesIO(data)).getpixel((0, 0)) == 7


def dataset_in(folder):
    """Return the only leaf below a folder as `datasets` reads it, which must be the same from both files."""
    (leaf,) = folder.iterdir()
    found = Dataset.from_file(str(leaf / ARROW_NAME))
    parquet = from_parquet({"leaf": leaf}, folder.parent / "cache")["default"]["train"]
    assert parquet.features == found.features
    assert parquet[:] == found[:]
    return found


def images_in(folder):
    """Return the images of both files of the only leaf below a folder, which must be the same."""
    (leaf,) = folder.iterdir()
    found = Dataset.from_file(str(leaf / ARROW_NAME))["x"]
    beside = from_parquet({"leaf": leaf}, folder / "cache")["default"]["train"]["x"]
    assert [pixels(image) for image in found] == [pixels(image) for image in beside]
    return found


def pixels(image):
    return image and image.tobytes()


class TestWidening:
    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            ((None, "text"), pa.string()),
            (("text", None), pa.string()),
            ((1, 2.5), pa.float64()),
            ((None, 1, 2.5, None), pa.float64()),
            (([], ["a"]), pa.list_(pa.string())),
            (([None], [1], [1.5]), pa.list_(pa.float64())),
            ((None, None), pa.null()),
            (([None, None],), pa.list_(pa.null())),
            (([None, None], ["a"], [None, None]), pa.list_(pa.string())),
            (("text", b"bytes"), pa.binary()),
        ],
    )
    def test_type_that_a_later_chunk_needs_is_taken_for_all(self, store, tmp_path, values, kind):
        table = written(store, tmp_path / "out", *column(*values))
        assert table.schema.field("x").type == kind
        found = [
            value.encode() if kind == pa.binary() and isinstance(value, str) else value for value in values
        ]
        assert table.column("x").to_pylist() == found

    def test_dicts_without_keys_are_none_or_get_the_fields_of_later_ones(self, store, tmp_path):
        assert written(store, tmp_path, *column({}, {})).column("x").to_pylist() == [None, None]
        later = written(store, tmp_path, *column({}, {"a": 1})).column("x").to_pylist()
        assert later in ([None, {"a": 1}], [{"a": None}, {"a": 1}])

    def test_struct_gets_the_fields_of_all_chunks(self, store, tmp_path):
        chunks = column(
            {"a": 1}, None, {"b": "x"}, {"b": "y", "a": 2}, {"a": 1.5, "c": {"d": None}}, {"c": {"e": [1]}}
        )
        fields = {"a": None, "b": None, "c": None}
        inner = {"d": None, "e": None}
        assert written(store, tmp_path / "out", *chunks).column("x").to_pylist() == [
            {**fields, "a": 1},
            None,
            {**fields, "b": "x"},
            {**fields, "b": "y", "a": 2},
            {**fields, "a": 1.5, "c": inner},
            {**fields, "c": {**inner, "e": [1]}},
        ]

    def test_list_of_structs_gets_the_fields_of_all_chunks(self, store, tmp_path):
        table = written(store, tmp_path / "out", *column([{"a": 1}], [], [{"b": "x"}, None]))
        assert table.column("x").to_pylist() == [[{"a": 1, "b": None}], [], [{"a": None, "b": "x"}, None]]

    def test_lists_of_nothing_but_none_stay_also_within_a_struct_that_widens(self, store, tmp_path):
        table = written(store, tmp_path / "out", *column({"a": [None, None]}, {"a": [None], "b": 2}))
        assert table.column("x").to_pylist() == [{"a": [None, None], "b": None}, {"a": [None], "b": 2}]

    def test_column_that_comes_or_goes_is_none_elsewhere(self, store, tmp_path):
        table = written(store, tmp_path / "out", [{"a": 1}], [{"a": 2, "b": "x"}], [{"b": "y"}])
        assert table.to_pylist() == [{"a": 1, "b": None}, {"a": 2, "b": "x"}, {"a": None, "b": "y"}]

    def test_rows_of_one_chunk_may_differ_too(self, store, tmp_path):
        table = written(store, tmp_path / "out", [{"b": 1}, {"a": None}, {"b": 2.5, "a": "x"}])
        assert table.to_pylist() == [{"b": 1, "a": None}, {"b": None, "a": None}, {"b": 2.5, "a": "x"}]

    def test_columns_keep_the_order_in_which_they_came(self, store, tmp_path):
        table = written(store, tmp_path / "out", [{"z": 1, "a": 1}], [{"a": 2, "m": 0, "z": 2}])
        assert table.column_names == ["z", "a", "m"]

    @settings(max_examples=60, deadline=None)
    @given(
        chunks=st.lists(
            st.lists(
                st.fixed_dictionaries(
                    {"n": st.integers(-(2**50), 2**50)},
                    optional={
                        "text": st.none() | st.text(max_size=4),
                        "score": st.none() | st.integers(-9, 9) | st.floats(allow_nan=False),
                        "tags": st.none() | st.lists(st.none() | st.text(max_size=3), max_size=2),
                        "who": st.none()
                        | st.fixed_dictionaries(
                            {"id": st.integers(0, 9)}, optional={"name": st.text(max_size=3)}
                        ),
                    },
                ),
                max_size=3,
            ),
            max_size=5,
        )
    )
    def test_rows_of_any_mixture_are_read_as_they_were_put(self, tmp_path_factory, chunks):
        folder = tmp_path_factory.mktemp("output")
        store = ChunkStore(folder / "leaf.chunks")
        rows = [row for chunk in chunks for row in chunk]
        try:
            if rows:
                found = written(store, folder / "out", *chunks).to_pylist()
                names = dict.fromkeys(name for row in rows for name in row)
                assert [without_none(row) for row in found] == [without_none(row) for row in rows]
                assert [list(row) for row in found] == [list(names)] * len(rows)
        finally:
            store.close()


def without_none(value):
    if isinstance(value, dict):
        return {name: without_none(inner) for name, inner in value.items() if inner is not None}
    return value


class Colour(Enum):
    RED = "red"


class TestOddColumns:
    """Values without a common Arrow type are written as JSON: no row is withheld."""

    @pytest.mark.parametrize(
        ("values", "kept"),
        [
            ((1, "text"), [1, "text"]),
            ((True, 1), [True, 1]),
            (("text", ["text"]), ["text", ["text"]]),
            (({"a": 1}, "text"), [{"a": 1}, "text"]),
            (({"a": 1}, {"a": "text"}), [{"a": 1}, {"a": "text"}]),
            ((2**70,), [str(2**70)]),
            ((10**20, None, {"n": [10**20]}), ["1" + "0" * 20, None, {"n": ["1" + "0" * 20]}]),
            (({"name": "now", "arguments": {}},), [{"name": "now", "arguments": {}}]),
            (({"type": "object", "properties": {}}, None), [{"type": "object", "properties": {}}, None]),
            (([{"a": {}}],), [[{"a": {}}]]),
            (([1, "a"],), [[1, "a"]]),
            (({1: "a"},), [{"1": "a"}]),
            ((Colour.RED,), ["red"]),
            ((Path("/x"),), ["/x"]),
            ((UUID(int=5),), [str(UUID(int=5))]),
            (({3}, "x"), [[3], "x"]),
            ((b"ab", 1), ["YWI=", 1]),
            ((float("nan"), "x"), [None, "x"]),
            ((np.arange(2), "x"), [[0, 1], "x"]),
            ((np.float32(0.5), "x"), [0.5, "x"]),
            ((date(2026, 1, 2), "x"), ["2026-01-02", "x"]),
            (("cut \ud83d", 1), ["cut \ufffd", 1]),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("together", [True, False])
    def test_odd_column_becomes_json(self, store, tmp_path, monkeypatch, caplog, values, kept, together):
        monkeypatch.setattr(output, "_ROWS_AT_ONCE", 100 if together else 1)
        rows = [{"n": n, "x": value} for n, value in enumerate(values)]
        written(store, tmp_path / "out", *([row] for row in rows))
        found = dataset_in(tmp_path / "out")
        assert list(found["n"]) == list(range(len(values)))
        assert list(found["x"]) == kept
        if repr(found.features["x"]).startswith("Json"):
            (warning,) = caplog.messages
            assert warning.startswith(
                "Step 'leaf': column 'x' has values that do not fit one Arrow type, first in row"
            )

    def test_warning_names_the_first_odd_row(self, store, tmp_path, monkeypatch, caplog):
        monkeypatch.setattr(output, "_ROWS_AT_ONCE", 3)
        written(store, tmp_path / "out", *column(1, 2, 3, 4, "five", 6, "seven"))
        assert ["first in row 4" in message for message in caplog.messages] == [True]

    def test_older_datasets_gets_json_text(self, store, tmp_path, monkeypatch, caplog):
        monkeypatch.delattr("datasets.Json")
        table = written(store, tmp_path / "out", *column({"a": 1}, "text"))
        assert table["x"].to_pylist() == ['{"a": 1}', '"text"']
        assert "as JSON text" in caplog.text

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.binary(max_size=2)
                | st.dates() | st.uuids(),
                lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=2),
                max_leaves=5,
            ),
            min_size=1,
            max_size=4,
        )
    )  # fmt: skip
    def test_a_dataset_is_written_of_any_values(self, tmp_path_factory, values):
        folder = tmp_path_factory.mktemp("output")
        store = ChunkStore(folder / "leaf.chunks")
        try:
            rows = [{"n": n, "x": value} for n, value in enumerate(values)]
            written(store, folder / "out", *([row] for row in rows))
            assert list(dataset_in(folder / "out")["n"]) == list(range(len(values)))
        finally:
            store.close()


class TestBrokenValues:
    @pytest.mark.parametrize(
        ("value", "kept"),
        [
            ("cut \ud83d", "cut \ufffd"),
            ("\ud83c\udf0a", "\U0001f30a"),
            ([{"b": ["a", "\udc00"]}], [{"b": ["a", "\ufffd"]}]),
        ],
    )
    @pytest.mark.parametrize("more", [[], [None], ["x", 5]])
    def test_half_a_character_is_marked_and_holds_no_other_row_back(self, store, tmp_path, value, kept, more):
        values = [*(type(value)() for _ in more), value]
        assert written(store, tmp_path / "out", *column(*values))["x"].to_pylist()[-1] == kept

    def test_half_a_file_is_never_taken_for_a_whole_one(self, store, tmp_path, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(output, "_put", full)
        for _ in range(2):
            with pytest.raises(DistilabelCacheError, match="No space"):
                written(store, tmp_path / "out", *column(1, 2))
        assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".part"]


class TestWithoutColumns:
    def test_rows_without_columns_make_no_file(self, store, tmp_path):
        chunks = put(store, [{}, {}])
        assert list(write_leaf("leaf", store, chunks, tmp_path / "out", metadata=True).iterdir()) == []

    def test_rows_with_columns_among_them_make_a_whole_one(self, store, tmp_path):
        assert written(store, tmp_path / "out", [{}], [{"x": 1}], [{}])["x"].to_pylist() == [None, 1, None]


class TestFolder:
    def test_what_was_written_is_not_written_again(self, store, tmp_path, monkeypatch):
        chunks = put(store, *column(1, 2))
        first = write_leaf("leaf", store, chunks, tmp_path / "out", metadata=True)
        before = (first / "00000.parquet").stat().st_mtime_ns
        monkeypatch.setattr(output, "_write", None)
        assert write_leaf("leaf", store, chunks, tmp_path / "out", metadata=True) == first
        assert (first / "00000.parquet").stat().st_mtime_ns == before

    def test_other_content_or_order_has_a_folder_of_its_own(self, store, tmp_path):
        put(store, *column(1, 2, 3))
        folders = {
            write_leaf("leaf", store, chunks, tmp_path / "out", metadata=True)
            for chunks in ((0, 1, 2), (2, 1, 0), (0, 1), ())
        }
        assert len(folders) == 4
        assert not list((tmp_path / "out").glob("*.part"))

    def test_what_a_killed_run_left_half_written_is_replaced(self, store, tmp_path):
        chunks = put(store, *column(1, 2))
        target = write_leaf("leaf", store, chunks, tmp_path / "out", metadata=True)
        target.rename(target.with_name(f"{target.name}.part"))
        (target.with_name(f"{target.name}.part") / "00001.parquet").write_bytes(b"half")
        assert write_leaf("leaf", store, chunks, tmp_path / "out", metadata=True) == target
        assert {path.name for path in target.iterdir()} == {"00000.parquet", "_rows.arrow"}

    def test_chunks_come_in_the_order_given(self, store, tmp_path):
        put(store, *column(1, 2, 3))
        target = write_leaf("leaf", store, [2, 0], tmp_path / "out", metadata=True)
        assert pq.read_table(target).column("x").to_pylist() == [3, 1]


class TestMetadata:
    CHUNKS = (
        [{"x": 1, "distilabel_metadata": {"raw": "a"}}],
        [{"x": 2}],
        [{"x": 3, "distilabel_metadata": None}],
    )

    def test_it_is_kept_when_asked_for(self, store, tmp_path):
        table = written(store, tmp_path / "out", *self.CHUNKS, metadata=True)
        assert table.column("distilabel_metadata").to_pylist() == [{"raw": "a"}, None, None]

    def test_it_is_dropped_otherwise(self, store, tmp_path):
        assert written(store, tmp_path / "out", *self.CHUNKS, metadata=False).column_names == ["x"]

    def test_asking_for_it_later_gives_it(self, store, tmp_path):
        chunks = put(store, *self.CHUNKS)
        folders = [
            write_leaf("leaf", store, chunks, tmp_path / "out", metadata=kept) for kept in (False, True)
        ]
        assert [len(pq.read_schema(folder / "00000.parquet").names) for folder in folders] == [1, 2]


def test_the_names_of_the_columns_are_read_once_however_wide_the_rows_are():
    table = pa.table({f"c{number}": [number] for number in range(50)})

    class Counted:
        reads = 0
        columns = table.columns

        @property
        def column_names(self) -> list[str]:
            Counted.reads += 1
            return table.column_names

    assert output._fitted(pa, Counted(), table.to_pylist(), table.schema, 0, {}) == table
    assert Counted.reads == 1
