"""Walks MARCXML with the standard library's expat, streaming and in constant memory, and turns each sound record into the
binary MARC 21 that will be sent. One bad record stays one bad record, even where the XML itself is broken: reading goes on
at the next record. Not for writing XML, and brings in no entities of the file's own.

A namespace, a prefix, the order of a record's elements and the layout don't matter; what would be lost in MARC 21 (text
outside a subfield, an unknown element) does, and sets the record aside. Characters stay as they are, composed or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.parsers import expat

from oclc_console.errors import InputError
from oclc_console.marc.record import CannotExpress, Record, put_together
from oclc_console.marc.source import BLOCK, LONGEST_WITHOUT_END, Finding, Readable, Scanned, judge_content

_NEXT_RECORD = re.compile(rb"<(?:[^\s<>/:]+:)?record(?=[\s>/])|</(?:[^\s<>/:]+:)?record\s*>")
_HARMLESS = re.compile(  # between records: padding, closing tags, and the beginning of another document put behind this one
    rb"(?:[\s\x00\x1a]|\xef\xbb\xbf|</[^<>]*>|<\?xml[^<>]*\?>|<(?:[^\s<>/:]+:)?collection(?=[\s>])[^<>]*>)*")
_DECLARATION = re.compile(rb"<\?xml[^<>]*\?>")
_DECLARED = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_EXPAT_KNOWS = ("utf-8", "us-ascii", "iso-8859-1", "utf-16", "utf-16be", "utf-16le")
_ENCODING = (18, 19)  # expat's XML_ERROR_UNKNOWN_ENCODING and XML_ERROR_INCORRECT_ENCODING
_ENDS_EARLY = (3, 5)  # XML_ERROR_NO_ELEMENTS and XML_ERROR_UNCLOSED_TOKEN: so says expat when the file stops too soon
_MISMATCHED = 7  # XML_ERROR_TAG_MISMATCH
_OUTSIDE, _RECORD, _DATAFIELD = range(3)
_AS_ALMA_WRITES, _AS_PYMARC_WRITES = ["tag", "ind1", "ind2"], ["ind1", "ind2", "tag"]  # the orders worth being quick about
_LEADER = "\x1d"  # stands before the leader's text; no text in XML can hold it
_IN_TEXT = -1  # instead of a mark: what comes as text now is data
_GO_ON = b"<goes-on>"


def scan_xml(handle: Readable, where: str, *, number: int = 0) -> Iterator[Scanned]:
    """Every record of a stream of MARCXML, sound or not, in order; numbers go on after `number`. `offset` is the byte at
    which `<record` stands. `raw` of a sound record is binary MARC 21, of any other the bytes of its XML. Raises InputError
    for a document type with declarations of its own, an encoding nobody knows, and when nothing in it ever ends."""
    reader = _Reader(where, number)
    while block := handle.read(BLOCK):
        yield from reader.feed(block)
    yield from reader.feed(b"")


def _named(attributes: list[str], name: str) -> str:
    """The value of an attribute, "" when it isn't there; names and values come in turn."""
    pairs = zip(attributes[::2], attributes[1::2], strict=True)
    return next((value for key, value in pairs if key == name), "")


def _one_byte_a_character(encoding: str) -> bool:
    """Whether Python knows an encoding, and expat can be taught it by a table of 256 characters."""
    try:
        return len(bytes(range(256)).decode(encoding, "replace")) == 256
    except (LookupError, ValueError):
        return False


@dataclass(slots=True)
class _Broken:
    """Where the XML stopped being XML, `at` byte, line and column: in the record that begins at `start`, or between
    records."""

    start: int
    at: int
    line: int
    column: int
    inside: bool
    finding: Finding


