"""What a lint rule is: its id, the sentence it says, how bad that is, where it comes from, what to do, and the check itself.
Also how a sentence is filled (with OCLC's ordinals) and recognised again. The rules themselves are in the files beside this
one, a family each; catalogue.py collects them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from oclc_console.marc.lint.signs import Reason
    from oclc_console.marc.lint.view import View


class Severity(StrEnum):
    """How bad: MINOR, SEVERE and CRITICAL as OCLC means them (SEVERE and above keep a record out of WorldCat); NOTICE is our
    own, worth a look."""

    NOTICE = "NOTICE"
    MINOR = "MINOR"
    SEVERE = "SEVERE"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """0 for NOTICE to 3 for CRITICAL."""
        return list(Severity).index(self)


NOTICE, MINOR, SEVERE, CRITICAL = Severity


# OCLC: a sentence that was seen in a real report. inferred: OCLC's pattern, filled for a case not seen. ours: our own words.
Words = Literal["OCLC", "inferred", "ours"]


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing a rule says about one record. `occurrence` counts the fields with this tag from 1; 0 when the sentence is
    about the record or the tag as a whole. `tag` is LDR for the leader and empty for the whole record."""

    rule: str
    severity: Severity
    sentence: str
    tag: str
    occurrence: int


class Hit(NamedTuple):
    """What a check gives for each fault: where it is, and the values the sentence needs."""

    tag: bytes = b""
    occurrence: int = 0
    values: Mapping[str, str | int] = {}


Check = Callable[["View"], Iterator[Hit]]


@dataclass(frozen=True)
class Rule:
    """One check as a unit that can be switched off, or made to block. `sentence` has {places} that a hit's values fill;
    {tag} is always there, and a value that is a number is written 1st, 2nd. `any_format`: the rule holds for holdings
    records too. Most rules need not be asked of most records: `reason` says by the signs of fields when to ask (none: always);
    it is only ever against it when the check would find nothing."""

    id: str
    sentence: str
    severity: Severity
    source: str
    remedy: str
    check: Check
    words: Words = "OCLC"
    reason: Reason | None = None
    any_format: bool = False
    _same: dict[tuple[bytes, int], LintFinding] = field(default_factory=dict, init=False, repr=False, compare=False)

    def finding(self, hit: Hit) -> LintFinding:
        """A hit of this rule's check, with its sentence filled."""
        if not hit.values and (same := self._same.get((hit.tag, hit.occurrence))):
            return same
        name = hit.tag.decode("latin-1")
        shown = {key: ordinal(value) if isinstance(value, int) else value for key, value in hit.values.items()}
        sentence = self.sentence.format(tag=name, **shown)
        finding = LintFinding(self.id, self.severity, sentence, name, hit.occurrence)
        if not hit.values and len(self._same) < _REMEMBERED:
            self._same[hit.tag, hit.occurrence] = finding
        return finding

    @property
    def shown(self) -> str:
        """The sentence for people: what varies is written as Nth, TAG, x or the value's name in capitals."""
        return _PLACE.sub(lambda place: _WORDS.get(place[1], "Nth" if place[1].startswith("nth") else place[1].upper()),
                          self.sentence)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches every sentence this rule can say."""
        parts = _PLACE.split(self.sentence)
        places = [_PLACES.get(re.sub("^nth.*", "nth", name), ".+?") for name in parts[1::2]]
        literal = [re.escape(text) for text in parts[::2]]
        return re.compile("".join(text + place for text, place in zip(literal, [*places, ""], strict=True)))


_REMEMBERED = 100  # findings of one rule whose sentence never varies
_PLACE = re.compile(r"\{(\w+)\}")
_WORDS = {"code": "x", "indicator": "1 or 2"}
_PLACES = {"nth": r"\d+(?:st|nd|rd|th)", "tag": "[0-9A-Za-z]{3}", "code": r"\S", "indicator": "[12]"}


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, ... 11th, 12th, 13th, ... 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
