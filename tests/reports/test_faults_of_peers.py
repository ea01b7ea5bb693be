"""The faults that other libraries' programs were caught with, as far as they concern reports; each test is named after one."""

from __future__ import annotations

from pathlib import Path

import pytest

from oclc_console.errors import InputError
from oclc_console.oclc.report_line import any_ocn
from oclc_console.oclc.report_names import parse_report_name
from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING, read_report
from oclc_console.operations import filing
from oclc_console.operations.import_reports import file_report, reports_table
from oclc_console.operations.record_as_sent import record_as_sent
from oclc_console.store.events import ReportFiled
from oclc_console.store.rejections import all_exceptions, open_exceptions
from oclc_console.workspace import Workspace
from tests.reports.made_up import ORIGINAL, exceptions, key, lsn, name_of, processing, run_import, sent, write


def filed(workspace: Workspace, name: str, content: bytes) -> ReportFiled:
    event = file_report(workspace, name, content)
    assert isinstance(event, ReportFiled), event
    return event


def test_reports_older_than_a_window_are_not_lost_and_a_second_import_makes_no_duplicates(
    workspace: Workspace, tmp_path: Path
) -> None:
    """Princeton took the reports of the last seven days only, and each run made its brief records again."""
    names = [name_of(PROCESSING).replace("D20201103", f"D{day}") for day in ("20120101", "20190508", "20201103")]
    files = [write(tmp_path, name, processing(5 + at)) for at, name in enumerate(names)]
    assert [file["rows"] for file in run_import(workspace, *files)[0]] == [5, 6, 7]
    assert all(file["already"] for file in run_import(workspace, *files)[0])
    assert sorted(info.name for info in reports_table(workspace)) == sorted(names)


@pytest.mark.parametrize("name", [
    name_of("BibCrossRefReport"), "metacoll.ZUL.datasync.1000081.D20190508.T230822.xrefrpt.txt",
])
def test_an_empty_last_line_is_no_missing_file(workspace: Workspace, name: str) -> None:
    """Minnesota's loader raised IndexError on it, and said that the file was not found."""
    for at, end in enumerate((b"\n", b"\n\n", b"\r\n\r\n", b"\n   \n", b"")):
        event = filed(workspace, name.replace("ZUL-ZUL", f"Z{at}-Z{at}").replace(".ZUL.", f".Z{at}."), b"991\t12" + end)
        assert (event.rows, event.refused) == (1, 0)


def test_an_unknown_action_word_ends_nothing_and_is_kept_counted_and_shown(workspace: Workspace) -> None:
    """New York's ingest raised KeyError on one."""
    content = f"{key(1)}|991|1|1|Holding Set\n".encode() + processing(30)
    event = filed(workspace, name_of(PROCESSING), content)
    (info,) = reports_table(workspace)
    assert (event.rows, event.refused, info.outcomes["Holding Set"]) == (31, 0, 1)
    with open_exceptions(workspace, "ZUL", name_of(PROCESSING)) as documents:
        assert ("Holding Set", "991") in [(each["text"], each["lsn"]) for each in documents]


@pytest.mark.parametrize("name, line", [
    (name_of(PROCESSING), f"{key(1)}|991||1520915861|unresolved"),
    (name_of(PROCESSING), f"{key(1)}|991|1394113565|1520915861|unresolved"),
    (name_of(EXCEPTIONS), f"{key(1)}|991||1520915861|Validation Error|CRITICAL|Record is sparse."),
    (name_of("BibUnresolvedCrossRefReport"), "99110773983506421\t1520915861"),
    ("metacoll.ZUL.datasync.1000081.D20190508.T230822.unresxrefrpt.txt", "99110773983506421\t1520915861"),
    ("metacoll.ZUL.datasync.1000081.D20190508.T230822.bibdetailexcpt.1.mrc.txt", "\t1520915861\t991\t1\tx\tSEVERE"),
])
def test_a_staging_number_is_never_a_number_to_load(workspace: Workspace, name: str, line: str) -> None:
    """A script loaded the fourth column whatever the fifth said."""
    (row,) = read_report(f"{line}\n".encode(), parse_report_name(name)).rows()
    assert (row.ocn_out, row.staging) == (1520915861, True)


def test_a_staging_number_in_a_file_that_lost_its_name_is_not_read_as_a_number_at_all() -> None:
    (row,) = read_report(b"99110773983506421\t1520915861\n").rows()
    assert row.ocn_out is None and "1520915861" in row.raw


