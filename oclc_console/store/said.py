"""What all reports of a symbol say about each record, asked of their rows and of the ledger by SQL: tables that gathering.py
makes columns of. Works on numbers as far as it can, for there may be millions of rows. Not for a report's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oclc_console.oclc.meanings import Meanings
from oclc_console.oclc.reports import ACCEPTED, BLANK
from oclc_console.store.columns import NEVER
from oclc_console.store.gathered import LOCATED, MINOR_ONLY, REFUSED, SAME, TAKEN
from oclc_console.store.ledger import run_ledgers
from oclc_console.store.rejections import OUTCOME, UNREADABLE
from oclc_console.store.report_rows import ReportInfo, rows_path
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

STOPS_A_RECORD = 35  # from this rank on a line is a reason not to take a record
RIDES_ALONG = 10  # the rank of what OCLC calls MINOR
_LOOKED_AT = 200  # lines of a report in which the meaning of N is verified
_ROWS = "line, status, nullif(key, '') AS key, n, nullif(lsn, '') AS lsn, ocn_in, ocn_out, outcome, type, severity, " \
        "text, why, coalesce(original, '') AS original, coalesce(epoch_ms, instant_ms) AS epoch, code, understood"


@dataclass(frozen=True)
class Told:
    """Every different complaint: its text, type and severity, its group; and the groups' ids."""

    texts: list[str]
    types: list[str]
    severities: list[str]
    groups: list[int]
    group_ids: list[str]


def read_reports(database: duckdb.DuckDBPyConnection, workspace: Workspace, infos: Sequence[ReportInfo]) -> None:
    """Makes the views `answers`, every row of every report, and `complaints`, every line that is one (as
    rejections.document_of tells them); and `files`, the uploads they name."""
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
        database.execute("CREATE TEMP VIEW answers AS SELECT NULL::BIGINT AS line, '' AS status, "
                         "'' AS key, NULL::BIGINT AS n, '' AS lsn, NULL::BIGINT AS ocn_in, NULL::BIGINT AS ocn_out, "
                         "'' AS outcome, '' AS type, '' AS severity, '' AS text, '' AS why, '' AS original, "
                         "NULL::BIGINT AS epoch, 0 AS code, false AS understood LIMIT 0")
    database.execute(
        f"""CREATE TEMP VIEW complaints AS
            SELECT * EXCLUDE (type, severity, text),
                   CASE WHEN status = 'refused' THEN '{UNREADABLE}' WHEN outcome IS NOT NULL AND outcome NOT IN {ACCEPTED}
                        THEN '{OUTCOME}' ELSE coalesce(type, '') END AS type,
                   CASE WHEN status = 'refused' OR outcome = '{BLANK}' THEN coalesce(why, '')
                        WHEN outcome IS NOT NULL AND outcome NOT IN {ACCEPTED} THEN outcome ELSE coalesce(text, '') END AS text,
                   coalesce(severity, '') AS severity
            FROM answers WHERE (status = 'refused' AND understood)
                            OR (status = 'ok' AND (outcome NOT IN {ACCEPTED} OR type IS NOT NULL))""")
    database.execute("CREATE TEMP TABLE files AS SELECT original, row_number() OVER (ORDER BY original) - 1 AS file "
                     "FROM (SELECT DISTINCT original FROM answers)")


def explain(database: duckdb.DuckDBPyConnection, meanings: Meanings) -> Told:
    """Makes `texts`, each different complaint with its group and rank, and `said`, the complaints as numbers, with the
    number of the document that each is."""
    rows = database.execute("SELECT DISTINCT text, type, severity FROM complaints ORDER BY ALL").fetchall()
    found = [meanings.group_of(text, type_) for text, type_, _ in rows]
    ids = sorted({group.id for group in found})
    place = {id_: at for at, id_ in enumerate(ids)}
    database.execute("CREATE TEMP TABLE texts (text VARCHAR, type VARCHAR, severity VARCHAR, what INTEGER, grp INTEGER, "
                     "noise BOOLEAN, rank INTEGER)")
    facts = [(text, type_, severity, at, place[group.id], group.noise, _rank(type_, severity, group.noise))
             for at, ((text, type_, severity), group) in enumerate(zip(rows, found, strict=True))]
    for start in range(0, len(facts), 1000):
        part = facts[start : start + 1000]
        database.execute("INSERT INTO texts VALUES " + ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * len(part)),
                         [value for fact in part for value in fact])
    database.execute(
        """CREATE TEMP TABLE said AS
           SELECT c.code, c.line, row_number() OVER (PARTITION BY c.code ORDER BY c.line) - 1 AS document, c.key, c.n, c.lsn,
                  c.ocn_in, c.ocn_out, c.outcome, c.epoch, t.what, f.file, f.original <> '' AND c.n IS NOT NULL AS placed
           FROM complaints c JOIN texts t ON t.text = c.text AND t.type = c.type AND t.severity = c.severity
                JOIN files f ON f.original = c.original""")
    return Told([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows],
                 [place[group.id] for group in found], ids)


