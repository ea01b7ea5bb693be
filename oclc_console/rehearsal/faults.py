"""How the record maker breaks records on purpose, and how a cataloguer would mend each. A fault takes a good record and
gives back the broken one, the fields it concerns, and what OCLC answers to it in OCLC's own words (sentences of real
BibExceptionReports). Records broken as such (wrong lengths, bad UTF-8) are at the end: those never reach OCLC, because
whoever prepares the file must set them aside."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from oclc_console.marc.record import put_together, take_apart
from oclc_console.rehearsal.draft import Draft, control, data
from oclc_console.rehearsal.labels import Label, digest_of

_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th")
_RDA = "Invalid relationship - when 1st $e in 1st 040 is equal to rda, then "
_NO_FORM = ("MINOR", _RDA + "Descriptive Cataloging Form (Leader/18) must equal c or i.")
_NO_CONTENT = ("MINOR", _RDA + "336 must be present.")
_NO_CARRIER = ("MINOR", _RDA + "338 must be present.")
_MANY_SUBDIVISIONS = (
    "MINOR", "Invalid relationship - when 1st $2 in 1st 655 is equal to lcgft, then $z in 655 must not be present.")
_ILLUSTRATIONS = ("MINOR", "Invalid code in Illustrations (008/18-21).")
_DESCRIPTIVE = (
    "245", "250", "260", "264", "300", "336", "337", "338", "490", "500", "505", "520", "600", "610", "650", "651", "655",
    "700", "710")

Lines = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Broken:
    """A broken record, the tags it was broken in, OCLC's outcome (see labels.Label) and OCLC's lines about it."""

    draft: Draft
    tags: tuple[str, ...]
    outcome: str
    lines: Lines


@dataclass(frozen=True)
class Fault:
    """One way to break a record (`harm`), and what a cataloguer does about it (`mend`)."""

    kind: str
    harm: Callable[[Draft, random.Random], Broken]
    mend: Callable[[Draft], Draft]


def label_of(kind: str, broken: Broken, lsn: str) -> Label:
    """The label that makes the stand-in OCLC reject this record for as long as the broken fields stay as they are."""
    digest = digest_of(broken.draft.leader, broken.draft.fields, broken.tags)
    return Label(lsn, kind, broken.tags, digest, broken.outcome, broken.lines)


def _title_only(field: bytes) -> bytes:
    title = next(part for part in field.split(b"\x1f")[1:] if part.startswith(b"a"))
    return field[:2] + b"\x1f" + title


def _sparse(draft: Draft, rng: random.Random) -> Broken:
    """Hardly a description. It passes Alma's brief levels all the same: by its OCLC number, or by one word in each place
    they look at."""
    thin = draft.without(tag.encode() for tag in _DESCRIPTIVE if tag != "245").without([b"880"])
    thin = thin.change(b"245", _title_only).change(b"100", _without_link).without([b"066"])
    if not any(tag == b"035" and field.startswith(b"  \x1fa(OCoLC)") for tag, field in draft.fields):
        thin = thin.add(data("264", " 1", "a", "[S.l. :"), data("300", "  ", "a", "v."), data("650", " 4", "a", "Misc."))
    lines = (("CRITICAL", "Record is sparse."), _NO_FORM, _NO_CONTENT, _NO_CARRIER)
    return Broken(thin, (*_DESCRIPTIVE, "880"), "unresolved", lines[: rng.randint(1, 4)])


def _describe(draft: Draft) -> Draft:
    return draft.add(data("300", "  ", "a", "xii, 212 pages ;", "c", "23 cm"), data("500", "  ", "a", "Title from cover."))


def _linking(draft: Draft, rng: random.Random) -> Broken:
    """A $6 that leads nowhere: from the imprint (SEVERE), or from an added name that has no 880 at all (CRITICAL)."""
    lines: Lines
    if rng.random() < 0.25 and not draft.has(b"880"):
        broken = draft.without([b"700"]).add(data("700", "1 ", "6", "880-09", "a", "Nakamura, Hiroshi."))
        lines = (("SEVERE", "1st $6 in 1st 700 has invalid linking data."),
                 ("CRITICAL", "Invalid relationship - when $6 in 700 is present, then 880 must be present."))
        return Broken(broken, ("700", "880"), "unresolved", (_NO_FORM, *lines))
    tag = "260" if draft.has(b"260") or rng.random() < 0.5 else "264"
    if not draft.has(tag.encode()):
        draft = draft.without([b"260", b"264"]).add(data(tag, "  " if tag == "260" else " 1", "a", "[Place not identified]"))
    broken = draft.change(tag.encode(), lambda field: field[:2] + b"\x1f6880-9x" + _without_link(field)[2:])
    lines = (("SEVERE", f"1st $6 in 1st {tag} has invalid linking data."),)
    if rng.random() < 0.4:
        lines = (("MINOR", "1st $c in 1st 066 indicates presence of (3 script, but (3 script is not found."), *lines)
    return Broken(broken, (tag, "880"), "unresolved", lines)


def _without_link(field: bytes) -> bytes:
    parts = field.split(b"\x1f")
    return b"\x1f".join(part for part in parts if not part.startswith(b"6"))


def _unlink(draft: Draft) -> Draft:
    for tag in (b"260", b"264", b"700"):
        draft = draft.change(tag, _without_link)
    return draft


def _code(draft: Draft, rng: random.Random) -> Broken:
    """A subject whose $2 names no vocabulary."""
    broken = draft.add(data("650", " 7", "a", "Rivers.", "2", rng.choice(("fastt", "lcshx", "gndd", "xxlocal"))))
    at = _ORDINALS[min(broken.count(b"650"), len(_ORDINALS)) - 1]
    lines: Lines = (("SEVERE", f"Invalid code in 1st $2 in {at} 650."),)
    if rng.random() < 0.4:
        lines = (_MANY_SUBDIVISIONS, *lines)
    return Broken(broken, ("650",), "unresolved", lines)


def _drop_bad_subjects(draft: Draft) -> Draft:
    return Draft(draft.leader, tuple(pair for pair in draft.fields if not (pair[0] == b"650" and pair[1][:2] == b" 7")))


def _date2(draft: Draft, rng: random.Random) -> Broken:
    broken = draft.change(b"008", lambda field: field[:6] + b"m" + field[7:11] + b"19  " + field[15:])
    lines = (("SEVERE", "Date2/Ending Date of Publication (008/11-14) is too short."), _ILLUSTRATIONS)
    return Broken(broken, ("008",), "unresolved", lines[: rng.randint(1, 2)])


def _full_date(draft: Draft) -> Draft:
    return draft.change(b"008", lambda field: field[:11] + b"1999" + field[15:])


def _repeated(draft: Draft, rng: random.Random) -> Broken:
    broken = draft.change(b"245", lambda field: field + b"\x1fban old account /\x1fbnewly told.")
    lines = (_ILLUSTRATIONS, ("SEVERE", "$b in 245 occurs too many times."))
    return Broken(broken, ("245",), "unresolved", lines[rng.randint(0, 1):])


def _one_remainder(draft: Draft) -> Draft:
    return draft.change(b"245", lambda field: field.replace(b"\x1fban old account /\x1fbnewly told.", b"\x1fban old account."))


def _rda(draft: Draft, rng: random.Random) -> Broken:
    """RDA said, RDA not done: OCLC complains and matches all the same."""
    broken = draft.without([b"336", b"337", b"338", b"040"]).at_leader(18, b" ")
    broken = broken.add(data("040", "  ", "a", "XXU", "b", "eng", "e", "rda", "c", "XXU"))
    lines = (_NO_FORM, _NO_CONTENT, _NO_CARRIER)
    return Broken(broken, ("LDR", "040", "336", "337", "338"), "", lines[: rng.randint(1, 3)])


def _do_rda(draft: Draft) -> Draft:
    return draft.at_leader(18, b"i").add(data("336", "  ", "a", "text", "b", "txt", "2", "rdacontent"),
                                         data("338", "  ", "a", "volume", "b", "nc", "2", "rdacarrier"))


def _characters(draft: Draft, rng: random.Random) -> Broken:
    """A control character in a note, as pasted text brings it in."""
    note = f"Pasted from a finding aid{rng.choice(chr(3) + chr(11) + chr(26) + chr(8))}see the reading room."
    broken = draft.without([b"500"]).add(data("500", "  ", "a", note))
    return Broken(broken, ("500",), "data error", (("", "invalid_characters_present"),))


def _drop_notes(draft: Draft) -> Draft:
    return draft.without([b"500"])


def _crosswalk(draft: Draft, rng: random.Random) -> Broken:
    """An 006 cut short: OCLC's conversion gives up on the whole record."""
    broken = draft.without([b"006"]).add(control("006", rng.choice(("m", "m     o", "a|"))))
    return Broken(broken, ("006",), "data error", (("", "crosswalk_error"),))


