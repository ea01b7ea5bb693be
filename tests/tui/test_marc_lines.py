"""A record's MARC on the screen: what OCLC names is marked without colour, an 880 stands beside its field."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oclc_console.oclc.pointing import places_in
from oclc_console.tui.marc_lines import marc_lines
from oclc_console.tui.widgets.drawing import width_of

FIELDS = [
    ("LDR", "", "00000cam a2200000 i 4500"), ("008", "", "200101s2020    ilua     b    001 0 eng d"),
    ("245", "10", "$6 880-01 $a Hanguk [sajin] / $c by nobody."), ("260", "  ", "$6 880-03 $a Soul : $b [s.n.]"),
    ("650", " 7", "$a Rivers. $2 fastt"), ("650", " 7", "$a $5 a copy $2 lcshx"),
    ("880", "10", "$6 245-01/$1 $a 한국 [사진] /"), ("880", "  ", "$6 500-00 $a alone"),
]


def drawn(sentence: str, width: int = 76) -> list[str]:
    """The lines as text."""
    return ["".join(text for text, _ in line).rstrip() for line in marc_lines(FIELDS, places_in(sentence), width)]


def test_a_field_and_its_original_script_stand_side_by_side_and_once() -> None:
    lines = drawn("")
    (pair,) = [line for line in lines if "245 10" in line]
    left, right = pair.split(" │ ")
    assert "$6 880-01 $a Hanguk" in left and right.startswith("  880 10 $6 245-01/$1 $a 한국")
    assert sum("한국" in line for line in lines) == 1


def test_a_field_whose_other_half_is_missing_says_so_and_one_that_has_none_does_not() -> None:
    lines = drawn("")
    assert "  260 ·· $6 880-03 $a Soul : $b [s.n.]  ! its 880 is missing" in lines
    assert "  880 ·· $6 500-00 $a alone" in lines, "number 00: it stands alone on purpose"


def test_the_subfield_that_oclc_names_has_a_sign_below_and_its_field_one_before() -> None:
    lines = drawn("Invalid code in 1st $2 in 1st 650.")
    at = lines.index("✖ 650 ·7 $a Rivers. $2 fastt")
    assert lines[at + 1] == "         " + " " * len("$a Rivers. ") + "▲▲ ▲▲▲▲▲"
    assert "  650 ·7 $a $5 a copy $2 lcshx" in lines, "only the 1st is meant"


def test_positions_of_fixed_fields_are_marked() -> None:
    lines = drawn("Invalid code in Illustrations (008/18-21). Descriptive Cataloging Form (Leader/18)")
    at = lines.index("✖ 008    200101s2020    ilua     b    001 0 eng d")
    assert lines[at + 1] == " " * 9 + " " * 18 + "▲"
    assert lines[1] == " " * 9 + " " * 18 + "▲"


def test_a_field_that_oclc_misses_stands_where_it_would_be() -> None:
    lines = drawn("then 336 must be present. 773 must be present.")
    assert lines.index("✖ 336    is not there") == [line[2:5] for line in lines].index("650") - 1
    assert lines.index("✖ 773    is not there") > [line[2:5] for line in lines].index("650")


@given(st.lists(st.tuples(st.sampled_from(["LDR", "008", "245", "880", "9xx", ""]), st.sampled_from(["", "10", "  "]),
                          st.text(alphabet="$6a b8024-51/▲한\x1b", max_size=60)), max_size=8),
       st.sampled_from(["1st $6 in 1st 245", "(008/18-21)", "880 must", "$a in 9xx", ""]), st.integers(30, 90))
def test_no_record_is_too_odd_and_no_character_of_it_is_lost(fields: list[tuple[str, str, str]], said: str, width: int) -> None:
    lines = marc_lines(fields, places_in(said), width)
    assert all(width_of(line) <= width for line in lines)
    shown = "".join(text for line in lines for text, _ in line)
    for _, _, text in fields:
        assert shown.count("한") >= text.count("한")
