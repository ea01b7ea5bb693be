"""What the records of a whole block show, found with numpy: for each record a number that stands for its signs, so that the
number's plan tells what to ask of it, and most records need not be taken apart. Not for what the signs mean (signs.py), and
not for records one by one (remembered.py, whose answers for one field are used here for all fields alike).

A field's key stands for its tag, its indicators and its subfields: how often each code, and how often with a visible
character behind it. A record's number is the sum of a random number for each letter its fields have. Both have 64 bits:
that two differ and look the same is not to be expected in the lifetime of a catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from oclc_console.marc.batch import Block
from oclc_console.marc.block_check import Bytes, CheckedBlock, Flags, Positions
from oclc_console.marc.lint.remembered import LONG, Remembered, Tests, Watch
from oclc_console.marc.lint.view import codes_of

Numbers: TypeAlias = npt.NDArray[np.uint64]

_SLOT_BITS = 16  # of the shapes remembered, each at the place its key's first bits give; a newer one takes an older one's place
_FIELDS = 50_000  # fields remembered whose letters hang on what stands in them
_LETTERS = 2_000  # far more than there are signs and tags to count them by
_RANDOM = np.random.default_rng(20)
_OF_CODE: Numbers = _RANDOM.integers(1, 1 << 63, 512, np.uint64)  # from 256 on: a visible character follows
_OF_LETTER: list[int] = _RANDOM.integers(1, 1 << 63, _LETTERS, np.uint64).tolist()
_OF_TAG, _OF_INDICATORS, _MIX = _RANDOM.integers(1, 1 << 63, 3, np.uint64) | np.uint64(1)
_WRAP = (1 << 64) - 1
_FIRST_DATA_TAG = int.from_bytes(b"010")


class _Shape(NamedTuple):
    """What a shape shows: the sum of its letters, which tests there are for what stands in the field (0: none), and of which
    fields looked at together it is one, as bits."""

    total: int
    tests: int
    together: int


class BlockWatch:
    """Watches for the signs of a Watch, block by block."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        slots = 1 << _SLOT_BITS
        self._keys: Numbers = np.zeros(slots, np.uint64)
        self._totals: Numbers = np.zeros(slots, np.uint64)
        self._tests_of: npt.NDArray[np.int32] = np.zeros(slots, np.int32)
        self._together: npt.NDArray[np.int32] = np.zeros(slots, np.int32)
        self._tests: list[Tests] = [[]]
        self._known_tests: dict[str, int] = {"": 0}
        self._fields: dict[tuple[int, bytes], int] = {}
        self._words = Remembered(_sum_of, _LETTERS)

    def sums(self, block: Block) -> dict[int, int]:
        """For places of the block's records the number that stands for what that record shows. A few places are left out: those
        records must be looked at one by one."""
        checked = block.checked
        if not len(checked.owners):
            return {}
        octets = np.frombuffer(checked.block, np.uint8)
        marks = _Marks(checked, octets)
        shown, tests, together = self._of_shapes(marks)
        self._test(checked, tests, shown)
        upto = np.concatenate((np.zeros(1, np.uint64), np.cumsum(shown)))
        numbers = np.arange(len(checked.starts))
        firsts, behinds = (np.searchsorted(checked.owners, numbers, side) for side in ("left", "right"))
        sums: list[int] = (upto[behinds] - upto[firsts]).tolist()
        self._ask_together(checked, together, sums)
        usable = checked.sound.copy()
        usable[_with_controls(checked, octets)] = False
        usable[checked.owners[marks.odd]] = False
        leaders, places = block.leaders, block.places
        of_leader, words = self._watch.of_leader, self._words
        return {
            places[number]: sums[number] + words[of_leader(leaders[places[number]])] & _WRAP
            for number in np.flatnonzero(usable).tolist()
        }

    def _of_shapes(self, marks: _Marks) -> tuple[Numbers, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """What each field shows by its shape alone: as _Shape has it."""
        keys = marks.keys
        slots = (keys >> np.uint64(64 - _SLOT_BITS)).astype(np.intp)
        shown, tests, together = self._totals[slots], self._tests_of[slots], self._together[slots]
        missing = np.flatnonzero(self._keys[slots] != keys)
        if len(missing):
            fresh, first, which = np.unique(keys[missing], return_index=True, return_inverse=True)
            shapes = [self._look_at(marks, int(missing[at])) for at in first.tolist()]
            totals = np.array([shape.total for shape in shapes], np.uint64)
            of_tests = np.array([shape.tests for shape in shapes], np.int32)
            of_together = np.array([shape.together for shape in shapes], np.int32)
            shown[missing], tests[missing], together[missing] = totals[which], of_tests[which], of_together[which]
            for at, slot in enumerate((fresh >> np.uint64(64 - _SLOT_BITS)).tolist()):
                self._keys[slot], self._totals[slot] = fresh[at], totals[at]
                self._tests_of[slot], self._together[slot] = of_tests[at], of_together[at]
        return shown, tests, together

    def _look_at(self, marks: _Marks, number: int) -> _Shape:
        """The shape of one field that stands for all with its key."""
        tag, field = marks.field(number)
        control = tag < b"010"
        letters, tests = self._watch.shapes[(tag, b"", b"") if control else (tag, codes_of(field), field[:2])]
        filled = {part[0] for part in field.split(b"\x1f")[1:] if len(part) > 1 and part[1] > 0x20}
        left: Tests = []
        for sign, letter, test in tests:
            if filled.intersection(sign.filled):
                letters += letter
            elif not sign.in_controls:
                left.append((sign, letter, test))
        name = "".join(letter for _, letter, _ in left) and ("c" if control else "d") + "".join(letter for _, letter, _ in left)
        if name not in self._known_tests:
            self._known_tests[name] = len(self._tests)
            self._tests.append(left)
        bits = sum(1 << bit for bit, letter in enumerate(self._watch.togethers) if letter in letters)
        return _Shape(_sum_of(letters), self._known_tests[name], bits)

    def _test(self, checked: CheckedBlock, tests: npt.NDArray[np.int32], shown: Numbers) -> None:
        """Adds what fields show by what stands in them to what they show."""
        here = np.flatnonzero(tests)
        block, known, totals = checked.block, self._fields, []
        starts, ends = checked.field_starts[here].tolist(), checked.field_ends[here].tolist()
        for start, end, which in zip(starts, ends, tests[here].tolist(), strict=True):
            field = block[start:end]
            total = known.get((which, field))
            if total is None:
                total = sum(_OF_LETTER[ord(letter)] for _, letter, test in self._tests[which] if test(field)) & _WRAP
                if end - start <= LONG:
                    if len(known) >= _FIELDS:
                        known.clear()
                    known[which, field] = total
            totals.append(total)
        shown[here] += np.array(totals, np.uint64)

    def _ask_together(self, checked: CheckedBlock, together: npt.NDArray[np.int32], sums: list[int]) -> None:
        """Adds what fields say together to the records' sums."""
        for bit, asked in enumerate(self._watch.togethers.values()):
            here = np.flatnonzero(together & 1 << bit)
            for owner, fields in groupby(_tagged(checked, here), _OWNER):
                letter = self._watch.of_answer(asked, [field for _, field in fields])
                sums[owner] += self._words[letter]


_OWNER = itemgetter(0)


class _Marks:
    """The 0x1F of a block's fields: `keys` has each field's key, `odd` the fields that are not like others of their tag."""

    def __init__(self, checked: CheckedBlock, octets: Bytes) -> None:
        self._checked = checked
        marks = np.flatnonzero(octets == 0x1F)
        starts, ends, tags = checked.field_starts, checked.field_ends, checked.tags
        first, behind = np.searchsorted(marks, starts), np.searchsorted(marks, ends)
        codes = octets.take(marks + 1, mode="clip").astype(np.intp)
        codes[(codes == 0x1F) | (codes == 0x1E)] = 0
        codes += (octets.take(marks + 2, mode="clip") > 0x20).astype(np.intp) << 8
        upto = np.concatenate((np.zeros(1, np.uint64), np.cumsum(_OF_CODE[codes])))
        data = tags >= _FIRST_DATA_TAG
        indicators = (octets[starts].astype(np.uint64) << np.uint64(8) | octets[starts + 1]) * data
        keys = upto[behind] - upto[first] + tags.astype(np.uint64) * _OF_TAG + indicators * _OF_INDICATORS
        self.keys: Numbers = (keys ^ keys >> np.uint64(29)) * _MIX
        self.odd: Positions = np.flatnonzero(~data & (first != behind))

    def field(self, number: int) -> tuple[bytes, bytes]:
        """One of the fields, and its tag."""
        checked = self._checked
        start, end = int(checked.field_starts[number]), int(checked.field_ends[number])
        return checked.entries[number, :3].tobytes(), checked.block[start:end]


def _with_controls(checked: CheckedBlock, octets: Bytes) -> Positions:
    """The numbers of records that have a control character somewhere."""
    found = np.flatnonzero((octets < 0x1B) | (octets == 0x1C) | (octets == 0x7F))
    return np.unique(np.searchsorted(checked.ends, found))


def _tagged(checked: CheckedBlock, which: Positions) -> Iterator[tuple[int, bytes]]:
    """Each of these fields, its tag in front, with the number of its record."""
    block, tags = checked.block, checked.entries[which, :3].tobytes()
    spans = zip(checked.owners[which].tolist(), checked.field_starts[which].tolist(), checked.field_ends[which].tolist(),
                strict=True)
    for at, (owner, start, end) in enumerate(spans):
        yield owner, tags[3 * at : 3 * at + 3] + block[start:end]


def _sum_of(letters: str) -> int:
    return sum(_OF_LETTER[ord(letter)] for letter in letters) & _WRAP
