"""The eight symbols on Monday 16 November 2020, as their tables tell them: where each stands, what blocks it, what is late.

What is known of a set, of files and of reports is entered here, with its source: that work was done before there was a console,
and it says so wherever it is shown. Where the console has the files itself it counts them, and that count holds over what was
entered: of ZMD it has them, in small.
"""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from oclc_console import clock
from oclc_console.errors import CallError, Refused
from oclc_console.operations.account import account
from oclc_console.operations.boards import Board, Row, board, summary
from oclc_console.operations.checklist import checklist, sign_off
from oclc_console.operations.entering import enter
from oclc_console.operations.gate_facts import facts_of
from oclc_console.operations.import_reports import file_report
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.oversight import oversight
from oclc_console.operations.prepare import prepare
from oclc_console.operations.rows_without_number import rows_without_number
from oclc_console.operations.signing import gate, override, sign
from oclc_console.operations.status import status
from oclc_console.project.gates import may_pass
from oclc_console.store import log
from oclc_console.store.asking import TODO
from oclc_console.store.desk import Desk, Filter
from oclc_console.store.events import ReportFiled
from oclc_console.store.review_values import Change
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace
from tests.operations.stage import archival, holding, reproduction, trusted, write
from tests.project.eight import BY_CODE, EIGHT, TODAY, enter_evidence, make_eight
from tests.tui.stage import HeldClock, ran, report, sending


def as_of(held: HeldClock, year: int, month: int, day: int) -> None:
    """Sets the clock to noon of a day."""
    held.moment = datetime(year, month, day, 12, tzinfo=UTC)


def by(workspace: Workspace, person: str) -> Workspace:
    """The workspace, seen by somebody else."""
    return Workspace(workspace.root, person)


