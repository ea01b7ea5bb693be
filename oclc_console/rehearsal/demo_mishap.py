"""The demo of something that goes wrong: the cycle once for every symbol with a mishap set at the stand-in OCLC, whatever
comes of it, and at the end the true account and one sentence: what happened, and what to do next. Like demo.py it may use
operations.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from oclc_console.errors import ConsoleError
from oclc_console.operations.account import Account, account
from oclc_console.operations.fetch import fetch
from oclc_console.operations.prepare import prepare
from oclc_console.operations.prepared import prepared_set
from oclc_console.operations.upload import upload
from oclc_console.rehearsal.demo import PATIENCE_SECONDS, account_row
from oclc_console.rehearsal.folder import load
from oclc_console.rehearsal.jobs import read_journal
from oclc_console.rehearsal.mishaps import MISHAPS, Mishap, happened
from oclc_console.store.runs import Operation, run
from oclc_console.workspace import Workspace


def cycle_with(workspace: Workspace, fault: str, stop: threading.Event) -> Iterator[str | dict[str, Any]]:
    """The cycle with this mishap: what an operation raises is told and the others go on. Yields what to tell and last what
    `demo --json` prints, with `fault` and `exit_code` in it."""
    began = time.monotonic()
    symbols = list(workspace.settings.symbols)
    for symbol in symbols:
        if not prepared_set(workspace, symbol).runs:
            yield from _run(workspace, prepare(workspace, symbol, sorted(workspace.at("inbox", symbol).iterdir())), stop)
        yield from _run(workspace, upload(workspace, symbol), stop)
    while not stop.is_set() and _reports_to_come(workspace, fault) and time.monotonic() - began < PATIENCE_SECONDS:
        stop.wait(0.2)
    for symbol in symbols:
        yield from _run(workspace, fetch(workspace, symbol), stop)
    if stop.is_set():
        return
    answers = [account(workspace, symbol) for symbol in symbols]
    states = Counter(file.state for answer in answers for file in answer.files)
    rows = [account_row(workspace, answer) for answer in answers]
    told = _told(workspace, fault, states, answers)
    yield {"symbols": rows, "files": states.total(), "seconds": round(time.monotonic() - began, 3), "fault": told,
           "exit_code": _exit_code(states, told["not_reported"])}


def _run(workspace: Workspace, operation: Operation, stop: threading.Event) -> Iterator[str]:
    try:
        for event in run(workspace, operation, stop):
            yield f"{operation.verb} {operation.symbol}: {event.words}"
    except ConsoleError as error:
        yield f"{operation.verb} {operation.symbol}: {error}"


def _reports_to_come(workspace: Workspace, fault: str) -> bool:
    """Whether OCLC has taken files that it has not worked through, but for one that is late on purpose."""
    everything, done = read_journal(workspace.rehearsal)
    late = everything[: load(workspace.rehearsal).behaviour.fault_times] if fault == "report-late" else []
    return any(taken.ident not in done and taken not in late for taken in everything)


def _told(workspace: Workspace, fault: str, states: Counter[str], answers: Sequence[Account]) -> dict[str, Any]:
    mishap, came = MISHAPS[fault], happened(workspace.rehearsal)
    unanswered = sum(answer.total["not_reported"] for answer in answers)
    files = sorted({entry["file"] for entry in came if entry["file"]})
    where = f" ({', '.join(files[:3])})" if files else ""
    shown = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(states.items()))
    well = not unanswered and set(states) == {"sent"}
    then = "nothing is left to do, the console dealt with it by itself." if well else next_step(mishap, answers)
    sentence = (f"What happened: {mishap.happens}{where}. What it came to: {shown}; {unanswered:,} records sent and not "
                f"reported. Next: {then}")
    return {"name": fault, "happened": len(came), "files": files, "states": dict(states), "not_reported": unanswered,
            "sentence": sentence}


def next_step(mishap: Mishap, answers: Sequence[Account]) -> str:
    """What to do next, with the symbols and the file that it is about in the command."""
    open_ = [(answer.symbol, file) for answer in answers for file in answer.files
             if file.state != "sent" or file.not_reported]
    then = mishap.then
    if len(symbols := {symbol for symbol, _ in open_}) == 1:
        then = then.replace("SYMBOL", symbols.pop())
    if cut := next((file.name for _, file in open_ if file.state == "taken_cut"), ""):
        then = then.replace("--again FILE", f"--again {cut}")
    return f"{then} Here it goes on until the demo is run without --fault." if mishap.lasts else then


def _exit_code(states: Counter[str], unanswered: int) -> int:
    if states["waiting"] or states["partial"]:
        return 3
    return 1 if unanswered or set(states) != {"sent"} else 0
