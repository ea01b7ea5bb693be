"""Whose host key it is: the pins in known_hosts, a key nobody has pinned yet, and one that has changed. A key is never
accepted by itself; a person compares its fingerprint, or names it beforehand. Not for logging in (login.py).
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import paramiko

from oclc_console.errors import OtherSideError, SettingsError


class UnknownHostKey(OtherSideError):
    """The server's key is not pinned yet: nobody may go on before a person has compared it. `line` is what known_hosts
    would hold."""

    needs_somebody = True

    def __init__(self, host: str, line: str, fingerprint: str) -> None:
        self.line, self.fingerprint = line, fingerprint
        super().__init__(f"its host key {fingerprint} is not pinned", where=host,
                         then="Compare it with what OCLC tells you, then pin it with: oclc-console check "
                              f"--host-key {fingerprint}")


class HostKeyChanged(OtherSideError):
    """The server shows another key than the one that is pinned: everything stops."""

    needs_somebody = True

    def __init__(self, where: str, shown: paramiko.PKey, pinned: paramiko.PKey) -> None:
        self.fingerprint = fingerprint(shown)
        kind = "" if shown.get_name() == pinned.get_name() else (
            f" (of another kind: {shown.get_name()}, pinned is {pinned.get_name()})")
        super().__init__(
            f"THE HOST KEY HAS CHANGED: the server shows {self.fingerprint}{kind}, pinned is {fingerprint(pinned)}",
            where=where,
            then="Somebody may be in between, or OCLC has a new key. Nothing was sent, and nothing will be. Ask OCLC for its "
                 "fingerprint; if it is the new one, take this host's line out of known_hosts in the workspace and run: "
                 f"oclc-console check --host-key {self.fingerprint}")


def fingerprint(key: paramiko.PKey) -> str:
    """`SHA256:...` as OpenSSH shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def host_in_known_hosts(host: str, port: int) -> str:
    """How a host stands in known_hosts: `[host]:port` where the port is not 22."""
    return host if port == 22 else f"[{host}]:{port}"


class NeverAccept(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """What paramiko does with a key that is not in known_hosts: it tells us."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        line = f"{hostname} {key.get_name()} {key.get_base64()}"
        raise UnknownHostKey(hostname, line, fingerprint(key))


def load_pins(client: paramiko.SSHClient, known_hosts: Path) -> None:
    """Gives the client the pinned keys. Raises SettingsError for a line that can't be read: skipping it might hide a pin."""
    if not known_hosts.exists():
        return
    try:
        client.load_host_keys(str(known_hosts))
    except paramiko.hostkeys.InvalidHostKey as error:
        raise _unreadable(known_hosts, _line_number(known_hosts, str(error.line))) from None
    except (OSError, ValueError) as error:
        raise _unreadable(known_hosts, type(error).__name__) from None


def _line_number(known_hosts: Path, line: str) -> str:
    lines = known_hosts.read_text(encoding="utf-8", errors="replace").splitlines()
    at = next((number for number, there in enumerate(lines, 1) if there.strip() == line.strip()), None)
    return f"line {at}" if at else "a line"


def _unreadable(known_hosts: Path, which: str) -> SettingsError:
    return SettingsError(f"{which} of it can't be read", where=str(known_hosts),
                         then="Delete that line, then pin the host key again with: oclc-console check")
