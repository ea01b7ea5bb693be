"""What an upload says of itself while it goes: where each file is, one bar for all, how fast, what was asked of it and what
came of that. Pure: made from the run's folder as it was read. Not for what a finished one needs (upload_ending.py), nor for
one file's story (file_words.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from oclc_console.store.events import (
    Connected,
    ConnectionsChanged,
    Event,
    FileNotSent,
    FileSent,
    FileStarted,
    Note,
    Paused,
    Resumed,
    TriedAgain,
)
from oclc_console.store.runs import RunState
from oclc_console.tui import words
from oclc_console.tui.follow import Curve, Facts, Wished, curve_on_disk
from oclc_console.tui.widgets.drawing import Line, cell_len, shortened

if TYPE_CHECKING:
    from oclc_console.operations.outbox import OutboxFile

STALLED_SECONDS = 15.0
NO_ANSWER_SECONDS = 10.0  # a run looks at what is asked of it twice a second: after this it is not listening
STEPS = (1, 2, 5, 10, 30)  # seconds that one cell of the rate's curve may stand for
RANK = {"sending": 0, "refused": 1, "taken_cut": 1, "uncertain": 1, "partial": 1, "waiting": 2, "sent": 3}


@dataclass(frozen=True)
class UploadFile:
    """One file of an upload. `tries` counts those of this run and before; `failed` is a file that did not get through in
    this run and is not being tried again; `between` is one whose last try failed a moment ago and that is about to be tried
    again; `behind` is the file of its collection that it waits for."""

    name: str
    state: str
    done: int
    total: int
    collection: str = ""
    records: int | None = None
    tries: int = 0
    failed: bool = False
    between: bool = False
    reason: str = ""
    behind: str = ""


def upload_files(run: RunState, due: Sequence[OutboxFile]) -> list[UploadFile]:
    """The files of an upload as its journal has them by now, in the order it takes them; of those in flight, as many bytes
    as its progress says."""
    files = {file.name: UploadFile(file.name, "waiting" if run.state == "running" else file.state, file.acknowledged,
                                   file.bytes, file.collection, file.records, file.attempts) for file in due}
    for recorded in run.events:
        name = getattr(recorded.event, "name", None)
        if name in files or isinstance(recorded.event, FileStarted | FileNotSent):
            files[str(name)] = _after(files.get(str(name)) or _bare(str(name)), recorded.event)
        elif isinstance(recorded.event, Note):  # `NAME: why; trying again`
            name = recorded.event.text.split(": ")[0]
            if name in files and files[name].state == "sending":
                files[name] = replace(files[name], between=True)
    if run.state != "running":  # nothing is being sent by a run that is over
        return [replace(file, state="partial") if file.state == "sending" else file for file in files.values()]
    for name, (done, total) in in_flight(run).items():
        if name in files and files[name].state == "sending" and not files[name].between:
            files[name] = replace(files[name], done=done, total=total)
    return [_waits_behind(file, list(files.values())) for file in files.values()]


def in_flight(run: RunState) -> dict[str, tuple[int, int]]:
    """The files on their way: name -> (bytes acknowledged, bytes in all)."""
    moving = run.progress.get("moving")
    if moving is None and run.progress.get("file"):  # written by a version that sent one file at a time
        return {run.progress["file"]: (int(run.progress.get("file_done", 0)), int(run.progress.get("file_total", 0)))}
    return {name: (int(done), int(total)) for name, (done, total) in (moving or {}).items()}


def _bare(name: str) -> UploadFile:
    return UploadFile(name, "", 0, 0, name.split(".")[0])


def _after(file: UploadFile, event: Event) -> UploadFile:
    if isinstance(event, FileStarted):
        return replace(file, state="sending", done=event.start, total=event.bytes, tries=event.attempt, failed=False,
                       between=False)
    if isinstance(event, FileSent):
        return replace(file, state="sent", done=event.bytes, total=event.bytes)
    if isinstance(event, FileNotSent):
        return replace(file, state=event.state, done=event.acknowledged, tries=max(file.tries, event.attempt),
                       failed=event.state in ("waiting", "partial"), reason=event.reason)
    if isinstance(event, TriedAgain):
        return replace(file, state="waiting", failed=False)
    return file


def _waits_behind(file: UploadFile, files: Sequence[UploadFile]) -> UploadFile:
    if file.state != "waiting" or file.failed:
        return file
    for other in files:
        if other.name == file.name:
            return file
        if other.failed and other.collection == file.collection:
            return replace(file, behind=other.name)
    return file


def short_name(name: str, width: int) -> str:
    """A file's name in so many cells: where one of ours has to be cut, what is the same in all of a symbol goes first, so that
    the stream's word and the number stay."""
    if cell_len(name) <= width:
        return name
    parts = name.split(".")
    if len(parts) == 6:
        collection, _, word, day, number, _ = parts
        for shorter in (f"{collection}…{word}…{day[4:]}.{number}", f"…{word}…{day[4:]}.{number}"):
            if cell_len(shorter) <= width:
                return shorter
    return shortened(name, width)


def most_pressing_first(files: Sequence[UploadFile], needing: Sequence[str]) -> list[UploadFile]:
    """Those in flight, then those that need somebody, then those that wait, then the rest."""
    return sorted(files, key=lambda file: 1 if file.name in needing or file.failed else RANK.get(file.state, 1))


# how it goes


def paused(run: RunState) -> bool:
    """Whether the run said that it is paused, and not yet that it goes on."""
    last = next((r.event for r in reversed(run.events) if isinstance(r.event, Paused | Resumed)), None)
    return isinstance(last, Paused) and run.state == "running"


