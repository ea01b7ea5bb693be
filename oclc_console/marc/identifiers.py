"""Where a record says who it is: its local system number (LSN), the OCLC number (OCN) it claims, and its Alma library.
Not for deciding whether these are right (lint).

Each is told as steps (see batch.read_column), so that it can be read from one record or from a whole batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter

from oclc_console.marc.batch import Find, Steps, read_one
from oclc_console.marc.query import place_steps
from oclc_console.marc.record import OCN_BARE, OCN_PREFIXED, SUBFIELD, Record

_VALUE = rb"\s*([^\x1f\s][^\x1f]*)"  # not blank


def lsn_steps(places: Sequence[str]) -> Steps[bytes]:
    """How to read the LSN: the first value at the first place that has one. Raises RuleMistake."""
    return [(tag, _finder(code, _VALUE), _text) for tag, code in place_steps(places)]


def ocn_steps(places: Sequence[str]) -> Steps[int]:
    """How to read the OCN a record claims: the first place that holds one wins. In 035 only numbers that say `(OCoLC)` count,
    since other systems' numbers stand there too. Raises RuleMistake."""
    numbers = [OCN_PREFIXED if tag == "035" else OCN_BARE for tag, _ in place_steps(places)]
    return [(tag, _finder(code, rb"\s*(?i:" + number + rb")(?![^\x1f])"), _number)
            for (tag, code), number in zip(place_steps(places), numbers, strict=True)]


def _finder(code: bytes | None, value: bytes) -> Find:
    """Finds a value in a subfield, or in the whole field where there is no code."""
    return re.compile((rb"\A" if code is None else SUBFIELD + code) + value).search


_text = itemgetter(1)


def _number(found: re.Match[bytes] | None) -> int | None:
    while found is not None:
        if len(found[1]) <= 12 and (ocn := int(found[1])):
            return ocn
        found = found.re.search(found.string, found.end())  # that was none: a later subfield may hold one
    return None


MMS: Steps[bytes] = [("001", _finder(None, _VALUE), _text)]  # Alma puts the MMS id there
LIBRARY: Steps[bytes] = [("852", _finder(b"b", rb"([^\x1f]*)"), _text)]  # Alma puts the library there in published records


def text_at(steps: Steps[bytes], record: Record) -> str | None:
    """The text that the steps give for one record; what is not UTF-8 as \\xNN."""
    value = read_one(steps, record)
    return value.rstrip().decode("utf-8", "backslashreplace") if value is not None else None


def lsn_reader(places: Sequence[str]) -> Callable[[Record], str | None]:
    """A function that reads a record's LSN (see `lsn_steps`). Raises RuleMistake."""
    steps = lsn_steps(places)
    return lambda record: text_at(steps, record)


def ocn_reader(places: Sequence[str]) -> Callable[[Record], int | None]:
    """A function that reads the OCN a record claims (see `ocn_steps`). Raises RuleMistake."""
    steps = ocn_steps(places)
    return lambda record: read_one(steps, record)


def library_of(record: Record) -> str | None:
    """The Alma library code of the record's first 852 $b."""
    return text_at(LIBRARY, record)


def mms_of(record: Record) -> str | None:
    """The record's 001, where Alma puts the MMS id."""
    return text_at(MMS, record)
