"""Rejections as files for others: tables, and ids for Alma."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import CallError, HereError
from oclc_console.operations.export_rejections import FORMS, HEADING, Exported, Form, export_rejections
from oclc_console.operations.spreadsheet import write_sheet
from oclc_console.store.desk import Desk, Filter
from oclc_console.store.reviews import Change
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace
from tests.reports.rejected import console, lsn, mms, rejected, told

ALL = Filter(minor=True)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with thirteen rejected records, nine of MED and four of LAW; some were worked on."""
    workspace = rejected(tmp_path_factory.mktemp("export"))
    with Desk.open(workspace) as desk:
        desk.catch_up()
        desk.change([("ZUL", lsn(1))], Change(State.FIXED, "ada", note="=cmd|'/c calc'!A1"), "ada")
        desk.change([("ZUL", lsn(3))], Change(State.CLAIMED, "ben"), "ben")
    return workspace


def export(workspace: Workspace, to: Path, form: Form = "csv", which: Filter = ALL) -> Exported:
    return export_rejections(workspace, which, form, to)


def table(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def sheet(path: Path) -> list[dict[str, Any]]:
    (page,) = openpyxl.load_workbook(path).worksheets
    heading, *rows = page.iter_rows(values_only=True)
    return [dict(zip(heading, row, strict=True)) for row in rows]


def test_every_rejection_is_a_line_of_the_table(office: Workspace, tmp_path: Path) -> None:
    done = export(office, tmp_path / "all.csv")
    rows = table(tmp_path / "all.csv")
    assert tuple(rows[0]) == HEADING
    assert len(rows) == done.records == done.files[0].lines == 13
    assert {row["local number"] for row in rows} == {lsn(number) for number in range(1, 14)}
    row = next(row for row in rows if row["local number"] == lsn(1))
    assert (row["state"], row["owner"], row["library"], row["mms id"]) == ("fixed in Alma", "ada", "MED", mms(1))
    assert row["what it means"] == "$2 names no vocabulary" and "Correct the code" in row["what mends it"]
    assert row["what oclc wrote"] == "SEVERE Invalid code in 2nd $2 in 3rd 650. | unresolved"


def test_a_staging_number_never_stands_where_ocns_do(office: Workspace, tmp_path: Path) -> None:
    export(office, tmp_path / "all.csv")
    for row in table(tmp_path / "all.csv"):
        assert row["outcome"] == "unresolved" and row["staging number"] and not row["ocn now"]


def test_ids_in_a_spreadsheet_are_text_and_counts_are_numbers(office: Workspace, tmp_path: Path) -> None:
    export(office, tmp_path / "all.xlsx", "xlsx")
    rows = sheet(tmp_path / "all.xlsx")
    assert len(rows) == 13 and {row["local number"] for row in rows} == {lsn(number) for number in range(1, 14)}
    for row in rows:
        for name in ("local number", "mms id", "staging number", "end byte"):
            assert type(row[name]) is str, name
        assert type(row["appearances"]) is int and type(row["came back"]) is int


def test_a_spreadsheet_runs_nothing(office: Workspace, tmp_path: Path) -> None:
    export(office, tmp_path / "all.xlsx", "xlsx")
    (page,) = openpyxl.load_workbook(tmp_path / "all.xlsx").worksheets
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n"}, "no cell is a formula"
    assert any(str(row["what it means"]).startswith("=HYPERLINK") for row in sheet(tmp_path / "all.xlsx"))
    with ZipFile(tmp_path / "all.xlsx") as archive:
        inside = b"".join(archive.read(name) for name in archive.namelist())
        assert not any("externalLink" in name or "vba" in name.lower() for name in archive.namelist())
    assert b"<f>" not in inside and b"<f " not in inside and b"<hyperlink" not in inside


def test_what_a_spreadsheet_would_run_is_text_in_a_csv_too(office: Workspace, tmp_path: Path) -> None:
    export(office, tmp_path / "all.csv")
    with open(tmp_path / "all.csv", newline="", encoding="utf-8") as handle:
        cells = [cell for row in csv.reader(handle) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert any(cell.startswith("'=cmd|") for cell in cells), "a note of a person too"


@given(texts=st.lists(st.text(), min_size=1, max_size=5))
def test_whatever_a_text_holds_a_spreadsheet_opens_and_holds_text(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("sheet") / "any.xlsx"
    assert write_sheet(path, "Any", ["text"] * len(texts), [texts]) == 1
    (page,) = openpyxl.load_workbook(path).worksheets
    for given_text, cell in zip(texts, [cell for row in page.iter_rows(min_row=2) for cell in row], strict=False):
        assert cell.data_type in ("s", "n") and (cell.value is None) == (given_text == "")
        if given_text.isascii() and given_text.isprintable() and given_text:
            assert cell.value == given_text


def test_a_text_longer_than_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    write_sheet(tmp_path / "long.xlsx", "Long", ["text"], [["x" * 40_000]])
    (row,) = sheet(tmp_path / "long.xlsx")
    assert len(row["text"]) == 32_767 and row["text"].endswith("(cut here: a spreadsheet's cell holds no more)")


def test_alma_gets_the_mms_ids_of_the_bibs_under_the_heading_it_wants(office: Workspace, tmp_path: Path) -> None:
    done = export(office, tmp_path / "set.txt", "alma", Filter(library="MED", minor=True))
    heading, *ids = (tmp_path / "set.txt").read_text().split()[1:]
    assert (tmp_path / "set.txt").read_bytes().startswith(b"MMS ID\r\n") and heading == "ID"
    assert sorted(ids) == [mms(number) for number in (1, 2, 4, 5, 7, 8, 10, 11, 13) if number % 3]
    assert done.files[0].lines == len(ids) and done.files[0].without_id == 0


def test_a_record_without_a_number_is_counted_and_not_in_a_list_of_ids(tmp_path: Path) -> None:
    workspace = rejected(tmp_path, 3)
    for path in (workspace.root / "ledger" / "ZUL").glob("*-prepare-*.parquet"):
        path.unlink()  # nobody can say any more whose record the line without a number is about
    done = export(workspace, tmp_path / "set.txt", "list")
    numbers = (tmp_path / "set.txt").read_text().split()
    assert numbers and all(number.startswith("22") for number in numbers)
    assert (done.records, done.files[0].lines, done.files[0].without_id) == (4, 3, 1)
    done = export(workspace, tmp_path / "mms.txt", "alma")
    assert (tmp_path / "mms.txt").read_bytes() == b"MMS ID\r\n", "a holdings id is no MMS id, and nothing is guessed"
    assert done.files[0].without_id == 4


@pytest.mark.parametrize("form", FORMS)
def test_one_command_writes_a_file_a_library(office: Workspace, tmp_path: Path, form: Form) -> None:
    done = export_rejections(office, ALL, form, tmp_path, each="library")
    assert {(file.value, file.records) for file in done.files} == {("MED", 9), ("LAW", 4)}
    assert sorted(path.name.partition(".")[0].split("-")[1] for path in tmp_path.iterdir()) == ["LAW", "MED"]
    assert sum(file.lines for file in done.files) == done.records == 13


def test_a_file_a_group_has_a_safe_name_whatever_oclc_wrote(office: Workspace, tmp_path: Path) -> None:
    done = export_rejections(office, Filter(), "csv", tmp_path / "groups", each="group")
    assert {file.label for file in done.files} >= {"Record is sparse", '=HYPERLINK("http://evil.example/","x")'}
    for file in done.files:
        assert file.path.parent == tmp_path / "groups" and file.path.name.replace("-", "").replace(".", "").isalnum()
        assert len(table(file.path)) == file.records


def test_the_same_conditions_as_on_screen_choose_the_records(office: Workspace, tmp_path: Path) -> None:
    def numbers(**conditions: Any) -> set[str]:
        export(office, tmp_path / "some.csv", which=Filter(**conditions))
        return {row["local number"] for row in table(tmp_path / "some.csv")}

    assert numbers(state="fixed") == numbers(state="fixed in alma") == numbers(owner="ada") == {lsn(1)}
    assert numbers(severity="critical") == numbers(group="Record is sparse") == numbers(group="sparse") != set()
    assert numbers(library="LAW", text="!hyperlink") < numbers(library="law")
    assert numbers(symbol="zul") == numbers() and lsn(1) not in numbers(state="todo")


def test_a_value_that_means_nothing_is_refused_with_those_there_are(office: Workspace, tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"no rejection has the library 'MDE'. There are MED, LAW"):
        export(office, tmp_path / "none.csv", which=Filter(library="MDE"))
    with pytest.raises(CallError, match=r"no rejection has the state 'done'. There are open, claimed"):
        export(office, tmp_path / "none.csv", which=Filter(state="done"))
    assert not (tmp_path / "none.csv").exists()


def test_named_records_are_exported_whatever_they_are(office: Workspace, tmp_path: Path) -> None:
    done = export_rejections(office, Filter(), "csv", tmp_path / "two.csv", refs=[("ZUL", lsn(2)), ("ZUL", lsn(3))])
    assert [row["local number"] for row in table(tmp_path / "two.csv")] == [lsn(2), lsn(3)] and done.records == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_cannot_be_written_leaves_the_old_one_as_it_was(office: Workspace, tmp_path: Path, form: Form) -> None:
    if os.geteuid() == 0:
        target = tmp_path / "folder" / "x"
        (tmp_path / "folder").write_text("a file where a folder should be")
        with pytest.raises(HereError):
            export(office, target, form)
        assert (tmp_path / "folder").read_text() == "a file where a folder should be"
        return
    (tmp_path / "old").write_text("old")
    tmp_path.chmod(0o500)
    with pytest.raises(HereError):
        export(office, tmp_path / "old", form)
    assert (tmp_path / "old").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_the_command_writes_them_and_says_what(office: Workspace, tmp_path: Path) -> None:
    done = told(console(office.root, "reports", "export", "zul", "--library", "MED", "--form", "xlsx", "--minor", "--to",
                        tmp_path / "med.xlsx", "--json"))
    assert done["records"] == 9 and len(sheet(tmp_path / "med.xlsx")) == 9
    many: Any = told(console(office.root, "reports", "export", "--form", "alma", "--each", "group", "--to", tmp_path / "sets",
                             "--json"))
    assert {Path(file["file"]).parent for file in many["files"]} == {tmp_path / "sets"}
    refused = console(office.root, "reports", "export", "--library", "NOPE")
    assert refused.returncode == 2 and "no rejection has the library 'NOPE'" in refused.stderr


def test_without_a_place_it_goes_among_the_exports(office: Workspace) -> None:
    done = told(console(office.root, "reports", "export", "ZUL", "--json"))
    files: Any = done["files"]
    (file,) = files
    assert Path(file["file"]).parent == office.root / "exports" / "ZUL" and Path(file["file"]).is_file()
