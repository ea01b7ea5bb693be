"""OCLC's exceptions: what OCLC wrote about single records, one TinyDB document a line, written once per report and
never changed. Stock TinyDB opens such a file; we open it by memory map, with an index of where each document stands,
so that a page of 50 reads 50 small pieces of it. Needs no network and no query engine. Not for what people do about a
rejection.

    rejections/ZMD/<report name>.json    {"exceptions": {"1": {...}, "2": {...}}}, a document a line
"""

from __future__ import annotations

import mmap
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

import orjson

from oclc_console.errors import InputError
from oclc_console.files import replacing
from oclc_console.oclc.reports import BLANK, ReportRow
from oclc_console.store.exception_index import HEAD, TAIL, index_of, read_document
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    from tinydb import TinyDB

Document = dict[str, Any]
TABLE = "exceptions"
OUTCOME = "Outcome"  # the type of a document that a row of a BibProcessingReport makes
UNREADABLE = "Unreadable line"  # the type of one that a line makes which could not be read
_OPEN_AT_ONCE = 16


def exceptions_path(workspace: Workspace, symbol: str, name: str) -> Path:
    """Where a report's exceptions stand."""
    return workspace.root / "rejections" / folder_name(symbol) / f"{name}.json"


def document_of(row: ReportRow) -> Document | None:
    """What a line of a report tells a cataloguer, or None when there is nothing to tell: the record was taken. gathering.py
    asks the same of many lines at once."""
    document = {
        "line": row.line, "key": row.key, "lsn": row.lsn, "n": row.n, "ocn_in": row.ocn_in, "ocn_out": row.ocn_out,
        "type": row.type, "severity": row.severity or "", "text": row.text or "", "outcome": row.outcome, "raw": row.raw,
    }
    if row.is_rejection:
        return {**document, "type": OUTCOME, "text": row.why if row.outcome == BLANK else row.outcome}
    return document if row.type is not None else None


def write_exceptions(
    workspace: Workspace, symbol: str, name: str, rows: Iterable[ReportRow], *,
    original: str = "", received: str | None = None, keep_refused: bool = False,
) -> int:
    """Writes the documents of a report, atomically, and their index; the number of documents. `keep_refused`: a refused
    line makes a document too: somebody has to look at it."""
    workspace.at("rejections", symbol)
    path, count = exceptions_path(workspace, symbol, name), 0
    with replacing(path) as handle:
        handle.write(HEAD)
        for row in rows:
            document = document_of(row)
            if document is None and keep_refused and row.status == "refused":
                document = {**_empty(row), "type": UNREADABLE, "text": row.why}
            if document is None:
                continue
            count += 1
            body = orjson.dumps({**document, "original": original, "received": received})
            handle.write(b'%b\n"%d":%b' % (b"," if count > 1 else b"", count, body))
        handle.write(TAIL)
    with ExceptionFile(path):
        return count


def _empty(row: ReportRow) -> Document:
    nothing = dict.fromkeys(("lsn", "n", "ocn_in", "ocn_out", "type"))
    return {"line": row.line, "key": "", **nothing, "severity": "", "text": "", "outcome": None, "raw": row.raw}


