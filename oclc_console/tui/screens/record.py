"""What is wrong with this record? Everything OCLC wrote about it, its numbers, and its MARC as it was sent. A staging number
is called what it is and can't be copied. Not for changing anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.tui import words
from oclc_console.tui.exception_pages import OUTCOME, Document, severity_piece, text_of
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.widgets.drawing import Line, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.operations.record_as_sent import RecordAsSent


class RecordScreen(ConsoleScreen):
    """Two levels into place 4."""

    PLACE = "4"
    TITLE = "Record"
    HELP = ("One record: what OCLC wrote about it in every report, worst first, and its MARC as it was sent, cut from "
            "the output file. "
            "An unresolved record has a staging number: it looks like an OCLC number and must never be loaded into "
            "Alma. c copies "
            "the LSN, C the OCLC number that was sent. Tab goes from one panel to the other.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_lsn", "Copy LSN", id="record.lsn", tooltip="Copy the local number of the record"),
        Binding("C", "copy_ocn", "Copy "
                                 "OCN", id="record.ocn", key_display="C", tooltip="Copy the OCLC number that was sent"),
        Binding("m", "minor", "Minor", id="record.minor", tooltip="Show or hide what OCLC calls MINOR"),
        Binding("tab", "app.focus_next", "Panel", id="record.panel", key_display="Tab", tooltip="To the other panel"),
        ConsoleScreen.BACK,
    ]

    def __init__(self, symbol: str, document: Document) -> None:
        super().__init__()
        self._symbol, self._document = symbol, document
        self._lines: Sequence[Document] = (document,)
        self._sent: RecordAsSent | None = None
        self._minor = False

    def body(self) -> Iterable[Widget]:
        """What OCLC wrote, and the MARC."""
        name = self._document.get("lsn") or f"no LSN, line {self._document.get('line')} of the report"
        yield Frame(Lines(id="wrote"), title=f"{self._symbol} {name}", id="record-wrote")
        yield Frame(Lines(id="marc"), title="As sent", id="record-marc")

    def on_mount(self) -> None:
        """Asks for the other lines, and for the MARC."""
        super().on_mount()
        self.query_one("#marc").focus()
        workspace, symbol, document = self.workspace, self._symbol, self._document
        self._show()
        self.ask("the record", lambda: _all_of_record(workspace, symbol, document), self._lines_read)
        self.ask("the record as sent", lambda: _as_sent(workspace, symbol, document), self._sent_read)

    def _lines_read(self, lines: Sequence[Document]) -> None:
        self._lines = lines
        self._show()

    def _sent_read(self, sent: RecordAsSent) -> None:
        self._sent = sent
        end = f", ends at byte {sent.end:,}" if sent.end else ""
        self.query_one("#record-marc", Frame).titles(f"As sent · {sent.file or 'upload unknown'}{end}")
        self.query_one("#marc", Lines).show(self._marc)

    def _show(self) -> None:
        hidden = sum(_is_minor(line) for line in self._lines) if not self._minor else 0
        count = words.plural(len(self._lines) - hidden, "line")
        name = self._document.get("lsn") or f"no LSN, line {self._document.get('line')}"
        self.query_one("#record-wrote", Frame).titles(f"{self._symbol} {name} · {count}",
                                                      f"{hidden} minor hidden, m shows them" if hidden else "")
        self.query_one("#wrote", Lines).show(self._wrote)
        self.refresh_bindings()

    def _wrote(self, width: int) -> list[Line]:
        lines: list[Line] = [line for row in _numbers(self._lines) for line in wrap(row, width, 2)]
        for document in self._lines:
            if _is_minor(document) and not self._minor:
                continue
            lines += wrap([severity_piece(document), ("  ", ""), (text_of(document), "")], width, 2)
            kind = "" if document.get("type") == OUTCOME else f"{document.get('type') or ''} · "
            at = document.get("received")
            received = f"received {words.short_moment(at)}" if at else "when is not known"
            lines += wrap([("  ", ""), (f"{kind}line {document.get('line')} · {received}", "muted")], width, 2)
        return lines

    def _marc(self, width: int) -> list[Line]:
        sent = self._sent
        if sent is None:
            return [[("Reading the output file…", "muted")]]
        if not sent.found:
            return [*wrap(f"The record can't be shown: {sent.reason}.", width)]
        lines: list[Line] = []
        for tag, indicators, text in sent.fields:
            shown = f"{indicators:<2}".replace(" ", "·") if indicators else "  "  # a blank indicator must be seen
            lines += wrap([(f"{tag} ", "accent"), (f"{shown} ", "muted"), (text, "")], width, 7)
        return lines

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Copying needs a number."""
        if action == "copy_lsn" and not self._document.get("lsn"):
            return "OCLC gave no local number in this line."
        if action == "copy_ocn" and not self._ocn_sent:
            staging = " The staging number is not one and can't be copied." if _staging(self._lines) else ""
            return f"No OCLC number was sent with this record.{staging}"
        return None

    @property
    def _ocn_sent(self) -> int | None:
        return next((line["ocn_in"] for line in self._lines if line.get("ocn_in")), None)

    def action_copy_lsn(self) -> None:
        """Copies the LSN."""
        self.app.copy_to_clipboard(str(self._document["lsn"]))
        self.notify(f"Copied LSN {self._document['lsn']}.", markup=False)

    def action_copy_ocn(self) -> None:
        """Copies the OCN that was sent, never a staging number."""
        self.app.copy_to_clipboard(str(self._ocn_sent))
        self.notify(f"Copied OCN {self._ocn_sent}, the one that was sent.", markup=False)

    def action_minor(self) -> None:
        """Shows or hides MINOR lines."""
        self._minor = not self._minor
        self._show()


def _is_minor(document: Document) -> bool:
    return str(document.get("severity") or "").upper() == "MINOR"


def _staging(lines: Sequence[Document]) -> int | None:
    """The staging number OCLC gave an unresolved record."""
    return next((line["ocn_out"] for line in lines if line.get("outcome") == "unresolved" and line.get("ocn_out")), None)


def _numbers(lines: Sequence[Document]) -> list[Line]:
    """OCN sent, and what OCLC made of it."""
    sent = next((line["ocn_in"] for line in lines if line.get("ocn_in")), None)
    numbers: list[Line] = [[("OCN sent ", "muted"), (str(sent) if sent else "none", "strong")]]
    if (staging := _staging(lines)) is not None:
        numbers.append([("! ", "warn"), (f"{staging} is a staging number: never load it.", "warn")])
    return numbers


def _all_of_record(workspace: Workspace, symbol: str, document: Document) -> list[Document]:
    """Everything OCLC wrote about the record, worst first; the line itself when it names no record."""
    from oclc_console.store.rejections import all_exceptions

    name = document.get("lsn") or document.get("key")
    if not name:
        return [document]
    exceptions = all_exceptions(workspace, symbol)
    try:
        found = exceptions.of_record(str(name))
    finally:
        exceptions.close()
    rank = {"CRITICAL": 1, "SEVERE": 2, "MINOR": 9}
    return sorted(found or [document], key=lambda each: rank.get(str(each.get("severity") or "").upper(), 0))


def _as_sent(workspace: Workspace, symbol: str, document: Document) -> RecordAsSent:
    from oclc_console.operations.record_as_sent import record_as_sent

    return record_as_sent(workspace, symbol, document.get("original") or None, document.get("n"), document.get("lsn"),
                          document.get("key"))
