"""What console.toml says, as frozen values: symbols, libraries, streams, rules, people, and how to reach OCLC. Cheap to
import, so that the first screen waits for nothing. Not for reading or checking the file (settings_file.py), nor for anything
dated or signed: that is the log's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from oclc_console.errors import SettingsError
from oclc_console.marc.query import Rule
from oclc_console.oclc.names import escape_symbol
from oclc_console.oclc.places import on_behalf_folder
from oclc_console.oclc.report_layouts import ReadAs

Disposition = Literal["retained", "target", "retiring"]
Kind = Literal["bib", "lhr", "delete"]
Match = Literal["all", "trusted ocn"]
Delivery = Literal["console", "alma"]
REHEARSAL = "rehearsal"


@dataclass(frozen=True)
class Institution:
    """Whose workspace this is; `suffix` is the last digits of every Alma id here."""

    name: str
    suffix: str


@dataclass(frozen=True)
class Exchange:
    """How to reach OCLC's file exchange (facts: one host per data centre, port 22, account fx_<symbol>). A connection must
    stand within `connect_seconds`; one on which nothing moves for `stall_seconds` is given up. `connections` send at once,
    each through up to so many `channels`.
    Files of LHR collections go to `lhr_folder`, all others to `upload_folder`. With `on_behalf` one account uploads for
    several symbols, each into a directory of its own. Files of records are fetched from `record_folders`. A report is late
    `late_first_days` after the upload while OCLC has never reported on its collection, else after `late_after_hours`."""

    host: str
    port: int
    account: str
    auth: str
    key: str
    upload_folder: str
    lhr_folder: str
    reports_folder: str
    record_folders: tuple[str, ...]
    late_after_hours: float
    late_first_days: float
    connect_seconds: float = 15.0
    stall_seconds: float = 30.0
    connections: int = 1
    channels: int = 1
    on_behalf: bool = False

    @property
    def is_rehearsal(self) -> bool:
        """Whether files go to the rehearsal that ships with the console and not to OCLC."""
        return self.host == REHEARSAL


@dataclass(frozen=True)
class Person:
    """A login and who that is."""

    login: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Stream:
    """One output file family of a symbol. `word` stands in its file names; `keep` says which records it wants."""

    name: str
    word: str
    collection: str
    kind: Kind
    match: Match
    delivery: Delivery
    keep: Rule


@dataclass(frozen=True)
class Symbol:
    """One OCLC symbol: its libraries (852 $b codes), where its ids and numbers stand in a record, what is left out, and
    its streams. A retiring symbol has a `successor` and no streams of its own. Of the lint rules, those in `lint_off` say
    nothing, and a record that one in `lint_blocking` speaks about is not sent."""

    code: str
    name: str
    disposition: Disposition
    successor: str | None
    libraries: tuple[str, ...]
    lsn: tuple[str, ...]
    ocn: tuple[str, ...]
    exclude: tuple[str, ...]
    streams: tuple[Stream, ...]
    account: str | None
    records_per_file: int
    lint_off: frozenset[str] = frozenset()
    lint_blocking: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Settings:
    """Everything console.toml says. `libraries` has the names of libraries by their codes, as far as it gives them."""

    path: Path
    institution: Institution
    exchange: Exchange
    people: Mapping[str, Person]
    rules: Mapping[str, Rule]
    symbols: Mapping[str, Symbol]
    warnings: tuple[str, ...] = field(default=())
    reports: ReadAs = field(default_factory=ReadAs)
    libraries: Mapping[str, str] = field(default_factory=dict)

    def symbol(self, code: str) -> Symbol:
        """The symbol with this code, whatever its case. Raises SettingsError naming those there are."""
        for known in self.symbols.values():
            if known.code.upper() == code.upper():
                return known
        there = ", ".join(self.symbols) or "none"
        raise SettingsError(f"the symbol {code} is not in it", where=str(self.path),
                            then=f"It has {there}. Add [symbols.{code}] or call one of these.")

    def sender(self, symbol: Symbol) -> Symbol:
        """The symbol under which `symbol`'s files go out: its successor when it is retiring, else itself."""
        return self.symbols[symbol.successor] if symbol.successor else symbol

    def upload_folder_of(self, symbol: Symbol, kind: Kind = "bib") -> str:
        """The folder on OCLC's server into which `symbol`'s files of this kind go. Source: OCLC, "Determine which upload
        directory to use"; files that delete holdings go where the bibliographic ones go."""
        if self.exchange.on_behalf:
            return on_behalf_folder(self.sender(symbol).code)
        return self.exchange.lhr_folder if kind == "lhr" else self.exchange.upload_folder

    def upload_folders_of(self, symbol: Symbol) -> tuple[str, ...]:
        """Every folder on OCLC's server into which `symbol`'s files go."""
        kinds: list[Kind] = [stream.kind for stream in self.sender(symbol).streams] or ["bib"]
        return tuple(dict.fromkeys(self.upload_folder_of(symbol, kind) for kind in kinds))

    def account_of(self, symbol: Symbol) -> str:
        """The file-exchange account of the symbol that sends `symbol`'s files, in lower case (OCLC: always)."""
        sender = self.sender(symbol)
        return (sender.account or self.exchange.account).replace("{symbol}", escape_symbol(sender.code)).lower()
