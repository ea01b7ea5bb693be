"""Two people sign, each for what they see: the same login never twice, nothing that changed meanwhile, and nothing taken back
once both have signed."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from oclc_console import clock
from oclc_console.errors import CallError, HereError, Refused
from oclc_console.operations.entering import enter
from oclc_console.operations.signing import gate, gate_pages, override, sign, to_json, withdraw
from oclc_console.project.gates import may_pass
from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.project.eight import TODAY, enter_evidence, make_eight
from tests.tui.stage import HeldClock


@pytest.fixture
def ready(tmp_path: Path) -> Workspace:
    """The eight symbols, ZDO's gate without red. The real clock runs: other processes look at it too."""
    workspace = make_eight(tmp_path)
    enter_evidence(workspace)
    override(workspace, "scan-delete", "ZDO", "unrouted", "a withdrawn gift")
    return workspace


def other(workspace: Workspace) -> Workspace:
    """The same workspace, seen by somebody else."""
    return Workspace(workspace.root, "lts")


def command(workspace: Workspace, person: str, *words: str) -> subprocess.Popen[str]:
    """`oclc-console` in a process of its own, by this person."""
    line = [sys.executable, "-m", "oclc_console", "--workspace", str(workspace.root), "--as", person, *words]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


SIGN = ("sign", "scan-delete", "ZDO", "--type", "ZDO", "--date", "2020-08-14", "--json")


def test_two_people_who_sign_at_the_same_moment_from_two_processes_pass_the_gate(ready: Workspace) -> None:
    both = [command(ready, person, *SIGN) for person in ("jdoe", "lts")]
    answers = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(len(orjson.loads(answer)["signed"]) for answer in answers) in ([1, 2], [2, 2])
    state = gate(ready, "scan-delete", "ZDO")
    assert state.passed is not None and {state.passed.first.by, state.passed.second.by} == {"jdoe", "lts"}
    assert log.verify(ready).ok


