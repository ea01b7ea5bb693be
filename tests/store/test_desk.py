"""The cataloguer's desk: what OCLC said of each record in all reports, joined with what people did."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console import clock
from oclc_console.errors import CallError, InputError
from oclc_console.marc.record import put_together
from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING
from oclc_console.operations.import_reports import file_report
from oclc_console.store import checkpoint, gathering
from oclc_console.store.desk import FACETS, SORTS, Desk, Filter, Rejection, gather
from oclc_console.store.gathered import gathered_path, load_gathered
from oclc_console.store.ledger import LedgerWriter, ledger_schema
from oclc_console.store.rejections import open_exceptions
from oclc_console.store.report_rows import list_reports
from oclc_console.store.reviews import Change
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace, make_workspace
from tests.reports.made_up import EPOCH, ORIGINAL, SETTINGS, key, name_of

DAY = 86_400_000
CLAIM = Change(State.CLAIMED, "asmith")
SPARSE, LINKING, RDA = "CRITICAL|Record is sparse.", "SEVERE|1st $6 in 2nd 700 has invalid linking data.", (
    "MINOR|Invalid relationship - when 1st $e in 1st 040 is equal to rda, then 336 must be present.")
NOISE = "SEVERE|Invalid subfield 1st $0 in 1st 264."


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return make_workspace(tmp_path / "workspace", SETTINGS)


class Uploads:
    """Uploads of one symbol, and OCLC's reports about them; each upload has a name and a day of its own."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def processing(self, day: int, *rows: str, rerun: int = 0) -> str:
        """A BibProcessingReport: rows of `N|LSN|sent|after|outcome`."""
        return self._file(PROCESSING, day, rerun, rows)

    def exceptions(self, day: int, *rows: str, rerun: int = 0) -> str:
        """A BibExceptionReport: rows of `N|LSN|severity|text`, or `N|LSN|type||text` for what is no validation error."""
        full = [f"{n}|{lsn}|||{'Validation Error|' if rest.count('|') == 1 else ''}{rest}"
                for n, lsn, rest in (row.split("|", 2) for row in rows)]
        return self._file(EXCEPTIONS, day, rerun, full)

    def _file(self, word: str, day: int, rerun: int, rows: tuple[str, ...] | list[str]) -> str:
        epoch = EPOCH + day * DAY + rerun * 3_600_000
        name = name_of(word, time=f"{3 + rerun:02d}1200123", original=original(day))
        content = "".join(f"{key(int(row.split('|')[0]), epoch)}|{row.split('|', 1)[1]}\n" for row in rows)
        file_report(self.workspace, name, content.encode())
        return name


def original(day: int) -> str:
    """The name of the upload of a day."""
    return ORIGINAL.replace("20201103", f"202011{3 + day:02d}")


@pytest.fixture
def uploads(workspace: Workspace) -> Uploads:
    """Where to upload to."""
    return Uploads(workspace)


def at_day(day: float) -> datetime:
    """An instant so many days after the first upload."""
    return datetime.fromtimestamp((EPOCH + day * DAY) / 1000, UTC)


def caught_up(workspace: Workspace, symbol: str | None = None) -> Desk:
    """A desk with everything gathered."""
    desk = Desk.open(workspace, symbol)
    desk.catch_up()
    return desk


def only(desk: Desk, name: str = "991") -> Rejection:
    """One record, whatever is hidden."""
    (found,) = [each for each in desk.query(Filter(minor=True)) if each.key == name]
    return found


# what a record is


