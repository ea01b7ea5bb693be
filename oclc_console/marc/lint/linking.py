"""Rules about pairs: fields in another script (880), the $6 that ties them to their partners, and the scripts that 066 says
are there (MARC 21, Appendix A). Pairing errors were the first cause of rejection in the one published error statistic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from oclc_console.marc.lint.rule import CRITICAL, MINOR, SEVERE, Hit, Rule
from oclc_console.marc.lint.shapes import has_link, has_no_link
from oclc_console.marc.lint.signs import Reason, Sign, Together, of_fields, when, with_codes, with_tag
from oclc_console.marc.lint.view import View, numbered
from oclc_console.marc.record import text_of

_LINK = re.compile(rb"(\d{3})-(\d{2})(?:/[^/ ]+(?:/[lr])?)?")
# A $6 of the plainest form that stands first in its field, among fields with an 0x1E and their tags in front.
_PLAIN = re.compile(
    rb"\x1e(...)[^\x1e\x1f]{2}\x1f6(\d{3})-(0[1-9]|[1-9]\d)(?:/[^/ \x1e\x1f]+(?:/[lr])?)?(?=[\x1e\x1f]|\Z)", re.DOTALL)
_SIX = b"\x1f6"
_ALONE = b"00"  # an 880 without a partner says so with this number
# Where the characters of each script that 066 $c can name are found in Unicode; a script not listed is not judged.
_SCRIPTS = {
    b"(3": re.compile("[\u0600-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]"),
    b"(4": re.compile("[\u0600-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]"),
    b"(N": re.compile("[\u0400-\u052f]"),
    b"(Q": re.compile("[\u0400-\u052f]"),
    b"(2": re.compile("[\u0590-\u05ff\ufb1d-\ufb4f]"),
    b"(S": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    b"$1": re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"),
}
# One 066 that names one script, and behind it 880 with at least one of its commonest characters, as UTF-8 has them.
_COMMON = {
    rb"\([34]": rb"[\xd8-\xdb][\x80-\xbf]", rb"\([NQ]": rb"[\xd0\xd1][\x80-\xbf]", rb"\(2": rb"\xd7[\x80-\xbf]",
    rb"\(S": rb"\xce[\x80-\xbf]", rb"\$1": rb"[\xe3-\xe9][\x80-\xbf]{2}",
}
_ONE_SCRIPT = re.compile(
    rb"066[^\x1e\x1f]{2}\x1fc(?:%b)(?:\x1e880[^\x1e]*)*" % b"|".join(
        rb"%b(?=\x1e.*?%b)" % (code, letters) for code, letters in _COMMON.items()), re.DOTALL)


def _bad_links(view: View) -> Iterator[Hit]:
    """A $6 that can't be read, leads to a tag it may not lead to, or finds no field at its other end."""
    ends = _ends(view)
    for index, (tag, field) in enumerate(zip(view.tags, view.fields, strict=True)):
        if _SIX not in field:
            continue
        for number, value in numbered(field, b"6"):
            match = _LINK.fullmatch(value.strip())
            partner = (match[1], tag, match[2]) if match else None
            to_880 = match is not None and (match[1] == b"880") != (tag == b"880")
            alone = match is not None and tag == b"880" and match[2] == _ALONE
            if not to_880 or not (alone or partner in ends):
                occurrence = view.occurrence(index)
                yield Hit(tag, occurrence, {"nth_subfield": number, "nth_field": occurrence})


def _ends(view: View) -> set[tuple[bytes, bytes, bytes]]:
    """(own tag, tag it leads to, number) of every readable $6."""
    ends = set()
    for tag, field in zip(view.tags, view.fields, strict=True):
        if _SIX in field:
            for _, value in numbered(field, b"6"):
                if match := _LINK.match(value.strip()):
                    ends.add((tag, match[1], match[2]))
    return ends


def _no_880(view: View) -> Iterator[Hit]:
    if view.has(b"880"):
        return
    told: set[bytes] = set()
    for tag, field in zip(view.tags, view.fields, strict=True):
        if _SIX in field and tag not in told:
            told.add(tag)
            yield Hit(tag)


