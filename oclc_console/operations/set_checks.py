"""A question: which traps show only when the records of a set are compared with one another, or with the last run? Asked of
the ledger's rows with DuckDB, in bounded memory. Not for what one record shows by itself (marc/lint), and not for deciding
anything: whoever prepares the set tells, or blocks."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from oclc_console.marc.lint.sets import SET_RULES, SetRule
from oclc_console.settings import Settings, Symbol
from oclc_console.store.ledger import asking
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

Row = tuple[str | None, str | None, int | None]  # LSN, MMS id, OCLC number
MEMORY = "256MB"
SHARE = 100_000  # rows that are compared at once, so that memory does not grow with the set
_BATCH = 10_000
_NO_SEND_FIELD = "914"
_NO_ROWS = "(SELECT '' AS source, 0 AS number, '' AS mms, '' AS lsn, 0 AS ocn_in, '' AS fate, '' AS filename) WHERE false"
_OF_SHARE = "% $shares::UBIGINT = $share::UBIGINT"  # without the casts DuckDB takes 128 bits, and seven times as long
_GOING_OUT = "fate NOT LIKE 'excluded:%' AND fate NOT LIKE 'quarantined:%'"

# For each rule and share of all values: what is gathered first (into `met`, one column), and then the rows it speaks about, as
# (lsn, mms, ocn_in), ordered so that those which belong together stand together. `now` and `before` are views of ledger rows.
_MET = {
    "lsn-twice": f"SELECT lsn FROM now WHERE lsn IS NOT NULL AND {_GOING_OUT} AND hash(lsn) {_OF_SHARE} "
                 "GROUP BY lsn HAVING count(*) > 1",
    "ocn-on-two-bibs": f"SELECT ocn_in FROM now WHERE ocn_in IS NOT NULL AND {_GOING_OUT} AND hash(ocn_in) {_OF_SHARE} "
                       "GROUP BY ocn_in HAVING min(mms) <> max(mms)",
    # of each bib what the newest run says that had it
    "never-send-gone": f"SELECT mms FROM before WHERE mms IS NOT NULL AND hash(mms) {_OF_SHARE} GROUP BY mms "
                       "HAVING arg_max(fate, run) IN (SELECT unnest(getvariable('no_send')))",
}
_ROWS = {
    "lsn-twice": f"SELECT lsn, mms, ocn_in FROM now WHERE lsn IN (SELECT * FROM met) AND {_GOING_OUT} "
                 f"AND hash(lsn) {_OF_SHARE} ORDER BY lsn, source, number",
    "ocn-on-two-bibs": f"SELECT lsn, mms, ocn_in FROM now WHERE ocn_in IN (SELECT * FROM met) AND {_GOING_OUT} "
                       f"AND hash(ocn_in) {_OF_SHARE} ORDER BY ocn_in, mms, source, number",
    "never-send-gone": f"SELECT lsn, mms, ocn_in FROM now WHERE mms IN (SELECT * FROM met) AND {_GOING_OUT} "
                       f"AND hash(mms) {_OF_SHARE} ORDER BY mms, source, number",
}


def set_findings(
    workspace: Workspace, symbol_code: str, ledger_paths: Sequence[Path], previous_paths: Sequence[Path] = (),
    threads: int = 1
) -> Iterator[tuple[SetRule, Iterator[Row]]]:
    """What the rules find in a symbol's set: the ledger files of this run, compared with those of the runs before (none: the
    first run). Each rule that finds something comes with the rows it speaks about, those that belong together side by side;
    they must be read before the next rule is asked for. Rules that are switched off are not asked. `threads` may work at it."""
    off = workspace.settings.symbol(symbol_code).lint_off
    asked = [rule for rule in SET_RULES.values() if rule.id not in off]
    if not asked or not ledger_paths:
        return
    with _opened(workspace, symbol_code, ledger_paths, previous_paths, threads) as connection:
        for rule in asked:
            if rule.id == "never-send-gone" and not previous_paths:
                continue
            rows = _rows(connection, rule.id)
            if (first := next(rows, None)) is not None:
                yield rule, chain([first], rows)


def _rows(connection: duckdb.DuckDBPyConnection, rule: str) -> Iterator[Row]:
    """The rows a rule speaks about, one share of all values after another."""
    counted = connection.execute(f"SELECT count(*) FROM {'before' if 'FROM before' in _MET[rule] else 'now'}").fetchone()
    shares = 1 + (counted[0] if counted else 0) // SHARE
    for share in range(shares):
        which = {"shares": shares, "share": share}
        connection.execute(f"CREATE OR REPLACE TEMP TABLE met AS {_MET[rule]}", which)
        found = connection.execute(_ROWS[rule], which)
        while batch := found.fetchmany(_BATCH):
            yield from batch


@contextmanager
def _opened(
    workspace: Workspace, symbol_code: str, ledger_paths: Sequence[Path], previous_paths: Sequence[Path], threads: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the views `now` and `before`, and a folder beside the ledger for what does not fit its memory."""
    settings = workspace.settings
    symbol = settings.symbol(symbol_code)
    with tempfile.TemporaryDirectory(prefix=".set-checks-", dir=workspace.root) as spill, asking() as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false; "
                           f"SET threads = {threads}")
        connection.execute("SET temp_directory = $folder", {"folder": spill})
        connection.execute("SET VARIABLE no_send = $fates", {"fates": _no_send_fates(settings, symbol)})
        for view, paths in (("now", ledger_paths), ("before", previous_paths)):
            source = f"read_parquet([{', '.join(map(_quoted, paths))}], filename = true)" if paths else _NO_ROWS
            connection.execute(f"CREATE VIEW {view} AS SELECT source, number, mms, lsn, ocn_in, fate, "
                               f"parse_filename(filename, true) AS run FROM {source}")
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
