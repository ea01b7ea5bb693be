"""Reads and checks console.toml. pydantic looks at it at this edge and nowhere else; every mistake is reported with the
file, the line, the key and what to do. The file is a person's: it is read and never rewritten, and no secret stands in it.
Not for the values themselves (settings.py).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from oclc_console.errors import SettingsError, from_os_error
from oclc_console.marc.query import Rule, RuleMistake, compile_places, compile_rule
from oclc_console.oclc.listed_names import fold
from oclc_console.oclc.places import LHR_FOLDER, RECORD_FOLDERS, REPORTS_FOLDER, UPLOAD_FOLDER, host_of
from oclc_console.oclc.report_layouts import ReadAs
from oclc_console.oclc.report_mistakes import mistakes_in
from oclc_console.settings import (
    REHEARSAL,
    Delivery,
    Disposition,
    Exchange,
    Institution,
    Kind,
    Match,
    Person,
    Settings,
    Stream,
    Symbol,
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class _Institution(_Part):
    name: str
    suffix: Annotated[str, Field(pattern=r"^\d{0,6}$")] = ""


class _Exchange(_Part):
    host: Annotated[str, Field(min_length=1)] = REHEARSAL
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    account: Annotated[str, Field(pattern=r"^[A-Za-z0-9_{}]+$")] = "fx_{symbol}"
    auth: Literal["key", "agent", "keyring"] = "key"
    key: str = "~/.ssh/oclc_console"
    upload_folder: str = UPLOAD_FOLDER
    lhr_folder: str = LHR_FOLDER
    reports_folder: str = REPORTS_FOLDER
    record_folders: tuple[Annotated[str, Field(pattern=r"^(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$")], ...] = RECORD_FOLDERS
    late_after_hours: Annotated[float, Field(gt=0)] = 24
    late_first_days: Annotated[float, Field(gt=0)] = 56
    connect_seconds: Annotated[float, Field(ge=0.5, le=300)] = 15
    stall_seconds: Annotated[float, Field(ge=0.5, le=600)] = 30
    connections: Annotated[int, Field(ge=1, le=8)] = 1
    channels: Annotated[int, Field(ge=1, le=4)] = 1
    on_behalf: bool = False

    @field_validator("host")
    @classmethod
    def _a_centre_by_its_name(cls, host: str) -> str:
        return host_of(host)


class _Person(_Part):
    name: str
    roles: tuple[str, ...] = ()


class _Rule(_Part):
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


class _Stream(_Part):
    name: Annotated[str, Field(min_length=1)]
    word: Annotated[str, Field(pattern=r"^[a-z0-9]{1,24}$")] | None = None
    collection: Annotated[str, Field(pattern=r"^\d{7}$")]
    kind: Kind = "bib"
    match: Match = "all"
    delivery: Delivery = "console"
    keep: _Rule = _Rule()


class _Lint(_Part):
    off: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()


class _Symbol(_Part):
    name: str = ""
    disposition: Disposition = "retained"
    successor: str | None = None
    libraries: tuple[str, ...] = ()
    lsn: Annotated[tuple[str, ...], Field(min_length=1)] = ("852$8", "001")
    ocn: tuple[str, ...] = ("079$a", "035$a")
    exclude: tuple[str, ...] = ()
    account: str | None = None
    records_per_file: Annotated[int, Field(ge=1, le=3_000_000)] = 100_000
    streams: tuple[_Stream, ...] = ()
    lint: _Lint = _Lint()


class _Reports(_Part):
    outcomes: dict[str, str] = {}
    types: dict[str, str] = {}
    columns: dict[str, Annotated[tuple[str, ...], Field(min_length=2)]] = {}


class _File(_Part):
    institution: _Institution
    exchange: _Exchange = _Exchange()
    people: dict[str, _Person] = {}
    rules: dict[str, _Rule] = {}
    symbols: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9@$#]{2,8}$")], _Symbol] = {}
    libraries: dict[str, str] = {}
    reports: _Reports = _Reports()


def load_settings(path: Path) -> Settings:
    """Reads and checks console.toml. Raises SettingsError for the first mistakes found, each with key and remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError("there is no console.toml here", where=str(path),
                            then=f"Make a workspace with: oclc-console init {path.parent}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"byte {error.start} is not UTF-8", where=str(path),
                            then="Save the file as UTF-8.") from None
    except OSError as error:
        raise from_os_error(error, "reading the settings") from error
    return settings_of(text, path)


