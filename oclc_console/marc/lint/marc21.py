"""MARC 21's definitions of fields, subfields, indicators and codes, as lint asks for them: read once from marc21.json, which
derive_marc21.py makes from published packages. Not a judgement of any record (structure.py, codes.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

# Places where local practice or another format rules, and no claim of ours could be right:
_LOCAL = re.compile(rb"9..|.9.")  # 09X, 59X, 69X, 9XX and every other X9X (MARC 21: for local use, but 490)
_OCLC_OWN = frozenset((b"019", b"029", b"049", b"539"))  # in records as OCLC itself delivers them (OCLC-MARC)
_TRUSTED_NUMBER = b"079"  # where Harvard's holdings keep the trusted OCLC number, published with the record
# MARC 21, 841-88X: a bibliographic record may hold these fields of the holdings format, defined there and not here
_EMBEDDED_HOLDINGS = re.compile(rb"84[1-5]|85[3-5]|86[3-8]|87[6-8]")
_LINKED = b"880"  # has the subfields and indicators of the field it is linked with
_FOREIGN = b"886"  # has those of another format


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """One field: whether it may be repeated, its subfield codes that may and that may not be, and the values each indicator
    may have (empty where no source says)."""

    repeatable: bool
    many: bytes
    once: bytes
    indicators: tuple[bytes, bytes]


@cache
def definitions() -> Mapping[bytes, FieldDefinition]:
    """Every defined field by its tag."""
    fields: dict[str, tuple[bool, str, str, str, str]] = _content()["fields"]
    return {
        tag.encode(): FieldDefinition(repeatable, many.encode(), once.encode(), (_values(first), _values(second)))
        for tag, (repeatable, many, once, first, second) in fields.items()
    }


@cache
def codes(name: str) -> frozenset[bytes]:
    """A code list: `country`, `language` (MARC's lists, obsolete codes included), `leader/17` and the like."""
    text: str = _content()["codes"][name]
    return frozenset(part.encode() for part in (text.split() if " " in text.strip() else text))


def sources() -> list[dict[str, str]]:
    """Where the definitions come from: package, version, file."""
    named: list[dict[str, str]] = _content()["sources"]
    return named


def is_open(tag: bytes) -> bool:
    """Whether a tag is for local use, OCLC's own, or of another format: nothing is undefined there."""
    return tag in _OCLC_OWN or tag == _TRUSTED_NUMBER or _defined_elsewhere(tag)


def has_any_subfields(tag: bytes) -> bool:
    """Whether a field may hold every subfield, as far as this file can tell."""
    return tag in (_LINKED, _FOREIGN) or is_open(tag)


def _defined_elsewhere(tag: bytes) -> bool:
    local = _LOCAL.fullmatch(tag) is not None and tag != b"490"
    return local or _EMBEDDED_HOLDINGS.fullmatch(tag) is not None


def _values(written: str) -> bytes:
    """`b01` is blank, 0 or 1; `b0-9` blank and every digit."""
    spread = re.sub(r"(\d)-(\d)", lambda span: "".join(map(str, range(int(span[1]), int(span[2]) + 1))), written)
    return spread.replace("b", " ").encode()


@cache
def _content() -> dict[str, Any]:
    text = files("oclc_console.marc.lint").joinpath("marc21.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content
