"""The events operations yield: what happened to a file, or what was decided, never one per record. An event that was
yielded is on disk before the operation goes on, so state is a fold over these. Not for progress (that is counters)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson

from oclc_console import clock
from oclc_console.oclc.report_layouts import LAYOUT_OF


@dataclass(frozen=True)
class Event:
    """Something that happened. Its class name is its `kind` on disk; the fields are its data."""

    kinds: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls) -> None:
        Event.kinds[cls.__name__] = cls

    @property
    def words(self) -> str:
        """One line for people."""
        shown = ", ".join(f"{f.name} {getattr(self, f.name)}" for f in dataclasses.fields(self))
        return f"{type(self).__name__}: {shown}"


@dataclass(frozen=True)
class Recorded:
    """An event as it stands in events.jsonl: with its time and the login that caused it."""

    at: str
    by: str
    event: Event


def to_line(event: Event, by: str) -> bytes:
    """The event as one line of events.jsonl."""
    return orjson.dumps(
        {"at": clock.iso(clock.now()), "by": by, "kind": type(event).__name__, **dataclasses.asdict(event)},
        option=orjson.OPT_APPEND_NEWLINE,
    )


def from_line(line: bytes) -> Recorded:
    """What `to_line` wrote. Unknown kinds, or fields (another version wrote them), come back as Unknown, never lost;
    so does a line that a bad disk made unreadable: one line must not hide a run."""
    try:
        data: dict[str, Any] = orjson.loads(line)
        at, by, kind = data.pop("at"), data.pop("by"), data.pop("kind")
    except (ValueError, KeyError, TypeError, AttributeError):
        return Recorded("", "", Unknown("unreadable", {"line": line.decode("utf-8", "backslashreplace")}))
    known = Event.kinds.get(kind)
    fields = dataclasses.fields(known) if known else ()
    needed = {f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING}
    if known is None or not needed <= set(data) <= {f.name for f in fields}:
        return Recorded(at, by, Unknown(kind, data))
    return Recorded(at, by, known(**data))


@dataclass(frozen=True)
class Unknown(Event):
    """An event this version has no name for."""

    named: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Ended(Event):
    """The last event of every run. `state`: done, failed, refused or stopped; `exit_code` as the command's. `needs_somebody`
    where the same command would end in the same way until somebody has done what the reason says."""

    state: str
    exit_code: int
    reason: str = ""
    needs_somebody: bool = False

    @property
    def words(self) -> str:
        return f"{self.state}{': ' + self.reason if self.reason else ''}"


@dataclass(frozen=True)
class Note(Event):
    """A sentence worth keeping: a warning, a retry, a decision and its reason."""

    text: str

    @property
    def words(self) -> str:
        return self.text


# prepare


@dataclass(frozen=True)
class SourceRead(Event):
    """One of Alma's files has been walked to its end. `counts` are its own part of Counted."""

    file: str
    records: int
    bytes: int
    sha256: str
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return f"read {self.file}: {self.records:,} records, {self.bytes:,} bytes"


@dataclass(frozen=True)
class SetAside(Event):
    """A kind of fault found in a file, with how many records have it and where the first one stands."""

    file: str
    rule: str
    records: int
    first_number: int
    first_offset: int
    detail: str

    @property
    def words(self) -> str:
        return (f"{self.file}: {self.records:,} set aside, {self.rule}; the first is record {self.first_number:,} "
                f"at byte {self.first_offset:,}: {self.detail}")


@dataclass(frozen=True)
class Counted(Event):
    """Where every record of the set went: the first identity."""

    in_set: int
    set_count: int | None
    excluded: dict[str, int]
    routed: int
    unrouted: int
    double: int
    quarantined: int

    @property
    def words(self) -> str:
        stated = "Alma's count not stated" if self.set_count is None else f"Alma counted {self.set_count:,}"
        return (f"in set {self.in_set:,} = excluded {sum(self.excluded.values()):,} + quarantined {self.quarantined:,} "
                f"+ unrouted {self.unrouted:,} + routed {self.routed:,} (double {self.double:,}); {stated}")


@dataclass(frozen=True)
class Linted(Event):
    """What lint predicts OCLC will say of records that go out, or of one that a blocking rule holds back: how many records
    of the set, and the first of them. The records are listed in the run's findings.csv."""

    rule: str
    severity: str
    records: int
    first: str
    sentence: str

    @property
    def words(self) -> str:
        return f"lint: {self.severity} in {self.records:,} records, first {self.first}: {self.sentence}"


