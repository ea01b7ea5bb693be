"""A filed report in the ledger: a Parquet file with a row a line (refused lines too), and beside it a small JSON file
that says what the report is and how many of what it holds, so that lists and counts never open the rows. Both are
derived from the report as it came, which stands in `reports/` and is written last: a report counts once its file
stands there. Not for OCLC's complaints as pages (rejections.py).

    ledger/ZMD/<report name>.parquet    <report name>.json
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.errors import InputError
from oclc_console.files import replace_file, replacing
from oclc_console.oclc.report_layouts import LAYOUT_OF
from oclc_console.oclc.reports import ReportRow
from oclc_console.workspace import Workspace, folder_name

_BATCH = 20_000
_REFUSED_SHOWN = 5
ROW_COLUMNS = tuple(each.name for each in fields(ReportRow))
_NUMBERS = frozenset({"line", "epoch_ms", "n", "ocn_in", "ocn_out"})
_FLAGS = frozenset({"staging", "other_job"})


@dataclass(frozen=True)
class Tally:
    """How many of what a report holds. `rows` were read, `refused` were not; `records` are distinct LSNs or, where a
    row has none, record keys. `outcomes`, `severities` and `exceptions` (by type) count rows. `rejected` counts distinct
    records with another outcome than an accepted one; `ends` distinct places in the upload (N), `last_end` the last.
    `refused_lines` are the first few that were not read: {line, why}. `headings` of the rows tell of no record; `other_job`
    of them are about another upload, and count neither in `outcomes` nor in what follows from these."""

    rows: int
    refused: int
    records: int
    outcomes: dict[str, int]
    severities: dict[str, int]
    exceptions: dict[str, int]
    data_errors_without_lsn: int
    rejected: int
    ends: int
    last_end: int
    refused_lines: list[dict[str, Any]] = field(default_factory=list, kw_only=True)
    headings: int = field(default=0, kw_only=True)
    other_job: int = field(default=0, kw_only=True)


@dataclass(frozen=True)
class ReportInfo(Tally):
    """What is known of a filed report. `symbol` is its folder; `original` the uploaded file it answers (empty when its
    name doesn't say); `received` when OCLC received that file, an ISO instant; `epoch_ms` the same by its record keys;
    `documents` how many exception documents it made; `superseded` how many records it answers again that the reports
    `supersedes` had answered. `sha256` and `bytes` are of the report as it came, `text_sha256` of the text inside, should it
    have come zipped. `layout` is how its rows were read, `reading` the mark of what console.toml then said of reports;
    `blank` counts its blank lines, which are no rows."""

    name: str
    type: str
    understood: bool
    symbol: str
    sender: str
    collection: str
    original: str
    received: str | None
    epoch_ms: int | None
    filed_at: str
    filed_by: str
    sha256: str
    bytes: int
    documents: int
    superseded: int
    text_sha256: str
    layout: str = field(default="lines", kw_only=True)
    reading: str = field(default="", kw_only=True)
    blank: int = field(default=0, kw_only=True)
    supersedes: list[str] = field(default_factory=list, kw_only=True)

    @property
    def instant_ms(self) -> int:
        """When the upload was received, in milliseconds: by its record keys, else by its name, else when we filed
        it."""
        if self.epoch_ms is not None:
            return self.epoch_ms
        return round(clock.parse(self.received or self.filed_at).timestamp() * 1000)


def rows_path(workspace: Workspace, symbol: str, name: str) -> Path:
    """Where a report's rows stand, as Parquet."""
    return workspace.root / "ledger" / folder_name(symbol) / f"{name}.parquet"


def info_path(workspace: Workspace, symbol: str, name: str) -> Path:
    """Where a report's counts stand, as JSON."""
    return workspace.root / "ledger" / folder_name(symbol) / f"{name}.json"


def kept_path(workspace: Workspace, symbol: str, name: str) -> Path:
    """Where the report stands, byte for byte as it came."""
    return workspace.root / "reports" / folder_name(symbol) / name


def file_rows(workspace: Workspace, symbol: str, name: str, original: str, rows: Iterable[ReportRow]) -> Tally:
    """Writes the report's rows as Parquet, atomically, with the report's and the uploaded file's names; counts them. Of a row
    about another upload the file's name is not known: it is empty there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column, pa.int64() if column in _NUMBERS else pa.bool_() if column in _FLAGS else pa.string())
                        for column in (*ROW_COLUMNS, "report", "original")])
    counts, waiting = _Counts(), iter(rows)
    workspace.at("ledger", symbol)
    with replacing(rows_path(workspace, symbol, name)) as handle, pq.ParquetWriter(handle, schema) as writer:
        while batch := list(islice(waiting, _BATCH)):
            for row in batch:
                counts.add(row)
            columns: dict[str, list[Any]] = {column: list(map(attrgetter(column), batch)) for column in ROW_COLUMNS}
            names = {"report": [name] * len(batch), "original": ["" if row.other_job else original for row in batch]}
            writer.write_table(pa.Table.from_pydict({**columns, **names}, schema=schema))
    return counts.tally()


@dataclass
class _Counts:
    rows: int = 0
    refused: int = 0
    nameless: int = 0
    headings: int = 0
    other_job: int = 0
    records: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    exceptions: Counter[str] = field(default_factory=Counter)
    rejected: set[str] = field(default_factory=set)
    ends: set[int] = field(default_factory=set)
    refused_lines: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: ReportRow) -> None:
        if row.status == "refused":
            self.refused += 1
            if len(self.refused_lines) < _REFUSED_SHOWN:
                self.refused_lines.append({"line": row.line, "why": row.why})
            return
        self.rows += 1
        self.headings += row.status == "heading"
        self.other_job += row.other_job
        if row.record:
            self.records.add(row.record)
        if row.outcome is not None and not row.other_job:
            self.outcomes[row.outcome] += 1
            self.ends.add(row.n or 0)
            if row.is_rejection:
                self.rejected.add(row.key or row.raw)
        if row.type is not None:
            self.exceptions[row.type] += 1
        if row.severity:
            self.severities[row.severity] += 1
        if not row.lsn and "data error" in (row.outcome, (row.type or "").lower()):
            self.nameless += 1

    def tally(self) -> Tally:
        return Tally(self.rows, self.refused, len(self.records), _ordered(self.outcomes), _ordered(self.severities),
                     _ordered(self.exceptions), self.nameless, len(self.rejected), len(self.ends),
                     max(self.ends, default=0), refused_lines=self.refused_lines, headings=self.headings,
                     other_job=self.other_job)


def _ordered(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def file_info(workspace: Workspace, info: ReportInfo) -> None:
    """Writes what is known of a report, atomically."""
    workspace.at("ledger", info.symbol)
    replace_file(info_path(workspace, info.symbol, info.name), orjson.dumps(asdict(info), option=orjson.OPT_INDENT_2))


def list_reports(workspace: Workspace, symbol: str | None = None) -> list[ReportInfo]:
    """Every filed report, or one symbol's, that of the newest upload first. Reads the small JSON files only."""
    infos = [info for folder in _folders(workspace, symbol) for info in _filed_in(workspace, folder)]
    return sorted(infos, key=lambda info: (info.instant_ms, info.filed_at, info.name), reverse=True)


def _folders(workspace: Workspace, symbol: str | None) -> list[str]:
    reports = workspace.root / "reports"
    if symbol is not None:
        return [folder_name(symbol)] if (reports / folder_name(symbol)).is_dir() else []
    return sorted(entry.name for entry in os.scandir(reports) if entry.is_dir()) if reports.is_dir() else []


def _filed_in(workspace: Workspace, folder: str) -> Iterator[ReportInfo]:
    for name in sorted(os.listdir(workspace.root / "reports" / folder)):
        path = info_path(workspace, folder, name)
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # a temporary file, or one that somebody put there by hand and never imported
        yield _read_info(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=100_000)
def _read_info(path: Path, changed_ns: int, size: int) -> ReportInfo:
    """The counts in one file; remembered for as long as the file is the same."""
    try:
        kept = orjson.loads(path.read_bytes())
        # written before there were zips (one checksum for both), or when only two layouts were read
        return ReportInfo(**{"text_sha256": kept["sha256"], "layout": LAYOUT_OF.get(kept["type"], "lines"), **kept})
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"the counts of this report can't be read ({error})", where=str(path),
                         then=f"Delete this file, then import {path.stem} from the reports folder again.") from error


