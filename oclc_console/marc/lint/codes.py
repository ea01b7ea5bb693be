"""Rules about codes that must come from a list: vocabularies and rules named in $2 and 040 $e, languages, countries.

The Library of Congress' list of source codes is in no package we could derive it from, and a copy typed by hand would
pretend to be complete. So `source-code` only calls invalid what cannot be a code at all (capitals, blanks, punctuation,
nothing), or is one slip away from a code everybody uses; a code that is merely not known here is a NOTICE. A code that is
well formed and wrong goes unseen: OCLC, which has the list, will tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from oclc_console.marc.lint.marc21 import codes
from oclc_console.marc.lint.rule import MINOR, NOTICE, SEVERE, Hit, Rule
from oclc_console.marc.lint.signs import Sign, when, with_codes, with_tag
from oclc_console.marc.lint.view import View, numbered
from oclc_console.marc.record import text_of

# As ISO and LoC form them; what follows a slash is a version or an agency (jlabsh/4, fast/NIC/NAC).
_CODE = re.compile(rb"[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:/[A-Za-z0-9./-]+)?")
# Vocabularies met in the subject fields of some 1,800 records as OCLC itself delivered them, and in OCLC's reports.
_FAMILIAR = frozenset(
    b"aat abne bisacsh embne fast gnd gsafd gtt homoit itoamc jlabsh lcgft lcsh local mesh nli ram rbbin rbgenr rbmscv rvmgf "
    b"sao sears swd tgfbne unbist".split()
)
_SUBJECTS = frozenset(b"600 610 611 630 647 648 650 651 655".split())
_CONTENT = frozenset(b"336 337 338".split())
_SOURCES = _SUBJECTS | _CONTENT
_LONG = 4  # in shorter codes one letter more or less may make another real code


def _names_source(tag: bytes, codes_: bytes, indicators: bytes) -> bool:
    return b"2" in codes_ and tag in _SOURCES


def _unfamiliar(field: bytes) -> list[tuple[int, bytes]]:
    """(occurrence, value) of every $2 of a field that is not plainly fine."""
    return [(number, value) for number, value in numbered(field, b"2") if not _is_familiar(value)]


def _is_familiar(value: bytes) -> bool:
    root = value.partition(b"/")[0]
    return _CODE.fullmatch(value) is not None and (root in _FAMILIAR or root.startswith(b"rda"))


def _odd_sources(view: View) -> Iterator[tuple[int, int, bytes]]:
    """(place in the record, occurrence, value) of every $2 in 6XX and 33X that is not plainly fine."""
    for index in view.shaped(_names_source):
        for number, value in _unfamiliar(view.fields[index]):
            yield index, number, value


def _odd_codes(fixed: bytes) -> bool:
    """Whether an 008 has another place or language than one of the lists."""
    return fixed[15:18] not in _places() or fixed[35:38] not in codes("language")


@cache
def _places() -> frozenset[bytes]:
    return frozenset(code.ljust(3) for code in codes("country"))


def _invalid_source(view: View) -> Iterator[Hit]:
    for index, number, value in _odd_sources(view):
        tag = view.tags[index]
        if not _CODE.fullmatch(value) or (tag in _SUBJECTS and _slip(value)):
            occurrence = view.occurrence(index)
            yield Hit(tag, occurrence, {"nth_subfield": number, "nth_field": occurrence})


def _unknown_source(view: View) -> Iterator[Hit]:
    for index, number, value in _odd_sources(view):
        tag = view.tags[index]
        if tag in _SUBJECTS and _CODE.fullmatch(value) and not _slip(value):
            occurrence = view.occurrence(index)
            yield Hit(tag, occurrence,
                      {"nth_subfield": number, "nth_field": occurrence, "value": text_of(value)})


@lru_cache(maxsize=1000)
def _slip(value: bytes) -> bool:
    """Whether a code is a familiar one with a letter doubled, or (a long one) a letter more, fewer or swapped."""
    if value in _FAMILIAR:
        return False
    places = range(len(value))
    undoubled = {value[:at] + value[at + 1 :] for at in places if value[at : at + 1] == value[at + 1 : at + 2]}
    shorter = {value[:at] + value[at + 1 :] for at in places}
    swapped = {value[:at] + value[at + 1 : at + 2] + value[at : at + 1] + value[at + 2 :] for at in places}
    return (
        not undoubled.isdisjoint(_FAMILIAR)
        or any(code in shorter for code in _FAMILIAR if len(code) >= _LONG)
        or any(code in swapped for code in _FAMILIAR if len(code) >= _LONG)
        or any(code[:at] + code[at + 1 :] == value for code in _FAMILIAR if len(code) > _LONG for at in range(len(code)))
    )


def _no_rules(field: bytes) -> list[int]:
    """Which $e of a 040 can't be a code."""
    return [number for number, value in numbered(field, b"e") if not _CODE.fullmatch(value.strip())]


