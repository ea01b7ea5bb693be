"""Lint: what OCLC's validation will say about a record, in OCLC's own words and before it is sent, and the traps of Alma's
files that OCLC would not even mention. The catalogue is catalogue.py; each family of rules is a file. Pure: records in,
findings out; nothing here reads a file but its own definitions (marc21.json)."""

from oclc_console.marc.lint.catalogue import RULES, Linter, lint, rule_for_sentence, without
from oclc_console.marc.lint.rule import LintFinding, Rule, Severity
from oclc_console.marc.lint.view import NO_CONTEXT, Context

__all__ = [
    "NO_CONTEXT", "RULES", "Context", "LintFinding", "Linter", "Rule", "Severity", "lint", "rule_for_sentence", "without",
]
