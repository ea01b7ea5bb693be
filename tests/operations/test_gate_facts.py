"""What the gates look at: computed from what really went out and came back, entered where the console can't know, and never 0
where nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from oclc_console import clock
from oclc_console.operations.fetch import fetch
from oclc_console.operations.gate_facts import facts_of, world
from oclc_console.operations.load_dates import load_of_files
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.operations.upload import upload
from oclc_console.store import log
from oclc_console.store.report_rows import list_reports
from oclc_console.workspace import Workspace
from tests.operations.stage import (
    TOML,
    archival,
    carry_out,
    fetched,
    rehearsing,
    reproduction,
    trusted,
    workspace_in,
    write,
)

JUNE, SEPTEMBER = datetime(2020, 6, 9, 12, tzinfo=UTC), datetime(2020, 9, 21, 12, tzinfo=UTC)


def say(workspace: Workspace, symbol: str, key: str, value: object, day: str = "2020-09-01", subject: str = "") -> None:
    """Enters a piece of evidence, as its act stands in the log."""
    log.append(workspace, "evidence.entered", symbol, key=key, value=value, source="a mail", day=day, note="",
               **({"subject": subject} if subject else {}))


def values(workspace: Workspace, symbol: str, gate: str = "") -> dict[str, object]:
    """What is known, without where it comes from."""
    return {key: known.value for key, known in facts_of(workspace, symbol, gate).items()}


def test_what_nobody_knows_of_a_symbol_is_not_there_and_never_0(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    known = values(workspace, "ZAA")
    assert "unresolved" not in known and "files_prepared" not in known and "unrouted" not in known


@pytest.mark.slow
def test_the_numbers_of_a_prepared_and_sent_set_are_computed_and_outcomes_only_once_a_report_is_in(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", *(trusted(n) for n in range(4)), archival(5))
    carry_out(workspace, prepare(workspace, "ZAA", [source], set_count=5))
    known = values(workspace, "ZAA", "upload")
    assert (known["in_set"], known["set_count"], known["unrouted"], known["double"]) == (5, 5, 0, 0)
    assert (known["waiting_files"], known["waiting_records"], known["duplicate_lsns"]) == (3, 5, 0)
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA"))
        sent = values(workspace, "ZAA")
        assert (sent["files_sent"], sent["sent"], sent["not_reported"], sent["files_reported"]) == (3, 5, 5, 0)
        assert "unresolved" not in sent and "accounted" not in sent, "a missing report is not yet, never 0"
        account = fetched(workspace, "ZAA")
    after = values(workspace, "ZAA")
    assert (after["files_reported"], after["accounted"], after["not_reported"]) == (3, 5, 0)
    assert after["unresolved"] == account.total["unresolved"]


def test_why_unrouted_records_were_accepted_goes_with_their_number(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1), reproduction(2))
    with pytest.raises(Exception, match="unrouted"):
        carry_out(workspace, prepare(workspace, "ZAA", [source]))
    refused = values(workspace, "ZAA")
    assert refused["unrouted"] == 1 and "unrouted_accepted" not in refused
    carry_out(workspace, prepare(workspace, "ZAA", [source], accept_unrouted="photocopies stay out"))
    known = values(workspace, "ZAA")
    assert (known["unrouted"], known["unrouted_accepted"]) == (1, "photocopies stay out")


def test_what_is_computed_counts_and_what_was_entered_stands_in_only_where_nothing_is(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    say(workspace, "ZAA", "unrouted", 44)
    say(workspace, "ZAA", "ill_open_requests", 326)
    assert values(workspace, "ZAA")["unrouted"] == 44
    known = facts_of(workspace, "ZAA")["ill_open_requests"]
    assert (known.value, known.source, known.day, known.entered_by) == (326, "a mail", "2020-09-01", workspace.actor)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1))]))
    assert values(workspace, "ZAA")["unrouted"] == 0
    assert facts_of(workspace, "ZAA")["unrouted"].entered_by is None


@pytest.mark.slow
def test_holdings_loaded_for_a_retired_symbol_keep_its_day_under_the_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = workspace_in(tmp_path, TOML + 'libraries = ["RBK"]\n')
    old = write(tmp_path / "old.mrc", *(trusted(n) for n in range(3)))
    new = write(tmp_path / "new.mrc", *(trusted(n) for n in range(10, 14)))
    before = values(workspace, "ZAA")
    assert before["other_loads"] is None, "nobody knows whether ZOLD was loaded before there was a console"
    with rehearsing(workspace):
        for symbol, source, day in (("ZOLD", old, JUNE), ("ZAA", new, SEPTEMBER)):
            monkeypatch.setattr(clock, "now", lambda day=day: day)
            carry_out(workspace, prepare(workspace, symbol, [source]))
            carry_out(workspace, upload(workspace, symbol))
        monkeypatch.undo()
        carry_out(workspace, fetch(workspace, "ZAA"))
    known = values(workspace, "ZAA")
    assert (known["other_loads"], known["earliest_standing_load_of"]) == (1, "ZOLD")
    assert (known["earliest_standing_load"], known["earliest_standing_load_holdings"]) == ("2020-06-09", 3)
    seen = world(workspace)
    load = load_of_files(workspace, "ZOLD", "ZAA", read_outbox(workspace, "ZOLD"), seen.reports)
    assert load is not None and load.older_than("2020-09-18") == 3 and load.older_than("2020-06-09") == 0


def test_a_holding_that_was_sent_again_counts_with_its_new_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = workspace_in(tmp_path)
    with rehearsing(workspace):
        for number, (records, day) in enumerate((((1, 2, 3), JUNE), ((2, 3), SEPTEMBER))):
            monkeypatch.setattr(clock, "now", lambda day=day: day)
            carry_out(workspace, prepare(workspace, "ZOLD", [write(tmp_path / f"{number}.mrc", *map(trusted, records))]))
            carry_out(workspace, upload(workspace, "ZOLD"))
    load = load_of_files(workspace, "ZOLD", "ZAA", read_outbox(workspace, "ZOLD"), list_reports(workspace))
    assert load is not None and dict(load.by_day) == {"2020-06-09": 1, "2020-09-21": 2}


def test_what_people_say_of_a_retired_symbol_reaches_its_successors_gate(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    say(workspace, "ZOLD", "sent", 731_873)
    assert values(workspace, "ZAA")["earliest_standing_load"] is None, "its day is not known"
    say(workspace, "ZOLD", "extraction_day", "2020-06-08")
    known = facts_of(workspace, "ZAA")
    assert known["earliest_standing_load"].value == "2020-06-08"
    assert known["earliest_standing_load_holdings"].value == 731_873
    assert "ZOLD: entered by" in known["earliest_standing_load"].source


def test_a_collection_is_known_by_console_toml_and_its_fingerprint_changes_with_its_rules(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    before = facts_of(workspace, "ZAA", "submit", "1000001")
    assert (before["stream_symbol"].value, before["stream_kind"].value, before["stream_match"].value) == ("ZAA", "bib", "all")
    settings = workspace.root / "console.toml"
    settings.write_text(settings.read_text().replace('"LDR/08 = a", ', ""))
    changed = Workspace(workspace.root)
    after = facts_of(changed, "ZAA", "submit", "1000001")
    assert after["settings_fingerprint"].value != before["settings_fingerprint"].value, "the stream uses that rule"
    assert facts_of(changed, "ZAA", "submit", "1000009").get("stream_kind") is None
