"""What OCLC's sentences mean. Every text of a report falls into a group that tells, in plain words, what OCLC means, where in
the record to look, what usually mends it and who usually does it. The groups are in meanings.toml beside this file; a library
adds its own. A sentence that nobody has explained yet is a group of its own, by its form. Not for finding faults in records
(marc/lint), and not for reading reports (reports.py).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from oclc_console.errors import SettingsError

OWN_FILE = "meanings.toml"
_PACKAGED = Path(__file__).with_name(OWN_FILE)
_TEXTS = ("id", "title", "words", "look_at", "mends", "who", "source", "type")
_NEEDED = ("id", "title", "words")
_REMEMBERED = 50_000
UNEXPLAINED = "? "  # begins the id of a group that nobody has explained; its form follows
NOTHING = "(nothing)"  # the group of a line that holds no word at all
_GAP = "..."
_ANY_TAG = re.compile(r"(?<!\w)\d?NNN?(?!\w)")

_ORDINAL = re.compile(r"\b\d+(?:st|nd|rd|th)\s+", re.IGNORECASE)
_POSITION = re.compile(r"\((Leader|LDR|00[678])/\d+(?:-\d+)?\)", re.IGNORECASE)
_SCRIPT = re.compile(r"\S{1,3} script\b", re.IGNORECASE)
_SUBFIELD = re.compile(r"\$[0-9A-Za-z]\b")
_INDICATOR = re.compile(r"\bindicator [12]\b", re.IGNORECASE)
_TAG = re.compile(r"(?<![\w(/])\d{3}(?!\w)")
_NUMBER = re.compile(r"(?<![\w(/$-])\d+(?![\w])")


@dataclass(frozen=True)
class Group:
    """Sentences that mean the same. `words`, `look_at`, `mends`, `who` and `source` are for people; `batch`: the same fault is
    usually mended in many records at once; `noise`: folded away until it is asked for; `known`: somebody has explained it."""

    id: str
    title: str
    words: str = ""
    look_at: str = ""
    mends: str = ""
    who: str = ""
    batch: bool = False
    source: str = ""
    noise: bool = False
    known: bool = True


@dataclass(frozen=True)
class _Told:
    """A group and how its sentences are recognised: any of the pieces that it `says`, in lines of `type` only where that is
    given."""

    group: Group
    says: tuple[str, ...]
    type: str

    @cached_property
    def pieces(self) -> tuple[re.Pattern[str], ...]:
        """The patterns; made when a sentence is first looked up: who only wants a group's words does not wait for them."""
        return tuple(map(_pattern, self.says))

    def fits(self, texts: Sequence[str], type_: str) -> bool:
        if self.type and self.type.lower() != type_.lower():
            return False
        return not self.pieces or any(piece.search(text) for piece in self.pieces for text in texts)


@lru_cache(maxsize=_REMEMBERED)
def normalised(text: str) -> str:
    """The form of a sentence: without ordinals, and with NNN for any tag, $x for any subfield, N for any other number. Blanks
    are one, and what it says of positions is left out: `Invalid code in $x in NNN.`, `Invalid code in Illustrations (008).`"""
    form = _ORDINAL.sub("", " ".join(text.split()))
    form = _POSITION.sub(r"(\1)", form)
    form = _SCRIPT.sub("? script", form)
    form = _INDICATOR.sub("indicator", _SUBFIELD.sub("$x", form))
    return _NUMBER.sub("N", _TAG.sub("NNN", form))


class Meanings:
    """The groups, the first that fits first. `digest` tells whether they are still the same ones."""

    def __init__(self, told: Iterable[_Told], digest: str) -> None:
        self._told = tuple(told)
        self.digest = digest
        self.groups: tuple[Group, ...] = tuple(each.group for each in self._told)
        self._by_id = {group.id: group for group in self.groups}
        self._found: dict[tuple[str, str], Group] = {}

    def group_of(self, text: str, type_: str = "") -> Group:
        """The group of a sentence (or of a word such as an outcome's) in a line of this type. A line without a sentence has
        the group of its type."""
        text = text if text.strip() else type_
        found = self._found.get((text, type_))
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = self._found[text, type_] = self._look(text, type_)
        return found

    def _look(self, text: str, type_: str) -> Group:
        texts = (_ORDINAL.sub("", " ".join(text.split())), normalised(text))
        for told in self._told:
            if told.fits(texts, type_):
                return told.group
        return self.group(UNEXPLAINED + (normalised(text) or NOTHING))

    def group(self, id_: str) -> Group:
        """A group by its id; one that nobody has explained (any more) is made from its id."""
        known = self._by_id.get(id_)
        if known is not None:
            return known
        return Group(id_, id_.removeprefix(UNEXPLAINED), words="Nobody has explained this sentence yet.",
                     mends=f"What it means can be told in {OWN_FILE}, beside console.toml.", known=False)


