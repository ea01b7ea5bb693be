"""keys: makes a key pair for the file exchange and says, step by step, how its public half gets into OCLC's
.ssh/authorized_keys. Never overwrites a key and never touches OCLC's server. Not for logging in (oclc/login.py).

Source: OCLC, "Set up passwordless file exchanges": the public key is uploaded over SFTP onto the account's
.ssh/authorized_keys; the file that is there is overwritten and never deleted first, because a deleted one can't get its
group again, and the account asks for a password for ever. "Upload ongoing patron data files using passwordless SFTP":
SHA-1 is refused since July 2024, so an RSA key signs with SHA-2 here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from oclc_console.errors import CallError, from_os_error
from oclc_console.files import make_folder, sync_folder
from oclc_console.settings import Settings

KeyKind = Literal["ed25519", "rsa"]
RSA_BITS = 4096


@dataclass(frozen=True)
class KeyPair:
    """A key pair on this machine: its private file, the line of its public half, and that one's fingerprint."""

    private: Path
    public: Path
    line: str
    fingerprint: str


def make_keys(private: Path, kind: KeyKind, comment: str, passphrase: str | None = None) -> KeyPair:
    """Makes a key pair: the private file for its owner alone (0600), the public one beside it as `.pub`. Raises CallError
    where either is there already, HereError when they can't be written."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    private = private.expanduser()
    public = private.with_name(private.name + ".pub")
    if there := next((path for path in (private, public) if path.exists() or path.is_symlink()), None):
        raise CallError("there is a key already, and it is never overwritten", where=str(there),
                        then="Use it, or name another file in console.toml, exchange.key.")
    key = Ed25519PrivateKey.generate() if kind == "ed25519" else generate_private_key(65537, RSA_BITS)
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        locked = serialization.BestAvailableEncryption(passphrase.encode())
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, locked)
    open_half = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    try:
        make_folder(private.parent)
        _write_new(private, secret, 0o600)
        _write_new(public, open_half + b" " + comment.encode() + b"\n", 0o644)
        sync_folder(private.parent)
    except OSError as error:
        raise from_os_error(error, "writing the key pair") from error
    return read_pair(private)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_pair(private: Path) -> KeyPair:
    """A key pair that is there, as far as its public half tells. Raises CallError where that can't be read."""
    import base64
    import hashlib

    private = private.expanduser()
    public = private.with_name(private.name + ".pub")
    try:
        line = public.read_text(encoding="utf-8").strip()
        blob = base64.b64decode(line.split()[1], validate=True)
    except (OSError, ValueError, IndexError):
        raise CallError("the public half of the key can't be read", where=str(public),
                        then=f"Make it again with: ssh-keygen -y -f {private} > {public}") from None
    shown = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return KeyPair(private, public, line, f"SHA256:{shown}")


def accounts(settings: Settings) -> list[str]:
    """Every account of the file exchange that console.toml names, once."""
    return list(dict.fromkeys(settings.account_of(symbol) for symbol in settings.symbols.values()))


def walk_through(settings: Settings, pair: KeyPair) -> list[str]:
    """What a person does next, in order: OCLC's rule for authorized_keys."""
    exchange = settings.exchange
    host = "HOST" if exchange.is_rehearsal else exchange.host
    names = accounts(settings) or ["ACCOUNT"]
    lines = [
        f"private key   {pair.private}   (stays here; never send it to anybody)",
        f"public key    {pair.public}",
        f"fingerprint   {pair.fingerprint}",
        "",
        "How OCLC gets the public key, once for each account, with its password:",
        "  1. Put the public key into a file named authorized_keys. If OCLC has one already with keys that are still used,",
        "     fetch it first (get .ssh/authorized_keys) and add this key as one more line:",
        f"       {pair.line}",
        "  2. Upload it ONTO the file that is there. OVERWRITE it; NEVER delete or rename it first: a deleted one",
        "     can't get its group again, and the account asks for a password for ever.",
        *(f"       sftp -P {exchange.port} {account}@{host}      then: put authorized_keys .ssh/authorized_keys"
          for account in names),
        "  3. oclc-console check   shows the server's host key (compare it with what OCLC tells you) and logs in with the key.",
    ]
    if exchange.is_rehearsal:
        lines += ["", "This workspace rehearses: the rehearsal has a key of its own. The above is for when exchange.host in",
                  "console.toml names OCLC's data centre (us, europe, australia or canada)."]
    if exchange.auth == "agent":
        lines += ["", f"console.toml says auth = \"agent\": load the key with  ssh-add {pair.private}"]
    if exchange.auth == "keyring":
        lines += ["", "console.toml says auth = \"keyring\": keep the key's passphrase for each account with",
                  *(f"       python -m keyring set oclc-console {account}" for account in names)]
    return lines
