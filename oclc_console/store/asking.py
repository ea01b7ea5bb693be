"""Which of the board's records fit a question, and in which order: conditions on columns, words in everything, ranks. Works on
whole columns, never record by record. Not for what a record is (rejected.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from operator import eq

import numpy as np

from oclc_console.oclc.meanings import Meanings
from oclc_console.store.board import Board
from oclc_console.store.columns import Column
from oclc_console.store.standing import TO_DO, State

FACETS = ("symbol", "library", "group", "severity", "owner", "state", "report")
SORTS = ("severity", "library", "group", "state", "owner", "title", "key", "outcome", "report", "appearances")
TODO = "todo"  # a state to ask for: whatever somebody still has to do something about


@dataclass(frozen=True)
class Filter:
    """Which records to show. None: any; else a value as `Desk.counts` gives it (empty: none is known), for `state` also
    TODO. `text`: words that must all occur somewhere, whatever their case; `!word` must not. Unless `minor`, or MINOR is asked
    for, records are left out that OCLC took all the same."""

    symbol: str | None = None
    library: str | None = None
    group: str | None = None
    severity: str | None = None
    owner: str | None = None
    state: str | None = None
    report: str | None = None
    text: str = ""
    minor: bool = False


def without(which: Filter, facet: str) -> Filter:
    """The same question without its condition on one facet."""
    conditions: dict[str, None] = {facet: None}
    return replace(which, **conditions)  # type: ignore[arg-type] # every facet may be None


def fitting(board: Board, which: Filter, meanings: Meanings) -> Column:
    """Which rows fit a filter."""
    fits = np.ones(board.rows, bool)
    if not which.minor and which.severity != "MINOR":
        fits &= ~board.minor_only
    for facet in ("symbol", "library", "severity", "owner"):
        if (value := getattr(which, facet)) is not None:
            fits &= _with_words(board, facet, partial(eq, value))
    if which.state is not None:
        wanted = {state.value for state in TO_DO} if which.state == TODO else {which.state}
        fits &= _with_words(board, "state", wanted.__contains__)
    if which.group is not None:
        fits &= _paired(board, "group", which.group, groups_of(board, which))
    if which.report is not None:
        fits &= _paired(board, "report", which.report, board.reports_of_rows)
    for word in which.text.lower().split():
        if needle := word.removeprefix("!"):
            holds = _holding(board, needle, meanings)
            fits &= holds if needle == word else ~holds
    return fits


def _with_words(board: Board, column: str, good: Callable[[str], bool]) -> Column:
    """Which rows hold one of the good words in a column of words."""
    codes = np.fromiter(map(good, board.words[column]), bool, len(board.words[column]))
    return codes[board.columns[column]] if codes.any() else np.zeros(board.rows, bool)


def _paired(board: Board, words: str, word: str, pairs: tuple[Column, Column]) -> Column:
    """Which rows make a pair with this word."""
    found = np.zeros(board.rows, bool)
    if word in board.words[words]:
        found[pairs[0][pairs[1] == board.words[words].index(word)]] = True
    return found


def groups_of(board: Board, which: Filter) -> tuple[Column, Column]:
    """(row, group), each pair once, of the lines that count for a question."""
    return board.groups_of_all_lines if which.minor else board.groups_of_lines


def _holding(board: Board, needle: str, meanings: Meanings) -> Column:
    """Which rows hold a word (in small letters) anywhere."""
    def holds(word: str) -> bool:
        return needle in word.lower()

    def tells(word: str) -> bool:
        group = meanings.group(word)
        return holds(f"{group.title} {group.words}")

    found = np.zeros(board.rows, bool)
    for column in ("library", "stream", "outcome", "severity", "upload", "owner", "symbol"):
        found |= _with_words(board, column, holds)
    found |= _with_words(board, "state", lambda word: holds(State(word).label))
    found |= _with_words(board, "group", tells)
    found[board.rows_noted(needle)] = True
    reports = np.fromiter(map(holds, board.words["report"]), bool, len(board.words["report"]))
    if reports.any():
        rows, places = board.reports_of_rows
        found[rows if reports.all() else rows[reports[places]]] = True
    for more in (partial(board.rows_with_text, holds), partial(board.rows_with_search, needle)):
        if not found.all():  # else there is nothing more to find
            found |= more()
    return found


def in_order(board: Board, sort: str, meanings: Meanings) -> Column:
    """All rows in an order; it is worked out once for as long as nothing in it changes."""
    made_of = (meanings.digest, board.version if sort in ("state", "owner") else 0)
    remembered = board.orders.get(sort)
    if remembered is None or remembered[0] != made_of:
        rows = np.arange(board.rows, dtype=np.int32)
        for column in reversed(_order_of(board, sort, meanings)):
            rows = rows[np.argsort(column[rows], kind="stable")]
        remembered = board.orders[sort] = (made_of, rows)
    return remembered[1]


def _order_of(board: Board, sort: str, meanings: Meanings) -> list[Column]:
    """The columns to order by, the first counting most; small numbers first."""
    if sort in ("title", "key"):
        return [board.ranks(sort)]
    worst = 255 - board.columns["rank"]
    if sort == "severity":
        return [worst, _ranked(board, "group", meanings)]
    if sort == "appearances":
        return [np.uint16(0xFFFF) - board.columns["appearances"], worst]
    if sort == "report":
        return [board.columns["report"].astype(np.uint16), worst]
    if sort in ("state", "symbol"):
        return [board.columns[sort], worst]
    return [_ranked(board, sort, meanings), worst]


def _ranked(board: Board, column: str, meanings: Meanings) -> Column:
    """Words by their place in the alphabet, none last; groups by their titles."""
    words = board.words[column]
    told = [meanings.group(word).title if column == "group" else word for word in words]
    places = np.zeros(max(1, len(words)), np.uint16)
    for place, at in enumerate(sorted(range(len(words)), key=lambda at: (told[at] == "", told[at].lower()))):
        places[at] = min(place, 0xFFFF)
    return places[board.columns[column]]
