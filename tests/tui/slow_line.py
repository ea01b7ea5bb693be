"""A slow line to a workspace's rehearsal: a relay that lets so many bytes a second through towards the server, so that a test
has the time to press keys while an upload is on its way. Not for delaying or breaking a connection (tests/relay.py)."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from oclc_console.rehearsal.starting import SERVER_FILE
from oclc_console.workspace import Workspace

BLOCK = 16 << 10
HELD = 64 << 10  # bytes a socket may hold back: what is on its way when somebody pauses is little


@dataclass
class SlowLine:
    """The relay: `bytes_a_second` may be changed while it lasts; `passed` counts the bytes that went towards the server."""

    bytes_a_second: float
    passed: int = 0
    sockets: list[socket.socket] = field(default_factory=list)

    def serve(self, listening: socket.socket, port: int) -> None:
        """Relays every connection until the listening socket is closed."""
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", port))
            self.sockets += [near, far]
            for source, target, slow in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._pass_on, args=(source, target, slow), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, slow: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(BLOCK):
                if slow:
                    time.sleep(len(data) / self.bytes_a_second)
                target.sendall(data)
                self.passed += len(data) if slow else 0
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def slow_line(workspace: Workspace, bytes_a_second: float) -> Iterator[SlowLine]:
    """Puts a slow line between the workspace and its rehearsal, which is running."""
    file = workspace.rehearsal / SERVER_FILE
    server = orjson.loads(file.read_bytes())
    line = SlowLine(bytes_a_second)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, HELD)  # what it accepts has this too
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    threading.Thread(target=line.serve, args=(listening, server["port"]), daemon=True).start()
    _write(file, {**server, "port": listening.getsockname()[1]})
    try:
        yield line
    finally:
        _write(file, server)
        listening.close()
        for each in line.sockets:
            each.close()


def _write(file: Path, server: dict[str, object]) -> None:
    file.write_bytes(orjson.dumps(server))
