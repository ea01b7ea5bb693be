"""The parts of a coverage: which there can be, in the order of console.toml, and the rule behind each in words. Not for
counting them (coverage.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from oclc_console.marc.rule_words import condition_words, rule_words
from oclc_console.settings import Settings, Symbol
from oclc_console.store.events import SetAside

Kind = Literal["excluded", "quarantined", "stream", "routed", "unrouted", "double"]
ORDER: tuple[Kind, ...] = ("excluded", "quarantined", "stream", "routed", "unrouted", "double")
_NO_RULE_NOW = "console.toml has no such {} any more"
_UNROUTED = "wanted by no stream: not sent, so OCLC's scan/delete would remove its holding"
_DOUBLE = "wanted by two streams or more, and counted in the first of them in console.toml, which sends it once"
_ROUTED = "to which stream is not known: the run kept no ledger"
Counts = Mapping[tuple[str, str | None], int]  # (fate, the stream's word) -> records


@dataclass(frozen=True)
class Part:
    """One number. `word` asks for its records (`excluded:brief`, `stream:Manuscripts`, `unrouted`); `rule` says in words why
    they are there, as console.toml has it now. A stream's number includes its doubles."""

    word: str
    kind: Kind
    name: str
    records: int
    rule: str


class PartRules:
    """The parts there can be, in the order of console.toml, each with its rule in words."""

    def __init__(self, settings: Settings, symbol: Symbol) -> None:
        self.sender = settings.sender(symbol)
        named = settings.rules
        self._excluded = {text.strip().lstrip("@"): f"left out {condition_words(text, named)}" for text in symbol.exclude}
        self._streams = {stream.word: stream.name for stream in self.sender.streams}
        self._kept = {stream.name: f"collection {stream.collection}: kept {rule_words(stream.keep, named)}"
                      for stream in self.sender.streams}

    def place(self, part: Part) -> tuple[int, int, str]:
        """Where a part stands among the others."""
        there = list(self._excluded) if part.kind == "excluded" else list(self._streams.values())
        return ORDER.index(part.kind), there.index(part.name) if part.name in there else len(there), part.name

    def parts(self, counts: Counts, findings: Mapping[str, SetAside]) -> tuple[Part, ...]:
        """Every part: of those in console.toml also the ones that nothing went to."""
        records: Counter[tuple[Kind, str]] = Counter({("unrouted", ""): 0, ("double", ""): 0})
        records.update({("excluded", name): 0 for name in self._excluded})
        records.update({("stream", name): 0 for name in self._streams.values()})
        for (fate, stream), count in counts.items():
            for key in self._keys(fate, stream):
                records[key] += count
        if not any(kind == "quarantined" for kind, _ in records):
            records["quarantined", ""] = 0
        if records["routed", ""]:  # of each stream nothing is known then, which is not 0
            records = Counter({key: n for key, n in records.items() if key[0] != "stream" or n})
        else:
            del records["routed", ""]
        made = (Part(f"{kind}:{name}" if name else kind, kind, name, count, self._rule(kind, name, findings))
                for (kind, name), count in records.items())
        return tuple(sorted(made, key=self.place))

    def _keys(self, fate: str, stream: str | None) -> Iterable[tuple[Kind, str]]:
        """The parts in which a fate counts: a double is in its stream's number too."""
        kind, _, detail = fate.partition(":")
        if kind == "excluded":
            yield "excluded", detail
        elif kind == "quarantined":
            yield "quarantined", detail
        elif kind == "unrouted":
            yield "unrouted", ""
        elif kind == "routed":
            yield "routed", ""
        else:
            if stream is not None:
                yield "stream", self._streams.get(stream, stream)
            if kind == "double":
                yield "double", ""

    def _rule(self, kind: Kind, name: str, findings: Mapping[str, SetAside]) -> str:
        if kind == "excluded":
            return self._excluded.get(name, _NO_RULE_NOW.format("exclusion"))
        if kind == "stream":
            return self._kept.get(name, _NO_RULE_NOW.format("stream"))
        if kind == "quarantined" and not name:
            return "no record was set aside"
        if kind == "quarantined":
            first = findings.get(name)
            return (f"{first.detail}; the first is record {first.first_number:,} of {first.file}" if first else
                    "set aside in quarantine, byte for byte as it came")
        return {"unrouted": _UNROUTED, "double": _DOUBLE, "routed": _ROUTED}[kind]

    def word_of(self, stream: str) -> str:
        """The word in file names and in the ledger of a stream that is named by its name."""
        return next((word for word, name in self._streams.items() if name == stream), stream)
