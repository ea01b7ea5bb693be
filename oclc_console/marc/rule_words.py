"""A rule of console.toml in plain English, for whoever asks why a record went where it went: named rules are spelled out, so
that the sentence says everything. Not for deciding whether a record fulfils a rule (query.py).

    { all = ["@archival"], none = ["843"] }   ->   when (LDR/08 is a, or LDR/06 is t, d or f), and never when there is an 843
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from oclc_console.marc.query import Rule, compile_condition

_BUILT_IN = {"brief": ("the record is brief (Alma's brief levels 01 to 03)",
                       "the record is not brief (Alma's brief levels 01 to 03)")}
_ONCE = ("LDR", "008")  # MARC 21: these stand in a record once; every other field may be repeated
_COMPARED = re.compile(r"([^=~]+?)\s*([=~])\s*(.*)")
_LITERAL = re.compile(r"[^\\.^$*+?{}\[\]|()]+")
_NUMBERS = {1: "a", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}


@dataclass(frozen=True)
class _Said:
    """One condition in words, and its contrary."""

    yes: str
    no: str


@dataclass(frozen=True)
class _Group:
    """Several conditions of which `how` many must hold; an empty `all` always holds, an empty `any` never."""

    how: Literal["all", "any"]
    parts: tuple[_Node, ...]


@dataclass(frozen=True)
class _Not:
    """The contrary."""

    part: _Node


_Node = _Said | _Group | _Not


def rule_words(rule: Rule, named: Mapping[str, Rule]) -> str:
    """A rule as the end of a sentence that begins "kept" or "left out": `when ..., and never when ...`, `unless ...` or
    `always`. Raises RuleMistake as compiling the rule does."""
    whole = _rule(rule, named)
    parts = whole.parts if isinstance(whole, _Group) and whole.how == "all" else (whole,)
    wanted = [part for part in parts if not isinstance(part, _Not)]
    unwanted = _group("any", (part.part for part in parts if isinstance(part, _Not)))
    if unwanted == _group("any", ()):
        return f"when {_list(wanted)}" if wanted else "always"
    if not wanted:
        return f"unless {_outermost(unwanted)}"
    return f"when {_list(wanted)}, and never when {_outermost(unwanted)}"


def condition_words(text: str, named: Mapping[str, Rule]) -> str:
    """One condition, or a named rule, as `rule_words` says a whole rule."""
    return rule_words(Rule(all=(text,)), named)


def _list(wanted: Sequence[_Node]) -> str:
    """What must hold, at the sentence's own level: one group of alternatives needs no brackets."""
    return _outermost(wanted[0]) if len(wanted) == 1 else ", and ".join(_inside(part) for part in wanted)


# reading


def _rule(rule: Rule, named: Mapping[str, Rule]) -> _Node:
    every = [_condition(text, named) for text in rule.all]
    if rule.any:
        every.append(_group("any", (_condition(text, named) for text in rule.any)))
    every += [_Not(_condition(text, named)) for text in rule.none]
    return _group("all", every)


def _group(how: Literal["all", "any"], parts: Iterable[_Node]) -> _Node:
    """A group with groups of its own kind taken in, each condition once; a group of one is that one."""
    flat: dict[_Node, None] = {}
    for part in parts:
        taken_in = part.parts if isinstance(part, _Group) and part.how == how else (part,)
        flat.update(dict.fromkeys(taken_in))
    return next(iter(flat)) if len(flat) == 1 else _Group(how, tuple(flat))


def _condition(text: str, named: Mapping[str, Rule]) -> _Node:
    compile_condition(text, named)  # says what is wrong with it, and that no named rule leads back to itself
    text = text.strip()
    if text.startswith("@"):
        return _rule(named[text[1:]], named) if text[1:] in named else _Said(*_BUILT_IN[text[1:]])
    compared = _COMPARED.fullmatch(text)
    if compared is None:
        place = _place(text)
        return _Said(f"there is {_article(place)} {place}", f"there is no {place}")
    place, operator, value = _place(compared[1]), compared[2], compared[3].strip()
    values = [each.strip() for each in value.split("|")] if operator == "=" else []
    if "/" in place:
        values = [_positions(each) for each in values]
    verb = f"is {_either(values)}" if values else _pattern(value)
    if place.partition("/")[0] in _ONCE:
        return _Said(f"{place} {verb}", f"{place} is not {_either(values)}")
    return _Said(f"{_article(place)} {place} {verb}", f"no {place} {verb}")


def _place(text: str) -> str:
    """`852 $b` for `852$b`."""
    return text.strip().replace("$", " $")


def _article(place: str) -> str:
    """`an` before what is read out with a vowel: 8XX ("eight"), and letters such as A or S."""
    return "an" if place[:1] in "8AEFHILMNORSXaefhilmnorsx" else "a"


def _positions(value: str) -> str:
    """Character positions; a blank is named, since it can't be seen."""
    if value.strip("#"):
        return value
    return "blank" if len(value) == 1 else f"{_NUMBERS.get(len(value), str(len(value)))} blanks"


def _pattern(pattern: str) -> str:
    """A regular expression, in words where it is a plain text with or without its ends marked."""
    bare = pattern.removeprefix("^").removesuffix("$")
    if not _LITERAL.fullmatch(bare):
        return f"matches the pattern {pattern}"
    begins, ends = pattern.startswith("^"), pattern.endswith("$")
    if begins and ends:
        return f'is "{bare}"'
    return f"{'begins with' if begins else 'ends with' if ends else 'contains'} \"{bare}\""


def _either(values: Sequence[str]) -> str:
    """`t`, `t or d`, `t, d or f`."""
    *before, last = values
    return f"{', '.join(before)} or {last}" if before else last


# saying


def _outermost(node: _Node) -> str:
    """A node where no brackets are needed around it."""
    if isinstance(node, _Group) and node.parts:
        return (", and " if node.how == "all" else ", or ").join(_inside(part) for part in node.parts)
    return _inside(node)


def _inside(node: _Node) -> str:
    """A node among others: a group stands in brackets, a contrary is carried inwards to the conditions themselves."""
    if isinstance(node, _Said):
        return node.yes
    if isinstance(node, _Not):
        return _inside(_contrary(node.part))
    if not node.parts:
        return "always" if node.how == "all" else "never"
    return f"({_outermost(node)})"


def _contrary(node: _Node) -> _Node:
    if isinstance(node, _Said):
        return _Said(node.no, node.yes)
    if isinstance(node, _Not):
        return node.part
    turned: Callable[[_Node], _Node] = _contrary
    return _group("any" if node.how == "all" else "all", map(turned, node.parts))
