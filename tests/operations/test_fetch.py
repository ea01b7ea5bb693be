"""fetch: everything OCLC lists, once, whole, whatever it is called and whatever happens meanwhile."""

from __future__ import annotations

import os
import random
from pathlib import Path

import orjson
import pytest

from oclc_console.operations.check import check
from oclc_console.operations.fetched import files_to_ask_for
from oclc_console.operations.import_reports import import_reports, reports_table
from oclc_console.operations.status import status
from oclc_console.store.runs import list_runs
from oclc_console.workspace import Workspace
from tests.operations.oclc_stage import (
    at_oclc,
    fetch_once,
    name_of,
    named,
    odd_oclc,
    quiet_workspace,
    rows,
    zipped,
)
from tests.operations.stage import carry_out, console, rehearsing

UPDATES = "metacoll.ZAA.updates.D20201101.T240553.1.mrc"
AUTUMN = 1604224800  # 2020-11-01T10:00:00Z


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return quiet_workspace(tmp_path)


def kept(workspace: Workspace) -> set[str]:
    """The names of the reports that are here."""
    return {info.name for info in reports_table(workspace)}


# files of records


def test_files_of_records_come_byte_for_byte_and_never_become_reports(workspace: Workspace) -> None:
    content = random.Random(1).randbytes(300_000)
    for kind, name in (("new", UPDATES.replace("updates", "new")), ("updates", UPDATES), ("deletes", "as_they_like.mrc")):
        (at_oclc(workspace, f"out/ongoing/{kind}") / name).write_bytes(content)
    (at_oclc(workspace, "out/ongoing/new") / name_of()).write_bytes(rows(3))  # a report's name in a folder of records
    with rehearsing(workspace):
        result, code = fetch_once(workspace)
        again, _ = fetch_once(workspace)
    assert {(record["folder"], record["name"], record["bytes"]) for record in result["records"]} == {
        ("new", UPDATES.replace("updates", "new"), 300_000), ("new", name_of(), len(rows(3))),
        ("updates", UPDATES, 300_000), ("deletes", "as_they_like.mrc", 300_000)}
    assert (code, result["reports"], again["records"]) == (0, [], [])
    assert (workspace.root / "records/ZAA/updates" / UPDATES).read_bytes() == content
    assert reports_table(workspace) == [] and not list((workspace.root / "reports").rglob("*.mrc"))


def test_a_retiring_symbol_fetches_from_its_successors_account_and_nothing_comes_twice(workspace: Workspace) -> None:
    (at_oclc(workspace, "out/ongoing/updates") / UPDATES).write_bytes(b"x")
    (at_oclc(workspace) / name_of()).write_bytes(rows(3))
    with rehearsing(workspace):
        first, _ = fetch_once(workspace, "ZOLD")
        second, _ = fetch_once(workspace, "ZAA")
    assert (named(first["records"]), named(first["reports"])) == ([UPDATES], [name_of()])
    assert (second["records"], second["reports"]) == ([], [])
    assert (workspace.root / "records/ZAA/updates" / UPDATES).is_file()


def test_an_account_without_folders_of_records_still_gives_its_reports(workspace: Workspace) -> None:
    (at_oclc(workspace) / name_of()).write_bytes(rows(3))
    with odd_oclc(workspace):
        for kind in ("new", "updates"):
            at_oclc(workspace, f"out/ongoing/{kind}").rmdir()
        result, code = fetch_once(workspace)
        lines = list(check(workspace, workspace.settings.symbol("ZAA")))
    assert (code, named(result["reports"])) == (0, [name_of()])
    assert sum(line.what.startswith("records folder") and line.state == "note" for line in lines) == 2


@pytest.mark.slow
def test_one_symbol_or_all_of_them(workspace: Workspace) -> None:
    (at_oclc(workspace) / name_of()).write_bytes(rows(3))
    (at_oclc(workspace, account="fx_zbb") / name_of("BibCrossRefReport", symbol="ZBB")).write_bytes(b"991\t1\n")
    (at_oclc(workspace, account="fx_zbb") / "..odd").write_bytes(b"x")
    (at_oclc(workspace, "out/ongoing/new", "fx_zbb") / "a.mrc").write_bytes(b"x")
    with rehearsing(workspace):
        one = console(workspace, "fetch", "ZAA", "--json")
        every = console(workspace, "fetch", "--json")
    assert (one.returncode, named(orjson.loads(one.stdout)["reports"])) == (0, [name_of()])
    told = orjson.loads(every.stdout)
    assert every.returncode == 1 and len(told["runs"]) == 2, "the retiring symbol has no account of its own"
    assert named(told["reports"]) == [name_of("BibCrossRefReport", symbol="ZBB")]
    assert (named(told["records"]), named(told["not_taken"])) == (["a.mrc"], ["..odd"])


