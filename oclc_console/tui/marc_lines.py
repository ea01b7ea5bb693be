"""A record's MARC as lines for a panel: what OCLC names is marked with a sign in front and one below, a field and its form in
the original script (880) stand side by side. Pure. Not for reading records (operations/record_as_sent.py)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from oclc_console.oclc.pointing import Place
from oclc_console.tui.widgets.drawing import Line, Piece, cell_len, fit, wrap

Fields = Sequence[tuple[str, str, str]]  # (tag, indicators, text with `$a ` before each subfield)
MARK, BELOW = "✖", "▲"
_HANG = 9  # mark, tag and indicators with their blanks
_BETWEEN = " │ "
_SUBFIELD = re.compile(r"(?:^|(?<= ))\$(\w) ")
_LINK = re.compile(r"(\d{3})-(\d{2})")
_OTHER_SCRIPT = "880"
_NO_PARTNER = "00"  # the occurrence number of an 880 that has no field to stand beside


@dataclass
class _Field:
    """One field, what of it is marked, and the field it stands beside."""

    tag: str
    indicators: str
    parts: list[tuple[str, str]]  # (subfield code, its text with the code); one without a code where there are none
    nth: int
    marked: bool = False
    marked_parts: set[int] = field(default_factory=set)
    marked_positions: set[int] = field(default_factory=set)
    beside: _Field | None = None
    shown_beside: bool = False

    @property
    def link(self) -> tuple[str, str] | None:
        """(tag, number) of its $6."""
        for code, text in self.parts:
            if code == "6" and (found := _LINK.match(text.removeprefix("$6 "))):
                return found[1], found[2]
        return None


def marc_lines(fields: Fields, places: Sequence[Place], width: int) -> list[Line]:
    """The record in `width` cells. A field that OCLC misses stands where it would be, as not there."""
    record = _taken_apart(fields)
    _pair(record)
    missing = [place for place in places if not _mark(record, place)]
    lines: list[Line] = []
    waiting = sorted({place.tag for place in missing if place.tag.isdigit()})
    for each in record:
        while waiting and each.tag.isdigit() and each.tag > waiting[0]:
            lines.append(_absent(waiting.pop(0)))
        if not each.shown_beside:
            lines += _pair_lines(each, each.beside, width) if each.beside else _field_lines(each, width)
    return [*lines, *map(_absent, waiting)]


def _taken_apart(fields: Fields) -> list[_Field]:
    counted: dict[str, int] = {}
    record = []
    for tag, indicators, text in fields:
        counted[tag] = counted.get(tag, 0) + 1
        starts = [found.start() for found in _SUBFIELD.finditer(text)] if indicators else []
        if not starts or starts[0]:
            starts = [0, *starts]
        parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
        record.append(_Field(tag, indicators, [(part[1] if _SUBFIELD.match(part) and indicators else "", part)
                                               for part in parts], counted[tag]))
    return record


def _pair(record: Sequence[_Field]) -> None:
    """Puts each 880 beside the field whose $6 names it, where both name each other."""
    there = {(link[0], link[1]): each for each in record if each.tag == _OTHER_SCRIPT and (link := each.link)}
    for each in record:
        link = each.link
        if each.tag == _OTHER_SCRIPT or not link or link[0] != _OTHER_SCRIPT or link[1] == _NO_PARTNER:
            continue
        partner = there.get((each.tag, link[1]))
        if partner is not None and not partner.shown_beside:
            each.beside, partner.shown_beside = partner, True


def _mark(record: Sequence[_Field], place: Place) -> bool:
    """Marks what a place names; whether there is such a field."""
    found = False
    for each in record:
        if each.tag != place.tag or place.nth not in (None, each.nth):
            continue
        found = each.marked = True
        if place.first is not None:
            each.marked_positions |= set(range(place.first, (place.last or place.first) + 1))
        with_code = [at for at, (code, _) in enumerate(each.parts) if code == place.code and code]
        if place.nth_code is not None:
            with_code = with_code[place.nth_code - 1:place.nth_code]
        each.marked_parts |= set(with_code)
    return found


def _absent(tag: str) -> Line:
    return [(f"{MARK} ", "bad"), (f"{tag}    ", "accent"), ("is not there", "bad")]


def _field_lines(each: _Field, width: int) -> list[Line]:
    note: list[Piece] = []
    if (link := each.link) and link[1] != _NO_PARTNER and not each.beside and not each.shown_beside:
        note = [(f"  ! its {_OTHER_SCRIPT if each.tag != _OTHER_SCRIPT else link[0]} is missing", "warn")]
    return _underlined(wrap([*_head(each), *_pieces(each), *note], width, _HANG))


def _pair_lines(left: _Field, right: _Field, width: int) -> list[Line]:
    """Two fields side by side, each in its half."""
    half = (width - len(_BETWEEN)) // 2
    columns = [_underlined(wrap([*_head(each), *_pieces(each)], half, _HANG)) for each in (left, right)]
    lines: list[Line] = []
    for at in range(max(map(len, columns))):
        halves = [fit(column[at] if at < len(column) else "", half) for column in columns]
        lines.append([*halves[0], (_BETWEEN, "muted"), *halves[1]])
    return lines


def _head(each: _Field) -> list[Piece]:
    shown = f"{each.indicators:<2}".replace(" ", "·") if each.indicators else "  "  # a blank indicator must be seen
    return [(f"{MARK} " if each.marked else "  ", "bad"), (f"{each.tag} ", "accent"), (f"{shown} ", "muted")]


def _pieces(each: _Field) -> list[Piece]:
    """The field's text, what is marked in it apart from the rest."""
    if each.marked_positions:
        text = each.parts[0][1]
        marked = [at in each.marked_positions for at in range(len(text))]
        cuts = [0, *(at for at in range(1, len(text)) if marked[at] != marked[at - 1]), len(text)]
        return [(text[start:end], "bad" if marked[start] else "") for start, end in pairwise(cuts)
                if start < end]
    pieces: list[Piece] = []
    for at, (_, text) in enumerate(each.parts):
        bare = text.rstrip(" ")
        pieces += [(bare, "bad" if at in each.marked_parts else ""), (text[len(bare):], "")]
    return pieces


def _underlined(lines: Sequence[Line]) -> list[Line]:
    """The lines, with a line of signs below each that holds something marked behind its head."""
    shown: list[Line] = []
    for at, line in enumerate(lines):
        shown.append(line)
        below, used = "", 0
        for text, kind in line:
            size = cell_len(text)
            is_marked = kind == "bad" and used >= (_HANG if not at else 0)
            below += (BELOW if is_marked and text.strip() else " ") * size
            used += size
        if below.strip():
            shown.append([(below.rstrip(), "bad")])
    return shown
