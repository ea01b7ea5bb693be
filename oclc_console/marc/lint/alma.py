"""Rules about Alma's traps: numbers that lead to the wrong WorldCat record or to none, ids and libraries of somebody else,
and the fields that say a record must not be sent. OCLC says nothing about most of these; it matches wrongly, silently.
Traps that show only when several records are compared are operations/set_checks.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from oclc_console.marc.lint.rule import MINOR, NOTICE, SEVERE, Hit, Rule
from oclc_console.marc.lint.signs import Reason, Shown, Sign, Test, Together, of_fields, when, with_codes, with_tag
from oclc_console.marc.lint.view import Context, View, numbered
from oclc_console.marc.record import text_of

HIGHEST_PLAUSIBLE = 2_000_000_000  # OCLC's numbers passed 1.5 thousand million in 2026; far above that is a slip
_MOST_DIGITS = 11
_CLAIMS_OCLC = re.compile(rb".*OCoLC(?!-[A-Z])", re.IGNORECASE | re.DOTALL)  # (OCoLC-M) and (OCoLC-I) are another matter
_BARE_SPELLING = re.compile(rb"(?:ocm\d{8}|ocn\d{9}|on\d{10,}) *", re.IGNORECASE)
_NUMBER = re.compile(rb"\(OCoLC\)\s*(?:ocm|ocn|on)?\s*(\d+)\s*#?\s*", re.IGNORECASE)
_TRUSTED = re.compile(rb"\s*(?:\(OCoLC\))?\s*(?:ocm|ocn|on)?\s*(\d+)\s*#?\s*", re.IGNORECASE)
# All 035 and 079 of a record, each with its tag in front and an 0x1E behind. Surely none of OCLC's numbers: those of other
# systems, and no $a at all; surely one number OCLC may have given, the same wherever it stands, and with it others' numbers.
_START = rb"[^\x1e\x1f]{2}"
_OTHERS = rb"(?i:035%b\x1fa\((?![^\x1e]*OCoLC)[A-Z]+\) ?[\w.-]+|(?:035|079)%b(?:\x1f[^a\x1e\x1f][^\x1e\x1f]*)*)" % (
    _START, _START)
_SPELLED = rb"(?:035%b\x1fa\(OCoLC\) ?|079%b\x1fa(?:\(OCoLC\))?)(?:ocm|ocn|on)?0*" % (_START, _START)
_BEHIND = rb"(?:\x1fz[^\x1e\x1f]*)*\x1e"
_NONE = re.compile(rb"(?:%b\x1e)*" % _OTHERS)
_ONE = re.compile(rb"(?:%b\x1e)*%b(1\d{9}|[1-9]\d{0,8})%b(?:%b\x1e|%b\1%b)*" % (
    _OTHERS, _SPELLED, _BEHIND, _OTHERS, _SPELLED, _BEHIND))
_ALMA_ID = re.compile(rb"(?:99|22)\d{6,}")
_MMS = re.compile(rb"99\d{10,}")  # the shortest that are met have 12 digits; no OCLC number is so long


class _Claim(NamedTuple):
    """A $a of 035 or 079 that gives (or tries to give) an OCLC number; `digits` is None where it can't be read."""

    tag: bytes
    occurrence: int
    value: bytes
    digits: bytes | None


def _claims(view: View, tag: bytes) -> list[_Claim]:
    form = _NUMBER if tag == b"035" else _TRUSTED
    found = []
    for occurrence, codes, field in view.each(tag):
        if b"a" not in codes:
            continue
        for _, value in numbered(field, b"a"):
            match = form.fullmatch(value)
            if match or tag == b"079" or _CLAIMS_OCLC.match(value) or _BARE_SPELLING.fullmatch(value):
                found.append(_Claim(tag, occurrence, value, match[1] if match else None))
    return found


def _in_035(view: View) -> list[_Claim]:
    return _claims(view, b"035")


def _in_079(view: View) -> list[_Claim]:
    return _claims(view, b"079")


def _both(view: View) -> list[_Claim]:
    return [*view.once(_in_035), *view.once(_in_079)]


def _is_plausible(digits: bytes) -> bool:
    return len(digits.lstrip(b"0")) <= _MOST_DIGITS and 0 < int(digits) <= HIGHEST_PLAUSIBLE


def _is_mms(digits: bytes) -> bool:
    return _MMS.fullmatch(digits) is not None


def _numbers(claims: list[_Claim]) -> set[int]:
    """The numbers that could be OCLC's."""
    return {int(c.digits) for c in claims if c.digits and _is_plausible(c.digits) and not _is_mms(c.digits)}


def _no_number(view: View) -> Iterator[Hit]:
    if not _numbers(view.once(_in_035)) and not _numbers(view.once(_in_079)):
        yield Hit(b"035")


