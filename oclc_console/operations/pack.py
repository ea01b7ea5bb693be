"""Packs the rejections of one library into one file that a cataloguer takes along: what OCLC said, what people did so far, and
the records as they were sent. Not for opening it on the laptop (open_pack.py) nor for bringing the work home
(merge_pack.py)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from oclc_console import __version__, clock
from oclc_console.errors import CallError, from_os_error
from oclc_console.files import locked, replace_file
from oclc_console.marc.record import take_apart_loosely, text_of
from oclc_console.oclc.meanings import OWN_FILE
from oclc_console.operations.bibs import Named, bibs_of
from oclc_console.operations.sent_records import Place, SentRecords, place_line
from oclc_console.store import log, pack_file
from oclc_console.store.desk import Desk
from oclc_console.store.gathered import VERSION, Gathered, gathered_path, load_gathered
from oclc_console.store.pack_file import About, PackedSymbol, as_lines, part_of, write_pack
from oclc_console.store.rejections import ExceptionFile, exceptions_path
from oclc_console.store.reviews import Review, Reviews
from oclc_console.workspace import Workspace, folder_name

ID_FILE = "workspace.id"
_BLOCK = 1 << 20
_NOT_ON_WINDOWS = frozenset('<>"|?*')


@dataclass(frozen=True)
class Packed:
    """A pack that was made: where, what it says of itself, how many of its records stand in it as they were sent, and why the
    others don't (a sentence, and how many records)."""

    path: Path
    about: About
    sent: int
    not_sent: tuple[tuple[str, int], ...]


def pack(workspace: Workspace, library: str, to: Path, *, symbol: str | None = None) -> Packed:
    """Writes a pack of all rejections of a library (empty: of those whose library nobody knows), of all symbols or of one.
    Raises CallError where there are none."""
    with Desk.open(workspace, symbol) as desk:
        if desk.behind:
            desk.catch_up()
        known = desk.counts("library")
        symbols = [count.value for count in desk.counts("symbol")]
    parts = {name: part for name in sorted(symbols) if (part := _of_library(workspace, name, library)) is not None}
    if not parts:
        there = ", ".join(count.value or "(none known)" for count in known) or "nothing: there are no rejections here"
        raise CallError(f"OCLC rejected no record of library {library or '(none known)'}", where="reports pack",
                        then=f"There are records of {there}.")
    pack_file.checked_folders(list(parts))
    about = _about(workspace, library, parts)
    made = _Making(workspace, parts)
    try:
        with TemporaryDirectory(prefix="oclc-console-") as folder:
            write_pack(to, about, made.parts(Path(folder)))
    except OSError as error:
        raise from_os_error(error, "writing a pack") from error
    log.append(workspace, "pack.made", symbol, pack=about.id, library=library, records=about.records, file=to.name)
    return Packed(to, about, made.sent, tuple(made.not_sent.most_common()))


def workspace_id(workspace: Workspace) -> str:
    """What tells this workspace from all others; made when it is first asked for."""
    path = workspace.root / ID_FILE
    with locked(workspace.root / f"{ID_FILE}.lock", doing="naming this workspace"):
        try:
            return path.read_text("ascii").strip()
        except FileNotFoundError:
            made = os.urandom(16).hex()
            replace_file(path, made.encode() + b"\n")
            return made


def _of_library(workspace: Workspace, symbol: str, library: str) -> Gathered | None:
    gathered = load_gathered(gathered_path(workspace, symbol))
    if gathered is None or library not in gathered.words["library"]:
        return None
    rows = np.flatnonzero(gathered["library"] == gathered.words["library"].index(library))
    return gathered.only(rows) if len(rows) else None


def _about(workspace: Workspace, library: str, parts: Mapping[str, Gathered]) -> About:
    settings = workspace.settings
    known = {folder_name(code): symbol for code, symbol in settings.symbols.items()}
    symbols = tuple(PackedSymbol(known[folder].code if folder in known else folder,
                                 known[folder].name if folder in known else folder, folder) for folder in parts)
    return About(os.urandom(16).hex(), workspace_id(workspace), settings.institution.name, settings.exchange.host,
                 clock.iso(clock.now()), workspace.actor, library, sum(map(len, parts.values())), VERSION, __version__, symbols)


