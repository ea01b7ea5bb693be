"""A table of symbols, libraries and streams sets up console.toml, and touches nothing else in it."""

from __future__ import annotations

import threading
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from oclc_console import clock
from oclc_console.cli import main
from oclc_console.errors import CallError, HereError, InputError
from oclc_console.operations.import_symbols import Applied, Planned, apply_import, mapping, plan_import
from oclc_console.store import log
from oclc_console.workspace import Workspace, make_workspace
from tests.project import eight_symbols

WRITTEN = """\
# Our own file. Ask the LTS operator before changing it.
[institution]
name = "Example University Library"    # the whole of it

[symbols.ZMD]                          # the pilot
name = "Medical library"
libraries = [
  "MED",   # since the beginning
  "OLD",   # closed
]
records_per_file = 5000                # they are slow

# the one stream there is so far
[[symbols.ZMD.streams]]
name = "All"                           # of it
collection = "1000031"
keep = { none = ["914"] }              # never those

[rules]
thesis = { any = ["502"] }

[symbols.ZLW]
name = "Law library"
"""


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(clock, "now", lambda: datetime(2020, 11, 16, 9, 14, tzinfo=UTC))
    return Workspace(make_workspace(tmp_path / "w", WRITTEN).root, "jdoe")


def plan(ws: Workspace, text: str) -> Planned:
    table = ws.root.parent / "mapping.csv"
    table.write_text(text, encoding="utf-8")
    return plan_import(ws, table)


def taken_in(ws: Workspace, text: str) -> str:
    """console.toml after a table was taken in."""
    apply_import(ws, plan(ws, text))
    return (ws.root / "console.toml").read_text(encoding="utf-8")


def test_one_table_sets_up_the_eight_symbols(tmp_path: Path) -> None:
    ws = eight_symbols.make(tmp_path / "w")
    symbols = ws.settings.symbols
    assert list(symbols) == ["ZBN", "ZHG", "ZDO", "ZYN", "ZMD", "ZLW", "ZLS", "ZUL"]
    assert [(s.code, s.disposition, s.successor) for s in symbols.values() if s.disposition != "retained"] == [
        ("ZHG", "retiring", "ZUL"), ("ZLS", "retiring", "ZUL"), ("ZUL", "target", None)]
    assert symbols["ZHG"].libraries == ("RBK", "THE", "POE") and len(symbols["ZLS"].libraries) == 21
    assert symbols["ZHG"].name == "Rare books & manuscripts"
    assert [s.collection for s in symbols["ZMD"].streams] == ["1000031", "1000032", "1000033", "1000034", "1000035"]
    assert [s.match for s in symbols["ZMD"].streams] == ["all", "all", "all", "all", "trusted ocn"]
    assert symbols["ZUL"].streams[0].keep.all == ("@archival",) and not symbols["ZLS"].streams
    assert ws.settings.libraries["GDN"] == "Garden library"
    assert all((ws.root / "inbox" / code).is_dir() for code in symbols)


def test_what_was_in_the_file_before_still_is_to_the_letter(tmp_path: Path) -> None:
    ws = eight_symbols.make(tmp_path / "w")
    assert (ws.root / "console.toml").read_text().startswith(eight_symbols.BEFORE)


def test_importing_the_same_table_again_changes_nothing(tmp_path: Path) -> None:
    ws = eight_symbols.make(tmp_path / "w")
    again = plan_import(ws, tmp_path / "w-symbols.csv")
    assert again.changes == () and again.wrong == ()
    assert mapping(ws).findings == ()
    assert apply_import(ws, again) == Applied((), None)
    [line] = log.read(ws)
    assert (line.act, line.symbol, line.by) == ("settings.changed", None, "jdoe")
    assert line.data["why"] == "symbols import w-symbols.csv" and "symbols.ZBN" in line.data["keys"]


def test_only_the_lines_that_change_change(ws: Workspace) -> None:
    made = taken_in(ws, "symbol,name,library,stream,collection,match\nZMD,,MED,All,1000031,trusted\nZMD,,CTW,,,\n"
                        "ZLW,Law school,LAW,,,\n")
    wanted = WRITTEN
    for before, after in (('  "OLD",   # closed\n', '  "CTW",\n'),
                          ("# never those\n", '# never those\nmatch = "trusted ocn"\n'),
                          ('"Law library"\n', '"Law school"\nlibraries = ["LAW"]\n')):
        wanted = wanted.replace(before, after)
    assert made == wanted


