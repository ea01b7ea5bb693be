"""What each command does: opens the workspace, calls one operation or question, shows the answer. Not for the work itself
(operations) nor for how things are worded (show.py)."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from oclc_console.cli import show
from oclc_console.cli.follower import Follower
from oclc_console.errors import CallError, ConsoleError, HereError
from oclc_console.settings import Symbol
from oclc_console.store.events import Ended
from oclc_console.store.runs import Operation
from oclc_console.workspace import VERSION, Workspace, find_workspace, version_of


def run(options: argparse.Namespace) -> int:
    """Runs the command that was asked for and returns its exit code."""
    from oclc_console.cli.log import told_what_is_set_aside
    from oclc_console.cli.packs import at_hand

    with at_hand(options), told_what_is_set_aside(options):
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    if options.command is None:
        return _console(options)
    handlers = {"demo": _demo, "init": _init, "check": _check, "prepare": _prepare, "upload": _upload, "fetch": _fetch,
                "account": _account, "reports": _reports, "checklist": _checklist, "evidence": _evidence,
                "status": _status, "log": _log, "lint": _lint, "coverage": _coverage, "keys": _keys,
                "sign": _sign, "approve": _approve, "authorizations": _authorizations,
                "decisions": _decisions, "symbols": _symbols_command, "timeline": _timeline}
    return handlers[options.command](options)


def _as_json(options: argparse.Namespace) -> bool:
    return bool(getattr(options, "json", False))


def _workspace(options: argparse.Namespace) -> Workspace:
    workspace = find_workspace(getattr(options, "workspace", None), getattr(options, "acting_as", None))
    if version_of(workspace.root) < VERSION:
        _bring_up_to_date(workspace)
    workspace.settings  # noqa: B018  a mistake in console.toml is told before anything else happens
    _notice_changes(workspace)
    return workspace


def _notice_changes(workspace: Workspace) -> None:
    """Logs a change of console.toml that nobody has seen yet. Where that can't be written the command goes on: it may be
    one that only looks."""
    from oclc_console.operations.settings_changes import notice

    try:
        if keys := notice(workspace):
            show.say(f"console.toml was changed, and that is logged: {keys}")
    except ConsoleError as error:
        show.say(f"! console.toml may have been changed, which can't be logged: {error}")


def _bring_up_to_date(workspace: Workspace) -> None:
    from oclc_console.operations.migration import migrate

    if not workspace.is_pack and (done := migrate(workspace)):
        show.say(done.sentence)


def _symbols(workspace: Workspace, code: str | None) -> list[Symbol]:
    settings = workspace.settings
    return [settings.symbol(code)] if code else list(settings.symbols.values())


def _ready(workspace: Workspace) -> Workspace:
    """The workspace, with its rehearsal running when it has one instead of OCLC."""
    if workspace.settings.exchange.is_rehearsal:
        from oclc_console.cli.rehearsal import ensure_rehearsal

        ensure_rehearsal(workspace)
    return workspace


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set. SIGHUP is ignored: a closed terminal ends nothing."""
    stop = threading.Event()

    def ask(number: int, frame: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    for name in ("SIGTERM", "SIGINT"):
        signal.signal(getattr(signal, name), ask)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return stop


def run_operation(workspace: Workspace, operation: Operation, stop: threading.Event) -> tuple[dict[str, Any], int]:
    """Runs an operation, telling its events on stderr. Returns its result and exit code. A ConsoleError is told too, and
    comes back as the result's `error`, so that one failing symbol does not hide the others."""
    from oclc_console.store.runs import run

    name: str | None = None
    end, error = Ended("failed", 70), None
    told = Follower(workspace, operation)
    events = []
    try:
        for event in run(workspace, operation, stop):
            told.event(event)
            events.append(event)
            if isinstance(event, Ended):
                end = event
    except ConsoleError as problem:
        error, end = problem, Ended("failed", problem.exit_code, str(problem))
        show.print_error(problem, as_json=False)
    finally:
        name = told.close()
    result = {"run": name, **operation.fold(events)}
    if error is not None:
        result["error"] = str(error)
    return result, end.exit_code


def _several(options: argparse.Namespace, operations: Iterator[tuple[Workspace, Operation]], key: str) -> int:
    """Runs one operation per symbol; their results become one object, whose `run` is the first's."""
    stop, results, worst = stop_on_signals(), [], 0
    for workspace, operation in operations:
        result, code = run_operation(workspace, operation, stop)
        results.append(result)
        worst = max(worst, code)
        if stop.is_set():
            break
    together: dict[str, Any] = dict(results[0]) if results else {"run": None, key: []}
    for name in [name for name, value in together.items() if isinstance(value, list)]:
        together[name] = [item for result in results for item in result.get(name, [])]
    if len(results) > 1:
        together["runs"] = [result["run"] for result in results]
        if errors := [result["error"] for result in results if "error" in result]:
            together["error"] = " ".join(errors)
    show.answer(together, _as_json(options), show.operation_words(options.command, together))
    return worst


def _console(options: argparse.Namespace) -> int:
    import os

    from oclc_console.tui.app import run_console
    from oclc_console.workspace import VARIABLE

    root = Path(getattr(options, "workspace", None) or os.environ.get(VARIABLE) or ".").absolute()
    workspace = Workspace(root, getattr(options, "acting_as", None)) if (root / "console.toml").is_file() else None
    wanted = run_console(workspace, root)
    if wanted and wanted[0] == "rehearse":
        return main_demo(Path(wanted[1]), records=6000, seed=1)
    return 0


def _demo(options: argparse.Namespace) -> int:
    if options.records < 50:
        raise CallError("fewer than 50 records leave streams empty", where="--records", then="Use 50 or more.")
    if not options.headless:
        return main_demo(Path(options.dir), records=options.records, seed=options.seed, fault=options.fault)
    from oclc_console.cli.rehearsal import ensure_rehearsal
    from oclc_console.rehearsal.demo import cycle, make_demo
    from oclc_console.rehearsal.demo_mishap import cycle_with
    from oclc_console.rehearsal.starting import stop_server

    stop, fault = stop_on_signals(), options.fault
    workspace = make_demo(Path(options.dir), records=options.records, seed=options.seed, fault=fault)
    ensure_rehearsal(workspace, seed=options.seed, turn_around_seconds=0.2, fault=fault)
    result: dict[str, Any] | None = None
    for told in cycle_with(workspace, fault, stop) if fault else cycle(workspace, stop):
        if isinstance(told, dict):
            result = told
        else:
            show.say(told)
    if result is None:
        raise HereError("stopped before the end", where=options.dir, then="Run the same command again: it goes on.")
    stop_server(workspace.rehearsal)
    code: int = result.pop("exit_code", 0)
    show.answer(result, _as_json(options), show.demo_words(result))
    return code


def main_demo(root: Path, *, records: int, seed: int, fault: str = "") -> int:
    """Makes (or opens again) the demo's workspace, starts its rehearsal and opens the console on it. A `fault` stays set
    until the next demo without one."""
    from oclc_console.cli.rehearsal import ensure_rehearsal
    from oclc_console.rehearsal.demo import make_demo
    from oclc_console.tui.app import run_console

    workspace = make_demo(root, records=records, seed=seed, fault=fault)
    ensure_rehearsal(workspace, seed=seed, turn_around_seconds=15, fault=fault)
    run_console(workspace, workspace.root)
    if fault:
        from oclc_console.rehearsal.mishaps import MISHAPS

        show.say(f"What went wrong on purpose: {MISHAPS[fault].happens}. {MISHAPS[fault].then}")
    return 0


def _init(options: argparse.Namespace) -> int:
    from oclc_console.operations.init_workspace import init_workspace

    workspace = init_workspace(Path(options.dir).absolute(), options.name)
    words = [f"Made a workspace in {workspace.root}.",
             f"Next: write your symbols into {workspace.root / 'console.toml'}, then run: oclc-console check"]
    show.answer({"workspace": str(workspace.root), "symbols": list(workspace.settings.symbols)}, _as_json(options), words)
    return 0


def _check(options: argparse.Namespace) -> int:
    from oclc_console.cli.exchange import run_check

    workspace = _ready(_workspace(options))
    return run_check(workspace, _symbols(workspace, options.symbol), options, as_json=_as_json(options))


def _keys(options: argparse.Namespace) -> int:
    from oclc_console.cli.exchange import run_keys

    return run_keys(_workspace(options), options, as_json=_as_json(options))


def _pin_named(workspace: Workspace, options: argparse.Namespace) -> None:
    if options.host_key:
        from oclc_console.cli.exchange import pin_named

        pin_named(workspace, _symbols(workspace, options.symbol), options.host_key)


def _prepare(options: argparse.Namespace) -> int:
    from oclc_console.operations.workers import Processes, check_workers

    check_workers(options.workers, options.cluster)
    with Processes(options.workers - 1) if options.workers > 1 else nullcontext() as begun:  # while the settings are read
        from oclc_console.operations.prepare import prepare

        workspace = _workspace(options)
        operation = prepare(workspace, options.symbol, [Path(file) for file in options.files], set_count=options.set_count,
                            accept_unrouted=options.accept_unrouted, workers=options.workers, cluster=options.cluster,
                            begun=begun)
        result, code = run_operation(workspace, operation, stop_on_signals())
    result = {"run": result["run"], "symbol": operation.symbol, **result}
    show.answer(result, _as_json(options), show.operation_words("prepare", result))
    return code


def _upload(options: argparse.Namespace) -> int:
    from oclc_console.operations.upload import upload

    workspace = _ready(_workspace(options))
    if options.again and not options.symbol:
        raise CallError("--again needs the symbol too", where="upload", then="Say: upload SYMBOL --again FILE --reason R")
    _pin_named(workspace, options)
    operations = ((workspace, upload(workspace, symbol.code, again=options.again, reason=options.reason,
                                      unattended=options.unattended))
                  for symbol in _symbols(workspace, options.symbol))
    return _several(options, operations, "files")


def _fetch(options: argparse.Namespace) -> int:
    from oclc_console.operations.fetch import fetch

    workspace = _ready(_workspace(options))
    _pin_named(workspace, options)
    operations = ((workspace, fetch(workspace, symbol.code)) for symbol in _symbols(workspace, options.symbol)
                  if options.symbol or not symbol.successor)
    return _several(options, operations, "reports")


def _account(options: argparse.Namespace) -> int:
    from oclc_console.operations.account import account

    if options.mail:
        return _mail(_workspace(options), options)
    answer = account(_workspace(options), options.symbol)
    show.answer(answer.to_json(), _as_json(options), show.account_words(answer))
    return 0


def _mail(workspace: Workspace, options: argparse.Namespace) -> int:
    from oclc_console.operations.mail_to_oclc import mail_text, mails_to_oclc

    mails = mails_to_oclc(workspace, options.symbol)
    told = {"symbol": options.symbol, "mails": [{"subject": mail.subject, "text": mail.text} for mail in mails]}
    words = mail_text(mails).splitlines() or [f"There is nothing to write: no report on {options.symbol} is late, and OCLC has "
                                              "removed nothing."]
    show.answer(told, _as_json(options), words)
    return 0


def _lint(options: argparse.Namespace) -> int:
    from oclc_console.cli import lint

    return lint.run(options)


def _coverage(options: argparse.Namespace) -> int:
    from oclc_console.cli import coverage

    return coverage.run(_workspace(options), options)


def _reports(options: argparse.Namespace) -> int:
    from oclc_console.cli import reports

    return reports.run(_workspace(options), options)


def _checklist(options: argparse.Namespace) -> int:
    from oclc_console.cli.checklist import run_checklist

    return run_checklist(_workspace(options), options)


def _evidence(options: argparse.Namespace) -> int:
    from oclc_console.cli.checklist import run_evidence

    return run_evidence(_workspace(options), options)


def _sign(options: argparse.Namespace) -> int:
    from oclc_console.cli.gates import run_sign

    return run_sign(_workspace(options), options)


def _approve(options: argparse.Namespace) -> int:
    from oclc_console.cli.gates import run_approve

    return run_approve(_workspace(options), options)


def _authorizations(options: argparse.Namespace) -> int:
    from oclc_console.cli.authorizations import run as run_authorizations

    return run_authorizations(_workspace(options), options, as_json=_as_json(options))


def _decisions(options: argparse.Namespace) -> int:
    from oclc_console.cli.decisions import run as run_decisions

    return run_decisions(_workspace(options), options, as_json=_as_json(options))


def _status(options: argparse.Namespace) -> int:
    from oclc_console.cli import oversight

    return oversight.run(_workspace(options), options)


def _symbols_command(options: argparse.Namespace) -> int:
    from oclc_console.cli import symbols

    return symbols.run(_workspace(options), options)


def _timeline(options: argparse.Namespace) -> int:
    from oclc_console.cli import timeline

    return timeline.run(_workspace(options), options)


def _log(options: argparse.Namespace) -> int:
    from oclc_console.cli import log

    return log.run(_workspace(options), options)
