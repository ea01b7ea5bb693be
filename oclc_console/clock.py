"""The one clock. Everything that asks for the time asks here, always in UTC, so that a test or a drawing can hold it
still. Not for durations: those use time.monotonic where they are measured."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def iso(instant: datetime) -> str:
    """`2020-11-03T08:12:00.123Z`: how instants stand in events, logs and JSON."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """The instant an `iso()` text means. Raises ValueError."""
    return datetime.fromisoformat(text)


def stamp(instant: datetime) -> str:
    """`20201103T081200Z`: the second that begins a run folder's name."""
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
