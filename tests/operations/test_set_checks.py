"""Traps that only several records together show: asked of the ledger, told with every id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from oclc_console.marc.lint.sets import SET_RULES
from oclc_console.operations.prepare import prepare
from oclc_console.operations.set_checks import Row, set_findings
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


def found_in(workspace: Workspace, now: list[Path], before: Sequence[Path] = ()) -> dict[str, list[Row]]:
    """The rows of each rule that speaks."""
    return {rule.id: list(rows) for rule, rows in set_findings(workspace, "ZAA", now, before)}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_in(tmp_path)


def test_a_set_without_traps_is_met_with_silence(workspace: Workspace, tmp_path: Path) -> None:
    path = ledger_of(tmp_path / "now.parquet", rows({}, {}, {"lsn": None, "ocn_in": None}, {"lsn": None, "ocn_in": None}))
    assert found_in(workspace, [path]) == {}
    assert found_in(workspace, []) == {}


def test_one_local_number_on_two_records_that_go_out_is_found(workspace: Workspace, tmp_path: Path) -> None:
    path = ledger_of(tmp_path / "now.parquet", rows(
        {"lsn": "22X"}, {}, {"lsn": "22X"}, {"lsn": "22Y"}, {"lsn": "22Y", "fate": "excluded:brief"}))
    assert found_in(workspace, [path]) == {"lsn-twice": [("22X", "991", 1), ("22X", "993", 3)]}


def test_one_oclc_number_on_two_bibs_is_found_and_on_two_holdings_of_one_bib_is_not(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = ledger_of(tmp_path / "now.parquet", rows(
        {"ocn_in": 77}, {"ocn_in": 77}, {"ocn_in": 88, "mms": "99A"}, {"ocn_in": 88, "mms": "99A"},
        {"ocn_in": 1, "fate": "quarantined:utf-8"}))
    assert found_in(workspace, [path]) == {"ocn-on-two-bibs": [("221", "991", 77), ("222", "992", 77)]}


def test_every_row_is_told_however_many_there_are(workspace: Workspace, tmp_path: Path) -> None:
    path = ledger_of(tmp_path / "now.parquet", rows(*({"ocn_in": 77} for _ in range(50))))
    assert len(found_in(workspace, [path])["ocn-on-two-bibs"]) == 50


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
    found = found_in(workspace, [second], [first])
    assert {rule: [lsn for lsn, _, _ in rows] for rule, rows in found.items()} == {"never-send-gone": ["2200000000019999"]}
    assert found_in(workspace, [second]) == found_in(workspace, [second], [second]) == {}


def test_nothing_is_left_in_the_workspace(workspace: Workspace, tmp_path: Path) -> None:
    before = sorted(path.name for path in workspace.root.iterdir())
    assert not found_in(workspace, [ledger_of(tmp_path / "now.parquet", rows({}, {}))])
    assert sorted(path.name for path in workspace.root.iterdir()) == before


def test_every_rule_says_where_it_comes_from_and_what_to_do() -> None:
    for name, rule in SET_RULES.items():
        assert name == rule.id and rule.source and rule.remedy.endswith(".") and rule.sentence.endswith(".")
