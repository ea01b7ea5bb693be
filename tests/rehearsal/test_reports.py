from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oclc_console.rehearsal.reports import Job, write_reports
from oclc_console.rehearsal.worldcat import Answer

SPARSE = ("Validation Error", "CRITICAL", "Record is sparse.")
ANSWERS = [Answer(100 * n, f"22{n}", f"{n}", f"{n}", "match") for n in range(1, 400)] + [
    Answer(50_000, "2201", "", "1520000001", "unresolved", (SPARSE,)),
    Answer(50_100, "", "", "", "data error", (("Data Error", "", "crosswalk_error"),)),
    Answer(50_200, "2202", "7", "7", "processing error", (("Processing Error", "", ""),)),
]
PROCESSING = re.compile(r"[A-Z0-9_]+_\d{7}_\d{13}::bib::\d+\|\d*\|\d*\|\d*\|[a-z ]+")
EXCEPTION = re.compile(r"[A-Z0-9_]+_\d{7}_\d{13}::bib::\d+\|\d*\|\d*\|\d*\|[A-Za-z ]+\|[A-Z]*\|[^|]*")
REAL = Path(__file__).parents[3] / "shared" / "data" / "reports"


def job(instant: datetime) -> Job:
    return Job("ZMD", "1000031", round(instant.timestamp() * 1000), "1000031.zmd.x.001.mrc")


def written(folder: Path, answers: list[Answer], cross: bool = False, seed: int = 1) -> dict[str, list[str]]:
    (folder / "reports").mkdir(exist_ok=True)
    at = job(datetime(2020, 11, 3, 8, 12, tzinfo=UTC))
    names = write_reports(at, answers, folder / "reports", folder / "writing", seed=seed, cross=cross)
    assert sorted(names) == sorted(path.name for path in (folder / "reports").iterdir())
    return {name.split(".")[-2]: (folder / "reports" / name).read_bytes().decode().split("\n") for name in names}


@pytest.mark.parametrize(("instant", "moment"), [
    (datetime(2023, 7, 12, 15, 57, 32, 756_000, tzinfo=UTC), "D20230712.T115732756"),
    (datetime(2021, 1, 5, 3, 0, 0, 7_000, tzinfo=UTC), "D20210104.T220000007"),
])
def test_a_name_tells_us_eastern_time_in_summer_and_in_winter(instant: datetime, moment: str) -> None:
    name = job(instant).report_name("BibProcessingReport")
    assert name == f"ZMD-ZMD.1000031.IN.BIB.{moment}.1000031.zmd.x.001.mrc.BibProcessingReport.txt"


def test_the_key_holds_the_same_instant_as_the_name() -> None:
    real = job(datetime(2023, 7, 12, 15, 57, 32, 756_000, tzinfo=UTC))
    assert real.key == "ZMD_1000031_1689177452756"


def test_rows_have_their_columns_and_end_with_a_newline(tmp_path: Path) -> None:
    reports = written(tmp_path, ANSWERS)
    assert set(reports) == {"BibProcessingReport", "BibExceptionReport"}
    for report, pattern in (("BibProcessingReport", PROCESSING), ("BibExceptionReport", EXCEPTION)):
        assert reports[report][-1] == ""
        assert all(pattern.fullmatch(row) for row in reports[report][:-1])
    assert "ZMD_1000031_1604391120000::bib::50100||||data error" in reports["BibProcessingReport"]
    assert "ZMD_1000031_1604391120000::bib::50100||||Data Error||crosswalk_error" in reports["BibExceptionReport"]
    assert "ZMD_1000031_1604391120000::bib::50200|2202|7|7|Processing Error||" in reports["BibExceptionReport"]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real reports are not on this machine")
def test_real_reports_have_the_columns_ours_have() -> None:
    for path in REAL.glob("*Report*.txt"):
        pattern = EXCEPTION if "Exception" in path.name else PROCESSING
        assert all(pattern.fullmatch(row) for row in path.read_text().splitlines()), path.name


def test_rows_are_not_in_file_order_and_the_seed_says_in_which(tmp_path: Path) -> None:
    first = written(tmp_path, ANSWERS)["BibProcessingReport"]
    ends = [int(row.split("|")[0].rpartition("::")[2]) for row in first[:-1]]
    assert ends != sorted(ends) and set(ends) == {answer.end for answer in ANSWERS}
    assert written(tmp_path, ANSWERS)["BibProcessingReport"] == first
    assert written(tmp_path, ANSWERS, seed=2)["BibProcessingReport"] != first


def test_now_and_then_a_row_of_the_exception_report_stands_there_twice(tmp_path: Path) -> None:
    many = [Answer(n, f"22{n}", "", "1520000001", "unresolved", (SPARSE,)) for n in range(1, 1000)]
    rows = written(tmp_path, many)["BibExceptionReport"][:-1]
    assert 999 < len(rows) < 1100
    assert len(set(rows)) == 999


def test_there_is_no_exception_report_when_there_is_nothing_in_it(tmp_path: Path) -> None:
    assert set(written(tmp_path, ANSWERS[:50])) == {"BibProcessingReport"}


def test_cross_references_say_what_was_acted_on_and_what_is_in_staging(tmp_path: Path) -> None:
    reports = written(tmp_path, ANSWERS, cross=True)
    assert sorted(reports["BibCrossRefReport"]) == sorted(["", *(f"22{n}\t{n}" for n in range(1, 400))])
    assert reports["BibUnresolvedCrossRefReport"] == ["2201\t1520000001", ""]