class _Reader:
    """The state between two events of the parser. `_parts` holds the texts of the record in hand, each field ended by
    0x1E; what expat reports as text lands there directly, so `_mark` remembers where the last element ended: text beyond
    it belongs to no subfield. `_window` is what was read of the file from byte `_base` on."""

    def __init__(self, where: str, number: int) -> None:
        self._where, self._number = where, number
        self._parts: list[str] = []
        self._tags: list[str] = []
        self._leader: str | None = None
        self._fault: Finding | None = None
        self._odd: Finding | None = None
        self._within, self._mark, self._start = _OUTSIDE, 0, 0
        self._window, self._base, self._keep = b"", 0, 0
        self._encoding: str | None = None
        self._forgiving, self._ended = False, False
        self._broken: _Broken | None = None
        self._found: list[Scanned] = []
        self._shift, self._line, self._column, self._resumed_at = 0, 1, 1, -1
        self._parser = self._new_parser()

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.buffer_text = parser.ordered_attributes = True
        parser.buffer_size = 1 << 16
        parser.StartElementHandler, parser.EndElementHandler = self._on_start, self._on_end
        parser.CharacterDataHandler = self._parts.append
        parser.XmlDeclHandler = self._on_declaration
        parser.StartDoctypeDeclHandler = self._on_doctype
        parser.SkippedEntityHandler = self._on_skipped_entity
        return parser

    # what the parser tells

    def _on_declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self._encoding = encoding
        if encoding and encoding.lower() not in _EXPAT_KNOWS and not _one_byte_a_character(encoding):
            raise self._unknown_encoding()

    def _unknown_encoding(self) -> InputError:
        return InputError(f"nobody knows how to read the encoding this XML names ({self._encoding})",
                          where=self._where, then="Publish in UTF-8.")

    def _on_doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        if internal:
            raise InputError("the XML declares entities or elements of its own, which can be made to exhaust memory",
                             where=self._where, then="Remove the declarations from its DOCTYPE, or publish again in Alma.")

    def _on_skipped_entity(self, name: str, is_parameter: bool) -> None:
        self._blame("xml-entity", f"nothing says what &{name}; stands for")

    def _on_start(self, name: str, attributes: list[str]) -> None:
        parts, kind = self._parts, name
        if ":" in name:
            kind = name.rpartition(":")[2]
        if len(parts) != self._mark:
            self._stray_text(kind)
        if kind == "subfield" and self._within == _DATAFIELD:
            code = attributes[1] if len(attributes) == 2 and attributes[0] == "code" else _named(attributes, "code")
            if len(code) != 1:
                self._odd_code(code)
            parts.append("\x1f" + code)
            self._mark = _IN_TEXT
        elif kind == "datafield" and self._within == _RECORD:
            self._open_datafield(attributes)
        elif kind == "controlfield" and self._within == _RECORD:
            self._open_controlfield(attributes)
        elif kind == "record":
            self._open_record()
        elif kind == "leader" and self._within == _RECORD:
            parts.append(_LEADER)
            self._mark = _IN_TEXT
        else:
            self._misplaced(kind)

    def _on_end(self, name: str) -> None:
        parts, kind = self._parts, name
        if ":" in name:
            kind = name.rpartition(":")[2]
        if kind == "subfield":
            self._mark = len(parts)
        elif kind == "datafield" or kind == "controlfield":
            if self._within:
                if kind == "datafield" and len(parts) != self._mark:
                    self._stray_text(kind)
                parts.append("\x1e")
                self._within, self._mark = _RECORD, len(parts)
        elif kind == "record":
            if self._within:
                self._close_record()
        elif kind == "leader" and _LEADER in parts:
            self._close_leader()

    # its pieces

    def _open_record(self) -> None:
        if self._within and (self._tags or self._leader is not None):  # else a wrapper, as OAI and SRU have it
            self._reject(Finding("xml", "the record is not closed before the next one begins"), self._here())
            self._forgiving = True
        self._parts.clear()
        self._tags.clear()
        self._leader = self._fault = self._odd = None
        self._within, self._mark = _RECORD, 0
        self._start = self._keep = self._here()

    def _open_datafield(self, attributes: list[str]) -> None:
        names = attributes[::2]
        if names == _AS_ALMA_WRITES:
            _, tag, _, first, _, second = attributes
        elif names == _AS_PYMARC_WRITES:
            _, first, _, second, _, tag = attributes
        else:
            tag, first, second = (_named(attributes, name) for name in ("tag", "ind1", "ind2"))
        if tag < "010":
            self._blame("tag", f"{tag or 'a field without a tag'} came as a data field")
        indicators = (first or " ") + (second or " ")
        if len(indicators) != 2:
            self._blame("indicators", f"the indicators of {tag} are {first!r} and {second!r}, not one character each")
        self._tags.append(tag)
        self._parts.append(indicators)
        self._within, self._mark = _DATAFIELD, len(self._parts)

    def _open_controlfield(self, attributes: list[str]) -> None:
        tag = _named(attributes, "tag")
        if tag[:2] != "00":
            self._blame("tag", f"{tag or 'a field without a tag'} came as a control field")
        self._tags.append(tag)
        self._mark = _IN_TEXT

    def _odd_code(self, code: str) -> None:
        if not code:
            self._blame("subfield-code", f"a subfield of {self._tags[-1]} has no code")
        detail = f"{self._tags[-1]} has a subfield code of {len(code)} characters, {code!r}: MARC 21 reads it as ${code[:1]}"
        self._odd = Finding("subfield-code", detail, fatal=False)

    def _close_leader(self) -> None:
        begin = self._parts.index(_LEADER) + 1
        if self._leader is not None:
            self._blame("leader", "the record has two leaders")
        self._leader = "".join(self._parts[begin:])
        del self._parts[begin - 1 :]
        self._mark = len(self._parts)

    def _misplaced(self, kind: str) -> None:
        if self._within:
            self._blame("xml-element", f"the element {kind} stands where MARCXML has none")
        else:
            self._parts.clear()
            self._mark, self._keep = 0, self._here()

    def _stray_text(self, kind: str) -> None:
        """Text was met since the last element ended, or an element (of this kind) inside a value."""
        if self._mark == _IN_TEXT:
            self._blame("xml-element", f"an element ({kind}) stands inside a value")
            return
        text = "".join(self._parts[self._mark :]).strip()
        if text and self._within:
            self._blame("xml-text", f"{text[:40]!r} stands in no subfield")
        del self._parts[self._mark :]

    def _blame(self, rule: str, detail: str) -> None:
        if self._fault is None:
            self._fault = Finding(rule, detail)

    # a whole record

    def _close_record(self) -> None:
        if len(self._parts) != self._mark:
            self._stray_text("record")
        self._within, at = _OUTSIDE, self._here() - self._base
        bare = not self._tags and self._leader is None and self._fault is None
        if not (bare and self._window[at - 2 : at] == b"/>"):  # for <record/> expat stands behind it already
            at = self._window.index(b">", at) + 1
        end = self._base + at
        found = self._fault or self._converted()
        if isinstance(found, Finding):
            self._reject(found, end)
        else:
            self._number += 1
            self._found.append(found)
        self._parts.clear()
        self._mark, self._keep = 0, end

    def _converted(self) -> Scanned | Finding:
        """The record as binary MARC 21, judged as any other; or what keeps it from being that."""
        leader = (self._leader or "").encode()
        if len(leader) != 24 or not leader.isascii():
            said = "there is no leader" if self._leader is None else f"the leader {self._leader!r} has not 24 ASCII characters"
            return Finding("leader", said)
        tags = "\x1e".join(self._tags).encode().split(b"\x1e")
        fields = "".join(self._parts).encode().split(b"\x1e")[:-1]
        if not fields:
            return Finding("no-fields", "the record has no fields")
        if set(map(len, tags)) != {3}:
            return Finding("tag", f"{next(tag for tag in tags if len(tag) != 3)!r} is no tag")
        if tags[0] != b"001" or b"001" in tags[1:]:
            order = sorted(range(len(tags)), key=lambda at: tags[at] != b"001")
            tags, fields = [tags[at] for at in order], [fields[at] for at in order]
        try:
            raw = put_together(leader[:9] + b"a22" + leader[12:20] + b"4500", zip(tags, fields, strict=True))
        except CannotExpress as error:
            return Finding("too-long", str(error))
        found = judge_content(self._number + 1, self._start, raw, Record(raw[:24], tags, fields))
        if found.record is None:
            return found.finding or Finding("xml", "the record can't be read")
        return replace(found, finding=self._odd) if self._odd else found

    def _reject(self, finding: Finding, end: int) -> None:
        self._number += 1
        raw = self._window[self._start - self._base : end - self._base]
        self._found.append(Scanned(self._number, self._start, raw, None, finding))

    # the stream, and where it breaks

    def feed(self, block: bytes) -> list[Scanned]:
        """What the next bytes of the stream complete; b"" says that there are no more."""
        self._window = self._window[self._keep - self._base :] + block
        self._base = self._keep
        if len(self._window) > LONGEST_WITHOUT_END:
            raise InputError(f"no record ends within {LONGEST_WITHOUT_END:,} bytes",
                             where=f"{self._where}, byte {self._base:,}", then="Check what was published.")
        at = self._base + len(self._window) - len(block)
        while not self._ended:
            if self._broken:
                again = self._resume(self._broken, last=not block)
                if again is None:
                    break
                at = again
            try:
                self._parser.Parse(memoryview(self._window)[at - self._base :], not block)
                break
            except expat.ExpatError as error:
                self._broken = self._what_broke(error)
        found, self._found = self._found, []
        return found

    def _here(self) -> int:
        return self._shift + self._parser.CurrentByteIndex

    def _what_broke(self, error: expat.ExpatError) -> _Broken:
        if error.code in _ENCODING:
            raise self._unknown_encoding()
        inside, end = self._within != _OUTSIDE, self._base + len(self._window)
        if error.code in _ENDS_EARLY:
            start = self._start if inside else self._keep
            words = f"{end - start:,} bytes into this record" if inside else "before its last closing tag"
            return _Broken(start, end, 0, 0, inside or not self._forgiving, Finding("truncated", f"the file ends {words}"))
        back = 2 if error.code == _MISMATCHED else 0  # expat points behind the "</"
        at = self._shift + self._parser.ErrorByteIndex - back
        line, column = self._line + error.lineno - 1, error.offset - back + (self._column if error.lineno == 1 else 1)
        finding = Finding("xml", f"{expat.ErrorString(error.code)} at line {line:,}, column {column:,}")
        return _Broken(self._start if inside else at, at, line, column, inside, finding)

    def _resume(self, broken: _Broken, *, last: bool) -> int | None:
        """Closes the case of a broken stretch, once its end is in the window, and begins anew behind it: gives back the
        byte to go on from, None when more of the stream is needed or none is left."""
        begin = broken.at + (broken.at == self._resumed_at)  # never twice at the same byte
        match = _NEXT_RECORD.search(self._window, begin - self._base)
        if match is None and not last:
            return None
        end = len(self._window) if match is None else match.end() if match[0][1:2] == b"/" else match.start()
        stretch, end = self._window[broken.start - self._base : end], self._base + end
        if broken.inside or not _HARMLESS.fullmatch(stretch):
            self._start = broken.start
            self._reject(broken.finding, end)
        if declaration := _DECLARATION.search(stretch):
            named = _DECLARED.search(declaration[0])
            self._encoding = named[1].decode() if named else None
        self._broken, self._within = None, _OUTSIDE
        if match is None:
            self._ended = True
            return None
        self._begin_anew(broken, end)
        self._keep = self._resumed_at = end
        return end

    def _begin_anew(self, broken: _Broken, at: int) -> None:
        """A new parser that believes itself inside a document of the same encoding."""
        passed = self._window[broken.at - self._base : at - self._base]
        self._line = broken.line + passed.count(b"\n")
        self._column = len(passed) - passed.rfind(b"\n") if b"\n" in passed else broken.column + len(passed)
        self._mark, self._forgiving = 0, True
        self._parser = self._new_parser()
        declared = f' encoding="{self._encoding}"' if self._encoding else ""
        opening = f'<?xml version="1.0"{declared}?>'.encode() + _GO_ON
        self._parser.Parse(opening, False)
        self._parts.clear()
        self._shift = at - len(opening)
        self._column -= len(opening)