def test_a_record_is_one_piece_of_work_however_many_lines_and_reports_speak_of_it(
    workspace: Workspace, uploads: Uploads
) -> None:
    exceptions = uploads.exceptions(0, f"100|991|{RDA}", f"100|991|{LINKING}", f"100|991|{LINKING}", f"200|992|{SPARSE}")
    processing = uploads.processing(
        0, "100|991|12|1520000001|unresolved", "200|992||1520000002|unresolved", "300|993|3|3|match")
    desk = caught_up(workspace)
    assert [each.key for each in desk.query()] == ["992", "991"]
    one = only(desk)
    assert (one.lsn, one.worst, one.outcome, one.group, one.ocn_in, one.ocn_out, one.staging) == (
        "991", "SEVERE", "unresolved", "linking", 12, 1520000001, True)
    assert (one.upload, one.end, one.appearances, one.lines, one.state, one.owner) == (original(0), 100, 1, 4, State.OPEN, "")
    record = desk.record(one.ref)
    assert record is not None and record.review is None
    (appearance,) = record.appearances
    assert set(appearance.reports) == {processing, exceptions} and appearance.accepted is False
    assert [(each.severity, each.times, each.minor) for each in appearance.complaints] == [
        ("SEVERE", 2, False), ("", 1, False), ("MINOR", 1, True)]
    assert desk.document("ZUL", appearance.complaints[0])["text"] == "1st $6 in 2nd 700 has invalid linking data."
    assert desk.record(("ZUL", "993")) is None and desk.record(("ZMD", "991")) is None


def test_records_with_nothing_but_minor_lines_that_oclc_took_are_hidden_until_asked_for(
    workspace: Workspace, uploads: Uploads
) -> None:
    uploads.exceptions(0, f"100|991|{RDA}", f"200|992|{RDA}", f"300|993|{NOISE}", f"400|994|{LINKING}")
    uploads.processing(0, "100|991|1|1|match", "200|992||1|unresolved", "300|993|2|2|field transfer", "400|994|3|3|match")
    desk = caught_up(workspace)
    assert {each.key for each in desk.query()} == {"992", "994"} and desk.hidden() == 2
    assert {each.key for each in desk.query(Filter(minor=True)) if each.minor_only} == {"991", "993"}
    assert {each.key for each in desk.query(Filter(severity="MINOR"))} == {"991", "992"}
    assert only(desk, "992").group == "unresolved" and only(desk, "993").group == "authority-link"
    assert {count.value for count in desk.counts("group")} == {"unresolved", "linking"}
    assert {count.value for count in desk.counts("group", Filter(minor=True))} >= {"rda", "authority-link"}
    record = desk.record(("ZUL", "993"))
    assert record is not None and record.appearances[0].complaints[0].noise


def test_exact_duplicates_are_folded_and_counted_never_dropped(workspace: Workspace, uploads: Uploads) -> None:
    uploads.exceptions(0, *[f"100|991|{LINKING}"] * 5, f"100|991|{LINKING.replace('1st', '2nd')}")
    one = only(desk := caught_up(workspace))
    record = desk.record(one.ref)
    assert record is not None and [each.times for each in record.appearances[0].complaints] == [5, 1] and one.lines == 6


def test_lines_that_tell_of_no_record_are_work_too(workspace: Workspace, uploads: Uploads) -> None:
    report = uploads.exceptions(0, f"100|991|{SPARSE}")
    content = f"{key(1)}||||Data Error||crosswalk_error\nhalf a line\n{key(2)}|992|||Validation Error|{SPARSE}\n"
    other = name_of(EXCEPTIONS, time="051200123", original=original(5))
    file_report(workspace, other, content.encode())
    desk = caught_up(workspace)
    found = {each.key: each for each in desk.query()}
    assert set(found) == {"991", "992", f"@{key(1)}", f"#{other}:2"}
    assert found[f"@{key(1)}"].group == "crosswalk" and found[f"@{key(1)}"].lsn == ""
    assert found[f"#{other}:2"].group == "unreadable-line"
    desk.change([("ZUL", f"#{other}:2")], Change(State.REPORTED, note="odd"))
    assert only(desk, f"#{other}:2").state is State.REPORTED and report in {count.value for count in desk.counts("report")}


