"""What only a whole set shows, as prepare tells it: traps between records, and copies of one local number."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from oclc_console.errors import Refused
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.store.events import Linted
from tests.operations.stage import TOML, carry_out, holding, reproduction, trusted, workspace_in, write


def blocking(*rules: str) -> str:
    """The settings with these rules made blocking."""
    names = ", ".join(f'"{rule}"' for rule in rules)
    return TOML.replace("[symbols.ZOLD]", f"[symbols.ZAA.lint]\nblocking = [{names}]\n[symbols.ZOLD]")


def test_a_local_number_on_two_records_is_told_and_both_are_listed(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1), holding(2), trusted(1))
    _, events = carry_out(workspace, prepare(workspace, "ZAA", [source]))
    (told,) = (event for event in events if isinstance(event, Linted) and event.rule == "lsn-twice")
    assert (told.records, told.first, told.severity) == (2, "2200000000019999", "SEVERE")
    (listing,) = workspace.runs.glob("*/lsn-twice.csv")
    assert listing.read_text().count("2200000000019999") == 2


def test_a_trap_of_the_set_that_was_made_blocking_refuses_the_whole_set_and_keeps_its_ledger(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, blocking("lsn-twice"))
    source = write(tmp_path / "a.mrc", trusted(1), trusted(1))
    with pytest.raises(Refused, match="One local number"):
        carry_out(workspace, prepare(workspace, "ZAA", [source]))
    assert not read_outbox(workspace, "ZAA")
    assert len(list(workspace.runs.glob("*/ledger.parquet"))) == 1


def test_a_914_that_is_gone_since_the_last_run_is_told(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    never = (b"914", b"  \x1faNO-WORLDCAT")
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", holding(1, never), holding(2))]))
    _, events = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "b.mrc", holding(1), holding(2))]))
    (told,) = (event for event in events if isinstance(event, Linted) and event.rule == "never-send-gone")
    assert (told.records, told.first) == (1, "2200000000019999")


def test_a_914_that_went_and_came_back_is_judged_by_the_newest_run_before(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    never = (b"914", b"  \x1faNO-WORLDCAT")
    for name, record in (("a", holding(1, never)), ("b", holding(1)), ("c", holding(1, (b"500", b"  \x1faAgain")))):
        _, events = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / f"{name}.mrc", record, holding(2))]))
    assert not [event for event in events if isinstance(event, Linted) and event.rule == "never-send-gone"]


def test_all_copies_of_one_local_number_stand_in_one_file(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)  # three records a file
    records = [trusted(1), trusted(2), trusted(3), trusted(4), trusted(1), trusted(5), trusted(4)]
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *records)]))
    contents = [file.path.read_bytes() for file in read_outbox(workspace, "ZAA")]
    assert contents == [b"".join(records[:3]) + trusted(1), trusted(4) + trusted(5) + trusted(4)]


def test_a_refused_set_leaves_the_ledger_that_shows_what_stood_in_the_way(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    with pytest.raises(Refused, match="1 unrouted"):
        carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1), reproduction(2))]))
    (kept,) = workspace.runs.glob("*/ledger.parquet")
    rows = pq.read_table(kept).to_pylist()
    assert [(row["fate"], row["outbox"]) for row in rows] == [("stream", None), ("unrouted", None)]
    assert not list((workspace.root / "ledger").rglob("*.parquet"))
