"""A table of symbols, libraries and streams, as people keep it in a spreadsheet and save it as CSV: its columns, what its
cells mean, and which of its lines can't be understood or contradict each other. Pure. Not for what the mapping as a whole
must fulfil (mapping.py)."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from oclc_console.errors import InputError
from oclc_console.project.mapping import Conditions, Finding, MappedStream, MappedSymbol, SymbolMap, same_stream

# the heading of a column, and what else people call it
COLUMNS = {
    "current symbol": ("current", "symbol", "oclc symbol", "current oclc symbol"),
    "target symbol": ("target", "successor", "new symbol", "target oclc symbol"),
    "symbol name": ("name", "institution"),
    "disposition": (),
    "library code": ("library", "code", "alma library"),
    "library name": (),
    "stream": ("stream name", "output file"),
    "collection": ("collection id", "data sync collection"),
    "word": ("file word",),
    "kind": (),
    "match": ("match type",),
    "delivery": (),
    "keep": (),
}
_MEANT = {said: column for column, others in COLUMNS.items() for said in (column, *others)}
_SAID = {"retired": "retiring", "trusted": "trusted ocn", "lhrs": "lhr", "bibs": "bib", "holdings": "lhr", "deletes": "delete"}


@dataclass
class _Reading:
    """A symbol while its lines are being read: what the first line that said something said, and where."""

    code: str
    said: dict[str, tuple[str, int]] = field(default_factory=dict)
    libraries: list[str] = field(default_factory=list)
    streams: list[MappedStream] = field(default_factory=list)

    def mapped(self, code: str) -> MappedSymbol:
        """The symbol its lines make. Without a disposition, one that has another target is retiring."""
        value = {what: said for what, (said, _) in self.said.items()}
        target = value.get("target symbol")
        moves = target is not None and target.upper() != code.upper()
        disposition = value.get("disposition") or ("retiring" if moves else None)
        return MappedSymbol(code, value.get("symbol name"), disposition, target if moves else None, tuple(self.libraries),
                            tuple(self.streams))


def read_table(text: str, spelled: Sequence[str] = ()) -> tuple[SymbolMap, tuple[Finding, ...]]:
    """The mapping a CSV text holds, and the lines of it that can't be taken as they are. A line names a current symbol and
    a library, a stream, or both; what belongs to the symbol (name, target, disposition) may stand in any of its lines.
    Symbols are spelled as in `spelled`, else in capitals. Raises InputError for what is no such table."""
    lines = _lines(text)
    known = {code.upper(): code for code in spelled}
    symbols: dict[str, _Reading] = {}
    names: dict[str, tuple[str, int]] = {}
    found: list[Finding] = []
    for number, row in lines:
        given = row.get("current symbol", "")
        if not given:
            found.append(Finding("wrong", f"line {number}", "it names no current symbol: each line repeats it"))
            continue
        reading = symbols.setdefault(given.upper(), _Reading(known.get(given.upper(), given.upper())))
        found += [*_about(reading, row, number, known), *_library(reading, row, number, names),
                  *_stream(reading, row, number)]
    if not symbols and not found:
        raise InputError("there is no symbol in it", then="Write a line a library under the headings, as the README shows.")
    mapped = tuple(reading.mapped(reading.code) for reading in symbols.values())
    return SymbolMap(mapped, {code: name for code, (name, _) in names.items()}), tuple(found)


def _lines(text: str) -> list[tuple[int, dict[str, str]]]:
    """The lines that are not empty, each with its number and its cells by column."""
    text = text.removeprefix("\ufeff")
    first = text.lstrip("\r\n").partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    lines: list[tuple[int, dict[str, str]]] = []
    columns: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _headings(cells)
                continue
            if len(cells) > len(columns):
                raise InputError(f"line {reader.line_num} has {len(cells)} cells, the headings are {len(columns)}",
                                 then="Put cells that hold a comma in quotes, or save the spreadsheet as CSV again.")
            row = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
            lines.append((reader.line_num, row))
    except csv.Error as error:
        raise InputError(f"line {reader.line_num} is no CSV ({error})",
                         then="Save the spreadsheet as CSV again.") from None
    if columns is None:
        raise InputError("it is empty", then=f"The first line has the headings: {', '.join(COLUMNS)}.")
    return lines


def _headings(cells: Sequence[str]) -> list[str]:
    columns = []
    for cell in cells:
        said = " ".join(cell.replace("_", " ").replace("-", " ").lower().split())
        if not said:
            columns.append("")
        elif said not in _MEANT:
            raise InputError(f"the heading {cell.strip()!r} is not known", then=f"Known are: {', '.join(COLUMNS)}.")
        else:
            columns.append(_MEANT[said])
    named = [column for column in columns if column]
    if twice := next((column for column in named if named.count(column) > 1), None):
        raise InputError(f"two columns are headed {twice!r}", then="Leave one of them away.")
    if "current symbol" not in columns:
        raise InputError("no column is headed 'current symbol'",
                         then=f"The first line has the headings. Known are: {', '.join(COLUMNS)}.")
    return columns


def _about(reading: _Reading, row: dict[str, str], number: int, known: dict[str, str]) -> Iterator[Finding]:
    """What a line says of its symbol, which no other line may contradict."""
    for what in ("target symbol", "symbol name", "disposition"):
        value = row.get(what, "")
        if what == "target symbol":
            value = known.get(value.upper(), value.upper())
        elif what == "disposition":
            value = _SAID.get(value.lower(), value.lower())
        if not value:
            continue
        said, before = reading.said.setdefault(what, (value, number))
        if said != value:
            yield Finding("wrong", f"line {number}", f"it says {value!r} as the {what} of {reading.code}, line {before} says "
                                                     f"{said!r}")


def _library(reading: _Reading, row: dict[str, str], number: int,
             names: dict[str, tuple[str, int]]) -> Iterator[Finding]:
    code, name = row.get("library code", ""), row.get("library name", "")
    if not code:
        if name:
            yield Finding("wrong", f"line {number}", f"the library {name!r} has no code (its 852 $b)")
        return
    if code not in reading.libraries:
        reading.libraries.append(code)
    if name:
        said, before = names.setdefault(code, (name, number))
        if said != name:
            yield Finding("wrong", f"line {number}", f"it calls the library {code} {name!r}, line {before} calls it {said!r}")


def _stream(reading: _Reading, row: dict[str, str], number: int) -> Iterator[Finding]:
    """The stream a line is about, if it is about one."""
    cells = {what: row.get(what, "") for what in ("stream", "collection", "word", "kind", "match", "delivery", "keep")}
    if not any(cells.values()):
        return
    if not cells["stream"] and not cells["collection"]:
        yield Finding("wrong", f"line {number}", "it says something about a stream, but neither its name nor its collection")
        return
    try:
        keep = _conditions(cells["keep"]) if cells["keep"] else None
    except (ValueError, RecursionError) as mistake:
        yield Finding("wrong", f"line {number}", f"the keep rule can't be read ({mistake}); write it as in console.toml: "
                                                 '{ all = ["079$a"], none = ["843"] }')
        return
    kind, match, delivery = (_choice(cells[what]) for what in ("kind", "match", "delivery"))
    stream = MappedStream(cells["stream"], cells["collection"], cells["word"] or None, kind, match, delivery, keep)
    place = same_stream(stream, reading.streams)
    if place is None:
        reading.streams.append(stream)
    elif (there := reading.streams[place]) != stream:
        called = there.name or there.collection
        yield Finding("wrong", f"line {number}", f"it says something else about the stream {called} of {reading.code} than "
                                                 "an earlier line")


def _choice(cell: str) -> str | None:
    """One of a few words, as people may write it; None for an empty cell."""
    return _SAID.get(cell.lower(), cell.lower()) or None


def _conditions(text: str) -> Conditions:
    """A keep rule as it is written in console.toml: `{ all = [...], any = [...], none = [...] }`."""
    if "\n" in text or "\r" in text:
        raise ValueError("it goes over several lines")
    read = tomllib.loads(f"keep = {text}")["keep"]
    if not isinstance(read, dict):
        raise ValueError("it has no braces")
    for key, conditions in read.items():
        if key not in ("all", "any", "none"):
            raise ValueError(f"{key!r} is neither all, any nor none")
        if not isinstance(conditions, list) or not all(isinstance(each, str) for each in conditions):
            raise ValueError(f"{key} is no list of texts")
    return {key: tuple(conditions) for key, conditions in read.items()}
