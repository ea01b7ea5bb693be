"""A rehearsal in a folder of its own, with a real server on loopback and real clients of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import pytest

from oclc_console.rehearsal.folder import Account, Rehearsal, prepare_rehearsal
from oclc_console.rehearsal.labels import write_labels
from oclc_console.rehearsal.maker import MadeRecord, make_set
from oclc_console.rehearsal.starting import Server, ensure_server, stop_server

ZMD = Account("ZMD", ("1000031", "1000032"))
ODD = Account("A$B", ("1000077",))
IN_BIB = "/xfer/metacoll/in/bib"
REPORTS = "/xfer/metacoll/reports"


@pytest.fixture(scope="session")
def made() -> list[MadeRecord]:
    """A small set, made once."""
    return list(make_set(symbol="ZMD", libraries=["MED", "SCI"], suffix="9999", records=1200, seed=7))


class Running:
    """A rehearsal whose server runs; what a test needs to talk to it."""

    def __init__(self, folder: Path, rehearsal: Rehearsal, server: Server) -> None:
        self.folder, self.rehearsal, self.server = folder, rehearsal, server

    def connect(self, login: str = "fx_zmd", **options: object) -> asyncssh.SSHClientConnection:
        """A connection to be used with `async with`; the server's key is checked."""
        hosts = asyncssh.import_known_hosts(f"[{self.server.host}]:{self.server.port} {self.server.host_key}\n")
        given = {"client_keys": [str(self.rehearsal.client_key)], "known_hosts": hosts, "config": None, **options}
        return asyncssh.connect(self.server.host, self.server.port, username=login, **given)

    async def send(self, name: str, content: bytes, login: str = "fx_zmd") -> None:
        """Uploads bytes under a name and closes them."""
        async with (self.connect(login) as connection, connection.start_sftp_client() as sftp,
                    sftp.open(f"{IN_BIB}/{name}", "wb") as handle):
            await handle.write(content)

    def reports(self, kind: str = "", login: str = "fx_zmd") -> list[Path]:
        """The reports that are there, of one kind or all."""
        return sorted(path for path in (self.rehearsal.root(login) / REPORTS[1:]).iterdir() if kind in path.name)

    def wait_for(self, what: Callable[[], object]) -> None:
        """Waits until something is so; a test that waits too long fails."""
        until = time.monotonic() + 30
        while not what():
            assert time.monotonic() < until, (self.folder / "server.log").read_text()
            time.sleep(0.02)

    def rows(self, login: str = "fx_zmd") -> list[list[str]]:
        """Every row of the processing reports that are there, without their exact repetitions."""
        lines = [line for path in self.reports("Processing", login) for line in path.read_text().splitlines()]
        return [line.split("|") for line in dict.fromkeys(lines)]


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, made: list[MadeRecord]) -> Iterator[Start]:
    """Starts the stand-in OCLC with the settings given; it is ended with the test."""

    def begin(**settings: object) -> Running:
        given = {"accounts": [ZMD, ODD], "seed": 7, "turn_around_seconds": 0.0, **settings}
        rehearsal = prepare_rehearsal(tmp_path, **given)  # type: ignore[arg-type]
        write_labels(tmp_path, (record.label for record in made if record.label))
        return Running(tmp_path, rehearsal, ensure_server(tmp_path, parent=os.getpid()))

    yield begin
    stop_server(tmp_path)
