from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncssh
import pytest

from oclc_console import files
from oclc_console.errors import CallError, HereError, InputError, OtherSideError
from oclc_console.marc.record import put_together, take_apart
from oclc_console.rehearsal.folder import Account, load, prepare_rehearsal
from oclc_console.rehearsal.jobs import read_journal, rerun
from oclc_console.rehearsal.maker import MadeRecord
from oclc_console.rehearsal.server import main, serve
from oclc_console.rehearsal.starting import SERVER_LOCK, ensure_server, is_alive, running_server, stop_server
from tests.rehearsal.conftest import IN_BIB, REPORTS, ZMD, Running, Start

NAME = "1000031.zmd.trusted.20201102.001.mrc"


def sendable(made: list[MadeRecord]) -> list[MadeRecord]:
    return [record for record in made if int(record.raw[:5]) == len(record.raw) and b"\xff" not in record.raw]


async def test_an_upload_is_gone_from_the_listing_the_moment_it_is_closed(start: Start, made: list[MadeRecord]) -> None:
    running = start(turn_around_seconds=3600)
    async with running.connect() as connection, connection.start_sftp_client() as sftp:
        async with sftp.open(f"{IN_BIB}/{NAME}", "wb") as handle:
            await handle.write(made[0].raw)
            assert (await handle.stat()).size == len(made[0].raw)
            assert NAME in await sftp.listdir(IN_BIB)
        assert NAME not in await sftp.listdir(IN_BIB)
        assert not await sftp.exists(f"{IN_BIB}/{NAME}")
    assert (running.folder / "taken/fx_zmd" / NAME).read_bytes() == made[0].raw


async def test_reading_a_report_takes_nothing(start: Start, made: list[MadeRecord]) -> None:
    running = start()
    await running.send(NAME, made[0].raw)
    running.wait_for(lambda: running.reports("Processing"))
    async with running.connect() as connection, connection.start_sftp_client() as sftp:
        names = [str(name) for name in await sftp.listdir(REPORTS) if str(name).endswith(".txt")]
        async with sftp.open(f"{REPORTS}/{names[0]}", "rb") as handle:
            assert await handle.read()
        assert names[0] in await sftp.listdir(REPORTS)


async def cut(running: Running, content: bytes) -> None:
    """Writes bytes to an upload and lets the link die without closing it."""
    async with running.connect() as connection:
        sftp = await connection.start_sftp_client()
        handle = await sftp.open(f"{IN_BIB}/{NAME}", "wb")
        await handle.write(content)
        connection.abort()
        await connection.wait_closed()


async def test_an_upload_whose_link_dies_stays_listed_as_a_partial_and_can_be_finished(
        start: Start, made: list[MadeRecord]) -> None:
    running = start(turn_around_seconds=3600)
    await cut(running, made[0].raw[:100])
    async with running.connect() as connection, connection.start_sftp_client() as sftp:
        assert NAME in await sftp.listdir(IN_BIB)
        assert (await sftp.stat(f"{IN_BIB}/{NAME}")).size == 100
        async with sftp.open(f"{IN_BIB}/{NAME}", "r+b") as handle:
            await handle.write(made[0].raw[100:], 100)
        assert NAME not in await sftp.listdir(IN_BIB)
    assert (running.folder / "taken/fx_zmd" / NAME).read_bytes() == made[0].raw


async def test_an_upload_whose_link_dies_is_taken_cut_when_the_rehearsal_is_set_so(
        start: Start, made: list[MadeRecord]) -> None:
    running = start(torn="take")
    await cut(running, made[0].raw + made[1].raw[:50])
    running.wait_for(lambda: running.reports("Processing"))
    assert not list((running.rehearsal.root("fx_zmd") / IN_BIB[1:]).iterdir())
    rows = sorted(running.rows(), key=lambda row: int(row[0].rpartition("::")[2]))
    assert rows[0][1] == made[0].lsn
    assert rows[1][1:] == ["", "", "", "data error"]
    assert rows[1][0].endswith(f"::bib::{len(made[0].raw) + 50}")


