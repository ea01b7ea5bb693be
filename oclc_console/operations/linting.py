"""Lint inside prepare: every record that would go out is asked what OCLC will say of it; a rule that the symbol made blocking
holds the record back. Each finding is a line of the run's findings.csv. Not for the rules themselves (marc/lint), nor for
linting files outside a workspace (lint_files.py)."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from oclc_console.marc.lint import Context, Linter, LintFinding, without
from oclc_console.marc.record import text_of
from oclc_console.marc.source import Finding, Scanned
from oclc_console.operations.routing import Placed
from oclc_console.settings import Settings, Symbol
from oclc_console.store.events import Event, Linted

COLUMNS = ("lsn", "mms", "record number", "severity", "rule", "held back", "sentence")


class Linting:
    """The linting of one prepare run."""

    def __init__(self, settings: Settings, symbol: Symbol, findings: Path) -> None:
        context = Context(settings.institution.suffix, frozenset(symbol.libraries))
        self._linter = Linter(without(symbol.lint_off).values(), context)
        self._blocking = symbol.lint_blocking
        self._file = open(findings, "x", newline="", encoding="utf-8")  # noqa: SIM115  closed by finish or abandon
        self._csv = csv.writer(self._file)
        self._csv.writerow(COLUMNS)
        self._records: dict[str, int] = {}
        self._first: dict[str, tuple[str, str, str]] = {}

    def hold_back(self, placed: Placed, scanned: Scanned) -> Placed:
        """The record's place, which becomes quarantine when a blocking rule speaks about it. Records that don't go out
        anyway are not asked."""
        if placed.stream is None or scanned.record is None:
            return placed
        findings = self._linter.check(scanned.record)
        for rule in {finding.rule: finding for finding in findings}.values():
            self._records[rule.rule] = self._records.get(rule.rule, 0) + 1
            if rule.rule not in self._first:
                self._first[rule.rule] = (str(rule.severity), placed.lsn or "", rule.sentence)
        for finding in findings:
            self._write(finding, placed, scanned.number)
        held = next((finding for finding in findings if finding.rule in self._blocking), None)
        if held is None:
            return placed
        return replace(placed, fate=f"quarantined:{held.rule}", stream=None, finding=Finding(held.rule, held.sentence))

    def _write(self, finding: LintFinding, placed: Placed, number: int) -> None:
        ids = [text_of((value or "").encode()) for value in (placed.lsn, placed.mms)]
        shown = [f"'{value}" if value[:1] in "=+-@" and value else value for value in ids]
        held = "yes" if finding.rule in self._blocking else ""
        self._csv.writerow([*shown, number, finding.severity, finding.rule, held, finding.sentence])

    def finish(self) -> Iterator[Event]:
        """Closes the list and tells each rule's count, the worst first."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        order = ("CRITICAL", "SEVERE", "MINOR", "NOTICE")
        for rule in sorted(self._records, key=lambda r: (order.index(self._first[r][0]), -self._records[r])):
            severity, first, sentence = self._first[rule]
            yield Linted(rule, severity, self._records[rule], first, sentence)

    def abandon(self) -> None:
        """Closes the list without caring for it: the run goes no further."""
        with contextlib.suppress(OSError):
            self._file.close()
