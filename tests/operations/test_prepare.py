"""prepare: every record in the set has a fate, and what leaves leaves byte for byte as it came."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path
from xml.sax.saxutils import escape

import orjson
import pytest

from oclc_console.errors import CallError, InputError, Refused
from oclc_console.marc.record import put_together, take_apart
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import exit_code, prepare
from oclc_console.operations.prepared import prepared_set
from oclc_console.operations.upload import upload
from oclc_console.store import log
from oclc_console.store.events import FileWithdrawn, Linted, SetAside, SourceRead
from oclc_console.store.runs import run
from tests.operations.stage import (
    TOML,
    archival,
    carry_out,
    holding,
    ledger,
    rehearsing,
    reproduction,
    trusted,
    workspace_in,
    write,
)


def test_every_record_in_the_set_has_exactly_one_fate_in_the_ledger(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    excluded = holding(3, (b"914", b"  \x1faNO-WORLDCAT"))
    brief = holding(4, without=[b"245"])
    broken = holding(5)[:-3] + b"\x1d"
    source = write(tmp_path / "a.mrc", trusted(1), archival(2), excluded, brief, broken, holding(6))

    result, events = carry_out(workspace, prepare(workspace, "ZAA", [source], set_count=6))

    assert result["in_set"] == 6 == sum(result["excluded"].values()) + result["quarantined"] + result["routed"]
    assert result["excluded"] == {"no_worldcat": 1, "brief": 1}
    assert [row["fate"] for row in ledger(workspace, "ZAA")] == [
        "stream", "stream", "excluded:no_worldcat", "excluded:brief", "quarantined:leader-length", "stream"]
    aside = next(event for event in events if isinstance(event, SetAside))
    assert (aside.rule, aside.first_number, aside.records) == ("leader-length", 5, 1)
    assert aside.first_offset == sum(map(len, [trusted(1), archival(2), excluded, brief]))
    assert exit_code(result) == 1


def test_a_quarantined_record_is_kept_byte_for_byte(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    broken = holding(5)[:-3] + b"\x1d"
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1), broken)]))
    (kept,) = (workspace.root / "quarantine" / "ZAA").glob("*.mrc")
    assert kept.read_bytes() == broken


def test_output_files_hold_the_records_unchanged_and_split_at_n(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    records = [trusted(n) for n in range(7)]
    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *records)]))
    files = read_outbox(workspace, "ZAA")
    assert [file.records for file in files] == [3, 3, 1]
    assert b"".join(file.path.read_bytes() for file in files) == b"".join(records)
    assert [file["sha256"] for file in result["files"]] == [
        hashlib.sha256(file.path.read_bytes()).hexdigest() for file in files]


def test_names_follow_oclcs_rules_and_numbers_go_on_from_the_highest_used_sent_or_not(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    first, _ = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1))]))
    second, _ = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "b.mrc", trusted(2))]))
    names = [result["files"][0]["name"] for result in (first, second)]
    assert [name.split(".")[:3] for name in names] == [["1000002", "zaa", "trusted"]] * 2
    assert [name.split(".")[4] for name in names] == ["001", "002"]


def test_the_end_in_the_ledger_is_where_the_record_ends_in_its_output_file(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *(trusted(n) for n in range(5)))]))
    content = {file.name: file.path.read_bytes() for file in read_outbox(workspace, "ZAA")}
    for row in ledger(workspace, "ZAA"):
        whole = content[row["outbox"]]
        assert whole[row["end"] - 1] == 0x1D
        assert hashlib.sha256(whole[row["end"] - row["length"] : row["end"]]).digest() == row["sha256"]


def test_an_unrouted_record_stops_everything_until_a_reason_is_given(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1), reproduction(2))
    with pytest.raises(Refused) as refused:
        carry_out(workspace, prepare(workspace, "ZAA", [source]))
    assert "1 unrouted and 0 double of 2" in str(refused.value)
    assert "--accept-unrouted" in refused.value.then
    assert read_outbox(workspace, "ZAA") == ()
    assert not list((workspace.root / "ledger").rglob("*.parquet"))
    listing = Path(refused.value.where).read_text()
    assert "990000000002" in listing

    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [source], accept_unrouted="Law decides in May"))
    assert (result["unrouted"], result["routed"]) == (1, 1)
    assert log.read(workspace)[-1].data["reason"] == "Law decides in May"


def test_a_record_that_two_streams_want_is_held_and_then_sent_once_by_the_first(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, """
[institution]
name = "Example"
[symbols.ZAA]
[[symbols.ZAA.streams]]
name = "First"
collection = "1000001"
[[symbols.ZAA.streams]]
name = "Second"
collection = "1000002"
keep = { all = ["245"] }
""")
    source = write(tmp_path / "a.mrc", holding(1), holding(2, without=[b"245"]))
    with pytest.raises(Refused, match="1 double of 2"):
        carry_out(workspace, prepare(workspace, "ZAA", [source]))
    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [source], accept_unrouted="first wins"))
    assert (result["routed"], result["double"]) == (2, 1)
    assert [(file["stream"], file["records"]) for file in result["files"]] == [("first", 2)]


def test_alma_counting_more_records_than_the_files_hold_is_said_with_the_difference(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    result, events = carry_out(
        workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1))], set_count=3))
    assert any("2 missing" in event.words for event in events)
    assert exit_code(result) == 1
    assert result["set_count"] == 3


def test_without_almas_count_nothing_is_claimed(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    result, events = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1))]))
    assert result["set_count"] is None
    assert any("Alma's count not stated" in event.words for event in events)


def test_a_retiring_symbols_files_go_out_under_its_successor_and_the_ledger_keeps_the_origin(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1))]))
    result, _ = carry_out(workspace, prepare(workspace, "ZOLD", [write(tmp_path / "b.mrc", trusted(2))]))
    (name,) = [file["name"] for file in result["files"]]
    assert name.startswith("1000002.zaa.trusted.") and name.endswith(".002.mrc")
    assert [row["outbox"] for row in ledger(workspace, "ZOLD")] == [name]


def test_preparing_the_same_source_again_withdraws_what_was_never_sent(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1))
    first, _ = carry_out(workspace, prepare(workspace, "ZAA", [source]))
    second, events = carry_out(workspace, prepare(workspace, "ZAA", [source]))
    assert [event.name for event in events if isinstance(event, FileWithdrawn)] == [first["files"][0]["name"]]
    assert [file.name for file in read_outbox(workspace, "ZAA")] == [second["files"][0]["name"]]
    assert prepared_set(workspace, "ZAA").in_set == 1


def test_records_that_went_out_already_are_said_with_the_file_they_went_in(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    both = write(tmp_path / "a.mrc", trusted(1), trusted(2)), write(tmp_path / "b.mrc", trusted(3))
    first, _ = carry_out(workspace, prepare(workspace, "ZAA", both))
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA"))
    result, events = carry_out(workspace, prepare(workspace, "ZAA", both[:1]))
    assert result["sent_before"] == 2
    assert any(first["files"][0]["name"] in event.words and "went out already" in event.words for event in events)
    assert prepared_set(workspace, "ZAA").in_set == 3, "a source that was prepared again counts once"


def test_two_files_of_one_set_add_up(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    for name, number in (("a.mrc", 1), ("b.mrc", 2)):
        carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / name, trusted(number))]))
    assert prepared_set(workspace, "ZAA").in_set == 2


@pytest.mark.parametrize(("content", "sentence"), [
    (b"PK\x03\x04", "zip"), (b'{"a": 1}', "JSON"), (b"Dear OCLC, ...", "plain text"),
    (b"<html><body>Login</body></html>", "HTML|web page|XML"),
])
def test_a_file_that_is_not_marc_is_one_sentence_and_no_run(tmp_path: Path, content: bytes, sentence: str) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", content)
    with pytest.raises(InputError, match=sentence) as error:
        prepare(workspace, "ZAA", [source])
    assert error.value.then and str(source) in error.value.where
    assert not list(workspace.runs.glob("2*"))


@pytest.mark.parametrize("content", [
    pytest.param(b"", id="nothing"), pytest.param(b"\r\n\r\n", id="line ends"),
    pytest.param(b"<?xml version='1.0'?><collection/>", id="empty collection"),
])
def test_a_file_without_records_is_an_error_and_leaves_nothing_behind(tmp_path: Path, content: bytes) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", content)
    with pytest.raises(InputError, match="no records"):
        carry_out(workspace, prepare(workspace, "ZAA", [source]))
    assert not list((workspace.root / "outbox").rglob("*.mrc")) and not list(workspace.runs.glob("*/out"))


def marcxml(*records: bytes) -> bytes:
    """These binary records as Alma would publish them in XML: no namespace, one line, 001 last of the control fields."""
    def element(raw: bytes) -> str:
        record = take_apart(raw)
        parts = [f"<leader>{record.leader.decode()}</leader>"]
        pairs = list(zip(record.tags, record.fields, strict=True))
        for tag, field in sorted(pairs, key=lambda pair: (pair[0] >= b"010", pair[0] == b"001", pair[0])):
            if tag < b"010":
                parts.append(f'<controlfield tag="{tag.decode()}">{field.decode()}</controlfield>')
                continue
            head, *subs = field.decode().split("\x1f")
            inner = "".join(f'<subfield code="{sub[0]}">{escape(sub[1:])}</subfield>' for sub in subs)
            parts.append(f'<datafield tag="{tag.decode()}" ind1="{head[0]}" ind2="{head[1]}">{inner}</datafield>')
        return f"<record>{''.join(parts)}</record>"

    return ("<?xml version='1.0' encoding='UTF-8'?><collection>" + "".join(map(element, records)) + "</collection>").encode()


def tar_gz(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize("shape", ["xml", "gzip", "tar.gz of binary", "tar.gz of xml"])
def test_every_shape_alma_publishes_becomes_the_same_files(tmp_path: Path, shape: str) -> None:
    records = [trusted(1), archival(2), holding(3)]
    binary = b"".join(records)
    content = {"xml": marcxml(*records), "gzip": gzip.compress(binary), "tar.gz of binary": tar_gz("inner.mrc", binary),
               "tar.gz of xml": tar_gz("other_name.xml", marcxml(*records))}[shape]
    workspace = workspace_in(tmp_path)
    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "any_new.xml.tar.gz", content)]))
    assert (result["in_set"], result["routed"]) == (3, 3)
    sent = b"".join(file.path.read_bytes() for file in read_outbox(workspace, "ZAA"))
    assert sent == b"".join([archival(2), trusted(1), holding(3)])


def test_a_file_that_is_still_being_written_is_not_prepared(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", *(trusted(n) for n in range(50)))
    done = threading.Event()

    def alma() -> None:
        with open(source, "ab") as file:
            while not done.wait(0.01):
                file.write(trusted(1))
                file.flush()

    writer = threading.Thread(target=alma)
    writer.start()
    try:
        with pytest.raises(InputError, match="still being written"):
            carry_out(workspace, prepare(workspace, "ZAA", [source]))
    finally:
        done.set()
        writer.join()


def test_a_file_that_grows_while_it_is_read_puts_nothing_in_the_outbox(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", *(trusted(n) for n in range(50)))
    os.utime(source, (time.time() - 3600,) * 2)
    with pytest.raises(InputError, match="still being written"):
        for event in run(workspace, prepare(workspace, "ZAA", [source]), threading.Event()):
            if isinstance(event, SourceRead):
                with open(source, "ab") as file:
                    file.write(trusted(99))
    assert not read_outbox(workspace, "ZAA")


def test_a_missing_file_a_folder_and_a_file_named_twice_are_wrong_calls(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1))
    for paths in ([tmp_path / "none.mrc"], [tmp_path], [source, source], []):
        with pytest.raises(CallError):
            prepare(workspace, "ZAA", paths)


MARC8 = b"00000cam  2200000 i 4500"


@pytest.mark.parametrize(("rule", "raw"), [
    pytest.param("truncated", holding(1)[:-1], id="truncated"),
    pytest.param("missing-001", holding(1, without=[b"001"]), id="no 001"),
    pytest.param("utf-8", holding(1, (b"500", b"  \x1faLettr\xe9")), id="Latin-1 bytes under a UTF-8 flag"),
    pytest.param("leader-09", holding(1, (b"500", "  \x1faLettré".encode()), leader=MARC8), id="UTF-8 under a MARC-8 flag"),
])
def test_a_bad_record_is_set_aside_and_its_neighbours_go_on(tmp_path: Path, rule: str, raw: bytes) -> None:
    workspace = workspace_in(tmp_path)
    records = [trusted(8), trusted(9), raw] if rule == "truncated" else [trusted(8), raw, trusted(9)]
    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *records)]))
    assert (result["quarantined"], result["routed"]) == (1, 2)
    assert f"quarantined:{rule}" in [row["fate"] for row in ledger(workspace, "ZAA")]


def test_stray_bytes_between_records_lose_no_record(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1), b"\r\n\x00\x00\n", trusted(2), b"\x1a")
    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [source]))
    assert result["in_set"] == result["routed"] == 2
    (file,) = read_outbox(workspace, "ZAA")
    assert file.path.read_bytes() == trusted(1) + trusted(2)


@pytest.mark.slow
def test_a_prepare_killed_at_any_moment_and_called_again_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    source = write(tmp_path / "big.mrc", *(trusted(n) for n in range(4000)))
    toml = """
