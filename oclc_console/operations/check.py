"""check: are the settings right, does the login work, are the folders there, whose host key is it, and what has to be typed
into Alma? Told truthfully, line by line. Sends nothing, unless a probe is asked for. Not for sending files (upload.py)."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oclc_console import clock
from oclc_console.errors import ConsoleError, OtherSideError
from oclc_console.oclc.listed_names import read_listed_name
from oclc_console.oclc.places import DATA_CENTRES, alma_form
from oclc_console.operations.connection import address_of, connect_for
from oclc_console.operations.fetched import Here, records_here, reports_here, told_before
from oclc_console.settings import Exchange, Symbol
from oclc_console.store import log
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.oclc.exchange import Entry, Link


@dataclass(frozen=True)
class CheckLine:
    """One thing looked at. `state` is good, note or bad; `meaning` says what the answer means and what to do."""

    symbol: str
    state: str
    what: str
    meaning: str = ""


def check(workspace: Workspace, symbol: Symbol, *, send: bool = False) -> Iterator[CheckLine]:
    """Checks one symbol's connection. With `send` a small probe is uploaded, as Alma's Test FTP does. Problems are lines,
    not exceptions, except UnknownHostKey, which asks for a person's decision."""
    from oclc_console.oclc.exchange import UnknownHostKey

    settings, code = workspace.settings, symbol.code
    yield CheckLine(code, "good", f"console.toml: {len(settings.symbols)} symbols",
                    f"{code} is {symbol.disposition}" + (f" into {symbol.successor}" if symbol.successor else ""))
    for stream in settings.sender(symbol).streams:
        yield CheckLine(code, "good", f"stream {stream.name}: collection {stream.collection}",
                        f"match {stream.match}, delivered by {stream.delivery}")
    if not settings.exchange.is_rehearsal and settings.exchange.host not in DATA_CENTRES:
        yield CheckLine(code, "note", f"{settings.exchange.host} is none of OCLC's data centres",
                        f"They are {', '.join(DATA_CENTRES)}.")
    if kind := network_file_system(workspace.root):
        yield CheckLine(code, "note", f"the workspace is on a network file system ({kind})",
                        "Locks and renames may not hold there: move it to a local disk.")
    try:
        address = address_of(workspace, symbol)
        with connect_for(workspace, symbol) as link:
            yield CheckLine(code, "good", f"logged in to {address.host}:{address.port} as {address.account}")
            yield CheckLine(code, "good", f"host key {link.host_key}", "It is the one pinned in known_hosts.")
            yield from _folders(workspace, symbol, link)
            if send:
                for folder in settings.upload_folders_of(symbol):
                    yield from _probe(workspace, symbol, folder, link)
    except UnknownHostKey:
        raise
    except ConsoleError as error:
        yield CheckLine(code, "bad", error.what, f"{error.where} {error.then}".strip())
        return
    yield from _for_alma(settings.exchange, code, address.account, settings.upload_folders_of(symbol))


def _for_alma(exchange: Exchange, code: str, account: str, folders: Sequence[str]) -> Iterator[CheckLine]:
    """What to type into Alma so that it could deliver itself; in a rehearsal the host is one Alma can't reach."""
    host = "OCLC's host (this is a rehearsal)" if exchange.is_rehearsal else exchange.host
    forms = [alma_form(host, exchange.port, account, folder) for folder in folders]
    for field, value in dict.fromkeys(line for together in zip(*forms, strict=True) for line in together):
        yield CheckLine(code, "note", f"in Alma, {field}: {value}")


