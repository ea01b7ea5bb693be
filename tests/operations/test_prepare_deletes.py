"""Alma's `_delete` files: what is gone goes to OCLC once a holding, and only what the ledger knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from oclc_console.errors import CallError
from oclc_console.marc.source import scan
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.store.events import Note, SetAside
from oclc_console.workspace import Workspace
from tests.operations.stage import LEADER, TOML, carry_out, holding, ledger, trusted, workspace_in, write

DELETED = LEADER[:5] + b"d" + LEADER[6:]
WITH_DELETES = TOML.replace("[symbols.ZOLD]", """[[symbols.ZAA.streams]]
name = "Withdrawn"
word = "deletes"
collection = "1000009"
kind = "delete"
[symbols.ZOLD]""")
NAME = "zaa_28150407720009999_delete.mrc"


def gone(number: int, leader: bytes = DELETED) -> bytes:
    """A record as a `_delete` file has it: the whole last bib, without its holdings."""
    return holding(number, leader=leader, without=[b"852"])


def known(tmp_path: Path) -> Workspace:
    """A workspace whose ledger knows records 1 and 2, the first with two holdings."""
    workspace = workspace_in(tmp_path, WITH_DELETES)
    twin = holding(1).replace(b"2200000000019999", b"2299999999999999").replace(b"MED", b"LAM")
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "all_new.mrc", trusted(1), twin, holding(2))]))
    return workspace


def test_a_deleted_record_goes_out_once_for_each_holding_that_the_ledger_knows(tmp_path: Path) -> None:
    workspace = known(tmp_path)
    result, events = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / NAME, gone(1), gone(2))]))
    (file,) = result["files"]
    assert (file["stream"], file["collection"], file["records"], result["routed"]) == ("deletes", "1000009", 3, 3)
    (ready,) = (ready for ready in read_outbox(workspace, "ZAA") if ready.name == file["name"])
    sent = [scanned.record for scanned in scan(ready.path) if scanned.record]
    assert sorted(record.first(b"852") or b"" for record in sent) == [
        b"  \x1fbLAM\x1f82299999999999999", b"  \x1fbMED\x1f82200000000019999", b"  \x1fbMED\x1f82200000000029999"]
    assert {record.leader[5:6] for record in sent} == {b"d"}
    assert any(isinstance(event, Note) and "2 deleted records stand for 3 holdings" in event.text for event in events)


def test_what_the_ledger_does_not_know_is_set_aside_and_listed_and_never_guessed(tmp_path: Path) -> None:
    workspace = known(tmp_path)
    result, events = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / NAME, gone(7), gone(2))]))
    assert (result["in_set"], result["routed"], result["quarantined"]) == (2, 1, 1)
    (aside,) = (event for event in events if isinstance(event, SetAside))
    assert (aside.rule, aside.first_number) == ("delete-unknown", 1)
    (listing,) = (workspace.root / "quarantine" / "ZAA").glob("*.csv")
    assert "9900000000079999" in listing.read_text()
    (kept,) = (workspace.root / "quarantine" / "ZAA").glob("*.mrc")
    assert kept.read_bytes() == gone(7)


def test_a_record_in_a_delete_file_that_is_not_deleted_is_set_aside(tmp_path: Path) -> None:
    workspace = known(tmp_path)
    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / NAME, gone(1, leader=LEADER), gone(2))]))
    assert (result["routed"], result["quarantined"]) == (1, 1)
    assert "quarantined:delete-file-status" in [row["fate"] for row in ledger(workspace, "ZAA")]


def test_a_deletion_is_never_excluded_although_its_last_bib_was_marked(tmp_path: Path) -> None:
    workspace = known(tmp_path)
    marked = holding(2, (b"914", b"  \x1faNO-WORLDCAT"), leader=DELETED, without=[b"852"])
    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / NAME, marked)]))
    assert (result["routed"], result["excluded"]) == (1, {})


def test_other_files_never_go_to_the_delete_stream_by_themselves(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, WITH_DELETES)
    source = write(tmp_path / "a.mrc", holding(1, leader=DELETED), trusted(2))
    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [source]))
    assert {file["stream"] for file in result["files"]} == {"rest", "trusted"} and result["double"] == 0


def test_a_delete_file_is_refused_where_no_stream_is_for_it(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    with pytest.raises(CallError, match='kind = "delete"'):
        prepare(workspace, "ZAA", [write(tmp_path / NAME, gone(1))])


def test_almas_count_of_records_is_not_compared_with_holdings(tmp_path: Path) -> None:
    workspace = known(tmp_path)
    with pytest.raises(CallError, match="counted in holdings"):
        prepare(workspace, "ZAA", [write(tmp_path / NAME, gone(1))], set_count=1)