def test_a_new_stream_stands_with_its_symbol(ws: Workspace) -> None:
    made = taken_in(ws, "symbol,stream,collection,keep\nZMD,Theses,1000032,\"{ all = ['@thesis'] }\"\n"
                        "ZLW,Everything,1000051,\n")
    streams = tomllib.loads(made)["symbols"]["ZMD"]["streams"]
    assert streams[1] == {"name": "Theses", "collection": "1000032", "keep": {"all": ["@thesis"]}}
    assert '# never those\n\n[[symbols.ZMD.streams]]\nname = "Theses"\n' in made
    assert made.index("Theses") < made.index("\n\n[rules]")
    assert made.endswith('\n\n[[symbols.ZLW.streams]]\nname = "Everything"\ncollection = "1000051"\n')
    assert Workspace(ws.root).settings.symbols["ZMD"].streams[1].keep.all == ("@thesis",)


def test_a_symbol_that_stays_after_all_loses_its_successor(ws: Workspace) -> None:
    retiring = taken_in(ws, "symbol,target\nZLW,ZMD\n")
    assert retiring.endswith('name = "Law library"\ndisposition = "retiring"\nsuccessor = "ZMD"\n')
    assert taken_in(ws, "symbol,disposition\nZLW,retained\n").endswith('"Law library"\ndisposition = "retained"\n')


def test_a_stream_can_be_made_to_want_every_record_again(ws: Workspace) -> None:
    made = taken_in(ws, "symbol,collection,keep\nZMD,1000031,{}\n")
    assert made == WRITTEN.replace('keep = { none = ["914"] }', "keep = {}")


def test_a_plan_shows_each_key_as_it_is_and_as_it_would_be(ws: Workspace) -> None:
    planned = plan(ws, "symbol,target,library,stream,collection\nZMD,,MED,Everything,1000031\nZLW,ZMD,LAW,,\n")
    assert [(change.key, change.before, change.after) for change in planned.changes] == [
        ("symbols.ZMD.libraries", '["MED", "OLD"]', '["MED"]'),
        ("symbols.ZMD.streams[1].name", '"All"', '"Everything"'),
        ("symbols.ZLW.disposition", "", '"retiring"'), ("symbols.ZLW.successor", "", '"ZMD"'),
        ("symbols.ZLW.libraries", "", '["LAW"]')]
    assert (ws.root / "console.toml").read_text() == WRITTEN and not ws.log.exists()


def test_the_file_as_it_was_is_kept_beside_it_with_its_date(ws: Workspace) -> None:
    first = apply_import(ws, plan(ws, "symbol,name\nZLW,Law school\n")).backup
    second = apply_import(ws, plan(ws, "symbol,name\nZLW,Law\n")).backup
    assert first is not None and second is not None
    assert [first.name, second.name] == ["console.20201116T091400Z.toml", "console.20201116T091400Z-2.toml"]
    assert first.read_text() == WRITTEN and 'name = "Law school"' in second.read_text()
    assert [line.data["backup"] for line in log.read(ws)] == [first.name, second.name]


def test_what_is_wrong_is_said_and_nothing_is_written(ws: Workspace) -> None:
    planned = plan(ws, "symbol,library,stream,collection\nZLW,MED,,\nZLW,LAW,All,1000031\n")
    assert sorted(each.where for each in planned.wrong) == ["1000031", "MED"]
    with pytest.raises(CallError, match=r"2 things wrong, so nothing was changed.*Mend this first"):
        apply_import(ws, planned)
    assert (ws.root / "console.toml").read_text() == WRITTEN and not ws.log.exists()


def test_what_console_toml_itself_would_refuse_is_said_before_it_is_written(ws: Workspace) -> None:
    planned = plan(ws, "symbol,stream,collection,keep\nZMD,Theses,1000032,\"{ all = ['@nosuch'] }\"\n")
    [said] = planned.wrong
    assert said.words.startswith("with these changes it would be wrong:") and "nosuch" in said.words


def test_a_file_that_was_changed_since_is_not_written_over(ws: Workspace) -> None:
    planned = plan(ws, "symbol,name\nZLW,Law school\n")
    changed = WRITTEN.replace("they are slow", "they are quick")
    (ws.root / "console.toml").write_text(changed)
    with pytest.raises(HereError, match="was changed since these changes were worked out"):
        apply_import(ws, planned)
    assert (ws.root / "console.toml").read_text() == changed


