"""One big file of records for the benchmarks: the record maker's records, multiplied, each copy with ids and an OCLC number of
its own. Not for
tests of what is right: only for measuring."""

from __future__ import annotations

import re
from pathlib import Path

from oclc_console.marc.record import take_apart

SEEDS = 5_000
SUFFIX = "9999"
_OCN = re.compile(rb"(?<!\d)0*([1-9]\d{3,9})(?!\d)")
_STEP = 7_919  # from a copy's OCLC number to the next's; prime, so that a number comes again late

# the six indication rules of Harvard's publishing profiles, in words of console.toml; they leave holes and overlaps, as there
CONSOLE_TOML = """
[institution]
name = "Example University Library"
suffix = "9999"
[rules]
standard = { any = ["040$e = amim|appm|dacs|dcrmg|dcrmm|dcrmmss"] }
thesis_aside = { all = ["LDR/06 = t|d|f"], none = ["502"] }
archival = { any = ["LDR/08 = a", "LDR/06 = t|d|f", "@standard"] }
archival_but_theses = { any = ["LDR/08 = a", "@thesis_aside", "@standard"] }
micro = { any = ["843$a ~ [Mm]icro"] }
electronic = { any = ["843$a ~ ^Electronic"] }
reproduction = { any = ["@micro", "843$a ~ Electro"] }
no_worldcat = { any = ["914$a = NO-WORLDCAT"] }
[symbols.ZMD]
exclude = ["@no_worldcat", "@brief"]
records_per_file = 100_000
[[symbols.ZMD.streams]]
name = "Electronic reproductions"
word = "electronic"
collection = "1000031"
keep = { all = ["@electronic"] }
[[symbols.ZMD.streams]]
name = "Microforms"
word = "micro"
collection = "1000034"
keep = { all = ["@micro"] }
[[symbols.ZMD.streams]]
name = "Manuscripts"
word = "manuscripts"
collection = "1000037"
keep = { all = ["@archival"], none = ["843", "502"] }
[[symbols.ZMD.streams]]
name = "Vernacular, no OCN"
word = "vern"
collection = "1000040"
keep = { all = ["880"], none = ["@archival_but_theses", "079", "@reproduction"] }
[[symbols.ZMD.streams]]
name = "Non-vernacular, no OCN"
word = "nonvern"
collection = "1000043"
keep = { none = ["880", "@archival_but_theses", "079", "@reproduction"] }
[[symbols.ZMD.streams]]
name = "Trusted OCN"
word = "trusted"
collection = "1000046"
match = "trusted ocn"
keep = { all = ["079"], none = ["@archival", "@reproduction"] }
"""


def write_corpus(path: Path, records: int) -> int:
    """Writes `records` sound records into `path`; returns its bytes. The same number makes the same file. Records that are
    no MARC are left out: at the first of them pymarc's reader stops, and there would be nothing to compare."""
    from oclc_console.marc.source import judge  # not what a measured pass should wait for
    from oclc_console.rehearsal.maker import make_set

    seeds = make_set(symbol="ZMD", libraries=["MED"], suffix=SUFFIX, records=min(SEEDS, records), seed=1)
    made = [seed for seed in seeds if (read := judge(1, 0, seed.raw).record) and read.first(b"001")]
    numbers = [_ocn_places(seed.raw) for seed in made]
    with open(path, "wb", buffering=1 << 20) as handle:
        for number in range(records):
            seed = made[number % len(made)]
            # 22 or 99, ten digits, the rest: a copy has the same length, so the directory stays true
            lsn, mms = (f"{old[:2]}{number:010d}{old[12:]}" for old in (seed.lsn, seed.mms))
            raw = _renumbered(seed.raw, numbers[number % len(made)], number // len(made))
            handle.write(raw.replace(seed.lsn.encode(), lsn.encode()).replace(seed.mms.encode(), mms.encode()))
    return path.stat().st_size


def _ocn_places(raw: bytes) -> list[tuple[int, int]]:
    """From where to where the digits of OCLC numbers stand in a record: those in 035 and 079, without leading zeros."""
    record, at, places = take_apart(raw), int(raw[12:17]), []
    for tag, field in zip(record.tags, record.fields, strict=True):
        if tag == b"079" or (tag == b"035" and b"OCoLC" in field):
            places += [(at + found.start(1), at + found.end(1)) for found in _OCN.finditer(field)]
        at += len(field) + 1
    return places


def _renumbered(raw: bytes, places: list[tuple[int, int]], copy: int) -> bytes:
    """The record with other OCLC numbers, as long as the old ones and beginning as they do."""
    renumbered = bytearray(raw)
    for start, end in places:
        rest = 10 ** (end - start - 1)
        head, tail = divmod(int(raw[start:end]), rest)
        renumbered[start:end] = b"%d" % (head * rest + (tail + copy * _STEP) % rest)
    return bytes(renumbered)
