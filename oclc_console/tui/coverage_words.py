"""A coverage as lines: the waterfall with its bars, which run counted it and how it ended, what a part is. Pure: made from
the counted numbers. Not for reading anything."""

from __future__ import annotations

from oclc_console.operations.coverage import Coverage, RunCoverage, SetCoverage
from oclc_console.operations.coverage_ids import records_of
from oclc_console.operations.coverage_parts import Part
from oclc_console.tui import words
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, wrap
from oclc_console.tui.widgets.table import Column

IN_SET = "in_set"
GLYPHS = {"excluded": "–", "quarantined": "!", "stream": "→", "routed": "→", "unrouted": "✖", "double": "✖"}
BAR, WIDE_BAR = 16, 40
EIGHTHS = " ▏▎▍▌▋▊▉"


def part_name(word: str) -> str:
    """A part as people read it."""
    return "in set" if word == IN_SET else word


def which(covered: Coverage, run: str | None) -> str:
    """Which of several runs is shown."""
    if len(covered.runs) < 2:
        return ""
    names = [each.run for each in covered.runs]
    return f" · run {names.index(run) + 1} of {len(names)}" if run in names else f" · {len(names)} runs together"


def columns(wide: bool) -> list[Column]:
    columns = [Column("", 13), Column("part", 18, grows=not wide, name=True), Column("records", 9, right=True),
               Column("of set", 7, right=True), Column("", BAR)]
    if not wide:
        return columns
    return [columns[0], Column("part", 34, name=True), *columns[2:4], Column("", WIDE_BAR), Column("rule", 20, grows=True)]


def rows(shown: SetCoverage, covered: Coverage, wide: bool) -> list[list[Cell]]:
    """The waterfall: each part's bar begins where the one before it ended; doubles are among the streams."""
    width = WIDE_BAR if wide else BAR
    whole = bar_at(0, shown.in_set, shown.in_set, width)
    sent_as = f"sent as {covered.sender}" if covered.sender != covered.symbol else ""
    head: list[Cell] = [("= in set", "strong"), sent_as, f"{shown.in_set:,}", share(shown.in_set, shown.in_set), whole, ""]
    rows = [head]
    before, streams = 0, shown.of("excluded") + shown.of("quarantined")
    for part in shown.parts:
        kind = _kind(part, covered)
        drawn = bar_at(streams if part.kind == "double" else before, part.records, shown.in_set, width)
        before += 0 if part.kind == "double" else part.records
        rows.append([_state(part, kind), part.name, (f"{part.records:,}", kind), share(part.records, shown.in_set),
                     (drawn, kind), (part.rule, "muted")])
    return rows


def _kind(part: Part, covered: Coverage) -> str:
    if part.kind in ("stream", "routed"):
        return ""
    if part.kind == "excluded" or not part.records:
        return "muted"
    return "bad" if part.kind != "quarantined" and covered.refused else "warn"


def _state(part: Part, kind: str) -> Piece:
    """`✖ unrouted` where it stands refused, `! unrouted` where it was accepted, `✔ unrouted` where there is none."""
    remainder = part.kind in ("unrouted", "double", "quarantined")
    glyph = GLYPHS[part.kind]
    if remainder:
        glyph = "✔" if not part.records else "✖" if kind == "bad" else "!"
    return f"{glyph} {part.kind}", kind


def share(records: int, in_set: int) -> str:
    """`12.5 %`; never 0 for some, never 100 for not all."""
    if not records or not in_set:
        return "0 %"
    percent = 100 * records / in_set
    if percent < 0.1:
        return "<0.1 %"
    return "100 %" if records == in_set else f"{min(percent, 99.9):.1f} %"


def bar_at(start: int, records: int, in_set: int, width: int) -> str:
    """A bar of some records after others, in eighths of a cell; what is there at all can be seen."""
    if not records or not in_set:
        return ""
    filled = max(1, round(8 * width * records / in_set))
    cells = (filled + 7) // 8
    lead = min(int(width * start / in_set), width - cells)
    return " " * lead + "█" * (filled // 8) + (EIGHTHS[filled % 8] if filled % 8 else "")


def counted(covered: Coverage, run: str | None, width: int) -> list[Line]:
    """Which run counted this, when, and how it ended; what is missing."""
    lines: list[Line] = []
    shown = [each for each in covered.runs if run in (None, each.run)]
    for each in shown if len(shown) == 1 else ():
        lines += wrap([("Counted ", "muted"), (words.short_moment(each.at), ""), (f" by {each.by}: ", "muted"),
                       words.state_piece(each.state), (_after(each), "")], width, 2)
    if len(shown) > 1:
        ends = ", ".join(f"{words.short_moment(each.at)} {each.state}" for each in shown)
        lines += wrap([("Counted by ", "muted"), (f"{len(shown)} runs", ""), (f": {ends}. r shows each.", "muted")], width, 2)
    if covered.left:
        lines += wrap([("! ", "warn"), (f"Not counted, since refused and not prepared again: {', '.join(covered.left)}.", "")],
                      width, 2)
    return lines


def _after(run: RunCoverage) -> str:
    said = " Nothing of it is in the outbox." if run.state == "refused" else ""
    if run.accepted and run.of("unrouted") + run.of("double"):
        said += f" What is unrouted or double was accepted: {run.accepted}."
    if run.ledger is None:
        said += " It kept no ledger: numbers, but no ids."
    return f".{said}"


def told(covered: Coverage, run: str | None, shown: SetCoverage, part: Part | None, width: int) -> list[Line]:
    """What the part is: its rule, and what to press."""
    if part is None:
        sources = [name for each in covered.runs if run in (None, each.run) for name in each.sources]
        return [*wrap(shown.identity, width, 2), *wrap([("from ", "muted"), (", ".join(sources), "")], width, 2)]
    lines: list[Line] = list(wrap(f"{part.rule[:1].upper()}{part.rule[1:]}.", width))
    if part.kind in ("unrouted", "double") and part.records and covered.refused:
        lines += wrap([("→ ", "accent"), ("Press e to mend the rules in console.toml and prepare again, or a to go on with a "
                                          "reason.", "")], width, 2)
    return lines


def no_records(covered: Coverage | None, run: str | None, word: str | None) -> str | None:
    """Why the records of a part can't be listed."""
    runs = [each for each in covered.runs if run in (None, each.run)] if covered else []
    if word is None or not runs:
        return "Nothing was prepared yet. Press 3 and then p to prepare Alma's files."
    if not sum(records_of(each, word) for each in runs):
        return f"There is no record in {part_name(word)}."
    if all(each.ledger is None for each in runs):
        listed = " Its unrouted.csv in the run's folder names them." if word in ("unrouted", "double") else ""
        return f"This run kept no ledger: there are numbers, but no ids.{listed}"
    return None
