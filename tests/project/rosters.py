"""Surveys for the tests of the roster: a project with a symbol that goes away, and files as units send them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from oclc_console.workspace import Workspace
from tests.core.samples import workspace

TOML = """\
[institution]
name = "Example University Library"
suffix = "9999"
[exchange]
host = "rehearsal"
[people.jdoe]
name = "J. Doe"
roles = ["authorizations coordinator"]
[symbols.ZUL]
name = "University-wide"
disposition = "target"
libraries = ["NET", "ARC"]
[symbols.ZMD]
name = "Medical library"
libraries = ["MED"]
[symbols.ZHG]
name = "Rare books"
disposition = "retiring"
successor = "ZUL"
libraries = ["RBK", "THE"]
"""
HEADINGS = ("Name", "Unit", "Current symbol", "Target symbol", "Level", "Authorization number", "New authorization", "Status")
Row = Sequence[str | int | float]


def project_with_people(folder: Path, acting_as: str = "jdoe") -> Workspace:
    """A new workspace: ZUL stays, ZMD stays, ZHG goes away into ZUL."""
    return workspace(folder, TOML, acting_as)


def csv_survey(path: Path, *rows: Row, headings: Sequence[str] = HEADINGS) -> Path:
    """A survey as a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([headings, *rows])
    path.write_bytes(text.getvalue().encode())
    return path


def xlsx_survey(path: Path, *rows: Row, headings: Sequence[str] = HEADINGS, sheet: str = "Survey") -> Path:
    """A survey as an Excel workbook, its numbers as numbers."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate([headings, *rows]):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(number, column, value)
                else:
                    page.write_number(number, column, value)
    return path
