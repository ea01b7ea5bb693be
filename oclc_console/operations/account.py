"""A question: what became of every record that was sent? Each record of each output file is joined with the newest report
row that answers it, by its end byte in the file (N of OCLC's record key), else by its local number; every record has
exactly one outcome or is not reported yet. Not for the exceptions behind an outcome (store/rejections.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from oclc_console import clock
from oclc_console.oclc.reports import ACCEPTED
from oclc_console.operations.late import Awaited, awaited_files
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.prepared import PreparedSet, prepared_set
from oclc_console.store.ledger import asking, ledger_files
from oclc_console.store.report_rows import ReportInfo, list_reports, rows_path
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

OUTCOMES = ("match", "create", "replace", "field transfer", "unresolved", "data error", "processing error")


@dataclass(frozen=True)
class FileAccount:
    """One output file. While no report of it has come the outcomes are None (never 0) and all of it is not reported.
    `unknown_rows` are rows of its reports that answer no record of the file; `reports` counts its processing reports.
    While it is not reported whole, `due_at` is the instant from which on that is `late` (late.py). `next_steps` are what is
    to be done where OCLC may have a truncated copy."""

    name: str
    stream: str
    state: str
    records: int
    sent: int
    outcomes: dict[str, int] | None
    other: dict[str, int]
    not_reported: int
    late: bool
    rejections: int | None
    ocn_changed: int | None
    reports: int
    unknown_rows: int
    sent_at: str | None
    due_at: str | None
    next_steps: tuple[str, ...] = ()

    @property
    def balanced(self) -> bool:
        """The second identity: sent = every outcome + other + not reported."""
        return self.sent == sum((self.outcomes or {}).values()) + sum(self.other.values()) + self.not_reported

    def to_json(self) -> dict[str, Any]:
        """As `account --json` prints it: outcomes are null while no report has come."""
        outcomes = {word.replace(" ", "_"): (self.outcomes[word] if self.outcomes else None) for word in OUTCOMES}
        rest = asdict(self)
        del rest["outcomes"]
        return {"name": rest.pop("name"), "stream": rest.pop("stream"), "sent": rest.pop("sent"), **outcomes, **rest}


@dataclass(frozen=True)
class Account:
    """A symbol's account at one moment."""

    symbol: str
    as_of: str
    prepared: PreparedSet
    files: tuple[FileAccount, ...]

    @property
    def total(self) -> dict[str, Any]:
        """The files added up; outcomes are None while no report at all has come."""
        reported = [file for file in self.files if file.outcomes is not None]
        total: dict[str, Any] = {"sent": sum(file.sent for file in self.files)}
        for word in OUTCOMES:
            total[word.replace(" ", "_")] = sum((f.outcomes or {}).get(word, 0) for f in reported) if reported else None
        other: dict[str, int] = {}
        for file in self.files:
            for word, count in file.other.items():
                other[word] = other.get(word, 0) + count
        total["other"] = other
        total["not_reported"] = sum(file.not_reported for file in self.files)
        total["late"] = sum(file.late for file in self.files)
        total["rejections"] = sum(f.rejections or 0 for f in reported) if reported else None
        total["ocn_changed"] = sum(f.ocn_changed or 0 for f in reported) if reported else None
        return total

    def to_json(self) -> dict[str, Any]:
        """As `account --json` prints it."""
        return {"symbol": self.symbol, "as_of": self.as_of, "files": [file.to_json() for file in self.files],
                "total": self.total, "prepared": asdict(self.prepared)}


def account(workspace: Workspace, symbol_code: str) -> Account:
    """What became of every record of every file of a symbol."""
    symbol = workspace.settings.symbol(symbol_code).code
    files = read_outbox(workspace, symbol)
    answers = _answers(workspace, symbol, files)
    awaited = {each.file.name: each for each in awaited_files(workspace, files, list_reports(workspace))}
    accounts = tuple(_file_account(file, answers.get(file.name), awaited.get(file.name)) for file in files)
    return Account(symbol, clock.iso(clock.now()), prepared_set(workspace, symbol), accounts)


