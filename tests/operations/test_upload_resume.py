"""A cut upload goes on where it surely arrived, after what is there was compared with ours; and when that can't be, it says so
and sends the file from its start. Each against a real SFTP server that keeps what was cut."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import HereError
from oclc_console.files import mark_of
from oclc_console.oclc.exchange import TakenCut, connect, resume_at
from oclc_console.oclc.sending import BACK_OFF
from oclc_console.operations.connection import address_of, connect_for
from oclc_console.operations.outbox import OutboxFile, fold_states, read_outbox
from oclc_console.operations.upload import upload
from oclc_console.store.events import (
    Event,
    FileClosing,
    FileCompared,
    FileNotSent,
    FileOpened,
    FileSent,
    FileStarted,
    Recorded,
)
from oclc_console.store.runs import Operation, RunFolder, run
from oclc_console.workspace import Workspace
from tests.operations.stage import carry_out, rehearsing, taken
from tests.operations.test_upload import big

INBOX = "accounts/fx_zaa/xfer/metacoll/in/bib"


def cut(workspace: Workspace, there: bytes) -> OutboxFile:
    """Leaves the workspace's one file as a process would that died while sending: begun in the journal, and these bytes of
    it on the server."""
    (file,) = read_outbox(workspace, "ZAA")

    def work(folder: RunFolder):  # type: ignore[no-untyped-def]
        yield FileStarted(file.name, file.bytes, file.sha256, 1)
        yield FileOpened(file.name)

    list(run(workspace, Operation("upload", "ZAA", {}, work, lambda events: {}), threading.Event()))
    (workspace.rehearsal / INBOX / file.name).write_bytes(there)
    return file


def compared(events: list[Event]) -> FileCompared:
    return next(event for event in events if isinstance(event, FileCompared))


def test_a_cut_upload_goes_on_where_it_surely_arrived_and_the_journal_says_from_which_byte(tmp_path: Path) -> None:
    workspace = big(tmp_path, 12)
    with rehearsing(workspace) as folder:
        file = cut(workspace, read_outbox(workspace, "ZAA")[0].path.read_bytes()[:9_000_000])
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {file.name: file.path.read_bytes()}
    start = 9_000_000 - BACK_OFF
    assert (compared(events).there, compared(events).start) == (9_000_000, start)
    assert next(event.start for event in events if isinstance(event, FileStarted)) == start
    assert [event.attempt for event in events if isinstance(event, FileSent)] == [2]


def test_gaps_in_what_was_under_way_when_the_link_died_are_sent_again(tmp_path: Path) -> None:
    workspace = big(tmp_path, 12)
    with rehearsing(workspace) as folder:
        there = bytearray(read_outbox(workspace, "ZAA")[0].path.read_bytes()[:9_000_000])
        there[-BACK_OFF + 10 :] = bytes(BACK_OFF - 10)
        file = cut(workspace, bytes(there))
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert compared(events).start
        assert taken(folder) == {file.name: file.path.read_bytes()}


@pytest.mark.parametrize(
    ("there", "said"),
    [(9_000_000, "differ from ours"), (30_000_000, "more than ours"), (1000, "too little")],
)
def test_what_is_no_beginning_of_ours_is_sent_from_its_start(tmp_path: Path, there: int, said: str) -> None:
    workspace = big(tmp_path, 12)
    with rehearsing(workspace) as folder:
        file = cut(workspace, b"x" * there)
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert said in compared(events).reason and compared(events).start == 0
        assert taken(folder) == {file.name: file.path.read_bytes()}


@pytest.mark.skipif(os.getuid() == 0, reason="root reads every file")
def test_a_server_that_does_not_let_us_read_gets_the_file_from_its_start(tmp_path: Path) -> None:
    workspace = big(tmp_path, 12)
    with rehearsing(workspace) as folder:
        file = cut(workspace, read_outbox(workspace, "ZAA")[0].path.read_bytes()[:9_000_000])
        (workspace.rehearsal / INBOX / file.name).chmod(0o200)
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert "does not let us read" in compared(events).reason
        assert taken(folder) == {file.name: file.path.read_bytes()}


def test_a_file_all_of_whose_bytes_are_there_is_only_closed(tmp_path: Path) -> None:
    workspace = big(tmp_path, 12)
    with rehearsing(workspace) as folder:
        (file,) = read_outbox(workspace, "ZAA")
        with connect_for(workspace, workspace.settings.symbol("ZAA")) as link:
            sending = link.begin(file.path, f"/xfer/metacoll/in/bib/{file.name}", lambda _: None, threading.Event())
            sending.write_all()

        def work(_: RunFolder):  # type: ignore[no-untyped-def]
            yield FileStarted(file.name, file.bytes, file.sha256, 1)
            yield FileOpened(file.name)
            yield FileClosing(file.name, file.bytes)

        list(run(workspace, Operation("upload", "ZAA", {}, work, lambda events: {}), threading.Event()))
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert compared(events).start == file.bytes
        assert taken(folder) == {file.name: file.path.read_bytes()}


def test_going_on_with_a_file_that_is_gone_never_makes_it_anew(tmp_path: Path) -> None:
    workspace = big(tmp_path, 1)
    with rehearsing(workspace) as folder:
        (file,) = read_outbox(workspace, "ZAA")
        address = address_of(workspace, workspace.settings.symbol("ZAA"))
        with connect(address, workspace.known_hosts) as link, pytest.raises(TakenCut):
            link.begin(file.path, f"/xfer/metacoll/in/bib/{file.name}", lambda _: None, threading.Event(), start=1000)
        assert not list((workspace.rehearsal / INBOX).iterdir()) and taken(folder) == {}


def test_a_file_that_is_taken_while_it_is_being_written_is_taken_cut_and_not_sent(tmp_path: Path) -> None:
    """The server goes on acknowledging what is written through the handle, and none of it arrives."""
    workspace = big(tmp_path, 1)
    with rehearsing(workspace) as folder:
        (file,) = read_outbox(workspace, "ZAA")
        with connect_for(workspace, workspace.settings.symbol("ZAA")) as link:
            there = workspace.rehearsal / INBOX / file.name

            def take_it(_: int) -> None:
                if there.exists():
                    there.rename(tmp_path / "taken away")

            sending = link.begin(file.path, f"/xfer/metacoll/in/bib/{file.name}", take_it, threading.Event())
            with pytest.raises(TakenCut, match="before we closed it"):
                sending.write_all()
        assert sending.acknowledged == file.bytes and taken(folder) == {}


def test_a_listed_file_that_is_gone_at_the_opening_is_never_made_anew_even_from_its_start(tmp_path: Path) -> None:
    workspace = big(tmp_path, 1)
    with rehearsing(workspace):
        (file,) = read_outbox(workspace, "ZAA")
        remote = f"/xfer/metacoll/in/bib/{file.name}"
        with connect_for(workspace, workspace.settings.symbol("ZAA")) as link, pytest.raises(TakenCut):
            link.begin(file.path, remote, lambda _: None, threading.Event(), listed=True)
        assert not list((workspace.rehearsal / INBOX).iterdir())


def test_a_listed_file_that_is_sent_from_its_start_is_emptied_first(tmp_path: Path) -> None:
    workspace = big(tmp_path, 1)
    with rehearsing(workspace):
        (file,) = read_outbox(workspace, "ZAA")
        there = workspace.rehearsal / INBOX / file.name
        there.write_bytes(b"x" * (file.bytes + 10))
        with connect_for(workspace, workspace.settings.symbol("ZAA")) as link:
            link.begin(file.path, f"/xfer/metacoll/in/bib/{file.name}", lambda _: None, threading.Event(), listed=True)
            assert there.stat().st_size == 0


def test_what_is_sent_is_what_was_proved_or_it_is_not_closed(tmp_path: Path) -> None:
    workspace = big(tmp_path, 1)
    with rehearsing(workspace) as folder:
        (file,) = read_outbox(workspace, "ZAA")
        remote, whole = f"/xfer/metacoll/in/bib/{file.name}", file.path.read_bytes()
        with connect_for(workspace, workspace.settings.symbol("ZAA")) as link:
            sending = link.begin(file.path, remote, lambda _: None, threading.Event(), mark=mark_of(file.path))
            file.path.write_bytes(whole[:-5] + b"other")
            with pytest.raises(HereError, match="changed here while it was being sent"):
                sending.write_all()
        with connect_for(workspace, workspace.settings.symbol("ZAA")) as link, pytest.raises(HereError):
            link.begin(file.path, remote, lambda _: None, threading.Event(), mark=replace(mark_of(file.path), modified=1))
        assert taken(folder) == {}


def test_what_changed_here_while_it_was_sent_is_not_gone_on_with_but_sent_from_its_start(tmp_path: Path) -> None:
    """The comparison with what is there takes samples, and might miss the bytes that were wrong."""
    workspace = big(tmp_path, 12)
    with rehearsing(workspace) as folder:
        file = cut(workspace, read_outbox(workspace, "ZAA")[0].path.read_bytes()[:9_000_000])

        def work(_: RunFolder):  # type: ignore[no-untyped-def]
            yield FileNotSent(file.name, "partial", 9_000_000, 1, "it changed", anew=True)

        list(run(workspace, Operation("upload", "ZAA", {}, work, lambda events: {}), threading.Event()))
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert (compared(events).start, "changed here" in compared(events).reason) == (0, True)
        assert taken(folder) == {file.name: file.path.read_bytes()}
    assert not read_outbox(workspace, "ZAA")[0].anew


def test_once_bytes_may_have_been_there_a_new_attempt_that_dies_early_does_not_make_it_unbegun(tmp_path: Path) -> None:
    """OCLC may take the cut file between two attempts: sending it from its start then would be sending it twice."""
    workspace = big(tmp_path, 1)
    (file,) = read_outbox(workspace, "ZAA")
    died_twice = [FileStarted(file.name, file.bytes, "", 1), FileOpened(file.name), FileStarted(file.name, file.bytes, "", 2)]
    (now,) = fold_states([file], [Recorded("", "", event) for event in died_twice])
    assert (now.state, now.stage) == ("partial", "opened")
    with rehearsing(workspace) as folder:
        def work(_: RunFolder):  # type: ignore[no-untyped-def]
            yield from died_twice

        list(run(workspace, Operation("upload", "ZAA", {}, work, lambda events: {}), threading.Event()))
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert [event.state for event in events if isinstance(event, FileNotSent)] == ["taken_cut"]
        assert taken(folder) == {}


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_going_on_never_skips_a_byte_that_may_be_missing(size: int, there: int, acknowledged: int) -> None:
    start = resume_at(size, there, acknowledged)
    assert 0 <= start <= size or start == acknowledged
    assert start <= there
    if start:
        assert start <= max(there - BACK_OFF, acknowledged)
