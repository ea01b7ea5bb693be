"""What OCLC said about each record of a symbol, gathered from all its reports into one file that opens at once: numbers and
texts in columns, read in place. Derived (gathering.py makes it), so it may be deleted at any time. Not for what people do
about the records (reviews.py), nor for asking (desk.py).

    rejections/ZMD/gathered.columns    a line of JSON that says where each column stands, then the columns

Columns of a record (one row each, ordered by key), of its appearances (`seen_`: a row an upload in which OCLC spoke of it,
oldest first) and of OCLC's lines (`line_`: exact duplicates folded, newest first); `seen_start` and `line_start` say where
those of a record begin. Words that repeat stand once in `words`, and columns hold their places there.
"""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from oclc_console.errors import InputError
from oclc_console.files import replace_file
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    import pyarrow as pa

Column = NDArray[Any]
VERSION = 1
NEVER = -1  # an instant, a number or a place that is not there
REFUSED, TAKEN, SAME = range(3)  # seen_word: what an appearance says (standing.Verdict)
NOISE, MINOR, CURRENT, PLAIN = 1, 2, 4, 8  # line_flags; PLAIN: counts for the groups of its record
MINOR_ONLY, LOCATED = 1, 2  # flags
_ALIGNED = 64
_FEW = 20_000  # places found one by one; where there are more, going through all texts is faster
_TEXT_COLUMNS = ("key", "record_key", "title", "search", "name", "text")


class Strings(Sequence[str]):
    """A column of texts: `ends` are n+1 byte positions in `data`, the first 0."""

    def __init__(self, ends: Column, data: Any) -> None:
        self.ends, self.data = ends, data

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, at: Any) -> Any:
        return bytes(self.data[self.ends[at] : self.ends[at + 1]]).decode()

    @cached_property
    def _bytes(self) -> bytes:
        return bytes(self.data)

    def holding(self, needle: str) -> Column:
        """Which texts hold `needle`."""
        found, wanted = np.zeros(len(self), bool), needle.encode("utf-8", "backslashreplace")
        places: list[int] = []
        at = self._bytes.find(wanted)
        while at >= 0 and len(places) < _FEW:
            places.append(at)
            at = self._bytes.find(wanted, at + 1)
        if at >= 0:
            import pyarrow.compute as pc

            matched: Column = pc.match_substring(self.arrow(), needle).to_numpy(zero_copy_only=False)
            return matched
        rows = np.searchsorted(self.ends, places, side="right") - 1
        found[rows[np.asarray(places, np.int64) + len(wanted) <= self.ends[rows + 1]]] = True  # not across two texts
        return found

    def only(self, rows: Column) -> Strings:
        """The texts of these rows."""
        return strings_of(self[int(row)] for row in rows)

    def arrow(self) -> pa.StringArray:
        """The same as an Arrow column, without copying."""
        import pyarrow as pa

        return pa.StringArray.from_buffers(len(self), pa.py_buffer(self.ends), pa.py_buffer(self.data))


def strings_of(texts: Iterable[str]) -> Strings:
    """A column of these texts."""
    encoded = [text.encode("utf-8", "backslashreplace") for text in texts]
    ends = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(each) for each in encoded], out=ends[1:])
    return Strings(ends, b"".join(encoded))


