"""Rules about elements that must agree: OCLC's "Invalid relationship - when ..., then ...", six in ten of all the validation
errors in the reports we have. Pairing with 880 is linking.py."""

from __future__ import annotations

from collections.abc import Iterator

from oclc_console.marc.lint.rule import MINOR, SEVERE, Hit, Rule
from oclc_console.marc.lint.shapes import displays_twice, names_no_source, spans_no_time
from oclc_console.marc.lint.signs import Reason, Sign, of_leader, when, with_codes, with_tag
from oclc_console.marc.lint.view import View, numbered

_HEAD = "Invalid relationship - when "
_RDA = _HEAD + "{nth_subfield} $e in {nth_field} 040 is equal to rda, then "
_LCGFT = _HEAD + "{nth_subfield} $2 in {nth_field} 655 is equal to lcgft, then "
_SEEN = "BibExceptionReport"
_API = "WorldCat Metadata API (validate); same validation, level not stated there"
_PARTS, _RDA_FORMS = (b"a", b"b"), (b"c", b"i")  # codes of leader/07 and leader/18


def _says_rda(view: View) -> Iterator[Hit]:
    for occurrence, codes, field in view.each(b"040"):
        if b"e" in codes and b"\x1ferda" in field:
            for number, value in numbered(field, b"e"):
                if value.strip() == b"rda":
                    yield Hit(b"040", occurrence, {"nth_subfield": number, "nth_field": occurrence})


def _rda_form(view: View) -> Iterator[Hit]:
    if view.leader[18:19] not in _RDA_FORMS:
        yield from _says_rda(view)


def _rda_content(view: View) -> Iterator[Hit]:
    if not view.has(b"336"):
        yield from _says_rda(view)


def _rda_carrier(view: View) -> Iterator[Hit]:
    if not view.has(b"338"):
        yield from _says_rda(view)


def _rda_medium(view: View) -> Iterator[Hit]:
    title = view.first(b"245")
    if title is not None and b"\x1fh" in title and any(True for _ in _says_rda(view)):
        yield Hit(b"040")


def _lcgft(view: View, code: bytes) -> Iterator[Hit]:
    for occurrence, codes, field in view.each(b"655"):
        if code in codes:
            for number, value in numbered(field, b"2"):
                if value.strip() == b"lcgft":
                    yield Hit(b"655", occurrence, {"nth_subfield": number, "nth_field": occurrence})


def _says_lcgft(field: bytes) -> bool:
    return b"lcgft" in field


def _lcgft_time(view: View) -> Iterator[Hit]:
    return _lcgft(view, b"y")


def _lcgft_place(view: View) -> Iterator[Hit]:
    return _lcgft(view, b"z")


def _host(view: View) -> Iterator[Hit]:
    level = view.leader[7:8]
    if level in _PARTS and not view.is_deleted and not view.has(b"773"):
        yield Hit(b"773", 0, {"level": level.decode()})


def _date_level(view: View) -> Iterator[Hit]:
    if view.leader[7:8] == b"b" and (view.first(b"008") or b"")[6:7] == b"s":
        yield Hit(b"008")


def _date_045(view: View) -> Iterator[Hit]:
    for index in view.shaped(spans_no_time):
        occurrence = view.occurrence(index)
        yield Hit(b"045", occurrence, {"nth_field": occurrence})


def _displayed_246(view: View) -> Iterator[Hit]:
    for index in view.shaped(displays_twice):
        yield Hit(b"246", view.occurrence(index))
        return  # the sentence names no occurrence: once is enough


def _source_named(view: View) -> Iterator[Hit]:
    told: set[bytes] = set()
    for index in view.shaped(names_no_source):
        tag = view.tags[index]
        if tag not in told:
            told.add(tag)
            yield Hit(tag)


_RDA_SAID = Sign(with_codes("040", b"e"), lambda field: b"\x1ferda" in field)
_RDA_FORM, _PART = of_leader(lambda leader: leader[18:19] in _RDA_FORMS), of_leader(lambda leader: leader[7:8] in _PARTS)
_CONTENT, _CARRIER, _MEDIUM = Sign(with_tag("336")), Sign(with_tag("338")), Sign(with_codes("245", b"h"))


def _rda_lacks(sign: Sign) -> Reason:
    return Reason((_RDA_SAID, sign), lambda shown: shown[_RDA_SAID] > 0 and not shown[sign])


_DO_RDA = "Say what was done: leader/18 i (or c), 336, 337 and 338; or take rda out of 040 $e."
_NO_SUBDIVISION = "Take the subdivision out of the 655, or move it to a 6XX of its own (lcgft terms have none)."
RULES = (
    Rule("rda-form", _RDA + "Descriptive Cataloging Form (Leader/18) must equal c or i.", MINOR, _SEEN, _DO_RDA, _rda_form,
         reason=_rda_lacks(_RDA_FORM)),
    Rule("rda-content", _RDA + "336 must be present.", MINOR, _SEEN, _DO_RDA, _rda_content,
         reason=_rda_lacks(_CONTENT)),
    Rule("rda-carrier", _RDA + "338 must be present.", MINOR, _SEEN, _DO_RDA, _rda_carrier,
         reason=_rda_lacks(_CARRIER)),
    Rule("rda-medium", _HEAD + "$h in 245 is present, then $e in 040 must not be equal to rda.", MINOR, _API,
         "Take $h out of 245: RDA says it in 336 to 338.", _rda_medium,
         reason=Reason((_RDA_SAID, _MEDIUM), lambda shown: shown[_RDA_SAID] > 0 and shown[_MEDIUM] > 0)),
    Rule("lcgft-time", _LCGFT + "$y in 655 must not be present.", MINOR, _SEEN, _NO_SUBDIVISION, _lcgft_time,
         reason=when(Sign(with_codes("655", b"2y"), _says_lcgft))),
    Rule("lcgft-place", _LCGFT + "$z in 655 must not be present.", MINOR, _SEEN, _NO_SUBDIVISION, _lcgft_place,
         reason=when(Sign(with_codes("655", b"2z"), _says_lcgft))),
    Rule("component-host", _HEAD + "Bibliographic Level (Leader/07) is equal to {level}, then 773 must be present.", MINOR,
         _SEEN, "Name the host in 773, or set leader/07 to what the record describes.", _host, reason=when(_PART)),
    Rule("date-level", _HEAD + "Type of Date/Publication Status (008/06) is equal to s, then Bibliographic Level (Leader/07) "
         "must not be equal to b.", SEVERE, _SEEN, "A serial part has dates c, d or u in 008/06.", _date_level,
         reason=when(_PART)),
    Rule("span-of-time", _HEAD + "indicator 1 in {nth_field} 045 is equal to blank, then $b in 045 must not be present.",
         MINOR, _SEEN, "Set the first indicator of 045 (0 one date, 1 several, 2 a range).", _date_045,
         reason=when(Sign(spans_no_time))),
    Rule("variant-display", _HEAD + "$i in 246 is present, then indicator 2 in 246 must equal blank.", MINOR, _SEEN,
         "Blank the second indicator of 246, or take $i out.", _displayed_246,
         reason=when(Sign(displays_twice))),
    Rule("source-named", _HEAD + "indicator 2 in {tag} is equal to 7, then $2 in {tag} must be present.", MINOR,
         _API + "; seen for 655, inferred for the other 6XX",
         "Name the vocabulary in $2, or set the indicator that says which it is.", _source_named,
         reason=when(Sign(names_no_source))),
)