async def test_every_record_is_accounted_for_by_the_byte_it_ends_at(start: Start, made: list[MadeRecord]) -> None:
    running = start()
    sent = b"".join(record.raw for record in made)
    await running.send(NAME, sent)
    running.wait_for(lambda: running.reports("Processing"))
    rows = running.rows()
    ends = [int(row[0].rpartition("::")[2]) for row in rows]
    assert len(rows) == len(made) and len(set(ends)) == len(ends)
    assert ends != sorted(ends)
    assert all(sent[end - 1] == 0x1D for end in ends)
    outcomes = {row[4] for row in rows}
    assert outcomes == {"match", "create", "replace", "field transfer", "unresolved", "data error", "processing error"}
    by_lsn = {row[1]: row for row in rows}
    for record in sendable(made):
        row = by_lsn.get(record.lsn)
        if record.label and record.label.outcome:
            assert (row[4] if row else "data error") == record.label.outcome
        else:
            assert row is not None and row[4] not in ("data error", "processing error")
    for row in rows:
        if row[4] == "unresolved":
            assert row[3] and row[3] != row[2] and int(row[3]) >= 1_520_000_000
        if row[4] == "data error":
            assert row[1:4] == ["", "", ""]
        if row[4] == "processing error":
            assert row[2] == row[3]
    assert any(row[2] and row[2] != row[3] for row in rows if row[4] == "match")
    exceptions = [line.split("|") for path in running.reports("Exception") for line in path.read_text().splitlines()]
    assert {len(row) for row in exceptions} == {7}
    assert len(exceptions) > len({tuple(row) for row in exceptions})
    assert {row[5] for row in exceptions} == {"MINOR", "SEVERE", "CRITICAL", ""}


async def test_the_key_and_the_name_tell_one_instant_in_two_ways(start: Start, made: list[MadeRecord]) -> None:
    running = start()
    await running.send(NAME, made[0].raw)
    running.wait_for(lambda: running.reports("Processing"))
    parts = running.reports("Processing")[0].name.split(".")
    milliseconds = int(running.rows()[0][0].split("::")[0].rpartition("_")[2])
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    named = datetime.strptime(f"{parts[4]} {parts[5]}", "D%Y%m%d T%H%M%S%f").replace(tzinfo=ZoneInfo("America/New_York"))
    assert named == instant


async def test_a_mended_record_sent_again_is_accepted(start: Start, made: list[MadeRecord]) -> None:
    running = start()
    broken = next(record for record in made if record.label and record.label.kind == "repeated")
    await running.send(NAME, broken.raw)
    running.wait_for(lambda: running.reports("Processing"))
    assert [row[4] for row in running.rows()] == ["unresolved"]
    read = take_apart(broken.raw)
    pairs = [(tag, b"10\x1faA title." if tag == b"245" else field) for tag, field in zip(read.tags, read.fields, strict=True)]
    await running.send(NAME, put_together(read.leader, pairs))
    running.wait_for(lambda: len(running.reports("Processing")) == 2)
    assert [row[4] for row in running.rows()][1] in ("match", "create", "field transfer", "replace")
    assert len(running.reports("Exception")) == 1
    assert sorted(path.name for path in (running.folder / "taken/fx_zmd").iterdir()) == [NAME, f"{NAME}.2"]


@pytest.mark.parametrize(("name", "collection"), [
    ("1000032.zmd.x.mrc", "1000032"), ("1000099.zmd.x.mrc", "1000031"), ("records.mrc", "1000031"),
    ("10000320.zmd.mrc", "1000031"),
])
async def test_a_wrong_collection_id_silently_runs_under_the_default_one(
        start: Start, made: list[MadeRecord], name: str, collection: str) -> None:
    running = start()
    await running.send(name, made[0].raw)
    running.wait_for(lambda: running.reports("Processing"))
    assert running.reports("Processing")[0].name.startswith(f"ZMD-ZMD.{collection}.IN.BIB.D")
    assert running.rows()[0][0].startswith(f"ZMD_{collection}_")


async def test_an_odd_symbol_is_escaped_and_each_account_sees_only_its_own_tree(start: Start, made: list[MadeRecord]) -> None:
    running = start()
    await running.send("1000077.a_36b.x.mrc", made[0].raw, login="fx_a_36b")
    running.wait_for(lambda: running.reports("Processing", "fx_a_36b"))
    assert running.reports("Processing", "fx_a_36b")[0].name.startswith("A_36B-A_36B.1000077.IN.BIB.D")
    assert not running.reports()
    async with running.connect() as connection, connection.start_sftp_client() as sftp:
        assert sorted(map(str, await sftp.listdir("/xfer/metacoll"))) == [".", "..", "in", "out", "reports"]
        assert sorted(map(str, await sftp.listdir("/xfer/metacoll/out/ongoing"))) == [".", "..", "deletes", "new", "updates"]
        assert sorted(map(str, await sftp.listdir("/../.."))) == [".", "..", "xfer"]


@pytest.mark.parametrize("name", ["probe.mrc", "1000031.zmd.probe.mrc", "empty.mrc"])
async def test_a_probe_and_an_empty_file_are_taken_and_draw_no_report(
        start: Start, made: list[MadeRecord], name: str) -> None:
    running = start()
    await running.send(name, b"" if name == "empty.mrc" else made[0].raw)
    running.wait_for(lambda: len(read_journal(running.folder)[1]) == 1)
    assert (running.folder / "taken/fx_zmd" / name).exists()
    assert running.reports() == []