def _malformed(view: View) -> Iterator[Hit]:
    for claim in _both(view):
        if claim.digits is None:
            yield Hit(claim.tag, claim.occurrence, {"nth_field": claim.occurrence, "value": text_of(claim.value)})


def _impossible(view: View) -> Iterator[Hit]:
    for claim in _both(view):
        if claim.digits is not None and not _is_plausible(claim.digits) and not _is_mms(claim.digits):
            yield Hit(claim.tag, claim.occurrence, {"nth_field": claim.occurrence, "value": text_of(claim.value)})


def _mms_as_number(view: View) -> Iterator[Hit]:
    for claim in _both(view):
        if claim.digits is not None and _is_mms(claim.digits):
            yield Hit(claim.tag, claim.occurrence, {"nth_field": claim.occurrence, "value": text_of(claim.value)})


def _several(view: View) -> Iterator[Hit]:
    if view.tags.count(b"035") > 1:
        numbers = sorted(_numbers(view.once(_in_035)))
        if len(numbers) > 1:
            yield Hit(b"035", 0, {"numbers": ", ".join(map(str, numbers))})


def _trusted_differs(view: View) -> Iterator[Hit]:
    trusted, others = _numbers(view.once(_in_079)), _numbers(view.once(_in_035))
    if trusted and others and trusted.isdisjoint(others):
        yield Hit(b"079", 1, {"trusted": ", ".join(map(str, sorted(trusted))), "other": ", ".join(map(str, sorted(others)))})


def _ids(view: View) -> Iterator[tuple[bytes, int, bytes]]:
    if (own := view.first(b"001")) is not None:
        yield b"001", 1, own.strip()
    for occurrence, codes, field in view.each(b"852"):
        if b"8" in codes:
            for _, value in numbered(field, b"8"):
                yield b"852", occurrence, value.strip()


def _no_id(view: View) -> Iterator[Hit]:
    own = view.first(b"001")
    if (own is None or not own.strip()) and not any(value for _, _, value in _ids(view)):
        yield Hit()


def _suffix(view: View) -> Iterator[Hit]:
    suffix = view.context.suffix
    if suffix:
        ending = suffix.encode()
        for tag, occurrence, value in _ids(view):
            if not value.endswith(ending) and _ALMA_ID.fullmatch(value):
                yield Hit(tag, occurrence, {"value": text_of(value), "suffix": suffix})


def _library(view: View) -> Iterator[Hit]:
    libraries = view.context.libraries
    if libraries:
        for occurrence, codes, field in view.each(b"852"):
            if b"b" in codes:
                value = text_of(next(numbered(field, b"b"))[1].strip())
                if value not in libraries:
                    yield Hit(b"852", occurrence, {"value": value})


def _is_never_sent(field: bytes) -> bool:
    return any(value.strip() == b"NO-WORLDCAT" for _, value in numbered(field, b"a"))


def _never_send(view: View) -> Iterator[Hit]:
    for occurrence, _, field in view.each(b"914"):
        if _is_never_sent(field):
            yield Hit(b"914", occurrence)


def _rejected_before(view: View) -> Iterator[Hit]:
    if view.has(b"913"):
        yield Hit(b"913", 1)


def _foreign_001(context: Context) -> Test | None:
    """A 001 that is an id of Alma's, and not of this institution."""
    ending = re.escape(context.suffix.encode())
    return re.compile(rb"(?!\d*%b\Z)\s*%b\s*\Z" % (ending, _ALMA_ID.pattern)).match if ending else None


def _foreign_852(context: Context) -> Test | None:
    """An 852 with such an id in $8."""
    ending = re.escape(context.suffix.encode())
    return re.compile(rb"\x1f8(?!\d*%b(?:\x1f|\Z))\s*%b\s*(?:\x1f|\Z)" % (ending, _ALMA_ID.pattern)).search if ending else None


def _at_home(context: Context) -> Test | None:
    """An 852 whose first $b is a library of the symbol."""
    codes = [code.encode() for code in context.libraries if text_of(code.encode()) == code]
    first = rb"[^\x1f]*(?:\x1f[^b\x1f][^\x1f]*)*\x1fb\s*(?:%b)\s*(?![^\x1f])" % b"|".join(map(re.escape, codes))
    return re.compile(first).match if codes else None


def _known(context: Context) -> Test | None:
    return bool if context.libraries else None


def _says_of_numbers(fields: Sequence[bytes]) -> str:
    """`one` when a record gives one number beyond doubt, `none` when it gives none, and else nothing."""
    together = b"\x1e".join([*fields, b""])
    return "one" if _ONE.fullmatch(together) else "none" if _NONE.fullmatch(together) else ""


def _no_number_at_all(shown: Shown) -> list[Hit] | None:
    return [Hit(b"035")] if shown[_NO_NUMBER] or not shown[_NUMBERED] else None


