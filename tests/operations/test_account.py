"""account: every record that was sent has exactly one outcome, or is not reported yet."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from oclc_console import clock
from oclc_console.operations.account import account
from oclc_console.operations.import_reports import file_report
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.operations.signing import override
from oclc_console.operations.status import status
from oclc_console.operations.upload import upload
from oclc_console.workspace import Workspace
from tests.operations.stage import carry_out, console, fetched, ledger, rehearsing, trusted, workspace_in, write

ONE = """
[institution]
name = "Example"
[symbols.ZAA]
[[symbols.ZAA.streams]]
name = "All"
collection = "1000001"
"""


def sent(tmp_path: Path, count: int = 4, toml: str = ONE) -> tuple[Workspace, OutboxFile, list[int]]:
    """A workspace with one file sent; the file, and the end byte of each of its records."""
    workspace = workspace_in(tmp_path, toml)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *(trusted(n) for n in range(count)))]))
    with rehearsing(workspace, turn_around_seconds=3600):
        carry_out(workspace, upload(workspace, "ZAA"))
    return workspace, read_outbox(workspace, "ZAA")[0], [row["end"] for row in ledger(workspace, "ZAA")]


def lsn(number: int) -> str:
    return f"22{number:010d}9999"


def report(workspace: Workspace, original: str, rows: list[tuple[int, str, str, str, str]], second: int = 1) -> str:
    """Files a processing report of these (n, lsn, ocn in, ocn out, outcome) rows, as received in that second."""
    epoch = 1689177400000 + 1000 * second
    name = f"ZAA-ZAA.1000001.IN.BIB.D20230712.T{115640 + second:06d}000.{original}.BibProcessingReport.txt"
    lines = [f"ZAA_1000001_{epoch}::bib::{n}|{i}|{a}|{b}|{word}\n" for n, i, a, b, word in rows]
    file_report(workspace, name, "".join(lines).encode())
    return name


def test_a_file_with_no_report_is_not_reported_yet_and_never_zero(tmp_path: Path) -> None:
    workspace, file, _ = sent(tmp_path)
    answer = account(workspace, "ZAA")
    (row,) = answer.to_json()["files"]
    assert row["match"] is None and row["unresolved"] is None and row["rejections"] is None
    assert (row["name"], row["sent"], row["not_reported"]) == (file.name, 4, 4)
    assert answer.total["match"] is None and answer.files[0].balanced
    assert status(workspace).symbols[0].rejections is None


def test_a_file_that_was_not_sent_yet_counts_nothing_as_sent(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, ONE)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1))]))
    (row,) = account(workspace, "ZAA").files
    assert (row.state, row.records, row.sent, row.not_reported) == ("waiting", 1, 0, 0)


def test_rows_find_their_record_by_the_end_byte_even_without_a_local_number(tmp_path: Path) -> None:
    workspace, file, ends = sent(tmp_path)
    report(workspace, file.name, [
        (ends[3], lsn(3), "1003", "1003", "match"), (ends[0], "", "", "", "data error"),
        (ends[2], lsn(2), "1002", "1390150126", "unresolved"), (ends[1], lsn(1), "1001", "77", "match"),
    ])
    (row,) = account(workspace, "ZAA").files
    assert row.outcomes is not None
    assert {word: n for word, n in row.outcomes.items() if n} == {"match": 2, "unresolved": 1, "data error": 1}
    assert (row.not_reported, row.ocn_changed, row.rejections, row.unknown_rows) == (0, 1, 2, 0)
    assert row.balanced


def test_a_partly_reported_file_says_how_many_are_missing(tmp_path: Path) -> None:
    workspace, file, ends = sent(tmp_path)
    report(workspace, file.name, [(ends[0], lsn(0), "1000", "1000", "match")])
    (row,) = account(workspace, "ZAA").files
    assert row.not_reported == 3 and row.balanced


def test_a_word_nobody_knows_is_counted_under_its_own_name(tmp_path: Path) -> None:
    workspace, file, ends = sent(tmp_path, 2)
    report(workspace, file.name, [(ends[0], lsn(0), "", "5", "LBD_CREATE"), (ends[1], lsn(1), "", "6", "match")])
    (row,) = account(workspace, "ZAA").files
    assert row.other == {"LBD_CREATE": 1} and row.balanced


def test_an_exact_duplicate_row_counts_once(tmp_path: Path) -> None:
    workspace, file, ends = sent(tmp_path, 2)
    same = (ends[0], lsn(0), "1000", "1000", "match")
    report(workspace, file.name, [same, same, (ends[1], lsn(1), "1001", "1001", "match")])
    (row,) = account(workspace, "ZAA").files
    assert row.outcomes is not None and row.outcomes["match"] == 2 and row.balanced


def test_a_rerun_supersedes_record_by_record_whichever_report_comes_first(tmp_path: Path) -> None:
    workspace, file, ends = sent(tmp_path, 2)
    report(workspace, file.name, [(ends[0], lsn(0), "1000", "1000", "match")], second=9)
    report(workspace, file.name, [(ends[0], lsn(0), "1000", "9", "unresolved"),
                                  (ends[1], lsn(1), "1001", "1001", "match")], second=1)
    (row,) = account(workspace, "ZAA").files
    assert row.outcomes is not None and row.outcomes["match"] == 2 and row.outcomes["unresolved"] == 0
    assert row.reports == 2 and row.balanced


def test_rows_about_no_record_of_the_file_are_counted_and_shown_not_dropped(tmp_path: Path) -> None:
    workspace, file, ends = sent(tmp_path, 2)
    report(workspace, file.name, [(7, "strange", "", "5", "match"), (9, "", "", "", "data error"),
                                  (ends[0], lsn(0), "1000", "1000", "match")])
    (row,) = account(workspace, "ZAA").files
    assert row.unknown_rows == 2 and row.not_reported == 1 and row.balanced


def test_where_n_is_no_records_end_the_local_number_decides(tmp_path: Path) -> None:
    workspace, file, _ = sent(tmp_path, 2)
    report(workspace, file.name, [(11, lsn(0), "1000", "1000", "match"), (22, lsn(1), "1001", "1001", "create")])
    (row,) = account(workspace, "ZAA").files
    assert row.outcomes is not None and (row.outcomes["match"], row.outcomes["create"]) == (1, 1)
    assert row.not_reported == 0 and row.unknown_rows == 0


def test_what_alma_delivered_itself_is_accounted_by_the_name_and_places_of_almas_file(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, ONE + 'delivery = "alma"\n')
    source = write(tmp_path / "1000001.zaa.all_28150407720009999_new.mrc_1", trusted(1), trusted(2))
    carry_out(workspace, prepare(workspace, "ZAA", [source]))
    (row,) = account(workspace, "ZAA").files
    assert (row.state, row.sent) == ("alma", 0)
    ends = [len(trusted(1)), len(trusted(1) + trusted(2))]
    report(workspace, source.name, [(ends[0], lsn(1), "1001", "1001", "match"), (ends[1], "", "", "", "data error")])
    (row,) = account(workspace, "ZAA").files
    assert row.outcomes is not None and (row.sent, row.outcomes["match"], row.outcomes["data error"]) == (2, 1, 1)
    assert row.balanced


def test_a_report_is_late_only_after_the_patience_its_collection_deserves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, _, _ = sent(tmp_path)
    assert not account(workspace, "ZAA").files[0].late
    later = clock.now() + timedelta(days=55)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert not account(workspace, "ZAA").files[0].late, "the first file of a collection may take eight weeks"
    much_later = later + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: much_later)
    assert account(workspace, "ZAA").files[0].late


def test_duplicate_local_numbers_in_one_file_are_told_apart_by_their_place(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, ONE)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1), trusted(1))]))
    override(workspace, "upload", "ZAA", "duplicate-lsns", "the test wants them")
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA"))
        answer = fetched(workspace, "ZAA")
    assert answer.total["sent"] == 2 and answer.files[0].balanced and answer.total["not_reported"] == 0


@pytest.mark.slow
def test_fetching_again_brings_nothing_and_changes_nothing(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, ONE)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1), trusted(2))]))
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA"))
        before = fetched(workspace, "ZAA")
        again = console(workspace, "fetch", "ZAA", "--json")
        assert again.returncode == 0 and orjson.loads(again.stdout)["reports"] == []
    assert account(workspace, "ZAA").total == before.total


def test_reports_are_kept_exactly_as_they_came(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, ONE)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1), trusted(2))]))
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA"))
        fetched(workspace, "ZAA")
    there = {p.name: p.read_bytes() for p in (workspace.rehearsal / "accounts/fx_zaa/xfer/metacoll/reports").iterdir()}
    here = {p.name: p.read_bytes() for p in (workspace.root / "reports/ZAA").iterdir()}
    assert here == there and here


def test_a_second_set_of_reports_after_a_rerun_changes_no_total(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, ONE)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *(trusted(n) for n in range(30)))]))
    with rehearsing(workspace, rerun=["*"]):
        carry_out(workspace, upload(workspace, "ZAA"))
        answer = fetched(workspace, "ZAA")
        for _ in range(100):
            if account(workspace, "ZAA").files[0].reports == 2:
                break
            answer = fetched(workspace, "ZAA")
    again = account(workspace, "ZAA")
    assert again.files[0].reports == 2
    assert again.total["sent"] == answer.total["sent"] == 30 and again.files[0].balanced


@pytest.mark.slow
def test_a_name_that_is_no_text_is_left_on_the_server_and_hides_no_report(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, ONE)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1))]))
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA"))
        reports = workspace.rehearsal / "accounts/fx_zaa/xfer/metacoll/reports"
        (reports / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"x")
        (reports / "..odd").write_bytes(b"x")
        assert not fetched(workspace, "ZAA").total["not_reported"]
        again = console(workspace, "fetch", "ZAA", "--json")
    assert again.returncode == 1 and "caf\\xe9.txt" in again.stderr
    assert {entry["name"] for entry in orjson.loads(again.stdout)["not_taken"]} == {"caf\\xe9.txt", "..odd"}


def test_rows_of_an_older_upload_inside_a_newer_report_are_told_apart_by_their_record_key(tmp_path: Path) -> None:
    workspace, file, ends = sent(tmp_path)
    report(workspace, file.name, [(ends[0], lsn(0), "", "7", "match")])
    other = "1000001.zaa.other.20230712.001.mrc"
    rows = [(ends[1], lsn(1), "", "8", "unresolved"), (ends[0], lsn(0), "", "9", "unresolved")]
    name = report(workspace, other, rows, second=2)
    path = workspace.root / "reports" / "ZAA" / name
    mixed = path.read_text() + f"ZAA_1000001_1689177401000::bib::{ends[2]}|{lsn(2)}||5|create\n"
    file_report(workspace, name.replace("D20230712", "D20230713"), mixed.encode())
    (told,) = account(workspace, "ZAA").files
    assert told.outcomes is not None
    assert (told.outcomes["match"], told.outcomes["create"], told.outcomes["unresolved"]) == (1, 1, 0)
    assert told.balanced and told.not_reported == 2


def test_where_n_leads_to_another_record_a_row_without_a_local_number_is_matched_to_none(tmp_path: Path) -> None:
    workspace, file, ends = sent(tmp_path)
    starts = [0, *ends[:-1]]  # N as the start of a record: the end of the one before
    report(workspace, file.name, [(starts[1], lsn(1), "", "7", "match"), (starts[2], "", "", "", "data error"),
                                  (starts[3], lsn(3), "", "8", "match")])
    (told,) = account(workspace, "ZAA").files
    assert told.outcomes is not None and told.outcomes["match"] == 2, "their local numbers decide"
    assert (told.outcomes["data error"], told.not_reported, told.unknown_rows) == (0, 2, 1)
