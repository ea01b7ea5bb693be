"""What the screens' tests and drawings stand on: a small project with a held clock, made by the real operations where they
need no server (prepare, filing reports, signing), and by real runs that say what an upload would say. Nothing in it
depends on this machine: the same every time."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock

from oclc_console import clock
from oclc_console.marc.record import put_together
from oclc_console.marc.source import scan
from oclc_console.operations.checklist import mark_not_applicable, reopen, sign_off
from oclc_console.operations.import_reports import file_report
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.store.events import Connected, Event, FileSent, FileStarted, Note, ReportFiled, to_line
from oclc_console.store.runs import Operation, RunFolder, run
from oclc_console.workspace import Workspace, make_workspace

NOON = datetime(2020, 11, 16, 9, 14, tzinfo=UTC)
KEY = "SHA256:1fQ8xw0000000000000000000000000000000000000"

TOML = """
[institution]
name = "Example University Library"
suffix = "9999"
[exchange]
host = "{host}"
[symbols.ZLW]
name = "Law library"
libraries = ["LAW"]
[[symbols.ZLW.streams]]
name = "Everything"
word = "all"
collection = "1000021"
[symbols.ZMD]
name = "Medical library"
libraries = ["MED"]
[[symbols.ZMD.streams]]
name = "Vernacular"
word = "vern"
collection = "1000037"
keep = {{ all = ["880"], none = ["843"] }}
[[symbols.ZMD.streams]]
name = "Trusted OCN"
word = "trusted"
collection = "1000043"
match = "trusted ocn"
keep = {{ all = ["079$a"], none = ["880", "843"] }}
[[symbols.ZMD.streams]]
name = "Reproductions"
word = "reproductions"
collection = "1000034"
keep = {{ all = ["843"] }}
[symbols.ZHG]
name = "Rare books [and manuscripts]"
disposition = "retiring"
successor = "ZMD"
libraries = ["RBK", "THE"]
"""


@dataclasses.dataclass
class HeldClock:
    """A clock that stands until it is told to go on; put in place of `clock.now`."""

    moment: datetime = NOON - timedelta(days=14)

    def now(self) -> datetime:
        """The held moment."""
        return self.moment

    def at(self, *, days: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Sets the clock to so long before the stage's present."""
        self.moment = NOON - timedelta(days=days, minutes=minutes, seconds=seconds)


def record(number: int, title: str, *extra: tuple[bytes, bytes]) -> bytes:
    """One holdings-level record; its ids end in `number`."""
    fields = [(b"001", b"99%09d9999" % number), (b"008", b"200101s2020    ilua     b    001 0 eng d"),
              (b"245", b"10\x1fa" + title.encode() + b"\x1fcby \x1b[31mnobody"),
              (b"852", b"0 \x1fbMED\x1f8" + lsn(number).encode()), *extra]
    return put_together(b"00000cam a2200000 a 4500", sorted(fields, key=lambda pair: pair[0]))


def lsn(number: int) -> str:
    """The local number of a made record."""
    return f"22{number:09d}9999"


def records(first: int, count: int) -> bytes:
    """Records by turns: trusted, vernacular with its 880, reproduction."""
    titles = ("[Letters]", "[/red] and [bold]", "=1+1", "Hanguk [sajin]")
    made = []
    for number in range(first, first + count):
        title = titles[number % len(titles)]
        extra: list[tuple[bytes, bytes]] = [(b"079", b"  \x1fa(OCoLC)ocn%09d" % (5000000 + number))]
        if number % 3 == 1:
            extra = [(b"880", b"10\x1f6245-01\x1fa" + "한국 [사진]".encode()), (b"260", b"  \x1f6880-03\x1faSoul")]
        elif number % 3 == 2:
            extra = [(b"843", b"  \x1faMicroform.")]
        made.append(record(number, title, *extra))
    return b"".join(made)


def make_stage(root: Path, held: HeldClock, host: str = "rehearsal") -> Workspace:
    """The whole project: ZLW untouched, ZMD reported with exceptions, ZHG refused for want of a stream."""
    held.at(days=14)
    make_workspace(root, TOML.format(host=host))
    workspace = Workspace(root, "lts")  # in a rehearsal anybody may act; the login of whoever runs this must not show
    _sign(workspace, held)
    (workspace.at("inbox", "ZLW") / "LAW_[new]_1.mrc").write_bytes(records(500, 6))
    (workspace.at("inbox", "ZMD") / "MED_2020110208_1.mrc").write_bytes(records(1, 30))
    held.at(days=13, minutes=62)
    ran(workspace, prepare(workspace, "ZMD", [workspace.at("inbox", "ZMD") / "MED_2020110208_1.mrc"], set_count=30))
    held.at(days=13)
    ran(workspace, sending(workspace, "ZMD", read_outbox(workspace, "ZMD")))
    held.at(days=12)
    for file in read_outbox(workspace, "ZMD")[:2]:
        report(workspace, file)
    held.at(minutes=50)
    _refused(workspace)
    held.at()
    return workspace


def _sign(workspace: Workspace, held: HeldClock) -> None:
    for symbol in ("ZMD", "ZHG"):
        sign_off(workspace, symbol, "authorizations", date(2020, 10, 5), "all 14 logins moved [/x]")
        held.at(days=13, minutes=200)
    sign_off(workspace, "ZMD", "logins", date(2020, 10, 20), "all on the new login")
    sign_off(workspace, "ZHG", "logins", date(2020, 10, 21), "too early")
    reopen(workspace, "ZHG", "logins", "two cataloguers still use the old login")
    mark_not_applicable(workspace, "ZLW", "updates", "never had them")


