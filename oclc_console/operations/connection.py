"""Connects to a symbol's file-exchange account as console.toml says, to OCLC or to the rehearsal. Not for what goes over
the connection (oclc/exchange.py does that)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from oclc_console.errors import CallError, OtherSideError
from oclc_console.files import locked, replace_file
from oclc_console.settings import Symbol
from oclc_console.store import log
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.oclc.exchange import Address, Link, UnknownHostKey


def address_of(workspace: Workspace, symbol: Symbol) -> Address:
    """Where the symbol's files go and as whom. Raises OtherSideError when the rehearsal isn't running."""
    from oclc_console.oclc.exchange import Address

    exchange = workspace.settings.exchange
    account = workspace.settings.account_of(symbol)
    if exchange.is_rehearsal:
        host, port = _rehearsal_at(workspace.rehearsal)
        return Address(host, port, account, "key", workspace.rehearsal / "client_key")
    return Address(exchange.host, exchange.port, account, exchange.auth, Path(exchange.key))


def _rehearsal_at(folder: Path) -> tuple[str, int]:
    from oclc_console.oclc.exchange import LinkLost

    try:
        server = orjson.loads((folder / "server.json").read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        raise LinkLost("the rehearsal is not running", where=str(folder),
                       then="Any command that needs it starts it; run the command again.") from None
    return str(server["host"]), int(server["port"])


def connect_for(workspace: Workspace, symbol: Symbol, stop: threading.Event | None = None) -> Link:
    """A standing connection to the symbol's account. Raises OtherSideError, UnknownHostKey or SettingsError, and Stopped
    soon after `stop`."""
    from oclc_console.oclc.exchange import connect

    exchange = workspace.settings.exchange
    return connect(address_of(workspace, symbol), workspace.known_hosts, seconds=exchange.connect_seconds,
                   stall=exchange.stall_seconds, stop=stop)


def pin_host_key(workspace: Workspace, unknown: UnknownHostKey) -> None:
    """Pins a host key that a person has compared; logged with their name."""
    with locked(workspace.root / "known_hosts.lock", doing="pinning a host key"):
        old = workspace.known_hosts.read_bytes() if workspace.known_hosts.exists() else b""
        gap = b"" if not old or old.endswith(b"\n") else b"\n"
        replace_file(workspace.known_hosts, old + gap + unknown.line.encode() + b"\n")
    log.append(workspace, "check.host_key_pinned", "", line=unknown.line, fingerprint=unknown.fingerprint)


def pin_if_it_is(workspace: Workspace, symbol: Symbol, fingerprint: str) -> bool:
    """Pins the host key of the symbol's server when, and only when, it has this fingerprint (`SHA256:...`); true when it was
    pinned now, false when it was already. Nobody logs in. Raises OtherSideError when the server shows another key: then
    nothing may go on; one that was pinned before is never replaced."""
    from oclc_console.oclc.exchange import UnknownHostKey, shown_host_key

    if not fingerprint.startswith("SHA256:"):
        raise CallError("a fingerprint begins with SHA256:", where="--host-key", then="Write it as OCLC or ssh shows it.")
    address = address_of(workspace, symbol)
    unknown = None
    try:
        shown = shown_host_key(address, workspace.known_hosts, seconds=workspace.settings.exchange.connect_seconds)
    except UnknownHostKey as met:
        unknown, shown = met, met.fingerprint
    if shown != fingerprint:
        raise OtherSideError(f"it shows the host key {shown}, not the one named with --host-key", where=address.where,
                             then="Nothing was sent. Somebody may be in between, or the fingerprint is an old one: ask OCLC.")
    if unknown is not None:
        pin_host_key(workspace, unknown)
    return unknown is not None
