"""A question: since when do the holdings under a symbol stand there, by the symbol they came from? The files of a retiring symbol
go out under its successor; a cut-off date of the successor that lies after that load would remove those holdings again, and
this is what tells. Computed from what went out and from the ledgers. Not for deciding anything (project/gates.py).

Source: OCLC's scan/delete removes every holding of a symbol whose date is older than the cut-off date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from oclc_console import clock
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


def loads_under(workspace: Workspace, sender: str, outboxes: Mapping[str, Sequence[OutboxFile]],
                reports: Iterable[ReportInfo]) -> tuple[Load, ...]:
    """What was loaded under a symbol, by original symbol, in the order of console.toml. `outboxes` are the files of every symbol,
    by its code; `reports` all that are here. A file that Alma delivers counts once a report proves that it arrived."""
    answered: dict[str, str] = {report.original: clock.iso(clock.parse(report.received or report.filed_at))
                                for report in reports if report.original}
    loads = []
    for origin, files in outboxes.items():
        gone = [(file, went) for file in files if file.sender == sender and _adds_holdings(workspace.settings, file)
                and (went := _went_out(file, answered))]
        if not gone:
            continue
        days = tuple((file.name, file.records, _day(went)) for file, went in gone)
        paths = ledger_files(workspace, origin, sorted({file.run for file, _ in gone}))
        loads.append(Load(origin, sender, _by_day(days, tuple((path, path.stat().st_mtime_ns) for path in paths))))
    return tuple(loads)


def _adds_holdings(settings: Settings, file: OutboxFile) -> bool:
    streams = (stream for symbol in settings.symbols.values() for stream in symbol.streams)
    return next((stream.kind for stream in streams if stream.collection == file.collection), "bib") == "bib"


def _went_out(file: OutboxFile, answered: Mapping[str, str]) -> str | None:
    """When a file went out, an ISO instant; None when it has not, or nobody knows."""
    if file.state == "alma":
        return next((answered[name] for name in names_at_oclc(file) if name in answered), None)
    return file.sent_at if file.state in SETTLED else None


def _day(instant: str) -> str:
    """The day at OCLC may be the one before ours: of the two the earlier, so that nothing counts as newer than it is."""
    here: date = clock.parse(instant).astimezone().date()
    return min(here.isoformat(), clock.parse(instant).date().isoformat())


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
