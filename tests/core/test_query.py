"""The rule language of console.toml: every form of it holds for the records it should, and no others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.marc.query import Rule, RuleMistake, compile_condition, compile_places, compile_rule, condition_fact
from oclc_console.marc.record import Record
from tests.core.samples import Fields, record

FIELDS: Fields = [
    ("001", b"991234567890009999"),
    ("008", b"200101s2020    mau           000 0 eng d"),
    ("040", b"  \x1faHLS\x1fbeng\x1feappm"),
    ("245", b"10\x1fa[Letters] /\x1fcby somebody."),
    ("300", b"  \x1fa3 maps ;\x1fc30 cm"),
    ("650", b" 0\x1faTrees."),
    ("655", b" 7\x1faDiaries.\x1f2lcgft"),
    ("852", b"0 \x1fbWID \x1f822123"),
    ("852", b"0 \x1fbLAM\x1f822124"),
]
RECORD = record(FIELDS, leader=b"01234ctm a2200289 a 4500")


def holds(condition: str, **named: Rule) -> bool:
    return compile_condition(condition, named)(RECORD)


@pytest.mark.parametrize("condition", [
    "245", "852$b", "852$b = WID", "852$b = XXX|LAM", "852$b = XXX | LAM", "852$b=WID", "300$a ~ maps?", "300$a ~ ^3",
    "245$a ~ \\[Letters\\]", "245$a ~ (?i)letters", "LDR/06 = t", "LDR/06 = a|t|d", "LDR/05-07 = ctm", "LDR/08 = #",
    "LDR/8 = #", "008/35-37 = eng", "008/11-14 = ####", "008/15-17 = enk | mau", "6XX", "65X$a = Trees.", "XXX$2 = lcgft",
    "6X5$2", " 245 ", "8XX$8 = 22124",
])
def test_a_condition_that_is_true_of_the_record_holds(condition: str) -> None:
    assert holds(condition)


@pytest.mark.parametrize("condition", [
    "246", "852$c", "852$b = WI", "852$b = wid", "300$a ~ ^maps", "LDR/06 = a|d", "LDR/08 = a", "008/35-37 = fre", "7XX",
    "65X$a = Trees", "880/00 = x", "008/39-40 = #d", "@brief",
])
def test_a_condition_that_is_not_true_of_the_record_does_not_hold(condition: str) -> None:
    assert compile_condition(condition, {})(record([*FIELDS, ("264", b" 1\x1faBoston")], RECORD.leader)) is False


def test_a_value_in_a_control_field_is_never_mistaken_for_a_subfield() -> None:
    assert not compile_condition("001$9", {})(RECORD)


@pytest.mark.parametrize(("rule", "expected"), [
    (Rule(), True),
    (Rule(all=("245", "300")), True),
    (Rule(all=("245", "246")), False),
    (Rule(any=("246", "300")), True),
    (Rule(any=("246", "247")), False),
    (Rule(none=("246", "247")), True),
    (Rule(none=("246", "245")), False),
    (Rule(all=("245",), any=("246", "300"), none=("900",)), True),
    (Rule(all=("245",), any=("246", "300"), none=("852",)), False),
])
def test_every_part_of_a_rule_that_is_given_must_hold(rule: Rule, expected: bool) -> None:
    assert compile_rule(rule, {})(RECORD) is expected


def test_named_rules_stand_for_their_conditions_also_inside_each_other() -> None:
    named = {"standard": Rule(any=("040$e = amim|appm",)), "archival": Rule(any=("LDR/08 = a", "@standard")),
             "loose": Rule(all=("@archival",), none=("@thesis",)), "thesis": Rule(any=("502",))}
    assert compile_rule(Rule(all=("@loose",)), named)(RECORD)
    assert not compile_rule(Rule(none=("@loose",)), named)(RECORD)


def test_a_rule_of_that_name_in_the_file_wins_over_the_built_in_one() -> None:
    assert holds("@brief", brief=Rule(any=("245",)))


def test_the_built_in_rule_for_brief_records_needs_no_definition() -> None:
    assert compile_condition("@brief", {})(record([("001", b"1")]))


@pytest.mark.parametrize(("condition", "words"), [
    ("24", "is no condition"),
    ("", "is no condition"),
    ("245$", "is no condition"),
    ("245$ab", "is no condition"),
    ("245 $a", "is no condition"),
    ("2455", "is no condition"),
    ("245 = x", "name a subfield (245$a) or positions (245/0-2)"),
    ("LDR", "the leader has positions only"),
    ("LDR$a = x", "the leader has positions only"),
    ("LDR/06 ~ a", "positions are compared with ="),
    ("LDR/06", "positions are compared with ="),
    ("008/37-35 = eng", "positions are compared with ="),
    ("008/35-37 = en", "'en' has 2 characters for 3 positions"),
    ("LDR/06 = t|", "'' has 0 characters for 1 positions"),
    ("300$a ~ (maps", "is no regular expression"),
    ("300$a ~ ", "compares with nothing"),
    ("300$a =", "compares with nothing"),
    ("@nosuch", "@nosuch is not a rule; there are @brief"),
])
def test_a_condition_that_is_none_is_named_with_what_would_be_right(condition: str, words: str) -> None:
    with pytest.raises(RuleMistake) as raised:
        compile_condition(condition, {})
    assert words in str(raised.value)


def test_rules_that_lead_back_to_themselves_are_named_in_a_row() -> None:
    named = {"a": Rule(any=("@b",)), "b": Rule(none=("@c",)), "c": Rule(all=("@a",))}
    with pytest.raises(RuleMistake, match="@a -> @b -> @c -> @a"):
        compile_rule(named["a"], named, ("a",))


def test_one_rule_used_twice_is_no_circle() -> None:
    named = {"a": Rule(any=("245",)), "b": Rule(all=("@a",), any=("@a",))}
    assert compile_rule(Rule(all=("@a", "@b")), named)(RECORD)


def test_ids_are_read_at_the_first_place_that_has_any() -> None:
    assert compile_places(["852$8", "001"])(RECORD) == [b"22123", b"22124"]
    assert compile_places(["079$a", "852$z", "001"])(RECORD) == [b"991234567890009999"]
    assert compile_places(["079$a"])(RECORD) == []
    assert compile_places(["852$b"])(RECORD) == [b"WID", b"LAM"]


@pytest.mark.parametrize("place", ["852", "001$a", "85", "852$", "LDR/06", ""])
def test_a_place_that_is_none_says_how_places_are_written(place: str) -> None:
    with pytest.raises(RuleMistake, match=r"is no place in a record; write 001 or 852\$8"):
        compile_places([place])


@pytest.mark.parametrize("text", ["914$a == NO-WORLDCAT", "300$a ~~ maps", "LDR/06 == t"])
def test_a_doubled_operator_is_a_mistake_and_not_a_value(text: str) -> None:
    with pytest.raises(RuleMistake, match="doubled"):
        compile_condition(text, {})


@given(st.from_regex(r"\^?(?:[ab ]|\[ab\]){1,3}", fullmatch=True).filter(str.strip), st.lists(
    st.tuples(st.sampled_from("ab"), st.text("ab ]", max_size=5)), min_size=1, max_size=3))
def test_a_plain_pattern_is_found_in_a_value_of_its_own_subfield_only(pattern: str, parts: list[tuple[str, str]]) -> None:
    field = b"  " + b"".join(b"\x1f" + code.encode() + value.encode() for code, value in parts)
    expected = any(re.search(pattern.strip(), value) for code, value in parts if code == "a")
    assert condition_fact(f"300$a ~ {pattern}").of(Record(b" " * 24, [b"300"], [field])) == expected
