"""`_delete` files: their records have no holdings of their own, so the ledger says which ones are meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow

from oclc_console.alma.deletes import Holding, completed, holdings_of_deleted, wanted_mms
from oclc_console.marc.source import Scanned, judge
from oclc_console.store.ledger import LedgerWriter, holdings_by_mms, ledger_schema, run_ledgers
from oclc_console.workspace import Workspace
from tests.core.samples import marc, workspace

DELETED = b"00000dam a2200000 a 4500"
MMS = "991234567890009999"


def record(mms: str, leader: bytes = DELETED) -> Scanned:
    return judge(1, 0, marc([("001", mms.encode()), ("245", b"10\x1faA title")], leader))


def row(mms: str | None, lsn: str | None, library: str | None, fate: str = "stream") -> dict[str, Any]:
    return {"source": "a.mrc", "number": 1, "offset": 0, "length": 100, "mms": mms, "lsn": lsn, "library": library,
            "status": "c", "fate": fate, "sha256": bytes(32)}


def ledger(work: Workspace, run: str, *rows: dict[str, Any], symbol: str = "ZMD") -> None:
    writer = LedgerWriter(work.at("ledger", symbol) / f"{run}.parquet")
    writer.add(pyarrow.Table.from_pylist(rows, schema=ledger_schema()))
    writer.close()


def test_a_deleted_record_stands_for_every_holding_the_ledger_knows_of_it() -> None:
    (found,) = holdings_of_deleted([record(MMS)], {MMS: [("221", "NET"), ("222", None), ("221", "NET")]})
    assert (found.mms, found.holdings, found.finding) == (MMS, (("221", "NET"), ("222", None)), None)


def test_a_deleted_record_the_ledger_does_not_know_is_set_aside_and_never_guessed() -> None:
    knowns: list[dict[str, list[Holding]]] = [{}, {MMS: []}, {"99": [("221", "NET")]}]
    for known in knowns:
        (found,) = holdings_of_deleted([record(MMS)], known)
        assert found.holdings == () and found.finding is not None
        assert (found.finding.rule, found.finding.fatal) == ("delete-unknown", True) and MMS in found.finding.detail


def test_a_record_in_a_delete_file_that_says_it_is_not_deleted_is_set_aside() -> None:
    (found,) = holdings_of_deleted([record(MMS, b"00000cam a2200000 a 4500")], {MMS: [("221", "NET")]})
    assert found.holdings == () and found.finding is not None
    assert (found.finding.rule, found.finding.fatal) == ("delete-file-status", True) and "'c'" in found.finding.detail


def test_a_deleted_record_without_an_001_or_without_structure_is_set_aside() -> None:
    nameless = judge(1, 0, marc([("245", b"10\x1faA title")], DELETED))
    broken = judge(2, 0, b"00020nam a2200000 a\x1d")
    found = holdings_of_deleted([nameless, broken, record(MMS)], {MMS: [("221", "NET")]})
    assert [each.finding.rule if each.finding else "" for each in found] == ["missing-001", "short", ""]
    assert wanted_mms([nameless, broken, record(MMS), record(MMS)]) == [MMS]


def test_the_ledger_answers_with_what_the_newest_run_that_knew_the_record_said(tmp_path: Path) -> None:
    work = workspace(tmp_path / "w")
    ledger(work, "20260101T000000Z-prepare-ZMD", row("991", "221", "NET"), row("991", "222", "ARC"), row("992", "223", "NET"))
    ledger(work, "20260201T000000Z-prepare-ZMD", row("991", "229", "NET"), row("991", "229", "NET"))
    ledger(work, "20260201T000000Z-prepare-ZMD-02", row("991", "221", None), row("993", None, None, "quarantined:x"))
    ledger(work, "20270101T000000Z-prepare-ZUL", row("991", "666", "NET"), symbol="ZUL")
    (work.at("ledger", "ZMD") / "zmd.20270101.report.parquet").write_bytes(b"not a ledger")
    known = holdings_by_mms(run_ledgers(work, "ZMD"), ["991", "992", "993", "994"])
    assert known == {"991": [("221", None)], "992": [("223", "NET")]}


def test_a_run_that_set_the_deletion_aside_does_not_hide_what_is_known_of_the_record(tmp_path: Path) -> None:
    work = workspace(tmp_path / "w")
    ledger(work, "20260101T000000Z-prepare-ZMD", row("991", "221", "NET"))
    ledger(work, "20260201T000000Z-prepare-ZMD", row("991", None, None, "quarantined:delete-file-status"))
    assert holdings_by_mms(run_ledgers(work, "ZMD"), ["991"]) == {"991": [("221", "NET")]}


def test_a_symbol_without_a_ledger_knows_nothing(tmp_path: Path) -> None:
    assert holdings_by_mms(run_ledgers(workspace(tmp_path / "w"), "ZMD"), ["991"]) == {}


def test_a_deleted_record_goes_out_once_a_holding_with_its_local_number_put_back() -> None:
    two = completed([record(MMS)], {MMS: [("221", "NET"), ("222", None)]}, ["852$8", "001"])
    first, second = two
    assert first.record is not None and second.record is not None
    assert first.record.tags == (b"001", b"245", b"852") and first.record.leader[5:6] == b"d"
    assert first.record.first(b"852") == b"  \x1fbNET\x1f8221" and second.record.first(b"852") == b"  \x1f8222"


def test_a_deleted_record_whose_local_number_is_its_001_goes_out_as_it_came() -> None:
    original = record(MMS)
    (same,) = completed([original], {MMS: [(MMS, "NET")]}, ["852$8", "001"])
    assert same == original


def test_a_deleted_record_that_nobody_knows_is_set_aside_as_it_came() -> None:
    original = record(MMS)
    (aside,) = completed([original], {}, ["852$8", "001"])
    assert (aside.raw, aside.record) == (original.raw, None)
    assert aside.finding is not None and aside.finding.rule == "delete-unknown"