def _rank(type_: str, severity: str, noise: bool) -> int:
    """How much a line weighs: what OCLC can't read weighs more than SEVERE; the bare outcome, which tells no reason, more than
    what only rides along."""
    named = {"CRITICAL": 60, "SEVERE": 40, "MINOR": RIDES_ALONG}.get(severity.upper())
    if noise:
        return 5 if named == RIDES_ALONG else 20
    if named is not None:
        return named
    if severity:
        return STOPS_A_RECORD
    return 15 if type_ == OUTCOME else 50


def find_places(database: duckdb.DuckDBPyConnection, workspace: Workspace, symbol: str) -> None:
    """Makes `places`, where the ledger knows a record that the reports tell of, and `trusted`, the uploads in which N is the
    end byte of a record: every row at the beginning of their reports that has a local number says so."""
    database.execute("CREATE TEMP TABLE places (file INTEGER, n BIGINT, lsn VARCHAR, library VARCHAR, stream VARCHAR, "
                     "outbox VARCHAR, record_end BIGINT, run VARCHAR)")
    if ledgers := [str(path) for path in run_ledgers(workspace, symbol)]:
        database.execute(
            """INSERT INTO places
               WITH sent AS (SELECT outbox, "end", source, "offset" + "length" AS source_n, lsn, library, stream,
                                    parse_filename(filename, true) AS run
                             FROM read_parquet(?, filename = true) WHERE outbox IS NOT NULL),
                    named AS (SELECT * FROM files WHERE original <> ''),
                    local AS (SELECT DISTINCT lsn FROM said WHERE lsn IS NOT NULL),
                    ends AS (SELECT DISTINCT file, n FROM said WHERE placed),
                    whole AS (SELECT DISTINCT file FROM said WHERE lsn IS NULL AND placed)
               SELECT named.file, "end", sent.lsn, library, stream, outbox, "end", run
               FROM sent LEFT JOIN named ON named.original = outbox
               WHERE lsn IN (FROM local) OR named.file IN (FROM whole) OR (named.file, "end") IN (FROM ends)
               UNION ALL SELECT named.file, source_n, sent.lsn, library, stream, outbox, "end", run
               FROM sent JOIN named ON named.original = source
               WHERE source <> outbox AND (lsn IN (FROM local) OR named.file IN (FROM whole)
                                           OR (named.file, source_n) IN (FROM ends))""", [ledgers])
    database.execute(
        f"""CREATE TEMP TABLE trusted AS
            WITH doubtful AS (SELECT DISTINCT file, original FROM said JOIN files USING (file) WHERE lsn IS NULL AND placed),
                 looked_at AS (SELECT d.file, a.n, a.lsn FROM answers a JOIN doubtful d USING (original)
                               WHERE a.lsn IS NOT NULL AND a.n IS NOT NULL AND a.line <= {_LOOKED_AT})
            SELECT l.file FROM looked_at l LEFT JOIN places k ON k.file = l.file AND k.n = l.n AND k.lsn = l.lsn
            GROUP BY l.file HAVING count(k.lsn) = count(*)""")


