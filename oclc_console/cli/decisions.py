"""`decisions`: the register of decisions from the shell: reading it, choosing, adding options, reopening, opening new
ones. Not for what they mean (project/decisions.py) nor for the acts themselves (operations/decisions.py)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from oclc_console.cli import show
from oclc_console.errors import CallError
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.operations.decisions import Register
    from oclc_console.project.decisions import Decision

_GLYPHS = {"decided": "✔", "reopened": "!", "open": "·"}
_BELONGS = {"reason": "--choose", "link": "--choose", "by": "--choose", "on": "--choose", "result": "--option",
            "question": "--new"}


def run(workspace: Workspace, options: argparse.Namespace, *, as_json: bool) -> int:
    """Shows the register or one decision, or does one act."""
    from oclc_console.operations import decisions as work

    _check(options)
    symbol = options.symbol
    if options.new is not None:
        one = work.open_new(workspace, options.new, options.question or "", symbol=symbol)
    elif options.id is None:
        return _all(workspace, symbol, as_json=as_json)
    elif options.choose is not None:
        one = work.choose(workspace, options.id, options.choose, options.reason or "", symbol=symbol, link=options.link or "",
                          decided_by=options.by or "", day=options.on or "")
    elif options.option is not None:
        one = work.add_option(workspace, options.id, options.option, options.result or "", symbol=symbol)
    elif options.reopen is not None:
        one = work.reopen(workspace, options.id, options.reopen, symbol=symbol)
    else:
        one = work.decision(workspace, options.id, symbol)
    show.answer(decision_json(workspace, one), as_json, decision_words(workspace, one))
    return 0


def _check(options: argparse.Namespace) -> None:
    """Raises CallError for options that don't go together."""
    for name, act in _BELONGS.items():
        if getattr(options, name) is not None and getattr(options, act.removeprefix("--")) is None:
            raise CallError(f"--{name} goes with {act}", where="decisions", then=f"Say {act} too.")
    if options.new is not None and options.id is not None:
        raise CallError("a new decision gets its id from its title", where="decisions", then="Leave the id away.")
    if options.id is None and any(getattr(options, act) is not None for act in ("choose", "option", "reopen")):
        raise CallError("which decision?", where="decisions",
                        then="For example: oclc-console decisions lhr-publishing --choose 2 --reason \"the test passed\"")


def _all(workspace: Workspace, symbol: str | None, *, as_json: bool) -> int:
    from oclc_console.operations.decisions import register, registers

    if symbol is not None:
        one = register(workspace, symbol)
        show.answer(_register_json(workspace, one), as_json, _register_words(workspace, one))
        return 0
    every = registers(workspace)
    told = {**_register_json(workspace, every[0]), "symbols": [_register_json(workspace, each) for each in every[1:]]}
    show.answer(told, as_json, _every_words(workspace, every))
    return 0


def _every_words(workspace: Workspace, every: tuple[Register, ...]) -> Iterator[str]:
    yield from _register_words(workspace, every[0])
    yield ""
    for each in every[1:]:
        yield (f"{each.symbol:<6} {each.decided:>2} of {len(each.decisions)} decided   "
               f"oclc-console decisions --symbol {each.symbol}")


def _register_json(workspace: Workspace, one: Register) -> dict[str, Any]:
    return {"symbol": one.symbol, "as_of": one.as_of, "decided": one.decided,
            "decisions": [decision_json(workspace, each) for each in one.decisions]}


def _register_words(workspace: Workspace, one: Register) -> Iterator[str]:
    yield f"{one.symbol} {one.name}" if one.symbol else "The whole project"
    for each in one.decisions:
        said = f"{each.choice.day} {_who(workspace, each)}: {each.choice.option}" if each.choice else (
            f"reopened: {each.reopened}" if each.reopened else f"open{f', usually {each.who}' if each.who else ''}")
        yield f"{_GLYPHS[each.state]} {each.id:<28} {each.title}"
        yield f"    {said}"
    yield f"{one.decided} of {len(one.decisions)} decided"


def _who(workspace: Workspace, one: Decision) -> str:
    from oclc_console.operations.decisions import person_name

    return person_name(workspace, one.choice.decided_by) if one.choice else ""


def decision_json(workspace: Workspace, one: Decision) -> dict[str, Any]:
    """A decision for scripts."""
    told = {**asdict(one), "state": one.state}
    if one.choice is not None:
        told["choice"] = {**asdict(one.choice), "name": _who(workspace, one)}
    return told


def decision_words(workspace: Workspace, one: Decision) -> Iterator[str]:
    """A decision for people, with its options, its choice and its whole history."""
    yield f"{_GLYPHS[one.state]} {one.id}{f' of {one.symbol}' if one.symbol else ''}: {one.title} ({one.state})"
    if one.question:
        yield f"  {one.question}"
    if one.about:
        yield f"  {one.about}"
    for number, option in enumerate(one.options, 1):
        chosen = "✔" if one.choice and one.choice.option == option.text else " "
        yield f"  {chosen} {number} {option.text}" + (f"   tested: {option.result}" if option.result else "")
    if one.takes_any_text:
        yield "    any other text can be chosen" if one.options else "    any text can be chosen"
    if one.choice is not None:
        yield f"  Decided on {one.choice.day} by {_who(workspace, one)}: {one.choice.option}"
        yield f"  Why: {one.choice.reason}"
        if one.choice.link:
            yield f"  Written down: {one.choice.link}"
    elif one.reopened:
        yield f"  Reopened: {one.reopened}"
    if one.history:
        yield "History"
        yield from (f"  {each.at[:16].replace('T', ' ')} {each.by}: {each.words}{' (taken back)' if each.taken_back else ''}"
                    for each in one.history)
