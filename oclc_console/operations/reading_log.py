"""Questions to the log: which of its lines fit, and those as a file: for a spreadsheet (csv), as they stand in the log (jsonl)
or to be read and printed (md). Not for what the acts add up to, nor for proving the log (store/log_check.py).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

from oclc_console import clock
from oclc_console.csv_cells import csv_lines
from oclc_console.errors import CallError, from_os_error
from oclc_console.files import complete_lines, make_folder, replace_file
from oclc_console.operations.markdown import escaped, table
from oclc_console.store import log
from oclc_console.store.log import LogLine
from oclc_console.workspace import Workspace

FORMS = ("csv", "jsonl", "md")
NO_SYMBOL = "-"  # asks for the lines that concern no symbol
_COLUMNS = ("line", "at", "by", "symbol", "act", "said", "data", "prev", "hash")


@dataclass(frozen=True)
class Wanted:
    """Which lines: of a symbol, by a login, of an act (`milestone` is every milestone.*), from a day to a day (days here, not
    in UTC; both included), holding all the words (`!word`: not holding it). Empty is every line."""

    symbol: str = ""
    by: str = ""
    act: str = ""
    since: date | None = None
    until: date | None = None
    words: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The same as it is typed into a filter."""
        asked = {"symbol": self.symbol, "by": self.by, "act": self.act, "since": self.since, "until": self.until}
        return " ".join([*(f"{name}:{value}" for name, value in asked.items() if value), *self.words])


@dataclass(frozen=True)
class ExportedLog:
    """A file that was written: how many lines of how many are in it."""

    path: Path
    lines: int
    of: int


def wanted_of(typed: str) -> Wanted:
    """What was typed: `symbol:ZUL by:jdoe act:milestone since:2020-11-01 until:2020-11-30 word !word`. Raises CallError for
    a day that is none."""
    named: dict[str, str] = {}
    words = []
    for part in typed.split():
        name, colon, value = part.partition(":")
        if colon and name in ("symbol", "by", "act", "since", "until"):
            named[name] = value
        else:
            words.append(part)
    return Wanted(named.get("symbol", ""), named.get("by", ""), named.get("act", ""), _day(named, "since"),
                  _day(named, "until"), tuple(words))


def fits(line: LogLine, wanted: Wanted, also: str = "") -> bool:
    """Whether a line is one of those wanted. `also` is more text in which the words may stand."""
    if wanted.symbol and (line.symbol or NO_SYMBOL).casefold() != wanted.symbol.casefold():
        return False
    if wanted.by and line.by.casefold() != wanted.by.casefold():
        return False
    if wanted.act and line.act != wanted.act and not line.act.startswith(f"{wanted.act}."):
        return False
    if (wanted.since or wanted.until) and not _within(line.at, wanted):
        return False
    text = f"{line.words} {line.by} {line.symbol or ''} {also}".casefold() if wanted.words else ""
    return all((word.removeprefix("!").casefold() in text) != word.startswith("!") for word in wanted.words)


def export_log(workspace: Workspace, wanted: Wanted, to: Path | None = None, form: str = "csv",
               only: Container[int] | None = None) -> ExportedLog:
    """Writes the lines that fit, oldest first, to `to` (its suffix tells the form), else among the workspace's exports.
    With `only`, the lines of these numbers instead (a screen has chosen them; `wanted` then only says how).
    Raises CallError for a suffix that is no form, or a file of the workspace's own; HereError when the disk refuses."""
    target = to or workspace.at("exports") / f"log-{clock.stamp(clock.now())}.{form}"
    form = target.suffix.removeprefix(".").lower()
    if form not in FORMS:
        raise CallError(f"the end of its name does not tell what it should be: {target.name}", where="log export",
                        then="Name it something.csv (a spreadsheet), .jsonl (the lines as they are) or .md (to be read).")
    _require_elsewhere(workspace, target)
    every = list(zip(complete_lines(workspace.log), log.read(workspace), strict=False))
    chosen = [(raw, line) for raw, line in every if (fits(line, wanted) if only is None else line.seq in only)]
    lines = [line for _, line in chosen]
    if form == "jsonl":
        content: Iterator[bytes] = (raw + b"\n" for raw, _ in chosen)
    elif form == "csv":
        content = csv_lines([_COLUMNS, *map(_cells, lines)])
    else:
        content = (f"{text}\n".encode() for text in _page(workspace, lines, len(every), wanted))
    try:
        make_folder(target.absolute().parent)
        replace_file(target, content)
    except OSError as error:
        raise from_os_error(error, "writing the log's export") from error
    return ExportedLog(target, len(lines), len(every))


def _day(named: Mapping[str, str], name: str) -> date | None:
    if name not in named:
        return None
    try:
        return date.fromisoformat(named[name])
    except ValueError:
        raise CallError(f"{named[name]!r} is no day", where=name, then=f"Write it as {name}:{clock.now():%Y-%m-%d}") from None


def _within(at: str, wanted: Wanted) -> bool:
    try:
        day = clock.parse(at).astimezone().date()
    except ValueError:
        return False  # a line that was changed by hand: it fits no day
    return (wanted.since or day) <= day <= (wanted.until or day)


def _require_elsewhere(workspace: Workspace, target: Path) -> None:
    """An export never takes the place of a file the workspace lives on."""
    root, there = workspace.root.resolve(), target.resolve()
    if there.is_relative_to(root) and not there.is_relative_to(root / "exports") and there.exists():
        raise CallError("that file belongs to the workspace", where=str(target),
                        then="Write the export somewhere else, for example into exports/.")


def _cells(line: LogLine) -> Sequence[str | int | None]:
    data = orjson.dumps(dict(line.data)).decode()
    return line.seq, line.at, line.by, line.symbol, line.act, _said(line), data, line.prev, line.hash


def _said(line: LogLine) -> str:
    return line.words.removeprefix(line.act).removeprefix(": ")


def _page(workspace: Workspace, lines: Sequence[LogLine], every: int, wanted: Wanted) -> Iterator[str]:
    head, proved = log.head(workspace), log.verify(workspace)
    yield f"# The log of {escaped(workspace.settings.institution.name)}"
    yield ""
    chosen = f" (those with {escaped(wanted.text)})" if wanted.text else ""
    yield f"{len(lines):,} of {every:,} lines{chosen}, as of {clock.iso(clock.now())}."
    yield (f"The chain is unbroken; its last line is number {head.seq:,}, hash `{head.hash}`." if proved.ok else
           f"**The log is not sound:** {escaped(proved.sentence)}.")
    yield ""
    yield from table(("line", "when", "by", "symbol", "act", "what"),
                     ((f"{line.seq}", line.at, line.by, line.symbol or "", line.act, _said(line)) for line in lines))
