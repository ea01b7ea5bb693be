"""Reports and workspaces made up for these tests. Not for anything that ships."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import orjson

from oclc_console.marc.record import put_together
from oclc_console.operations.import_reports import import_reports
from oclc_console.store import runs
from oclc_console.store.events import Ended, Event
from oclc_console.workspace import Workspace

SETTINGS = """
[institution]
name = "Example University Library"
suffix = "9999"
[symbols.ZUL]
disposition = "target"
libraries = ["NET"]
[[symbols.ZUL.streams]]
name = "All"
collection = "1000081"
[[symbols.ZUL.streams]]
name = "Cancels"
collection = "1000082"
kind = "delete"
delivery = "alma"
keep = { any = ["999$a"] }
[symbols.ZMD]
disposition = "retiring"
successor = "ZUL"
"""

EPOCH = 1604391120123  # 2020-11-03T08:12:00.123Z, which is 03:12:00.123 in New York
ORIGINAL = "1000081.zul.all.20201103.001.mrc"


def key(n: int, epoch: int = EPOCH, symbol: str = "ZUL", collection: str = "1000081") -> str:
    """A record key."""
    return f"{symbol}_{collection}_{epoch}::bib::{n}"


def name_of(
    word: str, *, time: str = "031200123", original: str = ORIGINAL, folder: str = "IN.BIB", symbol: str = "ZUL"
) -> str:
    """A report's name as OCLC writes it."""
    return f"{symbol}-{symbol}.{original[:7]}.{folder}.D20201103.T{time}.{original}.{word}.txt"


def processing(count: int, epoch: int = EPOCH) -> bytes:
    """A BibProcessingReport of `count` lines: mostly matches, every tenth unresolved, some data errors with no LSN."""
    lines = []
    for i in range(1, count + 1):
        if i % 10 == 0:
            lines.append(f"{key(i * 1000, epoch)}|99{i:010d}9999||{i + 10**9}|unresolved")
        elif i % 33 == 0:
            lines.append(f"{key(i * 1000, epoch)}||||data error")
        else:
            lines.append(f"{key(i * 1000, epoch)}|99{i:010d}9999|{i}|{i}|match")
    return "".join(line + "\n" for line in lines).encode()


def exceptions(count: int) -> bytes:
    """A BibExceptionReport of `count` lines."""
    levels = ("MINOR", "SEVERE", "CRITICAL")
    return "".join(f"{key(i // 3 * 1000 + 1000)}|99{i // 3:010d}9999||{i + 10**9}|Validation Error|{levels[i % 3]}|"
                   f"Invalid code in {i}th $2 in 2nd 650.\n" for i in range(count)).encode()


def write(folder: Path, name: str, content: bytes) -> Path:
    """A file for import."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def run_import(workspace: Workspace, *files: Path) -> tuple[list[dict[str, Any]], int]:
    """Imports for real: what each file came to, and the exit code."""
    before = set(workspace.runs.glob("*-import-*"))
    events: list[Event] = list(runs.run(workspace, import_reports(workspace, files), threading.Event()))
    end = events[-1]
    assert isinstance(end, Ended)
    (folder,) = set(workspace.runs.glob("*-import-*")) - before
    return orjson.loads((folder / "result.json").read_bytes())["files"], end.exit_code


def tree(root: Path) -> dict[str, str]:
    """Every file but the runs', by what it holds; the moment a report was filed doesn't count, nor what is only derived from
    the others and knows their times."""
    return {str(path.relative_to(root)): hashlib.sha256(_without_filed_at(path)).hexdigest() for path in _files(root)}


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file() and path.relative_to(root).parts[0] != "runs"
            and not path.name.startswith("gathered.columns"))


def _without_filed_at(path: Path) -> bytes:
    return b"\n".join(line for line in path.read_bytes().split(b"\n") if not line.startswith(b'  "filed_at":'))


def record(number: int, title: str = "") -> bytes:
    """A small MARC record with an MMS id, a holdings id and a title."""
    fields = ((b"001", f"99{number:010d}9999".encode()), (b"245", f"00\x1fa{title or f'Title {number}'}".encode()),
              (b"852", f"  \x1f822{number:010d}9999".encode()))
    return put_together(b"00000cam a2200000 i 4500", fields)


def sent(workspace: Workspace, count: int, original: str = ORIGINAL, symbol: str = "ZUL") -> list[int]:
    """A file of `count` records as it was sent; the byte at which each ends, counted from 1."""
    records = [record(number) for number in range(1, count + 1)]
    write(workspace.root / "outbox" / symbol, original, b"".join(records))
    return list(accumulate(map(len, records)))


def lsn(number: int) -> str:
    """The local number of the record made by `record`."""
    return f"22{number:010d}9999"
