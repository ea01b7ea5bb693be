"""Surveys as units send them: whatever the headings and the cells, every row comes in, and no password does."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oclc_console.errors import ConsoleError, InputError
from oclc_console.operations.survey_file import read_sheets
from oclc_console.project.survey import HEADINGS, Sheet, Survey, plain_heading, plain_number, read_survey
from tests.project.rosters import csv_survey, xlsx_survey


def survey_of(path: Path) -> Survey:
    """A file, read."""
    _, sheets = read_sheets(path)
    return read_survey(sheets, path.name)


def test_the_headings_of_different_units_mean_the_same() -> None:
    for words in ("Authorisation No.", "auth number", "OCLC Authorization Number", "Connexion login"):
        sheet = Sheet("", [["Cataloguer's name", words, "Cataloguer"], ["x", "100123456", "Jane Doe"]])
        (answer,) = read_survey([sheet], "f.csv").answers
        assert answer.fields == {"number": "100-123-456", "person": "Jane Doe"}
        assert answer.more == {"Cataloguer's name": "x"}


def test_every_known_heading_is_written_as_headings_are_compared() -> None:
    every = [heading for headings in HEADINGS.values() for heading in headings]
    assert every == [plain_heading(heading) for heading in every]
    assert len(every) == len(set(every))


@pytest.mark.parametrize("typed", ["100123456", "100-123-456", "100 123 456", "100.123.456", " 100-123456 ", "100123456.0"])
def test_an_authorization_number_is_one_however_it_was_typed(typed: str) -> None:
    assert plain_number(typed) == "100-123-456"


@pytest.mark.parametrize("typed", ["200123456", "10012345", "1001234567", "100-123-45x", "see Jane", "١٠٠123456"])
def test_what_is_no_authorization_number_stays_as_it_is(typed: str) -> None:
    assert plain_number(typed) == typed


def test_first_and_last_names_become_one_name_and_titles_above_the_headings_are_told(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("Survey of the law library\n\nLast name;First name;Symbol\nDoe;Jane;zhg\n;;\nRoe;Max;zul\n")
    found = survey_of(path)
    assert [answer.fields for answer in found.answers] == [
        {"person": "Jane Doe", "symbol": "ZHG"}, {"person": "Max Roe", "symbol": "ZUL"}]
    assert (found.above, [answer.row for answer in found.answers]) == (1, [4, 6])


def test_unknown_columns_are_kept_counted_and_named(tmp_path: Path) -> None:
    path = csv_survey(tmp_path / "s.csv", ("Jane", "38", ""), ("Max", "", ""), headings=("Name", "Shoe size", "Hat"))
    found = survey_of(path)
    assert found.unknown == {"Shoe size": 1, "Hat": 0}
    assert [answer.more for answer in found.answers] == [{"Shoe size": "38"}, {}]


def test_the_numbers_of_a_workbook_are_read_as_text_with_all_their_digits(tmp_path: Path) -> None:
    path = xlsx_survey(tmp_path / "s.xlsx", ("Jane", 100123456, 12345678901234), headings=("Name", "Auth number", "Staff id"))
    (answer,) = survey_of(path).answers
    assert answer.fields["number"] == "100-123-456" and answer.more == {"Staff id": "12345678901234"}


def test_a_formula_of_a_workbook_is_not_run_and_is_read_as_its_last_value(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ("Name", "Number"))
        page.write_formula(1, 0, '="Jane "&"Doe"', None, "Jane Doe")
        page.write_string(1, 1, "=HYPERLINK(1)")
    (answer,) = survey_of(path).answers
    assert answer.fields == {"person": "Jane Doe", "number": "=HYPERLINK(1)"}


def test_a_sheet_that_is_no_list_is_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Read me").write_string(0, 0, "Please fill in the other sheet. Do not enter passwords!")
        page = book.add_worksheet("People")
        page.write_row(0, 0, ("Name", "Symbol"))
        page.write_row(1, 0, ("Jane", "ZUL"))
    found = survey_of(path)
    assert found.left_out == ("Read me",) and len(found.answers) == 1


@pytest.mark.parametrize("heading", ["Password", "Connexion passwords", "PASSWD", "pwd", "Kennwort", "Mot de passe",
                                     "Pass-phrase", "Contraseña", "Password (leave empty)"])
def test_a_sheet_with_a_column_for_passwords_is_refused_and_no_password_is_repeated(tmp_path: Path, heading: str) -> None:
    path = csv_survey(tmp_path / "s.csv", ("Jane", "hunter2"), headings=("Name", heading))
    with pytest.raises(InputError) as refused:
        survey_of(path)
    said = str(refused.value)
    assert heading in said and "nothing of this file was taken" in said and "hunter2" not in said


def test_a_cell_that_tells_a_password_is_refused_by_its_row(tmp_path: Path) -> None:
    rows = (("Jane", "forgot her password"), ("Max", "pwd: hunter2"))
    path = csv_survey(tmp_path / "s.csv", *rows, headings=("Name", "Note"))
    with pytest.raises(InputError, match="row 3 seems to hold a password") as refused:
        survey_of(path)
    assert "hunter2" not in str(refused.value)


def test_a_column_for_passwords_in_a_sheet_without_names_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("People")
        page.write_row(0, 0, ("Name", "Symbol"))
        book.add_worksheet("More").write_row(0, 0, ("Who knows", "Password"))
    with pytest.raises(InputError, match="sheet More: the column 'Password' is for passwords"):
        survey_of(path)


def test_a_file_without_a_heading_that_says_who_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = csv_survey(tmp_path / "s.csv", ("38", "red"), headings=("Shoe size", "Hat"))
    with pytest.raises(InputError, match="Name a column Name, Email or Authorization number"):
        survey_of(path)


@pytest.mark.parametrize(("content", "said"), [
    (b"PK\x03\x04 not a workbook at all", "no Excel workbook"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel file of the old kind"),
    (b"\xff\xfe\x00", "its letters can't be read"),
    (bytes(500), "it is no text"),
    (b"", "no row of headings"),
])
def test_a_file_that_is_no_survey_is_refused_in_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        survey_of(path)


def test_a_workbook_that_would_unfold_without_end_is_refused(tmp_path: Path) -> None:
    path, bomb = xlsx_survey(tmp_path / "s.xlsx", ("Jane", "ZUL"), headings=("Name", "Symbol")), tmp_path / "b.xlsx"
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(bomb, "w") as made:
        for name in good.namelist():
            text = good.read(name).decode()
            if name == "xl/sharedStrings.xml":
                text = text.replace("<sst", f'<!DOCTYPE sst [<!ENTITY l0 "ha">{laughs}]><sst').replace("Jane", "&l9;")
            made.writestr(name, text)
    with pytest.raises(InputError, match="declares entities"):
        survey_of(bomb)


def test_a_workbook_that_is_far_larger_unpacked_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", bytes(70_000_000))
    with pytest.raises(InputError, match="unpacked it would have 70 MB"):
        survey_of(path)


def test_rows_that_were_only_coloured_are_no_rows_and_too_many_people_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page, grey = book.add_worksheet(), book.add_format({"bg_color": "gray"})
        page.write_row(0, 0, ("Name", "Symbol"))
        page.write_row(1, 0, ("Jane", "ZUL"))
        for number in range(2, 12_000):
            page.write_blank(number, 0, None, grey)
    assert len(survey_of(path).answers) == 1
    (tmp_path / "s.csv").write_text("Name\n" + "Jane\n" * 10_001)
    with pytest.raises(InputError, match="more than 10,000 rows"):
        survey_of(tmp_path / "s.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_csv_file_is_read_in_the_letters_excel_writes(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes("Name\tUnit\r\nZoë Müller\tNET\r\n".encode(encoding))
    assert survey_of(path).answers[0].fields == {"person": "Zoë Müller", "unit": "NET"}


TEXT = st.text(max_size=30)
HEADING = st.one_of(TEXT, st.sampled_from([heading.title() for headings in HEADINGS.values() for heading in headings]))


@given(headings=st.lists(HEADING, max_size=8), rows=st.lists(st.lists(TEXT, max_size=10), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_whatever_stands_in_a_csv_survey_no_row_and_no_cell_is_lost(tmp_path: Path, headings: list[str],
                                                                    rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["Name", "Unit", *headings], *(["x", *row] for row in rows)])
    path = tmp_path / "s.csv"
    path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
    try:
        found = survey_of(path)
    except ConsoleError as error:
        assert error.then
        return
    assert len(found.answers) == len(rows)
    for row, answer in zip(rows, found.answers, strict=True):
        assert answer.fields or answer.more
        assert sum(bool(cell.strip()) for cell in row) + 1 <= len(answer.fields) + len(answer.more) + 1
        unnamed = [cell.strip() for cell, heading in zip(row[1:], headings, strict=False) if not plain_heading(heading)]
        assert all(cell in answer.more.values() for cell in unnamed if cell)


CELL = st.one_of(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
                         max_size=20), st.integers(-10**12, 10**12), st.floats(allow_nan=False, allow_infinity=False))


@given(headings=st.lists(HEADING, max_size=5), rows=st.lists(st.lists(CELL, max_size=7), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
def test_whatever_stands_in_a_workbook_no_row_is_lost(tmp_path: Path, headings: list[str],
                                                      rows: list[list[str | int | float]]) -> None:
    plain = [heading.encode("ascii", "ignore").decode() for heading in headings]
    path = xlsx_survey(tmp_path / "s.xlsx", *(["x", *row] for row in rows), headings=["Name", "Unit", *plain])
    try:
        found = survey_of(path)
    except ConsoleError as error:
        assert error.then
        return
    assert len(found.answers) == len(rows)


@given(content=st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_any_bytes_at_all_are_read_or_refused_in_our_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.any"
    path.write_bytes(content)
    try:
        survey_of(path)
    except ConsoleError as error:
        assert error.then


@given(at=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255), cut=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=150)
def test_a_damaged_workbook_is_read_or_refused_in_our_words(tmp_path: Path, at: float, flip: int, cut: bool) -> None:
    path = xlsx_survey(tmp_path / "s.xlsx", ("Jane", "ZUL"), headings=("Name", "Symbol"))
    content = bytearray(path.read_bytes())
    place = int(at * len(content))
    content[place] ^= flip
    path.write_bytes(content[:place] if cut else content)
    try:
        survey_of(path)
    except ConsoleError as error:
        assert error.then
