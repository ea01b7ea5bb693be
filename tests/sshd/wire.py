"""The wire between the console and a server: a relay on loopback that can cut, stop, slow down or refuse what goes through
it, at a byte that is said beforehand. It sees only the encrypted stream. Not for what is inside it (go_between.py)."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection, as a firewall that forgot it does


class Passage:
    """One connection through the wire. `up` counts the bytes from the client, `down` those to it."""

    def __init__(self, client: socket.socket, server: socket.socket, number: int) -> None:
        self.client, self.server, self.number = client, server, number
        self.up = self.down = 0
        self.holed = threading.Event()
        self.gone = threading.Event()

    def drop(self) -> None:
        """Cuts it, both ways at once."""
        self.gone.set()
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


Act = Callable[[Passage], None]


class Wire:
    """Listens on a port of its own and carries everything to `port` and back. `fired_at` is the epoch second at which the
    last fault happened."""

    def __init__(self, port: int, control: Path | None = None) -> None:
        self.upstream = port
        self.fired_at = 0.0
        self.bytes_a_second = 0
        self.most_at_once = 0  # connections; one more is hung up on, as MaxStartups does it (0: any number)
        self.greeting = ""  # "close": hangs up at once; "silent": says nothing
        self.passages: list[Passage] = []
        self._plans: list[tuple[int, int, Act]] = []
        self._every: Callable[[], int] | None = None
        self.drops = 0
        self.most_drops = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True, name="wire").start()
        self._control: socket.socket | None = None
        if control is not None:
            self._control = socket.socket(socket.AF_UNIX)
            self._control.bind(str(control))
            self._control.listen(8)
            threading.Thread(target=self._obey, args=(self._control,), daemon=True, name="wire control").start()

    def close(self) -> None:
        """Cuts everything and stops listening."""
        for listener in (self._listener, self._control):
            if listener is not None:
                with contextlib.suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                listener.close()
        for passage in self.passages:
            passage.drop()

    def after(self, count: int, act: Act, *, connection: int = 1) -> None:
        """Calls `act` when this many bytes of the connection of that number have come from the client."""
        self._plans.append((connection, count, act))

    def drop_each_after(self, count: Callable[[], int], *, most: int) -> None:
        """Cuts each connection after as many bytes as `count` says, until `most` have been cut."""
        self._every, self.most_drops = count, most

    def drop(self, passage: Passage) -> None:
        """An act: cuts the connection."""
        self.fired()
        passage.drop()

    def hole(self, passage: Passage) -> None:
        """An act: nothing goes through this connection any more, and nobody is told."""
        self.fired()
        passage.holed.set()

    def fired(self) -> None:
        """Notes that a fault happened now."""
        self.fired_at = time.time()

    def drop_all(self) -> None:
        """Cuts whatever stands."""
        self.fired()
        for passage in self.passages:
            if not passage.gone.is_set():
                passage.drop()

    def lift(self) -> None:
        """From here on everything goes through, also what was held back."""
        self._plans.clear()
        self._every, self.bytes_a_second, self.greeting, self.most_at_once = None, 0, "", 0
        for passage in self.passages:
            passage.holed.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            standing = sum(not passage.gone.is_set() for passage in self.passages)
            if self.most_at_once and standing >= self.most_at_once:
                self.fired()
                client.close()
                continue
            if self.greeting:
                self.fired()
                if self.greeting == "close":
                    client.close()
                else:
                    self.passages.append(Passage(client, client, len(self.passages) + 1))
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.upstream), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            passage = Passage(client, server, len(self.passages) + 1)
            self.passages.append(passage)
            if self._every is not None and self.drops < self.most_drops:
                self._plans.append((passage.number, self._every(), self._count_drop))
            for up in (True, False):
                threading.Thread(target=self._carry, args=(passage, up), daemon=True, name="passage").start()

    def _count_drop(self, passage: Passage) -> None:
        self.drops += 1
        self.drop(passage)

    def _carry(self, passage: Passage, up: bool) -> None:
        source, target = (passage.client, passage.server) if up else (passage.server, passage.client)
        try:
            while not passage.gone.is_set():
                if passage.holed.is_set() or not select.select([source], [], [], 0.1)[0]:
                    if passage.holed.is_set():
                        time.sleep(0.02)
                    continue
                if not (data := source.recv(16384)):
                    break
                if up:
                    passage.up += len(data)
                    self._act(passage)
                while passage.holed.is_set() and not passage.gone.is_set():
                    time.sleep(0.02)
                if self.bytes_a_second and up:
                    time.sleep(len(data) / self.bytes_a_second)
                target.sendall(data)
                if not up:
                    passage.down += len(data)
        except (OSError, ValueError):
            pass  # one of the two ends is gone, which is an everyday thing here
        passage.drop()

    def _act(self, passage: Passage) -> None:
        for plan in list(self._plans):
            connection, count, act = plan
            if connection == passage.number and passage.up >= count:
                self._plans.remove(plan)
                act(passage)

    def _obey(self, control: socket.socket) -> None:
        while True:
            try:
                asker, _ = control.accept()
            except OSError:
                return
            with asker:
                asker.recv(64)
                self.drop_all()
                with contextlib.suppress(BrokenPipeError):  # who asked went with the connection that was cut
                    asker.sendall(b"done")
