"""Where a sentence of OCLC's points: the fields, subfields, indicators and positions that it names, so that they can be marked
in the record. Pure. Not for what a sentence means (meanings.py), and not for judging records (marc/lint).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LEADER = "LDR"

_ORDINAL = r"(?:(?P<{0}>\d+)(?:st|nd|rd|th)\s+)?"
_POINTS = re.compile(
    r"{sub}\$(?P<code>\w)\s+in\s+{field}(?P<tag>\d{{3}})\b"
    r"|indicator\s+(?P<indicator>[12])\s+in\s+{field2}(?P<tag2>\d{{3}})\b"
    r"|\b(?P<fixed>Leader|LDR|00[678])/(?P<first>\d+)(?:-(?P<last>\d+))?"
    r"|(?<![\w$/(-]){field3}(?P<tag3>\d{{3}})(?![\w/-])".format(
        sub=_ORDINAL.format("sub"), field=_ORDINAL.format("nth"), field2=_ORDINAL.format("nth2"),
        field3=_ORDINAL.format("nth3")),
    re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A place in a record. `tag` is LDR for the leader; `nth` which of the fields with this tag (None: any of them),
    `code` a subfield and `nth_code` which of them; `indicator` 1 or 2; `first` to `last` positions counted from 0."""

    tag: str
    nth: int | None = None
    code: str = ""
    nth_code: int | None = None
    indicator: int | None = None
    first: int | None = None
    last: int | None = None

    @property
    def words(self) -> str:
        """The place for people: `2nd 655 $z`, `008/18-21`, `LDR/17`."""
        if self.first is not None:
            return f"{self.tag}/{self.first:02d}" + (f"-{self.last:02d}" if self.last not in (None, self.first) else "")
        field = f"{_nth(self.nth)} {self.tag}" if self.nth and self.nth > 1 else self.tag
        if self.indicator:
            return f"{field} indicator {self.indicator}"
        code = f"{_nth(self.nth_code)} ${self.code}" if self.nth_code and self.nth_code > 1 else f"${self.code}"
        return f"{field} {code}" if self.code else field


def places_in(text: str) -> tuple[Place, ...]:
    """The places a sentence names, in its order, each once. A `Data Error` word or a sentence without any gives none."""
    return tuple(dict.fromkeys(_place(match) for match in _POINTS.finditer(text)))


def _place(found: re.Match[str]) -> Place:
    if found["tag"]:
        return Place(found["tag"], _number(found["nth"]), found["code"], _number(found["sub"]))
    if found["tag2"]:
        return Place(found["tag2"], _number(found["nth2"]), indicator=int(found["indicator"]))
    if found["fixed"]:
        tag = found["fixed"] if found["fixed"].isdigit() else LEADER
        return Place(tag, first=int(found["first"]), last=int(found["last"] or found["first"]))
    return Place(found["tag3"], _number(found["nth3"]))


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _nth(number: int | None) -> str:
    assert number is not None
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"
