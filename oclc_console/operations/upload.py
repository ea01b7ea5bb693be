"""upload: sends a symbol's outbox in order over one connection, journalling before the first byte of a file and after its
close. Never looks for a file that was sent (OCLC takes it the moment it is closed), never sends the same bytes twice
without a signed reason. Not for preparing files (prepare.py) nor for what OCLC makes of them (account.py).

States: waiting; sent (every byte acknowledged, closed without error); partial (the link died and the file is still
listed: it is sent again from its start); uncertain (the link died around the close and the file is gone); taken_cut (the
link died in the middle and the file is gone: OCLC may hold a truncated copy); refused. Uncertain and taken_cut are never
sent again by themselves: the report's row count settles them, or a person with --again and a reason.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from oclc_console.errors import CallError, OtherSideError
from oclc_console.files import locked, sha256_of
from oclc_console.oclc.names import belongs_to
from oclc_console.operations.connection import address_of, connect_for
from oclc_console.operations.outbox import OutboxFile, read_outbox, where_sent
from oclc_console.settings import Symbol
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
from oclc_console.store.runs import Operation, RunFolder
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.oclc.exchange import Link

ATTEMPTS = 3
STAGES = {"opening": "started", "writing": "opened", "closing": "closing"}
PAUSES = (2.0, 8.0)


def upload(workspace: Workspace, symbol_code: str, *, again: str | None = None, reason: str | None = None) -> Operation:
    """Sends what waits in a symbol's outbox. `again` names one file that is sent once more although its bytes have gone
    out (or may have), for a `reason` that is logged. Raises CallError when `again` can't be."""
    symbol = workspace.settings.symbol(symbol_code)
    if again is not None and not (reason or "").strip():
        raise CallError("sending a file again needs a reason", where="--again", then='Add --reason "why".')
    if reason is not None and again is None:
        raise CallError("--reason goes with --again FILE", where="--reason")
    files = read_outbox(workspace, symbol.code)
    asked = next((file for file in files if file.name == again), None)
    if again is not None and asked is None:
        raise CallError(f"{again} is not in the outbox", where=str(workspace.at("outbox", symbol.code)),
                        then="Name a file as `oclc-console account` shows it.")
    if asked is not None and asked.state in ("waiting", "partial", "alma"):
        raise CallError(f"{again} has not gone out yet ({asked.state})", where="--again",
                        then="Without --again, upload sends what waits.")
    job = _Upload(workspace, symbol, again, reason)
    return Operation("upload", symbol.code, {"again": again, "reason": reason}, job.work, job.fold, exit_code)


