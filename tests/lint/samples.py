"""A good record written by hand, and the small changes that the tests of lint make to it."""

from __future__ import annotations

from collections.abc import Iterable

from oclc_console.marc.record import Record

Field = tuple[str, str]
LEADER = "00000cam a2200000 i 4500"
FIXED = "200101s2020    ilua     b    001 0 eng d"
RDA: list[Field] = [
    ("336", "  $atext$btxt$2rdacontent"), ("337", "  $aunmediated$bn$2rdamedia"), ("338", "  $avolume$bnc$2rdacarrier"),
]
GOOD: list[Field] = [
    ("001", "991234567890009999"), ("005", "20260211093015.0"), ("008", FIXED),
    ("035", "  $a(OCoLC)ocm01234567"), ("040", "  $aDLC$beng$erda$cDLC"), ("100", "1 $aExample, Ada."),
    ("245", "10$aA title :$brest /$cAda Example."), ("264", " 1$aChicago :$bNowhere Press,$c2020."),
    ("300", "  $axii, 212 pages ;$c23 cm"), *RDA, ("650", " 0$aRivers."), ("650", " 7$aRivers.$2fast"),
    ("852", "0 $bNET$cGEN$82212345678900009999"),
]


def good(*more: Field, without: Iterable[str] = (), leader: str = LEADER, fixed: str = FIXED) -> Record:
    """The good record with fields added, left out, or another leader or 008. `$` introduces a subfield; `$$` is a dollar."""
    unwanted = set(without)
    kept = [(tag, fixed if tag == "008" else text) for tag, text in GOOD if tag not in unwanted]
    return record([*kept, *more], leader)


def record(fields: Iterable[Field], leader: str = LEADER) -> Record:
    """A record of these fields, in the order of their tags."""
    pairs = sorted(fields, key=lambda pair: pair[0])
    return Record(leader.encode(), tuple(tag.encode() for tag, _ in pairs), [data(text) for _, text in pairs])


def data(text: str) -> bytes:
    """A field's bytes: `$a` is 0x1F and a, `$$` a dollar."""
    return text.replace("$$", "\0").replace("$", "\x1f").replace("\0", "$").encode()
