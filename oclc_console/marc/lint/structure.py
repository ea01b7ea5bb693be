"""Rules about fields and subfields that MARC 21 does not define, or defines once only. What is defined is marc21.py; the
shapes that are told about here are found by shapes.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

from oclc_console.marc.lint.marc21 import definitions
from oclc_console.marc.lint.rule import CRITICAL, MINOR, SEVERE, Hit, Rule
from oclc_console.marc.lint.shapes import (
    anything,
    cites_authority,
    has_undefined_code,
    has_wrong_indicator,
    is_undefined,
    repeats_code,
    stands_alone,
    wrong_indicators,
)
from oclc_console.marc.lint.signs import Reason, Sign, when
from oclc_console.marc.lint.view import View, numbered
from oclc_console.marc.record import text_of

_CONTROL = 0
_CONTROL_ALIKE = bytes(  # every control character becomes 0; 0x1b is none, it begins a MARC-8 escape
    code if 0x20 <= code != 0x7F or code in (0x1B, 0x1D, 0x1E, 0x1F) else _CONTROL for code in range(256))
_GOOD_0 = re.compile(rb"\s*(?:\([^()]+\)\S|https?://\S|\w+:\S).*", re.DOTALL)


def _undefined_tag(view: View) -> Iterator[Hit]:
    told: set[bytes] = set()
    for index in view.shaped(is_undefined):
        tag = view.tags[index]
        if tag not in told:
            told.add(tag)
            yield Hit(tag)


def _undefined_subfield(view: View) -> Iterator[Hit]:
    for index in view.shaped(has_undefined_code):
        tag = view.tags[index]
        known = definitions()[tag]
        seen: dict[int, int] = {}
        for code in view.codes[index]:
            seen[code] = seen.get(code, 0) + 1
            if code and code not in known.many and code not in known.once:
                occurrence = view.occurrence(index)
                yield Hit(tag, occurrence, {"nth_subfield": seen[code], "nth_field": occurrence,
                                            "code": text_of(bytes((code,)), utf8=False)})


def _repeated_subfield(view: View) -> Iterator[Hit]:
    told: set[tuple[bytes, int]] = set()  # the sentence names no occurrence: once for a tag is enough
    for index in view.shaped(repeats_code):
        tag, codes = view.tags[index], view.codes[index]
        for code in sorted(set(codes).intersection(definitions()[tag].once)):
            if codes.count(code) > 1 and (tag, code) not in told:
                told.add((tag, code))
                yield Hit(tag, view.occurrence(index), {"code": chr(code)})


def _repeated_field(view: View) -> Iterator[Hit]:
    alone = [view.tags[index] for index in view.shaped(stands_alone)]
    for tag in dict.fromkeys(alone):
        if alone.count(tag) > 1:
            yield Hit(tag)


def _indicators(view: View) -> Iterator[Hit]:
    told: set[tuple[bytes, int]] = set()  # the sentence names no occurrence: once for a tag is enough
    for index in view.shaped(has_wrong_indicator):
        tag = view.tags[index]
        for indicator in wrong_indicators(tag, view.fields[index][:2]):
            if (tag, indicator) not in told:
                told.add((tag, indicator))
                yield Hit(tag, 0, {"indicator": str(indicator)})


def _odd_authorities(field: bytes) -> list[int]:
    """Which $0 of a field are in no format."""
    return [number for number, value in numbered(field, b"0") if not _GOOD_0.fullmatch(value)]


def _format_0(view: View) -> Iterator[Hit]:
    for index in view.shaped(cites_authority):
        for number in _odd_authorities(view.fields[index]):
            yield Hit(view.tags[index], view.occurrence(index), {"nth_subfield": number})


def _has_control(field: bytes) -> bool:
    return _CONTROL in field.translate(_CONTROL_ALIKE)


def _characters(view: View) -> Iterator[Hit]:
    for index, field in enumerate(view.fields):
        if _has_control(field):
            yield Hit(view.tags[index], view.occurrence(index))


_ALONE = Sign(stands_alone, each_tag=True)
_LOC = "LoC's MARC 21 bibliographic format, by marctable's Avram schema with its holes filled (marc21.json)"
RULES = (
    Rule("tag-undefined", "Invalid tag {tag}.", MINOR, f"Seen in another library's program, level inferred; {_LOC}",
         "Take the field out of what is published, or use a local tag (9XX).", _undefined_tag,
         reason=when(Sign(is_undefined))),
    Rule("subfield-undefined", "Invalid subfield {nth_subfield} ${code} in {nth_field} {tag}.", SEVERE,
         f"BibExceptionReport; {_LOC}",
         "Take the subfield out of what is published (some libraries ignore this for $0).", _undefined_subfield,
         reason=when(Sign(has_undefined_code))),
    Rule("subfield-repeated", "${code} in {tag} occurs too many times.", SEVERE, f"BibExceptionReport; {_LOC}",
         "Join the two, or move one to the subfield it belongs in.", _repeated_subfield,
         reason=when(Sign(repeats_code))),
    Rule("field-repeated", "{tag} occurs too many times.", SEVERE, f"Inferred from the sentence for subfields; {_LOC}",
         "Keep the right one.", _repeated_field, words="inferred",
         reason=Reason((_ALONE,), lambda shown: shown[_ALONE] > 1)),
    Rule("indicator-code", "Invalid code in indicator {indicator} in {tag}.", MINOR,
         "WorldCat Metadata API (validate), level not stated there; indicators by MARC::Lint (marc21.json)",
         "Set the indicator to a value MARC 21 gives for this field.", _indicators,
         reason=when(Sign(has_wrong_indicator))),
    Rule("authority-link", "{nth_subfield} $0 in {tag} is in the wrong format.", MINOR,
         "WorldCat Metadata API (validate); judged: no (agency) in front and no URI",
         "Write (agency)number or the whole URI.", _format_0,
         reason=when(Sign(cites_authority, _odd_authorities))),
    Rule("characters", "invalid_characters_present", CRITICAL,
         "BibExceptionReport, a Data Error: OCLC gives no level and refuses the whole record. Judged: control characters",
         "Take the control character out (pasted text brings them in).", _characters, any_format=True,
         reason=when(Sign(anything, _has_control, in_controls=True))),
)
