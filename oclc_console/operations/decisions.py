"""The register of decisions: reading it, choosing with a reason, adding options with the results of their tests,
reopening, and opening new ones. Every act is a line of the log, checked under its lock against what stands. Deciding
triggers nothing; taking an act back is taking_back.py's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from oclc_console import clock
from oclc_console.errors import CallError, SettingsError
from oclc_console.project.decisions import (
    OPENED,
    OPTION,
    OWN_FILE,
    RECORDED,
    REOPENED,
    Decision,
    Option,
    Question,
    decisions_of,
    questions_of,
)
from oclc_console.store import log
from oclc_console.store.project import Project, project
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class Register:
    """The decisions of one symbol, or (None) of the whole project, in order; `name` is the symbol's; `as_of` an ISO
    instant."""

    symbol: str | None
    name: str
    decisions: tuple[Decision, ...]
    as_of: str

    @property
    def decided(self) -> int:
        """How many of them are decided."""
        return sum(each.choice is not None for each in self.decisions)


def template(workspace: Workspace) -> tuple[Question, ...]:
    """What has to be decided: the package's questions and those of the workspace's decisions.toml. Raises
    SettingsError."""
    own = workspace.root / OWN_FILE
    try:
        content = own.read_bytes()
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise SettingsError(f"it can't be read ({error.strerror or error})", where=str(own),
                            then="Give this login the right to read it, or move it away.") from error
    return questions_of(content, str(own))


def register(workspace: Workspace, symbol: str | None = None) -> Register:
    """The decisions of a symbol, or of the whole project, as they stand. Raises SettingsError for a symbol there is
    not."""
    return _register(workspace, symbol, template(workspace), project(workspace))


def decision(workspace: Workspace, name: str, symbol: str | None = None) -> Decision:
    """One decision, by its id or what only its id begins with. Raises CallError naming what there is."""
    return _decision(workspace, name, symbol)


def registers(workspace: Workspace) -> tuple[Register, ...]:
    """The whole project's decisions, then those of each symbol."""
    questions, known = template(workspace), project(workspace)
    return tuple(_register(workspace, symbol, questions, known) for symbol in (None, *workspace.settings.symbols))


def _register(workspace: Workspace, symbol: str | None, questions: Sequence[Question], known: Project) -> Register:
    if symbol is None:
        found = decisions_of(questions, known.of(None))
        return Register(None, "", found, clock.iso(clock.now()))
    settled = workspace.settings.symbol(symbol)
    found = decisions_of(questions, known.of(settled.code), settled.code, settled.disposition)
    return Register(settled.code, settled.name, found, clock.iso(clock.now()))


def person_name(workspace: Workspace, login: str) -> str:
    """A login's name where console.toml's [people] has it, else the login."""
    person = workspace.settings.people.get(login)
    return person.name if person else login


# acts


def choose(workspace: Workspace, name: str, option: str, reason: str, *, symbol: str | None = None, link: str = "",
           decided_by: str = "", day: str = "") -> Decision:
    """Records what was decided: `option` by its text or its number, why, where it is written down, by whom (else the
    acting person) and on which day (YYYY-MM-DD, else today). Raises CallError without a reason, for what is no
    option, for a day to come, and for a decision that was taken already."""
    _require(reason, "a decision needs a reason", name)
    when = _day(day, name)
    with log.writing(workspace) as writer:
        found = _decision(workspace, name, symbol)
        if found.choice is not None:
            raise CallError(f"{found.title} was decided on {found.choice.day} by {found.choice.decided_by}: "
                            f"{found.choice.option}", where=_where(found),
                            then="If that no longer holds, reopen it with a reason first; the register keeps both.")
        data = {"decision": found.id, "choice": _option(found, option), "reason": _line(reason), "link": _line(link),
                "day": when, "decided_by": _line(decided_by)}
        writer.append(RECORDED, found.symbol, **{key: value for key, value in data.items() if value})
    return _decision(workspace, found.id, symbol)


def add_option(workspace: Workspace, name: str, text: str, result: str = "", *, symbol: str | None = None) -> Decision:
    """Adds an option, or the result of its test to one that is there. Raises CallError where that is so already."""
    _require(text, "an option needs words", name)
    with log.writing(workspace) as writer:
        found = _decision(workspace, name, symbol)
        known = next((each for each in found.options if each.text.casefold() == _line(text).casefold()), None)
        if known is None and result.strip():
            known = _numbered(found, text)
        if known is not None and known.result == _line(result):
            raise CallError(f"{known.text!r} is an option already", where=_where(found),
                            then="Say --result to enter the result of its test.")
        data = {"result": _line(result)} if result.strip() else {}
        writer.append(OPTION, found.symbol, decision=found.id, option=known.text if known else _line(text), **data)
    return _decision(workspace, found.id, symbol)


