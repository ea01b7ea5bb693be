"""Signs: what one field of a record, or its leader, can show that bears on a rule. Whether a rule has to be asked of a record
follows from the signs its fields show, and what a field shows can be remembered, because records hold the same fields and
the same shapes of fields again and again. Not a judgement: a sign may be there without a fault, but no fault without its
sign. The judgement is the rule's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oclc_console.marc.lint.view import Context

if TYPE_CHECKING:
    from oclc_console.marc.lint.rule import Hit

# Of a field's tag, subfield codes and indicators; never of the order of the codes, which is not always known where it is asked.
ShapeTest = Callable[[bytes, bytes, bytes], bool]
Test = Callable[[bytes], object]  # of a whole field, or a leader; the bound method of a pattern is the quickest


@dataclass(frozen=True, eq=False, slots=True)
class Together:
    """The data fields of a record that pass `shape`, looked at together: `says` takes each of them, its tag in front, and
    answers with a word. It is not asked where there is no such field."""

    shape: ShapeTest
    says: Callable[[Sequence[bytes]], str]


@dataclass(frozen=True, eq=False, slots=True)
class Sign:
    """A sign that a field shows when its `shape` passes, and what stands in it as well where there is a test: `says`, or the
    one that `says_in` makes for a context (None: never shown there). Without `shape` it is a sign of the leader; or of the
    fields `together`, when these answer with `answer`.

    In leaders and control fields digits are taken to be alike: where the test of a control field hangs on them, `digits` tells
    so (of a leader none does, but on the encoding level). With `each_tag` the fields that show it are counted for each tag by
    itself. Two things spare the test: `filled`, codes of which one subfield that begins with a visible character is enough for
    it; `in_controls`, when only a field with a control character can pass it (not counting 0x1B to 0x1F but 0x1C)."""

    shape: ShapeTest | None
    says: Test | None = None
    says_in: Callable[[Context], Test | None] | None = None
    digits: bool = False
    each_tag: bool = False
    filled: bytes = b""
    in_controls: bool = False
    together: Together | None = None
    answer: str = ""


Shown = Mapping[Sign, int]  # how many fields of a record show a sign; with `each_tag`, of the tag that has most; 0 for none


@dataclass(frozen=True, eq=False, slots=True)
class Reason:
    """When to ask a rule of a record: the signs that bear on it, and whether those shown give reason to. Reason must be given
    wherever the rule would find something. Where the signs alone tell what the rule finds, `settled` gives it (else None)."""

    signs: tuple[Sign, ...]
    given: Callable[[Shown], bool]
    settled: Callable[[Shown], Sequence[Hit] | None] | None = None


def when(*signs: Sign) -> Reason:
    """Reason to ask when one of these signs is shown."""
    return Reason(signs, lambda shown: any(shown[sign] for sign in signs))


def with_tag(*tags: str) -> ShapeTest:
    """The test for a field with one of these tags."""
    wanted = frozenset(tag.encode() for tag in tags)
    return lambda tag, codes, indicators: tag in wanted


def with_codes(tag: str, needed: bytes) -> ShapeTest:
    """The test for a field with this tag and all of these subfields."""
    wanted = tag.encode()
    return lambda tag, codes, indicators: tag == wanted and set(needed).issubset(codes)


def unless(fine: Test, shape: ShapeTest) -> Reason:
    """Reason to ask when a field of this shape is not fine."""
    all_of_them, fine_ones = Sign(shape), Sign(shape, fine)
    return Reason((all_of_them, fine_ones), lambda shown: shown[all_of_them] > shown[fine_ones])


def of_leader(says: Test) -> Sign:
    """A sign of the leader."""
    return Sign(None, says)


def of_fields(together: Together, answer: str) -> Sign:
    """A sign of some fields of a record, when they answer so together."""
    return Sign(None, together=together, answer=answer)
