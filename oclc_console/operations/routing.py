"""Decides where each record of a symbol's set goes: set aside, excluded by a rule, to one stream, to none, to two. Not for
reading or writing files (chunks.py).

Many rules ask for the same few facts, and in a big set only so many combinations of them occur: each fact is asked once of a
whole batch of records, and what a combination leads to is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from oclc_console.marc.batch import Batch, read_column, read_texts
from oclc_console.marc.identifiers import LIBRARY, MMS, lsn_steps, ocn_steps, text_at
from oclc_console.marc.query import Rule, facts_of, holds
from oclc_console.marc.record import take_apart_loosely
from oclc_console.marc.source import Finding
from oclc_console.settings import Settings, Symbol

MISSING_001 = Finding("missing-001", "there is no 001, so nobody could bring OCLC's number home to Alma")
MISSING_LSN = Finding("missing-lsn", "no local number stands where console.toml's lsn says it should")


@dataclass
class Placed:
    """Where the records of a batch go, a list for each. `fates` as in the ledger; `streams` has the place in the sender's
    streams of the one that would send the record; `findings` says why it was set aside."""

    fates: list[str]
    streams: list[int | None]
    findings: list[Finding | None]
    mms: list[str | None]
    lsns: list[str | None]
    ocns: list[int | None]
    libraries: list[str | None]


@dataclass(frozen=True)
class RoutingRules:
    """What console.toml says about routing one symbol, as plain values that can travel to another process: the named rules,
    where ids stand, what is left out, and what the streams of the symbol that sends (itself, or its successor) keep, each with
    its place among them."""

    named: tuple[tuple[str, Rule], ...]
    lsn: tuple[str, ...]
    ocn: tuple[str, ...]
    exclude: tuple[str, ...]
    keeps: tuple[tuple[int, Rule], ...]


def routing_rules(settings: Settings, symbol: Symbol, *, deletes: bool = False) -> RoutingRules:
    """The routing rules of a symbol; with `deletes` those for Alma's `_delete` files, whose records go to the symbol's delete
    streams and nowhere else, and are never excluded: a holding must go although its last bib was, say, a brief one. From other
    files a delete stream takes only what its own keep asks for."""
    streams = enumerate(settings.sender(symbol).streams)
    if deletes:
        keeps = [(place, stream.keep) for place, stream in streams if stream.kind == "delete"]
    else:
        keeps = [(place, stream.keep) for place, stream in streams if stream.kind != "delete" or stream.keep != Rule()]
    return RoutingRules(tuple(settings.rules.items()), symbol.lsn, symbol.ocn, () if deletes else symbol.exclude, tuple(keeps))


@lru_cache(maxsize=4)
def router_of(rules: RoutingRules) -> Router:
    """The router of these rules, compiled once a process."""
    return Router(rules)


class Router:
    """The compiled rules of one symbol."""

    def __init__(self, rules: RoutingRules) -> None:
        self._rules, self._named = rules, dict(rules.named)
        self._lsn, self._ocn = lsn_steps(rules.lsn), ocn_steps(rules.ocn)
        self._exclusions = [(text.strip().lstrip("@"), Rule(all=(text,))) for text in rules.exclude]
        every = [*(rule for _, rule in self._exclusions), *(keep for _, keep in rules.keeps)]
        self._facts = {name: fact for rule in every for name, fact in facts_of(rule, self._named).items()}
        self._known: dict[bytes, tuple[str, int | None]] = {}

    def place(self, batch: Batch) -> Placed:
        """Where the records of a batch go."""
        decided = [self._known.get(true) or self._decide(true) for true in self._true_facts(batch)]
        placed = Placed([fate for fate, _ in decided], [stream for _, stream in decided], list(batch.findings),
                        read_texts(MMS, batch), read_texts(self._lsn, batch), read_column(self._ocn, batch),
                        read_texts(LIBRARY, batch))
        for number, (leader, mms, lsn) in enumerate(zip(batch.leaders, placed.mms, placed.lsns, strict=True)):
            if not leader or mms is None or lsn is None:
                self._set_aside(placed, number, bool(leader), batch.raws[number])
        return placed

    def _true_facts(self, batch: Batch) -> list[bytes]:
        """For each record which facts are true of it, a bit for each."""
        if not self._facts:
            return [b""] * len(batch.raws)
        bits = np.packbits([fact.among(batch) for fact in self._facts.values()], axis=0)
        records: list[bytes] = np.ascontiguousarray(bits.T).view(f"V{len(bits)}")[:, 0].tolist()
        return records

    def _set_aside(self, placed: Placed, number: int, sound: bool, raw: bytes) -> None:
        found = placed.findings[number]
        record = None if sound else take_apart_loosely(raw)
        if record:
            placed.mms[number], placed.lsns[number] = text_at(MMS, record), text_at(self._lsn, record)
        if sound or found is None:
            found = MISSING_001 if placed.mms[number] is None else MISSING_LSN
        placed.findings[number] = found
        placed.fates[number], placed.streams[number], placed.ocns[number] = f"quarantined:{found.rule}", None, None

    def _decide(self, bits: bytes) -> tuple[str, int | None]:
        true = frozenset(name for place, name in enumerate(self._facts) if bits[place // 8] << place % 8 & 0x80)
        self._known[bits] = decided = self._fate(true)
        return decided

    def _fate(self, true: frozenset[str]) -> tuple[str, int | None]:
        for name, rule in self._exclusions:
            if holds(rule, self._named, true):
                return f"excluded:{name}", None
        wanting = [place for place, keep in self._rules.keeps if holds(keep, self._named, true)]
        if not wanting:
            return "unrouted", None
        return ("double" if len(wanting) > 1 else "stream"), wanting[0]