@dataclass
class _Upload:
    workspace: Workspace
    symbol: Symbol
    again: str | None
    reason: str | None
    _link: Link | None = None

    def work(self, folder: RunFolder) -> Iterator[Event]:
        due = list(self._due())
        folder.progress.files_total = len(due)
        folder.progress.total = sum(file.bytes for file in due)
        try:
            for file in due:
                if folder.stop.is_set():
                    return
                yield from self._one(file, folder)
                folder.progress.files_done += 1
        finally:
            self._hang_up()

    def _due(self) -> Iterator[OutboxFile]:
        for file in read_outbox(self.workspace, self.symbol.code):
            if self.again == file.name or (self.again is None and file.state in ("waiting", "partial")):
                yield file

    def _one(self, file: OutboxFile, folder: RunFolder) -> Iterator[Event]:
        if self.again:
            log.append(self.workspace, "upload.again", self.symbol.code, file=file.name, sha256=file.sha256,
                       state=file.state, reason=self.reason)
        # across runs and symbols: two consoles can't send the same file
        with locked(self.workspace.runs / ".locks" / f"send-{file.name}.lock", doing=f"sending {file.name}",
                    wait_seconds=0.2):
            if self.again != file.name and (twin := where_sent(self.workspace, file.sha256)):
                why = (f"the same bytes went out as {twin.name} on {twin.sent_at}; to send them again: "
                       f"--again {twin.name} and a reason")
                yield FileNotSent(file.name, "refused", 0, file.attempts, why, twin.name)
                return
            if reason := self._refuse(file):
                yield FileNotSent(file.name, "refused", 0, file.attempts, reason)
                return
            yield from self._attempts(file, folder)

    def _refuse(self, file: OutboxFile) -> str | None:
        """Why a file must not go out; None when it may."""
        sender = self.workspace.settings.sender(self.symbol)
        stream = next((s for s in sender.streams if s.word == file.stream), None)
        if stream is None or stream.collection != file.collection:
            return (f"collection {file.collection} is not registered for stream {file.stream} of {sender.code} in "
                    "console.toml any more; OCLC would run it under the wrong settings")
        if not belongs_to(file.name, stream.collection, sender.code):
            return f"its name is not one of collection {stream.collection} and symbol {sender.code}"
        if not file.path.is_file() or sha256_of(file.path) != file.sha256:
            return "its bytes are not those that were prepared; prepare it again"
        return None

    def _attempts(self, file: OutboxFile, folder: RunFolder) -> Iterator[Event]:
        from oclc_console.oclc.exchange import SendFailed, Stopped

        for attempt in range(1, ATTEMPTS + 1):
            number = file.attempts + 1
            try:
                yield from self._connected()
                if file.state == "partial" and (gone := self._look(file)):
                    yield gone
                    return
                yield from self._send(file, folder, number)
                return
            except Stopped:
                self._hang_up()
                yield FileNotSent(file.name, "partial", folder.progress.file_done, number, "stopped; resume sends it again")
                return
            except SendFailed as failed:
                self._hang_up()
                # the next look is at a file that got as far as this
                file = replace(file, state="partial", stage=STAGES[failed.stage], attempts=number,
                               acknowledged=failed.acknowledged)
                if failed.server_said:
                    state = "waiting" if failed.stage == "opening" else "partial"
                    yield FileNotSent(file.name, state, failed.acknowledged, number, failed.what)
                    raise OtherSideError(failed.what, where=failed.where,
                                         then="Ask OCLC, then run the same command again.") from failed
                if attempt == ATTEMPTS or folder.stop.is_set():
                    yield FileNotSent(file.name, "partial", failed.acknowledged, number, failed.what)
                    return
                yield Note(f"{file.name}: {failed.what}; trying again")
                folder.stop.wait(PAUSES[min(attempt, len(PAUSES)) - 1])

    def _connected(self) -> Iterator[Event]:
        if self._link is None:
            address = address_of(self.workspace, self.symbol)
            self._link = connect_for(self.workspace, self.symbol)
            yield Connected(address.host, address.port, address.account, self._link.host_key)

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _look(self, file: OutboxFile) -> FileNotSent | None:
        """For a file whose upload was cut short: None when it may be sent from its start, else the state it is in. The
        one case where the listing says something: here it is absence that is the bad news."""
        assert self._link is not None
        folder = self.workspace.settings.exchange.upload_folder
        listed = any(entry.name == file.name for entry in self._link.listing(folder))
        if listed or file.stage == "started":  # not a byte was written: at worst OCLC took an empty file
            return None
        if file.stage == "closing":
            return FileNotSent(file.name, "uncertain", file.bytes, file.attempts,
                               "every byte was acknowledged, then its upload was cut short around the close and it is not "
                               "listed any more: the report's row count settles it")
        return FileNotSent(file.name, "taken_cut", file.acknowledged, file.attempts,
                           "its upload was cut short and it is not listed any more: OCLC may hold a truncated copy. The "
                           "report's row count settles it, or a person with --again")

    def _send(self, file: OutboxFile, folder: RunFolder, attempt: int) -> Iterator[Event]:
        assert self._link is not None
        progress, before = folder.progress, folder.progress.done
        progress.file, progress.file_done, progress.file_total = file.name, 0, file.bytes

        def moved(acknowledged: int) -> None:
            progress.file_done = acknowledged
            progress.done = before + acknowledged

        remote = f"{self.workspace.settings.exchange.upload_folder}/{file.name}"
        began = time.monotonic()
        try:
            yield FileStarted(file.name, file.bytes, file.sha256, attempt)
            sending = self._link.begin(file.path, remote, moved, folder.stop)
            yield FileOpened(file.name)
            sending.write_all()
            yield FileClosing(file.name, file.bytes)
            sending.close()
        except BaseException:
            progress.done = before
            raise
        yield FileSent(file.name, file.bytes, file.sha256, attempt, round(time.monotonic() - began, 3))

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
                          "this_run": file.name in touched})
        return {"files": files}


def exit_code(result: dict[str, Any]) -> int:
    """3 when a file that this run was to send did not get through, 1 when it refused one or declines to send one of which
    OCLC may hold a copy, else 0."""
    now = {file["state"] for file in result["files"] if file["this_run"]}
    if now & {"partial", "waiting"}:
        return 3
    held = {file["state"] for file in result["files"]} & {"uncertain", "taken_cut"}
    return 1 if held or "refused" in now else 0