class _Making:
    """The parts of a pack, one after the other; counts what it finds."""

    def __init__(self, workspace: Workspace, gathered: Mapping[str, Gathered]) -> None:
        self._workspace, self._gathered = workspace, gathered
        self.sent = 0
        self.not_sent: Counter[str] = Counter()

    def parts(self, folder: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Each part's name and content. `folder` is for what has to be written before it can be packed."""
        own = self._workspace.root / OWN_FILE
        if own.is_file():
            yield pack_file.MEANINGS, iter([own.read_bytes()])
        for symbol, whole in self._gathered.items():
            gathered, documents = _with_documents(self._workspace, _with_plain_names(whole))
            columns, sent = folder / pack_file.GATHERED, folder / pack_file.SENT
            gathered.save(columns, fixed=True)
            places = self._write_sent(gathered, sent)
            yield part_of(symbol, pack_file.GATHERED), _read(columns)
            yield part_of(symbol, pack_file.REVIEWS), as_lines(review_lines(self._reviews(symbol, gathered)))
            yield part_of(symbol, pack_file.EXCEPTIONS), as_lines(documents)
            yield part_of(symbol, pack_file.SENT), _read(sent)
            yield part_of(symbol, pack_file.PLACES), as_lines(map(place_line, places))

    def _reviews(self, symbol: str, gathered: Gathered) -> Iterator[Review]:
        reviews = list(Reviews(self._workspace, symbol).all())
        rows = gathered.rows_of([review.key for review in reviews])
        return (review for review, row in zip(reviews, rows.tolist(), strict=True) if row >= 0)

    def _write_sent(self, gathered: Gathered, path: Path) -> list[Place]:
        """The records as they were sent, each once, and where they stand in the file."""
        places: list[Place] = []
        numbers = (Named(key) for key in gathered.texts["key"] if key[:1] not in ("@", "#"))
        bibs = bibs_of(self._workspace, [gathered.symbol], numbers)
        offset = 0
        with open(path, "wb") as file, SentRecords(self._workspace, gathered.symbol, many=True) as records:
            for row in range(len(gathered)):
                key, found, why = gathered.texts["key"][row], False, "no report says which upload it is about"
                lsn = "" if key[:1] in ("@", "#") else key
                for upload, end in _uploads(gathered, row):
                    sent = records.find(upload, end, lsn)
                    if sent.raw is None:
                        why = sent.reason if not found else why
                        continue
                    found = True
                    mms = bibs.get(Named(lsn)) or _mms_in(sent.raw)
                    places.append(Place(upload, sent.end, lsn, mms, offset, len(sent.raw), sent.verified))
                    offset += file.write(sent.raw)
                self.sent += found
                if not found:
                    self.not_sent[why] += 1
        return places


def _uploads(gathered: Gathered, row: int) -> Iterator[tuple[str, int | None]]:
    """Each upload in which OCLC spoke of a record, with its end byte there."""
    told = {(gathered.words["seen_upload"][gathered["seen_upload"][at]], int(gathered["seen_end"][at]))
            for at in gathered.seen_of(row)}
    told.add((gathered.words["upload"][gathered["upload"][row]], int(gathered["end"][row])))
    return ((upload, end if end > 0 else None) for upload, end in sorted(told) if upload)


def _mms_in(raw: bytes) -> str:
    record = take_apart_loosely(raw)
    numbers = [field for tag, field in zip(record.tags, record.fields, strict=True) if tag == b"001"] if record else []
    text = text_of(numbers[0]).strip() if numbers else ""
    return text if text.isascii() and text.isdecimal() else ""


def _with_plain_names(gathered: Gathered) -> Gathered:
    """The same, with reports under names that every system can write as a file."""
    taken: set[str] = set()
    reports: list[dict[str, Any]] = []
    for report in gathered.about["reports"]:
        name = "".join("_" if letter in _NOT_ON_WINDOWS else letter for letter in report["name"]).rstrip(". ")
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        reports.append({**report, "name": name, "original": report["name"]})
    return Gathered({**gathered.about, "reports": reports}, gathered.words, gathered.columns, gathered.texts)


def _with_documents(workspace: Workspace, gathered: Gathered) -> tuple[Gathered, list[dict[str, Any]]]:
    """The columns with the places of OCLC's lines as they will be in the pack, and these lines, report by report."""
    reports, numbers = gathered["line_report"], gathered["line_document"]
    places = np.zeros(len(numbers), np.int32)
    lines: list[dict[str, Any]] = []
    names = gathered.about["reports"]
    for code in np.unique(reports).tolist():
        here = np.flatnonzero(reports == code)
        wanted, places[here] = np.unique(numbers[here], return_inverse=True)
        with ExceptionFile(exceptions_path(workspace, gathered.symbol, names[code]["original"])) as file:
            lines += ({"report": names[code]["name"], "document": file[number]} for number in wanted.tolist())
    plain = [{key: value for key, value in report.items() if key != "original"} for report in names]
    columns = {**gathered.columns, "line_document": places}
    return Gathered({**gathered.about, "reports": plain}, gathered.words, columns, gathered.texts), lines


def review_lines(reviews: Iterator[Review] | Sequence[Review]) -> Iterator[dict[str, Any]]:
    """Reviews as they stand in a pack."""
    return ({"key": review.key, "history": [asdict(entry) for entry in review.history]} for review in reviews)


def _read(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            yield block
