"""When each big step of a symbol was meant to happen and when it did: drafted, confirmed with OCLC, actual, and by how many
days it slipped, as a fold over what people entered. Pure; not for drawing it (timeline_bars.py), nor for the milestones that
people sign (milestones.py).

Source: Harvard Library, "2019 OCLC Data Sync Project Information": a timeline per symbol with bib reclamation, LHR load,
incremental bib and LHR updates; windows in which ILL requests and withdrawals are frozen come from its milestones.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from oclc_console.project.acts import standing

Kind = Literal["draft", "confirmed", "actual"]
KINDS: tuple[Kind, ...] = ("draft", "confirmed", "actual")
SET = "timeline.set"


@dataclass(frozen=True)
class Row:
    """One line of a timeline: its id for commands and the log, its title, and a shorter one for narrow screens."""

    id: str
    title: str
    short: str


ROWS: tuple[Row, ...] = (
    Row("bibs", "Bib reclamation", "Bib reclamation"),
    Row("lhrs", "LHR load", "LHR load"),
    Row("bib-updates", "Incremental bib updates", "Bib updates"),
    Row("lhr-updates", "Incremental LHR updates", "LHR updates"),
    Row("ill-freeze", "ILL freeze window", "ILL freeze"),
    Row("withdrawals-freeze", "Withdrawals freeze window", "Withdrawals freeze"),
)


@dataclass(frozen=True)
class Span:
    """From one day to another, both included; without an end it goes on."""

    begin: date
    end: date | None

    @property
    def words(self) -> str:
        """`2020-11-02 to 2020-12-05`, `2020-11-02 on`, `2020-11-02`."""
        if self.end is None:
            return f"{self.begin} on"
        return f"{self.begin} to {self.end}" if self.end != self.begin else str(self.begin)


@dataclass(frozen=True)
class Entry:
    """A span as somebody entered it: `by` a login, `at` an ISO instant, `seq` the number of its line in the log. Of a
    confirmed one `who` is the person at OCLC and `on` the day of it. `computed`: nobody entered it, the runs say so."""

    kind: Kind
    span: Span
    by: str = ""
    at: str = ""
    seq: int = 0
    who: str = ""
    on: str = ""
    note: str = ""
    computed: bool = False


@dataclass(frozen=True)
class Slip:
    """How far a row is behind what was planned, in days (0: it is not), and in sentences everything that differs."""

    days: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class RowState:
    """Where one row of a symbol stands. `computed` is what the runs say, also where a person entered something else as
    `actual`."""

    row: Row
    draft: Entry | None = None
    confirmed: Entry | None = None
    actual: Entry | None = None
    computed: Entry | None = None

    @property
    def plan(self) -> Entry | None:
        """What counts as the plan: what OCLC confirmed, else the draft."""
        return self.confirmed or self.draft

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What there is to draw: the draft only where OCLC did not confirm the very same."""
        confirmed = self.confirmed.span if self.confirmed else None
        draft = self.draft if self.draft and self.draft.span != confirmed else None
        return tuple(entry for entry in (draft, self.confirmed, self.actual) if entry is not None)


def fold_timeline(acts: Iterable[Mapping[str, Any]], known: Callable[[str], Span | None]) -> tuple[RowState, ...]:
    """The rows of a symbol after these acts of the log, oldest first: the usual six, then others by their names. `known`
    tells of a row's id what the runs know of it."""
    newest: dict[tuple[str, str], Entry] = {}
    rows = {row.id: row for row in ROWS}
    for act in standing(acts):
        if act["act"] != SET or act.get("kind") not in KINDS:
            continue  # another kind of act, or one of a newer version
        name = str(act["row"])
        rows.setdefault(name, Row(name, name, name))
        newest[name, act["kind"]] = _entry(act)
    return tuple(_state(row, newest, known(row.id)) for row in rows.values())


