"""Lint inside prepare: every record that would go out is asked what OCLC will say of it; a rule that the symbol made blocking
holds the record back. Works on the batches of one chunk. Not for the rules themselves (marc/lint), nor for what only the whole
set shows (set_checks.py), nor for linting files outside a workspace (lint_files.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from oclc_console.csv_cells import csv_line
from oclc_console.marc.batch import Batch
from oclc_console.marc.lint import RULES, Context, Linter, LintFinding, without
from oclc_console.marc.source import Finding
from oclc_console.operations.fragments import ListLine
from oclc_console.operations.routing import Placed
from oclc_console.settings import Settings, Symbol

COLUMNS = ("lsn", "mms", "severity", "rule", "held back", "sentence")  # of the list of findings
_CELLS = 10_000  # how many are remembered


@dataclass(frozen=True)
class LintRules:
    """What console.toml says about linting one symbol, as plain values that can travel to another process."""

    suffix: str
    libraries: frozenset[str]
    off: frozenset[str]
    blocking: frozenset[str]


def lint_rules(settings: Settings, symbol: Symbol) -> LintRules:
    """The lint settings of a symbol."""
    return LintRules(settings.institution.suffix, frozenset(symbol.libraries), symbol.lint_off, symbol.lint_blocking)


@dataclass(frozen=True)
class Predicted:
    """What a rule says of a set, or a part of it: how many records, and the first one's LSN and sentence."""

    severity: str
    records: int
    first: str
    sentence: str


@lru_cache(maxsize=4)
def _linter(rules: LintRules) -> Linter | None:
    kept = without(rules.off & RULES.keys())
    return Linter(kept.values(), Context(rules.suffix, rules.libraries)) if kept else None


class Linting:
    """The linting of one chunk."""

    def __init__(self, rules: LintRules) -> None:
        self._linter, self._blocking = _linter(rules), rules.blocking
        self._records, self._first = Counter[str](), dict[str, Predicted]()
        self._cells: dict[tuple[str, str], bytes] = {}

    @property
    def predicted(self) -> dict[str, Predicted]:
        """What each rule says of the chunk so far."""
        return {rule: replace(first, records=self._records[rule]) for rule, first in self._first.items()}

    def hold_back(self, batch: Batch, placed: Placed) -> list[ListLine]:
        """Asks about each record of the batch that goes out, and holds back (in `placed`) those about which a blocking rule
        speaks. A line for each finding."""
        if self._linter is None:
            return []
        lines: list[ListLine] = []
        going_out = [place for place, stream in enumerate(placed.streams) if stream is not None]
        for place, findings in self._linter.check_batch(batch, going_out):
            self._count(findings, placed.lsns[place] or "")
            ids = csv_line((placed.lsns[place], placed.mms[place])).rstrip()
            lines += [(batch.numbers[place], b"%b,%b" % (ids, self._words(finding))) for finding in findings]
            self._hold(placed, place, findings)
        return lines

    def _count(self, findings: list[LintFinding], lsn: str) -> None:
        for finding in findings:
            if finding.rule not in self._first:
                self._first[finding.rule] = Predicted(str(finding.severity), 0, lsn, finding.sentence)
        self._records.update({finding.rule for finding in findings})

    def _words(self, finding: LintFinding) -> bytes:
        """What the list says of a finding; the same words come again and again."""
        key = finding.rule, finding.sentence
        if key not in self._cells:
            if len(self._cells) >= _CELLS:
                self._cells.clear()
            held = "yes" if finding.rule in self._blocking else ""
            self._cells[key] = csv_line((str(finding.severity), finding.rule, held, finding.sentence))
        return self._cells[key]

    def _hold(self, placed: Placed, place: int, findings: list[LintFinding]) -> None:
        held = next((finding for finding in findings if finding.rule in self._blocking), None)
        if held:
            placed.fates[place], placed.streams[place] = f"quarantined:{held.rule}", None
            placed.findings[place] = Finding(held.rule, held.sentence)


def add_up(parts: list[Mapping[str, Predicted]]) -> dict[str, Predicted]:
    """What the rules say of the whole, from its parts in order; the worst first, and of those the most frequent."""
    whole: dict[str, Predicted] = {}
    for part in parts:
        for rule, here in part.items():
            known = whole.get(rule)
            whole[rule] = replace(known, records=known.records + here.records) if known else here
    order = ("CRITICAL", "SEVERE", "MINOR", "NOTICE")
    return dict(sorted(whole.items(), key=lambda item: (order.index(item[1].severity), -item[1].records, item[0])))
