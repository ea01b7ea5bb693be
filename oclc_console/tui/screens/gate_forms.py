"""The window in which a gate is signed: the symbol and the date typed by hand, with the effect in numbers before one's eyes.
Not for the page itself (gate.py), nor for entering evidence (checklist_forms.py)."""

from __future__ import annotations

from datetime import date

from oclc_console.project.gates import GateState, to_type
from oclc_console.tui.screens.dialogs import Field, Form
from oclc_console.tui.widgets.drawing import Line


class SignGate(Form):
    """Asks for the symbol and the date, typed by hand; nothing stands in the lines beforehand."""

    def __init__(self, state: GateState, person: str) -> None:
        symbol, _, day = to_type(state.case).partition(" ")
        self._symbol, self._day = symbol, day
        overridden = [one for one in state.conditions if one.override]
        said: list[Line | str] = [[("This ", ""), (state.effect.words, "strong"), (".", "")]]
        if overridden:
            said.append([("! ", "warn"), (f"Red, and signed for: {', '.join(one.id for one in overridden)}.", "")])
        said += [[(f"You sign as {person}. ", ""), (_second(state), "accent")],
                 [("Signing triggers nothing at OCLC: it records that it may be done.", "muted")]]
        day_label = "The cut-off day, typed by hand" if state.gate.id == "scan-delete" else "Today's date, typed by hand"
        super().__init__(f"Sign: {state.gate.step}, {state.case.symbol}", said, [
            Field("symbol", "The symbol, typed by hand"), Field("day", day_label, hint="year-month-day"),
            Field("note", "Note (may be empty)")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """Symbol and date must be the very ones."""
        if answers["symbol"] != self._symbol:
            return f"{answers['symbol']!r} was typed, not the symbol that is being signed for. Look which one this is."
        try:
            given = date.fromisoformat(answers["day"]).isoformat()
        except ValueError:
            return f"{answers['day']!r} is no day. Write it as 2020-11-16."
        return None if given == self._day else f"{given} is not the date to sign for. Nothing was signed."


def _second(state: GateState) -> str:
    if state.first is not None:
        return f"{state.first.by} signed first: yours is the second signature, and passes the gate."
    return "Then a second person signs, under another login."
