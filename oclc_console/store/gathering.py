"""Gathers what all reports of a symbol say about each record that OCLC ever complained about: its appearances, whether OCLC
took it in the end, and, from the ledger, its library, stream and title as sent. The outcome does not depend on the order
in which reports were imported. Not for reading the columns it writes (gathered.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from oclc_console.files import locked
from oclc_console.oclc.meanings import Meanings, load_meanings
from oclc_console.oclc.reports import ACCEPTED, BLANK
from oclc_console.store.gathered import (
    CURRENT,
    LOCATED,
    MINOR,
    MINOR_ONLY,
    NEVER,
    NOISE,
    PLAIN,
    REFUSED,
    SAME,
    TAKEN,
    VERSION,
    Column,
    Gathered,
    Strings,
    crc,
    gathered_path,
    load_gathered,
    strings_of,
)
from oclc_console.store.ledger import asking, run_ledgers
from oclc_console.store.rejections import OUTCOME, UNREADABLE
from oclc_console.store.report_rows import ReportInfo, list_reports, rows_path
from oclc_console.store.titles_as_sent import titles_as_sent
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    import duckdb

_LOOKED_AT = 200  # lines of a report in which the meaning of N is verified
_STOPS_A_RECORD = 35  # from this rank on a line is a reason not to take a record
_ROWS = "report, line, status, nullif(key, '') AS key, n, nullif(lsn, '') AS lsn, ocn_in, ocn_out, outcome, type, severity, " \
        "text, why, coalesce(original, '') AS original, coalesce(epoch_ms, instant_ms) AS epoch, code, understood"


def sources_of(workspace: Workspace, symbol: str, meanings: Meanings) -> str:
    """What tells whether a symbol's columns are still made of what is here: its reports, its ledgers, the meanings. Reads
    folders only."""
    seen = sha256(f"{VERSION} {meanings.digest}".encode())
    for kind in ("reports", "ledger"):
        with suppress(FileNotFoundError):
            entries = sorted((entry.name, entry.stat()) for entry in os.scandir(workspace.root / kind / folder_name(symbol))
                             if not entry.name.startswith("."))
            for name, now in entries:
                seen.update(f"\n{name} {now.st_size} {now.st_mtime_ns if kind == 'ledger' else ''}".encode(errors="replace"))
    return seen.hexdigest()


def gather(workspace: Workspace, symbol: str) -> bool:
    """Brings a symbol's columns up to date; whether anything had changed. One process at a time does it."""
    meanings = load_meanings(workspace.root)
    path = gathered_path(workspace, symbol)
    if _is_made_of(load_gathered(path), sources_of(workspace, symbol, meanings)):
        return False
    workspace.at("rejections", symbol)
    with locked(path.with_name(path.name + ".lock"), doing="gathering rejections", wait_seconds=600):
        sources = sources_of(workspace, symbol, meanings)
        if _is_made_of(load_gathered(path), sources):
            return True
        gathered(workspace, symbol, meanings, sources).save(path)
    return True


def _is_made_of(here: Gathered | None, sources: str) -> bool:
    return here is not None and (here.about["sources"] == sources or bool(here.about["fixed"]))


def gathered(workspace: Workspace, symbol: str, meanings: Meanings, sources: str = "") -> Gathered:
    """The columns, made anew from the reports' rows and the ledger."""
    infos = sorted(list_reports(workspace, symbol), key=lambda info: (info.instant_ms, info.filed_at, info.name))
    with asking() as database:
        _read(database, workspace, infos)
        _places(database, workspace, symbol)
        _name_records(database)
        told = _explain(database, meanings)
        _tell_appearances(database)
        return _columns(database, workspace, symbol, infos, told, sources)


# what the reports say


