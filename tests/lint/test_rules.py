"""Every rule says its sentence of a record that has the fault, and keeps silent about one that only looks like it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oclc_console.marc.lint import RULES, Context, Linter, Severity, lint, rule_for_sentence, without
from oclc_console.marc.lint.rule import ordinal
from oclc_console.marc.lint.view import View
from oclc_console.marc.record import Record
from tests.lint.cases import CASES, HERE, Case
from tests.lint.samples import good, record


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.sentence[:40]}")
def test_a_rule_says_its_sentence_of_the_fault_and_nothing_of_its_like(case: Case) -> None:
    found = [finding for finding in lint(case.bad, context=case.context) if finding.rule == case.rule]
    assert case.sentence in [finding.sentence for finding in found]
    assert {finding.severity for finding in found} == {RULES[case.rule].severity}
    assert case.rule not in [finding.rule for finding in lint(case.fine, context=case.context)]


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(RULES)


def test_every_rule_says_where_it_comes_from_and_what_to_do() -> None:
    for rule in RULES.values():
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert rule.source and rule.remedy.endswith(".")
        assert rule.shown and "{" not in rule.shown


def test_a_good_record_is_met_with_silence() -> None:
    assert lint(good()) == []
    assert lint(good(), context=HERE) == []


def test_the_severities_rank_as_oclc_means_them() -> None:
    assert sorted(Severity, key=lambda each: each.rank) == ["NOTICE", "MINOR", "SEVERE", "CRITICAL"]


def test_a_finding_names_the_field_it_is_about() -> None:
    finding = next(f for f in lint(good(("650", " 7$aRivers.$2FAST"))) if f.rule == "source-code")
    assert (finding.tag, finding.occurrence) == ("650", 3)


def test_ordinals_are_written_as_oclc_writes_them() -> None:
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)
    assert [ordinal(n) for n in numbers] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"]


def test_a_rule_that_is_switched_off_says_nothing() -> None:
    bad = good(without=["264", "300"])
    assert "sparse" in {finding.rule for finding in lint(bad)}
    assert "sparse" not in {finding.rule for finding in lint(bad, without(["sparse"]))}
    with pytest.raises(KeyError):
        without(["no-such-rule"])


def test_a_deleted_record_needs_its_numbers_and_little_else() -> None:
    gone = record([("001", "991234567890009999"), ("035", "  $a(OCoLC)7"), ("245", "10$aA title")], "00000dam a2200000 i 4500")
    assert lint(gone) == []


def test_a_holdings_record_is_not_judged_as_a_bib_but_its_blanks_and_ids_are() -> None:
    fields = [("001", "2212345678900008888"), ("008", "1001014u####8###1001uueng0000000"), ("852", "0 $bNET")]
    found = {finding.rule for finding in lint(record(fields, "00000nx  a2200000zn 4500"), context=HERE)}
    assert found == {"number-sign", "id-suffix"}


def test_the_rules_that_need_the_workspace_are_silent_without_it() -> None:
    other = good(("852", "0 $bLAW$82212345678900008888"), without=["852"])
    assert lint(other) == []
    assert {finding.rule for finding in lint(other, context=HERE)} == {"id-suffix", "library-unknown"}


@pytest.mark.parametrize("case", [case for case in CASES if RULES[case.rule].words != "ours"],
                         ids=lambda case: case.sentence[:50])
def test_a_sentence_is_recognised_as_its_rules_own(case: Case) -> None:
    found = rule_for_sentence(case.sentence)
    assert found is not None and RULES[found].pattern.fullmatch(case.sentence)
    assert found == case.rule


def test_a_sentence_of_no_rule_is_not_predicted() -> None:
    assert rule_for_sentence("Invalid something nobody has seen.") is None
    assert rule_for_sentence("Record is sparse. And more.") is None


# Wild records. The alphabet is what the rules look for, so that they are met often.
_codes = st.sampled_from([bytes([byte]) for byte in b"abehiyz02689"] + [b"\xc3", b"", b"\x1d"])
_values = st.one_of(
    st.binary(max_size=12).map(lambda raw: raw.replace(b"\x1e", b"").replace(b"\x1f", b"")),
    st.sampled_from([b"880-01", b"245-01/$1", b"880-9x", b"fast", b"FAST", b"lcgft", b"rda", b"eng", b"(OCoLC)123", b"", b" ",
                     b"(OCoLC)ocm00000123", b"(OCoLC)99123456789012345", b"0", b"NET", b"(3", b"#", b"v.", b"[S.l. :"]),
)
_subfields = st.tuples(_codes, _values).map(lambda pair: b"\x1f" + pair[0] + pair[1])
_data = st.tuples(st.sampled_from([b"  ", b"10", b" 7", b"", b"1", b"\xff ", b"##"]), st.lists(_subfields, max_size=5)).map(
    lambda pair: pair[0] + b"".join(pair[1]))
_fixed = st.one_of(st.binary(min_size=38, max_size=41), st.sampled_from(
    [b"200101s2020    ilua     b    001 0 eng d", b"200101m198019  ilu           000 0 eng d", b""])).map(
    lambda raw: raw.replace(b"\x1e", b"").replace(b"\x1f", b""))
_tags = st.sampled_from([b"%03d" % n for n in (
    1, 6, 7, 8, 35, 40, 45, 66, 79, 100, 245, 246, 260, 264, 300, 336, 338, 509, 520, 650, 655, 700, 773, 852, 880, 913, 914)]
    + [b"AVA", b"LKR", b"00A"])
_field = _tags.flatmap(lambda tag: st.tuples(st.just(tag), _fixed if tag in (b"006", b"007", b"008") else _data))
_leaders = st.one_of(st.binary(min_size=24, max_size=24), st.sampled_from(
    [b"00000cam a2200000 i 4500", b"00000dam a2200000 i 4500", b"00000ctm a2200000Ia 4500", b"00000nx  a2200000zn 4500",
     b"00000cab a2200000 a 4500"]))
WILD = st.tuples(_leaders, st.lists(_field, max_size=9)).map(
    lambda made: Record(made[0], tuple(tag for tag, _ in made[1]), [field for _, field in made[1]]))



def _spoiled(left_out: set[str], leader: str, more: list[tuple[bytes, bytes]]) -> Record:
    base = good(without=left_out, leader=leader)
    pairs = sorted([*zip(base.tags, base.fields, strict=True), *more], key=lambda pair: pair[0])
    return Record(base.leader, tuple(tag for tag, _ in pairs), [field for _, field in pairs])


_LEFT_OUT = st.sets(
    st.sampled_from(["001", "008", "035", "040", "100", "245", "264", "300", "336", "338", "650", "852"]), max_size=3)
_GOOD_LEADERS = st.sampled_from(["00000cam a2200000 i 4500", "00000cas a2200000 a 4500", "00000ctc a2200000 a 4500"])
SPOILED = st.builds(_spoiled, _LEFT_OUT, _GOOD_LEADERS, st.lists(_field, max_size=3))


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(st.one_of(WILD, SPOILED))
def test_lint_never_raises_and_never_writes_a_control_character(wild: Record) -> None:
    for finding in lint(wild, context=HERE):
        assert finding.sentence and not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in finding.sentence + finding.tag)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(st.one_of(WILD, SPOILED), st.sampled_from([Context(), HERE]))
def test_a_quick_look_never_hides_what_the_rules_would_find(wild: Record, context: Context) -> None:
    view = View(wild, context)
    rules = [rule for rule in RULES.values() if view.is_bibliographic or rule.any_format]
    slowly = [rule.finding(hit) for rule in rules for hit in rule.check(view)]
    assert Linter(context=context).check(wild) == slowly
