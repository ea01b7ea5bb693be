"""Traps that only several records together show: asked of the ledger, told with every id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow
import pytest

from oclc_console.marc.lint import Severity
from oclc_console.marc.lint.sets import SET_RULES
from oclc_console.operations.prepare import prepare
from oclc_console.operations.set_checks import IDS_SHOWN, set_findings, set_ids
from oclc_console.store.ledger import LedgerWriter, ledger_schema
from oclc_console.workspace import Workspace
from tests.operations.stage import carry_out, holding, trusted, workspace_in, write


def rows(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Ledger rows that differ from one another in their ids, and in what is said here."""
    return [{"source": "set.mrc", "number": n, "mms": f"99{n}", "lsn": f"22{n}", "ocn_in": n, "fate": "stream", **change}
            for n, change in enumerate(changes, 1)]


def ledger_of(path: Path, written: list[dict[str, Any]]) -> Path:
    """A ledger file of these rows."""
    writer = LedgerWriter(path)
    writer.add(pyarrow.Table.from_pylist(written, schema=ledger_schema()))
    writer.close()
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_in(tmp_path)


def test_a_set_without_traps_is_met_with_silence(workspace: Workspace, tmp_path: Path) -> None:
    path = ledger_of(tmp_path / "now.parquet", rows({}, {}, {"lsn": None, "ocn_in": None}, {"lsn": None, "ocn_in": None}))
    assert set_findings(workspace, "ZAA", [path]) == []
    assert set_findings(workspace, "ZAA", []) == []


def test_one_local_number_on_two_records_that_go_out_is_found(workspace: Workspace, tmp_path: Path) -> None:
    path = ledger_of(tmp_path / "now.parquet", rows(
        {"lsn": "22X"}, {}, {"lsn": "22X"}, {"lsn": "22Y"}, {"lsn": "22Y", "fate": "excluded:brief"}))
    (finding,) = set_findings(workspace, "ZAA", [path])
    assert (finding.rule.id, finding.rule.severity, finding.records, finding.ids) == (
        "lsn-twice", Severity.SEVERE, 2, ("22X", "22X"))
    assert finding.rule.remedy and finding.rule.sentence


def test_one_oclc_number_on_two_bibs_is_found_and_on_two_holdings_of_one_bib_is_not(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = ledger_of(tmp_path / "now.parquet", rows(
        {"ocn_in": 77}, {"ocn_in": 77}, {"ocn_in": 88, "mms": "99A"}, {"ocn_in": 88, "mms": "99A"},
        {"ocn_in": 1, "fate": "quarantined:utf-8"}))
    (finding,) = set_findings(workspace, "ZAA", [path])
    assert (finding.rule.id, finding.records, finding.ids) == ("ocn-on-two-bibs", 2, ("221", "222"))
    assert list(set_ids(workspace, "ZAA", "ocn-on-two-bibs", [path])) == [("221", "991", 77), ("222", "992", 77)]


def test_only_the_first_ids_are_shown_and_all_can_be_had(workspace: Workspace, tmp_path: Path) -> None:
    path = ledger_of(tmp_path / "now.parquet", rows(*({"ocn_in": 77} for _ in range(50))))
    (finding,) = set_findings(workspace, "ZAA", [path])
    assert (finding.records, len(finding.ids)) == (50, IDS_SHOWN)
    assert len(list(set_ids(workspace, "ZAA", "ocn-on-two-bibs", [path]))) == 50


def test_a_914_that_was_there_last_run_and_is_gone_is_found(workspace: Workspace, tmp_path: Path) -> None:
    never = (b"914", b"  \x1faNO-WORLDCAT")
    before = write(tmp_path / "before.mrc", holding(1, never), holding(2, never), holding(3), trusted(5))
    now = write(tmp_path / "now.mrc", holding(1), holding(2, never), holding(3), holding(4, never), trusted(5))
    ledgers = []
    for path in (before, now):
        result, _ = carry_out(workspace, prepare(workspace, "ZAA", [path]))
        assert result["excluded"]
        ledgers.append(max((workspace.root / "ledger" / "ZAA").glob("*.parquet"), key=lambda found: found.stat().st_mtime_ns))
    first, second = ledgers
    assert first != second
    (finding,) = set_findings(workspace, "ZAA", [second], [first])
    assert (finding.rule.id, finding.records, finding.ids) == ("never-send-gone", 1, ("2200000000019999",))
    assert set_findings(workspace, "ZAA", [second]) == []
    assert set_findings(workspace, "ZAA", [second], [second]) == []


def test_nothing_is_left_in_the_workspace(workspace: Workspace, tmp_path: Path) -> None:
    before = sorted(path.name for path in workspace.root.iterdir())
    set_findings(workspace, "ZAA", [ledger_of(tmp_path / "now.parquet", rows({}, {}))])
    assert sorted(path.name for path in workspace.root.iterdir()) == before


def test_every_rule_says_where_it_comes_from_and_what_to_do() -> None:
    for name, rule in SET_RULES.items():
        assert name == rule.id and rule.source and rule.remedy.endswith(".") and rule.sentence.endswith(".")
