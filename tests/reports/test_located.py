"""Rows without a local number: the record is found again where N is verified, and is not locatable where it isn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING
from oclc_console.operations.import_reports import file_report
from oclc_console.operations.record_as_sent import RecordAsSent, record_as_sent
from oclc_console.operations.rows_without_number import rows_without_number
from oclc_console.workspace import Workspace
from tests.reports.made_up import EPOCH, ORIGINAL, key, lsn, name_of, sent


def answered(workspace: Workspace, ends: list[int], without: int, name: str = name_of(PROCESSING), shift: int = 0) -> None:
    """A processing report on the file: all are matches but record number `without`, a data error with no local number."""
    lines = [f"{key(end + shift)}||||data error" if number == without else
             f"{key(end + shift)}|{lsn(number)}|1|1|match" for number, end in enumerate(ends, 1)]
    file_report(workspace, name, "".join(line + "\n" for line in lines).encode())


def shown(workspace: Workspace, n: int | None, number: str | None = None) -> RecordAsSent:
    return record_as_sent(workspace, "ZUL", ORIGINAL, n, number)


def test_a_record_without_a_local_number_is_cut_from_the_file_that_was_sent(workspace: Workspace) -> None:
    ends = sent(workspace, 30)
    answered(workspace, ends, without=7)
    record = shown(workspace, ends[6])
    assert (record.found, record.lsn, record.title, record.end, record.verified) == (True, lsn(7), "Title 7", ends[6], 20)
    assert ("245", "00", "$a Title 7") in record.fields
    (row,) = rows_without_number(workspace)
    assert (row.located, row.lsn, row.title, row.said) == (True, lsn(7), "Title 7", ("data error",))
    assert row.lines == ((name_of(PROCESSING), 7),)


def test_the_lines_of_several_reports_about_it_are_one_record(workspace: Workspace) -> None:
    ends = sent(workspace, 5)
    answered(workspace, ends, without=2)
    line = f"{key(ends[1])}||||Data Error||invalid_characters_present\n".encode()
    file_report(workspace, name_of(EXCEPTIONS), line)
    (row,) = rows_without_number(workspace, "ZUL")
    assert row.lsn == lsn(2) and set(row.said) == {"data error", "invalid_characters_present"} and len(row.lines) == 2


@pytest.mark.parametrize("shift", [1, -1, 500])
def test_where_n_is_no_end_of_a_record_nothing_is_matched_by_guess(workspace: Workspace, shift: int) -> None:
    ends = sent(workspace, 30)
    answered(workspace, ends, without=30, shift=shift)
    (row,) = rows_without_number(workspace)
    assert not row.located and row.lsn is None and "no record ends" in row.reason
    record = shown(workspace, ends[6])
    assert not record.found and "no local number, and its place can't be told" in record.reason


def test_where_n_is_the_start_of_a_record_it_is_not_taken_for_the_end_of_the_one_before(workspace: Workspace) -> None:
    ends = sent(workspace, 30)
    answered(workspace, [0, *ends[:-1]], without=8)  # N counts from the start: ends of other records, all of them
    (row,) = rows_without_number(workspace)
    assert not row.located and "can't be told" in row.reason


def test_without_any_local_number_in_the_reports_n_can_not_be_verified(workspace: Workspace) -> None:
    ends = sent(workspace, 3)
    file_report(workspace, name_of(PROCESSING), f"{key(ends[1])}||||data error\n".encode())
    (row,) = rows_without_number(workspace)
    assert not row.located and "no row of its reports carries a local number" in row.reason


def test_one_wrong_row_among_the_first_is_enough_to_match_nothing(workspace: Workspace) -> None:
    ends = sent(workspace, 10)
    wrong = f"{key(ends[3])}|{lsn(9)}|1|1|match\n"
    right = "".join(f"{key(end)}|{lsn(number)}|1|1|match\n" for number, end in enumerate(ends[:3], 1))
    file_report(workspace, name_of(PROCESSING), f"{right}{key(ends[6])}||||data error\n{wrong}".encode())
    (row,) = rows_without_number(workspace)
    assert not row.located and f"is not {lsn(9)}" in row.reason


def test_the_meaning_of_n_is_verified_upload_by_upload(workspace: Workspace) -> None:
    ends = sent(workspace, 10)
    other = ORIGINAL.replace("001", "002")
    sent(workspace, 12, other)
    answered(workspace, ends, without=3)
    line = f"{key(ends[4], EPOCH + 1000)}||||data error\n".encode()
    file_report(workspace, name_of(PROCESSING, original=other, time="031201123"), line)
    found = {row.upload: row.located for row in rows_without_number(workspace)}
    assert found == {ORIGINAL: True, other: False}


def test_a_row_about_another_upload_is_sought_in_that_upload(workspace: Workspace) -> None:
    older = ORIGINAL.replace("001", "002")
    ends, old_ends = sent(workspace, 10), sent(workspace, 12, older)
    first = EPOCH - 3_600_000
    lines = [f"{key(end, first)}|{lsn(number)}|1|1|match\n" for number, end in enumerate(old_ends, 1)]
    file_report(workspace, name_of(PROCESSING, original=older, time="021200123"), "".join(lines).encode())
    late = f"{key(old_ends[7], first)}||||Data Error||crosswalk_error\n{key(ends[0])}|{lsn(1)}|||Validation Error|MINOR|x\n"
    file_report(workspace, name_of(EXCEPTIONS), late.encode())
    (row,) = rows_without_number(workspace)
    assert (row.upload, row.located, row.lsn) == (older, True, lsn(8))


def test_a_row_whose_place_and_number_disagree_shows_the_record_of_its_number_or_none(workspace: Workspace) -> None:
    ends = sent(workspace, 5)
    record = shown(workspace, ends[1], lsn(4))
    assert not record.found and "no record with the number" in record.reason
    assert shown(workspace, ends[3], lsn(4)).title == "Title 4"


def test_what_alma_delivered_itself_is_found_in_the_file_that_alma_published(workspace: Workspace) -> None:
    ends = sent(workspace, 5)
    folder = workspace.root / "inbox" / "ZUL"
    folder.mkdir(parents=True, exist_ok=True)
    (workspace.root / "outbox" / "ZUL" / ORIGINAL).rename(folder / ORIGINAL)
    answered(workspace, ends, without=2)
    assert [row.lsn for row in rows_without_number(workspace)] == [lsn(2)]


@pytest.mark.parametrize("damage", [slice(0, -1), slice(0, 40), slice(3, None)])
def test_a_file_that_is_torn_or_changed_here_gives_no_wrong_record(workspace: Workspace, damage: slice) -> None:
    ends = sent(workspace, 10)
    answered(workspace, ends, without=10)
    path: Path = workspace.root / "outbox" / "ZUL" / ORIGINAL
    path.write_bytes(path.read_bytes()[damage])
    (row,) = rows_without_number(workspace)
    assert not row.located and row.reason
