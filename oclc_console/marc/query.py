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

from oclc_console.marc.brief import is_brief
from oclc_console.marc.record import SUBFIELD, Record, subfields

Test = Callable[[Record], bool]

_CONDITION = re.compile(
    r"(?P<tag>LDR|[0-9A-Za-z]{3})"
    r"(?:\$(?P<code>[0-9a-z])|/(?P<first>\d{1,2})(?:-(?P<last>\d{1,2}))?)?"
    r"(?:\s*(?P<operator>[=~])\s*(?P<value>.*))?"
)
BUILT_IN: Mapping[str, Test] = {"brief": is_brief}


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


def conditions(rule: Rule, named: Mapping[str, Rule]) -> list[str]:
    """The conditions a rule comes down to, each once, in the order they are met; of named rules only built-in ones are left.
    For whoever asks many rules of one record: each condition is then asked once (see `holds`)."""
    found: dict[str, None] = {}
    for text in (*rule.all, *rule.any, *rule.none):
        inner = named.get(text.strip()[1:]) if text.strip().startswith("@") else None
        found.update(dict.fromkeys(conditions(inner, named) if inner else [text.strip()]))
    return list(found)


def holds(rule: Rule, named: Mapping[str, Rule], answers: Mapping[str, bool]) -> bool:
    """Whether a rule holds for a record of which each of its `conditions` has been answered."""

    def answer(text: str) -> bool:
        inner = named.get(text.strip()[1:]) if text.strip().startswith("@") else None
        return holds(inner, named, answers) if inner else answers[text.strip()]

    return (all(map(answer, rule.all)) and (not rule.any or any(map(answer, rule.any)))
            and not any(map(answer, rule.none)))


def tag_of(condition: str) -> bytes | None:
    """The tag without which a condition can't hold; None when there is no such single tag (LDR, 1XX, @brief)."""
    tag = condition[:3]
    return None if tag == "LDR" or "X" in tag or tag.startswith("@") else tag.encode()


def compile_condition(text: str, named: Mapping[str, Rule], _inside: tuple[str, ...] = ()) -> Test:
    """A function that tells whether a record fulfils one condition. Raises RuleMistake."""
    text = text.strip()
    if text.startswith("@"):
        return _named(text[1:], named, _inside)
    match = _CONDITION.fullmatch(text)
    if not match:
        raise RuleMistake(f"{text!r} is no condition; write for example 245, 852$b = WID|LAM, 300$a ~ maps?, "
                          "LDR/06 = t|d or @name")
    if match["operator"] and not match["value"].strip():
        raise RuleMistake(f"{text!r} compares with nothing; write the values after {match['operator']}")
    has_tag = _tag_test(match["tag"])
    if match["first"] is not None:
        return _positions(match, has_tag, text)
    if match["tag"] == "LDR":
        raise RuleMistake(f"{text!r}: the leader has positions only, as in LDR/06 = t")
    if match["code"] is None:
        if match["operator"]:
            raise RuleMistake(f"{text!r} compares a whole field; name a subfield ({match['tag']}$a) "
                              f"or positions ({match['tag']}/0-2)")
        if "X" in match["tag"]:
            return lambda record: any(map(has_tag, record.tags))
        tag = match["tag"].encode()
        return lambda record: tag in record.tags
    return _subfield(match, has_tag, text)


def _named(name: str, named: Mapping[str, Rule], inside: tuple[str, ...]) -> Test:
    if name in inside:
        raise RuleMistake(f"@{name} leads back to itself: {' -> '.join('@' + n for n in (*inside, name))}")
    if name in named:
        return compile_rule(named[name], named, (*inside, name))
    if name in BUILT_IN:
        return BUILT_IN[name]
    known = ", ".join("@" + n for n in sorted({*named, *BUILT_IN}))
    raise RuleMistake(f"@{name} is not a rule; there are {known}")


def _tag_test(tag: str) -> Callable[[bytes], bool]:
    wanted = tag.encode()
    if "X" not in tag:
        return wanted.__eq__
    pattern = re.compile(tag.replace("X", "[0-9]").encode())
    return lambda found: pattern.fullmatch(found) is not None


def _values(text: str) -> frozenset[bytes]:
    return frozenset(value.strip().encode() for value in text.split("|"))


def _subfield(match: re.Match[str], has_tag: Callable[[bytes], bool], text: str) -> Test:
    holds_in = _field_test(match["code"].encode(), match["operator"], (match["value"] or "").strip(), text)
    if "X" not in match["tag"]:
        tag = match["tag"].encode()
        return lambda record: any(map(holds_in, record.all(tag)))
    return lambda record: any(
        holds_in(field) for tag, field in zip(record.tags, record.fields, strict=True) if has_tag(tag)
    )


def _field_test(code: bytes, operator: str | None, value: str, text: str) -> Callable[[bytes], bool]:
    """Whether a field has a subfield as a condition wants it. One regular expression over the whole field where it can be:
    conditions are asked of millions of records."""
    if operator is None:
        mark = SUBFIELD + code
        return lambda field: mark in field
    if operator == "=":
        wanted = b"|".join(re.escape(one) for one in sorted(_values(value), reverse=True))
        equal = re.compile(SUBFIELD + code + rb"\s*(?:" + wanted + rb")\s*(?![^\x1f])")
        return lambda field: equal.search(field) is not None
    try:
        pattern = re.compile(value.encode())
    except re.error as error:
        raise RuleMistake(f"{text!r}: {value!r} is no regular expression ({error})") from None
    return lambda field: any(map(pattern.search, subfields(field, code)))


def _positions(match: re.Match[str], has_tag: Callable[[bytes], bool], text: str) -> Test:
    first = int(match["first"])
    last = int(match["last"] or match["first"])
    if match["operator"] != "=" or last < first:
        raise RuleMistake(f"{text!r}: positions are compared with =, as in {match['tag']}/06 = t|d or 008/35-37 = eng")
    wanted = frozenset(value.strip().replace("#", " ").encode() for value in match["value"].split("|"))
    if wrong := sorted(value for value in wanted if len(value) != last - first + 1):
        raise RuleMistake(f"{text!r}: {wrong[0].decode()!r} has {len(wrong[0])} characters "
                          f"for {last - first + 1} positions")
    if match["tag"] == "LDR":
        return lambda record: record.leader[first : last + 1] in wanted
    return lambda record: any(
        field[first : last + 1] in wanted
        for tag, field in zip(record.tags, record.fields, strict=True)
        if has_tag(tag)
    )


def compile_places(places: Sequence[str]) -> Callable[[Record], list[bytes]]:
    """For settings such as `lsn = ["852$8", "001"]`: a function that gives the values at the first place that has any.
    Raises RuleMistake."""
    steps: list[tuple[bytes, bytes | None]] = []
    for place in places:
        match = re.fullmatch(r"([0-9A-Za-z]{3})(?:\$([0-9a-z]))?", place.strip())
        if not match or (match[1] < "010") == (match[2] is not None):
            raise RuleMistake(f"{place!r} is no place in a record; write 001 or 852$8")
        steps.append((match[1].encode(), match[2].encode() if match[2] else None))

    def values(record: Record) -> list[bytes]:
        for tag, code in steps:
            fields = record.all(tag)
            found = fields if code is None else [v for field in fields for v in subfields(field, code)]
            if kept := [value.strip() for value in found if value.strip()]:
                return kept
        return []

    return values
