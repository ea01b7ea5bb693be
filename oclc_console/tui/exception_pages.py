"""OCLC's exceptions as rows for a list: read from the store page by page in a thread, only those that are looked at, so that
a hundred thousand open as fast as a hundred. Knows which of them are hidden (MINOR) and filtered. Not for drawing them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, overload

from oclc_console.tui.widgets.drawing import Cell, Piece
from oclc_console.tui.widgets.table import Row
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.store.rejections import AllExceptions, ExceptionFile

Document = dict[str, Any]
PAGE = 100
KEPT_PAGES = 50
SEVERITIES = {"CRITICAL": ("✖ CRITICAL", "bad"), "SEVERE": ("! SEVERE", "warn"), "MINOR": ("· minor", "muted")}
OUTCOME = "Outcome"  # the type of a document that stands for a row of an outcomes report


class ExceptionPages:
    """The exceptions of one report, or of all, behind one lock: every method but `row_at` reads the disk and belongs in a
    thread."""

    def __init__(self, workspace: Workspace, symbol: str | None, name: str | None) -> None:
        self._workspace, self._symbol, self._name = workspace, symbol, name
        self._source: AllExceptions | ExceptionFile | None = None
        self._lock = threading.Lock()
        self._pages: OrderedDict[int, list[Document]] = OrderedDict()
        self._closed = False
        self.positions: Sequence[int] = range(0)
        self.hidden = 0
        self.every = 0

    def _opened(self) -> AllExceptions | ExceptionFile:
        from oclc_console.store.rejections import all_exceptions, open_exceptions

        if self._source is None:
            if self._name is not None and self._symbol is not None:
                self._source = open_exceptions(self._workspace, self._symbol, self._name)
            else:
                self._source = all_exceptions(self._workspace, self._symbol)
        return self._source

    def choose(self, text: str, minor: bool) -> tuple[Sequence[int], int, int]:
        """(positions to show, how many MINOR ones are hidden, how many there are) for a filter (`!word` inverts)."""
        with self._lock:
            source = self._opened()
            every = len(source)
            wanted: Sequence[int] = range(every)
            if needle := text.removeprefix("!"):
                found = source.matching(needle)
                out = set(found)
                wanted = found if needle == text else [at for at in range(every) if at not in out]
            if minor:
                return wanted, 0, every
            minors = set(source.matching("\x1fminor\x1f"))  # as the store joins LSN, severity and text
            shown = [at for at in wanted if at not in minors] if minors else wanted
            return shown, len(wanted) - len(shown), every

    def show(self, chosen: tuple[Sequence[int], int, int]) -> None:
        """Takes what `choose` found; forgets the pages of what was shown before."""
        self.positions, self.hidden, self.every = chosen
        self._pages.clear()

    def read_page(self, number: int) -> tuple[int, Sequence[int], list[Document]]:
        """(page, the positions it was read for, its documents)."""
        positions = self.positions
        with self._lock:
            if self._closed:
                return number, positions, []
            source = self._opened()
            return number, positions, [source[at] for at in positions[number * PAGE : (number + 1) * PAGE]]

    def keep(self, number: int, positions: Sequence[int], documents: list[Document]) -> None:
        """Keeps a page that was read, unless something else is shown by now."""
        if positions is self.positions:
            self._pages[number] = documents
            while len(self._pages) > KEPT_PAGES:
                self._pages.popitem(last=False)

    def document(self, row: int) -> Document | None:
        """The document of a row, when its page is here."""
        page = self._pages.get(row // PAGE)
        return page[row % PAGE] if page and row % PAGE < len(page) else None

    def close(self) -> None:
        """Gives the files back."""
        with self._lock:
            self._closed = True
            if self._source is not None:
                self._source.close()


class ExceptionRows(Sequence[Row]):
    """The pages as rows of a table; asking for one that is not here calls `want(page)` and shows an ellipsis meanwhile."""

    def __init__(self, pages: ExceptionPages, cells: Callable[[Document], Row], want: Callable[[int], None]) -> None:
        self._pages, self._cells, self._want = pages, cells, want

    def __len__(self) -> int:
        return len(self._pages.positions)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        document = self._pages.document(at)
        if document is None:
            self._want(at // PAGE)
            return [("…", "muted")]
        return self._cells(document)


def severity_piece(document: Document) -> Piece:
    """How bad it is: glyph and word; an outcome where OCLC gave no severity."""
    severity = str(document.get("severity") or "")
    if severity.upper() in SEVERITIES:
        return SEVERITIES[severity.upper()]
    if severity:
        return severity, ""
    if document.get("type") == OUTCOME:  # a row of an outcomes report that did not take the record
        return "! not taken", "warn"
    return f"✖ {document.get('type') or 'unknown'}".lower(), "bad"


def text_of(document: Document) -> str:
    """What OCLC wrote: the outcome's word, the error's text, or the whole line where it could not be read."""
    text = str(document.get("text") or document.get("raw") or "")
    return f"outcome: {text}" if document.get("type") == OUTCOME else text


def narrow_cells(document: Document) -> list[Cell]:
    """LSN, severity, text."""
    lsn: Cell = (document["lsn"], "strong") if document.get("lsn") else ("no LSN, line "
                                                                         f"{document.get('line')}", "muted")
    return [lsn, severity_piece(document), text_of(document)]


def wide_cells(document: Document) -> list[Cell]:
    """LSN, severity, type, OCN sent, text, upload."""
    lsn, severity, text = narrow_cells(document)
    sent = str(document.get("ocn_in") or "–")
    return [lsn, severity, str(document.get("type") or ""), sent, text, (str(document.get("original") or ""), "muted")]
