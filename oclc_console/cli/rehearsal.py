"""Keeps a workspace's rehearsal running for the commands that need it, and its host key pinned: it is our own key, made in
this very workspace. Not for the rehearsal itself."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

from oclc_console.files import locked, replace_file
from oclc_console.rehearsal.folder import SETTINGS, Account, load, prepare_rehearsal
from oclc_console.rehearsal.mishaps import MISHAPS, forget
from oclc_console.rehearsal.starting import Server, ensure_server, stop_server
from oclc_console.settings import Settings
from oclc_console.workspace import Workspace

IDLE_SECONDS = 60.0


def ensure_rehearsal(workspace: Workspace, *, seed: int = 1, turn_around_seconds: float | None = None,
                     fault: str | None = None) -> Server:
    """Gives the rehearsal its accounts as console.toml names them, starts its server when it isn't running, and pins its
    host key. How it behaves stays as it was set before; a `fault` named now (one of mishaps.py, or empty for none) takes
    the place of an earlier one. Raises OtherSideError when it does not start."""
    folder = workspace.rehearsal
    behaviour: dict[str, Any] = {}
    if (folder / SETTINGS).exists():
        before = load(folder)
        seed, behaviour = before.seed, asdict(before.behaviour)
        del behaviour["login_seconds"]
    if turn_around_seconds is not None:
        behaviour["turn_around_seconds"] = turn_around_seconds
    if fault is not None and fault != behaviour.get("fault", ""):
        stop_server(folder)  # another host key is shown only from the start on
        forget(folder)
        behaviour.update(fault=fault, fault_times=0 if fault and MISHAPS[fault].lasts else 1)
    prepare_rehearsal(folder, accounts=accounts_of(workspace.settings), seed=seed, **behaviour)
    server = ensure_server(folder, parent=os.getpid(), idle_seconds=IDLE_SECONDS)
    _pin(workspace, server)
    return server


def accounts_of(settings: Settings) -> list[Account]:
    """The accounts the stand-in OCLC needs: one for each symbol that sends files of its own."""
    return [
        Account(symbol.code, tuple(stream.collection for stream in symbol.streams), settings.account_of(symbol),
                symbol.lsn, symbol.ocn)
        for symbol in settings.symbols.values()
        if symbol.streams
    ]


def _pin(workspace: Workspace, server: Server) -> None:
    kind, key = server.host_key.split()[:2]
    with locked(workspace.root / "known_hosts.lock", doing="pinning the rehearsal's host key"):
        old = workspace.known_hosts.read_text(encoding="utf-8").splitlines() if workspace.known_hosts.exists() else []
        kept = [line for line in old if not line.startswith(f"[{server.host}]:")]
        new = "".join(f"{line}\n" for line in [*kept, f"[{server.host}]:{server.port} {kind} {key}"])
        if new.splitlines() != old:
            replace_file(workspace.known_hosts, new.encode())
