"""Reads the template of the checklist, checklist.toml: the one that ships with the console, or a library's own copy. Every
mistake names the file, the line and the key. Not for what people entered about the tasks (tasks.py).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from oclc_console.errors import CallError, SettingsError
from oclc_console.project.evidence import CATALOGUE, read_value
from oclc_console.project.milestones import LEFT_OUT
from oclc_console.project.tasks import GROUPS, Task, Template, Wanted

FILE = "checklist.toml"
PACKAGED = Path(__file__).with_name(FILE)
_NEEDED = ("id", "milestone", "task")
_TEXTS = (*_NEEDED, "record_type", "system", "phase", "who", "about")
_LISTS = ("dispositions", "evidence")
_DISPOSITIONS = tuple(LEFT_OUT)
Key = tuple[str | int, ...]  # where in the file: ("tasks", 2, "who"), counted from 0


def packaged() -> Template:
    """The template that ships with the console."""
    return read_template(PACKAGED.read_text(encoding="utf-8"), str(PACKAGED))


@lru_cache(maxsize=8)
def read_template(text: str, where: str) -> Template:
    """The template that a text says; `where` is its file. Raises SettingsError for the first mistake, with line and key."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"this is not TOML ({error})", where=where,
                            then="Mend that line; strings need quotes, tables square brackets.") from None
    return _Reading(text, where).template(document)


class _Reading:
    """One file while it is read: knows where to point at."""

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where = text, where

    def template(self, document: Mapping[str, Any]) -> Template:
        for key in document:
            if key not in ("tasks", "first"):
                self._wrong((key,), f"this key is not known; {_near(key, ('tasks', 'first'))}")
        tables = document.get("tasks", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._wrong(("tasks",), "each task is a table of its own that begins with [[tasks]]")
        tasks = tuple(self._task(number, table) for number, table in enumerate(tables))
        seen: set[str] = set()
        for number, task in enumerate(tasks):
            if task.id in seen:
                self._wrong(("tasks", number, "id"), f"{task.id!r} is the id of two tasks; each needs its own")
            seen.add(task.id)
        return Template(tasks, self._first(document.get("first", {}), tasks))

    def _task(self, number: int, table: Mapping[str, Any]) -> Task:
        at: Key = ("tasks", number)
        for key in table:
            if key not in (*_TEXTS, *_LISTS):
                self._wrong((*at, key), f"this key is not known; {_near(key, (*_TEXTS, *_LISTS))}")
        for key in _NEEDED:
            if key not in table:
                self._wrong((*at, key), f"this key is missing in task {number + 1}")
        texts = {key: self._text_of((*at, key), table[key], needed=key in _NEEDED) for key in _TEXTS if key in table}
        self._id((*at, "id"), texts["id"])
        self._one_of((*at, "milestone"), texts["milestone"], GROUPS)
        given = self._list((*at, "dispositions"), table.get("dispositions", list(_DISPOSITIONS)))
        for word in given:
            self._one_of((*at, "dispositions"), word, _DISPOSITIONS)
        wanted = tuple(self._wanted((*at, "evidence"), each)
                       for each in self._list((*at, "evidence"), table.get("evidence", [])))
        return Task(**texts, dispositions=frozenset(given), evidence=wanted)

    def _id(self, key: Key, given: str) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", given):
            self._wrong(key, f"{given!r} won't do: an id has small letters, digits and - only")
        if given in GROUPS:
            self._wrong(key, f"{given!r} won't do: a milestone is called so")

    def _wanted(self, key: Key, given: str) -> Wanted:
        name, equals, value = (part.strip() for part in given.partition("="))
        if name not in CATALOGUE:
            self._wrong(key, f"{name!r} is no evidence; {_near(name, tuple(CATALOGUE))}")
        if not equals:
            return Wanted(name)
        if value not in CATALOGUE:
            try:
                read_value(name, value)
            except CallError as error:
                self._wrong(key, f"{given!r} won't do: {error.what}")
        return Wanted(name, value)

    def _first(self, given: Any, tasks: Sequence[Task]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        if not isinstance(given, dict):
            self._wrong(("first",), "this should be a table for each disposition, as in [first.retiring]")
        for disposition, groups in given.items():
            self._one_of(("first", disposition), disposition, _DISPOSITIONS)
            if not isinstance(groups, dict):
                self._wrong(("first", disposition), 'this should be a table, as in [first.retiring] with deletion = ["..."]')
            for group, ids in groups.items():
                key: Key = ("first", disposition, group)
                self._one_of(key, group, GROUPS)
                there = [task.id for task in tasks if task.milestone == group]
                for task_id in self._list(key, ids):
                    self._one_of(key, task_id, there)
                found.setdefault(disposition, {})[group] = tuple(ids)
        return found

    def _text_of(self, key: Key, given: Any, *, needed: bool) -> str:
        if not isinstance(given, str):
            self._wrong(key, f"{given!r} won't do: this should be text in quotes")
        if needed and not given.strip():
            self._wrong(key, "it is empty")
        return " ".join(given.split())

    def _list(self, key: Key, given: Any) -> list[str]:
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            self._wrong(key, f'{given!r} won\'t do: this should be a list, as in ["retained", "target"]')
        return list(given)

    def _one_of(self, key: Key, given: str, there: Sequence[str]) -> None:
        if given not in there:
            self._wrong(key, f"{given!r} won't do; {_near(given, there)}")

    def _wrong(self, key: Key, what: str) -> NoReturn:
        line = _line_of(self._text, key)
        shown = ".".join(str(part) for part in key[:1])
        for part in key[1:]:
            shown += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
        raise SettingsError(what, where=f"{self._where}{f', line {line}' if line else ''}, key {shown}",
                            then="Mend it; until then nothing that was entered is lost.")


def _near(given: str, there: Sequence[str]) -> str:
    """What was meant, or what there is."""
    near = difflib.get_close_matches(given, there, 1)
    return f"did you mean {near[0]!r}?" if near else f"possible here: {', '.join(there)}"


def _line_of(text: str, key: Key) -> int | None:
    """The line on which a key stands, else the one on which the table it belongs in begins."""
    table: list[str | int] = []
    number_of_tasks, begins = -1, None
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*\[\[\s*tasks\s*\]\]", line):
            number_of_tasks += 1
            table = ["tasks", number_of_tasks]
        elif header := re.match(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$", line):
            table = [part.strip().strip("\"'") for part in header[1].split(".")]
        elif assignment := re.match(r"\s*([A-Za-z0-9_\"'.-]+)\s*=", line):
            if (*table, *assignment[1].replace('"', "").replace("'", "").split(".")) == key:
                return number
            continue
        else:
            continue
        if tuple(table) == key[: len(table)]:
            begins = number
    return begins
