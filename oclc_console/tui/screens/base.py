"""What every screen of the console has: the line above (whose workspace, rehearsal or real, as of when), the places, the
keys below, a way to ask something in a thread, and keys that say why they can't be used now. Not for any one screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from oclc_console.errors import ConsoleError, from_os_error
from oclc_console.tui.follow import Facts
from oclc_console.tui.widgets.frame import HeadLine, KeyLine, PlacesLine
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.tui.app import ConsoleApp

Answer = TypeVar("Answer")


@dataclass
class Answered(Message, bubble=False):
    """A question asked in a thread has its answer (or the error that came instead)."""

    topic: str
    turn: int
    show: Callable[[Any], None]
    answer: Any
    error: ConsoleError | None


class ConsoleScreen(Screen[None]):
    """A place, or a page one level into it."""

    PLACE: ClassVar[str] = ""
    BACK: ClassVar[Binding] = Binding("escape", "app.back", "Back", id="screen.back", key_display="Esc",
                                      tooltip="Back to where you came from")
    BINDINGS: ClassVar[list[BindingType]] = []
    MORE_KEYS: ClassVar[frozenset[str]] = frozenset()  # ids of bindings that only a wide terminal's key line has room for

    def __init__(self) -> None:
        super().__init__()
        self._turns: dict[str, int] = {}

    @property
    def console(self) -> ConsoleApp:
        """The app, as what it is."""
        return self.app  # type: ignore[return-value]

    @property
    def workspace(self) -> Workspace:
        """The workspace with the settings as they are now."""
        return self.console.facts.workspace if self.console.facts else self.console.opened

    def compose(self) -> ComposeResult:
        """The frame every screen has, around its own body."""
        yield HeadLine()
        yield PlacesLine()
        yield Container(*self.body(), id="body")
        yield KeyLine()

    def body(self) -> Iterable[Widget]:
        """The screen's own widgets."""
        return ()

    def on_mount(self) -> None:
        """Draws from the facts there are, and again whenever they change."""
        self.console.facts_changed.subscribe(self, self._facts_changed)

    def on_screen_resume(self) -> None:
        """Catches up with what changed while another screen was in front."""
        self._draw()

    def _facts_changed(self, facts: Facts) -> None:
        if self.is_current:
            self._draw()

    def _draw(self) -> None:
        self.query_one(HeadLine).show(self.console.facts, self.console.opened)
        self.query_one(PlacesLine).show(self.console.facts, self.console.symbol, self.PLACE)
        if self.console.facts is not None:
            self.show_facts(self.console.facts)
        self.refresh_bindings()

    def show_facts(self, facts: Facts) -> None:
        """Draws the screen from the facts."""

    # keys that can't be used now say why

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action is not possible now, in a sentence with what to do instead; None when it is."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Greys the key of an action that is not possible now."""
        return None if self.why_not(action, parameters) else True

    # asking in a thread

    def ask(self, topic: str, question: Callable[[], Answer], show: Callable[[Answer], None]) -> None:
        """Asks in a thread and shows the answer; an answer to an older question on the same topic is dropped. A
        ConsoleError becomes a message to read."""
        turn = self._turns[topic] = self._turns.get(topic, 0) + 1

        def work() -> None:
            answer, failed = None, None
            try:
                answer = question()
            except ConsoleError as error:
                failed = error
            except OSError as error:
                failed = from_os_error(error, topic)
            self.post_message(Answered(topic, turn, show, answer, failed))

        self.run_worker(work, name=topic, group=topic, thread=True, exit_on_error=False)

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        if message.turn != self._turns.get(message.topic):
            return
        if message.error is not None:
            self.console.show_error(message.topic, str(message.error))
        else:
            message.show(message.answer)
            self.refresh_bindings()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A mistake of this program in a thread is told, never lost."""
        if event.state is WorkerState.ERROR:
            self.console.show_mistake(event.worker)
