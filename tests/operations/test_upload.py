"""upload against a real SFTP server: what is sent is sent whole, once, and what is not known is never guessed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from oclc_console.errors import CallError, OtherSideError
from oclc_console.files import make_folder
from oclc_console.operations import outbox
from oclc_console.operations.check import check
from oclc_console.operations.fetch import fetch
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.operations.status import status
from oclc_console.operations.upload import exit_code, upload
from oclc_console.store import log
from oclc_console.store.events import Connected, FileNotSent, FileSent, FileStarted
from oclc_console.store.report_rows import list_reports
from oclc_console.store.runs import Operation, RunFolder, list_runs, run
from oclc_console.workspace import Workspace
from tests.operations.stage import (
    TOML,
    carry_out,
    console,
    fetched,
    holding,
    rehearsing,
    start,
    taken,
    trusted,
    workspace_in,
    write,
)

ALL = """
[institution]
name = "Example"
[symbols.ZAA]
records_per_file = 100000
[[symbols.ZAA.streams]]
name = "All"
collection = "1000001"
"""


def prepared(tmp_path: Path, count: int = 7, toml: str = TOML) -> Workspace:
    workspace = workspace_in(tmp_path, toml)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *(trusted(n) for n in range(count)))]))
    return workspace


def big(tmp_path: Path, megabytes: int = 40, toml: str = ALL) -> Workspace:
    """One waiting file that takes a while to send."""
    workspace = workspace_in(tmp_path, toml)
    note = (b"500", b"  \x1fa" + b"long " * 1900)
    records = (holding(n, note, note, note, note, note, note, note) for n in range(megabytes * 1000 // 67))
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "big.mrc", *records)]))
    return workspace


def acknowledged(workspace: Workspace) -> int:
    """Bytes of the newest upload run so far."""
    runs = list_runs(workspace, "upload")
    return int(runs[-1].progress.get("done", 0)) if runs else 0


def until_under_way(workspace: Workspace) -> None:
    began = time.monotonic()
    while acknowledged(workspace) == 0:
        assert time.monotonic() - began < 30, "the upload never began"
        time.sleep(0.02)


def test_every_file_arrives_byte_for_byte_in_order_and_is_gone_from_the_listing(tmp_path: Path) -> None:
    workspace = prepared(tmp_path)
    with rehearsing(workspace) as folder:
        result, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {file.name: file.path.read_bytes() for file in read_outbox(workspace, "ZAA")}
        assert not list((workspace.rehearsal / "accounts/fx_zaa/xfer/metacoll/in/bib").iterdir())
    assert [file["state"] for file in result["files"]] == ["sent", "sent", "sent"]
    names = [event.name for event in events if isinstance(event, FileSent)]
    assert names == sorted(names)
    assert exit_code(result) == 0


def test_the_start_of_a_file_is_on_disk_before_its_first_byte(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    with rehearsing(workspace):
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
    kinds = [type(event) for event in events]
    assert kinds.index(Connected) < kinds.index(FileStarted) < kinds.index(FileSent)


def test_uploading_again_sends_nothing_twice(tmp_path: Path) -> None:
    workspace = prepared(tmp_path)
    with rehearsing(workspace) as folder:
        carry_out(workspace, upload(workspace, "ZAA"))
        result, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert len(taken(folder)) == 3
    assert not [event for event in events if isinstance(event, FileStarted)]
    assert {file["state"] for file in result["files"]} == {"sent"}


def test_the_same_bytes_under_another_name_are_refused_with_the_name_they_went_out_under(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    with rehearsing(workspace) as folder:
        first, _ = carry_out(workspace, upload(workspace, "ZAA"))
        carry_out(workspace, prepare(workspace, "ZAA", [tmp_path / "a.mrc"]))
        result, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert len(taken(folder)) == 1
        refused = [event for event in events if isinstance(event, FileNotSent)]
        assert refused[0].state == "refused" and first["files"][0]["name"] in refused[0].reason
        assert exit_code(result) == 1
        again, _ = carry_out(workspace, upload(workspace, "ZAA"))
        assert exit_code(again) == 0, "it was said once; nothing waits any more"
    assert [file.state for file in read_outbox(workspace, "ZAA")] == ["sent", "refused"]
    assert not status(workspace).symbols[0].waiting_on.startswith("LTS")


def test_what_went_out_is_read_once_and_again_only_when_another_upload_wrote_something(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = prepared(tmp_path, 4)
    first, second = read_outbox(workspace, "ZAA")
    read: list[str] = []

    def counted(of: Workspace, symbol: str) -> tuple[outbox.OutboxFile, ...]:
        read.append(symbol)
        return read_outbox(of, symbol)

    monkeypatch.setattr(outbox, "read_outbox", counted)
    went_out = outbox.WentOut(workspace, "20201103T081200Z-upload-ZAA")

    def another(_: RunFolder):  # type: ignore[no-untyped-def]
        yield FileStarted(first.name, first.bytes, first.sha256, 1)
        yield FileSent(first.name, first.bytes, first.sha256, 1, 0.1)

    make_folder(workspace.runs)
    assert [went_out.twin_of(file) for file in (first, second, first)] == [None, None, None]
    assert read == ["ZAA"]
    list(run(workspace, Operation("upload", "ZAA", {}, another, lambda events: {}), threading.Event()))
    twin = went_out.twin_of(first)
    assert twin is not None and twin.name == first.name and went_out.twin_of(second) is None
    assert read == ["ZAA", "ZAA"]


def test_the_same_bytes_twice_in_one_upload_go_out_once(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    (first,) = read_outbox(workspace, "ZAA")
    sidecar = first.path.with_name(first.path.name + ".json")
    name = first.name.replace(".001.", ".002.")
    (first.path.parent / name).write_bytes(first.path.read_bytes())
    (first.path.parent / f"{name}.json").write_text(
        sidecar.read_text().replace(first.name, name).replace('"order":[0', '"order":[1'))
    with rehearsing(workspace) as folder:
        result, _ = carry_out(workspace, upload(workspace, "ZAA"))
        assert [file["state"] for file in result["files"]] == ["sent", "refused"]
        assert len(taken(folder)) == 1


def test_a_file_of_an_lhr_collection_goes_to_the_lhr_folder_and_its_report_is_counted_in_lines(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 2, TOML.replace('match = "trusted ocn"', 'match = "trusted ocn"\nkind = "lhr"'))
    symbol = workspace.settings.symbol("ZAA")
    assert workspace.settings.upload_folders_of(symbol) == ("/xfer/metacoll/in/bib", "/xfer/metacoll/in/lhr")
    with rehearsing(workspace):
        inbox = workspace.rehearsal / "accounts/fx_zaa/xfer/metacoll/in/lhr"
        inbox.chmod(0o500) if os.getuid() else inbox.rmdir()
        with pytest.raises(OtherSideError, match=r"permission denied|no such folder"):
            carry_out(workspace, upload(workspace, "ZAA"))
        inbox.chmod(0o700) if os.getuid() else inbox.mkdir()
        said = [line.what for line in check(workspace, symbol)]
        assert [line for line in said if "metacoll/in/" in line] == [
            "upload folder /xfer/metacoll/in/bib: 0 files", "upload folder /xfer/metacoll/in/lhr: 0 files",
            "in Alma, sub-directory: metacoll/in/bib", "in Alma, sub-directory: metacoll/in/lhr"]
        carry_out(workspace, upload(workspace, "ZAA"))
        until = time.monotonic() + 30
        while not list_reports(workspace):
            assert time.monotonic() < until
            carry_out(workspace, fetch(workspace, "ZAA"))
    (report,) = list_reports(workspace)
    assert ".IN.LHR." in report.name and "lhr" in report.type.lower() and not report.ends
    assert [file.state for file in read_outbox(workspace, "ZAA")] == ["sent"]


def test_again_sends_a_file_once_more_and_the_reason_is_logged(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    with rehearsing(workspace) as folder:
        carry_out(workspace, upload(workspace, "ZAA"))
        (file,) = read_outbox(workspace, "ZAA")
        carry_out(workspace, upload(workspace, "ZAA", again=file.name, reason="OCLC asked for it"))
        assert len(list(folder.rglob("*.mrc*"))) == 2
    assert log.read(workspace)[-1].data["reason"] == "OCLC asked for it"


def test_again_without_a_reason_or_for_a_strange_file_is_a_wrong_call(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    with pytest.raises(CallError, match="reason"):
        upload(workspace, "ZAA", again="x.mrc")
    with pytest.raises(CallError, match="not in the outbox"):
        upload(workspace, "ZAA", again="x.mrc", reason="because")


def test_again_sends_only_that_file_and_is_not_blamed_for_what_still_waits(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA"))
        carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "b.mrc", trusted(50))]))
        first, second = read_outbox(workspace, "ZAA")
        result, _ = carry_out(workspace, upload(workspace, "ZAA", again=first.name, reason="OCLC asked"))
        assert exit_code(result) == 0
        with pytest.raises(CallError, match="has not gone out yet"):
            upload(workspace, "ZAA", again=second.name, reason="because")


def test_a_file_whose_bytes_changed_since_it_was_prepared_is_refused(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    (file,) = read_outbox(workspace, "ZAA")
    file.path.write_bytes(file.path.read_bytes() + b"x")
    with rehearsing(workspace) as folder:
        result, _ = carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {}
    assert result["files"][0]["state"] == "refused"


def test_a_file_of_a_collection_that_is_no_longer_the_streams_is_refused(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    settings = workspace.root / "console.toml"
    settings.write_text(settings.read_text().replace("1000002", "1000009"))
    workspace = Workspace(workspace.root)
    with rehearsing(workspace) as folder:
        result, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {}
    assert result["files"][0]["state"] == "refused"
    assert "1000002" in next(event.reason for event in events if isinstance(event, FileNotSent))


def test_a_stream_that_alma_delivers_is_never_uploaded_from_here(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1, TOML.replace('match = "trusted ocn"', 'match = "trusted ocn"\ndelivery = "alma"'))
    with rehearsing(workspace) as folder:
        result, _ = carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {} and result["files"] == []
    assert [file.state for file in read_outbox(workspace, "ZAA")] == ["alma"]


def test_an_upload_killed_in_the_middle_and_called_again_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    workspace = big(tmp_path)
    with rehearsing(workspace) as folder:
        child = start(workspace, "upload", "ZAA")
        until_under_way(workspace)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert taken(folder) == {}, "a file whose link died was not taken for complete"
        (file,) = read_outbox(workspace, "ZAA")
        assert file.state == "partial"
        again = console(workspace, "upload", "ZAA")
        assert again.returncode == 0, again.stderr
        (file,) = read_outbox(workspace, "ZAA")
        assert (file.state, file.attempts) == ("sent", 2)
        assert taken(folder) == {file.name: file.path.read_bytes()}


def test_a_file_taken_cut_is_never_sent_again_by_itself(tmp_path: Path) -> None:
    workspace = big(tmp_path)
    with rehearsing(workspace, torn="take") as folder:
        child = start(workspace, "upload", "ZAA")
        until_under_way(workspace)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        began = time.monotonic()
        while not taken(folder) and time.monotonic() - began < 20:
            time.sleep(0.05)
        again = console(workspace, "upload", "ZAA")
        assert again.returncode == 1
        (file,) = read_outbox(workspace, "ZAA")
        assert file.state == "taken_cut"
        ((_, cut),) = taken(folder).items()
        assert file.path.read_bytes().startswith(cut) and len(cut) < file.bytes
        assert console(workspace, "upload", "ZAA").returncode == 1
        assert len(taken(folder)) == 1


@pytest.mark.slow
def test_the_terminal_closed_during_an_upload_ends_nothing(tmp_path: Path) -> None:
    workspace = big(tmp_path, 10)
    with rehearsing(workspace) as folder:
        child = start(workspace, "upload", "ZAA")
        until_under_way(workspace)
        os.kill(child.pid, signal.SIGHUP)
        assert child.wait(timeout=60) == 0
        assert len(taken(folder)) == 1


@pytest.mark.slow
def test_stopping_an_upload_leaves_the_file_to_be_sent_again_from_its_start(tmp_path: Path) -> None:
    workspace = big(tmp_path)
    with rehearsing(workspace) as folder:
        child = start(workspace, "upload", "ZAA")
        until_under_way(workspace)
        os.kill(child.pid, signal.SIGTERM)
        assert child.wait(timeout=30) == 3
        assert list_runs(workspace, "upload")[-1].state == "stopped"
        assert read_outbox(workspace, "ZAA")[0].state == "partial"
        assert console(workspace, "upload", "ZAA").returncode == 0
        assert taken(folder) == {f.name: f.path.read_bytes() for f in read_outbox(workspace, "ZAA")}


@pytest.mark.slow
def test_two_uploads_at_once_send_the_file_once(tmp_path: Path) -> None:
    workspace = big(tmp_path, 10)
    with rehearsing(workspace) as folder:
        children = [start(workspace, "upload", "ZAA") for _ in range(2)]
        codes = sorted(child.wait(timeout=60) for child in children)
        assert codes in ([0, 3], [0, 0])
        assert len(list(folder.rglob("*.mrc*"))) == 1


def test_a_login_that_is_refused_is_one_sentence_and_exit_3(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    with rehearsing(workspace, refuse_login=True):
        said = console(workspace, "upload", "ZAA", "--json")
        assert said.returncode == 3
        assert "does not let fx_zaa in" in said.stderr
        assert "Traceback" not in said.stderr


def test_a_server_that_refuses_the_folder_leaves_the_file_waiting(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1, TOML + '\n[exchange]\nupload_folder = "/nowhere/in/bib"\n')
    with rehearsing(workspace), pytest.raises(OtherSideError, match="no such folder"):
        carry_out(workspace, upload(workspace, "ZAA"))
    assert [file.state for file in read_outbox(workspace, "ZAA")] == ["waiting"]


def test_a_changed_host_key_stops_everything(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    with rehearsing(workspace) as folder:
        line = workspace.known_hosts.read_text().split()
        other = "AAAAC3NzaC1lZDI1NTE5AAAAIKsSNnDA1Qhp5mxUVAOcU6H9rWvKJXyKZpHJiQvVuJ1Y"
        workspace.known_hosts.write_text(f"{line[0]} {line[1]} {other}\n")
        with pytest.raises(OtherSideError, match="HOST KEY HAS CHANGED"):
            carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {}


def test_a_host_key_nobody_pinned_is_never_accepted(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 1)
    with rehearsing(workspace) as folder:
        workspace.known_hosts.unlink()
        with pytest.raises(OtherSideError, match=r"SHA256:.* is not pinned"):
            carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {} and not workspace.known_hosts.exists()


DIES = """
import os, sys, threading
from pathlib import Path
from oclc_console.oclc import exchange
from oclc_console.operations.upload import upload
from oclc_console.store.runs import run
from oclc_console.workspace import Workspace

