"""Keeps a workspace's rehearsal running for the commands that need it, and its host key pinned: it is our own key, made in
this very workspace. Not for the rehearsal itself."""

from __future__ import annotations

import os

from oclc_console.files import locked, replace_file
from oclc_console.oclc.names import escape_symbol
from oclc_console.rehearsal import server
from oclc_console.workspace import Workspace

IDLE_SECONDS = 60.0


def ensure_rehearsal(workspace: Workspace, *, seed: int = 1, turn_around_seconds: float | None = None) -> None:
    """Makes the rehearsal's accounts from console.toml, starts its server when it isn't running, and pins its host key."""
    settings = workspace.settings
    accounts = {
        settings.account_of(symbol): server.Account(escape_symbol(symbol.code), tuple(s.collection for s in symbol.streams))
        for symbol in settings.symbols.values()
        if not symbol.successor
    }
    server.prepare_rehearsal(workspace.rehearsal, accounts=accounts, seed=seed, turn_around_seconds=turn_around_seconds)
    running = server.ensure_server(workspace.rehearsal, parent=os.getpid(), idle_seconds=IDLE_SECONDS)
    name = f"[{running.host}]:{running.port}"
    kind, key = running.host_key.split()[:2]
    with locked(workspace.root / "known_hosts.lock", doing="pinning the rehearsal's host key"):
        old = workspace.known_hosts.read_text(encoding="utf-8").splitlines() if workspace.known_hosts.exists() else []
        kept = [line for line in old if not line.startswith(f"[{running.host}]:")]
        replace_file(workspace.known_hosts, "".join(f"{line}\n" for line in [*kept, f"{name} {kind} {key}"]).encode())
