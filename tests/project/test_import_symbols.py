"""A table of symbols, libraries and streams sets up console.toml, and touches nothing else in it."""

from __future__ import annotations

from pathlib import Path

from oclc_console.operations.import_symbols import mapping, plan_import
from oclc_console.store import log
from tests.project import eight_symbols


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


def test_what_was_in_the_file_before_still_is_to_the_letter(tmp_path: Path) -> None:
    ws = eight_symbols.make(tmp_path / "w")
    assert (ws.root / "console.toml").read_text().startswith(eight_symbols.BEFORE)


def test_importing_the_same_table_again_changes_nothing(tmp_path: Path) -> None:
    ws = eight_symbols.make(tmp_path / "w")
    again = plan_import(ws, tmp_path / "w-symbols.csv")
    assert again.changes == () and again.wrong == ()
    assert mapping(ws).findings == ()
    [line] = log.read(ws)
    assert (line.act, line.symbol, line.by) == ("settings.changed", None, "jdoe")
    assert line.data["why"] == "symbols import w-symbols.csv" and "symbols.ZBN" in line.data["keys"]