# zipped after seven days


def test_a_report_that_oclc_zips_after_a_week_is_not_fetched_again(workspace: Workspace) -> None:
    folder, name = at_oclc(workspace), name_of()
    (folder / name).write_bytes(rows(5))
    (at_oclc(workspace, "out/ongoing/updates") / UPDATES).write_bytes(b"records")
    with rehearsing(workspace):
        fetch_once(workspace)
        (folder / name).unlink()
        (folder / f"{name}.zip").write_bytes(zipped(name, rows(5)))
        (at_oclc(workspace, "out/ongoing/updates") / f"{UPDATES}.zip").write_bytes(zipped(UPDATES, b"records"))
        again, code = fetch_once(workspace)
    assert (again["reports"], again["records"], code) == ([], [], 0)
    assert kept(workspace) == {name}


@pytest.mark.parametrize("zip_first", [True, False])
def test_a_report_and_its_zip_listed_together_are_one(workspace: Workspace, zip_first: bool) -> None:
    folder, name = at_oclc(workspace), name_of()
    first, second = (f"{name}.zip", name) if zip_first else (name, f"{name}.zip")
    content = {name: rows(5), f"{name}.zip": zipped(name, rows(5))}
    with rehearsing(workspace):
        (folder / first).write_bytes(content[first])
        result, _ = fetch_once(workspace)
        (folder / second).write_bytes(content[second])
        again, _ = fetch_once(workspace)
    assert (named(result["reports"]), again["reports"]) == ([first], [])
    files, _ = carry_out(workspace, import_reports(workspace, [folder / second]))
    assert files["files"][0]["already"], "a person who imports it is told so too"
    assert [info.rows for info in reports_table(workspace)] == [5]


def test_an_archive_of_another_name_is_known_by_the_report_inside(workspace: Workspace) -> None:
    folder = at_oclc(workspace)
    (folder / name_of()).write_bytes(rows(5))
    (folder / "old reports.zip").write_bytes(zipped(name_of(), rows(5)))
    (folder / "older.zip").write_bytes(zipped(name_of(time="041200123"), rows(4, 1604394720123)))
    with rehearsing(workspace):
        result, code = fetch_once(workspace)
    assert (named(result["reports"]), code) == ([name_of(), "older.zip"], 0)
    older = next(info for info in reports_table(workspace) if info.name == "older.zip")
    assert older.original == "1000001.zaa.all.20201103.001.mrc" and older.received == "2020-11-03T09:12:00.123Z"


@pytest.mark.parametrize("content, said", [
    (zipped("../../escape.txt", rows(2)), "a path or an odd name ('../../escape.txt')"),
    (zipped("/etc/report.txt", rows(2)), "a path or an odd name"),
    (zipped("a\\b.txt", rows(2)), "a path or an odd name"),
    (zipped("x.txt", b"0" * (40 << 20)), "unpacks to more than 16,777,216 bytes"),
    (zipped("x.txt", zipped("y.txt", rows(2))), "holds another archive"),
    (zipped(name_of(time="041200123"), rows(2)), "holds another report than its name says"),
    (b"PK\x03\x04torn", "can't be read"),
])
def test_a_hostile_archive_is_refused_with_a_sentence_and_leaves_nothing(
    workspace: Workspace, content: bytes, said: str
) -> None:
    (at_oclc(workspace) / f"{name_of()}.zip").write_bytes(content)
    with odd_oclc(workspace):
        result, code = fetch_once(workspace)
    assert code == 1 and said in result["not_taken"][0]["reason"]
    assert kept(workspace) == set() and not list(workspace.root.rglob("escape*"))
    assert not list(workspace.root.rglob("*.part"))


# what OCLC has removed


def placeholder(folder: Path, name: str) -> None:
    (folder / f"{name}-stub.txt").write_bytes(b"")
    os.utime(folder / f"{name}-stub.txt", (AUTUMN, AUTUMN))


def test_a_placeholder_says_what_to_ask_oclc_for_until_the_file_is_here(workspace: Workspace, tmp_path: Path) -> None:
    placeholder(at_oclc(workspace), f"{name_of()}.zip")
    placeholder(at_oclc(workspace, "out/ongoing/updates"), UPDATES)
    with rehearsing(workspace):
        asked = console(workspace, "fetch", "ZAA", "--json")
        words = console(workspace, "fetch", "ZAA").stdout
    result = orjson.loads(asked.stdout)
    assert asked.returncode == 0 and result["reports"] == [] and kept(workspace) == set()
    assert result["ask_for"] == [
        {"name": f"{name_of()}.zip", "folder": "/xfer/metacoll/reports", "removed_at": "2020-11-01T10:00:00.000Z"},
        {"name": UPDATES, "folder": "/xfer/metacoll/out/ongoing/updates", "removed_at": "2020-11-01T10:00:00.000Z"}]
    assert f"ask OCLC for {UPDATES}: it was removed on 2020-11-01" in words
    (alert,) = [alert for alert in status(workspace).alerts if alert.kind == "removed"]
    assert (alert.symbol, alert.text) == ("ZAA", "OCLC removed 2 files before they were fetched: ask for them")
    sent_by_support = tmp_path / name_of()
    sent_by_support.write_bytes(rows(3))
    carry_out(workspace, import_reports(workspace, [sent_by_support]))
    assert [wanted.name for wanted in files_to_ask_for(workspace)] == [UPDATES]
    assert [wanted.name for wanted in status(workspace).ask_for] == [UPDATES]


