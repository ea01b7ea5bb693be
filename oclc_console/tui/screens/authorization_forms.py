"""The windows of the roster of authorizations: which survey to take in, and what to change of a person. Not for the page itself
(authorizations.py).
"""

from __future__ import annotations

from pathlib import Path

from oclc_console.project.authorizations import Person
from oclc_console.tui.screens.dialogs import Field, Form
from oclc_console.tui.widgets.plain import plain

_EDITED = (("symbol", "Symbol now"), ("target", "Target symbol"), ("level", "Level"), ("number", "Number now"),
           ("new_number", "New number"))


class AskSurvey(Form):
    """Asks for the file of a survey, and whose it is."""

    def __init__(self) -> None:
        super().__init__("Take in a survey", [
            "A CSV or Excel file with a row of headings: Name, Unit, Current symbol, Target symbol, Level, Authorization "
            "number, "
            "Status. Other columns are kept. A newer file of a unit takes the place of the older.", "",
            [("A file with passwords is refused.", "muted")]],
            [Field("file", "File", hint="/home/me/survey.xlsx"),
             Field("unit", "Unit, where the rows don't say (may be empty)")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """There must be such a file."""
        if not answers["file"]:
            return "Which file? Type its path."
        return None if Path(answers["file"]).expanduser().is_file() else f"There is no file {answers['file']}."


class ChangePerson(Form):
    """Asks for a person's symbols, level and numbers; they stand in the lines as they are."""

    def __init__(self, person: Person) -> None:
        fields = [Field(name, label, plain(getattr(person, name))) for name, label in _EDITED]
        super().__init__(f"Change {person.name}", [], fields)
