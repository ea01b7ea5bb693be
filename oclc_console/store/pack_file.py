"""A pack: one zip file that carries the rejections of a library to a laptop and what people did about them back. Here is its
form, written atomically and read with suspicion: a pack comes by mail, so nothing it says of itself is believed, and only the
parts named here may stand in it. Not for what is put in (operations/pack.py) or taken out.

    pack.json                 format, id, whose workspace and when, and of every part its size and SHA-256
    meanings.toml             the library's own meanings, where it has any
    ZMD/gathered.columns      what OCLC said (gathered.py)
    ZMD/reviews.jsonl         what people did (reviews.py): a record a line
    ZMD/exceptions.jsonl      OCLC's lines as they were written down: {"report": ..., "document": {...}}
    ZMD/sent.mrc              the records as they were sent, one after the other
    ZMD/sent.jsonl            where each stands in sent.mrc (sent.py)
"""

from __future__ import annotations

import hashlib
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import orjson

from oclc_console.errors import InputError, from_os_error
from oclc_console.files import replacing
from oclc_console.workspace import PACK

FORMAT = 1
MANIFEST = PACK
MEANINGS = "meanings.toml"
GATHERED, REVIEWS, EXCEPTIONS, SENT, PLACES = (
    "gathered.columns", "reviews.jsonl", "exceptions.jsonl", "sent.mrc", "sent.jsonl")
OF_A_SYMBOL = (GATHERED, REVIEWS, EXCEPTIONS, SENT, PLACES)
LARGEST = 4 << 30  # bytes of all parts together: some millions of rejections
_RATIO = 200  # columns and MARC shrink to a tenth or so; what shrinks more than this, and is large, was made to fill a disk
_HARMLESS = 64 << 20  # bytes below which no ratio matters
_LARGEST_MANIFEST = 4 << 20
_BLOCK = 1 << 20
_FOLDER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ID = re.compile(r"[0-9a-f]{16,64}")
_ENCRYPTED = 0x1
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)
_ASK_AGAIN = "Ask for the file once more; nothing was taken from this one."


@dataclass(frozen=True)
class PackedSymbol:
    """A symbol in a pack: its code, its name for people, and its folder."""

    code: str
    name: str
    folder: str


@dataclass(frozen=True)
class About:
    """What a pack says of itself. `workspace` is the id of the one it came from, `host` the file exchange that one talks to;
    `columns` the make of its columns, `console` the version that packed it."""

    id: str
    workspace: str
    institution: str
    host: str
    made_at: str
    made_by: str
    library: str
    records: int
    columns: int
    console: str
    symbols: tuple[PackedSymbol, ...]


Parts = Iterable[tuple[str, Iterable[bytes]]]


def write_pack(path: Path, about: About, parts: Parts) -> None:
    """Writes a pack, whole or not at all."""
    told: dict[str, dict[str, Any]] = {}
    try:
        with replacing(path) as handle, zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts:
                told[name] = _add(archive, name, content)
            manifest = {"oclc_console_pack": FORMAT, **asdict(about), "parts": told}
            _add(archive, MANIFEST, [orjson.dumps(manifest, option=orjson.OPT_INDENT_2)])
    except OSError as error:
        raise from_os_error(error, "writing a pack") from error


def _add(archive: zipfile.ZipFile, name: str, content: Iterable[bytes]) -> dict[str, Any]:
    size, digest = 0, hashlib.sha256()
    member = zipfile.ZipInfo(name)  # with no time of its own: the same content makes the same file
    member.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(member, "w", force_zip64=True) as part:
        for block in content:
            size += len(block)
            digest.update(block)
            part.write(block)
    return {"bytes": size, "sha256": digest.hexdigest()}


