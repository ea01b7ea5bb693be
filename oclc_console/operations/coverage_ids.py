"""A question: which records are behind one number of a coverage? Asked of the ledger with DuckDB, page by page or all of them
one after the other; and the same as a file for a spreadsheet, or as the list of ids from which Alma makes a set. Not for the
numbers (coverage.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Literal

from oclc_console import clock
from oclc_console.csv_cells import csv_lines
from oclc_console.errors import CallError, from_os_error
from oclc_console.files import replace_file
from oclc_console.operations.coverage import Coverage, RunCoverage, coverage
from oclc_console.operations.coverage_parts import PartRules
from oclc_console.store.ledger import asking
from oclc_console.workspace import Workspace

Form = Literal["csv", "alma"]
MMS_HEADER = "MMS ID"  # the column by which Alma makes an itemized set from a file
_HEADINGS = {"mms": "mms id", "source": "source file", "number": "record number"}
_BATCH = 10_000
_ROUTED = "fate IN ('stream', 'double')"
_WHOLE = {"in_set": "true", "excluded": "fate LIKE 'excluded:%'", "quarantined": "fate LIKE 'quarantined:%'",
          "routed": _ROUTED, "unrouted": "fate = 'unrouted'", "double": "fate = 'double'"}
_PREPARE_AGAIN = "Prepare Alma's files again: then every record has its line in the ledger."
_TEXT = "lower(concat_ws(chr(31), mms, lsn, library, source, number, fate, stream))"
_HOLDS = f"($held = '' OR contains({_TEXT}, lower($held)) != $others)"
_IS_MMS = "regexp_full_match(mms, '[0-9]+')"
_NOTHING = """SELECT NULL::VARCHAR AS mms, NULL::VARCHAR AS lsn, NULL::VARCHAR AS library, '' AS source, 0 AS number,
              '' AS fate, NULL::VARCHAR AS stream, '' AS run WHERE false"""


@dataclass(frozen=True)
class RecordId:
    """One record: its ids (None where it has none), its library, where it stands in what Alma published, what became of it,
    the word of its stream, and the prepare run that says so."""

    mms: str | None
    lsn: str | None
    library: str | None
    source: str
    number: int
    fate: str
    stream: str | None
    run: str


@dataclass(frozen=True)
class Exported:
    """What an export wrote: how many records it is about, how many lines of ids it has; `missing` says which are not in it."""

    path: Path
    part: str
    records: int
    lines: int
    missing: str


class PartIds:
    """The records of one part of a coverage. Each question opens the ledger for itself, so any thread may ask; all of them
    read the disk, and raise InputError when a ledger is damaged."""

    def __init__(self, workspace: Workspace, covered: Coverage, word: str) -> None:
        settings = workspace.settings
        rules = PartRules(settings, settings.symbol(covered.symbol))
        self.word = known_word(covered, word, rules)
        self.kept = [run for run in covered.runs if run.ledger is not None]
        self.missing = _missing(covered.runs, self.word)
        self._rows = _rows(self.kept, _condition(self.word, rules))

    def count(self, holding: str = "") -> int:
        """How many there are; only those that hold a text in one of their columns (`!text`: that don't), where one is given."""
        with asking() as database:
            found = database.execute(f"SELECT count(*) FROM ({self._rows}) WHERE {_HOLDS}", _held(holding)).fetchone()
        return int(found[0]) if found else 0

    def page(self, start: int, rows: int, holding: str = "") -> list[RecordId]:
        """`rows` of them from the `start`-th on (counted from 0), in the order of the files."""
        question = f"SELECT * FROM ({self._rows}) WHERE {_HOLDS} LIMIT {int(rows)} OFFSET {int(start)}"
        with asking() as database:
            return [RecordId(*row) for row in database.execute(question, _held(holding)).fetchall()]

    def all(self, holding: str = "") -> Iterator[RecordId]:
        """All of them, in constant memory."""
        with asking() as database:
            asked = database.execute(f"SELECT * FROM ({self._rows}) WHERE {_HOLDS}", _held(holding))
            while batch := asked.fetchmany(_BATCH):
                yield from (RecordId(*row) for row in batch)

    def mms_ids(self, holding: str = "") -> Iterator[str]:
        """Every MMS id among them once: a bib has a record for each of its holdings. What is no number is no MMS id, and
        Alma would refuse the list for it."""
        question = f"SELECT DISTINCT mms FROM ({self._rows}) WHERE {_HOLDS} AND {_IS_MMS} ORDER BY mms"
        with asking() as database:
            asked = database.execute(question, _held(holding))
            while batch := asked.fetchmany(_BATCH):
                yield from (row[0] for row in batch)


def coverage_ids(workspace: Workspace, symbol: str, part: str, run: str | None = None) -> Iterator[RecordId]:
    """Every record of a part (`excluded:brief`, `stream:Manuscripts`, `unrouted`, `quarantined`, `in_set`) of a symbol's
    coverage, or of one run's; constant memory. Raises CallError for a part there is not, or when no run kept its ledger."""
    return _with_ids(workspace, symbol, part, run).all()


def _with_ids(workspace: Workspace, symbol: str, part: str, run: str | None) -> PartIds:
    ids = PartIds(workspace, coverage(workspace, symbol, run), part)
    if not ids.kept:
        raise CallError(ids.missing or "nothing was prepared yet", where=part, then=_PREPARE_AGAIN)
    return ids


def _held(holding: str) -> dict[str, object]:
    return {"held": holding.removeprefix("!"), "others": holding.startswith("!")}


def _rows(kept: Sequence[RunCoverage], condition: str) -> str:
    """SQL for the rows that fulfil a condition, run by run, each in the order of its files."""
    return " UNION ALL ".join(
        f"""SELECT mms, lsn, library, source, number, fate, stream, {_text(run.run)} AS run
            FROM read_parquet({_text(str(run.ledger))})
            WHERE {condition} AND source IN ({', '.join(map(_text, run.sources))})""" for run in kept) or _NOTHING


def _text(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"


def known_word(covered: Coverage, word: str, rules: PartRules) -> str:
    """The part that is meant, whatever its case; a stream may be named by its word in file names too. Raises CallError."""
    there = [part.word for part in covered.total.parts]
    meant = {known.lower(): known for known in (*_WHOLE, *there)}
    for stream in (part for part in covered.total.parts if part.kind == "stream"):
        meant.setdefault(f"stream:{rules.word_of(stream.name)}", stream.word)
    found = meant.get(word.strip().lower())
    if found is None:
        raise CallError(f"{covered.symbol} has no part {word}", where="coverage",
                        then=f"There are in_set, routed, excluded, {', '.join(there)}.")
    return found


def _condition(word: str, rules: PartRules) -> str:
    """SQL that holds for the records of a part."""
    kind, _, name = word.partition(":")
    if kind == "stream":
        return f"{_ROUTED} AND stream = {_text(rules.word_of(name))}"
    return _WHOLE.get(word) or f"fate = {_text(word)}"


def records_of(counted: RunCoverage, word: str) -> int:
    """How many of a run's records are in a part."""
    if word == "in_set":
        return counted.in_set
    if word == "routed":
        return counted.routed
    return sum(part.records for part in counted.parts if word in (part.word, part.kind))


def _missing(runs: Sequence[RunCoverage], word: str) -> str:
    """A sentence for those records of the part whose run kept no ledger; empty where all did."""
    without = [run for run in runs if run.ledger is None]
    if not without:
        return ""
    count = sum(records_of(run, word) for run in without)
    names = ", ".join(run.run for run in without)
    return f"{names} kept no ledger: of its records ({count:,} of this part) there are numbers, but no ids"


# files


def export_part(workspace: Workspace, symbol: str, part: str, form: Form, *, out: Path | None = None, run: str | None = None,
                holding: str = "") -> Exported:
    """Writes the records of a part (only those that hold a text, where one is given) to `out`, else among the workspace's
    exports: as CSV, or as the one column from which Alma makes a set. Raises CallError as coverage_ids does."""
    ids = _with_ids(workspace, symbol, part, run)
    path = out or _place(workspace, symbol, ids.word, form)
    try:
        lines = _write(path, ids, form, holding)
    except OSError as error:
        raise from_os_error(error, f"writing the records of {ids.word}") from error
    return Exported(path, ids.word, ids.count(holding), lines, ids.missing)


def _place(workspace: Workspace, symbol: str, word: str, form: Form) -> Path:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-").lower()
    name = f"{clock.stamp(clock.now())}-{plain}" + (".csv" if form == "csv" else "-mms-ids.txt")
    return workspace.at("exports", workspace.settings.symbol(symbol).code) / name


def _write(path: Path, ids: PartIds, form: Form, holding: str) -> int:
    """Writes the file, whole or not at all; gives the number of its lines below the heading."""
    columns = [MMS_HEADER] if form == "alma" else [_HEADINGS.get(field.name, field.name) for field in fields(RecordId)]
    found: Iterator[Sequence[str | int | None]]
    found = ([mms] for mms in ids.mms_ids(holding)) if form == "alma" else map(astuple, ids.all(holding))
    rows = 0

    def counted() -> Iterator[Sequence[str | int | None]]:
        nonlocal rows
        for row in found:
            rows += 1
            yield row

    replace_file(path, csv_lines(chain([columns], counted())))
    return rows
