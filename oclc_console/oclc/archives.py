"""Opens a zipped report in memory: one file, of a sane size, under a plain name, or a sentence that says why not. What an
archive says of itself is not believed: it is read only as far as the limits go. Not for writing anything to disk, and not
for zipped record files, which are kept as they came.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

from oclc_console.errors import InputError
from oclc_console.files import is_plain_name

LARGEST = 1 << 30  # bytes of a report: far above any real one, well below what fills a machine
_ZIP = b"PK\x03\x04"
_ENCRYPTED = 0x1
_BLOCK = 1 << 20
_RATIO = 200  # text of reports shrinks to a tenth or so; what shrinks more than this, and is large, was made to fill a disk
_HARMLESS = 16 << 20  # bytes of text below which no ratio matters


@dataclass(frozen=True)
class Opened:
    """A report as text. `inner` is its name inside the archive; empty when it was not in one."""

    text: bytes
    inner: str = ""


def opened(content: bytes, name: str) -> Opened:
    """A report as text: a zip archive that holds one file is opened, anything else is given back as it is. Raises
    InputError."""
    if not content.startswith(_ZIP):
        return Opened(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            member = _only_member(archive, name)
            text = _read(archive, member, len(content), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError,
            struct.error) as error:
        raise _refusal(f"the archive can't be read ({error})", name) from error
    if text.startswith(_ZIP):
        raise _refusal("the archive holds another archive where a report should be", name)
    return Opened(text, member.orig_filename)


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = archive.infolist()
    files = sum(not member.filename.endswith("/") for member in members)
    if (len(members), files) != (1, 1):
        raise _refusal(f"the archive holds {files} files where one report should be", name)
    if not is_plain_name(members[0].orig_filename):
        raise _refusal(f"the archive holds a path or an odd name ({members[0].orig_filename!r}) where a plain file name "
                       "should be", name)
    if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refusal("the archive is packed in an unusual way", name)
    if members[0].flag_bits & _ENCRYPTED:
        raise _refusal("the archive is locked with a password", name)
    return members[0]


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size_packed: int, name: str) -> bytes:
    """The member's bytes, at most as many as an archive of this size may sensibly make."""
    allowed = min(LARGEST, max(_HARMLESS, _RATIO * size_packed))
    parts, size = [], 0
    with archive.open(member) as text:
        while part := text.read(_BLOCK):
            size += len(part)
            if size > allowed:
                more = "no report is that large" if allowed == LARGEST else f"{_RATIO} times its own size: it is no report"
                raise _refusal(f"the archive unpacks to more than {allowed:,} bytes, {more}", name)
            parts.append(part)
    return b"".join(parts)


def _refusal(what: str, name: str) -> InputError:
    return InputError(what, where=name, then="Unpack it yourself, look at what it holds, then import that.")
