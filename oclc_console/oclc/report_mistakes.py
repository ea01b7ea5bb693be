"""What can be wrong in what console.toml says of reports ([reports]): an outcome, a layout or a column that there is not. Not
for reading console.toml (settings_file.py) nor reports (report_readers.py).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from oclc_console.oclc.report_layouts import COLUMN_NAMES, LAYOUTS, ReadAs
from oclc_console.oclc.report_line import ACCEPTED, OUTCOMES, REJECTED

Mistake = tuple[list[str], str]  # the key's parts below [reports], and what is wrong there


def mistakes_in(read_as: ReadAs) -> Iterator[Mistake]:
    """Everything that is wrong in it."""
    for word, outcome in read_as.outcomes.items():
        if outcome not in OUTCOMES:
            yield ["outcomes", word], _not_one_of(outcome, "outcome", (*ACCEPTED, *REJECTED))
        elif " ".join(word.lower().split()) in OUTCOMES:
            yield ["outcomes", word], f"{word!r} is a word of OCLC's that has a meaning already; it can't be given another"
    for type_, layout in read_as.types.items():
        if layout not in LAYOUTS:
            yield ["types", type_], _not_one_of(layout, "layout", LAYOUTS)
    for type_, columns in read_as.columns.items():
        yield from _columns_mistakes(["columns", type_], columns)


def _columns_mistakes(key: list[str], columns: tuple[str, ...]) -> Iterator[Mistake]:
    for column in columns:
        if column not in COLUMN_NAMES:
            yield key, _not_one_of(column, "column", COLUMN_NAMES)
    named = [column for column in columns if column != "-"]
    for column in sorted(set(named)):
        if named.count(column) > 1:
            yield key, f"the column {column!r} stands there twice; call a column that means nothing \"-\""
    if not {"key", "lsn"} & set(named):
        yield key, 'one of the columns must tell which record it is: "key" or "lsn"'


def _not_one_of(given: str, what: str, there: Iterable[str]) -> str:
    near = difflib.get_close_matches(given, list(there), 1)
    hint = f"did you mean {near[0]!r}?" if near else f"possible here: {', '.join(there)}"
    return f"{given!r} is no {what}; {hint}"
