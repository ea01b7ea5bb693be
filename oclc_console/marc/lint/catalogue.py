"""The catalogue of lint: every rule by its id, records held against them, and the rule that can say a given sentence. Knows
no settings; which rules are off or block is passed in. The rules stand in the files beside this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from oclc_console.marc.lint import alma, codes, fixed_fields, linking, relationships, sparse, structure
from oclc_console.marc.lint.remembered import Remembered, Watch
from oclc_console.marc.lint.rule import Gate, LintFinding, Rule
from oclc_console.marc.lint.signs import of_leader
from oclc_console.marc.lint.view import NO_CONTEXT, Context, View, is_bibliographic
from oclc_console.marc.record import Record

_FAMILIES = (sparse, relationships, linking, codes, structure, fixed_fields, alma)
RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for family in _FAMILIES for rule in family.RULES})
_PLANS = 20_000  # combinations of signs remembered; wild data must not fill the memory
_BIBLIOGRAPHIC = of_leader(is_bibliographic)
_Plan = list[tuple[Gate | None, list[Rule]]]


class Linter:
    """Rules made ready for many records. Which rules have reason to be asked follows from the signs that a record's fields
    show; what each combination of signs means is worked out once. Rules that share a gate stand behind it together."""

    def __init__(self, rules: Iterable[Rule] = RULES.values(), context: Context = NO_CONTEXT) -> None:
        self.rules, self.context = tuple(rules), context
        self._order = {rule.id: place for place, rule in enumerate(self.rules)}
        reasons = [rule.reason for rule in self.rules if rule.reason]
        self._watch = Watch([_BIBLIOGRAPHIC, *(sign for reason in reasons for sign in reason.signs)], context)
        self._plans = Remembered(self._plan, _PLANS)

    def check(self, record: Record) -> list[LintFinding]:
        """Everything the rules have to say about one record, in the catalogue's order. Never raises on a record whose
        structure is sound."""
        plan = self._plans[self._watch.word_of(record)]
        if not plan:
            return []
        view = View(record, self.context)
        found = [rule.finding(hit) for gate, rules in plan if gate is None or gate(view)
                 for rule in rules for hit in rule.check(view)]
        return sorted(found, key=lambda finding: self._order[finding.rule])

    def _plan(self, word: str) -> _Plan:
        """What to ask of the records that show this."""
        shown = self._watch.shown(word)
        groups: dict[Gate | Rule, list[Rule]] = {}
        for rule in self.rules:
            applies = rule.any_format or shown[_BIBLIOGRAPHIC]
            if applies and (rule.reason is None or rule.reason.given(shown)):
                groups.setdefault(rule.gate or rule, []).append(rule)
        return [(rules[0].gate, rules) for rules in groups.values()]


_ALL = Linter()


def lint(record: Record, rules: Mapping[str, Rule] = RULES, context: Context = NO_CONTEXT) -> list[LintFinding]:
    """Everything these rules have to say about one record. For many records make one Linter and keep it."""
    linter = _ALL if rules is RULES and context is NO_CONTEXT else Linter(rules.values(), context)
    return linter.check(record)


def without(off: Iterable[str]) -> dict[str, Rule]:
    """The catalogue less some rules. Raises KeyError for an id it does not have."""
    unwanted = set(off)
    if unknown := unwanted - RULES.keys():
        raise KeyError(min(unknown))
    return {name: rule for name, rule in RULES.items() if name not in unwanted}


def rule_for_sentence(text: str) -> str | None:
    """The id of the rule that says this sentence of OCLC's (with the same subfields, tags and ordinals, whatever they are);
    None for one that no rule predicts."""
    for rule in RULES.values():
        if rule.words != "ours" and rule.pattern.fullmatch(text):
            return rule.id
    return None
