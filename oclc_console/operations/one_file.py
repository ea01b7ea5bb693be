"""One file's way to OCLC over one connection: refused, or sent, tried again when the link fails, and gone on with where it
was cut. Each act stands in the journal before it is done. Not for which file is next or how many connections there are
(upload.py).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oclc_console.errors import OtherSideError
from oclc_console.files import locked, sha256_of
from oclc_console.oclc.names import belongs_to
from oclc_console.operations.connection import address_of, connect_for
from oclc_console.operations.meter import Meter
from oclc_console.operations.outbox import OutboxFile, where_sent
from oclc_console.settings import Symbol
from oclc_console.store import log
from oclc_console.store.events import (
    Connected,
    Event,
    FileClosing,
    FileCompared,
    FileNotSent,
    FileOpened,
    FileSent,
    FileStarted,
    Note,
)
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.oclc.exchange import Link, SendFailed

ATTEMPTS = 4
PAUSES = (1.0, 4.0, 12.0)  # seconds before the next attempt, give or take a half: many clients must not come back at once
STAGES = {"opening": "started", "writing": "opened", "closing": "closing"}


class NoConnection(OtherSideError):
    """No connection came about in all attempts; nothing was begun on it."""


@dataclass(frozen=True)
class Upload:
    """What all files of one upload share. `again` names a file that is sent once more, for a signed `reason`."""

    workspace: Workspace
    symbol: Symbol
    again: str | None
    reason: str | None
    meter: Meter
    stop: threading.Event
    paused: threading.Event

    @property
    def folder(self) -> str:
        """Where the files go on the server."""
        return self.workspace.settings.upload_folder_of(self.symbol)

    def pause(self, attempt: int) -> None:
        """Waits before the next attempt, or until asked to stop."""
        self.stop.wait(PAUSES[min(attempt, len(PAUSES)) - 1] * random.uniform(0.5, 1.5))


class Line:
    """One connection, made when it is needed and made again when it was lost."""

    def __init__(self) -> None:
        self.link: Link | None = None

    def connected(self, upload: Upload) -> Iterator[Event]:
        """Connects where there is no connection. Raises LinkLost, LoginRefused, UnknownHostKey, ... or Stopped."""
        if self.link is None:
            address = address_of(upload.workspace, upload.symbol)
            self.link = connect_for(upload.workspace, upload.symbol, upload.stop)
            yield Connected(address.host, address.port, address.account, self.link.host_key)

    def hang_up(self) -> None:
        """Ends the connection, if there is one."""
        if self.link is not None:
            self.link.close()
            self.link = None


def send_one(upload: Upload, line: Line, file: OutboxFile) -> Generator[Event, None, None]:
    """Sends one file. Raises NoConnection, what a connection raises that is no use to try again, or OtherSideError when the
    server itself refuses: then no other file would get through either."""
    if upload.again == file.name:
        log.append(upload.workspace, "upload.again", upload.symbol.code, file=file.name, sha256=file.sha256,
                   state=file.state, reason=upload.reason)
    # across runs and symbols: two consoles can't send the same file
    with locked(upload.workspace.runs / ".locks" / f"send-{file.name}.lock", doing=f"sending {file.name}", wait_seconds=0.2):
        if upload.again != file.name and (twin := where_sent(upload.workspace, file.sha256)):
            why = (f"the same bytes went out as {twin.name} on {twin.sent_at}; to send them again: "
                   f"--again {twin.name} and a reason")
            yield FileNotSent(file.name, "refused", 0, file.attempts, why, twin.name)
        elif reason := refusal(upload, file):
            yield FileNotSent(file.name, "refused", 0, file.attempts, reason)
        else:
            yield from _Course(upload, line, file).attempts()


def refusal(upload: Upload, file: OutboxFile) -> str | None:
    """Why a file must not go out; None when it may."""
    sender = upload.workspace.settings.sender(upload.symbol)
    stream = next((s for s in sender.streams if s.word == file.stream), None)
    if stream is None or stream.collection != file.collection:
        return (f"collection {file.collection} is not registered for stream {file.stream} of {sender.code} in "
                "console.toml any more; OCLC would run it under the wrong settings")
    if not belongs_to(file.name, stream.collection, sender.code):
        return f"its name is not one of collection {stream.collection} and symbol {sender.code}"
    if not file.path.is_file() or sha256_of(file.path) != file.sha256:
        return "its bytes are not those that were prepared; prepare it again"
    return None


class _Course:
    """The attempts at one file. `file` is what is known of it by now."""

    def __init__(self, upload: Upload, line: Line, file: OutboxFile) -> None:
        self.upload, self.line, self.file = upload, line, file
        self.begun = False

    def attempts(self) -> Iterator[Event]:
        from oclc_console.oclc.exchange import LinkLost, SendFailed, Stopped

        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS or self.upload.stop.is_set()
            try:
                yield from self._once()
                return
            except Stopped:
                self.line.hang_up()
                if self.begun:
                    yield self._not_sent("partial", "stopped; resume goes on with it")
                return
            except LinkLost as lost:
                self.line.hang_up()
                if last:
                    yield from self._gave_up(lost)
                    return
                yield Note(f"{self.file.name}: {lost.where}: {lost.what}; trying again")
            except SendFailed as failed:
                self.line.hang_up()
                yield from self._failed(failed, last)
                if last:
                    return
                yield Note(f"{self.file.name}: {failed.what}; trying again")
            self.upload.pause(attempt)

    def _once(self) -> Iterator[Event]:
        yield from self.line.connected(self.upload)
        assert self.line.link is not None
        start = 0
        if self.file.state == "partial":
            seen = self._look(self.line.link)
            if seen is not None:
                yield seen
            if isinstance(seen, FileNotSent):
                return
            start = seen.start if seen is not None else 0
        yield from self._send(self.line.link, start)

    def _not_sent(self, state: str, reason: str) -> FileNotSent:
        return FileNotSent(self.file.name, state, self.file.acknowledged, self.file.attempts, reason)

    def _gave_up(self, lost: OtherSideError) -> Iterator[Event]:
        if not self.begun:
            raise NoConnection(lost.what, where=lost.where, then=lost.then) from lost
        yield self._not_sent("partial", lost.what)

    def _failed(self, failed: SendFailed, last: bool) -> Iterator[Event]:
        """Notes how far the file got; tells of it, and raises, when trying again by itself would be wrong."""
        before = self.file.stage
        stage = STAGES[failed.stage]
        if stage == "started" and before in ("opened", "closing"):
            stage = "opened"  # bytes of it may have been there since an earlier attempt
        self.file = replace(self.file, state="partial", stage=stage, acknowledged=failed.acknowledged)
        if failed.server_said:
            yield self._not_sent("waiting" if stage == "started" else "partial", failed.what)
            raise OtherSideError(failed.what, where=failed.where,
                                 then=f"{failed.acknowledged:,} of {self.file.bytes:,} bytes were acknowledged. It is not "
                                      "tried again by itself: ask OCLC, then run the same command again.") from failed
        if last:
            yield self._not_sent("partial", failed.what)

    def _look(self, link: Link) -> FileNotSent | FileCompared | None:
        """For a file whose upload was cut short: where it may go on, or the state it is in. The one case where the listing
        says something: here it is absence that is the bad news. None when nothing of it was ever there."""
        there = next((entry.size for entry in link.listing(self.upload.folder) if entry.name == self.file.name), None)
        if there is not None:
            return self._compare(link, there)
        if self.file.stage == "started":  # not a byte was written: at worst OCLC took an empty file
            return None
        if self.file.stage == "closing":
            return self._not_sent("uncertain", "every byte was acknowledged, then its upload was cut short around the close "
                                               "and it is not listed any more: the report's row count settles it")
        return self._not_sent("taken_cut", "its upload was cut short and it is not listed any more: OCLC may hold a truncated "
                                           "copy. The report's row count settles it, or a person with --again")

    def _compare(self, link: Link, there: int) -> FileNotSent | FileCompared:
        from oclc_console.oclc.exchange import resume_at

        name, start = self.file.name, resume_at(self.file.bytes, there, self.file.acknowledged)
        if there > self.file.bytes:
            return FileCompared(name, there, 0, "more than ours has, so it is sent from its start")
        if not start:
            return FileCompared(name, there, 0, "too little to go on with, so it is sent from its start")
        try:
            differs = link.differs_at(self.file.path, f"{self.upload.folder}/{name}", start)
        except PermissionError:
            return FileCompared(name, there, 0, "the server does not let us read them to compare, so it is sent from its start")
        except FileNotFoundError:
            return self._not_sent("taken_cut", "its upload was cut short and it was taken while we looked: OCLC may hold a "
                                               "truncated copy. The report's row count settles it")
        if differs is not None:
            return FileCompared(name, there, 0, f"they differ from ours at byte {differs:,}, so it is sent from its start")
        return FileCompared(name, there, start, f"compared with ours, the same: sending goes on at byte {start:,}")

    def _send(self, link: Link, start: int) -> Iterator[Event]:
        file, number = self.file, self.file.attempts + 1
        remote, began, sent = f"{self.upload.folder}/{file.name}", time.monotonic(), False
        moved = self.upload.meter.begin(file.name, start, file.bytes)
        sending = None
        try:
            yield FileStarted(file.name, file.bytes, file.sha256, number, start)
            self.begun = True
            self.file = replace(file, attempts=number, acknowledged=start)
            sending = link.begin(file.path, remote, moved, self.upload.stop, start=start, paused=self.upload.paused)
            yield FileOpened(file.name)
            sending.write_all()
            yield FileClosing(file.name, file.bytes)
            sending.close()
            sent = True
        finally:
            if sending is not None:
                self.file = replace(self.file, acknowledged=sending.acknowledged)
            self.upload.meter.end(file.name, sent)
        yield FileSent(file.name, file.bytes, file.sha256, number, round(time.monotonic() - began, 3))
