"""The rule language of console.toml: conditions on one record, and named rules of them. The whole language:

    TAG            the field is there            TAG$x          the subfield is there
    TAG$x = a|b    a value is one of these       TAG$x ~ regex  a value contains this
    TAG/n-m = a|b  these character positions (LDR too; # is a blank); TAG/n for one position
    X              any digit of a tag            @name          another rule; @brief is built in
    a rule is { all = [...], any = [...], none = [...] }: every part that is given must hold

Not for judging whether a record is sound, and not for changing it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from oclc_console.marc.brief import BRIEF
from oclc_console.marc.facts import LEADER, Fact, Question
from oclc_console.marc.record import SUBFIELD, Record, subfields

Test = Callable[[Record], bool]

_CONDITION = re.compile(
    r"(?P<tag>LDR|[0-9A-Za-z]{3})"
    r"(?:\$(?P<code>[0-9a-z])|/(?P<first>\d{1,2})(?:-(?P<last>\d{1,2}))?)?"
    r"(?:\s*(?P<operator>[=~])\s*(?P<value>.*))?"
)
_PLAIN_PATTERN = re.compile(r"\^?(?:[\w ]|\[\w+\])+", re.ASCII)  # means the same within a field as within a subfield
BUILT_IN: Mapping[str, Question] = {"brief": BRIEF}


class RuleMistake(ValueError):
    """A rule that can't be understood; the text says which part and what would be right."""


