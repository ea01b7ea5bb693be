"""Rules about codes that must come from a list: vocabularies and rules named in $2 and 040 $e, languages, countries.

The Library of Congress' list of source codes is in no package we could derive it from, and a copy typed by hand would
pretend to be complete. So `source-code` only calls invalid what cannot be a code at all (capitals, blanks, punctuation,
nothing), or is one slip away from a code everybody uses; a code that is merely not known here is a NOTICE. A code that is
well formed and wrong goes unseen: OCLC, which has the list, will tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from oclc_console.marc.lint.marc21 import codes
from oclc_console.marc.lint.rule import MINOR, NOTICE, SEVERE, Hit, Rule
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
_DEWEY = (b"082", b"083", b"092")
_EDITION = re.compile(rb"2\d\d(?:/\w+)?")
_LONG = 4  # in shorter codes one letter more or less may make another real code
_LIMIT = 4096
_fine: set[bytes] = set()
_fine_040: set[bytes] = set()


def _odd_sources(view: View) -> Iterator[tuple[int, int, bytes]]:
    """(place in the record, occurrence, value) of every $2 in 6XX and 33X that is not plainly fine."""
    for index, (tag, codes_) in enumerate(zip(view.tags, view.codes, strict=True)):
        if b"2" not in codes_ or tag not in _SOURCES:
            continue
        for number, value in numbered(view.fields[index], b"2"):
            if not _is_familiar(b"2" + value):
                yield index, number, value


def _is_familiar(part: bytes) -> bool:
    """Whether a $2 (its code in front) is plainly fine. What was found fine is remembered: records say it again and again."""
    if part in _fine:
        return True
    root = part[1:].partition(b"/")[0]
    fine = _CODE.fullmatch(part[1:]) is not None and (root in _FAMILIAR or root.startswith(b"rda"))
    if fine and len(_fine) < _LIMIT:
        _fine.add(part)
    return fine


def _some_odd_source(view: View) -> bool:
    """Whether a $2 is there that is neither plainly fine nor the edition of a Dewey number."""
    editions = 0
    for part in view.with_code(b"2"):
        if part not in _fine and not _is_familiar(part):
            if not _EDITION.fullmatch(part):
                return True
            editions += 1
    return editions > 0 and editions != sum(codes_.count(b"2") for tag in _DEWEY for _, codes_, _ in view.each(tag))


def _odd_040(view: View) -> bool:
    """Whether a 040 is there that was not judged fine before."""
    if view.tags.count(b"040") == 1 and view.first(b"040") in _fine_040:
        return False
    odd = any(True for check in (_rules_code, _catalogue_language) for _ in check(view))
    if not odd and view.tags.count(b"040") == 1 and len(_fine_040) < _LIMIT:
        _fine_040.add(view.first(b"040") or b"")
    return odd


def _odd_008(view: View) -> bool:
    fixed = view.first(b"008") or b""
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


def _rules_code(view: View) -> Iterator[Hit]:
    for occurrence, codes_, field in view.each(b"040"):
        if b"e" in codes_:
            for number, value in numbered(field, b"e"):
                if not _CODE.fullmatch(value.strip()):
                    yield Hit(b"040", occurrence, {"nth_subfield": number, "nth_field": occurrence})


def _catalogue_language(view: View) -> Iterator[Hit]:
    for occurrence, codes_, field in view.each(b"040"):
        if b"b" in codes_ and b"\x1fbeng" not in field:
            for number, value in numbered(field, b"b"):
                if value.strip() not in codes("language"):
                    yield Hit(b"040", occurrence, {"nth_subfield": number, "nth_field": occurrence})


def _country(view: View) -> Iterator[Hit]:
    fixed = view.first(b"008")
    if fixed is not None and len(fixed) >= 38 and fixed[15:18].rstrip() not in (codes("country") | {b"", b"|||"}):
        yield Hit(b"008")


def _language(view: View) -> Iterator[Hit]:
    fixed = view.first(b"008")
    if fixed is not None and len(fixed) >= 38 and fixed[35:38] not in (codes("language") | {b"   ", b"|||", b"zxx"}):
        yield Hit(b"008")


_INVALID = "Invalid code in "
RULES = (
    Rule("source-code", _INVALID + "{nth_subfield} $2 in {nth_field} {tag}.", SEVERE,
         "BibExceptionReport; judged: what can't be a code, or is one slip away from one in everyday use (LoC's list is in no "
         "package)", "Write the code as LoC's Subject Heading and Term Source Codes has it, or set indicator 2 to 4.",
         _invalid_source, gate=_some_odd_source),
    Rule("source-unfamiliar", "{nth_subfield} $2 in {nth_field} {tag} says {value}, a code not met here before; check that it "
         "is on LoC's list.", NOTICE, "The codes in records OCLC delivered; a short list, known to be incomplete",
         "Look it up in LoC's Subject Heading and Term Source Codes; OCLC calls a code it does not know invalid (SEVERE).",
         _unknown_source, words="ours", gate=_some_odd_source),
    Rule("rules-code", _INVALID + "{nth_subfield} $e in {nth_field} 040.", MINOR,
         "MARC 21, 040 $e; judged: what can't be a code. The sentence is seen for $2 only",
         "Write the code as LoC's Description Convention Source Codes has it.", _rules_code, words="inferred",
         gate=_odd_040),
    Rule("catalogue-language", _INVALID + "{nth_subfield} $b in {nth_field} 040.", MINOR,
         "MARC 21, 040 $b, against MARC's language codes. The sentence is seen for $2 only",
         "Write MARC's three-letter code of the language of cataloguing.", _catalogue_language, words="inferred",
         gate=_odd_040),
    Rule("country-code", _INVALID + "Country of Publication (008/15-17).", MINOR,
         "OCLC's common errors (capitals, blanks), against MARC's country codes. The element's name is inferred",
         "Write MARC's country code in small letters, xx when it is not known.", _country, words="inferred", gate=_odd_008),
    Rule("language-code", _INVALID + "Language Code (008/35-37).", MINOR,
         "OCLC's common errors (capitals), against MARC's language codes. The element's name is inferred",
         "Write MARC's language code in small letters, und or zxx when there is none.", _language, words="inferred",
         gate=_odd_008),
)