def answered_records(path: Path, *, by_place: bool = True) -> set[str]:
    """The records that a filed report answers: their LSNs or, where a row has none, the byte position of the record in
    the uploaded file (the same in every rerun of that file), unless `by_place` is false. Rows about another upload don't
    count."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    records: set[str] = set()
    try:
        with pq.ParquetFile(path) as file:
            flags = [name for name in ("other_job",) if name in file.schema_arrow.names]  # older files have no such column
            for batch in file.iter_batches(_BATCH, columns=["lsn", "n", *flags]):
                others = batch["other_job"].to_pylist() if flags else [False] * len(batch)
                for lsn, n, other in zip(batch["lsn"].to_pylist(), batch["n"].to_pylist(), others, strict=True):
                    if not other and (lsn or (by_place and n is not None)):
                        records.add(lsn or f"byte {n}")
    except pa.ArrowInvalid as error:
        raise _damaged(path, str(error)) from error
    return records


def first_places(path: Path, count: int) -> list[tuple[int, str]]:
    """(N, LSN) of the first rows of a filed report that have both and are about its own upload."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: list[tuple[int, str]] = []
    try:
        with pq.ParquetFile(path) as file:
            flags = [name for name in ("other_job",) if name in file.schema_arrow.names]
            for batch in file.iter_batches(_BATCH, columns=["n", "lsn", *flags]):
                found += [(row["n"], row["lsn"]) for row in batch.to_pylist()
                          if row["n"] is not None and row["lsn"] and not row.get("other_job")]
                if len(found) >= count:
                    break
    except pa.ArrowInvalid as error:
        raise _damaged(path, str(error)) from error
    return found[:count]


def _damaged(path: Path, what: str) -> InputError:
    return InputError(f"the rows of this report can't be read ({what.strip()})", where=str(path),
                      then=f"Delete this file, then import {path.stem} from the reports folder again.")