def _drop_006(draft: Draft) -> Draft:
    return draft.without([b"006"])


def _processing(draft: Draft, rng: random.Random) -> Broken:
    """Nothing is wrong with the record: OCLC stumbled. Saved again in Alma (a new 005) it goes through."""
    return Broken(draft, ("005",), "processing error", (("", ""),))


def _save_again(draft: Draft) -> Draft:
    return draft.change(b"005", lambda field: b"%014d" % (int(field[:14]) + 1) + field[14:])


FAULTS: Mapping[str, Fault] = {
    fault.kind: fault
    for fault in (
        Fault("sparse", _sparse, _describe),
        Fault("linking", _linking, _unlink),
        Fault("code", _code, _drop_bad_subjects),
        Fault("date2", _date2, _full_date),
        Fault("repeated", _repeated, _one_remainder),
        Fault("rda", _rda, _do_rda),
        Fault("characters", _characters, _drop_notes),
        Fault("crosswalk", _crosswalk, _drop_006),
        Fault("processing", _processing, _save_again),
    )
}
KINDS = tuple(FAULTS)

# How often each kind comes in a round of broken records; every round holds every kind.
ROUND = ("sparse",) * 3 + ("linking",) * 4 + ("code",) * 2 + ("rda",) * 2 + (
    "date2", "repeated", "characters", "crosswalk", "processing")


def wrong_length(raw: bytes) -> bytes:
    """The leader's length is not the record's (as when a program edits bytes and forgets the leader)."""
    return b"%05d" % ((int(raw[:5]) + 7) % 100_000) + raw[5:]


def not_utf8(raw: bytes) -> bytes:
    """A Latin-1 letter (an y with two dots) in a record that says it is UTF-8. The lengths stay right."""
    at = raw.rindex(b"\x1fa") + 2
    return raw[:at] + b"\xff" + raw[at + 1:]


def without_001(raw: bytes) -> bytes:
    """Sound to the last byte, but nobody could tell which record of Alma's it is."""
    record = take_apart(raw)
    pairs = zip(record.tags, record.fields, strict=True)
    return put_together(record.leader, (pair for pair in pairs if pair[0] != b"001"))
