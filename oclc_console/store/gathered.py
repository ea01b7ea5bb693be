"""What OCLC said about each record of a symbol, gathered from all its reports into one file that opens at once: numbers and
texts in columns, read in place. Derived (gathering.py makes it), so it may be deleted at any time. Not for what people do
about the records (reviews.py), nor for asking (desk.py).

    rejections/ZMD/gathered.columns    a line of JSON that says where each column stands, then the columns

Columns of a record (one row each, ordered by key), of its appearances (`seen_`: a row an upload in which OCLC spoke of it,
oldest first) and of OCLC's lines (`line_`: exact duplicates folded, newest first); `seen_start` and `line_start` say where
those of a record begin. Words that repeat stand once in `words`, and columns hold their places there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from oclc_console.store.columns import NEVER, Column, Columns, Strings, crcs, find_names, load_columns, strings_of
from oclc_console.workspace import Workspace, folder_name

VERSION = 1
REFUSED, TAKEN, SAME = range(3)  # seen_word: what an appearance says (standing.Verdict)
NOISE, MINOR, CURRENT, PLAIN = 1, 2, 4, 8  # line_flags; PLAIN: counts for the groups of its record
MINOR_ONLY, LOCATED = 1, 2  # flags
_TEXT_COLUMNS = ("key", "record_key", "title", "search", "name", "text")


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
        return self.rows_named(strings_of(names), crcs(names))

    def rows_named(self, names: Strings, sums: Column) -> Column:
        """The same of names whose checksums are known."""
        places = find_names(self["name_sum"], self.texts["name"], names, sums)
        return np.where(places == NEVER, NEVER, self["name_row"][places]) if len(self["name_row"]) else places

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
        about = {**self.about, "version": VERSION, "fixed": fixed or bool(self.about.get("fixed"))}
        texts = {name: self.texts[name] for name in _TEXT_COLUMNS}
        Columns(about, self.words, self.columns, texts).save(path)


def gathered_path(workspace: Workspace, symbol: str) -> Path:
    """Where a symbol's columns stand."""
    return workspace.root / "rejections" / folder_name(symbol) / "gathered.columns"


def load_gathered(path: Path) -> Gathered | None:
    """The columns of one symbol, read in place; None when there are none, or when they are of another make."""
    found = load_columns(path)
    if found is None or not isinstance(found.about, dict) or found.about.get("version") != VERSION:
        return None
    return Gathered(found.about, found.words, found.columns, found.texts)