def slipped(state: RowState, today: date) -> Slip:
    """What slipped, against the plan, as of a day."""
    plan, actual, words = state.plan, state.actual, list(_moved(state))
    if plan is None:
        return Slip(0, tuple(words))
    late = [0]
    if actual is None:
        if today > plan.span.begin:
            late.append(_days(plan.span.begin, today))
            words.append(f"should have begun on {plan.span.begin}, {_counted(late[-1])} ago")
        return Slip(max(late), tuple(words))
    late.append(_days(plan.span.begin, actual.span.begin))
    words.append(f"began {_compared(late[-1])}")
    if plan.span.end is not None and actual.span.end is not None:
        late.append(_days(plan.span.end, actual.span.end))
        words.append(f"ended {_compared(late[-1])}")
    elif plan.span.end is not None and today > plan.span.end:
        late.append(_days(plan.span.end, today))
        words.append(f"should have ended on {plan.span.end}, {_counted(late[-1])} ago, and goes on")
    return Slip(max(late), tuple(words))


def row_of(name: str, others: Iterable[str] = ()) -> Row | str:
    """The row a person means by its id or title, or another one by its name; a sentence where it can't be told."""
    said = " ".join(name.split())
    for row in ROWS:
        if said.casefold() in (row.id, row.title.casefold(), row.short.casefold()):
            return row
    for other in others:
        if said.casefold() == other.casefold():
            return Row(other, other, other)
    if not re.fullmatch(r"[^\x00-\x1f\x7f-\x9f]{2,40}", said):
        return "a row has a name of two to forty letters"
    near = difflib.get_close_matches(said.casefold(), [row.id for row in ROWS], 1, 0.7)
    if near:
        return f"{said!r} is no row; did you mean {near[0]}? (another one needs a name that is less like it)"
    return Row(said, said, said)


def span_of(text: str) -> Span:
    """The span a person writes: `2020-11-02..2020-12-05`, `2020-11-02..` while it goes on, `2020-11-02` for a day. Raises
    ValueError with a sentence."""
    first, dots, last = (part.strip() for part in text.partition(".."))
    begin = _day(first)
    end = (_day(last) if last else None) if dots else begin
    if end is not None and end < begin:
        raise ValueError(f"it would end on {end}, before it begins on {begin}")
    return Span(begin, end)


def _day(text: str) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # 2020-02-30: the sentence below says what is wanted
    raise ValueError(f"{text!r} is no day; write 2020-11-22, and for a span 2020-11-22..2020-12-05")


def _entry(act: Mapping[str, Any]) -> Entry:
    end = act.get("end")
    span = Span(date.fromisoformat(str(act["begin"])), date.fromisoformat(str(end)) if end else None)
    return Entry(act["kind"], span, str(act.get("by", "")), str(act.get("at", "")), int(act.get("seq", 0)),
                 str(act.get("who") or ""), str(act.get("on") or ""), str(act.get("note") or ""))


def _state(row: Row, newest: Mapping[tuple[str, str], Entry], known: Span | None) -> RowState:
    computed = Entry("actual", known, computed=True) if known is not None else None
    return RowState(row, newest.get((row.id, "draft")), newest.get((row.id, "confirmed")),
                    newest.get((row.id, "actual")) or computed, computed)


def _moved(state: RowState) -> Iterable[str]:
    """How what OCLC confirmed differs from the draft."""
    if state.draft is None or state.confirmed is None:
        return
    before, after = state.draft.span, state.confirmed.span
    if days := _days(before.begin, after.begin):
        yield f"confirmed to begin {_counted(abs(days))} {'later' if days > 0 else 'earlier'} than drafted"
    if before.end is not None and after.end is not None and (days := _days(before.end, after.end)):
        yield f"confirmed to end {_counted(abs(days))} {'later' if days > 0 else 'earlier'} than drafted"


def _days(before: date, after: date) -> int:
    return (after - before).days


def _counted(days: int) -> str:
    return f"{days:,} day{'s' if days != 1 else ''}"


def _compared(days: int) -> str:
    return f"{_counted(abs(days))} {'late' if days > 0 else 'early'}" if days else "as planned"