def test_of_two_who_import_at_once_one_is_told_to_look_again(ws: Workspace) -> None:
    plans = [plan(ws, f"symbol,name\nZLW,Law {number}\n") for number in range(4)]
    told: list[str] = []

    def take_in(planned: Planned) -> None:
        try:
            apply_import(ws, planned)
        except HereError as error:
            told.append(error.what)

    threads = [threading.Thread(target=take_in, args=(planned,)) for planned in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 3 and len(log.read(ws)) == 1
    assert Workspace(ws.root).settings.symbols["ZLW"].name.startswith("Law ")


def test_windows_line_ends_stay_windows_line_ends(ws: Workspace) -> None:
    (ws.root / "console.toml").write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    apply_import(ws, plan(ws, "symbol,name,library\nZLW,Law school,LAW\nZYN,East Asian,EAL\n"))
    made = (ws.root / "console.toml").read_bytes()
    assert made.count(b"\n") == made.count(b"\r\n") > WRITTEN.count("\n")
    assert Workspace(ws.root).settings.symbols["ZYN"].libraries == ("EAL",)


def test_a_way_of_writing_that_cannot_be_changed_safely_is_left_to_a_person(ws: Workspace) -> None:
    inline = '[institution]\nname = "E"\n[symbols]\nZMD = { name = "Med" }\n'
    (ws.root / "console.toml").write_text(inline)
    planned = plan(ws, "symbol,name,stream,collection\nZMD,Medical,All,1000031\n")
    assert planned.text is None and "by hand" in planned.wrong[0].words
    assert [change.key for change in planned.changes] == ["symbols.ZMD.name", "symbols.ZMD.streams"]


def test_a_table_that_is_not_there_or_not_utf8_is_refused_with_its_name(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(HereError, match=r"nosuch\.csv"):
        plan_import(ws, tmp_path / "nosuch.csv")
    (tmp_path / "latin.csv").write_bytes("symbol,name\nZMD,Médecine\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.csv.*not UTF-8"):
        plan_import(ws, tmp_path / "latin.csv")
    (tmp_path / "odd.csv").write_text("colour\nred\n")
    with pytest.raises(InputError, match=r"odd\.csv.*'colour' is not known"):
        plan_import(ws, tmp_path / "odd.csv")


def command(ws: Workspace, *arguments: str) -> list[str]:
    return ["--workspace", str(ws.root), "--as", "jdoe", "symbols", *arguments]


def test_the_command_shows_the_change_first_and_makes_it_when_told(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    table = ws.root.parent / "mapping.csv"
    table.write_text("symbol,name\nZLW,Law school\n")
    assert main(command(ws, "import", str(table))) == 0
    said = capsys.readouterr().out
    assert 'symbols.ZLW.name\n  - "Law library"\n  + "Law school"\n' in said and "none is made yet" in said
    assert (ws.root / "console.toml").read_text() == WRITTEN
    assert main(command(ws, "import", str(table), "--apply", "--json")) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert told["applied"] and told["changes"] == [
        {"key": "symbols.ZLW.name", "before": '"Law library"', "after": '"Law school"'}]
    assert Path(told["backup"]).read_text() == WRITTEN
    assert main(command(ws, "import", str(table), "--apply")) == 0
    assert "says all of this already" in capsys.readouterr().out


def test_the_command_ends_with_1_where_the_checks_refuse(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    table = ws.root.parent / "mapping.csv"
    table.write_text("symbol,library\nZLW,MED\n")
    for more in ([], ["--apply"]):
        assert main(command(ws, "import", str(table), *more)) == 1
        said = capsys.readouterr().out
        assert "✖ MED: the library MED is in ZMD and ZLW" in said and "Nothing was changed" in said
    assert (ws.root / "console.toml").read_text() == WRITTEN


def test_the_command_lists_the_mapping_and_what_the_checks_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws = eight_symbols.make(tmp_path / "w")
    assert main(command(ws)) == 0
    said = capsys.readouterr().out
    assert "ZHG      → ZUL      retiring   Rare books & manuscripts\n    libraries: RBK Rare books, THE Theatre" in said
    assert "    1000035 Trusted OCN, bib, match trusted ocn, sent by console\n" in said
    assert "✔ the checks found nothing wrong" in said
    assert main(command(ws, "--json")) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert len(told["symbols"]) == 8 and told["findings"] == []
    rare = told["symbols"][1]
    assert rare["target"] == "ZUL" and rare["libraries"][0] == {"code": "RBK", "name": "Rare books"}