def _read(database: duckdb.DuckDBPyConnection, workspace: Workspace, infos: Sequence[ReportInfo]) -> None:
    """Makes `said`, every line that is a complaint (as rejections.document_of tells them) with the number of its document,
    and the view `answers`, every row that can be read."""
    database.execute("CREATE TEMP TABLE reports (name VARCHAR, code INTEGER, instant_ms BIGINT, understood BOOLEAN)")
    facts = [(info.name, code, info.instant_ms, info.understood) for code, info in enumerate(infos)]
    if facts:
        database.executemany("INSERT INTO reports VALUES (?, ?, ?, ?)", facts)
    files = [str(rows_path(workspace, info.symbol, info.name)) for info in infos]
    if files:
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        database.execute(f"CREATE TEMP VIEW answers AS SELECT {_ROWS} FROM read_parquet([{listed}], union_by_name = true) r "
                         "JOIN reports ON reports.name = r.report")
    else:
        database.execute("CREATE TEMP VIEW answers AS SELECT NULL::VARCHAR AS report, NULL::BIGINT AS line, '' AS status, "
                         "'' AS key, NULL::BIGINT AS n, '' AS lsn, NULL::BIGINT AS ocn_in, NULL::BIGINT AS ocn_out, "
                         "'' AS outcome, '' AS type, '' AS severity, '' AS text, '' AS why, '' AS original, "
                         "NULL::BIGINT AS epoch, 0 AS code, false AS understood LIMIT 0")
    database.execute(
        f"""CREATE TEMP TABLE said AS
            SELECT report, line, code, key, n, lsn, ocn_in, ocn_out, outcome, original, epoch,
                   CASE WHEN status = 'refused' THEN '{UNREADABLE}' WHEN outcome IS NOT NULL AND outcome NOT IN {ACCEPTED}
                        THEN '{OUTCOME}' ELSE coalesce(type, '') END AS type,
                   CASE WHEN status = 'refused' OR outcome = '{BLANK}' THEN why
                        WHEN outcome IS NOT NULL AND outcome NOT IN {ACCEPTED} THEN outcome ELSE coalesce(text, '') END AS text,
                   coalesce(severity, '') AS severity,
                   row_number() OVER (PARTITION BY report ORDER BY line) - 1 AS document
            FROM answers WHERE (status = 'refused' AND understood)
                            OR (status = 'ok' AND (outcome NOT IN {ACCEPTED} OR type IS NOT NULL))""")


def _places(database: duckdb.DuckDBPyConnection, workspace: Workspace, symbol: str) -> None:
    """Makes `places`, where the ledger knows a record that the reports tell of, and `trusted`, the uploads in which N is the
    end byte of a record: every row at the beginning of their reports that has a local number says so."""
    database.execute("CREATE TEMP TABLE places (file VARCHAR, n BIGINT, lsn VARCHAR, library VARCHAR, stream VARCHAR, "
                     "outbox VARCHAR, record_end BIGINT, run VARCHAR)")
    if ledgers := [str(path) for path in run_ledgers(workspace, symbol)]:
        database.execute(
            """INSERT INTO places
               WITH sent AS (SELECT outbox, "end", source, "offset" + "length" AS source_n, lsn, library, stream,
                                    filename AS run
                             FROM read_parquet(?, filename = true) WHERE outbox IS NOT NULL),
                    named AS (SELECT DISTINCT original FROM said WHERE original <> ''),
                    local AS (SELECT DISTINCT lsn FROM said WHERE lsn IS NOT NULL)
               SELECT outbox, "end", lsn, library, stream, outbox, "end", run FROM sent
               WHERE outbox IN (FROM named) OR lsn IN (FROM local)
               UNION ALL SELECT source, source_n, lsn, library, stream, outbox, "end", run FROM sent
               WHERE source IN (FROM named) AND source <> outbox""", [ledgers])
    database.execute(
        f"""CREATE TEMP TABLE trusted AS
            WITH doubtful AS (SELECT DISTINCT original FROM said WHERE lsn IS NULL AND n IS NOT NULL AND original <> '')
            SELECT a.original FROM answers a LEFT JOIN places p ON p.file = a.original AND p.n = a.n AND p.lsn = a.lsn
            WHERE a.original IN (FROM doubtful) AND a.lsn IS NOT NULL AND a.n IS NOT NULL AND a.line <= {_LOOKED_AT}
            GROUP BY a.original HAVING count(p.lsn) = count(*) AND count(*) > 0""")


