"""A decision in words, for the page of the register: in a few lines, and in full with its history. Pure but for
people's names; the keys are screens/decisions.py's."""

from __future__ import annotations

from oclc_console.operations.decisions import person_name
from oclc_console.project.decisions import Decision
from oclc_console.tui import words
from oclc_console.tui.widgets.drawing import Line, Piece, wrap
from oclc_console.workspace import Workspace

STATES: dict[str, Piece] = {"decided": ("✔ decided", "good"), "reopened": ("! reopened", "warn"), "open": ("· open", "")}


def about(workspace: Workspace, one: Decision, width: int) -> list[Line]:
    """The decision in a few lines: what was decided first, else what is to be decided; then its options."""
    lines: list[Line] = []
    for part in full_words(workspace, one, history=False):
        lines += wrap(part, width, 4 if part[:1] in " ✔" else 0)
    return lines


def full_words(workspace: Workspace, one: Decision, *, history: bool = True) -> list[str]:
    """Everything about a decision, in words."""
    lines = []
    if one.choice is not None:
        lines += [f"Decided on {words.day(one.choice.day)} by {person_name(workspace, one.choice.decided_by)}: "
                  f"{one.choice.option}", f"Why: {one.choice.reason}"]
        lines += [f"Written down: {one.choice.link}"] if one.choice.link else []
    elif one.reopened:
        lines.append(f"Open again: {one.reopened}")
    if one.question and (history or one.choice is None):  # there is little room for the short form of what is decided
        lines.append(one.question)
    for number, option in enumerate(one.options, 1):
        mark = "✔" if one.choice is not None and one.choice.option == option.text else " "
        tested = f" · tested: {option.result} ({option.by}, {words.day(option.at)})" if option.result else ""
        lines.append(f"{mark} {number} {option.text}{tested}")
    if one.takes_any_text and one.choice is None:
        lines.append("  any other text" if one.options else "Any text can be chosen.")
    lines += [one.about] if one.about else []
    lines += [f"Source: {one.source}"] if one.source and history else []
    if history and one.history:
        lines += ["", "History", *(f"{words.short_moment(each.at)} {each.by}: {each.words}"
                                   f"{' (taken back)' if each.taken_back else ''}" for each in one.history)]
    return lines
