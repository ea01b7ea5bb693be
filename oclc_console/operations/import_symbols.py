"""Takes a table of symbols, libraries and streams into console.toml: first what would change and what the checks say,
then, when a person wants it, the change itself: under a lock, checked before it is written, with a dated copy of the
file as it was. The mapping as it stands is told here too. Not for what the table's cells mean
(project/mapping_table.py)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oclc_console import clock
from oclc_console.errors import CallError, HereError, InputError, SettingsError, from_os_error
from oclc_console.files import locked, replace_file, shown_name
from oclc_console.marc.query import Rule
from oclc_console.operations.settings_changes import ACT, hash_of, notice, short_list
from oclc_console.operations.toml_edits import Append, Drop, Edit, NewTable, Put, edited, shown, written
from oclc_console.project.mapping import (
    Finding,
    MappedStream,
    MappedSymbol,
    SymbolMap,
    findings,
    same_stream,
    together,
)
from oclc_console.project.mapping_table import read_table
from oclc_console.settings import Settings
from oclc_console.settings_file import settings_of
from oclc_console.store import log
from oclc_console.workspace import Workspace

_LARGEST = 4_000_000  # bytes; a table of symbols has a few hundred lines


@dataclass(frozen=True)
class Change:
    """One key of console.toml: what it says now and what it would say, as TOML; empty where it is not there."""

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class Planned:
    """What taking a table in would do. `text` is the new console.toml (None while something is wrong), `seen` the hash of
    the one it was made from."""

    source: str
    mapping: SymbolMap
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    text: str | None
    seen: str

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """What keeps it from being taken in."""
        return tuple(finding for finding in self.findings if finding.level == "wrong")


@dataclass(frozen=True)
class Applied:
    """What was changed, and the copy of console.toml as it was before (None: nothing had to be changed)."""

    changes: tuple[Change, ...]
    backup: Path | None


@dataclass(frozen=True)
class Mapping:
    """The mapping as console.toml has it, and what the checks say about it."""

    mapping: SymbolMap
    findings: tuple[Finding, ...]


def mapping(workspace: Workspace) -> Mapping:
    """Which symbol becomes which, with libraries and streams, as console.toml has it now."""
    standing = mapping_of(workspace.settings)
    return Mapping(standing, findings(standing))


def mapping_of(settings: Settings) -> SymbolMap:
    """The settings as a mapping."""
    symbols = tuple(
        MappedSymbol(symbol.code, symbol.name, symbol.disposition, symbol.successor, symbol.libraries,
                     tuple(MappedStream(s.name, s.collection, s.word, s.kind, s.match, s.delivery, _conditions(s.keep))
                           for s in symbol.streams))
        for symbol in settings.symbols.values())
    return SymbolMap(symbols, settings.libraries)


def plan_import(workspace: Workspace, table: Path) -> Planned:
    """What the table (a CSV file) would change. Writes nothing. Raises InputError when it is no such table."""
    name = shown_name(table.name)
    content = _read_settings(workspace)
    standing = mapping_of(settings_of(content, workspace.root / "console.toml"))
    try:
        wanted, mistakes = read_table(_text_of(table), [symbol.code for symbol in standing.symbols])
    except InputError as error:
        raise InputError(error.what, where=str(table), then=error.then) from None
    merged = together(standing, wanted)
    found = (*mistakes, *findings(merged))
    edits = list(_edits(standing, wanted, merged))
    changes = tuple(change for edit in edits for change in _changes(edit, content))
    text = None
    if not any(finding.level == "wrong" for finding in found):
        text, refused = _checked(workspace, content, edits)
        found = (*refused, *found)
    return Planned(name, merged, found, changes, text, hash_of(content.encode()))


def apply_import(workspace: Workspace, planned: Planned) -> Applied:
    """Writes the change that was planned, and logs it. Raises CallError where something is wrong with it, and HereError when
    console.toml was changed since it was planned."""
    if planned.text is None:
        raise CallError(f"the checks found {len(planned.wrong)} things wrong, so nothing was changed",
                        where=planned.source, then=f"Mend this first: {planned.wrong[0].words}.")
    if not planned.changes:
        return Applied((), None)
    path = workspace.root / "console.toml"
    notice(workspace)  # what somebody else changed before is theirs, and logged for itself
    with locked(workspace.root / "console.lock", doing="changing console.toml"):
        before = _read_settings(workspace)
        if hash_of(before.encode()) != planned.seen:
            raise HereError("console.toml was changed since these changes were worked out", where=str(path),
                            then="Import the table again, and look at what it would change now.")
        fresh = settings_of(planned.text, path)
        try:
            backup = _backup(path, before)
            replace_file(path, planned.text.encode())
            for code in fresh.symbols:
                workspace.at("inbox", code)
        except OSError as error:
            raise from_os_error(error, "writing console.toml") from error
        log.append(workspace, ACT, None, keys=short_list([change.key for change in planned.changes]),
                   why=f"symbols import {planned.source}", sha256=hash_of(planned.text.encode()), backup=backup.name)
    notice(workspace)
    return Applied(planned.changes, backup)


def _backup(path: Path, content: str) -> Path:
    """A dated copy of the file beside it, under a name that nothing has yet."""
    stamp, number = clock.stamp(clock.now()), 1
    backup = path.with_name(f"console.{stamp}.toml")
    while backup.exists():
        number += 1
        backup = path.with_name(f"console.{stamp}-{number}.toml")
    replace_file(backup, content.encode())
    return backup


def _read_settings(workspace: Workspace) -> str:
    path = workspace.root / "console.toml"
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise SettingsError(f"byte {error.start} is not UTF-8", where=str(path), then="Save the file as UTF-8.") from None
    except OSError as error:
        raise from_os_error(error, "reading the settings") from error


def _text_of(table: Path) -> str:
    try:
        if table.stat().st_size > _LARGEST:
            raise InputError("it is too large to be a table of symbols", where=str(table),
                             then="Name the CSV file of the mapping.")
        content = table.read_bytes()
    except OSError as error:
        raise from_os_error(error, "reading the table") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is not UTF-8", where=str(table),
                         then='Save the spreadsheet as "CSV UTF-8".') from None


def _checked(workspace: Workspace, content: str, edits: Sequence[Edit]) -> tuple[str | None, tuple[Finding, ...]]:
    """The new text, or what console.toml's own checks (or the way it is written) have against it."""
    path = workspace.root / "console.toml"
    try:
        text = edited(content, edits, str(path))
        settings_of(text, path)
    except SettingsError as error:
        return None, (Finding("wrong", "console.toml", f"with these changes it would be wrong: {error.what}"),)
    except HereError as error:
        return None, (Finding("wrong", "console.toml", f"{error.what}; {error.then[0].lower()}{error.then[1:].rstrip('.')}"),)
    return text, ()


