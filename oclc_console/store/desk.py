"""The cataloguer's desk: every record that OCLC complained about, of one symbol or of all, joined with what people did about
it. Asks by library, group, severity, owner, state, report and words; sorts; gives pages; and passes changes on to the reviews.
Opens with what was gathered before; what came since is gathered behind (catch_up). Not for reading reports (gathering.py).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import overload

import numpy as np

from oclc_console import clock
from oclc_console.errors import CallError, InputError
from oclc_console.oclc.meanings import Group, Meanings, load_meanings
from oclc_console.oclc.reports import ACCEPTED
from oclc_console.store import gathering
from oclc_console.store.board import Board
from oclc_console.store.gathered import (
    CURRENT,
    LOCATED,
    MINOR,
    MINOR_ONLY,
    NEVER,
    NOISE,
    REFUSED,
    TAKEN,
    Column,
    gathered_path,
    load_gathered,
)
from oclc_console.store.rejections import Document, ExceptionFile, open_exceptions
from oclc_console.store.report_rows import list_reports
from oclc_console.store.reviews import Act, Change, Changed, Review, Reviews
from oclc_console.store.standing import STATES, TO_DO, Standing, State, Verdict, Word, standing
from oclc_console.workspace import Workspace, folder_name

Ref = tuple[str, str]  # a record among all: (symbol, key)
FACETS = ("symbol", "library", "group", "severity", "owner", "state", "report")
SORTS = ("severity", "library", "group", "state", "owner", "title", "key", "outcome", "report", "appearances")
TODO = "todo"  # a state to ask for: whatever somebody still has to do something about
_MOST_FIRST = ("rank", "appearances")
_WORD_OF: dict[int, Word] = {REFUSED: "refused", TAKEN: "taken"}


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


@dataclass(frozen=True)
class Rejection:
    """One record as a piece of work. `key` is its local number, or `@` and OCLC's record key where there is none, `lsn` is
    empty then; `located`: the number is not OCLC's but the ledger's, by the record's end byte. `worst` is the worst severity of
    the newest appearance that complained, `group` the id of what is worst; `outcome` the newest that was told. `upload` and
    `end` are the file that was sent last and the record's end byte there; `ocn_out` is only a `staging` number where the
    outcome is unresolved. `lines` counts OCLC's lines about it, `notes` people's. `told_by` is the report that confirmed it or
    brought it back."""

    symbol: str
    key: str
    lsn: str
    record_key: str
    ocn_in: int | None
    ocn_out: int | None
    staging: bool
    worst: str
    outcome: str
    library: str
    stream: str
    title: str
    upload: str
    end: int | None
    report: str
    received: str
    group: str
    appearances: int
    lines: int
    minor_only: bool
    located: bool
    state: State
    owner: str
    came_back: int
    told_by: str
    notes: int

    @property
    def ref(self) -> Ref:
        """What names it among all symbols."""
        return self.symbol, self.key


@dataclass(frozen=True)
class Complaint:
    """One line OCLC wrote, with what it means; exact duplicates are folded into one that says how many `times`. `minor` lines
    ride along and `noise` says nothing of the description: both can be left out until somebody asks. `current`: of the newest
    appearance that complained. `document` is its place among the report's exceptions, counted from 0."""

    report: str
    line: int
    document: int
    type: str
    severity: str
    text: str
    group: Group
    times: int
    minor: bool
    noise: bool
    current: bool


@dataclass(frozen=True)
class Appearance:
    """What OCLC said of a record in one upload. `accepted` is None where no outcome was told; `superseded`: a rerun of the
    same upload answered again. `verdict` says what it means for the work (standing.Verdict)."""

    received: str
    reports: tuple[str, ...]
    upload: str
    end: int | None
    outcome: str
    accepted: bool | None
    superseded: bool
    ocn_out: int | None
    verdict: Word
    complaints: tuple[Complaint, ...]


@dataclass(frozen=True)
class OneRecord:
    """All there is to know about one record: its appearances, the newest first, and what people did."""

    rejection: Rejection
    appearances: tuple[Appearance, ...]
    review: Review | None


@dataclass(frozen=True)
class Count:
    """How many records have a value of a facet; `label` is that value for people."""

    value: str
    label: str
    records: int


