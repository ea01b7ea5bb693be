"""Makes a set of records as an Alma publishing job at holdings level would write it: one output record a holding, the bib
repeated for each. Everything follows from the seed. A labelled share is broken on purpose (faults.py), and very few records
are no MARC at all, so that whoever prepares the set has something to set aside. Not a test of anything: realistic input."""

from __future__ import annotations

import itertools
import os
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oclc_console import files
from oclc_console.rehearsal import bibs, faults, words
from oclc_console.rehearsal.draft import Draft, data
from oclc_console.rehearsal.labels import Label

SHARES = {bibs.ARCHIVAL: 0.16, bibs.REPRODUCTION: 0.13, bibs.TRUSTED: 0.38, bibs.VERNACULAR: 0.14, bibs.PLAIN: 0.19}
SHARE_NEVER_SEND = 0.015  # 914 $a NO-WORLDCAT
SHARE_BRIEF = 0.02  # Alma's brief levels 01, 02, 03
SHARE_REJECTED_BEFORE = 0.003  # 913 from an earlier run
SHARE_BROKEN = 0.04  # of the records that will be sent
SHARE_SAME_NUMBER = 0.005  # two bibs with one OCLC number
ONE_LONG_IN = 400
ONE_NOT_MARC_IN = 350  # leader length wrong, not UTF-8, no 001, in turn
HIGHEST_OCN = 1_519_999_999  # numbers above are those the rehearsal's WorldCat gives out itself
OCN_RANGES = ((1_000, 9_999_999), (10_000_000, 99_999_999), (100_000_000, 999_999_999), (1_000_000_000, HIGHEST_OCN))


@dataclass(frozen=True)
class MadeRecord:
    """One output record: its bytes (0x1D included), its holding's id and its bib's, and its label when OCLC will object."""

    raw: bytes
    lsn: str
    mms: str
    label: Label | None


def make_set(*, symbol: str, libraries: Sequence[str], suffix: str, records: int, seed: int) -> Iterator[MadeRecord]:
    """`records` output records of a symbol, in the order of Alma's file. `libraries` are 852 $b codes; `suffix` the last
    digits of every id of the institution. The same arguments make the same bytes, on any machine."""
    maker = _Maker(symbol, libraries, suffix, seed)
    return itertools.islice(maker.records(), records)


def write_files(folder: Path, records: Iterable[MadeRecord], *, prefix: str, job: str, records_per_file: int) -> list[Path]:
    """Writes records as Alma names its files: `<prefix>_<job>_new.mrc`, or `_new.mrc_1`, `_2`, ... when they need more than
    one. `job` is the job's id, institution suffix included. Constant memory. Raises OSError."""
    files.make_folder(folder)
    raws = (record.raw for record in records)
    paths: list[Path] = []
    for number in itertools.count(1):
        first = next(raws, None)
        if first is None and paths:
            break
        path = folder / f"{prefix}_{job}_new.mrc_{number}"
        rest = itertools.islice(raws, records_per_file - 1)
        files.replace_file(path, itertools.chain([first] if first is not None else [], rest))
        paths.append(path)
    if len(paths) == 1:
        single = folder / f"{prefix}_{job}_new.mrc"
        os.replace(paths[0], single)
        files.sync_folder(folder)
        return [single]
    return paths


