"""The demo: a workspace made from nothing with a rehearsal OCLC beside it, and the whole cycle once for every symbol. The
one part of the rehearsal that may use operations. Not for the rehearsal's server or its records.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oclc_console.errors import CallError, ConsoleError, OtherSideError
from oclc_console.files import locked, make_folder
from oclc_console.operations.account import OUTCOMES, Account, account
from oclc_console.operations.fetch import fetch
from oclc_console.operations.init_workspace import person_key
from oclc_console.operations.prepare import prepare
from oclc_console.operations.prepared import prepared_set
from oclc_console.operations.upload import upload
from oclc_console.rehearsal import labels, maker
from oclc_console.settings import Symbol
from oclc_console.store.runs import Operation, run
from oclc_console.workspace import Workspace, as_toml, login, make_workspace

SUFFIX = "9999"
SHARES = {"ZMD": 0.42, "ZUL": 0.4, "ZHG": 0.18}  # of all records, by symbol
PATIENCE_SECONDS = 600.0

_HEAD = '''# The demo's workspace: invented libraries, an OCLC that ships with the console. Nothing leaves this machine.

[institution]
name = "Example University Library"
suffix = "9999"

[exchange]
host = "rehearsal"
late_after_hours = 1

[people.{key}]
name = {login}
roles = ["coordinator", "lts"]

[rules]                                # together they leave no hole: every record has exactly one stream
standard = {{ any = ["040$e = amim|appm|dacs|dcrmg|dcrmm|dcrmmss"] }}
reproduction = {{ any = ["843"] }}       # however it is worded: Microform, Electronic, [Electronic, Photocopy
archival = {{ any = ["LDR/08 = a", "LDR/06 = t|d|f", "@standard"] }}
trusted = {{ any = ["079$a"] }}
no_worldcat = {{ any = ["914$a = NO-WORLDCAT"] }}

[symbols.ZHG]
name = "Rare books & manuscripts"
disposition = "retiring"
successor = "ZUL"
libraries = ["RBK", "THE"]
exclude = ["@no_worldcat", "@brief"]
records_per_file = {records_per_file}
'''

_IMPATIENT = """connect_seconds = 5                      # a demo of what can go wrong: nobody waits for long
stall_seconds = 3                        # a link on which nothing moves is given up; the usual is 30
"""
_SOON_LATE = """late_after_hours = 0.01                  # half a minute, where OCLC has a day
late_first_days = 0.0004
"""

_SYMBOL = '''
[symbols.{code}]
name = "{name}"
disposition = "{disposition}"
libraries = {libraries}
lsn = ["852$8", "001"]
ocn = ["079$a", "035$a"]
exclude = ["@no_worldcat", "@brief"]
records_per_file = {records_per_file}
'''

_STREAMS = (
    ("Manuscripts", "manuscripts", "all", '{ all = ["@archival"], none = ["@reproduction"] }'),
    ("Microforms & reproductions", "reproductions", "all", '{ all = ["@reproduction"] }'),
    ("Vernacular, no trusted OCN", "vern", "all", '{ all = ["880"], none = ["@trusted", "@archival", "@reproduction"] }'),
    ("Non-vernacular, no trusted OCN", "nonvern", "all", '{ none = ["880", "@trusted", "@archival", "@reproduction"] }'),
    ("Trusted OCN", "trusted", "trusted ocn", '{ all = ["@trusted"], none = ["@archival", "@reproduction"] }'),
)

_STREAM = '''
[[symbols.{code}.streams]]
name = "{name}"
word = "{word}"
collection = "{collection}"
match = "{match}"
keep = {keep}
'''


def settings_text(records: int, fault: str = "") -> str:
    """The demo's console.toml: one symbol that stays, one that retires into a target, five streams each. Where something
    is to go wrong, nobody waits for long."""
    person = login()
    per_file = max(50, min(20_000, records // 20))
    head = _HEAD
    if fault:
        late = _SOON_LATE if fault == "report-late" else "late_after_hours = 1\n"
        head = head.replace("late_after_hours = 1\n", late + _IMPATIENT)
    parts = [head.format(key=person_key(person), login=as_toml(person), records_per_file=per_file)]
    symbols = (("ZMD", "Medical library", "retained", '["MED"]', 1000031),
               ("ZUL", "University-wide", "target", '["NET", "ARC", "SCH"]', 1000081))
    for code, name, disposition, libraries, first in symbols:
        parts.append(_SYMBOL.format(code=code, name=name, disposition=disposition, libraries=libraries,
                                    records_per_file=per_file))
        for number, (stream, word, match, keep) in enumerate(_STREAMS):
            parts.append(_STREAM.format(code=code, name=stream, word=word, collection=first + 3 * number, match=match,
                                        keep=keep))
    return "".join(parts)


def make_demo(root: Path, *, records: int, seed: int, fault: str = "") -> Workspace:
    """The demo's workspace in `root`, made from nothing; one that is there already is opened as it is. Raises CallError
    for a folder that holds something else."""
    root = root.absolute()
    if (root / "console.toml").exists():
        workspace = Workspace(root)
        if not workspace.settings.exchange.is_rehearsal:
            raise CallError("this is a real workspace, not a demo's", where=str(root), then="Choose another --dir.")
        return workspace
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise CallError("there is something else here", where=str(root), then="Choose another --dir, or empty it.")
    make_folder(root.parent)
    making = root.with_name(f".{root.name}.being-made")
    with locked(making.with_suffix(".lock"), doing="making the demo's workspace"):
        if (root / "console.toml").exists():
            return Workspace(root)
        shutil.rmtree(making, ignore_errors=True)  # what a killed demo left: a workspace is there whole or not at all
        workspace = make_workspace(making, settings_text(records, fault))
        _publish_from_alma(workspace, records, seed)
        os.replace(making, root)
    making.with_suffix(".lock").unlink(missing_ok=True)
    return Workspace(root)


def _publish_from_alma(workspace: Workspace, records: int, seed: int) -> None:
    """Fills every symbol's inbox with what Alma would publish."""
    for number, symbol in enumerate(workspace.settings.symbols.values()):
        count = max(10, round(records * SHARES[symbol.code]))
        made = list(maker.make_set(symbol=symbol.code, libraries=symbol.libraries, suffix=SUFFIX, records=count,
                                   seed=seed * 100 + number))
        labels.write_labels(workspace.rehearsal, [record.label for record in made if record.label])
        maker.write_files(workspace.at("inbox", symbol.code), made, prefix=f"{symbol.code.lower()}_holdings",
                          job=f"281504077200{number}{SUFFIX}", records_per_file=max(100, count // 2))


def cycle(workspace: Workspace, stop: threading.Event) -> Iterator[str | dict[str, Any]]:
    """Prepare, upload, fetch until every file is answered, account: once for every symbol. Yields what to tell and last
    what `demo --json` prints. What an interrupted demo had done already is not done again. Raises ConsoleError."""
    began = time.monotonic()
    symbols = list(workspace.settings.symbols.values())
    for symbol in symbols:
        if not prepared_set(workspace, symbol.code).runs:
            files = sorted(workspace.at("inbox", symbol.code).iterdir())
            yield from _run(workspace, prepare(workspace, symbol.code, files), stop)
        yield from _run(workspace, upload(workspace, symbol.code), stop)
    accounts: list[Account] = []
    for symbol in symbols:
        accounts.append((yield from _until_reported(workspace, symbol, stop)))
    if stop.is_set():
        return
    rows = [account_row(workspace, answer) for answer in accounts]
    files_ = sum(len(answer.files) for answer in accounts)
    yield {"symbols": rows, "files": files_, "seconds": round(time.monotonic() - began, 3)}


def _run(workspace: Workspace, operation: Operation, stop: threading.Event) -> Iterator[str]:
    for event in run(workspace, operation, stop):
        yield f"{operation.verb} {operation.symbol}: {event.words}"


def _until_reported(workspace: Workspace, symbol: Symbol, stop: threading.Event) -> Any:
    """Fetches until nothing of the symbol is unreported; returns its account."""
    began = time.monotonic()
    while True:
        answer = account(workspace, symbol.code)
        if stop.is_set() or (answer.files and not answer.total["not_reported"]):
            return answer
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise OtherSideError(f"{answer.total['not_reported']:,} records of {symbol.code} have no report",
                                 where=str(workspace.rehearsal / "server.log"), then="Look there, then run it again.")
        yield from _run(workspace, fetch(workspace, symbol.code), stop)
        if account(workspace, symbol.code).total["not_reported"]:
            stop.wait(0.3)


def account_row(workspace: Workspace, answer: Account) -> dict[str, Any]:
    """A symbol's row of what `demo --json` prints. Raises ConsoleError when it does not add up."""
    prepared, total = answer.prepared, answer.total
    unbalanced = [file.name for file in answer.files if not file.balanced]
    whole = sum(prepared.excluded.values()) + prepared.quarantined + prepared.unrouted + prepared.routed
    if unbalanced or whole != prepared.in_set:
        raise ConsoleError(f"{answer.symbol} does not add up: {', '.join(unbalanced) or 'the set'}",
                           where=str(workspace.root), then="This is a mistake in this program; please report it.")
    outcomes = {word.replace(" ", "_"): total[word.replace(" ", "_")] or 0 for word in OUTCOMES}
    return {"symbol": answer.symbol, "in_set": prepared.in_set, "excluded": prepared.excluded, "routed": prepared.routed,
            "unrouted": prepared.unrouted, "double": prepared.double, "quarantined": prepared.quarantined,
            "sent": total["sent"], **outcomes, "other": total["other"], "not_reported": total["not_reported"],
            "rejections": total["rejections"] or 0}
