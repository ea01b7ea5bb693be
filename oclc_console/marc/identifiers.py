"""Where a record says who it is: its local system number (LSN), the OCLC number (OCN) it claims, and its Alma library.
Not for deciding whether these are right (lint)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from oclc_console.marc.query import compile_places
from oclc_console.marc.record import Record, has_oclc_prefix, read_ocn

_LIBRARY = re.compile(rb"\x1fb([^\x1f]*)")


def lsn_reader(places: Sequence[str]) -> Callable[[Record], str | None]:
    """A function that reads a record's LSN: the first value at the first place that has one. Raises RuleMistake."""
    values = compile_places(places)

    def read(record: Record) -> str | None:
        found = values(record)
        return found[0].decode("utf-8", "backslashreplace") if found else None

    return read


def ocn_reader(places: Sequence[str]) -> Callable[[Record], int | None]:
    """A function that reads the OCN a record claims: the first place that holds one wins. In 035 only numbers that say
    `(OCoLC)` count, since other systems' numbers stand there too. Raises RuleMistake."""
    steps = [(place.strip().startswith("035"), compile_places([place])) for place in places]

    def read(record: Record) -> int | None:
        for needs_prefix, values in steps:
            for value in values(record):
                if needs_prefix and not has_oclc_prefix(value):
                    continue
                if number := read_ocn(value):
                    return number
        return None

    return read


def library_of(record: Record) -> str | None:
    """The Alma library code of the record's first 852 $b (Alma puts the library there in published records)."""
    for field in record.all(b"852"):
        if found := _LIBRARY.search(field):
            return found[1].strip().decode("utf-8", "backslashreplace")
    return None


def mms_of(record: Record) -> str | None:
    """The record's 001, where Alma puts the MMS id."""
    field = record.first(b"001")
    text = field.strip().decode("utf-8", "backslashreplace") if field else ""
    return text or None
