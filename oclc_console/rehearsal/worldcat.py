"""A WorldCat that is not stored but follows from a seed: whether a number exists, was merged into another or never was, and
what a record without a number matches, is drawn from a hash. Only what libraries added is remembered (`state.json`), so
that a record sent again matches the number that was made for it. It says what became of a record, in OCLC's words; it judges
no record itself: what was broken on purpose is known by its label."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from oclc_console import files
from oclc_console.rehearsal.labels import Label
from oclc_console.rehearsal.uploads import Arrived, local_number_of, number_of

MATCH, CREATE, REPLACE, TRANSFER = "match", "create", "replace", "field transfer"
UNRESOLVED, DATA_ERROR, PROCESSING_ERROR = "unresolved", "data error", "processing error"
ACTED_ON = (MATCH, CREATE, REPLACE, TRANSFER)

FIRST_NEW_NUMBER = 1_520_000_000  # what this WorldCat gives out, staging numbers in the same range, begins here
HIGHEST_NUMBER = 1_519_999_999
SHARE_UNKNOWN = 0.003  # numbers that never were: a new record although a number was sent
SHARE_MERGED = 0.04
SHARE_TRANSFER, SHARE_REPLACE = 0.01, 0.005
SHARE_FOUND = 0.62  # of the records without a number, those that match by their description
SHARE_NO_REASON = 0.012  # of the same, those that come back unresolved and nobody says why

_VALIDATION, _DATA, _PROCESSING = "Validation Error", "Data Error", "Processing Error"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one record. `end` is N of its key; `sent` and `result` are OCLC numbers as they stand in reports
    (empty for none); `exceptions` are (type, severity, text)."""

    end: int
    lsn: str
    sent: str
    result: str
    outcome: str
    exceptions: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Upload:
    """What WorldCat must know of a file: its id (reports are the same when it is done over), where the two numbers stand in
    its records, and whether this is OCLC's second run over it."""

    ident: str
    lsn_places: Sequence[str]
    ocn_places: Sequence[str]
    second_run: bool = False


class WorldCat:
    """One WorldCat for all accounts of a rehearsal. Not for two processes at once: the server's only worker uses it."""

    def __init__(self, seed: int, state_path: Path) -> None:
        self.seed, self.path = seed, state_path
        state = orjson.loads(state_path.read_bytes()) if state_path.exists() else {}
        self.next: int = state.get("next", FIRST_NEW_NUMBER + seed % 1_000)
        self.given: dict[str, int] = state.get("given", {})  # upload id -> the first of the numbers kept for it
        self.made: dict[str, list[int | str]] = state.get("made", {})  # record -> number, upload id, N
        self.numbers = {entry[0] for entry in self.made.values()}

    def save(self) -> None:
        """Writes what was added, atomically."""
        files.replace_file(self.path, orjson.dumps({"next": self.next, "given": self.given, "made": self.made}))

    def keep_numbers(self, upload: str, count: int) -> int:
        """The first of `count` new numbers for an upload; the same ones when it is asked again."""
        if upload not in self.given:
            self.given[upload] = self.next
            self.next += count
        return self.given[upload]

    def answer(self, record: Arrived, new_number: int, upload: Upload, labels: Mapping[str, Sequence[Label]]) -> Answer:
        """What becomes of a record. `new_number` is the one to give it when it needs one."""
        if record.trouble:
            return Answer(record.end, "", "", "", DATA_ERROR, ((_DATA, "", record.trouble),))
        lsn = local_number_of(record, upload.lsn_places)
        sent = number_of(record, upload.ocn_places)
        label = _label_that_holds(record, labels)
        if label and label.outcome == PROCESSING_ERROR and upload.second_run:
            label = None  # the second run goes through where the first one stumbled
        sent_text = str(sent) if sent else ""
        if label and label.outcome:
            return self._rejected(record, lsn, sent_text, new_number, label)
        minor = tuple((_VALIDATION, severity, text) for severity, text in label.lines) if label else ()
        outcome, number, why = self._fate(record, lsn, sent, new_number, upload)
        return Answer(record.end, lsn, sent_text, str(number), outcome, (*minor, *why))

    def _rejected(self, record: Arrived, lsn: str, sent: str, new_number: int, label: Label) -> Answer:
        if label.outcome == DATA_ERROR:
            return Answer(record.end, "", "", "", DATA_ERROR, tuple((_DATA, "", text) for _, text in label.lines))
        if label.outcome == PROCESSING_ERROR:
            return Answer(record.end, lsn, sent, sent, PROCESSING_ERROR, ((_PROCESSING, "", ""),))
        lines = tuple((_VALIDATION, severity, text) for severity, text in label.lines)
        return Answer(record.end, lsn, sent, str(new_number), UNRESOLVED, lines)

    def _fate(self, record: Arrived, lsn: str, sent: int | None, new_number: int, upload: Upload,
              ) -> tuple[str, int, tuple[tuple[str, str, str], ...]]:
        """(outcome, resulting number, exceptions) of a record nothing was wrong with."""
        bib = record.first(b"001") or lsn or hashlib.sha256(repr(record.fields).encode()).hexdigest()
        if sent and (known := self.current(sent)):
            return self._how(bib) if known == sent else MATCH, known, ()
        if bib in self.made:
            number, by, at = self.made[bib]
            return CREATE if (by, at) == (upload.ident, record.end) else MATCH, int(number), ()
        if not record.first(b"245", b"a") and not record.first(b"245", b"k"):
            return UNRESOLVED, new_number, ((_VALIDATION, "CRITICAL", "Record is sparse."),)
        draw = self._draw("found", bib)
        if not sent and draw < SHARE_FOUND:
            return self._how(bib), self._existing("found", bib), ()
        if not sent and draw > 1 - SHARE_NO_REASON and not upload.second_run:
            return UNRESOLVED, new_number, ()
        self.made[bib] = [new_number, upload.ident, record.end]
        self.numbers.add(new_number)
        return CREATE, new_number, ()

    def current(self, number: int) -> int | None:
        """The number a number has today: itself, another one when it was merged, None when there never was one."""
        if number >= FIRST_NEW_NUMBER:
            return number if number in self.numbers else None
        draw = self._draw("exists", number)
        if draw < SHARE_UNKNOWN:
            return None
        return self._existing("merged", number) if draw < SHARE_UNKNOWN + SHARE_MERGED else number

    def _existing(self, why: str, what: object) -> int:
        """A number that exists under its own name, drawn for `what`."""
        for attempt in range(100):
            number = 1 + int(self._draw(why, what, attempt) * HIGHEST_NUMBER)
            if self._draw("exists", number) >= SHARE_UNKNOWN + SHARE_MERGED:
                return number
        raise AssertionError("a hundred draws in a row found no number")

    def _how(self, bib: str) -> str:
        draw = self._draw("how", bib)
        if draw < SHARE_TRANSFER:
            return TRANSFER
        return REPLACE if draw < SHARE_TRANSFER + SHARE_REPLACE else MATCH

    def _draw(self, *what: object) -> float:
        """A number from 0 up to 1 that follows from the seed and what it is about."""
        digest = hashlib.blake2b(repr((self.seed, *what)).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64


def _label_that_holds(record: Arrived, labels: Mapping[str, Sequence[Label]]) -> Label | None:
    lsn = record.first(b"852", b"8") or record.first(b"001")
    return next((label for label in labels.get(lsn, ()) if label.holds(record.leader, record.fields)), None)
