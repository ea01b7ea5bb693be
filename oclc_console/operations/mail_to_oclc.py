"""What to write to OCLC, ready to be sent by a person: about reports that are late, and for files that OCLC has removed from
its server. Nothing is sent from here. Whom it goes to is OCLC Support; no address is written that we can't vouch for. Not for
finding out what is late (late.py) or removed (fetched.py).

Source: OCLC, "Download files in My Files": a removed file is asked for at OCLC Support, subject "Collection Manager File
Request", and comes in 2 to 4 business days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from oclc_console import clock
from oclc_console.files import make_folder, replace_file
from oclc_console.operations.fetched import AskFor, files_to_ask_for
from oclc_console.operations.late import Awaited, awaited_files, names_at_oclc
from oclc_console.operations.outbox import read_outbox
from oclc_console.settings import Symbol
from oclc_console.store.report_rows import list_reports
from oclc_console.workspace import Workspace, folder_name

_TO = "OCLC Support"
_EASTERN = ZoneInfo("America/New_York")  # the clock OCLC names its reports by
_HOW_IT_WENT = {
    "sent": "every byte acknowledged, closed without error",
    "uncertain": "the link died around the close: we don't know whether you have it whole",
    "taken_cut": "the link died in the middle: you may have a part of it",
    "alma": "delivered by Alma",
}


@dataclass(frozen=True)
class Mail:
    """A mail to be sent by a person."""

    subject: str
    body: str

    @property
    def text(self) -> str:
        """The whole mail, with whom it goes to."""
        return f"To: {_TO}\nSubject: {self.subject}\n\n{self.body}"


def mails_to_oclc(workspace: Workspace, symbol_code: str) -> tuple[Mail, ...]:
    """The mails a symbol gives cause for: about what is late, and for what was removed. Empty when there is no cause."""
    symbol = workspace.settings.symbol(symbol_code)
    files = awaited_files(workspace, read_outbox(workspace, symbol.code), list_reports(workspace))
    late = [awaited for awaited in files if awaited.late]
    sender = workspace.settings.sender(symbol).code
    removed = [wanted for wanted in files_to_ask_for(workspace) if wanted.symbol == sender]
    mails = [_about_late(workspace, symbol, late)] if late else []
    return tuple([*mails, _for_removed(workspace, symbol, removed)] if removed else mails)


def mail_text(mails: Iterable[Mail]) -> str:
    """The mails one after the other."""
    return f"\n{'-' * 72}\n\n".join(mail.text for mail in mails)


def save_mails(workspace: Workspace, symbol_code: str, mails: Iterable[Mail]) -> Path:
    """Writes the mails to `mail/<day>-<symbol>.txt`, in place of what was written there that day; the file."""
    folder = make_folder(workspace.root / "mail")
    path = folder / f"{clock.now():%Y%m%d}-{folder_name(symbol_code)}.txt"
    replace_file(path, mail_text(mails).encode())
    return path


def _about_late(workspace: Workspace, symbol: Symbol, late: Sequence[Awaited]) -> Mail:
    exchange = workspace.settings.exchange
    collections = list(dict.fromkeys(awaited.file.collection for awaited in late))
    noun = "file" if len(late) == 1 else "files"
    subject = f"Data sync: no report on {len(late)} {noun} of {symbol.code}, collection {', '.join(collections)}"
    lines = [f"We sent {len(late)} {noun} to your file exchange (account {workspace.settings.account_of(symbol)}, folder",
             f"{exchange.upload_folder}) and find no report, or not a whole one, in",
             f"{exchange.reports_folder}.", ""]
    for collection in collections:
        mine = [awaited for awaited in late if awaited.file.collection == collection]
        streams = workspace.settings.sender(symbol).streams
        name = next((stream.name for stream in streams if stream.collection == collection), mine[0].file.stream)
        lines += _collection(f"Collection {collection} ({name})", mine)
    lines += ["Would you look what became of them, and tell us for each collection whether",
              "it is \"Accepted\" or \"Being Reviewed\", and when we may expect the reports?", "",
              *_from(workspace, symbol)]
    return Mail(subject, "".join(f"{line}\n" for line in lines))


def _collection(title: str, late: Sequence[Awaited]) -> Iterator[str]:
    yield title
    yield ("  You have reported on this collection before." if late[0].running else
           "  You have never reported on this collection.")
    for awaited in late:
        file = awaited.file
        sizes = "" if file.state == "alma" else f"{file.bytes:,} bytes, "
        yield ""
        yield from (f"  {name}" for name in names_at_oclc(file))
        yield f"    {'published before' if file.state == 'alma' else 'sent'} {_moment(awaited.since)}"
        yield f"    {sizes}{file.records:,} records"
        yield f"    {_HOW_IT_WENT.get(file.state, file.state)}"
        yield ("    no report yet" if not awaited.reported else
               f"    reported so far: {awaited.reported:,} of {file.records:,} records")
        yield f"    expected by {awaited.due:%Y-%m-%d %H:%M} UTC: it is {_long(awaited.late_by)} late"
    yield ""


def _for_removed(workspace: Workspace, symbol: Symbol, removed: Sequence[AskFor]) -> Mail:
    one = len(removed) == 1
    lines = [f"Please put {'this file' if one else f'these {len(removed)} files'} back for us (account "
             f"{workspace.settings.account_of(symbol)}).", f"Of {'it' if one else 'them'} only a placeholder (-stub.txt) is "
             "listed now:", ""]
    for wanted in removed:
        when = f", removed {wanted.removed_at[:10]}" if wanted.removed_at else ""
        lines += [f"  {wanted.name}", f"    in {wanted.folder}{when}"]
    lines += ["", *_from(workspace, symbol)]
    return Mail("Collection Manager File Request", "".join(f"{line}\n" for line in lines))


def _from(workspace: Workspace, symbol: Symbol) -> list[str]:
    sender = workspace.settings.sender(symbol).code
    under = f" (sent under {sender})" if sender != symbol.code else ""
    return [workspace.settings.institution.name, f"OCLC symbol {symbol.code}{under}"]


def _moment(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC ({instant.astimezone(_EASTERN):%Y-%m-%d %H:%M} US Eastern)"


def _long(late: timedelta) -> str:
    hours = int(late.total_seconds() // 3600)
    if hours < 48:
        return f"{hours} hour{'s' if hours != 1 else ''}" if hours else "less than an hour"
    return f"{hours // 24} days"
