"""What the stand-in OCLC does with a file it took: reads it, asks WorldCat about each record, writes the reports and crosses
the file out. Runs beside the server in a thread of its own, one file at a time. Not for the wire (server.py)."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from oclc_console import files
from oclc_console.rehearsal import folder as places
from oclc_console.rehearsal import labels, uploads
from oclc_console.rehearsal.jobs import Journal, Taken
from oclc_console.rehearsal.mishaps import Trouble
from oclc_console.rehearsal.reports import PROCESSING, Job, write_reports
from oclc_console.rehearsal.worldcat import Answer, Upload, WorldCat


class Office:
    """Works through taken files. WorldCat is remembered between files; labels are read again when they have changed."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder, self.journal = folder, journal
        self._worldcat: WorldCat | None = None
        self._labels: dict[str, list[labels.Label]] = {}
        self._trouble = Trouble(folder)
        self._labels_seen: tuple[int, int] | None = None

    def work_through(self, taken: Taken) -> list[str]:
        """Writes the reports of one taken file; gives back their names (none for a probe, an empty file, or an account that
        was closed). Raises OSError when this machine fails; the file then waits as before."""
        rehearsal = places.load(self.folder)
        account = rehearsal.account(taken.login)
        path = self.folder / taken.place
        count = uploads.records_in(path)
        names: list[str] = []
        if account and count and "probe" not in taken.name.lower():
            job = Job(places.in_names(account.symbol), account.collection_of(taken.name), taken.received, taken.name)
            answers = self._answers(rehearsal.seed, account, taken, path, count)
            target = rehearsal.root(taken.login) / places.REPORTS
            names = write_reports(job, answers, target, self.folder / "writing", seed=rehearsal.seed,
                                  cross=rehearsal.behaviour.cross_reports)
            names += self._spoil(rehearsal.behaviour, taken, job, target, names)
        patterns = rehearsal.behaviour.rerun
        if not taken.second_run and (any(fnmatchcase(taken.name, pattern) for pattern in patterns)
                                     or (names and self._happens("rerun", rehearsal.behaviour, taken))):
            self.journal.again(taken)
        self.journal.done(taken, names)
        return names

    def _happens(self, fault: str, behaviour: places.Behaviour, taken: Taken) -> bool:
        return self._trouble.happens(fault, behaviour.fault, behaviour.fault_times, taken.name)

    def _spoil(self, behaviour: places.Behaviour, taken: Taken, job: Job, reports: Path, names: list[str]) -> list[str]:
        """What goes wrong with the reports of a file on purpose; gives back the names that came in addition."""
        if self._happens("report-truncated", behaviour, taken):
            path = next(reports / name for name in names if PROCESSING in name)
            content = path.read_bytes()
            files.replace_file(path, content[: len(content) * 6 // 10].rstrip(b"\n") + b"|")
        more: list[str] = []
        if self._happens("report-doubled", behaviour, taken):
            later = replace(job, received=job.received + 1000)
            for name in names:
                kind = name.removesuffix(".txt").rpartition(".")[2]
                more.append(later.report_name(kind))
                files.replace_file(reports / more[-1], (reports / name).read_bytes())
        return more

    def _answers(self, seed: int, account: places.Account, taken: Taken, path: Path, count: int) -> list[Answer]:
        if self._worldcat is None or self._worldcat.seed != seed:
            self._worldcat = WorldCat(seed, self.folder / "state.json")
        worldcat = self._worldcat
        first_new = worldcat.keep_numbers(taken.ident, count)
        upload = Upload(taken.ident, account.lsn, account.ocn, taken.second_run)
        known = self._read_labels()
        answers = [worldcat.answer(record, first_new + at, upload, known) for at, record in enumerate(uploads.arrived(path))]
        worldcat.save()
        return answers

    def _read_labels(self) -> dict[str, list[labels.Label]]:
        path = self.folder / labels.FILE_NAME
        seen = (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None
        if seen != self._labels_seen:
            self._labels, self._labels_seen = labels.read_labels(self.folder), seen
        return self._labels
