"""The rows of the leaf steps, written as Parquet for whoever wants them, and as Arrow to be mapped into memory."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

from distilabel.distiset import ARROW_NAME, features_of, image_type
from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline.storage.chunks import ChunkStore, digest_of
from distilabel.typing import DISTILABEL_METADATA_KEY, Row

__all__ = ["write_leaf"]

_ROWS_AT_ONCE = 2_000
_KEPT_BY_PNG = frozenset({"1", "L", "LA", "RGB", "RGBA"})


def write_leaf(step: str, store: ChunkStore, chunks: Sequence[int], folder: Path, *, metadata: bool) -> Path:
    """Write the chunks of a leaf step below `folder` and return the folder of the two files.

    The folder is named after the content: what has been written once is not written again. The rows stand in it twice:
    compressed in `00000.parquet`, and in `_rows.arrow` as `datasets` maps them into memory, which costs no memory.

    Args:
        step: The step's name, for the message.
        store: Its chunks.
        chunks: Which, in order.
        folder: Below it, a folder of this content is made.
        metadata: Whether the column `distilabel_metadata` is kept.
    """
    digest = digest_of("parquet, arrow", *(store.chunk(index).digest for index in chunks), str(metadata))
    target = folder / digest.hex()[:16]
    if not target.exists():
        part = folder / f"{target.name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write(step, lambda: _batches(store, chunks, metadata=metadata), part)
        part.rename(target)
    return target


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


def _write(step: str, batches: Callable[[], Iterator[list[Row]]], folder: Path) -> None:
    """Write in one pass with the schema of the first rows; where later ones do not fit it, once more with all."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import, and not needed before the end

    schema: Any = None
    try:
        while (wider := _write_once(pa, schema, batches(), folder)) is not None:
            schema = wider
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise DistilabelUserError(
            f"The rows of step {step!r} cannot be written as a table ({error}): give each column values of one type. The "
            "rows are kept; mend the step and run again."
        ) from error


def _write_once(pa: Any, schema: Any, batches: Iterator[list[Row]], folder: Path) -> Any:
    """Write all rows; return None if they fitted the schema, else the schema that they would have needed."""
    wider = False
    writers: tuple[Any, ...] = ()
    written: Future[None] | None = None
    # Compressing does not hold Python's lock: it is done while the next table is made.
    with ExitStack() as files, ThreadPoolExecutor(1) as beside:
        for rows in batches:
            table = _table(pa, rows)
            needed = pa.unify_schemas([schema or table.schema, table.schema], promote_options="permissive")
            wider = wider or (schema is not None and needed != schema)
            schema = needed
            if not wider and schema.names:  # rows without columns make no table
                writers = writers or _writers(files, schema, folder)
                fitted = _fitted(pa, table, rows, schema)
                if written is not None:
                    written.result()
                written = beside.submit(_put, writers, fitted)
        if written is not None:
            written.result()
    return schema if wider else None


def _put(writers: tuple[Any, ...], table: Any) -> None:
    for writer in writers:
        writer.write_table(table)


def _writers(files: ExitStack, schema: Any, folder: Path) -> tuple[Any, Any]:
    import pyarrow.parquet as pq  # noqa: PLC0415
    from pyarrow import ipc  # noqa: PLC0415

    if any(field.type == image_type() for field in schema):
        schema = features_of(schema).arrow_schema  # which says that they are images
    return (
        files.enter_context(pq.ParquetWriter(folder / "00000.parquet", schema, compression="zstd")),
        files.enter_context(ipc.new_stream(folder / ARROW_NAME, schema)),
    )


def _table(pa: Any, rows: list[Row]) -> Any:
    columns = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: _array(pa, [row.get(name) for row in rows]) for name in columns})


def _array(pa: Any, values: list[Any]) -> Any:
    array = _typed(pa, values, None)
    # Parquet has no struct without fields: a column of nothing but {} says nothing.
    return pa.nulls(len(values)) if array.type == pa.struct([]) else array


def _fitted(pa: Any, table: Any, rows: list[Row], schema: Any) -> Any:
    """Return the rows as a table of that schema; `table` holds them as they are by themselves."""
    return pa.table([_column(pa, table, rows, field) for field in schema], schema=schema)


def _column(pa: Any, table: Any, rows: list[Row], field: Any) -> Any:
    if field.name in table.column_names and table.schema.field(field.name).type == field.type:
        return table.column(field.name)
    # Made anew, not cast: Arrow (26.0, 2026-11) breaks lists of nothing but None where it casts them.
    return _typed(pa, [row.get(field.name) for row in rows], field.type)


def _typed(pa: Any, values: list[Any], kind: Any) -> Any:
    try:
        return pa.array(values, type=kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        if not any(map(_is_image, values)):
            raise
        return pa.array([_as_file(value) for value in values], type=kind or image_type())
    except UnicodeEncodeError:
        # Half of a pair of surrogates, as where an answer broke off within an emoji: no reason to withhold all rows.
        return pa.array([_encodable(value) for value in values], type=kind)


def _is_image(value: Any) -> bool:
    """Tell whether a value is an image of Pillow's, which need not be installed."""
    return type(value).__module__.startswith("PIL.") and hasattr(value, "save")


def _as_file(value: Any) -> Any:
    """Return an image as the file that it would be saved as."""
    if not _is_image(value):
        return value
    buffer = BytesIO()
    value.save(buffer, format="PNG" if value.mode in _KEPT_BY_PNG else "TIFF")
    return {"bytes": buffer.getvalue(), "path": None}


def _encodable(value: Any) -> Any:
    """Put U+FFFD in the place of each half of a pair of surrogates, and the character in that of a pair."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, list | tuple) else value
