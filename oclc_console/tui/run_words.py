"""What a run says of itself, in lines: its state, how far each of its files is, how fast it goes, what it came to. Pure: made
from a run's folder as it was read, and from the outbox where that knows more. Not for reading anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from oclc_console.store.events import (
    Connected,
    Counted,
    Ended,
    Event,
    FileNotSent,
    FileReady,
    FileSent,
    FileStarted,
    OnlyPlaceholder,
    RecordsKept,
    ReportFiled,
    ReportRefused,
    SetAside,
    SourceRead,
)
from oclc_console.store.runs import RunState
from oclc_console.tui import words
from oclc_console.tui.follow import Curve, Facts
from oclc_console.tui.upload_words import curve_of, paused, rate_line, speed_words, upload_files, whole_line
from oclc_console.tui.widgets.drawing import Line, Piece, cell_len, fit, shortened, width_of, wrap
from oclc_console.tui.widgets.plain import plain

if TYPE_CHECKING:
    from oclc_console.operations.outbox import OutboxFile

Kind = TypeVar("Kind", bound=Event)


@dataclass(frozen=True)
class FileLine:
    """One file of a run: its state word, how far it is (bytes or what the run counts), and a few words more."""

    name: str
    state: str
    done: int = 0
    total: int = 0
    said: str = ""


def shown_state(run: RunState, stopping: bool = False) -> str:
    """The run's state as the screens name it: done with something set aside is `look`, asked to stop is `stopping`."""
    if run.state == "running":
        return "stopping" if stopping else "paused" if paused(run) else "running"
    if run.state == "done" and run.needs_attention:
        return "look"
    return run.state


def result_words(run: RunState) -> str:
    """What a run came to (or how far it is), with its denominators."""
    events = [recorded.event for recorded in run.events]
    if run.verb == "prepare":
        counted = last_of(events, Counted)
        return f"{counted.routed:,} of {counted.in_set:,} records routed" if counted else _progress_words(run)
    if run.verb == "upload":
        sent = sum(isinstance(event, FileSent) for event in events)
        total = max(int(run.progress.get("files_total", 0)), sent)
        if not total:
            return "nothing was waiting" if run.state == "done" else "nothing sent"
        return f"{sent} of {words.plural(total, 'file')} sent"
    if run.verb == "fetch":
        filed = sum(isinstance(event, ReportFiled) and not event.already for event in events)
        refused = sum(isinstance(event, ReportRefused) for event in events)
        kept = sum(isinstance(event, RecordsKept) for event in events)
        removed = sum(isinstance(event, OnlyPlaceholder) for event in events)
        new = words.plural(filed, "new report") if filed or run.state == "running" else "no new reports"
        parts = [new, words.plural(kept, "file of records", "files of records") if kept else "",
                 f"{refused} not taken" if refused else "", f"{removed} to ask OCLC for" if removed else ""]
        return ", ".join(part for part in parts if part)
    filed = sum(isinstance(event, ReportFiled) for event in events)
    return words.plural(filed, "report") if filed else _progress_words(run)


def ended_words(run: RunState) -> str:
    """What a toast says of a run that ended well: of an upload how much of it was sent, and where to see more."""
    if run.verb != "upload":
        return "3 Runs shows what it did."
    sent = sum(isinstance(recorded.event, FileSent) for recorded in run.events)
    total = max(int(run.progress.get("files_total", 0)), sent)
    return f"{result_words(run)}, {total - sent} need you: see 3 Runs" if total > sent else f"{result_words(run)}: see 3 Runs"


def _progress_words(run: RunState) -> str:
    done, total = int(run.progress.get("done", 0)), int(run.progress.get("total", 0))
    return words.percent(done, total) if total else "nothing yet"


def last_of(events: Sequence[Event], kind: type[Kind]) -> Kind | None:
    """The last event of a kind."""
    return next((event for event in reversed(events) if isinstance(event, kind)), None)


