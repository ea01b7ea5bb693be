"""A stream goes out unattended only while two people's signatures stand for its settings and its usual size."""

from __future__ import annotations

from pathlib import Path

import pytest

from oclc_console.errors import CallError, Refused
from oclc_console.operations.approvals import approval_of, approvals, approve, require_approved, revoke
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.operations.stage import TOML, carry_out, trusted, workspace_in, write

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


def test_one_signature_is_not_enough_and_the_same_login_cannot_give_the_second(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    assert approval_of(workspace, "1000002").approval.state == "none"
    assert approve(workspace, "1000002").approval.state == "one signature"
    with pytest.raises(Refused, match="a second person"):
        approve(workspace, "trusted", "ZAA")
    with pytest.raises(Refused, match="signed by jdoe"):
        require_approved(workspace, workspace.settings.symbol("ZAA"), read_outbox(workspace, "ZAA"))
    signed = approve(other(workspace), "1000002")
    assert signed.approval.stands and signed.approval.usual == 4
    assert [each.by for each in signed.approval.signed] == ["jdoe", "lts"]
    told = require_approved(workspace, workspace.settings.symbol("ZAA"), read_outbox(workspace, "ZAA"))
    assert told == ("Trusted (1000002) signed by jdoe and lts for 4 records a run",)
    with pytest.raises(CallError, match="nothing to sign"):
        approve(workspace, "1000002")


def test_who_says_another_usual_number_has_not_signed_for_the_first_ones(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    approve(workspace, "1000002", usual=10)
    assert approve(other(workspace), "1000002", usual=20).approval.state == "one signature"
    assert approve(workspace, "1000002").approval.usual == 20


def test_it_lapses_when_the_streams_settings_change_and_not_when_anothers_do(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    for person in (workspace, other(workspace)):
        approve(person, "1000002")
    settings = workspace.root / "console.toml"
    text = settings.read_text()
    settings.write_text(text.replace('keep = { any = ["@archival"] }', 'keep = { any = ["@archival", "@no_worldcat"] }'))
    assert approval_of(Workspace(workspace.root, "jdoe"), "1000002").approval.stands
    settings.write_text(text.replace('none = ["@archival"] }', 'none = ["@archival", "880"] }'))
    changed = Workspace(workspace.root, "jdoe")
    assert approval_of(changed, "1000002").approval.state == "lapsed"
    with pytest.raises(Refused, match="has changed this stream since"):
        require_approved(changed, changed.settings.symbol("ZAA"), read_outbox(changed, "ZAA"))
    settings.write_text(text)
    back = approval_of(Workspace(workspace.root, "jdoe"), "1000002").approval
    assert back.state == "lapsed", "a run found it lapsed: it does not come back by itself"


def test_it_lapses_when_far_more_records_wait_than_were_signed_for(tmp_path: Path) -> None:
    workspace = waiting(tmp_path, 4)
    for person in (workspace, other(workspace)):
        approve(person, "1000002")
    waiting(tmp_path, 4, "b.mrc", 10)
    assert approval_of(workspace, "1000002").approval.stands
    waiting(tmp_path, 1, "c.mrc", 20)
    lapsed = approval_of(workspace, "1000002").approval
    assert lapsed.state == "lapsed" and "9 records wait, more than 2 times the 4" in lapsed.words


def test_one_person_can_revoke_it_with_a_reason_and_the_log_keeps_all(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    for person in (workspace, other(workspace)):
        approve(person, "1000002")
    with pytest.raises(CallError, match="needs a reason"):
        revoke(workspace, "1000002", " ")
    revoked = revoke(workspace, "1000002", "the vendor's file looks odd").approval
    assert revoked.state == "revoked" and "the vendor's file looks odd" in revoked.words
    assert [line.act for line in log.read(workspace)] == ["approval.signed", "approval.signed", "approval.revoked"]
    assert approve(workspace, "1000002").approval.state == "one signature"


def test_every_stream_the_console_delivers_is_listed_with_what_waits(tmp_path: Path) -> None:
    workspace = waiting(tmp_path)
    listed = approvals(workspace)
    assert [(each.collection, each.waiting) for each in listed] == [("1000001", 0), ("1000002", 4), ("1000003", 0)]
    with pytest.raises(CallError, match="nobody knows how many"):
        approve(workspace, "1000001")
    with pytest.raises(CallError, match="no stream has the collection id 1"):
        approve(workspace, "1")