def test_one_person_who_signs_from_two_processes_at_once_has_signed_once(ready: Workspace) -> None:
    both = [command(ready, "jdoe", *SIGN) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert sorted(process.returncode for process in both) == [0, 4]
    refused = next(err for process, (_, err) in zip(both, said, strict=True) if process.returncode == 4)
    assert "the second signature is another person's" in refused
    assert gate(ready, "scan-delete", "ZDO").passed is None


@pytest.mark.slow
def test_the_command_line_looks_with_4_while_signatures_are_missing_and_with_0_after(ready: Workspace) -> None:
    looked = command(ready, "jdoe", "sign", "scan-delete", "ZDO")
    words, _ = looked.communicate()
    assert looked.returncode == 4 and "removes 15,436 holdings older than 2020-08-14; 1,070 of them unresolved" in words
    assert "oclc-console sign scan-delete ZDO --subject 2020-08-14 --type ZDO --date 2020-08-14" in words
    for person in ("jdoe", "lts"):
        sign(Workspace(ready.root, person), "scan-delete", "ZDO", "ZDO 2020-08-14")
    done = command(ready, "jdoe", "sign", "scan-delete", "ZDO", "--json")
    assert orjson.loads(done.communicate()[0])["open"] is True and done.returncode == 0
    mistyped = command(ready, "jdoe", "sign", "retire", "ZLS", "--type", "ZLS")
    assert mistyped.communicate() and mistyped.returncode == 2
    red = command(ready, "jdoe", "sign", "scan-delete", "ZUL", "--type", "ZUL", "--date", "2020-09-18")
    assert "conditions are red" in red.communicate()[1] and red.returncode == 4


def test_what_changed_between_looking_and_signing_is_not_signed(ready: Workspace) -> None:
    shown = gate(ready, "scan-delete", "ZDO")
    enter(other(ready), "ZDO", "withdrawn_since_extraction", "3", "the museum's mail", "2020-11-15")
    with pytest.raises(Refused, match=r"changed while you looked: withdrawn was green .* it is red"):
        sign(ready, "scan-delete", "ZDO", "ZDO 2020-08-14", shown=shown)
    assert gate(ready, "scan-delete", "ZDO").first is None
    shown = gate(ready, "scan-delete", "ZUL")
    enter(other(ready), "ZUL", "unrouted", "45", "the project's tables", "2020-11-15")
    with pytest.raises(Refused, match="44 unrouted"):
        override(ready, "scan-delete", "ZUL", "unrouted", "they may go", shown=shown)


def test_a_number_that_changed_only_in_the_effect_is_not_signed_either(ready: Workspace) -> None:
    shown = gate(ready, "scan-delete", "ZDO")
    enter(other(ready), "ZDO", "holdings_at_oclc", "430,000", "OCLC's mail", "2020-11-15")
    with pytest.raises(Refused, match=r"the effect was: removes 15,436 holdings .* it is: removes 115,436 holdings"):
        sign(ready, "scan-delete", "ZDO", "ZDO 2020-08-14", shown=shown)


def test_a_first_signature_lapses_when_the_evidence_changes_and_both_sign_anew(ready: Workspace) -> None:
    sign(ready, "scan-delete", "ZDO", "ZDO 2020-08-14")
    enter(ready, "ZDO", "holdings_at_oclc", "430000", "OCLC's mail", "2020-11-15")
    state = gate(ready, "scan-delete", "ZDO")
    assert state.first is None and state.lapsed[0][0].by == "jdoe"
    sign(other(ready), "scan-delete", "ZDO", "ZDO 2020-08-14")
    assert may_pass(sign(ready, "scan-delete", "ZDO", "ZDO 2020-08-14"))


def test_a_first_signature_can_be_taken_back_with_a_reason_and_nobodys_after_the_second(ready: Workspace) -> None:
    sign(ready, "scan-delete", "ZDO", "ZDO 2020-08-14")
    with pytest.raises(CallError, match="needs a reason"):
        withdraw(ready, "scan-delete", "ZDO", " ")
    assert withdraw(ready, "scan-delete", "ZDO", "the director wants to see the list first").first is None
    with pytest.raises(CallError, match="lts has signed nothing here"):
        withdraw(other(ready), "scan-delete", "ZDO", "not mine")
    sign(ready, "scan-delete", "ZDO", "ZDO 2020-08-14")
    with pytest.raises(Refused, match="nobody takes back what another person signed"):
        withdraw(other(ready), "scan-delete", "ZDO", "not mine", of=log.head(ready).seq)
    sign(other(ready), "scan-delete", "ZDO", "ZDO 2020-08-14")
    with pytest.raises(Refused, match="can't be undone"):
        withdraw(ready, "scan-delete", "ZDO", "too late")


def test_a_gate_about_a_collection_or_a_list_wants_it_named_and_each_stands_by_itself(ready: Workspace) -> None:
    with pytest.raises(CallError, match="about a collection id, and none was named"):
        gate(ready, "submit", "ZMD")
    state = gate(ready, "submit", "ZMD", "1000031")
    assert {one.id for one in state.conditions} == {"symbol", "type", "match", "lsn", "test", "second-person"}
    enter(ready, "ZMD", "collection_symbol", "ZMD", "Collection Manager", "2020-11-15", subject="1000031")
    green = {one.id for one in gate(ready, "submit", "ZMD", "1000031").conditions if one.state == "green"}
    assert green == {"symbol"}
    assert "symbol" in {one.id for one in gate(ready, "submit", "ZMD", "1000034").red}
    assert ("submit", "1000031") in gate_pages(ready, "ZMD") and gate_pages(ready, "ZLS")[0] == ("retire", "ZLS")


def test_a_gate_as_json_says_what_is_missing(ready: Workspace) -> None:
    told = to_json(gate(ready, "retire", "ZLS"))
    assert told["open"] is False and told["numbers"]["removed"] == 7_050_000
    assert "save-file: 7,214 records in the save file" in told["missing"]
    assert told["to_type"].startswith("ZLS 20")
    assert orjson.dumps(told)


def test_signing_on_another_day_than_today_is_refused_where_the_day_is_todays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = HeldClock(TODAY)
    monkeypatch.setattr(clock, "now", held.now)
    workspace = make_eight(tmp_path)
    enter_evidence(workspace)
    held.moment = datetime(2020, 10, 29, 12, tzinfo=UTC)
    with pytest.raises(CallError, match="which is not the symbol and the date"):
        sign(workspace, "retire", "ZHG", "ZHG 2020-10-28")
    assert sign(workspace, "retire", "ZHG", "ZHG 2020-10-29").first is not None


def test_nobody_signs_on_a_log_that_was_changed_anywhere(ready: Workspace) -> None:
    lines = ready.log.read_bytes().splitlines(keepends=True)
    ready.log.write_bytes(b"".join([*lines[:2], lines[2].replace(b'"by":"', b'"by":"x'), *lines[3:]]))
    before = ready.log.read_bytes()
    with pytest.raises(HereError, match="nobody can sign on a log that was changed"):
        sign(ready, "retire", "ZLS", "ZLS 2020-11-16")
    with pytest.raises(HereError, match="nobody can sign on a log that was changed"):
        override(ready, "retire", "ZLS", "save-file", "it is empty by now")
    assert ready.log.read_bytes() == before
