"""Gathers what all reports of a symbol say about each record that OCLC ever complained about: its appearances, whether OCLC
took it in the end, and, from the ledger, its library, stream and title as sent. The outcome does not depend on the order
in which reports were imported. Not for reading the columns it writes (gathered.py).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np

from oclc_console.errors import HereError
from oclc_console.files import locked
from oclc_console.oclc.meanings import Meanings, load_meanings
from oclc_console.store.columns import NEVER, Column, Strings, crcs, strings_of
from oclc_console.store.gathered import (
    CURRENT,
    MINOR,
    NOISE,
    PLAIN,
    REFUSED,
    TAKEN,
    VERSION,
    Gathered,
    gathered_path,
    load_gathered,
)
from oclc_console.store.ledger import asking
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.store.said import (
    RIDES_ALONG,
    STOPS_A_RECORD,
    Told,
    explain,
    find_places,
    name_records,
    read_reports,
    tell_appearances,
    tell_records,
)
from oclc_console.store.titles_as_sent import titles_as_sent
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_FEW_ROWS = 50_000  # a console gathers so many itself
_LOOK_SECONDS = 0.5  # between looks whether to stop


def sources_of(workspace: Workspace, symbol: str, meanings: Meanings) -> str:
    """What tells whether a symbol's columns are still made of what is here: its reports, its ledgers, the meanings. Reads
    folders only."""
    seen = sha256(f"{VERSION} {meanings.digest}".encode())
    for kind in ("reports", "ledger"):
        with suppress(FileNotFoundError):
            entries = sorted((entry.name, entry.stat()) for entry in os.scandir(workspace.root / kind / folder_name(symbol))
                             if not entry.name.startswith("."))
            for name, now in entries:
                seen.update(f"\n{name} {now.st_size} {now.st_mtime_ns if kind == 'ledger' else ''}".encode(errors="replace"))
    return seen.hexdigest()


def gather(workspace: Workspace, symbol: str) -> bool:
    """Brings a symbol's columns up to date; whether anything had changed. One process at a time does it."""
    meanings = load_meanings(workspace.root)
    path = gathered_path(workspace, symbol)
    if _is_made_of(load_gathered(path), sources_of(workspace, symbol, meanings)):
        return False
    workspace.at("rejections", symbol)
    with locked(path.with_name(path.name + ".lock"), doing="gathering rejections", wait_seconds=600):
        sources = sources_of(workspace, symbol, meanings)
        if _is_made_of(load_gathered(path), sources):
            return True
        gathered(workspace, symbol, meanings, sources).save(path)
    return True


def gather_aside(workspace: Workspace, symbol: str, stop: Event | None = None) -> bool:
    """The same in a process of its own where there is much to gather: a console has no memory for it, and no time. `stop`
    ends that process; False then."""
    if sum(info.rows for info in list_reports(workspace, symbol)) <= _FEW_ROWS:
        return gather(workspace, symbol)
    with ProcessPoolExecutor(1, get_context("spawn")) as aside:
        process = aside.submit(os.getpid).result()
        gathered = aside.submit(_gather_at, workspace.root, workspace.acting_as, symbol)
        while not wait([gathered], _LOOK_SECONDS).done:
            if stop is not None and stop.is_set():
                os.kill(process, signal.SIGTERM)
                return False
        try:
            return gathered.result()
        except BrokenProcessPool as error:
            raise HereError(f"the process that gathered the rejections of {symbol} was ended", where=str(workspace.root),
                            then="Nothing is lost. Look whether this machine has memory left, then try again.") from error


def _gather_at(root: Path, acting_as: str | None, symbol: str) -> bool:
    return gather(Workspace(root, acting_as), symbol)


def _is_made_of(here: Gathered | None, sources: str) -> bool:
    return here is not None and (here.about["sources"] == sources or bool(here.about["fixed"]))