def _file_account(file: OutboxFile, answer: _Answer | None, awaited: Awaited | None) -> FileAccount:
    gone = file.state in ("sent", "uncertain", "taken_cut") or (file.state == "alma" and answer is not None)
    sent = file.records if gone or answer else 0
    blank = FileAccount(file.name, file.stream, file.state, file.records, sent, None, {}, sent, False, None, None, 0, 0,
                        file.sent_at, clock.iso(awaited.due) if awaited else None, file.next_steps)
    late = awaited is not None and awaited.late
    if answer is None:
        return replace(blank, late=late)
    outcomes = {word: answer.words.get(word, 0) for word in OUTCOMES}
    other = {word: count for word, count in sorted(answer.words.items()) if word not in OUTCOMES}
    open_ = sent - sum(answer.words.values())
    return replace(blank, outcomes=outcomes, other=other, not_reported=open_, late=late and open_ > 0,
                   rejections=answer.rejections, ocn_changed=answer.ocn_changed, reports=answer.reports,
                   unknown_rows=answer.unknown_rows)


@dataclass(frozen=True)
class _Answer:
    words: dict[str, int]
    rejections: int
    ocn_changed: int
    reports: int
    unknown_rows: int


def _answers(workspace: Workspace, symbol: str, files: tuple[OutboxFile, ...]) -> dict[str, _Answer]:
    """For each output file that has at least one processing report: how many records have which outcome."""
    reports = [report for report in list_reports(workspace) if report.layout == "outcomes"]
    runs = sorted({file.run for file in files})
    ledgers = [str(path) for path in ledger_files(workspace, symbol, runs)]
    if not reports or not ledgers:
        return {}
    with asking() as database:
        _join(workspace, database, ledgers, reports)
        return _count(database)


def _join(workspace: Workspace, database: duckdb.DuckDBPyConnection, ledgers: list[str], reports: list[ReportInfo]) -> None:
    """Makes the table `joined`: every sent record with the outcome of the newest row that answers it. A report names the
    file it is about: one of ours, or (where Alma delivered) the file that Alma published, which is our source. A row in it
    about another upload is told by its record key: by the report that answers that one."""
    database.execute(
        """CREATE TEMP TABLE sent AS
           SELECT outbox AS file, "end" AS n, source, "offset" + "length" AS source_n, lsn, mms, ocn_in
           FROM read_parquet(?) WHERE outbox IS NOT NULL""", [ledgers])
    database.execute(
        """CREATE TEMP TABLE names AS SELECT DISTINCT file AS name, file FROM sent
           UNION SELECT DISTINCT source, file FROM sent""")
    jobs = [(report.collection, report.epoch_ms, report.original) for report in reports if report.original]
    database.execute(
        """CREATE TEMP TABLE jobs AS SELECT DISTINCT unnest(?::VARCHAR[]) AS collection, unnest(?::BIGINT[]) AS epoch_ms,
           unnest(?::VARCHAR[]) AS name""", [list(column) for column in zip(*jobs, strict=True)] or [[], [], []])
    files = [str(rows_path(workspace, report.symbol, report.name)) for report in reports]
    database.execute(
        """CREATE TEMP TABLE rows AS
           SELECT coalesce(nullif(original, ''), jobs.name) AS name, n, lsn, outcome, ocn_out, r.epoch_ms, report, line
           FROM read_parquet(?, union_by_name = true) r
           LEFT JOIN jobs ON original = '' AND jobs.collection = r.collection AND jobs.epoch_ms = r.epoch_ms
           WHERE status = 'ok' AND outcome IS NOT NULL AND coalesce(nullif(original, ''), jobs.name) IN (SELECT name FROM names)
        """, [files])
    # the newest report wins for each record; an exact duplicate row counts once
    database.execute(
        """CREATE TEMP TABLE said AS
           SELECT * FROM rows QUALIFY row_number() OVER (
               PARTITION BY name, n, lsn ORDER BY epoch_ms DESC, report DESC, line DESC) = 1""")
    # where N leads a row to a record of another number, N is not the end of a record: it tells nothing of rows without one
    database.execute("CREATE TEMP MACRO fits(given, lsn, mms) AS "
                     "given IS NULL OR lsn IS NULL OR given = lsn OR coalesce(given = mms, false)")
    database.execute(
        """CREATE TEMP TABLE doubtful AS SELECT DISTINCT said.name FROM said
           JOIN (SELECT file AS name, n, lsn, mms FROM sent
                 UNION ALL SELECT source, source_n, lsn, mms FROM sent) s USING (name, n)
           WHERE NOT fits(said.lsn, s.lsn, s.mms)""")
    database.execute(
        """CREATE TEMP TABLE newest AS
           SELECT * FROM said WHERE lsn IS NOT NULL OR name NOT IN (FROM doubtful)
           QUALIFY row_number() OVER (PARTITION BY name, n ORDER BY epoch_ms DESC, line DESC) = 1""")
    database.execute(
        """CREATE TEMP TABLE joined AS
           SELECT s.*, coalesce(a.outcome, b.outcome) AS outcome,
                  CASE WHEN a.outcome IS NULL THEN b.ocn_out ELSE a.ocn_out END AS ocn_out
           FROM sent s
           LEFT JOIN newest a ON a.name = s.file AND a.n = s.n AND fits(a.lsn, s.lsn, s.mms)
           LEFT JOIN newest b ON b.name = s.source AND b.n = s.source_n AND fits(b.lsn, s.lsn, s.mms)""")
    _by_local_number(database)


