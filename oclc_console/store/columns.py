"""Numbers and texts in columns, in one file that opens at once: read in place, only what is looked at. Not for what the columns
mean (gathered.py, checkpoint.py).

    a line of JSON that says where each column stands, blanks, then the columns
"""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from oclc_console.errors import InputError
from oclc_console.files import replace_file

if TYPE_CHECKING:
    import pyarrow as pa

Column = NDArray[Any]
NEVER = -1  # an instant, a number or a place that is not there
_ALIGNED = 64
_BLOCK = 1 << 20  # bytes looked through at once: they fit into the processor's own memory
_SAMPLED = 61  # one byte of so many tells how often each letter stands in texts
_OFTEN = 0.02  # a share of places that is better looked at text by text


class Strings(Sequence[str]):
    """A column of texts: `ends` are n+1 byte positions in `data`, the first 0."""

    def __init__(self, ends: Column, data: Any) -> None:
        self.ends, self.data = ends, data

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, at: Any) -> Any:
        return self.raw(at).decode()

    def raw(self, at: int) -> bytes:
        """A text as it is stored."""
        return bytes(self.data[self.ends[at] : self.ends[at + 1]])

    @property
    def letters(self) -> Column:
        """All bytes, one after the other."""
        return np.frombuffer(self.data, np.uint8)

    @cached_property
    def _how_often(self) -> Column:
        """How often each byte stands here, as a share of all, by a sample."""
        sample = self.letters[::_SAMPLED]
        share: Column = np.bincount(sample, minlength=256) / max(1, len(sample))
        return share

    def holding(self, needle: str) -> Column:
        """Which texts hold `needle`. Its rarest letters are looked for in all texts at once, then the others beside them."""
        found, wanted = np.zeros(len(self), bool), np.frombuffer(needle.encode("utf-8", "backslashreplace"), np.uint8)
        if not len(wanted) or not len(self.data):
            return found
        rare = np.argsort(self._how_often[wanted], kind="stable").tolist()
        if self._how_often[wanted[rare[:2]]].prod() > _OFTEN:
            import pyarrow.compute as pc

            matched: Column = pc.match_substring(self.arrow(), needle).to_numpy(zero_copy_only=False)
            return matched
        places = [_places_of(self.letters, wanted, rare, begin) for begin in range(0, len(self.letters), _BLOCK)]
        at = np.concatenate(places)
        rows = np.searchsorted(self.ends, at, side="right") - 1
        found[rows[at + len(wanted) <= self.ends[rows + 1]]] = True  # not across two texts
        return found

    def only(self, rows: Column) -> Strings:
        """The texts of these rows."""
        return strings_of(self[int(row)] for row in rows)

    def arrow(self) -> pa.StringArray:
        """The same as an Arrow column, without copying."""
        import pyarrow as pa

        return pa.StringArray.from_buffers(len(self), pa.py_buffer(self.ends), pa.py_buffer(self.data))


def _places_of(letters: Column, wanted: Column, rare: Sequence[int], begin: int) -> Column:
    """Where `wanted` begins in one block of bytes; `rare` are its letters, the rarest first."""
    count = min(_BLOCK, len(letters) - len(wanted) + 1 - begin)
    if count <= 0:
        return np.zeros(0, np.int64)
    hits = letters[begin + rare[0] : begin + rare[0] + count] == wanted[rare[0]]
    for at in rare[1:2]:
        hits &= letters[begin + at : begin + at + count] == wanted[at]
    places: Column = np.flatnonzero(hits) + begin
    for at in rare[2:]:
        places = places[letters[places + at] == wanted[at]]
    return places


def strings_of(texts: Iterable[str]) -> Strings:
    """A column of these texts."""
    encoded = [text.encode("utf-8", "backslashreplace") for text in texts]
    ends = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(each) for each in encoded], out=ends[1:])
    return Strings(ends, b"".join(encoded))


