"""What a report's name tells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.oclc.report_names import parse_report_name, received_at, unescape_symbol

PUL = ("PUL-PUL.1012676.IN.BIB.D20230712.T115732756."
       "1012676.pul.non-pcc_27837389230006421_new.mrc_1.BibExceptionReport.txt")


def test_a_name_of_today_is_read_from_both_ends() -> None:
    name = parse_report_name(PUL)
    assert name is not None
    assert (name.sender, name.symbol, name.collection, name.folder) == ("PUL", "PUL", "1012676", "IN.BIB")
    assert name.original == "1012676.pul.non-pcc_27837389230006421_new.mrc_1"
    assert name.report == "BibExceptionReport"
    assert name.name == PUL


def test_the_time_in_a_name_is_the_instant_of_its_record_keys() -> None:
    name = parse_report_name(PUL)
    assert name is not None and name.received is not None
    assert round(name.received.timestamp() * 1000) == 1689177452756


def test_winter_times_are_five_hours_behind_and_summer_times_four() -> None:
    assert received_at("20201103", "031200123") == datetime(2020, 11, 3, 8, 12, 0, 123000, UTC)
    assert received_at("20201030", "031200123") == datetime(2020, 10, 30, 7, 12, 0, 123000, UTC)


def test_hour_24_is_the_next_day() -> None:
    assert received_at("20201231", "240553") == datetime(2021, 1, 1, 5, 5, 53, tzinfo=UTC)


@pytest.mark.parametrize("day, time", [("20201103", "250000000"), ("20201103", "126000000"), ("20201303", "120000000"),
                                       ("20200230", "120000"), ("00000000", "000000000"), ("99991231", "240000000")])
def test_an_impossible_time_is_none_and_the_name_is_still_understood(day: str, time: str) -> None:
    name = parse_report_name(f"ZUL-ZUL.1000081.IN.BIB.D{day}.T{time}.1000081.zul.x.mrc.BibProcessingReport.txt")
    assert name is not None
    assert (name.received, name.symbol, name.report) == (None, "ZUL", "BibProcessingReport")


@pytest.mark.parametrize("written", ["LU_36", "LU$", "lu$"])
def test_a_symbol_with_a_dollar_sign_is_the_same_symbol_raw_or_escaped(written: str) -> None:
    head = f"{written}-{written}.1000081.IN.BIB.D20201103.T120000000"
    name = parse_report_name(head + ".1000081.lu_36.x.mrc.BibProcessingReport.txt")
    assert name is not None
    assert (name.sender, name.symbol) == ("LU$", "LU$")
    assert unescape_symbol("a_64b_35") == "A@B#"


def test_a_zipped_report_and_an_lhr_report_are_understood() -> None:
    zipped = parse_report_name(PUL + ".zip")
    lhr = parse_report_name(PUL.replace("IN.BIB", "IN.LHR"))
    assert zipped is not None and zipped.report == "BibExceptionReport" and zipped.is_bib
    assert lhr is not None and lhr.folder == "IN.LHR" and not lhr.is_bib


@pytest.mark.parametrize("name, symbol, collection, report", [
    ("metacoll.OCWMS.datasync.1003600-100360.D20160323.T124708500.xrefrpt.txt", "OCWMS", "1003600", "xrefrpt"),
    ("metacoll.OCWMS.datasync.1002106.D20160729.T082400.bibdetailexcpt.1.mrc.txt", "OCWMS", "1002106", "bibdetailexcpt"),
    ("metacoll.UWO.datasync.1012743-1012743.D20190508.T230822450.unresxrefrpt.txt", "UWO", "1012743", "unresxrefrpt"),
    ("metacoll.NYP.NYP-1419-20220602-report.20220806-070829.txt", "NYP", "", "ScanDeleteList"),
])
def test_names_of_the_old_scheme_are_recognised(name: str, symbol: str, collection: str, report: str) -> None:
    parts = parse_report_name(name)
    assert parts is not None
    assert (parts.symbol, parts.collection, parts.report, parts.original) == (symbol, collection, report, "")
    assert parts.received is not None


@pytest.mark.parametrize("name", [
    "CEF-CEF.1012688.BibProcessingReport.complete.txt", "metacoll.PUL.new.D20230706.T213019.MZallDLC.1.mrc",
    "1012676.pul.bib.mrc", "", "report.txt", "a/../" + PUL, PUL + "\n", PUL.replace("PUL-", "-"),
    PUL.replace("1012676.IN", "1０12676.IN"),
])
def test_a_name_of_another_form_is_none(name: str) -> None:
    assert parse_report_name(name) is None


def test_every_real_report_name_is_understood(real: Path) -> None:
    names = (real / "observed-file-names.txt").read_text().split()
    since_2020 = [name for name in names if name.endswith("Report.txt")]
    assert since_2020
    assert all(parse_report_name(name) for name in since_2020)


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_of_names_raise(text: str) -> None:
    for name in (text, PUL.replace("D20230712", text), PUL.replace("1012676.pul", text), PUL.replace("PUL", text)):
        parts = parse_report_name(name)
        assert parts is None or parts.name == name