def _rules_code(view: View) -> Iterator[Hit]:
    for occurrence, _, field in view.each(b"040"):
        for number in _no_rules(field):
            yield Hit(b"040", occurrence, {"nth_subfield": number, "nth_field": occurrence})


def _no_language(field: bytes) -> list[int]:
    """Which $b of a 040 are no language, unless one of them is English."""
    if b"\x1fbeng" in field:
        return []
    return [number for number, value in numbered(field, b"b") if value.strip() not in codes("language")]


def _catalogue_language(view: View) -> Iterator[Hit]:
    for occurrence, _, field in view.each(b"040"):
        for number in _no_language(field):
            yield Hit(b"040", occurrence, {"nth_subfield": number, "nth_field": occurrence})


def _country(view: View) -> Iterator[Hit]:
    fixed = view.first(b"008")
    if fixed is not None and len(fixed) >= 38 and fixed[15:18].rstrip() not in (codes("country") | {b"", b"|||"}):
        yield Hit(b"008")


def _language(view: View) -> Iterator[Hit]:
    fixed = view.first(b"008")
    if fixed is not None and len(fixed) >= 38 and fixed[35:38] not in (codes("language") | {b"   ", b"|||", b"zxx"}):
        yield Hit(b"008")


_UNFAMILIAR = when(Sign(_names_source, _unfamiliar))
_ODD_CODES = when(Sign(with_tag("008"), _odd_codes))
_INVALID = "Invalid code in "
RULES = (
    Rule("source-code", _INVALID + "{nth_subfield} $2 in {nth_field} {tag}.", SEVERE,
         "BibExceptionReport; judged: what can't be a code, or is one slip away from one in everyday use (LoC's list is in no "
         "package)", "Write the code as LoC's Subject Heading and Term Source Codes has it, or set indicator 2 to 4.",
         _invalid_source, reason=_UNFAMILIAR),
    Rule("source-unfamiliar", "{nth_subfield} $2 in {nth_field} {tag} says {value}, a code not met here before; check that it "
         "is on LoC's list.", NOTICE, "The codes in records OCLC delivered; a short list, known to be incomplete",
         "Look it up in LoC's Subject Heading and Term Source Codes; OCLC calls a code it does not know invalid (SEVERE).",
         _unknown_source, words="ours", reason=_UNFAMILIAR),
    Rule("rules-code", _INVALID + "{nth_subfield} $e in {nth_field} 040.", MINOR,
         "MARC 21, 040 $e; judged: what can't be a code. The sentence is seen for $2 only",
         "Write the code as LoC's Description Convention Source Codes has it.", _rules_code, words="inferred",
         reason=when(Sign(with_codes("040", b"e"), _no_rules))),
    Rule("catalogue-language", _INVALID + "{nth_subfield} $b in {nth_field} 040.", MINOR,
         "MARC 21, 040 $b, against MARC's language codes. The sentence is seen for $2 only",
         "Write MARC's three-letter code of the language of cataloguing.", _catalogue_language, words="inferred",
         reason=when(Sign(with_codes("040", b"b"), _no_language))),
    Rule("country-code", _INVALID + "Country of Publication (008/15-17).", MINOR,
         "OCLC's common errors (capitals, blanks), against MARC's country codes. The element's name is inferred",
         "Write MARC's country code in small letters, xx when it is not known.", _country, words="inferred",
         reason=_ODD_CODES),
    Rule("language-code", _INVALID + "Language Code (008/35-37).", MINOR,
         "OCLC's common errors (capitals), against MARC's language codes. The element's name is inferred",
         "Write MARC's language code in small letters, und or zxx when there is none.", _language, words="inferred",
         reason=_ODD_CODES),
)
