"""upload: sends a symbol's outbox, over one connection or several, journalling before the first byte of a file and after its
close. Never looks for a file that was sent (OCLC takes it the moment it is closed), never sends the same bytes twice
without a signed reason. Not for one file's way (one_file.py), for preparing files (prepare.py) nor for what OCLC makes of
them (account.py).

States: waiting; sent (every byte acknowledged, closed without error); partial (the link died and the file is still
listed: it is gone on with from the byte that surely arrived, after what is there was compared); uncertain (the link died
around the close and the file is gone); taken_cut (the link died in the middle and the file is gone, or it was taken while
we were still writing to it: OCLC may hold a truncated copy); refused. Uncertain and taken_cut are never sent again by
themselves: the report's row count settles them, or a person with --again and a reason.

The files of one collection go one after the other, whatever the number of connections: when one does not get through, those
behind it wait. Whoever watches may pause the upload, change the number of connections or have a file tried again
(store/wishes.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from oclc_console.errors import CallError, ConsoleError
from oclc_console.operations.allowance import Allowance
from oclc_console.operations.meter import Meter
from oclc_console.operations.one_file import Line, NoConnection, Upload, send_one
from oclc_console.operations.outbox import DUE, OutboxFile, WentOut, read_outbox
from oclc_console.operations.threads import Threads
from oclc_console.operations.upload_gate import pass_the_gate
from oclc_console.settings import Symbol
from oclc_console.store.events import (
    Connected,
    Event,
    FileNotSent,
    FileSent,
    Note,
    Paused,
    Resumed,
    TriedAgain,
)
from oclc_console.store.runs import Operation, RunFolder
from oclc_console.store.wishes import MOST_CONNECTIONS, Wishes, change_wishes, read_wishes
from oclc_console.workspace import Workspace

LOOK_EVERY = 0.1  # seconds
WISHES_EVERY = 0.5


def upload(workspace: Workspace, symbol_code: str, *, again: str | None = None, reason: str | None = None,
           unattended: bool = False) -> Operation:
    """Sends what waits in a symbol's outbox, when its gate is open. `again` names one file that is sent once more although its
    bytes have gone out (or may have), for a `reason` that is logged. `unattended` for a timer: every stream with files due
    must stand approved. Raises CallError when `again` can't be; the run itself raises Refused at the gate."""
    symbol = workspace.settings.symbol(symbol_code)
    if again is not None and not (reason or "").strip():
        raise CallError("sending a file again needs a reason", where="--again", then='Add --reason "why".')
    if again is not None and unattended:
        raise CallError("sending a file again is a person's decision", where="--unattended", then="Leave one of the two out.")
    if reason is not None and again is None:
        raise CallError("--reason goes with --again FILE", where="--reason")
    files = read_outbox(workspace, symbol.code)
    asked = next((file for file in files if file.name == again), None)
    if again is not None and asked is None:
        raise CallError(f"{again} is not in the outbox", where=str(workspace.at("outbox", symbol.code)),
                        then="Name a file as `oclc-console account` shows it.")
    if asked is not None and asked.state in (*DUE, "alma"):
        raise CallError(f"{again} has not gone out yet ({asked.state})", where="--again",
                        then="Without --again, upload sends what waits.")
    job = _Upload(workspace, symbol, again, reason, unattended)
    words = {"again": again, "reason": reason, **({"unattended": True} if unattended else {})}
    return Operation("upload", symbol.code, words, job.work, job.fold, exit_code)