async def test_a_file_put_elsewhere_is_not_taken(start: Start, made: list[MadeRecord]) -> None:
    running = start()
    async with running.connect() as connection, connection.start_sftp_client() as sftp:
        async with sftp.open(f"/xfer/metacoll/{NAME}", "wb") as handle:
            await handle.write(made[0].raw)
        assert await sftp.exists(f"/xfer/metacoll/{NAME}")
    assert read_journal(running.folder)[0] == []


async def test_a_rerun_writes_a_second_set_of_reports_at_a_later_instant(start: Start, made: list[MadeRecord]) -> None:
    running = start()
    sent = b"".join(record.raw for record in made[:200])
    await running.send(NAME, sent)
    running.wait_for(lambda: running.reports("Processing"))
    rerun(running.folder, NAME)
    running.wait_for(lambda: len(running.reports("Processing")) == 2)
    first, second = (
        {row.split("|")[0].rpartition("::")[2]: row.split("|") for row in path.read_text().splitlines()}
        for path in running.reports("Processing")
    )
    assert set(first) == set(second)
    first_key, second_key = ({row[0].split("::")[0] for row in rows.values()} for rows in (first, second))
    assert len(first_key) == len(second_key) == 1 and min(first_key) < min(second_key)
    created = [end for end, row in first.items() if row[4] == "create"]
    assert created
    for end in created:
        assert second[end][3:] == [first[end][3], "match"]


async def test_files_named_in_the_settings_are_worked_through_twice(start: Start, made: list[MadeRecord]) -> None:
    running = start(rerun=["*.trusted.*"])
    await running.send(NAME, made[0].raw)
    await running.send("1000031.zmd.other.mrc", made[1].raw)
    running.wait_for(lambda: len(running.reports("Processing")) == 3)
    running.wait_for(lambda: len(read_journal(running.folder)[1]) == 3)
    assert sum(NAME in path.name for path in running.reports("Processing")) == 2


async def test_a_killed_server_loses_nothing(start: Start, made: list[MadeRecord]) -> None:
    running = start(turn_around_seconds=3600)
    await running.send(NAME, made[0].raw)
    os.kill(running.server.pid, signal.SIGKILL)
    running.wait_for(lambda: not is_alive(running.server.pid))
    assert running_server(running.folder) is None
    assert running.reports() == []
    prepare_rehearsal(running.folder, accounts=[ZMD], seed=7, turn_around_seconds=0)
    again = ensure_server(running.folder, parent=os.getpid())
    assert again.host_key == running.server.host_key
    running.wait_for(lambda: running.reports("Processing"))
    assert [row[1] for row in running.rows()] == [made[0].lsn]
    assert len(running.reports("Processing")) == 1


async def test_a_stranger_a_password_and_an_unknown_account_are_refused(start: Start) -> None:
    running = start()
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    for login, options in (("fx_zmd", {"client_keys": [stranger]}), ("fx_nobody", {}),
                           ("fx_zmd", {"client_keys": None, "password": "right"})):
        with pytest.raises(asyncssh.PermissionDenied):
            async with running.connect(login, **options):
                pass


async def test_a_server_told_so_refuses_every_login_at_once(start: Start) -> None:
    running = start()
    async with running.connect():
        pass
    prepare_rehearsal(running.folder, accounts=[ZMD], seed=7, refuse_login=True)
    with pytest.raises(asyncssh.PermissionDenied):
        async with running.connect():
            pass


async def test_there_is_no_shell(start: Start) -> None:
    running = start()
    async with running.connect() as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.run("ls")


async def test_a_name_too_long_for_a_report_is_refused_before_a_byte_is_sent(start: Start) -> None:
    running = start()
    with pytest.raises(asyncssh.SFTPError, match="150 bytes"):
        await running.send("1000031.zmd." + "x" * 150 + ".mrc", b"")


async def test_several_uploads_at_once_are_all_taken(start: Start, made: list[MadeRecord]) -> None:
    running = start()
    names = [f"1000031.zmd.many.{n:03d}.mrc" for n in range(6)]
    await asyncio.gather(*(running.send(name, made[n].raw * 50) for n, name in enumerate(names)))
    running.wait_for(lambda: len(running.reports("Processing")) == 6)
    keys = {row[0].split("::")[0] for row in running.rows()}
    assert len(keys) == 6


