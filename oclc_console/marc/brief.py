"""Alma's brief record levels 01 to 03, the records Harvard keeps out of WorldCat, as the built-in rule @brief. Not a
general quality measure.

Source: Harvard Library, "Alma Brief Record Levels" (evaluated on every save since 9 June 2020): 01 = no 245 $a or $k;
02 = insufficient for OCLC (blank 008 date, place or language; no 260/264 $a unless manuscript or collection; no 300 $a
or $f; no 1XX, 6XX or 7XX $a unless serial or integrating), which an OCLC number in 035 overrides unless there is a 011;
03 = catalogued in another language than English (040 $b).
"""

from __future__ import annotations

import re

from oclc_console.marc.record import Record, has_oclc_prefix, subfields

_NAMES_AND_SUBJECTS = (b"1", b"6", b"7")
_TITLE, _NAME, _EXTENT = (re.compile(rb"\x1f[%b][^\x1f]*?[^\x1f\s]" % codes) for codes in (b"ak", b"a", b"af"))


def is_brief(record: Record) -> bool:
    """Whether Alma would give the record brief level 01, 02 or 03."""
    return brief_level(record) is not None


def brief_level(record: Record) -> str | None:
    """`01`, `02`, `03`, or None for a record that is full enough to report."""
    if not _has(record, b"245", _TITLE):
        return "01"
    if _insufficient(record) and not _number_overrides(record):
        return "02"
    for field in record.all(b"040"):
        for language in subfields(field, b"b"):
            return "03" if language.strip().lower() not in (b"eng", b"") else None
    return None


def _has(record: Record, tag: bytes, filled: re.Pattern[bytes]) -> bool:
    return any(map(filled.search, record.all(tag)))


def _number_overrides(record: Record) -> bool:
    if b"011" in record.tags:
        return False
    return any(has_oclc_prefix(value) for field in record.all(b"035") for value in subfields(field, b"a"))


def _insufficient(record: Record) -> bool:
    fixed = record.first(b"008") or b""
    if not fixed[7:11].strip() or not fixed[15:18].strip() or not fixed[35:38].strip():  # date, place, language
        return True
    kind, level = record.leader[6:7], record.leader[7:8]
    manuscript = kind in (b"b", b"d", b"f", b"p", b"t") or level == b"c"
    if not manuscript and not _has(record, b"260", _NAME) and not _has(record, b"264", _NAME):
        return True
    if not _has(record, b"300", _EXTENT):
        return True
    continuing = level in (b"s", b"b", b"i")
    return not continuing and not any(
        tag[:1] in _NAMES_AND_SUBJECTS and _NAME.search(field)
        for tag, field in zip(record.tags, record.fields, strict=True)
    )
