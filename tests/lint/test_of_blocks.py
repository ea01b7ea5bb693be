"""A block of records is linted as its records are one by one: every rule asked of every record is the oracle."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oclc_console.marc.batch import Batch, Block, TakenApart
from oclc_console.marc.block_check import CheckedBlock
from oclc_console.marc.lint import RULES, Context, Linter, LintFinding
from oclc_console.marc.lint.view import View
from oclc_console.marc.record import CannotExpress, Record, put_together
from oclc_console.marc.source import blocks, judge_block
from oclc_console.rehearsal.maker import make_set
from tests.lint.cases import CASES, HERE
from tests.lint.samples import good
from tests.lint.test_rules import SPOILED, WILD

DATA = Path(__file__).parents[3] / "shared" / "data" / "marc"
CONTEXTS = [Context(), HERE, Context("9999", frozenset({"MED"}))]
LINTERS = [(context, Linter(context=context)) for context in CONTEXTS]  # what one example taught them the next one meets


def slowly(record: Record, context: Context) -> list[LintFinding]:
    """What every rule says, asked one after the other."""
    view = View(record, context)
    rules = [rule for rule in RULES.values() if view.is_bibliographic or rule.any_format]
    return [rule.finding(hit) for rule in rules for hit in rule.check(view)]


def assert_linted_as_its_records(batch: Batch, context: Context, linter: Linter) -> None:
    places = range(len(batch.raws))
    records = {place: record for place in places if (record := batch.record(place))}
    expected = {place: found for place, record in records.items() if (found := slowly(record, context))}
    for _ in range(2):  # what was remembered the first time must be right the second time
        linted = list(linter.check_batch(batch, places))
        assert dict(linted) == expected
        assert [place for place, _ in linted] == sorted(expected)


def checked(block: bytes) -> Block:
    return Block(CheckedBlock(block), 0)


@cache
def made() -> list[bytes]:
    """Records as Alma's files hold them, with the faults they have."""
    return [each.raw for each in make_set(symbol="ZMD", libraries=["MED"], suffix="9999", records=400, seed=3)]


@pytest.mark.parametrize(("context", "linter"), LINTERS, ids=["bare", "here", "made"])
def test_a_made_set_is_linted_as_its_records_one_by_one(context: Context, linter: Linter) -> None:
    block = b"".join(made())
    assert_linted_as_its_records(checked(block), context, linter)
    assert_linted_as_its_records(TakenApart(list(judge_block(0, block))), context, linter)


def test_every_case_of_every_rule_is_found_in_a_block() -> None:
    for case in CASES:
        bad, fine = (put_together(record.leader, zip(record.tags, record.fields, strict=True))
                     for record in (case.bad, case.fine))
        linter = Linter(context=case.context)
        found = dict(linter.check_batch(checked(bad + fine), [0, 1]))
        assert case.rule in [finding.rule for finding in found[0]]
        assert case.rule not in [finding.rule for finding in found.get(1, [])]


def test_only_the_wanted_records_are_linted() -> None:
    linter, block = Linter(), checked(b"".join(made()))
    every = dict(linter.check_batch(block, range(len(block.raws))))
    wanted = list(range(0, len(block.raws), 3))
    assert dict(linter.check_batch(block, wanted)) == {place: every[place] for place in wanted if place in every}


def test_records_that_differ_in_one_telling_byte_are_not_taken_for_the_same() -> None:
    base = good()
    pairs = list(zip(base.tags, base.fields, strict=True))
    told = [put_together(base.leader[:17] + level + base.leader[18:], pairs) for level in (b" ", b"1", b"6", b"9")]
    for tag, other in [(b"245", b"00\x1fa \x1fc"), (b"245", b"00\x1fa\x1fc"), (b"264", b" 1\x1fa "), (b"001", b" ")]:
        changed = [(tag, other) if name == tag else (name, field) for name, field in pairs]
        told.append(put_together(base.leader, changed))
    for context, linter in LINTERS:
        assert_linted_as_its_records(checked(b"".join(told)), context, linter)


_OCTETS = st.sampled_from(list(b"\x1f\x1fabc 0129#|x$6uz\x00\x7f\x1b(OCL"))
_CHANGES = st.lists(st.tuples(st.integers(0, 1 << 20), _OCTETS), max_size=12)


@settings(max_examples=150)
@given(st.lists(st.integers(0, 399), min_size=1, max_size=6), _CHANGES, st.sampled_from(LINTERS))
def test_a_block_with_bytes_changed_is_linted_as_its_records_one_by_one(
    which: list[int], changes: list[tuple[int, int]], known: tuple[Context, Linter]
) -> None:
    block = bytearray(b"".join(made()[number % len(made())] for number in which))
    for at, octet in changes:
        block[at % (len(block) - 1)] = octet
    assert_linted_as_its_records(checked(bytes(block)), *known)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(st.one_of(WILD, SPOILED), min_size=1, max_size=5), st.sampled_from(LINTERS))
def test_a_block_of_wild_records_is_linted_as_its_records_one_by_one(
    wild: list[Record], known: tuple[Context, Linter]
) -> None:
    raws = []
    for record in wild:
        leader = record.leader[:10] + b"22" + record.leader[12:20] + b"4500"
        try:
            raws.append(put_together(leader, zip(record.tags, record.fields, strict=True)))
        except CannotExpress:
            continue
    assert_linted_as_its_records(checked(b"".join(raws) + made()[0]), *known)


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the real records are not here")
def test_real_files_are_linted_as_their_records_one_by_one() -> None:
    context, linter = LINTERS[1]
    for path in sorted(path for path in DATA.rglob("*") if path.suffix in (".mrc", ".marc", ".dat")):
        with open(path, "rb") as handle:
            for offset, block in blocks(handle, str(path)):
                if block.endswith(b"\x1d"):
                    assert_linted_as_its_records(Block(CheckedBlock(block), offset), context, linter)


@pytest.mark.parametrize("code", [b"(3", b"(4", b"(N", b"(Q", b"(2", b"(S", b"$1", b"(B"])
def test_whatever_characters_an_880_holds_the_quick_look_for_a_script_agrees_with_the_rule(code: bytes) -> None:
    linter = Linter()
    for character in (chr(point) for point in range(0x80, 0xFFFF, 29) if not 0xD800 <= point < 0xE000):
        fields = [b"  \x1fc" + code, b"10\x1f6880-01\x1faTitle", b"10\x1f6245-01\x1fa" + character.encode()]
        record = Record(b"00000cam a2200000 i 4500", (b"066", b"245", b"880"), fields)
        assert linter.check(record) == slowly(record, Context())