def test_a_placeholder_of_a_file_that_is_here_or_still_listed_asks_for_nothing(workspace: Workspace) -> None:
    (at_oclc(workspace) / name_of()).write_bytes(rows(3))
    placeholder(at_oclc(workspace), name_of())
    with rehearsing(workspace):
        first, _ = fetch_once(workspace)
        (at_oclc(workspace) / name_of()).unlink()
        second, _ = fetch_once(workspace)
    assert (first["ask_for"], second["ask_for"], named(first["reports"])) == ([], [], [name_of()])


def test_a_placeholder_that_somebody_imports_is_no_report(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / f"{name_of()}-stub.txt").write_bytes(b"removed")
    result, _ = carry_out(workspace, import_reports(workspace, [tmp_path / f"{name_of()}-stub.txt"]))
    assert f"only OCLC's placeholder for {name_of()}" in result["files"][0]["reason"]
    assert kept(workspace) == set()


# sizes


def test_a_report_that_grows_while_it_is_fetched_is_taken_whole(workspace: Workspace) -> None:
    (at_oclc(workspace) / name_of()).write_bytes(rows(2))

    def finish(path: Path) -> None:
        path.write_bytes(rows(9))

    with odd_oclc(workspace, opening=finish):
        result, code = fetch_once(workspace)
    assert (code, result["reports"][0]["rows"]) == (0, 9)


def test_a_file_whose_size_is_another_at_every_look_waits_for_the_next_fetch(workspace: Workspace) -> None:
    (at_oclc(workspace) / name_of()).write_bytes(rows(2))
    (at_oclc(workspace, "out/ongoing/updates") / UPDATES).write_bytes(b"1")

    def grow(path: Path) -> None:
        for file in path.iterdir() if path.is_dir() else [path]:
            with open(file, "ab") as handle:
                handle.write(rows(1))

    with odd_oclc(workspace, opening=grow, listing=grow):
        result, code = fetch_once(workspace)
    assert code == 1 and named(result["not_taken"]) == [name_of(), UPDATES]
    assert all("OCLC is still writing it" in left["reason"] for left in result["not_taken"])
    assert kept(workspace) == set() and not list((workspace.root / "records").rglob("*.mrc"))
    with odd_oclc(workspace):
        result, code = fetch_once(workspace)
    assert (code, named(result["reports"]), named(result["records"])) == (0, [name_of()], [UPDATES])


def test_what_was_fetched_while_oclc_was_still_writing_it_is_completed_by_a_later_fetch(workspace: Workspace) -> None:
    report, records = at_oclc(workspace) / name_of(), at_oclc(workspace, "out/ongoing/updates") / UPDATES
    report.write_bytes(rows(9)[:-20])
    records.write_bytes(b"one record")
    with rehearsing(workspace):
        first, code = fetch_once(workspace)
        assert (code, first["reports"][0]["rows"], first["reports"][0]["refused"]) == (1, 8, 1)
        report.write_bytes(rows(12))
        records.write_bytes(b"one record and another")
        second, code = fetch_once(workspace)
        third, _ = fetch_once(workspace)
    assert (code, second["reports"][0]["rows"], named(second["records"])) == (0, 12, [UPDATES])
    assert (third["reports"], third["records"]) == ([], [])
    assert [info.rows for info in reports_table(workspace)] == [12]
    assert (workspace.root / "reports/ZAA" / name_of()).read_bytes() == rows(12)
    assert (workspace.root / "records/ZAA/updates" / UPDATES).read_bytes() == b"one record and another"


def test_what_is_here_stays_when_oclc_lists_something_else_under_its_name_and_it_is_told_once(workspace: Workspace) -> None:
    report, records = at_oclc(workspace) / name_of(), at_oclc(workspace, "out/ongoing/updates") / UPDATES
    report.write_bytes(rows(5))
    records.write_bytes(b"one record")
    with rehearsing(workspace):
        fetch_once(workspace)
        report.write_bytes(rows(4, 1))
        records.write_bytes(b"another record")
        second, code = fetch_once(workspace)
        third, third_code = fetch_once(workspace)
    assert code == 1 and named(second["not_taken"]) == [name_of(), UPDATES]
    assert all("holds other bytes; it stays as it is" in left["reason"] for left in second["not_taken"])
    assert (third_code, third["not_taken"]) == (0, [])
    assert "2 stay as they are here" in _notes(workspace)
    assert (workspace.root / "reports/ZAA" / name_of()).read_bytes() == rows(5)
    assert (workspace.root / "records/ZAA/updates" / UPDATES).read_bytes() == b"one record"