def _unlinked(view: View) -> Iterator[Hit]:
    for occurrence, codes, _ in view.each(b"880"):
        if b"6" not in codes:
            yield Hit(b"880", occurrence, {"nth_field": occurrence})


def _script_missing(view: View) -> Iterator[Hit]:
    """Only records in UTF-8 are judged; in MARC-8 the script stands in escape sequences."""
    if view.leader[9:10] != b"a":
        return
    for occurrence, _, field in view.each(b"066"):
        for number, value in numbered(field, b"c"):
            script = _SCRIPTS.get(value.strip())
            if script is None:
                continue
            if any(script.search(parallel.decode("utf-8", "replace")) for _, _, parallel in view.each(b"880")):
                continue
            if not script.search(b"\x1f".join(view.fields).decode("utf-8", "replace")):
                yield Hit(b"066", occurrence,
                          {"nth_subfield": number, "nth_field": occurrence, "script": text_of(value.strip())})


def _links(fields: Sequence[bytes]) -> str:
    """`odd` when the $6 of a record are anything but pairs, each standing first in its field, of the plainest form."""
    together = b"\x1e".join([b"", *fields])
    plain = _PLAIN.findall(together)
    here = [(tag, number) for tag, leads_to, number in plain if leads_to == b"880" != tag]
    there = [(leads_to, number) for tag, leads_to, number in plain if tag == b"880"]
    paired = len(here) + len(there) == len(fields) == together.count(_SIX) and set(here) == set(there)
    return "" if paired else "odd"


def _scripts(fields: Sequence[bytes]) -> str:
    """`odd` unless the characters of each script that is named in 066 are found in an 880."""
    if _ONE_SCRIPT.fullmatch(b"\x1e".join(fields)):
        return ""
    named = [_SCRIPTS.get(value.strip()) for field in fields if field.startswith(b"066") for _, value in numbered(field, b"c")]
    text = b"\x1e".join([field for field in fields if field.startswith(b"880")]).decode("utf-8", "replace")
    return "" if all(script is None or script.search(text) for script in named) else "odd"


_ODD_LINKS = when(of_fields(Together(has_link, _links), "odd"))
_ODD_SCRIPTS = of_fields(Together(with_tag("066", "880"), _scripts), "odd")
_NAMES_SCRIPT = Sign(with_codes("066", b"c"))
RULES = (
    Rule("linking-data", "{nth_subfield} $6 in {nth_field} {tag} has invalid linking data.", SEVERE,
         "BibExceptionReport; a $6 that can't be read is seen there, one whose partner is missing or another is inferred "
         "(MARC 21, Appendix A)",
         "Make both ends agree (245 $6 880-01 and 880 $6 245-01/...), or take the $6 out.", _bad_links,
         reason=_ODD_LINKS),
    Rule("parallel-missing", "Invalid relationship - when $6 in {tag} is present, then 880 must be present.", CRITICAL,
         "BibExceptionReport", "Add the 880 it leads to, or take the $6 out.", _no_880,
         reason=_ODD_LINKS),
    Rule("parallel-unlinked", "The {nth_field} 880 has no $6: nothing says which field it belongs to.", SEVERE,
         "MARC 21, 880: $6 ties it to its field", "Give it the $6 of its field (tag and number), or 00 for none.", _unlinked,
         words="ours", reason=when(Sign(has_no_link))),
    Rule("script-missing", "{nth_subfield} $c in {nth_field} 066 indicates presence of {script} script, but {script} script "
         "is not found.", MINOR, "BibExceptionReport; the scripts' characters by MARC 21 and Unicode",
         "Take the script out of 066, or restore the 880 fields that were lost.", _script_missing,
         reason=Reason((_NAMES_SCRIPT, _ODD_SCRIPTS), lambda shown: shown[_NAMES_SCRIPT] > 0 and shown[_ODD_SCRIPTS] > 0)),
)