class ExceptionFile(Sequence[Document]):
    """The documents of one report, in the order of its lines. Raises InputError when the file is not as we wrote it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with open(path, "rb") as handle:
                self._data = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        except (FileNotFoundError, ValueError) as error:  # ValueError: an empty file can't be mapped
            raise InputError("the exceptions of this report are not here", where=str(path),
                             then=f"Import {path.stem} from the reports folder again.") from error
        try:
            self._index = index_of(path, self._data)
        except BaseException:
            self._data.close()
            raise

    def __len__(self) -> int:
        return len(self._index.starts)

    @overload
    def __getitem__(self, at: int) -> Document: ...
    @overload
    def __getitem__(self, at: slice) -> list[Document]: ...
    def __getitem__(self, at: int | slice) -> Document | list[Document]:
        if isinstance(at, slice):
            return [self._document(i) for i in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._document(at % len(self))

    def _document(self, at: int) -> Document:
        return read_document(self.path, self._data[self._index.starts[at] : self._index.ends[at]])

    def page(self, offset: int, count: int) -> list[Document]:
        """`count` documents from `offset` on; fewer at the end."""
        return self[max(0, offset) : max(0, offset) + max(0, count)]

    def matching(self, text: str) -> list[int]:
        """The documents (counted from 0) whose LSN, severity or text holds `text`, whatever its case."""
        return self._index.holding(text)

    def of_record(self, lsn_or_key: str) -> list[int]:
        """The documents about one record, by its LSN or its record key."""
        found: set[int] = set()
        for name in ("lsn", "key"):
            needle = f'"{name}":'.encode() + orjson.dumps(lsn_or_key.encode("utf-8", "backslashreplace").decode())
            position = self._data.find(needle)
            while position >= 0:
                found.add(self._index.document_at(position))
                position = self._data.find(needle, position + len(needle))
        return sorted(found)

    def close(self) -> None:
        """Gives the memory map back."""
        self._data.close()

    def __enter__(self) -> ExceptionFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_exceptions(workspace: Workspace, symbol: str, name: str) -> ExceptionFile:
    """The exceptions of one report."""
    return ExceptionFile(exceptions_path(workspace, symbol, name))


def open_in_tinydb(workspace: Workspace, symbol: str, name: str) -> TinyDB:
    """The same file as a TinyDB to look at (table `exceptions`): for questions of one's own. It can't be written."""
    from tinydb import TinyDB

    return TinyDB(exceptions_path(workspace, symbol, name), access_mode="r", encoding="utf-8")


class AllExceptions(Sequence[Document]):
    """The exceptions of many reports as one long list, that of the newest upload first. Each document also says its
    `symbol` and `report`. Files are opened when they are needed; a few stay open."""

    def __init__(self, workspace: Workspace, infos: Iterable[ReportInfo]) -> None:
        self._workspace = workspace
        self._infos = [info for info in infos if info.documents]
        self._starts = [0]
        for info in self._infos:
            self._starts.append(self._starts[-1] + info.documents)
        self._open: OrderedDict[int, ExceptionFile] = OrderedDict()

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, at: int) -> Document: ...
    @overload
    def __getitem__(self, at: slice) -> list[Document]: ...
    def __getitem__(self, at: int | slice) -> Document | list[Document]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        part = bisect_right(self._starts, at) - 1
        return self._named(part, self._file(part)[at - self._starts[part]])

    def page(self, offset: int, count: int) -> list[Document]:
        """`count` documents from `offset` on; fewer at the end."""
        return self[max(0, offset) : max(0, offset) + max(0, count)]

    def matching(self, text: str) -> list[int]:
        """The places in this list whose LSN, severity or text holds `text`, whatever its case."""
        return [self._starts[part] + i for part in range(len(self._infos)) for i in self._file(part).matching(text)]

    def of_record(self, lsn_or_key: str) -> list[Document]:
        """Everything about one record, by its LSN or its record key."""
        return [self._named(part, self._file(part)[i])
                for part in range(len(self._infos)) for i in self._file(part).of_record(lsn_or_key)]

    def _named(self, part: int, document: Document) -> Document:
        return {**document, "symbol": self._infos[part].symbol, "report": self._infos[part].name}

    def _file(self, part: int) -> ExceptionFile:
        if part in self._open:
            self._open.move_to_end(part)
            return self._open[part]
        info = self._infos[part]
        file = self._open[part] = open_exceptions(self._workspace, info.symbol, info.name)
        if len(self._open) > _OPEN_AT_ONCE:
            self._open.popitem(last=False)[1].close()
        if len(file) != info.documents:
            raise InputError(f"{len(file):,} exceptions where there were {info.documents:,}", where=str(file.path),
                             then=f"Delete this file, then import {info.name} from the reports folder again.")
        return file

    def close(self) -> None:
        """Gives all memory maps back."""
        while self._open:
            self._open.popitem()[1].close()


def all_exceptions(workspace: Workspace, symbol: str | None = None) -> AllExceptions:
    """The exceptions of every filed report, or of one symbol's, as they are now."""
    return AllExceptions(workspace, list_reports(workspace, symbol))


def records(workspace: Workspace, symbol: str | None = None) -> dict[tuple[str, str], list[int]]:
    """The records that OCLC complained about: (symbol, LSN or record key) -> places in `all_exceptions`. A line that
    tells of no record stands alone under its report and line number."""
    found: dict[tuple[str, str], list[int]] = {}
    for at, document in enumerate(_each(all_exceptions(workspace, symbol))):
        record = document["lsn"] or document["key"] or f"{document['report']}, line {document['line']}"
        found.setdefault((document["symbol"], record), []).append(at)
    return found


def _each(exceptions: AllExceptions) -> Iterator[Document]:
    try:
        yield from exceptions
    finally:
        exceptions.close()
