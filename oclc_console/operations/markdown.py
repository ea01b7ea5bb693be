"""Text from outside on a page that is written out: every character visible, and in Markdown none of them an order. Not a
Markdown library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from oclc_console.csv_cells import visible

_UNSEEN = re.compile("[\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")  # they turn or break a line
_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]|~!<>$@^]|:(?=//)|(?<=\d)\.(?=\s)|^[#+=-])")
_HTML = {"<": "&lt;", ">": "&gt;"}


def shown(text: str) -> str:
    """Text on one line, with what nobody could see made visible."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", visible(" ".join(text.replace("\t", " ").splitlines())))


def escaped(text: str) -> str:
    """Text as it is to be read: nothing in it is a link, a heading, a table's bar or HTML, and it stays on one line."""
    plain = shown(text).strip().replace("&", "&amp;")
    return _MEANS_SOMETHING.sub(lambda found: _HTML.get(found[1], f"\\{found[1]}"), plain)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; every cell is text."""
    return [_row(titles), "|" + " --- |" * len(titles), *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"
