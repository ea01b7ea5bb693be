"""What the fields of records show, remembered: a field that stood just so in a record before is not looked at again, nor is
the shape of a field. Everything remembered is bounded, so that wild data does not fill the memory. Not for what the signs
mean (signs.py, and the rules)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TypeVar

from oclc_console.marc.lint.signs import Shown, Sign, Test, Together
from oclc_console.marc.lint.view import Context, codes_of
from oclc_console.marc.record import SUBFIELD, Record

_SHAPES, _FIELDS, _CONTROL_FIELDS, _LEADERS = 20_000, 20_000, 20_000, 2_000  # how many are remembered
_LONG = 60  # bytes; longer fields hardly ever come again
ITS_OWN = frozenset(b"010 020 035 079 245 852".split())  # nor do these
_DATA = b"010"  # the first tag of fields with indicators and subfields
DIGITS_ALIKE = bytes(0x30 if 0x30 <= code <= 0x39 else code for code in range(256))
_FIELD = b"\x1e"
_NEXT_FIELD = SUBFIELD + _FIELD
_FIRST = itemgetter(0)
_Field = tuple[bytes, bytes]  # tag, field
_Shape = tuple[bytes, bytes, bytes]  # tag, subfield codes, indicators
Tests = list[tuple[Sign, str, Test]]  # a sign, its letter, and the test of what stands in the field
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Remembered(dict[Asked, Answer]):
    """`remembered[asked]` works the answer out the first time and knows it then; when it is full it forgets everything."""

    def __init__(self, work_out: Callable[[Asked], Answer], limit: int) -> None:
        super().__init__()
        self._work_out, self._limit = work_out, limit

    def __missing__(self, asked: Asked) -> Answer:
        if len(self) >= self._limit:
            self.clear()
        answer = self[asked] = self._work_out(asked)
        return answer


class Watch:
    """Watches for some signs. What a record shows is written as a word, a letter for each field and sign it shows, so that
    records that show the same have the same letters. `togethers` are the fields that are looked at together: by the letter
    which each of them has for being one of these."""

    def __init__(self, signs: Iterable[Sign], context: Context) -> None:
        wanted = dict.fromkeys(signs)
        self._signs = [(sign, sign.says_in(context) if sign.says_in else sign.says or always)
                       for sign in wanted if not sign.together]
        self._answers = {(sign.together, sign.answer): sign for sign in wanted if sign.together}
        self._letters: dict[tuple[Sign | Together, bytes], str] = {}  # the tag only where it counts
        self._meaning: dict[str, Sign] = {}
        self.togethers = {self._letter(together): together for together, _ in self._answers}
        self.shapes = Remembered(self._of_shape, _SHAPES)
        self._fields: dict[_Field, str] = {}
        self._control_fields = Remembered(self._of_control_field, _CONTROL_FIELDS)
        self._leaders = Remembered(self._of_leader, _LEADERS)

    def word_of(self, record: Record) -> str:
        """The word for what a record shows."""
        leader, tags, fields = record
        word = self.of_leader(leader)
        data = 0
        for tag, field in zip(tags, fields, strict=True):
            if tag >= _DATA or SUBFIELD in field:
                break
            data += 1
            word += self.of_control_field(tag, field)
        here = list(zip(tags[data:], fields[data:], strict=True))
        letters = self._of_fields(here)
        word += "".join(letters)
        for letter, together in self.togethers.items():
            if letter in word:
                concerned = [tag + field for (tag, field), its in zip(here, letters, strict=True) if letter in its]
                word += self.of_answer(together, together.says(concerned))
        return word

    def of_leader(self, leader: bytes) -> str:
        """The letters of a leader."""
        # lengths differ from leader to leader, and are digits; but a digit at 17 is an encoding level
        return self._leaders[leader.translate(DIGITS_ALIKE) + leader[17:18]]

    def of_control_field(self, tag: bytes, field: bytes) -> str:
        """The letters of a field without subfields."""
        letters, tests = self._control_fields[tag, field.translate(DIGITS_ALIKE)]
        for _, letter, test in tests:
            if test(field):
                letters += letter
        return letters

    def of_answer(self, together: Together, answer: str) -> str:
        """The letter of what some fields say together."""
        sign = self._answers.get((together, answer))
        return self._letter(sign) if sign else ""

    def _of_fields(self, fields: Sequence[_Field]) -> list[str]:
        """The letters of each of these data fields."""
        known = list(map(self._fields.get, fields))
        if None in known:
            self._look_at(fields, known)
        return [letters for letters in known if letters is not None]

    def _look_at(self, fields: Sequence[_Field], known: list[str | None]) -> None:
        """Fills in the letters of those fields that are not remembered."""
        fresh = [place for place, letters in enumerate(known) if letters is None]
        codes = _codes_of_each([fields[place][1] for place in fresh])
        if len(self._fields) > _FIELDS:
            self._fields.clear()
        for place, its_codes in zip(fresh, codes, strict=True):
            tag, field = fields[place]
            letters, tests = self.shapes[tag, its_codes, field[:2]]
            for _, letter, test in tests:
                if test(field):
                    letters += letter
            known[place] = letters
            if tag not in ITS_OWN and len(field) <= _LONG:
                self._fields[tag, field] = letters

    def _of_leader(self, like_others: bytes) -> str:
        leader = like_others[:17] + like_others[24:] + like_others[18:24]
        return "".join(self._letter(sign) for sign, test in self._signs if sign.shape is None and test and test(leader))

    def _of_control_field(self, like_others: _Field) -> tuple[str, Tests]:
        tag, field = like_others
        letters, tests = self.shapes[tag, b"", b""]
        return (letters + "".join(letter for sign, letter, test in tests if not sign.digits and test(field)),
                [each for each in tests if each[0].digits])

    def _of_shape(self, shape: _Shape) -> tuple[str, Tests]:
        letters = "".join(letter for letter, together in self.togethers.items() if together.shape(*shape))
        tests = []
        for sign, test in self._signs:
            if test is not None and sign.shape is not None and sign.shape(*shape):
                letter = self._letter(sign, shape[0] if sign.each_tag else b"")
                if test is always:
                    letters += letter
                else:
                    tests.append((sign, letter, test))
        return letters, tests

    def _letter(self, sign: Sign | Together, tag: bytes = b"") -> str:
        letter = self._letters.setdefault((sign, tag), chr(len(self._letters)))
        if isinstance(sign, Sign):
            self._meaning[letter] = sign
        return letter

    def shown(self, word: str) -> Shown:
        """How many fields show each sign, by the word for it."""
        shown = Counter[Sign]()
        for letter, count in Counter(word).items():
            if sign := self._meaning.get(letter):
                shown[sign] = max(shown[sign], count)
        return shown


def _codes_of_each(fields: Sequence[bytes]) -> list[bytes]:
    """The subfield codes of each of these fields, found together, which is quicker than one after the other."""
    parts = (_FIELD + _NEXT_FIELD.join(fields)).split(SUBFIELD)
    try:
        codes = bytes(map(_FIRST, parts)).split(_FIELD)
    except IndexError:
        return list(map(codes_of, fields))
    del codes[0]
    return codes if len(codes) == len(fields) else list(map(codes_of, fields))


def always(field: bytes) -> bool:
    """The test of a sign that needs none."""
    return True
