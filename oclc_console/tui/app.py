"""The console: five places on the keys 1 to 5, one thread that follows the workspace, and what all screens share (the facts,
the symbol in hand, starting and stopping operations). Screens do the drawing; the work is done by other processes."""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import App, SuspendNotSupported, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.markup import escape
from textual.message import Message
from textual.screen import Screen
from textual.signal import Signal
from textual.worker import Worker, WorkerState, get_current_worker

from oclc_console.errors import ConsoleError
from oclc_console.store.runs import RunState
from oclc_console.tui import words
from oclc_console.tui.follow import QUICK, QUIET, Facts, Follower
from oclc_console.tui.launch import Death, Launched, Launcher
from oclc_console.tui.run_words import ended_words
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dashboard import DashboardScreen
from oclc_console.tui.screens.small import SMALLEST, TooSmall
from oclc_console.tui.themes import THEMES
from oclc_console.tui.words import WIDE
from oclc_console.workspace import VERSION, Workspace, require_known_version

Result = tuple[str, str]  # ("rehearse", folder) or ("open", folder): what the command line does next
TOAST_WIDTH = 66  # cells of a line in a toast, as console.tcss has it for the smallest terminal
PLACES = {"1": "dashboard", "2": "symbol", "3": "runs", "4": "reports", "5": "project"}


def _place(name: str) -> Screen[Any]:
    """A place's screen. Each is imported when it is first gone to, so that the first paint waits for none of the others."""
    if name == "dashboard":
        return DashboardScreen()
    module = importlib.import_module(f"oclc_console.tui.screens.{name}")
    screen: Screen[Any] = getattr(module, f"{name.title()}Screen")()
    return screen


@dataclass
class FactsRead(Message):
    """The follower has looked; only the newest look matters."""

    facts: Facts

    def can_replace(self, message: Message) -> bool:
        """A newer look takes the place of one that waits to be handled."""
        return isinstance(message, FactsRead)


@dataclass
class Died(Message):
    """A process ended badly before it had a run folder."""

    death: Death


