"""`sign` and `approve`: the gates in front of what can't be taken back, and the standing approvals of streams, from the shell.
Without anything to do they show how it stands. Not for judging anything (operations/signing.py, operations/approvals.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from oclc_console.errors import CallError

if TYPE_CHECKING:
    from oclc_console.project.gates import GateState
    from oclc_console.workspace import Workspace

NAMES = "upload, writeback, submit, scan-delete, retire, unset"  # written out, so that no other command waits for them
MARKS = {"green": "✔", "red": "✖", "overridden": "!", "not applicable": "–"}
CLOSED = 4


def add_sign(parser: argparse.ArgumentParser, day: Callable[[str], date]) -> None:
    """The arguments of `sign`."""
    parser.add_argument("gate", nargs="?", metavar="GATE", help=f"{NAMES}; without one: every gate of every symbol")
    parser.add_argument("symbol", nargs="?", metavar="SYMBOL")
    parser.add_argument("--subject", default="", metavar="WHAT",
                        help="the collection id (submit), the cut-off day (scan-delete) or the list (unset)")
    parser.add_argument("--type", dest="typed", metavar="SYMBOL", help="to sign: the symbol, typed by hand")
    parser.add_argument("--date", type=day, metavar="DATE", help="to sign: the cut-off day (scan-delete), else today")
    parser.add_argument("--note", default="", metavar="TEXT")
    parser.add_argument("--override", metavar="CONDITION", help="take a red condition upon yourself")
    parser.add_argument("--withdraw", metavar="LINE", nargs="?", const="",
                        help="take a signature back before a second person signed (LINE: its number in the log, else yours)")
    parser.add_argument("--reason", default="", metavar="R", help="why; logged")


def add_approve(parser: argparse.ArgumentParser, count: Callable[[str], int]) -> None:
    """The arguments of `approve`."""
    parser.add_argument("stream", nargs="?", metavar="STREAM",
                        help="a collection id, or a stream's name with --symbol; without one: how every stream stands")
    parser.add_argument("--symbol", metavar="SYMBOL")
    parser.add_argument("--run", choices=["full", "incremental"], help="for which runs (default: the kind that is next)")
    parser.add_argument("--usual", type=count, metavar="N", help="how many records a run usually has (default: as the newest)")
    parser.add_argument("--note", default="", metavar="TEXT")
    parser.add_argument("--look", action="store_true", help="sign nothing, only say how it stands")
    parser.add_argument("--withdraw", metavar="REASON", help="take the approval away")


def run_sign(workspace: Workspace, options: argparse.Namespace) -> int:
    """Runs `sign`: 4 when the gate is looked at and is not open, or when it refuses; else 0."""
    from oclc_console.cli import show
    from oclc_console.operations import signing
    from oclc_console.project.gates import may_pass

    as_json = bool(getattr(options, "json", False))
    if options.gate is None:
        return _boards(workspace, as_json)
    if options.symbol is None:
        raise CallError("of which symbol?", where=f"sign {options.gate}", then=f"Say: oclc-console sign {options.gate} SYMBOL")
    _check(options)
    if options.override:
        state = signing.override(workspace, options.gate, options.symbol, options.override, options.reason, options.subject)
    elif options.withdraw is not None:
        line = _line(options.withdraw)
        state = signing.withdraw(workspace, options.gate, options.symbol, options.reason, options.subject, line)
    elif options.typed:
        typed = f"{options.typed} {options.date.isoformat()}"
        state = signing.sign(workspace, options.gate, options.symbol, typed, options.subject, options.note)
    else:
        state = signing.gate(workspace, options.gate, options.symbol, options.subject)
        show.answer(signing.to_json(state), as_json, gate_words(state))
        return 0 if may_pass(state) or state.not_for else CLOSED
    show.answer(signing.to_json(state), as_json, gate_words(state))
    return 0


def _check(options: argparse.Namespace) -> None:
    asked = [bool(options.override), options.withdraw is not None, bool(options.typed or options.date)]
    if sum(asked) > 1:
        raise CallError("one thing at a time", where="sign", then="Sign, or --override one condition, or --withdraw.")
    if bool(options.typed) != bool(options.date):
        raise CallError("to sign, the symbol and the date go together", where="sign",
                        then="For example: oclc-console sign scan-delete ZUL --date 2020-06-08 --type ZUL")


def _line(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit()):
        raise CallError(f"{text!r} is no line of the log", where="--withdraw", then="Give its number, or none for your newest.")
    return int(text) if text else None


def _boards(workspace: Workspace, as_json: bool) -> int:
    from oclc_console.cli import show
    from oclc_console.operations.boards import boards

    found = boards(workspace)
    show.answer({"boards": [board.to_json() for board in found]}, as_json, (line for board in found for line in board.words()))
    return 0


def gate_words(state: GateState) -> Iterator[str]:
    """A gate with its conditions, what each looked at, and what is missing."""
    about = f" {state.case.subject}" if state.case.subject != state.case.symbol else ""
    yield f"{state.case.symbol} · {state.gate.step}{about}: {standing_words(state)}"
    if state.not_for:
        yield f"  {state.not_for}"
        return
    for one in state.conditions:
        since = f"  [{one.as_of.replace('T', ' ')[:16]}]" if one.as_of else ""
        yield f"{MARKS[one.state]} {one.state:<14} {one.id:<16} {one.words}{since}"
        if one.sources:
            yield f"{'':<33} {one.sources}"
        if one.then and one.state == "red":
            yield f"{'':<33} → {one.then}"
    yield f"What it does: {state.effect.words}"
    for signature, changes in state.lapsed:
        yield f"! {signature.by} had signed on {signature.at[:10]}; since then: {'; '.join(changes)}"
    yield from (f"! since it was signed: {change}" for change in state.changes)
    yield from _next(state)


def standing_words(state: GateState) -> str:
    """How a gate stands, in a few words."""
    if state.not_for:
        return "no such gate here"
    if state.passed:
        return f"signed by {state.passed.first.by} and {state.passed.second.by}"
    if state.red:
        return f"{len(state.red)} of {len(state.conditions)} conditions red"
    if state.gate.kind == "checked":
        return "open"
    return f"waits for a second person after {state.first.by}" if state.first else "waits for two signatures"


def _next(state: GateState) -> Iterator[str]:
    call = f"oclc-console sign {state.gate.id} {state.case.symbol}"
    if state.case.subject != state.case.symbol:
        call += f" --subject {state.case.subject}" if state.case.subject else ""
    if state.red:
        yield f'To take one upon yourself: {call} --override {state.red[0].id} --reason "why"'
    elif state.gate.kind == "signed" and state.passed is None:
        from oclc_console.project.gates import to_type

        symbol, _, day = to_type(state.case).partition(" ")
        who = "A second person signs, under their own login" if state.first else "To sign"
        yield f"{who}: {call} --type {symbol} --date {day}"


def run_approve(workspace: Workspace, options: argparse.Namespace) -> int:
    """Runs `approve`: 4 when one stream is looked at and does not stand approved, or when it refuses; else 0."""
    from oclc_console.cli import show
    from oclc_console.operations.approvals import approval_of, approvals, approve, withdraw_approval

    as_json = bool(getattr(options, "json", False))
    if options.stream is None:
        found = approvals(workspace, options.symbol)
        words = (_approval_words(each.to_json()) for each in found)
        show.answer({"streams": [each.to_json() for each in found]}, as_json, words)
        return 0
    if options.withdraw is not None:
        done = withdraw_approval(workspace, options.stream, options.withdraw, options.symbol, options.run)
    elif options.look:
        done = approval_of(workspace, options.stream, options.symbol, options.run)
    else:
        done = approve(workspace, options.stream, options.symbol, run=options.run, usual=options.usual, note=options.note)
    show.answer(done.to_json(), as_json, [_approval_words(done.to_json())])
    return CLOSED if options.look and not done.state.stands else 0


def _approval_words(each: dict[str, Any]) -> str:
    mark = "✔" if each["stands"] else "·"
    waits = "" if each["waiting"] is None else f", {each['waiting']:,} records wait"
    then = f" {each['then']}" if each["then"] else ""
    runs = f"{each['run']} runs{waits}"
    return f"{mark} {each['symbol']:<6} {each['collection']}  {each['stream']}, {runs}: {each['words']}.{then}"