def test_rows_of_an_older_job_inside_a_newer_report_are_told_apart_by_their_record_key(
    workspace: Workspace, uploads: Uploads
) -> None:
    uploads.processing(0, "100|991||1520000001|unresolved")
    name = name_of(PROCESSING, time="031200999", original=original(4))
    newer, older = EPOCH + 4 * DAY, EPOCH + DAY
    file_report(workspace, name, "".join([f"{key(1, newer)}|995||7|unresolved\n" * 3, f"{key(9, older)}|991|1|1|match\n",
                                          f"{key(100, newer)}|991||8|unresolved\n"]).encode())
    record = caught_up(workspace).record(("ZUL", "991"))
    assert record is not None
    assert [(each.received[:10], each.accepted) for each in record.appearances] == [
        ("2020-11-07", False), ("2020-11-04", True), ("2020-11-03", False)]


def test_complaints_are_those_that_the_exceptions_in_tinydb_hold(workspace: Workspace, uploads: Uploads) -> None:
    uploads.exceptions(0, f"100|991|{RDA}", f"100|991|{LINKING}", "5|990|Data Error||crosswalk_error")
    uploads.processing(0, "100|991||7|unresolved", "200|992|5|5|Set Aside", "300|993|3|3|match", "400|994||4|")
    desk, seen = caught_up(workspace), set()
    for rejection in desk.query(Filter(minor=True)):
        record = desk.record(rejection.ref)
        assert record is not None
        for complaint in itertools.chain.from_iterable(each.complaints for each in record.appearances):
            document = desk.document("ZUL", complaint)
            assert (document["type"], document["text"]) == (complaint.type, complaint.text)
            seen.add((complaint.report, complaint.document))
    everything = {(info.name, at) for info in list_reports(workspace)
                  for at in range(len(open_exceptions(workspace, "ZUL", info.name)))}
    assert seen == everything


# the life of a rejection


