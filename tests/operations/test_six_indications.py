"""Harvard's six published indication rules (facts/library-practice.md 1.4) in the language of console.toml: they leave holes
and overlaps, which coverage is there to show. The demo's own rules leave none."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path

from oclc_console.marc.batch import TakenApart
from oclc_console.marc.source import scan
from oclc_console.operations.routing import Router, routing_rules
from oclc_console.rehearsal.demo import settings_text
from oclc_console.settings import Settings
from oclc_console.settings_file import settings_of
from tests.operations.stage import LEADER, holding, write

SIX = """
[institution]
name = "Example"
suffix = "9999"
[rules]
standard = { any = ["040$e = amim|appm|dacs|dcrmg|dcrmm|dcrmmss"] }
archival = { any = ["LDR/08 = a", "LDR/06 = t|d|f", "@standard"] }
no_thesis = { all = ["LDR/06 = t|d|f"], none = ["502"] }
archival_no_thesis = { any = ["LDR/08 = a", "@no_thesis", "@standard"] }
micro = { any = ["843$a ~ [Mm]icro"] }
electronic = { any = ["843$a ~ ^Electronic"] }
electro = { any = ["843$a ~ [Ee]lectro"] }
[symbols.ZSIX]
[[symbols.ZSIX.streams]]
name = "Electronic reproductions"
collection = "1000001"
keep = { all = ["@electronic"] }
[[symbols.ZSIX.streams]]
name = "Microforms"
collection = "1000002"
keep = { all = ["@micro"] }
[[symbols.ZSIX.streams]]
name = "Manuscripts"
collection = "1000003"
keep = { all = ["@archival"], none = ["843", "502"] }
[[symbols.ZSIX.streams]]
name = "Vernacular, no OCN"
collection = "1000004"
keep = { all = ["880"], none = ["@archival_no_thesis", "079", "@micro", "@electro"] }
[[symbols.ZSIX.streams]]
name = "Non-vernacular, no OCN"
collection = "1000005"
keep = { none = ["880", "@archival_no_thesis", "079", "@micro", "@electro"] }
[[symbols.ZSIX.streams]]
name = "Trusted OCN"
collection = "1000006"
match = "trusted ocn"
keep = { all = ["079"], none = ["@archival", "@micro", "@electronic"] }
"""

REPRODUCTIONS: dict[str, tuple[bytes, ...]] = {
    "none": (), "Electronic": (b"Electronic reproduction.",), "[Electronic": (b"[Electronic reproduction].",),
    "micro": (b"Microfilm.",), "photocopy": (b"Photocopy.",),
    "micro and electronic": (b"Microfilm.", b"Electronic reproduction."),
}
Combination = tuple[bool, bool, bool, bool, bool, bool, str]
COMBINATIONS: list[Combination] = [
    (archival, manuscript, standard, thesis, trusted, vernacular, reproduction)
    for archival, manuscript, standard, thesis, trusted, vernacular in product((False, True), repeat=6)
    for reproduction in REPRODUCTIONS
]


def record(number: int, combination: Combination) -> bytes:
    """A record with these attributes, full enough for every exclusion to let it pass."""
    archival, manuscript, standard, thesis, trusted, vernacular, reproduction = combination
    leader = LEADER[:6] + (b"t" if manuscript else b"a") + LEADER[7:8] + (b"a" if archival else b" ") + LEADER[9:]
    extra = [(b"040", b"  \x1fbeng" + (b"\x1fedacs" if standard else b"\x1ferda"))]
    extra += [(b"502", b"  \x1faThesis")] * thesis
    extra += [(b"079", b"  \x1fa(OCoLC)%d" % (number + 1))] * trusted
    extra += [(b"880", b"10\x1f6245-01\x1faHanguk")] * vernacular
    extra += [(b"843", b"  \x1fa" + said) for said in REPRODUCTIONS[reproduction]]
    return holding(number, *extra, leader=leader)


def fates(settings: Settings, symbol: str, source: Path) -> list[str]:
    """What becomes of each record of a file."""
    rules = routing_rules(settings, settings.symbols[symbol])
    return list(Router(rules).place(TakenApart(list(scan(source)))).fates)


def counted(toml: str, symbol: str, folder: Path) -> dict[str, list[Combination]]:
    """The combinations by their fate."""
    source = write(folder / "every combination.mrc", *(record(number, each) for number, each in enumerate(COMBINATIONS)))
    found: dict[str, list[Combination]] = {}
    for fate, each in zip(fates(settings_of(toml, folder / "console.toml"), symbol, source), COMBINATIONS, strict=True):
        found.setdefault(fate, []).append(each)
    return found


def test_the_six_indications_send_140_of_384_combinations_nowhere_and_64_twice(tmp_path: Path) -> None:
    assert len(COMBINATIONS) == 384
    found = counted(SIX, "ZSIX", tmp_path)
    assert {fate: len(each) for fate, each in found.items()} == {"stream": 180, "unrouted": 140, "double": 64}


def test_the_holes_are_where_the_rules_speak_past_each_other(tmp_path: Path) -> None:
    found = counted(SIX, "ZSIX", tmp_path)
    assert Counter(map(hole, found["unrouted"])) == {
        "an 843 that begins with a bracket": 60, "archival, with an 843 that is neither micro nor electronic": 52,
        "an archival thesis": 24, "a manuscript thesis with a trusted number": 4}
    assert {reproduction for *_, reproduction in found["double"]} == {"micro and electronic"}


def hole(combination: Combination) -> str:
    """Which of the four holes a record falls into."""
    archival, manuscript, standard, thesis, trusted, _, reproduction = combination
    if reproduction == "[Electronic":
        return "an 843 that begins with a bracket"
    if manuscript and thesis and trusted and not archival and not standard:
        return "a manuscript thesis with a trusted number"
    if reproduction == "photocopy" and (archival or manuscript or standard):
        return "archival, with an 843 that is neither micro nor electronic"
    return "an archival thesis" if thesis and (archival or standard) else "another one"


def test_the_demos_own_rules_send_every_combination_to_exactly_one_stream(tmp_path: Path) -> None:
    for symbol in ("ZMD", "ZUL"):
        assert {fate: len(each) for fate, each in counted(settings_text(600), symbol, tmp_path).items()} == {"stream": 384}
