"""Rules about positions: the leader, 006, 007 and 008. Codes from LoC's lists for country and language are codes.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

from oclc_console.marc.lint.marc21 import codes
from oclc_console.marc.lint.rule import MINOR, SEVERE, Check, Hit, Rule
from oclc_console.marc.lint.signs import Reason, Sign, of_leader, unless, when, with_tag
from oclc_console.marc.lint.view import View

_WHOLE = 40  # characters of an 008, whatever the material (MARC 21)
_WHOLE_006 = 18
_OCLC_LEVELS = frozenset((b"E", b"I", b"J", b"K", b"L", b"M"))  # OCLC's own encoding levels (Bibliographic Formats)
_OLD_FORMS = frozenset((b"p", b"r"))  # leader/18, made obsolete in MARC and found in old records
_ILLUSTRATIONS = re.compile(rb"[abcdefghijklmop]{0,4} {0,4}|\|{4}")  # MARC 21, 008/18-21 of books: codes first, then blanks
_MODIFIED = (b" ", b"d", b"o", b"r", b"s", b"x", b"|")  # MARC 21, 008/38
_BOOKS = frozenset(b"aa ac ad am ta tc td tm".split())  # leader/06-07 of what has a book's 008
_SHORT_DATE = re.compile(rb"(?=.*[0-9u])(?=.*[ ]).{4}")  # some of its digits, and blanks where the others belong
_SIGN = re.compile(b"#")
_DETAILED = b"e"  # 008/06 e: month and day in date 2, where blanks are lawful
# An 008 that no rule of this file can have anything to say about, of books and of any other material:
_HEAD = rb".{6}[bcdeikmnpqrstu|](?:[0-9u|]{4}| {4}){2}.{3}"
_TAIL = rb".{16}[ dorsx|]."
_GOOD_008_OF_BOOKS = re.compile(_HEAD + rb"(?: {4}|a {3}|ab {2}|\|{4})" + _TAIL, re.DOTALL)
_GOOD_008 = re.compile(_HEAD + rb".{4}" + _TAIL, re.DOTALL)


def _leader_code(position: int, allowed: str, also: frozenset[bytes] = frozenset()) -> tuple[Check, Reason]:
    """The check of a code in the leader, and when to ask it."""

    def is_odd(leader: bytes) -> bool:
        code = leader[position : position + 1]
        return code not in also and code not in codes(allowed)

    def check(view: View) -> Iterator[Hit]:
        if is_odd(view.leader):
            yield Hit(b"LDR")

    return check, when(of_leader(is_odd))


def _missing(view: View) -> Iterator[Hit]:
    if not view.has(b"008") and not view.is_deleted:
        yield Hit(b"008")


def _length(view: View) -> Iterator[Hit]:
    fixed = view.first(b"008")
    if fixed is not None and len(fixed) != _WHOLE:
        yield Hit(b"008", 1, {"count": str(len(fixed))})


def _length_006(view: View) -> Iterator[Hit]:
    for occurrence, _, field in view.each(b"006"):
        if len(field) != _WHOLE_006:
            yield Hit(b"006", occurrence, {"nth_field": occurrence, "count": str(len(field))})


def _number_signs(view: View) -> Iterator[Hit]:
    if b"#" in view.leader:
        yield Hit(b"LDR", 0, {"places": _places(view.leader)})
    for tag in (b"006", b"007", b"008"):
        for occurrence, _, field in view.each(tag):
            if b"#" in field:
                yield Hit(tag, occurrence, {"places": _places(field)})


def _places(field: bytes) -> str:
    found = [at for at, byte in enumerate(field) if byte == 0x23]
    return ", ".join(f"{at:02}" for at in found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def _date_type(view: View) -> Iterator[Hit]:
    fixed = view.first(b"008")
    if fixed is not None and len(fixed) == _WHOLE and fixed[6:7] not in codes("008/06"):
        yield Hit(b"008")


def _short_date_1(view: View) -> Iterator[Hit]:
    fixed = view.first(b"008")
    if fixed is not None and _SHORT_DATE.fullmatch(fixed, 7, 11):
        yield Hit(b"008")


def _short_date_2(view: View) -> Iterator[Hit]:
    fixed = view.first(b"008")
    if fixed is not None and _SHORT_DATE.fullmatch(fixed, 11, 15) and fixed[6:7] != _DETAILED:
        yield Hit(b"008")


def _illustrations(view: View) -> Iterator[Hit]:
    if view.leader[6:8] in _BOOKS:
        fixed = view.first(b"008")
        if fixed is not None and len(fixed) == _WHOLE:
            found = fixed[18:22]
            once = found.rstrip()
            if not _ILLUSTRATIONS.fullmatch(found) or (once.isalpha() and len(set(once)) != len(once)):
                yield Hit(b"008")


def _modified(view: View) -> Iterator[Hit]:
    fixed = view.first(b"008")
    if fixed is not None and len(fixed) == _WHOLE and fixed[38:39] not in _MODIFIED:
        yield Hit(b"008")


_type, _odd_type = _leader_code(6, "leader/06")
_level, _odd_level = _leader_code(7, "leader/07")
_encoding, _odd_encoding = _leader_code(17, "leader/17", _OCLC_LEVELS)
_form, _odd_form = _leader_code(18, "leader/18", _OLD_FORMS)
_FIXED, _OF_BOOK = Sign(with_tag("008")), of_leader(lambda leader: leader[6:8] in _BOOKS)
_FINE_IN_BOOK = Sign(with_tag("008"), _GOOD_008_OF_BOOKS.fullmatch)
_NO_008 = Reason((_FIXED,), lambda shown: not shown[_FIXED])
_ODD_008 = unless(_GOOD_008.fullmatch, with_tag("008"))
_ODD_BOOK = Reason(
    (_FIXED, _FINE_IN_BOOK, _OF_BOOK), lambda shown: shown[_OF_BOOK] > 0 and shown[_FIXED] > shown[_FINE_IN_BOOK])
_NUMBER_SIGN = when(Sign(with_tag("006", "007", "008"), _SIGN.search), of_leader(_SIGN.search))
_INVALID = "Invalid code in "
_PATTERN = "MARC 21; the sentence is OCLC's pattern, seen for other elements"
_LIST = "Take a code from MARC 21's list for this position."
RULES = (
    Rule("record-type", _INVALID + "Type of Record (Leader/06).", SEVERE, _PATTERN, _LIST, _type,
         words="inferred", reason=_odd_type),
    Rule("record-level", _INVALID + "Bibliographic Level (Leader/07).", SEVERE, _PATTERN, _LIST, _level,
         words="inferred", reason=_odd_level),
    Rule("encoding-level", _INVALID + "Encoding Level (Leader/17).", SEVERE,
         "WorldCat Metadata API (validate), with its level; MARC 21's codes and OCLC's own E, I, J, K, L, M",
         "Set leader/17: blank for full, 7 for minimal, I or K from OCLC's lists.",
         _encoding, reason=_odd_encoding),
    Rule("cataloguing-form", _INVALID + "Descriptive Cataloging Form (Leader/18).", MINOR, _PATTERN, _LIST,
         _form, words="inferred", reason=_odd_form),
    Rule("008-missing", "There is no 008.", SEVERE, "MARC 21: 008 is mandatory",
         "Add an 008 of 40 characters for this material.", _missing, words="ours", reason=_NO_008),
    Rule("008-length", "008 has {count} characters and not 40.", SEVERE, "MARC 21, 008",
         "Mend the 008: positions after the slip mean something else now.", _length, words="ours", reason=_ODD_008),
    Rule("006-length", "The {nth_field} 006 has {count} characters and not 18.", SEVERE,
         "MARC 21, 006. OCLC's conversion may give up on the whole record (Data Error crosswalk_error): inferred",
         "Mend the 006, or take it out.", _length_006, words="ours",
         reason=when(Sign(with_tag("006"), lambda field: len(field) != _WHOLE_006))),
    Rule("number-sign", "{tag} has # where a blank belongs (position {places}).", SEVERE,
         "OCLC refused a file of local holdings for it; Alma's editor shows blanks as #",
         "Run a normalization rule over 006, 007 and 008 that writes real blanks.", _number_signs, words="ours",
         any_format=True, reason=_NUMBER_SIGN),
    Rule("date-type", _INVALID + "Type of Date/Publication Status (008/06).", MINOR, _PATTERN, _LIST, _date_type,
         words="inferred", reason=_ODD_008),
    Rule("date1-short", "Date1/Beginning Date of Publication (008/07-10) is too short.", SEVERE,
         "The sentence is seen for Date2", "Write four characters, u for a digit not known (19uu).", _short_date_1,
         words="inferred", reason=_ODD_008),
    Rule("date2-short", "Date2/Ending Date of Publication (008/11-14) is too short.", SEVERE, "BibExceptionReport",
         "Write four characters, u for a digit not known (19uu), 9999 for still going on, or four blanks.", _short_date_2,
         reason=_ODD_008),
    Rule("illustrations", _INVALID + "Illustrations (008/18-21).", MINOR,
         "BibExceptionReport; judged for books by MARC 21: codes a-m, o, p, each once, then blanks",
         "Write the codes first and blanks after them.", _illustrations, reason=_ODD_BOOK),
    Rule("modified-record", _INVALID + "Modified Record (008/38).", MINOR,
         "BibExceptionReport (as another library's program reads it); level inferred", _LIST, _modified, reason=_ODD_008),
)