class _Maker:
    """Draws bib after bib. Kinds come in shuffled rounds, so that a small set has its share of each."""

    def __init__(self, symbol: str, libraries: Sequence[str], suffix: str, seed: int) -> None:
        self.rng = random.Random(f"{seed}/{symbol}")
        self.libraries, self.suffix = list(libraries), suffix
        self.base = zlib.crc32(symbol.encode()) % 1000 * 10**7  # ids of different symbols never meet
        self.made = self.holdings = 0
        self.ocn = 0
        self.kinds: list[str] = []
        self.faults: list[str] = []
        self.since_broken = 0
        self.not_marc = itertools.count(self.rng.randrange(3))

    def records(self) -> Iterator[MadeRecord]:
        """Records without end."""
        bad_at = 0
        copies = itertools.chain.from_iterable(self._copies() for _ in itertools.count())
        for number, record in enumerate(copies):
            if number % ONE_NOT_MARC_IN == 0:
                bad_at = number + self.rng.randrange(ONE_NOT_MARC_IN // 2)
            if number >= bad_at and record.label is None:
                bad_at = number + ONE_NOT_MARC_IN  # never reached: the next round draws anew
                yield self._no_marc(record)
            else:
                yield record

    def _copies(self) -> list[MadeRecord]:
        bib = self._bib()
        rng = self.rng
        kind = rng.random()
        draft, sent = bib.draft, False
        if kind < SHARE_NEVER_SEND:
            draft = draft.add(data("914", "  ", "a", "NO-WORLDCAT"))
        elif kind < SHARE_NEVER_SEND + SHARE_BRIEF:
            draft = self._brief(draft)
        else:
            sent = True
        if rng.random() < SHARE_REJECTED_BEFORE:
            draft = draft.add(data("913", "  ", "a", words.REJECTION_NOTE, "b", f"{rng.randint(1_380_000_000, HIGHEST_OCN)}"))
        broken, fault = None, ""
        if sent and self._shall_break():
            fault = self._next_fault()
            broken = faults.FAULTS[fault].harm(draft, rng)
            draft = broken.draft
        return [self._copy(bib, draft, fault, broken) for _ in range(self._how_many(draft))]

    def _bib(self) -> bibs.Bib:
        self.made += 1
        rng = self.rng
        if not self.kinds:
            self.kinds = [kind for kind in bibs.KINDS for _ in range(round(SHARES[kind] * 100))]
            rng.shuffle(self.kinds)
        if rng.random() >= SHARE_SAME_NUMBER or not self.ocn:
            self.ocn = rng.randint(*rng.choice(OCN_RANGES))
        number = self.base + self.made
        # ids of migrated records are longer than those of records made in Alma
        mms = f"99{number:010d}02{self.suffix}" if rng.random() < 0.6 else f"99{number:010d}{self.suffix}"
        return bibs.make_bib(rng, self.kinds.pop(), mms, self.ocn, long=rng.random() < 1 / ONE_LONG_IN)

    def _brief(self, draft: Draft) -> Draft:
        """Alma's level 01, 02 or 03 (Harvard's rules: no title; too little for OCLC and no number; not in English)."""
        level = self.rng.choice(("01", "02", "02", "03"))
        if level == "01":
            return draft.without([b"245"])
        if level == "02":
            bare = draft.without([b"035", b"079", b"300", b"500"])
            return bare.change(b"008", lambda field: field[:7] + b"        " + field[15:35] + b"   " + field[38:])
        return draft.change(b"040", lambda field: field.replace(b"\x1fbeng", b"\x1fbger"))

    def _shall_break(self) -> bool:
        self.since_broken += 1
        if self.rng.random() < SHARE_BROKEN or self.since_broken > 1.6 / SHARE_BROKEN:
            self.since_broken = 0
            return True
        return False

    def _next_fault(self) -> str:
        if not self.faults:
            self.faults = list(faults.ROUND)
            self.rng.shuffle(self.faults)
        return self.faults.pop()

    def _how_many(self, draft: Draft) -> int:
        """Holdings of a bib: 1.2 on average, with a long tail for serials."""
        draw = self.rng.random()
        if draft.leader[7:8] == b"s" and draw < 0.15:
            return self.rng.randint(3, 12)
        return 1 if draw < 0.89 else 2 if draw < 0.97 else self.rng.randint(3, 6)

    def _copy(self, bib: bibs.Bib, draft: Draft, fault: str, broken: faults.Broken | None) -> MadeRecord:
        self.holdings += 1
        holding = f"22{self.base + self.holdings:010d}00{self.suffix}"
        whole = draft.add(*bibs.holding_fields(self.rng, bib, self.rng.choice(self.libraries), holding))
        label = None
        if broken is not None:
            label = faults.label_of(fault, faults.Broken(whole, broken.tags, broken.outcome, broken.lines), holding)
        return MadeRecord(whole.bytes_of(), holding, bib.mms, label)

    def _no_marc(self, record: MadeRecord) -> MadeRecord:
        kind = next(self.not_marc) % 3
        if kind == 0:
            return MadeRecord(faults.wrong_length(record.raw), record.lsn, record.mms, None)
        if kind == 1:
            return MadeRecord(faults.not_utf8(record.raw), record.lsn, record.mms, None)
        return MadeRecord(faults.without_001(record.raw), record.lsn, record.mms, None)