class Gathered:
    """The columns of one symbol. `about` says what they were made of."""

    def __init__(
        self, about: Mapping[str, Any], words: Mapping[str, list[str]], columns: Mapping[str, Column],
        texts: Mapping[str, Strings],
    ) -> None:
        self.about, self.words, self.columns, self.texts = dict(about), dict(words), dict(columns), dict(texts)

    def __len__(self) -> int:
        return len(self.texts["key"])

    def __getitem__(self, column: str) -> Column:
        return self.columns[column]

    @property
    def symbol(self) -> str:
        """Whose records these are."""
        return str(self.about["symbol"])

    @cached_property
    def rows_of_lines(self) -> Column:
        """The record that each row of the `line_` columns is about."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self["line_start"]))

    def lines_of(self, row: int) -> range:
        """The rows of the `line_` columns that are about a record."""
        return range(int(self["line_start"][row]), int(self["line_start"][row + 1]))

    def seen_of(self, row: int) -> range:
        """The rows of the `seen_` columns that are about a record."""
        return range(int(self["seen_start"][row]), int(self["seen_start"][row + 1]))

    def rows_of(self, names: Sequence[str]) -> Column:
        """The rows of records by any of their names (key, or a record key with `@` before it); NEVER for one not here."""
        sums = np.fromiter((crc(name) for name in names), np.uint32, len(names))
        first = np.searchsorted(self["name_sum"], sums)
        found = np.full(len(names), NEVER, np.int64)
        known, stored = len(self["name_sum"]), self.texts["name"]
        for at, name in enumerate(names):
            place = int(first[at])
            while place < known and self["name_sum"][place] == sums[at]:
                if stored[place] == name:
                    found[at] = self["name_row"][place]
                    break
                place += 1
        return found

    def only(self, rows: Column) -> Gathered:
        """A part of the records, whole in itself (for a pack)."""
        rows = np.sort(np.asarray(rows, np.int64))
        columns: dict[str, Column] = {}
        for name, column in self.columns.items():
            if name.startswith("line_") and name != "line_start":
                columns[name] = column[self._places("line_start", rows)]
            elif name.startswith("seen_") and name != "seen_start":
                columns[name] = column[self._places("seen_start", rows)]
            elif name in ("line_start", "seen_start"):
                columns[name] = np.concatenate([[0], np.cumsum(column[rows + 1] - column[rows])]).astype(np.int32)
            elif not name.startswith(("name_", "text_")):
                columns[name] = column[rows]
        new = np.full(len(self), NEVER, np.int64)
        new[rows] = np.arange(len(rows))
        kept = np.flatnonzero(new[self["name_row"]] >= 0)
        columns["name_sum"] = self["name_sum"][kept]
        columns["name_row"] = new[self["name_row"][kept]].astype(np.int32)
        columns["text_group"] = self["text_group"]
        texts = {name: self.texts[name].only(rows) for name in ("key", "record_key", "title", "search")}
        texts |= {"name": self.texts["name"].only(kept), "text": self.texts["text"]}
        return Gathered(self.about, self.words, columns, texts)

    def _places(self, start: str, rows: Column) -> Column:
        starts = self[start]
        parts = [np.arange(starts[row], starts[row + 1]) for row in rows]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def save(self, path: Path, *, fixed: bool = False) -> None:
        """Writes the columns, atomically. `fixed`: there are no reports to gather them from anew, so nobody does."""
        columns = {**self.columns, **{f"{name}.ends": text.ends for name, text in self.texts.items()}}
        blocks: list[Any] = [np.ascontiguousarray(column) for column in columns.values()]
        blocks += [self.texts[name].data for name in _TEXT_COLUMNS]
        places, position = [], 0
        kinds = [block.dtype.str for block in blocks[: len(columns)]] + [""] * len(_TEXT_COLUMNS)
        for name, kind, block in zip([*columns, *_TEXT_COLUMNS], kinds, blocks, strict=True):
            places.append([name, kind, position, memoryview(block).nbytes])
            position += -(-memoryview(block).nbytes // _ALIGNED) * _ALIGNED
        about = {**self.about, "version": VERSION, "fixed": fixed or bool(self.about.get("fixed"))}
        head = orjson.dumps({"about": about, "words": self.words, "places": places, "size": position})
        head += b" " * (-(len(head) + 1) % _ALIGNED) + b"\n"
        replace_file(path, _written(head, blocks))


def _written(head: bytes, blocks: Sequence[Any]) -> Iterable[bytes]:
    yield head
    for block in blocks:
        view = memoryview(block).cast("B") if memoryview(block).nbytes else memoryview(b"")
        yield view  # type: ignore[misc] # a file takes any buffer
        yield b"\0" * (-view.nbytes % _ALIGNED)


def crc(name: str) -> int:
    """What `name_sum` is ordered by."""
    return zlib.crc32(name.encode("utf-8", "backslashreplace"))


def gathered_path(workspace: Workspace, symbol: str) -> Path:
    """Where a symbol's columns stand."""
    return workspace.root / "rejections" / folder_name(symbol) / "gathered.columns"


def load_gathered(path: Path) -> Gathered | None:
    """The columns of one symbol, read in place; None when there are none, or when they are of another make."""
    try:
        with open(path, "rb") as file:
            if os.name == "nt":  # a file that is mapped could not be replaced there
                data: Any = file.read()
            else:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (FileNotFoundError, ValueError):  # ValueError: an empty file can't be mapped
        return None
    except OSError as error:
        raise InputError(f"it can't be read ({error.strerror or error})", where=str(path),
                         then="Give this login the right to read it, or delete it: it is made again.") from error
    return _laid_out(data)


def _laid_out(data: Any) -> Gathered | None:
    start = data.find(b"\n") + 1
    try:
        head = orjson.loads(data[:start])
        fits = head["about"]["version"] == VERSION and start + head["size"] == len(data)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    if not fits:
        return None
    view, columns, texts = memoryview(data), {}, {}
    for name, kind, position, size in head["places"]:
        part = view[start + position : start + position + size]
        if kind:
            columns[name] = np.frombuffer(part, np.dtype(kind))
        else:
            texts[name] = Strings(columns[f"{name}.ends"], part)
    plain = {name: column for name, column in columns.items() if not name.endswith(".ends")}
    return Gathered(head["about"], head["words"], plain, texts)
