"""A workspace whose records OCLC rejected: prepared for real, answered by reports made up from its own ledger. Not for anything
that ships."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson

from oclc_console.operations.import_reports import file_report
from oclc_console.operations.prepare import prepare
from oclc_console.workspace import Workspace, make_workspace
from tests.operations.stage import carry_out, holding, ledger, write

TOML = """
[institution]
name = "Example University Library"
suffix = "9999"
[symbols.ZUL]
disposition = "target"
libraries = ["MED", "LAW"]
[[symbols.ZUL.streams]]
name = "All"
collection = "1000081"
"""
EPOCH = 1604391120123
TEXTS = (("CRITICAL", "Record is sparse."), ("SEVERE", "Invalid code in 2nd $2 in 3rd 650."), ("MINOR", "Invalid code in 040."),
         ("SEVERE", "=HYPERLINK(\"http://evil.example/\",\"x\")"))


def lsn(number: int) -> str:
    """The local number of a record that `holding` makes."""
    return f"22{number:010d}9999"


def mms(number: int) -> str:
    """The MMS id of its bib."""
    return f"99{number:010d}9999"


def record(number: int) -> bytes:
    """A record of MED, or, every third one, of LAW."""
    raw = holding(number)
    return raw.replace(b"\x1fbMED", b"\x1fbLAW") if number % 3 == 0 else raw


def rejected(folder: Path, count: int = 12) -> Workspace:
    """A workspace with `count` records that OCLC rejected, each with one exception, and one of MED without a local number."""
    workspace = make_workspace(folder / "office", TOML)
    source = write(workspace.at("inbox", "ZUL") / "all.mrc", *map(record, range(1, count + 2)))
    carry_out(workspace, prepare(workspace, "ZUL", [source]))
    answer(workspace, EPOCH)
    return workspace


def answer(workspace: Workspace, epoch: int, *, taken: frozenset[int] = frozenset()) -> None:
    """OCLC's two reports on what was prepared last: it rejects everything but the numbers `taken`. The last record but one that
    it names has no local number in its line."""
    rows = [row for row in ledger(workspace, "ZUL") if row["outbox"]]
    upload = rows[0]["outbox"]
    said, found = [], []
    for number, row in enumerate(rows, 1):
        key, name = f"ZUL_1000081_{epoch}::bib::{row['end']}", "" if number == len(rows) - 1 else row["lsn"]
        if number in taken:
            said.append(f"{key}|{name}||{10**9 + number}|match")
            continue
        severity, text = TEXTS[number % len(TEXTS)]
        said.append(f"{key}|{name}||{10**9 + number}|unresolved")
        found.append(f"{key}|{name}||{10**9 + number}|Validation Error|{severity}|{text}")
    time = "031200123" if epoch == EPOCH else "041200123"
    stem = f"ZUL-ZUL.1000081.IN.BIB.D20201103.T{time}.{upload}"
    for word, lines in (("BibProcessingReport", said), ("BibExceptionReport", found)):
        file_report(workspace, f"{stem}.{word}.txt", "".join(line + "\n" for line in lines).encode())


def console(where: Path, *words: str | Path, login: str = "office") -> subprocess.CompletedProcess[str]:
    """Runs the command itself, in a process of its own, as this login, on a workspace or a pack."""
    line = [sys.executable, "-m", "oclc_console", "--workspace", str(where), *map(str, words)]
    environment = {**os.environ, **dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), login)}
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environment)


def told(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, object]:
    """What a command with --json said."""
    assert done.returncode == code, done.stdout + done.stderr
    answer: dict[str, object] = orjson.loads(done.stdout)
    return answer
