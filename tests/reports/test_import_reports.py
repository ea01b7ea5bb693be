"""Reports filed: where they go, what is counted, and what happens when something is odd."""

from __future__ import annotations

import io
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from oclc_console.errors import CallError, InputError
from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING
from oclc_console.operations.import_reports import (
    exceptions_of_record,
    file_report,
    import_reports,
    report_lines,
    reports_table,
)
from oclc_console.store import runs
from oclc_console.store.events import ReportFiled, ReportRefused
from oclc_console.store.rejections import UNREADABLE, exceptions_path, open_exceptions
from oclc_console.store.report_rows import info_path, kept_path, rows_path
from oclc_console.workspace import Workspace
from tests.reports.made_up import EPOCH, ORIGINAL, exceptions, key, name_of, processing, run_import, tree, write

WHY = "line 6 could not be read: it has 1 column where a BibProcessingReport has 5; it is kept as it came"


def filed(workspace: Workspace, name: str, content: bytes, symbol: str | None = None) -> ReportFiled:
    event = file_report(workspace, name, content, symbol)
    assert isinstance(event, ReportFiled), event
    return event


def refused(workspace: Workspace, name: str, content: bytes) -> str:
    event = file_report(workspace, name, content)
    assert isinstance(event, ReportRefused), event
    return event.reason


def contents(workspace: Workspace) -> dict[Path, bytes]:
    """Every file but the runs', byte for byte."""
    paths = (path for path in workspace.root.rglob("*") if workspace.runs not in path.parents)
    return {path: path.read_bytes() for path in paths if path.is_file()}


def test_the_real_reports_are_filed_with_every_line(workspace: Workspace, real: Path) -> None:
    paths = [*real.glob("*ProcessingReport*.txt"), *real.glob("*ExceptionReport.txt")]
    files, exit_code = run_import(workspace, *paths)
    assert exit_code == 0
    assert {file["file"].partition(".IN.BIB.D20230712.")[2][:10] or "complete": file["rows"] for file in files} == {
        "complete": 1626, "T091924073": 54, "T091935658": 13, "T115732756": 57}
    assert all((file["refused"], file["superseded"], file["already"]) == (0, 0, False) for file in files)
    for path in paths:
        (kept,) = (workspace.root / "reports").glob(f"*/{path.name}")
        assert kept.read_bytes() == path.read_bytes()
    cef = next(info for info in reports_table(workspace) if info.symbol == "CEF")
    assert cef.outcomes == {"match": 1610, "create": 8, "field transfer": 5, "replace": 3}
    exception = next(info for info in reports_table(workspace, "PUL") if info.type == EXCEPTIONS)
    assert exception.severities == {"MINOR": 40, "SEVERE": 9, "CRITICAL": 5}
    assert exception.exceptions == {"Validation Error": 54, "Data Error": 2, "Processing Error": 1}
    assert (exception.data_errors_without_lsn, exception.documents) == (2, 57)


def test_importing_the_real_reports_twice_changes_nothing(workspace: Workspace, real: Path) -> None:
    paths = [*real.glob("*Report*.txt"), *(real / "reconstructed").glob("*.txt")]
    first, exit_code = run_import(workspace, *paths)
    before = contents(workspace)
    second, _ = run_import(workspace, *paths)
    assert contents(workspace) == before
    assert second == [{**file, "already": True} for file in first]
    assert exit_code == 1  # layouts nobody has shown are among them


def test_every_line_stands_in_the_ledger_with_ids_as_text_and_numbers_as_whole_numbers(workspace: Workspace) -> None:
    broken = processing(30) + f"{key(31)}|991|1\n".encode()
    filed(workspace, name_of(PROCESSING), broken)
    path = str(rows_path(workspace, "ZUL", name_of(PROCESSING)))
    database = duckdb.connect()
    types = dict(database.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM '{path}')").fetchall())
    assert (types["lsn"], types["ocn_in"], types["ocn_out"], types["n"], types["line"]) == (
        "VARCHAR", "BIGINT", "BIGINT", "BIGINT", "BIGINT")
    rows = database.execute(f"SELECT raw, status, lsn, report, original FROM '{path}' ORDER BY line").fetchall()
    assert [row[0] for row in rows] == broken.decode().splitlines()
    assert [row[1] for row in rows] == ["ok"] * 30 + ["refused"]
    assert rows[0][2:] == ("9900000000019999", name_of(PROCESSING), ORIGINAL)


def test_a_refused_line_is_counted_and_told_by_the_exit_code(workspace: Workspace, tmp_path: Path) -> None:
    files, exit_code = run_import(workspace, write(tmp_path, name_of(PROCESSING), processing(5) + b"broken\n"))
    assert exit_code == 1
    assert files == [{"file": name_of(PROCESSING), "type": PROCESSING, "rows": 5, "refused": 1, "records": 5,
                      "superseded": 0, "already": False, "symbol": "ZUL", "refused_lines": [{"line": 6, "why": WHY}],
                      "headings": 0, "blank": 0, "other_job": 0, "supersedes": [], "understood": True}]


