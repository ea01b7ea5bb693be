"""Every error says what, where and what to do next, in one line, and knows its exit code."""

from __future__ import annotations

import errno

import pytest

from oclc_console import errors
from oclc_console.errors import CallError, ConsoleError, HereError, InputError, OtherSideError, Refused, SettingsError


def test_an_error_reads_as_one_line_where_what_and_what_next() -> None:
    error = InputError("the file holds no records", where="a.mrc", then="Publish again.")
    assert str(error) == "a.mrc: the file holds no records. Publish again."


def test_an_error_that_ends_in_a_question_mark_gets_no_full_stop() -> None:
    assert str(CallError("did you mean ZMD?")) == "did you mean ZMD?"


@pytest.mark.parametrize(("kind", "code"), [
    (CallError, 2), (SettingsError, 2), (InputError, 2), (OtherSideError, 3), (HereError, 3), (Refused, 4),
])
def test_each_kind_of_error_knows_the_exit_code_of_its_command(kind: type[ConsoleError], code: int) -> None:
    assert kind("x").exit_code == code


@pytest.mark.parametrize(("number", "remedy"), [
    (errno.ENOSPC, "Free some space"), (errno.EACCES, "right to it"), (errno.EROFS, "read-only"), (errno.EIO, "again"),
])
def test_a_failure_of_this_machine_names_the_file_and_a_remedy(number: int, remedy: str) -> None:
    error = errors.from_os_error(OSError(number, "the reason", "outbox/a.mrc"), "writing it")
    assert str(error).startswith("outbox/a.mrc: the reason while writing it.")
    assert remedy in error.then


def test_a_failure_without_number_or_file_still_makes_a_sentence() -> None:
    assert "TimeoutError while waiting" in str(errors.from_os_error(TimeoutError(), "waiting"))
