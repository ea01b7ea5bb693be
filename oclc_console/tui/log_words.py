"""A line of the log as a sentence: what a person did, with the reason they gave. An act that this version does not know is
shown as the log has it. Not for folding acts into what stands (project/)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oclc_console.project.evidence import CATALOGUE, is_day, value_words
from oclc_console.project.milestones import MILESTONES
from oclc_console.store.log import LogLine
from oclc_console.tui import words

_TITLES = {stone.id: f"{stone.number} {stone.title}" for stone in MILESTONES}
_DID = {"done": "signed off", "not_applicable": "not applicable", "reopened": "reopened", "applicable": "applicable after all",
        "claimed": "claimed", "released": "released", "planned": "planned", "noted": "noted", "recorded": "decided",
        "option": "added an option to", "opened": "opened the question", "set": "timeline"}
Data = Mapping[str, Any]


def act_words(line: LogLine) -> str:
    """What was done, in a sentence where this version knows the act; else as the log has it."""
    kind, _, word = line.act.partition(".")
    sentence = _SENTENCES.get(line.act) or _OF_KIND.get(kind)
    told = sentence(line.data, word) if sentence else None
    if told is None:
        return line.words
    said = line.data.get("reason") or line.data.get("note")
    return f"{told} · {said}" if said else told


def _step(data: Data, word: str) -> str | None:
    title = _TITLES.get(str(data.get("milestone"))) or data.get("title") or data.get("task")
    if word not in _DID or not title:
        return None
    when = "for" if word == "planned" else "completed"
    day = f", {when} {words.day(str(data['date']))}" if is_day(str(data.get("date"))) else ""
    past = f", the gate {data['gate_open']} not passed" if data.get("gate_open") else ""
    return f"{_DID[word]}: {title}{day}{past}"


def _entered(data: Data, _word: str) -> str | None:
    thing = CATALOGUE.get(str(data.get("key")))
    if thing is None:
        return None
    about = f" ({data['subject']})" if data.get("subject") else ""
    return f"entered: {thing.words}{about} {value_words(thing.key, data.get('value'))}, from {data.get('source')}"


def _gate(data: Data, word: str) -> str | None:
    gate = f"gate {data.get('gate')} {data.get('subject', '')}".rstrip()
    return {"signed": f"signed {gate}: {data.get('effect')}", "overridden": f"signed for {data.get('condition')}, {gate}",
            "withdrawn": f"took back line {data.get('of')}, {gate}"}.get(word)


def _approval(data: Data, word: str) -> str | None:
    stream = f"{data.get('stream')} ({data.get('collection')}), {data.get('run')} runs"
    return {"signed": f"approved unattended: {stream}", "withdrawn": f"withdrew the approval: {stream}",
            "lapsed": f"the approval lapsed: {stream}"}.get(word)


def _decision(data: Data, word: str) -> str | None:
    if word not in _DID:
        return None
    what = data.get("choice") or data.get("option") or data.get("title") or ""
    return f"{_DID[word]} {data.get('decision')}{f': {what}' if what else ''}"


def _timeline(data: Data, _word: str) -> str:
    return f"timeline: {data.get('row')} {data.get('kind')} {data.get('begin')} to {data.get('end') or 'open'}"


def _roster(data: Data, word: str) -> str | None:
    people = data.get("people")
    if word == "imported" and isinstance(people, list):
        return f"took in {data.get('unit')}'s survey: {words.plural(len(people), 'person', 'people')}"
    return f"changed {data.get('name') or data.get('person')}" if word == "changed" else None


def _undone(data: Data, _word: str) -> str:
    return f"took back line {data.get('of')}"


_OF_KIND: dict[str, Callable[[Data, str], str | None]] = {
    "milestone": _step, "task": _step, "gate": _gate, "approval": _approval, "decision": _decision, "roster": _roster}
_SENTENCES: dict[str, Callable[[Data, str], str | None]] = {
    "evidence.entered": _entered, "timeline.set": _timeline, "act.undone": _undone}