@dataclass(frozen=True)
class Columns:
    """What stands in a file: `about` says what it is, `words` stand once and columns hold their places."""

    about: Mapping[str, Any]
    words: Mapping[str, list[str]]
    columns: Mapping[str, Column]
    texts: Mapping[str, Strings]

    def checksum(self) -> int:
        """What tells whether any column or text has changed."""
        found = zlib.crc32(orjson.dumps(self.words))
        for name in sorted(self.columns):
            found = zlib.crc32(self.columns[name].tobytes(), found)
        for name in sorted(self.texts):
            found = zlib.crc32(self.texts[name].ends.tobytes(), found)
            found = zlib.crc32(self.texts[name].data, found)
        return found

    def save(self, path: Path) -> None:
        """Writes them, atomically."""
        columns = {**self.columns, **{f"{name}.ends": text.ends for name, text in self.texts.items()}}
        blocks: list[Any] = [np.ascontiguousarray(column) for column in columns.values()]
        blocks += [text.data for text in self.texts.values()]
        places, position = [], 0
        kinds = [block.dtype.str for block in blocks[: len(columns)]] + [""] * len(self.texts)
        for name, kind, block in zip([*columns, *self.texts], kinds, blocks, strict=True):
            places.append([name, kind, position, memoryview(block).nbytes])
            position += -(-memoryview(block).nbytes // _ALIGNED) * _ALIGNED
        head = orjson.dumps({"about": self.about, "words": self.words, "places": places, "size": position})
        head += b" " * (-(len(head) + 1) % _ALIGNED) + b"\n"
        replace_file(path, _written(head, blocks))


def _written(head: bytes, blocks: Sequence[Any]) -> Iterable[bytes]:
    yield head
    for block in blocks:
        view = memoryview(block).cast("B") if memoryview(block).nbytes else memoryview(b"")
        yield view  # type: ignore[misc] # a file takes any buffer
        yield b"\0" * (-view.nbytes % _ALIGNED)


def crc(name: str) -> int:
    """What names are ordered by where they have to be found."""
    return zlib.crc32(name.encode("utf-8", "backslashreplace"))


def crcs(names: Sequence[str]) -> Column:
    """The same of many."""
    return np.fromiter(map(crc, names), np.uint32, len(names))


def find_names(sums: Column, stored: Strings, wanted: Strings, wanted_sums: Column) -> Column:
    """Where each wanted name stands among names that are ordered by their checksums; NEVER for one that is not there."""
    found = np.full(len(wanted), NEVER, np.int64)
    left = np.arange(len(wanted))
    places = np.searchsorted(sums, wanted_sums)
    while len(left):
        here = places < len(sums)
        here[here] = sums[places[here]] == wanted_sums[left[here]]
        left, places = left[here], places[here]
        same = _same(stored, places, wanted, left)
        found[left[same]] = places[same]
        left, places = left[~same], places[~same] + 1  # another name may have the same checksum
    return found


def _same(one: Strings, places: Column, other: Strings, others: Column) -> Column:
    """Whether the texts at these places of two columns are the same, each with its opposite."""
    first, second = one.ends[places].astype(np.int64), other.ends[others].astype(np.int64)
    lengths = one.ends[places + 1] - first
    same: Column = lengths == other.ends[others + 1] - second
    rows = np.flatnonzero(same & (lengths > 0))
    if len(rows):
        sizes = lengths[rows]
        begins = np.cumsum(sizes) - sizes
        within = np.arange(int(sizes.sum())) - np.repeat(begins, sizes)
        equal = one.letters[np.repeat(first[rows], sizes) + within] == other.letters[np.repeat(second[rows], sizes) + within]
        same[rows] = np.logical_and.reduceat(equal, begins)
    return same


def load_columns(path: Path) -> Columns | None:
    """What stands in a file, read in place; None when there is none, or when it is cut or no such file. Raises InputError."""
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


def _laid_out(data: Any) -> Columns | None:
    start = data.find(b"\n") + 1
    try:
        head = orjson.loads(data[:start])
        fits = start + head["size"] == len(data)
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
    return Columns(head["about"], head["words"], plain, texts)
