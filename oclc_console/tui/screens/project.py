"""What do people decide about the project, and where does each of it stand? The list of the project's pages: for each its key,
its name and one line on what stands there now. Enter or the key opens the page. Not for anything a page does itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.errors import ConsoleError, from_os_error
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens import approvals, authorizations, boards, decisions, log, mapping, timeline
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.workspace import Workspace

COLUMNS = (Column("key", 3), Column("page", 20), Column("what stands there now", 30, grows=True))
SHORT = 10  # a key's word is no longer


@dataclass(frozen=True)
class Page:
    """A page of the project: its screen, the key that opens it from here (one letter; not j, k, g or G, which move), its
    title, and what is said of it in one line. `summary` is asked in a thread whenever something changed; it may raise a
    ConsoleError, and what stands after an arrow (` → `) in its answer is what to do next."""

    screen: type[ConsoleScreen]
    key: str
    title: str
    summary: Callable[[Workspace], str]


PAGES: tuple[Page, ...] = (
    Page(boards.BoardScreen, "b", "Scan/delete board", boards.summary),
    Page(boards.RetirementScreen, "r", "Retirement board", boards.retirement_summary),
    Page(timeline.TimelineScreen, "t", "Timeline", timeline.summary),
    Page(authorizations.AuthorizationsScreen, "a", "Authorizations", authorizations.summary),
    Page(decisions.DecisionsScreen, "d", "Decisions", decisions.summary),
    Page(mapping.MappingScreen, "s", "Symbols", mapping.summary),
    Page(approvals.ApprovalsScreen, "p", "Approvals", approvals.summary),
    Page(log.LogScreen, "l", "Log", log.summary),
)


class ProjectScreen(ConsoleScreen):
    """Place 5."""

    PLACE = "5"
    TITLE = "Project"
    HELP = ("What people decide about the project, a page each: the key in front of its name opens it, or Enter on the one "
            "under the cursor; Esc comes back here. Beside each stands what it holds now, as the log has it.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="project.open", key_display="↵", tooltip="Open the page under the cursor"),
        *(Binding(page.key, f"page('{page.key}')", page.title if len(page.title) <= SHORT else f"{page.title[:SHORT - 1]}…",
                  id=f"project.{page.key}", show=False, tooltip=f"Open {page.title}") for page in PAGES),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._asked: object = None
        self._told: Sequence[Line] = ()

    def body(self) -> Iterable[Widget]:
        """The pages, and the one under the cursor."""
        yield Frame(Table(COLUMNS, id="pages"), title="Project", id="hub")
        yield Frame(Lines(id="about-page"), title="Page", id="page")

    def on_mount(self) -> None:
        """Keys go to the pages."""
        super().on_mount()
        self.query_one("#about-page").can_focus = False
        self._pages.focus()
        self._show()

    @property
    def _pages(self) -> Table:
        return self.query_one("#pages", Table)

    def show_facts(self, facts: Facts) -> None:
        """Asks every page again when something changed."""
        if (wanted := (facts.changes, facts.workspace)) != self._asked:
            self._asked = wanted
            workspace = facts.workspace
            self.ask("the project", lambda: [_asked_of(page, workspace) for page in PAGES], self._read)
        self._show()

    def _read(self, told: Sequence[Line]) -> None:
        self._told = told
        self._show()

    def _show(self) -> None:
        told = self._told or [[("…", "muted")] for _ in PAGES]
        rows: list[Sequence[Cell]] = [[(page.key, "accent"), (page.title, "strong"), line]
                                      for page, line in zip(PAGES, told, strict=True)]
        self._pages.show(rows, [page.key for page in PAGES])
        fault = self.console.facts.log_fault if self.console.facts else ""
        self.query_one("#hub", Frame).titles("Project", "✖ the log was changed: sign nothing, l says more" if fault else "")
        self._show_page()

    @on(Table.Moved, "#pages")
    def _show_page(self) -> None:
        at = self._pages.cursor
        page, told = PAGES[at], self._told[at] if at < len(self._told) else ()
        self.query_one("#page", Frame).titles(page.title, f"{page.key} opens it")

        def build(width: int) -> list[Line]:
            return [*wrap(list(told), width), [], *wrap([(str(getattr(page.screen, "HELP", "")), "muted")], width)]

        self.query_one("#about-page", Lines).show(build)

    @on(Table.Chosen, "#pages")
    def action_open(self) -> None:
        """Opens the page under the cursor."""
        self.action_page(PAGES[self._pages.cursor].key)

    def action_page(self, key: str) -> None:
        """Opens a page."""
        self.app.push_screen(page_of(key).screen())


def page_of(key: str) -> Page:
    """The page on a key."""
    return next(page for page in PAGES if page.key == key)


def _asked_of(page: Page, workspace: Workspace) -> list[Piece]:
    """What a page says of itself, or why it can't: one that fails does not keep the others from being told."""
    try:
        said, _, then = page.summary(workspace).partition(" → ")
    except ConsoleError as error:
        return [("✖ ", "bad"), (str(error), "")]
    except OSError as error:
        return [("✖ ", "bad"), (str(from_os_error(error, f"reading {page.title}")), "")]
    return [(said, ""), *([(f" → {then}", "accent")] if then else [])]
