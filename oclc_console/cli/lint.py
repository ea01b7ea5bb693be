"""`lint FILE...` and `lint --rules`: what OCLC will say about records, shown in words or as one object. Works anywhere; knows
no workspace. Not for the rules (marc/lint) nor for walking files (operations/lint_files.py)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from oclc_console.alma.published import scan_published
from oclc_console.cli import show
from oclc_console.errors import CallError
from oclc_console.marc.lint import RULES, Rule, Severity
from oclc_console.marc.lint.sets import SET_RULES, SetRule
from oclc_console.operations.lint_files import FileLint, lint_files

_WORDS = {"OCLC": "OCLC's sentence, seen in its reports", "inferred": "OCLC's pattern, inferred for this case",
          "ours": "our own words: OCLC says nothing of it",
          "set": "our own words, of a whole set: prepare asks it of the ledger"}


def run(options: argparse.Namespace) -> int:
    """Runs the lint command. 0: nothing that would keep a record out of WorldCat; 1: something, or a record is no MARC 21."""
    as_json = bool(getattr(options, "json", False))
    if options.rules:
        show.answer({"rules": [_rule_json(rule) for rule in _every_rule()]}, as_json, _rule_words())
        return 0
    if not options.files:
        raise CallError("no file is named", where="lint",
                        then="Say: oclc-console lint FILE... or, for the list of rules, oclc-console lint --rules")
    paths = [Path(file) for file in options.files]
    answers = []
    csv_file = Path(options.csv) if options.csv else None
    for answer in lint_files(paths, least=Severity(options.severity), read=scan_published, csv_file=csv_file):
        answers.append(answer)
        if not as_json:
            show.answer(None, False, _file_words(answer))
    if as_json:
        show.answer({"files": [answer.to_json() for answer in answers]}, True, [])
    if csv_file:
        show.say(f"Every finding is in {csv_file}.")
    return 0 if all(answer.is_clean for answer in answers) else 1


def _every_rule() -> list[Rule | SetRule]:
    return [*RULES.values(), *SET_RULES.values()]


def _rule_json(rule: Rule | SetRule) -> dict[str, Any]:
    return {"rule": rule.id, "severity": rule.severity, "sentence": rule.shown, "words": rule.words,
            "source": rule.source, "remedy": rule.remedy}


def _rule_words() -> Iterator[str]:
    for rule in _every_rule():
        yield f"{rule.id:<20} {rule.severity:<8} {rule.shown}"
        yield f"{'':<20} {'':<8} words: {_WORDS[rule.words]}"
        yield f"{'':<20} {'':<8} from:  {rule.source}"
        yield f"{'':<20} {'':<8} to do: {rule.remedy}"


def _file_words(answer: FileLint) -> Sequence[str]:
    records = f"{answer.records:,} record{'' if answer.records == 1 else 's'}"
    lines = [f"{answer.file}: {records}, {answer.kept:,} kept, {answer.quarantined:,} no MARC 21, "
             f"{answer.spoken_of:,} with findings"]
    for count in answer.worst_first():
        place = count.first.place
        ids = f", {place.lsn}" if place.lsn else ""
        ids += f" (001 {place.mms})" if place.mms and place.mms != place.lsn else ""
        lines.append(f"  {count.severity:<8} {count.records:>9,}  {count.rule}: {count.first.sentence}")
        lines.append(f"  {'':<8} {'':>9}  first: record {place.number:,}, byte {place.offset:,}{ids}")
        if count.rule in RULES:
            lines.append(f"  {'':<8} {'':>9}  to do: {RULES[count.rule].remedy}")
    return lines if answer.counts else [*lines, "  Nothing to say."]
