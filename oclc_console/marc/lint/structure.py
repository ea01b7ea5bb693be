"""Rules about fields and subfields that MARC 21 does not define, or defines once only. What is defined is marc21.py; what
makes these rules quick is shapes.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from oclc_console.marc.lint.marc21 import definitions, has_any_subfields, is_open
from oclc_console.marc.lint.rule import CRITICAL, MINOR, SEVERE, Hit, Rule
from oclc_console.marc.lint.shapes import odd_places, odd_shape, wrong_indicators
from oclc_console.marc.lint.view import View, numbered
from oclc_console.marc.record import text_of

_CONTROL = bytes(set(range(0x20)) - {0x1B, 0x1D, 0x1E, 0x1F}) + b"\x7f"  # 0x1b begins a MARC-8 escape
_GOOD_0 = re.compile(rb"\s*(?:\([^()]+\)\S|https?://\S|\w+:\S).*", re.DOTALL)


def _undefined_tag(view: View) -> Iterator[Hit]:
    told: set[bytes] = set()
    for index in view.once(odd_places):
        tag = view.tags[index]
        if tag not in definitions() and not is_open(tag) and tag not in told:
            told.add(tag)
            yield Hit(tag)


def _undefined_subfield(view: View) -> Iterator[Hit]:
    for index in view.once(odd_places):
        tag = view.tags[index]
        known = definitions().get(tag)
        if known is None or has_any_subfields(tag):
            continue
        seen: dict[int, int] = {}
        for code in view.codes[index]:
            seen[code] = seen.get(code, 0) + 1
            if code and code not in known.many and code not in known.once:
                occurrence = view.occurrence(index)
                yield Hit(tag, occurrence, {"nth_subfield": seen[code], "nth_field": occurrence,
                                            "code": text_of(bytes((code,)), utf8=False)})


def _repeated_subfield(view: View) -> Iterator[Hit]:
    told: set[tuple[bytes, int]] = set()  # the sentence names no occurrence: once for a tag is enough
    for index in view.once(odd_places):
        tag, codes = view.tags[index], view.codes[index]
        known = definitions().get(tag)
        for code in sorted(set(codes)) if known and not has_any_subfields(tag) else ():
            if known and code in known.once and codes.count(code) > 1 and (tag, code) not in told:
                told.add((tag, code))
                yield Hit(tag, view.occurrence(index), {"code": chr(code)})


def _repeats(view: View) -> bool:
    once = list(filter(_once_only().__contains__, view.tags))
    return len(set(once)) != len(once)


@cache
def _once_only() -> frozenset[bytes]:
    return frozenset(tag for tag, known in definitions().items() if not known.repeatable and not is_open(tag))


def _repeated_field(view: View) -> Iterator[Hit]:
    for tag in dict.fromkeys(view.tags):
        if tag in _once_only() and view.tags.count(tag) > 1:
            yield Hit(tag)


def _indicators(view: View) -> Iterator[Hit]:
    told: set[tuple[bytes, int]] = set()  # the sentence names no occurrence: once for a tag is enough
    for index in view.once(odd_places):
        tag = view.tags[index]
        for indicator in wrong_indicators(tag, view.fields[index][:2]):
            if (tag, indicator) not in told:
                told.add((tag, indicator))
                yield Hit(tag, 0, {"indicator": str(indicator)})


def _format_0(view: View) -> Iterator[Hit]:
    for index, (tag, codes) in enumerate(zip(view.tags, view.codes, strict=True)):
        if b"0" in codes and not is_open(tag):
            for number, value in numbered(view.fields[index], b"0"):
                if not _GOOD_0.fullmatch(value):
                    yield Hit(tag, view.occurrence(index), {"nth_subfield": number})


def _characters(view: View) -> Iterator[Hit]:
    for index, field in enumerate(view.fields):
        if len(field.translate(None, _CONTROL)) != len(field):
            yield Hit(view.tags[index], view.occurrence(index))


def _odd_link(view: View) -> bool:
    return b"0" in view.all_codes and not all(_GOOD_0.fullmatch(part, 1) for part in view.with_code(b"0"))


def _some_control(view: View) -> bool:
    return len(view.body.translate(None, _CONTROL)) != len(view.body)


_LOC = "LoC's MARC 21 bibliographic format, by marctable's Avram schema with its holes filled (marc21.json)"
RULES = (
    Rule("tag-undefined", "Invalid tag {tag}.", MINOR, f"Seen in another library's program, level inferred; {_LOC}",
         "Take the field out of what is published, or use a local tag (9XX).", _undefined_tag, gate=odd_shape),
    Rule("subfield-undefined", "Invalid subfield {nth_subfield} ${code} in {nth_field} {tag}.", SEVERE,
         f"BibExceptionReport; {_LOC}",
         "Take the subfield out of what is published (some libraries ignore this for $0).", _undefined_subfield,
         gate=odd_shape),
    Rule("subfield-repeated", "${code} in {tag} occurs too many times.", SEVERE, f"BibExceptionReport; {_LOC}",
         "Join the two, or move one to the subfield it belongs in.", _repeated_subfield,
         gate=odd_shape),
    Rule("field-repeated", "{tag} occurs too many times.", SEVERE, f"Inferred from the sentence for subfields; {_LOC}",
         "Keep the right one.", _repeated_field, words="inferred", gate=_repeats),
    Rule("indicator-code", "Invalid code in indicator {indicator} in {tag}.", MINOR,
         "WorldCat Metadata API (validate), level not stated there; indicators by MARC::Lint (marc21.json)",
         "Set the indicator to a value MARC 21 gives for this field.", _indicators, gate=odd_shape),
    Rule("authority-link", "{nth_subfield} $0 in {tag} is in the wrong format.", MINOR,
         "WorldCat Metadata API (validate); judged: no (agency) in front and no URI",
         "Write (agency)number or the whole URI.", _format_0, gate=_odd_link),
    Rule("characters", "invalid_characters_present", CRITICAL,
         "BibExceptionReport, a Data Error: OCLC gives no level and refuses the whole record. Judged: control characters",
         "Take the control character out (pasted text brings them in).", _characters, any_format=True, gate=_some_control),
)
