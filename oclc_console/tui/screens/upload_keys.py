"""The keys that steer an upload, the same on its page and on the page of one of its files: pause and go on, more or fewer
connections, stop, try a file again; and for one that is over: the same command again, and its reports. They work through the
run's folder (store/wishes.py) and SIGTERM, so it does not matter who started the run. Not for drawing anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from oclc_console.store.runs import RunState
from oclc_console.store.wishes import MOST_CONNECTIONS, Wishes, change_wishes
from oclc_console.tui import words
from oclc_console.tui.follow import Facts, Wished
from oclc_console.tui.launch import command_again
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Field, Form
from oclc_console.tui.screens.stopping import ask_to_stop
from oclc_console.tui.upload_facts import DUE, UploadFacts, about_upload
from oclc_console.tui.upload_words import UploadFile, asked_for, paused, upload_files
from oclc_console.workspace import Workspace

STEERING = ("pause", "go_on", "connections", "stop")
AFTERWARDS = ("resume", "fetch")
LOOK_AGAIN_SECONDS = 10.0  # while it is at work its journal tells; the outbox and the reports are read again after this


class UploadKeys(ConsoleScreen):
    """A page of one upload."""

    PLACE = "3"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause", id="upload.pause", tooltip="Ask it to send nothing until somebody lets it go on"),
        Binding("p", "go_on", "Go on", id="upload.go_on", tooltip="Ask a paused upload to go on"),
        Binding("x", "stop", "Stop", id="upload.stop", tooltip="Ask it to stop at a clean place"),
        Binding("plus,equals_sign", "connections(1)", "Parallel", id="upload.more", key_display="+/-",
                tooltip="One connection more: files of different collections go at once"),
        Binding("minus", "connections(-1)", "Fewer", id="upload.fewer", show=False, key_display="-",
                tooltip="One connection fewer, after the file it has in hand"),
        Binding("t", "retry", "Retry", id="upload.retry", tooltip="Try this file again that did not get through"),
        Binding("r", "resume", "Resume", id="upload.resume", tooltip="The same command again; nothing is sent twice"),
        Binding("f", "fetch", "Fetch", id="upload.fetch", tooltip="Fetch the reports that are not here yet"),
        ConsoleScreen.BACK,
    ]

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run_name = run
        self._facts = UploadFacts()
        self._asked_for: tuple[object, ...] | None = None
        self._wished: Wished | None = None

    # what there is

    @property
    def upload(self) -> RunState | None:
        """The upload as it was last read."""
        facts = self.console.facts
        return next((run for run in facts.runs if run.name == self._run_name), None) if facts else None

    @property
    def file(self) -> UploadFile | None:
        """The file the keys are about."""
        return None

    @property
    def settings_say(self) -> int:
        """How many connections the settings allow."""
        return self.workspace.settings.exchange.connections

    def files_of(self, run: RunState) -> list[UploadFile]:
        """The upload's files as they are now."""
        return upload_files(run, self._facts.due)

    def show_facts(self, facts: Facts) -> None:
        """Asks for what the page needs beside the facts, when that may have changed."""
        run = self.upload
        if run is None:
            return
        self._wished = facts.wished.get(run.name)
        turn = facts.as_of.timestamp() // LOOK_AGAIN_SECONDS if run.state == "running" else facts.changes
        if self._asked_for != (run.state, turn):
            self._asked_for = (run.state, turn)
            self.look(facts.workspace, run)

    def look(self, workspace: Workspace, run: RunState) -> None:
        """Asks, in a thread."""
        self.ask("the upload's files", lambda: about_upload(workspace, run), self._looked)

    def _looked(self, found: UploadFacts) -> None:
        self._facts = found
        self._draw()

    # what can't be done now

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that steer give way to those of an upload that is over; p pauses or goes on."""
        run = self.upload
        live = run is not None and run.state == "running"
        if (action in STEERING and not live) or (action in AFTERWARDS and live):
            return False
        if action in ("pause", "go_on") and run is not None and (action == "go_on") is not self._shall_rest(run):
            return False
        return super().check_action(action, parameters)

    def _shall_rest(self, run: RunState) -> bool:
        """Whether the upload is paused, or asked to be."""
        return self._wished.wishes.paused if self._wished else paused(run)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Steering needs an upload that is at work; going on, one that is over."""
        run = self.upload
        if run is None:
            return None
        live, stopping = run.state == "running", run.name in self.console.stopping
        if action in STEERING and not live:
            return f"This upload is over: it is {run.state}."
        if action in STEERING and stopping:
            return "It is stopping already."
        if action in AFTERWARDS and live:
            return "It is at work still: wait for its end, or press x to stop it."
        if action == "resume" and run.state == "done" and not self._left():
            return "Everything it had to send was sent, or is not sent by itself: there is nothing to resume."
        if action == "connections":
            wanted = self._wanted(run) + (1 if parameters == (1,) else -1)
            return None if 1 <= wanted <= MOST_CONNECTIONS else f"Between 1 and {MOST_CONNECTIONS} connections are possible."
        return self._why_not_retry(run) if action == "retry" else None

    def _why_not_retry(self, run: RunState) -> str | None:
        file = self.file
        if file is None:
            return "There is no file under the cursor."
        state = words.state_piece(file.state)[0].split(" ", 1)[1]
        if run.state == "running":
            return None if file.failed else (f"It is {state}: while an upload is at work, only a file that did not get "
                                             "through can be tried again.")
        over = self._state_now(file) in ("sent", "refused", "alma")
        return f"It is {state}: there is nothing to try again." if over else None

    def _left(self) -> bool:
        """Whether a file of it could still be sent by the same command."""
        return any(known.file.state in DUE for known in self._facts.known.values())

    def _state_now(self, file: UploadFile) -> str:
        known = self._facts.known.get(file.name)
        return file.state if known is None or file.state == "refused" else known.file.state

    # actions

    def action_pause(self) -> None:
        """Asks it to pause."""
        self._wish("pausing", lambda now: replace(now, paused=True))

    def action_go_on(self) -> None:
        """Asks it to go on."""
        self._wish("going on", lambda now: replace(now, paused=False))

    def _wanted(self, run: RunState) -> int:
        """How many connections are asked for now."""
        wished = self._wished.wishes.connections if self._wished else None
        return wished or asked_for(run, self.settings_say)

    def action_connections(self, by: int) -> None:
        """Asks for one connection more or fewer."""
        if run := self.upload:
            wanted = self._wanted(run) + by
            self._wish("changing the connections", lambda now: replace(now, connections=wanted))

    def _wish(self, topic: str, change: Callable[[Wishes], Wishes]) -> None:
        run = self.upload
        if run is None:
            return

        def wished(now: Wishes) -> None:
            facts = self.console.facts
            if facts is not None:
                self._wished = Wished(now, facts.as_of)
            self._draw_again()

        self.ask(topic, lambda: change_wishes(run.path, change), wished)

    def _draw_again(self) -> None:
        """Draws what was just asked, before the follower has seen it."""
        self.refresh_bindings()

    def action_stop(self) -> None:
        """Asks, then asks the run to stop."""
        if run := self.upload:
            ask_to_stop(self, run, self._draw)

    def action_resume(self) -> None:
        """The same command again."""
        if run := self.upload:
            self.console.start_operation(*command_again(run))

    def action_fetch(self) -> None:
        """Fetches the symbol's reports."""
        if run := self.upload:
            self.console.start_operation("fetch", run.symbol)

    def action_retry(self) -> None:
        """In an upload at work asks it to try the file again; else starts one: for a file of which OCLC may have a copy, only
        with a reason."""
        run, file = self.upload, self.file
        if run is None or file is None:
            return
        name = file.name
        if run.state == "running":
            self._wish("trying again", lambda now: replace(now, retry=(*(n for n in now.retry if n != name), name)))
        elif self._state_now(file) in ("uncertain", "taken_cut"):
            self.app.push_screen(AskAgain(self.workspace, run.symbol, file), self._send_again)
        else:
            self.console.start_operation("upload", run.symbol)

    def _send_again(self, given: dict[str, str] | None) -> None:
        run, file = self.upload, self.file
        if given and run is not None and file is not None:
            self.console.start_operation("upload", run.symbol, f"--again={file.name}", f"--reason={given['reason']}")


class AskAgain(Form):
    """Asks why a file shall be sent once more; to OCLC's real server the symbol must be typed as well."""

    def __init__(self, workspace: Workspace, symbol: str, file: UploadFile) -> None:
        self._symbol = symbol
        fields = [Field("reason", "Reason (it stays in the log)")]
        if not workspace.settings.exchange.is_rehearsal:
            fields.append(Field("symbol", f"Type {symbol} to send it"))
        super().__init__(f"Send again for {symbol}", [
            [(file.name, "strong")],
            "OCLC may have this file already, whole or in part. Records that it has worked through are worked through "
            "again, and what is sent can't be called back."], fields)

    def wrong(self, answers: dict[str, str]) -> str | None:
        """A reason has words, and the symbol is this one."""
        if not answers["reason"]:
            return "Say in a few words why."
        if answers.get("symbol", self._symbol) != self._symbol:
            return f"Type {self._symbol} exactly, or press Esc to leave without sending anything."
        return None