class Selection(Sequence[Rejection]):
    """The records that a question found, in order. Which ones they are stays; what people did about them is told as it is
    when a page is read."""

    def __init__(self, board: Board, rows: Column) -> None:
        self._board, self.rows = board, rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Rejection: ...
    @overload
    def __getitem__(self, at: slice) -> list[Rejection]: ...
    def __getitem__(self, at: int | slice) -> Rejection | list[Rejection]:
        if isinstance(at, slice):
            return [rejection_of(self._board, int(row)) for row in self.rows[at]]
        return rejection_of(self._board, int(self.rows[at]))

    def page(self, offset: int, count: int) -> list[Rejection]:
        """`count` records from `offset` on; fewer at the end."""
        self._board.follow()
        return self[max(0, offset) : max(0, offset) + max(0, count)]

    def ref(self, at: int) -> Ref:
        """What names the record at this place."""
        return _ref(self._board, int(self.rows[at]))

    def refs(self) -> list[Ref]:
        """What names each record, all of them."""
        return [_ref(self._board, row) for row in self.rows.tolist()]

    def find(self, ref: Ref) -> int | None:
        """Where a record stands in this order."""
        row = _row(self._board, ref)
        found = np.flatnonzero(self.rows == row) if row is not None else ()
        return int(found[0]) if len(found) else None


