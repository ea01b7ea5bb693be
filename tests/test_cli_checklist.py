"""`checklist` and `evidence` on the command line: every act has its option, one object on stdout, one sentence a mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from oclc_console.cli import main
from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.core.samples import workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path / "w", acting_as="jdoe")


class Command:
    """Runs the command in this process, with its output."""

    def __init__(self, ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
        self._ws, self._capsys = ws, capsys

    def __call__(self, *words: str, code: int = 0) -> str:
        """What it says on stdout; its words on stderr where it is refused."""
        got = main(["--workspace", str(self._ws.root), "--as", "jdoe", *words])
        told = self._capsys.readouterr()
        assert got == code, told.err
        return told.err if code else told.out

    def json(self, *words: str) -> dict[str, Any]:
        """The object it prints."""
        found: dict[str, Any] = orjson.loads(self(*words, "--json"))
        return found


@pytest.fixture
def command(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(ws, capsys)


def of(told: dict[str, Any], task_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(task for task in told["tasks"] if task["id"] == task_id)
    return found


def test_every_act_on_a_task_has_its_option(command: Command) -> None:
    claimed = command.json("checklist", "ZLW", "survey-units", "--claim")
    assert of(claimed, "survey-units")["claimed_by"] == "jdoe" and claimed["steps"][0]["on"] == "jdoe"
    assert of(command.json("checklist", "ZLW", "survey-units", "--release"), "survey-units")["claimed_by"] is None
    planned = command.json("checklist", "ZLW", "survey-units", "--planned", "2026-12-01")
    assert of(planned, "survey-units")["planned"] == "2026-12-01"
    assert of(command.json("checklist", "ZLW", "survey-units", "--note", "ask Law"), "survey-units")["note"] == "ask Law"
    done = of(command.json("checklist", "ZLW", "survey-units", "--done", "2020-10-20", "--note", "14"), "survey-units")
    assert (done["state"], done["completed"], done["by"], done["note"]) == ("done", "2020-10-20", "jdoe", "14")
    again = of(command.json("checklist", "ZLW", "survey-units", "--reopen", "two more"), "survey-units")
    assert again["state"] == "current" and len(again["history"]) == 6
    aside = of(command.json("checklist", "ZLW", "survey-units", "--not-applicable", "--note", "one unit"), "survey-units")
    assert aside["state"] == "not_applicable"


def test_an_act_is_taken_back_by_its_line(command: Command, ws: Workspace) -> None:
    command("checklist", "ZLW", "survey-units", "--done", "2020-10-20")
    assert "needs a reason" in command("checklist", "ZLW", "--undo", "1", code=2)
    told = command.json("checklist", "ZLW", "--undo", "1", "--reason", "the wrong symbol")
    assert of(told, "survey-units")["state"] == "current"
    assert log.read(ws)[-1].act == "act.undone"


def test_the_milestones_are_told_as_before_with_their_tasks_beside(command: Command) -> None:
    told = command.json("checklist", "ZUL")
    assert [stone["milestone"] for stone in told["milestones"]] == [
        "authorizations", "logins", "reclamation", "freeze", "deletion", "updates"]
    assert told["next"] == "authorizations" and told["milestones"][3]["state"] == "not_applicable"
    assert of(told, "coverage")["evidence"][0]["key"] == "unrouted"
    assert {"record_type", "system", "phase", "who", "planned", "completed"} <= set(of(told, "coverage"))
    words = command("checklist", "ZUL")
    assert "◐ 1 authorizations" in words and "survey-units" in words and "After the reclamation" in words
    assert "Next: survey-units (Ask the units who catalogues, and under which symbol), waits for Authorizations" in words


@pytest.mark.parametrize(("words", "sentence"), [
    (["checklist"], "the symbol is missing"),
    (["checklist", "ZUL", "survey-units"], "go together"),
    (["checklist", "ZUL", "--claim"], "go together"),
    (["checklist", "ZUL", "lunch", "--claim"], "'lunch' is no milestone and no task"),
    (["checklist", "ZUL", "survey-units", "--reopen", ""], "reopening needs a reason"),
    (["checklist", "ZUL", "survey-units", "--claim", "--note", "x"], "--note goes by itself"),
    (["checklist", "ZUL", "authorizations", "--done", "2020-10-20"], "4 of 4 tasks open"),
    (["checklist", "ZUL", "x", "--undo", "1"], "it goes without a task"),
    (["evidence", "ZUL", "unrouted"], "a key and its value go together"),
    (["evidence", "ZUL", "cutoff_proposed", "2020-08-14"], "where this is known from is not said"),
    (["evidence", "ZUL", "cutoff", "2020-08-14", "--source", "mail"], "'cutoff' is nothing that can be entered"),
])
def test_each_mistake_is_one_sentence_and_nothing_is_written(
    command: Command, ws: Workspace, words: list[str], sentence: str
) -> None:
    assert sentence in command(*words, code=2)
    assert not log.read(ws)


def test_the_template_is_written_out_to_edit_and_never_over_an_edited_one(command: Command, ws: Workspace) -> None:
    assert "checklist.toml" in command("checklist", "--template")
    assert "there is one already" in command("checklist", "--template", code=2)
    (ws.root / "checklist.toml").write_text("[[task]]\n")
    assert command.json("checklist", "ZUL")["problem"].startswith(str(ws.root / "checklist.toml"))


def test_evidence_is_entered_and_listed_with_what_is_missing(command: Command) -> None:
    told = command.json("evidence", "ZLW", "ill_open_requests", "326", "--source", "ILL [system]", "--day", "2020-11-16")
    assert told == {"symbol": "ZLW", "key": "ill_open_requests", "value": 326, "as_of": "2020-11-16",
                    "source": "ILL [system]", "entered_by": "jdoe", "note": ""}
    lines = {line["key"]: line for line in command.json("evidence", "ZLW")["evidence"]}
    assert lines["ill_open_requests"]["value"] == 326 and lines["save_file_count"]["value"] is None
    words = command("evidence", "ZLW")
    assert words.index("326") < words.index("Missing:") < words.index("save_file_count")
