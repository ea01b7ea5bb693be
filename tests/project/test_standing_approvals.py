"""A stream goes out unattended only while two people's signatures stand for its settings and its usual size."""

from __future__ import annotations

from pathlib import Path

import pytest

from oclc_console.errors import CallError, Refused
from oclc_console.operations.approvals import approval_of, approvals, approve, require_approved, withdraw_approval
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.operations.upload import upload
from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.operations.stage import TOML, carry_out, rehearsing, trusted, workspace_in, write

REHEARSAL = TOML.replace("[rules]", '[exchange]\nhost = "rehearsal"\n[rules]')


def waiting(tmp_path: Path, count: int = 4, name: str = "a.mrc", first: int = 0) -> Workspace:
    """A workspace in which so many records of the stream Trusted wait, seen by jdoe."""
    root = tmp_path / "workspace"
    workspace = Workspace(root, "jdoe") if root.exists() else Workspace(workspace_in(tmp_path, REHEARSAL).root, "jdoe")
    source = write(tmp_path / name, *(trusted(n) for n in range(first, first + count)))
    carry_out(workspace, prepare(workspace, "ZAA", [source]))
    return workspace


def other(workspace: Workspace) -> Workspace:
    """The same workspace, seen by somebody else."""
    return Workspace(workspace.root, "lts")


def require(workspace: Workspace) -> tuple[str, ...]:
    """Asks what an unattended run asks before it sends what waits."""
    return require_approved(workspace, workspace.settings.symbol("ZAA"), read_outbox(workspace, "ZAA"))


def test_incremental_runs_need_two_people_and_the_same_login_cannot_give_the_second_signature(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    assert approve(workspace, "1000002", run="incremental").state.stands is False
    with pytest.raises(Refused, match="jdoe has signed already"):
        approve(workspace, "trusted", "ZAA", run="incremental")
    signed = approve(other(workspace), "1000002", run="incremental").state
    assert signed.stands and [each.by for each in signed.signatures] == ["jdoe", "lts"]
    assert signed.signatures[0].usual_count == 4, "as many as the newest run had"


def test_an_unattended_full_run_goes_out_once_somebody_approved_it(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    with pytest.raises(Refused, match="nobody has approved full runs"):
        require(workspace)
    approve(workspace, "1000002")
    (told,) = require(workspace)
    assert told.startswith("Trusted (1000002): full runs of about 4 records approved by jdoe on ")


def test_once_a_collection_was_loaded_its_next_run_is_incremental_and_needs_two(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    approve(workspace, "1000002")
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA", unattended=True))
    waiting(tmp_path, 4, "b.mrc", 10)
    with pytest.raises(Refused, match="nobody has approved incremental runs"):
        require(workspace)
    for person in (workspace, other(workspace)):
        approve(person, "1000002")
    assert require(workspace)


def test_it_lapses_when_the_streams_settings_change_and_not_when_anothers_do(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    approve(workspace, "1000002")
    settings = workspace.root / "console.toml"
    text = settings.read_text()
    settings.write_text(text.replace('keep = { any = ["@archival"] }', 'keep = { any = ["@archival", "@no_worldcat"] }'))
    assert approval_of(Workspace(workspace.root, "jdoe"), "1000002").state.stands
    settings.write_text(text.replace('none = ["@archival"] }', 'none = ["@archival", "880"] }'))
    changed = Workspace(workspace.root, "jdoe")
    with pytest.raises(Refused, match="the stream's settings changed since jdoe signed"):
        require(changed)
    settings.write_text(text)
    back = approval_of(Workspace(workspace.root, "jdoe"), "1000002").state
    assert not back.stands, "a run found it lapsed: it does not come back by itself"


def test_it_lapses_when_far_more_records_wait_than_were_signed_for(tmp_path: Path) -> None:
    workspace = waiting(tmp_path, 4)
    approve(workspace, "1000002")
    waiting(tmp_path, 4, "b.mrc", 10)
    with pytest.raises(Refused, match="this run has 8 records where 4 are usual"):
        require(workspace)
    assert [line.act for line in log.read(workspace)] == ["approval.signed", "approval.lapsed"]


def test_one_person_can_withdraw_it_with_a_reason_and_the_log_keeps_all(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    approve(workspace, "1000002")
    with pytest.raises(CallError, match="needs a reason"):
        withdraw_approval(workspace, "1000002", " ")
    state = withdraw_approval(workspace, "1000002", "the vendor's file looks odd").state
    assert not state.stands and "the vendor's file looks odd" in state.words
    assert [line.act for line in log.read(workspace)] == ["approval.signed", "approval.withdrawn"]
    assert approve(workspace, "1000002").state.stands


def test_every_stream_the_console_delivers_is_listed_with_what_waits(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    listed = approvals(workspace)
    assert [(each.collection, each.waiting) for each in listed] == [("1000001", None), ("1000002", 4), ("1000003", None)]
    with pytest.raises(CallError, match="nobody knows how many"):
        approve(workspace, "1000001")
    with pytest.raises(CallError, match="no stream has the collection id 1"):
        approve(workspace, "1")
