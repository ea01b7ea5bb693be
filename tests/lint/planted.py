"""What lint finds of the faults the record maker plants: for each kind of fault the rules that should speak, how many records
were planted, how many found, and where a rule that should speak of planted faults only spoke of another record (a false
alarm). Run as a command it prints the table:

    python -m tests.lint.planted [RECORDS [SEED]]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from oclc_console.marc.brief import is_brief
from oclc_console.marc.lint import RULES, Context, Linter, Severity
from oclc_console.marc.record import Record, subfields
from oclc_console.marc.source import judge
from oclc_console.rehearsal.faults import KINDS
from oclc_console.rehearsal.maker import make_set

# For each kind of fault the rules of which one at least must speak. Nothing is wrong with a record that OCLC merely stumbled
# over (processing), so no rule can know it beforehand.
EXPECTED: dict[str, tuple[str, ...]] = {
    "sparse": ("sparse",),
    "linking": ("linking-data", "parallel-missing"),
    "code": ("source-code", "source-unfamiliar"),
    "date2": ("date2-short",),
    "repeated": ("subfield-repeated",),
    "rda": ("rda-form", "rda-content", "rda-carrier"),
    "characters": ("characters",),
    "crosswalk": ("006-length",),
    "processing": (),
}
SUFFIX, LIBRARIES = "9999", ("NET", "ARC", "MED")
_GRAVE = (Severity.SEVERE, Severity.CRITICAL)


@dataclass
class Planted:
    """The counts of a run. `found` and `planted` by kind; the `by_rule` ones: in how many planted records a rule spoke as
    expected, in how many others (that would be sent) it spoke all the same. `clean_grave` are the SEVERE and CRITICAL
    sentences about records that nothing is wrong with."""

    records: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    by_rule_planted: Counter[str] = field(default_factory=Counter)
    by_rule_found: Counter[str] = field(default_factory=Counter)
    by_rule_alarms: Counter[str] = field(default_factory=Counter)
    sentences_planted: int = 0
    sentences_found: int = 0
    clean: int = 0
    clean_grave: Counter[str] = field(default_factory=Counter)


def count(records: int, seed: int) -> Planted:
    """Makes records, holds every rule against each, and counts."""
    linter = Linter(context=Context(SUFFIX, frozenset(LIBRARIES)))
    tally = Planted()
    for kind, lines, record in _made(records, seed):
        tally.records += 1
        found = linter.check(record)
        rules = {finding.rule for finding in found}
        expected = set(EXPECTED.get(kind, ()))
        if kind:
            tally.planted[kind] += 1
            tally.found[kind] += bool(rules & expected)
            sentences = {finding.sentence for finding in found}
            tally.sentences_planted += len(lines)
            tally.sentences_found += sum(line in sentences for line in lines)
        if kind or not _set_apart(record):
            _by_rule(tally, kind, rules)
        if not kind and not _set_apart(record):
            tally.clean += 1
            tally.clean_grave.update(finding.sentence for finding in found if finding.severity in _GRAVE)
    return tally


def _by_rule(tally: Planted, kind: str, rules: set[str]) -> None:
    for planted_kind, names in EXPECTED.items():
        for name in names:
            if kind == planted_kind:
                tally.by_rule_planted[name] += 1
                tally.by_rule_found[name] += name in rules
            elif name in rules and not _brings_along(kind, name):
                tally.by_rule_alarms[name] += 1


def _brings_along(kind: str, rule: str) -> bool:
    """Whether a fault of one kind makes a record that truly has the other rule's fault, too: a record stripped bare has lost
    its 336 and 338, and the broken pair's 880 as well."""
    return kind == "sparse" and rule in ("rda-form", "rda-content", "rda-carrier", "linking-data", "parallel-missing")


def _made(records: int, seed: int) -> Iterator[tuple[str, list[str], Record]]:
    """(kind of fault or nothing, OCLC's sentences about it, record) of every record that is MARC at all."""
    for made in make_set(symbol="ZUL", libraries=LIBRARIES, suffix=SUFFIX, records=records, seed=seed):
        record = judge(1, 0, made.raw).record
        if record is not None:
            label = made.label
            yield label.kind if label else "", [text for _, text in label.lines if text] if label else [], record


def _set_apart(record: Record) -> bool:
    """Whether the maker set a record apart without a label: never to be sent (914), of Alma's brief levels, without 001, or
    with its own MMS id as an OCLC number."""
    mms = record.first(b"001")
    numbers = [value for number in record.all(b"035") for value in subfields(number, b"a")]
    return mms is None or b"914" in record.tags or is_brief(record) or b"(OCoLC)" + mms in numbers


def table(tally: Planted) -> list[str]:
    """The counts as lines of text."""
    lines = [f"{tally.records:,} records; {tally.clean:,} with nothing wrong: "
             f"{sum(tally.clean_grave.values())} SEVERE or CRITICAL sentences about those", "",
             f"{'fault':<12} {'planted':>8} {'found':>8}   rules that should speak"]
    for kind in KINDS:
        rules = ", ".join(EXPECTED[kind]) or "none: nothing is wrong with the record"
        lines.append(f"{kind:<12} {tally.planted[kind]:>8,} {tally.found[kind]:>8,}   {rules}")
    lines += ["", f"{'rule':<20} {'planted':>8} {'found':>8} {'false alarms':>13}"]
    for name in RULES:
        if name in tally.by_rule_planted:
            lines.append(f"{name:<20} {tally.by_rule_planted[name]:>8,} {tally.by_rule_found[name]:>8,} "
                         f"{tally.by_rule_alarms[name]:>13,}")
    lines += ["", f"OCLC's sentences about planted records: {tally.sentences_planted:,}, said word for word: "
                  f"{tally.sentences_found:,} (the others tell of faults the maker did not plant)"]
    return lines


if __name__ == "__main__":
    wanted = [int(word) for word in sys.argv[1:]]
    print("\n".join(table(count(wanted[0] if wanted else 20_000, wanted[1] if len(wanted) > 1 else 1))))
