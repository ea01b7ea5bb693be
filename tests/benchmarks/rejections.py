"""How fast the desk answers a cataloguer, beside SQLite, all in one run: 100,000 rejections in one report and 500,000 in a
workspace of five, each with two of OCLC's lines, a title, a library, and 20,000 that people worked on before.

    python -m tests.benchmarks.rejections [--rejections N] [--times K] [--json]

    page      50 records at a random place of everything
    filter    another library, group, severity, state, report or word (what is typed after /), and its first page
    claim     one record claimed, on disk, and its page drawn again
    bulk      5,000 records claimed in one act
    open      the desk opened and its first page read: in a process that does nothing else, imports included, and again
    gather    the columns made from the reports: happens behind, once an import
    memory    the highest of a process that did all of this but gather

SQLite: one table, its usual indexes, write-ahead log, every commit synced, LIKE for words; it is given the same records."""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from oclc_console.marc.record import put_together
from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING
from oclc_console.operations.import_reports import file_report
from oclc_console.store.desk import Desk, Filter
from oclc_console.store.gathering import gather
from oclc_console.store.ledger import LedgerWriter, ledger_schema
from oclc_console.store.reviews import Change
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace, make_workspace

SETTINGS = """
[institution]
name = "Example University Library"
suffix = "9999"
[symbols.ZUL]
disposition = "target"
libraries = ["NET"]
[[symbols.ZUL.streams]]
name = "All"
collection = "1000081"
"""
LIBRARIES = ("WID", "HOU", "LAW", "MED", "HYL", "DIV", "DES", "FAL", "MUS", "MAP", "NET", "SCH")
SENTENCES = (
    ("CRITICAL", "Record is sparse."), ("SEVERE", "{0} $6 in {1} {2} has invalid linking data."),
    ("SEVERE", "Invalid code in 1st $2 in {1} 6{3}."), ("SEVERE", "$b in 245 occurs too many times."),
    ("SEVERE", "Date2/Ending Date of Publication (008/11-14) is too short."), ("SEVERE", "Invalid tag {2}."),
    ("CRITICAL", "Invalid relationship - when $6 in {2} is present, then 880 must be present."))
RIDING = ("Invalid relationship - when 1st $e in 1st 040 is equal to rda, then 336 must be present.",
          "Invalid relationship - when 1st $2 in {1} 655 is equal to lcgft, then $z in 655 must not be present.")
WORDS = ("history", "river", "letters", "études", "geschichte", "war", "poems", "atlas", "medicine", "law", "music", "garden")
EARLIER, BULK, PAGE = 20_000, 5_000, 50
WORKED = (("asmith", State.FIXED), ("jdoe", State.CLAIMED), ("asmith", State.WAITING), ("jdoe", State.ACCEPTED))
FILTERS: tuple[dict[str, Any], ...] = (
    {"library": "WID"}, {"group": "linking"}, {"severity": "CRITICAL"}, {"state": "fixed"}, {"owner": "asmith"},
    {"library": "LAW", "severity": "SEVERE"}, {"group": "vocabulary", "library": "MED"}, {"state": "todo"},
    {"text": "geschichte"}, {"text": "99000001"}, {"text": "260"}, {"text": "invalid"}, {"text": "river !law"},
    {"text": "linking data", "library": "HYL"}, {"text": "e"}, {"state": "open", "text": "atlas"})


# the records


