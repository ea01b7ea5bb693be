"""Cells of a CSV file as a spreadsheet may see them: nothing that came from a record is run as a formula, and no control
character gets through. Not for Alma's id lists, which hold ids and nothing else.
"""

from __future__ import annotations

from oclc_console.marc.record import text_of

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@")


def cell(value: str | int | None) -> str | int:
    """A value as text: one that a spreadsheet would run gets an apostrophe in front, an absent one is empty; a count stays
    a count."""
    if not isinstance(value, str):
        return "" if value is None else value
    plain = text_of(value.encode("utf-8", "backslashreplace")).replace("\x1f", "␟")
    return f"'{plain}" if plain.startswith(_RUN_BY_SPREADSHEETS) else plain
