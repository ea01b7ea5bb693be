"""The commands about the mapping: `symbols` lists which symbol becomes which and what the checks say; `symbols import CSV`
shows what a table would change in console.toml, and changes it with --apply. Not for the work itself
(operations/import_symbols.py)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from oclc_console.cli import show
from oclc_console.operations.import_symbols import Applied, Planned, apply_import, mapping, plan_import
from oclc_console.project.mapping import Finding, MappedSymbol, SymbolMap
from oclc_console.workspace import Workspace

_MARKS = {"wrong": "✖", "look": "!"}


def run(workspace: Workspace, options: argparse.Namespace) -> int:
    """Runs the command. Exit 1: the checks keep the table from being taken in."""
    as_json = bool(getattr(options, "json", False))
    if options.action != "import":
        found = mapping(workspace)
        show.answer(mapping_json(found.mapping, found.findings), as_json, mapping_words(found.mapping, found.findings))
        return 0
    planned = plan_import(workspace, Path(options.file))
    applied = apply_import(workspace, planned) if options.apply and not planned.wrong else None
    show.answer(_told(planned, applied), as_json, _words(planned, applied, options))
    return 1 if planned.wrong else 0


def mapping_json(found: SymbolMap, findings: Iterable[Finding]) -> dict[str, Any]:
    """The mapping for scripts."""
    symbols = [{"symbol": s.code, "name": s.name, "disposition": s.disposition, "target": s.target,
                "libraries": [{"code": code, "name": found.libraries.get(code)} for code in s.libraries],
                "streams": [asdict(stream) for stream in s.streams]} for s in found.symbols]
    return {"symbols": symbols, "findings": [asdict(finding) for finding in findings]}


def mapping_words(found: SymbolMap, findings: Iterable[Finding]) -> Iterator[str]:
    """The mapping as a table, and under it what the checks say."""
    if not found.symbols:
        yield "There is no symbol in console.toml yet. Next: oclc-console symbols import CSV"
    for symbol in found.symbols:
        yield f"{symbol.code:<8} → {symbol.target:<8} {symbol.disposition or '':<10} {symbol.name or ''}"
        yield f"    libraries: {_libraries(symbol, found)}"
        for stream in symbol.streams:
            yield f"    {stream.collection} {stream.name}, {stream.kind}, match {stream.match}, sent by {stream.delivery}"
    yield ""
    yield from finding_words(findings)


def _libraries(symbol: MappedSymbol, found: SymbolMap) -> str:
    return ", ".join(f"{code} {found.libraries.get(code, '')}".strip() for code in symbol.libraries) or "none"


def finding_words(findings: Iterable[Finding]) -> Iterator[str]:
    """What the checks say, a line each."""
    told = [f"{_MARKS[finding.level]} {finding.where}: {finding.words}" for finding in findings]
    yield from told or ["✔ the checks found nothing wrong"]


def _told(planned: Planned, applied: Applied | None) -> dict[str, Any]:
    return {"file": planned.source, "applied": applied is not None, "changes": [asdict(change) for change in planned.changes],
            "findings": [asdict(finding) for finding in planned.findings],
            "backup": str(applied.backup) if applied and applied.backup else None}


def _words(planned: Planned, applied: Applied | None, options: argparse.Namespace) -> Iterator[str]:
    for change in planned.changes:
        yield change.key
        yield from (f"  - {line}" for line in change.before.splitlines())
        yield from (f"  + {line}" for line in change.after.splitlines())
    yield from finding_words(planned.findings)
    if planned.wrong:
        yield f"Nothing was changed: mend what is marked ✖ in {planned.source}, then import it again."
    elif not planned.changes:
        yield "console.toml says all of this already."
    elif applied is None:
        yield f"{len(planned.changes)} changes; none is made yet. Next: oclc-console symbols import {options.file} --apply"
    else:
        yield f"{len(applied.changes)} changes made. console.toml as it was: {applied.backup}"
