"""`lint FILE...`: any MARC file, no workspace, one answer a file, and the exit code a script can trust."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from oclc_console.errors import InputError
from oclc_console.marc.lint import RULES, Severity
from oclc_console.marc.lint.sets import SET_RULES
from oclc_console.marc.record import Record, put_together
from oclc_console.marc.source import Scanned, judge
from oclc_console.operations.lint_files import FileLint, lint_files
from tests.lint.samples import good


def raw(record: Record) -> bytes:
    """A record as it stands in a file."""
    return put_together(record.leader, zip(record.tags, record.fields, strict=True))


SOUND, SPARSE = raw(good()), raw(good(without=["264", "300"]))
TORN = b"00099" + SOUND[5:]
EMPTY_SUBFIELD = raw(good(("500", "  $aNote$")))


def file_of(folder: Path, *records: bytes, name: str = "set.mrc") -> Path:
    """A file of these records."""
    path = folder / name
    path.write_bytes(b"".join(records))
    return path


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command in a folder that is no workspace."""
    return subprocess.run([sys.executable, "-m", "oclc_console", "lint", *map(str, words)], capture_output=True, text=True,
                          check=False)


def one(path: Path, **more: Any) -> FileLint:
    """The answer about one file."""
    (answer,) = lint_files([path], **more)
    return answer


def test_every_record_is_kept_or_quarantined_and_each_rule_counts_records(tmp_path: Path) -> None:
    answer = one(file_of(tmp_path, SOUND, SPARSE, TORN, SPARSE, EMPTY_SUBFIELD))
    assert (answer.records, answer.kept, answer.quarantined, answer.spoken_of) == (5, 4, 1, 4)
    told = {count.rule: (count.severity, count.records) for count in answer.counts.values()}
    assert told["sparse"] == (Severity.CRITICAL, 2)
    assert told["leader-length"] == (Severity.CRITICAL, 1)
    assert told["empty-subfield"] == (Severity.NOTICE, 1)


def test_the_first_example_says_where_it_is(tmp_path: Path) -> None:
    place = one(file_of(tmp_path, SOUND, SPARSE)).counts["sparse"].first.place
    assert (place.number, place.offset, place.lsn, place.mms) == (2, len(SOUND), "2212345678900009999", "991234567890009999")


def test_the_worst_comes_first(tmp_path: Path) -> None:
    answer = one(file_of(tmp_path, raw(good(("913", "  $ax"), ("509", "  $ay"), without=["264", "300"]))))
    assert [count.severity for count in answer.worst_first()] == sorted(
        (count.severity for count in answer.counts.values()), key=lambda severity: -severity.rank)


def test_what_is_less_severe_can_be_left_out(tmp_path: Path) -> None:
    path = file_of(tmp_path, raw(good(("913", "  $ax"), without=["336", "264", "300"])))
    assert {"rejected-before", "rda-content", "sparse"} <= one(path).counts.keys()
    assert {"rda-content", "sparse"} <= one(path, least=Severity.MINOR).counts.keys()
    assert set(one(path, least=Severity.SEVERE).counts) == {"sparse"}


def test_rules_can_be_chosen(tmp_path: Path) -> None:
    assert set(one(file_of(tmp_path, SPARSE), rules=[RULES["rda-form"]]).counts) == set()


def test_another_reader_can_be_given(tmp_path: Path) -> None:
    def read(path: Path) -> Iterator[Scanned]:
        yield judge(7, 100, SPARSE)

    assert one(tmp_path / "anything", read=read).counts["sparse"].first.place.number == 7


def test_a_file_that_is_not_there_or_is_no_marc_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        one(tmp_path / "nowhere.mrc")
    with pytest.raises(InputError, match="XML"):
        one(file_of(tmp_path, b"<collection/>"))


def test_the_csv_has_a_line_for_every_finding_and_runs_no_formula(tmp_path: Path) -> None:
    path, table = file_of(tmp_path, SPARSE, raw(good(("650", "=7$aRivers.$2=1+1"))), name="=set.mrc"), tmp_path / "out.csv"
    list(lint_files([path], csv_file=table))
    with open(table, newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["rule"] for row in rows][:1] == ["sparse"]
    assert rows[0]["remedy"] == RULES["sparse"].remedy and rows[0]["offset"] == "0"
    assert {row["lsn"] for row in rows} == {"2212345678900009999"}
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_a_csv_of_work_that_failed_is_not_left_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        list(lint_files([file_of(tmp_path, SPARSE), tmp_path / "nowhere.mrc"], csv_file=tmp_path / "out.csv"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set.mrc"]


def test_the_command_prints_one_object_and_exits_1_for_what_oclc_would_reject(tmp_path: Path) -> None:
    done = command(file_of(tmp_path, SOUND, SPARSE), file_of(tmp_path, SOUND, name="other.mrc"), "--json")
    assert done.returncode == 1
    files = orjson.loads(done.stdout)["files"]
    assert [(file["records"], file["kept"], file["quarantined"]) for file in files] == [(2, 2, 0), (1, 1, 0)]
    assert files[0]["findings"][0]["rule"] == "sparse"
    assert {"rule", "severity", "records"} <= files[0]["findings"][0].keys()
    assert files[1]["findings"] == []


def test_the_command_exits_0_when_nothing_would_be_rejected(tmp_path: Path) -> None:
    done = command(file_of(tmp_path, SOUND, raw(good(without=["336"]))))
    assert done.returncode == 0
    assert "rda-content" in done.stdout and "336 must be present." in done.stdout and "to do:" in done.stdout


def test_a_record_that_is_no_marc_is_worth_exit_1_whatever_is_left_out(tmp_path: Path) -> None:
    assert command(file_of(tmp_path, SOUND, TORN), "--severity", "critical").returncode == 1


def test_a_wrong_call_is_told_in_one_sentence(tmp_path: Path) -> None:
    for words in ([], [tmp_path / "nowhere.mrc"], ["--severity", "awful", "x"]):
        done = command(*words)
        assert done.returncode == 2 and "Traceback" not in done.stderr and done.stderr


def test_the_rules_are_listed_with_everything_about_them() -> None:
    words = command("--rules").stdout
    for rule in RULES.values():
        assert rule.id in words and rule.remedy in words and rule.source in words
    listed = orjson.loads(command("--rules", "--json").stdout)["rules"]
    assert [each["rule"] for each in listed] == [*RULES, *SET_RULES]
    assert {each["words"] for each in listed} == {"OCLC", "inferred", "ours", "set"}


def test_control_characters_of_a_record_never_reach_the_terminal(tmp_path: Path) -> None:
    evil = raw(good(("035", "  $a(OCoLC)\x1b[31mred"), without=["035"]))
    assert "\x1b" not in command(file_of(tmp_path, evil)).stdout
