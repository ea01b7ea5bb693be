"""Changing values in a file that a person wrote keeps every comment, and every key that is not touched."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import HereError
from oclc_console.operations.toml_edits import Append, Drop, NewTable, Put, comments_of, edited, shown

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
NAMES = st.sampled_from(["ZMD", "ZUL", "ZLW", "ZHG", "Z@1"])
COMMENT = st.just("") | st.builds("  # {}".format, TEXT)
LIBRARIES = st.lists(st.sampled_from(["MED", "LAW", "NET", 'Q"1', "Ü#"]), unique=True, max_size=4)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A console.toml as a person may have written it: comments anywhere, lists over lines, tables in any order."""
    parts = ['[institution]\nname = "E"' + draw(COMMENT)]
    for name in draw(st.lists(NAMES, unique=True, min_size=1, max_size=4)):
        parts.append(_symbol(draw, name))
    parts.insert(draw(st.integers(0, len(parts))), "[rules]" + draw(COMMENT) + '\nthesis = { any = ["502"] }' + draw(COMMENT))
    blank = draw(st.sampled_from(["\n", "\n\n", "\n# between\n", "\n\n# before\n\n"]))
    return blank.join(parts) + draw(st.sampled_from(["", "\n", "\n# the end", "\n\n# the end\n\n"]))


def _symbol(draw: st.DrawFn, name: str) -> str:
    libraries = draw(LIBRARIES)
    if draw(st.booleans()):
        listed = "[\n" + "".join(f"  {shown(each)},{draw(COMMENT)}\n" for each in libraries) + "]"
    else:
        listed = shown(libraries)
    lines = [f"[symbols.{shown(name)}]" + draw(COMMENT), f"name = {shown(draw(TEXT))}" + draw(COMMENT),
             f"libraries = {listed}" + draw(COMMENT)]
    for number in range(draw(st.integers(0, 2))):
        lines += ["# a stream" * draw(st.integers(0, 1)), f"[[symbols.{shown(name)}.streams]]" + draw(COMMENT),
                  f"name = {shown(draw(TEXT))}" + draw(COMMENT), f'collection = "100000{number}"' + draw(COMMENT)]
    return "\n".join(lines)


@st.composite
def changes(draw: st.DrawFn, there: dict[str, Any]) -> list[Put | Drop | Append | NewTable]:
    """A few changes as an import makes them."""
    made: list[Put | Drop | Append | NewTable] = []
    for name, symbol in there["symbols"].items():
        if draw(st.booleans()):
            made.append(Put(("symbols", name, "name"), draw(TEXT)))
        if draw(st.booleans()):
            made.append(Put(("symbols", name, "successor"), draw(TEXT)))
        if draw(st.booleans()):
            more: list[str] = draw(st.sampled_from([[], ["X"], ["Y", "Z"]]))
            made.append(Put(("symbols", name, "libraries"), [*symbol["libraries"], *more]))
        for place in range(len(symbol.get("streams", []))):
            if draw(st.booleans()):
                made.append(Put(("symbols", name, "streams", place, "match"), "trusted ocn"))
            if draw(st.booleans()):
                made.append(Put(("symbols", name, "streams", place, "keep"), {"all": ["880"], "none": [draw(TEXT)]}))
        if draw(st.booleans()):
            stream = {"name": draw(TEXT), "collection": "1000099", "keep": {"any": ["5"]}}
            made.append(Append(("symbols", name, "streams"), stream))
    if draw(st.booleans()):
        table = {"name": draw(TEXT), "libraries": ["N"], "streams": [{"name": draw(TEXT)}]}
        made.append(NewTable(("symbols", "ZNEW"), table))
    return made


@given(st.data())
def test_every_comment_and_every_key_that_is_not_touched_stays(data: st.DataObject) -> None:
    text = data.draw(files())
    before = tomllib.loads(text)
    edits = data.draw(changes(before))
    made = edited(text, edits)
    after = tomllib.loads(made)
    touched = {edit.key for edit in edits}
    assert sorted(comments_of(made)) == sorted(comments_of(text))
    assert after["institution"] == before["institution"] and after["rules"] == before["rules"]
    for name, symbol in before["symbols"].items():
        for what in ("name", "libraries"):
            if ("symbols", name, what) not in touched:
                assert after["symbols"][name][what] == symbol[what]
        for old, new in zip(symbol.get("streams", []), after["symbols"][name].get("streams", []), strict=False):
            assert (new["name"], new["collection"]) == (old["name"], old["collection"])


@given(files())
def test_no_change_changes_nothing(text: str) -> None:
    assert edited(text, []) == text


@given(files(), st.data())
def test_what_is_taken_out_of_a_list_takes_only_its_own_line_along(text: str, data: st.DataObject) -> None:
    name, symbol = next(iter(tomllib.loads(text)["symbols"].items()))
    kept = [each for each in symbol["libraries"] if data.draw(st.booleans())]
    made = edited(text, [Put(("symbols", name, "libraries"), kept)])
    assert tomllib.loads(made)["symbols"][name]["libraries"] == kept
    assert len(comments_of(text)) - len(comments_of(made)) <= len(symbol["libraries"]) - len(kept)


def test_a_hash_inside_a_text_is_no_comment() -> None:
    text = 'a = "no # comment" # one\nb = \'#\' # two\nc = """\n# not\n""" # three\n# four'
    assert comments_of(text) == ["# one", "# two", "# three", "# four"]


def test_a_key_goes_with_its_line() -> None:
    assert edited('[a]\nx = "1"\ny = "2" # two\n', [Drop(("a", "x"))]) == '[a]\ny = "2" # two\n'


def test_a_place_that_is_not_there_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        edited('[a]\nx = "1"\n', [Put(("b", "y"), "2")])


def test_a_file_written_in_a_way_that_has_no_room_for_the_change_is_left_to_a_person() -> None:
    with pytest.raises(HereError, match="Make them by hand"):
        edited('symbols = { ZMD = { name = "Med" } }\n', [NewTable(("symbols", "ZUL"), {"name": "Main"})])
