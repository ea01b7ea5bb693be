"""What console.toml says of words, types and columns that the console doesn't know: nothing is lost before it says so, and it
counts from the next import on."""

from __future__ import annotations

from pathlib import Path

import pytest

from oclc_console.errors import SettingsError
from oclc_console.oclc.reports import PROCESSING
from oclc_console.operations.import_reports import report_lines, reports_table
from oclc_console.settings_file import settings_of
from oclc_console.store.rejections import open_exceptions
from oclc_console.workspace import Workspace
from tests.reports.made_up import SETTINGS, key, name_of, run_import, write

HOLDINGS = name_of("HoldingsProcessingReport")


def saying(workspace: Workspace, toml: str) -> Workspace:
    """The workspace with this [reports] in its console.toml."""
    (workspace.root / "console.toml").write_text(SETTINGS + toml, encoding="utf-8")
    return Workspace(workspace.root)


def test_an_unknown_outcome_word_is_kept_until_console_toml_says_what_it_means(workspace: Workspace, tmp_path: Path) -> None:
    report = write(tmp_path, name_of(PROCESSING), f"{key(1)}|991|1|1|Holding  set\n{key(2)}|992|1|1|Odd\n".encode())
    run_import(workspace, report)
    assert reports_table(workspace)[0].outcomes == {"Holding  set": 1, "Odd": 1}
    workspace = saying(workspace, '[reports.outcomes]\n"holding set" = "match"\n')
    (told,), _ = run_import(workspace, report)
    assert not told["already"], "it is read again"
    (info,) = reports_table(workspace)
    assert (info.outcomes, info.documents) == ({"Odd": 1, "match": 1}, 1)
    assert run_import(workspace, report)[0][0]["already"], "and only once"


def test_an_unknown_type_is_kept_in_lines_until_console_toml_gives_it_a_layout(workspace: Workspace, tmp_path: Path) -> None:
    report = write(tmp_path, HOLDINGS, f"{key(1)}|991|1|1|match\n".encode())
    assert run_import(workspace, report)[1] == 1
    assert report_lines(workspace, "ZUL", HOLDINGS) == [f"{key(1)}|991|1|1|match"]
    workspace = saying(workspace, '[reports.types]\nHoldingsProcessingReport = "outcomes"\n')
    (told,), exit_code = run_import(workspace, report)
    assert (exit_code, told["type"], told["understood"]) == (0, "HoldingsProcessingReport", True)
    assert reports_table(workspace)[0].outcomes == {"match": 1}


def test_unknown_columns_are_refused_and_shown_until_console_toml_names_them(workspace: Workspace, tmp_path: Path) -> None:
    content = f"{key(1)}|991|1|1|match|new\n{key(2)}|992|1|1|match\n{key(3)}|993|1\n".encode()
    report = write(tmp_path, name_of(PROCESSING), content)
    (told,), _ = run_import(workspace, report)
    assert (told["rows"], told["refused"]) == (1, 2)
    workspace = saying(workspace, '[reports.columns]\nBibProcessingReport = '
                                  '["key", "lsn", "ocn sent", "ocn after", "outcome", "-"]\n')
    (told,), _ = run_import(workspace, report)
    assert (told["rows"], told["refused"]) == (2, 1), "the columns OCLC has always written are read as well"
    assert told["refused_lines"][0]["line"] == 3


def test_columns_in_another_order_and_with_tabs_are_read_as_console_toml_names_them(
    workspace: Workspace, tmp_path: Path
) -> None:
    name = name_of("LbdExceptionReport")
    report = write(tmp_path, name, f"Bad | one\t991\t{key(7)}\nshort\n".encode())
    workspace = saying(workspace, '[reports.columns]\nLbdExceptionReport = ["text", "lsn", "key"]\n')
    (told,), _ = run_import(workspace, report)
    assert (told["rows"], told["refused"], told["understood"]) == (1, 1, True)
    with open_exceptions(workspace, "ZUL", name) as documents:
        first = documents[0]
        assert (first["lsn"], first["n"], first["type"], first["text"]) == ("991", 7, "LbdExceptionReport", "Bad | one")


def test_what_was_filed_under_another_name_is_read_again_under_its_own(workspace: Workspace, tmp_path: Path) -> None:
    run_import(workspace, write(tmp_path, name_of(PROCESSING), f"{key(1)}|991|1|1|Odd\n".encode()))
    workspace = saying(workspace, '[reports.outcomes]\nOdd = "match"\n')
    (told,), _ = run_import(workspace, write(tmp_path, "copy.txt", f"{key(1)}|991|1|1|Odd\n".encode()))
    assert (told["file"], told["already"]) == ("copy.txt", False)
    assert [(info.name, info.outcomes) for info in reports_table(workspace)] == [(name_of(PROCESSING), {"match": 1})]


@pytest.mark.parametrize("toml, said", [
    ('[reports.outcomes]\nset = "matched"\n', "'matched' is no outcome; did you mean 'match'?"),
    ('[reports.outcomes]\nUnresolved = "match"\n', "has a meaning already"),
    ('[reports.types]\nX = "pipes"\n', "'pipes' is no layout"),
    ('[reports.columns]\nX = ["key", "ocn"]\n', "'ocn' is no column"),
    ('[reports.columns]\nX = ["text", "outcome"]\n', 'which record it is: "key" or "lsn"'),
    ('[reports.columns]\nX = ["key", "text", "text"]\n', "stands there twice"),
    ('[reports.words]\nX = "match"\n', "this key is not known"),
])
def test_a_mistake_in_what_it_says_is_told_with_its_key(tmp_path: Path, toml: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(SETTINGS + toml, tmp_path / "console.toml")
    assert said in str(raised.value) and "reports." in str(raised.value)