@pytest.mark.skipif(shutil.which("sftp") is None, reason="no OpenSSH client on this machine")
def test_openssh_can_put_and_list(start: Start, made: list[MadeRecord], tmp_path: Path) -> None:
    running = start()
    (tmp_path / "known").write_text(f"[{running.server.host}]:{running.server.port} {running.server.host_key}\n")
    (tmp_path / NAME).write_bytes(made[0].raw)
    options = ["-F", "none", "-i", str(running.rehearsal.client_key), "-o", f"UserKnownHostsFile={tmp_path / 'known'}",
               "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-b", "-", "-P", str(running.server.port)]
    asked = f"put {tmp_path / NAME} {IN_BIB}/{NAME}\nls -1 {IN_BIB}\n"
    done = subprocess.run(["sftp", *options, "fx_zmd@127.0.0.1"], input=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith(f"ls -1 {IN_BIB}")
    running.wait_for(lambda: running.reports("Processing"))


def test_asking_for_a_server_twice_gives_the_same_one_and_stopping_ends_it(start: Start) -> None:
    running = start()
    assert ensure_server(running.folder, parent=os.getpid()) == running.server
    stop_server(running.folder)
    assert running_server(running.folder) is None
    assert not (running.folder / "server.json").exists()
    stop_server(running.folder)
    assert ensure_server(running.folder, parent=os.getpid()).pid != running.server.pid


def test_two_starters_at_once_get_one_server(tmp_path: Path) -> None:
    prepare_rehearsal(tmp_path, accounts=[ZMD], seed=1)
    program = ("import os, sys; from pathlib import Path; from oclc_console.rehearsal.starting import ensure_server;"
               "print(ensure_server(Path(sys.argv[1]), parent=int(sys.argv[2])).pid)")
    starters = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(os.getpid())], stdout=subprocess.PIPE,
                                 text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
                for _ in range(3)]
    try:
        answers = {starter.communicate(timeout=60)[0] for starter in starters}
        assert len(answers) == 1
        assert is_alive(int(answers.pop()))
    finally:
        stop_server(tmp_path)


def test_a_server_ends_by_itself_when_its_parent_is_gone_and_nobody_is_there(tmp_path: Path) -> None:
    prepare_rehearsal(tmp_path, accounts=[ZMD], seed=1)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        server = ensure_server(tmp_path, parent=parent.pid, idle_seconds=0.1)
        assert is_alive(server.pid)
        parent.communicate(b"\n")
    waiting = Running(tmp_path, load(tmp_path), server)
    waiting.wait_for(lambda: not files.is_locked(tmp_path / SERVER_LOCK))
    assert not (tmp_path / "server.json").exists()


def test_serving_in_the_foreground_without_a_parent_ends_when_idle(tmp_path: Path) -> None:
    prepare_rehearsal(tmp_path, accounts=[ZMD], seed=1)
    serve(tmp_path, idle_seconds=0)
    assert not (tmp_path / "server.json").exists()


def test_a_second_server_of_the_same_rehearsal_does_not_start(start: Start) -> None:
    running = start()
    with pytest.raises(HereError, match="somebody else is at it"):
        serve(running.folder, idle_seconds=0)


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare_rehearsal(tmp_path, accounts=[ZMD], seed=1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main([str(tmp_path), "--port", str(port), "--idle", "0"]) == 3
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def test_a_server_that_cant_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(OtherSideError, match="there is no rehearsal here"):
        ensure_server(tmp_path, parent=os.getpid())


def test_preparing_again_keeps_keys_and_uploads_and_changes_the_accounts(tmp_path: Path) -> None:
    first = prepare_rehearsal(tmp_path, accounts=[ZMD], seed=1)
    keys = {path: path.read_bytes() for path in (first.client_key, first.host_key)}
    (first.root("fx_zmd") / "xfer/metacoll/reports/a.txt").write_text("kept")
    second = prepare_rehearsal(tmp_path, accounts=[ZMD, Account("ZUL", ("1000081",))], seed=1, rerun=["*x*"])
    assert {path: path.read_bytes() for path in keys} == keys
    assert (first.root("fx_zmd") / "xfer/metacoll/reports/a.txt").read_text() == "kept"
    assert load(tmp_path) == second
    assert (second.root("fx_zul") / "xfer/metacoll/in/bib").is_dir()


def test_only_the_owner_can_read_the_private_keys(tmp_path: Path) -> None:
    rehearsal = prepare_rehearsal(tmp_path, accounts=[ZMD], seed=1)
    for key in (rehearsal.client_key, rehearsal.host_key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert key.with_suffix(".pub").read_text().startswith("ssh-ed25519 ")


def test_settings_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="torn upload"):
        prepare_rehearsal(tmp_path, accounts=[ZMD], seed=1, torn="eat")
    with pytest.raises(CallError, match="no collection"):
        prepare_rehearsal(tmp_path, accounts=[Account("ZUL", ())], seed=1)
    (tmp_path / "rehearsal.json").write_text("{}")
    with pytest.raises(InputError, match="can't be read"):
        load(tmp_path)
