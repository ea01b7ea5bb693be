"""Text from outside in a Markdown file: it stays text, whatever it looks like. Not a Markdown library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from oclc_console.csv_cells import visible

_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]#|~!<>$:@^=+-])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str) -> str:
    """Text as it is to be read: nothing in it is a link, a heading, a table's bar or HTML, and it stays on one line."""
    shown = visible(" ".join(text.replace("\t", " ").splitlines()))
    return _MEANS_SOMETHING.sub(lambda found: _HTML.get(found[1], f"\\{found[1]}"), shown.replace("&", "&amp;"))


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; every cell is text."""
    return [_row(titles), "|" + " --- |" * len(titles), *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"
