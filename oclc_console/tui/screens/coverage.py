"""Where did every record of the symbol's set go? The first identity as a waterfall, with the rule behind each number in words;
a remainder that stopped prepare can be accepted here with a reason. Not for the records themselves (coverage_ids.py), nor for
what OCLC made of those that were sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.operations.coverage import Coverage, SetCoverage, coverage
from oclc_console.operations.coverage_parts import Part
from oclc_console.store.runs import RunState
from oclc_console.tui.coverage_words import IN_SET, columns, counted, no_records, rows, told, which
from oclc_console.tui.follow import Facts
from oclc_console.tui.launch import command_again
from oclc_console.tui.run_words import may_accept
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.coverage_ids import CoverageIdsScreen, offer_export
from oclc_console.tui.screens.dialogs import AskReason
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Table
from oclc_console.tui.words import WIDE


class CoverageScreen(ConsoleScreen):
    """One level into place 2."""

    PLACE = "2"
    TITLE = "Coverage"
    HELP = ("Where every record of the set went, as prepare counted it: left out by a rule, set aside, to which stream, to "
            "none (unrouted) or wanted by two (double). The rules are those of console.toml now. Enter lists the records of "
            "the part under the cursor, x writes them to a file. While unrouted or double records stand refused, a accepts "
            "them with a reason, which is logged with your name, and prepares again; e opens the rules. r goes from run to "
            "run where several make up the set.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "records", "Records", id="coverage.records", key_display="↵", tooltip="The records of this part"),
        Binding("x", "export", "Export", id="coverage.export", tooltip="Write the records of this part to a file"),
        Binding("a", "accept", "Accept", id="coverage.accept",
                tooltip="Accept the unrouted and double records of a refused prepare, with a reason"),
        Binding("r", "run", "Next run", id="coverage.run", tooltip="The next run of the set, or all of them together"),
        Binding("left_square_bracket", "step(-1)", "Previous", id="coverage.previous", key_display="[", show=False,
                tooltip="The previous symbol"),
        Binding("right_square_bracket", "step(1)", "Next", id="coverage.next", key_display="]", show=False,
                tooltip="The next symbol"),
        Binding("e", "edit", "Settings", id="coverage.edit", tooltip="Open console.toml in your editor", show=False),
        ConsoleScreen.BACK,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._asked: object = None
        self._covered: Coverage | None = None
        self._run: str | None = None  # the one run that is shown; None: all together

    def body(self) -> Iterable[Widget]:
        """The waterfall, and what is to be said of the part under the cursor."""
        yield Frame(Table(empty="Counting…", id="parts"), Lines(id="counted"), title="Coverage", id="coverage")
        yield Frame(Lines(id="rule"), title="Part", id="part")

    def on_mount(self) -> None:
        """Keys go to the parts."""
        super().on_mount()
        self.query_one("#counted").can_focus = False
        self._parts.focus()

    @property
    def _parts(self) -> Table:
        return self.query_one("#parts", Table)

    def show_facts(self, facts: Facts) -> None:
        """Asks again when something changed."""
        symbol = self.console.symbol
        if symbol is None or (wanted := (symbol, facts.changes, facts.workspace)) == self._asked:
            return
        self._asked = wanted
        workspace = facts.workspace
        self.ask("the coverage", lambda: coverage(workspace, symbol), self._read)

    def _read(self, covered: Coverage) -> None:
        if covered.symbol != self.console.symbol:
            return
        if self._run not in [run.run for run in covered.runs]:
            self._run = None
        self._covered = covered
        self._show()

    def on_resize(self) -> None:
        """Other columns for another width."""
        self._show()

    @property
    def _shown(self) -> SetCoverage | None:
        """The numbers on the screen: the total, or one run's."""
        if self._covered is None:
            return None
        return next((run for run in self._covered.runs if run.run == self._run), self._covered.total)

    def _show(self) -> None:
        covered, shown = self._covered, self._shown
        if covered is None or shown is None or not self.is_attached:
            return
        self._parts.say(f"Nothing of {covered.symbol} was prepared yet. Press 3 and then p to prepare Alma's files.")
        wide = self.app.size.width >= WIDE
        drawn = rows(shown, covered, wide) if covered.runs else []
        self._parts.show(drawn, [IN_SET, *(part.word for part in shown.parts)] if drawn else [], columns(wide))
        title = f"{covered.symbol} {covered.name} · Coverage{which(covered, self._run)}"
        self.query_one("#coverage", Frame).titles(title, shown.comparison if covered.runs else "")
        self.query_one("#counted", Lines).show(lambda width: counted(covered, self._run, width))
        self._show_part()

    @on(Table.Moved, "#parts")
    def _show_part(self) -> None:
        covered, shown, part = self._covered, self._shown, self._part
        frame, panel = self.query_one("#part", Frame), self.query_one("#rule", Lines)
        if covered is None or shown is None or not covered.runs:
            frame.titles("Part")
            panel.show(lambda width: [])
        else:
            records = part.records if part else shown.in_set
            frame.titles(part.word if part else "in set", f"{records:,} of {shown.in_set:,} records")
            panel.show(lambda width: told(covered, self._run, shown, part, width))
        self.refresh_bindings()

    @property
    def _part(self) -> Part | None:
        """The part under the cursor; None on the set itself."""
        shown = self._shown
        return next((part for part in shown.parts if part.word == self._parts.key), None) if shown else None

    # keys

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Records and export need some with ids, accepting a refused run, another run several."""
        covered = self._covered
        if action in ("records", "export"):
            return no_records(covered, self._run, self._parts.key)
        if action == "accept":
            return self._why_not_accept()
        if action == "run" and (covered is None or len(covered.runs) < 2):
            return "The whole set was prepared in one run, or in none yet."
        if action == "step" and len(self._symbols()) < 2:
            return "There is no other symbol in console.toml."
        return None

    def _why_not_accept(self) -> str | None:
        facts = self.console.facts
        alive = [(run.verb, run.symbol) for run in facts.alive] if facts else []
        if facts and (("prepare", self.console.symbol) in alive or f"prepare {self.console.symbol}" in facts.starting):
            return "A prepare of this symbol is at work: wait for it, or stop it in 3 Runs."
        if self._refused is None:
            return "Nothing stands refused here: no record is unrouted or double in a prepare that stopped for it."
        return None

    @property
    def _refused(self) -> RunState | None:
        """The refused run whose remainder may be accepted."""
        refused, facts = (self._covered.refused if self._covered else None), self.console.facts
        if refused is None or facts is None:
            return None
        return next((run for run in facts.runs if run.name == refused.run and may_accept(run)), None)

    def _symbols(self) -> Sequence[str]:
        status = self.console.facts.status if self.console.facts else None
        return [row.symbol for row in status.symbols] if status else []

    @on(Table.Chosen, "#parts")
    def action_records(self) -> None:
        """Opens the records of the part."""
        covered, word = self._covered, self._parts.key
        if covered is None or word is None or no_records(covered, self._run, word):
            return
        one = Coverage(covered.symbol, covered.name, covered.sender, covered.as_of, self._shown or covered.total,
                       tuple(run for run in covered.runs if self._run in (None, run.run)), ())
        self.app.push_screen(CoverageIdsScreen(one, word, self._run))

    def action_export(self) -> None:
        """Asks for the form, then writes the records of the part."""
        if self._covered is not None and (word := self._parts.key):
            offer_export(self, self._covered.symbol, word, self._run)

    def action_run(self) -> None:
        """The next run, and after the last one all together again."""
        if self._covered is not None:
            turns = [None, *(run.run for run in self._covered.runs)]
            self._run = turns[(turns.index(self._run) + 1) % len(turns)]
            self._show()

    def action_step(self, by: int) -> None:
        """Goes to a neighbouring symbol, round and round."""
        symbols = self._symbols()
        at = symbols.index(self.console.symbol) if self.console.symbol in symbols else 0
        self.console.symbol = symbols[(at + by) % len(symbols)]
        self._draw()

    def action_edit(self) -> None:
        """Opens console.toml in an editor."""
        self.console.edit_settings()

    def action_accept(self) -> None:
        """Asks for a reason, then gives the refused run's command again with it: prepare logs who accepted what, and why."""
        run = self._refused
        stands = may_accept(run) if run else None
        if run is None or stands is None:
            return
        said = [f"{stands.unrouted:,} of {stands.in_set:,} records go to no stream and will not be sent: OCLC's scan/delete "
                f"would remove their holdings. {stands.double:,} are wanted by two streams and will be sent once."]

        def reasoned(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self.console.start_operation(*command_again(run, answers["reason"]))

        self.app.push_screen(AskReason(f"Accept for {run.symbol}", said), reasoned)