@dataclass(frozen=True)
class SentBefore(Event):
    """Records of this set went out already, byte for byte the same, in this file."""

    name: str
    records: int

    @property
    def words(self) -> str:
        return f"{self.records:,} of these records went out already in {self.name}; uploading sends them again"


@dataclass(frozen=True)
class Staged(Event):
    """Every output file is complete and synced in the run's folder; from here the run is finished by moving them."""

    files: list[dict[str, Any]]
    supersedes: list[str]

    @property
    def words(self) -> str:
        return f"{len(self.files)} files complete"


@dataclass(frozen=True)
class FileReady(Event):
    """A file stands in the outbox, ready to be uploaded."""

    name: str
    stream: str
    collection: str
    records: int
    bytes: int
    sha256: str

    @property
    def words(self) -> str:
        return f"ready {self.name}: {self.records:,} records, {self.bytes:,} bytes"


@dataclass(frozen=True)
class FileWithdrawn(Event):
    """A prepared file that was never sent has been replaced by a newer run over the same source."""

    name: str
    by_run: str

    @property
    def words(self) -> str:
        return f"withdrawn {self.name}: {self.by_run} prepared its source again"


# upload


@dataclass(frozen=True)
class Connected(Event):
    """A connection stands."""

    host: str
    port: int
    account: str
    host_key: str

    @property
    def words(self) -> str:
        return f"connected to {self.host} as {self.account}, host key {self.host_key}"


@dataclass(frozen=True)
class GateChecked(Event):
    """A gate was judged before anything was done: its conditions, each {id, state, words}, what the step would do in numbers,
    and whether it may be taken."""

    gate: str
    subject: str
    opened: bool
    effect: str
    conditions: list[dict[str, str]]

    @property
    def words(self) -> str:
        states = [one["state"] for one in self.conditions]
        counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        closed = "".join(f"; red: {one['id']} ({one['words']})" for one in self.conditions if one["state"] == "red")
        return f"gate {self.gate} {'open' if self.opened else 'closed'}: {counts}{closed}; {self.effect}"


@dataclass(frozen=True)
class FileCompared(Event):
    """A file whose upload was cut short is still listed, and what is there was compared with ours: sending goes on at byte
    `start` (0: from its beginning), for this `reason`."""

    name: str
    there: int
    start: int
    reason: str

    @property
    def words(self) -> str:
        return f"{self.name}: {self.there:,} bytes of it are there; {self.reason}"


@dataclass(frozen=True)
class FileStarted(Event):
    """The next thing that happens is that the server is asked to open this file; bytes before `start` are there already."""

    name: str
    bytes: int
    sha256: str
    attempt: int
    start: int = 0
    channels: int = 1

    @property
    def words(self) -> str:
        again = f", attempt {self.attempt}" if self.attempt > 1 else ""
        onwards = f", from byte {self.start:,}" if self.start else ""
        through = f", through up to {self.channels} channels" if self.channels > 1 else ""
        return f"sending {self.name}: {self.bytes:,} bytes{onwards}{through}{again}"


@dataclass(frozen=True)
class FileOpened(Event):
    """The server has opened the file; from here bytes of it may be there."""

    name: str

    @property
    def words(self) -> str:
        return f"opened {self.name}"


@dataclass(frozen=True)
class FileClosing(Event):
    """Every byte was acknowledged; the next thing that happens is the close, at which OCLC takes the file."""

    name: str
    bytes: int

    @property
    def words(self) -> str:
        return f"closing {self.name}: all {self.bytes:,} bytes acknowledged"


@dataclass(frozen=True)
class FileSent(Event):
    """Every byte was acknowledged and the server closed the file without error."""

    name: str
    bytes: int
    sha256: str
    attempt: int
    seconds: float

    @property
    def words(self) -> str:
        return f"sent {self.name}: all {self.bytes:,} bytes acknowledged, closed without error"


@dataclass(frozen=True)
class FileNotSent(Event):
    """A file that did not go through. `state`: waiting, partial, uncertain, taken_cut or refused (see upload.py); `twin` is
    the file under whose name the same bytes went out, where that is why. `anew` when it is to be sent from its start, because
    it changed here while it was being sent."""

    name: str
    state: str
    acknowledged: int
    attempt: int
    reason: str
    twin: str = ""
    anew: bool = False

    @property
    def words(self) -> str:
        return f"{self.state.replace('_', ' ')} {self.name}: {self.reason}"