def _by_local_number(database: duckdb.DuckDBPyConnection) -> None:
    """Rows whose N is the end of no record (N's meaning is inferred, and Alma may have sent the file in another form): the
    local number decides, where it is one record's alone."""
    database.execute(
        """CREATE TEMP TABLE strays AS SELECT * FROM said
           WHERE (lsn IS NULL AND name IN (FROM doubtful))
              OR NOT EXISTS (FROM sent s WHERE ((s.file = said.name AND s.n = said.n)
                                            OR (s.source = said.name AND s.source_n = said.n))
                                           AND fits(said.lsn, s.lsn, s.mms))""")
    database.execute(
        """UPDATE joined SET outcome = x.outcome, ocn_out = x.ocn_out
           FROM (SELECT names.file, strays.* FROM strays JOIN names USING (name)
                 QUALIFY row_number() OVER (PARTITION BY names.file, lsn ORDER BY epoch_ms DESC, line DESC) = 1) x
           WHERE joined.file = x.file AND joined.lsn = x.lsn AND joined.outcome IS NULL
             AND (SELECT count(*) FROM sent s WHERE s.file = x.file AND s.lsn = x.lsn) = 1""")


def _count(database: duckdb.DuckDBPyConnection) -> dict[str, _Answer]:
    reports = database.execute(
        "SELECT file, count(DISTINCT report) FROM rows JOIN names USING (name) GROUP BY file").fetchall()
    unknown = dict(database.execute(
        """SELECT name, count(*) FROM strays WHERE NOT EXISTS (
               FROM sent s JOIN names USING (file) WHERE names.name = strays.name AND s.lsn = strays.lsn)
           GROUP BY name""").fetchall())
    rows = database.execute(
        """SELECT file, outcome, count(*), count(*) FILTER (
               outcome IN ('match', 'replace', 'field transfer') AND ocn_in IS NOT NULL AND ocn_out IS DISTINCT FROM ocn_in)
            FROM joined WHERE outcome IS NOT NULL GROUP BY file, outcome""").fetchall()
    answers = {file: _Answer({}, 0, 0, count, unknown.get(file, 0)) for file, count in reports}
    for file, outcome, count, changed in rows:
        answer = answers[file]
        answers[file] = replace(
            answer, words={**answer.words, outcome: count}, ocn_changed=answer.ocn_changed + changed,
            rejections=answer.rejections + (0 if outcome in ACCEPTED else count))
    return answers
