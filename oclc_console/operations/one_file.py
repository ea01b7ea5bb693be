"""One file's way to OCLC over one connection: refused, or sent, tried again when the link fails, and gone on with where it
was cut. Each act stands in the journal before it is done. Not for which file is next or how many connections there are
(upload.py).
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oclc_console.errors import HereError, OtherSideError
from oclc_console.files import FileMark, locked, mark_of, sha256_of
from oclc_console.oclc.names import belongs_to
from oclc_console.operations.connection import address_of, connect_for
from oclc_console.operations.cut_short import look, may_be_cut, not_sent
from oclc_console.operations.meter import Meter
from oclc_console.operations.outbox import OutboxFile, WentOut, after
from oclc_console.settings import Settings, Stream, Symbol
from oclc_console.store import log
from oclc_console.store.events import (
    Connected,
    Event,
    FileClosing,
    FileNotSent,
    FileOpened,
    FileSent,
    FileStarted,
    Note,
)
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.oclc.exchange import ChannelCount, Link, SendFailed

ATTEMPTS = 4
PAUSES = (1.0, 4.0, 12.0)  # seconds before the next attempt, give or take a half: many clients must not come back at once
STAGES = {"opening": "started", "writing": "opened", "closing": "closing"}


class NoConnection(OtherSideError):
    """No connection came about in all attempts; nothing was begun on it. `lasting` when the server's answer would be the same
    a little later."""

    def __init__(self, why: OtherSideError, *, lasting: bool = False) -> None:
        self.lasting = lasting
        super().__init__(why.what, where=why.where, then=why.then)


class ServerRefuses(OtherSideError):
    """The server itself refused a file: no other would get through either, and it is not asked again by itself."""

    needs_somebody = True


@dataclass(frozen=True)
class Upload:
    """What all files of one upload share. `again` names a file that is sent once more, for a signed `reason`. `channels` is how
    many of a connection one file may go through."""

    workspace: Workspace
    symbol: Symbol
    again: str | None
    reason: str | None
    went_out: WentOut
    meter: Meter
    stop: threading.Event
    paused: threading.Event
    channels: ChannelCount

    def stream_of(self, file: OutboxFile) -> Stream | None:
        """The stream a file was prepared for, as console.toml has it now."""
        streams = self.workspace.settings.sender(self.symbol).streams
        return next((stream for stream in streams if stream.word == file.stream), None)

    def folder_of(self, file: OutboxFile) -> str:
        """Where a file goes on the server."""
        stream = self.stream_of(file)
        return self.workspace.settings.upload_folder_of(self.symbol, stream.kind if stream else "bib")

    def pause(self, attempt: int) -> None:
        """Waits before the next attempt, or until asked to stop."""
        self.stop.wait(PAUSES[min(attempt, len(PAUSES)) - 1] * random.uniform(0.5, 1.5))


class Line:
    """One connection, made when it is needed and made again when it was lost. `further` when another stands already: this one
    is only tried, once, until it has `stood`."""

    def __init__(self, *, further: bool = False) -> None:
        self.link: Link | None = None
        self.stood, self._further = False, further

    @property
    def on_trial(self) -> bool:
        """Whether it is no loss when it does not come about."""
        return self._further and not self.stood

    def connected(self, upload: Upload) -> Iterator[Event]:
        """Connects where there is no connection. Raises LinkLost, LoginRefused, UnknownHostKey, ... or Stopped."""
        if self.link is None:
            address = address_of(upload.workspace, upload.symbol)
            self.link = connect_for(upload.workspace, upload.symbol, upload.stop)
            self.stood = True
            yield Connected(address.host, address.port, address.account, self.link.host_key)

    def hang_up(self) -> None:
        """Ends the connection, if there is one."""
        if self.link is not None:
            self.link.close()
            self.link = None


def send_one(upload: Upload, line: Line, file: OutboxFile) -> Generator[Event, None, None]:
    """Sends one file. Raises NoConnection, what a connection raises that is no use to try again, or ServerRefuses."""
    if upload.again == file.name:
        log.append(upload.workspace, "upload.again", upload.symbol.code, file=file.name, sha256=file.sha256,
                   state=file.state, reason=upload.reason)
    # across runs and symbols: two consoles can't send the same file
    with locked(upload.workspace.runs / ".locks" / f"send-{file.name}.lock", doing=f"sending {file.name}", wait_seconds=0.2):
        if upload.again != file.name and (twin := upload.went_out.twin_of(file)):
            why = (f"the same bytes went out as {twin.name} on {twin.sent_at}; to send them again: "
                   f"--again {twin.name} and a reason")
            yield FileNotSent(file.name, "refused", 0, file.attempts, why, twin.name)
        elif reason := why_refused(upload.workspace.settings, upload.symbol, file):
            yield FileNotSent(file.name, "refused", 0, file.attempts, reason)
        elif (mark := _proved(file)) is None:
            why = "its bytes are not those that were prepared; prepare it again"
            yield FileNotSent(file.name, "refused", 0, file.attempts, why)
        else:
            with contextlib.closing(_Course(upload, line, file, mark).attempts()) as course:
                for event in course:
                    file = after(file, event)
                    upload.went_out.note(file)
                    yield event


def why_refused(settings: Settings, symbol: Symbol, file: OutboxFile) -> str | None:
    """Why a file of a symbol must not go out, by its name and its collection; None when it may."""
    sender = settings.sender(symbol)
    stream = next((stream for stream in sender.streams if stream.word == file.stream), None)
    if stream is None or stream.collection != file.collection:
        return (f"collection {file.collection} is not registered for stream {file.stream} of {sender.code} in "
                "console.toml any more; OCLC would run it under the wrong settings")
    if not belongs_to(file.name, stream.collection, sender.code):
        return f"its name is not one of collection {stream.collection} and symbol {sender.code}"
    return None


def _proved(file: OutboxFile) -> FileMark | None:
    """The mark that the file bears as long as its bytes are those that were prepared; None when they are not."""
    if not file.path.is_file():
        return None
    mark = mark_of(file.path)
    return mark if sha256_of(file.path) == file.sha256 and mark_of(file.path) == mark else None


class _Course:
    """The attempts at one file. `file` is what is known of it by now; `mark` is what it bears while nobody touches it."""

    def __init__(self, upload: Upload, line: Line, file: OutboxFile, mark: FileMark) -> None:
        self.upload, self.line, self.file, self.mark = upload, line, file, mark
        self.begun = False
        self.listed = False  # what is there of it was seen a moment ago

    def attempts(self) -> Generator[Event, None, None]:
        from oclc_console.oclc.exchange import LinkLost, LoginRefused, NoFileExchange, SendFailed, Stopped, TakenCut

        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS or self.upload.stop.is_set()
            try:
                yield from self._once()
                return
            except Stopped:
                self.line.hang_up()
                if self.begun:
                    yield not_sent(self.file, "partial", "stopped; resume goes on with it")
                return
            except TakenCut as taken:
                self.line.hang_up()
                yield not_sent(self.file, "taken_cut", f"{taken.what}: {may_be_cut(self.file)}")
                return
            except HereError as ours:
                self.line.hang_up()
                if self.begun:
                    yield not_sent(self.file, *self._still(ours))
                raise
            except (LoginRefused, NoFileExchange) as refused:
                if self.line.on_trial:
                    raise NoConnection(refused, lasting=True) from refused
                raise
            except LinkLost as lost:
                self.line.hang_up()
                if last or self.line.on_trial:
                    yield from self._gave_up(lost)
                    return
                yield Note(f"{self.file.name}: {lost.where}: {lost.what}; trying again")
            except SendFailed as failed:
                self.line.hang_up()
                yield from self._failed(failed, last)
                if last:
                    return
                yield Note(f"{self.file.name}: {failed.what}; trying again")
            yield from self._fewer_channels()
            self.upload.pause(attempt)

    def _once(self) -> Iterator[Event]:
        yield from self.line.connected(self.upload)
        assert self.line.link is not None
        start, self.listed = 0, False
        if self.file.state == "partial":
            seen = look(self.line.link, self.upload.folder_of(self.file), self.file)
            if seen is not None:
                yield seen
            if isinstance(seen, FileNotSent):
                return
            start = seen.start if seen is not None else 0
            self.listed = seen is not None and self.file.stage != "started"  # of a file only started, no byte can arrive twice
        yield from self._send(self.line.link, start)

    def _fewer_channels(self) -> Iterator[Event]:
        if news := self.upload.channels.news():
            yield Note(news)

    def _still(self, ours: HereError) -> tuple[str, str]:
        """The state, and why, of a file whose sending ended here: what was sent of it so far is not to be relied upon."""
        return "partial" if self.file.stage in ("opened", "closing") else "waiting", ours.what

    def _gave_up(self, lost: OtherSideError) -> Iterator[Event]:
        if not self.begun:
            raise NoConnection(lost) from lost
        yield not_sent(self.file, "partial", f"{lost.what}; {self._next_step()}")

    def _next_step(self) -> str:
        """What to do about a file that is left partial."""
        if self.file.acknowledged and not self.file.anew:
            how = f"where OCLC still lists it, it goes on at byte {self.file.acknowledged:,}"
        else:
            how = "it looks what OCLC lists of it and goes on from there"
        return f"run the same command again: {how}"

    def _failed(self, failed: SendFailed, last: bool) -> Iterator[Event]:
        """Notes how far the file got; tells of it, and raises, when trying again by itself would be wrong."""
        before = self.file.stage
        stage = STAGES[failed.stage]
        if stage == "started" and before in ("opened", "closing"):
            stage = "opened"  # bytes of it may have been there since an earlier attempt
        self.file = replace(self.file, state="partial", stage=stage, acknowledged=failed.acknowledged)
        if failed.server_said:
            yield not_sent(self.file, "waiting" if stage == "started" else "partial", failed.what)
            raise ServerRefuses(failed.what, where=failed.where,
                                then=f"{failed.acknowledged:,} of {self.file.bytes:,} bytes were acknowledged. It is not "
                                     "tried again by itself: ask OCLC, then run the same command again.") from failed
        if last:
            yield not_sent(self.file, "partial", f"{failed.what}; {self._next_step()}")

    def _send(self, link: Link, start: int) -> Iterator[Event]:
        file, number = self.file, self.file.attempts + 1
        channels = self._channels(file.bytes - start)
        most = channels.most if channels else 1
        remote, began, sent = f"{self.upload.folder_of(file)}/{file.name}", time.monotonic(), False
        moved = self.upload.meter.begin(file.name, start, file.bytes)
        sending = None
        try:
            yield FileStarted(file.name, file.bytes, file.sha256, number, start, most)
            self.begun = True
            self.file = replace(file, attempts=number, acknowledged=start, channels=max(file.channels, most))
            sending = link.begin(file.path, remote, moved, self.upload.stop, start=start, listed=self.listed, mark=self.mark,
                                 paused=self.upload.paused, channels=channels)
            yield FileOpened(file.name)
            self.file = replace(self.file, stage="opened", anew=False)
            sending.write_all()
            yield from self._fewer_channels()
            yield FileClosing(file.name, file.bytes)
            sending.close()
            sent = True
        finally:
            if sending is not None:
                self.file = replace(self.file, acknowledged=sending.acknowledged)
            if not sent:
                self._look_here()
            self.upload.meter.end(file.name, sent)
        yield FileSent(file.name, file.bytes, file.sha256, number, round(time.monotonic() - began, 3))

    def _channels(self, left: int) -> ChannelCount | None:
        """The channels for so many bytes; None where one is as good as several."""
        from oclc_console.oclc.lanes import ONE_WINDOW

        return self.upload.channels if left > ONE_WINDOW else None

    def _look_here(self) -> None:
        """Notes when the file is not any more what was prepared: what is there of it must not be gone on with."""
        try:
            changed = mark_of(self.file.path) != self.mark
        except OSError:
            changed = True
        if changed:
            self.file = replace(self.file, anew=True)