def _name_records(database: duckdb.DuckDBPyConnection) -> None:
    """Makes `named`, the complaints with the key of their record, `names`, every name a record goes by, and adds to them, as
    `heard`, the rows that say OCLC took such a record."""
    database.execute(
        """CREATE TEMP TABLE named AS
           WITH found AS (
               SELECT s.*, max(lsn) OVER (PARTITION BY coalesce(key, report || line)) AS told_lsn,
                      CASE WHEN original IN (FROM trusted) THEN (
                          SELECT max_by(p.lsn, p.run) FROM places p WHERE p.file = s.original AND p.n = s.n) END AS place_lsn,
                      min_by(key, epoch) OVER (PARTITION BY CASE WHEN original <> '' AND n IS NOT NULL
                          THEN original || chr(31) || n ELSE coalesce(key, report || line) END) AS first_key
               FROM said s)
           SELECT * EXCLUDE (told_lsn, place_lsn, first_key), told_lsn IS NULL AND place_lsn IS NOT NULL AS located,
                  coalesce(told_lsn, place_lsn, '@' || first_key, '#' || report || ':' || line) AS id
           FROM found""")
    database.execute(
        """CREATE TEMP TABLE names AS SELECT DISTINCT id, id AS name FROM named
           UNION SELECT DISTINCT id, '@' || key FROM named WHERE lsn IS NULL AND key IS NOT NULL""")
    database.execute(
        f"""CREATE TEMP TABLE heard AS
            WITH ids AS (SELECT DISTINCT id FROM named),
                 keys AS (SELECT name, min(id) AS id FROM names WHERE name LIKE '@%' GROUP BY name),
                 ends AS (SELECT original, n, min(id) AS id FROM named
                          WHERE lsn IS NULL AND original <> '' AND n IS NOT NULL GROUP BY original, n)
            SELECT coalesce(i.id, k.id, e.id) AS id, a.report, a.line, a.code, a.key, a.n, a.ocn_in, a.ocn_out, a.outcome,
                   a.original, a.epoch
            FROM answers a LEFT JOIN ids i ON i.id = a.lsn LEFT JOIN keys k ON k.name = '@' || a.key
                 LEFT JOIN ends e ON e.original = a.original AND e.n = a.n
            WHERE a.status = 'ok' AND a.outcome IN {ACCEPTED} AND coalesce(i.id, k.id, e.id) IS NOT NULL""")


def _explain(database: duckdb.DuckDBPyConnection, meanings: Meanings) -> tuple[Strings, Column, list[str]]:
    """Makes `texts`, each different text with its group; gives the texts, their groups and the groups' ids."""
    rows = database.execute("SELECT DISTINCT text, type FROM named ORDER BY ALL").fetchall()
    found = [meanings.group_of(text, type_) for text, type_ in rows]
    ids = sorted({group.id for group in found})
    place = {id_: at for at, id_ in enumerate(ids)}
    database.execute("CREATE TEMP TABLE texts (text VARCHAR, type VARCHAR, code INTEGER, grp INTEGER, noise BOOLEAN)")
    facts = [(text, type_, at, place[group.id], group.noise)
             for at, ((text, type_), group) in enumerate(zip(rows, found, strict=True))]
    for start in range(0, len(facts), 1000):
        part = facts[start : start + 1000]
        database.execute("INSERT INTO texts VALUES " + ", ".join(["(?, ?, ?, ?, ?)"] * len(part)),
                         [value for fact in part for value in fact])
    groups = np.array([place[group.id] for group in found], np.uint32)
    return strings_of(text for text, _ in rows), groups, ids


