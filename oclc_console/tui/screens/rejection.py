"""What is wrong with this record, and what mends it? Everything OCLC wrote about it, what that means, what people did, and its
MARC as it was sent, with the place marked that OCLC names. Not for many at once (workbench.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.oclc.pointing import Place, places_in
from oclc_console.tui.bench_words import panel_title
from oclc_console.tui.follow import Facts
from oclc_console.tui.marc_lines import BELOW, MARK, marc_lines
from oclc_console.tui.rejection_words import belongs, complaints, history, numbers, plain_complaints
from oclc_console.tui.screens.changing import ChangingScreen, Targets
from oclc_console.tui.widgets.drawing import Line, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines

if TYPE_CHECKING:
    from oclc_console.operations.record_as_sent import RecordAsSent
    from oclc_console.store.desk import Desk, OneRecord, Rejection, Selection


@dataclass(frozen=True)
class _Sent:
    """The record as it was sent in one upload, and what OCLC named in its answer to that."""

    upload: int  # which of its appearances, the newest being 0
    record: RecordAsSent
    places: tuple[Place, ...]
    look_at: str  # where to look when it names nothing


class RejectionScreen(ChangingScreen):
    """Two levels into place 4: the record at one place of the workbench's list."""

    PLACE = "4"
    TITLE = "Record"
    HELP = ("One record: what OCLC wrote about it in each upload, the newest first, what that means and what mends it; who "
            "did what when; and its MARC as it was sent. ✖ stands before each field that OCLC names, ▲ below what it names "
            "there; a field and its form in the original script (880) stand side by side. v shows it as an earlier upload "
            "had it. A staging number looks like an OCLC number and must never be loaded into Alma. t claims, s says where it "
            "stands, n notes, z takes back; c copies the LSN, C the OCLC number that was sent. Brackets go to the next record "
            "and the one before.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "minor", "Minor", id="record.minor", tooltip="Show or hide MINOR lines and $0 noise"),
        Binding("right_square_bracket", "next(1)", "Next", id="record.next", show=False, key_display="]",
                tooltip="The next record of the list"),
        Binding("left_square_bracket", "next(-1)", "Before", id="record.before", show=False, key_display="[",
                tooltip="The record before it in the list"),
        Binding("v", "upload", "Upload", id="record.upload", show=False, tooltip="As an earlier upload had it"),
        Binding("tab", "app.focus_next", "Panel", id="record.panel", key_display="Tab", tooltip="To the other panel"),
        ChangingScreen.BACK,
    ]
    MORE_KEYS: ClassVar[frozenset[str]] = frozenset({
        "reject.note", "reject.undo", "reject.lsn", "reject.ocn", "record.next", "record.before", "record.upload"})

    def __init__(self, desk: Desk, selection: Selection, at: int) -> None:
        super().__init__()
        self.desk, self._selection, self.at = desk, selection, at
        self._record: OneRecord | None = None
        self._sent: _Sent | None = None
        self._minor = False
        self._seen: tuple[int, object] = (-1, ())

    def body(self) -> Iterable[Widget]:
        """What was written and done, and the MARC."""
        yield Frame(Lines(id="wrote"), title="Record", id="record-wrote")
        yield Frame(Lines(id="marc"), title="As sent", id="record-marc")

    def on_mount(self) -> None:
        """Asks for the record, in a thread."""
        super().on_mount()
        self.query_one("#wrote").focus()
        self.query_one("#wrote", Lines).show(lambda width: [[("Reading what OCLC wrote…", "muted")]])
        self._go()

    def _go(self) -> None:
        """Shows the record at the present place."""
        self._record = self._sent = None
        self.query_one("#wrote", Lines).scroll_home(animate=False)
        self.query_one("#marc", Lines).scroll_home(animate=False)
        self.query_one("#marc", Lines).show(lambda width: [[("Reading the output file…", "muted")]])
        self.changed()

    def changed(self) -> None:
        """Asks for the record as it is now."""
        desk, selection, at = self.desk, self._selection, self.at
        if desk is not None:
            self.ask("the record", lambda: desk.record(selection.ref(at)), self._read)

    def show_facts(self, facts: Facts) -> None:
        """Follows what others do."""
        before, self._seen = self._seen, (facts.changes, facts.worked)
        if before[0] >= 0 and before != self._seen:
            self.changed()

    def _read(self, record: OneRecord | None) -> None:
        self._record = record
        self._show()
        if record is not None and self._sent is None:
            complained = [at for at, each in enumerate(record.appearances) if each.complaints]
            self._ask_for_marc(record, complained[0] if complained else 0)

    def _ask_for_marc(self, record: OneRecord, upload: int) -> None:
        workspace, one = self.workspace, record.rejection
        there = record.appearances[upload] if record.appearances else None

        def work() -> _Sent:
            from oclc_console.operations.record_as_sent import record_as_sent

            sent = record_as_sent(workspace, one.symbol, (there.upload if there else one.upload) or None,
                                  there.end if there else one.end, one.lsn or None, one.record_key or None)
            said = there.complaints if there else ()
            places = [place for each in said if not (each.minor or each.noise) for place in places_in(each.text)]
            look_at = next((each.group.look_at for each in said if each.group.look_at), "")
            return _Sent(upload, sent, tuple(dict.fromkeys(places)), look_at)

        self.ask("the record as sent", work, self._sent_read)

    def _sent_read(self, sent: _Sent) -> None:
        self._sent = sent
        record = self._record
        several = len(record.appearances) if record else 1
        which = f"{sent.upload + 1} of {several} uploads, v shows the next" if several > 1 else ""
        end = f", ends at byte {sent.record.end:,}" if sent.record.end else ""
        self.query_one("#record-marc", Frame).titles(f"As sent · {sent.record.file or 'upload unknown'}{end}", which)
        self.query_one("#marc", Lines).show(self._marc)
        self.call_after_refresh(self._to_mark)  # the panel first has to know how much there is to scroll

    def on_resize(self) -> None:
        """The mark stays in sight."""
        self.call_after_refresh(self._to_mark)

    def _to_mark(self) -> None:
        """Brings the first field that OCLC names into sight."""
        if self._sent is not None:
            panel = self.query_one("#marc", Lines)
            first = next((at for at, line in enumerate(panel.lines) if at and line and line[0][0].startswith(MARK)), 0)
            panel.scroll_to(y=max(0, first - 1), animate=False, force=True)

    # drawing

    def _show(self) -> None:
        record = self._record
        frame = self.query_one("#record-wrote", Frame)
        if record is None:
            frame.titles("Record")
            self.query_one("#wrote", Lines).show(lambda width: [*wrap(
                "This record is not among the rejections any more. Press Esc to go back.", width)])
            return
        hidden = sum(plain_complaints(each, self._minor)[1] for each in record.appearances)
        place = f"{self.at + 1:,} of {len(self._selection):,}"
        minor = f" · {hidden:,} minor hidden, m shows them" if hidden else " · minor shown" if self._minor else ""
        frame.titles(panel_title(record.rejection), f"{place}{minor}")
        self.query_one("#wrote", Lines).show(self._wrote)
        self.refresh_bindings()

    def _wrote(self, width: int) -> list[Line]:
        record = self._record
        if record is None:
            return []
        one = record.rejection
        return [*wrap(belongs(one), width, 2), *wrap(numbers(one), width, 2), *complaints(record, width, self._minor),
                [], [("What was done", "strong")], *history(record, width)]

    def _marc(self, width: int) -> list[Line]:
        sent = self._sent
        if sent is None:
            return []
        if not sent.record.found:
            return [*wrap(f"The record can't be shown: {sent.record.reason}.", width)]
        named = ", ".join(dict.fromkeys(place.words for place in sent.places))
        said = (f"{MARK} and {BELOW} mark what OCLC names: {named}" if named else
                f"OCLC names no field. Look at: {sent.look_at}" if sent.look_at else "OCLC names no field of it.")
        return [*wrap([(said, "muted")], width, 2), *marc_lines(sent.record.fields, sent.places, width)]

    # what is meant

    def one(self) -> Rejection | None:
        """The record."""
        return self._record.rejection if self._record else None

    def targets(self) -> Targets | None:
        """The record."""
        if (one := self.one()) is None:
            return None
        refs = [one.ref]
        return Targets(1, lambda: refs)

    def no_target(self) -> str:
        """Why there is nothing to change."""
        return "The record is not here yet."

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """There may be no next record, and no other upload."""
        if action == "next" and not 0 <= self.at + int(str(parameters[0])) < len(self._selection):
            return "This is the last record of the list." if parameters[0] == 1 else "This is the first record of the list."
        if action == "upload" and (self._record is None or len(self._record.appearances) < 2):
            return "It was sent in one upload only, as far as the reports here tell."
        return super().why_not(action, parameters)

    # keys

    def action_next(self, by: int) -> None:
        """Goes to another record of the list."""
        self.at += by
        self._go()

    def action_minor(self) -> None:
        """Shows or hides MINOR lines and noise."""
        self._minor = not self._minor
        self._show()

    def action_upload(self) -> None:
        """Shows it as the next earlier upload had it; after the oldest the newest."""
        if (record := self._record) is not None and self._sent is not None:
            self._ask_for_marc(record, (self._sent.upload + 1) % len(record.appearances))
