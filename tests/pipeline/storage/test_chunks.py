"""Chunks on disk: what is found again, what is not, and what stands for the content of rows."""

import copy
import datetime as dt
import decimal
import math
import os
import pickle
import subprocess
import sys
from io import FileIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilabel.exceptions import DistilabelCacheError
from distilabel.pipeline.storage.chunks import ChunkStore, content_digest, digest_of

KEY, OTHER = digest_of("key"), digest_of("other")
ROWS = [{"n": 1, "text": "a\u2028b"}, {"n": None, "list": [1.5, {"b": b"\x00"}]}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chunks" / "step.chunks"


@pytest.fixture
def opened(path: Path):
    stores = []

    def open_again() -> ChunkStore:
        stores.append(ChunkStore(path))
        return stores[-1]

    yield open_again
    for store in stores:
        store.close()


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=8)
    | st.binary(max_size=8)
    | st.datetimes()
    | st.decimals()
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
row_lists = st.lists(st.dictionaries(st.text(max_size=5), values, max_size=3), max_size=4)


def same(a, b):
    """Equality to the type and the sign of zero, in which NaN equals itself."""
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and repr(a) == repr(b)


class TestDigest:
    @settings(max_examples=80, deadline=None)
    @given(rows=row_lists)
    def test_equal_rows_have_equal_digests_also_after_they_were_written_down(self, rows):
        assert content_digest(rows) == content_digest(copy.deepcopy(rows))
        assert content_digest(rows) == content_digest(pickle.loads(pickle.dumps(rows)))

    @settings(max_examples=80, deadline=None)
    @given(one=row_lists, two=row_lists)
    def test_different_rows_have_different_digests(self, one, two):
        assert (content_digest(one) == content_digest(two)) == same(one, two)

    @pytest.mark.parametrize("other", [(1, 2), np.array([1, 2])], ids=repr)
    def test_list_tuple_and_array_of_the_same_entries_are_one_content_as_they_are_in_a_dataset(self, other):
        assert content_digest([{"x": [1, 2]}]) == content_digest([{"x": other}])
        assert content_digest([{"x": [1, 2]}]) != content_digest([{"x": {1, 2}}])

    @settings(max_examples=80, deadline=None)
    @given(one=scalars, two=scalars)
    def test_different_values_have_different_digests(self, one, two):
        assert (content_digest([{"x": one}]) == content_digest([{"x": two}])) == same(one, two)

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            (None, math.nan),
            (None, math.inf),
            (math.inf, -math.inf),
            (math.nan, math.inf),
            (1, 1.0),
            (1, "1"),
            (0, False),
            (2**70, 2**70 + 1),
            (2**64, float(2**64)),
            ("\ud800", "\udfff"),
            ("\ud800", "?"),
            (b"a", "a"),
            (b"a", b"b"),
            (np.array([1, 2]), np.array([1, 3])),
            (np.array([1.0, math.nan]), np.array([1.0, math.inf])),
            (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "2026-01-02T00:00:00+00:00"),
            (dt.date(2026, 1, 2), "2026-01-02"),
            (decimal.Decimal("1.0"), decimal.Decimal("1.1")),
            ({"a": 1}, {"a": 1, "b": None}),
            ({1, 2}, {1, 3}),
            ([[1], [2]], [[1, 2]]),
        ],
    )
    def test_values_that_look_alike_are_distinguished(self, one, two):
        assert content_digest([{"x": one}]) != content_digest([{"x": two}])
        assert content_digest([{"x": one}]) == content_digest([{"x": copy.deepcopy(one)}])

    def test_order_and_bounds_of_rows_count(self):
        assert content_digest([{"x": 1}, {"x": 2}]) != content_digest([{"x": 2}, {"x": 1}])
        assert content_digest([{"x": 1}, {}]) != content_digest([{"x": 1}])

    def test_arrays_count_by_content(self):
        rows = [{"x": np.arange(6, dtype="float32").reshape(2, 3), "y": np.int64(3)}]
        assert content_digest(rows) == content_digest(copy.deepcopy(rows))
        assert content_digest(rows) != content_digest([{"x": np.zeros((2, 3), "float32"), "y": np.int64(3)}])

    def test_digest_of_a_set_is_the_same_in_every_process(self):
        code = (
            "from distilabel.pipeline.storage.chunks import content_digest as d;"
            "print(d([{'x': {'a', 'b', 'c', 'd', 'e'}, 'y': b'z', 'w': None}]).hex())"
        )
        runs = [
            subprocess.run(
                [sys.executable, "-c", code],
                env={**os.environ, "PYTHONHASHSEED": seed},
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for seed in ("1", "2")
        ]
        assert runs[0] == runs[1] != ""

    @given(st.lists(st.text(st.characters(codec=None)) | st.binary(), max_size=4))
    def test_digest_of_parts_tells_where_each_one_ends(self, parts):
        moved = (
            [parts[0] + parts[1], *parts[2:]]
            if len(parts) > 1 and type(parts[0]) is type(parts[1])
            else [*parts, ""]
        )
        assert digest_of(*parts) != digest_of(*moved)


class TestStore:
    def test_rows_come_back_as_they_were_and_each_time_as_rows_of_their_own(self, opened):
        store = opened()
        store.put(0, KEY, ROWS)
        first, second = store.rows(0), store.rows(0)
        assert first == second == ROWS
        first[1]["list"][1]["b"] = "changed"
        assert store.rows(0) == ROWS
        assert ROWS[1]["list"] == [1.5, {"b": b"\x00"}]

    @settings(max_examples=60, deadline=None)
    @given(chunks=st.lists(row_lists, max_size=5))
    def test_whatever_is_put_is_read_back_by_this_run_and_the_next(self, tmp_path_factory, chunks):
        path = tmp_path_factory.mktemp("chunks") / "x.chunks"
        store = ChunkStore(path)
        kept = [store.put(index, digest_of(str(index)), rows) for index, rows in enumerate(chunks)]
        read = [store.rows(index) for index in range(len(chunks))]
        store.close()
        again = ChunkStore(path)
        for index, rows in enumerate(chunks):
            chunk = again.reuse(7 + index, digest_of(str(index)))
            assert chunk is not None
            assert chunk == kept[index]
            assert chunk.rows == len(rows)
            assert same(again.rows(7 + index), rows)
        again.close()
        assert all(map(same, read, chunks))

    def test_a_type_that_json_does_not_know_comes_back_to_the_type(self, opened):
        rows = [
            {
                "x": np.arange(3),
                "when": dt.date(2026, 1, 1),
                "tuple": (1, 2),
                "big": 2**80,
                "lone": "\ud800",
            }
        ]
        store = opened()
        store.put(0, KEY, rows)
        (row,) = store.rows(0)
        assert isinstance(row["x"], np.ndarray)
        assert [row[name] for name in ("when", "tuple", "big", "lone")] == [
            dt.date(2026, 1, 1),
            (1, 2),
            2**80,
            "\ud800",
        ]

    def test_what_is_known_of_a_chunk_outlives_the_run(self, opened):
        first = opened()
        put = first.put(0, KEY, ROWS, failures=1, last=True)
        assert first.chunk(0) == put
        found = opened().reuse(3, KEY)
        assert found == put
        assert (found.rows, found.failures, found.last) == (2, 1, True)

    def test_rows_made_in_the_same_way_have_the_same_digest_and_others_another(self, opened):
        def made(value: int) -> list[dict[str, object]]:
            return [{"a": value, "b": f"text {value}", "c": [value]}]

        first, again, other = (opened().put(0, KEY, made(value)) for value in (1, 1, 2))
        assert first.digest == again.digest != other.digest

    def test_chunk_that_the_system_gives_in_pieces_is_read_whole(self, opened, path, monkeypatch):
        class InPieces(FileIO):
            def read(self, size=-1):
                return super().read(min(size, 100))

        opened().put(0, KEY, [{"text": "x" * 1_000}])
        monkeypatch.setattr(ChunkStore, "_open", lambda _: InPieces(path, "r+b"))
        store = opened()
        assert store.reuse(0, KEY) is not None
        assert store.rows(0) == [{"text": "x" * 1_000}]

    def test_unknown_key_finds_nothing(self, opened):
        opened().put(0, KEY, ROWS)
        assert opened().reuse(0, OTHER) is None

    def test_what_this_run_has_put_is_not_given_out_to_it_again(self, opened):
        store = opened()
        store.put(0, KEY, ROWS)
        assert store.reuse(1, KEY) is None

    def test_two_chunks_of_the_same_key_are_given_out_once_each_and_in_order(self, opened):
        store = opened()
        store.put(0, KEY, [{"n": 0}])
        store.put(1, KEY, [{"n": 1}])
        again = opened()
        assert [again.reuse(i, KEY) is not None for i in range(3)] == [True, True, False]
        assert [again.rows(0), again.rows(1)] == [[{"n": 0}], [{"n": 1}]]

    def test_empty_store_says_so(self, opened):
        store = opened()
        assert store.empty
        store.put(0, KEY, [])
        assert not store.empty
        assert not opened().empty

    @pytest.mark.parametrize("cut", [1, 7, 60, 90])
    def test_torn_end_is_cut_off_and_what_came_before_is_kept(self, opened, path, cut):
        store = opened()
        store.put(0, KEY, ROWS)
        whole = path.stat().st_size
        store.put(1, OTHER, ROWS)
        store.close()
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - cut)
        again = opened()
        assert path.stat().st_size == whole
        assert again.reuse(0, OTHER) is None
        assert again.reuse(0, KEY) is not None
        again.put(1, OTHER, [{"n": 5}])
        last = opened()
        assert last.reuse(1, OTHER) is not None
        assert last.rows(1) == [{"n": 5}]

    def test_foreign_bytes_at_the_end_are_cut_off(self, opened, path):
        opened().put(0, KEY, ROWS)
        whole = path.stat().st_size
        with path.open("ab") as file:
            file.write(b"x" * 500)
        assert opened().reuse(0, KEY) is not None
        assert path.stat().st_size == whole

    def test_body_that_was_changed_on_disk_is_not_used_but_its_twin_is(self, opened, path):
        store = opened()
        first = store.put(0, KEY, [{"n": 10}])
        store.put(1, KEY, [{"n": 11}])
        store.put(2, OTHER, [{"n": 12}])
        store.close()
        with path.open("r+b") as file:
            file.seek(first.start + first.length // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 0xFF]))
        again = opened()
        assert again.reuse(0, KEY) is not None
        assert again.rows(0) == [{"n": 11}]
        assert again.reuse(1, KEY) is None
        assert again.reuse(2, OTHER) is not None

    def test_folder_that_cannot_be_written_is_one_sentence(self, tmp_path):
        (tmp_path / "chunks").write_text("a file")
        with pytest.raises(
            DistilabelCacheError, match=r"The cache folder .* cannot be used .*: make it writable"
        ):
            ChunkStore(tmp_path / "chunks" / "step.chunks")

    def test_full_disk_is_one_sentence(self):
        if not Path("/dev/full").exists():
            pytest.skip("this system has no /dev/full")
        store = ChunkStore(Path("/dev/full"))
        with pytest.raises(DistilabelCacheError, match=r"full or failing .*: free some space and run again"):
            store.put(0, KEY, ROWS)
        store.close()
