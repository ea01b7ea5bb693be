"""The ledger: one Parquet row for every record in the set, whatever became of it. Written once per prepare run in constant
memory, read with DuckDB. Not for what OCLC answered (report_rows.py) nor for the files themselves."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oclc_console.errors import InputError
from oclc_console.files import sync_folder
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    import duckdb

ROWS_IN_MEMORY = 50_000
_OF_A_RUN = re.compile(r"\d{8}T\d{6}Z-prepare-")  # reports' rows stand in the same folder


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One record. `offset` and `length` are bytes in the source; `fate` is stream, excluded:<rule>, unrouted, double or
    quarantined:<finding>; `outbox`, `end` (byte position of its end, 1-based, as in OCLC's record key) are set when it
    stands in an output file. `sha256` is of its bytes, `content` of its fields without 005."""

    source: str
    number: int
    offset: int
    length: int
    mms: str | None
    lsn: str | None
    ocn_in: int | None
    library: str | None
    status: str | None
    fate: str
    stream: str | None
    collection: str | None
    outbox: str | None
    end: int | None
    sha256: bytes
    content: bytes | None


class LedgerWriter:
    """Writes ledger rows into a Parquet file, some tens of thousands at a time."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        text, whole, digest = pa.string(), pa.int64(), pa.binary(32)
        kinds = [text, whole, whole, whole, text, text, whole, text, text, text, text, text, text, whole, digest, digest]
        names = list(LedgerRow.__dataclass_fields__)
        self._path, self._pa = path, pa
        self._schema = pa.schema(list(zip(names, kinds, strict=True)))
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[tuple[Any, ...]] = []

    def add(self, row: LedgerRow) -> None:
        """Adds one row."""
        self._rows.append(astuple(row))
        if len(self._rows) >= ROWS_IN_MEMORY:
            self._flush()

    def _flush(self) -> None:
        columns = list(zip(*self._rows, strict=True)) or [() for _ in self._schema]
        arrays = [self._pa.array(column, kind.type) for column, kind in zip(columns, self._schema, strict=True)]
        self._writer.write_table(self._pa.table(arrays, schema=self._schema))
        self._rows.clear()

    def close(self) -> None:
        """Writes what is left and syncs the file."""
        import os

        self._flush()
        self._writer.close()
        with open(self._path, "rb+") as handle:
            os.fsync(handle.fileno())
        sync_folder(self._path.parent)

    def abandon(self) -> None:
        """Closes without caring for what is left: the run goes no further."""
        self._rows.clear()
        with contextlib.suppress(OSError):  # the file's end may not fit on the disk; the file is not wanted either
            self._writer.close()


def ledger_files(workspace: Workspace, symbol: str, runs: Sequence[str]) -> list[Path]:
    """The ledger files of these prepare runs that are there."""
    folder = workspace.root / "ledger" / folder_name(symbol)
    return [path for run in runs if (path := folder / f"{run}.parquet").is_file()]


def holdings_by_mms(workspace: Workspace, symbol: str, mms_ids: Sequence[str]) -> dict[str, list[tuple[str, str | None]]]:
    """For each MMS id that the symbol's ledgers know: the (LSN, library) of its holdings, as the newest prepare run in
    which that id had any tells them; ids nobody knows are not in the answer. `_delete` files need it."""
    folder = workspace.root / "ledger" / folder_name(symbol)
    ledgers = [str(path) for path in sorted(folder.glob("*.parquet")) if _OF_A_RUN.match(path.name)]
    if not ledgers or not mms_ids:
        return {}
    question = """
        WITH met AS (SELECT mms, lsn, library, filename FROM read_parquet(?, filename = true)
                     WHERE lsn IS NOT NULL AND mms IN (SELECT unnest(?::VARCHAR[]))),
             newest AS (SELECT mms, max(parse_filename(filename, true)) AS run FROM met GROUP BY mms)
        SELECT DISTINCT met.mms, lsn, library FROM met
        JOIN newest ON met.mms = newest.mms AND parse_filename(met.filename, true) = newest.run ORDER BY ALL"""
    known: dict[str, list[tuple[str, str | None]]] = {}
    with connect() as database:
        for mms, lsn, library in database.execute(question, [ledgers, list(mms_ids)]).fetchall():
            known.setdefault(mms, []).append((lsn, library))
    return known


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory to ask questions over Parquet files; it never reads a report's text."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = true")
    return connection


@contextlib.contextmanager
def asking() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB for some questions, closed after them. Raises InputError, with the file's name, when a Parquet file is
    damaged."""
    import duckdb

    connection = connect()
    try:
        yield connection
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(f"a file of the ledger can't be read ({reason})", where="ledger",
                         then="Put it back from a backup, or move it away and prepare or import what it was made from again."
                         ) from error
    finally:
        connection.close()
