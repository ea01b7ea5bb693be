"""What the records of a whole block show, found with numpy: for each record a number that stands for its signs, so that the
number's plan tells what to ask of it, and most records need not be taken apart. Not for what the signs mean (signs.py), and
not for records one by one (remembered.py, whose answers for one field are used here for all fields alike).

A field's key stands for its tag, its indicators and its subfields: how often each code, and how often with a visible
character behind it. A record's number is the sum of a random number for each letter its fields have. Both have 64 bits:
that two differ and look the same is not to be expected in the lifetime of a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from struct import Struct
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from oclc_console.marc.batch import Block
from oclc_console.marc.block_check import Bytes, CheckedBlock, Positions, window
from oclc_console.marc.lint.remembered import DIGITS_ALIKE, ITS_OWN, Tests, Watch
from oclc_console.marc.lint.view import codes_of

Numbers: TypeAlias = npt.NDArray[np.uint64]

_LETTERS = 2_000  # far more than there are signs and tags to count them by
_RANDOM = np.random.default_rng(20)
_OF_CODE: Numbers = _RANDOM.integers(1, 1 << 63, 512, np.uint64)  # from 256 on: a visible character follows
_OF_LETTER: list[int] = _RANDOM.integers(1, 1 << 63, _LETTERS, np.uint64).tolist()
_OF_EIGHT: Numbers = _RANDOM.integers(1, 1 << 63, 8, np.uint64) | np.uint64(1)
_OF_TAG, _OF_INDICATORS, _OF_TESTS, _MIX = _RANDOM.integers(1, 1 << 63, 4, np.uint64) | np.uint64(1)
_TAGS = Struct("3s").iter_unpack
_HALF = np.uint64(29)
_WRAP = (1 << 64) - 1
_FIRST_DATA_TAG = int.from_bytes(b"010")
_SHORT = 64  # bytes; longer fields hardly ever come again
_ENCODING_LEVEL = 17  # in the leader; the one digit there that tells something
_DIGITS_ALIKE = np.frombuffer(DIGITS_ALIKE, np.uint8)
_KEPT = np.tri(_SHORT + 1, _SHORT, -1, np.uint8) * np.uint8(255)  # by a field's length: 255 for each of its bytes


class _Table:
    """Rows of `columns` numbers by their keys. Of keys that begin with the same bits the newest is kept, so that a table never
    grows."""

    _BITS = 16

    def __init__(self, columns: int) -> None:
        self._keys: Numbers = np.zeros(1 << self._BITS, np.uint64)
        self._rows: Numbers = np.zeros((1 << self._BITS, columns), np.uint64)

    def rows(self, keys: Numbers, work_out: Callable[[int], Sequence[int]]) -> Numbers:
        """The row of each key; where it is not known it is worked out, from the place of the key among these keys."""
        slots = (keys >> np.uint64(64 - self._BITS)).astype(np.intp)
        rows: Numbers = self._rows[slots]
        missing = np.flatnonzero(self._keys[slots] != keys)
        if len(missing):
            fresh, first, which = np.unique(keys[missing], return_index=True, return_inverse=True)
            made = np.array([work_out(place) for place in missing[first].tolist()], np.uint64)
            rows[missing] = made[which]
            slots = (fresh >> np.uint64(64 - self._BITS)).astype(np.intp)
            for slot, key, row in zip(slots.tolist(), fresh, made, strict=True):  # one after the other: two may share a slot
                self._keys[slot], self._rows[slot] = key, row
        return rows


class BlockWatch:
    """Watches for the signs of a Watch, block by block."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._shapes, self._fields, self._leaders = _Table(3), _Table(1), _Table(1)
        self._tests: list[Tests] = [[]]  # those for what stands in a field, by the number that shapes know them by
        self._known: dict[str, int] = {"": 0}
        self._tells_apart = [False]  # of these: whether what stands in such fields hardly ever comes again

    def sums(self, block: Block) -> dict[int, int]:
        """For places of the block's records the number that stands for what that record shows. A few places are left out: those
        records must be looked at one by one."""
        fields = _Fields(block.checked)
        checked = fields.checked
        if not len(checked.owners):
            return {}
        shown, tests, together = self._shapes.rows(fields.keys, lambda number: self._shape(*fields.field(number))).T
        shown += self._by_content(fields, tests.astype(np.intp))
        upto = np.concatenate((np.zeros(1, np.uint64), np.cumsum(shown)))
        numbers = np.arange(len(checked.starts))
        sums = upto[np.searchsorted(checked.owners, numbers, "right")] - upto[np.searchsorted(checked.owners, numbers)]
        self._ask_together(fields, together, sums)
        usable = checked.sound.copy()
        usable[fields.with_controls()] = False
        usable[fields.odd] = False
        here = np.flatnonzero(usable)
        sums[here] += self._of_leaders(checked, here)
        return dict(zip([block.places[number] for number in here.tolist()], sums[here].tolist(), strict=True))

    def _of_leaders(self, checked: CheckedBlock, which: Positions) -> Numbers:
        """What the leaders of these records show."""
        starts = checked.starts[which]
        rows = window(checked.block, starts, 24)
        alike = _DIGITS_ALIKE[rows]
        alike[:, _ENCODING_LEVEL] = rows[:, _ENCODING_LEVEL]

        def work_out(place: int) -> list[int]:
            start = int(starts[place])
            return [_sum_of(self._watch.of_leader(checked.block[start : start + 24]))]

        return self._leaders.rows(_hash(alike), work_out)[:, 0]

    def _shape(self, tag: bytes, field: bytes) -> tuple[int, int, int]:
        """What a field shows by its shape: the sum of its letters, the number of the tests for what stands in it, and of which
        fields looked at together it is one, as bits."""
        control = tag < b"010"
        letters, tests = self._watch.shapes[(tag, b"", b"") if control else (tag, codes_of(field), field[:2])]
        filled = {part[0] for part in field.split(b"\x1f")[1:] if len(part) > 1 and part[1] > 0x20}
        left: Tests = []
        for sign, letter, test in tests:
            if filled.intersection(sign.filled):
                letters += letter
            elif not sign.in_controls:
                left.append((sign, letter, test))
        name = "".join(letter for _, letter, _ in left)
        apart = tag in ITS_OWN or any(sign.digits for sign, _, _ in left)
        if name and name + str(control + 2 * apart) not in self._known:
            self._known[name + str(control + 2 * apart)] = len(self._tests)
            self._tests.append(left)
            self._tells_apart.append(apart)
        bits = sum(1 << bit for bit, letter in enumerate(self._watch.togethers) if letter in letters)
        return _sum_of(letters), self._known[name and name + str(control + 2 * apart)], bits

    def _by_content(self, fields: _Fields, tests: Positions) -> Numbers:
        """What each field shows by what stands in it."""
        shown = np.zeros(len(tests), np.uint64)
        again = (tests > 0) & ~np.array(self._tells_apart)[tests]
        short = fields.lengths <= _SHORT

        def test(number: int) -> list[int]:
            _, field = fields.field(number)
            return [sum(_OF_LETTER[ord(letter)] for _, letter, says in self._tests[tests[number]] if says(field)) & _WRAP]

        here = np.flatnonzero(again & short)
        keys = fields.contents(here) + tests[here].astype(np.uint64) * _OF_TESTS
        shown[here] = self._fields.rows(_mixed(keys), lambda place: test(int(here[place])))[:, 0]
        rest = np.flatnonzero((tests > 0) & ~(again & short))
        checked, tests_of, letters = fields.checked, self._tests, _OF_LETTER
        block, totals = checked.block, []
        for start, end, which in zip(checked.field_starts[rest].tolist(), checked.field_ends[rest].tolist(),
                                     tests[rest].tolist(), strict=True):
            field, total = block[start:end], 0
            for _, letter, says in tests_of[which]:
                if says(field):
                    total += letters[ord(letter)]
            totals.append(total & _WRAP)
        shown[rest] = totals
        return shown

    def _ask_together(self, fields: _Fields, together: Numbers, sums: Numbers) -> None:
        """Adds what fields say together to the records' sums."""
        together = together.astype(np.intp)
        for bit, asked in enumerate(self._watch.togethers.values()):
            here = np.flatnonzero(together & 1 << bit)
            if not len(here):
                continue
            tagged, owners, says = fields.tagged(here), fields.checked.owners[here], asked.says
            cuts = np.flatnonzero(owners[1:] != owners[:-1]) + 1
            bounds = [0, *cuts.tolist(), len(here)]
            answers = [says(tagged[first:behind]) for first, behind in pairwise(bounds)]
            totals = {answer: _sum_of(self._watch.of_answer(asked, answer)) for answer in set(answers)}
            sums[owners[bounds[:-1]]] += np.array([totals[answer] for answer in answers], np.uint64)


