"""`authorizations` and `decisions` from the shell: one JSON object, words with denominators, exit codes for scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from oclc_console.cli import main
from oclc_console.cli.people import FIELDS, STATES
from oclc_console.project.authorizations import CHANGEABLE
from oclc_console.project.authorizations import STATES as KNOWN_STATES
from tests.project.rosters import csv_survey, project_with_people
from tests.project.test_authorizations import JANE, MAX

Said = tuple[int, str, str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project_with_people(tmp_path / "w").root


def says(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> Said:
    """(exit code, stdout, stderr) of a command."""
    code = main(["--workspace", str(root), "--as", "jdoe", *words])
    out, err = capsys.readouterr()
    return code, out, err


def tells(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """(exit code, the object) of a command with --json."""
    code, out, _ = says(capsys, root, *words, "--json")
    return code, orjson.loads(out)


def test_a_survey_is_taken_in_listed_checked_and_asked_for(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    survey = str(csv_survey(root / "s.csv", JANE, MAX))
    code, told = tells(capsys, root, "authorizations", "import", survey)
    assert (code, told["units"][0]["unit"], told["units"][0]["added"]) == (0, "RBK", ["Doe, Jane", "Max [Roe]"])
    assert tells(capsys, root, "authorizations", "import", survey)[1]["units"][0]["already"] is True
    code, told = tells(capsys, root, "authorizations", "list")
    assert (code, told["answered"], told["of_units"], len(told["people"])) == (0, 1, 5, 2)
    assert told["people"][0]["number"] == "100-123-456"
    code, told = tells(capsys, root, "authorizations", "check")
    assert (code, [each["kind"] for each in told["findings"]]) == (1, ["defunct", "defunct"])
    code, told = tells(capsys, root, "authorizations", "requests")
    assert (code, [line["name"] for line in told["batches"][0]["add"]]) == (0, ["Doe, Jane", "Max [Roe]"])
    code, told = tells(capsys, root, "authorizations", "requests", "--write")
    assert code == 0 and Path(told["requests"][0]["csv"]).is_file()
    code, told = tells(capsys, root, "authorizations", "set", "Max [Roe]", "--status", "moved", "--new-number", "100999888")
    assert (code, told["state"], told["new_number"]) == (0, "moved", "100-999-888")


def test_every_action_says_in_words_what_it_says_to_scripts(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Nobody is in the roster yet" in says(capsys, root, "authorizations", "list")[1]
    survey = str(csv_survey(root / "s.csv", JANE, ("Evil \x1b[31m", *MAX[1:])))
    code, out, _ = says(capsys, root, "authorizations", "import", survey)
    assert code == 0 and "RBK: 2 people; 2 new, 0 fields changed, 0 no longer named" in out and "\x1b" not in out
    assert "nothing was changed" in says(capsys, root, "authorizations", "import", survey)[1]
    assert "No answer yet: NET (ZUL), ARC (ZUL), MED (ZMD), THE (ZHG)" in says(capsys, root, "authorizations", "list")[1]
    assert "under a defunct symbol: 2" in says(capsys, root, "authorizations", "check")[1]
    assert "ZUL: 2 adds, 0 changes, 0 deletes" in says(capsys, root, "authorizations", "requests")[1]
    assert "request 1 for ZUL" in says(capsys, root, "authorizations", "requests", "--write")[1]
    assert "There is nothing to ask of OCLC" in says(capsys, root, "authorizations", "requests")[1]


def test_mistakes_are_sentences_and_exit_2(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = str(csv_survey(root / "s.csv", ("Jane", "hunter2"), headings=("Name", "Password")))
    for words, said in ((("import", secret), "is for passwords"), (("import", str(root / "nowhere.csv")), "No such file"),
                        (("set", "nobody", "--status", "left"), "has nobody called 'nobody'"),
                        (("set", "x"), "nothing to change")):
        code, out, err = says(capsys, root, "authorizations", *words)
        assert code in (2, 3) and out == "" and said in err and "hunter2" not in err


def test_decisions_are_listed_taken_tested_reopened_and_opened(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = tells(capsys, root, "decisions")
    assert (code, told["decided"], [each["symbol"] for each in told["symbols"]]) == (0, 0, ["ZUL", "ZMD", "ZHG"])
    code, told = tells(capsys, root, "decisions", "lhr-publishing", "--option", "2", "--result", "200 of 200")
    assert (code, told["options"][1]["result"]) == (0, "200 of 200")
    code, told = tells(capsys, root, "decisions", "lhr-publishing", "--choose", "2", "--reason", "tested", "--link", "wiki/1",
                       "--by", "EOC", "--on", "2020-11-02")
    assert (code, told["state"], told["choice"]["decided_by"], told["choice"]["day"]) == (0, "decided", "EOC", "2020-11-02")
    assert tells(capsys, root, "decisions", "lhr-publishing", "--reopen", "new test")[1]["state"] == "reopened"
    assert tells(capsys, root, "decisions", "--new", "Colour", "--symbol", "zul")[1]["id"] == "colour"
    assert tells(capsys, root, "decisions", "--symbol", "ZUL")[1]["symbol"] == "ZUL"
    code, told = tells(capsys, root, "decisions", "lhr-publishing")
    assert len(told["history"]) == 3


def test_the_register_reads_as_a_page_on_a_plain_terminal(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = says(capsys, root, "decisions", "documentation", "--choose", "A [wiki] \x1b[31m page", "--reason", "x")[1]
    assert "✔ documentation: Cataloging and ILL documentation (decided)" in out and "by J. Doe" in out and "\x1b" not in out
    out = says(capsys, root, "decisions")[1]
    assert "1 of 8 decided" in out and "ZHG     0 of 11 decided" in out and "J. Doe: A [wiki]" in out
    assert "open, usually ILL lead" in says(capsys, root, "decisions", "--symbol", "ZHG")[1]


@pytest.mark.parametrize(("words", "said"), [
    (["--reason", "x"], "--reason goes with --choose"), (["--choose", "1"], "which decision?"),
    (["documentation", "--choose", "x"], "a decision needs a reason"), (["nosuch"], "there is no decision 'nosuch'"),
    (["x", "--new", "y"], "gets its id from its title"), (["cut-off"], "decided for each symbol"),
    (["documentation", "--option", "x", "--link", "y"], "--link goes with --choose"),
])
def test_a_wrong_call_of_decisions_is_a_sentence_and_exit_2(root: Path, capsys: pytest.CaptureFixture[str], words: list[str],
                                                            said: str) -> None:
    code, out, err = says(capsys, root, "decisions", *words)
    assert code == 2 and out == "" and said in err


def test_the_options_of_set_are_the_fields_and_states_that_there_are() -> None:
    assert (sorted(FIELDS), STATES) == (sorted(CHANGEABLE), tuple(KNOWN_STATES))