def reopen(workspace: Workspace, name: str, reason: str, *, symbol: str | None = None) -> Decision:
    """Opens a decision again; what was decided stays in its history. Raises CallError without a reason, and when it
    is open."""
    _require(reason, "reopening needs a reason", name)
    with log.writing(workspace) as writer:
        found = _decision(workspace, name, symbol)
        if found.choice is None:
            raise CallError(f"{found.title} is open: nothing was decided", where=_where(found), then="There is nothing to "
                                                                                                     "reopen.")
        writer.append(REOPENED, found.symbol, decision=found.id, reason=_line(reason))
    return _decision(workspace, found.id, symbol)


def open_new(workspace: Workspace, title: str, question: str = "", *, symbol: str | None = None) -> Decision:
    """Opens a decision that the template does not have, for a symbol or for the whole project; its id is made of its
    title. Raises CallError without a title, and for one that is there."""
    _require(title, "a decision needs a title", "decisions")
    with log.writing(workspace) as writer:
        there = register(workspace, symbol)
        same = next((each for each in there.decisions if each.title.casefold() == _line(title).casefold()), None)
        if same is not None:
            raise CallError(f"{same.title} is in the register already", where=_where(same), then=f"Its id is {same.id}.")
        name = _fresh_id(title, {each.id for each in there.decisions} | {each.id for each in template(workspace)})
        data = {"question": _line(question)} if question.strip() else {}
        writer.append(OPENED, there.symbol, decision=name, title=_line(title), **data)
    return _decision(workspace, name, symbol)


def _fresh_id(title: str, taken: set[str]) -> str:
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = "-".join(re.findall(r"[a-z0-9]+", letters)[:5]) or "decision"
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


# what is meant


def _decision(workspace: Workspace, name: str, symbol: str | None) -> Decision:
    """The decision with this id, or with the only one that begins so. Raises CallError naming what there is."""
    questions = template(workspace)
    there = _register(workspace, symbol, questions, project(workspace))
    plain = name.strip().casefold()
    found = [each for each in there.decisions if each.id.casefold() == plain]
    found = found or [each for each in there.decisions if plain and each.id.casefold().startswith(plain)]
    if len(found) == 1:
        return found[0]
    if symbol is None and any(each.id.casefold() == plain and each.scope == "symbol" for each in questions):
        raise CallError(f"{name} is decided for each symbol", where="decisions", then="Say which with --symbol SYMBOL.")
    ids = ", ".join(each.id for each in (found or there.decisions))
    raise CallError(f"{name!r} could be several decisions" if found else f"there is no decision {name!r}",
                    where=there.symbol or "decisions", then=f"There are: {ids}.")


def _option(found: Decision, wanted: str) -> str:
    """The option that is meant, as the register spells it; or any text, where the decision takes that."""
    text = _line(wanted)
    _require(text, "nothing is chosen", found.id)
    for each in found.options:
        if each.text.casefold() == text.casefold():
            return each.text
    if (numbered := _numbered(found, text)) is not None:
        return numbered.text
    if found.takes_any_text:
        return text
    there = "; ".join(f"{number} {each.text}" for number, each in enumerate(found.options, 1))
    raise CallError(f"{text!r} is no option of {found.title}", where=_where(found),
                    then=f"There are: {there}. Another one is added with --option.")


def _numbered(found: Decision, text: str) -> Option | None:
    plain = text.strip()
    if plain.isascii() and plain.isdecimal() and 1 <= int(plain) <= len(found.options):
        return found.options[int(plain) - 1]
    return None


def _day(text: str, name: str) -> str:
    today = clock.now().astimezone().date()  # the day where the person sits, not in UTC
    if not text.strip():
        return today.isoformat()
    try:
        given = date.fromisoformat(text.strip())
    except ValueError:
        raise CallError(f"{text!r} is no day", where=name, then=f"Write it as {today}.") from None
    if given > today:
        raise CallError(f"{given} is still to come; today is {today}", where=name,
                        then="Record a decision with the day on which it was taken.")
    return given.isoformat()


def _require(text: str, what: str, where: str) -> None:
    if not text.strip():
        raise CallError(what, where=where, then="Say it in a few words; it stays in the register.")


def _line(text: str) -> str:
    return " ".join(text.split())


def _where(found: Decision) -> str:
    return f"{found.symbol} {found.id}" if found.symbol else found.id
