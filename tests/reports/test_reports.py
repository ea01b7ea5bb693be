"""What the lines of a report say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.oclc.report_names import parse_report_name
from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING, ReportRow, read_report
from tests.reports.made_up import EPOCH, exceptions, key, name_of, processing


def rows_of(content: bytes, name: str = "") -> list[ReportRow]:
    return list(read_report(content, parse_report_name(name)).rows())


def row_of(line: str, name: str = "") -> ReportRow:
    (row,) = rows_of(line.encode() + b"\n", name)
    return row


def test_the_shape_of_the_rows_tells_the_report_whatever_its_name() -> None:
    assert read_report(processing(5)).type == PROCESSING
    assert read_report(exceptions(5)).type == EXCEPTIONS
    assert read_report(exceptions(5), parse_report_name(name_of(PROCESSING))).type == EXCEPTIONS
    assert read_report(processing(5), parse_report_name(name_of("BibCrossRefReport"))).type == PROCESSING


def test_a_row_of_a_processing_report_is_read_in_all_its_parts() -> None:
    row = row_of(f"{key(2548588)}|99110773983506421||1392646065|create")
    assert (row.line, row.status, row.why, row.key) == (1, "ok", "", key(2548588))
    assert (row.symbol, row.collection, row.epoch_ms, row.n) == ("ZUL", "1000081", EPOCH, 2548588)
    assert (row.lsn, row.ocn_in, row.ocn_out, row.outcome) == ("99110773983506421", None, 1392646065, "create")
    assert not row.staging and not row.is_rejection


def test_the_number_of_an_unresolved_row_is_known_to_be_provisional() -> None:
    row = row_of(f"{key(1)}|991|12|1520918931|unresolved")
    assert row.staging and row.is_rejection and row.ocn_out == 1520918931


@pytest.mark.parametrize("word, outcome", [(" Data Error ", "data error"), ("FIELD  TRANSFER", "field transfer"),
                                           ("Match", "match"), ("Set Aside ", "Set Aside"), ("LBD_CREATE", "LBD_CREATE")])
def test_known_words_are_normalised_and_any_other_word_is_kept(word: str, outcome: str) -> None:
    row = row_of(f"{key(1)}|991|||{word}")
    assert (row.status, row.outcome) == ("ok", outcome)


def test_a_data_error_with_no_local_number_is_kept() -> None:
    row = row_of(f"{key(5009621)}||||Data Error||invalid_characters_present")
    assert (row.status, row.lsn, row.ocn_in, row.ocn_out) == ("ok", None, None, None)
    assert (row.type, row.severity, row.text) == ("Data Error", "", "invalid_characters_present")
    assert row.record == key(5009621)


def test_a_text_that_holds_the_separator_stays_whole() -> None:
    row = row_of(f"{key(1)}|991|||Validation Error|MINOR|Invalid code | in [/red] 650.")
    assert (row.status, row.text) == ("ok", "Invalid code | in [/red] 650.")


@pytest.mark.parametrize("line, said", [
    (f"{key(1)}|991|1|1", "it has 4 columns where a BibProcessingReport has 5"),
    (f"{key(1)}|991|1|1|match|more", "it has 6 columns where a BibProcessingReport has 5"),
    ("ZUL_1000081|991|1|1|match", "it begins with 'ZUL_1000081', which is no record key"),
    ("no columns at all", "it has 1 column where a BibProcessingReport has 5"),
])
def test_a_line_that_cannot_be_read_is_refused_with_a_sentence_and_kept(line: str, said: str) -> None:
    row = rows_of(processing(2) + line.encode() + b"\n")[2]
    assert (row.status, row.raw, row.line, row.outcome) == ("refused", line, 3, None)
    assert row.why == f"line 3 could not be read: {said}; it is kept as it came"


def test_an_exception_line_with_too_few_columns_is_refused() -> None:
    rows = rows_of(exceptions(2) + f"{key(1)}|991|||Validation Error|MINOR\n".encode())
    assert [row.status for row in rows] == ["ok", "ok", "refused"]
    assert "6 columns where a BibExceptionReport has 7" in rows[2].why


def test_a_number_that_is_not_digits_keeps_its_row_and_is_told() -> None:
    row = row_of(f"{key(1)}|99110773983506421|60383335.0|ocm1|match")
    assert (row.status, row.ocn_in, row.ocn_out, row.lsn) == ("ok", None, None, "99110773983506421")
    assert "'60383335.0'" in row.why and "'ocm1'" in row.why


def test_windows_line_ends_a_byte_order_mark_and_an_empty_last_line_change_nothing() -> None:
    plain = [(row.lsn, row.outcome) for row in rows_of(processing(5))]
    windows = b"\xef\xbb\xbf" + processing(5).replace(b"\n", b"\r\n") + b"\r\n"
    assert [(r.lsn, r.outcome) for r in rows_of(windows)] == plain
    assert [(r.lsn, r.outcome) for r in rows_of(processing(5).replace(b"\n", b"\r"))] == plain
    assert [(r.lsn, r.outcome) for r in rows_of(processing(5).rstrip())] == plain


def test_blank_lines_are_no_rows_and_line_numbers_stay_those_of_the_file() -> None:
    first, second = processing(2).splitlines(keepends=True)
    rows = rows_of(b"\n" + first + b"  \n\n" + second)
    assert [(row.line, row.status) for row in rows] == [(2, "ok"), (5, "ok")]


def test_bytes_that_are_not_utf_8_stay_readable_in_their_row() -> None:
    (row,) = rows_of(f"{key(1)}|991|||Validation Error|MINOR|caf".encode() + b"\xe9.\n")
    assert (row.status, row.text) == ("ok", "caf\\xe9.")


def test_an_unknown_layout_is_counted_in_lines_and_never_read_as_outcomes() -> None:
    report = read_report(b"991\t12\n992\t13\n\n", parse_report_name(name_of("HoldingsProcessingReport")))
    assert (report.type, report.understood, report.lines) == ("HoldingsProcessingReport", False, 2)
    assert [(row.raw, row.status, row.outcome, row.lsn) for row in report.rows()] == [
        ("991\t12", "ok", None, None), ("992\t13", "ok", None, None)]
    assert read_report(b"something else\n").type == "unknown"


@pytest.mark.parametrize("name, kind, told", [
    (name_of("LbdProcessingReport"), "bib", "LbdProcessingReport"),
    (name_of(PROCESSING, folder="IN.LHR"), "bib", "BibProcessingReport (lhr)"),
    (name_of(PROCESSING), "delete", "BibProcessingReport (delete)"),
    ("", "delete", "BibProcessingReport (delete)"),
])
def test_lbd_lhr_and_delete_reports_are_never_read_as_outcomes(name: str, kind: str, told: str) -> None:
    report = read_report(processing(20), parse_report_name(name), kind)
    assert (report.type, report.understood) == (told, False)
    assert {row.outcome for row in report.rows()} == {None}


def test_a_processing_report_no_line_of_which_fits_is_refused_line_by_line() -> None:
    rows = rows_of(b"991\t12\n992\t13\n", name_of(PROCESSING))
    assert [row.status for row in rows] == ["refused", "refused"]


def test_lines_of_an_older_job_do_not_decide_whose_report_it_is() -> None:
    old = f"{key(1, symbol='OLD', epoch=EPOCH + 5)}|991|||Validation Error|MINOR|x\n".encode()
    report = read_report(old + exceptions(3))
    assert (report.symbol, report.collection, report.epoch_ms) == ("ZUL", "1000081", EPOCH)
    assert report.received is not None and report.received.isoformat() == "2020-11-03T08:12:00.123000+00:00"


@pytest.mark.parametrize("part, count, outcomes", [
    ("complete", 1626, {"match": 1610, "create": 8, "field transfer": 5, "replace": 3}),
    ("T091924073", 54, {"match": 46, "create": 4, "unresolved": 2, "field transfer": 1, "replace": 1}),
    ("T091935658", 13, {"match": 10, "unresolved": 1, "field transfer": 1, "replace": 1}),
])
def test_every_line_of_the_real_processing_reports_is_read(
    real: Path, part: str, count: int, outcomes: dict[str, int]
) -> None:
    (path,) = real.glob(f"*{part}*.txt")
    rows = rows_of(path.read_bytes(), path.name)
    assert len(rows) == count and {row.status for row in rows} == {"ok"} and {row.why for row in rows} == {""}
    assert Counter(row.outcome for row in rows) == outcomes
    assert "\n".join(row.raw for row in rows).encode() + b"\n" == path.read_bytes()


def test_every_line_of_the_real_exception_report_is_read(real: Path) -> None:
    (path,) = real.glob("*T115732756*.txt")
    rows = rows_of(path.read_bytes(), path.name)
    assert len(rows) == 57
    assert Counter(row.severity for row in rows if row.severity) == {"MINOR": 40, "SEVERE": 9, "CRITICAL": 5}
    assert Counter((row.type, row.lsn is None) for row in rows if not row.severity) == {
        ("Data Error", True): 2, ("Processing Error", False): 1}


def lines_in(content: bytes) -> list[bytes]:
    """The lines that aren't blank, told apart without the reader's help."""
    end = b"\n" if b"\n" in content else b"\r"
    return [line for line in content.removeprefix(b"\xef\xbb\xbf").split(end) if line.strip()]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A report with some of its bytes cut out, doubled or overwritten."""
    content = bytearray(draw(st.sampled_from([processing(12), exceptions(9), b"991\t12\n992\t13\n", b""])))
    for _ in range(draw(st.integers(0, 8))):
        at, length = draw(st.integers(0, len(content))), draw(st.integers(0, 40))
        content[at : at + length] = draw(st.one_of(
            st.binary(max_size=20),
            st.sampled_from([b"|", b"\n", b"\r", b"\r\n", b"\x00", b"\xff\xfe", b"||||", b"::bib::"]),
        ))
    return bytes(content)


@given(mutated(), st.sampled_from(["", name_of(PROCESSING), name_of(EXCEPTIONS), name_of("LbdExceptionReport")]),
       st.sampled_from(["bib", "lhr", "delete"]))
def test_whatever_happens_to_a_report_every_line_is_a_row_or_refused(content: bytes, name: str, kind: str) -> None:
    report = read_report(content, parse_report_name(name), kind)
    rows = list(report.rows())
    ok, refused = (sum(row.status == status for row in rows) for status in ("ok", "refused"))
    assert ok + refused == len(lines_in(content)) == report.lines
    assert all(row.raw.encode() == line.rstrip(b"\r") for row, line in zip(rows, lines_in(content), strict=True)
               if line.isascii())
    assert all(isinstance(row.lsn, str | None) and isinstance(row.ocn_out, int | None) for row in rows)
    assert all(row.why for row in rows if row.status == "refused")
