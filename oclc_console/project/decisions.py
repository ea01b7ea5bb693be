"""What was decided, by whom, when and why: the register of decisions, folded from the log over a template of those
that every project has. A decision can be reopened; its history stays for ever. Pure; not for the gates in front of
steps that can't be taken back (gates.py): deciding here triggers nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from oclc_console.errors import SettingsError
from oclc_console.project.acts import UNDONE, Act, of_kind, standing

OWN_FILE = "decisions.toml"
PACKAGED = Path(__file__).with_name(OWN_FILE)
OPENED, OPTION, RECORDED, REOPENED = "decision.opened", "decision.option", "decision.recorded", "decision.reopened"
DISPOSITIONS = ("retained", "target", "retiring")


@dataclass(frozen=True)
class Question:
    """A decision that has to be taken, as the template has it: once for the project, or (`scope` symbol) for each
    symbol of these `dispositions`. With `free`, or without options, the choice may be any text."""

    id: str
    title: str
    question: str = ""
    scope: str = "project"
    dispositions: tuple[str, ...] = DISPOSITIONS
    options: tuple[str, ...] = ()
    free: bool = False
    who: str = ""
    about: str = ""
    source: str = ""


@dataclass(frozen=True)
class Option:
    """Something that can be chosen, and the result of its test, where there was one: by whom (login) and when (ISO
    instant)."""

    text: str
    result: str = ""
    by: str = ""
    at: str = ""


@dataclass(frozen=True)
class Choice:
    """What was chosen and why. `decided_by` is who decided, as they are to be named; `day` (YYYY-MM-DD) when; `by`
    the login that recorded it, `at` the instant."""

    option: str
    reason: str
    link: str
    decided_by: str
    day: str
    by: str
    at: str
    seq: int


@dataclass(frozen=True)
class Told:
    """One act on a decision, in words; `taken_back` when a later act took it back."""

    seq: int
    at: str
    by: str
    words: str
    taken_back: bool = False


@dataclass(frozen=True)
class Decision:
    """Where one decision stands. `symbol` is None for one of the whole project; `choice` is None while it is open;
    `reopened` is why it is open again. `own`: somebody opened it here, the template does not have it."""

    id: str
    symbol: str | None
    title: str
    question: str
    options: tuple[Option, ...]
    free: bool
    who: str
    about: str
    source: str
    choice: Choice | None
    reopened: str
    own: bool
    history: tuple[Told, ...]

    @property
    def takes_any_text(self) -> bool:
        """Whether something that is no option can be chosen."""
        return self.free or not self.options

    @property
    def state(self) -> str:
        """decided, reopened or open."""
        return "decided" if self.choice else "reopened" if self.reopened else "open"


def decisions_of(questions: Sequence[Question], acts: Iterable[Act], symbol: str | None = None,
                 disposition: str | None = None) -> tuple[Decision, ...]:
    """The decisions of one symbol, or (None) of the whole project, after these acts on it, oldest first: those of the
    template in its order, then those that were opened here. Whatever has an act is shown, also when the template no
    longer has it."""
    everything = list(acts)
    here = [act for act in of_kind(everything, "decision") if act.get("decision")]
    stands = {act["seq"]: act for act in of_kind(standing(everything), "decision")}
    undone = [act for act in everything if act["act"] == UNDONE]
    wanted = {each.id: each for each in questions if each.scope == ("symbol" if symbol else "project")
              and (disposition is None or disposition in each.dispositions)}
    own = [str(act["decision"]) for act in here if act["seq"] in stands or act["decision"] in wanted]
    every = {each.id: each for each in questions}
    found = []
    for name in dict.fromkeys([*wanted, *own]):
        about = [act for act in here if act["decision"] == name]
        asked = wanted.get(name) or every.get(name)
        found.append(_folded(name, symbol, asked, about, stands, undone))
    return tuple(found)


def _folded(name: str, symbol: str | None, asked: Question | None, about: Sequence[Act], stands: Mapping[int, Act],
            undone: Sequence[Act]) -> Decision:
    known = asked or Question(name, name)
    options = {text.casefold(): Option(text) for text in known.options}
    title, question, choice, reopened = known.title, known.question, None, ""
    for act in about:
        if act["seq"] not in stands:
            continue
        if act["act"] == OPENED:
            title, question = str(act["title"]), str(act.get("question", ""))
        elif act["act"] == OPTION:
            text = str(act["option"])
            before = options.get(text.casefold(), Option(text))
            result = str(act.get("result", ""))
            options[text.casefold()] = Option(before.text, result, act["by"], act["at"]) if result else before
        elif act["act"] == RECORDED:
            choice, reopened = _choice(act), ""
        elif act["act"] == REOPENED:
            choice, reopened = None, str(act["reason"])
    return Decision(name, symbol, title, question, tuple(options.values()), known.free, known.who, known.about, known.source,
                    choice, reopened, asked is None, _history(about, stands, undone))


def _choice(act: Act) -> Choice:
    return Choice(str(act["choice"]), str(act["reason"]), str(act.get("link", "")), str(act.get("decided_by") or act["by"]),
                  str(act["day"]), str(act["by"]), str(act["at"]), int(act["seq"]))


def _history(about: Sequence[Act], stands: Mapping[int, Act], undone: Sequence[Act]) -> tuple[Told, ...]:
    """Everything that was done about it, those acts too that were taken back, and the taking back."""
    told = [Told(act["seq"], act["at"], act["by"], _words(act), act["seq"] not in stands) for act in about]
    lines = {act["seq"] for act in about}
    told += [Told(act["seq"], act["at"], act["by"], f"took line {act['of']} of the log back: {act.get('reason', '')}")
             for act in undone if act.get("of") in lines]
    return tuple(sorted(told, key=lambda each: each.seq))


def _words(act: Act) -> str:
    if act["act"] == OPENED:
        return f"opened: {act['title']}"
    if act["act"] == OPTION:
        return f"option {act['option']}" + (f": {act['result']}" if act.get("result") else "")
    if act["act"] == REOPENED:
        return f"reopened: {act['reason']}"
    if act["act"] == RECORDED:
        decided = f", decided by {act['decided_by']}" if act.get("decided_by") else ""
        link = f" ({act['link']})" if act.get("link") else ""
        return f"chosen on {act['day']}{decided}: {act['choice']}. {act['reason']}{link}"
    return str(act["act"])


# the template


def questions_of(own: bytes, where: str) -> tuple[Question, ...]:
    """The questions of the package, with those of a library's own file: one with the same id takes its place, others
    come after. Raises SettingsError naming the file and the entry."""
    packaged = _packaged()
    mine = {each.id: each for each in _read(own, where)} if own.strip() else {}
    kept = [mine.pop(each.id, each) for each in packaged]
    return (*kept, *mine.values())


@lru_cache(maxsize=1)
def _packaged() -> tuple[Question, ...]:
    return tuple(_read(PACKAGED.read_bytes(), OWN_FILE))


def _read(content: bytes, where: str) -> list[Question]:
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _mistake(f"it is not TOML ({error})", where) from error
    entries = document.pop("decision", [])
    if document or not isinstance(entries, list):
        raise _mistake(f"only [[decision]] may stand in it, not {', '.join(document) or 'decision = ...'}", where)
    found = [_question(entry, f"{where}, decision {number}") for number, entry in enumerate(entries, 1)]
    ids = [each.id for each in found]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise _mistake(f"{', '.join(twice)} stands in it twice", where)
    return found


def _question(entry: Any, where: str) -> Question:
    if not isinstance(entry, dict):
        raise _mistake("a decision is a table, [[decision]]", where)
    names = {each.name for each in fields(Question)}
    if unknown := sorted(set(entry) - names):
        raise _mistake(f"a decision has no {', '.join(unknown)}", where)
    values = dict(entry)
    for name in ("options", "dispositions"):
        if name in values:
            if not isinstance(values[name], list) or not all(isinstance(each, str) and each.strip() for each in values[name]):
                raise _mistake(f"{name} is a list of texts", where)
            values[name] = tuple(values[name])
    if not isinstance(values.get("free", False), bool):
        raise _mistake("free is true or false", where)
    texts = [name for name in values if name not in ("options", "dispositions", "free")]
    if wrong := [name for name in texts if not isinstance(values[name], str)]:
        raise _mistake(f"{wrong[0]} is a text", where)
    if missing := [name for name in ("id", "title") if not values.get(name, "").strip()]:
        raise _mistake(f"it has no {', '.join(missing)}", where)
    if values.get("scope", "project") not in ("project", "symbol"):
        raise _mistake('scope is "project" or "symbol"', where)
    if strange := [each for each in values.get("dispositions", ()) if each not in DISPOSITIONS]:
        raise _mistake(f"{strange[0]!r} is no disposition", where)
    return Question(**values)


def _mistake(what: str, where: str) -> SettingsError:
    return SettingsError(what, where=where, then="Correct it as the comments in the package's own decisions.toml show.")
