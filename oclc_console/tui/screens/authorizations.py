"""Who may catalog under which symbol, and who still has to move? The roster of Connexion authorizations from the
units' surveys: people, what is wrong, which units have answered, what to ask of OCLC. No passwords. Its words are
authorization_words.py's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from oclc_console.operations.authorizations import (
    Authorizations,
    Requested,
    SurveyTaken,
    authorizations,
    change_person,
    import_survey,
    known_symbols,
    write_requests,
)
from oclc_console.project.authorizations import STATES, Person, roster_of
from oclc_console.project.roster_checks import findings_of, units_of
from oclc_console.store.project import project
from oclc_console.tui import words
from oclc_console.tui.authorization_words import (
    CHECK,
    PEOPLE,
    REQUESTS,
    UNITS,
    VIEWS,
    about_finding,
    about_person,
    about_requests,
    about_unit,
    person_words,
    shown,
    taken_words,
    titles,
)
from oclc_console.tui.screens.authorization_forms import AskSurvey, ChangePerson
from oclc_console.tui.screens.dialogs import Choose, Confirm, Message
from oclc_console.tui.screens.list_page import ListPage
from oclc_console.tui.widgets.drawing import Cell, Line
from oclc_console.tui.widgets.filter import FilterLine
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.plain import plain
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.workspace import Workspace


def summary(workspace: Workspace) -> str:
    """The roster in one line, for the list of pages."""
    roster, symbols = roster_of(project(workspace).of(None)), known_symbols(workspace.settings)
    known = [unit for unit in units_of(roster, symbols) if unit.known]
    answered = sum(unit.survey is not None for unit in known)
    if not roster.people and not answered:
        return f"nobody yet: 0 of {len(known):,} units answered the survey → take one in"
    found = findings_of(roster, symbols)
    left = sum(each.kind == "defunct" for each in found)
    return (f"{words.plural(len(roster.people), 'person', 'people')}, {answered:,} of {len(known):,} units answered; "
            f"{left:,} still to move, {len(found):,} to look at")


class AuthorizationsScreen(ListPage):
    """One level into place 5."""

    PLACE = "5"
    LIST = "roster-list"
    TITLE = "Authorizations"
    HELP = ("The roster of Connexion authorizations. i takes in a unit's survey (CSV or Excel, no passwords); the same "
            "file again "
            "changes nothing, a changed one shows what changed. v goes round: people, what to look at, units, what to ask of "
            "OCLC. s sets the status of the person under the cursor: moved when they use the new number, left when they "
            "catalog "
            "no more; c changes their other fields. w writes OCLC's request forms, 5 adds, 5 changes and 10 deletes at most in "
            "each, and records them. Enter opens the line; ⌫ shows everybody again.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="roster.open", key_display="↵", tooltip="The line under the cursor in full"),
        Binding("v", "view", "View", id="roster.view", tooltip="People, what to look at, units, what to ask of OCLC: the next"),
        Binding("i", "import", "Survey", id="roster.import", tooltip="Take in a unit's survey"),
        Binding("s", "status", "Status", id="roster.status", tooltip="Set the status: active, wanted, moved, left, deleted"),
        Binding("c", "change", "Change", id="roster.change", show=False, tooltip="Change symbol, target, level, numbers"),
        Binding("w", "write", "Requests", id="roster.write", show=False, tooltip="Write OCLC's request forms, and record them"),
        Binding("slash", "filter", "Filter", id="roster.filter", key_display="/", tooltip="Only lines that hold a word"),
        Binding("backspace", "wider", "Wider", id="roster.wider", show=False, key_display="⌫", tooltip="Everybody again"),
        ListPage.BACK,
    ]
    MORE_KEYS: ClassVar[frozenset[str]] = frozenset({"roster.change", "roster.write", "roster.wider"})

    def __init__(self) -> None:
        super().__init__()
        self._found: Authorizations | None = None
        self._view = PEOPLE
        self._only: tuple[str, ...] | None = None  # keys of the people that are shown; None: everybody
        self._narrowed = ""  # what they have in common, in words

    def body(self) -> Iterable[Widget]:
        """The list, and what is to be said of the line under the cursor."""
        yield Frame(Table(empty="Reading the roster…", id="roster-list"), FilterLine("a name, a unit, a symbol, a number"),
                    title="Authorizations", id="roster")
        yield Frame(Lines(id="roster-lines"), title="Person", id="roster-about")

    def _read_again(self) -> None:
        workspace = self.workspace
        self.ask("the roster", lambda: authorizations(workspace), self._read)

    def _read(self, found: Authorizations) -> None:
        self._found = found
        self._show()

    @on(Input.Changed, "#filter")
    def _show(self) -> None:
        found = self._found
        if found is None or not self.is_attached:
            return
        wanted = self.query_one(FilterLine).value
        drawn = shown(found, self._view, wanted, self._only)
        self._list.say(drawn.empty)
        self._list.show(drawn.rows, drawn.keys, drawn.columns)
        self.query_one("#roster", Frame).titles(*titles(found, self._view, drawn, wanted, self._narrowed))
        self._moved()

    @on(Table.Moved, "#roster-list")
    def _moved(self) -> None:
        title, build = self._about()
        self.query_one("#roster-about", Frame).titles(title)
        self.query_one("#roster-lines", Lines).show(build)
        self.refresh_bindings()

    def _about(self) -> tuple[str, Callable[[int], list[Line]]]:
        found, key = self._found, self._list.key
        if found is None or key is None:
            return "Person", lambda width: []
        if self._view == CHECK:
            finding = found.findings[int(key)]
            return finding.title, lambda width: about_finding(finding, width)
        if self._view == UNITS:
            unit = next(each for each in found.units if each.code == key)
            return "Unit", lambda width: about_unit(unit, width)
        if self._view == REQUESTS:
            return "Request", lambda width: about_requests(found, width)
        person = self._person
        return "Person", lambda width: about_person(person, found, width) if person else []

    @property
    def _person(self) -> Person | None:
        """Whom the line under the cursor is about, where it is one person."""
        found, key = self._found, self._list.key
        if found is None or key is None or self._view == UNITS:
            return None
        if self._view == CHECK:
            keys = found.findings[int(key)].keys
            return found.roster.person(keys[0]) if len(keys) == 1 else None
        return found.roster.person(key.split("|", 2)[2] if self._view == REQUESTS else key)

    # keys

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Most keys need a person, writing something to ask for."""
        if not self.is_mounted or not self.query("#roster-list"):
            return None
        if action == "open" and self._list.key is None:
            return "There is no line under the cursor."
        if action in ("status", "change") and self._person is None:
            return "Which person? Press Enter for the people it is about, or v for all of them."
        if action == "write" and (self._found is None or not self._found.batches):
            return "There is nothing to ask of OCLC now."
        if action == "wider" and self._only is None:
            return "Everybody is shown already."
        return None

    def action_view(self) -> None:
        """The next list."""
        self._view = VIEWS[(VIEWS.index(self._view) + 1) % len(VIEWS)]
        self._list.cursor = 0
        self._show()

    def action_wider(self) -> None:
        """Everybody again."""
        self._narrow(None, "")

    def _narrow(self, only: tuple[str, ...] | None, narrowed: str) -> None:
        self._view, self._only, self._narrowed = PEOPLE, only, narrowed
        self._list.cursor = 0
        self._show()

    @on(Table.Chosen, "#roster-list")
    def action_open(self) -> None:
        """A person in full; of a finding or a unit, its people."""
        found, key = self._found, self._list.key
        if found is None or key is None:
            return
        if self._view == CHECK:
            finding = found.findings[int(key)]
            self._narrow(finding.keys, finding.title)
        elif self._view == UNITS:
            self._narrow(tuple(person.key for person in found.roster.people if person.unit == key), key)
        elif person := self._person:
            wrong = [f"! {each.sentence}. {each.then}" for each in found.findings if person.key in each.keys]
            self.app.push_screen(Message(person.name, "\n".join([*wrong, *person_words(person)])))

    def action_import(self) -> None:
        """Asks for a survey and takes it in."""
        workspace = self.workspace

        def given(answers: dict[str, str] | None) -> None:
            if answers is not None:
                path = Path(answers["file"]).expanduser()
                self.ask("taking in the survey", lambda: import_survey(workspace, path, answers["unit"] or None), self._taken)

        self.app.push_screen(AskSurvey(), given)

    def _taken(self, taken: SurveyTaken) -> None:
        self._read_again()
        self.app.push_screen(Message(f"✔ {taken.file}", taken_words(taken)))

    def action_status(self) -> None:
        """Sets the status of the person."""
        if (person := self._person) is None:
            return

        def chosen(state: str | None) -> None:
            if state is not None and state != person.status:
                self._change(person, {"status": state})

        rows: list[list[Cell]] = [[(state, "strong"), meaning] for state, meaning in STATES.items()]
        self.app.push_screen(Choose(f"Status of {person.name}", (Column("", 9), Column("", 40, grows=True)), rows,
                                    list(STATES), person.state), chosen)

    def action_change(self) -> None:
        """Changes other fields of the person."""
        if (person := self._person) is None:
            return

        def given(answers: dict[str, str] | None) -> None:
            typed = answers or {}
            changes = {name: value for name, value in typed.items() if value != plain(getattr(person, name)).strip()}
            if changes:
                self._change(person, changes)

        self.app.push_screen(ChangePerson(person), given)

    def _change(self, person: Person, changes: dict[str, str]) -> None:
        workspace = self.workspace

        def done(changed: Person) -> None:
            self._read_again()
            said = ", ".join(f"{name.replace('_', ' ')} {getattr(changed, name) or '(empty)'}" for name in changes)
            self.notify(plain(f"{changed.name}: {said}."), title="✔ changed", markup=False)

        self.ask(f"changing {person.name}", lambda: change_person(workspace, person.key, changes), done)

    def action_write(self) -> None:
        """Writes the requests, once it is confirmed."""
        if (found := self._found) is None:
            return
        workspace = self.workspace
        parts = [f"{batch.symbol}: {len(batch.add)} adds, {len(batch.change)} changes, {len(batch.delete)} deletes"
                 for batch in found.batches]

        def confirmed(yes: bool | None) -> None:
            if yes:
                self.ask("writing the requests", lambda: write_requests(workspace), self._written)

        said = (f"This writes {words.plural(len(parts), 'request')} below exports, a text and a CSV file each "
                f"({'; '.join(parts)}), "
                "and records with your name who was asked for. Sending them to OCLC is yours: it happens in OCLC's form.")
        self.app.push_screen(Confirm("Write OCLC's request forms?", said), confirmed)

    def _written(self, done: Requested) -> None:
        self._read_again()
        lines = [f"Request {number} for {batch.symbol}: {words.below(str(text), self.workspace.root)}, and the same as .csv"
                 for number, batch, text, _ in done.written]
        lines += [f"! Held back: {each.kind} {each.person.name}: {each.reason}" for each in done.held]
        self.app.push_screen(Message(f"✔ {words.plural(len(done.written), 'request')} written", "\n".join(lines)))
