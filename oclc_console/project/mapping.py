"""Which symbol becomes which, and which libraries and streams each one has: what a table says brought together with what
console.toml says already, and checked. Pure; not for reading the table (mapping_table.py), nor for writing console.toml
(operations/import_symbols.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Level = Literal["wrong", "look"]
DISPOSITIONS = ("retained", "target", "retiring")
KINDS = ("bib", "lhr", "delete")
MATCHES = ("all", "trusted ocn")
DELIVERIES = ("console", "alma")
_SYMBOL = re.compile(r"[A-Za-z0-9@$#]{2,8}")
_COLLECTION = re.compile(r"[0-9]{7}")
Conditions = Mapping[str, tuple[str, ...]]  # a keep rule: all, any, none -> conditions


@dataclass(frozen=True)
class MappedStream:
    """A stream as the mapping knows it. None: the table does not say; what console.toml has, or would take by itself,
    stands."""

    name: str
    collection: str
    word: str | None = None
    kind: str | None = None
    match: str | None = None
    delivery: str | None = None
    keep: Conditions | None = None


@dataclass(frozen=True)
class MappedSymbol:
    """A symbol with what it becomes: `successor` only where it goes away. None: the table does not say."""

    code: str
    name: str | None = None
    disposition: str | None = None
    successor: str | None = None
    libraries: tuple[str, ...] = ()
    streams: tuple[MappedStream, ...] = ()

    @property
    def target(self) -> str:
        """The symbol under which its libraries' holdings stand in the end."""
        return self.successor or self.code


@dataclass(frozen=True)
class SymbolMap:
    """The whole mapping, in the order in which it was written, and what the libraries are called (by their codes)."""

    symbols: tuple[MappedSymbol, ...] = ()
    libraries: Mapping[str, str] = field(default_factory=dict)

    def of(self, code: str) -> MappedSymbol | None:
        """The symbol with this code, whatever its case."""
        return next((symbol for symbol in self.symbols if symbol.code.upper() == code.upper()), None)


@dataclass(frozen=True)
class Finding:
    """What a check says about the mapping: `wrong` keeps it from being taken in, `look` is for a person to look at.
    `where` is a symbol, a library or a line of the table."""

    level: Level
    where: str
    words: str


def together(standing: SymbolMap, table: SymbolMap) -> SymbolMap:
    """The mapping once the table is taken in. What it says wins; what it does not mention stays: symbols, streams, and the
    libraries of a symbol for which it lists none."""
    merged = [_merged(symbol, new) if (new := table.of(symbol.code)) else symbol for symbol in standing.symbols]
    merged += [symbol for symbol in table.symbols if standing.of(symbol.code) is None]
    return SymbolMap(tuple(merged), {**standing.libraries, **table.libraries})


def same_stream(new: MappedStream, there: Sequence[MappedStream]) -> int | None:
    """The place of the stream that `new` means: the one of its collection, else the one of its name; None for a new one."""
    by_collection = [place for place, old in enumerate(there) if new.collection and old.collection == new.collection]
    by_name = [place for place, old in enumerate(there) if new.name and old.name.casefold() == new.name.casefold()]
    return next(iter([*by_collection, *by_name]), None)


def _merged(old: MappedSymbol, new: MappedSymbol) -> MappedSymbol:
    streams = list(old.streams)
    for stream in new.streams:
        place = same_stream(stream, streams)
        if place is None:
            streams.append(stream)
        else:
            streams[place] = _stream_of(streams[place], stream)
    disposition = new.disposition or old.disposition
    successor = (new.successor or old.successor) if disposition == "retiring" else None
    kept = [code for code in old.libraries if code in new.libraries] if new.libraries else list(old.libraries)
    libraries = (*kept, *(code for code in new.libraries if code not in kept))
    return replace(old, name=new.name or old.name, disposition=disposition, successor=successor, libraries=libraries,
                   streams=tuple(streams))


def _stream_of(old: MappedStream, new: MappedStream) -> MappedStream:
    keep = old.keep if new.keep is None else new.keep
    return MappedStream(new.name or old.name, new.collection or old.collection, new.word or old.word, new.kind or old.kind,
                        new.match or old.match, new.delivery or old.delivery, keep)


def findings(mapping: SymbolMap) -> tuple[Finding, ...]:
    """Everything the checks have to say, what is wrong first."""
    found = [*_shared_libraries(mapping), *_shared_collections(mapping)]
    for symbol in mapping.symbols:
        found += [*_letters(symbol), *_succession(symbol, mapping), *_streams(symbol), *_bare(symbol, mapping)]
    return tuple(sorted(found, key=lambda finding: finding.level != "wrong"))


