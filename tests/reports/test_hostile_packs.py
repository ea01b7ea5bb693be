"""Packs that are damaged, or were made to do harm: each is refused in one sentence, and nothing of it is left behind."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest

from oclc_console.errors import ConsoleError, InputError
from oclc_console.operations.merge_pack import merge
from oclc_console.operations.open_pack import open_pack, put_back
from oclc_console.operations.pack import pack
from oclc_console.store.gathered import VERSION, gathered_path, load_gathered
from oclc_console.store.gathered_check import COLUMNS
from oclc_console.store.reviews import Change, Reviews
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace
from tests.reports.rejected import console, lsn, rejected

Parts = dict[str, bytes]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace, and in it MED.pack with work of somebody."""
    workspace = rejected(tmp_path_factory.mktemp("hostile"), 6)
    Reviews(workspace, "ZUL").change([lsn(1)], Change(State.CLAIMED, "ada", "mine"), "ada")
    pack(workspace, "MED", workspace.root / "MED.pack")
    return workspace


def parts_of(office: Workspace) -> Parts:
    with zipfile.ZipFile(office.root / "MED.pack") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, parts: Parts, *, signed: bool = True, **manifest: Any) -> Path:
    """A pack of these parts; `signed`: with the sizes and sums they have, as who wants to do harm would."""
    told = orjson.loads(parts["pack.json"]) | manifest
    if signed:
        told["parts"] = {name: {"bytes": len(part), "sha256": hashlib.sha256(part).hexdigest()}
                         for name, part in parts.items() if name != "pack.json"}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in {**parts, "pack.json": orjson.dumps(told)}.items():
            archive.writestr(name, part)
    return path


def refused(path: Path, office: Workspace) -> str:
    """What is said when this pack is opened; it leaves no folder, and where it can't be opened for what people did it can't
    be merged either."""
    with pytest.raises(ConsoleError) as told:
        open_pack(path)
    assert not [each for each in path.parent.iterdir() if each.is_dir()], "nothing of it is left behind"
    sentence = str(told.value)
    assert "\n" not in sentence and "Traceback" not in sentence
    return sentence


def test_the_pack_itself_is_sound(office: Workspace, tmp_path: Path) -> None:
    assert open_pack(written(tmp_path / "a.pack", parts_of(office))).root.is_dir()


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil", "C:\\evil", "ZUL\\..\\evil", "ZUL/../../evil", "ZUL/evil.exe",
                                  "ZUL/", "CON", "pack.json/x", "\u202egnp.exe", "ZUL/sent.mrc/../../x"])
def test_a_part_that_leads_elsewhere_is_refused(office: Workspace, tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "a.pack", {**parts_of(office), name: b"evil"})
    assert "has no place in a pack" in refused(path, office)
    with pytest.raises(InputError):
        merge(office, path)
    assert not (tmp_path.parent / "evil.txt").exists()


@pytest.mark.parametrize("folder", ["../x", "a/b", "", ".", "..", "ZUL\x00", "x" * 65])
def test_a_symbol_whose_folder_leads_elsewhere_is_refused(office: Workspace, tmp_path: Path, folder: str) -> None:
    symbols = [{"code": "ZUL", "name": "ZUL", "folder": folder}]
    refused(written(tmp_path / "a.pack", parts_of(office), symbols=symbols), office)


@pytest.mark.parametrize("changes", [
    {"oclc_console_pack": 2}, {"oclc_console_pack": "1"}, {"id": "../../x"}, {"id": 5}, {"records": -1}, {"symbols": []},
    {"symbols": "ZUL"}, {"library": None}, {"host": 5}, {"columns": VERSION + 1}, {"workspace": ["x"]},
    {"institution": "x" * 2000},
])
def test_a_manifest_that_is_not_as_a_console_writes_it_is_refused(
    office: Workspace, tmp_path: Path, changes: dict[str, Any]
) -> None:
    refused(written(tmp_path / "a.pack", parts_of(office), **changes), office)


def test_no_text_of_a_manifest_becomes_a_setting(office: Workspace, tmp_path: Path) -> None:
    evil = 'x"\n[people.root]\nname = "root"\n[symbols.AAA]\n#'
    laptop = open_pack(written(tmp_path / "a.pack", parts_of(office), host=evil, institution=evil, library=evil))
    assert not laptop.settings.people and list(laptop.settings.symbols) == ["ZUL"]
    assert laptop.settings.institution.name == evil