def _tell_appearances(database: duckdb.DuckDBPyConnection) -> None:
    """Makes `seen`, an appearance a row: an upload, or a rerun of one, in which OCLC spoke of a record. A rerun answers the
    same bytes again and takes the place of what was said before: one upload is one record's end byte in one file, first
    received at `at`. `lines` are the complaints, exact duplicates folded."""
    upload = "CASE WHEN original <> '' AND n IS NOT NULL THEN original || chr(31) || n ELSE epoch::VARCHAR END"
    database.execute(
        f"""CREATE TEMP TABLE lines AS
            SELECT m.id, {upload} AS upload, m.epoch, t.code AS text, t.grp, any_value(t.noise) AS noise, m.type, m.severity,
                   count(*) AS times, min_by(m.code, (m.code, m.line)) AS report, min_by(m.line, (m.code, m.line)) AS line,
                   min_by(m.document, (m.code, m.line)) AS document,
                   CASE WHEN any_value(t.noise) THEN (CASE WHEN upper(m.severity) = 'MINOR' THEN 5 ELSE 20 END)
                        WHEN upper(m.severity) = 'CRITICAL' THEN 60 WHEN upper(m.severity) = 'SEVERE' THEN 40
                        WHEN upper(m.severity) = 'MINOR' THEN 10 WHEN m.severity <> '' THEN {_STOPS_A_RECORD}
                        WHEN m.type = '{OUTCOME}' THEN 15 ELSE 50 END AS rank
            FROM named m JOIN texts t ON t.text = m.text AND t.type = m.type
            GROUP BY m.id, upload, m.epoch, coalesce(m.key, ''), m.type, m.severity, t.code, t.grp""")
    database.execute(
        f"""CREATE TEMP TABLE seen AS
            WITH told AS (
                SELECT id, {upload} AS upload, epoch, code, line, outcome, original, n, ocn_in, ocn_out, key FROM named
                UNION ALL SELECT id, {upload}, epoch, code, line, outcome, original, n, ocn_in, ocn_out, key FROM heard),
            each AS (
                SELECT id, upload, epoch, max_by(outcome, (code, line)) FILTER (outcome IS NOT NULL) AS outcome,
                       max_by(code, (outcome IS NOT NULL, code, line)) AS report, any_value(original) AS original,
                       any_value(n) AS n, max(ocn_in) AS ocn_in, max_by(key, (code, line)) FILTER (key IS NOT NULL) AS key,
                       max_by(ocn_out, (outcome IS NOT NULL, code, line)) FILTER (ocn_out IS NOT NULL) AS ocn_out
                FROM told GROUP BY id, upload, epoch),
            ranked AS (
                SELECT e.*, coalesce(l.worst, 0) AS worst,
                       min(e.epoch) OVER (PARTITION BY e.id, e.upload) AS began,
                       e.epoch < max(e.epoch) OVER (PARTITION BY e.id, e.upload) AS superseded
                FROM each e LEFT JOIN (SELECT id, upload, epoch, max(rank) AS worst FROM lines GROUP BY ALL) l
                USING (id, upload, epoch)),
            judged AS (
                SELECT *, coalesce(outcome NOT IN {ACCEPTED}, worst >= {_STOPS_A_RECORD}) AS refused FROM ranked),
            remembered AS (
                SELECT *, coalesce(bool_or(refused) OVER before, false) AS refused_before,
                       coalesce(max(worst) OVER before, 0) > 0 AS complained_before
                FROM judged WINDOW before AS (PARTITION BY id ORDER BY began, epoch, refused, n
                                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
            SELECT * EXCLUDE (refused_before, complained_before),
                   CASE WHEN refused THEN {REFUSED} WHEN outcome IS NULL THEN {SAME} WHEN refused_before THEN {TAKEN}
                        WHEN worst >= {_STOPS_A_RECORD} THEN {REFUSED}
                        WHEN complained_before AND worst = 0 THEN {TAKEN} ELSE {SAME} END AS alone,
                   CASE WHEN alone = {TAKEN} AND bool_or(refused AND NOT superseded) OVER (PARTITION BY id, began)
                        THEN {SAME} ELSE alone END AS word
            FROM remembered""")
    database.execute("CREATE TEMP TABLE numbers AS SELECT id, upload, epoch, row_number() OVER ("
                     "PARTITION BY id ORDER BY began, epoch, word DESC, upload) - 1 AS number FROM seen")
    database.execute(
        """CREATE TEMP TABLE newest AS
           SELECT s.*, c.epoch AS said_epoch, c.upload AS said_upload, c.refused AS said_refused,
                  c.worst AS said_worst
           FROM (FROM seen WINDOW newest_first AS (PARTITION BY id ORDER BY began DESC, epoch DESC, refused DESC, n)
                 QUALIFY row_number() OVER newest_first = 1) s
           JOIN (FROM seen WHERE worst > 0
                 WINDOW newest_first AS (PARTITION BY id ORDER BY began DESC, epoch DESC, refused DESC, n)
                 QUALIFY row_number() OVER newest_first = 1) c
           USING (id)""")


# as columns


