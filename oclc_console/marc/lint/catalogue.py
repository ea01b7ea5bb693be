"""The catalogue of lint: every rule by its id, records held against them, and the rule that can say a given sentence. Knows
no settings; which rules are off or block is passed in. The rules stand in the files beside this one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from oclc_console.marc.batch import Batch, Block
from oclc_console.marc.lint import alma, codes, fixed_fields, linking, relationships, sparse, structure
from oclc_console.marc.lint.of_blocks import BlockWatch
from oclc_console.marc.lint.remembered import Remembered, Watch
from oclc_console.marc.lint.rule import LintFinding, Rule
from oclc_console.marc.lint.signs import of_leader
from oclc_console.marc.lint.view import NO_CONTEXT, Context, View, is_bibliographic
from oclc_console.marc.record import Record

_FAMILIES = (sparse, relationships, linking, codes, structure, fixed_fields, alma)
RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for family in _FAMILIES for rule in family.RULES})
_PLANS = 20_000  # combinations of signs remembered; wild data must not fill the memory
_BIBLIOGRAPHIC = of_leader(is_bibliographic)


class _Plan(NamedTuple):
    """What is to be done about the records that show the same: what is `settled` about all of them, and whom to `ask`."""

    settled: list[LintFinding]
    ask: list[Rule]


class Linter:
    """Rules made ready for many records. Which rules have reason to be asked follows from the signs that a record's fields
    show; what each combination of signs means is worked out once."""

    def __init__(self, rules: Iterable[Rule] = RULES.values(), context: Context = NO_CONTEXT) -> None:
        self.rules, self.context = tuple(rules), context
        self._order = {rule.id: place for place, rule in enumerate(self.rules)}
        reasons = [rule.reason for rule in self.rules if rule.reason]
        self._watch = Watch([_BIBLIOGRAPHIC, *(sign for reason in reasons for sign in reason.signs)], context)
        self._plans = Remembered(self._plan, _PLANS)
        self._blocks = BlockWatch(self._watch)
        self._plans_by_sum: dict[int, _Plan] = {}

    def check(self, record: Record) -> list[LintFinding]:
        """Everything the rules have to say about one record, in the catalogue's order. Never raises on a record whose
        structure is sound."""
        return self._follow(self._plans[self._watch.word_of(record)], record)

    def check_batch(self, batch: Batch, wanted: Sequence[int]) -> Iterator[tuple[int, list[LintFinding]]]:
        """Those of the wanted records (places in the batch, ascending) about which the rules have something to say, with what
        they say. Of a block only those records are taken apart of which a rule has to be asked."""
        sums = self._blocks.sums(batch) if isinstance(batch, Block) else {}
        for place in wanted:
            plan = self._plans_by_sum.get(sums[place]) if place in sums else None
            if plan and not plan.ask:
                found = plan.settled
            elif record := batch.record(place):
                plan = plan or self._plans[self._watch.word_of(record)]
                found = self._follow(plan, record)
                if place in sums:
                    self._remember(sums[place], plan)
            else:
                continue
            if found:
                yield place, found

    def _remember(self, total: int, plan: _Plan) -> None:
        if len(self._plans_by_sum) >= _PLANS:
            self._plans_by_sum.clear()
        self._plans_by_sum[total] = plan

    def _follow(self, plan: _Plan, record: Record) -> list[LintFinding]:
        if not plan.ask:
            return plan.settled
        view = View(record, self.context)
        found = [rule.finding(hit) for rule in plan.ask for hit in rule.check(view)]
        return sorted(plan.settled + found, key=lambda finding: self._order[finding.rule]) if plan.settled else found

    def _plan(self, word: str) -> _Plan:
        """What to do about the records that show this."""
        shown = self._watch.shown(word)
        plan = _Plan([], [])
        for rule in self.rules:
            reason = rule.reason
            if not (rule.any_format or shown[_BIBLIOGRAPHIC]) or (reason and not reason.given(shown)):
                continue
            hits = reason.settled(shown) if reason and reason.settled else None
            if hits is None:
                plan.ask.append(rule)
            else:
                plan.settled.extend(map(rule.finding, hits))
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
