"""The log of what people did: appended, never changed, and any change to it shows. project.json is its fold and can be
thrown away."""

from __future__ import annotations

import getpass
import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from tinydb import TinyDB

from oclc_console.errors import HereError
from oclc_console.files import complete_lines
from oclc_console.store import log
from oclc_console.store.project import project
from oclc_console.workspace import Workspace
from tests.core.samples import workspace

unix = pytest.mark.skipif(os.name == "nt", reason="needs signals and limits as Unix has them")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path / "w")


def sign(ws: Workspace, milestone: str, symbol: str = "ZUL") -> log.LogLine:
    return log.append(ws, "milestone.done", symbol, milestone=milestone, date="2020-11-03", note="")


def five(ws: Workspace) -> list[bytes]:
    """A log of five lines, as bytes."""
    for milestone in ("authorizations", "logins", "reclamation", "freeze", "deletion"):
        sign(ws, milestone)
    return complete_lines(ws.log)


def rewrite(ws: Workspace, lines: list[bytes]) -> None:
    ws.log.write_bytes(b"".join(line + b"\n" for line in lines))


def test_an_act_is_read_again_with_who_when_what_and_its_data(ws: Workspace) -> None:
    written = log.append(ws, "prepare.accepted", "ZUL", reason="[Letters] = fine", records=12)
    assert log.read(ws) == [written]
    assert (written.seq, written.act, written.symbol, written.by) == (1, "prepare.accepted", "ZUL", getpass.getuser())
    assert dict(written.data) == {"reason": "[Letters] = fine", "records": 12}
    assert written.words == "prepare.accepted: reason [Letters] = fine, records 12"


def test_an_act_need_not_concern_a_symbol(ws: Workspace) -> None:
    assert log.append(ws, "settings.changed", None).symbol is None


def test_data_may_have_any_name_also_those_the_log_uses_itself(ws: Workspace) -> None:
    written = log.append(ws, "x", "ZUL", act="y", symbol="ZMD", seq=9, hash="h")
    assert (written.act, written.symbol, written.seq) == ("x", "ZUL", 1)
    assert log.read(ws)[0].data == {"act": "y", "symbol": "ZMD", "seq": 9, "hash": "h"}
    assert log.verify(ws).ok


def test_the_hash_of_a_line_can_be_recomputed_by_anybody_with_sha256(ws: Workspace) -> None:
    five(ws)
    before = "0" * 64
    for raw in complete_lines(ws.log):
        line = orjson.loads(raw)
        written, previous = line.pop("hash"), line.pop("prev")
        canonical = orjson.dumps(line, option=orjson.OPT_SORT_KEYS)
        assert previous == before
        assert written == hashlib.sha256(before.encode() + canonical).hexdigest()
        before = written


def test_an_untouched_log_verifies_and_so_does_none_at_all(ws: Workspace) -> None:
    assert log.verify(ws) == log.Verified(0, True)
    five(ws)
    assert log.verify(ws) == log.Verified(5, True)


def test_a_changed_line_is_found_and_named(ws: Workspace) -> None:
    lines = five(ws)
    lines[2] = lines[2].replace(b"2020-11-03", b"2020-10-03")
    rewrite(ws, lines)
    found = log.verify(ws)
    assert (found.ok, found.first_bad, found.lines) == (False, 3, 5) and "changed" in found.reason


def test_a_line_changed_and_given_a_fitting_hash_breaks_the_one_after_it(ws: Workspace) -> None:
    lines = five(ws)
    line = orjson.loads(lines[2])
    line["by"] = "somebody-else"
    content = {key: value for key, value in line.items() if key not in ("prev", "hash")}
    canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    line["hash"] = hashlib.sha256(line["prev"].encode() + canonical).hexdigest()
    rewrite(ws, [*lines[:2], orjson.dumps(line), *lines[3:]])
    assert log.verify(ws).first_bad == 4


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_removed_line_is_found(ws: Workspace, number: int) -> None:
    lines = five(ws)
    rewrite(ws, lines[: number - 1] + lines[number:])
    found = log.verify(ws)
    assert found.first_bad == number and "removed or moved" in found.reason


def test_lines_in_another_order_are_found(ws: Workspace) -> None:
    lines = five(ws)
    rewrite(ws, [lines[0], lines[2], lines[1], *lines[3:]])
    assert log.verify(ws).first_bad == 2