def name_records(database: duckdb.DuckDBPyConnection) -> None:
    """Makes `ids`, the keys of all records in order (id: the record's row), `named`, the complaints with that row, `names`,
    every name a record goes by, and `heard`, the rows that say OCLC took such a record."""
    database.execute(
        """CREATE TEMP TABLE keyed AS
           WITH told AS (SELECT key, max(lsn) AS lsn FROM said WHERE key IS NOT NULL GROUP BY key HAVING count(lsn) < count(*)),
                found AS (SELECT file, n, max_by(lsn, run) AS lsn FROM places WHERE file IN (FROM trusted) GROUP BY file, n),
                first AS (SELECT file, n, min_by(key, epoch) AS key FROM said WHERE placed AND lsn IS NULL GROUP BY file, n)
           SELECT s.*, coalesce(s.lsn, told.lsn) IS NULL AND found.lsn IS NOT NULL AS located,
                  coalesce(s.lsn, told.lsn, found.lsn, '@' || coalesce(first.key, s.key),
                           '#' || reports.name || ':' || s.line) AS name
           FROM said s JOIN reports ON reports.code = s.code LEFT JOIN told ON s.lsn IS NULL AND told.key = s.key
                LEFT JOIN found ON s.lsn IS NULL AND s.placed AND found.file = s.file AND found.n = s.n
                LEFT JOIN first ON s.lsn IS NULL AND s.placed AND first.file = s.file AND first.n = s.n""")
    database.execute("DROP TABLE said")
    database.execute("CREATE TEMP TABLE ids AS SELECT name, row_number() OVER (ORDER BY name) - 1 AS id "
                     "FROM (SELECT DISTINCT name FROM keyed)")
    database.execute("CREATE TEMP TABLE named AS SELECT keyed.* EXCLUDE (name), ids.id FROM keyed JOIN ids USING (name)")
    database.execute("DROP TABLE keyed")
    database.execute("CREATE TEMP TABLE names AS SELECT id, name FROM ids "
                     "UNION SELECT DISTINCT id, '@' || key FROM named WHERE lsn IS NULL AND key IS NOT NULL")
    database.execute(
        f"""CREATE TEMP TABLE heard AS
            WITH keys AS (SELECT key, min(id) AS id FROM named WHERE lsn IS NULL AND key IS NOT NULL GROUP BY key),
                 ends AS (SELECT file, n, min(id) AS id FROM named WHERE lsn IS NULL AND placed GROUP BY file, n)
            SELECT coalesce(i.id, k.id, e.id) AS id, a.line, a.code, a.n, a.ocn_in, a.ocn_out, a.outcome, f.file,
                   a.original <> '' AND a.n IS NOT NULL AS placed, a.epoch
            FROM answers a JOIN files f ON f.original = a.original LEFT JOIN ids i ON i.name = a.lsn
                 LEFT JOIN keys k ON k.key = a.key LEFT JOIN ends e ON e.file = f.file AND e.n = a.n
            WHERE a.status = 'ok' AND a.outcome IN {ACCEPTED} AND coalesce(i.id, k.id, e.id) IS NOT NULL""")


def tell_appearances(database: duckdb.DuckDBPyConnection) -> None:
    """Makes `seen`, an appearance a row: an upload, or a rerun of one, in which OCLC spoke of a record. A rerun answers the
    same bytes again and takes the place of what was said before: one upload is one record's end byte (`place`) in one file,
    or, where there is none, one instant; it was first received when it `began`. Where a file held the record twice and OCLC
    took only one of the two, it was refused. `lines` are the complaints, exact duplicates folded."""
    place = "CASE WHEN placed THEN file ELSE -1 END AS file, CASE WHEN placed THEN n ELSE epoch END AS place"
    database.execute(
        f"""CREATE TEMP TABLE lines AS
            WITH put AS (SELECT id, {place}, epoch, what, code, line, document, key FROM named)
            SELECT p.id, p.file, p.place, p.epoch, p.what, any_value(t.rank) AS rank, count(*) AS times,
                   arg_min({{'report': p.code, 'line': p.line, 'document': p.document}}, (p.code, p.line)) AS first
            FROM put p JOIN texts t USING (what) GROUP BY p.id, p.file, p.place, p.epoch, p.what, coalesce(p.key, '')""")
    database.execute(
        f"""CREATE TEMP TABLE seen AS
            WITH told AS (
                SELECT id, {place}, epoch, code, line, outcome, file AS upload, n, ocn_in, ocn_out FROM named
                UNION ALL SELECT id, {place}, epoch, code, line, outcome, file, n, ocn_in, ocn_out FROM heard),
            each AS (
                SELECT id, file, place, epoch, max_by(outcome, (code, line)) FILTER (outcome IS NOT NULL) AS outcome,
                       max_by(code, (outcome IS NOT NULL, code, line)) AS report,
                       max_by(line, (outcome IS NOT NULL, code, line)) AS line, any_value(upload) AS upload,
                       any_value(n) AS n, max(ocn_in) AS ocn_in,
                       max_by(ocn_out, (outcome IS NOT NULL, code, line)) FILTER (ocn_out IS NOT NULL) AS ocn_out
                FROM told GROUP BY id, file, place, epoch),
            ranked AS (
                SELECT e.*, coalesce(l.worst, 0) AS worst,
                       min(e.epoch) OVER (PARTITION BY e.id, e.file, e.place) AS began,
                       e.epoch < max(e.epoch) OVER (PARTITION BY e.id, e.file, e.place) AS superseded
                FROM each e LEFT JOIN (SELECT id, file, place, epoch, max(rank) AS worst FROM lines GROUP BY ALL) l
                USING (id, file, place, epoch)),
            judged AS (
                SELECT *, coalesce(outcome NOT IN {ACCEPTED}, worst >= {STOPS_A_RECORD}) AS refused FROM ranked),
            remembered AS (
                SELECT *, row_number() OVER ordered - 1 AS number,
                       coalesce(bool_or(refused) OVER before, false) AS refused_before,
                       coalesce(max(worst) OVER before, 0) > 0 AS complained_before
                FROM judged WINDOW ordered AS (PARTITION BY id ORDER BY began, epoch, refused, n, file),
                     before AS (PARTITION BY id ORDER BY began, epoch, refused, n, file
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
            SELECT * EXCLUDE (refused_before, complained_before),
                   CASE WHEN refused THEN {REFUSED} WHEN outcome IS NULL THEN {SAME} WHEN refused_before THEN {TAKEN}
                        WHEN worst >= {STOPS_A_RECORD} THEN {REFUSED}
                        WHEN complained_before AND worst = 0 THEN {TAKEN} ELSE {SAME} END AS alone,
                   CASE WHEN alone = {TAKEN} AND bool_or(refused AND NOT superseded) OVER (PARTITION BY id, began)
                        THEN {SAME} ELSE alone END AS word
            FROM remembered""")
    database.execute("DROP TABLE named; DROP TABLE heard")
    database.execute(
        """CREATE TEMP TABLE newest AS
           SELECT id, max(number) AS last, max(number) FILTER (worst > 0) AS complained FROM seen GROUP BY id""")


