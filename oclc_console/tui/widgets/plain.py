"""Text from outside (MARC, reports, file names, server messages, notes) as it may stand on a screen: every character
visible, none of them an order to the terminal. Brackets stay as they are, since nothing here is ever parsed as markup."""

from __future__ import annotations

import re

# C0 and DEL; C1; marks that turn the reading direction or break the line; halves of characters (undecodable file names)
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def plain(text: str) -> str:
    """The text with control characters as their Unicode pictures (ESC is ␛) and other unseen ones as \\x85 or \\u202e."""
    return _UNSEEN.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte of a file name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