def _folders(workspace: Workspace, symbol: Symbol, link: Link) -> Iterator[CheckLine]:
    exchange = workspace.settings.exchange
    for folder in workspace.settings.upload_folders_of(symbol):
        waiting = link.listing(folder)
        meaning = "Empty is normal: OCLC takes a file the moment it is closed." if not waiting else (
            "OCLC has not taken these: uploads that were cut short, or files it waits with. " + _names(waiting))
        yield CheckLine(symbol.code, "good" if not waiting else "note",
                        f"upload folder {folder}: {len(waiting)} files", meaning)
    told = told_before(workspace)
    reports = link.listing(exchange.reports_folder)
    yield CheckLine(symbol.code, "good", f"reports folder {exchange.reports_folder}: {len(reports)} reports",
                    _of_these(reports, reports_here(workspace, told)))
    for remote in exchange.record_folders:
        try:
            records = link.listing(remote)
        except OtherSideError as error:
            if not isinstance(error.__cause__, FileNotFoundError | PermissionError):
                raise
            yield CheckLine(symbol.code, "note", f"records folder {remote}: {error.what}",
                            "OCLC makes it for libraries that get records from it; fetch goes on without it.")
            continue
        meaning = _of_these(records, records_here(workspace, remote.rpartition("/")[2], told))
        yield CheckLine(symbol.code, "good", f"records folder {remote}: {len(records)} files", meaning)


def _of_these(entries: list[Entry], here: Here) -> str:
    """What fetch would do with the files of a folder."""
    listed = [(read_listed_name(entry.name), entry.size) for entry in entries]
    new = sum(not name.stub and here.lacks(name, size) for name, size in listed)
    removed = sum(name.stub and not here.has(name) for name, _ in listed)
    gone = f" {removed} are only placeholders of files that OCLC removed: fetch says what to ask for." if removed else ""
    if not entries:
        return "OCLC has written none yet."
    if new:
        return f"{new} of them are not here yet; fetch brings them.{gone}"
    return gone.strip() or "All of them are here."


def _names(entries: list[Entry]) -> str:
    return ", ".join(f"{entry.name} ({entry.size:,} bytes)" for entry in entries[:5])


def _probe(workspace: Workspace, symbol: Symbol, folder: str, link: Link) -> Iterator[CheckLine]:
    """Uploads a few bytes, opened through as many channels as console.toml asks for, and tells what became of them. Here
    looking is harmless: nothing depends on the answer."""
    from oclc_console.oclc.exchange import ChannelCount

    asked = workspace.settings.exchange.channels
    channels, name = ChannelCount(asked), f"probe.{clock.stamp(clock.now())}.txt"
    with tempfile.TemporaryDirectory() as place:
        local = Path(place) / name
        local.write_bytes(b"oclc-console connection probe; not MARC data\n")
        try:
            probe = link.begin(local, f"{folder}/{name}", lambda _: None, threading.Event(), channels=channels)
            probe.write_all()
            probe.close()
        except OtherSideError as error:
            one = " Try it with exchange.channels = 1." if asked > 1 else ""
            yield CheckLine(symbol.code, "bad", f"probe {name}: {error.what}", f"No upload would get through.{one}")
            return
    log.append(workspace, "check.probe", symbol.code, name=name)
    if any(entry.name == name for entry in link.listing(folder)):
        yield CheckLine(symbol.code, "note", f"probe {name} uploaded and still listed",
                        "OCLC usually takes a file at once; look again later.")
    else:
        yield CheckLine(symbol.code, "good", f"probe {name} uploaded; gone at once, as OCLC does: good")
    if fewer := channels.news():
        yield CheckLine(symbol.code, "note", fewer, "Uploads get through all the same.")
    elif asked > 1:
        yield CheckLine(symbol.code, "good", f"probe {name} was opened through {asked} channels at once",
                        "Before relying on it, see that the report of a first large file answers all its records.")


def network_file_system(path: Path) -> str | None:
    """The kind of network file system the folder is on, as far as this system tells (Linux: /proc/mounts)."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None  # not Linux: nothing to tell, and nothing is claimed
    best, kind = "", ""
    for line in mounts:
        _, place, type_, *_ = line.split(" ")
        if str(path.resolve()).startswith(place.rstrip("/") + "/") and len(place) >= len(best):
            best, kind = place, type_
    return kind if kind in ("nfs", "nfs4", "cifs", "smb3", "smbfs", "sshfs", "fuse.sshfs", "9p", "afs", "glusterfs") else None
