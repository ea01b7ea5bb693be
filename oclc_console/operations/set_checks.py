"""A question: which traps show only when the records of a set are compared with one another, or with the last run? Asked of
the ledger's rows with DuckDB, in bounded memory. Not for what one record shows by itself (marc/lint), and not for deciding
anything: whoever prepares the set tells, or blocks."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oclc_console.marc.lint import Severity
from oclc_console.settings import Settings, Symbol
from oclc_console.store.ledger import connect
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

IDS_SHOWN = 20
MEMORY = "512MB"
_BATCH = 10_000
_NO_ROWS = "(SELECT '' AS source, 0 AS number, '' AS mms, '' AS lsn, 0 AS ocn_in, '' AS fate) WHERE false"
_NO_SEND_FIELD = "914"
_GOING_OUT = "fate NOT LIKE 'excluded:%' AND fate NOT LIKE 'quarantined:%'"


@dataclass(frozen=True)
class SetRule:
    """A check of a whole set. `rows` is SQL over the views `now` and `before` (ledger rows) that gives (lsn, mms, ocn_in) for
    every record concerned, ordered so that those which belong together stand together."""

    id: str
    sentence: str
    severity: Severity
    source: str
    remedy: str
    rows: str


@dataclass(frozen=True)
class SetFinding:
    """What a rule found: how many records, and the first of their ids (LSN, else MMS id). `set_ids` gives all of them."""

    rule: str
    severity: Severity
    sentence: str
    remedy: str
    records: int
    ids: tuple[str, ...]


SET_RULES = {
    rule.id: rule
    for rule in (
        SetRule("lsn-twice", "One local number stands on several records of the set.", Severity.SEVERE,
                "OCLC keeps one record a local number: the last one wins, the others' results can't be told apart",
                "Publish one record a holding, or take the duplicate out of the set.",
                "SELECT lsn, mms, ocn_in FROM now WHERE lsn IN "
                f"(SELECT lsn FROM now WHERE lsn IS NOT NULL AND {_GOING_OUT} GROUP BY lsn HAVING count(*) > 1) "
                f"AND {_GOING_OUT} ORDER BY lsn, source, number"),
        SetRule("ocn-on-two-bibs", "One OCLC number stands on several bibs.", Severity.MINOR,
                "Alma groups by MMS id and OCLC by number: two bibs with one number wipe out each other's local holdings",
                "Merge the bibs, or give one of them its right number.",
                "SELECT lsn, mms, ocn_in FROM now WHERE ocn_in IN "
                f"(SELECT ocn_in FROM now WHERE ocn_in IS NOT NULL AND {_GOING_OUT} "
                "GROUP BY ocn_in HAVING count(DISTINCT mms) > 1) "
                f"AND {_GOING_OUT} ORDER BY ocn_in, mms, source, number"),
        SetRule("never-send-gone", "A 914 NO-WORLDCAT that was there at the last run is gone.", Severity.SEVERE,
                "Copy and merge from Search Resources, or an update from Connexion, removes the 914",
                "If the record must still not be sent, add the 914 again; if it may be, nothing.",
                f"SELECT lsn, mms, ocn_in FROM now WHERE {_GOING_OUT} AND mms IN "
                "(SELECT mms FROM before WHERE fate IN (SELECT unnest(getvariable('no_send')))) "
                "ORDER BY mms, source, number"),
    )
}


def set_findings(
    workspace: Workspace, symbol_code: str, ledger_paths: Sequence[Path], previous_paths: Sequence[Path] = ()
) -> list[SetFinding]:
    """What the rules find in a symbol's set: the ledger files of this run, compared with those of the last (none: the first
    run). A rule that finds nothing is not in the list."""
    found = []
    with _opened(workspace, symbol_code, ledger_paths, previous_paths) as connection:
        for rule in SET_RULES.values():
            records = connection.execute(f"SELECT count(*) FROM ({rule.rows})").fetchone()
            if records and records[0]:
                first = connection.execute(f"SELECT coalesce(lsn, mms) FROM ({rule.rows}) LIMIT {IDS_SHOWN}").fetchall()
                found.append(SetFinding(rule.id, rule.severity, rule.sentence, rule.remedy, records[0],
                                        tuple(row[0] for row in first)))
    return found


def set_ids(
    workspace: Workspace, symbol_code: str, rule: str, ledger_paths: Sequence[Path], previous_paths: Sequence[Path] = ()
) -> Iterator[tuple[str | None, str | None, int | None]]:
    """(LSN, MMS id, OCLC number) of every record that one rule speaks about, those that belong together side by side.
    Raises KeyError for a rule there is not."""
    with _opened(workspace, symbol_code, ledger_paths, previous_paths) as connection:
        rows = connection.execute(SET_RULES[rule].rows)
        while batch := rows.fetchmany(_BATCH):
            yield from batch


@contextmanager
def _opened(
    workspace: Workspace, symbol_code: str, ledger_paths: Sequence[Path], previous_paths: Sequence[Path]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the views `now` and `before`, and a folder beside the ledger for what does not fit its memory."""
    settings = workspace.settings
    symbol = settings.symbol(symbol_code)
    with tempfile.TemporaryDirectory(prefix=".set-checks-", dir=workspace.root) as spill, connect() as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false")
        connection.execute("SET temp_directory = $folder", {"folder": spill})
        connection.execute("SET VARIABLE no_send = $fates", {"fates": _no_send_fates(settings, symbol)})
        for view, paths in (("now", ledger_paths), ("before", previous_paths)):
            source = f"read_parquet([{', '.join(map(_quoted, paths))}])" if paths else _NO_ROWS
            connection.execute(f"CREATE VIEW {view} AS SELECT source, number, mms, lsn, ocn_in, fate FROM {source}")
        yield connection


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _no_send_fates(settings: Settings, symbol: Symbol) -> list[str]:
    """The fates that a 914 gives: those of the exclusions whose condition, or whose named rule's, asks for field 914."""
    asks = re.compile(rf"\s*{_NO_SEND_FIELD}\b")
    fates = []
    for text in symbol.exclude:
        rule = settings.rules.get(text.strip().lstrip("@")) if text.strip().startswith("@") else None
        conditions = (*rule.all, *rule.any) if rule else (text,)
        if any(asks.match(condition) for condition in conditions):
            fates.append(f"excluded:{text.lstrip('@')}")
    return fates