_NUMBERED, _NUMBERS = Sign(with_tag("035", "079")), Together(with_tag("035", "079"), _says_of_numbers)
_ONE_NUMBER, _NO_NUMBER = of_fields(_NUMBERS, "one"), of_fields(_NUMBERS, "none")
_ALL_NUMBERS = (_NUMBERED, _ONE_NUMBER, _NO_NUMBER)
_LACKS_NUMBER = Reason(_ALL_NUMBERS, lambda shown: not shown[_ONE_NUMBER], _no_number_at_all)
_ODD_NUMBERS = Reason(
    _ALL_NUMBERS, lambda shown: shown[_NUMBERED] > 0 and not shown[_ONE_NUMBER] and not shown[_NO_NUMBER])
_IDS, _FILLED_IDS = Sign(with_tag("001")), Sign(with_tag("001"), bytes.strip)
_NO_ID = Reason((_IDS, _FILLED_IDS), lambda shown: not 0 < shown[_IDS] == shown[_FILLED_IDS])
_FOREIGN_ID = when(
    Sign(with_tag("001"), says_in=_foreign_001, digits=True), Sign(with_codes("852", b"8"), says_in=_foreign_852))
_HELD, _HELD_HERE = Sign(with_codes("852", b"b"), says_in=_known), Sign(with_codes("852", b"b"), says_in=_at_home)
_HELD_ELSEWHERE = Reason((_HELD, _HELD_HERE), lambda shown: shown[_HELD] > shown[_HELD_HERE])
_OURS = "Alma's files as they are met (fact sheet on Alma, distribution of real data)"
RULES = (
    Rule("ocn-missing", "There is no OCLC number in 035 or 079.", NOTICE,
         "A collection that matches by number gives such records back as unresolved; others match by description",
         "Nothing for a collection that matches on everything; else look the number up.", _no_number, words="ours",
         reason=_LACKS_NUMBER),
    Rule("ocn-malformed", "The {nth_field} {tag} holds an OCLC number that can't be read: {value}.", MINOR, _OURS,
         "Write 035 $a (OCoLC) and digits.", _malformed, words="ours",
         reason=_ODD_NUMBERS),
    Rule("ocn-impossible", "The {nth_field} {tag} holds a number OCLC can't have given: {value}.", SEVERE,
         f"{_OURS}; 0, over {_MOST_DIGITS} digits, or over {HIGHEST_PLAUSIBLE:,}",
         "Look the number up, or take it out: OCLC would match by it.", _impossible, words="ours",
         reason=_ODD_NUMBERS),
    Rule("ocn-is-mms", "The {nth_field} {tag} holds an MMS id as if it were an OCLC number: {value}.", SEVERE, _OURS,
         "Take it out; an import profile put it there.", _mms_as_number, words="ours",
         reason=_ODD_NUMBERS),
    Rule("ocn-several", "035 holds several OCLC numbers: {numbers}.", MINOR,
         "Other libraries' experience: trouble at every later overlay", "Keep the right one in $a, move the others to $z.",
         _several, words="ours", reason=_ODD_NUMBERS),
    Rule("trusted-differs", "079 says {trusted}, 035 says {other}.", MINOR,
         "079 is the trusted number of the holding where libraries use it so",
         "Find out which is right before OCLC matches by one of them.", _trusted_differs, words="ours",
         reason=_ODD_NUMBERS),
    Rule("id-missing", "There is no local number: neither 001 nor 852 $8.", SEVERE,
         "OCLC requires a local system number; without it no result comes home", "Publish the record again with its 001.",
         _no_id, words="ours", any_format=True, reason=_NO_ID),
    Rule("id-suffix", "{tag} {value} does not end with {suffix}, as every id of this institution does.", SEVERE,
         "Alma: the last digits of every id are the institution's; needs console.toml's suffix",
         "Find out how another institution's record came into the set.", _suffix, words="ours", any_format=True,
         reason=_FOREIGN_ID),
    Rule("library-unknown", "852 $b {value} is no library of this symbol.", SEVERE,
         "The holding would be set under the wrong symbol; needs console.toml's libraries",
         "Add the library to the symbol in console.toml, or take it out of the set.", _library,
         words="ours", any_format=True, reason=_HELD_ELSEWHERE),
    Rule("never-send", "914 says NO-WORLDCAT: this record must not be sent.", SEVERE,
         "Harvard's 914 (others use it otherwise); copy and merge may bring it back or lose it",
         "Leave the record out (exclude = [\"@no_worldcat\"]), or take the 914 away.", _never_send, words="ours",
         any_format=True, reason=when(Sign(with_codes("914", b"a"), _is_never_sent))),
    Rule("rejected-before", "913: this record was rejected before.", NOTICE, "Harvard's 913, loaded after a rejection",
         "See what OCLC said then, and take the 913 out once it is mended.", _rejected_before, words="ours",
         reason=when(Sign(with_tag("913")))),
)
