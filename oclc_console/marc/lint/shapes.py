"""The shape of a field: its tag, its subfield codes and its indicators, without a word of what it says. Many rules ask for
no more, and records hold the same few shapes again and again: a shape is judged once and remembered, so that most records
are settled by one comparison of sets. What is wrong with an odd shape is for the rules (structure.py, relationships.py,
linking.py)."""

from __future__ import annotations

from oclc_console.marc.lint.marc21 import definitions, has_any_subfields, is_open
from oclc_console.marc.lint.view import View

_LIMIT = 200_000  # shapes remembered; wild data must not fill the memory
_DATA = b"010"
_SUBJECTS = frozenset(b"600 610 611 630 648 650 651 655".split())
Shape = tuple[bytes, bytes, bytes]  # tag, subfield codes, indicators
_fine: set[Shape] = set()


def odd_shape(view: View) -> bool:
    """Whether a field has a shape that one of the rules about shapes objects to."""
    indicators = [field[:2] for field in view.fields]
    if _fine.issuperset(zip(view.tags, view.codes, indicators, strict=True)):
        return False
    fresh = {*zip(view.tags, view.codes, indicators, strict=True)} - _fine
    fine = {shape for shape in fresh if _is_fine(*shape)}
    if len(_fine) > _LIMIT:
        _fine.clear()
    _fine.update(fine)
    return len(fine) < len(fresh)


def odd_places(view: View) -> list[int]:
    """The places in the record of the fields with an odd shape."""
    shapes = enumerate(zip(view.tags, view.codes, view.fields, strict=True))
    return [index for index, (tag, codes, field) in shapes if not _remembered(tag, codes, field[:2])]


def _remembered(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    return (tag, codes, indicators) in _fine or _is_fine(tag, codes, indicators)


def _is_fine(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    return (
        is_defined(tag, codes)
        and not wrong_indicators(tag, indicators)
        and not names_no_source(tag, codes, indicators)
        and not displays_twice(tag, codes, indicators)
        and not spans_no_time(tag, codes, indicators)
        and (tag != b"880" or b"6" in codes)
    )


def is_defined(tag: bytes, codes: bytes) -> bool:
    """Whether MARC 21 defines the tag, and each code there, as often as it stands there."""
    known = definitions().get(tag)
    if known is None:
        return is_open(tag)
    if has_any_subfields(tag) or tag < _DATA:
        return True
    return all(code in known.many or (code in known.once and codes.count(code) == 1) for code in codes if code)


def wrong_indicators(tag: bytes, indicators: bytes) -> list[int]:
    """Which of the two indicators (1, 2) have a value MARC 21 does not give."""
    known = definitions().get(tag)
    if known is None or tag < _DATA or has_any_subfields(tag) or len(indicators) < 2:
        return []
    return [number for number, (value, allowed) in enumerate(zip(indicators, known.indicators, strict=True), 1)
            if allowed and value not in allowed]


def names_no_source(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A subject whose second indicator promises a $2 that is not there."""
    return indicators[1:] == b"7" and b"2" not in codes and tag in _SUBJECTS


def displays_twice(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A 246 with a display text of its own ($i) and an indicator that asks for another."""
    return tag == b"246" and b"i" in codes and indicators[1:] != b" "


def spans_no_time(tag: bytes, codes: bytes, indicators: bytes) -> bool:
    """A 045 with formatted dates ($b) whose first indicator says there are none."""
    return tag == b"045" and b"b" in codes and indicators[:1] == b" "
