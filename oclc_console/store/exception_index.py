"""Where each document begins in a file of exceptions, and what people search in it. Derived from that file
(rejections.py writes it): a missing, torn or outdated index is made again from the documents, so it may be deleted at
any time. Not the documents themselves.

The index file: one line of JSON (what it belongs to, and checksums), then the byte positions where documents begin and
end, then where their searched lines begin, then those lines: LSN, severity and text in small letters.
"""

from __future__ import annotations

import re
import sys
import zlib
from array import array
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Any

import orjson

from oclc_console.errors import InputError
from oclc_console.files import replace_file, sha256_of

HEAD = b'{"exceptions": {'
TAIL = b"\n}}\n"
SUFFIX = ".idx"
_VERSION = 1
_NUMBERED = re.compile(rb'"([1-9][0-9]*)":')
_BETWEEN = "\x1f"


@dataclass(frozen=True)
class Index:
    """Where the documents of one file are. `starts` and `ends` are byte positions in it; `search` is a line a document,
    `search_starts` where each of these lines begins."""

    starts: array[int]
    ends: array[int]
    search_starts: array[int]
    search: bytes

    def holding(self, text: str) -> list[int]:
        """The documents (counted from 0) whose LSN, severity or text holds `text`, whatever its case."""
        needle = text.lower().encode("utf-8", "backslashreplace")
        if not needle:
            return list(range(len(self.starts)))
        if b"\n" in needle:
            return []
        found, at = [], self.search.find(needle)
        while at >= 0:
            found.append(bisect_right(self.search_starts, at) - 1)
            at = self.search.find(needle, self.search.index(b"\n", at))
        return found

    def document_at(self, position: int) -> int:
        """The document that a byte position of the file lies in."""
        return bisect_right(self.starts, position) - 1


def index_of(path: Path, data: bytes | mmap) -> Index:
    """The index of a file of exceptions whose bytes are `data`: the one beside it when it belongs to these bytes, else
    a new one, which then stands beside it. Raises InputError when the file is not as we write it."""
    beside = path.with_name(path.name + SUFFIX)
    with suppress(FileNotFoundError):
        if index := _read(beside.read_bytes(), path, beside):
            return index
    index = _made(path, data)
    with suppress(OSError):  # who may only look, or meets a full disk, sees the exceptions all the same
        replace_file(beside, _written(index, path))
    return index


def _made(path: Path, data: bytes | mmap) -> Index:
    starts, ends, search_starts, search = array("Q"), array("Q"), array("Q"), bytearray()
    if data[: len(HEAD)] != HEAD or data[-len(TAIL) :] != TAIL:
        raise _altered(path, "it doesn't begin and end as it should")
    position, last = len(HEAD) + 1, len(data) - len(TAIL) + 1
    while position < last:
        end = data.find(b"\n", position, last)
        number = _NUMBERED.match(data[position : position + 24])
        if not number or int(number[1]) != len(starts) + 1:
            raise _altered(path, f"document {len(starts) + 1:,} is not where it should be, at byte {position:,}")
        starts.append(position + number.end())
        ends.append(end - 1 if data[end - 1 : end] == b"," else end)
        search_starts.append(len(search))
        search += _searched(read_document(path, data[starts[-1] : ends[-1]]))
        position = end + 1
    return Index(starts, ends, search_starts, bytes(search))


def read_document(path: Path, text: bytes) -> dict[str, Any]:
    """One document of a file of exceptions."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _altered(path, str(error)) from error
    if not isinstance(document, dict):
        raise _altered(path, "a document is not an object")
    return document


def _altered(path: Path, what: str) -> InputError:
    return InputError(f"these exceptions are not as they were written ({what})", where=str(path),
                      then=f"Delete this file, then import {path.stem} from the reports folder again.")


def _searched(document: dict[str, Any]) -> bytes:
    words = _BETWEEN.join(str(document.get(each) or "") for each in ("lsn", "severity", "text"))
    return words.lower().replace("\n", " ").encode() + b"\n"


def _written(index: Index, path: Path) -> bytes:
    places = b"".join(part.tobytes() for part in (index.starts, index.ends, index.search_starts))
    about = {"version": _VERSION, "order": sys.byteorder, "size": path.stat().st_size, "sha256": sha256_of(path),
             "documents": len(index.starts), "checksum": zlib.crc32(index.search, zlib.crc32(places))}
    return orjson.dumps(about, option=orjson.OPT_APPEND_NEWLINE) + places + index.search


def _read(content: bytes, path: Path, beside: Path) -> Index | None:
    """The index in these bytes, or None when it is torn, of another make, or belongs to other documents."""
    head, _, rest = content.partition(b"\n")
    try:
        about = orjson.loads(head)
        count = about["documents"]
        fits = (about["version"], about["order"], about["checksum"]) == (_VERSION, sys.byteorder, zlib.crc32(rest))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    if not fits or about["size"] != path.stat().st_size or not _still_belongs(about["sha256"], path, beside):
        return None
    width = 8 * count
    starts, ends, search_starts = array("Q"), array("Q"), array("Q")
    for part, numbers in enumerate((starts, ends, search_starts)):
        numbers.frombytes(rest[part * width : (part + 1) * width])
    return Index(starts, ends, search_starts, rest[3 * width :])


def _still_belongs(sha256: str, path: Path, beside: Path) -> bool:
    """Whether the documents are those indexed. An index that is not older than they are was made from them; else (a
    copied workspace, an edited file) their bytes decide."""
    if beside.stat().st_mtime_ns >= path.stat().st_mtime_ns:
        return True
    return sha256_of(path) == sha256
