"""Stands between Debian's sshd and its own sftp-server and sees every SFTP packet in clear, so that a fault can happen at
an exact one: before a file is opened, after so many bytes, before its close, after the close and before its reply. Run by
sshd in place of internal-sftp: `python go_between.py PLAN ROOT`. PLAN is a JSON file: {on, nth, bytes, do, times, code}; with
`further` only a file that is opened and not made counts. What happens to handles stands in `handles` beside it.

on: open, opened, write, written, close, closed (only files opened for writing count; nth is the file's number in this session)
do: drop (asks the wire to cut), freeze, end (ends the channel), fail (answers with `code`), take (has the mover take what is
    there, then goes on), restart (touches a file and waits for the wire to be cut)
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

OPEN, CLOSE, WRITE, STATUS, HANDLE = 3, 4, 6, 101, 102
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


def _packet(stream: IO[bytes]) -> bytes:
    head = stream.read(4)
    if len(head) < 4:
        return b""
    return stream.read(struct.unpack(">I", head)[0])


def _string(packet: bytes, at: int) -> tuple[bytes, int]:
    length = struct.unpack_from(">I", packet, at)[0]
    return packet[at + 4 : at + 4 + length], at + 4 + length


class GoBetween:
    """One session."""

    def __init__(self, plan: Path, root: str) -> None:
        self.place, self.plan = plan.parent, json.loads(plan.read_text()) if plan.exists() else {}
        self.server = subprocess.Popen([SFTP_SERVER, "-d", root], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.out = threading.Lock()
        self.opening: set[int] = set()
        self.closing: set[int] = set()
        self.writing: set[int] = set()
        self.handles: dict[bytes, int] = {}
        self.files = 0
        self.written = 0
        self.failing = self.frozen = False
        self.further = False  # the file in hand was opened and not made

    def note(self, did: str, **more: object) -> None:
        """Writes down what happened to a handle, in the order of all sessions."""
        book = os.open(self.place / "handles", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(book, json.dumps({"session": os.getpid(), "did": did, "written": self.written, **more}).encode() + b"\n")
        os.close(book)

    def due(self, on: str, nth: int) -> bool:
        """Whether the plan's fault happens here; it is noted down, and happens only as often as planned."""
        plan = self.plan
        if not plan or plan["on"] != on or plan.get("nth", 1) != nth or self.written < plan.get("bytes", 0):
            return False
        if plan.get("further") and not self.further:
            return False
        book = self.place / "fired"
        fired = book.read_text().split() if book.exists() else []
        if len(fired) >= plan.get("times", 1):
            return False
        book.write_text(" ".join([*fired, str(time.time())]))
        return True

    def act(self, request: int) -> bool:
        """Does what the plan says; whether the packet in hand is to be carried on."""
        do = self.plan["do"]
        if do == "drop":
            with socket.socket(socket.AF_UNIX) as control:
                control.connect(str(self.place / "control"))
                control.sendall(b"drop")
                control.recv(16)
            return False
        if do == "freeze":
            self.frozen = True
            return False
        if do == "end":
            self.server.kill()
            os._exit(0)
        if do == "restart":
            (self.place / "restart").touch()
            time.sleep(60)
        if do == "take":
            take_now = Path(self.plan["take_now"])
            take_now.touch()
            while take_now.exists():
                time.sleep(0.01)
            return True
        self.failing = True
        self.answer(request)
        return False

    def answer(self, request: int) -> None:
        """An error status in the server's stead."""
        text = self.plan.get("text", "Failure").encode()
        body = struct.pack(">BII", STATUS, request, self.plan.get("code", 4))
        body += struct.pack(">I", len(text)) + text + struct.pack(">I", 0)
        self.down(body)

    def down(self, body: bytes) -> None:
        with self.out:
            sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
            sys.stdout.buffer.flush()

    def upward(self) -> None:
        """From the client to sftp-server, until the client is gone."""
        assert self.server.stdin is not None
        while body := _packet(sys.stdin.buffer):
            if self.frozen or not self.request(body):
                continue
            self.server.stdin.write(struct.pack(">I", len(body)) + body)
            self.server.stdin.flush()
        self.server.stdin.close()

    def request(self, body: bytes) -> bool:
        kind, number = struct.unpack_from(">BI", body) if len(body) >= 5 else (0, 0)
        if kind == OPEN:
            _, at = _string(body, 5)
            if (flags := struct.unpack_from(">I", body, at)[0]) & 2:
                self.files += 1
                self.written, self.failing, self.further = 0, False, not flags & 8
                self.note("open", further=self.further)
                if self.due("open", self.files) and not self.act(number):
                    return False
                self.opening.add(number)
        handle = _string(body, 5)[0] if kind in (WRITE, CLOSE) else b""
        if handle in self.handles:
            if kind == WRITE:
                if self.failing:
                    self.answer(number)
                    return False
                self.written += len(_string(body, 5 + 4 + len(handle) + 8)[0])
                self.writing.add(number)
                return not self.due("write", self.handles[handle]) or self.act(number)
            self.note("close")
            if self.due("close", self.handles[handle]) and not self.act(number):
                return False
            self.closing.add(number)
        return True

    def downward(self) -> None:
        """From sftp-server to the client."""
        assert self.server.stdout is not None
        while body := _packet(self.server.stdout):
            kind, number = struct.unpack_from(">BI", body)
            if kind == HANDLE and number in self.opening:
                self.handles[_string(body, 5)[0]] = self.files
                self.note("opened")
                if self.due("opened", self.files) and not self.act(number):
                    continue
            if number in self.writing:
                self.writing.discard(number)
                if self.due("written", self.files) and not self.act(number):
                    continue
            if number in self.closing:
                self.closing.discard(number)
                self.note("closed")
                if self.due("closed", self.files) and not self.act(number):
                    continue
            self.opening.discard(number)
            if not self.frozen:
                self.down(body)


def main() -> None:
    session = GoBetween(Path(sys.argv[1]), sys.argv[2])
    threading.Thread(target=session.downward, daemon=True).start()
    session.upward()
    session.server.wait()


if __name__ == "__main__":
    main()
