"""One big file of records for the benchmarks: the record maker's records, multiplied, each copy with ids of its own. Not for
tests of what is right: only for measuring."""

from __future__ import annotations

from pathlib import Path

SEEDS = 5_000
SUFFIX = "9999"

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
    with open(path, "wb", buffering=1 << 20) as handle:
        for number in range(records):
            seed = made[number % len(made)]
            # 22 or 99, ten digits, the rest: a copy has the same length, so the directory stays true
            lsn, mms = (f"{old[:2]}{number:010d}{old[12:]}" for old in (seed.lsn, seed.mms))
            handle.write(seed.raw.replace(seed.lsn.encode(), lsn.encode()).replace(seed.mms.encode(), mms.encode()))
    return path.stat().st_size
