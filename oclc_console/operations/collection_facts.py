"""What console.toml says of one collection, as things the gate `submit` and a standing approval look at: whose it is, its kind,
its match, where the local number stands, and a fingerprint of all settings that decide what goes into it. Not for what OCLC's
form says: people enter that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict

import orjson

from oclc_console.errors import CallError
from oclc_console.marc.query import Rule
from oclc_console.project.evidence import Known, Value
from oclc_console.settings import Settings, Stream, Symbol


def collection_facts(settings: Settings, symbol: Symbol, collection: str, as_of: str) -> dict[str, Known]:
    """What console.toml says of a collection of the symbol; nothing where it names no such collection."""
    sender = settings.sender(symbol)
    stream = next((stream for stream in sender.streams if stream.collection == collection), None)
    if stream is None:
        return {}
    values: dict[str, Value] = {
        "stream_symbol": sender.code, "stream_kind": stream.kind, "stream_match": stream.match,
        "stream_lsn": ", ".join(symbol.lsn), "settings_fingerprint": stream_fingerprint(settings, sender, stream)}
    return {key: Known(key, value, as_of, "console.toml") for key, value in values.items()}


def stream_of(settings: Settings, symbol: Symbol, named: str) -> Stream:
    """The stream with this collection id, word or name, of the symbol that sends the symbol's files. Raises CallError."""
    streams = settings.sender(symbol).streams
    for stream in streams:
        if named.casefold() in (stream.collection.casefold(), stream.word.casefold(), stream.name.casefold()):
            return stream
    there = ", ".join(f"{stream.collection} ({stream.word})" for stream in streams) or "none"
    raise CallError(f"{symbol.code} has no stream {named!r}", where=str(settings.path), then=f"There are: {there}.")


def stream_fingerprint(settings: Settings, sender: Symbol, stream: Stream) -> str:
    """Sixteen digits that change when anything does that decides what goes into a stream, or how OCLC takes it: the stream
    itself, its symbol's exclusions and fields, and every named rule these use."""
    named = {name: asdict(settings.rules[name]) for name in sorted(_used(settings, (*sender.exclude, *_texts(stream.keep))))}
    told = {"stream": asdict(stream), "exclude": sender.exclude, "lsn": sender.lsn, "ocn": sender.ocn, "rules": named}
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _used(settings: Settings, texts: Iterable[str]) -> set[str]:
    """The named rules that these conditions use, and those used inside them."""
    found: set[str] = set()
    waiting = list(texts)
    while waiting:
        name = waiting.pop().strip().removeprefix("@")
        if name in settings.rules and name not in found:
            found.add(name)
            waiting += _texts(settings.rules[name])
    return found


def _texts(rule: Rule) -> tuple[str, ...]:
    return (*rule.all, *rule.any, *rule.none)
