"""Every way a record or a file of MARC has been seen to be wrong, made by hand, with what the scanner must say of it.

Cases and their names follow the robustness table that was measured over several readers (among them pymarc, whose reader
accepts 29 of these 54 faults without a sign and loses the rest of the file after 9)."""

from __future__ import annotations

from dataclasses import dataclass

from tests.core.samples import Fields, good, marc

FIELDS: Fields = [
    ("001", b"the-bad-record"),
    ("100", b"1 \x1faSomebody, A."),
    ("245", b"10\x1faA title /\x1fcby somebody."),
    ("500", b"  \x1faA note."),
]
UTF8 = b"00000nam a2200000 a 4500"
MARC8 = b"00000nam  2200000 a 4500"
RECORD = marc(FIELDS, UTF8)
BASE = 24 + 12 * len(FIELDS) + 1


@dataclass(frozen=True)
class Case:
    """A bad record (or a legal odd one) and what the scanner says: `rejected` by these rules, or kept with `warning`."""

    raw: bytes
    rejected: tuple[str, ...] = ()
    warning: str | None = None


def leader(at: int, value: bytes) -> bytes:
    """The record with these bytes in its leader (or anywhere else)."""
    return RECORD[:at] + value + RECORD[at + len(value):]


def entry(number: int, *, length: int = 0, start: int = 0, raw: bytes = b"") -> bytes:
    """The record with one directory entry's length or start moved, or written anew."""
    at = 24 + 12 * number
    old = RECORD[at : at + 12]
    new = raw or old[:3] + f"{int(old[3:7]) + length:04}{int(old[7:]) + start:05}".encode()
    return leader(at, new)


def field(content: bytes, tag: str = "500", how: bytes = UTF8) -> bytes:
    """The record with this content in its last field (or a field of this tag after them)."""
    return marc([*FIELDS[:-1], (tag, content)], how)


def sized(raw: bytes, base: int = 0) -> bytes:
    """The bytes with a leader whose length (and base address, when moved) is right again."""
    moved = f"{base:05}".encode() if base else raw[12:17]
    return f"{len(raw):05}".encode() + raw[5:12] + moved + raw[17:]


def without(at: int) -> bytes:
    """The record without one byte, its length put right."""
    return sized(RECORD[:at] + RECORD[at + 1 :])


def overlapping() -> bytes:
    """The last field's entry points at the one before, whose length it is given."""
    at = 24 + 12 * 2
    return entry(3, raw=b"500" + RECORD[at + 3 : at + 12])


def reordered() -> bytes:
    """A legal record: its directory names the fields in another order than they stand in."""
    entries = [RECORD[24 + 12 * n : 36 + 12 * n] for n in range(len(FIELDS))]
    return RECORD[:24] + b"".join(reversed(entries)) + RECORD[BASE - 1 :]


def long_record(length: bytes) -> bytes:
    """A record over 99,999 bytes, with this for its length."""
    body = b"  \x1fa" + b"x" * 9_000 + b"\x1e"
    directory = b"".join(b"500%04d%05d" % (len(body), n * len(body)) for n in range(12))
    return length + b"nam a22%05d a 4500" % (25 + len(directory)) + directory + b"\x1e" + body * 12 + b"\x1d"


def wrapped_field() -> bytes:
    """A field over 9,999 bytes, written as pymarc writes it: five digits where four belong."""
    body = b"  \x1fa" + b"x" * 10_000 + b"\x1e"
    directory = b"500%04d%05d" % (len(body), 0)
    return sized(b"00000nam a2200000 a 4500" + directory + b"\x1e" + body + b"\x1d", 25 + len(directory))


def same_size_overlap() -> bytes:
    """Two entries for one field while another of the same size belongs to none: the sums agree."""
    raw = marc([("001", b"the-bad-record"), ("500", b"  \x1faone"), ("500", b"  \x1fatwo")])
    return raw[:48] + raw[36:48] + raw[60:]


