"""What people did about rejections as it travels in a pack: histories read from lines that came from outside, each checked
before anything is made of it; and written into a laptop's reviews as they are. Not for deciding which side holds
(operations/merge_pack.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from oclc_console import clock
from oclc_console.store.journal import Op
from oclc_console.store.reviews import REVIEWS, Reviews
from oclc_console.store.standing import BY_PEOPLE, Entry, State, in_force

Histories = dict[str, tuple[Entry, ...]]
_FIELDS = frozenset(field.name for field in fields(Entry))
_DID = ("change", "undo", "merge")
_LONGEST_NAME, _LONGEST_NOTE = 1_000, 100_000


def histories_of(lines: Iterable[Mapping[str, Any]]) -> Histories:
    """Histories by key. Raises ValueError at the first that is not as a console writes it."""
    found: Histories = {}
    for line in lines:
        key, history = line.get("key"), line.get("history")
        if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_NAME or key in found:
            raise ValueError("a record without a name of its own")
        if not isinstance(history, list) or not history:
            raise ValueError(f"no history of {key}")
        entries = tuple(_entry(each) for each in history)
        if len({entry.act for entry in entries}) < len(entries):
            raise ValueError(f"one act twice in the history of {key}")
        found[key] = entries
    return found


def _entry(line: Any) -> Entry:
    if not isinstance(line, dict) or line.keys() != _FIELDS:
        raise ValueError("a line of a history that lacks something")
    state, since, owner = line["state"], line["since"], line["owner"]
    for name in ("act", "at", "by", "did", "note", "undoes"):
        if not isinstance(line[name], str) or len(line[name]) > (_LONGEST_NOTE if name == "note" else _LONGEST_NAME):
            raise ValueError(f"{name} is no text")
    if not line["act"] or not line["by"] or line["did"] not in _DID or (owner is not None and not isinstance(owner, str)):
        raise ValueError("a line of a history that names nobody, or nothing that was done")
    if (state is None) != (since is None) or (state is not None and state not in tuple(map(str, BY_PEOPLE))):
        raise ValueError(f"{state!r} is nothing a person sets")
    for instant in (line["at"], *([since] if since is not None else [])):
        if not isinstance(instant, str) or clock.parse(instant).tzinfo is None:
            raise ValueError("an instant without a time zone")
    return Entry(**{**line, "state": State(state) if state is not None else None})


def of_reviews(reviews: Reviews) -> Histories:
    """Everything people did, by key."""
    return {review.key: review.history for review in reviews.all()}


def put_as_they_are(reviews: Reviews, histories: Mapping[str, tuple[Entry, ...]]) -> None:
    """Writes histories into reviews that have none of these keys, or only a part of their histories, in one write and
    without a line about it: for a pack that is unpacked."""
    reviews.refresh()
    with reviews.journal.writing():
        reviews.refresh()
        free = reviews.last_number
        documents: list[Op] = []
        for key, entries in histories.items():
            number = reviews.number_of(key)
            free += number is None
            documents.append((REVIEWS, number or str(free), _document(key, entries)))
        reviews.journal.commit(documents)


def _document(key: str, entries: tuple[Entry, ...]) -> dict[str, Any]:
    last = entries[-1]
    history = [{**asdict(entry), "state": entry.state and entry.state.value} for entry in entries]
    return {"key": key, "state": last.state and last.state.value, "since": last.since, "owner": last.owner,
            "notes": [entry.note for entry in in_force(entries) if entry.note], "history": history}