def files_of(run: RunState, outbox: Sequence[OutboxFile] = ()) -> list[FileLine]:
    """The run's files in the order it takes them."""
    lines = {"prepare": _prepared, "upload": _uploaded}.get(run.verb, _reported)(run, outbox)
    current = str(run.progress.get("file") or "")
    if run.state != "running" or run.verb == "upload" or current not in lines:
        return list(lines.values())
    here = lines[current]
    if here.state in ("reading", "waiting"):
        lines[current] = replace(here, state="reading", done=int(run.progress.get("file_done", 0)),
                                 total=int(run.progress.get("file_total", 0)) or here.total)
    return list(lines.values())


def _prepared(run: RunState, outbox: Sequence[OutboxFile]) -> dict[str, FileLine]:
    lines = {PurePath(str(file)).name: FileLine(PurePath(str(file)).name, "waiting") for file in run.asked.get("files", [])}
    for recorded in run.events:
        event = recorded.event
        if isinstance(event, SourceRead):
            lines[event.file] = FileLine(event.file, "read", event.bytes, event.bytes, f"{event.records:,} records")
        elif isinstance(event, FileReady):
            lines[event.name] = FileLine(event.name, "ready", event.bytes, event.bytes, f"{event.records:,} records")
    return lines


def _uploaded(run: RunState, outbox: Sequence[OutboxFile]) -> dict[str, FileLine]:
    of_run = {recorded.event.name for recorded in run.events if isinstance(recorded.event, FileStarted | FileNotSent)}
    again = run.asked.get("again")
    mine = [file for file in outbox if file.name in of_run or
            (run.state == "running" and again in (None, file.name) and file.state in ("waiting", "partial"))]
    return {file.name: FileLine(file.name, file.state, file.done, file.total,
                                "" if file.records is None else f"{file.records:,} records")
            for file in upload_files(run, mine)}


def _reported(run: RunState, outbox: Sequence[OutboxFile]) -> dict[str, FileLine]:
    lines = {}
    for recorded in run.events:
        event = recorded.event
        if isinstance(event, ReportFiled):
            refused = f", {event.refused:,} refused" if event.refused else ""
            said = "was here already" if event.already else f"{words.plural(event.rows, 'row')}{refused}"
            lines[event.name] = FileLine(event.name.removesuffix(".txt"), "filed", event.rows, event.rows, said)
        elif isinstance(event, ReportRefused):
            lines[event.name] = FileLine(event.name, "refused", 0, 0, event.reason)
        elif isinstance(event, RecordsKept):
            lines[event.name] = FileLine(event.name, "kept", event.bytes, event.bytes, f"records, {event.folder}")
        elif isinstance(event, OnlyPlaceholder):
            when = f" ({words.day(event.removed_at)})" if event.removed_at else ""
            lines[event.name] = FileLine(event.name, "removed", 0, 0, f"ask OCLC for it{when}")
    coming = str(run.progress.get("file") or "")
    if run.state == "running" and coming and coming not in lines:
        lines[coming] = FileLine(coming, "reading")
    return lines


def one_line(run: RunState, facts: Facts, width: int) -> Line:
    """A live run in one line: what, a bar, how far, how fast."""
    unit, done, total = run.progress.get("unit", "bytes"), int(run.progress.get("done", 0)), int(run.progress.get("total", 0))
    head: list[Piece] = [("◐ ", "accent"), (f"{run.verb} {run.symbol}  ", "")]
    speed = speed_words(run, facts.curves.get(run.name, Curve()), facts.as_of)
    tail = f" {words.percent(done, total):>5}  {words.of(done, total, unit)}  {speed}"
    if not total:
        tail = "  at work"
        return fit([*head, (tail, "")], width)
    room = max(6, min(40, width - width_of(head) - len(tail)))
    return fit([*head, (words.bar(done, total, room), "accent"), (tail, "")], width)


def file_line(file: FileLine, width: int, name_width: int) -> Line:
    """` ✔ sent      1000043.zmd.vern.20201103.001.mrc   14.0 MB  ████████`."""
    glyph_word, kind = words.state_piece(file.state)
    head = fit((glyph_word, kind), 12)
    line = [*head, *fit(shortened(file.name, name_width), name_width), (" ", "")]
    tail = _tail(file)
    if _is_at_work(file):
        room = max(4, min(30, width - width_of(line) - len(tail)))
        return fit([*line, (words.bar(file.done, file.total, room), "accent"), (tail, "")], width)
    return fit([*line, (tail, ""), (file.said, "muted")], width)


