"""Where a record says who it is: its local system number (LSN), the OCLC number (OCN) it claims, and its Alma library.
Not for deciding whether these are right (lint).

Each is told as steps, a tag and how to read a value from such a field, so that it can be read from one record or from a
whole batch (batch.py)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from oclc_console.marc.batch import Steps, read_one
from oclc_console.marc.query import place_steps
from oclc_console.marc.record import OCN_BARE, OCN_PREFIXED, SUBFIELD, Record

_END = rb"(?![^\x1f])"
_VALUE = rb"\s*([^\x1f\s](?:[^\x1f]*[^\x1f\s])?)"  # not blank, without the blanks around it


def lsn_steps(places: Sequence[str]) -> Steps[str]:
    """How to read the LSN: the first value at the first place that has one. Raises RuleMistake."""
    return [(tag, _text_reader(code)) for tag, code in place_steps(places)]


def ocn_steps(places: Sequence[str]) -> Steps[int]:
    """How to read the OCN a record claims: the first place that holds one wins. In 035 only numbers that say `(OCoLC)` count,
    since other systems' numbers stand there too. Raises RuleMistake."""
    return [(tag, _number_reader(code, OCN_PREFIXED if tag == "035" else OCN_BARE)) for tag, code in place_steps(places)]


def _text_reader(code: bytes | None) -> Callable[[bytes], str | None]:
    value = re.compile(_VALUE if code is None else SUBFIELD + code + _VALUE, re.DOTALL)
    find = value.match if code is None else value.search

    def read(field: bytes) -> str | None:
        found = find(field)
        return found[1].decode("utf-8", "backslashreplace") if found else None

    return read


def _number_reader(code: bytes | None, number: bytes) -> Callable[[bytes], int | None]:
    start = rb"\A\s*" if code is None else SUBFIELD + code + rb"\s*"
    find = re.compile(start + rb"(?i:" + number + rb")" + _END).finditer

    def read(field: bytes) -> int | None:
        for found in find(field):
            if len(found[1]) <= 12 and (ocn := int(found[1])):
                return ocn
        return None

    return read


def _first_subfield(code: bytes) -> Callable[[bytes], str | None]:
    find = re.compile(SUBFIELD + code + rb"([^\x1f]*)").search

    def read(field: bytes) -> str | None:
        found = find(field)
        return found[1].strip().decode("utf-8", "backslashreplace") if found else None

    return read


MMS: Steps[str] = [("001", _text_reader(None))]  # Alma puts the MMS id there
LIBRARY: Steps[str] = [("852", _first_subfield(b"b"))]  # Alma puts the library there in published records


def lsn_reader(places: Sequence[str]) -> Callable[[Record], str | None]:
    """A function that reads a record's LSN (see `lsn_steps`). Raises RuleMistake."""
    steps = lsn_steps(places)
    return lambda record: read_one(steps, record)


def ocn_reader(places: Sequence[str]) -> Callable[[Record], int | None]:
    """A function that reads the OCN a record claims (see `ocn_steps`). Raises RuleMistake."""
    steps = ocn_steps(places)
    return lambda record: read_one(steps, record)


def library_of(record: Record) -> str | None:
    """The Alma library code of the record's first 852 $b."""
    return read_one(LIBRARY, record)


def mms_of(record: Record) -> str | None:
    """The record's 001, where Alma puts the MMS id."""
    return read_one(MMS, record)