def write_workspace(root: Path, rejections: int, reports: int) -> Workspace:
    """A workspace whose reports hold so many rejections in all, and half as many records that OCLC took."""
    workspace = make_workspace(root, SETTINGS)
    draw = random.Random(rejections)
    for number in range(reports):
        _one_upload(workspace, number, rejections // reports, draw)
    return workspace


def _one_upload(workspace: Workspace, number: int, rejections: int, draw: random.Random) -> None:
    name = f"1000081.zul.all.202011{number + 1:02d}.001.mrc"
    epoch = 1604391120123 + number * 86_400_000
    outcomes, complaints, rows, end = [], [], [], 0
    with open(workspace.at("outbox", "ZUL") / name, "wb") as file:
        for i in range(rejections * 3 // 2):
            lsn, library = f"99{number:02d}{i:09d}9999", draw.choice(LIBRARIES)
            raw = _record(lsn, draw)
            end += len(raw)
            file.write(raw)
            key, taken = f"ZUL_1000081_{epoch}::bib::{end}", i % 3 == 2
            rows.append({"source": "set.mrc", "number": i, "offset": end - len(raw), "length": len(raw), "mms": lsn, "lsn": lsn,
                         "library": library, "fate": "stream", "stream": "All", "collection": "1000081", "outbox": name,
                         "end": end})
            outcomes.append(f"{key}|{lsn}|{i + 1}|{i + 10**9}|{'match' if taken else 'unresolved'}\n")
            if not taken:
                complaints += [f"{key}|{lsn}|{i + 1}|{i + 10**9}|Validation Error|{line}\n" for line in _lines(draw)]
    ledger = LedgerWriter(workspace.at("ledger", "ZUL") / f"202011{number + 1:02d}T000000Z-prepare-ZUL.parquet")
    ledger.add(pa.Table.from_pylist(rows, schema=ledger_schema()))
    ledger.close()
    for word, lines in ((PROCESSING, outcomes), (EXCEPTIONS, complaints)):
        report = f"ZUL-ZUL.1000081.IN.BIB.D202011{number + 3:02d}.T031200123.{name}.{word}.txt"
        file_report(workspace, report, "".join(lines).encode())


def _record(lsn: str, draw: random.Random) -> bytes:
    title = " ".join(draw.choice(WORDS) for _ in range(4)).encode()
    return put_together(b"00000nam a2200000 a 4500", [
        (b"001", lsn.encode()), (b"008", b"201103s1999    mau           000 0 eng d"),
        (b"245", b"00\x1fa" + title + b" /\x1fcby somebody.")])


def _lines(draw: random.Random) -> list[str]:
    blanks = (f"{draw.randint(1, 3)}st", f"{draw.randint(1, 4)}th", str(draw.choice((260, 264, 700, 710, 830))),
              f"{draw.choice((0, 1, 5)) * 10:02d}")
    severity, sentence = draw.choice(SENTENCES)
    return [f"{severity}|{sentence.format(*blanks)}", f"MINOR|{draw.choice(RIDING).format(*blanks)}"]


def work_before(workspace: Workspace) -> None:
    """What people did before: by the hundred, as they do."""
    with Desk.open(workspace) as desk:
        refs = desk.query(sort="key").refs()
        draw = random.Random(1)
        for who, state in WORKED:
            chosen = draw.sample(refs, min(EARLIER, len(refs)) // 4)
            for at in range(0, len(chosen), 100):
                desk.change(chosen[at : at + 100], Change(state, who, note="seen" if at % 3 else ""), who, take_over=True)
        desk.catch_up()  # as the console does behind whenever it opens the desk


# what is measured


def measured(times: int, do: Callable[[int], object]) -> list[float]:
    """How long each of so many took, in milliseconds."""
    found = []
    for number in range(times):
        began = time.perf_counter()
        do(number)
        found.append((time.perf_counter() - began) * 1000)
    return found


def highest_memory() -> float:
    """The most memory this process ever had, in MB, files that are read in place included. (Where /proc tells it; elsewhere the
    system's figure, which counts what the process that started this one had.)"""
    status = Path("/proc/self/status")
    if status.is_file():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(root: Path, times: int) -> dict[str, Any]:
    """The desk. Run in a process of its own."""
    workspace, draw = Workspace(root, "jdoe"), random.Random(2)
    desk = Desk.open(workspace)
    desk.query(Filter(text="anything"))  # what a filter needs is loaded behind
    everything = desk.query()
    found = {"page": measured(times, lambda _: everything.page(draw.randrange(len(everything)), PAGE)),
             "filter": measured(times, lambda i: desk.query(Filter(**FILTERS[i % len(FILTERS)])).page(0, PAGE))}

    def claim(_: int) -> None:
        at = draw.randrange(len(everything))
        desk.change([everything.ref(at)], Change(State.CLAIMED, "jdoe"), take_over=True)
        everything.page(at - at % PAGE, PAGE)

    found["claim"] = measured(times, claim)
    many = [everything.ref(at) for at in draw.sample(range(len(everything)), min(BULK, len(everything)))]
    found["bulk"] = measured(1, lambda _: desk.change(many, Change(State.FIXED, note="all of them"), take_over=True))
    found["open"] = measured(5, lambda _: Desk.open(workspace).query().page(0, PAGE))
    found["counts"] = measured(5, lambda i: desk.counts(("library", "group", "severity", "owner", "state")[i]))
    return {**found, "memory": [highest_memory()]}


FIRST = """
import time
began = time.perf_counter()
import sys
from pathlib import Path
from oclc_console.store.desk import Desk
from oclc_console.workspace import Workspace
assert len(Desk.open(Workspace(Path(sys.argv[1]))).query().page(0, 50)) == 50
print((time.perf_counter() - began) * 1000)
"""


def opened_first(root: Path) -> float:
    """The desk opened, and its first page read, in a process that has loaded nothing yet; milliseconds."""
    done = subprocess.run([sys.executable, "-c", FIRST, str(root)], stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def with_sqlite(root: Path, times: int) -> dict[str, Any]:
    """SQLite, given what the desk shows. Run in a process of its own."""
    database, draw = _filled(root), random.Random(2)
    total = database.execute("SELECT count(*) FROM rejections").fetchone()[0]
    order = "ORDER BY worst, grp, key LIMIT 50 OFFSET ?"

    def filtered(number: int) -> None:
        asked = dict(FILTERS[number % len(FILTERS)])
        words = asked.pop("text", "").split()
        where = [f"{'grp' if name == 'group' else name} = ?" for name in asked]
        values: list[Any] = list(asked.values())
        for word in words:
            where.append(f"search {'NOT ' if word[0] == '!' else ''}LIKE ?")
            values.append(f"%{word.removeprefix('!')}%")
        condition = " AND ".join(where)
        database.execute(f"SELECT count(*) FROM rejections WHERE {condition}", values).fetchone()
        database.execute(f"SELECT * FROM rejections WHERE {condition} {order}", [*values, 0]).fetchall()

    def claim(_: int) -> None:
        at = draw.randrange(total)
        with database:
            database.execute("UPDATE rejections SET state = 'claimed', owner = 'jdoe' WHERE id = ?", [at + 1])
        database.execute(f"SELECT * FROM rejections {order}", [at - at % PAGE]).fetchall()

    found = {"page": measured(times, lambda _: database.execute(
        f"SELECT * FROM rejections {order}", [draw.randrange(total)]).fetchall()), "filter": measured(times, filtered),
        "claim": measured(times, claim)}

    def bulk(_: int) -> None:
        with database:
            database.executemany("UPDATE rejections SET state = 'fixed' WHERE id = ?",
                                 [(at + 1,) for at in draw.sample(range(total), min(BULK, total))])

    found["bulk"] = measured(1, bulk)
    return {**found, "memory": [highest_memory()]}


def _filled(root: Path) -> sqlite3.Connection:
    database = sqlite3.connect(root / "beside.sqlite")
    database.execute("PRAGMA journal_mode = wal")
    database.execute("PRAGMA synchronous = full")
    if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return database
    database.execute("CREATE TABLE rejections (id INTEGER PRIMARY KEY, key TEXT, worst TEXT, grp TEXT, library TEXT, "
                     "severity TEXT, state TEXT, owner TEXT, title TEXT, upload TEXT, report TEXT, search TEXT)")
    with Desk.open(Workspace(root)) as desk, database:
        rows = ((each.key, each.worst, each.group, each.library, each.worst, each.state, each.owner, each.title, each.upload,
                 each.report, f"{each.key} {each.title} {each.group} {each.library}".lower()) for each in desk.query())
        while part := list(islice(rows, 10_000)):
            database.executemany(f"INSERT INTO rejections VALUES (NULL, {', '.join('?' * 11)})", part)
        for column in ("worst, grp, key", "library", "grp", "severity", "state", "owner"):
            database.execute(f"CREATE INDEX \"by {column}\" ON rejections ({column})")
    return database


# the run


def _in_a_process(what: str, root: Path, times: int) -> dict[str, list[float]]:
    arguments = [sys.executable, "-m", "tests.benchmarks.rejections", "--part", what, str(root), "--times", str(times)]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, check=True)
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def one_size(folder: Path, rejections: int, reports: int, times: int) -> dict[str, Any]:
    """Everything at one size."""
    workspace = write_workspace(folder / f"of {rejections}", rejections, reports)
    began = time.perf_counter()
    gather(workspace, "ZUL")
    seconds = time.perf_counter() - began
    work_before(workspace)
    _in_a_process("fill", workspace.root, 1)
    mine, beside = (_in_a_process(what, workspace.root, times) for what in ("ours", "sqlite"))
    return {"ours": mine, "sqlite": beside, "gather_s": seconds,
            "first_open_ms": statistics.median(opened_first(workspace.root) for _ in range(5))}


def p95(values: Sequence[float]) -> float:
    """The value that one in twenty exceeds."""
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]


def told(sizes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The result as JSON."""
    operations = ("page", "filter", "claim")

    def each(of: Callable[[Sequence[float]], float], who: str) -> dict[str, dict[str, float]]:
        return {size: {name: round(of(facts[who][name]), 2) for name in operations} for size, facts in sizes.items()}

    def one(name: str, who: str = "ours", by: float = 1) -> dict[str, float]:
        return {size: round(statistics.median(facts[who][name]) / by, 3) for size, facts in sizes.items()}

    return {"p95_ms": each(p95, "ours"), "p50_ms": each(statistics.median, "ours"), "open_ms": one("open"),
            "first_open_ms": {size: round(facts["first_open_ms"]) for size, facts in sizes.items()},
            "counts_ms": one("counts"), "bulk_5000_s": one("bulk", by=1000), "memory_mb": one("memory"),
            "gather_s": {size: round(facts["gather_s"], 2) for size, facts in sizes.items()},
            "sqlite": {"p95_ms": each(p95, "sqlite"), "p50_ms": each(statistics.median, "sqlite"),
                       "bulk_5000_s": one("bulk", "sqlite", 1000), "memory_mb": one("memory", "sqlite")}}


def show(result: dict[str, Any]) -> None:
    """The result for people."""
    for size, numbers in result["p95_ms"].items():
        print(f"{size} rejections{'':17}ours p50 / p95      SQLite p50 / p95   (ms)")
        for name in numbers:
            beside = result["sqlite"]
            print(f"  {name:28}{result['p50_ms'][size][name]:9.2f} / {numbers[name]:7.2f}"
                  f"{beside['p50_ms'][size][name]:10.2f} / {beside['p95_ms'][size][name]:7.2f}")
        print(f"  bulk of 5,000 {result['bulk_5000_s'][size]} s (SQLite {result['sqlite']['bulk_5000_s'][size]} s), "
              f"open {result['open_ms'][size]} ms, in a fresh process {result['first_open_ms'][size]} ms, "
              f"memory {result['memory_mb'][size]:.0f} MB, gather {result['gather_s'][size]} s")


def main() -> None:
    """Both sizes, or one part of it in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rejections", type=int, default=100_000, help="in the one report; the workspace has five times that")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        parts: dict[str, Callable[[Path, int], Any]] = {
            "ours": ours, "sqlite": with_sqlite, "fill": lambda root, _: _filled(root).close()}
        print(json.dumps(parts[asked.part[0]](Path(asked.part[1]), asked.times)))
        return
    with tempfile.TemporaryDirectory() as folder:
        small = one_size(Path(folder), asked.rejections, 1, asked.times)
        large = one_size(Path(folder), asked.rejections * 5, 5, asked.times)
    result = told({"100k": small, "500k": large})
    if asked.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
