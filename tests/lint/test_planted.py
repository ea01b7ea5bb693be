"""Lint finds every fault the record maker plants that can be known beforehand, and raises no alarm over a sound record."""

from __future__ import annotations

import subprocess
import sys

import pytest

from oclc_console.rehearsal.faults import KINDS
from tests.lint.planted import EXPECTED, count

RECORDS = 4_000


@pytest.mark.parametrize("seed", [1, 7])
def test_every_planted_fault_of_a_predictable_kind_is_found_and_sound_records_pass(seed: int) -> None:
    tally = count(RECORDS, seed)
    predictable = {kind: number for kind, number in tally.planted.items() if EXPECTED[kind]}
    assert set(predictable) == set(KINDS) - {"processing"}
    assert {kind: tally.found[kind] for kind in predictable} == predictable
    assert tally.clean > RECORDS * 0.8
    assert not tally.clean_grave
    assert not +tally.by_rule_alarms


def test_every_rule_that_should_speak_does_so_at_least_once() -> None:
    tally = count(RECORDS, 3)
    assert all(tally.by_rule_found[name] for names in EXPECTED.values() for name in names)


def test_the_table_can_be_printed() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.lint.planted", "500", "2"], capture_output=True, text=True, check=True)
    assert "false alarms" in done.stdout and "0 SEVERE or CRITICAL" in done.stdout
