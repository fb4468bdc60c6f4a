"""Parquet and Feather (Arrow) tables through pyarrow, in a child process: columns of numbers and time stamps."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

import numpy as np

from bearing.errors import BearingError, UnreadableFile, UnsupportedFormat
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.column import Column, joined_at
from bearing.readers.columns.facts import Facts, facts_in_lines, facts_in_scalars
from bearing.readers.names import clean_file_name, split_unit
from bearing.recording import FloatArray, Recording
from bearing.settings import Limits

__all__ = ["read_feather", "read_parquet"]


def read_parquet(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a Parquet file. Raises UnreadableFile, UnsupportedFormat, TooLarge before columns are unpacked."""
    _need_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        meta, schema = file.metadata, file.schema_arrow
        wanted = _wanted(schema, bounds)
        rows, in_part = bounds.rows_within(meta.num_rows, max(len(wanted), 1))
        columns = [schema.names[index] for index in wanted]
        table = _first_rows(file, columns, rows) if in_part else file.read(columns=columns, use_threads=False)
    except BearingError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile("The Parquet file is damaged or cut off: save the table again.") from error
    return _recordings(table, schema, name, bounds, in_part)


def _first_rows(file: Any, columns: list[str], rows: int) -> Any:
    import pyarrow as pa

    batches, have = [], 0
    for batch in file.iter_batches(columns=columns, use_threads=False):
        batches.append(batch.slice(0, rows - have))
        have += batches[-1].num_rows
        if have >= rows:
            break
    return pa.Table.from_batches(batches)


def read_feather(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a Feather (Arrow IPC) file. Raises as `read_parquet`."""
    _need_pyarrow()
    import pyarrow as pa
    import pyarrow.ipc as ipc

    try:
        whole = ipc.open_file(pa.BufferReader(data))
        schema = whole.schema
        wanted = _wanted(schema, bounds)
        bounds.check_elements(whole.num_record_batches)
        options = ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        file = ipc.open_file(pa.BufferReader(data), options=options)
        batches, rows = [], 0
        in_part: tuple[str, ...] = ()
        for index in range(file.num_record_batches):
            batches.append(file.get_batch(index))
            most, in_part = bounds.rows_within(rows + batches[-1].num_rows, max(len(wanted), 1))
            batches[-1] = batches[-1].slice(0, most - rows)
            rows = most
            if in_part:
                break
        table = pa.Table.from_batches(batches, file.schema)
    except BearingError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile("The Feather file is damaged or cut off: save the table again.") from error
    return _recordings(table, schema, name, bounds, in_part)


def _need_pyarrow() -> None:
    if find_spec("pyarrow") is None:
        raise UnsupportedFormat("Reading Parquet and Feather needs pyarrow: install it, or save the table as CSV.")


def _wanted(schema: Any, bounds: Limits) -> list[int]:
    """Indices of the columns that hold numbers, time stamps or lists of numbers."""
    import pyarrow.types as kinds

    bounds.check_columns(len(schema.names))
    return [
        index
        for index, field in enumerate(schema)
        if kinds.is_floating(field.type)
        or kinds.is_integer(field.type)
        or kinds.is_temporal(field.type)
        or kinds.is_decimal(field.type)
        or _lists_numbers(field.type)
    ]


def _lists_numbers(kind: Any) -> bool:
    import pyarrow.types as kinds

    listed = kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind)
    return bool(listed and (kinds.is_floating(kind.value_type) or kinds.is_integer(kind.value_type)))


def _recordings(table: Any, schema: Any, source: str, bounds: Limits, notes: tuple[str, ...]) -> list[Recording]:
    names = list(dict.fromkeys(table.column_names))
    listed = [name for name in names if _lists_numbers(table.column(name).type)]
    columns = [Column(*_name_and_values(name, table.column(name))) for name in names if name not in listed]
    if listed:
        said = {one.name: float(one.values[0]) for one in columns if one.values.size and np.ptp(one.values) == 0}
        facts = Facts(notes=notes).or_else(facts_in_scalars(said, "column")).or_else(_facts(schema))
        return to_recordings([_pieces(name, table.column(name), bounds) for name in listed], source, bounds, facts)
    if not columns:
        raise UnsupportedFormat(f"No column of numbers in '{clean_file_name(source)}': it holds text or nested values.")
    return to_recordings(columns, source, bounds, Facts(notes=notes).or_else(_facts(schema)))


def _pieces(name: str, column: Any, bounds: Limits) -> Column:
    """A column whose every cell lists the samples of a snapshot."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy().astype(np.int64)
    bounds.check_samples(int(lengths.sum()))
    values = np.asarray(pc.list_flatten(column).cast(pa.float64(), safe=False).to_numpy(), np.float64)
    breaks = np.unique(np.cumsum(lengths))[:-1]
    label, unit = split_unit(name)
    whole = Column(label, values, unit)
    return joined_at(whole, breaks[breaks > 0]) if breaks.size else whole


def _name_and_values(name: str, column: Any) -> tuple[str, FloatArray, str]:
    """Name, values and unit; time stamps in seconds from the first."""
    import pyarrow as pa

    if pa.types.is_temporal(column.type):
        if pa.types.is_date(column.type) or pa.types.is_time(column.type):
            column = column.cast(pa.timestamp("ns") if pa.types.is_date(column.type) else pa.int64(), safe=False)
        stamps = column.to_numpy()
        if stamps.dtype.kind in "mM":
            nanoseconds = stamps.astype(stamps.dtype.kind + "8[ns]").astype(np.int64)
            seconds = (nanoseconds - nanoseconds[0]) * 1e-9 if len(stamps) else nanoseconds * 1e-9
            return name, np.where(np.isnat(stamps), np.nan, seconds), "s"
        return name, np.asarray(stamps, np.float64), ""
    label, unit = split_unit(name)
    return label, np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64), unit


def _facts(schema: Any) -> Facts:
    """Facts in the file's own key-value metadata (``fs``: ``12000``), where somebody wrote them."""
    pairs: Iterable[tuple[bytes, bytes]] = (schema.metadata or {}).items()
    lines = [
        f"{key.decode('utf-8', 'replace')}: {value.decode('utf-8', 'replace')}"
        for key, value in pairs
        if len(value) < 200 and key not in (b"pandas", b"ARROW:schema")
    ]
    return facts_in_lines(lines[:100])