class Desk:
    """All rejections of a workspace, or of one symbol. Threads may share it; every question sees what other processes did."""

    def __init__(self, workspace: Workspace, symbol: str | None, meanings: Meanings) -> None:
        self.workspace, self.meanings = workspace, meanings
        self._only = folder_name(symbol) if symbol is not None else None
        self._lock = threading.RLock()
        self._reviews: dict[str, Reviews] = {}
        self._board = self._loaded()

    @classmethod
    def open(cls, workspace: Workspace, symbol: str | None = None) -> Desk:
        """The desk with what was gathered before; see `behind`."""
        return cls(workspace, symbol, load_meanings(workspace.root))

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forgets everything; files that are read in place are given back with the last selection."""
        with self._lock:
            self._board = Board([])

    # what is here

    def _symbols(self) -> list[str]:
        if self._only is not None:
            return [self._only]
        found: set[str] = set()
        for kind in ("reports", "rejections"):
            with suppress(FileNotFoundError):
                found |= {entry.name for entry in (self.workspace.root / kind).iterdir() if entry.is_dir()}
        return sorted(found)

    def _loaded(self) -> Board:
        parts = []
        for symbol in self._symbols():
            columns = load_gathered(gathered_path(self.workspace, symbol))
            if columns is not None:
                parts.append((columns, self.reviews(symbol)))
        board = Board(parts)
        board.follow()
        return board

    def reviews(self, symbol: str) -> Reviews:
        """What people did about the records of one symbol."""
        with self._lock:
            return self._reviews.setdefault(folder_name(symbol), Reviews(self.workspace, symbol))

    @property
    def behind(self) -> bool:
        """Whether reports, ledgers or meanings came since the columns were made: then `catch_up`."""
        meanings = load_meanings(self.workspace.root)
        here = {part.gathered.symbol: part.gathered.about for part in self._board.parts}
        for symbol in self._symbols():
            about = here.get(symbol)
            if about is None and not list_reports(self.workspace, symbol):
                continue
            if about is None or (not about["fixed"]
                                 and about["sources"] != gathering.sources_of(self.workspace, symbol, meanings)):
                return True
        return False

    def catch_up(self) -> bool:
        """Gathers what is missing; whether anything had changed. Takes its time: belongs in a thread. Selections that were
        made before keep what they hold; ask again."""
        self.meanings = load_meanings(self.workspace.root)
        changed = False
        for symbol in self._symbols():
            if list_reports(self.workspace, symbol) or gathered_path(self.workspace, symbol).is_file():
                changed = gathering.gather(self.workspace, symbol) or changed
                self.reviews(symbol).compact_if_due()
        board = self._loaded()
        with self._lock:
            self._board = board
        return changed

    # asking

    def query(self, which: Filter = Filter(), sort: str = "severity", reverse: bool = False) -> Selection:
        """The records that fit, in order: by default what is worst first, and the same faults together. Raises CallError for
        an order that is not one of SORTS."""
        if sort not in SORTS:
            raise CallError(f"rejections can't be ordered by {sort!r}", then=f"Choose one of: {', '.join(SORTS)}.")
        board = self._followed()
        rows = np.flatnonzero(_fitting(board, which, self.meanings))
        for column in reversed(_order(board, sort, self.meanings)):
            rows = rows[np.argsort(column[rows], kind="stable")]
        return Selection(board, rows[::-1] if reverse else rows)

    def counts(self, facet: str, which: Filter = Filter()) -> list[Count]:
        """How many records have which value of a facet, the biggest first; the facet's own condition is left out. Values that
        no record has are not told. Raises CallError for what is no facet."""
        if facet not in FACETS:
            raise CallError(f"{facet!r} is nothing to count by", then=f"Choose one of: {', '.join(FACETS)}.")
        board = self._followed()
        fits = _fitting(board, replace(which, **{facet: None}), self.meanings)
        if facet == "group":
            rows, groups = board.groups_of_all_lines if which.minor else board.groups_of_lines
            counted = np.bincount(groups[fits[rows]], minlength=len(board.words["group"]))
        elif facet == "report":
            counted = _by_report(board, fits)
        else:
            counted = np.bincount(board.columns[facet][fits], minlength=len(board.words[facet]))
        found = [Count(word, self._label(facet, word), int(count))
                 for word, count in zip(board.words[facet], counted, strict=False) if count]
        return sorted(found, key=lambda count: (-count.records, count.label))

    def _label(self, facet: str, word: str) -> str:
        if facet == "group":
            return self.group(word).title
        return State(word).label if facet == "state" else word

    def hidden(self, which: Filter = Filter()) -> int:
        """How many more records there would be with `minor`."""
        board = self._followed()
        return int(_fitting(board, replace(which, minor=True), self.meanings).sum()
                   - _fitting(board, which, self.meanings).sum())

    def group(self, id_: str) -> Group:
        """What a group means."""
        return self.meanings.group(id_)

    def rejections(self, refs: Iterable[Ref]) -> list[Rejection]:
        """Records by name; those not here are left out."""
        board = self._followed()
        rows = [_row(board, ref) for ref in refs]
        return [rejection_of(board, row) for row in rows if row is not None]

    def record(self, ref: Ref) -> OneRecord | None:
        """All there is to know about one record; None where it is not here."""
        board = self._followed()
        row = _row(board, ref)
        if row is None:
            return None
        appearances = tuple(reversed(list(_appearances(board, row, self.meanings))))
        return OneRecord(rejection_of(board, row), appearances, board.review(row))

    def document(self, symbol: str, complaint: Complaint) -> Document:
        """OCLC's line as it was written down when its report came. Raises InputError where it is not there any more."""
        with open_exceptions(self.workspace, symbol, complaint.report) as file:
            return _document(file, complaint)

    def _followed(self) -> Board:
        board = self._board
        board.follow()
        return board

    # changing

    def change(
        self, refs: Iterable[Ref], change: Change, who: str | None = None, *, take_over: bool = False
    ) -> dict[str, Changed]:
        """Does the same to all these records: one write a symbol, each on disk when this comes back."""
        keys: dict[str, list[str]] = {}
        for symbol, key in refs:
            keys.setdefault(symbol, []).append(key)
        return {symbol: self.reviews(symbol).change(each, change, who, take_over=take_over) for symbol, each in keys.items()}

    def last_act(self, who: str | None = None) -> tuple[str, Act] | None:
        """What `undo` would take back, and of which symbol."""
        found = [(act.at, symbol, act) for symbol in self._symbols() if (act := self.reviews(symbol).last_act(who))]
        if not found:
            return None
        _, symbol, act = max(found, key=lambda each: each[:2])
        return symbol, act

    def undo(self, who: str | None = None) -> tuple[str, Changed] | None:
        """Takes back the newest act of this person, whatever symbol it was about; None: there is none."""
        last = self.last_act(who)
        changed = self.reviews(last[0]).undo(who) if last else None
        return (last[0], changed) if last and changed else None