def _shared_libraries(mapping: SymbolMap) -> Iterator[Finding]:
    for library, owners in _owners((code, symbol.code) for symbol in mapping.symbols for code in symbol.libraries):
        yield Finding("wrong", library, f"the library {library} is in {_and(owners)}; a library has one symbol: take it out "
                                        "of the others (one that will move is listed under the symbol it has now)")


def _shared_collections(mapping: SymbolMap) -> Iterator[Finding]:
    pairs = ((stream.collection, symbol.code)
             for symbol in mapping.symbols for stream in symbol.streams if stream.collection)
    for collection, owners in _owners(pairs):
        yield Finding("wrong", collection, f"the collection {collection} is under {_and(owners)}; OCLC registers it for one "
                                           "symbol: look its id up in WorldShare Collection Manager")


def _owners(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Each thing that more than one symbol has, with these symbols."""
    owners: dict[str, list[str]] = {}
    for thing, owner in pairs:
        if owner not in owners.setdefault(thing, []):
            owners[thing].append(owner)
    return ((thing, having) for thing, having in owners.items() if len(having) > 1)


def _letters(symbol: MappedSymbol) -> Iterator[Finding]:
    if not _SYMBOL.fullmatch(symbol.code):
        yield Finding("wrong", symbol.code, f"{symbol.code!r} can't be an OCLC symbol: it has two to eight letters, "
                                            "digits or @ $ #")


def _succession(symbol: MappedSymbol, mapping: SymbolMap) -> Iterator[Finding]:
    code, disposition = symbol.code, symbol.disposition or "retained"
    if disposition not in DISPOSITIONS:
        yield Finding("wrong", code, f"{disposition!r} is no disposition; say {_or(DISPOSITIONS)}")
    elif disposition != "retiring":
        if symbol.successor and symbol.successor != code:
            yield Finding("wrong", code, f"{code} is {disposition}, yet its target is {symbol.successor}: a symbol that goes "
                                         "over into another one is retiring")
        elif disposition == "target" and not any(other.successor == code for other in mapping.symbols):
            yield Finding("look", code, f"{code} is a target, but no symbol goes over into it")
    elif symbol.successor is None or symbol.successor == code:
        yield Finding("wrong", code, f"{code} is retiring and has no successor: name its target symbol")
    elif (successor := mapping.of(symbol.successor)) is None:
        yield Finding("wrong", code, f"{code} goes over into {symbol.successor}, which is neither in a table nor in "
                                     "console.toml: add it")
    elif successor.disposition == "retiring":
        yield Finding("wrong", code, f"{code} goes over into {successor.code}, which is retiring too: name the one that "
                                     "stays")


def _streams(symbol: MappedSymbol) -> Iterator[Finding]:
    if symbol.disposition == "retiring" and symbol.streams:
        yield Finding("wrong", symbol.code, f"{symbol.code} is retiring, so its files go out under its successor's streams; "
                                            "it can have none of its own")
    for stream in symbol.streams:
        where = f"{symbol.code} {stream.name}".strip()
        if not stream.name:
            yield Finding("wrong", where, f"the stream with collection {stream.collection} has no name")
        if not stream.collection:
            yield Finding("wrong", where, f"the stream {stream.name} has no collection id: register it in WorldShare "
                                          "Collection Manager and take its seven digits")
        elif not _COLLECTION.fullmatch(stream.collection):
            yield Finding("wrong", where, f"{stream.collection!r} is no collection id: it has seven digits")
        for what, value, words in (("kind", stream.kind, KINDS), ("match type", stream.match, MATCHES),
                                   ("delivery", stream.delivery, DELIVERIES)):
            if value is not None and value not in words:
                yield Finding("wrong", where, f"{value!r} is no {what}; say {_or(words)}")
    bibs = [stream for stream in symbol.streams if stream.kind in (None, "bib") and stream.delivery in (None, "console")]
    every = [stream.name for stream in bibs if not any((stream.keep or {}).values())]
    if every and len(bibs) > 1:
        yield Finding("look", symbol.code, f"of the {len(bibs)} streams of {symbol.code} {_and(every)} "
                                           f"{'wants' if len(every) == 1 else 'want'} every record, so what the others "
                                           "want is double: write keep rules")


def _bare(symbol: MappedSymbol, mapping: SymbolMap) -> Iterator[Finding]:
    if not symbol.libraries:
        yield Finding("look", symbol.code, f"{symbol.code} has no library")
    if symbol.disposition != "retiring" and not symbol.streams:
        yield Finding("look", symbol.code, f"{symbol.code} has no stream yet: nothing can be sent under it")
    nameless = [code for code in symbol.libraries if code not in mapping.libraries]
    if nameless and mapping.libraries:
        yield Finding("look", symbol.code, f"the table of library names does not have {_and(nameless)}")


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