def _edits(standing: SymbolMap, wanted: SymbolMap, merged: SymbolMap) -> Iterator[Edit]:
    """The smallest changes that turn what stands into what is wanted."""
    yield from _names(standing, wanted)
    for asked in wanted.symbols:
        new, old = merged.of(asked.code), standing.of(asked.code)
        if new is None:
            continue
        if old is None:
            yield NewTable(("symbols", new.code), _as_table(new))
            continue
        key = ("symbols", old.code)
        for what, before, after in (("name", old.name, new.name), ("disposition", old.disposition, new.disposition),
                                    ("successor", old.successor, new.successor)):
            if after != before:
                yield Put((*key, what), after) if after else Drop((*key, what))
        if new.libraries != old.libraries:
            yield Put((*key, "libraries"), new.libraries)
        for stream in asked.streams:
            yield from _stream_edits((*key, "streams"), stream, old.streams)


def _names(standing: SymbolMap, wanted: SymbolMap) -> Iterator[Edit]:
    fresh = {code: name for code, name in wanted.libraries.items() if standing.libraries.get(code) != name}
    if fresh and not standing.libraries:
        yield NewTable(("libraries",), fresh)
    else:
        yield from (Put(("libraries", code), name) for code, name in fresh.items())


def _stream_edits(key: tuple[str, ...], stream: MappedStream, there: Sequence[MappedStream]) -> Iterator[Edit]:
    place = same_stream(stream, there)
    if place is None:
        yield Append(key, _stream_table(stream))
        return
    now, old = _stream_table(stream), _stream_table(there[place])
    if stream.keep is not None and not now.get("keep") and old.get("keep"):
        now["keep"] = {}  # the table says that it wants every record now
    for what, value in now.items():
        if value != old.get(what):
            yield Put((*key, place, what), value)


def _as_table(symbol: MappedSymbol) -> dict[str, Any]:
    """A new symbol as console.toml has it."""
    table: dict[str, Any] = {"name": symbol.name or symbol.code, "disposition": symbol.disposition or "retained"}
    if symbol.successor:
        table["successor"] = symbol.successor
    table["libraries"] = list(symbol.libraries)
    if symbol.streams:
        table["streams"] = [_stream_table(stream) for stream in symbol.streams]
    return table


def _stream_table(stream: MappedStream) -> dict[str, Any]:
    said = {"name": stream.name, "word": stream.word, "collection": stream.collection, "kind": stream.kind,
            "match": stream.match, "delivery": stream.delivery,
            "keep": {what: list(each) for what, each in (stream.keep or {}).items()}}
    return {what: value for what, value in said.items() if value}


def _conditions(keep: Rule) -> dict[str, tuple[str, ...]]:
    return {what: each for what, each in (("all", keep.all), ("any", keep.any), ("none", keep.none)) if each}


def _changes(edit: Edit, content: str) -> Iterator[Change]:
    """An edit as people read it."""
    key = ".".join(f"[{part + 1}]" if isinstance(part, int) else part for part in edit.key).replace(".[", "[")
    at: Any = tomllib.loads(content)
    for part in edit.key:
        at = at.get(part) if isinstance(at, dict) else at[part] if at is not None else None
    if isinstance(edit, NewTable):
        yield Change(key, "", written(edit.key, edit.value).rstrip())
    elif isinstance(edit, Append):
        yield Change(key, "", shown(edit.value))
    else:
        yield Change(key, "" if at is None else shown(at), "" if isinstance(edit, Drop) else shown(edit.value))
