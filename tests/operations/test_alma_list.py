"""One list for Alma: the MMS ids of records with the same fault, each once, told by the ledger for a holding's number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from oclc_console.errors import CallError
from oclc_console.operations.alma_list import alma_list, mms_ids
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.store.desk import Rejection
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace
from tests.operations.stage import archival, carry_out, ledger, trusted, workspace_in, write

NOBODY = Rejection(
    symbol="ZAA", key="", lsn="", record_key="", ocn_in=None, ocn_out=None, staging=False, worst="SEVERE", outcome="",
    library="", stream="", title="", upload="", end=None, report="", received="2020-11-03T00:00:00Z", group="sparse",
    appearances=1, lines=1, minor_only=False, located=False, state=State.OPEN, owner="", came_back=0, told_by="", notes=0)


def known_as(lsn: str) -> Rejection:
    """A rejection of a record with this local number."""
    return replace(NOBODY, key=lsn, lsn=lsn)


@pytest.fixture
def prepared(tmp_path: Path) -> Workspace:
    """A workspace whose ledger knows four holdings."""
    workspace = workspace_in(tmp_path)
    source = write(workspace.at("inbox", "ZAA") / "a.mrc", trusted(1), trusted(2), archival(3), archival(4))
    carry_out(workspace, prepare(workspace, "ZAA", [source]))
    return workspace


def test_holdings_become_their_bibs_and_mms_ids_stay_what_they_are(prepared: Workspace) -> None:
    found, without = mms_ids(prepared, [known_as("2200000000029999"), known_as("2200000000019999"), known_as("990123459999"),
                                        known_as("2200000000019999")])
    assert (found, without) == (["9900000000019999", "9900000000029999", "990123459999"], 0)


def test_a_record_without_a_local_number_is_found_by_its_place_in_the_upload(prepared: Workspace) -> None:
    row = next(row for row in ledger(prepared, "ZAA") if row["lsn"] == "2200000000039999")
    assert row["outbox"] in {file.name for file in read_outbox(prepared, "ZAA")}
    lost = replace(NOBODY, key="@x", upload=row["outbox"], end=row["end"])
    assert mms_ids(prepared, [lost, replace(lost, end=row["end"] + 1)]) == (["9900000000039999"], 1)


def test_the_list_has_the_one_column_alma_wants_and_says_who_is_not_in_it(prepared: Workspace) -> None:
    made = alma_list(prepared, [known_as("2200000000019999"), known_as("2200000000777777")], "$6 [and] 880: don't =lead")
    assert made.path.read_bytes() == b"MMS ID\r\n9900000000019999\r\n"
    assert (made.records, made.ids, made.without) == (2, 1, 1)
    assert made.path.parent == prepared.root / "exports" / "ZAA"
    assert made.path.name.endswith("Z-6-and-880-don-t-lead-mms-ids.txt")


def test_where_no_bib_is_known_nothing_is_written_and_it_says_what_to_do(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    with pytest.raises(CallError, match="no MMS id is known"):
        alma_list(workspace, [known_as("2200000000019999")], "sparse")
    assert not (workspace.root / "exports").exists()