def test_a_record_that_a_later_report_tells_as_accepted_closes_itself(
    workspace: Workspace, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.processing(0, "100|991||1520000001|unresolved", "200|992||1520000002|unresolved")
    desk = caught_up(workspace)
    monkeypatch.setattr(clock, "now", lambda: at_day(1))
    desk.change([("ZUL", "991")], Change(State.FIXED, "jdoe"))
    report = uploads.processing(2, "90|991|5|5|match", "180|992|6|6|match")
    assert desk.behind and desk.catch_up() and not desk.behind and not desk.catch_up()
    fixed, untouched = only(desk), only(desk, "992")
    assert (fixed.state, fixed.owner, fixed.told_by, fixed.appearances) == (State.CONFIRMED, "jdoe", report, 2)
    assert (untouched.state, untouched.owner) == (State.CONFIRMED, "")
    assert len(desk.query(Filter(state="todo"))) == 0


def test_a_record_that_fails_again_comes_back_to_its_owner_with_a_count(
    workspace: Workspace, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.processing(0, "100|991||1520000001|unresolved")
    desk = caught_up(workspace)
    for day, count in ((1, 1), (3, 2)):
        monkeypatch.setattr(clock, "now", lambda day=day: at_day(day))
        desk.change([("ZUL", "991")], Change(State.FIXED, "jdoe"), "jdoe")
        report = uploads.processing(day + 1, "95|991||1520000009|unresolved")
        desk.catch_up()
        one = only(desk)
        assert (one.state, one.owner, one.came_back, one.told_by) == (State.CAME_BACK, "jdoe", count, report)
    assert [each.key for each in desk.query(Filter(state="came_back", owner="jdoe"))] == ["991"]


def test_a_fix_made_after_the_upload_was_received_is_not_judged_by_its_report(
    workspace: Workspace, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.processing(0, "100|991||1520000001|unresolved")
    desk = caught_up(workspace)
    monkeypatch.setattr(clock, "now", lambda: at_day(3))
    desk.change([("ZUL", "991")], Change(State.FIXED, "jdoe"))
    uploads.processing(2, "95|991||1520000009|unresolved")
    desk.catch_up()
    assert only(desk).state is State.FIXED and only(desk).appearances == 2


def test_a_rerun_takes_the_place_of_what_was_said_and_judges_no_fix(
    workspace: Workspace, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.processing(0, "100|991||1520000001|unresolved", "200|992||1520000002|unresolved")
    desk = caught_up(workspace)
    monkeypatch.setattr(clock, "now", lambda: at_day(0.01))
    desk.change([("ZUL", "991")], Change(State.FIXED, "jdoe"))
    uploads.processing(0, "100|991||1520000001|unresolved", "200|992|6|6|match", rerun=1)
    desk.catch_up()
    again, taken = only(desk), only(desk, "992")
    assert (again.state, again.came_back, again.appearances) == (State.FIXED, 0, 1)
    assert (taken.state, taken.appearances) == (State.CONFIRMED, 1)
    record = desk.record(again.ref)
    assert record is not None and [each.superseded for each in record.appearances] == [False, True]


def test_importing_the_same_report_again_changes_nothing(workspace: Workspace, uploads: Uploads) -> None:
    uploads.exceptions(0, f"100|991|{LINKING}")
    uploads.processing(0, "100|991||1520000001|unresolved")
    desk = caught_up(workspace)
    before = list(desk.query())
    uploads.exceptions(0, f"100|991|{LINKING}")
    uploads.processing(0, "100|991||1520000001|unresolved")
    assert not desk.behind and not desk.catch_up() and list(desk.query()) == before


@pytest.mark.slow
def test_the_outcome_does_not_depend_on_the_order_of_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def life(uploads: Uploads) -> list[object]:
        return [lambda: uploads.processing(0, "100|991||15|unresolved", "200|||15|data error"),
                lambda: uploads.exceptions(0, f"100|991|{LINKING}", f"300|993|{RDA}"),
                lambda: uploads.processing(0, "100|991||15|unresolved", "200|992|1|1|match", rerun=1),
                lambda: uploads.processing(4, "50|991|5|5|match", "60|993|1|1|match")]

    told = set()
    for number, order in enumerate(itertools.permutations(range(4))):
        workspace = make_workspace(tmp_path / str(number), SETTINGS)
        uploads, desk = Uploads(workspace), Desk.open(workspace)
        with monkeypatch.context() as still:
            still.setattr(clock, "now", lambda: at_day(2))
            desk.change([("ZUL", "991")], Change(State.FIXED, "jdoe"), "jdoe")
        for at in order:
            life(uploads)[at]()  # type: ignore[operator]
            desk.catch_up()
        told.add(tuple((each.key, each.state, each.came_back, each.outcome, each.worst, each.group, each.appearances,
                        each.minor_only) for each in desk.query(Filter(minor=True), "key")))
    assert len(told) == 1
    assert {row[0]: row[1] for row in told.pop()} == {
        "991": State.CONFIRMED, "993": State.CONFIRMED, f"@{key(200)}": State.CONFIRMED}


# what the ledger adds


def sent(workspace: Workspace, day: int, *records: tuple[str, str, str]) -> list[int]:
    """An upload in outbox and ledger: (LSN, library, title) each; the records' end bytes."""
    rows, ends, end = [], [], 0
    with open(workspace.at("outbox", "ZUL") / original(day), "wb") as file:
        for lsn, library, title in records:
            raw = put_together(b"00000nam a2200000 a 4500", [
                (b"001", lsn.encode()), (b"245", b"10\x1fa" + title.encode() + b" :\x1fbtales /\x1fcby X.")])
            file.write(raw)
            end += len(raw)
            ends.append(end)
            rows.append({"source": "set.mrc", "lsn": lsn, "library": library, "stream": "All", "fate": "stream",
                         "outbox": original(day), "end": end, "offset": end - len(raw), "length": len(raw)})
    ledger = LedgerWriter(workspace.at("ledger", "ZUL") / f"2020110{day + 1}T000000Z-prepare-ZUL.parquet")
    ledger.add(pa.Table.from_pylist(rows, schema=ledger_schema()))
    ledger.close()
    return ends


def test_library_stream_and_title_are_those_of_the_record_as_it_was_sent(workspace: Workspace, uploads: Uploads) -> None:
    ends = sent(workspace, 0, ("991", "WID", "[Letters] 手紙"), ("992", "LAW", "=1+1"))
    uploads.processing(0, *[f"{end}|{lsn}||15|unresolved" for end, lsn in zip(ends, ("991", "992"), strict=True)])
    desk = caught_up(workspace)
    assert [(each.library, each.stream, each.title) for each in desk.query(sort="key")] == [
        ("WID", "All", "[Letters] 手紙 : tales"), ("LAW", "All", "=1+1 : tales")]
    assert [each.key for each in desk.query(Filter(library="LAW"))] == ["992"]
    assert [each.key for each in desk.query(Filter(text="手紙"))] == ["991"]
    (workspace.root / "outbox" / "ZUL" / original(0)).unlink()
    gathered_path(workspace, "ZUL").unlink()
    assert {each.title for each in caught_up(workspace).query()} == {""}


def test_a_record_without_a_local_number_is_found_by_its_end_byte_and_followed_from_then_on(
    workspace: Workspace, uploads: Uploads
) -> None:
    ends = sent(workspace, 0, ("991", "WID", "one"), ("992", "WID", "two"))
    uploads.processing(0, f"{ends[0]}|991|1|1|match", f"{ends[1]}||||data error")
    desk = caught_up(workspace)
    one = only(desk, "992")
    assert one.located and one.title == "two : tales" and one.group == "unreadable-record"
    desk.change([("ZUL", f"@{key(ends[1])}")], Change(State.FIXED, "jdoe"))
    assert only(desk, "992").owner == "jdoe"
    uploads.processing(2, "500|992|5|5|match")
    desk.catch_up()
    assert only(desk, "992").appearances == 2


def test_a_record_is_never_found_by_guess_where_end_bytes_are_not_what_they_seem(
    workspace: Workspace, uploads: Uploads
) -> None:
    ends = sent(workspace, 0, ("991", "WID", "one"), ("992", "WID", "two"))
    uploads.processing(0, f"{ends[0] + 7}|991|1|1|match", f"{ends[1]}||||data error")
    (only_one,) = caught_up(workspace).query()
    assert only_one.key == f"@{key(ends[1])}" and not only_one.located and only_one.lsn == ""


# asking


@pytest.fixture
def busy(workspace: Workspace, uploads: Uploads) -> Iterator[Desk]:
    """Forty records with faults of several kinds, some of them worked on."""
    ends = sent(workspace, 0, *[(f"99{i:02d}", ("WID", "LAW", "MAP")[i % 3], f"Title x{40 - i}y") for i in range(40)])
    uploads.processing(0, *[f"{end}|99{i:02d}|{i + 1}|15{i}|{'match' if i % 10 == 9 else 'unresolved'}"
                            for i, end in enumerate(ends)])
    kinds = (SPARSE, LINKING, RDA, "SEVERE|Invalid tag 509.")
    uploads.exceptions(0, *[f"{end}|99{i:02d}|{kinds[i % 4]}" for i, end in enumerate(ends)])
    with caught_up(workspace) as desk:
        desk.change([("ZUL", f"99{i:02d}") for i in range(0, 40, 4)], Change(State.CLAIMED, "jdoe"), "jdoe")
        desk.change([("ZUL", f"99{i:02d}") for i in range(1, 40, 8)], Change(State.FIXED, "asmith", "Check THIS"), "asmith")
        yield desk


def test_every_facet_counts_what_its_filter_shows(busy: Desk) -> None:
    for facet in FACETS:
        for which in (Filter(), Filter(minor=True), Filter(library="LAW"), Filter(owner="jdoe"), Filter(text="tag")):
            for count in busy.counts(facet, which):
                asked: dict[str, Any] = {facet: count.value}
                assert count.records == len(busy.query(replace(which, **asked))), (facet, count)
    assert sum(count.records for count in busy.counts("library")) == len(busy.query())
    with pytest.raises(CallError):
        busy.counts("colour")


def test_words_are_found_everywhere_and_can_be_excluded(busy: Desk) -> None:
    def found(text: str) -> set[str]:
        return {each.key for each in busy.query(Filter(text=text))}

    assert found("title x40y") == {"9900"} and found("9913") == {"9913"} and found("1513") == {"9913"}
    assert found("check this") == found("FIXED in alma") == found("asmith") == {f"99{i:02d}" for i in range(1, 40, 8)}
    assert found("law") == {each.key for each in busy.query(Filter(library="LAW"))}
    assert found("linking") == {each.key for each in busy.query(Filter(group="linking"))}
    assert found("509 !map") == {each.key for each in busy.query(Filter(text="509")) if each.library != "MAP"}
    assert found("bibprocessing") == found("") == {each.key for each in busy.query()} and found("nowhere") == set()
    assert found(only(busy, "9913").record_key.upper()) == {"9913"}


def test_every_order_is_an_order(busy: Desk) -> None:
    everything = {each.key for each in busy.query(Filter(minor=True))}
    for sort in SORTS:
        assert {each.key for each in busy.query(Filter(minor=True), sort)} == everything
        turned = [each.key for each in busy.query(Filter(minor=True), sort, reverse=True)]
        assert turned == [each.key for each in busy.query(Filter(minor=True), sort)][::-1]
    titles = [each.title for each in busy.query(sort="title")]
    assert titles == sorted(titles, key=str.lower)
    assert [each.worst for each in busy.query()][:10] == ["CRITICAL"] * 10
    with pytest.raises(CallError):
        busy.query(sort="colour")


def test_a_selection_pages_like_a_list_and_tells_states_as_they_are(busy: Desk, workspace: Workspace) -> None:
    chosen = busy.query(Filter(state="open"))
    everything = list(chosen)
    assert chosen.page(3, 5) == everything[3:8] and chosen.page(1000, 5) == [] and chosen[-1] == everything[-1]
    assert chosen.refs() == [each.ref for each in everything] and chosen.find(everything[4].ref) == 4
    assert chosen.find(("ZUL", "nobody")) is None
    with Desk.open(workspace) as other:
        other.change([everything[0].ref], Change(State.WAITING), "asmith")
    assert chosen.page(0, 1)[0].state is State.WAITING
    assert len(busy.query(Filter(state="open"))) == len(chosen) - 1


def test_the_newest_act_of_a_person_is_taken_back_whatever_symbol_it_was_about(busy: Desk) -> None:
    last = busy.last_act("asmith")
    assert last is not None and last[0] == "ZUL" and last[1].count == 5
    undone = busy.undo("asmith")
    assert len(undone["ZUL"].done) == 5
    assert len(busy.query(Filter(owner="asmith"))) == 0 and busy.undo("asmith") == {}


def test_symbols_stand_side_by_side(workspace: Workspace, uploads: Uploads) -> None:
    uploads.processing(0, "100|991||1|unresolved")
    file_report(workspace, name_of(PROCESSING, symbol="ZMD", original="1000031.zmd.x.mrc"),
                f"{key(1, symbol='ZMD', collection='1000031')}|991|||processing error\n".encode())
    desk = caught_up(workspace)
    assert [count.value for count in desk.counts("symbol")] == ["ZMD", "ZUL"]
    desk.change([each.ref for each in desk.query(Filter(symbol="ZMD"))], Change(State.CLAIMED, "jdoe"))
    assert {each.symbol: each.state for each in desk.query()} == {"ZMD": State.CLAIMED, "ZUL": State.OPEN}
    assert [each.symbol for each in caught_up(workspace, "ZMD").query()] == ["ZMD"]


def test_an_act_over_several_symbols_is_one_act_and_is_taken_back_in_all_of_them(
    workspace: Workspace, uploads: Uploads
) -> None:
    uploads.processing(0, "100|991||1|unresolved", "200|992||2|unresolved")
    file_report(workspace, name_of(PROCESSING, symbol="ZMD", original="1000031.zmd.x.mrc"),
                f"{key(1, symbol='ZMD', collection='1000031')}|991|||processing error\n".encode())
    desk = caught_up(workspace)
    changed = desk.change([each.ref for each in desk.query()], Change(State.CLAIMED, "jdoe"), "jdoe")
    assert set(changed) == {"ZMD", "ZUL"} and len({each.act for each in changed.values()}) == 1
    desk.change([("ZUL", "992")], Change(State.FIXED), "asmith", take_over=True)
    undone = desk.undo("jdoe")
    assert undone["ZMD"].done == ("991",) and undone["ZUL"].done == ("991",)
    assert undone["ZUL"].held == (("992", "asmith changed it since"),)
    assert desk.undo("jdoe") == {} and {each.state for each in desk.query()} == {State.OPEN, State.FIXED}


def test_a_desk_on_a_checkpoint_tells_the_same_as_one_that_read_everything(
    workspace: Workspace, busy: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_WORTH", 1)
    some = [each.ref for each in busy.query(sort="key")][::3]
    busy.change(some, Change(State.WAITING, "jdoe", note="Asked OCLC"), "jdoe", take_over=True)
    busy.change(some[:2], Change(note="Again"), "jdoe")
    assert busy.reviews("ZUL").keep_checkpoint()
    busy.change(some[1:3], Change(State.FIXED, note="since then"), "jdoe")
    with Desk.open(workspace) as quick:
        assert quick.reviews("ZUL").checkpoint is not None
        for which in (Filter(minor=True), Filter(text="asked"), Filter(text="again"), Filter(text="since"),
                      Filter(owner="jdoe"), Filter(state="todo"), Filter(text="!asked jdoe")):
            for sort in ("state", "owner", "severity"):
                assert list(quick.query(which, sort)) == list(busy.query(which, sort))
        for facet in FACETS:
            assert quick.counts(facet) == busy.counts(facet)
        assert [quick.record(ref) for ref in some] == [busy.record(ref) for ref in some]
        quick.change(some[:1], CLAIM, "asmith", take_over=True)
        assert list(quick.query(Filter(text="again"))) == list(busy.query(Filter(text="again")))


def test_an_empty_workspace_has_an_empty_desk(workspace: Workspace) -> None:
    desk = Desk.open(workspace)
    assert not desk.behind and not desk.catch_up() and len(desk.query(Filter(text="x"))) == 0
    assert desk.counts("library") == [] and desk.query().page(0, 50) == [] and desk.undo() == {}


# what is derived


@pytest.mark.parametrize("harm", ["missing", "empty", "torn", "noise"])
def test_columns_that_are_lost_or_broken_are_made_again(workspace: Workspace, uploads: Uploads, harm: str) -> None:
    uploads.exceptions(0, f"100|991|{LINKING}", f"200|992|{SPARSE}")
    before, path = list(caught_up(workspace).query()), gathered_path(workspace, "ZUL")
    content = path.read_bytes()
    path.unlink()
    if harm != "missing":
        path.write_bytes({"empty": b"", "torn": content[:-100], "noise": os.urandom(500)}[harm])
    desk = Desk.open(workspace)
    assert len(desk.query()) == 0 and desk.behind
    assert desk.catch_up() and list(desk.query()) == before and path.read_bytes() == content


def test_where_there_is_much_to_gather_another_process_does_it(
    workspace: Workspace, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.exceptions(0, f"100|991|{LINKING}")
    monkeypatch.setattr(gathering, "_FEW_ROWS", 0)
    monkeypatch.setattr(gathering, "gather", lambda *_: pytest.fail("it was gathered here"))
    assert only(caught_up(workspace)).group == "linking"


def test_new_meanings_regroup_what_is_here(workspace: Workspace, uploads: Uploads) -> None:
    uploads.exceptions(0, f"100|991|{LINKING}", "200|992|SEVERE|It glows in 245.")
    desk = caught_up(workspace)
    assert only(desk, "992").group == "? It glows in NNN."
    own = '[[group]]\nid = "glow"\ntitle = "It glows"\nwords = "Ha."\nsays = ["glows"]\n'
    (workspace.root / "meanings.toml").write_text(own)
    assert desk.behind and desk.catch_up() and only(desk, "992").group == "glow"
    assert desk.group("glow").title == "It glows"


def test_a_part_of_the_columns_is_a_desk_of_its_own(busy: Desk, tmp_path: Path) -> None:
    workspace = busy.workspace
    gather(workspace, "ZUL")
    columns = load_gathered(gathered_path(workspace, "ZUL"))
    assert columns is not None
    wanted = [each for each in busy.query(Filter(minor=True), "key") if each.library == "LAW"]
    laptop = make_workspace(tmp_path / "laptop", SETTINGS)
    laptop.at("rejections", "ZUL")
    rows = columns.rows_of([each.key for each in wanted])
    columns.only(rows).save(gathered_path(laptop, "ZUL"), fixed=True)
    with Desk.open(laptop) as desk:
        assert not desk.behind and not desk.catch_up()
        assert [(each.key, each.title, each.group) for each in desk.query(Filter(minor=True), "key")] == [
            (each.key, each.title, each.group) for each in wanted]
        for each in wanted:
            here, there = desk.record(each.ref), busy.record(each.ref)
            assert here is not None and there is not None and here.appearances == there.appearances
        desk.change([wanted[0].ref], Change(State.FIXED))
        assert len(desk.query(Filter(state="fixed", minor=True))) == 1


def test_a_complaint_that_is_not_in_its_reports_exceptions_any_more_is_told(workspace: Workspace, uploads: Uploads) -> None:
    name = uploads.exceptions(0, f"100|991|{LINKING}")
    desk = caught_up(workspace)
    record = desk.record(("ZUL", "991"))
    assert record is not None
    (workspace.root / "rejections" / "ZUL" / f"{name}.json").unlink()
    with pytest.raises(InputError, match="Import"):
        desk.document("ZUL", record.appearances[0].complaints[0])


CELLS = st.text(st.characters(exclude_characters="\n\r|", exclude_categories=["Cs", "Cc"]), max_size=12)
ROWS = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["", "991", "992", "[993]"]),
                          st.sampled_from(["Validation Error", "Data Error", "Processing Error", "New Type"]),
                          st.sampled_from(["", "MINOR", "SEVERE", "CRITICAL", "Odd"]), CELLS), max_size=8)


@pytest.mark.slow
@given(rows=ROWS, outcomes=st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["", "991", "992"]),
                                              st.sampled_from(["match", "unresolved", "data error", "", "Odd"])), max_size=6))
def test_whatever_a_report_holds_every_line_of_it_is_on_the_desk(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str, str, str]], outcomes: list[tuple[int, str, str]]
) -> None:
    workspace = make_workspace(tmp_path_factory.mktemp("w") / "workspace", SETTINGS)
    lines = [f"{key(n)}|{lsn}|||{type_}|{severity}|{text}" for n, lsn, type_, severity, text in rows]
    file_report(workspace, name_of(EXCEPTIONS), "".join(line + "\n" for line in lines).encode())
    file_report(workspace, name_of(PROCESSING), "".join(f"{key(n)}|{lsn}|||{word}\n" for n, lsn, word in outcomes).encode())
    desk = caught_up(workspace)
    documents = sum(info.documents for info in list_reports(workspace))
    found = list(desk.query(Filter(minor=True)))
    assert sum(each.lines for each in found) == documents
    for each in found:
        record = desk.record(each.ref)
        assert record is not None and record.rejection == each
        assert sum(c.times for a in record.appearances for c in a.complaints) == each.lines
        for word in (each.key, each.worst, each.outcome):
            assert each.ref in desk.query(Filter(text=word.replace("!", ""), minor=True)).refs() if word else True