@dataclass(frozen=True)
class Rule:
    """A rule as it was written; an empty one holds for every record."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


def compile_rule(rule: Rule, named: Mapping[str, Rule], _inside: tuple[str, ...] = ()) -> Test:
    """A function that tells whether a record fulfils the rule. Raises RuleMistake."""
    every = [compile_condition(text, named, _inside) for text in rule.all]
    some = [compile_condition(text, named, _inside) for text in rule.any]
    no = [compile_condition(text, named, _inside) for text in rule.none]

    def test(record: Record) -> bool:
        return (
            all(t(record) for t in every)
            and (not some or any(t(record) for t in some))
            and not any(t(record) for t in no)
        )

    return test


def facts_of(rule: Rule, named: Mapping[str, Rule]) -> dict[str, Question]:
    """What a rule can be decided from (see `holds`), by name; many rules share most of it."""
    found: dict[str, Question] = {}
    for text in map(str.strip, (*rule.all, *rule.any, *rule.none)):
        if not text.startswith("@"):
            found[text] = condition_fact(text)
        elif text[1:] in named:
            found |= facts_of(named[text[1:]], named)
        else:
            found[text] = BUILT_IN[text[1:]]
    return found


def holds(rule: Rule, named: Mapping[str, Rule], true: frozenset[str]) -> bool:
    """Whether a rule that was compiled without mistake holds where, of what it is decided from, that named in `true` is so."""

    def answer(text: str) -> bool:
        text = text.strip()
        return holds(named[text[1:]], named, true) if text.startswith("@") and text[1:] in named else text in true

    return (all(map(answer, rule.all)) and (not rule.any or any(map(answer, rule.any)))
            and not any(map(answer, rule.none)))


def compile_condition(text: str, named: Mapping[str, Rule], _inside: tuple[str, ...] = ()) -> Test:
    """A function that tells whether a record fulfils one condition. Raises RuleMistake."""
    text = text.strip()
    return _named(text[1:], named, _inside) if text.startswith("@") else condition_fact(text).of


def condition_fact(text: str) -> Fact:
    """The fact that a condition (no named one) states. Raises RuleMistake."""
    match = _CONDITION.fullmatch(text)
    if not match:
        raise RuleMistake(f"{text!r} is no condition; write for example 245, 852$b = WID|LAM, 300$a ~ maps?, "
                          "LDR/06 = t|d or @name")
    if match["operator"] and match["value"].strip()[:1] in ("=", "~"):
        raise RuleMistake(f"{text!r} has a doubled operator; write one {match['operator']}")
    if match["operator"] and not match["value"].strip():
        raise RuleMistake(f"{text!r} compares with nothing; write the values after {match['operator']}")
    if match["first"] is not None:
        first, last, wanted = _positions(match, text)
        return Fact(match["tag"], wanted.__contains__, at=slice(first, last + 1))
    if match["tag"] == LEADER:
        raise RuleMistake(f"{text!r}: the leader has positions only, as in LDR/06 = t")
    if match["code"] is None:
        if match["operator"]:
            raise RuleMistake(f"{text!r} compares a whole field; name a subfield ({match['tag']}$a) "
                              f"or positions ({match['tag']}/0-2)")
        return Fact(match["tag"])
    return Fact(match["tag"], _field_test(match["code"].encode(), match["operator"], (match["value"] or "").strip(), text))


def _named(name: str, named: Mapping[str, Rule], inside: tuple[str, ...]) -> Test:
    if name in inside:
        raise RuleMistake(f"@{name} leads back to itself: {' -> '.join('@' + n for n in (*inside, name))}")
    if name in named:
        return compile_rule(named[name], named, (*inside, name))
    if name in BUILT_IN:
        return BUILT_IN[name].of
    known = ", ".join("@" + n for n in sorted({*named, *BUILT_IN}))
    raise RuleMistake(f"@{name} is not a rule; there are {known}")


def _values(text: str) -> frozenset[bytes]:
    return frozenset(value.strip().encode() for value in text.split("|"))


def _field_test(code: bytes, operator: str | None, value: str, text: str) -> Callable[[bytes], object]:
    """Whether a field has a subfield as a condition wants it. One regular expression over the whole field where it can be:
    conditions are asked of millions of records."""
    if operator is None:
        mark = SUBFIELD + code
        return lambda field: mark in field
    if operator == "=":
        wanted = b"|".join(re.escape(one) for one in sorted(_values(value), reverse=True))
        return re.compile(SUBFIELD + code + rb"\s*(?:" + wanted + rb")\s*(?![^\x1f])").search
    try:
        pattern = re.compile(value.encode())
    except re.error as error:
        raise RuleMistake(f"{text!r}: {value!r} is no regular expression ({error})") from None
    if _PLAIN_PATTERN.fullmatch(value):
        before = b"" if value.startswith("^") else rb"[^\x1f]*"
        return re.compile(SUBFIELD + code + before + value.removeprefix("^").encode()).search
    return lambda field: any(map(pattern.search, subfields(field, code)))


def _positions(match: re.Match[str], text: str) -> tuple[int, int, frozenset[bytes]]:
    """The first and the last position that a condition compares, and the values it wants there."""
    first = int(match["first"])
    last = int(match["last"] or match["first"])
    if match["operator"] != "=" or last < first:
        raise RuleMistake(f"{text!r}: positions are compared with =, as in {match['tag']}/06 = t|d or 008/35-37 = eng")
    wanted = frozenset(value.strip().replace("#", " ").encode() for value in match["value"].split("|"))
    if wrong := sorted(value for value in wanted if len(value) != last - first + 1):
        raise RuleMistake(f"{text!r}: {wrong[0].decode()!r} has {len(wrong[0])} characters "
                          f"for {last - first + 1} positions")
    return first, last, wanted


def place_steps(places: Sequence[str]) -> list[tuple[str, bytes | None]]:
    """Settings such as `lsn = ["852$8", "001"]`: the tag and subfield code of each place, in order. Raises RuleMistake."""
    steps: list[tuple[str, bytes | None]] = []
    for place in places:
        match = re.fullmatch(r"([0-9A-Za-z]{3})(?:\$([0-9a-z]))?", place.strip())
        if not match or (match[1] < "010") == (match[2] is not None):
            raise RuleMistake(f"{place!r} is no place in a record; write 001 or 852$8")
        steps.append((match[1], match[2].encode() if match[2] else None))
    return steps


def compile_places(places: Sequence[str]) -> Callable[[Record], list[bytes]]:
    """A function that gives the values at the first of these places that has any. Raises RuleMistake."""
    steps = place_steps(places)

    def values(record: Record) -> list[bytes]:
        for tag, code in steps:
            fields = record.all(tag.encode())
            found = fields if code is None else [v for field in fields for v in subfields(field, code)]
            if kept := [value.strip() for value in found if value.strip()]:
                return kept
        return []

    return values