def test_the_first_refused_lines_are_told_again_when_the_report_is_here_already(workspace: Workspace) -> None:
    content = processing(5) + b"broken\n" * 7
    first = filed(workspace, name_of(PROCESSING), content)
    assert [refused["line"] for refused in first.refused_lines] == [6, 7, 8, 9, 10]
    assert first.refused_lines[0]["why"] == WHY and first.words.endswith(f"5 rows, 7 lines refused; {WHY}")
    again = filed(workspace, name_of(PROCESSING), content)
    assert again.already and again.refused_lines == first.refused_lines


def test_every_refused_line_of_a_processing_report_stands_among_its_exceptions(workspace: Workspace) -> None:
    filed(workspace, name_of(PROCESSING), b"broken\n" + processing(5) + b"a|b|c\n")
    with open_exceptions(workspace, "ZUL", name_of(PROCESSING)) as documents:
        assert [(document["line"], document["type"], document["raw"]) for document in documents] == [
            (1, UNREADABLE, "broken"), (7, UNREADABLE, "a|b|c")]
    assert [info.documents for info in reports_table(workspace)] == [2]


def test_a_row_without_a_word_for_its_outcome_has_a_name_and_says_what_is_wrong(workspace: Workspace) -> None:
    filed(workspace, name_of(PROCESSING), f"{key(1000)}|99|1|1|  \n".encode())
    (info,) = reports_table(workspace)
    assert info.outcomes == {"(blank)": 1} and info.rejected == 1
    with open_exceptions(workspace, "ZUL", name_of(PROCESSING)) as documents:
        assert [document["text"] for document in documents] == ["there is no word for the outcome"]


def test_rows_of_an_older_report_that_a_bad_disk_damaged_are_named_when_they_are_needed(workspace: Workspace) -> None:
    older = name_of(PROCESSING)
    filed(workspace, older, processing(5))
    rows_path(workspace, "ZUL", older).write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"rows of this report can't be read.*import .* again"):
        file_report(workspace, name_of(PROCESSING, time="041200123"), processing(5, EPOCH + 3_600_000))


def test_an_unknown_outcome_word_is_kept_counted_and_no_fault(workspace: Workspace, tmp_path: Path) -> None:
    content = f"{key(1)}|991|||Set Aside\n{key(2)}|992|1|1|match\n".encode()
    _, exit_code = run_import(workspace, write(tmp_path, name_of(PROCESSING), content))
    (info,) = reports_table(workspace)
    assert (exit_code, info.outcomes) == (0, {"Set Aside": 1, "match": 1})


def test_a_report_of_an_unknown_layout_is_kept_and_counted_in_lines(workspace: Workspace, tmp_path: Path) -> None:
    name = name_of("HoldingsProcessingReport")
    files, exit_code = run_import(workspace, write(tmp_path, name, b"991\t12\n992\t13\n"))
    (info,) = reports_table(workspace)
    assert (exit_code, files[0]["type"], files[0]["rows"]) == (1, "HoldingsProcessingReport", 2)
    assert (info.understood, info.outcomes, info.records, info.documents) == (False, {}, 0, 0)
    assert report_lines(workspace, "ZUL", name) == ["991\t12", "992\t13"]


def test_a_report_on_a_delete_collection_says_nothing_about_outcomes(workspace: Workspace) -> None:
    original = "1000082.zul.cancels.20201103.001.mrc"
    event = filed(workspace, name_of(PROCESSING, original=original), processing(5))
    (info,) = reports_table(workspace)
    assert (event.type, info.outcomes, info.rows) == ("BibProcessingReport (delete)", {}, 5)


def test_a_report_is_filed_under_the_symbol_whose_outbox_holds_the_file(workspace: Workspace) -> None:
    write(workspace.root / "outbox" / "ZMD", ORIGINAL, b"x")
    event = filed(workspace, name_of(PROCESSING), processing(3), "ZUL")
    assert event.symbol == "ZMD"
    assert kept_path(workspace, "ZMD", name_of(PROCESSING)).is_file()
    assert [info.symbol for info in reports_table(workspace, "ZMD")] == ["ZMD"]
    assert reports_table(workspace, "ZUL") == []


