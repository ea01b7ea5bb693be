"""Sends one file over a standing connection so that every byte is acknowledged and the close counts. Not for deciding what
to send or what a lost link means for a file (operations/upload.py).

Why not paramiko's put(): with confirm=True it looks for the file after closing it, which fails at OCLC because the file is
taken at once; with confirm=False it reads no write status for small files and ignores a failed close, so a truncated file
counts as sent (measured with paramiko 5.1). Here every write's status is read, the size is asked on the open handle, and
the close's own status counts. The blocks themselves go through one channel or several (lanes.py).
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import paramiko
from paramiko.sftp import CMD_ATTRS, CMD_CLOSE, CMD_FSETSTAT, CMD_FSTAT, CMD_STAT
from paramiko.sftp import SFTP_FLAG_CREATE as CREATE
from paramiko.sftp import SFTP_FLAG_TRUNC as TRUNCATE
from paramiko.sftp import SFTP_FLAG_WRITE as WRITE

from oclc_console.errors import HereError
from oclc_console.files import FileMark, mark_of
from oclc_console.oclc.channels import STEPS, ChannelCount, Channels
from oclc_console.oclc.faults import WIRE_ERRORS, SendFailed, Stopped, TakenCut, in_words
from oclc_console.oclc.lanes import Blocks, Lane, Lanes, back_off

BACK_OFF = back_off(1)
ONE_CHANNEL = "set exchange.channels = 1 in console.toml"
CLOSING = 3  # times the usual patience: a close that is given up makes the file uncertain


class Sending:
    """One file on its way: `open`, `write_all`, `close`, each returning only when the server has confirmed it. Whatever
    fails closes the connection and never a handle: a closed handle would tell the server that the file is complete. While
    `paused` is set nothing more is sent and the connection stays. A file goes through one channel, or as many as `count`
    says; the first one's handle makes it, and is the first to be closed."""

    def __init__(self, channels: Channels, hang_up: Callable[[], None], where: str, progress: Callable[[int], None],
                 stop: threading.Event, paused: threading.Event | None = None, count: ChannelCount | None = None) -> None:
        self._channels, self._count, self._watch, self._stall = channels, count, channels.watch, channels.stall
        self._hang_up, self._where, self._progress = hang_up, where, progress
        self._stop, self._paused = stop, paused or threading.Event()
        self._lane = Lane(channels.first, channels.watch)
        self._lanes: Lanes | None = None
        self._blocks: Blocks | None = None
        self._remote = b""
        self._start = 0
        self._listing: int | None = None  # the number of a question under way: whether the name is there
        self._was_listed = False

    @property
    def acknowledged(self) -> int:
        """Bytes of the file, from its first one on, that are there and acknowledged."""
        return self._blocks.upto if self._blocks else self._start

    @contextlib.contextmanager
    def _at(self, stage: str, patience: float = 1) -> Iterator[None]:
        """Turns whatever goes wrong at this stage into SendFailed, or Stopped where that is why."""
        seconds = self._stall * patience
        try:
            with self._watch.guard(seconds):
                yield
        except WIRE_ERRORS as error:
            said = self._server_said(error)
            self._hang_up()
            if self._stop.is_set() and not said and not self._watch.stalled and stage != "closing":
                raise Stopped from error
            words = f"nothing moved for {seconds:.0f} s" if self._watch.stalled else in_words(error, self._where, "it").what
            raise SendFailed(words, self._where, stage, self.acknowledged, said) from error
        except BaseException:
            self._hang_up()
            raise

    def _server_said(self, error: BaseException) -> bool:
        """Whether it is the server's answer; else the link has failed."""
        failure = self._lanes.failure if self._lanes else None
        return failure.said if failure and failure.error is error else not self._lane.link_lost(error)

    def open(self, local: Path, remote: str, start: int = 0, *, listed: bool = False, mark: FileMark | None = None) -> None:
        """Opens both ends. With a `start`, or when its name was `listed` a moment ago, the remote file must be there: it is
        never made, and keeps its bytes before `start`. Else it is made, or made empty. Raises TakenCut when a listed file is
        gone, SendFailed, HereError when the local file is not the one that bears this `mark`, OSError for the local file."""
        self._local: BinaryIO = open(local, "rb", buffering=0)  # noqa: SIM115  closed by write_all
        self._mark = mark or mark_of(self._local.fileno())
        self._start = start
        try:
            self._unchanged()
            with self._at("opening", STEPS):
                further = [Lane(sftp, self._watch) for sftp in self._channels.up_to(self._count)[1:]]
            self._lanes = Lanes([self._lane, *further], self._watch, self._hang_up, self._stop, self._paused, self._count)
            with self._at("opening"):
                self._open_there(remote, must_exist=listed or start > 0)
        except BaseException:
            self._local.close()
            raise

    def _open_there(self, remote: str, *, must_exist: bool) -> None:
        self._remote = self._channels.first._adjust_cwd(remote)
        try:
            self._lane.open(self._remote, WRITE if must_exist else WRITE | CREATE | TRUNCATE)
        except FileNotFoundError:
            if not must_exist:
                raise
            raise self._taken("it was taken just before we opened it again") from None
        self._listing = self._lane.ask(CMD_STAT, self._remote)
        if not must_exist:
            return  # the answer is read when every byte is there: far away, a round trip less
        if (there := self._is_listed()) is False:
            raise self._taken("it was taken as we opened it again")
        self._was_listed = there is True
        if not self._start:
            self._empty()

    def _empty(self) -> None:
        """Makes the open file empty: by its handle and not by its name, because a file made anew under the name of one that
        was just taken would arrive twice. Where the server does not let us, what is there is written over, if it is no more
        than ours has, and no more than what nobody relies on after another cut. Raises SendFailed."""
        empty = paramiko.SFTPAttributes()
        empty.st_size = 0
        try:
            self._lane.answer(self._lane.ask(CMD_FSETSTAT, self._lane.handle, empty))
        except OSError as error:
            if self._lane.link_lost(error):
                raise
            there = self._size_there(self._lane, self._lane.ask(CMD_FSTAT, self._lane.handle))
            if there is None or there > min(BACK_OFF, os.fstat(self._local.fileno()).st_size):
                much = "what is there of it" if there is None else f"the {there:,} bytes that are there of it"
                what = f"it does not let us empty {much}, which can't be gone on with ({error}); ask OCLC to remove it"
                raise SendFailed(what, self._where, "opening", self.acknowledged, True) from error

    def _taken(self, how: str) -> TakenCut:
        return TakenCut(how, self._where, self.acknowledged)

    def _is_listed(self) -> bool | None:
        """The answer to what was asked by `_listing`: whether the open file's name is there; None from a server that does not
        tell."""
        assert self._listing is not None
        number, self._listing = self._listing, None
        try:
            self._lane.answer(number)
        except FileNotFoundError:
            return False
        except OSError as error:
            if self._lane.link_lost(error):
                raise
            return None
        return True

    def _unchanged(self) -> None:
        """Raises HereError when the local file is not any more what was prepared."""
        if mark_of(self._local.fileno()) != self._mark:
            raise HereError("the file changed here while it was being sent, so it was not closed and does not count as sent",
                            where=str(self._local.name),
                            then="Bring back what was prepared, from a backup, or prepare it again; then run the same command "
                                 "again.")

    def write_all(self) -> None:
        """Sends every byte and returns when each was acknowledged, the server has the whole size and, where it shows files
        that are being written, still lists this one. Raises SendFailed, TakenCut, Stopped, or HereError when the local file
        changes meanwhile."""
        assert self._lanes is not None
        with self._local as source, self._at("writing"):
            size = os.fstat(source.fileno()).st_size
            self._blocks = self._lanes.blocks(source, self._start, self._progress)
            self._lanes.carry(self._blocks, self._remote)
            if self._listing is not None:
                self._was_listed = self._is_listed() is True
            self._unchanged()
            self._whole(self._lanes.open, size)

    def _whole(self, lanes: list[Lane], size: int) -> None:
        """Asks, all at once, every handle for its size and whether the name is still there. Raises SendFailed, TakenCut."""
        asked = [(lane, lane.ask(CMD_FSTAT, lane.handle)) for lane in lanes]
        self._listing = self._lane.ask(CMD_STAT, self._remote)
        for lane, number in asked:
            if (there := self._size_there(lane, number)) not in (None, size):
                # where two handles differ, they are not of one file at this server
                hint = "" if lane is self._lane else f" by a further handle of it; {ONE_CHANNEL}"
                raise SendFailed(f"the server has {there:,} of {size:,} bytes{hint}", self._where, "writing",
                                 self.acknowledged, True)
        # a handle outlives its name: what was written after the file was taken away went nowhere, and was acknowledged
        if self._is_listed() is False and self._was_listed:
            raise self._taken("it was taken before we closed it")

    def _size_there(self, lane: Lane, number: int) -> int | None:
        """The size of the open file (bytes), asked on its handle: that works although the server takes the file once it is
        closed. None from a server that does not tell: every write was acknowledged."""
        try:
            kind, message = lane.answer(number)
        except OSError as error:
            if lane.link_lost(error):
                raise
            return None
        size: int | None = paramiko.SFTPAttributes._from_msg(message).st_size if kind == CMD_ATTRS else None
        return size

    def close(self) -> None:
        """Closes the file, its first handle before any other: each close tells the server that the file is complete, and the
        status of each counts. Raises SendFailed."""
        assert self._lanes is not None
        with self._at("closing", CLOSING):
            self._lane.answer(self._lane.ask(CMD_CLOSE, self._lane.handle))
            further = [(lane, lane.ask(CMD_CLOSE, lane.handle)) for lane in self._lanes.open if lane is not self._lane]
            for lane, number in further:
                self._further_closed(lane, number)

    def _further_closed(self, lane: Lane, number: int) -> None:
        try:
            lane.answer(number)
        except OSError as error:
            if lane.link_lost(error):
                raise
            raise SendFailed(f"it closed the file, and not its further handle ({error}); {ONE_CHANNEL}", self._where, "closing",
                             self.acknowledged, True) from error
