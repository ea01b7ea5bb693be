"""What the operation tests stand on: small workspaces, records built by hand, and running an operation to its end."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from oclc_console.cli.rehearsal import accounts_of, ensure_rehearsal
from oclc_console.marc.record import put_together
from oclc_console.operations.account import Account, account
from oclc_console.operations.fetch import fetch
from oclc_console.rehearsal.folder import prepare_rehearsal
from oclc_console.rehearsal.starting import stop_server
from oclc_console.store.events import Event
from oclc_console.store.ledger import connect
from oclc_console.store.runs import Operation, run
from oclc_console.workspace import Workspace, make_workspace

LEADER = b"00000cam a2200000 i 4500"
FIXED = b"200101s2020    ilua     b    001 0 eng d"

TOML = """
[institution]
name = "Example"
suffix = "9999"
[rules]
archival = { any = ["LDR/08 = a", "LDR/06 = t|d|f"] }
no_worldcat = { any = ["914$a = NO-WORLDCAT"] }
[symbols.ZAA]
disposition = "retained"
exclude = ["@no_worldcat", "@brief"]
records_per_file = 3
[[symbols.ZAA.streams]]
name = "Manuscripts"
word = "manuscripts"
collection = "1000001"
keep = { any = ["@archival"] }
[[symbols.ZAA.streams]]
name = "Trusted"
word = "trusted"
collection = "1000002"
match = "trusted ocn"
keep = { all = ["079$a"], none = ["@archival"] }
[[symbols.ZAA.streams]]
name = "Rest"
word = "rest"
collection = "1000003"
keep = { none = ["079$a", "@archival", "843"] }
[symbols.ZOLD]
disposition = "retiring"
successor = "ZAA"
"""


def workspace_in(folder: Path, toml: str = TOML) -> Workspace:
    """A workspace with three streams that leave a hole: a record with 843 and no 079 goes nowhere."""
    return make_workspace(folder / "workspace", toml)


def holding(number: int, *extra: tuple[bytes, bytes], leader: bytes = LEADER, without: Iterable[bytes] = ()) -> bytes:
    """One holdings-level record with ids that end in `number`."""
    lsn = b"22%010d9999" % number
    fields = [
        (b"001", b"99%010d9999" % number), (b"005", b"20260211093015.0"), (b"008", FIXED),
        (b"100", b"1 \x1faExample, Ada"), (b"245", b"10\x1fa[Letters] :\x1fb[/red] =1+1"),
        (b"264", b" 1\x1faChicago :\x1fbNowhere Press,\x1fc2020."), (b"300", b"  \x1fa212 pages"),
        (b"852", b"0 \x1fbMED\x1fcGEN\x1f8" + lsn), *extra,
    ]
    return put_together(leader, sorted(f for f in fields if f[0] not in set(without)))


def trusted(number: int) -> bytes:
    """A holding with an OCN on it."""
    return holding(number, (b"079", b"  \x1fa%d" % (1000 + number)))


def archival(number: int) -> bytes:
    """A manuscript."""
    return holding(number, leader=LEADER[:6] + b"t" + LEADER[7:])


def reproduction(number: int) -> bytes:
    """A reproduction, for which the test workspace has no stream."""
    return holding(number, (b"843", b"  \x1faPhotocopy."))


def write(path: Path, *records: bytes) -> Path:
    """A file of these bytes."""
    path.write_bytes(b"".join(records))
    return path


def carry_out(workspace: Workspace, operation: Operation) -> tuple[dict[str, Any], list[Event]]:
    """Runs an operation to its end; raises what it raises."""
    events = list(run(workspace, operation, threading.Event()))
    return operation.fold(events), events


def ledger(workspace: Workspace, symbol: str) -> list[dict[str, Any]]:
    """Every ledger row of a symbol, as dictionaries."""
    files = [str(p) for p in (workspace.root / "ledger" / symbol).glob("*.parquet") if ".txt" not in p.name]
    found = connect().execute("FROM read_parquet(?) ORDER BY source, number", [files])
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@contextlib.contextmanager
def rehearsing(workspace: Workspace, **behaviour: Any) -> Iterator[Path]:
    """The workspace's rehearsal, running while the block lasts; gives the folder where it puts what it took."""
    behaviour.setdefault("turn_around_seconds", 0.1)
    prepare_rehearsal(workspace.rehearsal, accounts=accounts_of(workspace.settings), seed=1, **behaviour)
    ensure_rehearsal(workspace)
    try:
        yield workspace.rehearsal / "taken"
    finally:
        stop_server(workspace.rehearsal)


def taken(folder: Path) -> dict[str, bytes]:
    """Every file the rehearsal took, by name."""
    return {path.name: path.read_bytes() for path in folder.rglob("*.mrc*")}


def fetched(workspace: Workspace, symbol: str) -> Account:
    """The symbol's account once every file it sent has been answered."""
    began = time.monotonic()
    while time.monotonic() - began < 60:
        carry_out(workspace, fetch(workspace, symbol))
        answer = account(workspace, symbol)
        if not answer.total["not_reported"]:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"no report after a minute: {answer.total}")


def console(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the command itself, as a person or a timer would."""
    command = [sys.executable, "-m", "oclc_console", "--workspace", str(workspace.root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def start(workspace: Workspace, *words: str) -> subprocess.Popen[bytes]:
    """Starts the command and lets it run, in a session of its own as the console does."""
    command = [sys.executable, "-m", "oclc_console", "--workspace", str(workspace.root), *words]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            start_new_session=True)
