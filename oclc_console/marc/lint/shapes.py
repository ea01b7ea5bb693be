"""The shape of a field: its tag, its subfield codes and its indicators, without a word of what it says. Here are the questions
that a shape alone answers, each put as (tag, codes, indicators). What is said about an odd shape is for the rules
(structure.py, relationships.py, linking.py)."""

from __future__ import annotations

from functools import cache

from oclc_console.marc.lint.marc21 import FieldDefinition, definitions, has_any_subfields, is_open

_DATA = b"010"
_SUBJECTS = frozenset(b"600 610 611 630 648 650 651 655".split())


def _closed(tag: bytes) -> FieldDefinition | None:
    """The definition of a data field in which not everything goes."""
    return None if tag < _DATA or has_any_subfields(tag) else definitions().get(tag)


def is_undefined(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A tag that MARC 21 does not define, and that is nobody's own."""
    return tag not in definitions() and not is_open(tag)


def has_undefined_code(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A subfield that MARC 21 does not define in this field."""
    known = _closed(tag)
    return known is not None and any(code and code not in known.many and code not in known.once for code in codes)


def repeats_code(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A subfield that is there twice, though there may be only one."""
    known = _closed(tag)
    return known is not None and any(codes.count(code) > 1 for code in set(codes).intersection(known.once))


@cache
def _once_only() -> frozenset[bytes]:
    return frozenset(tag for tag, known in definitions().items() if not known.repeatable and not is_open(tag))


def stands_alone(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A field of which a record may have only one."""
    return tag in _once_only()


def wrong_indicators(tag: bytes, indicators: bytes) -> list[int]:
    """Which of the two indicators (1, 2) have a value MARC 21 does not give."""
    known = _closed(tag)
    if known is None or len(indicators) < 2:
        return []
    return [number for number, (value, allowed) in enumerate(zip(indicators, known.indicators, strict=True), 1)
            if allowed and value not in allowed]


def has_wrong_indicator(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """An indicator with a value MARC 21 does not give."""
    return bool(wrong_indicators(tag, indicators))


def names_no_source(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A subject whose second indicator promises a $2 that is not there."""
    return indicators[1:] == b"7" and b"2" not in codes and tag in _SUBJECTS


def displays_twice(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A 246 with a display text of its own ($i) and an indicator that asks for another."""
    return tag == b"246" and b"i" in codes and indicators[1:] != b" "


def spans_no_time(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A 045 with formatted dates ($b) whose first indicator says there are none."""
    return tag == b"045" and b"b" in codes and indicators[:1] == b" "


def has_link(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A field with a $6."""
    return b"6" in codes


def has_no_link(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A field in another script with no $6."""
    return tag == b"880" and b"6" not in codes


def cites_authority(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A field with a $0 where MARC 21 says what that is."""
    return b"0" in codes and not is_open(tag)


def anything(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """Any field at all."""
    return True