def test_lines_removed_from_the_end_are_found_by_what_the_project_has_seen(ws: Workspace) -> None:
    lines = five(ws)
    project(ws)
    rewrite(ws, lines[:3])
    assert len(project(ws).of("ZUL")) == 3  # reading goes on, and leaves the evidence where it is
    found = log.verify(ws)
    assert found.first_bad == 4 and "the last 2 were removed" in found.reason


def test_a_log_written_anew_is_found_by_what_the_project_has_seen(ws: Workspace) -> None:
    five(ws)
    project(ws)
    ws.log.unlink()
    for _ in range(7):
        log.append(ws, "milestone.done", "ZMD", milestone="logins", date="2020-01-01", note="")
    project(ws)
    found = log.verify(ws)
    assert found.first_bad == 5 and "written anew" in found.reason


@pytest.mark.parametrize("junk", [b"not json", b"{}", b"[]", b"\0\0\0", b'"text"', b'{"seq": "x"}'])
def test_a_line_nobody_can_read_is_named_by_its_number(ws: Workspace, junk: bytes) -> None:
    lines = five(ws)
    rewrite(ws, [*lines[:3], junk, *lines[4:]])
    assert log.verify(ws).first_bad == 4
    with pytest.raises(HereError, match="line 4 of the log can't be read"):
        log.read(ws)


def test_any_single_byte_changed_anywhere_is_found(ws: Workspace) -> None:
    five(ws)
    whole = ws.log.read_bytes()
    chosen = random.Random(7)
    for at in chosen.sample(range(len(whole)), 200):
        other = chosen.choice([b for b in range(256) if b != whole[at]])
        ws.log.write_bytes(whole[:at] + bytes([other]) + whole[at + 1 :])
        found = log.verify(ws)
        torn = at == len(whole) - 1  # the last line's end: then that line reads as one that was never finished
        assert not found.ok or (torn and found.lines == 4)


@pytest.mark.parametrize("last", [4, 5])
def test_nothing_is_appended_to_a_log_whose_end_is_not_sound(ws: Workspace, last: int) -> None:
    lines = five(ws)
    lines[last - 1] = lines[last - 1].replace(b"2020-11-03", b"2020-10-03")
    if last == 4:
        lines[3] = b"not json"
    rewrite(ws, lines)
    before = ws.log.read_bytes()
    with pytest.raises(HereError, match="oclc-console log verify"):
        sign(ws, "updates")
    assert ws.log.read_bytes() == before


def test_a_torn_last_line_is_ignored_and_set_aside_by_the_next_writer(ws: Workspace) -> None:
    five(ws)
    with open(ws.log, "ab") as handle:
        handle.write(b'{"seq":6,"at":"2020-')
    assert len(log.read(ws)) == 5 and log.verify(ws).ok and log.head(ws).seq == 5
    assert sign(ws, "updates").seq == 6
    assert log.verify(ws) == log.Verified(6, True)


def test_appending_reads_only_the_end_of_the_log_however_long_its_lines_are(ws: Workspace) -> None:
    lines = five(ws)
    rewrite(ws, [b"damaged long ago", *lines[1:]])
    log.append(ws, "x", "ZUL", text="y" * 50_000)
    assert log.append(ws, "x", "ZUL", text="z" * 50_000).seq == 7
    assert log.verify(ws).first_bad == 1


@unix
def test_a_full_disk_leaves_the_log_as_it_was(ws: Workspace) -> None:
    five(ws)
    before = ws.log.read_bytes()
    program = """
import pathlib, resource, sys
from oclc_console.errors import HereError
from oclc_console.store import log
from oclc_console.workspace import Workspace
ws = Workspace(pathlib.Path(sys.argv[1]))
limit = ws.log.stat().st_size + 100
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    log.append(ws, "milestone.done", "ZUL", milestone="updates", note="x" * 500)
except HereError as error:
    sys.exit(f"told: {error}")
"""
    done = subprocess.run([sys.executable, "-c", program, str(ws.root)], capture_output=True, text=True, timeout=60)
    assert done.stderr.startswith("told: ") and "while writing the log" in done.stderr
    assert ws.log.read_bytes() == before
    assert sign(ws, "updates").seq == 6