class PackFile:
    """A pack that is read. Opening it checks its directory and its manifest, reading a part that part. Everything that is
    not as it should be is an InputError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._size = path.stat().st_size
            self._archive = zipfile.ZipFile(path)
        except OSError as error:
            raise from_os_error(error, "opening a pack") from error
        except _FAULTS as error:
            raise self._refusal(f"it is no pack, or it is damaged ({error})") from error
        try:
            self.about, self._parts = self._manifest(self._members())
        except BaseException:
            self._archive.close()
            raise

    def _members(self) -> dict[str, zipfile.ZipInfo]:
        members = self._archive.infolist()
        found = {member.filename: member for member in members}
        if MANIFEST not in found:
            raise self._refusal(f"it is no pack of this console: it holds no {MANIFEST}")
        if len(found) < len(members):
            raise self._refusal("it holds two parts of one name")
        for member in members:
            if member.orig_filename != MANIFEST and not _is_a_part(member.orig_filename):
                raise self._refusal(f"it holds {member.orig_filename!r}, which has no place in a pack")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & _ENCRYPTED:
                raise self._refusal("it is packed in an unusual way, or locked with a password")
        if sum(member.file_size for member in members) > self._allowed:
            raise self._refusal(f"it would unpack to more than {self._allowed:,} bytes, which no pack of its size does")
        return found

    @property
    def _allowed(self) -> int:
        return min(LARGEST, max(_HARMLESS, _RATIO * self._size))

    def _manifest(self, members: dict[str, zipfile.ZipInfo]) -> tuple[About, dict[str, tuple[int, str]]]:
        content = self.manifest = b"".join(self._blocks(MANIFEST, _LARGEST_MANIFEST))
        try:
            told = orjson.loads(content)
            version = told["oclc_console_pack"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise self._refusal(f"its {MANIFEST} can't be read") from error
        if version != FORMAT:
            raise InputError(f"it is a pack of form {version!r}; this console reads form {FORMAT}", where=str(self.path),
                             then="Use the version of the console that made it.")
        try:
            parts = {name: (_whole(part["bytes"]), _text(part["sha256"])) for name, part in told["parts"].items()}
            about = _about(told)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._refusal(f"its {MANIFEST} is not as a console writes it") from error
        if parts.keys() != members.keys() - {MANIFEST}:
            raise self._refusal("its parts are not those it names")
        folders = {symbol.folder for symbol in about.symbols}
        wanted = {f"{folder}/{part}" for folder in folders for part in OF_A_SYMBOL}
        if not wanted <= parts.keys() <= wanted | {MEANINGS}:
            raise self._refusal("parts of it are missing, or do not belong to it")
        return about, parts

    def blocks(self, name: str) -> Iterator[bytes]:
        """A part, a piece at a time. Raises InputError, at the end of what is there, when it is not what the manifest says."""
        size, digest = self._parts[name]
        found, seen = hashlib.sha256(), 0
        for block in self._blocks(name, size):
            found.update(block)
            seen += len(block)
            yield block
        if (seen, found.hexdigest()) != (size, digest):
            raise self._refusal(f"its part {name} is damaged")

    def _blocks(self, name: str, most: int) -> Iterator[bytes]:
        seen = 0
        try:
            with self._archive.open(name) as part:
                while block := part.read(_BLOCK):
                    seen += len(block)
                    if seen > most:
                        raise self._refusal(f"its part {name} is larger than it says")
                    yield block
        except OSError as error:
            raise from_os_error(error, "reading a pack") from error
        except _FAULTS as error:
            raise self._refusal(f"its part {name} is damaged ({error})") from error

    def read(self, name: str) -> bytes:
        """A part, whole."""
        return b"".join(self.blocks(name))

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """A part that holds an object a line."""
        for number, line in enumerate(self.read(name).splitlines(), 1):
            try:
                told = orjson.loads(line)
            except orjson.JSONDecodeError:
                told = None
            if not isinstance(told, dict):
                raise self._refusal(f"line {number:,} of its part {name} can't be read")
            yield told

    def save(self, name: str, target: Path) -> None:
        """Writes a part to a file."""
        with self.at_hand(target) as handle:
            for block in self.blocks(name):
                handle.write(block)

    @contextmanager
    def at_hand(self, target: Path) -> Iterator[BinaryIO]:
        """A file to write into; what this disk refuses is told as such."""
        try:
            with replacing(target) as handle:
                yield handle
        except OSError as error:
            raise from_os_error(error, "unpacking") from error

    def names(self) -> list[str]:
        """The parts, in the order of the manifest."""
        return list(self._parts)

    def refusal(self, what: str) -> InputError:
        """An error about what is in this pack."""
        return self._refusal(what)

    def _refusal(self, what: str) -> InputError:
        return InputError(what, where=str(self.path), then=_ASK_AGAIN)

    def close(self) -> None:
        """Gives the file back."""
        self._archive.close()

    def __enter__(self) -> PackFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def about_of(content: bytes) -> About:
    """What a pack.json says. Raises ValueError, KeyError or TypeError where it says something else."""
    told = orjson.loads(content)
    if told["oclc_console_pack"] != FORMAT:
        raise ValueError("another form")
    return _about(told)


def is_folder(name: str) -> bool:
    """Whether a symbol's folder may stand in a pack."""
    return bool(_FOLDER.fullmatch(name))


def _is_a_part(name: str) -> bool:
    folder, slash, part = name.partition("/")
    return name == MEANINGS or (bool(slash) and is_folder(folder) and part in OF_A_SYMBOL)


def _about(told: dict[str, Any]) -> About:
    symbols = tuple(PackedSymbol(*(_text(symbol[each.name]) for each in fields(PackedSymbol))) for symbol in told["symbols"])
    if not symbols or len({symbol.folder.lower() for symbol in symbols}) < len(symbols):
        raise ValueError("its symbols")
    if not all(is_folder(symbol.folder) for symbol in symbols) or not _ID.fullmatch(told["id"]):
        raise ValueError("its names")
    values: dict[str, Any] = {each.name: told[each.name] for each in fields(About)}
    for name, value in values.items():
        values[name] = symbols if name == "symbols" else _whole(value) if name in ("records", "columns") else _text(value)
    return About(**values)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        raise ValueError("no text")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no count")
    return value


def as_lines(values: Iterable[Any]) -> Iterator[bytes]:
    """Values as a part that holds one a line, some tens of kilobytes at a time."""
    waiting: list[bytes] = []
    size = 0
    for value in values:
        waiting.append(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
        size += len(waiting[-1])
        if size > _BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def part_of(folder: str, name: str) -> str:
    """The name of a symbol's part."""
    return f"{folder}/{name}"


def checked_folders(folders: Sequence[str]) -> None:
    """Raises InputError for a symbol that can't stand in a pack."""
    for folder in folders:
        if not is_folder(folder):
            raise InputError(f"the folder {folder!r} can't stand in a pack", where="rejections",
                             then="Name one symbol with --symbol.")
