"""What the workbench says: a record as a row and in a panel, titles, why a list is empty, what was written for Alma. Pure. Not
for what is asked for (bench.py)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from oclc_console.tui import words
from oclc_console.tui.bench import ORDERS, Found, Repair, View
from oclc_console.tui.rejection_words import belongs, name_cell, name_of, numbers, remedy, severity_piece, state_piece
from oclc_console.tui.widgets.drawing import Cell, Line, wrap
from oclc_console.tui.widgets.table import Column

if TYPE_CHECKING:
    from oclc_console.oclc.meanings import Group
    from oclc_console.operations.export_rejections import Exported
    from oclc_console.operations.pack import Packed
    from oclc_console.store.desk import Rejection

_ROOM = 12  # for how bad it is, on a narrow terminal
_HEAD, _TITLE = (Column("", 1), Column("LSN", 19)), Column("title", 10, grows=True)
NARROW_COLUMNS = (*_HEAD, Column("how bad", _ROOM), Column("stands", 13), Column("owner", 8), _TITLE)
WIDE_COLUMNS = (*_HEAD, Column("how bad", 18), Column("stands", 14), Column("owner", 10), Column("library", 7), _TITLE)
SHOWN_FILES = 10  # by name, of those that an export wrote
SAID_LINES = 3  # below the list of a narrow terminal


def cells(rejection: Rejection, *, marked: bool, wide: bool) -> list[Cell]:
    """A record as a row."""
    owner: Cell = rejection.owner or ("–", "muted")
    how_bad, kind = severity_piece(rejection)
    if not wide and len(how_bad) > _ROOM:
        how_bad = how_bad.removesuffix(" error")
    row: list[Cell] = [("●", "accent") if marked else " ", name_cell(rejection), (how_bad, kind),
                       state_piece(rejection.state, rejection.came_back), owner]
    library: list[Cell] = [rejection.library or ("–", "muted")] if wide else []
    return [*row, *library, rejection.title or ("no title known", "muted")]


def in_short(rejection: Rejection, group: Group, width: int) -> list[Line]:
    """Its fault and what mends it, in a few lines."""
    told = wrap([("▸ ", "accent"), (group.title, "strong"), (f"  {group.mends}", "")], width, 2)
    if len(told) <= SAID_LINES:
        return list(told)
    last = told[SAID_LINES - 1]
    return [*told[:SAID_LINES - 1], [*last[:-1], ("…", "")]]


def in_full(rejection: Rejection, group: Group, width: int) -> list[Line]:
    """What is known of it without opening it, for a panel beside the list."""
    answered = [("answered ", "muted"), (words.short_moment(rejection.received), ""),
                (f"  {words.plural(rejection.lines, 'line')} in {words.plural(rejection.appearances, 'upload')}", "muted")]
    return [*wrap(belongs(rejection), width, 2), *wrap(numbers(rejection), width, 2),
            *wrap([("upload ", "muted"), (rejection.upload or "not known", "")], width, 2), *wrap(answered, width, 2),
            [], *wrap([severity_piece(rejection), (f"  {group.title}", "strong")], width, 2), *remedy(group, width),
            [], *wrap([("↵ ", "accent"), ("what OCLC wrote, the MARC as sent, what was done", "muted")], width)]


def panel_title(rejection: Rejection) -> str:
    """What it is called, where it stands, whose it is."""
    stands, _ = state_piece(rejection.state, rejection.came_back)
    owner = f" · {rejection.owner}" if rejection.owner else ""
    return f"{rejection.symbol} {name_of(rejection)}  {stands}{owner}"


def titles(found: Found, view: View, marked: int, catching_up: bool) -> tuple[str, str]:
    """The list's two titles: how many of how many, what is asked for, how many are marked; the order, and what is hidden."""
    narrowed = f" · {view.words()}" if view.is_narrowed else ""
    marks = f" · ● {marked:,} marked" if marked else ""
    hidden = f" · {found.hidden:,} minor hidden, m shows them" if found.hidden else " · minor shown" if view.minor else ""
    behind = " · gathering what came since…" if catching_up else ""
    return (f"Rejections {len(found.selection):,} of {found.every:,}{marks}{narrowed}",
            f"by {ORDERS[view.order]} {'↑' if view.reverse else '↓'}{hidden}{behind}")


def nothing_here(found: Found, view: View, catching_up: bool) -> str:
    """Why the list is empty, and the next key."""
    if not found.every and catching_up:
        return "Gathering what the reports say…"
    if not found.every:
        return "OCLC has rejected no record here yet. Press Esc, then i to import reports, or 3 and f to fetch them."
    if found.hidden:
        return f"Only records with nothing but MINOR lines: {found.hidden:,}. Press m to see them."
    if view.value("state") is not None and not view.text and len(view.only) == 1:
        return f"Nothing is left here: none of {found.every:,} is {view.words()}. Press Backspace to see all."
    return f"None of {found.every:,} records fits {view.words()}. Press Backspace to drop the last of these."


def repair_words(repair: Repair, path: str, actor: str) -> str:
    """What was written for Alma, and what to do with it."""
    made = repair.made
    records = words.plural(made.records, "record")
    theirs = sum(times for owner, times in repair.owners.items() if owner not in ("", actor))
    rest = [f"{words.plural(made.without, 'record')} of them could not be listed: their bib is not known here."
            ] if made.without else []
    rest += [f"{theirs:,} of them belong to somebody else."] if theirs else []
    return "\n".join([
        f"{words.plural(made.ids, 'MMS id')} of {records} with the same fault stand in {path}", *rest, "",
        "In Alma: Manage Sets, Add Set, Itemized, from this file (its column is MMS ID); then the job that mends them.", "",
        f"All {made.records:,} are marked now. When the job is done: s, then fixed in Alma. OCLC's next report confirms it, or "
        "brings back what is not mended."])


def exported_words(done: Exported, root: Path) -> str:
    """What was written, file by file, and what could not be listed."""
    if not done.files:
        return "No record fits; nothing was written."
    where = words.below(str(done.files[0].path.parent), root)
    lines = [f"{words.plural(done.records, 'record')} in {words.plural(len(done.files), 'file')} in {where}", ""]
    for file in done.files[:SHOWN_FILES]:
        ids = f", {words.plural(file.lines, 'id')}" if done.form in ("alma", "list") else ""
        without = f", {file.without_id:,} without one are not in it" if file.without_id else ""
        lines.append(f"{file.path.name}: {words.plural(file.records, 'record')}{ids}{without}")
    if len(done.files) > SHOWN_FILES:
        lines.append(f"and {len(done.files) - SHOWN_FILES:,} files more")
    if done.form == "alma":
        lines += ["", "In Alma: Manage Sets, Add Set, Itemized, from such a file (its column is MMS ID)."]
    return "\n".join(lines)


def packed_words(made: Packed, root: Path) -> str:
    """What was packed, and how it opens and comes home."""
    symbols = ", ".join(symbol.code for symbol in made.about.symbols)
    return "\n".join([
        f"{words.plural(made.about.records, 'record')} of {symbols} in {words.below(str(made.path), root)}",
        f"{made.sent:,} of them as they were sent",
        *(f"{records:,} without: {reason}" for reason, records in made.not_sent), "",
        f"On the laptop: oclc-console {made.path.name}", "When it comes back: 4 Reports, m."])
