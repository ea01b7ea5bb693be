"""The ledger: one Parquet row for every record in the set, whatever became of it. Written once per prepare run in constant
memory, read with DuckDB. Not for what OCLC answered (report_rows.py) nor for the files themselves."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oclc_console.errors import InputError
from oclc_console.files import sync_file, sync_folder
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS_IN_MEMORY = 50_000
_DIGESTS = ("sha256", "content")
_RISING = ("number", "offset", "length", "end")  # near to the one before
_OF_A_RUN = re.compile(r"\d{8}T\d{6}Z-prepare-")  # reports' rows stand in the same folder


def ledger_schema() -> pa.Schema:
    """The ledger's columns. `offset` and `length` are bytes in the source; `status` is leader/05; `fate` is stream,
    excluded:<rule>, unrouted, double or quarantined:<finding>; `outbox` and `end` (byte position of the record's end,
    1-based, as in OCLC's record key) are set when it stands in an output file. `sha256` is of its bytes, `content` of its
    fields without 005. A record of a `_delete` file has a row for each of its holdings; its `length` and digests are those of
    the record as completed (alma/deletes.py)."""
    import pyarrow as pa

    text, whole, digest = pa.string(), pa.int64(), pa.binary(32)
    return pa.schema([
        ("source", text), ("number", whole), ("offset", whole), ("length", whole), ("mms", text), ("lsn", text),
        ("ocn_in", whole), ("library", text), ("status", text), ("fate", text), ("stream", text), ("collection", text),
        ("outbox", text), ("end", whole), ("sha256", digest), ("content", digest),
    ])


class LedgerWriter:
    """Writes ledger rows into a Parquet file, some tens of thousands at a time: the same rows make the same file, in
    whatever portions they came."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        schema = ledger_schema()
        squeezed = {name: "NONE" if name in _DIGESTS else "ZSTD" for name in schema.names}  # digests are noise
        few = ["source", "library", "status", "fate", "stream", "collection", "outbox"]
        self._path = path
        self._writer = pq.ParquetWriter(path, schema, compression=squeezed, use_dictionary=few,
                                        column_encoding=dict.fromkeys(_RISING, "DELTA_BINARY_PACKED"))
        self._waiting: list[Any] = []
        self._rows = 0

    def add(self, rows: pa.Table) -> None:
        """Adds rows, in the ledger's schema."""
        self._waiting.append(rows)
        self._rows += rows.num_rows
        if self._rows >= ROWS_IN_MEMORY:
            self._flush(keep=self._rows % ROWS_IN_MEMORY)

    def _flush(self, keep: int) -> None:
        import pyarrow as pa

        if not self._waiting:
            return
        together = pa.concat_tables(self._waiting)
        self._writer.write_table(together.slice(0, self._rows - keep), row_group_size=ROWS_IN_MEMORY)
        self._waiting, self._rows = [together.slice(self._rows - keep)], keep

    def close(self) -> None:
        """Writes what is left and syncs the file."""
        self._flush(keep=0)
        self._writer.close()
        sync_file(self._path)
        sync_folder(self._path.parent)

    def abandon(self) -> None:
        """Closes without caring for what is left: the run goes no further."""
        self._waiting.clear()
        with contextlib.suppress(OSError):  # the file's end may not fit on the disk; the file is not wanted either
            self._writer.close()


def ledger_files(workspace: Workspace, symbol: str, runs: Sequence[str]) -> list[Path]:
    """The ledger files of these prepare runs that are there."""
    folder = workspace.root / "ledger" / folder_name(symbol)
    return [path for run in runs if (path := folder / f"{run}.parquet").is_file()]


def run_ledgers(workspace: Workspace, symbol: str) -> list[Path]:
    """The ledger files of all the symbol's prepare runs, oldest first."""
    folder = workspace.root / "ledger" / folder_name(symbol)
    return [path for path in sorted(folder.glob("*.parquet")) if _OF_A_RUN.match(path.name)]


def holdings_by_mms(ledgers: Sequence[Path], mms_ids: Sequence[str]) -> dict[str, list[tuple[str, str | None]]]:
    """For each MMS id that the ledgers (see `run_ledgers`) know: the (LSN, library) of its holdings, as the newest prepare
    run in which that id had any tells them; ids nobody knows are not in the answer. `_delete` files need it."""
    if not ledgers or not mms_ids:
        return {}
    question = """
        WITH met AS (SELECT mms, lsn, library, filename FROM read_parquet(?, filename = true)
                     WHERE lsn IS NOT NULL AND mms IN (SELECT unnest(?::VARCHAR[]))),
             newest AS (SELECT mms, max(parse_filename(filename, true)) AS run FROM met GROUP BY mms)
        SELECT DISTINCT met.mms, lsn, library FROM met
        JOIN newest ON met.mms = newest.mms AND parse_filename(met.filename, true) = newest.run ORDER BY ALL"""
    known: dict[str, list[tuple[str, str | None]]] = {}
    with asking() as database:
        for mms, lsn, library in database.execute(question, [list(map(str, ledgers)), list(mms_ids)]).fetchall():
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
