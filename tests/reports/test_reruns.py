"""A rerun supersedes record by record and says so; rows of an older job inside a newer report are told apart."""

from __future__ import annotations

from pathlib import Path

import duckdb

from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING
from oclc_console.operations.import_reports import file_report, reports_table
from oclc_console.store.events import ReportFiled
from oclc_console.store.rejections import open_exceptions
from oclc_console.store.report_rows import rows_path
from oclc_console.workspace import Workspace
from tests.reports.made_up import EPOCH, ORIGINAL, key, name_of, processing, run_import, write

HOUR = 3_600_000
LATER = name_of(PROCESSING, time="041200123")


def filed(workspace: Workspace, name: str, content: bytes) -> ReportFiled:
    event = file_report(workspace, name, content)
    assert isinstance(event, ReportFiled), event
    return event


def test_a_rerun_says_how_many_records_it_answers_again_and_where_they_were_answered(
    workspace: Workspace, tmp_path: Path
) -> None:
    first, second = name_of(PROCESSING), LATER
    third = name_of(PROCESSING, time="051200123")
    files, _ = run_import(workspace, write(tmp_path, first, processing(100)),
                          write(tmp_path, second, processing(40, EPOCH + HOUR)),
                          write(tmp_path, third, processing(60, EPOCH + 2 * HOUR)))
    assert [(file["superseded"], file["supersedes"]) for file in files] == [(0, []), (40, [first]), (60, [second, first])]
    event = file_report(workspace, third, processing(60, EPOCH + 2 * HOUR))
    assert isinstance(event, ReportFiled) and event.supersedes == [second, first], "told again when it is here already"


def test_the_words_of_a_rerun_say_so(workspace: Workspace) -> None:
    filed(workspace, name_of(PROCESSING), processing(5))
    event = filed(workspace, LATER, processing(3, EPOCH + HOUR))
    assert "3 of its records were answered before, this answer holds" in event.words


def test_before_2020_a_later_report_on_the_collection_answers_the_same_local_numbers_again(workspace: Workspace) -> None:
    names = [f"metacoll.ZUL.datasync.1000081.D2019050{day}.T230822.xrefrpt.txt" for day in (1, 2)]
    filed(workspace, names[0], b"99110773983506421\t12\n99110773983506422\t13\n")
    event = filed(workspace, names[1], b"99110773983506422\t14\n99110773983506423\t15\n")
    assert (event.superseded, event.supersedes) == (1, [names[0]])
    other = names[1].replace("1000081", "1000083")
    assert filed(workspace, other, b"99110773983506422\t14\n99110773983506429\t15\n").superseded == 0


def test_rows_about_another_upload_answer_no_record_of_this_one(workspace: Workspace) -> None:
    older = f"{key(1000, EPOCH - HOUR)}|99{1:010d}9999|1|1|match\n".encode()
    event = filed(workspace, name_of(PROCESSING), older + processing(10))
    (info,) = reports_table(workspace)
    assert (event.rows, event.other_job, info.epoch_ms) == (11, 1, EPOCH)
    assert (sum(info.outcomes.values()), info.ends, info.last_end) == (10, 10, 10_000)
    path = str(rows_path(workspace, "ZUL", name_of(PROCESSING)))
    rows = duckdb.connect().execute(f"SELECT line, original, other_job FROM '{path}' ORDER BY line").fetchall()
    assert rows[0] == (1, "", True) and set(rows[1:]) == {(line, ORIGINAL, False) for line in range(2, 12)}


def test_a_rerun_is_not_superseded_by_rows_that_are_about_another_upload(workspace: Workspace) -> None:
    filed(workspace, name_of(PROCESSING), processing(10))
    stray = f"{key(77_000, EPOCH - HOUR)}|9900000000019999|1|1|match\n".encode()
    event = filed(workspace, LATER, stray + f"{key(99_000, EPOCH + HOUR)}|9900000000999999|1|1|match\n".encode())
    assert (event.superseded, event.other_job) == (0, 1)


def test_a_complaint_about_another_upload_carries_its_own_date_and_no_false_file(workspace: Workspace) -> None:
    old = f"{key(5, EPOCH - HOUR)}|991|||Validation Error|SEVERE|x\n"
    filed(workspace, name_of(EXCEPTIONS), f"{old}{key(9)}|992|||Validation Error|SEVERE|y\n".encode())
    with open_exceptions(workspace, "ZUL", name_of(EXCEPTIONS)) as documents:
        assert [(each["lsn"], each["original"], each["received"]) for each in documents] == [
            ("991", "", "2020-11-03T07:12:00.123Z"), ("992", ORIGINAL, "2020-11-03T08:12:00.123Z")]


def test_the_real_report_with_a_row_of_an_older_job_says_so(workspace: Workspace, real: Path) -> None:
    (path,) = real.glob("*BibExceptionReport.txt")
    (told,), _ = run_import(workspace, path)
    assert (told["rows"], told["other_job"]) == (57, 1)