CASES: dict[str, Case] = {
    "base-alpha": Case(leader(12, b"abcde"), ("base-address",)),
    "base-beyond": Case(leader(12, b"99999"), ("base-address",)),
    "base-plus-12": Case(leader(12, f"{BASE + 12:05}".encode()), ("directory-end",)),
    "base-zero": Case(leader(12, b"00000"), ("base-address",)),
    "control-chars": Case(field(b"  \x1faA \x07 note\x1b[31m."), warning="control-char"),
    "dir-length-off-by-1": Case(entry(2, length=-1), ("field-end",)),
    "dir-no-terminator": Case(leader(BASE - 1, b"x"), ("directory-end",)),
    "dir-nondigit": Case(entry(1, raw=b"1000x1700012"), ("directory-digits",)),
    "dir-not-mult-12": Case(sized(RECORD[: BASE - 1] + b"12345" + RECORD[BASE - 1 :], BASE + 5), ("directory-length",)),
    "dir-offset-off-by-1": Case(entry(2, start=1), ("field-end",)),
    "dir-overlap": Case(overlapping(), ("field-overlap",)),
    "dir-overlap-same-size": Case(same_size_overlap(), ("field-overlap",)),
    "embedded-1d": Case(field(b"  \x1faA \x1d note that goes on for a while."), ("leader-length", "leader-length")),
    "embedded-1e": Case(field(b"  \x1faA \x1e note."), ("field-stray-1e",)),
    "empty-subfield": Case(field(b"  \x1f\x1faA note."), warning="empty-subfield"),
    "field-empty": Case(field(b""), ("indicators",)),
    "field-no-terminator": Case(leader(RECORD.index(b"A note.") + 7, b"x"), ("field-end",)),
    "field-over-9999-wrapped": Case(wrapped_field(), ("directory-length",)),
    "flag-marc8-data-utf8": Case(field("  \x1faCafé.".encode(), how=MARC8), ("leader-09",)),
    "flag-utf8-data-marc8": Case(field(b"  \x1faCaf\xe2e."), ("utf-8",)),
    "gap-unreferenced-bytes": Case(sized(RECORD[:-1] + b"nobody's\x1e\x1d"), ("field-overlap",)),
    "html-entity": Case(field(b"  \x1faA &amp; B &#233;")),
    "leader-10-11-not-22": Case(leader(10, b"  "), warning="leader"),
    "leader-20-23-not-4500": Case(leader(20, b"    "), warning="leader"),
    "leader-len-00000": Case(leader(0, b"00000"), ("leader-length",)),
    "leader-len-alpha": Case(leader(0, b"abcde"), ("leader-length",)),
    "leader-len-long": Case(leader(0, b"01379"), ("leader-length",)),
    "leader-len-negative": Case(leader(0, b"-0137"), ("leader-length",)),
    "leader-len-plus": Case(leader(0, b"+%04d" % len(RECORD)), ("leader-length",)),
    "leader-len-short": Case(leader(0, b"00100"), ("leader-length",)),
    "leader-len-spaces": Case(leader(0, b" %4d" % len(RECORD)), ("leader-length",)),
    "leader-nonascii": Case(leader(8, b"\xe9"), ("utf-8",)),
    "leader-nonascii-utf8": Case(leader(18, "é".encode()), ("leader",)),
    "leader09-other": Case(leader(9, b"x"), ("leader-09",)),
    "legal-dir-reordered": Case(reordered()),
    "length-out-of-range": Case(entry(3, length=500), ("field-range",)),
    "marc8-ok": Case(field(b"  \x1faCaf\xe2e.", how=MARC8)),
    "missing-indicators": Case(field(b"\x1faA note."), ("indicators",)),
    "newline-in-field": Case(field(b"  \x1faA\nnote."), warning="control-char"),
    "no-fields": Case(sized(UTF8 + b"\x1e\x1d", 25), ("no-fields",)),
    "no-subfield-mark": Case(field(b"  A note."), ("indicators",)),
    "nonascii-indicator": Case(field("é\x1faA note.".encode()), ("indicators",)),
    "nonascii-subfield-code": Case(field("  \x1féA note.".encode()), warning="subfield-code"),
    "offset-out-of-range": Case(entry(3, start=500), ("field-range",)),
    "one-indicator": Case(field(b"1\x1faA note."), ("indicators",)),
    "only-leader": Case(sized(UTF8 + b"\x1d", 25), ("base-address",)),
    "record-over-99999-leader-00000": Case(long_record(b"00000"), ("too-long",)),
    "record-over-99999-leader-99999": Case(long_record(b"99999"), ("too-long",)),
    "record-over-99999-six-digits": Case(long_record(b"108206"), ("too-long",)),
    "short-19-bytes": Case(b"00020nam a2200000 a\x1d", ("short",)),
    "tag-alpha": Case(field(b"  \x1faA note.", tag="CAT")),
    "tag-nonascii": Case(entry(1, raw=b"\xc3\xa90" + RECORD[39:48]), ("tag",)),
    "tag-space": Case(entry(1, raw=b"1 0" + RECORD[39:48]), ("tag",)),
    "text-before-first-subfield": Case(field(b"  text\x1faA note."), ("indicators",)),
    "three-indicators": Case(field(b"   \x1faA note."), ("indicators",)),
    "two-indicators-and-nothing-else": Case(field(b"  ")),
    "utf8-flag-latin1-bytes": Case(field(b"  \x1faCaf\xe9."), ("utf-8",)),
    "utf8-overlong-surrogate": Case(field(b"  \x1faA\xc0\xaf \xed\xa0\x80."), ("utf-8",)),
    "utf8-truncated-seq": Case(field(b"  \x1faCaf\xc3"), ("utf-8",)),
    "zero-length-field": Case(entry(3, raw=b"500000000000"), ("directory-digits",)),
}

