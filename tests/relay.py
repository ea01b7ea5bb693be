"""A TCP relay that delays what goes through it, as a long line does, for tests and measurements on one machine. It runs in a
process of its own and passes whole blocks on, so that it is not what limits; what is on its way is bounded, as on a real
line. Not for breaking connections (tests/sshd does that).

    with relaying("127.0.0.1", 22022, round_trip=0.08) as port: ...
    python -m tests.relay --to 127.0.0.1:22022 --round-trip 0.08      says the port it listens on
"""

from __future__ import annotations

import argparse
import contextlib
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

BLOCK = 256 << 10
ON_THE_WAY = 256  # blocks in one direction, 64 MiB at most: thirty times what a server's window lets through


@contextlib.contextmanager
def relaying(host: str, port: int, *, round_trip: float) -> Iterator[int]:
    """A relay to `host:port` while the block lasts; gives the port it listens on. `round_trip` is in seconds."""
    command = [sys.executable, "-m", "tests.relay", "--to", f"{host}:{port}", "--round-trip", str(round_trip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def serve(host: str, port: int, one_way: float) -> None:
    """Relays every connection for ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            near, _ = listening.accept()
            far = socket.create_connection((host, port))
            for one, other in ((near, far), (far, near)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _direction(one, other, one_way)


def _direction(source: socket.socket, target: socket.socket, one_way: float) -> None:
    """Passes on what comes from `source`, each block `one_way` seconds after it came."""
    way: queue.Queue[tuple[float, bytes]] = queue.Queue(ON_THE_WAY)

    def take() -> None:
        data = b"-"
        while data:
            try:
                data = source.recv(BLOCK)
            except OSError:
                data = b""
            way.put((time.monotonic() + one_way, data))

    def give() -> None:
        while True:
            due, data = way.get()
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
            try:
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(data)
            except OSError:
                with contextlib.suppress(OSError):
                    source.shutdown(socket.SHUT_RD)
                while way.get()[1]:
                    pass
                return

    for work in (take, give):
        threading.Thread(target=work, daemon=True).start()


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", required=True, metavar="HOST:PORT")
    parser.add_argument("--round-trip", type=float, required=True, metavar="SECONDS")
    asked = parser.parse_args()
    host, _, port = asked.to.rpartition(":")
    with contextlib.suppress(KeyboardInterrupt):
        serve(host, int(port), asked.round_trip / 2)


if __name__ == "__main__":
    main()
