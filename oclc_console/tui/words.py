"""Numbers, times, sizes and states as people read them on every screen: one way each. Pure; local time, since the people
who read it sit in one place."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from oclc_console import clock
from oclc_console.tui.widgets.drawing import Piece, shortened

WIDE = 130  # cells from which on the screens use the room: dates on the dashboard, list and detail side by side

STATES: dict[str, tuple[str, str, str]] = {  # state -> glyph, word, kind
    "running": ("◐", "running", "accent"),
    "stopping": ("◐", "stopping…", "warn"),
    "done": ("✔", "done", "good"),
    "look": ("!", "done, look", "warn"),
    "failed": ("✖", "failed", "bad"),
    "refused": ("✖", "refused", "bad"),
    "stopped": ("■", "stopped", "warn"),
    "interrupted": ("!", "interrupted", "warn"),
    "waiting": ("·", "waiting", ""),
    "sending": ("◐", "sending", "accent"),
    "reading": ("◐", "reading", "accent"),
    "sent": ("✔", "sent", "good"),
    "read": ("✔", "read", "good"),
    "filed": ("✔", "filed", "good"),
    "kept": ("✔", "kept", "good"),
    "removed": ("!", "removed", "warn"),
    "ready": ("✔", "ready", "good"),
    "partial": ("!", "partial", "warn"),
    "uncertain": ("!", "uncertain", "warn"),
    "taken_cut": ("✖", "taken cut", "bad"),
    "withdrawn": ("–", "withdrawn", "muted"),
    "alma": ("·", "by Alma", "muted"),
}

MILESTONE_STATES: dict[str, tuple[str, str, str]] = {
    "done": ("✔", "done", "good"),
    "current": ("◐", "now", "accent"),
    "waiting": ("!", "waiting", "warn"),
    "to_come": ("·", "to come", "muted"),
    "not_applicable": ("–", "n/a", "muted"),
}


def state_piece(state: str) -> Piece:
    """A state as glyph and word, with its colour."""
    glyph, word, kind = STATES.get(state, ("?", state.replace("_", " "), ""))
    return f"{glyph} {word}", kind


def number(value: int | None, unknown: str = "–") -> str:
    """`1,234`; a dash for what is not known."""
    return unknown if value is None else f"{value:,}"


def size(count: float) -> str:
    """Bytes in decimal units: `14.0 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    raise AssertionError("the last unit takes everything")


def amount(value: int, unit: str) -> str:
    """A count in its unit; bytes as sizes."""
    return size(value) if unit == "bytes" else f"{value:,} {unit}"


def of(done: int, total: int, unit: str) -> str:
    """`612.0 of 778.0 MB`, `3 of 5 files`."""
    if unit != "bytes":
        return f"{done:,} of {total:,} {unit}"
    left, right = size(done), size(total)
    return f"{left.rsplit(' ', 1)[0]} of {right}" if left.split()[1] == right.split()[1] else f"{left} of {right}"


def duration(seconds: float) -> str:
    """`2:51`, `1:02:51`, `3 d 4 h`."""
    whole = round(seconds)
    if whole >= 2 * 86400:
        return f"{whole // 86400} d {whole % 86400 // 3600} h"
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def age(since: str, now: datetime) -> str:
    """How long ago, roughly: `40 s`, `14 min`, `3 h`, `13 d`."""
    seconds = max(timedelta(0), now - instant(since)).total_seconds()
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= (2 if unit == "d" else 1) * length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def instant(text: str) -> datetime:
    """An ISO instant, or an ISO day as its beginning here; aware."""
    parsed = clock.parse(text)
    return parsed if parsed.tzinfo else parsed.astimezone()


def local(text: str | datetime) -> datetime:
    """An instant in this place's time."""
    return (instant(text) if isinstance(text, str) else text).astimezone()


def day(text: str) -> str:
    """`16 Nov 20` for an ISO day or instant."""
    there = local(text)
    return f"{there.day} {there:%b %y}"


def moment(text: str | datetime) -> str:
    """`Mon 16 Nov 2020 09:14`, local time."""
    there = local(text)
    return f"{there:%a} {there.day} {there:%b %Y %H:%M}"


def short_moment(text: str) -> str:
    """`16 Nov 09:14`, local time; the year where it is another one than now."""
    there = local(text)
    year = "" if there.year == local(clock.now()).year else f" {there:%y}"
    return f"{there.day} {there:%b}{year} {there:%H:%M}"


def hour(text: str) -> str:
    """`09:14:02`, local time."""
    return f"{local(text):%H:%M:%S}"


def bar(done: float, total: float, width: int) -> str:
    """`████░░░░`, never full before it is done."""
    share = min(1.0, done / total) if total > 0 else 0.0
    filled = width if share >= 1 else min(width - 1, int(share * width))
    return "█" * filled + "░" * (width - filled)


def percent(done: float, total: float) -> str:
    """`41 %`, never 100 before it is done."""
    if total <= 0:
        return "0 %"
    return f"{100 if done >= total else min(99, int(100 * done / total))} %"


def spark(values: Sequence[float], width: int) -> str:
    """The last `width` values as a small curve; a gap is a moment without any."""
    shown = list(values)[-width:]
    highest = max(shown, default=0)
    if highest <= 0:
        return ""
    return "".join(" ▁▂▃▄▅▆▇█"[min(8, max(1 if value > 0 else 0, round(8 * value / highest)))] for value in shown)


def below(text: str, root: Path) -> str:
    """The text with its paths below `root` shortened to the part below it."""
    return text.replace(f"{root}{os.sep}", "")


def short_paths(text: str, width: int = 50) -> str:
    """The text with each path that is wider than this cut in its middle."""
    return re.sub(r"\S+", lambda word: shortened(word[0], width) if os.sep in word[0] else word[0], text)


def clauses(text: str) -> list[str]:
    """The first sentence of a text, then ever shorter beginnings of it, each cut where a clause ends; never empty."""
    first = re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0].removesuffix(".")
    return [first, *(first[:end.start()] for end in reversed(list(re.finditer(r"[;:,] ", first))))]


def plural(count: int, noun: str, many: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