G1, G2 = good(1), good(2)
R = good(100)

# whole files: what they hold, and per stretch the number in 001 of a kept record or the rule that rejected it
FILES: dict[str, tuple[bytes, list[str]]] = {
    "F-good": (G1 + R + G2, ["good-001", "good-100", "good-002"]),
    "F-bom": (b"\xef\xbb\xbf" + G1 + R + G2, ["good-001", "good-100", "good-002"]),
    "F-crlf-between": (G1 + b"\r\n" + R + b"\r\n" + G2, ["good-001", "good-100", "good-002"]),
    "F-newline-between": (G1 + b"\n" + R + b"\n" + G2, ["good-001", "good-100", "good-002"]),
    "F-newline-at-eof": (G1 + R + G2 + b"\n", ["good-001", "good-100", "good-002"]),
    "F-ctrl-z-at-eof": (G1 + R + G2 + b"\x1a", ["good-001", "good-100", "good-002"]),
    "F-nul-padding-eof": (G1 + R + G2 + b"\0" * 500, ["good-001", "good-100", "good-002"]),
    "F-spaces-between": (G1 + b"   " + R + b" \r\n " + G2, ["good-001", "good-100", "good-002"]),
    "F-crlf-converted": (marc([("245", b"10\x1faone\nmore")]).replace(b"\n", b"\r\n") * 2, ["leader-length"] * 2),
    "F-double-encoded": (G1 + field("  \x1faCafé".encode().decode("latin-1").encode()) + G2,
                         ["good-001", "the-bad-record", "good-002"]),
    "F-extra-1d": (G1 + b"\x1d" + R + G2, ["good-001", "short", "good-100", "good-002"]),
    "F-garbage-between": (G1 + b"some garbage 12345" + R + G2, ["good-001", "stray-bytes", "good-100", "good-002"]),
    "F-record-no-terminator": (G1 + R[:-1] + G2, ["good-001", "stray-bytes", "good-002"]),
    "F-two-records-no-terminator": (R[:-1] + R[:-1] + G2, ["stray-bytes", "good-002"]),
    "F-truncated-last": (G1 + R + G2[:40], ["good-001", "good-100", "truncated"]),
    "F-truncated-last-3-bytes": (G1 + R + G2[:-3], ["good-001", "good-100", "truncated"]),
    "F-one-record-cut": (G1[:-1], ["truncated"]),
}

NOT_MARC: dict[str, tuple[bytes, str]] = {
    "F-empty": (b"", "the file holds no records"),
    "F-spaces": (b"  \r\n  " * 50, "the file holds no records"),
    "F-nul": (b"\0" * 500, "the file holds no records"),
    "F-xml": (b'<?xml version="1.0"?><collection/>', "this is XML"),
    "F-xml-bom": (b'\xef\xbb\xbf\n<collection/>', "this is XML"),
    "F-html": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "this is a web page"),
    "F-json": (b'[{"leader": "00000nam"}]', "this is JSON"),
    "F-text": (b"MMS Id,Title\n991,A title\n", "this is plain text"),
    "F-utf16": ((G1 + R).decode().encode("utf-16"), "this is text in UTF-16"),
    "F-utf16-no-bom": ((G1 + R).decode().encode("utf-16-le"), "this is text in UTF-16"),
    "F-utf16-big-endian": ((G1 + R).decode().encode("utf-16-be"), "this is text in UTF-16"),
}

