"""At the end of an import the rejections are gathered, so that the workbench opens at once; whatever happens to that step, the
reports are filed, and the desk gathers behind what is missing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from oclc_console.files import locked
from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING
from oclc_console.operations.gather_filed import gather_filed
from oclc_console.operations.import_reports import file_report, import_reports
from oclc_console.store import gathering
from oclc_console.store.desk import Desk
from oclc_console.store.events import Ended, Event, Note, RejectionsGathered, ReportFiled
from oclc_console.store.gathered import gathered_path
from oclc_console.store.runs import run
from oclc_console.workspace import Workspace
from tests.reports.made_up import exceptions, name_of, processing, write


def imported(workspace: Workspace, *files: Path) -> list[Event]:
    """The events of an import."""
    return list(run(workspace, import_reports(workspace, files), threading.Event()))


def test_after_an_import_the_desk_has_nothing_to_gather(workspace: Workspace, tmp_path: Path) -> None:
    files = [write(tmp_path, name_of(PROCESSING), processing(20)), write(tmp_path, name_of(EXCEPTIONS), exceptions(20))]
    events = imported(workspace, *files)
    assert [type(event) for event in events] == [ReportFiled, ReportFiled, RejectionsGathered, Ended]
    with Desk.open(workspace) as desk:
        assert not desk.behind and len(desk.query()) > 0
        assert isinstance(events[2], RejectionsGathered) and events[2].records == sum(
            count.records for count in desk.counts("symbol"))
    assert [type(event) for event in imported(workspace, *files)] == [ReportFiled, ReportFiled, Ended], "nothing has changed"


def test_a_gather_that_was_killed_is_done_again_behind(workspace: Workspace, tmp_path: Path) -> None:
    imported(workspace, write(tmp_path, name_of(PROCESSING), processing(20)))
    path = gathered_path(workspace, "ZUL")
    path.unlink()
    path.with_name(f".{path.name}.1-1.tmp").write_bytes(b"half")
    with Desk.open(workspace) as desk:
        assert desk.behind and desk.catch_up() and not desk.behind and len(desk.query()) > 0


def test_what_goes_wrong_while_gathering_is_told_and_the_reports_are_filed(workspace: Workspace, tmp_path: Path) -> None:
    workspace.at("rejections", "ZUL")
    gathered_path(workspace, "ZUL").mkdir()
    *_, note, end = imported(workspace, write(tmp_path, name_of(PROCESSING), processing(20)))
    assert isinstance(note, Note) and "could not be gathered yet" in note.words
    assert isinstance(end, Ended) and end.state == "done"


def test_who_asks_to_stop_waits_for_no_process_that_gathers(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "_FEW_ROWS", 0)
    assert isinstance(file_report(workspace, name_of(PROCESSING), processing(20)), ReportFiled)
    stop = threading.Event()
    workspace.at("rejections", "ZUL")
    path = gathered_path(workspace, "ZUL")
    with locked(path.with_name(path.name + ".lock"), doing="gathering rejections"):  # so it can't come to an end
        threading.Timer(0.2, stop.set).start()
        assert list(gather_filed(workspace, ["ZUL"], stop)) == []
    assert not path.exists() and gathering.gather_aside(workspace, "ZUL", threading.Event()) and path.is_file()
