"""The names of files we upload, and how OCLC writes a symbol where `@ $ #` can't stand. Not for report names
(report_names.py).

Source: OCLC, "File naming conventions" (Data sync collections, Prepare your data): `<seven-digit collection id>.<symbol>.
<anything unique>.<mrc>`, parts separated by periods; letters and digits; no leading period, dash or underscore. A missing
or wrong collection id does not fail: the file silently runs under the symbol's default collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_ESCAPES = {"@": "_64", "$": "_36", "#": "_35"}
_OURS = re.compile(
    r"(?P<collection>\d{7})\.(?P<symbol>[a-z0-9_]+)\.(?P<word>[a-z0-9]+)\.(?P<day>\d{8})\.(?P<number>\d{3,})\.mrc"
)
_ANY = re.compile(r"(?P<collection>\d{7})\.(?P<symbol>[^.]+)\..+")


def escape_symbol(symbol: str) -> str:
    """A symbol as it stands in account names, file names and folders: `A$B` becomes `A_36B`."""
    return "".join(_ESCAPES.get(character, character) for character in symbol)


@dataclass(frozen=True)
class UploadName:
    """The parts of a name this console gives to an upload."""

    collection: str
    symbol: str
    word: str
    day: date
    number: int

    def __str__(self) -> str:
        symbol = escape_symbol(self.symbol).lower()
        return f"{self.collection}.{symbol}.{self.word}.{self.day:%Y%m%d}.{self.number:03d}.mrc"


def number_in(name: str, collection: str, day: date) -> int | None:
    """The running number of one of our names, when it is of this collection and day."""
    match = _OURS.fullmatch(name)
    if match and match["collection"] == collection and match["day"] == f"{day:%Y%m%d}":
        return int(match["number"])
    return None


def belongs_to(name: str, collection: str, symbol: str) -> bool:
    """Whether a file of this name would run under this collection and symbol at OCLC."""
    match = _ANY.fullmatch(name)
    if not match:
        return False
    return match["collection"] == collection and match["symbol"].upper() == escape_symbol(symbol).upper()