def _columns(
    database: duckdb.DuckDBPyConnection, workspace: Workspace, symbol: str, infos: Sequence[ReportInfo],
    told: tuple[Strings, Column, list[str]], sources: str,
) -> Gathered:
    texts, groups, group_ids = told
    database.execute("CREATE TEMP TABLE numbered AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS row FROM newest")
    words: dict[str, list[str]] = {"group": group_ids}
    columns: dict[str, Column] = {"text_group": groups}
    strings = {"text": texts}
    records = _records(database)
    for name in ("severity", "outcome", "library", "stream", "upload"):
        words[name], columns[name] = _coded(records.pop(name))
    places = zip(records.pop("outbox").tolist(), records.pop("record_end").tolist(), strict=True)
    titles = list(titles_as_sent(workspace, symbol, places))
    keys, record_keys = records.pop("key"), records.pop("record_key")
    columns |= {name: column.astype(kind) for (name, column), kind in zip(records.items(), _KINDS, strict=True)}
    strings |= {"key": strings_of(keys), "record_key": strings_of(record_keys), "title": strings_of(titles),
                "search": strings_of(_searched(keys, columns["ocn_in"], columns["ocn_out"], titles))}
    for table, facts in (("line", _lines(database)), ("seen", _seen(database))):
        rows = facts.pop("row")
        columns[f"{table}_start"] = np.searchsorted(rows, np.arange(len(keys) + 1)).astype(np.int32)
        for name in ("type", "severity", "outcome", "upload"):
            if name in facts:
                words[f"{table}_{name}"], columns[f"{table}_{name}"] = _coded(facts.pop(name))
        columns |= {f"{table}_{name}": column for name, column in facts.items()}
    columns |= _judged(columns, len(keys))
    names, rows = _names(database)
    columns["name_sum"], columns["name_row"], strings["name"] = names[0], rows, names[1]
    reports = [{"name": info.name, "received": info.received or "", "type": info.type} for info in infos]
    return Gathered({"symbol": folder_name(symbol), "sources": sources, "reports": reports, "fixed": False}, words, columns,
                    strings)


_KINDS = (np.uint32, np.uint32, np.int64, np.int64, np.int64, np.int64, np.uint8, np.uint8)


def _numbers(database: duckdb.DuckDBPyConnection, question: str) -> dict[str, Column]:
    return {name: np.asarray(column) for name, column in database.execute(question).fetchnumpy().items()}


def _records(database: duckdb.DuckDBPyConnection) -> dict[str, Column]:
    """A row a record, by key: what the newest appearance says and, of complaints, the newest that holds one."""
    return _numbers(database, f"""
        WITH worst AS (
            SELECT n.id, max_by(upper(l.severity), l.rank) FILTER (l.severity <> '') AS severity,
                   max_by(l.grp, (l.rank, -l.line)) AS grp
            FROM newest n JOIN lines l ON l.id = n.id AND l.upload = n.said_upload AND l.epoch = n.said_epoch
            GROUP BY n.id),
        by_end AS (FROM places QUALIFY row_number() OVER (PARTITION BY file, n ORDER BY run DESC) = 1),
        by_lsn AS (FROM places WHERE file = outbox QUALIFY row_number() OVER (PARTITION BY lsn ORDER BY run DESC, n) = 1),
        located AS (SELECT id, bool_or(located) AS located FROM named GROUP BY id),
        best AS (SELECT id, max_by(outcome, (began, epoch, refused, n)) FILTER (outcome IS NOT NULL) AS outcome
                 FROM seen GROUP BY id)
        SELECT n.id AS key, coalesce(n.key, '') AS record_key, coalesce(w.severity, '') AS severity,
               coalesce(b.outcome, '') AS outcome, coalesce(e.library, l.library, '') AS library,
               coalesce(e.stream, l.stream, '') AS stream, n.original AS upload,
               coalesce(e.outbox, l.outbox, '') AS outbox, coalesce(e.record_end, l.record_end, {NEVER}) AS record_end,
               w.grp AS "group", n.report AS report, n.began AS received, coalesce(n.n, {NEVER}) AS "end",
               coalesce(n.ocn_in, {NEVER}) AS ocn_in, coalesce(n.ocn_out, {NEVER}) AS ocn_out,
               CASE WHEN NOT n.said_refused AND n.said_worst < {_STOPS_A_RECORD} THEN {MINOR_ONLY} ELSE 0 END
                   + CASE WHEN o.located THEN {LOCATED} ELSE 0 END AS flags,
               n.said_worst AS rank
        FROM newest n JOIN worst w USING (id) JOIN located o USING (id) JOIN best b USING (id)
             LEFT JOIN by_end e ON e.file = n.original AND e.n = n.n AND e.lsn = n.id
             LEFT JOIN by_lsn l ON l.lsn = n.id
        ORDER BY n.id""")


