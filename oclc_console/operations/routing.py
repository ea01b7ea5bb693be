"""Decides where each record of a symbol's set goes: set aside, excluded by a rule, to one stream, to none, to two. Not for
reading or writing files (prepare.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oclc_console.marc.identifiers import library_of, lsn_reader, mms_of, ocn_reader
from oclc_console.marc.query import Test, compile_condition, compile_rule
from oclc_console.marc.record import Record
from oclc_console.marc.source import Finding, Scanned
from oclc_console.settings import Settings, Stream, Symbol

MISSING_001 = Finding("missing-001", "there is no 001, so nobody could bring OCLC's number home to Alma")
MISSING_LSN = Finding("missing-lsn", "no local number stands where console.toml's lsn says it should")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a record goes. `fate` as in the ledger; `stream` is the one that would send it; `finding` says why it was set
    aside, or what is odd about one that is kept."""

    fate: str
    stream: Stream | None
    finding: Finding | None
    mms: str | None
    lsn: str | None
    ocn: int | None
    library: str | None


class Router:
    """The compiled rules of one symbol; its files go out under `sender` (itself, or its successor when it retires)."""

    def __init__(self, settings: Settings, symbol: Symbol) -> None:
        named = settings.rules
        self.sender = settings.sender(symbol)
        self._lsn: Callable[[Record], str | None] = lsn_reader(symbol.lsn)
        self._ocn: Callable[[Record], int | None] = ocn_reader(symbol.ocn)
        self._exclusions: list[tuple[str, Test]] = [
            (rule.lstrip("@"), compile_condition(rule, named)) for rule in symbol.exclude
        ]
        self._streams: list[tuple[Stream, Test]] = [
            (stream, compile_rule(stream.keep, named)) for stream in self.sender.streams
        ]

    def place(self, scanned: Scanned) -> Placed:
        """Where this record goes."""
        record, finding = scanned.record, scanned.finding
        if record is None or (finding and finding.fatal):
            rule = finding.rule if finding else "unreadable"
            return Placed(f"quarantined:{rule}", None, finding, None, None, None, None)
        mms, lsn = mms_of(record), self._lsn(record)
        if mms is None or lsn is None:
            missing = MISSING_001 if mms is None else MISSING_LSN
            return Placed(f"quarantined:{missing.rule}", None, missing, mms, lsn, None, library_of(record))
        fate, stream = self._fate(record)
        return Placed(fate, stream, finding, mms, lsn, self._ocn(record), library_of(record))

    def _fate(self, record: Record) -> tuple[str, Stream | None]:
        for name, excludes in self._exclusions:
            if excludes(record):
                return f"excluded:{name}", None
        wanting = [stream for stream, wants in self._streams if wants(record)]
        if not wanting:
            return "unrouted", None
        return ("double" if len(wanting) > 1 else "stream"), wanting[0]
