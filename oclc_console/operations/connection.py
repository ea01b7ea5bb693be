"""Connects to a symbol's file-exchange account as console.toml says, to OCLC or to the rehearsal. Not for what goes over
the connection (oclc/exchange.py does that)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from oclc_console.errors import OtherSideError
from oclc_console.settings import Symbol
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.oclc.exchange import Address, Link


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
    try:
        server = orjson.loads((folder / "server.json").read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        raise OtherSideError("the rehearsal is not running", where=str(folder),
                             then="Any command that needs it starts it; run the command again.") from None
    return str(server["host"]), int(server["port"])


def connect_for(workspace: Workspace, symbol: Symbol) -> Link:
    """A standing connection to the symbol's account. Raises OtherSideError, UnknownHostKey or SettingsError."""
    from oclc_console.oclc.exchange import connect

    exchange = workspace.settings.exchange
    return connect(address_of(workspace, symbol), workspace.known_hosts, seconds=exchange.connect_seconds,
                   stall=exchange.stall_seconds)