def settings_of(text: str, path: Path) -> Settings:
    """Checks the text of a console.toml that stands, or shall stand, at `path`. Raises SettingsError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"this is not TOML ({error})", where=str(path),
                            then="Mend that line; strings need quotes, tables square brackets.") from None
    try:
        checked = _File.model_validate(raw)
    except ValidationError as error:
        raise _first_mistakes(error, path, text) from None
    settings = _freeze(checked, path)
    for key, mistake in _contradictions(settings):
        raise SettingsError(mistake, where=_place(path, text, key), then="Mend it, then run the same command again.")
    return settings


def _freeze(checked: _File, path: Path) -> Settings:
    exchange = checked.exchange
    return Settings(
        path=path,
        institution=Institution(checked.institution.name, checked.institution.suffix),
        exchange=Exchange(**exchange.model_dump()),
        people={login: Person(login, p.name, p.roles) for login, p in checked.people.items()},
        rules={name: _rule(rule) for name, rule in checked.rules.items()},
        symbols={code: _symbol(code, symbol) for code, symbol in checked.symbols.items()},
        reports=ReadAs(**checked.reports.model_dump()),
        libraries=checked.libraries,
    )


def _rule(rule: _Rule) -> Rule:
    return Rule(rule.all, rule.any, rule.none)


def _symbol(code: str, symbol: _Symbol) -> Symbol:
    streams = tuple(
        Stream(s.name, s.word or _word(s.name), s.collection, s.kind, s.match, s.delivery, _rule(s.keep))
        for s in symbol.streams
    )
    return Symbol(code, symbol.name or code, symbol.disposition, symbol.successor, symbol.libraries, symbol.lsn,
                  symbol.ocn, symbol.exclude, streams, symbol.account, symbol.records_per_file,
                  frozenset(symbol.lint.off), frozenset(symbol.lint.blocking))


def _word(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())[:24] or "files"


Mistake = tuple[list[str], str]  # the key's parts, and what is wrong there


def _contradictions(settings: Settings) -> Iterator[Mistake]:
    """What no single value shows."""
    if settings.exchange.on_behalf and "{symbol}" in settings.exchange.account:
        yield (["exchange", "on_behalf"], "an account that uploads on behalf of other symbols is one account: name it in "
                                          "exchange.account, without {symbol}")
    collections: dict[str, str] = {}
    spellings: dict[str, str] = {}
    ends = [fold(folder.rpartition("/")[2]) for folder in settings.exchange.record_folders]
    if len(set(ends)) < len(ends):
        yield ["exchange", "record_folders"], "two of these folders end alike; their files would come into one folder here"
    yield from ((["reports", *key], mistake) for key, mistake in mistakes_in(settings.reports))
    for name, rule in settings.rules.items():
        yield from _rule_mistake(["rules", name], rule, settings)
    for code, symbol in settings.symbols.items():
        key = ["symbols", code]
        if (other := spellings.setdefault(code.upper(), code)) != code:
            yield key, f"{other} and {code} differ in case only; OCLC knows one symbol"
        yield from _succession(key, symbol, settings)
        for places, what in ((symbol.lsn, "lsn"), (symbol.ocn, "ocn")):
            try:
                compile_places(places)
            except RuleMistake as mistake:
                yield [*key, what], str(mistake)
        yield from _rule_mistake([*key, "exclude"], Rule(any=symbol.exclude), settings)
        yield from _lint_mistakes([*key, "lint"], symbol)
        yield from _stream_mistakes(key, symbol, settings, collections)


def _lint_mistakes(key: list[str], symbol: Symbol) -> Iterator[Mistake]:
    if not symbol.lint_off and not symbol.lint_blocking:
        return
    from oclc_console.marc.lint import RULES  # not needed, and not loaded, for most settings
    from oclc_console.marc.lint.sets import SET_RULES

    there = RULES.keys() | SET_RULES.keys()
    for word, given in (("off", symbol.lint_off), ("blocking", symbol.lint_blocking)):
        for name in sorted(given - there):
            near = difflib.get_close_matches(name, there, 1)
            hint = f"did you mean {near[0]!r}?" if near else "`oclc-console lint --rules` lists them"
            yield [*key, word], f"{name!r} is no lint rule; {hint}"
    for name in sorted(symbol.lint_off & symbol.lint_blocking):
        yield [*key, "blocking"], f"{name!r} is switched off too; a rule can't be off and block"


def _stream_mistakes(
    key: list[str], symbol: Symbol, settings: Settings, collections: dict[str, str]
) -> Iterator[Mistake]:
    """`collections` says whose each collection is, and grows."""
    words: set[str] = set()
    for number, stream in enumerate(symbol.streams):
        here = [*key, "streams", str(number)]
        yield from _rule_mistake([*here, "keep"], stream.keep, settings)
        if stream.word in words:
            yield here, f"two streams share the word {stream.word!r} in their file names; give one a word = \"...\""
        words.add(stream.word)
        owner = collections.setdefault(stream.collection, symbol.code)
        if owner != symbol.code:
            yield ([*here, "collection"],
                   f"collection {stream.collection} belongs to {owner} already; a collection has one symbol")


def _succession(key: list[str], symbol: Symbol, settings: Settings) -> Iterator[Mistake]:
    at, successor = [*key, "successor"], symbol.successor
    if symbol.disposition == "retiring":
        if successor is None:
            yield at, "this key is missing: a retiring symbol needs a successor that is in this file"
        elif successor not in settings.symbols:
            yield at, f"a retiring symbol needs a successor that is in this file, not {successor!r}"
        elif settings.symbols[successor].disposition == "retiring":
            yield at, f"its successor {successor} is retiring too"
        if symbol.streams:
            yield ([*key, "streams"],
                   "a retiring symbol's files go out under its successor's streams; it can have none of its own")
    elif successor:
        yield at, 'only a symbol with disposition = "retiring" has a successor'


def _rule_mistake(key: list[str], rule: Rule, settings: Settings) -> Iterator[Mistake]:
    try:
        compile_rule(rule, settings.rules)
    except RuleMistake as mistake:
        yield key, str(mistake)


def _first_mistakes(error: ValidationError, path: Path, text: str) -> SettingsError:
    # an unknown key first: it is often the misspelt form of one that is missing
    details = sorted(error.errors(), key=lambda detail: detail["type"] == "missing")
    mistakes = [_in_words(detail) for detail in details]
    shown = "; ".join(f"{_shown(key)}: {words}" for key, words in mistakes[:3])
    more = f" (and {len(mistakes) - 3} more)" if len(mistakes) > 3 else ""
    return SettingsError(shown + more, where=_place(path, text, list(mistakes[0][0])),
                         then="Mend it, then run the same command again.")


_FORMS = {
    "collection": "a collection id has seven digits",
    "suffix": "the suffix is digits only, six at most",
    "record_folders": "a folder at OCLC begins with a / and does not end with one, as in /xfer/metacoll/out/ongoing/new",
    "word": "a word in file names has small letters and digits only",
    "account": "an account has letters, digits, _ and {symbol} only",
}
_TYPES = {
    "tuple_type": 'this should be a list, as in ["NET", "ARC"]',
    "string_type": "this should be text in quotes",
    "model_type": "this should be a table with keys of its own",
    "dict_type": "this should be a table with keys of its own",
}


def _in_words(detail: Any) -> tuple[list[str], str]:
    key = [str(part) for part in detail["loc"] if part != "[key]"]
    kind, given = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        known = _keys_at(detail["loc"][:-1])
        near = difflib.get_close_matches(key[-1], known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"possible here: {', '.join(known)}"
        return key, f"this key is not known; {hint}"
    if kind == "missing":
        return key, "this key is missing"
    # who mistakes a key of [exchange] may have typed a password there: it is not repeated
    shown = "what stands there" if key[:1] == ["exchange"] else repr(given)
    if kind == "string_pattern_mismatch":
        right = ("a symbol has two to eight letters, digits or @ $ #" if "[key]" in detail["loc"]
                 else _FORMS.get([part for part in key if not part.isdigit()][-1], "it is not of the right form"))
        return key, f"{shown} won't do: {right}"
    return key, f"{shown} won't do: {_TYPES.get(kind, detail['msg'].lower())}"


def _keys_at(location: tuple[Any, ...]) -> list[str]:
    model: type[BaseModel] = _File
    named: dict[Any, type[BaseModel]] = {
        "institution": _Institution, "exchange": _Exchange, "people": _Person, "rules": _Rule, "symbols": _Symbol,
        "streams": _Stream, "keep": _Rule, "lint": _Lint, "reports": _Reports,
    }
    for part in location:
        if part in named and part in model.model_fields:
            model = named[part]
    return sorted(model.model_fields)


def _place(path: Path, text: str, key: list[str]) -> str:
    """`console.toml, line 12, key symbols.ZUL.disposition`, with the line where it can be told."""
    line = _line_of(text, key)
    return f"{path}{f', line {line}' if line else ''}, key {_shown(key)}"


def _shown(key: list[str]) -> str:
    """`symbols.ZUL.streams[2].collection`: a place in a list is counted from 1, as people count."""
    return ".".join(key[:1]) + "".join(f"[{int(part) + 1}]" if part.isdigit() else f".{part}" for part in key[1:])


def _line_of(text: str, key: list[str]) -> int | None:
    table: list[str] = []
    counts: dict[str, int] = {}
    best = None
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)([^\]]+)\]", line):
            table = _parts(header[2])
            if header[1] == "[[":
                name = ".".join(table)
                table = [*table, str(counts.setdefault(name, 0))]
                counts[name] += 1
            here = table
        elif assignment := re.match(r"\s*([A-Za-z0-9_.\"'-]+)\s*=", line):
            here = [*table, *_parts(assignment[1])]
        else:
            continue
        if here and key[: len(here)] == here:
            best = number
            if here == key:
                return number
    return best


def _parts(dotted: str) -> list[str]:
    """The parts of a TOML key, each with its quotes off: `people."j.doe"` has two."""
    return [quoted or plain for quoted, plain in re.findall(r"""["']([^"']*)["']|([^\s."']+)""", dotted)]
