"""What goes wrong on the way to OCLC, as errors of our own: each says in a sentence what it means for the operator, and its
kind says whether trying again by itself is right (LinkLost) or not (everything else: a login that is refused locks the
account when it is repeated, a full disk stays full). Not for what a fault means for a file (operations/upload.py).
"""

from __future__ import annotations

import socket

import paramiko

from oclc_console.errors import OtherSideError
from oclc_console.oclc.host_keys import HostKeyChanged

AGAIN = "Run the same command again; nothing is sent twice."
WIRE_ERRORS = (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError)


class LinkLost(OtherSideError):
    """The link failed, or the server took no connection just now: trying again a little later is right."""


class LoginRefused(OtherSideError):
    """The server does not let us in: never repeated, or the account gets locked."""

    needs_somebody = True


class NoFileExchange(OtherSideError):
    """The server lets us in and opens no file exchange: that is its answer, and it would be the same a minute later."""

    needs_somebody = True

    def __init__(self, where: str, account: str) -> None:
        super().__init__(f"it lets {account} in and offers no file exchange (SFTP)", where=where,
                         then=f"It was tried once. Ask OCLC to switch file exchange on for {account}, then run the same "
                              "command again; nothing is sent twice.")


class Stopped(Exception):
    """The person asked to stop; the file in hand was left unclosed, so the server must not take it for complete."""


class SendFailed(OtherSideError):
    """A file did not go through. `stage` is opening, writing or closing; `acknowledged` in bytes; `server_said` is true
    when the server itself refused, false when the link failed."""

    def __init__(self, what: str, where: str, stage: str, acknowledged: int, server_said: bool) -> None:
        self.stage, self.acknowledged, self.server_said = stage, acknowledged, server_said
        super().__init__(what, where=where)


class TakenCut(OtherSideError):
    """The server took a file away that was not closed yet: it may have a truncated copy. `acknowledged` in bytes."""

    def __init__(self, what: str, where: str, acknowledged: int) -> None:
        self.acknowledged = acknowledged
        super().__init__(what, where=where)


def in_words(error: BaseException, where: str, account: str) -> OtherSideError:
    """What a paramiko, socket or SFTP error means for the operator. What the server said is quoted; no error of ours
    carries a password or passphrase, because paramiko's don't."""
    if isinstance(error, OtherSideError):
        return error
    if isinstance(error, paramiko.BadHostKeyException):
        return HostKeyChanged(where, error.key, error.expected_key)
    said = str(error).strip(" :") or type(error).__name__
    if isinstance(error, paramiko.AuthenticationException) and "timeout" not in said.lower():
        return _refused(error, where, account)
    if isinstance(error, socket.gaierror):
        return OtherSideError("there is no such host, or no network", where=where,
                              then="Check exchange.host in console.toml and the network.")
    if isinstance(error, TimeoutError) or "timeout" in said.lower():
        return LinkLost("it did not answer in time", where=where, then=AGAIN)
    if isinstance(error, ConnectionRefusedError | paramiko.ssh_exception.NoValidConnectionsError):
        return LinkLost("it refuses connections", where=where, then=AGAIN)
    if isinstance(error, PermissionError):
        return OtherSideError("it says permission denied", where=where,
                              then=f"Ask OCLC whether {account} may write there.")
    if isinstance(error, FileNotFoundError):
        return OtherSideError("it says there is no such folder or file", where=where,
                              then="Check upload_folder, lhr_folder and reports_folder in console.toml.")
    if "banner" in said.lower():
        return LinkLost(f"it takes no connections now, or is no SSH server ({said})", where=where, then=AGAIN)
    lost = ("closed", "dropped", "session", "reset", "broken pipe", "unreachable", "no route")
    if isinstance(error, EOFError | ConnectionError) or any(word in said.lower() for word in lost):
        return LinkLost(f"the connection was lost ({said})", where=where, then=AGAIN)
    if isinstance(error, paramiko.SFTPError):
        return OtherSideError(f"it does not speak SFTP ({said})", where=where,
                              then="Check exchange.host and exchange.port in console.toml.")
    if said == "Failure":
        said += "; a full disk or a used-up quota answers like this"
    return OtherSideError(f"it answered: {said}", where=where, then=AGAIN)


def _refused(error: paramiko.AuthenticationException, where: str, account: str) -> LoginRefused:
    ways = getattr(error, "allowed_types", None)
    takes = f" (it takes {', '.join(ways)})" if ways else ""
    return LoginRefused(f"it does not let {account} in{takes}", where=where,
                        then="It was tried once and is not repeated, so that the account does not get locked. Check the "
                             "account in console.toml, and that the public key stands in OCLC's .ssh/authorized_keys "
                             "(oclc-console keys says how).")
