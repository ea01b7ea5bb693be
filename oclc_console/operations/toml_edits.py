"""Changes a few values in a TOML text that a person wrote, and nothing else: comments, order, blank lines and everything
that is not touched stay as they are. What comes out is read again and compared with what was meant before anybody gets
it. Not for deciding what to change (import_symbols.py)."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oclc_console.errors import HereError
from oclc_console.workspace import as_toml

Value = str | Sequence[str] | Mapping[str, Any]


@dataclass(frozen=True)
class Put:
    """A value at a key, in place of the one that is there; a list of texts keeps the places (and comments) of those that
    stay."""

    key: tuple[str | int, ...]
    value: Value


@dataclass(frozen=True)
class Drop:
    """No value at a key any more."""

    key: tuple[str | int, ...]


@dataclass(frozen=True)
class Append:
    """One more table in a list of tables, which is made where there is none."""

    key: tuple[str | int, ...]
    value: Mapping[str, Any]


@dataclass(frozen=True)
class NewTable:
    """A table that is not there yet; it is written at the end."""

    key: tuple[str, ...]
    value: Mapping[str, Any]


Edit = Put | Drop | Append | NewTable


def edited(text: str, edits: Sequence[Edit], where: str = "console.toml") -> str:
    """The text with these changes. Raises HereError when it is written in a way in which they can't be made without
    touching anything else."""
    wanted = tomllib.loads(text)
    for edit in edits:
        _do(wanted, edit)
    windows = "\r\n" in text and not re.search(r"(?<!\r)\n", text)
    made = _with(text.replace("\r\n", "\n"), edits)
    if made is None or not _as_meant(text, made, wanted, edits):
        raise HereError("it is written in a way in which these changes can't be made without touching something else",
                        where=where, then="Make them by hand, as the list shows them; nothing was written.")
    return made.replace("\n", "\r\n") if windows else made


def shown(value: Value) -> str:
    """A value as it stands in the file."""
    if isinstance(value, str):
        return as_toml(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{quoted(key)} = {shown(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return f"[{', '.join(shown(each) for each in value)}]"


def quoted(key: str) -> str:
    """A part of a key, in quotes where TOML wants them."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else as_toml(key)


def written(key: Sequence[str], value: Mapping[str, Any]) -> str:
    """A table with its header; what it holds of lists of tables follows as tables of their own."""
    name = ".".join(quoted(part) for part in key)
    plain = {key: each for key, each in value.items() if not _tables(each)}
    lines = [f"[{name}]", *(f"{quoted(key)} = {shown(each)}" for key, each in plain.items())]
    for under, tables in value.items():
        for table in tables if _tables(tables) else ():
            lines += ["", f"[[{name}.{quoted(under)}]]", *(f"{quoted(key)} = {shown(each)}" for key, each in table.items())]
    return "\n".join(lines) + "\n"


def _tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value)


def _with(text: str, edits: Sequence[Edit]) -> str | None:
    """The text after the edits; None where tomlkit can't make one of them, or can't read what tomllib can."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        for edit in edits:
            if not isinstance(edit, NewTable):
                _do(document, edit)
        made = tomlkit.dumps(document)
    except (TOMLKitError, KeyError, IndexError, TypeError, AttributeError, ValueError):
        return None
    for edit in edits:
        if isinstance(edit, NewTable):
            table = written(edit.key, edit.value)
            above = made.rstrip("\n")  # and not rstrip(): a comment may end in a blank
            made = f"{above}\n\n{table}" if above.strip() else table
    return made


def _do(document: Any, edit: Edit) -> None:
    """Makes one change: in plain values as tomllib reads them, and in a tomlkit document alike."""
    at = document
    for part in edit.key[:-1]:
        at = at.setdefault(part, {}) if isinstance(edit, NewTable) else at[part]
    last = edit.key[-1]
    if isinstance(edit, Drop):
        del at[last]
    elif isinstance(edit, NewTable):
        at[last] = _plain(edit.value)
    elif isinstance(edit, Append):
        _append(at, last, edit.value)
    elif isinstance(edit.value, str):
        at[last] = edit.value
    elif isinstance(edit.value, Mapping):
        at[last] = _inline(edit.value) if _is_tomlkit(at) else _plain(edit.value)
    elif last in at and _is_list(at[last]):
        _members(at[last], edit.value)
    else:
        at[last] = list(edit.value)


def _plain(value: Any) -> Any:
    """The value as tomllib would read it."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _is_tomlkit(value: Any) -> bool:
    return type(value).__module__.startswith("tomlkit")


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _members(there: Any, wanted: Sequence[str]) -> None:
    """A list changed in place: what stays keeps its line and its comment, what is new comes last."""
    for place in reversed(range(len(there))):
        if there[place] not in wanted:
            del there[place]
    there.extend(each for each in wanted if each not in list(there))


def _append(at: Any, last: str | int, value: Mapping[str, Any]) -> None:
    if not _is_tomlkit(at):
        at.setdefault(last, []).append(_plain(value))
        return
    import tomlkit

    table = tomlkit.table()
    for key, each in value.items():
        table[key] = _inline(each) if isinstance(each, Mapping) else each if isinstance(each, str) else list(each)
    if last in at:
        tables = at[last]
        if _ends_with_a_line(tables[-1]):
            tables[-1].add(tomlkit.nl())
        else:
            table.add(tomlkit.nl())  # the blank line before what follows goes on being one
        tables.append(table)
    else:
        if _ends_with_a_line(at):
            at.add(tomlkit.nl())
        else:
            table.add(tomlkit.nl())
        tables = tomlkit.aot()
        tables.append(table)
        at[last] = tables


def _ends_with_a_line(table: Any) -> bool:
    """Whether the table's text ends in a line that is not blank: then a blank one is put before the next table."""
    text = table.as_string() if hasattr(table, "as_string") else ""
    return bool(text.strip()) and not text.endswith("\n\n")


def _inline(value: Mapping[str, Any]) -> Any:
    import tomlkit

    table = tomlkit.inline_table()
    for key, each in value.items():
        table[key] = list(each) if not isinstance(each, str) else each
    return table


def _as_meant(before: str, made: str, wanted: Mapping[str, Any], edits: Sequence[Edit]) -> bool:
    """Whether the new text says what was meant and has every comment of the old one, but for those on a line of a list
    from which something was taken out."""
    try:
        if tomllib.loads(made) != wanted:
            return False
    except tomllib.TOMLDecodeError:
        return False
    lost = comments_of(before)
    for comment in comments_of(made):
        if comment in lost:
            lost.remove(comment)
    read = tomllib.loads(before)
    shorter = any(isinstance(edit, Drop) or (isinstance(edit, Put) and _gets_shorter(read, edit)) for edit in edits)
    return not lost or shorter


def _gets_shorter(read: Any, edit: Put) -> bool:
    at = copy.copy(read)
    for part in edit.key:
        if isinstance(at, Mapping) and part not in at:
            return False
        at = at[part]
    return isinstance(at, list) and any(each not in edit.value for each in at)


def comments_of(text: str) -> list[str]:
    """The comments of a TOML text, in order, without those signs that stand inside a text."""
    strings = r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
    return [found[0].rstrip("\r") for found in re.finditer(rf"{strings}|#[^\n]*", text, re.DOTALL) if found[0][0] == "#"]