[institution]
name = "Example"
[symbols.ZAA]
records_per_file = 100
[[symbols.ZAA.streams]]
name = "All"
collection = "1000001"
"""
    for name in ("calm", "wild"):
        (tmp_path / name).mkdir()
    calm = workspace_in(tmp_path / "calm", toml)
    carry_out(calm, prepare(calm, "ZAA", [source]))
    wild = workspace_in(tmp_path / "wild", toml)
    command = [sys.executable, "-m", "oclc_console", "--workspace", str(wild.root), "prepare", "ZAA", str(source)]
    for pause in (0.45, 0.55, 0.65, 0.75, 0.85):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(pause)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        if read_outbox(wild, "ZAA"):
            break  # it got through before the kill; a further call would prepare its source anew
    else:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if any((run / "out").exists() for run in wild.runs.glob("2*")):  # killed while moving its files
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def state(root: Path) -> list[tuple[str, str]]:
        return sorted((path.name, hashlib.sha256(path.read_bytes()).hexdigest())
                      for path in (root / "outbox").rglob("*.mrc"))

    assert state(wild.root) == state(calm.root)
    assert [row["sha256"] for row in ledger(wild, "ZAA")] == [row["sha256"] for row in ledger(calm, "ZAA")]
    assert not list(wild.runs.glob("*/out"))
    assert prepared_set(wild, "ZAA").in_set == prepared_set(calm, "ZAA").in_set == 4000


def test_the_sidecar_says_all_that_is_needed_to_send_the_file(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1))]))
    (sidecar,) = (workspace.root / "outbox" / "ZAA").glob("*.json")
    data = orjson.loads(sidecar.read_bytes())
    assert {"records", "bytes", "sha256", "stream", "run"} <= set(data)


def test_the_list_of_unrouted_ids_runs_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    odd = holding(1, (b"843", b"  \x1faPhotocopy.")).replace(b"9900000000019999", b"=cmd|0000000\x1b999", 1)
    with pytest.raises(Refused) as refused:
        carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", odd)]))
    listing = Path(refused.value.where).read_text()
    assert "'=cmd" in listing and "\x1b" not in listing


def titled_twice(number: int) -> bytes:
    """A record with two $b in its title, which OCLC does not take."""
    record = take_apart(holding(number))
    pairs = zip(record.tags, record.fields, strict=True)
    return put_together(record.leader, [(t, b"10\x1faTitle :\x1fbone :\x1fbtwo." if t == b"245" else f) for t, f in pairs])


def test_what_oclc_will_say_is_known_before_the_upload_and_listed(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1), titled_twice(2))
    result, events = carry_out(workspace, prepare(workspace, "ZAA", [source]))
    assert result["routed"] == 2, "lint only tells; it holds nothing back by itself"
    said = {event.sentence: event for event in events if isinstance(event, Linted)}
    assert said["$b in 245 occurs too many times."].severity == "SEVERE"
    (listing,) = workspace.runs.glob("*/findings.csv")
    assert "$b in 245 occurs too many times." in listing.read_text() and "2200000000029999" in listing.read_text()


def test_a_blocking_rule_holds_the_record_back(tmp_path: Path) -> None:
    blocking = '[symbols.ZAA.lint]\nblocking = ["subfield-repeated"]\n[symbols.ZOLD]'
    workspace = workspace_in(tmp_path, TOML.replace("[symbols.ZOLD]", blocking))
    bad = titled_twice(2)
    result, _ = carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1), bad)]))
    assert (result["routed"], result["quarantined"]) == (1, 1)
    assert "quarantined:subfield-repeated" in [row["fate"] for row in ledger(workspace, "ZAA")]
    (kept,) = (workspace.root / "quarantine" / "ZAA").glob("*.mrc")
    assert kept.read_bytes() == bad


def test_a_rule_that_is_switched_off_says_nothing(tmp_path: Path) -> None:
    off = '[symbols.ZAA.lint]\noff = ["subfield-repeated"]\n[symbols.ZOLD]'
    workspace = workspace_in(tmp_path, TOML.replace("[symbols.ZOLD]", off))
    source = write(tmp_path / "a.mrc", titled_twice(2))
    _, events = carry_out(workspace, prepare(workspace, "ZAA", [source]))
    assert not [event for event in events if isinstance(event, Linted) and event.rule == "subfield-repeated"]
