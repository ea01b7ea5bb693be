"""The files the stand-in OCLC took and has or has not worked through: a journal (queue.jsonl) that outlives a killed server.
A file is written down before it leaves the folder it was uploaded to, and crossed out when its reports are in place; doing
a file over gives the same reports under the same names. Not for what is in the files (worldcat.py, reports.py)."""

from __future__ import annotations

import itertools
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from oclc_console import clock, files
from oclc_console.rehearsal.folder import IN_LHR

JOURNAL = "queue.jsonl"
ASKED = "asked"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Taken:
    """One run over one taken file: its id, the login it came from, its name as uploaded, where it lies (from the rehearsal's
    folder), when it was received or the second run began (UTC epoch milliseconds), into which folder it was put (bib, lhr)."""

    ident: str
    login: str
    name: str
    place: str
    received: int
    second_run: bool = False
    kind: str = "bib"


def milliseconds() -> int:
    """The present instant as UTC epoch milliseconds."""
    return (clock.now() - _EPOCH) // timedelta(milliseconds=1)


class Journal:
    """The journal of one running server: lines are added by the thread that takes files and the one that works them off."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._handle = files.open_for_append(folder / JOURNAL)
        self._lock = threading.Lock()
        self.everything, done = read_journal(folder)
        self._latest = max((taken.received for taken in self.everything), default=0)
        self.waiting = [taken for taken in self.everything if taken.ident not in done]
        for lost in [taken for taken in self.waiting if not (folder / taken.place).exists()]:
            self.done(lost, [])  # the server was killed before the file left its folder: its client never heard it was taken

    def close(self) -> None:
        """Lets the journal go."""
        os.close(self._handle)

    def take(self, path: Path, login: str) -> Taken:
        """Moves an uploaded file out of its client's sight and writes it down. Raises OSError; then the file is where it
        was."""
        place = self._place(login, path.name)
        kind = "lhr" if path.parent.name == IN_LHR.name else "bib"
        taken = self._write(login, path.name, place, kind, second_run=False)
        files.make_folder((self.folder / place).parent)
        files.move_into_place(path, self.folder / place)
        return taken

    def again(self, taken: Taken) -> Taken:
        """Writes down a second run over a file."""
        return self._write(taken.login, taken.name, taken.place, taken.kind, second_run=True)

    def done(self, taken: Taken, reports: list[str]) -> None:
        """Crosses a run out: its reports are in place."""
        with self._lock:
            files.append_line(self._handle, orjson.dumps({"done": taken.ident, "reports": reports}) + b"\n")
            self.waiting = [other for other in self.waiting if other.ident != taken.ident]

    def asked_again(self) -> None:
        """Writes down the second runs somebody asked for with `rerun`."""
        for request in sorted((self.folder / ASKED).glob("*.json")):
            wanted = orjson.loads(request.read_bytes())
            found = [taken for taken in self.everything
                     if taken.name == wanted["name"] and wanted["login"] in ("", taken.login) and not taken.second_run]
            if found:
                self.again(found[-1])
            request.unlink()

    def _write(self, login: str, name: str, place: str, kind: str, second_run: bool) -> Taken:
        with self._lock:
            self._latest = max(milliseconds(), self._latest + 1)  # no two runs share an instant: it is part of their key
            taken = Taken(f"{login}/{self._latest}", login, name, place, self._latest, second_run, kind)
            files.append_line(self._handle, orjson.dumps(taken) + b"\n")
            self.everything.append(taken)
            self.waiting = [*self.waiting, taken]
        return taken

    def _place(self, login: str, name: str) -> str:
        for number in itertools.count(1):
            place = f"taken/{login}/{name}" + (f".{number}" if number > 1 else "")
            if not (self.folder / place).exists():
                return place
        raise AssertionError("counting never ends")


def read_journal(folder: Path) -> tuple[list[Taken], set[str]]:
    """Every run in the journal of a rehearsal, in order, and the ids of those that are done."""
    everything: list[Taken] = []
    done: set[str] = set()
    for line in files.complete_lines(folder / JOURNAL):
        entry = orjson.loads(line)
        if "done" in entry:
            done.add(entry["done"])
        else:
            everything.append(Taken(**entry))
    return everything, done


def rerun(folder: Path, name: str, *, login: str = "") -> None:
    """Asks the stand-in OCLC to work through a file it took once more and write a second set of reports, as OCLC does when
    it finds duplicates. `name` is the name it was uploaded under; the latest of that name, of any account or the one given.
    Works whether its server runs now or is started later."""
    asked = files.make_folder(folder / ASKED)
    files.replace_file(asked / f"{milliseconds()}-{os.getpid()}.json", orjson.dumps({"name": name, "login": login}))