def load_meanings(root: Path | None = None) -> Meanings:
    """The package's groups, behind those of the meanings.toml in `root`, if there is one. Raises SettingsError."""
    packaged = _PACKAGED.read_bytes()
    own = b""
    if root is not None:
        try:
            own = (root / OWN_FILE).read_bytes()
        except FileNotFoundError:
            own = b""
        except OSError as error:
            raise SettingsError(f"it can't be read ({error.strerror or error})", where=str(root / OWN_FILE),
                                then="Give this login the right to read it, or move it away.") from error
    return _loaded(packaged, own, str(root / OWN_FILE) if root else "")


@lru_cache(maxsize=8)
def _loaded(packaged: bytes, own: bytes, where: str) -> Meanings:
    mine = _read(own, where)
    replaced = {told.group.id for told in mine}
    ours = [told for told in _read(packaged, str(_PACKAGED)) if told.group.id not in replaced]
    return Meanings([*mine, *ours], sha256(own + b"\0" + packaged).hexdigest())


def _read(content: bytes, where: str) -> list[_Told]:
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _mistake(f"it is not TOML ({error})", where) from error
    groups = document.pop("group", [])
    if document or not isinstance(groups, list):
        raise _mistake(f"only [[group]] may stand in it, not {', '.join(document) or 'group = ...'}", where)
    told = [_told(group, f"{where}, group {number}") for number, group in enumerate(groups, 1)]
    ids = [each.group.id for each in told]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise _mistake(f"{', '.join(twice)} stands in it twice", where)
    return told


def _told(group: Any, where: str) -> _Told:
    if not isinstance(group, dict):
        raise _mistake("a group is a table, [[group]]", where)
    says, flags = group.pop("says", []), {key: group.pop(key, False) for key in ("batch", "noise")}
    if unknown := sorted(set(group) - set(_TEXTS)):
        raise _mistake(f"a group has no {', '.join(unknown)}", where)
    if missing := [key for key in _NEEDED if not str(group.get(key, "")).strip()]:
        raise _mistake(f"it has no {', '.join(missing)}", where)
    if not isinstance(says, list) or not all(isinstance(piece, str) and piece.strip() for piece in says):
        raise _mistake("says is a list of pieces of OCLC's sentences", where)
    if not all(isinstance(flag, bool) for flag in flags.values()) or not all(isinstance(v, str) for v in group.values()):
        raise _mistake("batch and noise are true or false, everything else is text", where)
    if group["id"].startswith(UNEXPLAINED):
        raise _mistake(f"an id can't begin with {UNEXPLAINED!r}", where)
    if not says and not group.get("type"):
        raise _mistake("it says neither what OCLC says nor in lines of which type", where)
    type_ = group.pop("type", "")
    return _Told(Group(**group, **flags), tuple(says), type_)


def _pattern(piece: str) -> re.Pattern[str]:
    """A piece of a sentence as a pattern: blanks are one, ordinals don't count, N in a tag is any digit, $x any subfield,
    `...` a gap. It begins and ends where words do."""
    parts = [re.escape(_ORDINAL.sub("", " ".join(part.split()))) for part in piece.split(_GAP)]
    pattern = _ANY_TAG.sub(lambda tag: tag[0].replace("N", r"\d"), ".*?".join(parts)).replace(r"\$x", r"\$\w")
    return re.compile(rf"(?<!\w){pattern}(?!\w)" if piece[0].isalnum() else pattern, re.IGNORECASE)


def _mistake(what: str, where: str) -> SettingsError:
    return SettingsError(what, where=where, then="Correct it as the comments in the package's own meanings.toml show.")
