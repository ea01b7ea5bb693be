"""Small pieces the tests of the lower floors are built from: a console.toml, a workspace, and MARC records written by
this file's own hand (not by the code under test)."""

from __future__ import annotations

from pathlib import Path

from oclc_console.marc.record import Record
from oclc_console.workspace import Workspace, make_workspace

SETTINGS = """\
[institution]
name = "Example University Library"
suffix = "9999"

[rules]
standard = { any = ["040$e = amim|appm"] }
archival = { any = ["LDR/08 = a", "@standard"] }

[symbols.ZUL]
name = "University-wide"
disposition = "target"
libraries = ["NET", "ARC"]
exclude = ["@brief"]

[[symbols.ZUL.streams]]
name = "Manuscripts"
collection = "1000081"
keep = { all = ["@archival"] }

[symbols.ZMD]
disposition = "retained"

[[symbols.ZMD.streams]]
name = "All"
collection = "1000031"

[symbols.ZLW]
disposition = "retiring"
successor = "ZUL"
"""

Fields = list[tuple[str, bytes]]
TITLE: Fields = [("001", b"991234567890009999"), ("245", b"10\x1faA title /\x1fcsomebody.")]


def workspace(folder: Path, settings: str = SETTINGS, acting_as: str | None = None) -> Workspace:
    """A new workspace in a folder that has none."""
    made = make_workspace(folder, settings)
    return Workspace(made.root, acting_as)


def marc(fields: Fields, leader: bytes = b"00000nam a2200000 a 4500") -> bytes:
    """A record in ISO 2709, written out by hand."""
    directory, body = b"", b""
    for tag, field in fields:
        directory += tag.encode() + f"{len(field) + 1:04}{len(body):05}".encode()
        body += field + b"\x1e"
    base = 24 + len(directory) + 1
    length = base + len(body) + 1
    return f"{length:05}".encode() + leader[5:12] + f"{base:05}".encode() + leader[17:] + directory + b"\x1e" + body + b"\x1d"


def good(number: int) -> bytes:
    """A sound record with its number in 001."""
    return marc([("001", b"good-%03d" % number), ("245", b"10\x1faGood record %03d" % number)])


def record(fields: Fields, leader: bytes = b"00000nam a2200000 a 4500") -> Record:
    """A record as rules see it."""
    return Record(leader, [tag.encode() for tag, _ in fields], [field for _, field in fields])
