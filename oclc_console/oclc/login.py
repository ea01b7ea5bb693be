"""Where to connect and as whom, and the secret that opens it: a key file, the ssh-agent, or the system's keyring. Nothing
secret stands in console.toml, in an event or in an error. Not for the connection itself (exchange.py) nor for making a key
pair (operations/keys.py).
"""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from oclc_console.errors import OtherSideError, SettingsError
from oclc_console.oclc.faults import Stopped, in_words

SERVICE = "oclc-console"  # under this name the keyring keeps the secret of an account


@dataclass(frozen=True)
class Address:
    """Where to connect and as whom. `auth` is key (the file `key`), agent, or keyring: then the keyring has the passphrase of
    the file `key` or, where there is no such file, the account's password."""

    host: str
    port: int
    account: str
    auth: str
    key: Path

    @property
    def where(self) -> str:
        """`host:port`, for people."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Credentials:
    """What opens the account; never shown."""

    key: paramiko.PKey | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


class GcmFirst(paramiko.Transport):  # type: ignore[misc]
    """AES-GCM first: it needs no separate MAC, which saves a quarter of the client's work. RSA keys sign with SHA-2 only:
    OCLC refuses SHA-1 since July 2024, and this paramiko knows no other way."""

    _preferred_ciphers = (
        "aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
        *(name for name in paramiko.Transport._preferred_ciphers if name.endswith("-ctr")),
    )


def credentials(address: Address) -> Credentials:
    """What logs in at this address. Raises SettingsError."""
    if address.auth == "agent":
        return Credentials()
    path = address.key.expanduser()
    if address.auth == "key":
        return Credentials(key=_key_file(path, None))
    secret = _from_keyring(address.account)
    if path.is_file():
        return Credentials(key=_key_file(path, secret))
    return Credentials(password=secret)


def _key_file(path: Path, passphrase: str | None) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path, password=passphrase.encode() if passphrase else None)
    except FileNotFoundError:
        raise SettingsError("there is no private key", where=str(path),
                            then="Make one with: oclc-console keys. Or name yours in console.toml, exchange.key, or use "
                                 'auth = "agent".') from None
    except (paramiko.PasswordRequiredException, TypeError):  # TypeError: a passphrase is missing, or one is too many
        if passphrase:
            return _key_file(path, None)
        raise SettingsError("the private key has a passphrase", where=str(path),
                            then='Load it into ssh-agent and set auth = "agent" in console.toml, or keep the passphrase in the '
                                 'system\'s keyring and set auth = "keyring".') from None
    except (paramiko.SSHException, ValueError, OSError) as error:
        if passphrase:
            raise SettingsError("the passphrase in the keyring does not open the private key", where=str(path),
                                then=_keep_it("ACCOUNT")) from None
        raise SettingsError(f"this is no private key we can use ({type(error).__name__})", where=str(path),
                            then="It must be an OpenSSH private key (not the .pub).") from None


def _keep_it(account: str) -> str:
    return f"Put it into the keyring with: python -m keyring set {SERVICE} {account}"


def _from_keyring(account: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise SettingsError("the keyring library is not installed", where="console.toml, key exchange.auth",
                            then="Install it with: pip install 'oclc-console[keyring]', or use key or agent.") from None
    try:
        secret = keyring.get_password(SERVICE, account)
    except KeyringError as error:
        raise SettingsError(f"the keyring can't be read ({type(error).__name__})", where=f"account {account}",
                            then="Unlock it, or use auth = \"key\" or \"agent\" in console.toml.") from None
    if not secret:
        raise SettingsError("the keyring has nothing for it", where=f"account {account}", then=_keep_it(account))
    return str(secret)


def plug_in(address: Address, seconds: float, stall: float, stop: threading.Event | None) -> socket.socket:
    """A TCP connection that notices a peer that is gone by itself. Raises OtherSideError, or Stopped."""
    try:
        plug = _reach(address, seconds, stop)
    except OSError as error:
        raise in_words(error, address.where, address.account) from error
    plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_USER_TIMEOUT", int(stall * 1000)), ("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5),
                        ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            plug.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return plug


def _reach(address: Address, seconds: float, stop: threading.Event | None) -> socket.socket:
    """Tries each of the host's addresses; in a thread of its own, because a connect that nobody answers can't be called off."""
    if stop is None:
        return socket.create_connection((address.host, address.port), timeout=seconds)
    found: list[socket.socket | OSError] = []

    def reach() -> None:
        try:
            found.append(socket.create_connection((address.host, address.port), timeout=seconds))
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=reach, name="connecting", daemon=True)
    thread.start()
    until = time.monotonic() + seconds + 5  # looking the name up has no time-out
    while thread.is_alive() and time.monotonic() < until:
        thread.join(0.1)
        if stop.is_set():
            raise Stopped
    if not found:
        raise OtherSideError("its name could not be looked up in time", where=address.where, then="Check the network.")
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]
