"""Every report of both generations: what its rows say, told by their shape."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.oclc.report_line import any_ocn, number_kind
from oclc_console.oclc.report_names import parse_report_name
from oclc_console.oclc.reports import UNDERSTOOD, ReportRow, read_report
from tests.reports.made_up import key, name_of

XREF = "metacoll.ZUL.datasync.1000081-1000081.D20190508.T230822450.xrefrpt.txt"
UNRESOLVED = "metacoll.ZUL.datasync.1000081-1000081.D20190508.T230822450.unresxrefrpt.txt"
OLD = "metacoll.ZUL.datasync.1000081-1000081.D20190508.T230822450.bibdetailexcpt.1.mrc.txt"
BATCHLOAD = "D120906.R466902.XREFRPT.txt"
MMS = "99110773983506421"


def rows_of(text: str, name: str = "") -> list[ReportRow]:
    return list(read_report(text.encode(), parse_report_name(name)).rows())


@pytest.mark.parametrize("name", [XREF, name_of("BibCrossRefReport")])
def test_a_cross_reference_says_which_number_the_record_now_has(name: str) -> None:
    (row,) = rows_of(f"{MMS}\t1496652227\n", name)
    assert (row.status, row.lsn, row.ocn_out, row.staging, row.type, row.why) == ("ok", MMS, 1496652227, False, None, "")


@pytest.mark.parametrize("name", [UNRESOLVED, name_of("BibUnresolvedCrossRefReport")])
def test_an_unresolved_cross_reference_gives_a_staging_number(name: str) -> None:
    (row,) = rows_of(f"{MMS}\t1520915861\n", name)
    assert (row.lsn, row.ocn_out, row.staging, row.type) == (MMS, 1520915861, True, "Unresolved")


@pytest.mark.parametrize("line, lsn, ocn", [
    (f"{MMS}\t51296469", MMS, 51296469), (f"51296469\t{MMS}", MMS, 51296469), ("ocm00001834\ta475180", "a475180", 1834),
    ("(OCoLC)ocn123456789\t12345", "12345", 123456789), ("12345\t(OCoLC)1834", "12345", 1834),
    ("(Sirsi) a728376\t1834", "(Sirsi) a728376", 1834), ("220000000099999\ton1496652227", "220000000099999", 1496652227),
])
def test_which_of_two_columns_is_the_oclc_number_is_told_by_its_shape_not_its_place(line: str, lsn: str, ocn: int) -> None:
    for name in (XREF, BATCHLOAD, name_of("BibCrossRefReport")):
        (row,) = rows_of(line + "\n", name)
        assert (row.status, row.lsn, row.ocn_out) == ("ok", lsn, ocn)


def test_two_short_numbers_are_told_by_the_rows_around_them_and_only_then_by_the_generation() -> None:
    assert [(row.lsn, row.ocn_out) for row in rows_of("123\t456\n", XREF)] == [("123", 456)]
    assert [(row.lsn, row.ocn_out) for row in rows_of("123\t456\n", BATCHLOAD)] == [("456", 123)]
    around = rows_of(f"123\t456\n789\t{MMS}\n790\t{MMS}\n", XREF)
    assert [(row.lsn, row.ocn_out) for row in around] == [("456", 123), (MMS, 789), (MMS, 790)]


@pytest.mark.parametrize("line, said", [
    (f"{MMS}\t99110773983506422", "neither of its two columns is an OCLC number"), (f"{MMS}\t1\t2", "it has 3 columns"),
    (MMS, "it has 1 column"), ("9.91108E+16\t1.49665E+09", "was changed by a spreadsheet"),
    ("ocm00000001\tocm00000002", "each of its two columns is an OCLC number"),
])
def test_a_cross_reference_that_names_no_record_is_refused_and_shown(line: str, said: str) -> None:
    row = rows_of(f"{MMS}\t1\n{line}\n", XREF)[1]
    assert (row.status, row.raw, row.ocn_out) == ("refused", line, None) and said in row.why


def test_batchloads_cross_reference_has_its_heading_above_and_its_columns_the_other_way_round() -> None:
    text = ("   OCLC XREF REPORT\n             \n   OCLC        Submitted\n   Control #   001 Field\n"
            "   51296469    a475180                                   \n   51042192    (Sirsi) a728376     \n")
    for name in (BATCHLOAD, ""):
        rows = rows_of(text, name)
        assert [row.status for row in rows] == ["heading"] * 3 + ["ok"] * 2
        assert [(row.line, row.lsn, row.ocn_out) for row in rows[3:]] == [
            (5, "a475180", 51296469), (6, "(Sirsi) a728376", 51042192)]


def test_an_old_exception_report_is_read_below_its_heading_wherever_that_stands() -> None:
    heading = "Incoming OCLC Number\tStaging\tLocal System Number\tCount\tDescription\tSeverity\n"
    row = f"7\t1390150126\t{MMS}\t6\tRecord is sparse.\tCritical\n"
    for above in ("", "one\n", "one\ntwo\n\nfour\tfive\n"):
        *above_rows, found = rows_of(above + heading + row, OLD)
        assert {each.status for each in above_rows} == {"heading"}
        assert (found.lsn, found.ocn_in, found.ocn_out, found.staging) == (MMS, 7, 1390150126, True)
        assert (found.type, found.severity, found.text) == ("Validation Error", "CRITICAL", "Record is sparse.")


def test_the_heading_of_an_old_exception_report_says_which_column_is_which() -> None:
    text = f"Incoming OCLC Number\tLocal System Number\tStaging\tSeverity\tDescription\n7\t{MMS}\t9\tMINOR\tNo 336.\n"
    row = rows_of(text, OLD)[1]
    assert (row.lsn, row.ocn_out, row.severity, row.text) == (MMS, 9, "MINOR", "No 336.")


def test_a_list_of_holdings_to_be_deleted_gives_numbers_and_titles() -> None:
    name = "metacoll.ZUL.ZUL-1419-20220602-report.20220806-070829.txt"
    rows = rows_of('ocm00000001|Foo /\n1049552268|"Foo | Spam."\nFoo|1\n', name)
    assert [(row.status, row.ocn_in, row.text) for row in rows] == [
        ("ok", 1, "Foo /"), ("ok", 1049552268, '"Foo | Spam."'), ("refused", None, None)]


def test_lbd_rejections_are_seen_though_their_columns_are_not_known() -> None:
    text = f"{key(1000)}|{MMS}|12|LBD_REJECTED\n{key(2000)}|{MMS}|12|LBD_CREATE\n"
    report = read_report(text.encode(), parse_report_name(name_of("LbdProcessingReport")))
    assert (report.type, report.understood) == ("LbdProcessingReport", False)
    assert [(row.n, row.lsn, row.type, row.text, row.outcome) for row in report.rows()] == [
        (1000, MMS, "LBD_REJECTED", "LBD_REJECTED", None), (2000, MMS, "LBD_CREATE", "LBD_CREATE", None)]
    said = "New Record is trying to replace an In Use Local System Id Invalid Request"
    (row,) = rows_of(f"{key(1000)}|{MMS}|12||{said}\n", name_of("LbdExceptionReport"))
    assert (row.lsn, row.type, row.text) == (MMS, "LBD", said)


def test_two_numbers_in_a_file_without_oclcs_name_are_never_taken_for_oclc_numbers() -> None:
    report = read_report(f"{MMS}\t1520915861\n".encode())
    assert (report.type, report.understood) == ("unknown", False)
    assert [(row.lsn, row.ocn_out) for row in report.rows()] == [(MMS, None)]


def test_an_alma_id_in_the_column_of_the_number_is_no_oclc_number() -> None:
    (row,) = rows_of(f"{key(1)}|60383335|{MMS}|{MMS}|match\n")
    assert (row.status, row.ocn_in, row.ocn_out) == ("ok", None, None) and MMS in row.why


def test_a_row_of_another_job_is_told_apart_by_its_record_key() -> None:
    older, own = key(1, epoch=1604000000000), key(2)
    report = read_report(f"{older}|991|||match\n{older}|992|||match\n{own}|993|||match\n".encode(),
                         parse_report_name(name_of("BibProcessingReport")))
    assert report.epoch_ms == 1604391120123, "the instant in the name decides, though it is not that of most rows"
    assert [row.other_job for row in report.rows()] == [True, True, False]
    first = next(report.rows())
    assert first.why == "by its record key it is about another upload that OCLC received on 2020-10-29"


@pytest.mark.parametrize("name, type_", [
    ("D120913.R468704.XREFRPT.txt", "XREFRPT"), ("REPORT.D120913.R468704.CXREF", "XREFRPT"),
    ("D120913.R468704.XREFRPT.txt.zip", "XREFRPT"),
])
def test_batchloads_names_are_understood_and_say_no_symbol(name: str, type_: str) -> None:
    parts = parse_report_name(name)
    assert parts is not None and (parts.report, parts.symbol, parts.collection) == (type_, "", "")


@pytest.mark.parametrize("part, rows, headings", [
    ("BibCrossRefReport", 790, 0), ("BibUnresolvedCrossRefReport", 8, 0), (".xrefrpt", 50, 0), ("unresxrefrpt", 8, 0),
    ("bibdetailexcpt", 55, 5), ("D120906", 5, 3), ("metacoll.NYP", 3, 0), (".nsk", 3, 1), ("DeleteOCLC", 2, 1),
])
def test_every_line_of_the_reconstructed_files_is_read(real: Path, part: str, rows: int, headings: int) -> None:
    (path,) = (real / "reconstructed").glob(f"*{part}*")
    report = read_report(path.read_bytes(), parse_report_name(path.name))
    found = list(report.rows())
    assert report.type in UNDERSTOOD
    assert sum(row.status == "ok" for row in found) == rows and sum(row.status == "heading" for row in found) == headings
    assert len(found) == rows + headings and not any(row.why for row in found if row.status == "ok")


@given(st.text(alphabet="0123456789.,E+()OCoLCmn abc", max_size=24))
def test_what_is_taken_for_an_oclc_number_is_a_whole_number_of_twelve_digits_at_most(written: str) -> None:
    number = any_ocn(written)
    assert number is None or 0 < number < 10**12
    assert number is None or number_kind(written) != "neither", "what a spreadsheet rounded is no number"