def test_another_form_says_which_console_to_use(office: Workspace, tmp_path: Path) -> None:
    assert "a pack of form 9; this console reads form 1" in refused(written(tmp_path / "a.pack", parts_of(office),
                                                                            oclc_console_pack=9), office)
    assert "Use version 7.0" in refused(written(tmp_path / "b.pack", parts_of(office), columns=99, console="7.0"), office)


@pytest.mark.parametrize("name", ["ZUL/gathered.columns", "ZUL/reviews.jsonl", "ZUL/exceptions.jsonl", "ZUL/sent.mrc",
                                  "ZUL/sent.jsonl"])
def test_a_part_that_is_missing_short_or_altered_is_refused(office: Workspace, tmp_path: Path, name: str) -> None:
    parts = parts_of(office)
    without = {other: part for other, part in parts.items() if other != name}
    assert "parts" in refused(written(tmp_path / "a.pack", without), office)
    for number, harmed in enumerate((parts[name][:-1], parts[name] + b"x", parts[name][:-1] + bytes([parts[name][-1] ^ 1]))):
        sentence = refused(written(tmp_path / f"{number}.pack", {**parts, name: harmed}, signed=False), office)
        assert "is damaged" in sentence or "is larger than it says" in sentence


def test_a_pack_made_to_fill_a_disk_is_left_before_it_does(office: Workspace, tmp_path: Path) -> None:
    path = written(tmp_path / "a.pack", {**parts_of(office), "ZUL/sent.mrc": bytes(100 << 20)})
    assert path.stat().st_size < 1 << 20
    assert "would unpack to more than" in refused(path, office)
    with pytest.raises(InputError, match="would unpack to more than"):
        merge(office, path)


