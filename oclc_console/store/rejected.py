"""One record as a piece of work, read off the board: what OCLC said of it in each upload, what that means, and what people
did. Values only; asking for many of them is asking.py's, and the desk's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from oclc_console import clock
from oclc_console.oclc.meanings import Group, Meanings
from oclc_console.oclc.report_line import ACCEPTED
from oclc_console.store.board import Board
from oclc_console.store.columns import NEVER
from oclc_console.store.gathered import CURRENT, LOCATED, MINOR, MINOR_ONLY, NOISE, REFUSED, TAKEN
from oclc_console.store.reviews import Review
from oclc_console.store.standing import STATES, State, Verdict, Word, standing
from oclc_console.workspace import folder_name

Ref = tuple[str, str]  # a record among all: (symbol, key)
_WORD_OF: dict[int, Word] = {REFUSED: "refused", TAKEN: "taken"}


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


def row_of(board: Board, ref: Ref) -> int | None:
    """The row of a record by its name, or by another name it goes by."""
    symbol, key = ref
    for part in board.parts:
        if part.gathered.symbol == folder_name(symbol):
            row = int(part.gathered.rows_of([key])[0])
            return None if row == NEVER else row + part.first
    return None


def ref_of(board: Board, row: int) -> Ref:
    """What names a row among all symbols."""
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


def _verdicts(board: Board, row: int) -> list[Verdict]:
    part = board.part_of(row)
    here, reports = part.gathered, part.gathered.about["reports"]
    return [Verdict(int(here["seen_at"][at]), reports[here["seen_report"][at]]["name"], _word(here["seen_word"][at]))
            for at in here.seen_of(row - part.first) if not here["seen_superseded"][at]]


def appearances_of(board: Board, row: int, meanings: Meanings) -> Iterator[Appearance]:
    """What OCLC said of a record, upload by upload, the oldest first."""
    part = board.part_of(row)
    here, reports = part.gathered, part.gathered.about["reports"]
    lines = here.lines_of(row - part.first)
    for number, at in enumerate(here.seen_of(row - part.first)):
        said = tuple(_complaint(board, row, line, meanings) for line in lines if here["line_seen"][line] == number)
        outcome = here.words["seen_outcome"][here["seen_outcome"][at]]
        names = [reports[here["seen_report"][at]]["name"], *(complaint.report for complaint in said)]
        yield Appearance(
            _instant(here["seen_epoch"][at]), tuple(dict.fromkeys(names)), here.words["seen_upload"][here["seen_upload"][at]],
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


def _number(value: int) -> int | None:
    return None if value == NEVER else int(value)


def _instant(ms: int) -> str:
    return clock.iso(datetime.fromtimestamp(int(ms) / 1000, UTC))


def _word(code: int) -> Word:
    return _WORD_OF.get(int(code), "same")
