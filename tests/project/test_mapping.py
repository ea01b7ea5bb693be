"""The mapping of symbols: a table is read whatever a spreadsheet makes of it, and what can't be is said before anything is
changed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import InputError
from oclc_console.project.mapping import Finding, MappedStream, MappedSymbol, SymbolMap, findings, together
from oclc_console.project.mapping_table import COLUMNS, read_table
from tests.project.eight_symbols import CSV


def wrong(text: str) -> list[str]:
    """What the checks of a table alone find wrong, with its place."""
    found, mistakes = read_table(text)
    return [f"{each.where}: {each.words}" for each in (*mistakes, *findings(found)) if each.level == "wrong"]


def looks(text: str) -> list[str]:
    found, _ = read_table(text)
    return [each.words for each in findings(found) if each.level == "look"]


def test_the_example_has_nothing_wrong_in_it() -> None:
    assert wrong(CSV) == [] and looks(CSV) == []


def test_a_library_in_two_symbols_is_wrong() -> None:
    [said] = wrong("current symbol,library code\nZMD,MED\nZLW,LAW\nZLW,MED\n")
    assert said.startswith("MED: the library MED is in ZMD and ZLW; a library has one symbol")


@pytest.mark.parametrize(("lines", "said"), [
    ("ZHG,,retiring", "ZHG is retiring and has no successor"),
    ("ZHG,ZHG,retiring", "ZHG is retiring and has no successor"),
    ("ZHG,ZUL,retiring", "ZHG goes over into ZUL, which is neither in a table nor in console.toml"),
    ("ZHG,ZUL,retiring\nZUL,ZMD,retiring\nZMD,,retained", "ZHG goes over into ZUL, which is retiring too"),
    ("ZHG,ZUL,retained\nZUL,,target", "ZHG is retained, yet its target is ZUL"),
    ("ZHG,,leaving", "'leaving' is no disposition; say retained, target or retiring"),
])
def test_where_a_symbol_goes_must_be_known_and_stay(lines: str, said: str) -> None:
    assert any(said in each for each in wrong(f"current symbol,target symbol,disposition\n{lines}\n"))


def test_a_symbol_that_becomes_another_one_is_retiring_even_where_nobody_says_so() -> None:
    found, _ = read_table("symbol,target\nzhg,zul\nZUL,ZUL\n")
    assert found.of("ZHG") == MappedSymbol("ZHG", None, "retiring", "ZUL")
    assert found.of("zul") == MappedSymbol("ZUL") and wrong("symbol,target\nzhg,zul\nZUL,ZUL\n") == []


def test_retired_is_understood_as_retiring() -> None:
    assert wrong("symbol,target,disposition\nZHG,ZUL,Retired\nZUL,,target\n") == []


def test_a_collection_under_two_symbols_is_wrong() -> None:
    [said] = wrong("symbol,stream,collection\nZMD,All,1000031\nZLW,All,1000031\n")
    assert said.startswith("1000031: the collection 1000031 is under ZMD and ZLW")


@pytest.mark.parametrize("symbol", ["Z", "Z MD", "ZÜL", "ABCDEFGHI", "Z.MD", "=ZMD"])
def test_a_symbol_of_impossible_letters_is_wrong(symbol: str) -> None:
    assert any("can't be an OCLC symbol" in each for each in wrong(f"symbol\n{symbol}\n"))


@pytest.mark.parametrize("symbol", ["ZUL", "AB", "X@Y#1", "$1A"])
def test_a_symbol_may_have_the_signs_oclc_gives(symbol: str) -> None:
    assert wrong(f"symbol\n{symbol}\n") == []


def test_a_stream_without_a_registered_collection_is_wrong() -> None:
    [said] = wrong("symbol,stream,collection\nZMD,Manuscripts,\n")
    assert "the stream Manuscripts has no collection id: register it in WorldShare Collection Manager" in said
    assert any("'10000' is no collection id" in each for each in wrong("symbol,stream,collection\nZMD,All,10000\n"))


def test_a_retiring_symbol_has_no_streams_of_its_own() -> None:
    table = "symbol,target,disposition,stream,collection\nZHG,ZUL,retiring,All,1000001\nZUL,,target,All,1000002\n"
    assert any("ZHG is retiring, so its files go out under its successor's streams" in each for each in wrong(table))


@pytest.mark.parametrize(("heading", "cell", "said"), [
    ("kind", "books", "'books' is no kind; say bib, lhr or delete"),
    ("match", "some", "'some' is no match type; say all or trusted ocn"),
    ("delivery", "mail", "'mail' is no delivery; say console or alma"),
    ("keep", "079", "the keep rule can't be read"),
    ("keep", '"{ al = [] }"', "'al' is neither all, any nor none"),
    ("keep", '"{ all = 3 }"', "all is no list of texts"),
    ("keep", "[" * 3000, "the keep rule can't be read"),
])
def test_a_word_that_is_not_known_is_said_with_those_that_are(heading: str, cell: str, said: str) -> None:
    assert any(said in each for each in wrong(f"symbol,stream,collection,{heading}\nZMD,All,1000031,{cell}\n"))


def test_lines_that_contradict_each_other_are_named() -> None:
    said = wrong("symbol,symbol name,library code,library name,stream,collection,match\n"
                 "ZMD,Medical,MED,Medical library,All,1000031,all\n"
                 "ZMD,Medicine,MED,Health sciences,All,1000031,trusted\n")
    assert [each.partition(":")[0] for each in said] == ["line 3"] * 3
    assert "'Medicine' as the symbol name of ZMD, line 2 says 'Medical'" in said[0]


@pytest.mark.parametrize(("text", "said"), [
    ("", "it is empty"),
    ("\n\n", "it is empty"),
    ("symbol\n", "there is no symbol in it"),
    ("library code\nMED\n", "no column is headed 'current symbol'"),
    ("symbol,colour\nZMD,red\n", "the heading 'colour' is not known"),
    ("symbol,current symbol\nZMD,ZMD\n", "two columns are headed 'current symbol'"),
    ("symbol,name\nZMD,Books, manuscripts\n", "line 2 has 3 cells, the headings are 2"),
])
def test_what_is_no_such_table_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_table(text)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_spreadsheet_may_separate_cells_as_it_likes(separator: str) -> None:
    text = "\ufeff" + "\r\n".join(separator.join(row) for row in (("Current Symbol", "Library_Code"), ("ZMD", "MED"))) + "\r\n"
    assert read_table(text)[0].symbols == (MappedSymbol("ZMD", libraries=("MED",)),)


def test_what_the_table_does_not_mention_stays() -> None:
    stream = MappedStream("All", "1000031", "all", "bib", "all", "console", {"all": ("880",)})
    standing = SymbolMap((MappedSymbol("ZMD", "Medical", "retained", None, ("MED",), (stream,)),
                          MappedSymbol("ZLW", "Law", "retained", None, ("LAW",))), {"MED": "Health sciences"})
    changed = MappedStream("", "1000031", match="trusted ocn")
    table = SymbolMap((MappedSymbol("ZMD", libraries=("CTW", "MED"), streams=(changed,)),))
    medical, law = together(standing, table).symbols
    assert law == standing.symbols[1] and medical.libraries == ("MED", "CTW") and medical.name == "Medical"
    assert medical.streams == (MappedStream("All", "1000031", "all", "bib", "trusted ocn", "console", {"all": ("880",)}),)


def test_a_symbol_that_stays_after_all_has_no_successor_any_more() -> None:
    standing = SymbolMap((MappedSymbol("ZHG", "Rare", "retiring", "ZUL"), MappedSymbol("ZUL", "Main", "target")))
    assert together(standing, SymbolMap((MappedSymbol("ZHG", disposition="retained"),))).symbols[0].successor is None


def test_a_stream_that_wants_every_record_beside_others_is_for_a_person_to_look_at() -> None:
    head = "symbol,stream,collection,kind,keep\n"
    assert any("of the 2 streams of ZMD All and Rest want every record" in each
               for each in looks(head + "ZMD,All,1000031,,\nZMD,Rest,1000032,,\n"))
    kept = head + "ZMD,All,1000031,,\nZMD,Theses,1000032,{},\"{{ all = ['502'] }}\"\n"
    assert any("of the 2 streams of ZMD All wants every record" in each for each in looks(kept.format("")))
    assert not any("every record" in each for each in looks(kept.format("lhr")))


CELLS = st.text(max_size=12) | st.sampled_from(["ZMD", "ZUL", "retiring", "1000031", "MED", "", "{ all = ['880'] }"])


@given(st.text() | st.builds("current symbol,{}\n{}".format, st.sampled_from(sorted(COLUMNS)), st.text()))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        found, mistakes = read_table(text)
    except InputError as error:
        assert error.what and error.then
    else:
        assert found.symbols or mistakes
        assert all(isinstance(each, Finding) and each.words for each in (*mistakes, *findings(found)))


@given(st.lists(st.fixed_dictionaries({name: CELLS for name in COLUMNS}), min_size=1, max_size=6))
def test_any_cells_are_read_or_named_by_their_line(rows: list[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(COLUMNS))
    writer.writeheader()
    writer.writerows(rows)
    try:
        found, mistakes = read_table(text.getvalue())
    except InputError as error:
        assert error.what and error.then
        return
    named = {row["current symbol"].strip().upper() for row in rows} - {""}
    assert {symbol.code for symbol in found.symbols} == named
    assert found.symbols or mistakes
    assert together(found, found).symbols == tuple(
        symbol if symbol.disposition == "retiring" else MappedSymbol(
            symbol.code, symbol.name, symbol.disposition, None, symbol.libraries, symbol.streams) for symbol in found.symbols)