def test_without_an_outbox_the_given_symbol_then_the_name_then_the_rows_decide(workspace: Workspace) -> None:
    assert filed(workspace, name_of(PROCESSING), processing(3), "ZMD").symbol == "ZMD"
    assert filed(workspace, name_of(EXCEPTIONS), exceptions(3)).symbol == "ZUL"
    assert filed(workspace, "renamed.txt", f"{key(1, symbol='CEF')}|991|1|1|match\n".encode()).symbol == "CEF"
    assert filed(workspace, "dollar.txt", f"{key(1, symbol='LU$')}|991|1|1|match\n".encode()).symbol == "LU_36"
    assert filed(workspace, "nothing.txt", b"nothing known\n").symbol == "UNKNOWN"


def test_the_same_bytes_under_another_name_are_the_same_report(workspace: Workspace) -> None:
    first = filed(workspace, name_of(PROCESSING), processing(5))
    before = tree(workspace.root)
    again = filed(workspace, "mailed by a colleague.txt", processing(5))
    assert (again.already, again.name, again.rows, again.symbol) == (True, "mailed by a colleague.txt", 5, first.symbol)
    assert tree(workspace.root) == before


def test_two_cross_reference_reports_may_hold_the_same_bytes_and_are_two(workspace: Workspace) -> None:
    assert not filed(workspace, name_of("BibCrossRefReport"), b"991\t12\n").already
    assert not filed(workspace, name_of("BibCrossRefReport", time="041200123"), b"991\t12\n").already
    assert filed(workspace, "copy.txt", b"991\t12\n").already


def test_other_bytes_under_a_name_that_is_here_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    filed(workspace, name_of(PROCESSING), processing(5))
    before = tree(workspace.root)
    files, exit_code = run_import(workspace, write(tmp_path, name_of(PROCESSING), processing(6)))
    assert (exit_code, files[0]["type"]) == (1, "refused")
    assert "is here already and holds other bytes" in files[0]["reason"]
    assert "rename the new one and import it again" in files[0]["reason"]
    assert tree(workspace.root) == before


@pytest.mark.parametrize("name", [
    "../x.txt", "a/b.txt", ".hidden.txt", "a\\b.txt", "C:x.txt", "x.txt\n", "x\x1b[2J.txt", "", " x.txt",
    "bad\udcff.txt", "long" * 60 + ".txt", "reviews", "20201103T081200Z-prepare-ZUL",
])
def test_a_hostile_name_is_refused_with_a_sentence(workspace: Workspace, name: str) -> None:
    before = tree(workspace.root)
    assert "name" in refused(workspace, name, processing(2))
    assert tree(workspace.root) == before


def test_a_symbol_in_a_report_cannot_lead_out_of_the_workspace(workspace: Workspace) -> None:
    event = filed(workspace, "x.txt", f"{key(1, symbol='../../ZUL')}|991|1|1|match\n".encode())
    assert (event.symbol, event.refused, event.rows) == ("UNKNOWN", 0, 1)
    with pytest.raises(CallError, match="can't be a symbol"):
        file_report(workspace, "y.txt", processing(1), "../ZUL")
    assert report_lines(workspace, "UNKNOWN", "x.txt") == ["../../ZUL_1000081_1604391120123::bib::1|991|1|1|match"]


@pytest.mark.parametrize("content, said", [
    (b"", "it is empty"), (b"\n \r\n", "it is empty"), (b"00026nam a2200025   4500\x1e\x1d", "it holds MARC records"),
    (b"PK\x03\x04 torn", "the archive can't be read"),
])
def test_what_is_no_report_is_refused_with_what_to_do(workspace: Workspace, content: bytes, said: str) -> None:
    before = tree(workspace.root)
    assert said in refused(workspace, name_of(PROCESSING), content)
    assert tree(workspace.root) == before


def test_a_zipped_report_is_read_and_kept_zipped(workspace: Workspace) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.txt", processing(4))
    name = name_of(PROCESSING) + ".zip"
    event = filed(workspace, name, packed.getvalue())
    assert (event.type, event.rows) == (PROCESSING, 4)
    assert kept_path(workspace, "ZUL", name).read_bytes() == packed.getvalue()
    assert report_lines(workspace, "ZUL", name, 1, 2) == processing(4).decode().splitlines()[1:3]


def test_a_missing_file_or_a_folder_stops_an_import_before_it_begins(workspace: Workspace, tmp_path: Path) -> None:
    good = write(tmp_path, name_of(PROCESSING), processing(3))
    for bad in (tmp_path / "missing.txt", tmp_path):
        with pytest.raises(CallError) as raised:
            import_reports(workspace, [good, bad])
        assert str(bad) in str(raised.value)
    with pytest.raises(CallError):
        import_reports(workspace, [])
    assert reports_table(workspace) == [] and not list(workspace.runs.iterdir())


def test_a_rerun_supersedes_the_records_it_answers_again(workspace: Workspace) -> None:
    first, second = processing(100), processing(40, EPOCH + 3_600_000)
    assert filed(workspace, name_of(PROCESSING), first).superseded == 0
    event = filed(workspace, name_of(PROCESSING, time="041200123"), second)
    assert (event.superseded, event.records) == (40, 40)
    assert [info.epoch_ms for info in reports_table(workspace)] == [EPOCH + 3_600_000, EPOCH]


