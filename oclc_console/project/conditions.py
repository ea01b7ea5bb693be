"""A condition in front of a step that can't be taken back: how it looks at what is known and says green, red or not applicable,
with words for a person. What nobody knows is red, never green: a condition is not even asked about it. Pure. The conditions
themselves are in sending.py and removing.py; who signed for a red one is signatures.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from oclc_console.project.evidence import CATALOGUE, Known, Value, fits, source_words

State = Literal["green", "red", "not applicable"]


@dataclass(frozen=True)
class Case:
    """What a gate is judged for: the symbol as console.toml has it, and the `subject`: the collection id (submit), the cut-off
    day (scan-delete), the list (unset), else the symbol itself. `today` is the day where the person sits, YYYY-MM-DD."""

    gate: str
    symbol: str
    subject: str
    disposition: str
    libraries: tuple[str, ...]
    successor: str | None
    today: str


@dataclass(frozen=True)
class Verdict:
    """What a condition says of the facts, and, when it is red, what would turn it green."""

    state: State
    words: str
    then: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known, with only values that are of their kind."""

    known: Mapping[str, Known]

    def value(self, key: str) -> Value:
        """The value, None where it is not known."""
        found = self.known.get(key)
        return found.value if found is not None and fits(CATALOGUE[key], found.value) else None

    def number(self, key: str) -> int:
        """The value of a count that the condition needs, so that it is known."""
        value = self.value(key)
        if not isinstance(value, int):
            raise KeyError(key)
        return value

    def text(self, key: str) -> str:
        """The value of a text, choice or day; empty where it is not known."""
        value = self.value(key)
        return value if isinstance(value, str) else ""

    def day_of(self, key: str) -> str:
        """The day on which it was so; empty where nobody said anything."""
        found = self.known.get(key)
        return found.day if found is not None else ""


@dataclass(frozen=True)
class Condition:
    """One condition: its id for commands and the log, and its sentence. It is red while one of the things it `needs` is not
    known; it looks at `also` too. `judge` says what the facts mean."""

    id: str
    sentence: str
    needs: tuple[str, ...]
    judge: Callable[[Case, Facts], Verdict]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A condition and what the facts make of it. `as_of` is the oldest time of what it looked at (ISO instant or day, empty
    where nothing is known); `evidence` that itself. `fingerprint` stands for the values it looked at and for
    what console.toml says of the symbol, without any times."""

    condition: Condition
    state: State
    words: str
    then: str
    as_of: str
    evidence: tuple[Known, ...]
    fingerprint: str

    @property
    def sources(self) -> str:
        """Where what people entered comes from, in words; empty when the console computed all of it."""
        return "; ".join(dict.fromkeys(source_words(known) for known in self.evidence if known.entered_by))


def judge(condition: Condition, case: Case, known: Mapping[str, Known]) -> Judged:
    """What a condition says, given what is known."""
    facts = Facts(known)
    verdict = _unknown(condition, facts) or condition.judge(case, facts)
    keys = (*condition.needs, *condition.also)
    evidence = tuple(known[key] for key in keys if facts.value(key) is not None)
    as_of = min((one.as_of for one in evidence), default="")
    values = {key: facts.value(key) for key in keys}
    settings = [case.disposition, case.libraries, case.successor]
    return Judged(condition, verdict.state, verdict.words, verdict.then, as_of, evidence,
                  fingerprint([case.gate, case.subject, settings, condition.id, values]))


def fingerprint(what: Any) -> str:
    """A text that stands for a value made of texts, numbers, lists and mappings: the same for the same value."""
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def green(words: str) -> Verdict:
    """The condition is met."""
    return Verdict("green", words)


def red(words: str, then: str) -> Verdict:
    """The condition is not met, and what would turn it green."""
    return Verdict("red", words, then)


def not_applicable(reason: str) -> Verdict:
    """The condition does not concern this case."""
    return Verdict("not applicable", reason)


def many(count: int, one: str, more: str = "") -> str:
    """`1 file`, `5 files`; `more` where the plural is not made with an s."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def nothing_left(key: str, one: str, more: str, then: str) -> Callable[[Case, Facts], Verdict]:
    """A judge: the count `key` is 0; `one` and `more` name what it counts."""
    def judged(_case: Case, facts: Facts) -> Verdict:
        count = facts.number(key)
        return red(many(count, one, more), then) if count else green(f"no {one}")
    return judged


def said_yes(key: str, yes: str, no: str, then: str) -> Callable[[Case, Facts], Verdict]:
    """A judge: the answer to `key` is yes."""
    def judged(_case: Case, facts: Facts) -> Verdict:
        return green(yes) if facts.value(key) is True else red(no, then)
    return judged


def _unknown(condition: Condition, facts: Facts) -> Verdict | None:
    missing = [CATALOGUE[key] for key in condition.needs if facts.value(key) is None]
    if not missing:
        return None
    things = "; ".join(f"{one.name} ({one.hint})" for one in missing)
    computed = all(one.computed for one in missing)
    then = f"Run what shows it, or enter it with its source: {things}." if computed else f"Enter it with its source: {things}."
    return red(f"not known: {', '.join(one.name for one in missing)}", then)