def _is_at_work(file: FileLine) -> bool:
    return file.state in ("sending", "reading") and file.total > 0


def _tail(file: FileLine) -> str:
    """What stands behind a file's name before its words: how far it is, or how large."""
    if _is_at_work(file):
        return f" {words.percent(file.done, file.total):>5} of {words.size(file.total)}"
    return f"{words.size(file.total):>9}  " if file.total and file.state != "filed" else " "


def _name_width(files: Sequence[FileLine], width: int) -> int:
    """The cells a name may take: what the counts leave, which are never cut (a refused report's reason may be)."""
    behind = [len(_tail(file)) + (4 if _is_at_work(file) else min(len(file.said), 30)) for file in files]
    longest = max((cell_len(plain(file.name)) for file in files), default=0)
    return min(longest, max(12, width - 13 - max(behind, default=0)))


def summary(run: RunState, facts: Facts, outbox: Sequence[OutboxFile], stopping: bool, width: int) -> list[Line]:
    """A run in lines: its state and result, one bar for all, how fast, why it ended so, and what to press; then its files."""
    glyph_word, kind = words.state_piece(shown_state(run, stopping))
    took = seconds_of(run)
    ended = "" if took is None else f" · took {took:.1f} s" if took < 60 else f" · took {words.duration(took)}"
    lines: list[Line] = [[(glyph_word, kind), (f" · {result_words(run)}{ended}", "")]]
    done, total = int(run.progress.get("done", 0)), int(run.progress.get("total", 0))
    curve = curve_of(run, facts)
    if (run.state == "running" or done < total) and (whole := whole_line(run, curve, facts.as_of, width)):
        lines.append(whole)
    if run.state == "running" and (rate := rate_line(run, facts, width)):
        lines.append(rate)
    if run.end is not None and run.end.reason:
        lines += wrap([(run.end.reason, kind)], width, 2)
    lines += [line for sentence in advice(run) for line in wrap([("→ ", "accent"), (sentence, "")], width, 2)]
    files = files_of(run, outbox)
    name_width = _name_width(files, width)
    return [*lines, *(file_line(file, width, name_width) for file in files)]


def seconds_of(run: RunState) -> float | None:
    """How long a run took; None while it lives, or when its end was never written."""
    return (words.instant(run.events[-1].at) - words.instant(run.at)).total_seconds() if run.end is not None else None


def advice(run: RunState) -> list[str]:
    """What to press next for a run that did not simply end well."""
    if counted := may_accept(run):
        return [f"Press a to accept {counted.unrouted:,} unrouted and {counted.double:,} double records with a "
                "reason, or mend "
                "the streams in console.toml and press r."]
    if run.state == "interrupted":
        return ["Its process died. Press r: the same command again goes on where it stood."]
    if run.end is not None and run.end.needs_somebody:
        return ["First do what it says here; then press r for the same command again."]
    if run.state in ("failed", "stopped", "refused"):
        return ["Press r for the same command again; nothing is sent or filed twice."]
    return []


def event_line(run: RunState, at: int) -> Line:
    """One event: its time, and its words."""
    recorded = run.events[at]
    kind = "bad" if isinstance(recorded.event, (FileNotSent, ReportRefused)) else ""
    if isinstance(recorded.event, Ended) and recorded.event.state != "done":
        kind = "bad" if recorded.event.state in ("failed", "refused") else "warn"
    if isinstance(recorded.event, SetAside | OnlyPlaceholder):
        kind = "warn"
    mark = "! " if kind else ""
    return [(f"{words.hour(recorded.at)} ", "muted"), (mark, kind), (recorded.event.words, kind)]


def connection_words(run: RunState) -> str:
    """Where to, as whom, with which host key; empty before there is a connection."""
    connected = last_of([recorded.event for recorded in run.events], Connected)
    return connected.words if connected else ""


def may_accept(run: RunState) -> Counted | None:
    """The counts of a prepare that was refused because records are unrouted or double; None for any other run."""
    counted = last_of([recorded.event for recorded in run.events], Counted)
    if run.verb == "prepare" and run.state == "refused" and counted and counted.unrouted + counted.double:
        return counted
    return None
