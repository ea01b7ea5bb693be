"""What the name of a file in OCLC's folders says of its state: OCLC zips what is older than seven days and appends `.zip`,
and puts a placeholder that ends in `-stub.txt` in the place of what it has taken away. All of them mean one file. Not for
what a report's name tells of the report (report_names.py).

Source: OCLC, "Download files in My Files": output files older than 7 days get zipped; after 60 days only a placeholder is
listed, and the file must be asked for at OCLC Support.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_ZIP, _STUB = ".zip", "-stub.txt"


@dataclass(frozen=True)
class ListedName:
    """A name as listed, and the `base` that it and its other forms share. `stub`: this is only the placeholder of `wanted`,
    the file that has to be asked for."""

    name: str
    base: str
    wanted: str
    zipped: bool
    stub: bool

    @property
    def folded(self) -> str:
        """The same for all names that some disks take for one (they don't tell `A` from `a`)."""
        return fold(self.base)


def read_listed_name(name: str) -> ListedName:
    """A name as it stands in one of OCLC's folders, taken apart."""
    wanted = _without(name, _STUB)
    base = _without(wanted, _ZIP)
    return ListedName(name, base, wanted, zipped=base != wanted, stub=wanted != name)


def base_of(name: str) -> str:
    """The name that a file, its zip and its placeholder share."""
    return read_listed_name(name).base


def fold(name: str) -> str:
    """The name as a disk sees it that tells neither `A` from `a` nor one spelling of an accented letter from another."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _without(name: str, ending: str) -> str:
    return name[: -len(ending)] if name.lower().endswith(ending) and len(name) > len(ending) else name