class _Fields:
    """The fields of a checked block: `keys` has the key of each, `lengths` its bytes; `odd` the numbers of records with a
    control field that is not like others."""

    def __init__(self, checked: CheckedBlock) -> None:
        self.checked = checked
        self._octets: Bytes = np.frombuffer(checked.block, np.uint8)
        octets, starts, ends, tags = self._octets, checked.field_starts, checked.field_ends, checked.tags
        self.lengths: Positions = ends - starts
        marks = np.flatnonzero(octets == 0x1F)
        first, behind = np.searchsorted(marks, starts), np.searchsorted(marks, ends)
        codes = octets.take(marks + 1, mode="clip").astype(np.intp)
        codes[(codes == 0x1F) | (codes == 0x1E)] = 0
        codes += (octets.take(marks + 2, mode="clip") > 0x20).astype(np.intp) << 8
        upto = np.concatenate((np.zeros(1, np.uint64), np.cumsum(_OF_CODE[codes])))
        data = tags >= _FIRST_DATA_TAG
        indicators = (octets[starts].astype(np.uint64) << np.uint64(8) | octets[starts + 1]) * data
        self.keys = _mixed(upto[behind] - upto[first] + tags.astype(np.uint64) * _OF_TAG + indicators * _OF_INDICATORS)
        self.odd: Positions = checked.owners[~data & (first != behind)]
        self._data = data

    def field(self, number: int) -> tuple[bytes, bytes]:
        """The tag of one of the fields, and the field."""
        checked = self.checked
        start, end = int(checked.field_starts[number]), int(checked.field_ends[number])
        return checked.entries[number, :3].tobytes(), checked.block[start:end]

    def tagged(self, which: Positions) -> list[bytes]:
        """Each of these fields with its tag in front."""
        checked, block = self.checked, self.checked.block
        starts, ends = checked.field_starts[which].tolist(), checked.field_ends[which].tolist()
        tags = _TAGS(checked.entries[which, :3].tobytes())
        return [tag + block[start:end] for (tag,), start, end in zip(tags, starts, ends, strict=True)]

    def contents(self, which: Positions) -> Numbers:
        """A number for what stands in each of these fields, none longer than _SHORT; in control fields digits are alike."""
        rows = window(self.checked.block, self.checked.field_starts[which], _SHORT) & _KEPT[self.lengths[which]]
        control = ~self._data[which]
        rows[control] = _DIGITS_ALIKE[rows[control]]
        return _hash(rows)

    def with_controls(self) -> Positions:
        """The numbers of records that have a control character somewhere."""
        octets = self._octets
        found = np.flatnonzero((octets < 0x1B) | (octets == 0x1C) | (octets == 0x7F))
        return np.searchsorted(self.checked.ends, found)


def _hash(rows: Bytes) -> Numbers:
    """A number for each row; of bytes, eight times a few of them."""
    eights = rows.view(np.uint64)
    keys = np.zeros(len(rows), np.uint64)
    for number in range(eights.shape[1]):
        keys = _mixed(keys + eights[:, number]) * _OF_EIGHT[number]
    return _mixed(keys)


def _mixed(keys: Numbers) -> Numbers:
    """Numbers that differ in every bit where these differ in any."""
    mixed: Numbers = (keys ^ keys >> _HALF) * _MIX
    return mixed ^ mixed >> _HALF


def _sum_of(letters: str) -> int:
    return sum(_OF_LETTER[ord(letter)] for letter in letters) & _WRAP
