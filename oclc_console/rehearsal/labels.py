"""What the record maker broke on purpose, so that the stand-in OCLC can reject it without judging records itself. A label
names a record by its local number and holds a digest of the fields that were broken: once somebody has mended those fields
the label no longer holds, and edits elsewhere change nothing. Not a check of records: nothing here knows what is right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from oclc_console import files

LEADER = b"LDR"
FILE_NAME = "labels.jsonl"


@dataclass(frozen=True)
class Label:
    """`lsn` is 852 $8, else 001. `kind` is the fault's name (faults.KINDS), `tags` the fields it concerns (LDR: leader
    06-09 and 17-19), `digest` the SHA-256 of their bytes. `outcome` is what OCLC does: `unresolved`, `data error`,
    `processing error`, or empty when the record is only complained about. `lines` are OCLC's own words as (severity,
    text): a sentence, a data error's machine word, or nothing for a processing error."""

    lsn: str
    kind: str
    tags: tuple[str, ...]
    digest: str
    outcome: str
    lines: tuple[tuple[str, str], ...]

    def holds(self, leader: bytes, fields: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether the broken fields are still exactly as they were."""
        return digest_of(leader, fields, self.tags) == self.digest


def digest_of(leader: bytes, fields: Iterable[tuple[bytes, bytes]], tags: Sequence[str]) -> str:
    """The SHA-256, in hex, of every field with one of these tags, in record order; LDR adds leader 06-09 and 17-19."""
    wanted = frozenset(tag.encode() for tag in tags)
    digest = hashlib.sha256()
    if LEADER in wanted:
        digest.update(leader[6:10] + leader[17:20])
    for tag, field in fields:
        if tag in wanted:
            digest.update(tag + field + b"\x1e")
    return digest.hexdigest()


def write_labels(folder: Path, labels: Iterable[Label]) -> Path:
    """Adds labels to those of the rehearsal in `folder` (its labels.jsonl); one that is there already is not repeated.
    Raises HereError when another process holds the file for too long."""
    path = folder / FILE_NAME
    with files.locked(folder / f".{FILE_NAME}.lock", doing="writing the rehearsal's labels"):
        known = files.complete_lines(path)
        seen = set(known)
        fresh = []
        for label in labels:
            line = orjson.dumps(label)
            if line not in seen:
                seen.add(line)
                fresh.append(line)
        if fresh or not path.exists():
            files.replace_file(path, (line + b"\n" for line in [*known, *fresh]))
    return path


def read_labels(folder: Path) -> dict[str, list[Label]]:
    """Every label of the rehearsal in `folder`, by local number; none when nothing was ever broken there."""
    labels: dict[str, list[Label]] = {}
    for line in files.complete_lines(folder / FILE_NAME):
        kept = orjson.loads(line)
        label = Label(kept["lsn"], kept["kind"], tuple(kept["tags"]), kept["digest"], kept["outcome"],
                      tuple((severity, text) for severity, text in kept["lines"]))
        labels.setdefault(label.lsn, []).append(label)
    return labels