@dataclass
class _Upload:
    workspace: Workspace
    symbol: Symbol
    again: str | None
    reason: str | None
    unattended: bool = False

    def work(self, folder: RunFolder) -> Iterator[Event]:
        due = [file for file in read_outbox(self.workspace, self.symbol.code)
               if self.again == file.name or (self.again is None and file.state in DUE)]
        if due and self.again is None:
            yield from pass_the_gate(self.workspace, self.symbol, due, unattended=self.unattended)
        folder.progress.files_total = len(due)
        folder.progress.total = sum(file.bytes for file in due)
        from oclc_console.oclc.exchange import ChannelCount

        halt, paused = threading.Event(), threading.Event()
        channels = ChannelCount(self.workspace.settings.exchange.channels)
        shared = Upload(self.workspace, self.symbol, self.again, self.reason,
                        WentOut(self.workspace, folder.name), Meter(folder.progress), halt, paused, channels)
        with Threads(MOST_CONNECTIONS) as threads:
            traffic = _Traffic(shared, folder, threads, due)
            try:
                yield from traffic.events()
            finally:
                halt.set()
                traffic.hang_up()

    def fold(self, events: Sequence[Event]) -> dict[str, Any]:
        """What `upload --json` prints: every file of the outbox with its state now; refused where this run refused."""
        refused = {e.name for e in events if isinstance(e, FileNotSent) and e.state == "refused"}
        touched = {getattr(e, "name", None) for e in events}
        files = []
        for file in read_outbox(self.workspace, self.symbol.code):
            if file.state == "alma":
                continue
            state = "refused" if file.name in refused else file.state
            files.append({"name": file.name, "state": state, "bytes": file.bytes, "attempts": file.attempts,
                          "this_run": file.name in touched, "next_steps": list(file.next_steps)})
        return {"files": files}


class _Sender:
    """One connection, and the file it has in hand."""

    def __init__(self, *, further: bool) -> None:
        self.line = Line(further=further)
        self.file: OutboxFile | None = None
        self.future: Future[None] | None = None


