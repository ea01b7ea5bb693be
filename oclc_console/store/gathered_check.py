"""Whether gathered columns that came from outside (in a pack) hold together, so that no question asked of them can lead out of
them: every column is there, as long as it should be, and points only at what is there. Not for whether what they say is true.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from oclc_console.store.columns import NEVER, Column, Strings
from oclc_console.store.gathered import SAME, Gathered, load_gathered

_LAST_MS = 253_402_300_799_999  # the last instant a calendar of four-digit years has
_MOST = 1 << 62
_REPORTS = "reports"
# column: the words or texts it points at, or the largest number that may stand in it (the smallest is NEVER)
_RECORDS: dict[str, str | int] = {
    "severity": "severity", "outcome": "outcome", "library": "library", "stream": "stream", "upload": "upload",
    "group": "group", "report": _REPORTS, "received": _LAST_MS, "last_refused": _LAST_MS, "last_taken": _LAST_MS,
    "end": _MOST, "ocn_in": _MOST, "ocn_out": _MOST, "flags": 255, "rank": 255, "appearances": 65_535,
}
_LINES: dict[str, str | int] = {
    "report": _REPORTS, "line": _MOST, "document": _MOST, "text": "text", "group": "group", "type": "line_type",
    "severity": "line_severity", "times": _MOST, "seen": 65_535, "flags": 255,
}
_SEEN: dict[str, str | int] = {
    "at": _LAST_MS, "epoch": _LAST_MS, "report": _REPORTS, "upload": "seen_upload", "end": _MOST, "outcome": "seen_outcome",
    "ocn_out": _MOST, "word": SAME, "superseded": 1,
}
COLUMNS = frozenset([*_RECORDS, *(f"line_{name}" for name in _LINES), *(f"seen_{name}" for name in _SEEN), "line_start",
                     "seen_start", "name_sum", "name_row", "text_group"])  # all there are
_TEXTS = ("key", "record_key", "title", "search")
_WORDS = ("group", "severity", "outcome", "library", "stream", "upload", "line_type", "line_severity", "seen_outcome",
          "seen_upload")


def load_foreign(path: Path, symbol: str) -> Gathered | str:
    """The columns in a file from outside, or what is wrong with them."""
    try:
        gathered = load_gathered(path)
        if gathered is None:
            return "they are of another make, or cut"
        return next(_flaws(gathered, symbol), "") or gathered
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        return f"they can't be read ({type(error).__name__}: {error})"


def _flaws(gathered: Gathered, symbol: str) -> Iterator[str]:
    about, records = gathered.about, len(gathered.texts["key"])
    if about["symbol"] != symbol:
        yield "they are of another symbol"
    reports = about["reports"]
    if not all(isinstance(report[key], str) for report in reports for key in ("name", "received", "type")):
        yield "their reports"
    for name in _WORDS:
        if not all(isinstance(word, str) for word in gathered.words[name]):
            yield f"the words of {name}"
    for name, strings in gathered.texts.items():
        if _is_flawed(strings):
            yield f"the texts of {name}"
    if any(len(gathered.texts[name]) != records for name in _TEXTS):
        yield "their length"
    yield from _table(gathered, "", _RECORDS, records)
    for prefix, table in (("line_", _LINES), ("seen_", _SEEN)):
        starts = gathered[f"{prefix}start"]
        if len(starts) != records + 1 or starts[0] != 0 or (np.diff(starts) < 0).any():
            yield f"{prefix}start"
        yield from _table(gathered, prefix, table, int(starts[-1]))
    names = len(gathered.texts["name"])
    yield from _table(gathered, "name_", {"sum": 2**32 - 1, "row": max(0, records - 1)}, names)
    yield from _table(gathered, "text_", {"group": "group"}, len(gathered.texts["text"]))


def _table(gathered: Gathered, prefix: str, table: dict[str, str | int], rows: int) -> Iterator[str]:
    for name, points_at in table.items():
        column = gathered[prefix + name]
        if len(column) != rows or column.ndim != 1 or column.dtype.kind not in "iub":
            yield f"{prefix}{name}"
        elif rows and not _within(column, _largest(gathered, points_at), pointing=isinstance(points_at, str)):
            yield f"{prefix}{name} points at nothing"


def _largest(gathered: Gathered, points_at: str | int) -> int:
    if isinstance(points_at, int):
        return points_at
    if points_at == _REPORTS:
        return len(gathered.about["reports"]) - 1
    return (len(gathered.texts["text"]) if points_at == "text" else len(gathered.words[points_at])) - 1


def _within(column: Column, largest: int, *, pointing: bool) -> bool:
    return int(column.min()) >= (0 if pointing else NEVER) and int(column.max()) <= largest


def _is_flawed(strings: Strings) -> bool:
    """Whether a column of texts does not hold together, or is not UTF-8 all through."""
    ends, data = np.asarray(strings.ends), np.frombuffer(strings.data, np.uint8)
    if ends.dtype != np.int32 or len(ends) < 1 or ends[0] != 0 or ends[-1] != len(data) or (np.diff(ends) < 0).any():
        return True
    inside = ends[ends < len(data)]
    if ((data[inside] & 0xC0) == 0x80).any():
        return True
    data.tobytes().decode()  # UnicodeDecodeError is a ValueError
    return False
