"""The catalogue of lint: every rule by its id, records held against them, and the rule that can say a given sentence. Knows
no settings; which rules are off or block is passed in. The rules stand in the files beside this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from oclc_console.marc.lint import alma, codes, fixed_fields, linking, relationships, sparse, structure
from oclc_console.marc.lint.rule import Gate, LintFinding, Rule
from oclc_console.marc.lint.view import NO_CONTEXT, Context, View
from oclc_console.marc.record import Record

_FAMILIES = (sparse, relationships, linking, codes, structure, fixed_fields, alma)
RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for family in _FAMILIES for rule in family.RULES})
_PLANS = 50_000  # combinations of tags remembered; wild data must not fill the memory
_Plan = list[tuple[Gate | None, tuple[Rule, ...]]]


class Linter:
    """Rules made ready for many records. Which rules can apply at all follows from a record's tags: that is worked out once
    for each combination of the tags that matter. Rules that share a gate stand behind it together."""

    def __init__(self, rules: Iterable[Rule] = RULES.values(), context: Context = NO_CONTEXT) -> None:
        self.rules, self.context = tuple(rules), context
        self._order = {rule.id: place for place, rule in enumerate(self.rules)}
        self._matter = frozenset[bytes]().union(*(rule.needs for rule in self.rules))
        self._plans: dict[tuple[bool, frozenset[bytes]], _Plan] = {}

    def check(self, record: Record) -> list[LintFinding]:
        """Everything the rules have to say about one record, in the catalogue's order. Never raises on a record whose
        structure is sound."""
        view = View(record, self.context)
        kind = view.is_bibliographic, self._matter.intersection(record.tags)
        plan = self._plans.get(kind) or self._plan(*kind)
        found: list[LintFinding] = []
        for gate, rules in plan:
            if gate is None or gate(view):
                for rule in rules:
                    for hit in rule.check(view):
                        found.append(rule.finding(hit))
        if len(found) > 1:
            found.sort(key=lambda finding: self._order[finding.rule])
        return found

    def _plan(self, bibliographic: bool, present: frozenset[bytes]) -> _Plan:
        groups: dict[Gate | Rule, list[Rule]] = {}
        for rule in self.rules:
            applies = not rule.needs or not rule.needs.isdisjoint(present)
            if applies and (bibliographic or rule.any_format):
                groups.setdefault(rule.gate or rule, []).append(rule)
        plan: _Plan = [(rules[0].gate, tuple(rules)) for rules in groups.values()]
        if len(self._plans) > _PLANS:
            self._plans.clear()
        self._plans[bibliographic, present] = plan
        return plan


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
