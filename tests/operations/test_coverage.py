"""Coverage: every record of the set is in exactly one number, each number has its records, and a refused run is told too."""

from __future__ import annotations

import contextlib
import csv
import shutil
from pathlib import Path

import pytest

from oclc_console.errors import CallError, InputError, Refused
from oclc_console.operations.coverage import Coverage, RunCoverage, coverage
from oclc_console.operations.coverage_ids import PartIds, coverage_ids, export_part
from oclc_console.operations.prepare import prepare
from oclc_console.store.runs import list_runs
from oclc_console.workspace import Workspace, make_workspace
from tests.operations.stage import TOML, archival, carry_out, holding, reproduction, trusted, workspace_in, write

NEVER_SEND = (b"914", b"  \x1faNO-WORLDCAT")


def prepared(workspace: Workspace, name: str, *records: bytes, symbol: str = "ZAA", accept: str | None = None,
             set_count: int | None = None) -> str:
    """Prepares a file of these records; gives the run's name."""
    source = write(workspace.at("inbox", symbol) / name, *records)
    with contextlib.suppress(Refused):
        carry_out(workspace, prepare(workspace, symbol, [source], accept_unrouted=accept, set_count=set_count))
    return list_runs(workspace, "prepare", symbol)[-1].name


def mixed(workspace: Workspace, set_count: int | None = None) -> str:
    """A set with every fate but double: two trusted, two manuscripts, one excluded by each rule, one broken, one rest."""
    return prepared(workspace, "a.mrc", trusted(1), archival(2), holding(3, NEVER_SEND), holding(4, without=[b"245"]),
                    holding(5)[:-3] + b"\x1d", holding(6), trusted(7), archival(8), set_count=set_count)


def numbers(answer: Coverage | RunCoverage) -> dict[str, int]:
    """The parts that have records."""
    counted = answer.total if isinstance(answer, Coverage) else answer
    return {part.word: part.records for part in counted.parts if part.records}


def without_ledger(workspace: Workspace, run: str) -> None:
    """As if the run had kept no ledger."""
    for path in (workspace.runs / run / "ledger.parquet", workspace.root / "ledger" / "ZAA" / f"{run}.parquet"):
        path.unlink(missing_ok=True)


def with_ledger(workspace: Workspace, run: str, source: str, *records: bytes) -> None:
    """As if the refused run had kept its ledger: that of an accepted run over the same records."""
    beside = make_workspace(workspace.root.with_name(f"beside-{run}"), TOML)
    accepted = prepared(beside, source, *records, accept="to get its ledger")
    shutil.copy(beside.root / "ledger" / "ZAA" / f"{accepted}.parquet", workspace.runs / run / "ledger.parquet")