class ConsoleApp(App[Result]):
    """The console on one workspace, or its first-run screen where there is none."""

    CSS_PATH = Path(__file__).with_name("console.tcss")
    TITLE = "oclc-console"
    ENABLE_COMMAND_PALETTE = True
    NOTIFICATION_TIMEOUT = 4
    DEFAULT_MODE = "dashboard"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        name: partial(_place, name) for name in PLACES.values()
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", id="app.help", key_display="?", tooltip="What can be done here"),
        Binding("ctrl+p", "command_palette", "Palette", id="app.palette", tooltip="Every action by name"),
        *(Binding(key, f"go('{key}')", name.title(), id=f"app.{name}", show=False, tooltip=f"Go to {name.title()}")
          for key, name in PLACES.items()),
        Binding("ctrl+q", "quit", "Quit", id="app.quit", tooltip="Leave the console; runs go on without it"),
    ]

    def __init__(self, workspace: Workspace | None, root: Path, launcher: Launcher | None = None) -> None:
        super().__init__()
        self.root = root
        self.given = workspace
        self.launcher = launcher or Launcher()
        self.brought = ""  # what was done to an older workspace before it was opened
        self.facts: Facts | None = None
        self.symbol: str | None = None
        self.stopping: set[str] = set()
        self.facts_changed: Signal[Facts] = Signal(self, "facts-changed")
        self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        if workspace is None:
            from oclc_console.tui.screens.first_run import FirstRunScreen

            self._modes["dashboard"] = FirstRunScreen

    @property
    def opened(self) -> Workspace:
        """The workspace; the screens that ask for it are there only when there is one."""
        assert self.given is not None
        return self.given

    def on_mount(self) -> None:
        """The first paint comes before anything is read."""
        if "TEXTUAL_THEME" not in os.environ:
            self.theme = THEMES[0].name
        if self.brought:
            self.notify(self.brought, title="✔ an older workspace", timeout=20, markup=False)
        self.call_after_refresh(self.begin)

    def begin(self) -> None:
        """Starts following the workspace."""
        if self.given is not None:
            self._follow(Follower(self.given, self.launcher))

    # the world

    @work(thread=True, exit_on_error=False, group="follow", name="following the workspace")
    def _follow(self, follower: Follower) -> None:
        stop = get_current_worker().cancelled_event
        last: Facts | None = None
        looked = False
        while not stop.is_set():
            facts, deaths = follower.look()
            if facts.differs(last):
                last = facts
                self.post_message(FactsRead(facts))
            for death in deaths:
                self.post_message(Died(death))
            soon = facts.alive or facts.starting or not looked  # the second look is the first at the log
            looked = True
            stop.wait(self.quick_seconds if soon else self.quiet_seconds)

    quick_seconds: float = QUICK
    quiet_seconds: float = QUIET

    @on(FactsRead)
    def _facts_read(self, message: FactsRead) -> None:
        before, self.facts = self.facts, message.facts
        if self.symbol is None and self.facts.status and self.facts.status.symbols:
            self.symbol = self.facts.status.symbols[0].symbol
        if before is not None:
            self._tell_ends(before, self.facts)
        if self.facts.log_fault and not (before and before.log_fault):
            self.notify("Sign nothing before this is settled: 1 Dashboard says more.", title="✖ the log was changed",
                        severity="error", markup=False)
            self.bell()
        self.stopping &= {run.name for run in self.facts.alive}
        self.facts_changed.publish(self.facts)

    def _tell_ends(self, before: Facts, now: Facts) -> None:
        was_alive = {run.name for run in before.alive}
        for run in now.runs:
            if run.name in was_alive and run.state != "running":
                self._tell_end(run)

    def _tell_end(self, run: RunState) -> None:
        good = run.state == "done" and not run.needs_attention
        glyph_word, _ = words.state_piece("look" if run.state == "done" and not good else run.state)
        said = run.end.reason if run.end and run.end.reason else ended_words(run)
        said = words.short_paths(words.below(said, self.opened.root))
        said = next((part for part in words.clauses(said) if len(part) <= TOAST_WIDTH), "3 Runs shows why.")
        self.notify(said, title=f"{glyph_word}: {run.verb} {run.symbol}", markup=False,
                    severity="information" if good else "warning" if run.state != "failed" else "error")
        if not good:
            self.bell()

    @on(Died)
    def _died(self, message: Died) -> None:
        death = message.death
        self.show_error(f"{death.asked} did not start (exit {death.exit_code})", death.last_words)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A mistake of this program in a thread is told, never lost."""
        if event.state is WorkerState.ERROR:
            self.show_mistake(event.worker)

    # what screens ask of the app

    def start_operation(self, *arguments: str) -> Launched | None:
        """Starts an operation as a process of its own; says that it did, or why not (and gives None)."""
        workspace = self.facts.workspace if self.facts else self.opened
        try:
            launched = self.launcher.start(workspace, *arguments)
        except ConsoleError as error:
            self.show_error("Could not start", str(error))
            return None
        self.notify("It goes on without the console. Watch it in 3 Runs.", title=f"◐ started: {launched.asked}", markup=False)
        return launched

    def show_error(self, title: str, text: str) -> None:
        """An error one must read: a window that stays until it is closed."""
        from oclc_console.tui.screens.dialogs import Message as Window

        self.push_screen(Window(f"✖ {title}", text))

    def show_mistake(self, worker: Worker[Any]) -> None:
        """A mistake in this program: what was being done, and which."""
        error = worker.error
        self.show_error("A mistake in this "
                        "program", f"While {worker.name}: {type(error).__name__}: {error}. Nothing was "
                        "changed by it. Please report it; the other screens go on working.")

    def edit_settings(self) -> None:
        """Opens console.toml in the person's editor; what was changed is read by the follower's next look."""
        path = self.opened.root / "console.toml"
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        try:
            with self.suspend():
                subprocess.run([*editor, str(path)], check=False)
        except SuspendNotSupported:
            self.show_error("No editor "
                            "here", f"This terminal can't be lent to an editor. Edit {path} yourself; the console "
                            "reads it again when it is saved.")
        except OSError as error:
            self.show_error("No editor", f"{editor[0]}: {error.strerror}. Set $EDITOR, or edit {path} yourself.")
        self.refresh()

    def open_symbol(self, symbol: str) -> None:
        """Goes to a symbol's checklist."""
        self.symbol = symbol
        self.switch_mode("symbol")

    async def open_page(self, key: str) -> None:
        """Goes to a page of the project."""
        from oclc_console.tui.screens.project import page_of

        self.action_go("5")
        await self.push_screen(page_of(key).screen())

    # actions

    async def run_action(self, action: Any, default_namespace: DOMNode | None = None,
                         namespaces: Mapping[str, DOMNode] | None = None) -> bool:
        """Does an action; one that is not possible now says why instead of staying silent."""
        target, name, parameters = self._parse_action(action, default_namespace or self, namespaces)
        reason = target.why_not(name, parameters) if isinstance(target, ConsoleScreen) else None
        if reason:
            self.notify(reason, severity="warning", markup=False)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Places need a workspace."""
        return not (self.given is None and action == "go")

    def action_go(self, key: str) -> None:
        """Goes to one of the five places, back to its first page."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.switch_mode(PLACES[key])

    async def action_back(self) -> None:
        """One page back."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def action_help(self) -> None:
        """Opens the help for this screen."""
        from oclc_console.tui.screens.help import Help

        self.push_screen(Help(self.screen))

    async def action_quit(self) -> None:
        """Leaves; while runs are at work it says that they go on."""
        alive = self.facts.alive if self.facts else ()
        if alive:
            from oclc_console.tui.screens.quit import Quit

            self.push_screen(Quit(alive), lambda leave: self.exit() if leave else None)
        else:
            self.exit()

    def action_help_quit(self) -> None:
        """Ctrl+C does not quit: it says what does."""
        self.notify("Press Ctrl+Q to leave the console.", markup=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action that has a key, every symbol, and Textual's own."""
        yield from super().get_system_commands(screen)
        seen = set()
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.system or not binding.id or binding.action in seen or binding.id.startswith(("table.", "lines.")):
                continue
            if binding.action.startswith("page("):
                continue  # told below, wherever one is
            seen.add(binding.action)
            topic = "go" if binding.action.startswith("go(") else "here" if active.node is screen else "console"
            action, node = binding.action, active.node
            yield SystemCommand(f"{topic}: "
                                f"{binding.description.lower()}", escape(f"{binding.tooltip} · key "
                                                                         f"{self.get_key_display(binding)}"),
                                lambda action=action, node=node: self.call_later(self.run_action, action, node))
        for row in self.facts.status.symbols if self.facts and self.facts.status else ():
            yield SystemCommand(f"go: symbol {row.symbol}", f"Open the checklist of {row.symbol}",
                                lambda symbol=row.symbol: self.open_symbol(symbol))
        yield from self._project_commands()

    def _project_commands(self) -> Iterable[SystemCommand]:
        if self.given is None:
            return
        from oclc_console.tui.screens.project import PAGES  # the first paint does not wait for them

        for page in PAGES:
            yield SystemCommand(f"go: {page.title.lower()}", f"Open {page.title} · key 5 {page.key}",
                                lambda key=page.key: self.call_later(self.open_page, key))

    def action_command_palette(self) -> None:
        """Opens the palette."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(id="--command-palette"))

    # the window

    def on_resize(self, event: events.Resize) -> None:
        """Says so when the terminal is too small to show everything."""
        small = event.size.width < SMALLEST.width or event.size.height < SMALLEST.height
        if small and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())
        elif not small and isinstance(self.screen, TooSmall):
            self.pop_screen()


def _brought_up_to_date(workspace: Workspace) -> str:
    """Makes an older workspace one that this program knows, and says what was done. Raises SettingsError for a newer one."""
    if require_known_version(workspace.root) == VERSION or workspace.is_pack:
        return ""
    from oclc_console.operations.migration import migrate  # the first paint of any other workspace does not wait for it

    done = migrate(workspace)
    return done.sentence if done else ""


def _made_for(workspace: Workspace | None, root: Path) -> ConsoleApp:
    if workspace is None or not workspace.is_pack:
        return ConsoleApp(workspace, root)
    from oclc_console.tui.pack_app import PackApp

    return PackApp(workspace, root)


def run_console(workspace: Workspace | None, root: Path) -> Result | None:
    """Opens the console; from the first-run screen a person may open another workspace, or ask for a rehearsal: that comes
    back as ("rehearse", folder) for the command line to make."""
    while True:
        app = _made_for(workspace, root)
        if workspace is not None:
            app.brought = _brought_up_to_date(workspace)
        result = app.run()
        if not result or result[0] != "open":
            return result
        workspace, root = Workspace(Path(result[1])), Path(result[1])