def _refused(workspace: Workspace) -> None:
    """A prepare that stops at its gate: a record that no stream wants."""
    source = workspace.at("inbox", "ZHG") / "RBK_2020111608_1.mrc"
    source.write_bytes(records(700, 4) + record(704, "Nobody wants me"))
    with contextlib.suppress(Exception):
        ran(workspace, prepare(workspace, "ZHG", [source]))


def ran(workspace: Workspace, operation: Operation) -> list[Event]:
    """Runs an operation to its end."""
    return list(run(workspace, operation, threading.Event()))


def sending(workspace: Workspace, symbol: str, files: Sequence[OutboxFile]) -> Operation:
    """An upload that says what a real one says, without a server."""

    def work(folder: RunFolder) -> Iterator[Event]:
        folder.progress.total = folder.progress.done = sum(file.bytes for file in files)
        folder.progress.files_total = folder.progress.files_done = len(files)
        yield Connected("127.0.0.1", 22, f"fx_{symbol.lower()}", KEY)
        for file in files:
            yield FileStarted(file.name, file.bytes, file.sha256, 1)
            yield FileSent(file.name, file.bytes, file.sha256, 1, 0.5)

    return Operation("upload", symbol, {"again": None, "reason": None}, work, lambda events: {"files": []})


def report(workspace: Workspace, file: OutboxFile) -> None:
    """Files the two reports OCLC would write about an upload: every fifth record is unresolved, with exceptions."""
    collection, symbol = file.collection, file.sender.upper()
    epoch = int(clock.parse(str(file.sent_at)).timestamp() * 1000)
    outcomes, exceptions = [], []
    for at, each in enumerate(scan(file.path)):
        key = f"{symbol}_{collection}_{epoch}::bib::{each.offset + len(each.raw)}"
        number = (b"".join(each.record.all(b"852")) if each.record else b"").split(b"\x1f8")[-1].decode()
        if at % 5 == 2:
            outcomes.append(f"{key}|{number}|52345{at:03d}|13901508{at:02d}|unresolved")
            exceptions += [f"{key}|{number}|52345{at:03d}||Validation Error|CRITICAL|Record is sparse [/x].",
                           f"{key}|{number}|52345{at:03d}||Validation Error|MINOR|1st $e in 1st 700 is not a relator "
                           "term.",
                           f"{key}|{number}|52345{at:03d}||Validation Error|SEVERE|1st $6 in 1st 260 has invalid "
                           "linking data."]
        else:
            outcomes.append(f"{key}|{number}|{5000000 + at}|{5000000 + at}|match")
    stem = f"{symbol}-{symbol}.{collection}.IN.BIB.D20201103.T041400000.{file.name}"
    for kind, lines in (("BibProcessingReport", outcomes), ("BibExceptionReport", exceptions)):
        name = f"{stem}.{kind}.txt"
        body = "".join(f"{line}\n" for line in lines).encode()
        filed = file_report(workspace, name, body, file.symbol)
        assert isinstance(filed, ReportFiled), filed


@dataclasses.dataclass
class Live:
    """A run that another process is at: its folder, and a process that can be asked to stop."""

    workspace: Workspace
    path: Path
    process: subprocess.Popen[bytes]
    total: int

    def say(self, event: Event) -> None:
        """One more event."""
        with open(self.path / "events.jsonl", "ab") as journal:
            journal.write(to_line(event, "cron"))

    def goes_on(self, **progress: Any) -> None:
        """Another sample of its counters."""
        moving = {progress["file"]: [progress["file_done"], progress["file_total"]]} if "file" in progress else {}
        sample = {"at": clock.iso(clock.now()), "unit": "bytes", "total": self.total, "files_total": 2, "moving": moving,
                  **progress}
        (self.path / "progress.new").write_bytes(orjson.dumps(sample))
        os.replace(self.path / "progress.new", self.path / "progress.json")


@contextlib.contextmanager
def live_upload(workspace: Workspace, symbol: str = "ZMD") -> Iterator[Live]:
    """An upload by cron that is at work: its lock is held, its process lives, the second file is on its way."""
    path = workspace.runs / f"{clock.stamp(clock.now() - timedelta(minutes=14))}-upload-{symbol}"
    path.mkdir()
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    asked = {"verb": "upload", "symbol": symbol, "asked": {"again": None, "reason": None}, "by": "cron",
             "at": clock.iso(clock.now() - timedelta(minutes=14)), "pid": process.pid}
    lock = FileLock(str(path / "run.lock"))
    lock.acquire()
    live = Live(workspace, path, process, 778_000_000)
    try:
        (path / "run.json").write_bytes(orjson.dumps(asked))
        first, second = f"1000037.{symbol.lower()}.vern.20201116.001.mrc", f"1000043.{symbol.lower()}.trusted.20201116.001.mrc"
        live.say(Connected("127.0.0.1", 22, f"fx_{symbol.lower()}", KEY))
        for name, size in ((first, 146_000_000), (second, 632_000_000)):
            live.say(FileStarted(name, size, hashlib.sha256(name.encode()).hexdigest(), 1))
            if name == first:
                live.say(FileSent(name, size, hashlib.sha256(name.encode()).hexdigest(), 1, 31.5))
        live.say(Note("link lost: no answer for 15 s; resumed at 211.6 MB [/red]"))
        live.goes_on(done=400_000_000, file=second, file_done=254_000_000, file_total=632_000_000, files_done=1)
        yield live
    finally:
        process.kill()
        process.wait()
        if lock.is_locked:
            lock.release()