def gather(workspace: Workspace, symbol: str) -> bool:
    """Brings a symbol's columns up to date, as at the end of an import; whether anything had changed."""
    return gathering.gather(workspace, symbol)


# one record


def _row(board: Board, ref: Ref) -> int | None:
    symbol, key = ref
    for part in board.parts:
        if part.gathered.symbol == folder_name(symbol):
            row = int(part.gathered.rows_of([key])[0])
            return None if row == NEVER else row + part.first
    return None


def _ref(board: Board, row: int) -> Ref:
    part = board.part_of(row)
    return part.gathered.symbol, part.gathered.texts["key"][row - part.first]


def rejection_of(board: Board, row: int) -> Rejection:
    """A row of the board as a value."""
    part = board.part_of(row)
    here, at = part.gathered, row - part.first
    key = here.texts["key"][at]
    review = board.review(row)
    stands = standing(review.history if review else (), _verdicts(board, row))
    flags, outcome = int(here["flags"][at]), board.word("outcome", row)
    return Rejection(
        symbol=here.symbol, key=key, lsn="" if key[:1] in ("@", "#") else key, record_key=here.texts["record_key"][at],
        ocn_in=_number(here["ocn_in"][at]), ocn_out=_number(here["ocn_out"][at]), staging=outcome == "unresolved",
        worst=board.word("severity", row), outcome=outcome, library=board.word("library", row),
        stream=board.word("stream", row), title=here.texts["title"][at], upload=board.word("upload", row),
        end=_number(here["end"][at]), report=board.word("report", row), received=_instant(here["received"][at]),
        group=board.word("group", row), appearances=int(here["appearances"][at]),
        lines=int(here["line_times"][here.lines_of(at).start : here.lines_of(at).stop].sum()),
        minor_only=bool(flags & MINOR_ONLY), located=bool(flags & LOCATED),
        state=STATES[int(board.columns["state"][row])], owner=board.word("owner", row), came_back=stands.came_back,
        told_by=stands.report, notes=len(review.notes) if review else 0)


def standing_of(board: Board, row: int) -> Standing:
    """Where a record stands, worked out from its whole history."""
    review = board.review(row)
    return standing(review.history if review else (), _verdicts(board, row))


def _verdicts(board: Board, row: int) -> list[Verdict]:
    part = board.part_of(row)
    here, reports = part.gathered, part.gathered.about["reports"]
    return [Verdict(int(here["seen_at"][at]), reports[here["seen_report"][at]]["name"], _word(here["seen_word"][at]))
            for at in here.seen_of(row - part.first) if not here["seen_superseded"][at]]


def _appearances(board: Board, row: int, meanings: Meanings) -> Iterator[Appearance]:
    part = board.part_of(row)
    here, reports = part.gathered, part.gathered.about["reports"]
    complaints = [(int(here["line_epoch"][at]), _complaint(board, row, at, meanings))
                  for at in here.lines_of(row - part.first)]
    for at in here.seen_of(row - part.first):
        epoch, outcome = int(here["seen_epoch"][at]), here.words["seen_outcome"][here["seen_outcome"][at]]
        said = tuple(complaint for when, complaint in complaints if when == epoch)
        names = [reports[here["seen_report"][at]]["name"], *(complaint.report for complaint in said)]
        yield Appearance(
            _instant(epoch), tuple(dict.fromkeys(names)), here.words["seen_upload"][here["seen_upload"][at]],
            _number(here["seen_end"][at]), outcome, outcome in ACCEPTED if outcome else None,
            bool(here["seen_superseded"][at]), _number(here["seen_ocn_out"][at]), _word(here["seen_word"][at]), said)


def _complaint(board: Board, row: int, at: int, meanings: Meanings) -> Complaint:
    here = board.part_of(row).gathered
    flags = int(here["line_flags"][at])
    return Complaint(
        here.about["reports"][here["line_report"][at]]["name"], int(here["line_line"][at]), int(here["line_document"][at]),
        here.words["line_type"][here["line_type"][at]], here.words["line_severity"][here["line_severity"][at]],
        here.texts["text"][here["line_text"][at]], meanings.group(here.words["group"][here["line_group"][at]]),
        int(here["line_times"][at]), bool(flags & MINOR), bool(flags & NOISE), bool(flags & CURRENT))