def vernacular(number: int) -> bytes:
    """A holding with an 880 and no number on it."""
    return holding(number, (b"880", b"10\x1f6245-01\x1faHanguk"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The institution with everything that was known on that day, made once."""
    held, real = HeldClock(), clock.now
    clock.now = held.now
    try:
        workspace = make_eight(tmp_path_factory.mktemp("eight"))
        held.moment = TODAY
        enter_evidence(workspace)
        _history(workspace, held)
        _medical(workspace, held)
    finally:
        clock.now = real
    return workspace.root


@pytest.fixture
def eight(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A copy of it, on the day itself, seen by jdoe."""
    shutil.copytree(made, tmp_path / "eight")
    held = HeldClock(TODAY)
    monkeypatch.setattr(clock, "now", held.now)
    return Workspace(tmp_path / "eight", "jdoe")


def _history(workspace: Workspace, held: HeldClock) -> None:
    """What was signed before that Monday: ZBN's cut-off and its six steps, ZHG's retirement."""
    as_of(held, 2020, 4, 3)
    for person in ("jdoe", "lts"):
        sign(by(workspace, person), "scan-delete", "ZBN", "ZBN 2020-02-10")
    as_of(held, 2020, 10, 28)
    for person in ("jdoe", "ill"):
        sign(by(workspace, person), "retire", "ZHG", "ZHG 2020-10-28")
    for code, days in (("ZBN", {"authorizations": 14, "logins": 20, "reclamation": 25, "deletion": 9, "updates": 12}),
                       ("ZHG", {"authorizations": 14, "logins": 20, "reclamation": 25, "freeze": 26, "deletion": 29})):
        for milestone, day in days.items():
            held.moment = TODAY
            month = 4 if code == "ZBN" and milestone in ("deletion", "updates") else 3 if code == "ZBN" else 10
            sign_off(workspace, code, milestone, date(2020, month, day), "its tasks were done before there was a console")
    held.moment = TODAY


def _medical(workspace: Workspace, held: HeldClock) -> None:
    """ZMD in small: prepared on 2 November, five files sent on 3 November, reports for three of them."""
    as_of(held, 2020, 11, 2)
    records = [*(trusted(n) for n in range(1, 6)), *(vernacular(n) for n in range(11, 14)),
               *(holding(n) for n in range(21, 25)), *(archival(n) for n in range(31, 34)),
               *(reproduction(n) for n in range(41, 44))]
    source = write(workspace.at("inbox", "ZMD") / "MED_20201102_new.mrc", *records)
    ran(workspace, prepare(workspace, "ZMD", [source], set_count=len(records)))
    as_of(held, 2020, 11, 3)
    ran(workspace, sending(workspace, "ZMD", read_outbox(workspace, "ZMD")))
    as_of(held, 2020, 11, 6)
    files = {file.stream: file for file in read_outbox(workspace, "ZMD")}
    for stream in ("manuscripts", "reproductions", "trusted"):
        report(workspace, files[stream])
    held.moment = TODAY


def went_through(workspace: Workspace, symbol: str, library: str, number: int, name: str) -> tuple[OutboxFile, ...]:
    """So many records of one library went out for a symbol and were reported on: every fifth was rejected, for its $6 among
    other things."""
    source = write(workspace.at("inbox", symbol) / name, *(
        vernacular(each).replace(b"\x1fbMED", b"\x1fb" + library.encode()) for each in range(101, 101 + number)))
    ran(workspace, prepare(workspace, symbol, [source], set_count=number))
    ran(workspace, sending(workspace, symbol, read_outbox(workspace, symbol)))
    files = read_outbox(workspace, symbol)
    for file in files:
        report(workspace, file)
    return files


def again(workspace: Workspace, file: OutboxFile, day: str, later_ms: int, *, nameless: bool = False) -> ReportFiled:
    """OCLC works on a file once more: the same answers under the later job's keys, in another report; with `nameless` the first
    is a data error and names no local number."""
    folder = workspace.root / "reports" / file.sender.upper()
    (before,) = folder.glob(f"*.D20201103.*.{file.name}.BibProcessingReport.txt")
    lines = [line.split("|") for line in before.read_text().splitlines()]
    if nameless:
        lines[0][1:] = ["", "", "", "data error"]
    keys = [(job, *rest) for job, *rest in (line[0].split("::") for line in lines)]
    moved = [f"{job.rpartition('_')[0]}_{int(job.rpartition('_')[2]) + later_ms}" for job, *_ in keys]
    body = "".join("|".join(["::".join([job, *key[1:]]), *line[1:]]) + "\n"
                   for job, key, line in zip(moved, keys, lines, strict=True))
    filed = file_report(workspace, before.name.replace(".D20201103.", f".D{day}."), body.encode(), file.symbol)
    assert isinstance(filed, ReportFiled), filed
    return filed


def row(found: Board, symbol: str) -> Row:
    """A symbol's row on a board."""
    return next(each for each in found.rows if each.symbol == symbol)


def test_the_boards_show_all_eight_each_with_its_state_and_whom_it_waits_for(eight: Workspace) -> None:
    scan = board(eight, "scan-delete")
    assert {each.symbol: each.state for each in scan.rows} == {
        "ZBN": "done", "ZDO": "blocked", "ZYN": "blocked", "ZMD": "blocked", "ZLW": "blocked", "ZUL": "blocked"}
    assert [symbol for symbol, _ in scan.elsewhere] == ["ZHG", "ZLS"]
    retirement = board(eight, "retire")
    assert {each.symbol: each.state for each in retirement.rows} == {"ZHG": "done", "ZLS": "blocked"}
    assert row(scan, "ZBN").since == "2020-04-09" and row(scan, "ZBN").blocks == ()
    assert "unit cataloguers" in row(scan, "ZYN").waits_for
    assert summary(eight) == "1 done, 5 to come"
    assert summary(eight, "retire") == "1 done, 1 to come"


def test_the_dashboard_says_of_each_symbol_whom_it_waits_for_by_what_people_entered_too(eight: Workspace) -> None:
    rows = {each.symbol: each for each in status(eight).symbols}
    assert {code: each.waiting_on for code, each in rows.items()} == {
        "ZBN": "nothing", "ZHG": "units: 1,906 rejected", "ZDO": "nothing", "ZYN": "units: 5,323 rejected",
        "ZMD": "OCLC: reports", "ZLW": "Alma's files", "ZLS": "Alma's files", "ZUL": "units: 10,618 rejected"}
    assert rows["ZDO"].phase == "entered: reported 5/5" and rows["ZMD"].phase == "up 5/5, reported 3/5"
    assert (rows["ZBN"].milestone, rows["ZHG"].milestone) == ("all six done", "WorldCat Updates reactivated")


def test_a_milestone_behind_a_gate_is_signed_without_it_only_with_a_note_and_the_log_says_so(eight: Workspace) -> None:
    assert checklist(eight, "ZDO").gates == {"deletion": "scan-delete", "cutoff-approved": "scan-delete"}
    with pytest.raises(Refused, match="the gate scan-delete of ZDO is not passed"):
        sign_off(eight, "ZDO", "cutoff-approved", date(2020, 11, 16))
    signed = [line.data for line in log.read(eight) if line.act == "milestone.done" and line.data["milestone"] == "deletion"]
    assert len(signed) == 2 and not any("gate_open" in each for each in signed), "ZBN and ZHG passed theirs"
    assert checklist(eight, "ZBN").gates == {} and set(checklist(eight, "ZLS").gates.values()) == {"retire"}


def test_zul_is_blocked_by_44_unrouted_and_by_the_cut_off_trap(eight: Workspace) -> None:
    blocked = dict(row(board(eight, "scan-delete"), "ZUL").blocks)
    assert set(blocked) == {"unrouted", "other-loads"}
    assert blocked["unrouted"] == "44 unrouted: they would lose their holding"
    assert blocked["other-loads"] == ("2020-09-18 is later than the load of ZHG of 2020-06-08: "
                                      "731,873 holdings would go with it")
    assert gate(eight, "scan-delete", "ZUL").case.subject == "2020-09-18", "the day OCLC proposed"
    with pytest.raises(Refused, match="2 conditions are red: unrouted, other-loads"):
        sign(eight, "scan-delete", "ZUL", "ZUL 2020-09-18")
    earlier = gate(eight, "scan-delete", "ZUL", "2020-06-08")
    assert next(one for one in earlier.conditions if one.id == "other-loads").state == "green"
    assert next(one for one in earlier.conditions if one.id == "cutoff").state == "red", "OCLC has to propose it first"


def test_zdo_is_ready_once_its_4_unrouted_are_signed_for_and_a_mistyped_date_is_refused(eight: Workspace) -> None:
    state = gate(eight, "scan-delete", "ZDO")
    assert [one.id for one in state.red] == ["unrouted"]
    ready = override(eight, "scan-delete", "ZDO", "unrouted", "duplicates of a withdrawn gift, the director knows")
    assert not ready.red
    assert ready.effect.words.startswith("removes 15,436 holdings older than 2020-08-14; 1,070 of them unresolved")
    assert row(board(eight, "scan-delete"), "ZDO").state == "ready"
    for mistyped in ("ZDO 2020-08-17", "ZDO 2020-11-16", "ZDO", "2020-08-14", "ZYN 2020-08-14", "zdo 2020-08-14"):
        with pytest.raises(CallError, match="which is not the symbol and the date"):
            sign(eight, "scan-delete", "ZDO", mistyped)
    assert gate(eight, "scan-delete", "ZDO").first is None
    first = sign(eight, "scan-delete", "ZDO", "ZDO 2020-08-14")
    assert row(board(eight, "scan-delete"), "ZDO").waits_for == "a second person after jdoe" and not may_pass(first)
    (waits,) = (alert for alert in status(eight).alerts if alert.symbol == "ZDO")
    assert waits.text == "scan-delete 2020-08-14: jdoe has signed, a second person has not"
    assert waits.then == "g on Symbol, as somebody else (sign scan-delete ZDO)"
    with pytest.raises(Refused, match="the second signature is another person's"):
        sign(eight, "scan-delete", "ZDO", "ZDO 2020-08-14")
    assert may_pass(sign(by(eight, "lts"), "scan-delete", "ZDO", "ZDO 2020-08-14"))
    assert row(board(eight, "scan-delete"), "ZDO").state == "signed"
    assert not [alert for alert in status(eight).alerts if alert.symbol == "ZDO"]


def test_zls_cannot_retire_for_its_save_file_and_its_open_loans(eight: Workspace) -> None:
    blocked = dict(row(board(eight, "retire"), "ZLS").blocks)
    assert blocked["save-file"] == "7,214 records in the save file"
    assert blocked["ill-requests"] == "326 ILL requests open"
    assert blocked["connexion-users"] == "41 Connexion users left"
    assert row(board(eight, "retire"), "ZLS").waits_for.startswith("ILL lead, authorizations coordinator")
    with pytest.raises(Refused, match="conditions are red"):
        sign(eight, "retire", "ZLS", "ZLS 2020-11-16")


def test_zhg_is_retired_for_ever_while_1906_of_its_rejections_are_still_with_the_unit(eight: Workspace) -> None:
    state = gate(eight, "retire", "ZHG")
    assert state.passed is not None and (state.passed.first.by, state.passed.second.by) == ("jdoe", "ill")
    assert state.effect.words.startswith("removes 731,000 holdings, all there are under ZHG; 5,223 of them unresolved")
    assert facts_of(eight, "ZHG")["rejections_open"].value == 1_906
    enter(eight, "ZHG", "save_file_count", "12", "Connexion", "2020-11-16")
    after = gate(eight, "retire", "ZHG")
    assert may_pass(after) and after.changes, "passed for ever, and what has changed since is told"


def test_zhg_is_retired_and_what_oclc_rejected_of_it_still_waits_in_its_units_queue(eight: Workspace) -> None:
    went_through(eight, "ZHG", "RBK", 10, "RBK_20201116_new.mrc")
    with Desk.open(eight) as desk:
        desk.catch_up()
        assert [(each.symbol, each.library) for each in desk.query(Filter(library="RBK", state=TODO))] == [("ZHG", "RBK")] * 2
    (retired,) = (each for each in status(eight).symbols if each.symbol == "ZHG")
    assert retired.waiting_on == "units: 2 rejected" and retired.milestones[4].state == "done"
    assert row(board(eight, "retire"), "ZHG").state == "done"


def test_zyn_waits_for_its_cataloguers(eight: Workspace) -> None:
    blocked = dict(row(board(eight, "scan-delete"), "ZYN").blocks)
    assert blocked["unresolved"].startswith("8,013 unresolved")
    assert blocked["ocn-changes"] == "400 of 2,732 changes reviewed"


def test_zyn_repairs_a_whole_error_group_at_once_and_takes_it_back_at_once(eight: Workspace) -> None:
    went_through(eight, "ZYN", "EAL", 40, "EAL_20201116_new.mrc")
    with Desk.open(eight, "ZYN") as desk:
        desk.catch_up()
        assert {count.value: count.records for count in desk.counts("group")}["linking"] == 8
        assert facts_of(eight, "ZYN")["rejections_open"].value == 8
        changed = desk.change(desk.query(Filter(group="linking")).refs(), Change(State.FIXED, note="batch repair"), "jdoe")
        assert len(changed["ZYN"].done) == 8
        assert facts_of(eight, "ZYN")["rejections_open"].value == 0
        desk.undo("jdoe")
        assert facts_of(eight, "ZYN")["rejections_open"].value == 8, "one act, one undo"


def test_zmd_has_reports_for_3_of_5_and_its_vernacular_is_late(eight: Workspace) -> None:
    blocked = dict(row(board(eight, "scan-delete"), "ZMD").blocks)
    assert blocked["uploaded"] == "3 of 5 files have a report: not yet the others"
    alerts = [alert for alert in status(eight).alerts if alert.symbol == "ZMD" and alert.kind == "late"]
    (vern,) = (alert for alert in alerts if "(vern)" in alert.text)
    assert vern.text.startswith("late by 6 d: no report on "), "13 days after the upload, of which 7 are to be expected"
    assert vern.then == "m on Dashboard (account ZMD --mail)"
    (medical,) = (each for each in status(eight).symbols if each.symbol == "ZMD")
    assert (medical.waiting_on, medical.since) == ("OCLC: reports", "2020-11-03T12:00:00.000Z")
    assert any(alert.text == vern.text for alert in oversight(eight).alerts), "the oversight committee reads it too"


def test_zmds_second_trusted_report_counts_nothing_twice(eight: Workspace) -> None:
    (trusted_file,) = (file for file in read_outbox(eight, "ZMD") if file.stream == "trusted")
    counted = {"sent", "accounted", "not_reported", "unresolved", "files_reported", "rejections_open", "reruns_unsettled"}
    with Desk.open(eight, "ZMD") as desk:
        desk.catch_up()
    before, account_before = facts_of(eight, "ZMD"), account(eight, "ZMD").total
    for _ in range(2):  # and the same report imported again
        assert again(eight, trusted_file, "20201110", 604_800_000).superseded == trusted_file.records
    with Desk.open(eight, "ZMD") as desk:
        desk.catch_up()
    after = facts_of(eight, "ZMD")
    assert {key: after[key].value for key in counted} == {key: before[key].value for key in counted}
    assert account(eight, "ZMD").total == account_before
    assert len(list((eight.root / "reports" / "ZMD").glob("*trusted*BibProcessingReport.txt"))) == 2


def test_rows_without_a_local_number_are_listed_with_the_record_they_are_about(eight: Workspace) -> None:
    (trusted_file,) = (file for file in read_outbox(eight, "ZMD") if file.stream == "trusted")
    again(eight, trusted_file, "20201110", 604_800_000, nameless=True)
    (found,) = rows_without_number(eight, "ZMD")
    assert (found.located, found.lsn, found.said) == (True, "2200000000019999", ("data error",))
    assert facts_of(eight, "ZMD")["data_errors"].value == 1
    assert account(eight, "ZMD").total["not_reported"] == 7, "listed, not lost"


def test_what_the_console_counts_holds_over_what_was_entered_and_the_rest_says_who_entered_it(eight: Workspace) -> None:
    medical, law = facts_of(eight, "ZMD"), facts_of(eight, "ZLW")
    assert (medical["in_set"].value, medical["in_set"].entered_by) == (18, None)
    assert medical["in_set"].source.startswith("prepare, run ")
    assert (law["in_set"].value, law["in_set"].entered_by) == (1_214_580, "jdoe")
    assert law["in_set"].source == "the project's tables of 16 November" and "unresolved" not in law


def test_the_tables_add_up() -> None:
    for facts in EIGHT:
        assert facts.in_set == facts.left_out + facts.unrouted + facts.sent, facts.code
    assert BY_CODE["ZHG"].sent == 731_873