def test_an_older_report_that_comes_late_supersedes_nothing(workspace: Workspace) -> None:
    filed(workspace, name_of(PROCESSING, time="041200123"), processing(40, EPOCH + 3_600_000))
    assert filed(workspace, name_of(PROCESSING), processing(100)).superseded == 0


def test_reports_on_another_file_or_of_another_kind_are_not_superseded(workspace: Workspace) -> None:
    filed(workspace, name_of(PROCESSING), processing(40))
    other = name_of(PROCESSING, original=ORIGINAL.replace("001", "002"), time="041200123")
    assert filed(workspace, other, processing(40, EPOCH + 3_600_000)).superseded == 0
    assert filed(workspace, name_of(EXCEPTIONS, time="051200123"), exceptions(9)).superseded == 0


def test_what_was_lost_of_a_report_is_made_again_from_the_report(workspace: Workspace) -> None:
    name = name_of(PROCESSING)
    filed(workspace, name, processing(50))
    before = tree(workspace.root)
    for lost in (place(workspace, "ZUL", name) for place in (rows_path, info_path, exceptions_path)):
        lost.unlink()
        assert filed(workspace, name, processing(50)).rows == 50
        assert tree(workspace.root) == before


def test_a_report_put_into_the_reports_folder_by_hand_counts_once_it_is_imported(workspace: Workspace) -> None:
    path = write(workspace.root / "reports" / "ZUL", name_of(PROCESSING), processing(5))
    assert reports_table(workspace) == []
    run_import(workspace, path)
    assert [info.rows for info in reports_table(workspace)] == [5]


def test_an_import_that_is_stopped_keeps_what_it_has_filed(workspace: Workspace, tmp_path: Path) -> None:
    files = [write(tmp_path, name_of(word), content) for word, content in
             [(PROCESSING, processing(3)), (EXCEPTIONS, exceptions(3))]]
    stop = threading.Event()
    for _ in runs.run(workspace, import_reports(workspace, files), stop):
        stop.set()
    assert [info.type for info in reports_table(workspace)] == [PROCESSING]
    assert run_import(workspace, *files)[1] == 0
    assert len(reports_table(workspace)) == 2


def test_everything_about_one_record_is_found_by_its_number_and_by_its_key(workspace: Workspace) -> None:
    filed(workspace, name_of(PROCESSING), processing(100))
    filed(workspace, name_of(EXCEPTIONS), exceptions(60))
    by_number = exceptions_of_record(workspace, "ZUL", "9900000000109999")
    assert sorted((each["type"], each["severity"]) for each in by_number) == [
        ("Outcome", ""), *(("Validation Error", severity) for severity in ("CRITICAL", "MINOR", "SEVERE"))]
    nameless = exceptions_of_record(workspace, None, key(33_000))
    assert [(each["type"], each["text"], each["lsn"]) for each in nameless] == [("Outcome", "data error", None)]
    assert exceptions_of_record(workspace, "ZUL", "99") == []


def test_a_page_of_raw_lines_and_an_unknown_report(workspace: Workspace) -> None:
    filed(workspace, name_of(PROCESSING), processing(100))
    assert report_lines(workspace, "zul", name_of(PROCESSING), 98, 50) == processing(100).decode().splitlines()[98:]
    with pytest.raises(CallError, match="ZUL has no report of this name"):
        report_lines(workspace, "ZUL", "../../console.toml")


def test_listing_reports_and_exceptions_loads_no_query_engine(workspace: Workspace) -> None:
    import subprocess

    filed(workspace, name_of(EXCEPTIONS), exceptions(5))
    code = ("import sys; from pathlib import Path; from oclc_console.workspace import Workspace; "
            "from oclc_console.operations.import_reports import reports_table; "
            "from oclc_console.store.rejections import all_exceptions; w = Workspace(Path(sys.argv[1])); "
            "assert len(reports_table(w)) == 1 and len(all_exceptions(w).page(0, 50)) == 5; "
            "print(sorted({'duckdb', 'pyarrow', 'tinydb', 'paramiko', 'pymarc'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code, str(workspace.root)], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "[]"


def test_a_report_says_whence_and_when_it_came(workspace: Workspace) -> None:
    filed(workspace, name_of(PROCESSING), processing(5))
    (info,) = reports_table(workspace)
    facts: dict[str, Any] = {
        "sender": "ZUL", "collection": "1000081", "original": ORIGINAL, "epoch_ms": EPOCH,
        "received": "2020-11-03T08:12:00.123Z", "filed_by": workspace.actor, "bytes": len(processing(5)),
    }
    assert {name: getattr(info, name) for name in facts} == facts