def connections(run: RunState, settings_say: int) -> int:
    """How many connections the run says it may use."""
    last = next((r.event for r in reversed(run.events) if isinstance(r.event, ConnectionsChanged)), None)
    return last.count if isinstance(last, ConnectionsChanged) else settings_say


def asked_for(run: RunState, settings_say: int) -> int:
    """How many connections people asked for, as far as the run has answered."""
    answers = (r.event for r in reversed(run.events) if isinstance(r.event, ConnectionsChanged) and not r.event.why)
    return next((event.count for event in answers), settings_say)


def fewer_words(run: RunState, settings_say: int) -> str:
    """That fewer connections are used than were asked for, and why; empty when they are not."""
    last = next((r.event for r in reversed(run.events) if isinstance(r.event, ConnectionsChanged)), None)
    if last is None or run.state != "running" or last.count >= (asked := asked_for(run, settings_say)):
        return ""
    return f"{last.count} of the {asked} connections asked for: {last.why}"


def retries(run: RunState) -> int:
    """How often a file was begun again in this run."""
    begun = [recorded.event.name for recorded in run.events if isinstance(recorded.event, FileStarted)]
    return len(begun) - len(set(begun))


def speed_words(run: RunState, curve: Curve, now: datetime) -> str:
    """`4.1 MB/s, 2:51 left`, that it is paused or that nothing moves; empty for a run that is over."""
    if run.state != "running":
        return ""
    if paused(run):
        return f"paused {words.duration(curve.still_for(now))}" if curve.samples else "paused"
    unit, done, total = run.progress.get("unit", "bytes"), int(run.progress.get("done", 0)), int(run.progress.get("total", 0))
    still = curve.still_for(now)
    if curve.samples and still > STALLED_SECONDS and done < total:
        return f"nothing moved for {words.duration(still)}"
    rate = curve.rate()
    if not rate:
        return "rate not known yet"
    return f"{words.amount(round(rate), unit)}/s, {words.duration((total - done) / rate)} left"


def curve_of(run: RunState, facts: Facts) -> Curve:
    """The run's curve: as it was followed, else as its own progress keeps it."""
    return facts.curves.get(run.name) or curve_on_disk(run)


def rate_line(run: RunState, facts: Facts, width: int) -> Line | None:
    """The rate of the last minutes as a small curve, with its highest; None where there is none yet."""
    curve, live = curve_of(run, facts), run.state == "running"
    room = max(10, width - 43)
    for step in STEPS:
        values = curve.each(step, facts.as_of if live else None)
        if len(values) <= room:
            break
    values = values[-room:]
    drawn = words.spark(values, room).lstrip()
    if not drawn.strip():
        return None
    unit = run.progress.get("unit", "bytes")
    said = f"  {'last' if live else 'its last'} {words.duration(len(values) * step)}, at most "
    return [("rate ", "muted"), (drawn, "accent"), (f"{said}{words.amount(round(max(values)), unit)}/s", "muted")]


def whole_line(run: RunState, curve: Curve, now: datetime, width: int) -> Line | None:
    """One bar for all the bytes; None where it is not known how many there are."""
    unit, done, total = run.progress.get("unit", "bytes"), int(run.progress.get("done", 0)), int(run.progress.get("total", 0))
    if not total:
        return None
    speed = speed_words(run, curve, now)
    tail = f" {words.percent(done, total):>5}  {words.of(done, total, unit)}{f'  {speed}' if speed else ''}"
    room = max(8, min(60, width - len(tail) - 6))
    return [("all  ", "muted"), (words.bar(done, total, room), "accent"), (tail, "")]


def asked_words(run: RunState, wished: Wished | None, settings_say: int, now: datetime) -> list[str]:
    """What is asked of a run that it has not done yet, in sentences that say since when."""
    if wished is None or run.state != "running":
        return []
    wishes, seconds = wished.wishes, max(0.0, (now - wished.since).total_seconds())
    asked = []
    if wishes.paused != paused(run):
        asked.append("asked to pause" if wishes.paused else "asked to go on")
    if wishes.connections is not None and wishes.connections != (count := asked_for(run, settings_say)):
        asked.append(f"asked to use {words.plural(wishes.connections, 'connection')} instead of {count}")
    asked += [f"asked to try {name} again" for name in wishes.retry]
    if not asked:
        return []
    since = f"{', '.join(asked)} {words.duration(seconds)} ago; it has not answered yet"
    if seconds <= NO_ANSWER_SECONDS:
        return [since]
    return [f"{since}. It does not seem to listen: look at its events, or press x to stop it."]


def result_line(run: RunState, files: Sequence[UploadFile], settings_say: int, stopping: bool) -> Line:
    """The first line of a live upload: its state, files n of m, and what is in flight over how many connections."""
    state = "stopping" if stopping else "paused" if paused(run) else "running"
    sent, total = sum(file.state == "sent" for file in files), max(len(files), int(run.progress.get("files_total", 0)))
    failed = sum(file.state in ("partial", "uncertain", "taken_cut", "refused") or file.failed for file in files)
    moving = len(in_flight(run))
    parts = [f"{sent} of {words.plural(total, 'file')} sent",
             f"{moving} of {words.plural(connections(run, settings_say), 'connection')} at work"]
    if failed:
        parts.append(f"{failed} not through")
    if again := retries(run):
        parts.append(words.plural(again, "retry", "retries"))
    return [words.state_piece(state), (f" · {' · '.join(parts)}", "")]


def where_words(run: RunState) -> str:
    """Where to, as whom, with which host key (its ends; the event has it whole); empty before there is a connection."""
    last = next((r.event for r in run.events if isinstance(r.event, Connected)), None)
    if last is None:
        return ""
    return f"{last.account} at {last.host}:{last.port}, host key {shortened(last.host_key, 22)}"
