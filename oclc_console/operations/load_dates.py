"""A question: since when do the holdings under a symbol stand there, by the symbol they came from? The files of a retiring
symbol go out under its successor; a cut-off date of the successor that lies after that load would remove those holdings
again, and this is what tells. Computed from what went out and from the ledgers. Not for deciding anything (project/gates.py).

Source: OCLC's scan/delete removes every holding of a symbol whose date is older than the cut-off date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from oclc_console import clock
from oclc_console.alma.published import parse_name
from oclc_console.operations.late import names_at_oclc
from oclc_console.operations.outbox import SETTLED, OutboxFile
from oclc_console.settings import Settings
from oclc_console.store.ledger import asking, ledger_files
from oclc_console.store.report_rows import ReportInfo
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class Load:
    """The holdings of one `origin` symbol that were loaded under `sender`: how many have which day (YYYY-MM-DD) as the newest
    on which they went out."""

    origin: str
    sender: str
    by_day: Mapping[str, int]

    @property
    def first(self) -> str:
        """The oldest day that still counts for one of them."""
        return min(self.by_day)

    @property
    def last(self) -> str:
        """The newest day."""
        return max(self.by_day)

    @property
    def holdings(self) -> int:
        """All of them."""
        return sum(self.by_day.values())

    def older_than(self, cut_off: str) -> int:
        """How many a scan/delete with this cut-off date (YYYY-MM-DD) would remove."""
        return sum(count for day, count in self.by_day.items() if day < cut_off)


def load_of_files(workspace: Workspace, origin: str, sender: str, files: Iterable[OutboxFile],
                  reports: Iterable[ReportInfo]) -> Load | None:
    """What of these files of a symbol went out under `sender`; None when nothing did. A file that Alma delivers counts once a
    report proves that it arrived."""
    answered = {report.original: report.received or report.filed_at for report in reports if report.original}
    suffix = workspace.settings.institution.suffix
    gone = [(file, went) for file in files if file.sender == sender and adds_holdings(workspace.settings, file)
            and (went := _went_out(file, answered))]
    if not gone:
        return None
    days = tuple((file.name, file.records, min(_day(went), export_day(file, suffix) or _day(went))) for file, went in gone)
    paths = ledger_files(workspace, origin, sorted({file.run for file, _ in gone}))
    return Load(origin, sender, _by_day(days, tuple((path, path.stat().st_mtime_ns) for path in paths)))


def export_day(file: OutboxFile, suffix: str) -> str | None:
    """The day (YYYY-MM-DD) on which Alma published the oldest source of a file, where their names say so."""
    stamps = [named.timestamp if (named := parse_name(name, suffix)) else None for name in file.source_names]
    days = [f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}" for stamp in stamps if stamp]
    return min(days) if days and len(days) == len(stamps) else None


def adds_holdings(settings: Settings, file: OutboxFile) -> bool:
    """Whether the file is one of bibliographic records, and not of local holdings or deletes."""
    streams = (stream for symbol in settings.symbols.values() for stream in symbol.streams)
    return next((stream.kind for stream in streams if stream.collection == file.collection), "bib") == "bib"


def _went_out(file: OutboxFile, answered: Mapping[str, str]) -> str | None:
    """When a file went out, an ISO instant; None when it has not, or nobody knows."""
    if file.state == "alma":
        return next((answered[name] for name in names_at_oclc(file) if name in answered), None)
    return file.sent_at if file.state in SETTLED else None


def _day(instant: str) -> str:
    """The day at OCLC may be the one before ours: of the two the earlier, so that nothing counts as newer than it is."""
    at = clock.parse(instant)
    return min(at.astimezone().date(), at.date()).isoformat()


@lru_cache(maxsize=64)
def _by_day(files: tuple[tuple[str, int, str], ...], ledgers: tuple[tuple[Path, int], ...]) -> Mapping[str, int]:
    """How many holdings have which newest day. `files` are (name, records, day); the ledgers, with when they were written, tell
    which holdings went out again. Files whose ledger is not here count with all their records."""
    counts: Counter[str] = Counter()
    told: set[str] = set()
    if ledgers and len({day for _, _, day in files}) > 1:
        with asking() as database:
            database.execute("CREATE TEMP TABLE files AS SELECT unnest(?::VARCHAR[]) AS name, unnest(?::VARCHAR[]) AS day",
                             [[name for name, _, _ in files], [day for _, _, day in files]])
            rows = [str(path) for path, _ in ledgers]
            database.execute("""CREATE TEMP TABLE sent AS SELECT coalesce(lsn, outbox || ' ' || "end") AS holding, day, name
                                FROM read_parquet(?) JOIN files ON outbox = name""", [rows])
            told = {name for name, in database.execute("SELECT DISTINCT name FROM sent").fetchall()}
            counts.update(dict(database.execute("""SELECT day, count(*) FROM (SELECT max(day) AS day FROM sent GROUP BY holding)
                                                   GROUP BY day""").fetchall()))
    for name, records, day in files:
        if name not in told:
            counts[day] += records
    return dict(counts)
