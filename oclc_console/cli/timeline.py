"""The command `timeline`: draws the timelines of all symbols or of one and says what slipped; enters a draft, what OCLC
confirmed, or what happened. Not for the work itself (operations/timeline.py)."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from oclc_console.cli import show
from oclc_console.errors import CallError
from oclc_console.operations.timeline import SymbolTimeline, enter, timelines
from oclc_console.project.timeline import KINDS, Entry, Kind, RowState, Span
from oclc_console.project.timeline_bars import LEGEND, Scale, axis, bar, grid, scale_for
from oclc_console.workspace import Workspace

_LABEL = 6 + 1 + 26 + 1 + 9 + 1  # cells before the bars: symbol, row, what it is
_WORDS = {"draft": "draft", "confirmed": "confirmed", "actual": "actual"}


def run(workspace: Workspace, options: argparse.Namespace) -> int:
    """Runs the command."""
    found = _entered(workspace, options) if _asked(options) else timelines(workspace, options.symbol)
    width = max(20, shutil.get_terminal_size((110, 24)).columns - _LABEL)
    show.answer(timeline_json(found), bool(getattr(options, "json", False)), timeline_words(found, width))
    return 0


def _asked(options: argparse.Namespace) -> bool:
    """Whether something is to be entered. Raises CallError for half of what that takes."""
    given = [kind for kind in KINDS if getattr(options, kind) is not None]
    if bool(given) != bool(options.row):
        raise CallError("a row and its days go together", where="timeline",
                        then="For example: oclc-console timeline ZUL bibs --draft 2020-11-02..2020-12-05")
    if (options.who or options.on) and given != ["confirmed"]:
        raise CallError("--with and --on go with --confirmed", where="timeline",
                        then='For example: --confirmed 2020-11-02..2020-12-05 --with "OCLC database specialist"')
    return bool(given)


def _entered(workspace: Workspace, options: argparse.Namespace) -> tuple[SymbolTimeline, ...]:
    kind: Kind = next(kind for kind in KINDS if getattr(options, kind) is not None)
    span: Span = getattr(options, kind)
    on: Span | None = options.on
    return (enter(workspace, options.symbol, options.row, kind, span, who=options.who, on=on.begin if on else None,
                  note=options.note),)


def timeline_json(found: Sequence[SymbolTimeline]) -> dict[str, Any]:
    """Timelines for scripts; rows about which nothing is known are there too, with nulls."""
    symbols = [{"symbol": each.symbol, "name": each.name, "disposition": each.disposition,
                "rows": [_row_json(each, row) for row in each.rows]} for each in found]
    return {"as_of": str(found[0].as_of) if found else None, "symbols": symbols}


def _row_json(found: SymbolTimeline, row: RowState) -> dict[str, Any]:
    slip = found.slip(row)
    entries = {kind: _entry_json(getattr(row, kind)) for kind in (*KINDS, "computed")}
    return {"row": row.row.id, "title": row.row.title, **entries, "slipped_days": slip.days, "slipped": list(slip.words)}


def _entry_json(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    end = str(entry.span.end) if entry.span.end else None
    return {"begin": str(entry.span.begin), "end": end, "by": entry.by or None, "at": entry.at or None,
            "who": entry.who or None, "on": entry.on or None, "note": entry.note, "computed": entry.computed}


def timeline_words(found: Sequence[SymbolTimeline], width: int) -> Iterator[str]:
    """The timelines drawn, `width` cells for the bars; under them what is not as planned."""
    spans = [entry.span for each in found for row in each.rows for entry in row.entries]
    if not found or not spans:
        yield "Nothing is planned yet. Next: oclc-console timeline SYMBOL bibs --draft 2020-11-02..2020-12-05"
        return
    today = found[0].as_of
    scale = scale_for(spans, today, width)
    yield f"as of {today}   {LEGEND}"
    yield from (" " * _LABEL + line.rstrip() for line in axis(scale))
    for each in found:
        yield from _symbol_words(each, scale)
    yield ""
    yield from _slip_words(found)


def _symbol_words(found: SymbolTimeline, scale: Scale) -> Iterator[str]:
    rows = [row for row in found.rows if row.entries]
    if not rows:
        yield f"{found.symbol:<6} {'nothing planned yet':<36} {''.join(grid(scale, found.as_of))}".rstrip()
    for row in rows:
        title = row.row.title
        for entry in row.entries:
            drawn = bar(scale, entry.span, entry.kind, found.as_of)
            yield f"{found.symbol if title else '':<6} {title[:26]:<26} {_WORDS[entry.kind]:<9} {drawn}".rstrip()
            title = ""


def _slip_words(found: Sequence[SymbolTimeline]) -> Iterator[str]:
    said = [(each, row, each.slip(row)) for each in found for row in each.rows]
    told = [f"{'!' if slip.days else '·'} {each.symbol} {row.row.title}: {'; '.join(slip.words)}"
            for each, row, slip in said if slip.words]
    yield from told or ["Nothing that was planned has begun, and nothing is late."]
