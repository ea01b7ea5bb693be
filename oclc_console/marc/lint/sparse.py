"""Rules about too little: OCLC's "Record is sparse." and Alma's brief record levels 01 to 03.

What exactly OCLC calls sparse is published nowhere we know of, so `sparse` is an inference: no title, or neither a
publication nor an extent that says anything (unpublished material: neither an extent nor a summary nor a subject from a
vocabulary). Alma's level 02 is waived by an OCLC number in 035; that is a rule of the library's Alma and not of OCLC's
validation, so the number waives `brief-insufficient` and never `sparse`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from oclc_console.marc.brief import brief_level
from oclc_console.marc.lint.rule import CRITICAL, MINOR, NOTICE, SEVERE, Hit, Rule
from oclc_console.marc.lint.signs import Reason, Shown, Sign, of_leader, with_codes, with_tag
from oclc_console.marc.lint.view import View

_TITLE = re.compile(rb"\x1f[ak]\s*[^\s\x1f]")
_A = re.compile(rb"\x1fa\s*[^\s\x1f]")
_NOT_ENGLISH = re.compile(rb"\x1fb(?!eng(?:\x1f|\Z))")
_FILLED = re.compile(rb".{7}[!-~].{7}[!-~].{19}[!-~]", re.DOTALL)  # 008: date, place and language all say something
_EXTENT = re.compile(rb"\x1f[af][^\x1f]*(?:[0-9]|[^\x1f ]{4,})")
_NO_PLACE = re.compile(rb"\[?(?:s\. ?l\.?|(?:place|publisher) [^\x1f]*not identified|s\. ?n\.?)\]?[ :,;]*", re.IGNORECASE)
_IMPRINT_VALUE = re.compile(rb"\x1f[ab]([^\x1f]*)")
_UNPUBLISHED = (b"b", b"d", b"f", b"p", b"t")
_IMPRINTS = (b"260", b"264")
_SUMMARIES = (b"520", b"545")
_SUBJECTS = (b"600", b"610", b"611", b"630", b"648", b"650", b"651", b"655")


def _sparse(view: View) -> Iterator[Hit]:
    if view.is_deleted:
        return
    title = view.first(b"245")
    if title is None or not _TITLE.search(title):
        yield Hit()
        return
    extent = view.first(b"300")
    if extent is not None and _EXTENT.search(extent):
        return
    if _is_unpublished(view.leader):
        enough = any(view.has(tag) for tag in _SUMMARIES) or any(
            field[1:2] != b"4" for tag in _SUBJECTS for _, _, field in view.each(tag))
    else:
        enough = any(_says_where(field) for tag in _IMPRINTS for _, _, field in view.each(tag))
    if not enough:
        yield Hit()


def _says_where(field: bytes) -> bool:
    """Whether an imprint names a place or a publisher, and not only that neither is known."""
    values = [value.strip() for value in _IMPRINT_VALUE.findall(field)]
    return any(value and not _NO_PLACE.fullmatch(value) for value in values)


def _level(view: View) -> str | None:
    return None if view.is_deleted else brief_level(view.record)


def _brief(level: str, view: View) -> Iterator[Hit]:
    if view.once(_level) == level:
        yield Hit()


def _no_title(view: View) -> Iterator[Hit]:
    title = view.first(b"245")
    if not view.is_deleted and (title is None or not _TITLE.search(title)):
        yield from _brief("01", view)


def _insufficient(view: View) -> Iterator[Hit]:
    yield from _brief("02", view)


def _foreign(view: View) -> Iterator[Hit]:
    source = view.first(b"040")
    if source is not None:
        yield from _brief("03", view)


def _is_unpublished(leader: bytes) -> bool:
    return leader[6:7] in _UNPUBLISHED or leader[7:8] == b"c"


_TITLES, _TITLED = Sign(with_tag("245")), Sign(with_tag("245"), _TITLE.search, filled=b"ak")
_EXTENTS, _SIZED = Sign(with_tag("300")), Sign(with_tag("300"), _EXTENT.search)
_FIXED, _CODED = Sign(with_tag("008")), Sign(with_tag("008"), _FILLED.match)
_WHO = Sign(with_tag("100", "110", "650", "700"), _A.search, filled=b"a")
_WHERE = Sign(with_tag("260", "264"), _A.search, filled=b"a")
_UNPRINTED, _FOREIGN = of_leader(_is_unpublished), Sign(with_codes("040", b"b"), _NOT_ENGLISH.search)


def _thin(shown: Shown) -> bool:
    """Whether a record shows less than what is beyond doubt a description, whichever of its fields a rule looks at."""
    full = (
        0 < shown[_TITLES] == shown[_TITLED] and 0 < shown[_EXTENTS] == shown[_SIZED] and 0 < shown[_FIXED] == shown[_CODED]
        and shown[_WHO] and (shown[_WHERE] or shown[_UNPRINTED]) and not shown[_FOREIGN])
    return not full


_THIN = Reason((_TITLES, _TITLED, _EXTENTS, _SIZED, _FIXED, _CODED, _WHO, _WHERE, _UNPRINTED, _FOREIGN), _thin)
_ALMA = "Alma Brief Record Levels (evaluated at every save since 9 June 2020)"
RULES = (
    Rule("sparse", "Record is sparse.", CRITICAL,
         "Sentence and level: BibExceptionReport. When it is said: inferred; no title, or no publication and no extent that "
         "say anything. An OCLC number in 035 does not waive it: that waiver is Alma's",
         "Describe it (title, publication, extent), or find the best WorldCat record and copy or merge it; what can't be "
         "described yet gets a 914 NO-WORLDCAT.", _sparse, reason=_THIN),
    Rule("brief-no-title", "Alma brief level 01: there is no 245 $a or $k.", SEVERE, _ALMA,
         "Give it a title; records of this level are kept out of WorldCat.", _no_title, words="ours", reason=_THIN),
    Rule("brief-insufficient", "Alma brief level 02: too few elements for OCLC (008 date, place or language; 26X $a; 300; "
         "a name or subject) and no OCLC number in 035.", MINOR, _ALMA,
         "Complete the record, or give it its OCLC number.", _insufficient, words="ours", reason=_THIN),
    Rule("brief-language", "Alma brief level 03: catalogued in another language than English (040 $b).", NOTICE, _ALMA,
         "Nothing, if that is so; mend 040 $b if it is not.", _foreign, words="ours", reason=_THIN),
)
