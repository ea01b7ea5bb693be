"""Which streams may a timer send, with nobody there? Each stream with its approval, who signed, and what would make it stand;
the keys to sign one and to take one away. Not for the upload's gate (gate.py), which every run has to pass as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.operations.approvals import StreamApproval, approvals, approve, withdraw_approval
from oclc_console.store.project import project
from oclc_console.tui import words
from oclc_console.tui.screens.dialogs import AskReason, Field, Form
from oclc_console.tui.screens.list_page import ListPage
from oclc_console.tui.widgets.drawing import Cell, Line, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.workspace import Workspace

COLUMNS = (Column("", 1), Column("state", 9), Column("symbol", 6), Column("stream", 14, grows=True), Column("collection", 10),
           Column("runs", 11), Column("waiting", 9, right=True), Column("signed by", 12))


def summary(workspace: Workspace) -> str:
    """The approvals in one line, from the log alone."""
    acts = [act["act"] for code in workspace.settings.symbols for act in project(workspace).of(code)
            if act["act"].startswith("approval.")]
    return f"{acts.count('approval.signed')} signatures for unattended runs" if acts else "no stream goes out unattended"


class SignApproval(Form):
    """Asks how many records a run usually has, and a note."""

    def __init__(self, found: StreamApproval, person: str) -> None:
        usual = found.state.signatures[-1].usual_count if found.state.signatures else found.suggested
        said: list[Line | str] = [
            f"A timer may then send {found.stream} ({found.collection}), {found.state.run} runs, with nobody there. It lapses "
            "when the stream's settings change or a run is not about as big as you say.",
            [(f"You sign as {person}. ", ""), (f"It needs {words.plural(found.state.needed, 'person', 'people')}.", "accent")]]
        super().__init__(f"Approve {found.symbol}: {found.stream}", said, [
            Field("usual", "Records in a usual run", "" if usual is None else str(usual)),
            Field("note", "Note (may be empty)")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """A number of records."""
        digits = answers["usual"].replace(",", "")
        return None if digits.isascii() and digits.isdigit() else f"{answers['usual']!r} is no number of records."


class ApprovalsScreen(ListPage):
    """One level into place 5."""

    PLACE = "5"
    LIST = "streams"
    TITLE = "Approvals"
    HELP = ("The streams that the console uploads, and whether a timer may send each with nobody there (upload --unattended). "
            "The first full run needs one person, incremental runs two, each from their own login. An approval lapses when the "
            "stream's settings change, or when a run has far more or far fewer records than were signed for. s signs for the "
            "stream under the cursor, x takes its approval away, with a reason.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sign", "Approve", id="approvals.sign", tooltip="Sign that a timer may send this stream"),
        Binding("x", "withdraw", "Withdraw", id="approvals.withdraw", tooltip="Take the approval away, with a reason"),
        ListPage.BACK,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found: tuple[StreamApproval, ...] = ()

    def body(self) -> Iterable[Widget]:
        """The streams, and what is to be said of the one under the cursor."""
        yield Frame(Table(COLUMNS, empty="Looking at the streams…", id="streams"), title="Approvals", id="approvals")
        yield Frame(Lines(id="approval-lines"), title="Stream", id="approval")

    def _read_again(self) -> None:
        workspace = self.workspace
        self.ask("the approvals", lambda: approvals(workspace), self._read)

    def _read(self, found: tuple[StreamApproval, ...]) -> None:
        self._found = found
        self._list.say("console.toml names no stream that the console uploads. Press 2 and then e to open it.")
        self._list.show([_cells(each) for each in found], [each.collection for each in found], COLUMNS)
        standing = sum(each.state.stands for each in found)
        self.query_one("#approvals", Frame).titles(f"Approvals · {standing} of {len(found)} streams may go out unattended")
        self._show_stream()

    @on(Table.Moved, "#streams")
    def _show_stream(self) -> None:
        each = self._stream
        self.query_one("#approval", Frame).titles(f"{each.symbol} {each.stream}" if each else "Stream")
        self.query_one("#approval-lines", Lines).show(lambda width: _said(each, width) if each else [])
        self.refresh_bindings()

    @property
    def _stream(self) -> StreamApproval | None:
        return next((each for each in self._found if each.collection == self._list.key), None)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Signing needs an approval that does not stand, and another person than who signed; withdrawing, one given."""
        each = self._stream
        if action not in ("sign", "withdraw"):
            return None
        if each is None:
            return "There is no stream under the cursor."
        if action == "sign" and each.state.stands:
            return f"It is approved: {each.state.words}."
        if action == "sign" and any(one.by == self.workspace.actor for one in each.state.signatures):
            return "You have signed: a second person has to, under another login."
        return "Nobody has approved it." if action == "withdraw" and each.state.last is None else None

    def action_sign(self) -> None:
        """Asks for the usual number, then signs."""
        each = self._stream
        if each is None:
            return

        def typed(answers: dict[str, str] | None) -> None:
            if answers is not None:
                usual = int(answers["usual"].replace(",", ""))
                self._act("approve", lambda workspace: approve(workspace, each.collection, run=each.state.run, usual=usual,
                                                               note=answers["note"]))

        self.app.push_screen(SignApproval(each, self.workspace.actor), typed)

    def action_withdraw(self) -> None:
        """Asks why, then takes the approval away."""
        each = self._stream
        if each is None:
            return

        def reasoned(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act("withdraw", lambda workspace: withdraw_approval(workspace, each.collection, answers["reason"],
                                                                          run=each.state.run))

        self.app.push_screen(AskReason(f"Withdraw {each.symbol}: {each.stream}", [f"{each.state.words}."]), reasoned)

    def _act(self, topic: str, act: Callable[[Workspace], StreamApproval]) -> None:
        workspace = self.workspace

        def done(each: StreamApproval) -> None:
            self._read(tuple(each if old.collection == each.collection else old for old in self._found))
            self.notify(f"{each.state.words}.", title=f"{each.symbol}: {each.stream}", markup=False)

        self.ask(topic, lambda: act(workspace), done)


def _cells(each: StreamApproval) -> list[Cell]:
    state = each.state
    glyph, word, kind = ("✔", "approved", "good") if state.stands else ("◐", "signed", "accent") if state.signatures else (
        "!", "lapsed", "warn") if state.last or "lapsed" in state.words else ("·", "no", "muted")
    return [(glyph, kind), (word, kind), (each.symbol, "strong"), each.stream, each.collection, state.run,
            words.number(each.waiting), ", ".join(one.by for one in state.signatures) or "–"]


def _said(each: StreamApproval, width: int) -> list[Line]:
    lines: list[Line] = [*wrap(f"{each.state.words[0].upper()}{each.state.words[1:]}.", width)]
    if each.state.then:
        lines += wrap([("→ ", "accent"), (each.state.then, "")], width, 2)
    for one in each.state.signatures:
        note = f": {one.note}" if one.note else ""
        said = f"{one.by}, about {one.usual_count:,} records{note}"
        lines += wrap([(f"{words.moment(one.at)} ", "muted"), (said, "")], width, 2)
    return lines
