"""Alma's brief record levels 01 to 03, the records Harvard keeps out of WorldCat, as the built-in rule @brief. Not a
general quality measure.

Source: Harvard Library, "Alma Brief Record Levels" (evaluated on every save since 9 June 2020): 01 = no 245 $a or $k;
02 = insufficient for OCLC (blank 008 date, place or language; no 260/264 $a unless manuscript or collection; no 300 $a
or $f; no 1XX, 6XX or 7XX $a unless serial or integrating), which an OCLC number in 035 overrides unless there is a 011;
03 = catalogued in another language than English (040 $b).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from oclc_console.marc.batch import Batch
from oclc_console.marc.facts import Fact
from oclc_console.marc.record import OCN_PREFIXED, Record

if TYPE_CHECKING:
    from oclc_console.marc.block_check import Flags

_EACH = [bytes([code]) for code in range(256)]
_MANUSCRIPT = frozenset([bytes([kind]) + level for kind in b"bdfpt" for level in _EACH] + [kind + b"c" for kind in _EACH])
_CONTINUING = frozenset((b"s", b"b", b"i"))


def _filled(codes: bytes, tag: str, *others: str) -> Fact:
    """That such a field has one of these subfields, and not a blank one."""
    return Fact(tag, re.compile(rb"\x1f[%b]\s*[^\x1f\s]" % codes).search, others, filled=codes)


_DATE_PLACE_AND_LANGUAGE = re.compile(  # in 008; nearly always none of them begins with a blank, which is seen quicker
    rb"(?s).{7}\S.{7}\S.{19}\S|(?=.{7,10}\S)(?=.{15,17}\S)(?=.{35,37}\S)")
_NUMBER = re.compile(rb"\x1fa(?i:%b)(?![^\x1f])" % OCN_PREFIXED)
_NOT_ENGLISH = re.compile(rb"\x1fb(?!\s*(?i:eng)?\s*(?![^\x1f]))")


FACTS = {
    "title": _filled(b"ak", "245"), "coded": Fact("008", _DATE_PLACE_AND_LANGUAGE.match),
    "manuscript": Fact("LDR", _MANUSCRIPT.__contains__, at=slice(6, 8)),
    "published": _filled(b"a", "260", "264"), "extent": _filled(b"af", "300"),
    "continuing": Fact("LDR", _CONTINUING.__contains__, at=slice(7, 8)),
    "name or subject": _filled(b"a", "1XX", "7XX", "6XX"),
    "011": Fact("011"), "number": Fact("035", _NUMBER.search),
    "not in English": Fact("040", lru_cache(4_096)(_NOT_ENGLISH.search)),
}


def level_of(facts: frozenset[str]) -> str | None:
    """`01`, `02`, `03`, or None for a record full enough to report, from which of the facts are so."""
    if "title" not in facts:
        return "01"
    sufficient = (
        {"coded", "extent"} <= facts
        and facts & {"published", "manuscript"}
        and facts & {"continuing", "name or subject"}
    )
    if not sufficient and ("number" not in facts or "011" in facts):
        return "02"
    return "03" if "not in English" in facts else None


class _Brief:
    """The rule @brief."""

    def of(self, record: Record) -> bool:
        """Whether Alma would give the record brief level 01, 02 or 03."""
        return brief_level(record) is not None

    def among(self, batch: Batch) -> Flags:
        """For each record of a batch whether Alma would give it such a level, as `level_of` says."""
        import numpy as np  # which what only reads settings does not wait for

        is_so = {name: fact.among(batch) for name, fact in FACTS.items() if name != "number"}
        sufficient = (is_so["coded"] & is_so["extent"] & (is_so["published"] | is_so["manuscript"])
                      & (is_so["continuing"] | is_so["name or subject"]))
        numbered = FACTS["number"].among(batch, without=sufficient) & ~is_so["011"]
        full = is_so["title"] & (sufficient | numbered) & ~is_so["not in English"]
        return np.fromiter(map(bool, batch.leaders), np.bool_, len(full)) & ~full


BRIEF = _Brief()


def is_brief(record: Record) -> bool:
    """Whether Alma would give the record brief level 01, 02 or 03."""
    return BRIEF.of(record)


def brief_level(record: Record) -> str | None:
    """`01`, `02`, `03`, or None for a record that is full enough to report."""
    return level_of(frozenset(name for name, fact in FACTS.items() if fact.of(record)))
