"""A rejection in words: how bad it is, where it stands, what it means and what mends it, what was done about it. The same on
the workbench and on the page of one record. Pure. Not for the record's MARC (marc_lines.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from oclc_console.store.standing import TO_DO, Entry, State
from oclc_console.tui import words
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, wrap

if TYPE_CHECKING:
    from oclc_console.oclc.meanings import Group
    from oclc_console.store.desk import Appearance, Complaint, Count, OneRecord, Rejection

TODO = "todo"  # the state to ask a desk for: whatever somebody still has to do something about
SEVERITIES = {"CRITICAL": ("✖ CRITICAL", "bad"), "SEVERE": ("! SEVERE", "warn"), "MINOR": ("· minor", "muted")}
STATES: dict[State, tuple[str, str, str]] = {  # state -> glyph, one word, kind
    State.OPEN: ("·", "open", ""),
    State.CLAIMED: ("◐", "claimed", "accent"),
    State.FIXED: ("✔", "fixed", "good"),
    State.ACCEPTED: ("✔", "accepted", "good"),
    State.EXCLUDED: ("–", "excluded", "muted"),
    State.REPORTED: ("◐", "reported", "accent"),
    State.WAITING: ("◐", "waiting", "accent"),
    State.CONFIRMED: ("✔", "confirmed", "good"),
    State.CAME_BACK: ("!", "came back", "warn"),
}
WHAT_IT_SAYS: dict[State, str] = {  # what setting a state means, for whoever is about to do so
    State.OPEN: "nobody is at it: whoever wants may claim it",
    State.CLAIMED: "you are at it",
    State.FIXED: "mended; the next report confirms it or brings it back",
    State.ACCEPTED: "stays as it is; OCLC may refuse it again",
    State.EXCLUDED: "a 914 keeps it out of WorldCat from now on",
    State.REPORTED: "library technology is to mend it, mostly in one batch",
    State.WAITING: "OCLC was asked, the next step is theirs",
}
FACET_NAMES = {"group": "fault", "library": "library", "state": "state", "severity": "severity", "owner": "owner",
               "symbol": "symbol", "report": "report"}
_NONE = {"owner": "nobody", "library": "library not known", "severity": "no severity given", "group": "no fault given"}


def severity_piece(rejection: Rejection) -> Piece:
    """How bad it is: glyph and word; the outcome where OCLC gave no severity."""
    if rejection.minor_only:
        return SEVERITIES["MINOR"]
    if rejection.worst:
        return SEVERITIES.get(rejection.worst.upper(), (rejection.worst, ""))
    outcome = rejection.outcome or "no severity"
    return (f"✖ {outcome}", "bad") if "error" in outcome else (f"! {outcome}", "warn")


def complaint_piece(complaint: Complaint) -> Piece:
    """How bad OCLC found this: the severity, else the kind of line."""
    if complaint.severity:
        return SEVERITIES.get(complaint.severity.upper(), (complaint.severity, ""))
    return f"✖ {complaint.type or 'unknown'}".lower(), "bad"


def state_piece(state: State, came_back: int = 0) -> Piece:
    """Where it stands: glyph and word, and how often it came back."""
    glyph, word, kind = STATES[state]
    times = f" {came_back}x" if came_back > 1 and state is State.CAME_BACK else ""
    return f"{glyph} {word}{times}", kind


def name_of(rejection: Rejection) -> str:
    """What a record is called: its local number, else where it stands in its upload."""
    if rejection.lsn:
        return rejection.lsn
    return f"no LSN, byte {rejection.end:,}" if rejection.end is not None else "no LSN"


def name_cell(rejection: Rejection) -> Cell:
    """The same, for a list."""
    return name_of(rejection), "strong" if rejection.lsn else "muted"


def value_words(facet: str, value: str, label: str = "") -> str:
    """The value of a facet for people."""
    if facet == "state":
        return "to do" if value == TODO else State(value).label
    return label or value or _NONE.get(facet, "none")


def with_to_do(counts: Sequence[Count], make: type[Count]) -> list[Count]:
    """The counts by state, with one before them for everything that is still to do."""
    left = sum(count.records for count in counts if count.value in TO_DO)
    return [make(TODO, "to do", left), *counts]


# what it means


def remedy(group: Group, width: int) -> list[Line]:
    """What a fault means, where to look, what mends it, who usually does: as many lines as it takes."""
    told = [("It means", group.words), ("Look at", group.look_at), ("Mend", group.mends), ("Who", group.who)]
    lines: list[Line] = []
    for head, text in told:
        if text:
            lines += wrap([(f"{head:<9}", "muted"), (text, "")], width, 9)
    if group.batch:
        lines += wrap([(" " * 9, ""), ("Mostly in many records at once: r, in the list of rejections, writes all with this "
                                       "fault to one list for Alma.", "accent")], width, 9)
    return lines


def numbers(rejection: Rejection) -> list[Piece]:
    """Its OCLC numbers; a staging number is called what it is."""
    sent = str(rejection.ocn_in) if rejection.ocn_in else "none"
    pieces: list[Piece] = [("OCN sent ", "muted"), (sent, "strong")]
    if rejection.ocn_out and rejection.staging:
        pieces.append((f"  ! {rejection.ocn_out} is a staging number: never load it.", "warn"))
    elif rejection.ocn_out:
        pieces += [("  OCLC's number ", "muted"), (str(rejection.ocn_out), "strong")]
    return pieces


def belongs(rejection: Rejection) -> list[Piece]:
    """Title, library, stream, and how its local number was found when OCLC gave none."""
    pieces: list[Piece] = [
        (rejection.title or "no title known", "strong"), ("  library ", "muted"), (rejection.library or "not known", ""),
        ("  stream ", "muted"), (rejection.stream or "not known", "")]
    if rejection.located:
        pieces.append(("  found again by its place in the upload", "muted"))
    return pieces


# what was said and done


def plain_complaints(appearance: Appearance, every: bool) -> tuple[list[Complaint], int]:
    """(what to show of an appearance, how many lines that hides): MINOR lines and noise only when `every`, and the outcome's
    own line only where OCLC said nothing else, since the heading tells it."""
    said = [each for each in appearance.complaints if each.type != "Outcome"] or list(appearance.complaints)
    shown = said if every else [each for each in said if not (each.minor or each.noise)]
    return shown, sum(each.times for each in said) - sum(each.times for each in shown)


def complaints(record: OneRecord, width: int, every: bool) -> Iterator[Line]:
    """What OCLC wrote, the newest upload first, with what each fault means where it is told for the first time."""
    explained: set[str] = set()
    for appearance in record.appearances:
        yield from wrap(_heading(appearance, len(record.appearances) > 1), width, 2)
        shown, _ = plain_complaints(appearance, every)
        for at, each in enumerate(shown):
            times = f"  x{each.times}" if each.times > 1 else ""
            yield from wrap([complaint_piece(each), (f"  {each.text or '(no words)'}", ""), (times, "strong"),
                             (f"  line {each.line:,}", "muted")], width, 2)
            last_of_group = all(later.group.id != each.group.id for later in shown[at + 1:])
            if last_of_group and each.group.id not in explained:
                explained.add(each.group.id)
                yield from wrap([("  ", ""), (each.group.title, "strong")], width, 2)
                yield from ([("  ", ""), *line] for line in remedy(each.group, width - 2))


def _heading(appearance: Appearance, named: bool) -> Line:
    outcome = appearance.outcome or "outcome not told"
    again = " (a rerun answered again)" if appearance.superseded else ""
    kind = "good" if appearance.accepted else "bad" if appearance.accepted is False else ""
    glyph = "✔ " if appearance.accepted else "✖ " if appearance.accepted is False else ""
    return [("▸ ", "accent"), (words.short_moment(appearance.received), "strong"), ("  ", ""),
            (f"{glyph}{outcome}", kind), (again, "muted"), (f"  {appearance.upload}" if named else "", "muted")]


def history(record: OneRecord, width: int) -> list[Line]:
    """Everything that happened, the newest first: what OCLC answered, who did what when."""
    told: list[tuple[str, Line]] = [(each.received, _answered(each)) for each in record.appearances]
    if record.review is not None:
        before: Entry | None = None
        for entry in record.review.history:
            told.append((entry.at, _done(entry, before)))
            before = entry
    newest_first = sorted(enumerate(told), key=lambda each: (each[1][0], each[0]), reverse=True)
    return [row for _, (_, line) in newest_first for row in wrap(line, width, 2)]


def entries_lines(entries: Sequence[Entry], width: int) -> list[Line]:
    """Lines of a history, the oldest first: who did what when."""
    before: Entry | None = None
    lines: list[Line] = []
    for entry in entries:
        lines += wrap(_done(entry, before), width, 2)
        before = entry
    return lines


def _answered(appearance: Appearance) -> Line:
    judged = {"refused": ("refused it", "bad"), "taken": ("took it", "good"), "same": ("answered", "")}
    said, kind = judged[appearance.verdict]
    outcome = f": {appearance.outcome}" if appearance.outcome else ""
    return [(words.short_moment(appearance.received), "muted"), ("  OCLC ", "strong"), (f"{said}{outcome}", kind)]


def _done(entry: Entry, before: Entry | None) -> Line:
    line: list[Piece] = [(words.short_moment(entry.at), "muted"), (f"  {entry.by} ", "strong")]
    if entry.did == "undo":
        line.append(("took that back: ", ""))
    elif entry.did == "merge":
        line.append(("brought in what was done elsewhere: ", ""))
    said = _change(entry, before)
    if not said and not entry.note:
        said = [state_piece(entry.state or State.OPEN)]
    for at, piece in enumerate(said):
        line += [(", ", ""), piece] if at else [piece]
    if entry.note:
        line += [(", " if said else "", ""), (f"“{entry.note}”", "")]
    return line


def _change(entry: Entry, before: Entry | None) -> list[Piece]:
    state, owner = (before.state, before.owner) if before else (None, None)
    said: list[Piece] = []
    if entry.state != state or (entry.state and before and entry.since != before.since):
        said.append(state_piece(entry.state or State.OPEN))
    if entry.owner != owner:
        said.append((f"{entry.owner} has it" if entry.owner else "nobody has it", ""))
    return said
