"""Nothing goes out while a condition of the upload's gate is red and nobody signed for it; an everyday set finds it open."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from oclc_console.errors import CallError, Refused
from oclc_console.operations.approvals import approve
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.operations.signing import gate, override
from oclc_console.operations.upload import upload
from oclc_console.project.gates import may_pass
from oclc_console.store import log
from oclc_console.store.events import GateChecked, Note
from oclc_console.store.runs import list_runs
from oclc_console.workspace import Workspace
from tests.operations.stage import TOML, carry_out, console, rehearsing, taken, trusted, workspace_in, write

REHEARSAL = TOML.replace("[rules]", '[exchange]\nhost = "rehearsal"\n[rules]')


def prepared(tmp_path: Path, *records: bytes, set_count: int | None = None) -> Workspace:
    """A rehearsal in which these records wait, seen by jdoe."""
    workspace = Workspace(workspace_in(tmp_path, REHEARSAL).root, "jdoe")
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *records)], set_count=set_count))
    return workspace


def checked(workspace: Workspace) -> GateChecked:
    """What the newest upload says of its gate."""
    events = [each.event for each in list_runs(workspace, "upload")[-1].events]
    assert isinstance(events[0], GateChecked)
    return events[0]


def test_an_everyday_set_finds_every_condition_met_and_the_run_says_what_was_checked(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, trusted(1), trusted(2))
    assert may_pass(gate(workspace, "upload", "ZAA"))
    with rehearsing(workspace) as folder:
        carry_out(workspace, upload(workspace, "ZAA"))
        assert len(taken(folder)) == 1
    said = checked(workspace)
    assert said.opened and {one["state"] for one in said.conditions} <= {"green", "not applicable"}
    assert said.effect.startswith("sends 1 file with 2 records")
    assert "gate upload open: 6 green, 1 not applicable" in said.words


def test_a_red_condition_that_nobody_signed_for_ends_the_upload_with_4_before_anything_is_sent(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, trusted(1), trusted(1))
    with rehearsing(workspace) as folder:
        done = console(workspace, "upload", "ZAA", "--json")
        assert done.returncode == 4 and taken(folder) == {}
    assert "2 local numbers twice" in done.stderr and "--override duplicate-lsns" in done.stderr
    assert orjson.loads(done.stdout)["files"][0]["state"] == "waiting"
    said = checked(workspace)
    assert not said.opened and "red: duplicate-lsns (2 local numbers twice)" in said.words
    assert list_runs(workspace, "upload")[-1].state == "refused"


def test_signed_for_with_a_reason_it_goes_out_and_the_log_has_the_reason(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, trusted(1), trusted(1))
    with pytest.raises(CallError, match="needs a reason"):
        override(workspace, "upload", "ZAA", "duplicate-lsns", "  ")
    override(workspace, "upload", "ZAA", "duplicate-lsns", "one holding on two bibs, mended next month")
    with rehearsing(workspace) as folder:
        carry_out(workspace, upload(workspace, "ZAA"))
        assert len(taken(folder)) == 1
    (state,) = [one["state"] for one in checked(workspace).conditions if one["id"] == "duplicate-lsns"]
    assert state == "overridden"
    assert log.read(workspace)[-1].data["reason"] == "one holding on two bibs, mended next month"


def test_a_reason_given_for_one_set_does_not_open_the_gate_for_another(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, trusted(1), trusted(1))
    override(workspace, "upload", "ZAA", "duplicate-lsns", "these two are known")
    source = write(tmp_path / "b.mrc", *(trusted(n) for n in (5, 5, 6, 6)))
    carry_out(workspace, prepare(workspace, "ZAA", [source]))
    state = gate(workspace, "upload", "ZAA")
    assert [one.id for one in state.red] == ["duplicate-lsns"] and "had signed" in state.red[0].words
    with pytest.raises(Refused, match="local numbers twice"):
        carry_out(workspace, upload(workspace, "ZAA"))


def test_a_set_that_is_not_as_big_as_almas_is_not_sent_by_itself(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, trusted(1), set_count=3)
    with pytest.raises(Refused, match="Alma counted 3, the files hold 1: 2 missing"):
        carry_out(workspace, upload(workspace, "ZAA"))


def test_what_was_entered_of_an_earlier_export_says_nothing_of_the_files_that_wait(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, trusted(1))
    log.append(workspace, "evidence.entered", "ZAA", key="set_count", value=742_905, source="Alma", day="2020-06-08", note="")
    assert may_pass(gate(workspace, "upload", "ZAA"))


@pytest.mark.slow
def test_an_unattended_upload_needs_every_stream_with_files_due_approved(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, trusted(1), trusted(2))
    with rehearsing(workspace) as folder:
        refused = console(workspace, "upload", "ZAA", "--unattended")
        assert refused.returncode == 4 and taken(folder) == {}
        assert "Trusted (1000002): nobody has approved full runs" in refused.stderr
        approve(workspace, "1000002")
        done = console(workspace, "upload", "ZAA", "--unattended")
        assert done.returncode == 0, done.stderr
        assert len(taken(folder)) == 1
    notes = [each.event.text for each in list_runs(workspace, "upload")[-1].events if isinstance(each.event, Note)]
    assert notes[0].startswith("unattended: Trusted (1000002): full runs of about 2 records approved by jdoe")
    with pytest.raises(CallError, match="a person's decision"):
        upload(workspace, "ZAA", again=read_outbox(workspace, "ZAA")[0].name, reason="x", unattended=True)


def test_an_upload_with_nothing_to_send_asks_no_gate(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    _, events = carry_out(workspace, upload(workspace, "ZAA"))
    assert not [event for event in events if isinstance(event, GateChecked)]
