"""The mail to OCLC about what is late or was removed, shown to be copied and kept in a file of the workspace. Not for sending
it: a person does that."""

from __future__ import annotations

from pathlib import Path

from oclc_console.operations.mail_to_oclc import mail_text, mails_to_oclc, save_mails
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Message
from oclc_console.tui.words import below


def show_mail(screen: ConsoleScreen, symbol: str) -> None:
    """Asks for the symbol's mails, writes them to their file and shows them."""
    workspace = screen.workspace

    def written() -> tuple[str, Path | None]:
        mails = mails_to_oclc(workspace, symbol)
        return mail_text(mails), save_mails(workspace, symbol, mails) if mails else None

    def show(answer: tuple[str, Path | None]) -> None:
        text, path = answer
        if path is None:
            screen.notify(f"There is nothing to write about {symbol} any more.", markup=False)
            return
        where = below(str(path), workspace.root)
        screen.app.push_screen(Message(f"To OCLC Support: {symbol} · {where}", text))

    screen.ask("the mail to OCLC", written, show)