def _notes(workspace: Workspace) -> str:
    """The notes of the last fetch."""
    return "\n".join(recorded.event.words for recorded in list_runs(workspace, "fetch")[-1].events)


def test_a_file_that_is_gone_when_its_turn_comes_keeps_nothing_else_back(workspace: Workspace) -> None:
    first, second = name_of(), name_of(time="041200123")
    (at_oclc(workspace) / first).write_bytes(rows(2))
    (at_oclc(workspace) / second).write_bytes(rows(3, 1604394720123))

    def zip_it(path: Path) -> None:
        if path.name == first:
            path.unlink()

    with odd_oclc(workspace, opening=zip_it):
        result, code = fetch_once(workspace)
    assert (code, named(result["reports"]), named(result["not_taken"])) == (1, [second], [first])
    assert "it was gone when its turn came" in result["not_taken"][0]["reason"]


def test_a_file_of_an_absurd_size_is_not_even_begun(workspace: Workspace) -> None:
    (at_oclc(workspace) / name_of()).write_bytes(rows(2))
    with odd_oclc(workspace, {b"huge.txt": 1 << 50}):
        result, code = fetch_once(workspace)
    assert (code, named(result["reports"]), named(result["not_taken"])) == (1, [name_of()], ["huge.txt"])
    assert "no such file is that large" in result["not_taken"][0]["reason"]


# names


HOSTILE = (b"../../escape.txt", b"/etc/escape.txt", b"a/escape.txt", b"..\\escape.txt", b"C:escape.txt", b"esc\x1b[31mape.txt",
           b"escape\n.txt", b".escape.txt", b"esc\xe9ape.txt", b" escape.txt", b"escape.txt ", b"escape", b"e" * 250 + b".txt",
           b"esc\xc2\x9bape.txt", b"", b"escape.txt\x00.mrc")


@pytest.mark.slow
def test_a_hostile_name_from_the_server_cannot_leave_its_folder_nor_hide_a_report(workspace: Workspace) -> None:
    (at_oclc(workspace) / name_of()).write_bytes(rows(2))
    outside = {path for path in workspace.root.parent.rglob("*") if workspace.root not in path.parents}
    with odd_oclc(workspace, dict.fromkeys(HOSTILE, 10)):
        done = console(workspace, "fetch", "ZAA", "--json")
        words = console(workspace, "fetch", "ZAA")
    result = orjson.loads(done.stdout)
    assert done.returncode == 1 and named(result["reports"]) == [name_of()]
    assert len(result["not_taken"]) == len(HOSTILE)
    assert "\x1b" not in words.stdout + words.stderr and "\x9b" not in words.stdout + words.stderr
    assert outside == {path for path in workspace.root.parent.rglob("*") if workspace.root not in path.parents}
    assert not [path for path in workspace.root.rglob("*") if "scape" in path.name]


def test_names_that_differ_only_in_capitals_are_never_two_files(workspace: Workspace) -> None:
    folder, same, other = at_oclc(workspace), name_of().upper(), name_of().replace("zaa.all", "ZAA.ALL")
    (folder / name_of()).write_bytes(rows(2))
    with rehearsing(workspace):
        fetch_once(workspace)
        (folder / same).write_bytes(rows(2))
        (folder / other).write_bytes(rows(3, 7))
        result, code = fetch_once(workspace)
        again, _ = fetch_once(workspace)
    assert (code, result["reports"], named(result["not_taken"])) == (1, [], [other])
    assert "its name differs only in capitals" in result["not_taken"][0]["reason"]
    assert named(again["not_taken"]) == [other] and kept(workspace) == {name_of()}


def test_a_report_listed_under_two_names_is_filed_once_and_fetched_once(workspace: Workspace) -> None:
    (at_oclc(workspace) / name_of()).write_bytes(rows(4))
    (at_oclc(workspace) / f"{name_of()}.processed").write_bytes(rows(4))
    opened: list[str] = []
    with odd_oclc(workspace, opening=lambda path: opened.append(path.name)):
        first, code = fetch_once(workspace)
        again, _ = fetch_once(workspace)
    assert (code, named(first["reports"]), again["reports"]) == (0, [name_of()], [])
    assert sorted(opened) == [name_of(), f"{name_of()}.processed"]
    assert [info.rows for info in reports_table(workspace)] == [4]