class _Traffic:
    """Which file goes next, over which connection, and what people ask meanwhile."""

    def __init__(self, shared: Upload, folder: RunFolder, threads: Threads, due: Sequence[OutboxFile]) -> None:
        self.shared, self.folder, self.threads = shared, folder, threads
        self.order = {file.name: number for number, file in enumerate(due)}
        self.waiting = list(due)
        self.senders: list[_Sender] = []
        self.failed: dict[str, OutboxFile] = {}
        self.error: ConsoleError | None = None
        self.proved = False  # a first connection stood: others may be tried (a login that is refused is not repeated)
        self.wishes = Wishes()
        self._settings_say = shared.workspace.settings.exchange.connections
        self.allowed = Allowance(self._settings_say)
        self._next_look = 0.0

    def events(self) -> Iterator[Event]:
        """Everything that happens, until nothing is left to do."""
        while True:
            yield from self._obey()
            self._hand_out()
            busy = any(sender.future for sender in self.senders)
            if not busy and not self._more_to_come():
                self._next_look = 0.0
                yield from self._obey()  # somebody may have asked for another try a moment ago
                if not self._more_to_come():
                    break
                continue
            for event in self.threads.next_event(LOOK_EVERY):
                self._note(event)
                yield event
                if isinstance(event, Connected) and (more := self.allowed.stands(self._standing())):
                    yield more
            yield from self._collect()
        if self.error is not None:
            raise self.error
        yield from self._left_behind()

    def hang_up(self) -> None:
        """Ends every connection."""
        for sender in self.senders:
            sender.line.hang_up()

    def _more_to_come(self) -> bool:
        if self.folder.stop.is_set() or self.error is not None:
            return False
        return any(not self._held(file) for file in self.waiting)

    def _held(self, file: OutboxFile) -> bool:
        """Whether a file waits behind one of its collection that did not get through."""
        return any(other.collection == file.collection and self.order[name] < self.order[file.name]
                   for name, other in self.failed.items())

    def _left_behind(self) -> Iterator[Event]:
        for name, failed in self.failed.items():
            behind = sum(file.collection == failed.collection for file in self.waiting)
            if behind and not self.folder.stop.is_set():
                yield Note(f"{behind} {'file waits' if behind == 1 else 'files wait'} behind {name}: the files of a collection "
                           "go in order")

    # handing out

    def _hand_out(self) -> None:
        if self.folder.stop.is_set():
            self.shared.stop.set()
        if self.shared.stop.is_set() or self.shared.paused.is_set() or self.error is not None:
            return
        self._retire()
        for sender in self.senders:
            if sender.future is None and (file := self._next_file()):
                self._give(sender, file)
        while len(self.senders) < (self.allowed.most if self.proved else 1) and (file := self._next_file()):
            self.senders.append(_Sender(further=bool(self.senders)))
            self._give(self.senders[-1], file)

    def _retire(self) -> None:
        idle = [sender for sender in self.senders if sender.future is None]
        for sender in idle[: max(0, len(self.senders) - self.allowed.asked)]:
            sender.line.hang_up()
            self.senders.remove(sender)

    def _standing(self) -> int:
        """How many connections have come about, at least the one that the others were tried after."""
        return max(1, sum(sender.line.stood for sender in self.senders))

    def _next_file(self) -> OutboxFile | None:
        """The first file that no other of its collection is in front of."""
        moving = {sender.file.collection for sender in self.senders if sender.file}
        return next((file for file in self.waiting if file.collection not in moving and not self._held(file)), None)

    def _give(self, sender: _Sender, file: OutboxFile) -> None:
        self.waiting.remove(file)
        sender.file = file
        sender.future = self.threads.start(send_one(self.shared, sender.line, file))

    # what came of it

    def _note(self, event: Event) -> None:
        if isinstance(event, Connected):
            self.proved = True
        elif isinstance(event, FileNotSent) and event.state in DUE:
            file = next(sender.file for sender in self.senders if sender.file and sender.file.name == event.name)
            self.failed[event.name] = file
        elif isinstance(event, FileSent):
            self.failed.pop(event.name, None)

    def _collect(self) -> Iterator[Event]:
        for sender in [sender for sender in self.senders if sender.future and sender.future.done()]:
            assert sender.future is not None and sender.file is not None
            error, file = sender.future.exception(), sender.file
            sender.future = sender.file = None
            if error is None:
                self.folder.progress.files_done += 1
            elif isinstance(error, NoConnection) and len(self.senders) > 1:
                self.senders.remove(sender)
                self.waiting = sorted([*self.waiting, file], key=lambda waiting: self.order[waiting.name])
                if fewer := self.allowed.refused(self._standing(), error.what, lasting=error.lasting):
                    yield fewer
            elif isinstance(error, ConsoleError):
                self.error = self.error or error
            else:
                raise error

    # what people ask

    def _obey(self) -> Iterator[Event]:
        """Reads what is asked of this run, about twice a second."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + WISHES_EVERY
        before, self.wishes = self.wishes, read_wishes(self.folder.path, self.wishes)
        if self.wishes.paused != before.paused:
            if self.wishes.paused:
                self.shared.paused.set()
            else:
                self.shared.paused.clear()
            yield Paused() if self.wishes.paused else Resumed()
        if self.wishes.connections != before.connections:
            yield self.allowed.ask(self.wishes.connections or self._settings_say)
        if self.wishes.retry:
            yield from self._try_again(self.wishes.retry)

    def _try_again(self, names: Sequence[str]) -> Iterator[Event]:
        change_wishes(self.folder.path, lambda now: replace(now, retry=tuple(n for n in now.retry if n not in names)))
        fresh = {file.name: file for file in read_outbox(self.shared.workspace, self.shared.symbol.code)}
        for name in dict.fromkeys(names):
            if name not in self.failed or fresh[name].state not in DUE:
                yield Note(f"{name} is no file that may be tried again in this run")
                continue
            yield TriedAgain(name)
            del self.failed[name]
            self.waiting = sorted([*self.waiting, fresh[name]], key=lambda waiting: self.order[waiting.name])
            self.folder.progress.files_done -= 1


def exit_code(result: dict[str, Any]) -> int:
    """3 when a file that this run was to send did not get through, 1 when it refused one or declines to send one of which
    OCLC may hold a copy, else 0."""
    now = {file["state"] for file in result["files"] if file["this_run"]}
    if now & {"partial", "waiting"}:
        return 3
    held = {file["state"] for file in result["files"]} & {"uncertain", "taken_cut"}
    return 1 if held or "refused" in now else 0