workspace, moment = Workspace(Path(sys.argv[1])), sys.argv[2]
if moment == "closed":
    close = exchange.Sending.close
    exchange.Sending.close = lambda sending: (close(sending), os._exit(9))
for event in run(workspace, upload(workspace, "ZAA"), threading.Event()):
    if type(event).__name__ == moment:
        os._exit(9)
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["Connected", "FileStarted", "FileOpened", "FileClosing", "FileSent"])
def test_a_process_that_dies_between_any_two_acts_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, moment: str
) -> None:
    workspace = prepared(tmp_path, 2)
    with rehearsing(workspace) as folder:
        died = subprocess.run([sys.executable, "-c", DIES, str(workspace.root), moment], check=False)
        assert died.returncode == 9
        again = console(workspace, "upload", "ZAA")
        assert again.returncode == 0, again.stderr
        (file,) = read_outbox(workspace, "ZAA")
        assert file.state == "sent"
        assert [path.read_bytes() for path in folder.rglob("*.mrc*")] == [file.path.read_bytes()]


@pytest.mark.slow
def test_a_process_that_dies_right_after_the_close_leaves_the_file_uncertain_until_its_report_comes(tmp_path: Path) -> None:
    workspace = prepared(tmp_path, 2)
    with rehearsing(workspace) as folder:
        subprocess.run([sys.executable, "-c", DIES, str(workspace.root), "closed"], check=False)
        assert console(workspace, "upload", "ZAA").returncode == 1
        (file,) = read_outbox(workspace, "ZAA")
        assert (file.state, file.acknowledged) == ("uncertain", file.bytes)
        assert len(list(folder.rglob("*.mrc*"))) == 1, "it was not sent again by itself"
        answer = fetched(workspace, "ZAA")
        assert (answer.total["sent"], answer.total["not_reported"]) == (2, 0)
        (file,) = read_outbox(workspace, "ZAA")
        assert file.state == "sent" and "it arrived whole" in file.reason
        assert console(workspace, "upload", "ZAA").returncode == 0


@pytest.mark.slow
def test_a_truncated_copy_is_proved_by_its_report_and_sent_again_only_by_a_person(tmp_path: Path) -> None:
    workspace = big(tmp_path)
    with rehearsing(workspace, torn="take") as folder:
        child = start(workspace, "upload", "ZAA")
        until_under_way(workspace)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        while not taken(folder):
            time.sleep(0.05)
        assert console(workspace, "upload", "ZAA").returncode == 1
        began = time.monotonic()
        while "has a truncated copy" not in read_outbox(workspace, "ZAA")[0].reason and time.monotonic() - began < 30:
            assert console(workspace, "fetch", "ZAA").returncode in (0, 1)
        (file,) = read_outbox(workspace, "ZAA")
        assert file.state == "taken_cut" and "truncated copy" in file.reason
        assert console(workspace, "upload", "ZAA", "--again", file.name, "--reason", "cut at OCLC").returncode == 0
        assert read_outbox(workspace, "ZAA")[0].state == "sent"