def test_no_exception_is_swallowed_a_line_that_fails_is_told_and_a_disk_that_fails_ends_the_import(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ontario's script had `except Exception: pass` around its whole run."""
    (told,), exit_code = run_import(workspace, write(tmp_path, name_of(PROCESSING), processing(3) + b"odd\n"))
    assert (exit_code, told["refused"], told["refused_lines"][0]["line"]) == (1, 1, 4)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(filing, "replace_file", full)
    with pytest.raises(OSError, match="No space left"):
        file_report(workspace, name_of(EXCEPTIONS), exceptions(3))
    assert [info.name for info in reports_table(workspace)] == [name_of(PROCESSING)], "what was not kept does not count"


@pytest.mark.parametrize("symbol", ["Z", "ZUL", "LONGSYMB", "LU_36", "A_64B_35"])
def test_no_part_of_a_file_name_is_found_by_counting_characters(symbol: str) -> None:
    """New York took characters 56 to 63 of a name for its date: right for one symbol and one collection."""
    for original in ("1000081.zul.x.mrc", "1000081.zul.x.D20011111.T010101001.y.mrc_247", "a-b.IN.BIB.D20010101.mrc"):
        name = parse_report_name(f"{symbol}-{symbol}.1000081.IN.BIB.D20201103.T031200123.{original}.{PROCESSING}.txt")
        assert name is not None and name.received is not None
        assert (f"{name.received:%Y%m%d}", name.original, name.report) == ("20201103", original, PROCESSING)


@pytest.mark.parametrize("written", ["60383335.0", "9.9E+17", "9.93055E+17", "9,93055E+17", "1E+15", "1.5e+09"])
def test_ids_that_pandas_or_excel_changed_are_no_ids(written: str) -> None:
    """A blank among numbers made pandas write them as floats; Excel rounds ids of 18 digits."""
    (row,) = read_report(f"{key(7)}|{written}|{written}|{written}|match\n".encode()).rows()
    assert (row.status, row.lsn, row.ocn_in, row.ocn_out, row.key) == ("ok", None, None, None, key(7))
    assert written in row.why
    (pair,) = read_report(f"{written}\t{written}\n".encode(), parse_report_name(name_of("BibCrossRefReport"))).rows()
    assert pair.status == "refused" and pair.raw == f"{written}\t{written}"


def test_ids_are_text_from_the_report_to_the_exceptions(workspace: Workspace) -> None:
    content = f"{key(1)}|099110773983506421|||unresolved\n".encode()
    filed(workspace, name_of(PROCESSING), content)
    (document,) = all_exceptions(workspace)
    assert document["lsn"] == "099110773983506421"


@pytest.mark.parametrize("name", [
    name_of(PROCESSING, time="240553123"), "metacoll.ZUL.datasync.1000081.D20201103.T240553.xrefrpt.txt",
    "metacoll.ZUL.ZUL-1419-20220602-report.20201103-240553.txt",
])
def test_hour_24_in_a_name_is_the_next_day(workspace: Workspace, name: str) -> None:
    """`metacoll.OLX.new.D20150302.T240553.2.mrc` stopped programs that read the hour with strptime."""
    filed(workspace, name, b"1|2\n")
    (info,) = reports_table(workspace)
    assert (info.received or "").startswith("2020-11-04T05:05:53")


@pytest.mark.parametrize("written, number", [
    ("ocm99999999", 99_999_999), ("ocn99999999", 99_999_999), ("ocn100000000", 100_000_000), ("on1000000000", 1_000_000_000),
    ("ocn999999999", 999_999_999), ("(OCoLC)ocm00000001", 1), ("99999999", 99_999_999),
])
def test_the_prefix_of_a_number_never_decides_its_value(written: str, number: int) -> None:
    """Princeton's formatter gives 99,999,999 the prefix of a longer number."""
    assert any_ocn(written) == number
    (row,) = read_report(f"99110773983506421\t{written}\n".encode(), parse_report_name(name_of("BibCrossRefReport"))).rows()
    assert row.ocn_out == number


def test_a_sent_file_with_no_end_byte_shows_no_half_record(workspace: Workspace) -> None:
    """A truncated MARC file stands among Stanford's fixtures."""
    ends = sent(workspace, 3)
    path = workspace.root / "outbox" / "ZUL" / ORIGINAL
    path.write_bytes(path.read_bytes()[:-1])
    assert not record_as_sent(workspace, "ZUL", ORIGINAL, ends[2], lsn(3)).found
    assert record_as_sent(workspace, "ZUL", ORIGINAL, ends[1], lsn(2)).found


def test_rows_without_a_local_number_are_not_skipped(workspace: Workspace) -> None:
    """Princeton's job drops them without a word; they are the records that OCLC could not read."""
    content = f"{key(5009621)}||||Data Error||invalid_characters_present\n".encode() + exceptions(3)
    assert filed(workspace, name_of(EXCEPTIONS), content).rows == 4
    (info,) = reports_table(workspace)
    assert info.data_errors_without_lsn == 1
    assert [each["line"] for each in all_exceptions(workspace).of_record(key(5009621))] == [1]


def test_a_report_of_one_row_that_is_a_data_error_is_filed_like_any_other(workspace: Workspace) -> None:
    """It crashed Princeton's job, which had nothing left to write (#784)."""
    content = f"{key(1)}||||Data Error||marc_record_field_length_error\n".encode()
    event = filed(workspace, name_of(EXCEPTIONS), content)
    assert (event.rows, event.records, event.refused) == (1, 1, 0)


def test_damaged_rows_of_a_report_are_told_and_not_read_as_none(workspace: Workspace) -> None:
    """Any answer of Alma's but 200 became "not found" at Michigan: here what can't be read is never "nothing"."""
    filed(workspace, name_of(PROCESSING), processing(5))
    for info in workspace.root.glob("ledger/ZUL/*.json"):
        info.write_bytes(b"{")
    with pytest.raises(InputError, match="can't be read"):
        reports_table(workspace)
