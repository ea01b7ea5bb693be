"""What can go wrong on purpose at the stand-in OCLC: on the wire, on its disk and with its reports. A rehearsal's settings
name one mishap (`fault` in rehearsal.json); the server does it so many times and writes down each (mishaps.jsonl). Not for
records broken on purpose (faults.py)."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

import orjson

from oclc_console import clock, files

BOOK = "mishaps.jsonl"


@dataclass(frozen=True)
class Mishap:
    """One thing that can go wrong: its name in the settings, what happens, what a person does about it when the console
    could not mend it by itself, and whether it lasts (else it happens once)."""

    name: str
    happens: str
    then: str
    lasts: bool = False


_RESUME = "If the file is not shown as sent: oclc-console upload SYMBOL; nothing is sent twice."
_SETTLE = ("A file shown as uncertain is settled by its report: oclc-console fetch SYMBOL, then oclc-console account SYMBOL. "
           "It is not sent again unless a person says so.")
_CUT = ("A file shown as taken cut is sent again only by a person: oclc-console upload SYMBOL --again FILE --reason R, best "
        "after its report has said how much of it arrived.")

MISHAPS = {mishap.name: mishap for mishap in (
    Mishap("drop", "the link is lost in the middle of a file; what arrived stays listed", _RESUME),
    Mishap("drop-taken", "the link is lost in the middle of a file, and OCLC takes the torn copy", _CUT),
    Mishap("drop-at-open", "the link is lost just as a file is opened", _RESUME),
    Mishap("drop-at-close", "every byte of a file arrives and the link is lost before its close; it stays listed", _RESUME),
    Mishap("reply-lost", "a file is closed and taken, and the link is lost before OCLC could say so", _SETTLE),
    Mishap("freeze", "the server stops answering in the middle of a file, and the link stands", _RESUME),
    Mishap("refuse-login", "OCLC does not let the account in",
           "Check the account and the key, ask OCLC; then: oclc-console upload SYMBOL.", lasts=True),
    Mishap("host-key-changed", "the server shows another host key than the one that was pinned",
           "Send nothing. Ask OCLC whether its key has changed, and pin the new one only when they confirm it: "
           "oclc-console check --host-key FINGERPRINT.", lasts=True),
    Mishap("disk-full", "OCLC's disk is full in the middle of a file", "Ask OCLC, then: oclc-console upload SYMBOL.",
           lasts=True),
    Mishap("read-only", "OCLC does not let the account write into the folder",
           "Ask OCLC whether the account may write there; then: oclc-console upload SYMBOL.", lasts=True),
    Mishap("close-fails", "every byte of a file arrives and OCLC answers its close with an error",
           "Ask OCLC whether it has the file; a file shown as partial is sent with: oclc-console upload SYMBOL."),
    Mishap("end-channel", "the server ends the file exchange between two files and keeps the connection", _RESUME),
    Mishap("no-sftp", "the server logs the account in and offers no file exchange",
           "Ask OCLC whether file exchange is on for the account; then: oclc-console upload SYMBOL.", lasts=True),
    Mishap("slow", "the link is slow, but it moves", "Nothing: it only takes longer."),
    Mishap("report-late", "the reports of the first file come late",
           "Nothing yet: its records are not reported, never lost. Later: oclc-console fetch SYMBOL; when it stays late, ask "
           "OCLC."),
    Mishap("report-truncated", "the processing report of the first file breaks off in the middle of a line",
           "Its last records are shown as not reported: ask OCLC for the report, and bring it in with: "
           "oclc-console reports import FILE."),
    Mishap("report-doubled", "the reports of the first file come twice, under two names",
           "Nothing: every record counts once."),
    Mishap("rerun", "OCLC works through the first file twice and reports twice",
           "Nothing: the newest answer to each record counts, and each record counts once."),
)}
TORN = {"drop-taken": "take"}  # what becomes of the torn upload, where a mishap asks for something of its own


class Trouble:
    """The mishap of a running server: whether it is due, and how often it has happened."""

    def __init__(self, folder: Path) -> None:
        self._book = folder / BOOK
        self._lock = threading.Lock()

    def happens(self, wanted: str, set_to: str, times: int, file: str) -> bool:
        """Whether the mishap `wanted` shall happen now, to this file; it is then written down. `set_to` is the one the
        settings name, `times` how often (0: always)."""
        if wanted != set_to:
            return False
        with self._lock:
            if times and sum(entry["fault"] == wanted for entry in happened(self._book.parent)) >= times:
                return False
            handle = files.open_for_append(self._book)
            try:
                line = {"at": clock.iso(clock.now()), "fault": wanted, "file": file}
                files.append_line(handle, orjson.dumps(line) + b"\n")
            finally:
                os.close(handle)
        return True


def forget(folder: Path) -> None:
    """Forgets the mishaps so far: the next one that is set happens anew."""
    (folder / BOOK).unlink(missing_ok=True)


def happened(folder: Path) -> list[dict[str, str]]:
    """The mishaps of a rehearsal so far: {at, fault, file}."""
    return [orjson.loads(line) for line in files.complete_lines(folder / BOOK)]