def gathered(workspace: Workspace, symbol: str, meanings: Meanings, sources: str = "") -> Gathered:
    """The columns, made anew from the reports' rows and the ledger."""
    infos = sorted(list_reports(workspace, symbol), key=lambda info: (info.instant_ms, info.filed_at, info.name))
    with asking() as database:
        read_reports(database, workspace, infos)
        told = explain(database, meanings)
        find_places(database, workspace, symbol)
        name_records(database)
        database.execute("CREATE TEMP TABLE located AS SELECT DISTINCT id FROM named WHERE located")
        tell_appearances(database)
        tell_records(database)
        return columns_of(database, workspace, symbol, infos, told, sources)


# as columns


def columns_of(
    database: duckdb.DuckDBPyConnection, workspace: Workspace, symbol: str, infos: Sequence[ReportInfo], told: Told,
    sources: str,
) -> Gathered:
    columns: dict[str, Column] = {"text_group": np.array(told.groups, np.uint32)}
    words: dict[str, list[str]] = {"group": told.group_ids}
    places = _asked(database, "SELECT coalesce(outbox, '') AS outbox, coalesce(record_end, 0) AS record_end FROM records "
                    "ORDER BY id")
    titles = strings_of(titles_as_sent(workspace, symbol, zip(
        *(places[name].to_pylist() for name in ("outbox", "record_end")), strict=True)))
    for table, question in _TABLES.items():
        answer = _asked(database, question)
        for name in answer.column_names:
            full = f"{table}{name}"
            if (kind := _KINDS.get(name)) is None:
                words[full], columns[full] = _coded(answer[name])
            else:
                columns[full] = answer[name].to_numpy().astype(kind)
        if table:
            starts = np.searchsorted(columns.pop(f"{table}row"), np.arange(len(titles) + 1))
            columns[f"{table}start"] = starts.astype(np.int32)
    what = columns.pop("line_what")
    columns["line_group"] = columns["text_group"][what] if len(what) else what
    words["line_type"], words["line_severity"] = sorted(set(told.types)), sorted(set(told.severities))
    for name, each in (("type", told.types), ("severity", told.severities)):
        place = np.array([words[f"line_{name}"].index(word) for word in each], np.uint32)
        columns[f"line_{name}"] = place[what] if len(what) else what
    columns["line_text"] = what
    columns |= _judged(columns, len(titles))
    strings = {"text": strings_of(told.texts), "title": titles, **_keys(database, titles)}
    columns["name_sum"], columns["name_row"], strings["name"] = _names(database)
    reports = [{"name": info.name, "received": info.received or "", "type": info.type} for info in infos]
    return Gathered({"symbol": folder_name(symbol), "sources": sources, "reports": reports, "fixed": False}, words, columns,
                    strings)


# how wide a column of numbers is; a column that is not here holds words
_KINDS: dict[str, type] = {
    "row": np.int32, "group": np.uint32, "report": np.uint32, "received": np.int64, "end": np.int64, "ocn_in": np.int64,
    "ocn_out": np.int64, "flags": np.uint8, "rank": np.uint8, "line": np.int32, "document": np.int32, "what": np.uint32,
    "times": np.uint32, "seen": np.uint16, "at": np.int64, "epoch": np.int64, "word": np.uint8, "superseded": np.bool_,
}
_TABLES = {
    "": """SELECT severity, outcome, library, stream, upload, grp AS "group", report, received, "end", ocn_in, ocn_out, flags,
                  rank FROM records ORDER BY id""",
    # OCLC's lines, the newest upload's first. A line counts for the groups of its record (PLAIN) unless it only rides along:
    # MINOR, noise, or the bare outcome of a record that has a fault with a name
    "line_": f"""
        WITH told AS (
            SELECT l.*, s.number, t.noise, t.severity, s.number = n.complained AS current,
                   max(l.rank) OVER (PARTITION BY l.id, s.number) AS best
            FROM lines l JOIN seen s USING (id, file, place, epoch) JOIN newest n ON n.id = l.id JOIN texts t USING (what))
        SELECT id AS row, first.report AS report, first.line AS line, first.document AS document, what, times, number AS seen,
               CASE WHEN noise THEN {NOISE} ELSE 0 END + CASE WHEN upper(severity) = 'MINOR' THEN {MINOR} ELSE 0 END
               + CASE WHEN current THEN {CURRENT} ELSE 0 END
               + CASE WHEN current AND (rank >= {STOPS_A_RECORD} OR (rank > {RIDES_ALONG} AND rank = best))
                      THEN {PLAIN} ELSE 0 END AS flags
        FROM told ORDER BY id, number DESC, rank DESC, first.report, first.line""",
    "seen_": f"""
        SELECT id AS row, began AS "at", epoch, report, original AS upload, coalesce(n, {NEVER}) AS "end",
               coalesce(outcome, '') AS outcome, coalesce(ocn_out, {NEVER}) AS ocn_out, word, superseded
        FROM seen JOIN files ON files.file = seen.upload ORDER BY id, number""",
}