def test_a_part_named_twice_is_refused(office: Workspace, tmp_path: Path) -> None:
    path = written(tmp_path / "a.pack", parts_of(office))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("ZUL/reviews.jsonl", b"")
    assert "two parts of one name" in refused(path, office)


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + bytes(18)])
def test_what_is_no_pack_is_refused(office: Workspace, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pack"
    path.write_bytes(content)
    assert "it is no pack" in refused(path, office)
    done = console(path, "reports", "list")
    assert done.returncode == 2 and "it is no pack" in done.stderr and "Traceback" not in done.stderr
    assert console(office.root, "reports", "merge", path).returncode == 2


def history(**changes: Any) -> dict[str, Any]:
    entry = {"act": "0123456789abcdef", "at": "2026-11-22T12:00:00.000Z", "by": "eve", "did": "change", "state": "fixed",
             "since": "2026-11-22T12:00:00.000Z", "owner": None, "note": "", "undoes": ""}
    return {"key": lsn(1), "history": [{**entry, **changes}]}


@pytest.mark.parametrize("line", [
    history(state="confirmed"), history(state="came_back"), history(state="done"), history(at="yesterday"),
    history(since="2026-11-22"), history(since=None), history(by=""), history(did="sudo"), history(owner=5), history(note=None),
    history(extra=1), history(act=""), {"key": "", "history": history()["history"]}, {"key": lsn(1), "history": []},
    {"key": lsn(1)}, {"key": 5, "history": history()["history"]}, {"key": lsn(1), "history": [5]},
    {"key": lsn(1), "history": history()["history"] * 2},
])
def test_work_that_no_console_writes_is_neither_opened_nor_merged(
    office: Workspace, tmp_path: Path, line: dict[str, Any]
) -> None:
    path = written(tmp_path / "a.pack", {**parts_of(office), "ZUL/reviews.jsonl": orjson.dumps(line) + b"\n"})
    before = Reviews(office, "ZUL").path.read_bytes()
    assert "what people did is damaged" in refused(path, office)
    with pytest.raises(InputError):
        merge(office, path, rest="theirs")
    assert Reviews(office, "ZUL").path.read_bytes() == before


@pytest.mark.parametrize("lines", [b"nonsense\n", b"[]\n", b'{"report": "../../x", "document": {}}\n', b"{}\n",
                                   b'{"report": 5, "document": {}}\n', b'{"report": "CON.", "document": {}}\n'])
def test_lines_of_a_report_that_leads_elsewhere_are_refused(office: Workspace, tmp_path: Path, lines: bytes) -> None:
    refused(written(tmp_path / "a.pack", {**parts_of(office), "ZUL/exceptions.jsonl": lines}), office)


@pytest.mark.parametrize("place", [{}, {"offset": -1}, {"length": 1 << 40}, {"offset": "0"}, {"upload": None}, {"end": "5"},
                                   {"more": 1}])
def test_places_outside_the_records_are_refused(office: Workspace, tmp_path: Path, place: dict[str, Any]) -> None:
    sound = {"upload": "a.mrc", "end": 5, "lsn": "", "mms": "", "offset": 0, "length": 1}
    line = {**sound, **place} if place else {}
    refused(written(tmp_path / "a.pack", {**parts_of(office), "ZUL/sent.jsonl": orjson.dumps(line) + b"\n"}), office)


def test_every_column_there_is_is_checked(office: Workspace) -> None:
    gathered = load_gathered(gathered_path(office, "ZUL"))
    assert gathered is not None and gathered.columns.keys() == COLUMNS


def test_columns_that_point_outside_themselves_are_refused(office: Workspace, tmp_path: Path) -> None:
    """Whatever byte of the columns is altered, with its sum made right, the pack opens and answers or is refused."""
    from oclc_console.store.desk import Desk, Filter

    parts, chance = parts_of(office), random.Random(5)
    sound, told = parts["ZUL/gathered.columns"], 0
    for number in range(150):
        harmed = bytearray(sound)
        for _ in range(chance.choice((1, 1, 4, 40))):
            harmed[chance.randrange(len(harmed))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        path = written(tmp_path / f"{number}.pack", {**parts, "ZUL/gathered.columns": bytes(harmed)})
        try:
            laptop = open_pack(path)
        except ConsoleError:
            told += 1
            continue
        with Desk.open(laptop) as desk:
            for ref in desk.query(Filter(minor=True, text="a")).refs():
                desk.record(ref)
            for facet in ("library", "group", "state", "report"):
                desk.counts(facet, Filter(minor=True))
    assert told > 20


def test_a_torn_pack_is_refused_wherever_it_was_torn(office: Workspace, tmp_path: Path) -> None:
    whole = (office.root / "MED.pack").read_bytes()
    for size in range(0, len(whole), max(1, len(whole) // 40)):
        path = tmp_path / f"{size}.pack"
        path.write_bytes(whole[:size])
        refused(path, office)


def test_a_pack_altered_anywhere_is_opened_as_it_was_or_refused(office: Workspace, tmp_path: Path) -> None:
    whole, chance = (office.root / "MED.pack").read_bytes(), random.Random(7)
    for number in range(100):
        harmed = bytearray(whole)
        harmed[chance.randrange(len(harmed))] ^= 1 << chance.randrange(8)
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "a.pack").write_bytes(bytes(harmed))
        try:
            laptop = open_pack(folder / "a.pack")
        except ConsoleError:
            continue
        assert [review.key for review in Reviews(laptop, "ZUL").all()] == [lsn(1)]


def test_a_damaged_file_is_not_overwritten_with_work(office: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    path.write_bytes((office.root / "MED.pack").read_bytes())
    laptop = open_pack(path)
    Reviews(laptop, "ZUL").change([lsn(2)], Change(State.FIXED), "cleo")
    path.write_bytes(b"somebody saved something else here")
    done = put_back(laptop)
    assert not done.written and "can't be read any more" in done.why and path.read_bytes().startswith(b"somebody")
    assert put_back(laptop, tmp_path / "b.pack").written and len(merge(office, tmp_path / "b.pack").taken) == 1


def test_an_encrypted_pack_is_refused(office: Workspace, tmp_path: Path) -> None:
    content = io.BytesIO((office.root / "MED.pack").read_bytes())
    raw = bytearray(content.getvalue())
    at = raw.find(b"PK\x01\x02")
    while at >= 0:  # the flag in every entry of the directory
        raw[at + 8] |= 1
        at = raw.find(b"PK\x01\x02", at + 1)
    (tmp_path / "a.pack").write_bytes(bytes(raw))
    assert "locked with a password" in refused(tmp_path / "a.pack", office)
