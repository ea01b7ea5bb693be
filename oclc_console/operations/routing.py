"""Decides where each record of a symbol's set goes: set aside, excluded by a rule, to one stream, to none, to two. Not for
reading or writing files (chunks.py).

Many rules ask the same few conditions, and of a big set only so many combinations of answers exist: each condition is asked
once a record, and what a combination of answers leads to is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from oclc_console.marc.identifiers import library_of, lsn_reader, mms_of, ocn_reader
from oclc_console.marc.query import Rule, Test, compile_condition, conditions, holds, tag_of
from oclc_console.marc.record import Record
from oclc_console.marc.source import Finding
from oclc_console.settings import Settings, Stream, Symbol

MISSING_001 = Finding("missing-001", "there is no 001, so nobody could bring OCLC's number home to Alma")
MISSING_LSN = Finding("missing-lsn", "no local number stands where console.toml's lsn says it should")


class Placed(NamedTuple):
    """Where a record goes. `fate` as in the ledger; `stream` is the place in the sender's streams of the one that would send
    it; `finding` says why it was set aside, or what is odd about one that is kept."""

    fate: str
    stream: int | None
    finding: Finding | None
    mms: str | None
    lsn: str | None
    ocn: int | None
    library: str | None


@dataclass(frozen=True)
class RoutingRules:
    """What console.toml says about routing one symbol, as plain values that can travel to another process: the named rules,
    where ids stand, what is left out, and the streams of the symbol that sends (itself, or its successor)."""

    named: tuple[tuple[str, Rule], ...]
    lsn: tuple[str, ...]
    ocn: tuple[str, ...]
    exclude: tuple[str, ...]
    streams: tuple[Stream, ...]


def routing_rules(settings: Settings, symbol: Symbol) -> RoutingRules:
    """The routing rules of a symbol."""
    return RoutingRules(tuple(settings.rules.items()), symbol.lsn, symbol.ocn, symbol.exclude,
                        settings.sender(symbol).streams)


@lru_cache(maxsize=4)
def router_of(rules: RoutingRules) -> Router:
    """The router of these rules, compiled once a process."""
    return Router(rules)


class Router:
    """The compiled rules of one symbol."""

    def __init__(self, rules: RoutingRules) -> None:
        self._rules, self._named = rules, dict(rules.named)
        self._lsn, self._ocn = lsn_reader(rules.lsn), ocn_reader(rules.ocn)
        self._exclusions = [(text.lstrip("@"), Rule(all=(text,))) for text in rules.exclude]
        every = [*(rule for _, rule in self._exclusions), *(stream.keep for stream in rules.streams)]
        self._conditions = list(dict.fromkeys(text for rule in every for text in conditions(rule, self._named)))
        self._always: list[tuple[int, Test]] = []
        self._of_tag: dict[bytes, list[tuple[int, Test]]] = {}
        for number, text in enumerate(self._conditions):
            asked = (1 << number, compile_condition(text, {}))
            tag = tag_of(text)
            (self._always if tag is None else self._of_tag.setdefault(tag, [])).append(asked)
        self._tags = frozenset(self._of_tag)
        self._fates: dict[int, tuple[str, int | None]] = {}

    def place(self, record: Record | None, finding: Finding | None) -> Placed:
        """Where a record goes, given what the scanner found."""
        if record is None or (finding and finding.fatal):
            rule = finding.rule if finding else "unreadable"
            return Placed(f"quarantined:{rule}", None, finding, None, None, None, None)
        mms, lsn = mms_of(record), self._lsn(record)
        if mms is None or lsn is None:
            missing = MISSING_001 if mms is None else MISSING_LSN
            return Placed(f"quarantined:{missing.rule}", None, missing, mms, lsn, None, library_of(record))
        fate, stream = self._fate(record)
        return Placed(fate, stream, finding, mms, lsn, self._ocn(record), library_of(record))

    def _fate(self, record: Record) -> tuple[str, int | None]:
        yes = 0
        for bit, test in self._always:
            if test(record):
                yes |= bit
        for tag in self._tags.intersection(record.tags):
            for bit, test in self._of_tag[tag]:
                if test(record):
                    yes |= bit
        known = self._fates.get(yes)
        if known is None:
            known = self._fates[yes] = self._decide({
                text: bool(yes >> number & 1) for number, text in enumerate(self._conditions)})
        return known

    def _decide(self, answers: dict[str, bool]) -> tuple[str, int | None]:
        for name, rule in self._exclusions:
            if holds(rule, self._named, answers):
                return f"excluded:{name}", None
        wanting = [number for number, stream in enumerate(self._rules.streams) if holds(stream.keep, self._named, answers)]
        if not wanting:
            return "unrouted", None
        return ("double" if len(wanting) > 1 else "stream"), wanting[0]
