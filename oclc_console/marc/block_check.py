"""Checks a whole block of records at once with numpy: which of them are sound beyond doubt, and where their fields stand. What
it calls sound, source.judge accepts with the same fields; everything else it leaves to judge, which knows the reasons and
the rarer lawful shapes (so judge is its oracle).

A block is bytes that end with 0x1D. Positions are bytes in the block; a "window" view gathers the k bytes behind each of many
positions in one step. Not for warnings, and not for reading files."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]

_TOLD = np.zeros((12, 3), np.float32)  # a directory entry, less 48 -> its tag as a number, less _TAG_000; length; start
_TOLD[:3, 0] = [1 << 16, 1 << 8, 1]
_TOLD[3:7, 1] = [1000, 100, 10, 1]
_TOLD[7:, 2] = [10000, 1000, 100, 10, 1]
_TAG_000, _TAG_009 = int.from_bytes(b"000"), int.from_bytes(b"009")
_FIVE_DIGITS = np.array([10000, 1000, 100, 10, 1], np.int64)
_LETTER_OR_DIGIT = np.array([chr(code).isalnum() and code < 128 for code in range(256)])


class CheckedBlock:
    """A checked block: where each stretch up to a 0x1D starts and ends (its 0x1D is at `ends`), which are `sound`, and the
    directory entries of those, record after record: `entries` (12 bytes each), `owners` (number of the stretch), and from
    where to where the field's bytes stand."""

    def __init__(self, block: bytes) -> None:
        self.block = block
        octets = np.frombuffer(block, np.uint8)
        field_ends: Positions = np.flatnonzero(octets == 0x1E)
        self.ends: Positions = np.flatnonzero(octets == 0x1D)
        self.starts: Positions = np.concatenate(([0], self.ends[:-1] + 1))
        self.sound, self.bases, first = self._by_leader(octets, field_ends)
        self.sound &= self._well_coded(octets)
        self._find_fields(field_ends, first)

    def _by_leader(self, octets: Bytes, field_ends: Positions) -> tuple[Flags, Positions, Positions]:
        """Which records have a leader that is true: lengths, coding, as many fields as the directory has entries. Also their
        base addresses, and the first of the 0x1E of each in `field_ends`."""
        lengths = self.ends - self.starts + 1
        sound: Flags = lengths > 26
        leaders = window(self.block, np.where(sound, self.starts, 0), 24)
        digits = leaders[:, [0, 1, 2, 3, 4, 12, 13, 14, 15, 16]].astype(np.int64) - 48
        sound &= ((digits >= 0) & (digits < 10)).all(1) & (leaders < 128).all(1)
        sound &= digits[:, :5] @ _FIVE_DIGITS == lengths
        bases = digits[:, 5:] @ _FIVE_DIGITS
        sound &= (bases > 25) & (bases < lengths) & ((bases - 25) % 12 == 0)
        sound &= (leaders[:, 9] == ord("a")) | (leaders[:, 9] == ord(" "))
        first, behind = np.searchsorted(field_ends, self.starts), np.searchsorted(field_ends, self.ends)
        sound &= behind - first == (bases - 25) // 12 + 1
        sound &= octets[self.ends - 1] == 0x1E
        sound[sound] = field_ends[first[sound]] == (self.starts + bases)[sound] - 1  # the first one ends the directory
        return sound, bases, first

    def _find_fields(self, field_ends: Positions, first: Positions) -> None:
        """Compares each directory entry with the field that stands there, and drops the records with one that differs."""
        kept = np.flatnonzero(self.sound)
        counts = (self.bases[kept] - 25) // 12
        before = np.cumsum(counts) - counts
        owners, numbers = np.repeat(kept, counts), np.arange(counts.sum())
        entries = window(self.block, np.repeat(self.starts[kept] + 24 - 12 * before, counts) + 12 * numbers, 12)
        at = np.repeat(first[kept] - before, counts) + numbers
        starts, ends = field_ends[at] + 1, field_ends[at + 1]
        digits = entries - 48  # what is no digit becomes 10 or more
        told = digits.astype(np.float32) @ _TOLD
        tags = told[:, 0].astype(np.int32) + _TAG_000
        good = (told[:, 1] == ends - starts + 1) & (told[:, 2] == starts - np.repeat((self.starts + self.bases)[kept], counts))
        if not bool((digits < 10).all()):
            good &= (digits[:, 3:] < 10).all(1) & _LETTER_OR_DIGIT[entries[:, :3]].all(1)
        good &= (tags <= _TAG_009) | self._begins_with_subfield(starts, ends)
        if not good.all():
            self.sound[owners[~good]] = False
            stay = self.sound[owners]
            entries, tags, owners, starts, ends = entries[stay], tags[stay], owners[stay], starts[stay], ends[stay]
        self.entries, self.tags, self.owners, self.field_starts, self.field_ends = entries, tags, owners, starts, ends

    def _begins_with_subfield(self, starts: Positions, ends: Positions) -> Flags:
        """Which fields begin with two indicators (ASCII) and a subfield."""
        octets = np.frombuffer(self.block, np.uint8)
        last = len(octets) - 3  # of a field there the end is wrong, too
        at = np.minimum(starts, last)
        flags: Flags = (octets[at + 2] == 0x1F) & (octets[at] < 128) & (octets[at + 1] < 128) & (ends - starts > 2)
        return flags

    def _well_coded(self, octets: Bytes) -> Flags:
        """Which records are UTF-8, or ASCII where the leader does not say UTF-8."""
        well = np.ones(len(self.ends), np.bool_)
        if self.block.isascii():
            return well
        says_utf8 = octets[np.minimum(self.starts + 9, len(octets) - 1)] == ord("a")
        above = np.flatnonzero(octets > 127)
        if not says_utf8.all():
            well &= says_utf8 | (np.searchsorted(above, self.starts) == np.searchsorted(above, self.ends))
        if _is_utf8(octets, above):
            return well
        view, at = memoryview(self.block), 0
        while at < len(view):
            try:
                str(view[at:], "utf-8")
                break
            except UnicodeDecodeError as error:
                culprit = np.searchsorted(self.ends, at + error.start)
                well[culprit] = False
                at = int(self.ends[culprit]) + 1
        return well

    def fields(self, tag: str, without: Flags | None = None) -> tuple[Positions, list[bytes]]:
        """The fields of the sound records, but for some, with this tag (X is any digit), each with its stretch's number."""
        return self._cut_out(np.flatnonzero(self._with(tag, without)))

    def having(self, tag: str) -> Positions:
        """The number of its stretch for each field with this tag."""
        return self.owners[self._with(tag)]

    def beginning(
        self, tag: str, codes: bytes, without: Flags | None = None
    ) -> tuple[Positions, tuple[Positions, list[bytes]]]:
        """The numbers of stretches that have a field with this tag whose first subfield has one of these codes and does not
        begin with a blank; and the other fields with this tag."""
        which = np.flatnonzero(self._with(tag, without))
        begins = window(self.block, self.field_starts[which], 5)
        sure = (begins[:, 4] > 0x20) & np.logical_or.reduce([begins[:, 3] == code for code in codes])
        return self.owners[which[sure]], self._cut_out(which[~sure])

    def _with(self, tag: str, without: Flags | None = None) -> Flags:
        wanted: Flags = self.tags == int.from_bytes(tag.encode())
        if "X" in tag:
            wanted = np.ones(len(self.owners), np.bool_)
            for place, letter in enumerate(tag):
                octets = self.entries[:, place]
                wanted &= (octets >= 48) & (octets <= 57) if letter == "X" else octets == ord(letter)
        if without is not None:
            wanted &= ~without[self.owners]
        return wanted

    def _cut_out(self, which: Positions) -> tuple[Positions, list[bytes]]:
        block = self.block
        spans = zip(self.field_starts[which].tolist(), self.field_ends[which].tolist(), strict=True)
        return self.owners[which], [block[start:end] for start, end in spans]

    def contents(self) -> list[memoryview | None]:
        """What batch.content_of says of each sound record; None for the others."""
        masked = bytearray(self.block)
        octets = np.frombuffer(masked, np.uint8)
        found = self._with("005")
        starts, lengths = self.field_starts[found], (self.field_ends - self.field_starts)[found]
        for length in np.unique(lengths).tolist():  # nearly always they are all as long
            octets[starts[lengths == length][:, np.newaxis] + np.arange(length)] = ord("0")
        view, spans = memoryview(masked), zip(self.sound.tolist(), self.starts.tolist(), (self.ends + 1).tolist(), strict=True)
        return [view[start:end] if sound else None for sound, start, end in spans]


def _is_utf8(octets: Bytes, above: Positions) -> bool:
    """Whether bytes are UTF-8, of which those `above` 127 stand at these positions: each run of them has to be, by itself."""
    apart = np.flatnonzero(above[1:] - above[:-1] > 1) + 1
    runs = np.insert(octets[above], apart, 0x20).tobytes()
    try:
        str(runs, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def window(block: bytes, positions: Positions, size: int) -> Bytes:
    """The `size` bytes behind each position, as rows; a position too near the block's end gives the last window there is."""
    if len(block) < size:
        block = block.ljust(size, b"\x1d")
    every = np.ndarray((len(block) - size + 1,), f"V{size}", block, strides=(1,))
    rows = every[np.minimum(positions, len(every) - 1)]
    return rows.view(np.uint8).reshape(len(positions), size)