def _lines(database: duckdb.DuckDBPyConnection) -> dict[str, Column]:
    """OCLC's lines by record, the newest upload's first. A line counts for the groups of its record unless it only rides
    along: MINOR, noise, or the bare outcome of a record that has a fault with a name."""
    facts = _numbers(database, f"""
        WITH told AS (
            SELECT d.row, l.*, s.number, n.said_upload = l.upload AND n.said_epoch = l.epoch AS current,
                   max(l.rank) OVER (PARTITION BY l.id, l.upload, l.epoch) AS best
            FROM lines l JOIN numbered d ON d.id = l.id JOIN newest n ON n.id = l.id
                 JOIN numbers s ON s.id = l.id AND s.upload = l.upload AND s.epoch = l.epoch)
        SELECT row, report, line, document, text, grp AS "group", type, severity, times, number AS seen,
               CASE WHEN noise THEN {NOISE} ELSE 0 END + CASE WHEN upper(severity) = 'MINOR' THEN {MINOR} ELSE 0 END
               + CASE WHEN current THEN {CURRENT} ELSE 0 END
               + CASE WHEN current AND (rank >= {_STOPS_A_RECORD} OR (rank > 10 AND rank = best))
                      THEN {PLAIN} ELSE 0 END AS flags
        FROM told ORDER BY row, epoch DESC, rank DESC, report, line""")
    kinds = {"row": np.int32, "report": np.uint32, "line": np.int32, "document": np.int32, "text": np.uint32,
             "group": np.uint32, "times": np.uint32, "flags": np.uint8, "seen": np.uint16}
    return {name: column.astype(kinds[name]) if name in kinds else column for name, column in facts.items()}


def _seen(database: duckdb.DuckDBPyConnection) -> dict[str, Column]:
    """The appearances by record, oldest first."""
    facts = _numbers(database, f"""
        SELECT row, began AS "at", epoch, report, original AS upload, coalesce(n, {NEVER}) AS "end",
               coalesce(outcome, '') AS outcome, coalesce(ocn_out, {NEVER}) AS ocn_out, word, superseded
        FROM seen JOIN numbered USING (id) ORDER BY row, began, epoch, word DESC, upload""")
    kinds = {"row": np.int32, "report": np.uint32, "word": np.uint8, "superseded": np.bool_}
    return {name: column.astype(kinds[name]) if name in kinds else column for name, column in facts.items()}


def _judged(columns: dict[str, Column], records: int) -> dict[str, Column]:
    """When OCLC last took and last refused each record, and in how many uploads it spoke of it."""
    counted = ~columns["seen_superseded"].astype(bool)
    rows = np.repeat(np.arange(records), np.diff(columns["seen_start"]))
    found: dict[str, Column] = {"appearances": np.bincount(rows[counted], minlength=records).astype(np.uint16)}
    for name, word in (("last_refused", REFUSED), ("last_taken", TAKEN)):
        at = np.full(records, NEVER, np.int64)
        here = counted & (columns["seen_word"] == word)
        np.maximum.at(at, rows[here], columns["seen_at"][here])
        found[name] = at
    return found


def _names(database: duckdb.DuckDBPyConnection) -> tuple[tuple[Column, Strings], Column]:
    facts = database.execute("SELECT name, row FROM names JOIN numbered USING (id) ORDER BY row, name").fetchnumpy()
    names, rows = facts["name"].tolist(), np.asarray(facts["row"])
    sums = np.fromiter(map(crc, names), np.uint32, len(names))
    order = np.argsort(sums, kind="stable")
    return (sums[order], strings_of(names[at] for at in order)), rows[order].astype(np.int32)


def _coded(column: Column) -> tuple[list[str], Column]:
    """The different words of a column, in order, and which of them stands in each row."""
    words = sorted(set(column.tolist()))
    place = {word: at for at, word in enumerate(words)}
    return words, np.fromiter(map(place.__getitem__, column.tolist()), np.uint32, len(column))


def _searched(keys: Column, sent: Column, after: Column, titles: Sequence[str]) -> Iterator[str]:
    for key, ocn_in, ocn_out, title in zip(keys.tolist(), sent.tolist(), after.tolist(), titles, strict=True):
        yield f"{key}\x1f{'' if ocn_in < 0 else ocn_in}\x1f{'' if ocn_out < 0 else ocn_out}\x1f{title}".lower()
