"""Rules of console.toml in plain English."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.marc.query import Rule, RuleMistake, compile_rule
from oclc_console.marc.record import put_together, take_apart
from oclc_console.marc.rule_words import condition_words, rule_words
from oclc_console.rehearsal.demo import settings_text
from oclc_console.settings_file import settings_of

NAMED = {
    "standard": Rule(any=("040$e = amim|dacs",)),
    "archival": Rule(any=("LDR/08 = a", "LDR/06 = t|d|f", "@standard")),
    "thesis": Rule(all=("502",), none=("843",)),
    "everything": Rule(),
}


@pytest.mark.parametrize(("condition", "words"), [
    ("245", "when there is a 245"),
    ("880", "when there is an 880"),
    ("7XX", "when there is a 7XX"),
    ("852$b", "when there is an 852 $b"),
    ("914$a = NO-WORLDCAT", "when a 914 $a is NO-WORLDCAT"),
    ("852$b = WID|LAM|HOU", "when an 852 $b is WID, LAM or HOU"),
    ("300$a ~ maps", 'when a 300 $a contains "maps"'),
    ("843$a ~ ^Electronic", 'when an 843 $a begins with "Electronic"'),
    ("843$a ~ film$", 'when an 843 $a ends with "film"'),
    ("843$a ~ ^Microfilm$", 'when an 843 $a is "Microfilm"'),
    ("843$a ~ [Mm]icro", "when an 843 $a matches the pattern [Mm]icro"),
    ("LDR/06 = t|d|f", "when LDR/06 is t, d or f"),
    ("LDR/17 = #|1", "when LDR/17 is blank or 1"),
    ("008/35-37 = eng|###", "when 008/35-37 is eng or three blanks"),
    ("007/00 = h", "when a 007/00 is h"),
    ("@brief", "when the record is brief (Alma's brief levels 01 to 03)"),
    (" 852$b = [x] | =1 ", "when an 852 $b is [x] or =1"),
])
def test_a_condition_reads_as_a_cataloguer_would_say_it(condition: str, words: str) -> None:
    assert condition_words(condition, NAMED) == words


@pytest.mark.parametrize(("rule", "words"), [
    (Rule(), "always"),
    (Rule(all=("@archival",), none=("843",)),
     "when LDR/08 is a, or LDR/06 is t, d or f, or a 040 $e is amim or dacs, and never when there is an 843"),
    (Rule(all=("079$a", "@archival"), none=("843", "502")),
     "when there is a 079 $a, and (LDR/08 is a, or LDR/06 is t, d or f, or a 040 $e is amim or dacs), "
     "and never when there is an 843, or there is a 502"),
    (Rule(none=("880", "@standard")), "unless there is an 880, or a 040 $e is amim or dacs"),
    (Rule(all=("@thesis",)), "when there is a 502, and never when there is an 843"),
    (Rule(none=("@thesis",)), "unless there is a 502, and there is no 843"),
    (Rule(any=("100", "@thesis")), "when there is a 100, or (there is a 502, and there is no 843)"),
    (Rule(all=("100",), none=("@thesis", "110")),
     "when there is a 100, and never when (there is a 502, and there is no 843), or there is a 110"),
    (Rule(all=("100", "100"), none=("110", "110")), "when there is a 100, and never when there is a 110"),
])
def test_a_rule_spells_its_named_rules_out_and_needs_brackets_only_inside(rule: Rule, words: str) -> None:
    assert rule_words(rule, NAMED) == words


def test_the_rules_of_the_demo_say_what_goes_where() -> None:
    settings = settings_of(settings_text(600), Path("console.toml"))
    kept = {stream.word: rule_words(stream.keep, settings.rules) for stream in settings.symbols["ZMD"].streams}
    assert kept["reproductions"] == "when there is an 843"
    assert kept["nonvern"].startswith("unless there is an 880, or there is a 079 $a, or LDR/08 is a, or ")


@pytest.mark.parametrize("condition", ["24", "@nothing", "LDR", "245 = x", "300$a ~ ["])
def test_what_is_no_rule_is_a_mistake_and_gets_no_words(condition: str) -> None:
    with pytest.raises(RuleMistake):
        condition_words(condition, NAMED)


FIELDS = ("100", "110", "245", "300")
CONDITIONS = st.sampled_from([*FIELDS, "@thesis_like", "@either", "@neither"])
TUPLES = st.lists(CONDITIONS, max_size=3).map(tuple)
SMALL = {"either": Rule(any=("100", "110")), "neither": Rule(none=("245", "@either")),
         "thesis_like": Rule(all=("300",), none=("110",))}


@given(st.builds(Rule, all=TUPLES, any=TUPLES, none=TUPLES), st.sets(st.sampled_from(FIELDS)))
def test_the_words_are_true_of_exactly_those_records_that_fulfil_the_rule(rule: Rule, present: set[str]) -> None:
    raw = put_together(b"00000cam a2200000 i 4500", [(tag.encode(), b"  \x1fax") for tag in sorted(present)])
    assert _true(rule_words(rule, SMALL), present) is compile_rule(rule, SMALL)(take_apart(raw))


def _true(words: str, present: set[str]) -> bool:
    """Works the sentence out as it reads: its brackets first, `or` and `and` between what stands beside each other."""
    if words == "always":
        return True
    if words.startswith("unless "):
        return not _clause(words.removeprefix("unless "), present)
    wanted, _, unwanted = words.removeprefix("when ").partition(", and never when ")
    return _clause(wanted, present) and not (unwanted and _clause(unwanted, present))


def _clause(words: str, present: set[str]) -> bool:
    for tag in FIELDS:
        words = words.replace(f"there is a {tag}", str(tag in present)).replace(f"there is no {tag}", str(tag not in present))
    return bool(eval(words.replace(",", "").replace("always", "True").replace("never", "False")))