def _document(file: ExceptionFile, complaint: Complaint) -> Document:
    if complaint.document < len(file) and (found := file[complaint.document])["line"] == complaint.line:
        return found
    raise InputError(f"line {complaint.line:,} of this report is not among its exceptions", where=str(file.path),
                     then=f"Delete this file, then import {file.path.stem} from the reports folder again.")


def _number(value: int) -> int | None:
    return None if value == NEVER else int(value)


def _instant(ms: int) -> str:
    return clock.iso(datetime.fromtimestamp(int(ms) / 1000, UTC))


def _word(code: int) -> Word:
    return _WORD_OF.get(int(code), "same")


# which records, in which order


def _fitting(board: Board, which: Filter, meanings: Meanings) -> Column:
    """Which rows fit a filter."""
    fits = np.ones(board.rows, bool)
    if not which.minor and which.severity != "MINOR":
        fits &= ~board.minor_only
    for facet in ("symbol", "library", "severity", "owner"):
        if (value := getattr(which, facet)) is not None:
            fits &= _with_words(board, facet, lambda word, value=value: word == value)
    if which.state is not None:
        wanted = {state.value for state in TO_DO} if which.state == TODO else {which.state}
        fits &= _with_words(board, "state", wanted.__contains__)
    if which.group is not None:
        fits &= _in_group(board, which.group, board.groups_of_all_lines if which.minor else board.groups_of_lines)
    if which.report is not None:
        fits &= _in_report(board, which.report)
    for word in which.text.lower().split():
        if needle := word.removeprefix("!"):
            holds = _holding(board, needle, meanings)
            fits &= holds if needle == word else ~holds
    return fits


def _with_words(board: Board, column: str, good: Callable[[str], bool]) -> Column:
    """Which rows hold one of the good words in a column of words."""
    codes = np.fromiter(map(good, board.words[column]), bool, len(board.words[column]))
    return codes[board.columns[column]] if codes.any() else np.zeros(board.rows, bool)


def _in_group(board: Board, group: str, pairs: tuple[Column, Column]) -> Column:
    found = np.zeros(board.rows, bool)
    if group in board.words["group"]:
        found[pairs[0][pairs[1] == board.words["group"].index(group)]] = True
    return found


def _reports_of_rows(board: Board) -> Iterator[tuple[Column, Column]]:
    """(row, report) of every appearance and every line."""
    for part in board.parts:
        here = part.gathered
        for kind in ("seen", "line"):
            rows = np.repeat(np.arange(len(here)), np.diff(here[f"{kind}_start"])) + part.first
            reports = here[f"{kind}_report"]
            yield rows, board.reports_of(np.full(len(reports), board.parts.index(part)), reports)


def _in_report(board: Board, report: str) -> Column:
    found = np.zeros(board.rows, bool)
    for rows, reports in _reports_of_rows(board):
        if report in board.words["report"]:
            found[rows[reports == board.words["report"].index(report)]] = True
    return found


def _by_report(board: Board, fits: Column) -> Column:
    pairs = [np.zeros(0, np.int64)]
    for rows, reports in _reports_of_rows(board):
        here = fits[rows]
        pairs.append((rows[here].astype(np.int64) << 32) | reports[here])
    together = np.unique(np.concatenate(pairs))
    return np.bincount(together & 0xFFFFFFFF, minlength=len(board.words["report"]))


def _holding(board: Board, needle: str, meanings: Meanings) -> Column:
    """Which rows hold a word (in small letters) anywhere."""
    def holds(word: str) -> bool:
        return needle in word.lower()

    def tells(word: str) -> bool:
        group = meanings.group(word)
        return holds(f"{group.title} {group.words}")

    found = board.rows_with_search(needle) | board.rows_with_text(holds)
    for column in ("library", "stream", "outcome", "severity", "upload", "report", "owner", "symbol"):
        found |= _with_words(board, column, holds)
    found |= _with_words(board, "state", lambda word: holds(State(word).label))
    found |= _with_words(board, "group", tells)
    noted = [row for row, note in board.notes.items() if needle in note]
    found[noted] = True
    return found


def _order(board: Board, sort: str, meanings: Meanings) -> list[Column]:
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