def tell_records(database: duckdb.DuckDBPyConnection) -> None:
    """Makes `records`, a row a record: what the newest appearance says and, of complaints, the newest that holds one."""
    database.execute(f"""
        CREATE TEMP TABLE records AS
        WITH worst AS (
            SELECT l.id, max_by(upper(t.severity), l.rank) FILTER (t.severity <> '') AS severity,
                   max_by(t.grp, (l.rank, -l.first.report, -l.first.line)) AS grp
            FROM lines l JOIN texts t USING (what) JOIN seen s USING (id, file, place, epoch)
                 JOIN newest n ON n.id = l.id AND n.complained = s.number GROUP BY l.id),
        by_end AS (SELECT file, n, lsn, max_by(places, run) AS found FROM places WHERE file IS NOT NULL GROUP BY file, n, lsn),
        by_lsn AS (SELECT lsn, max_by(places, (run, -record_end)) AS found FROM places GROUP BY lsn),
        best AS (SELECT id, max_by(outcome, number) FILTER (outcome IS NOT NULL) AS outcome FROM seen GROUP BY id)
        SELECT s.id, coalesce(w.severity, '') AS severity, coalesce(b.outcome, '') AS outcome,
               coalesce(e.found.library, l.found.library, '') AS library,
               coalesce(e.found.stream, l.found.stream, '') AS stream,
               files.original AS upload, coalesce(e.found.outbox, l.found.outbox) AS outbox,
               coalesce(e.found.record_end, l.found.record_end) AS record_end, w.grp, s.report, s.line, s.began AS received,
               coalesce(s.n, {NEVER}) AS "end", coalesce(s.ocn_in, {NEVER}) AS ocn_in, coalesce(s.ocn_out, {NEVER}) AS ocn_out,
               CASE WHEN NOT c.refused AND c.worst < {STOPS_A_RECORD} THEN {MINOR_ONLY} ELSE 0 END
                   + CASE WHEN s.id IN (FROM located) THEN {LOCATED} ELSE 0 END AS flags, c.worst AS rank
        FROM newest n JOIN seen s ON s.id = n.id AND s.number = n.last JOIN seen c ON c.id = n.id AND c.number = n.complained
             JOIN ids ON ids.id = n.id JOIN worst w ON w.id = n.id JOIN best b ON b.id = n.id
             JOIN files ON files.file = s.upload
             LEFT JOIN by_end e ON e.file = s.upload AND e.n = s.n AND e.lsn = ids.name
             LEFT JOIN by_lsn l ON l.lsn = ids.name""")
