"""Writes the rows of leaf steps as Parquet, for other programs, and as Arrow, which `datasets` maps into memory."""

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from distilabel._files import writing
from distilabel.distiset import ARROW_NAME, features_of, image_type, plain_features
from distilabel.pipeline.storage.chunks import ChunkStore, digest_of
from distilabel.pipeline.storage.encoding import encodable, image_file, is_image, json_text
from distilabel.typing import DISTILABEL_METADATA_KEY, Row

__all__ = ["drop_outputs", "write_leaf"]

_ROWS_AT_ONCE = 2_000
_WEEK = 7 * 24 * 3600.0
# What Arrow raises for values that have no common type, an integer beyond 64 bits, a key that is no text.
_NO_ARROW_TYPE = (TypeError, ValueError, OverflowError, NotImplementedError)
_logger = logging.getLogger("distilabel.pipeline")


def write_leaf(
    step: str,
    store: ChunkStore,
    chunks: Sequence[int],
    folder: Path,
    *,
    metadata: bool,
    features: Mapping[str, Any] = MappingProxyType({}),
) -> Path:
    """Write the chunks of a leaf step below `folder` and return the folder of the two files.

    The folder's name is a digest of the content: the same content is not written again. The folder holds the rows twice:
    compressed in `00000.parquet`, and in `_rows.arrow`, which `datasets` maps into memory instead of loading it.

    Args:
        step: The step's name, for error messages.
        store: The step's chunks.
        chunks: The numbers of the chunks, in order.
        folder: The parent of the new folder.
        metadata: Whether to keep the column `distilabel_metadata`.
        features: The `datasets` features that the sources declare; a column has its feature if all its values fit.

    Raises:
        DistilabelCacheError: The files cannot be written, as on a full disk. The next run writes them from the chunks.
    """
    declared = plain_features(features)
    about = [str(metadata), *(f"{name}: {declared[name]!r}" for name in sorted(declared))]
    digest = digest_of("parquet, arrow", *(store.chunk(index).digest for index in chunks), *about)
    target = folder / digest.hex()[:16]
    if not target.exists():
        part = folder / f"{target.name}.part"
        shutil.rmtree(part, ignore_errors=True)
        with writing(folder):
            part.mkdir(parents=True)
            _write(step, lambda: _batches(store, chunks, metadata=metadata), part, declared)
            part.rename(target)
    return target


def drop_outputs(folder: Path, kept: Iterable[Path], age: float = _WEEK) -> None:
    """Remove datasets that former runs wrote and that are older than `age`; they can be written again from the chunks.

    Args:
        folder: The folder of the datasets of all leaves.
        kept: The datasets of this run.
        age: In seconds; a week by default.
    """
    keep, oldest = set(kept), time.time() - age
    for old in set(folder.glob("*/*")) - keep:
        if old.is_dir() and old.stat().st_mtime < oldest:
            shutil.rmtree(old, ignore_errors=True)


def _batches(store: ChunkStore, chunks: Sequence[int], *, metadata: bool) -> Iterator[list[Row]]:
    rows: list[Row] = []
    for index in chunks:
        rows += store.rows(index)
        if len(rows) >= _ROWS_AT_ONCE:
            yield _without_metadata(rows, metadata)
            rows = []
    if rows:
        yield _without_metadata(rows, metadata)


def _without_metadata(rows: list[Row], keep: bool) -> list[Row]:
    if not keep:
        for row in rows:
            row.pop(DISTILABEL_METADATA_KEY, None)
    return rows


def _write(
    step: str, batches: Callable[[], Iterator[list[Row]]], folder: Path, features: dict[str, Any]
) -> None:
    """Write in one pass with the schema of the first rows; where later ones do not fit it, once more with all.

    A column that Arrow cannot hold, such as a mix of texts and lists, is written as JSON: paid rows are never withheld
    because of one value.
    """
    schema: Any = None
    odd: dict[str, int] = {}
    while True:
        try:
            wider = _write_once(schema, odd, features, batches(), folder)
        except _UnfitError as error:
            # A step has put other values there, and their type is inferred.
            del features[error.column]
            schema, odd = None, {}
            continue
        if wider is None:
            break
        schema = wider
    for name, row in odd.items():
        _logger.warning(
            "Step %r: column %r has values that do not fit one Arrow type, first in row %d. It is written as JSON%s.",
            step, name, row, "" if _has_json_feature() else " text",
        )  # fmt: skip


