"""The commands about getting into OCLC's file exchange: check, keys, and --host-key wherever a connection is made. Not for
the connection itself.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator
from pathlib import Path

from oclc_console.cli import show
from oclc_console.errors import CallError
from oclc_console.operations.check import CheckLine, check
from oclc_console.operations.connection import pin_host_key, pin_if_it_is
from oclc_console.settings import Symbol
from oclc_console.workspace import Workspace


def run_check(workspace: Workspace, symbols: list[Symbol], options: argparse.Namespace, *, as_json: bool) -> int:
    """Checks these symbols' connections; 3 when something is wrong."""
    if options.send and not workspace.settings.exchange.is_rehearsal and not show.confirmed(
        f"This uploads a probe to {workspace.settings.exchange.host}, OCLC's real server. Type yes to go on: "
    ):
        raise CallError("nothing was sent", where="--send", then="A probe to a real host needs a typed yes.")
    pin_named(workspace, symbols[:1], options.host_key)
    lines = []
    for symbol in symbols:
        for line in _pinning(workspace, symbol, options.send):
            lines.append(line)
            if not as_json:
                show.check_line(line)
    bad = any(line.state == "bad" for line in lines)
    if as_json:
        show.answer({"lines": [vars(line) for line in lines], "good": not bad}, True, [])
    return 3 if bad else 0


def pin_named(workspace: Workspace, symbols: list[Symbol], fingerprint: str | None) -> None:
    """For --host-key: pins the key the server shows when it is the one named; otherwise nothing goes on. All symbols have one
    server, so one of them is enough to reach it."""
    if fingerprint and symbols and pin_if_it_is(workspace, symbols[0], fingerprint):
        show.say(f"Pinned the host key {fingerprint} in {workspace.known_hosts}.")


def _pinning(workspace: Workspace, symbol: Symbol, send: bool) -> Iterator[CheckLine]:
    """Checks a symbol; a host key that is not pinned is pinned when a person confirms it, and then checked again."""
    from oclc_console.oclc.exchange import UnknownHostKey

    try:
        yield from check(workspace, symbol, send=send)
    except UnknownHostKey as unknown:
        if not show.confirmed(f"{unknown.where} shows the host key {unknown.fingerprint}. Compare it with what OCLC tells you. "
                              "Type yes to pin it: "):
            raise
        pin_host_key(workspace, unknown)
        yield from check(workspace, symbol, send=send)


def run_keys(workspace: Workspace, options: argparse.Namespace, *, as_json: bool) -> int:
    """Makes a key pair where console.toml says, and tells what to do with it."""
    from oclc_console.operations.keys import accounts, make_keys, read_pair, walk_through

    settings = workspace.settings
    private = Path(settings.exchange.key)
    if options.show:
        pair = read_pair(private)
    else:
        passphrase = _asked_passphrase() if options.passphrase else None
        pair = make_keys(private, options.kind, f"oclc-console {workspace.actor}", passphrase)
    show.answer({"private": str(pair.private), "public": str(pair.public), "fingerprint": pair.fingerprint, "line": pair.line,
                 "accounts": accounts(settings)}, as_json, walk_through(settings, pair))
    return 0


def _asked_passphrase() -> str:
    if not sys.stdin.isatty():
        raise CallError("a passphrase is asked for on a terminal only", where="--passphrase",
                        then="Run it in a terminal; a passphrase is never an argument.")
    first = getpass.getpass("Passphrase for the private key: ", sys.stderr)
    if not first or getpass.getpass("The same again: ", sys.stderr) != first:
        raise CallError("the two are not the same, or empty", where="--passphrase", then="Run it again.")
    return first
