"""The windows of the register of decisions: what was decided and why, an option and its test, a new decision. Not for the page
itself (decisions.py).
"""

from __future__ import annotations

from datetime import date

from oclc_console.project.decisions import Decision
from oclc_console.tui.screens.dialogs import Field, Form
from oclc_console.tui.widgets.drawing import Line


class Decide(Form):
    """Asks why, where it is written down, who decided and when; and what, where that is no option."""

    def __init__(self, one: Decision, option: str | None, today: date, actor: str) -> None:
        what = [] if option else [Field("choice", "What was decided")]
        said: list[Line | str] = [f"{option}."] if option else [one.question] if one.question else []
        super().__init__(f"Decide: {one.title}", said,
                         [*what, Field("reason", "Reason (it stays in the register)"),
                          Field("link", "Where it is written down: a link (may be empty)"),
                          Field("by", "Who decided", actor), Field("day", "On (year-month-day)", today.isoformat())])
        self._today = today

    def wrong(self, answers: dict[str, str]) -> str | None:
        """A choice, a reason, and a day that is not to come."""
        if not answers.get("choice", "-"):
            return "What was decided?"
        if not answers["reason"]:
            return "Say in a few words why."
        try:
            given = date.fromisoformat(answers["day"])
        except ValueError:
            return f"{answers['day']!r} is no day. Write it as {self._today}."
        return f"{given} is still to come; today is {self._today}." if given > self._today else None


class AddOption(Form):
    """Asks for an option, and what its test showed."""

    def __init__(self, one: Decision) -> None:
        super().__init__(f"An option for: {one.title}", ["One that is there can be named by its number, to enter its test."],
                         [Field("text", "Option"), Field("result", "Result of its test (may be empty)")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """An option has words."""
        return None if answers["text"] else "Name the option."


class NewDecision(Form):
    """Asks for the title of a decision, and its question."""

    def __init__(self, whose: str) -> None:
        super().__init__(f"A new decision for {whose}", [], [Field("title", "Title, a few words"),
                                                             Field("question", "What is to be decided (may be empty)")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """A decision has a title."""
        return None if answers["title"] else "Give it a title."