@dataclass(frozen=True)
class Paused(Event):
    """Somebody asked this upload to pause: connections stay open, nothing is sent."""

    @property
    def words(self) -> str:
        return "paused: nothing is sent until somebody resumes it"


@dataclass(frozen=True)
class Resumed(Event):
    """Somebody asked this upload to go on after a pause."""

    @property
    def words(self) -> str:
        return "resumed"


@dataclass(frozen=True)
class ConnectionsChanged(Event):
    """How many connections this upload uses from now on. Without a `why` somebody asked for so many: one that is too many
    ends after the file it has in hand. Else the server took no more, or takes another one again, and `why` says so."""

    count: int
    why: str = ""

    @property
    def words(self) -> str:
        because = f": {self.why}" if self.why else ""
        return f"{self.count} {'connection' if self.count == 1 else 'connections'} from now on{because}"


@dataclass(frozen=True)
class TriedAgain(Event):
    """Somebody asked to try a file again that did not get through in this run."""

    name: str

    @property
    def words(self) -> str:
        return f"{self.name}: asked to try it again"


# fetch, import


@dataclass(frozen=True)
class ReportFiled(Event):
    """A report is kept as it came, parsed into the ledger, and its exceptions are in TinyDB. `refused_lines` are the first
    few that could not be read: {line, why}. `headings` of its rows tell of no record, `other_job` of them are about another
    upload; `blank` lines are no rows. `superseded` records had been answered before, in the reports `supersedes`."""

    name: str
    type: str
    symbol: str
    rows: int
    refused: int
    records: int
    superseded: int
    already: bool
    sha256: str
    refused_lines: list[dict[str, Any]] = field(default_factory=list)
    layout: str = ""
    headings: int = 0
    blank: int = 0
    other_job: int = 0
    supersedes: list[str] = field(default_factory=list)

    @property
    def understood(self) -> bool:
        """Whether its rows were read; otherwise its lines are kept and counted."""
        return (self.layout or LAYOUT_OF.get(self.type, "lines")) != "lines"

    @property
    def words(self) -> str:
        if self.already:
            return f"{self.name}: was here already, nothing changed"
        if not self.understood:
            return f"{self.name}: {self.type}, format unknown; its {self.rows:,} lines are kept as they came"
        refused = f", {self.refused:,} {'line' if self.refused == 1 else 'lines'} refused" if self.refused else ""
        again = f"; {self.superseded:,} of its records were answered before, this answer holds" if self.superseded else ""
        other = f"; {self.other_job:,} of them about another upload" if self.other_job else ""
        first = f"; {self.refused_lines[0]['why']}" if self.refused_lines else ""
        return f"{self.name}: {self.type}, {self.rows:,} {'row' if self.rows == 1 else 'rows'}{other}{refused}{again}{first}"


@dataclass(frozen=True)
class ReportRefused(Event):
    """A file on the server, or given to import, that was not taken. `bytes` is its size as the server lists it, where it
    was there."""

    name: str
    reason: str
    bytes: int | None = None

    @property
    def words(self) -> str:
        return f"not taken {self.name}: {self.reason}"


@dataclass(frozen=True)
class RejectionsGathered(Event):
    """What all reports of a symbol say of each record that OCLC ever complained about is gathered for the workbench."""

    symbol: str
    records: int

    @property
    def words(self) -> str:
        return f"{self.symbol}: {self.records:,} {'record' if self.records == 1 else 'records'} gathered for the workbench"


@dataclass(frozen=True)
class RecordsKept(Event):
    """A file of records that OCLC wrote is kept as it came; nothing in it was read. `folder` says what it holds: new,
    updates (merges too) or deletes."""

    name: str
    symbol: str
    folder: str
    bytes: int
    sha256: str

    @property
    def words(self) -> str:
        return f"{self.name}: {self.bytes:,} bytes of records, kept in records/{self.symbol}/{self.folder}"


@dataclass(frozen=True)
class OnlyPlaceholder(Event):
    """A file that is not here, and that OCLC has removed from its server: only a placeholder is listed. `folder` is OCLC's;
    `removed_at` is the placeholder's own time, an ISO instant, where the server says."""

    name: str
    folder: str
    removed_at: str | None

    @property
    def words(self) -> str:
        when = f" on {self.removed_at[:10]}" if self.removed_at else ""
        return f"ask OCLC for {self.name}: it was removed from {self.folder}{when}, only a placeholder is there"