class _UnfitError(Exception):
    """A column has values that do not fit the feature which its source declares."""

    def __init__(self, column: str) -> None:
        self.column = column


def _write_once(
    schema: Any, odd: dict[str, int], features: dict[str, Any], batches: Iterator[list[Row]], folder: Path
) -> Any:
    """Write all rows; return None if they fitted the schema, else the schema that they would have needed.

    Columns that Arrow cannot hold are added to `odd`, with the number of the first row that does not fit.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to import, and not needed before the end

    types = {field.name: field.type for field in features_of(pa.schema([]), features).arrow_schema}
    wider = False
    first_row = 0
    writers: tuple[Any, ...] = ()
    written: Future[None] | None = None
    # Compressing does not hold Python's lock: it is done while the next table is made.
    with ExitStack() as files, ThreadPoolExecutor(1) as beside:
        for rows in batches:
            known = len(odd)
            table = _table(pa, rows, first_row, odd, types)
            needed = _unified(pa, schema, table.schema, first_row, odd)
            wider = wider or len(odd) > known or (schema is not None and needed != schema)
            schema = needed
            if not wider and schema.names:  # rows without columns make no table
                fitted = _fitted(pa, table, rows, schema, first_row, odd)
                wider = fitted is None
                if written is not None:
                    written.result()
                if fitted is not None:
                    writers = writers or _writers(files, schema, folder, features)
                    written = beside.submit(_put, writers, fitted)
            first_row += len(rows)
        if written is not None:
            written.result()
    return schema if wider else None


def _unified(pa: Any, schema: Any, other: Any, first_row: int, odd: dict[str, int]) -> Any:
    """Return a schema for the rows of both; a column whose types do not go together is odd from now on."""
    fields = {field.name: field for field in (schema or ())}
    for field in other:
        known = fields.get(field.name, field)
        if field.name not in odd:
            try:
                merged = pa.unify_schemas(
                    [pa.schema([known]), pa.schema([field])], promote_options="permissive"
                )
                fields[field.name] = merged.field(0)
                continue
            except pa.ArrowException:
                odd[field.name] = first_row
        fields[field.name] = pa.field(field.name, _json_type(pa))
    return pa.schema(list(fields.values()))


def _put(writers: tuple[Any, ...], table: Any) -> None:
    for writer in writers:
        writer.write_table(table)


def _writers(files: ExitStack, schema: Any, folder: Path, features: dict[str, Any]) -> tuple[Any, Any]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415
    from pyarrow import ipc  # noqa: PLC0415

    declared = {name: features[name] for name in schema.names if name in features}
    if declared or any(field.type in (image_type(), _json_type(pa)) for field in schema):
        # which says that they are classes, images, or JSON
        schema = features_of(schema, declared).arrow_schema
    return (
        files.enter_context(pq.ParquetWriter(folder / "00000.parquet", schema, compression="zstd")),
        files.enter_context(ipc.new_stream(folder / ARROW_NAME, schema)),
    )


def _table(pa: Any, rows: list[Row], first_row: int, odd: dict[str, int], types: dict[str, Any]) -> Any:
    arrays = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        if name in types:
            arrays[name] = _declared(pa, name, values, types[name])
            continue
        if name not in odd:
            try:
                arrays[name] = _array(pa, values)
                continue
            except _NO_ARROW_TYPE:
                odd[name] = first_row + _first_odd(pa, values)
        arrays[name] = _as_json(pa, values)
    return pa.table(arrays)


def _declared(pa: Any, name: str, values: list[Any], kind: Any) -> Any:
    """Return a column in the type that its source declares, if it holds the values exactly."""
    try:
        array = pa.array(values, kind)
        is_exact = _is_same(pa, array, pa.array(values)) or array.to_pylist() == values
    except _NO_ARROW_TYPE:
        raise _UnfitError(name) from None
    if not is_exact:
        raise _UnfitError(name)
    return array


def _is_same(pa: Any, declared: Any, inferred: Any) -> bool:
    """Tell whether a column in a declared type can be read back as the type of its values, with nothing lost."""
    try:
        same: bool = declared.cast(inferred.type).equals(inferred)
    except pa.ArrowException:  # as where all values of a text within an object are None
        return False
    return same


def _array(pa: Any, values: list[Any]) -> Any:
    array = _typed(pa, values, None)
    if array.type == pa.struct([]):
        return pa.nulls(len(values))  # a column of nothing but {} says nothing
    if pa.types.is_nested(array.type):
        array.validate(full=True)  # a list of texts and bytes is taken for texts, which may be no UTF-8
    if _has_empty_struct(pa, array.type):  # Parquet has none
        raise TypeError
    _check_type(array.type)
    return array


@lru_cache(maxsize=1_000)
def _check_type(kind: Any) -> None:
    """Raise ValueError for a type that `datasets` does not have."""
    import pyarrow as pa  # noqa: PLC0415

    features_of(pa.schema([("x", kind)]))


def _has_empty_struct(pa: Any, kind: Any) -> bool:
    if pa.types.is_struct(kind):
        return kind.num_fields == 0 or any(_has_empty_struct(pa, field.type) for field in kind)
    nested = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return nested and _has_empty_struct(pa, kind.value_type)


def _first_odd(pa: Any, values: list[Any]) -> int:
    """Return the index of the first value that does not fit those before it."""
    fits, fails = 0, len(values)
    while fits + 1 < fails:
        middle = (fits + fails) // 2
        try:
            _array(pa, values[:middle])
            fits = middle
        except _NO_ARROW_TYPE:
            fails = middle
    return fails - 1


def _json_type(pa: Any) -> Any:
    return pa.json_() if _has_json_feature() else pa.string()


def _has_json_feature() -> bool:
    import datasets  # noqa: PLC0415 - slow to import

    return hasattr(datasets, "Json")  # older versions have none


def _as_json(pa: Any, values: list[Any]) -> Any:
    return pa.array([None if value is None else json_text(value) for value in values], _json_type(pa))


def _fitted(pa: Any, table: Any, rows: list[Row], schema: Any, first_row: int, odd: dict[str, int]) -> Any:
    """Return the rows as a table of that schema; None where a column does not fit it, which is odd from now on.

    `table` holds the rows as they are by themselves.
    """
    columns, known = [], len(odd)
    # Looked up once: a table makes a list of all its names for each look-up.
    made = dict(zip(table.column_names, table.columns, strict=True))
    for field in schema:
        try:
            columns.append(_column(pa, made.get(field.name), rows, field))
        except _NO_ARROW_TYPE:
            odd[field.name] = first_row
    return pa.table(columns, schema=schema) if len(odd) == known else None


def _column(pa: Any, made: Any, rows: list[Row], field: Any) -> Any:
    if made is not None and made.type == field.type:
        return made
    values = [row.get(field.name) for row in rows]
    if field.type == _json_type(pa):
        return _as_json(pa, values)
    # Converted again, not cast: Arrow (26.0, 2026-11) breaks lists of nothing but None where it casts them.
    return _typed(pa, values, field.type)


def _typed(pa: Any, values: list[Any], kind: Any) -> Any:
    try:
        return pa.array(values, type=kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        if not any(map(is_image, values)):
            raise
        files = [{"bytes": image_file(v).data, "path": None} if is_image(v) else v for v in values]
        return pa.array(files, type=kind or image_type())
    except UnicodeEncodeError:
        # Half of a pair of surrogates, as where an answer broke off within an emoji: no reason to withhold all rows.
        return pa.array([encodable(value) for value in values], type=kind)