WRITER = """
import pathlib, sys
from oclc_console.store import log
from oclc_console.store.project import project
from oclc_console.workspace import Workspace
ws = Workspace(pathlib.Path(sys.argv[1]))
count = int(sys.argv[2])
for number in range(count):
    line = log.append(ws, "milestone.done", "ZUL", milestone="logins", note="x" * 300, number=number)
    print(line.seq, flush=True)
    project(ws)
"""


@unix
def test_nothing_acknowledged_is_lost_when_writers_are_killed(ws: Workspace) -> None:
    chosen = random.Random(3)
    acknowledged = 0
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(ws.root), "100000"], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(chosen.randrange(3, 30)):
                acknowledged = int(process.stdout.readline())
            process.kill()
            process.wait()
    found = log.verify(ws)
    assert found.ok and found.lines >= acknowledged
    known = project(ws)
    assert known.head.seq == found.lines and len(known.of("ZUL")) == found.lines


@unix
def test_several_processes_write_one_chain(ws: Workspace) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(ws.root), "20"], stdout=subprocess.DEVNULL)
               for _ in range(3)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    assert log.verify(ws) == log.Verified(60, True)
    assert len(project(ws).of("ZUL")) == 60


def test_the_project_holds_the_acts_of_each_symbol_oldest_first(ws: Workspace) -> None:
    for number in range(12):
        sign(ws, f"m{number}")
    sign(ws, "logins", "ZMD")
    log.append(ws, "upload.again", "ZUL", file="a.mrc", reason="x")
    known = project(ws)
    assert [act["milestone"] for act in known.of("ZUL")] == [f"m{number}" for number in range(12)]
    assert [(act["act"], act["seq"], act["by"]) for act in known.of("ZMD")] == [
        ("milestone.done", 13, getpass.getuser())]
    assert known.of("ZLW") == () and known.head.seq == 14


def test_a_project_without_any_act_makes_no_file(ws: Workspace) -> None:
    assert project(ws).acts == {} and not ws.project.exists()


def test_stock_tinydb_opens_the_project_file(ws: Workspace) -> None:
    five(ws)
    project(ws)
    with TinyDB(ws.project, access_mode="r") as database:
        assert database.tables() == {"milestones", "log"}
        assert database.table("milestones").get(doc_id=3)["milestone"] == "reclamation"
        [mark] = database.table("log").all()
        assert (mark["seq"], mark["hash"]) == (5, log.head(ws).hash)


def test_a_project_file_of_a_version_that_knew_other_kinds_of_acts_is_folded_anew(ws: Workspace) -> None:
    five(ws)
    known, content = project(ws), ws.project.read_bytes()
    ws.project.write_bytes(content.replace(b'"kinds":"', b'"kinds":"wish,'))
    assert project(ws) == known and ws.project.read_bytes() == content


@pytest.mark.parametrize("damage", [
    None, b"", b"{", b"[]", b"null", b"{}", b'{"log": {"1": {"seq": 5}}}', b'{"log": {}, "milestones": []}', b"\xff",
])
def test_a_project_file_that_is_missing_or_unreadable_is_folded_anew(ws: Workspace, damage: bytes | None) -> None:
    five(ws)
    known, content = project(ws), ws.project.read_bytes()
    if damage is None:
        ws.project.unlink()
    else:
        ws.project.write_bytes(damage)
    assert project(ws) == known
    assert ws.project.read_bytes() == content


def test_a_project_file_behind_the_log_is_folded_anew(ws: Workspace) -> None:
    sign(ws, "logins")
    project(ws)
    sign(ws, "reclamation")
    assert [act["milestone"] for act in project(ws).of("ZUL")] == ["logins", "reclamation"]


def test_a_fold_just_made_and_one_just_read_are_the_same_value(ws: Workspace) -> None:
    five(ws)
    assert project(ws) == project(ws)


def test_reading_the_project_when_it_is_fresh_loads_no_tinydb(ws: Workspace) -> None:
    five(ws)
    project(ws)
    program = """
import pathlib, sys
from oclc_console.store.project import project
from oclc_console.workspace import Workspace
assert len(project(Workspace(pathlib.Path(sys.argv[1]))).of("ZUL")) == 5
sys.exit("tinydb" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program, str(ws.root)], timeout=60).returncode == 0