def _asked(database: duckdb.DuckDBPyConnection, question: str) -> pa.Table:
    return database.sql(question).to_arrow_table()


def _keys(database: duckdb.DuckDBPyConnection, titles: Strings) -> dict[str, Strings]:
    """The texts of records: keys, OCLC's record keys, and what is searched in."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = _asked(database, f"""
        SELECT ids.name AS key, coalesce(a.key, '') AS record_key,
               ids.name || chr(31) || CASE WHEN r.ocn_in = {NEVER} THEN '' ELSE r.ocn_in::VARCHAR END || chr(31)
               || CASE WHEN r.ocn_out = {NEVER} THEN '' ELSE r.ocn_out::VARCHAR END AS numbers
        FROM records r JOIN ids USING (id) LEFT JOIN answers a ON a.code = r.report AND a.line = r.line ORDER BY id""")
    searched = pc.utf8_lower(pc.binary_join_element_wise(found["numbers"].combine_chunks(), titles.arrow(), "\x1f"))
    return {"key": _strings(found["key"]), "record_key": _strings(found["record_key"]),
            "search": _strings(pa.chunked_array([searched]))}


def _strings(column: pa.ChunkedArray) -> Strings:
    """A column of texts as ours."""
    import pyarrow as pa

    array = pa.concat_arrays(column.cast(pa.string()).chunks) if column.num_chunks else pa.array([], pa.string())
    _, ends, data = array.buffers()
    if ends is None or not len(array):
        return strings_of([])
    places = np.frombuffer(ends, np.int32)[array.offset : array.offset + len(array) + 1]
    return Strings(places - places[0], memoryview(data)[places[0] : places[-1]] if data is not None else b"")


def _coded(column: pa.ChunkedArray) -> tuple[list[str], Column]:
    """The different words of a column, in order, and which of them stands in each row."""
    encoded = column.combine_chunks().dictionary_encode()
    if not len(encoded):
        return [], np.zeros(0, np.uint32)
    told = encoded.dictionary.to_pylist()
    words = sorted(told)
    place = {word: at for at, word in enumerate(words)}
    return words, np.array([place[word] for word in told], np.uint32)[encoded.indices.to_numpy()]


def _judged(columns: dict[str, Column], records: int) -> dict[str, Column]:
    """When OCLC last took and last refused each record, and in how many uploads it spoke of it."""
    counted = ~columns["seen_superseded"].astype(bool)
    rows = np.repeat(np.arange(records), np.diff(columns["seen_start"]))
    found: dict[str, Column] = {"appearances": np.bincount(rows[counted], minlength=records).astype(np.uint16)}
    for name, word in (("last_refused", REFUSED), ("last_taken", TAKEN)):
        at = np.full(records, NEVER, np.int64)
        here = counted & (columns["seen_word"] == word)
        np.maximum.at(at, rows[here], columns["seen_at"][here])
        found[name] = at
    return found


def _names(database: duckdb.DuckDBPyConnection) -> tuple[Column, Column, Strings]:
    """Every name of a record, by its checksum: checksums, rows, names."""
    facts = _asked(database, "SELECT name, id FROM names ORDER BY id, name")
    names = facts["name"].to_pylist()
    sums = crcs(names)
    order = np.argsort(sums, kind="stable")
    return sums[order], facts["id"].to_numpy()[order].astype(np.int32), strings_of(names[at] for at in order.tolist())