def test_every_record_of_the_set_is_in_exactly_one_number_with_the_rule_in_words(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    run = mixed(workspace, set_count=9)
    answer = coverage(workspace, "zaa")
    assert numbers(answer) == {"excluded:no_worldcat": 1, "excluded:brief": 1, "quarantined:leader-length": 1,
                               "stream:Manuscripts": 2, "stream:Trusted": 2, "stream:Rest": 1}
    assert (answer.total.in_set, answer.total.set_count, answer.total.balanced) == (8, 9, True)
    assert [part.word for part in answer.total.parts] == [
        "excluded:no_worldcat", "excluded:brief", "quarantined:leader-length", "stream:Manuscripts", "stream:Trusted",
        "stream:Rest", "unrouted", "double"], "as console.toml orders them, also those that nothing went to"
    rules = {part.word: part.rule for part in answer.total.parts}
    assert rules["excluded:no_worldcat"] == "left out when a 914 $a is NO-WORLDCAT"
    assert rules["stream:Manuscripts"] == "collection 1000001: kept when LDR/08 is a, or LDR/06 is t, d or f"
    assert rules["quarantined:leader-length"].endswith("the first is record 5 of a.mrc")
    assert [(each.run, each.state) for each in answer.runs] == [(run, "done")]


def test_every_number_leads_to_its_records_and_to_no_other(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    run = mixed(workspace)
    answer = coverage(workspace, "ZAA")
    seen = []
    for part in answer.total.parts:
        ids = list(coverage_ids(workspace, "ZAA", part.word))
        assert len(ids) == part.records, part.word
        seen += [each.number for each in ids]
    assert sorted(seen) == [1, 2, 3, 4, 5, 6, 7, 8]
    (brief,) = coverage_ids(workspace, "ZAA", "excluded:brief")
    assert (brief.mms, brief.lsn, brief.library, brief.source, brief.number, brief.fate, brief.run) == (
        "9900000000049999", "2200000000049999", "MED", "a.mrc", 4, "excluded:brief", run)
    (broken,) = coverage_ids(workspace, "ZAA", "quarantined")
    assert (broken.mms, broken.number) == ("9900000000059999", 5)
    assert [each.number for each in coverage_ids(workspace, "ZAA", "stream:TRUSTED")] == [1, 7]
    assert [each.number for each in coverage_ids(workspace, "ZAA", "in_set")] == list(range(1, 9))


def test_a_part_there_is_not_is_refused_with_those_there_are(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    mixed(workspace)
    with pytest.raises(CallError, match="no part excluded:lunch") as refused:
        coverage_ids(workspace, "ZAA", "excluded:lunch")
    assert "excluded:brief" in refused.value.then


def test_nothing_prepared_yet_is_no_number_at_all(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    answer = coverage(workspace, "ZAA")
    assert (answer.runs, answer.left, answer.total.in_set, answer.refused) == ((), (), 0, None)
    with pytest.raises(CallError, match="nothing was prepared yet"):
        coverage_ids(workspace, "ZAA", "in_set")


def test_a_double_counts_in_its_first_stream_and_is_told_apart(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, TOML.replace('none = ["@archival"]', 'none = []'))
    prepared(workspace, "a.mrc", trusted(1), holding(2, (b"079", b"  \x1fa7"), leader=b"00000ctm a2200000 i 4500"),
             accept="sent once")
    answer = coverage(workspace, "ZAA")
    assert numbers(answer) == {"stream:Manuscripts": 1, "stream:Trusted": 1, "double": 1}
    assert (answer.total.routed, answer.total.balanced) == (2, True)
    assert [each.number for each in coverage_ids(workspace, "ZAA", "double")] == [2]
    assert [each.number for each in coverage_ids(workspace, "ZAA", "stream:Manuscripts")] == [2]
    assert [each.number for each in coverage_ids(workspace, "ZAA", "routed")] == [1, 2]


def test_a_refused_run_that_kept_its_ledger_is_told_with_its_ids(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    run = prepared(workspace, "a.mrc", trusted(1), reproduction(2), archival(3))
    with_ledger(workspace, run, "a.mrc", trusted(1), reproduction(2), archival(3))
    answer = coverage(workspace, "ZAA")
    assert numbers(answer) == {"stream:Manuscripts": 1, "stream:Trusted": 1, "unrouted": 1}
    assert answer.refused is not None and answer.refused.run == run
    (loose,) = coverage_ids(workspace, "ZAA", "unrouted")
    assert (loose.mms, loose.lsn, loose.number) == ("9900000000029999", "2200000000029999", 2)


def test_a_refused_run_without_a_ledger_is_told_in_numbers_and_says_so(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    run = prepared(workspace, "a.mrc", trusted(1), reproduction(2), holding(3, NEVER_SEND), holding(5)[:-3] + b"\x1d")
    without_ledger(workspace, run)
    answer = coverage(workspace, "ZAA")
    assert numbers(answer) == {"excluded:no_worldcat": 1, "quarantined:leader-length": 1, "routed": 1, "unrouted": 1}
    assert answer.total.balanced and answer.refused is not None and answer.refused.ledger is None
    with pytest.raises(CallError, match=r"kept no ledger: of its records \(1 of this part\)"):
        coverage_ids(workspace, "ZAA", "unrouted")


def test_a_published_run_whose_ledger_is_gone_still_tells_its_streams(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    run = mixed(workspace)
    before = numbers(coverage(workspace, "ZAA"))
    without_ledger(workspace, run)
    answer = coverage(workspace, "ZAA")
    assert numbers(answer) == before and answer.runs[0].ledger is None


def test_accepting_what_was_refused_takes_its_place(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    refused = prepared(workspace, "a.mrc", trusted(1), reproduction(2))
    assert coverage(workspace, "ZAA").refused is not None
    accepted = prepared(workspace, "a.mrc", trusted(1), reproduction(2), accept="a photocopy")
    answer = coverage(workspace, "ZAA")
    assert [run.run for run in answer.runs] == [accepted] and answer.refused is None and answer.left == ()
    assert answer.runs[0].accepted == "a photocopy"
    assert [run.run for run in coverage(workspace, "ZAA", refused).runs] == [refused], "asked by name it is still told"


def test_a_set_in_several_runs_is_told_run_by_run_and_added_up(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    first = prepared(workspace, "a.mrc", trusted(1), archival(2), set_count=2)
    second = prepared(workspace, "b.mrc", trusted(3), holding(4, NEVER_SEND), set_count=3)
    answer = coverage(workspace, "ZAA")
    assert [(run.run, run.in_set, run.set_count) for run in answer.runs] == [(first, 2, 2), (second, 2, 3)]
    assert (answer.total.in_set, answer.total.set_count) == (4, 5)
    assert numbers(answer) == {"excluded:no_worldcat": 1, "stream:Manuscripts": 1, "stream:Trusted": 2}
    assert [each.run for each in coverage_ids(workspace, "ZAA", "stream:Trusted")] == [first, second]
    assert [each.run for each in coverage_ids(workspace, "ZAA", "stream:Trusted", second)] == [second]


def test_a_source_that_was_prepared_again_counts_once_as_its_newest_run_has_it(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    one, two = write(tmp_path / "one.mrc", trusted(1), archival(2)), write(tmp_path / "two.mrc", trusted(3))
    carry_out(workspace, prepare(workspace, "ZAA", [one, two], set_count=3))
    carry_out(workspace, prepare(workspace, "ZAA", [two], set_count=1))
    answer = coverage(workspace, "ZAA")
    older, newer = answer.runs
    assert (older.sources, older.replaced, older.in_set, older.set_count) == (("one.mrc",), ("two.mrc",), 2, None)
    assert (newer.sources, newer.in_set) == (("two.mrc",), 1)
    assert (answer.total.in_set, answer.total.set_count, answer.total.balanced) == (3, None, True)
    assert [(each.run, each.source) for each in coverage_ids(workspace, "ZAA", "in_set")] == [
        (older.run, "one.mrc"), (older.run, "one.mrc"), (newer.run, "two.mrc")]
    whole = coverage(workspace, "ZAA", older.run)
    assert (whole.total.in_set, whole.total.set_count) == (3, 3)


def test_a_refused_run_that_others_followed_is_named_and_in_no_number(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    refused = prepared(workspace, "a.mrc", reproduction(1))
    prepared(workspace, "b.mrc", trusted(2))
    answer = coverage(workspace, "ZAA")
    assert (answer.left, answer.total.in_set, answer.refused) == ((refused,), 1, None)


def test_a_retiring_symbols_records_stand_in_its_successors_streams(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    prepared(workspace, "a.mrc", trusted(1), archival(2), symbol="ZOLD")
    answer = coverage(workspace, "ZOLD")
    assert (answer.symbol, answer.sender) == ("ZOLD", "ZAA")
    assert numbers(answer) == {"stream:Manuscripts": 1, "stream:Trusted": 1}
    assert coverage(workspace, "ZAA").runs == (), "the ledger keeps the origin"


def test_a_stream_or_rule_that_left_the_settings_keeps_its_number(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    mixed(workspace)
    settings = workspace.root / "console.toml"
    settings.write_text(settings.read_text().replace('name = "Rest"\nword = "rest"', 'name = "Other"\nword = "other"')
                        .replace('"@no_worldcat", "@brief"', '"@brief"'))
    answer = coverage(Workspace(workspace.root), "ZAA")
    assert numbers(answer)["stream:rest"] == 1 and numbers(answer)["excluded:no_worldcat"] == 1
    rules = {part.word: part.rule for part in answer.total.parts}
    assert rules["stream:rest"] == "console.toml has no such stream any more"
    assert len(list(coverage_ids(Workspace(workspace.root), "ZAA", "stream:rest"))) == 1


def test_a_run_that_is_none_or_that_counted_nothing_is_refused(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    mixed(workspace)
    with pytest.raises(CallError, match="no prepare run yesterday"):
        coverage(workspace, "ZAA", "yesterday")
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "b.mrc", trusted(1))]))
    run = list_runs(workspace, "prepare", "ZAA")[-1]
    events = (run.path / "events.jsonl").read_bytes().splitlines(keepends=True)
    (run.path / "events.jsonl").write_bytes(events[0])
    with pytest.raises(CallError, match="is interrupted and has counted nothing"):
        coverage(workspace, "ZAA", run.name)


def test_a_damaged_ledger_is_one_sentence(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    run = mixed(workspace)
    ids = PartIds(workspace, coverage(workspace, "ZAA"), "in_set")
    (workspace.root / "ledger" / "ZAA" / f"{run}.parquet").write_bytes(b"PAR1 nothing PAR1")
    for asked in (lambda: coverage(workspace, "ZAA"), lambda: ids.page(0, 10), lambda: list(ids.all())):
        with pytest.raises(InputError, match="can't be read"):
            asked()


def test_ids_come_page_by_page_and_filtered_as_a_person_types(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    prepared(workspace, "it's.mrc", *(trusted(n) for n in range(1, 24)))
    ids = PartIds(workspace, coverage(workspace, "ZAA"), "stream:trusted")
    assert ids.count() == 23
    assert [each.number for each in ids.page(20, 10)] == [21, 22, 23]
    assert ids.count("0000129999") == 1
    assert [each.number for each in ids.page(0, 5, "9900000000129999")] == [12]
    assert ids.count("!9900000000129999") == 22
    assert ids.count("IT'S") == 23, "whatever its case"
    assert ids.count("%") == ids.count("_") == 0, "nothing is a wildcard"


def test_the_csv_holds_every_column_and_runs_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    odd = holding(9, (b"001", b"+9"), (b"079", b"  \x1fa9"), (b"852", b"  \x1fb=1+1\x1f8-22"))
    prepared(workspace, "=a.mrc", trusted(1), odd)
    done = export_part(workspace, "ZAA", "in_set", "csv", out=tmp_path / "out.csv")
    with open(done.path, newline="", encoding="utf-8") as handle:
        heading, *rows = csv.reader(handle)
    assert heading == ["mms id", "lsn", "library", "source file", "record number", "fate", "stream", "run"]
    assert (done.records, done.lines, done.missing) == (2, 2, "")
    assert rows[1][:5] == ["'+9", "'-22", "'=1+1", "'=a.mrc", "2"]
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row)


def test_almas_list_is_one_column_with_each_mms_id_once_and_nothing_else(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    second_holding = holding(1, (b"079", b"  \x1fa9"))
    junk = holding(3, (b"079", b"  \x1fa9"), (b"001", b"+cmd"))
    prepared(workspace, "a.mrc", trusted(1), second_holding, trusted(2), junk)
    done = export_part(workspace, "ZAA", "stream:Trusted", "alma")
    assert done.path.parent == workspace.root / "exports" / "ZAA" and done.path.name.endswith("stream-trusted-mms-ids.txt")
    lines = done.path.read_text().splitlines()
    assert lines == ["MMS ID", "9900000000019999", "9900000000029999"]
    assert (done.records, done.lines) == (4, 2), "one bib has two holdings, and what is no number is no MMS id"
