"""The validation errors of real reports: which rule can say each sentence, with the same severity."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from oclc_console.marc.lint import RULES, rule_for_sentence

REPORTS = Path(__file__).parents[3] / "shared" / "data" / "reports"
ROWS = [
    line.split("|")
    for path in sorted(REPORTS.glob("*BibExceptionReport*"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
VALIDATION = [row for row in ROWS if row[4] == "Validation Error"]
needs_reports = pytest.mark.skipif(not ROWS, reason="the real reports are not here")

# Sentences of real reports and of OCLC's API that the fact sheets quote, so that this holds where the reports are not.
QUOTED = {
    "Record is sparse.": "CRITICAL",
    "Invalid relationship - when 1st $2 in 2nd 655 is equal to lcgft, then $z in 655 must not be present.": "MINOR",
    "Invalid relationship - when Bibliographic Level (Leader/07) is equal to b, then 773 must be present.": "MINOR",
    "Invalid relationship - when Type of Date/Publication Status (008/06) is equal to s, then Bibliographic Level "
    "(Leader/07) must not be equal to b.": "SEVERE",
    "Invalid relationship - when indicator 1 in 1st 045 is equal to blank, then $b in 045 must not be present.": "MINOR",
    "Invalid relationship - when $i in 246 is present, then indicator 2 in 246 must equal blank.": "MINOR",
    "Invalid relationship - when $h in 245 is present, then $e in 040 must not be equal to rda.": None,
    "Invalid relationship - when indicator 2 in 655 is equal to 7, then $2 in 655 must be present.": None,
    "Invalid relationship - when $6 in 700 is present, then 880 must be present.": "CRITICAL",
    "Invalid code in 1st $2 in 2nd 650.": "SEVERE",
    "Invalid code in Illustrations (008/18-21).": "MINOR",
    "Invalid code in Modified Record (008/38).": None,
    "Invalid code in Encoding Level (Leader/17).": "SEVERE",
    "Invalid code in indicator 1 in 655.": None,
    "Invalid subfield 1st $0 in 1st 264.": "SEVERE",
    "Invalid tag 509.": None,
    "$b in 245 occurs too many times.": "SEVERE",
    "1st $6 in 1st 260 has invalid linking data.": "SEVERE",
    "1st $c in 1st 066 indicates presence of (3 script, but (3 script is not found.": "MINOR",
    "Date2/Ending Date of Publication (008/11-14) is too short.": "SEVERE",
    "1st $0 in 655 is in the wrong format.": "MINOR",
}


@pytest.mark.parametrize("sentence", QUOTED)
def test_a_quoted_sentence_has_a_rule_of_the_same_severity(sentence: str) -> None:
    rule = rule_for_sentence(sentence)
    assert rule is not None
    assert QUOTED[sentence] in (None, RULES[rule].severity)


@needs_reports
def test_every_real_validation_error_is_predicted_with_its_severity() -> None:
    said = Counter(rule_for_sentence(row[6]) or "not predicted" for row in VALIDATION)
    for row in VALIDATION:
        print(f"{rule_for_sentence(row[6]) or 'not predicted':<20} {row[5]:<8} {row[6]}")
    assert len(VALIDATION) == 54
    assert said["not predicted"] == 0
    assert {(row[5], RULES[rule].severity) for row in VALIDATION if (rule := rule_for_sentence(row[6]))} == {
        ("MINOR", "MINOR"), ("SEVERE", "SEVERE"), ("CRITICAL", "CRITICAL")}


@needs_reports
def test_the_data_errors_are_predicted_where_their_cause_is_known() -> None:
    words = {row[6] for row in ROWS if row[4] == "Data Error"}
    assert {word: rule_for_sentence(word) for word in words} == {"invalid_characters_present": "characters"}
